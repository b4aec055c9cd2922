// SPDX-License-Identifier: MIT
// Exact values and integers: rounding to an integer, division with an integer quotient.
#pragma once

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp::detail {

/// x rounded to an integer.
template <rounding_mode R>
[[nodiscard]] constexpr unpacked to_integer(const unpacked& x, const R& mode) {
  if (x.kind != value_kind::finite || x.exponent >= 127) return x;
  const int fraction_bits = 127 - x.exponent;
  // What lies behind the point, from the top on, and what before.
  const uint128 fraction = fraction_bits <= 128
                               ? shift_left(x.significand, 128 - fraction_bits)
                               : shift_right_jam(x.significand, fraction_bits - 128);
  uint128 integer{};
  if (fraction_bits < 128) {
    integer = shift_right_jam(x.significand - shift_right_jam(fraction, 128 - fraction_bits),
                              fraction_bits);
  }
  const discarded rest{fraction.high | (fraction.low != 0 ? 1u : 0u), x.negative,
                       (integer.low & 1) != 0};
  if (lowp::rounds_up(mode, rest)) integer = integer + uint128{0, 1};
  return unpacked::normalized(x.negative, 127, integer);
}

/// A quotient's last bits and the remainder that it leaves.
struct division {
  unpacked remainder;
  unsigned quotient = 0;
};

/// x - n * y for the integer n that is x / y rounded toward zero, or to nearest even: exact, of
/// values of up to 64 significant bits; of others the first 64 count.
[[nodiscard]] constexpr division divide_with_remainder(const unpacked& x, const unpacked& y,
                                                       bool to_nearest) {
  if (x.is_nan() || y.is_nan()) return {unpacked::nan(x.is_nan() ? x.negative : y.negative)};
  if (x.is_infinite() || y.is_zero()) return {unpacked::nan()};
  if (x.is_zero() || y.is_infinite() || x.exponent < y.exponent - 1) return {x};
  // Long division: `rest` in units of the last bit of y, below y after each step.
  const uint128 divisor{0, y.significand.high};
  uint128 rest{0, x.significand.high};
  unsigned quotient = 0;
  int steps = x.exponent - y.exponent;
  int unit = y.exponent;
  if (steps < 0) {  // x < y, in half units
    unit = x.exponent;
  } else {
    for (;; --steps) {
      quotient <<= 1;
      if (rest >= divisor) {
        rest = rest - divisor;
        quotient |= 1;
      }
      if (steps == 0) break;
      rest = shift_left(rest, 1);
    }
  }
  bool negative = x.negative;
  if (to_nearest) {
    const uint128 whole = unit < y.exponent ? shift_left(divisor, 1) : divisor;
    const uint128 twice = shift_left(rest, 1);
    if (twice > whole || (twice == whole && (quotient & 1) != 0)) {
      rest = whole - rest;
      negative = !negative;
      ++quotient;
    }
  }
  if (rest.is_zero()) negative = x.negative;
  return {unpacked::normalized(negative, unit - 63 + 127, rest), quotient};
}

/// Within bounds that no exponent of a format reaches.
[[nodiscard]] constexpr int bounded(long long power) {
  constexpr int most = 1 << 29;
  return power > most ? most : power < -most ? -most : static_cast<int>(power);
}

}  // namespace lowp::detail
