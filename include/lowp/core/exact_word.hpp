// SPDX-License-Identifier: MIT
// The arithmetic of exact.hpp in one word of 64 bits, for operands of few significant bits: several
// times as fast. Significands keep their place in the upper word; the lower one is zero, also that
// of results, whose lowest upper bit is the sticky one.
//
// A result is exact, or correct in its first 61 bits and followed by a sticky bit. Rounding it to a
// format is therefore rounding the true result if the format keeps, and the mode looks at, at most
// so many: number/exact_results.hpp decides. Special values go by exact.hpp.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"

namespace lowp::exact_word {

/// Significant bits that factors of an exact product may have, a dividend, a divisor, and the
/// radicand of a root of one digit.
inline constexpr int factor_bits = 32;
/// And a summand, or the radicand of a root of two digits.
inline constexpr int summand_bits = 61;
/// Bits of an exact sum of integers, the sign not counted.
inline constexpr int integer_bits = 62;
/// Bits of a result that are as if it were exact; what follows them is sticky.
inline constexpr int result_bits = 61;
/// Those of a quotient or root that is asked for one digit only.
inline constexpr int digit_bits = 31;

namespace detail {

[[nodiscard]] constexpr bool are_finite(const unpacked& a, const unpacked& b) {
  return a.kind == value_kind::finite && b.kind == value_kind::finite;
}

/// `bits`, not zero, moved to the top.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked normalized(bool negative, int exponent,
                                                               std::uint64_t bits) {
  const int shift = std::countl_zero(bits);
  return {value_kind::finite, negative, exponent - shift, {bits << shift, 0}};
}

/// floor(value / 2^count), with the lowest bit set if that is inexact; count from 0 on.
[[nodiscard]] constexpr std::uint64_t shift_right_jam(std::uint64_t value, int count) {
  if (count > 63) return value != 0 ? 1 : 0;
  const std::uint64_t kept = value >> count;
  return kept | static_cast<std::uint64_t>((kept << count) != value);
}

}  // namespace detail

/// a * b: exact, or of factors of up to 64 bits.
template <bool IsExact = true>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked multiply(const unpacked& a, const unpacked& b) {
  if (!detail::are_finite(a, b)) {
    const unpacked x = a, y = b;
    return exact::multiply<true>(x, y);
  }
  std::uint64_t product = 0;
  if constexpr (IsExact) {
    product = (a.significand.high >> 32) * (b.significand.high >> 32);
  } else {
    const uint128 all = lowp::multiply(a.significand.high, b.significand.high);
    product = all.high | static_cast<std::uint64_t>(all.low != 0);
  }
  const int shift = (product >> 63) != 0 ? 0 : 1;
  return {value_kind::finite,
          a.negative != b.negative,
          a.exponent + b.exponent + 1 - shift,
          {product << shift, 0}};
}

/// a + b. Of an exact zero exact.hpp says the sign.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked add(const unpacked& a, const unpacked& b,
                                                        bool zero_sum_is_negative = false) {
  if (!detail::are_finite(a, b)) {
    const unpacked x = a, y = b;
    return exact::add(x, y, zero_sum_is_negative);
  }
  // Without a branch, since data would decide it: the exponents are ordered as their distance.
  const std::uint64_t p = a.significand.high, q = b.significand.high;
  const int difference = a.exponent - b.exponent;
  const bool b_is_larger = (difference < 0) | ((difference == 0) & (p < q));
  const int sign = 0 - static_cast<int>(b_is_larger);
  const int distance = (difference ^ sign) - sign, exponent = b.exponent + (difference & ~sign);
  const std::uint64_t swapped = (p ^ q) & (0 - static_cast<std::uint64_t>(b_is_larger));
  // One bit of room for a carry. Below the bits of the larger one at least two are zero, so that a
  // difference with what was jammed is odd where it is inexact.
  const std::uint64_t x = (p ^ swapped) >> 1;
  const std::uint64_t y = detail::shift_right_jam((q ^ swapped) >> 1, distance);
  const std::uint64_t minus = 0 - static_cast<std::uint64_t>(a.negative != b.negative);
  const std::uint64_t sum = x + (y ^ minus) - minus;
  if (sum == 0) return unpacked::zero(zero_sum_is_negative);
  return detail::normalized(b_is_larger ? b.negative : a.negative, exponent + 1, sum);
}

/// a + b, exact, of summands below 2^(Top - 1) that are multiples of 2^(Top - 63): as integers.
template <int Top>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked add_integers(const unpacked& a,
                                                                 const unpacked& b,
                                                                 bool zero_sum_is_negative) {
  if (!detail::are_finite(a, b)) {
    const unpacked x = a, y = b;
    return exact::add(x, y, zero_sum_is_negative);
  }
  const auto integer = [](const unpacked& x) {
    const std::uint64_t minus = 0 - static_cast<std::uint64_t>(x.negative);
    return ((x.significand.high >> (Top - x.exponent)) ^ minus) - minus;
  };
  const std::uint64_t sum = integer(a) + integer(b);
  if (sum == 0) return unpacked::zero(zero_sum_is_negative);
  const bool is_negative = (sum >> 63) != 0;
  return detail::normalized(is_negative, Top, is_negative ? 0 - sum : sum);
}

/// a / b, to `digit_bits` bits, or to `result_bits` by two digits in base 2^32.
template <bool IsOneDigitEnough>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked divide(const unpacked& a, const unpacked& b) {
  if (!detail::are_finite(a, b)) {
    const unpacked x = a, y = b;
    return exact::divide<true>(x, y);
  }
  const std::uint64_t divisor = b.significand.high >> 32, dividend = a.significand.high >> 1;
  std::uint64_t quotient = dividend / divisor, rest = dividend % divisor;
  int exponent = a.exponent - b.exponent + 31;
  if constexpr (!IsOneDigitEnough) {
    const std::uint64_t digit = (rest << 32) / divisor;
    rest = (rest << 32) % divisor;
    quotient = quotient << 32 | digit;
    exponent -= 31;
  }
  return detail::normalized(a.negative != b.negative, exponent,
                            quotient << (IsOneDigitEnough ? 1 : 0) | (rest != 0 ? 1u : 0u));
}

/// The integer part of the square root of a number from 2^62 on.
[[nodiscard]] constexpr std::uint64_t root_of(std::uint64_t square) {
  std::uint64_t root = 0;
#if defined(__GNUC__) || defined(__clang__)
  if (!std::is_constant_evaluated()) {
    // However the machine rounds, it is next to the root; what follows makes it exact.
    root = static_cast<std::uint64_t>(__builtin_sqrt(static_cast<double>(square)));
    if (root > 0xFFFFFFFFu) root = 0xFFFFFFFFu;
    while (root * root > square) --root;
    while (root < 0xFFFFFFFFu && (root + 1) * (root + 1) <= square) ++root;
    return root;
  }
#endif
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
    const std::uint64_t trial = root | bit;
    if (trial * trial <= square) root = trial;
  }
  return root;
}

/// The square root, to `digit_bits` bits, or to `result_bits` by two digits.
template <bool IsOneDigitEnough>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked sqrt(const unpacked& a) {
  if (a.kind != value_kind::finite || a.negative) {
    const unpacked x = a;
    return exact::sqrt<true>(x);
  }
  // An even exponent: the radicand is from 2^62 on, and its root from 2^31 on.
  const bool is_odd = (a.exponent & 1) != 0;
  const int exponent = (a.exponent - static_cast<int>(is_odd)) / 2;
  const std::uint64_t radicand = a.significand.high >> static_cast<int>(!is_odd);
  const std::uint64_t root = root_of(radicand), rest = radicand - root * root;
  if constexpr (IsOneDigitEnough) {
    return {value_kind::finite,
            false,
            exponent,
            {root << 32 | static_cast<std::uint64_t>(rest != 0), 0}};
  } else {
    // 31 bits more: radicand * 2^62 = (root * 2^31 + digit)^2 + rest * 2^31 - digit^2 (Zimmermann,
    // Karatsuba Square Root, INRIA RR-3805, 1999: the digit is at most one too large).
    const std::uint64_t digit = (rest << 31) / (2 * root);
    const std::uint64_t left = (rest << 31) % (2 * root) << 31;
    const bool is_too_large = left < digit * digit;
    const std::uint64_t all = (root << 31) + digit - static_cast<std::uint64_t>(is_too_large);
    const bool is_inexact = left != digit * digit;
    return {value_kind::finite,
            false,
            exponent,
            {all << 1 | static_cast<std::uint64_t>(is_inexact), 0}};
  }
}

}  // namespace lowp::exact_word
