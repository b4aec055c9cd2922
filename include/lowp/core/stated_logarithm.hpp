// SPDX-License-Identifier: MIT
// The logarithm as a stated sequence of binary64 operations, each rounded once to nearest even and
// out of the compiler's reach: the same bits on every machine, where that of the C library is not.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/config.hpp"

namespace lowp {

/// A normal number that is positive and finite as 2^exponent * significand, 1/sqrt(2) <
/// significand < sqrt(2), and the natural logarithm of the significand.
struct split_logarithm {
  int exponent = 0;
  double of_significand = 0;
};

/// With s = (m - 1) / (m + 1): log(m) = 2 s (1 + s^2 / 3 + s^4 / 5 + ... + s^20 / 21), from the
/// last term on. Within 3 units in the last place of log(m) (MPFR).
[[nodiscard]] inline split_logarithm stated_logarithm(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  constexpr std::uint64_t root_of_half = 0x3FE6A09E667F3BCD;
  // Exponents as if the significands began there.
  const auto exponent = static_cast<std::int64_t>(bits - root_of_half) >> 52;
  const auto m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(exponent) << 52));
  const double s = opaque(opaque(m - 1) / opaque(m + 1)), square = opaque(s * s);
  double sum = 0;
  for (int k = 21; k >= 3; k -= 2) sum = opaque(opaque(sum + opaque(1.0 / k)) * square);
  const double twice = opaque(s + s);
  return {static_cast<int>(exponent), opaque(twice + opaque(twice * sum))};
}

/// The natural logarithm of a normal number that is positive and finite, within 2 units in the
/// last place or 2^-52, whichever is more.
[[nodiscard]] inline double stated_log(double x) {
  const split_logarithm part = stated_logarithm(x);
  // log(2) in two pieces; multiples of the first one are exact.
  constexpr double high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33;
  const double k = part.exponent;
  return opaque(opaque(k * high) + opaque(opaque(k * low) + part.of_significand));
}
/// The logarithm to base 2 of such a number, exact for powers of two.
[[nodiscard]] inline double stated_log2(double x) {
  constexpr double log2_of_e = 0x1.71547652b82fep+0;
  const split_logarithm part = stated_logarithm(x);
  return opaque(part.exponent + opaque(part.of_significand * log2_of_e));
}

}  // namespace lowp
