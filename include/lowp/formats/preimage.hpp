// SPDX-License-Identifier: MIT
// Which values become a given code: the interval that a rounding mode sends there, exactly. Works
// for every family, since it asks the encoder alone.
#pragma once

#include <cstdint>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// From `lower` to `upper`, the ends included where it is closed; may reach from or to an infinity.
struct value_interval {
  unpacked lower{}, upper{};
  bool is_lower_closed = false, is_upper_closed = false;
  /// No value becomes the code: a second zero, an unused code, a NaN.
  bool is_empty = true;
};

namespace detail {

/// Where a predicate that is false for low values and true for high ones turns: the last value for
/// which it is false and the first for which it is true, neighbours among values of 128 significant
/// bits, or zero and a value below any of a format.
struct turning_point {
  unpacked last_false, first_true;
};

template <class Predicate>
[[nodiscard]] constexpr turning_point turning_point_of(const Predicate& is_true) {
  if (is_true(unpacked::infinite(true))) {
    return {unpacked::infinite(true), unpacked::infinite(true)};
  }
  if (!is_true(unpacked::infinite())) return {unpacked::infinite(), unpacked::infinite()};
  // On the side of zero where it turns, look outward: `at_zero` is the answer at zero.
  const bool at_zero = is_true(unpacked::zero()), negative = at_zero;
  constexpr int farthest = 1 << 24;  // no format has an exponent beyond
  const auto value = [&](int exponent, uint128 significand) {
    return unpacked{value_kind::finite, negative, exponent, significand};
  };
  const uint128 one{code_t{1} << 63, 0};
  const auto as_turn = [&](const unpacked& inner, const unpacked& outer) {
    return at_zero ? turning_point{outer, inner} : turning_point{inner, outer};
  };
  // 1. The binade: the last exponent at whose power of two it is still what it is at zero.
  int low = -farthest, high = farthest;
  if (is_true(value(low, one)) != at_zero) return as_turn(unpacked::zero(), value(low, one));
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (is_true(value(middle, one)) == at_zero ? low : high) = middle;
  }
  if (high == farthest) return as_turn(value(low, one), unpacked::infinite(negative));
  // 2. The bits below the leading one: the largest significand likewise.
  uint128 significand = one;
  for (int bit = 126; bit >= 0; --bit) {
    const uint128 trial = significand | shift_left({0, 1}, bit);
    if (is_true(value(low, trial)) == at_zero) significand = trial;
  }
  const uint128 next = significand + uint128{0, 1};
  return as_turn(value(low, significand), next.is_zero() ? value(high, one) : value(low, next));
}

/// How many significant bits a value has; fewer look more like the end of an interval.
[[nodiscard]] constexpr int width_of(const unpacked& x) {
  return x.kind == value_kind::finite ? 128 - countr_zero(x.significand) : 0;
}

}  // namespace detail

/// The values that encode(f, value, mode, o) makes `code`. The ends are exact where they have at
/// most 127 significant bits, as all have but those between logarithmic numbers, which are off by
/// less than 2^-127 of themselves. The mode may not be stochastic, and larger values must not get
/// smaller ones under the policy, as they do when they wrap.
template <number_format F, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr value_interval interval_of(const F& f, code_t code, const R& mode = {},
                                                   overflow o = overflow::to_special) {
  const unpacked x = decode(f, code);
  value_interval result;
  if (x.is_nan()) return result;
  const auto rounded = [&](const unpacked& value) {
    return decode(f, encode(f, value, mode, o, missing_nan::largest));
  };
  // Beyond the range a NaN may stand, on the side of the value that became it: for zero, too, in a
  // format of powers of two alone.
  const auto order = [&](const unpacked& value) {
    const unpacked to = rounded(value);
    const auto compared = exact::compare(to.is_nan() ? value : to, x);
    if (to.is_nan() && compared == 0) return value.negative ? -1 : 1;
    return compared < 0 ? -1 : compared > 0 ? 1 : 0;
  };
  const auto lower = detail::turning_point_of([&](const unpacked& v) { return order(v) >= 0; });
  const auto upper = detail::turning_point_of([&](const unpacked& v) { return order(v) > 0; });
  if (order(lower.first_true) != 0) return result;
  // A second code of the value, of other sign or unused.
  const unpacked inside = x.is_zero() ? unpacked::zero(x.negative) : lower.first_true;
  if (encode(f, inside, mode, o, missing_nan::largest) != code) return result;
  result.is_empty = false;
  result.is_lower_closed =
      detail::width_of(lower.first_true) <= detail::width_of(lower.last_false) ||
      lower.first_true == lower.last_false;
  result.lower = result.is_lower_closed ? lower.first_true : lower.last_false;
  result.is_upper_closed =
      detail::width_of(upper.last_false) <= detail::width_of(upper.first_true) ||
      upper.first_true == upper.last_false;
  result.upper = result.is_upper_closed ? upper.last_false : upper.first_true;
  return result;
}

/// The nearest values of the format at or below x and at or above it; equal if x is one of them.
/// Beyond the ends an infinity, or the end itself where the format has none. x is no NaN.
struct value_neighbours {
  unpacked below, above;
};
template <number_format F>
[[nodiscard]] constexpr value_neighbours neighbours_of(const F& f, const unpacked& x) {
  const auto towards = [&](const auto& mode) {
    const unpacked to = decode(f, encode(f, x, mode, overflow::to_special, missing_nan::largest));
    if (!to.is_nan()) return to;
    return decode(f, encode(f, x, mode, overflow::saturate, missing_nan::largest));
  };
  return {towards(downward), towards(upward)};
}

}  // namespace lowp
