// SPDX-License-Identifier: MIT
// Text of codes and of exact values, and values from text, for a format that is known when a
// program runs: what text.hpp does for number<F>, with memory that is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/formats/facts.hpp"
#include "lowp/number/text.hpp"

namespace lowp {
namespace detail {

[[nodiscard]] inline std::string special_text(const unpacked& x) {
  return std::string(x.negative ? "-" : "") + (x.is_nan() ? "nan" : x.is_infinite() ? "inf" : "0");
}

}  // namespace detail

/// How many digits exact_text() writes of a value.
[[nodiscard]] constexpr int exact_digits(const unpacked& x) {
  if (x.kind != value_kind::finite) return 1;
  const int last = last_bit_exponent(x);
  const int before = x.exponent < 0 ? 1 : detail::floor_log10_of_power_of_two(x.exponent) + 1;
  return before + (last < 0 ? -last : 0);
}

/// The whole decimal expansion of a value of up to 128 significant bits, without an exponent: the
/// middle between two numbers of 64 bits as well as a number. Some 2^20 digits are slow.
[[nodiscard]] inline std::string exact_text(const unpacked& x) {
  if (x.kind != value_kind::finite) return detail::special_text(x);
  const int scale = last_bit_exponent(x);
  const uint128 odd = shift_right_jam(x.significand, countr_zero(x.significand));
  const int bits = 128 + (scale < 0 ? -7 * scale / 3 + 1 : scale);
  std::vector<std::uint32_t> words(static_cast<std::size_t>(bits / 32 + 4));
  words[0] = static_cast<std::uint32_t>(odd.low);
  words[1] = static_cast<std::uint32_t>(odd.low >> 32);
  words[2] = static_cast<std::uint32_t>(odd.high);
  words[3] = static_cast<std::uint32_t>(odd.high >> 32);
  detail::big_integer integer{words.data(), 4};
  while (words[static_cast<std::size_t>(integer.size - 1)] == 0) --integer.size;
  if (scale < 0) {
    integer.multiply_by_power_of_five(-scale);
  } else {
    integer.shift_left(scale);
  }
  std::string digits;  // the last one first
  while (!integer.is_zero()) {
    std::uint32_t chunk = integer.divide(1000000000);
    for (int i = 0; i < 9; ++i, chunk /= 10) digits += static_cast<char>('0' + chunk % 10);
  }
  while (digits.back() == '0') digits.pop_back();
  const auto fraction = static_cast<std::size_t>(scale < 0 ? -scale : 0);
  while (digits.size() <= fraction) digits += '0';
  std::string text = x.negative ? "-" : "";
  for (std::size_t i = digits.size(); i-- > 0;) {
    text += digits[i];
    if (i == fraction && i != 0) text += '.';
  }
  return text;
}

/// A value as %a of printf has it, of up to 128 significant bits: -0x1.8p+3.
[[nodiscard]] inline std::string hex_text(const unpacked& x) {
  if (x.kind != value_kind::finite)
    return x.is_zero() ? (x.negative ? "-0x0p+0" : "0x0p+0") : detail::special_text(x);
  std::string digits;
  for (uint128 rest = shift_left(x.significand, 1); !rest.is_zero(); rest = shift_left(rest, 4))
    digits += "0123456789abcdef"[rest.high >> 60];
  return std::string(x.negative ? "-" : "") + "0x1" + (digits.empty() ? "" : "." + digits) + "p" +
         (x.exponent < 0 ? "" : "+") + std::to_string(x.exponent);
}

/// Writes codes of one format and reads values near its numbers.
///
///   format_text(f).text(0x7E)                   "448", the shortest decimal that reads back
///   format_text(f).text(0x7E, text_style::fields)   "0|1111|110"
template <number_format F>
class format_text {
 public:
  explicit format_text(const F& f)
      : format_(f),
        facts_(facts_of(f)),
        range_(detail::exponent_range_of(f, facts_)),
        words_(static_cast<std::size_t>(range_.words())),
        digits_(static_cast<std::size_t>(range_.digits())) {}

  [[nodiscard]] const value_facts& facts() const { return facts_; }

  /// As to_chars() of number<F>.
  [[nodiscard]] std::string text(code_t code, text_style style = text_style::shortest) {
    std::string result(static_cast<std::size_t>(detail::max_chars(range_, format_.bits(), style)),
                       '\0');
    detail::text_writer out{result.data(), result.data() + result.size()};
    detail::write_number(out, format_, code, style, facts_.orders_nan,
                         [this](detail::text_writer& to, const unpacked& value, text_style how) {
                           const detail::decimal exact =
                               detail::exact_decimal(value, words_.data(), digits_.data(),
                                                     static_cast<int>(digits_.size()));
                           if (how == text_style::exact) {
                             detail::write_plain(to, exact);
                           } else {
                             detail::write_shortest(to, format_, value, exact, words_.data());
                           }
                         });
    result.resize(static_cast<std::size_t>(out.next - result.data()));
    return result;
  }

  /// The value of a text that is a number from end to end, in a form that from_chars() reads, or
  /// false. Exact to 120 bits and with a sticky one below; what no rounding to the format can tell
  /// from zero or from more than all numbers is as good as that.
  [[nodiscard]] bool read(std::string_view text, unpacked& out) {
    const char* const end = text.data() + text.size();
    const detail::read_magnitude found =
        detail::read_number(text.data(), end, range_, words_.data());
    if (found.end == nullptr || found.end != end) return false;
    out = found.value;
    return true;
  }

 private:
  F format_;
  value_facts facts_;
  detail::exponent_range range_;
  std::vector<std::uint32_t> words_;
  std::vector<char> digits_;
};

}  // namespace lowp
