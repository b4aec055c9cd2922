// SPDX-License-Identifier: MIT
// Differences as text: a line for each class, with its count and its smallest input.
//
//   1 difference in 65536 inputs
//     overflow                1  465: 0x7f (nan) and 0x7e (448)
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lowp/formats/concepts.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/profiles/diff.hpp"
#include "lowp/profiles/differences.hpp"

namespace lowp {
namespace detail {

/// The shortest decimal of a binary32 number.
[[nodiscard]] inline std::string text_of(std::uint32_t bits) {
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return bits >> 31 != 0 ? "-nan" : "nan";
  if ((bits & 0x7FFFFFFFu) == 0x7F800000u) return bits >> 31 != 0 ? "-inf" : "inf";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, std::bit_cast<float>(bits)).ptr;
  return {text, end};
}
[[nodiscard]] inline std::string hexadecimal(code_t code) {
  char text[24] = {'0', 'x'};
  return {text, std::to_chars(text + 2, text + sizeof text, code, 16).ptr};
}
template <number_format F>
[[nodiscard]] std::string code_text(const F& f, code_t code) {
  const auto value = encode(formats::binary32, decode(f, code));
  return hexadecimal(code) + " (" + text_of(static_cast<std::uint32_t>(value)) + ")";
}
inline void pad(std::string& line, std::size_t width) {
  if (line.size() < width) line.append(width - line.size(), ' ');
}

}  // namespace detail

/// The text of differences in codes of `f`, and in scales of `scale`; what was compared is a `unit`
/// each, in the singular.
template <number_format F, number_format Scale>
[[nodiscard]] std::string report(const differences& d, const F& f, const Scale& scale,
                                 std::string_view unit) {
  const auto counted = [](std::uint64_t n, std::string_view what) {
    return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
  };
  std::string text = counted(d.total(), "difference") + " in " + counted(d.compared, unit) + "\n";
  for (std::size_t i = 0; i < d.of.size(); ++i) {
    const differences::entry& e = d.of[i];
    if (e.count == 0) continue;
    const auto what = static_cast<difference>(i);
    const bool is_tensor = what == difference::tensor_scale;
    const bool is_scale = what == difference::scale || what == difference::zero_blocks;
    std::string line = "  " + std::string(difference_names[i]);
    detail::pad(line, 17);
    std::string count = std::to_string(e.count);
    count.insert(0, count.size() < 10 ? 10 - count.size() : 0, ' ');
    const auto code = [&](code_t c) {
      return is_tensor  ? detail::code_text(formats::binary32, c)
             : is_scale ? detail::code_text(scale, c)
                        : detail::code_text(f, c);
    };
    text += line + count + "  " + detail::text_of(e.smallest.input) + ": " +
            code(e.smallest.first) + " and " + code(e.smallest.second) + "\n";
  }
  return text;
}
template <number_format F>
[[nodiscard]] std::string report(const conversion_diff& d, const F& f) {
  return "from binary16, all: " + report(d.from_binary16, f, f, "input") +
         "from binary32, boundaries and a sample: " + report(d.from_binary32, f, f, "input");
}

}  // namespace lowp
