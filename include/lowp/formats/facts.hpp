// SPDX-License-Identifier: MIT
// What a format can hold, asked from its codec: nothing here is stored anywhere, so nothing can
// disagree with what encoding and decoding do. Works for every family.
#pragma once

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"

namespace lowp {

namespace detail {
/// Just above zero, and just above one, as exact values: less than any step of a format of 64 bits.
inline constexpr unpacked tiny{value_kind::finite, false, -(1 << 28), {code_t{1} << 63, 0}};
inline constexpr unpacked above_one{value_kind::finite, false, 0, {code_t{1} << 63, 1}};
}  // namespace detail

/// The code of the largest finite value.
[[nodiscard]] constexpr code_t largest_code(const number_format auto& f) {
  return encode(f, unpacked::infinite(), nearest_even, overflow::saturate, missing_nan::largest);
}
/// The code of the lowest finite value: the most negative one, or the smallest of an unsigned
/// format.
[[nodiscard]] constexpr code_t lowest_code(const number_format auto& f) {
  return encode(f, unpacked::infinite(true), nearest_even, overflow::saturate,
                missing_nan::largest);
}
/// The code of the smallest positive value.
[[nodiscard]] constexpr code_t smallest_positive_code(const number_format auto& f) {
  return encode(f, detail::tiny, upward, overflow::saturate, missing_nan::largest);
}
/// The largest finite value, exact.
[[nodiscard]] constexpr unpacked largest_value(const number_format auto& f) {
  return decode(f, largest_code(f));
}
[[nodiscard]] constexpr unpacked smallest_positive_value(const number_format auto& f) {
  return decode(f, smallest_positive_code(f));
}
/// The code of the smallest positive value of full precision: above the subnormals where there are
/// any.
template <number_format F>
[[nodiscard]] constexpr code_t smallest_normal_code(const F& f) {
  if constexpr (requires { f.smallest_normal_magnitude(); }) {
    if (f.smallest_normal_magnitude() <= f.largest_magnitude()) {
      return f.smallest_normal_magnitude();
    }
  }
  return smallest_positive_code(f);
}

[[nodiscard]] constexpr bool has_nan(const number_format auto& f) {
  return decode(f, encode(f, unpacked::nan(), nearest_even, overflow::to_special,
                          missing_nan::largest))
      .is_nan();
}
[[nodiscard]] constexpr bool has_infinity(const number_format auto& f) {
  return decode(f, encode(f, unpacked::infinite(), nearest_even, overflow::to_special,
                          missing_nan::largest))
      .is_infinite();
}
[[nodiscard]] constexpr bool has_zero(const number_format auto& f) {
  return decode(f,
                encode(f, unpacked::zero(), nearest_even, overflow::saturate, missing_nan::largest))
      .is_zero();
}
[[nodiscard]] constexpr bool has_negative_zero(const number_format auto& f) {
  const unpacked zero = decode(
      f, encode(f, unpacked::zero(true), nearest_even, overflow::saturate, missing_nan::largest));
  return zero.is_zero() && zero.negative;
}
[[nodiscard]] constexpr bool is_signed(const number_format auto& f) {
  const unpacked lowest = decode(f, lowest_code(f));
  return lowest.negative && !lowest.is_zero();
}

/// The distance from 1 to the next larger value; zero if either is missing.
[[nodiscard]] constexpr unpacked epsilon_value(const number_format auto& f) {
  const unpacked one = unpacked::scaled_integer(false, 1);
  const unpacked next =
      decode(f, encode(f, detail::above_one, upward, overflow::saturate, missing_nan::largest));
  if (exact::compare(next, one) <= 0) return unpacked::zero();
  return exact::add(next, -one);
}

/// The number of significant bits, the leading one included: of a float or a fixed-point number,
/// and of a posit at 1, where it has the most.
template <number_format F>
[[nodiscard]] constexpr int precision(const F& f) {
  if constexpr (requires { f.precision(); }) {
    return f.precision();
  } else {
    const unpacked epsilon = epsilon_value(f);
    return epsilon.is_zero() ? 1 : 1 - epsilon.exponent;
  }
}

}  // namespace lowp
