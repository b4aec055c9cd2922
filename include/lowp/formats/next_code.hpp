// SPDX-License-Identifier: MIT
// The neighbours of a code in the order of values.
#pragma once

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"

namespace lowp {

/// The code of the next larger value (`is_up`) or of the next smaller one: nextUp and nextDown of
/// IEEE 754 clause 5.3.1. Next to the largest finite value lies infinity, or what the format gives
/// for results beyond its range; next to the smallest one a zero of its sign. NaN stays.
template <number_format F>
[[nodiscard]] constexpr code_t next_code(const F& f, code_t code, bool is_up) {
  const unpacked x = decode(f, code);
  if (x.is_nan()) return code;
  if (x.is_infinite()) {
    if (x.negative != is_up) return code;
    return x.negative ? lowest_code(f) : largest_code(f);
  }
  // A step that no format resolves, in a mode that takes it for a whole one. Values that are no
  // multiples of powers of two are decoded to 127 bits, which this one must still change.
  unpacked step = detail::tiny;
  if (x.kind == value_kind::finite && x.significand.low != 0) {
    step = scale_by_power_of_two(unpacked{x.kind, false, x.exponent, {code_t{1} << 63, 0}}, -66);
  }
  const overflow o = overflow::to_special;
  const code_t next = is_up ? encode(f, exact::add(x, step), upward, o, missing_nan::largest)
                            : encode(f, exact::add(x, -step), downward, o, missing_nan::largest);
  if (next != code) return next;
  // Posits do not round to zero.
  return encode(f, unpacked::zero(x.negative), nearest_even, o, missing_nan::largest);
}

}  // namespace lowp
