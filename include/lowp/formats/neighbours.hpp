// SPDX-License-Identifier: MIT
// Rounding between two neighbouring values that are known, for families whose values lie on no
// grid: with it the encoder of a codebook is a search and one call.
#pragma once

#include <compare>
#include <cstdint>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// How far x lies on the way from `inner` to `outer`, in units of 2^-64 with a sticky lowest bit:
/// what a rounding mode is told about a discarded part. inner <= x < outer or outer < x <= inner,
/// all finite. Zero if and only if x is `inner`; below, at or above one half exactly as x is below,
/// at or above the midpoint; otherwise right to 60 bits.
[[nodiscard]] constexpr std::uint64_t fraction_between(const unpacked& inner, const unpacked& outer,
                                                       const unpacked& x) {
  constexpr std::uint64_t half = detail::half_unit;
  const unpacked done = magnitude_of(exact::add(x, -inner)),
                 left = magnitude_of(exact::add(outer, -x));
  if (done.is_zero()) return 0;
  const auto order = exact::compare(done, left);
  if (order == 0) return half;
  const unpacked share = exact::divide(done, magnitude_of(exact::add(outer, -inner)));
  const uint128 units = shift_right_jam(share.significand, 63 - share.exponent);
  const std::uint64_t fraction = units.high != 0 ? ~std::uint64_t{0} : units.low | 1;
  if (order < 0) return fraction < half ? fraction : half - 1;
  return fraction > half ? fraction : half + 1;
}

namespace detail {

/// fraction_between as far as a mode looks at it: one that only compares with one half is told
/// which side of it x is on, without a division.
template <class R>
[[nodiscard]] constexpr std::uint64_t fraction_for(const unpacked& inner, const unpacked& outer,
                                                   const unpacked& x) {
  if constexpr (is_fixed_addend<R>) {
    const unpacked done = magnitude_of(exact::add(x, -inner));
    if (done.is_zero()) return 0;
    const auto order = exact::compare(done, magnitude_of(exact::add(outer, -x)));
    return order < 0 ? 1 : order == 0 ? half_unit : half_unit + 1;
  } else {
    return fraction_between(inner, outer, x);
  }
}

}  // namespace detail

/// The position of x, rounded once, among `count` values in ascending order, value_at(0) …
/// value_at(count - 1), all finite; x is no NaN, and beyond the ends it is an end. Of the two
/// neighbours of x the inner one is that on the side of zero, as the sign of x has it; its position
/// tells odd from even. The mode sees a number of the sign `is_negative`: for a table of magnitudes
/// pass that of x without its sign.
template <rounding_mode R, class ValueAt>
[[nodiscard]] constexpr code_t round_among(const unpacked& x, code_t count, const ValueAt& value_at,
                                           const R& mode, bool is_negative) {
  code_t low = 0, high = count - 1;
  if (exact::compare(x, value_at(low)) <= 0) return low;
  if (exact::compare(x, value_at(high)) >= 0) return high;
  while (high - low > 1) {
    const code_t middle = low + (high - low) / 2;
    (exact::compare(x, value_at(middle)) < 0 ? high : low) = middle;
  }
  if (exact::compare(x, value_at(low)) == 0) return low;
  const code_t inner = x.negative ? high : low, outer = x.negative ? low : high;
  const discarded rest{detail::fraction_for<R>(value_at(inner), value_at(outer), x), is_negative,
                       (inner & 1) != 0};
  return rounds_up(mode, rest) ? outer : inner;
}
template <rounding_mode R, class ValueAt>
[[nodiscard]] constexpr code_t round_among(const unpacked& x, code_t count, const ValueAt& value_at,
                                           const R& mode) {
  return round_among(x, count, value_at, mode, x.negative);
}

}  // namespace lowp
