// SPDX-License-Identifier: MIT
// Numbers as printf writes doubles: %f, %e, %g and %a with precision and flags, of the exact value,
// rounded once in decimal (to nearest, ties to the even digit). For streams and format strings;
// text.hpp has the styles that need no precision.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lowp/number/decimal.hpp"
#include "lowp/number/number.hpp"
#include "lowp/number/text.hpp"

namespace lowp {

/// A conversion of printf. Special values are as in text_style; zeros keep their sign.
struct printf_style {
  char conversion = 'g';     ///< f, e, g or a
  int precision = 6;         ///< for `a`, -1 writes all digits
  char plus = 0;             ///< '+' or ' ' is written before what has no minus sign
  bool shows_point = false;  ///< as with #: always a point, and zeros after it with g
  bool is_upper_case = false;
};

namespace detail {

/// Letters in upper case, in place.
constexpr void raise_case(char* first, const char* last) {
  for (; first != last; ++first) {
    if (*first >= 'a' && *first <= 'z') *first = static_cast<char>(*first - 'a' + 'A');
  }
}

/// digits[0].digits[1]… * 10^exponent, zeros beyond `count`; all that is left of 0 is no digit.
struct rounded_decimal {
  char* digits;
  int count;
  int exponent;

  [[nodiscard]] constexpr char digit(int i) const { return i < 0 || i >= count ? '0' : digits[i]; }

  /// To `kept` digits, of which there may be none.
  constexpr void keep(int kept) {
    if (kept < count) {
      const char next = kept < 0 ? '0' : digits[kept];
      const bool last_is_odd = kept > 0 && (digits[kept - 1] - '0') % 2 != 0;
      const bool grows = next > '5' || (next == '5' && (kept + 1 < count || last_is_odd));
      count = kept < 0 ? 0 : kept;
      if (grows) add_one();
    }
    while (count > 0 && digits[count - 1] == '0') --count;
  }

 private:
  constexpr void add_one() {
    while (count > 0 && digits[count - 1] == '9') --count;
    if (count > 0) {
      ++digits[count - 1];
    } else {  // 9…9 became 10…0
      digits[0] = '1';
      count = 1;
      ++exponent;
    }
  }
};

constexpr void write_fraction(text_writer& out, const rounded_decimal& d, int first, int count,
                              bool shows_point) {
  if (count > 0 || shows_point) out.put('.');
  for (int i = 0; i < count && !out.is_full; ++i) out.put(d.digit(first + i));
}

constexpr void write_fixed(text_writer& out, const rounded_decimal& d, int precision,
                           bool shows_point) {
  if (d.count == 0 || d.exponent < 0) out.put('0');
  for (int i = 0; i <= d.exponent && d.count != 0; ++i) out.put(d.digit(i));
  write_fraction(out, d, d.count == 0 ? 0 : d.exponent + 1, precision, shows_point);
}

constexpr void write_scientific(text_writer& out, const rounded_decimal& d, int precision,
                                bool shows_point) {
  out.put(d.digit(0));
  write_fraction(out, d, 1, precision, shows_point);
  const int exponent = d.count == 0 ? 0 : d.exponent;
  out.put(exponent < 0 ? "e-" : "e+");
  out.put_integer(exponent < 0 ? -exponent : exponent, 2);
}

constexpr void write_general(text_writer& out, const rounded_decimal& d, int precision,
                             bool shows_point) {
  const int exponent = d.count == 0 ? 0 : d.exponent;
  const bool is_scientific = exponent < -4 || exponent >= precision;
  int places = precision - 1 - (is_scientific ? 0 : exponent);
  if (!shows_point) {
    const int used = d.count - 1 - (is_scientific ? 0 : exponent);
    if (used < places) places = used < 0 ? 0 : used;
  }
  if (is_scientific) return write_scientific(out, d, places, shows_point);
  write_fixed(out, d, places, shows_point);
}

/// With a leading one, rounded to `precision` digits behind the point.
constexpr void write_hex_float(text_writer& out, unpacked value, const printf_style& style) {
  int digits = style.precision;
  if (value.kind == value_kind::finite) {
    if (digits >= 0 && digits < 16) {  // 1 + 4 * digits bits are kept
      const uint128 lost{value.significand.high << (4 * digits + 1), value.significand.low};
      const std::uint64_t unit = std::uint64_t{1} << (63 - 4 * digits);
      const bool is_odd = (value.significand.high & unit) != 0;
      value.significand = {value.significand.high & ~(unit - 1), 0};
      if (rounds_up(nearest_even, {lost.high | (lost.low != 0 ? 1u : 0u), false, is_odd})) {
        value.significand.high += unit;
        if (value.significand.high == 0) {
          value = unpacked::normalized(false, value.exponent + 1, {std::uint64_t{1} << 63, 0});
        }
      }
    } else if (digits < 0) {
      const std::uint64_t fraction = value.significand.high << 1;
      digits = fraction == 0 ? 0 : (67 - std::countr_zero(fraction)) / 4;
    }
  }
  const std::uint64_t fraction = value.is_zero() ? 0 : value.significand.high << 1;
  out.put(value.is_zero() ? "0x0" : "0x1");
  if (digits > 0 || style.shows_point) out.put('.');
  for (int i = 0; i < digits && !out.is_full; ++i) {
    out.put_hexadecimal(i < 16 ? fraction << (4 * i) >> 60 : 0, 1);
  }
  const int exponent = value.is_zero() ? 0 : value.exponent;
  out.put(exponent < 0 ? "p-" : "p+");
  out.put_integer(exponent < 0 ? -exponent : exponent);
}

template <auto F>
constexpr void write_printf(text_writer& out, const unpacked& value, const printf_style& style) {
  std::array<std::uint32_t, static_cast<std::size_t>(range_of<F>.words())> words{};
  std::array<char, static_cast<std::size_t>(range_of<F>.digits())> text{};
  rounded_decimal d{text.data(), 0, 0};
  if (!value.is_zero()) {
    const decimal exact = exact_decimal(value, words.data(), text.data(), range_of<F>.digits());
    d = {text.data() + (exact.digits - text.data()), exact.count, exact.exponent};
  }
  const int precision = style.precision < 0 ? 6 : style.precision;
  switch (style.conversion) {
    case 'f':
      d.keep(d.exponent + 1 + precision);
      return write_fixed(out, d, precision, style.shows_point);
    case 'e': d.keep(precision + 1); return write_scientific(out, d, precision, style.shows_point);
    default:
      const int significant = precision == 0 ? 1 : precision;
      d.keep(significant);
      return write_general(out, d, significant, style.shows_point);
  }
}

}  // namespace detail

/// Room for any number of format F.
template <auto F>
[[nodiscard]] constexpr int max_chars(const printf_style& style) {
  const int precision = style.precision < 0 ? 16 : style.precision;
  return precision + 16 + (style.conversion == 'f' ? detail::range_of<F>.integer_digits() : 0);
}

/// Writes `x` to [first, last). If it does not fit, what the range holds afterwards is unspecified.
template <number_type T>
constexpr to_chars_result to_chars(char* first, char* last, T x, const printf_style& style) {
  detail::text_writer out{first, last};
  unpacked value = unpack(x);
  if (value.negative) {
    out.put('-');
  } else if (style.plus != 0) {
    out.put(style.plus);
  }
  value.negative = false;
  if (value.is_nan()) {
    out.put(facts<T::format>.orders_nan ? "nar" : "nan");
  } else if (value.is_infinite()) {
    out.put("inf");
  } else if (style.conversion == 'a') {
    detail::write_hex_float(out, value, style);
  } else {
    detail::write_printf<T::format>(out, value, style);
  }
  if (out.is_full) return {last, text_error::value_too_large};
  if (style.is_upper_case) detail::raise_case(first, out.next);
  return {out.next, text_error::none};
}

}  // namespace lowp
