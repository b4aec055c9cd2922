// SPDX-License-Identifier: MIT
// Quiet and signaling NaNs, and the bits that they carry (IEEE 754 clause 6.2.1): what decoding
// does not show, since no arithmetic depends on it.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/rounding/canonical_nan.hpp"

namespace lowp {

/// What a NaN carries besides its sign.
struct nan_payload {
  bool is_signaling = false;
  /// The bits below the quiet one, from bit 63 down, so that formats of other widths keep the top.
  std::uint64_t bits = 0;
  constexpr bool operator==(const nan_payload&) const = default;
};

/// Whether the top mantissa bit tells quiet NaNs from signaling ones: the highest exponent is an
/// infinity and NaNs, as in IEEE 754. With one mantissa bit the only NaN is quiet.
[[nodiscard]] constexpr bool has_quiet_bit(const float_format& f) {
  return f.has_infinity && f.mantissa_bits >= 1 && f.nan_codes == low_mask(f.mantissa_bits);
}

/// Of a code that is a NaN. A family of one's own whose NaNs carry bits brings this and the next.
[[nodiscard]] constexpr nan_payload known_nan_payload(const float_format& f, code_t code) {
  if (!has_quiet_bit(f)) return {};
  const code_t mantissa = code & low_mask(f.mantissa_bits);
  const code_t below = mantissa & low_mask(f.mantissa_bits - 1);
  return {mantissa == below, f.mantissa_bits > 1 ? below << (65 - f.mantissa_bits) : 0};
}
/// The quiet NaN that carries `payload`.
[[nodiscard]] constexpr code_t known_nan_code(const float_format& f, bool is_negative,
                                              const nan_payload& payload) {
  const code_t code = f.nan_code(is_negative);
  if (!has_quiet_bit(f) || f.mantissa_bits == 1) return code;
  return code | payload.bits >> (65 - f.mantissa_bits);
}

/// See known_nan_payload; of a family that does not know its NaNs quiet and without bits.
template <number_format F>
[[nodiscard]] constexpr nan_payload nan_payload_of(const F& f, code_t code) {
  if constexpr (requires { known_nan_payload(f, code); }) {
    return known_nan_payload(f, code);
  } else {
    return {};
  }
}
/// The quiet NaN that carries as much of `payload` as there is room for; what the format makes of a
/// NaN if it has none.
template <number_format F>
[[nodiscard]] constexpr code_t nan_code(const F& f, bool is_negative, const nan_payload& payload) {
  if constexpr (requires { known_nan_code(f, is_negative, payload); }) {
    if (has_nan(f)) return known_nan_code(f, is_negative, payload);
  }
  return encode(f, unpacked::nan(is_negative), nearest_even, overflow::to_special,
                missing_nan::largest);
}
/// The canonical NaN with these bits and this sign: all ones below the sign where that is a NaN of
/// it, which NaNs of unsigned formats do not have, else the family's own.
template <number_format F>
[[nodiscard]] constexpr code_t nan_code(const F& f, bool is_negative, nan_bits bits) {
  if (bits == nan_bits::all_ones) {
    const bool has_sign = is_signed(f);
    for (const int width : {f.bits() - (has_sign ? 1 : 0), f.bits()}) {
      const code_t code = low_mask(width);
      const unpacked x = decode(f, code);
      if (x.is_nan() && (x.negative == is_negative || !has_sign)) return code;
    }
  }
  return nan_code(f, is_negative, nan_payload{});
}

}  // namespace lowp
