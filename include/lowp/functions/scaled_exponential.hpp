// SPDX-License-Identifier: MIT
// Exponentials as pairs, mantissa * 2^exponent, which neither overflow nor underflow: what softmax
// adds up.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/config.hpp"

namespace lowp {

/// mantissa * 2^exponent. Of sums of exponentials the mantissa is zero or at least 1/2; that of
/// NaN is NaN.
struct scaled_exponential {
  double mantissa = 0;
  std::int32_t exponent = lowest_exponent;

  /// That of zero.
  static constexpr std::int32_t lowest_exponent = -(1 << 30);
  constexpr bool operator==(const scaled_exponential&) const = default;
};

/// 2^k, or 0 where k is below -1000, of k <= 0.
[[nodiscard]] constexpr double scaled_power(std::int32_t k) {
  return k < -1000 ? 0 : std::bit_cast<double>(static_cast<std::uint64_t>(1023 + k) << 52);
}

/// a + b with the larger of their exponents: m = a.mantissa * 2^(a.exponent - n) + b.mantissa *
/// 2^(b.exponent - n), rounded once to nearest even, where a term below 2^-1000 counts as zero.
/// a + b is b + a, but sums of more depend on their order.
[[nodiscard]] inline scaled_exponential operator+(const scaled_exponential& a,
                                                  const scaled_exponential& b) {
  if (a.exponent < b.exponent) return b + a;
  const double scaled = opaque(b.mantissa * scaled_power(b.exponent - a.exponent));
  return {opaque(a.mantissa + scaled), a.exponent};
}

}  // namespace lowp
