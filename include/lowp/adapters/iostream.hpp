// SPDX-License-Identifier: MIT
// Numbers in streams and strings of the standard library. << writes the shortest decimal as long as
// a stream is as it was made; with a precision other than 6, fixed, scientific, hexfloat or
// showpoint what it writes of a double of the same value. showpos, uppercase, width, fill and
// adjustment are honoured always, the locale never. >> rounds once.
#pragma once

#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "lowp/number/faces.hpp"
#include "lowp/number/printf_text.hpp"
#include "lowp/number/text.hpp"

namespace lowp {

namespace detail {

template <auto F, class Number, class Style>
[[nodiscard]] std::string string_of(Number x, const Style& style) {
  std::string result(static_cast<std::size_t>(max_chars<F>(style)), '\0');
  char* const first = result.data();
  const char* const end = to_chars(first, first + result.size(), x, style).ptr;
  result.resize(static_cast<std::size_t>(end - first));
  return result;
}

/// What the flags of a stream ask for.
[[nodiscard]] inline printf_style style_of(const std::ios_base& stream) {
  using ios = std::ios_base;
  const ios::fmtflags flags = stream.flags(), field = flags & ios::floatfield;
  printf_style style;
  style.conversion = field == ios::fixed        ? 'f'
                     : field == ios::scientific ? 'e'
                     : field == ios::floatfield ? 'a'
                                                : 'g';
  const std::streamsize precision = stream.precision();
  style.precision = style.conversion == 'a' || precision < 0
                        ? -1
                        : static_cast<int>(precision < 100000 ? precision : 100000);
  style.plus = (flags & ios::showpos) != ios::fmtflags{} ? '+' : '\0';
  style.shows_point = (flags & ios::showpoint) != ios::fmtflags{};
  style.is_upper_case = (flags & ios::uppercase) != ios::fmtflags{};
  return style;
}

}  // namespace detail

/// The text of `x` as a string.
template <number_type T>
[[nodiscard]] std::string to_string(T x, text_style style = text_style::shortest) {
  return detail::string_of<T::format>(static_cast<typename T::literal_type>(x), style);
}
template <number_type T>
[[nodiscard]] std::string to_string(T x, const printf_style& style) {
  return detail::string_of<T::format>(x, style);
}

template <number_type T>
std::ostream& operator<<(std::ostream& out, T x) {
  using ios = std::ios_base;
  const printf_style style = detail::style_of(out);
  const bool is_new =
      (out.flags() & (ios::floatfield | ios::showpoint)) == ios::fmtflags{} && style.precision == 6;
  // 1. The text.
  std::string text;
  if (is_new) {
    text = to_string(x);
    if (style.plus != 0 && text[0] != '-') text.insert(text.begin(), style.plus);
    if (style.is_upper_case) detail::raise_case(text.data(), text.data() + text.size());
  } else {
    text = to_string(x, style);
  }
  // 2. Padding behind the sign, or else behind 0x; any other is the string's.
  const auto width = static_cast<std::size_t>(out.width());
  if ((out.flags() & ios::adjustfield) == ios::internal && width > text.size()) {
    const bool has_sign = text[0] == '-' || text[0] == '+';
    const bool has_prefix = style.conversion == 'a' && text.size() > 1 && (text[1] | 0x20) == 'x';
    const std::size_t at = has_sign ? 1 : has_prefix ? 2 : 0;
    text.insert(at, width - text.size(), out.fill());
  }
  return out << std::string_view(text);
}

/// Skips white space, takes all characters that may belong to a number (as for from_chars, but a
/// plus sign may come first), and sets failbit, leaving `x` alone, unless they are one.
template <number_type T>
std::istream& operator>>(std::istream& in, T& x) {
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
  typename T::literal_type value{};
  const from_chars_result read = from_chars(first, last, value, detail::mode_of(x));
  if (read && read.ptr == last) {
    x = value;
  } else {
    state |= std::ios_base::failbit;
  }
  in.setstate(state);
  return in;
}

}  // namespace lowp
