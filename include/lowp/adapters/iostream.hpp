// SPDX-License-Identifier: MIT
// Numbers in streams and strings of the standard library: << writes the shortest decimal, >> rounds
// once. Flags and locale of the stream play no part, its width, fill and adjustment do.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "lowp/number/text.hpp"

namespace lowp {

/// The text of `x` as a string.
template <auto F>
[[nodiscard]] std::string to_string(number<F> x, text_style style = text_style::shortest) {
  std::string result(static_cast<std::size_t>(max_chars<F>(style)), '\0');
  char* const first = result.data();
  const char* const end = to_chars(first, first + result.size(), x, style).ptr;
  result.resize(static_cast<std::size_t>(end - first));
  return result;
}

template <auto F>
std::ostream& operator<<(std::ostream& out, number<F> x) {
  return out << to_text(x).view();
}

/// Skips white space, takes all characters that may belong to a number (as for from_chars, but a
/// plus sign may come first), and sets failbit, leaving `x` alone, unless they are one.
template <auto F>
std::istream& operator>>(std::istream& in, number<F>& x) {
  const std::istream::sentry is_ready(in);
  if (!is_ready) return in;

  std::string text;
  const auto belongs = [&text](char c) {
    if (detail::digit_value(c) < 36 || c == '.') return true;
    if (c != '-' && c != '+') return false;
    if (text.empty()) return true;
    const char mark = static_cast<char>(text.back() | 0x20);
    const bool is_hexadecimal = text.find_first_of("xX") != std::string::npos;
    return mark == (is_hexadecimal ? 'p' : 'e');
  };
  constexpr int end_of_file = std::istream::traits_type::eof();
  int next = in.rdbuf()->sgetc();
  for (; next != end_of_file && belongs(static_cast<char>(next)); next = in.rdbuf()->snextc()) {
    text += static_cast<char>(next);
  }
  std::ios_base::iostate state =
      next == end_of_file ? std::ios_base::eofbit : std::ios_base::goodbit;

  const bool has_plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  const char* const first = text.data() + (has_plus ? 1 : 0);
  const char* const last = text.data() + text.size();
  number<F> value{};
  const from_chars_result read = from_chars(first, last, value);
  if (read && read.ptr == last) {
    x = value;
  } else {
    state |= std::ios_base::failbit;
  }
  in.setstate(state);
  return in;
}

}  // namespace lowp
