// SPDX-License-Identifier: MIT
// Exact values to decimal digits and back. Whatever is read keeps at least 120 exact bits and a
// sticky one, however long the text, so that encoding it is the only rounding.
#pragma once

#include <cstdint>

#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/big_integer.hpp"

namespace lowp::detail {

/// floor(n * log10(2)) for |n| <= 2^20.
[[nodiscard]] constexpr int floor_log10_of_power_of_two(long long n) {
  return static_cast<int>((n * 1323943922168) >> 42);
}
/// floor(n * log2(10)), or one less, for |n| <= 2^24.
[[nodiscard]] constexpr int floor_log2_of_power_of_ten(long long n) {
  return static_cast<int>((n * 14267572527) >> 32);
}

/// How large and how small the values of a format are, as exponents of two of their leading bits,
/// and what follows for the memory that exact text of them needs.
struct exponent_range {
  int highest;
  int lowest;
  int precision;  ///< no value has more significant bits

  /// Digits after the decimal point, in the values and in what can decide a rounding.
  [[nodiscard]] constexpr int value_fraction_digits() const {
    return lowest < precision ? precision - lowest : 0;
  }
  [[nodiscard]] constexpr int read_fraction_digits() const {
    return lowest < 128 ? 128 - lowest : 0;
  }
  /// Digits before the decimal point.
  [[nodiscard]] constexpr int integer_digits() const {
    return highest < 0 ? 1 : floor_log10_of_power_of_two(highest) + 2;
  }
  /// Beyond these powers of two it does not matter how large or small a number is.
  [[nodiscard]] constexpr int highest_read() const { return highest + 130; }
  [[nodiscard]] constexpr int lowest_read() const { return lowest - 130; }
  /// The size of a big_integer that serves reading and writing.
  [[nodiscard]] constexpr int words() const {
    const int integer_bits = highest_read() < 0 ? 0 : highest_read();
    return (integer_bits + 4 * (read_fraction_digits() + precision)) / 32 + 8;
  }
  [[nodiscard]] constexpr int digits() const {
    return integer_digits() + value_fraction_digits() + 9;
  }
};

/// From the facts about a format of so many bits. Text takes 64 significant bits at most.
[[nodiscard]] constexpr exponent_range exponent_range_of(const value_facts& of, int bits) {
  const int significant_bits = of.significant_bits < 64 ? of.significant_bits : 64;
  return {of.highest_exponent, of.lowest_exponent,
          significant_bits > bits ? significant_bits : bits};
}
/// From what is known of a format and, where that is nothing, from what encoding does.
template <number_format F>
[[nodiscard]] constexpr exponent_range exponent_range_of(const F& f, value_facts of) {
  if (of.highest_exponent == value_facts::unbounded) {
    const auto exponent_of = [&](code_t code) {
      const unpacked x = decode(f, code);
      return x.kind == value_kind::finite ? x.exponent : 0;
    };
    const int ends[] = {exponent_of(largest_code(f)), exponent_of(lowest_code(f))};
    const int smallest[] = {
        exponent_of(smallest_positive_code(f)),
        exponent_of(encode(f, -tiny, away_from_zero, overflow::saturate, missing_nan::largest))};
    of.highest_exponent = ends[0] > ends[1] ? ends[0] : ends[1];
    of.lowest_exponent = smallest[0] < smallest[1] ? smallest[0] : smallest[1];
  }
  return exponent_range_of(of, f.bits());
}
template <auto F>
[[nodiscard]] constexpr exponent_range exponent_range_of() {
  return exponent_range_of(F, facts<F>);
}

/// digits[0].digits[1]digits[2]… * 10^exponent; no zero at either end.
struct decimal {
  const char* digits;
  int count;
  int exponent;
};

/// The exact decimal expansion of a decoded value that is neither zero nor special. `words` and
/// `text` hold as much as its exponent_range says; the digits come to lie at the end of `text`.
[[nodiscard]] constexpr decimal exact_decimal(const unpacked& value, std::uint32_t* words,
                                              char* text, int text_size) {
  // 1. |value| = integer * 10^power.
  const int trailing_zeros = std::countr_zero(value.significand.high);
  const std::uint64_t odd = value.significand.high >> trailing_zeros;
  const int scale = value.exponent - 63 + trailing_zeros;
  const int power = scale < 0 ? scale : 0;
  words[0] = static_cast<std::uint32_t>(odd);
  words[1] = static_cast<std::uint32_t>(odd >> 32);
  big_integer integer{words, words[1] != 0 ? 2 : 1};
  if (scale < 0) {
    integer.multiply_by_power_of_five(-scale);
  } else {
    integer.shift_left(scale);
  }
  // 2. Its digits, the lowest first.
  char* const end = text + text_size;
  char* first = end;
  while (!integer.is_zero()) {
    std::uint32_t chunk = integer.divide(1000000000);
    for (int i = 0; i < 9; ++i, chunk /= 10) *--first = static_cast<char>('0' + chunk % 10);
  }
  while (*first == '0') ++first;
  int count = static_cast<int>(end - first);
  const int exponent = count - 1 + power;
  while (first[count - 1] == '0') --count;
  return {first, count, exponent};
}

/// integer * 10^power, or slightly more if `is_inexact` (which needs a negative power). Uses up the
/// integer.
[[nodiscard]] constexpr unpacked scale_by_power_of_ten(big_integer integer, int power,
                                                       bool is_inexact = false) {
  if (integer.is_zero()) return unpacked::zero();
  int exponent = power;
  if (power >= 0) {
    integer.multiply_by_power_of_five(power);
  } else {
    // The quotient keeps more than 128 bits: 5^n < 2^(7n/3 + 1).
    const int missing_bits = 130 + (-7 * power) / 3 - integer.bit_width();
    const int shift = missing_bits > 0 ? missing_bits : 0;
    integer.shift_left(shift);
    exponent -= shift;
    is_inexact |= integer.divide_by_power_of_five(-power);
  }
  uint128 significand = integer.leading_bits();
  if (is_inexact) significand.low |= 1;
  return unpacked::normalized(false, exponent + integer.bit_width() - 1, significand);
}

/// The value of a short decimal.
[[nodiscard]] constexpr unpacked value_of(const decimal& d, std::uint32_t* words) {
  big_integer integer{words};
  for (int i = 0; i < d.count; ++i) {
    integer.multiply_add(10, static_cast<std::uint32_t>(d.digits[i] - '0'));
  }
  return scale_by_power_of_ten(integer, d.exponent - (d.count - 1));
}

/// A magnitude that was read from text, and where the text of it ends; null if there is none.
struct read_magnitude {
  const char* end = nullptr;
  unpacked value{};
};

/// The value of a digit up to base 36, or 36.
[[nodiscard]] constexpr int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 36;
}

/// The digits of a number with or without a point. Leading zeros do not count.
struct digit_string {
  const char* first = nullptr;  ///< the first digit that is not zero, or null
  const char* end = nullptr;    ///< null if there is no digit at all
  long long point = 0;          ///< how many digits from `first` to the point, or minus the zeros
};

[[nodiscard]] constexpr digit_string scan_digits(const char* first, const char* last, int base) {
  digit_string result;
  bool has_digits = false, is_past_point = false;
  const char* at = first;
  for (; at != last; ++at) {
    if (*at == '.' && !is_past_point) {
      is_past_point = true;
      continue;
    }
    if (digit_value(*at) >= base) break;
    has_digits = true;
    if (*at != '0' && result.first == nullptr) result.first = at;
    if (result.first != nullptr && !is_past_point) ++result.point;
    if (result.first == nullptr && is_past_point) --result.point;
  }
  if (has_digits) result.end = at;
  return result;
}

/// An exponent such as e-12 at `first`, if there is one: adds it to `exponent`, within bounds that
/// nothing finite reaches, and returns where it ends.
[[nodiscard]] constexpr const char* scan_exponent(const char* first, const char* last, char mark,
                                                  long long& exponent) {
  const char* at = first;
  if (at == last || (*at | 0x20) != mark) return first;
  ++at;
  const bool is_negative = at != last && *at == '-';
  if (at != last && (*at == '-' || *at == '+')) ++at;
  if (at == last || digit_value(*at) > 9) return first;
  long long magnitude = 0;
  for (; at != last && digit_value(*at) <= 9; ++at) {
    if (magnitude < (1LL << 56)) magnitude = 10 * magnitude + digit_value(*at);
  }
  exponent += is_negative ? -magnitude : magnitude;
  return at;
}

/// More than any finite value; `tiny` of facts.hpp is less.
inline constexpr unpacked huge{value_kind::finite, false, 1 << 28, {code_t{1} << 63, 1}};

/// Reads 12, 1.5, .5, 1e-3 and the like.
[[nodiscard]] constexpr read_magnitude read_decimal(const char* first, const char* last,
                                                    const exponent_range& range,
                                                    std::uint32_t* words) {
  // 1. The form: 0.ddd… * 10^point.
  const digit_string digits = scan_digits(first, last, 10);
  if (digits.end == nullptr) return {};
  long long point = digits.point;
  const char* const end = scan_exponent(digits.end, last, 'e', point);
  if (digits.first == nullptr) return {end, unpacked::zero()};
  constexpr long long limit = 1 << 24;
  if (point > limit ||
      floor_log2_of_power_of_ten(point < -limit ? -limit : point - 1) > range.highest_read()) {
    return {end, huge};
  }
  if (point < -limit || floor_log2_of_power_of_ten(point) + 1 < range.lowest_read()) {
    return {end, tiny};
  }
  // 2. The integer that the first digits make. What can decide a rounding is a multiple of 10^place
  //    for the last place kept, so of the digits beyond it only matters whether all are zero.
  const long long digits_kept = point + range.read_fraction_digits();
  big_integer integer{words};
  bool is_inexact = false;
  long long count = 0;
  for (const char* at = digits.first; at != digits.end; ++at) {
    if (*at == '.') continue;
    if (count < digits_kept) {
      integer.multiply_add(10, static_cast<std::uint32_t>(*at - '0'));
      ++count;
    } else {
      is_inexact |= *at != '0';
    }
  }
  if (integer.is_zero()) return {end, tiny};
  return {end, scale_by_power_of_ten(integer, static_cast<int>(point - count), is_inexact)};
}

/// Reads what follows the 0x of a hexadecimal number: 1.8p+3, .8, ff.
[[nodiscard]] constexpr read_magnitude read_hexadecimal(const char* first, const char* last) {
  const digit_string digits = scan_digits(first, last, 16);
  if (digits.end == nullptr) return {};
  long long power = 0;
  const char* const end = scan_exponent(digits.end, last, 'p', power);
  if (digits.first == nullptr) return {end, unpacked::zero()};
  uint128 significand{};
  int count = 0;
  for (const char* at = digits.first; at != digits.end; ++at) {
    if (*at == '.') continue;
    const auto digit = static_cast<std::uint64_t>(digit_value(*at));
    if (count < 32) {
      significand = shift_left(significand, 4) | uint128{0, digit};
      ++count;
    } else if (digit != 0) {
      significand.low |= 1;
    }
  }
  const long long exponent = power + 4 * (digits.point - count) + 127;
  if (exponent > huge.exponent) return {end, huge};
  if (exponent < tiny.exponent) return {end, tiny};
  return {end, unpacked::normalized(false, static_cast<int>(exponent), significand)};
}

}  // namespace lowp::detail
