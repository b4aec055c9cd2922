// SPDX-License-Identifier: MIT
// The formats whose values are integers times one power of two: INT-N, fixed point, and small
// floating-point formats such as E2M1, whose values are halves.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/fixed_format.hpp"

namespace lowp {

/// The integers from low to high.
struct integer_range {
  std::int64_t low = 0, high = 0;
  constexpr bool operator==(const integer_range&) const = default;
};
/// Those of all differences.
[[nodiscard]] constexpr integer_range operator-(const integer_range& a, const integer_range& b) {
  return {a.low - b.high, a.high - b.low};
}

/// value = integer * 2^unit for all codes of a format, if `exist`.
struct integer_values {
  bool exist = false;
  int unit = 0;
  integer_range range{};
};

/// x / 2^unit, an integer below 2^63.
[[nodiscard]] constexpr std::int64_t integer_of(const unpacked& x, int unit) {
  if (x.is_zero()) return 0;
  const auto magnitude = static_cast<std::int64_t>(x.significand.high >> (63 - x.exponent + unit));
  return x.negative ? -magnitude : magnitude;
}

/// For fixed point of up to 32 bits, and for any format of up to 8.
template <number_format F>
[[nodiscard]] constexpr integer_values integers_of(const F& f) {
  if constexpr (std::same_as<F, fixed_format>) {
    if (f.bits() > 32) return {};
    const auto high = static_cast<std::int64_t>(f.largest_magnitude());
    return {true, -f.fraction_bits, {f.is_signed ? -high - 1 : 0, high}};
  } else {
    if (f.bits() > 8) return {};
    const code_t count = code_t{1} << f.bits();
    int unit = 1 << 20, highest = -(1 << 20);
    for (code_t code = 0; code < count; ++code) {
      const unpacked x = decode(f, code);
      if (!x.is_finite()) return {};
      if (x.is_zero()) continue;
      const int last = last_bit_exponent(x);
      unit = last < unit ? last : unit;
      highest = x.exponent > highest ? x.exponent : highest;
    }
    if (highest - unit > 31) return {};
    integer_values values{true, unit};
    for (code_t code = 0; code < count; ++code) {
      const std::int64_t integer = integer_of(decode(f, code), unit);
      if (integer < values.range.low) values.range.low = integer;
      if (integer > values.range.high) values.range.high = integer;
    }
    return values;
  }
}

}  // namespace lowp
