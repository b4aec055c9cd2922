// SPDX-License-Identifier: MIT
// Whether a value lies in the range of a format: what a constant or a literal must do to become a
// number without more being written.
#pragma once

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"

namespace lowp::detail {

/// Whether `x`, a finite number, rounds to a finite number of the format without being pushed back
/// into its range: what lies beyond the largest number counts only as far as what lies below does.
[[nodiscard]] constexpr bool rounds_within_range(const number_format auto& f, const unpacked& x) {
  const auto rounded = [&f](const unpacked& from) {
    return decode(f, encode(f, from, nearest_even, overflow::to_special, missing_nan::largest));
  };
  const unpacked y = rounded(x);
  if (!y.is_finite()) return false;
  if (x.is_zero() || exact::compare(x.negative ? y : x, x.negative ? x : y) <= 0) return true;
  if (y != decode(f, x.negative ? lowest_code(f) : largest_code(f))) return true;
  return rounded(exact::add(scale_by_power_of_two(y, 1), -x)) == y;
}

/// Whether any value rounds into its range: infinities and NaNs do where the format has them.
[[nodiscard]] constexpr bool is_within_range(const number_format auto& f, const unpacked& x) {
  if (x.is_finite()) return rounds_within_range(f, x);
  return decode(f, encode(f, x, nearest_even, overflow::to_special, missing_nan::largest)).kind ==
         x.kind;
}

}  // namespace lowp::detail
