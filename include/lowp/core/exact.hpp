// SPDX-License-Identifier: MIT
// Arithmetic on exact values. Each result of operands of up to 64 significant bits is exact, or
// correct in its first 97 bits and followed by a sticky bit. Encoding never looks further (it keeps
// at most 64 bits, and 33 more decide), so rounding it once is rounding the true result. Operands
// that end in a sticky bit themselves, values of logarithmic formats, give results that do, correct
// in their first 60 bits at least; where such a result may be exact, the family knows better (see
// number/arithmetic.hpp). Special values follow IEEE 754-2019 clauses 6 and 7 (without flags).
#pragma once

#include <compare>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"

namespace lowp::exact {

namespace detail {

/// The upper half of the product of two significands, of any 128 bits, the rest as a sticky bit.
[[nodiscard]] constexpr uint128 multiply_jam(uint128 a, uint128 b) {
  const uint128 low = lowp::multiply(a.low, b.low);
  const uint128 cross = lowp::multiply(a.high, b.low), other = lowp::multiply(a.low, b.high);
  const uint128 middle = uint128{0, cross.low} + uint128{0, other.low} + uint128{0, low.high};
  const uint128 top = lowp::multiply(a.high, b.high) + uint128{0, cross.high} +
                      uint128{0, other.high} + uint128{0, middle.high};
  return top | uint128{0, (middle.low | low.low) != 0 ? 1u : 0u};
}

}  // namespace detail

// AreDyadic says that operands have at most 64 significant bits, which is what decoding gives but
// for formats whose values are no multiples of powers of two: it saves looking.

/// a * b. Exact for operands of up to 64 significant bits, and where one is a power of two.
template <bool AreDyadic = false>
[[nodiscard]] constexpr unpacked multiply(const unpacked& a, const unpacked& b) {
  const bool negative = a.negative != b.negative;
  if (a.is_nan() || b.is_nan()) return unpacked::nan(a.is_nan() ? a.negative : b.negative);
  if (a.is_infinite() || b.is_infinite()) {
    return a.is_zero() || b.is_zero() ? unpacked::nan() : unpacked::infinite(negative);
  }
  if (a.is_zero() || b.is_zero()) return unpacked::zero(negative);
  if (!AreDyadic && (a.significand.low | b.significand.low) != 0) {
    constexpr uint128 one{std::uint64_t{1} << 63, 0};
    const int exponent = a.exponent + b.exponent;
    if (a.significand == one) return {value_kind::finite, negative, exponent, b.significand};
    if (b.significand == one) return {value_kind::finite, negative, exponent, a.significand};
    return unpacked::normalized(negative, exponent + 1,
                                detail::multiply_jam(a.significand, b.significand));
  }
  return unpacked::normalized(negative, a.exponent + b.exponent + 1,
                              lowp::multiply(a.significand.high, b.significand.high));
}

/// a + b. An exact zero sum of non-zero or unlike-signed operands is +0, or -0 if
/// `zero_sum_is_negative` (the downward rounding of IEEE 754 clause 6.3).
[[nodiscard]] constexpr unpacked add(const unpacked& a, const unpacked& b,
                                     bool zero_sum_is_negative = false) {
  if (a.is_nan() || b.is_nan()) return unpacked::nan(a.is_nan() ? a.negative : b.negative);
  if (a.is_infinite() && b.is_infinite() && a.negative != b.negative) return unpacked::nan();
  if (a.is_infinite()) return a;
  if (b.is_infinite()) return b;
  if (a.is_zero() && b.is_zero()) {
    return unpacked::zero(a.negative == b.negative ? a.negative : zero_sum_is_negative);
  }
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;

  const bool a_is_larger =
      a.exponent != b.exponent ? a.exponent > b.exponent : a.significand >= b.significand;
  const unpacked& larger = a_is_larger ? a : b;
  const unpacked& smaller = a_is_larger ? b : a;
  const int distance = larger.exponent - smaller.exponent;
  const uint128 x = larger.significand;

  // In units of the large one; a carry out of 128 bits comes back in on top.
  const auto sum = [&](uint128 p, uint128 q, int exponent) {
    const uint128 s = p + q;
    if (s >= p) return unpacked::normalized(larger.negative, exponent, s);
    return unpacked::normalized(larger.negative, exponent + 1,
                                shift_right_jam(s, 1) | uint128{std::uint64_t{1} << 63, 0});
  };
  if (larger.negative == smaller.negative) {
    return sum(x, shift_right_jam(smaller.significand, distance), larger.exponent);
  }
  // Only neighbours less than two binades apart cancel by more than a bit; they are kept exact. One
  // binade apart the difference is taken in half units, 2x - y = x + (x - y).
  if (distance == 1) {
    const uint128 y = smaller.significand;
    if (x >= y) return sum(x, x - y, smaller.exponent);
    return unpacked::normalized(larger.negative, smaller.exponent, x - (y - x));
  }
  const uint128 difference = x - shift_right_jam(smaller.significand, distance);
  if (difference.is_zero()) return unpacked::zero(zero_sum_is_negative);
  return unpacked::normalized(larger.negative, larger.exponent, difference);
}

/// a * b + c without rounding in between; operands of up to 64 significant bits.
template <bool AreDyadic = false>
[[nodiscard]] constexpr unpacked multiply_add(const unpacked& a, const unpacked& b,
                                              const unpacked& c,
                                              bool zero_sum_is_negative = false) {
  return add(multiply<AreDyadic>(a, b), c, zero_sum_is_negative);
}

/// a / b for operands of up to 64 significant bits; x / 0 is an infinity of the combined sign and
/// 0 / 0 a NaN.
template <bool AreDyadic = false>
[[nodiscard]] constexpr unpacked divide(const unpacked& a, const unpacked& b) {
  const bool negative = a.negative != b.negative;
  if (a.is_nan() || b.is_nan()) return unpacked::nan(a.is_nan() ? a.negative : b.negative);
  if (a.is_infinite()) return b.is_infinite() ? unpacked::nan() : unpacked::infinite(negative);
  if (b.is_infinite()) return unpacked::zero(negative);
  if (b.is_zero()) return a.is_zero() ? unpacked::nan() : unpacked::infinite(negative);
  if (a.is_zero()) return unpacked::zero(negative);
  if (b.significand == uint128{std::uint64_t{1} << 63, 0}) {  // a power of two
    return {a.kind, negative, a.exponent - b.exponent, a.significand};
  }

  // Long division in base 2^32 (Knuth, The Art of Computer Programming, 4.3.1, algorithm D). The
  // leading one of the quotient is split off; then each digit is estimated from the upper half of
  // the divisor, which has its top bit set, so that the estimate is at most two too large.
  const std::uint64_t divisor = b.significand.high;
  const bool is_below_one = a.significand.high < divisor;
  std::uint64_t remainder = (a.significand.high << (is_below_one ? 1 : 0)) - divisor;
  uint128 quotient{0, 1};
  for (int digits = 0; digits < 3; ++digits) {
    const uint128 dividend{remainder >> 32, remainder << 32};
    std::uint64_t digit = remainder / (divisor >> 32);
    while (lowp::multiply(digit, divisor) > dividend) --digit;
    remainder = (dividend - lowp::multiply(digit, divisor)).low;
    quotient = shift_left(quotient, 32) | uint128{0, digit};
  }
  quotient = shift_left(quotient, 31);
  const std::uint64_t others = AreDyadic ? 0 : a.significand.low | b.significand.low;
  quotient.low |= (remainder | others) != 0 ? 1u : 0u;
  return {value_kind::finite, negative, a.exponent - b.exponent - (is_below_one ? 1 : 0), quotient};
}

/// The square root of operands of up to 64 significant bits; -0 gives -0, other negatives a NaN.
template <bool AreDyadic = false>
[[nodiscard]] constexpr unpacked sqrt(const unpacked& a) {
  if (a.is_nan() || a.is_zero()) return a;
  if (a.negative) return unpacked::nan();
  if (a.is_infinite()) return a;

  // Digit by digit over a radicand in [1, 4) with an even exponent: after each step
  // root^2 + remainder equals the digits consumed so far, and remainder <= 2 * root.
  constexpr int bits = 98;
  const bool is_odd = (a.exponent & 1) != 0;
  uint128 radicand =
      shift_right_jam({a.significand.high, AreDyadic ? 0 : a.significand.low}, is_odd ? 0 : 1);
  uint128 root{}, remainder{};
  for (int i = 0; i < bits; ++i) {
    remainder = shift_left(remainder, 2);
    remainder.low |= radicand.high >> 62;
    radicand = shift_left(radicand, 2);
    const uint128 trial = shift_left(root, 2) | uint128{0, 1};
    root = shift_left(root, 1);
    if (remainder >= trial) {
      remainder = remainder - trial;
      root.low |= 1;
    }
  }
  root = shift_left(root, 1);
  root.low |= remainder.is_zero() ? 0u : 1u;
  const int half_exponent = (a.exponent - (is_odd ? 1 : 0)) / 2;
  return unpacked::normalized(false, half_exponent + (127 - bits), root);
}

/// The order of values: zeros are equal, NaN is unordered.
[[nodiscard]] constexpr std::partial_ordering compare(const unpacked& a, const unpacked& b) {
  if (a.is_nan() || b.is_nan()) return std::partial_ordering::unordered;
  if (a.is_zero() && b.is_zero()) return std::partial_ordering::equivalent;
  const auto sign = [](const unpacked& x) { return x.is_zero() ? 0 : x.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) <=> sign(b);
  const unpacked& low = a.negative ? b : a;
  const unpacked& high = a.negative ? a : b;
  if (low.kind != high.kind) return low.kind <=> high.kind;  // finite below infinity
  if (low.exponent != high.exponent) return low.exponent <=> high.exponent;
  return low.significand <=> high.significand;
}

}  // namespace lowp::exact
