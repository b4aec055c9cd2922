// SPDX-License-Identifier: MIT
// The formats whose values are integers times one power of two: INT-N, fixed point, and small
// floating-point formats such as E2M1, whose values are halves.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/value_facts.hpp"

namespace lowp {

/// x / 2^unit, an integer below 2^63.
[[nodiscard]] constexpr std::int64_t integer_of(const unpacked& x, int unit) {
  if (x.is_zero()) return 0;
  const auto magnitude = static_cast<std::int64_t>(x.significand.high >> (63 - x.exponent + unit));
  return x.negative ? -magnitude : magnitude;
}

namespace detail {

/// How the codes of a format of up to 8 bits spell its integers, multiples of 2^unit.
[[nodiscard]] constexpr integer_code integer_code_of(const number_format auto& f, int unit) {
  const int bits = f.bits();
  bool is_unsigned = true, is_complement = true;
  for (code_t code = 0; code < code_t{1} << bits; ++code) {
    const std::int64_t integer = integer_of(decode(f, code), unit);
    const auto plain = static_cast<std::int64_t>(code);
    is_unsigned &= integer == plain;
    is_complement &= integer == plain - ((code >> (bits - 1)) != 0 ? std::int64_t{1} << bits : 0);
  }
  return is_unsigned     ? integer_code::unsigned_binary
         : is_complement ? integer_code::twos_complement
                         : integer_code::other;
}

}  // namespace detail

/// For families that state them, and for any format of up to 8 bits.
template <number_format F>
[[nodiscard]] constexpr integer_values integers_of(const F& f) {
  if constexpr (requires { known_integers(f); }) {
    return known_integers(f);
  } else {
    if (f.bits() > 8) return {};
    const value_facts facts = detail::enumerated_facts(f);
    const int unit = facts.last_bit_exponent;
    if (!facts.are_finite || !facts.are_dyadic() || facts.highest_exponent - unit > 31) return {};
    integer_values values{true, unit};
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const std::int64_t integer = integer_of(decode(f, code), unit);
      if (integer < values.range.low) values.range.low = integer;
      if (integer > values.range.high) values.range.high = integer;
    }
    values.code = detail::integer_code_of(f, unit);
    return values;
  }
}

}  // namespace lowp
