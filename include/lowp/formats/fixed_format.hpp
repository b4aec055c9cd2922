// SPDX-License-Identifier: MIT
// The fixed-point family: integers scaled by a power of two, in two's complement or unsigned.
// INT-N, Qm.n and the element of MXINT8 are members.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// value = q * 2^-fraction_bits for an integer q of `total_bits` bits. Total bits and fraction bits
/// name a format without the two readings of "Qm.n" (m counts the sign for some, not for others).
///
/// Aligned as the other descriptors are, so that a block_format has no padding between them: clang
/// up to 19 miscounts the members of a template argument that has.
struct alignas(8) fixed_format {
  int total_bits = 0;
  int fraction_bits = 0;  ///< may be negative or exceed total_bits
  bool is_signed = true;
  bool is_symmetric = false;  ///< the most negative code decodes, but only wrapping makes it

  constexpr bool operator==(const fixed_format&) const = default;

  [[nodiscard]] constexpr int bits() const { return total_bits; }
  /// Significant bits of the largest value.
  [[nodiscard]] constexpr int precision() const { return total_bits - (is_signed ? 1 : 0); }
  [[nodiscard]] constexpr code_t largest_magnitude() const {
    return low_mask(total_bits - (is_signed ? 1 : 0));
  }
  /// The magnitude of the most negative value that encoding gives.
  [[nodiscard]] constexpr code_t lowest_magnitude() const {
    return !is_signed ? 0 : largest_magnitude() + (is_symmetric ? 0 : 1);
  }
};

/// Why a descriptor contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const fixed_format& f) {
  if (f.total_bits < 1 || f.total_bits > 64) return "a fixed_format has 1 to 64 total_bits";
  if (f.fraction_bits < -(1 << 20) || f.fraction_bits > (1 << 20)) {
    return "the fraction_bits of a fixed_format lie between -2^20 and 2^20";
  }
  if (f.is_symmetric && !f.is_signed) return "is_symmetric needs is_signed";
  if (f.is_symmetric && f.total_bits < 2) {
    return "is_symmetric needs total_bits of at least 2, or zero is the only value";
  }
  return nullptr;
}

/// The exact value of a code; bits above f.bits() are ignored.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked decode(const fixed_format& f, code_t code) {
  code &= low_mask(f.total_bits);
  const bool is_negative = f.is_signed && (code >> (f.total_bits - 1)) != 0;
  const code_t minus = 0 - static_cast<code_t>(is_negative);
  const code_t magnitude = ((code ^ minus) - minus) & low_mask(f.total_bits);
  return unpacked::scaled_integer(is_negative, magnitude, -f.fraction_bits);
}

namespace detail {

/// What `wrap_sign_magnitude` makes of an integer modulo 2^64 and its bit 64: see overflow.hpp.
[[nodiscard]] constexpr code_t mirrored(const fixed_format& f, bool is_negative, code_t magnitude,
                                        bool bit_64) {
  const code_t integer = is_negative ? 0 - magnitude : magnitude;
  const bool top = (integer >> (f.total_bits - 1) & 1) != 0;
  const bool above = f.total_bits < 64 ? (integer >> f.total_bits & 1) != 0
                                       : bit_64 != (is_negative && magnitude != 0);
  return top != above ? ~integer : integer;
}

}  // namespace detail

/// The code of a value, rounded once. Out of range, `wrap` and `wrap_sign_magnitude` keep what they
/// say of the rounded integer, `to_zero` gives zero, and everything else saturates (these formats
/// have no special codes). Infinities saturate, or are zero under `to_zero`.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr code_t encode(const fixed_format& f, const unpacked& x,
                                                         const R& mode = {},
                                                         overflow o = overflow::to_special,
                                                         missing_nan n = missing_nan::largest) {
  const auto signed_code = [&](bool is_negative, code_t magnitude) {
    const code_t minus = 0 - static_cast<code_t>(is_negative);
    return ((magnitude ^ minus) - minus) & low_mask(f.total_bits);
  };
  const auto saturated = [&](bool is_negative) {
    return signed_code(is_negative, is_negative ? f.lowest_magnitude() : f.largest_magnitude());
  };

  if (x.is_zero()) return 0;
  if (x.is_infinite()) return o == overflow::to_zero ? 0 : saturated(x.negative);
  if (x.is_nan()) {
    const bool is_largest = n == missing_nan::largest || n == missing_nan::signed_largest;
    return is_largest ? saturated(x.negative && n == missing_nan::signed_largest) : 0;
  }

  // The integer part of |x| * 2^fraction_bits, modulo 2^64, and what lies below it.
  const int shift = 127 - x.exponent - f.fraction_bits;
  const bool is_short = shift > 64 && shift < 128;
  const uint128 split = is_short ? short_shift_right_jam(x.significand, shift - 64)
                                 : shift_right_jam(x.significand, shift - 64);
  const discarded rest{split.low, x.negative, (split.high & 1) != 0};
  const code_t magnitude = split.high + static_cast<code_t>(rounds_up(mode, rest));

  const bool exceeds_64_bits = shift < 64 || (magnitude == 0 && split.high != 0);
  const code_t limit = x.negative ? f.lowest_magnitude() : f.largest_magnitude();
  if (o == overflow::wrap_sign_magnitude && f.is_signed) {
    // Bit 64 of the rounded integer: of the significand, or carried into.
    const int place = 64 + shift;
    const code_t bits = place < 64 ? x.significand.low : x.significand.high;
    const bool has_bit = place >= 0 && place < 128 && (bits >> (place & 63) & 1) != 0;
    const bool is_carried = magnitude == 0 && split.high != 0;
    return detail::mirrored(f, x.negative, magnitude, has_bit != is_carried) &
           low_mask(f.total_bits);
  }
  const bool wraps = o == overflow::wrap || o == overflow::wrap_sign_magnitude;
  if (!wraps && (exceeds_64_bits || magnitude > limit)) {
    return o == overflow::to_zero ? 0 : saturated(x.negative);
  }
  return signed_code(x.negative, magnitude);
}

/// See value_facts.hpp, for this and the two after it.
[[nodiscard]] constexpr value_facts known_facts(const fixed_format& f) {
  const int magnitude_bits = f.precision();
  return {.significant_bits = magnitude_bits < 1 ? 1 : magnitude_bits,
          .lowest_exponent = -f.fraction_bits,
          .highest_exponent = f.total_bits - 1 - f.fraction_bits,
          .last_bit_exponent = -f.fraction_bits,
          .spacing = value_spacing::uniform,
          .are_finite = true};
}
[[nodiscard]] constexpr integer_values known_integers(const fixed_format& f) {
  if (f.total_bits > 32) return {};
  const auto high = static_cast<std::int64_t>(f.largest_magnitude());
  return {true,
          -f.fraction_bits,
          {f.is_signed ? -high - 1 : 0, high},
          f.is_signed ? integer_code::twos_complement : integer_code::unsigned_binary};
}
/// A fixed-point format is the subnormal binade of a floating-point one with more mantissa bits.
[[nodiscard]] constexpr code_grid known_grid(const fixed_format& f) {
  return {.exists = true,
          .mantissa_bits = f.total_bits,
          .lowest_exponent = f.total_bits - f.fraction_bits,
          .largest_positive = f.largest_magnitude(),
          .largest_negative = f.lowest_magnitude(),
          .is_twos_complement = true,
          .wraps = true};
}

/// Sign, integer, fraction.
[[nodiscard]] constexpr code_fields known_code_fields(const fixed_format& f, code_t) {
  const int sign = f.is_signed ? 1 : 0;
  const int body = f.total_bits - sign;
  const int fraction = f.fraction_bits < 0 ? 0 : f.fraction_bits > body ? body : f.fraction_bits;
  return {{sign, body - fraction, fraction}};
}

/// See value_facts.hpp.
[[nodiscard]] constexpr code_order known_code_order(const fixed_format& f) {
  return f.is_signed ? code_order::twos_complement : code_order::unsigned_binary;
}

/// See fields.hpp. Headers of saved files follow this order.
[[nodiscard]] constexpr auto known_fields(const fixed_format& f) {
  return format_fields{"fixed_format",
                       {{"total_bits", f.total_bits},
                        {"fraction_bits", f.fraction_bits},
                        {"is_signed", f.is_signed},
                        {"is_symmetric", f.is_symmetric}},
                       detail::family_number{2}};
}

}  // namespace lowp
