// SPDX-License-Identifier: MIT
// floor and ceil of a logarithm that was rounded to binary32 first, as rules of several peers have
// it: near some powers of two they are not those of the exact one. Peers ask the library of their
// machine, which may be off by more; here the logarithm is rounded correctly.
#pragma once

#include <cstdint>

#include "lowp/core/unpacked.hpp"

namespace lowp::detail {

/// Whether log2(2^k * (1 + t)), t in units of 2^-64, rounds to k != 0 where numbers of binary32
/// beside k lie 2^(step - 23) apart: |t| / ln 2 is less than half of that.
[[nodiscard]] constexpr bool rounds_to_integer(std::uint64_t t, int step) {
  constexpr std::uint64_t ln2 = 0xB17217F7D1CF79ABu;  // in units of 2^-64
  return t != 0 && step >= 0 && t < ln2 >> (24 - step);
}
/// The exponent of |k|, which is not 0; of a power of two as seen from the side of zero one less.
[[nodiscard]] constexpr int exponent_beside(int k, bool from_zero) {
  const int magnitude = k < 0 ? -k : k;
  int step = -1;
  for (int rest = magnitude; rest != 0; rest >>= 1) ++step;
  return from_zero && (magnitude & (magnitude - 1)) == 0 ? step - 1 : step;
}

/// floor(log2f(x)): one above the exponent of x just below some powers of two.
[[nodiscard]] constexpr int floor_of_rounded_log2(const unpacked& x) {
  const int k = x.exponent + 1;
  const std::uint64_t below = 0 - x.significand.high;  // 1 - x / 2^k
  if (k == 0) return x.exponent;
  return rounds_to_integer(below, exponent_beside(k, k > 0)) ? k : x.exponent;
}
/// ceil(log2f(x)): the exponent of x at and just above some powers of two, else one more.
[[nodiscard]] constexpr int ceil_of_rounded_log2(const unpacked& x) {
  const int k = x.exponent;
  const std::uint64_t above = x.significand.high << 1;  // x / 2^k - 1
  if (above == 0) return k;
  return k != 0 && rounds_to_integer(above, exponent_beside(k, k < 0)) ? k : k + 1;
}

}  // namespace lowp::detail
