// SPDX-License-Identifier: MIT
// The neighbours of a code in the order of values.
#pragma once

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"

namespace lowp {

namespace detail {
/// What `encode(exact, mode)` makes of a value a little above x, which is finite, or below: a step
/// that no format resolves, in a mode that takes it for a whole one.
template <class Encode>
[[nodiscard]] constexpr auto stepped(const unpacked& x, bool is_up, const Encode& encode) {
  unpacked step = tiny;
  // Values that are no multiples of powers of two are decoded to 127 bits, which it must change.
  if (x.kind == value_kind::finite && x.significand.low != 0) {
    step = scale_by_power_of_two(unpacked{x.kind, false, x.exponent, {code_t{1} << 63, 0}}, -66);
  }
  return is_up ? encode(exact::add(x, step), upward) : encode(exact::add(x, -step), downward);
}
}  // namespace detail

/// The code of the next larger value (`is_up`) or of the next smaller one: nextUp and nextDown of
/// IEEE 754 clause 5.3.1. Next to the largest finite value lies infinity; without one the code
/// stays, as does a NaN. Next to the smallest values lies a zero of their sign.
template <number_format F>
[[nodiscard]] constexpr code_t next_code(const F& f, code_t code, bool is_up) {
  const unpacked x = decode(f, code);
  if (x.is_nan()) return code;
  if (x.is_infinite()) {
    if (x.negative != is_up) return code;
    return x.negative ? lowest_code(f) : largest_code(f);
  }
  const auto code_of = [&f](const unpacked& exact, const auto& mode) {
    return encode(f, exact, mode, overflow::to_special, missing_nan::largest);
  };
  const code_t next = detail::stepped(x, is_up, code_of);
  if (decode(f, next).is_nan()) return code;
  if (next != code || x.kind != value_kind::finite || x.negative != is_up) return next;
  // Towards zero, to which posits, for one, do not round.
  return encode(f, unpacked::zero(x.negative), nearest_even, overflow::saturate,
                missing_nan::largest);
}

}  // namespace lowp
