// SPDX-License-Identifier: MIT
// The bits of a quire as text: 0x and as many hexadecimal digits as they take, nan (nar of
// posits), inf, -inf.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/formats/facts.hpp"
#include "lowp/number/quire.hpp"
#include "lowp/number/text.hpp"

namespace lowp {

/// The characters that to_chars writes at most.
template <auto F>
inline constexpr std::size_t max_quire_chars = 2 +
                                               (static_cast<std::size_t>(quire<F>::bits) + 3) / 4;

namespace detail {
template <auto F>
inline constexpr std::string_view quire_nan = facts<F>.orders_nan ? "nar" : "nan";
}  // namespace detail

template <auto F>
constexpr to_chars_result to_chars(char* first, char* last, const quire<F>& q) {
  detail::text_writer out{first, last};
  if (q.is_nan()) {
    out.put(detail::quire_nan<F>);
  } else if (!q.is_finite()) {
    out.put(std::string_view(q.unpacked_value().negative ? "-inf" : "inf"));
  } else {
    const auto words = q.words();
    out.put(std::string_view("0x"));
    for (int i = (quire<F>::bits + 3) / 4 - 1; i >= 0; --i) {
      const auto digit = words[static_cast<std::size_t>(i / 16)] >> (4 * (i % 16)) & 15;
      const int beyond = 4 * i + 4 - quire<F>::bits;
      out.put("0123456789abcdef"[digit & (15u >> (beyond > 0 ? beyond : 0))]);
    }
  }
  if (out.is_full) return {last, text_error::value_too_large};
  return {out.next, text_error::none};
}

/// Reads such a text, of which the digits may be capital ones but none may be missing. It changes
/// q only if there is one.
template <auto F>
constexpr from_chars_result from_chars(const char* first, const char* last, quire<F>& q) {
  const std::string_view text(first, static_cast<std::size_t>(last - first));
  const auto found = [&](const quire<F>& value, std::size_t size) -> from_chars_result {
    q = value;
    return {first + size, text_error::none};
  };
  if (text.starts_with(detail::quire_nan<F>)) return found(quire<F>::nan(), 3);
  if (text.starts_with("inf")) return found(quire<F>::infinity(), 3);
  if (text.starts_with("-inf")) return found(quire<F>::infinity(true), 4);
  constexpr std::size_t size = max_quire_chars<F>;
  std::array<std::uint64_t, quire<F>::word_count> words{};
  bool is_number = text.size() >= size && text.starts_with("0x");
  for (std::size_t i = 2; is_number && i < size; ++i) {
    const char c = text[i];
    const bool is_digit = c >= '0' && c <= '9', is_capital = c >= 'A' && c <= 'F';
    is_number = is_digit || is_capital || (c >= 'a' && c <= 'f');
    const int digit = is_digit ? c - '0' : (is_capital ? c - 'A' : c - 'a') + 10;
    const std::size_t place = size - 1 - i;
    words[place / 16] |= static_cast<std::uint64_t>(digit) << (4 * (place % 16));
  }
  if (!is_number) return {first, text_error::invalid_argument};
  return found(quire<F>::from_words(words), size);
}

}  // namespace lowp
