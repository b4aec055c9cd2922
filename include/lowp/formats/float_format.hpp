// SPDX-License-Identifier: MIT
// The floating-point family: sign, exponent and mantissa fields, with every choice that standards
// and vendors make about the ends of the range as a named field. IEEE 754, OCP OFP8 and MX, the
// FNUZ formats, IEEE P3109 and unsigned scale formats are all members.
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

/// What the codes with an exponent field of zero mean.
enum class exponent_zero : std::uint8_t {
  subnormals,  ///< zero and subnormals, as in IEEE 754
  normals,     ///< one more binade of normal values; the format has no zero (E8M0)
  zero_only,   ///< zero whatever the mantissa; nothing between it and the smallest normal value
};

/// A binary floating-point format of up to 64 bits:  [sign] | exponent | mantissa.
///
/// A normal value is (-1)^sign * 2^(exponent - bias) * (1 + mantissa / 2^mantissa_bits). Within one
/// sign, codes are ordered as their values: the NaNs at the top, the infinity just below them, then
/// the finite values down to zero. The defaults describe an IEEE 754 interchange format, and
/// without infinity one whose codes are all finite.
struct float_format {
  int exponent_bits = 0;
  int mantissa_bits = 0;
  int bias = exponent_bits < 1 || exponent_bits > 20 ? 0 : (1 << (exponent_bits - 1)) - 1;
  bool is_signed = true;
  exponent_zero at_exponent_zero = exponent_zero::subnormals;
  bool has_infinity = true;
  /// How many of the highest magnitudes are NaN.
  code_t nan_codes = has_infinity ? low_mask(mantissa_bits) : 0;
  /// The code of -0 is a NaN (FNUZ, P3109).
  bool nan_at_negative_zero = false;

  constexpr bool operator==(const float_format&) const = default;

  [[nodiscard]] constexpr int magnitude_bits() const { return exponent_bits + mantissa_bits; }
  [[nodiscard]] constexpr int bits() const { return magnitude_bits() + (is_signed ? 1 : 0); }
  /// Significant bits of a normal value, the implicit one included.
  [[nodiscard]] constexpr int precision() const { return mantissa_bits + 1; }
  [[nodiscard]] constexpr code_t sign_bit() const {
    return is_signed ? code_t{1} << magnitude_bits() : 0;
  }
  /// The magnitude of the largest finite value.
  [[nodiscard]] constexpr code_t largest_magnitude() const {
    return low_mask(magnitude_bits()) - nan_codes - (has_infinity ? 1 : 0);
  }
  /// The magnitude of the smallest positive value with an implicit leading one.
  [[nodiscard]] constexpr code_t smallest_normal_magnitude() const {
    return at_exponent_zero == exponent_zero::normals ? 0 : code_t{1} << mantissa_bits;
  }
  [[nodiscard]] constexpr bool has_nan() const { return nan_codes > 0 || nan_at_negative_zero; }

  /// The canonical NaN: the quiet one of IEEE 754 (only the top mantissa bit set) where the format
  /// has it, else the highest code, else the code of -0. Payloads are not kept, signs are where
  /// possible.
  [[nodiscard]] constexpr code_t nan_code(bool is_negative) const {
    if (nan_codes == 0) return sign_bit();
    const code_t top = low_mask(magnitude_bits());
    const code_t quiet = top ^ (low_mask(mantissa_bits) >> 1);
    const code_t magnitude = quiet > top - nan_codes ? quiet : top;
    return magnitude | (is_negative ? sign_bit() : 0);
  }
};

/// Why a descriptor contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const float_format& f) {
  if (f.exponent_bits < 1 || f.exponent_bits > 20) {
    return "a float_format needs 1 to 20 exponent_bits (with none it is a fixed_format)";
  }
  if (f.mantissa_bits < 0) return "a float_format needs mantissa_bits of at least 0";
  if (f.magnitude_bits() + (f.is_signed ? 1 : 0) > 64) {
    return "a float_format has at most 64 bits, counting the sign, exponent_bits and mantissa_bits";
  }
  if (f.bias < -(1 << 20) || f.bias > (1 << 20)) {
    return "the bias of a float_format lies between -2^20 and 2^20";
  }
  if (f.at_exponent_zero > exponent_zero::zero_only)
    return "at_exponent_zero of a float_format is no value of exponent_zero";
  if (f.nan_at_negative_zero && !f.is_signed) {
    return "nan_at_negative_zero needs is_signed: an unsigned format has no code for -0";
  }
  if (f.nan_at_negative_zero && f.at_exponent_zero == exponent_zero::normals) {
    return "nan_at_negative_zero needs a zero: under exponent_zero::normals code 0 is a normal "
           "value";
  }
  if (f.nan_codes >= low_mask(f.magnitude_bits()) ||
      f.largest_magnitude() <
          (f.at_exponent_zero == exponent_zero::subnormals ? 1 : f.smallest_normal_magnitude())) {
    return "nan_codes and has_infinity leave no finite value: fewer magnitudes may be special";
  }
  return nullptr;
}

namespace detail {
/// decode() of all but normal numbers.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked decode_rest(const float_format& f,
                                                                code_t magnitude,
                                                                bool is_negative) {
  if (magnitude > f.largest_magnitude()) {
    return f.has_infinity && magnitude == f.largest_magnitude() + 1
               ? unpacked::infinite(is_negative)
               : unpacked::nan(is_negative);
  }
  if (is_negative && magnitude == 0 && f.nan_at_negative_zero) return unpacked::nan();
  return f.at_exponent_zero == exponent_zero::zero_only
             ? unpacked::zero(is_negative)
             : unpacked::scaled_integer(is_negative, magnitude, 1 - f.bias - f.mantissa_bits);
}
}  // namespace detail

/// The exact value of a code; bits above f.bits() are ignored.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked decode(const float_format& f, code_t code) {
  const code_t magnitude = code & low_mask(f.magnitude_bits());
  const bool is_negative = (code & f.sign_bit()) != 0;
  // One question for the usual number.
  const code_t first = f.smallest_normal_magnitude(), last = f.largest_magnitude();
  if (first > last || magnitude - first > last - first) {
    return detail::decode_rest(f, magnitude, is_negative);
  }
  const auto exponent = static_cast<int>(magnitude >> f.mantissa_bits);
  const code_t mantissa = magnitude & low_mask(f.mantissa_bits);
  return {value_kind::finite,
          is_negative,
          exponent - f.bias,
          {(mantissa | code_t{1} << f.mantissa_bits) << (63 - f.mantissa_bits), 0}};
}

namespace detail {

/// The code for a value beyond the finite range on the side of `is_negative`.
[[nodiscard]] constexpr code_t overflowed(const float_format& f, bool is_negative, bool saturates) {
  const bool can_be_negative = f.is_signed || !is_negative;
  if (!saturates && can_be_negative && f.has_infinity) {
    return (f.largest_magnitude() + 1) | (is_negative ? f.sign_bit() : 0);
  }
  if (!saturates && f.has_nan()) return f.nan_code(is_negative);
  return can_be_negative ? f.largest_magnitude() | (is_negative ? f.sign_bit() : 0) : 0;
}

/// Whether a policy keeps everything among the finite values, but for infinite inputs and what is
/// below an unsigned format.
[[nodiscard]] constexpr bool saturates(const float_format& f, overflow o) {
  return o != overflow::to_special && !(o == overflow::sat_none && f.has_infinity);
}

/// The code of a number that rounds to none of the finite ones. Not a lambda of encode: what that
/// captures would have to lie in memory.
template <rounding_mode R>
[[nodiscard]] constexpr code_t out_of_range(const float_format& f, bool is_negative, const R& mode,
                                            overflow o) {
  if (o == overflow::to_zero) return 0;
  if (f.is_signed || !is_negative) {
    return overflowed(
        f, is_negative,
        saturates(f, o) || !leaves_finite_range(mode, is_negative, f.largest_magnitude() & 1));
  }
  // Below an unsigned format, whose lowest code is even.
  const bool may_stop = f.has_infinity || o == overflow::sat_none;
  const bool stops = may_stop && !leaves_finite_range(mode, true, false);
  return overflowed(f, true, stops || (saturates(f, o) && o != overflow::sat_none));
}

/// The code of an infinity.
[[nodiscard]] constexpr code_t of_infinity(const float_format& f, bool is_negative, overflow o) {
  if (o == overflow::to_zero) return 0;
  const bool has_sign = f.is_signed || !is_negative;
  const bool stays = (o == overflow::propagate && f.has_infinity && has_sign) ||
                     (o == overflow::sat_none && !has_sign) || o == overflow::saturate_numbers;
  return overflowed(f, is_negative, saturates(f, o) && !stays);
}

[[nodiscard]] constexpr code_t encode_missing_nan(const float_format& f, bool is_negative,
                                                  missing_nan n) {
  const code_t sign = f.sign_bit();
  switch (n) {
    case missing_nan::largest: return f.largest_magnitude();
    case missing_nan::signed_largest: return f.largest_magnitude() | (is_negative ? sign : 0);
    case missing_nan::zero: return 0;
    case missing_nan::flipped_zero: break;
  }
  return is_negative ? 0 : sign;
}

}  // namespace detail

namespace detail {

/// encode() of everything, one question after the other.
template <rounding_mode R>
[[nodiscard]] constexpr code_t encode_any(const float_format& f, const unpacked& x, const R& mode,
                                          overflow o, missing_nan n) {
  const bool has_negative_zero = f.is_signed && !f.nan_at_negative_zero;
  const auto signed_zero = [&] { return x.negative && has_negative_zero ? f.sign_bit() : 0; };

  // 1. What is not a number to round.
  if (x.is_nan()) {
    return f.has_nan() ? f.nan_code(x.negative) : detail::encode_missing_nan(f, x.negative, n);
  }
  if (x.is_infinite()) return detail::of_infinity(f, x.negative, o);
  if (x.is_zero()) {
    if (f.at_exponent_zero != exponent_zero::normals) return signed_zero();
    return !saturates(f, o) && f.has_nan() ? f.nan_code(x.negative) : signed_zero();
  }

  // 2. Place the value on the grid of codes. Fields below 1 share the grid of the lowest binade.
  const int lowest_field = f.at_exponent_zero == exponent_zero::normals ? 0 : 1;
  const int field = x.exponent + f.bias;
  const bool is_subnormal = field < lowest_field;
  const bool skips_subnormals = is_subnormal && f.at_exponent_zero != exponent_zero::subnormals;
  const int kept_bits = skips_subnormals ? 0 : f.mantissa_bits;
  const int shift = 127 - kept_bits + (is_subnormal ? lowest_field - field : 0);
  const uint128 split = shift_right_jam(x.significand, shift - 64);  // high: kept; low: discarded
  if (field > static_cast<int>(low_mask(f.exponent_bits)))
    return detail::out_of_range(f, x.negative, mode, o);
  const int binades_below = is_subnormal ? 0 : field - 1;  // a leading one adds the last of them
  const code_t kept =
      split.high + (static_cast<code_t>(static_cast<std::int64_t>(binades_below)) << kept_bits);

  // 3. Round the code.
  const discarded rest{split.low, x.negative, (kept & 1) != 0};
  code_t magnitude = kept + (rounds_up(mode, rest) ? 1 : 0);
  if (magnitude < kept) return detail::out_of_range(f, x.negative, mode, o);  // out of 64 bits
  if (skips_subnormals) magnitude = lowest_field == 0 ? 0 : magnitude << f.mantissa_bits;

  // 4. Range and sign.
  if (magnitude > f.largest_magnitude()) return detail::out_of_range(f, x.negative, mode, o);
  if (magnitude == 0 && lowest_field == 1) return signed_zero();
  if (x.negative && !f.is_signed) return detail::out_of_range(f, x.negative, mode, o);
  return magnitude | (x.negative ? f.sign_bit() : 0);
}

}  // namespace detail

/// The code of a value, rounded once.
///
/// Range: rounding first, then `o` (see overflow.hpp). A negative value that rounds to zero is +0
/// where there is no -0; one that does not is out of range in an unsigned format. In a format
/// without zero a positive value rounds to at least the smallest one, whatever the mode, and an
/// exact zero is out of range: NaN under `to_special`, else the smallest value. NaN keeps its sign
/// where it has one.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr code_t encode(const float_format& f, const unpacked& x,
                                                         const R& mode = {},
                                                         overflow o = overflow::to_special,
                                                         missing_nan n = missing_nan::largest) {
  // Numbers that round to finite ones other than zero, without a branch that data decide.
  const int lowest_field = f.at_exponent_zero == exponent_zero::normals ? 0 : 1;
  const int field = x.exponent + f.bias;
  const int places = 63 - f.mantissa_bits;  // below the kept bits of a normal number, in a word
  const int reach = f.at_exponent_zero == exponent_zero::subnormals ? f.mantissa_bits : 0;
  if (x.kind == value_kind::finite && f.magnitude_bits() < 64 && field >= lowest_field - reach &&
      field <= static_cast<int>(low_mask(f.exponent_bits)) && (f.is_signed || !x.negative)) {
    const int below = lowest_field > field ? lowest_field - field : 0;
    const int shift = places + below;                                   // 1 to 63
    const uint128 split = short_shift_right_jam(x.significand, shift);  // high: kept; low: not
    const auto binades_below = static_cast<std::int64_t>(field + below - 1);
    const code_t kept = split.high + (static_cast<code_t>(binades_below) << f.mantissa_bits);
    const discarded rest{split.low, x.negative, (kept & 1) != 0};
    const code_t magnitude = kept + static_cast<code_t>(rounds_up(mode, rest));
    if (magnitude <= f.largest_magnitude() && (magnitude != 0 || lowest_field == 0)) {
      return magnitude | static_cast<code_t>(x.negative) << f.magnitude_bits();
    }
  }
  const unpacked rest = x;  // by whose address x need not lie in memory
  return detail::encode_any(f, rest, mode, o, n);
}

/// See value_facts.hpp, for this and the next.
[[nodiscard]] constexpr value_facts known_facts(const float_format& f) {
  const int normal = (f.at_exponent_zero == exponent_zero::normals ? 0 : 1) - f.bias;
  const bool has_subnormals = f.at_exponent_zero == exponent_zero::subnormals;
  const unpacked largest = decode(f, f.largest_magnitude());
  return {.significant_bits = f.precision(),
          .lowest_exponent = has_subnormals ? normal - f.mantissa_bits : normal,
          .highest_exponent = largest.exponent,
          .last_bit_exponent = normal - f.mantissa_bits,
          .normal_exponent = normal,
          .spacing = value_spacing::floating,
          .are_finite = !f.has_infinity && !f.has_nan()};
}
[[nodiscard]] constexpr code_grid known_grid(const float_format& f) {
  const bool lacks_zero = f.at_exponent_zero == exponent_zero::normals;
  const code_t largest = f.largest_magnitude();
  return {.exists = !lacks_zero,
          .mantissa_bits = f.mantissa_bits,
          .lowest_exponent = (lacks_zero ? 0 : 1) - f.bias,
          .skips_subnormals = f.at_exponent_zero == exponent_zero::zero_only,
          .largest_positive = largest,
          .largest_negative = f.is_signed ? largest : 0,
          .sign_bit = f.sign_bit(),
          .lacks_zero = lacks_zero};
}

/// See value_facts.hpp.
[[nodiscard]] constexpr code_order known_code_order(const float_format& f) {
  if (f.at_exponent_zero == exponent_zero::zero_only) return code_order::other;  // many zeros
  if (!f.is_signed) return code_order::unsigned_binary;
  const bool has_zero = f.at_exponent_zero != exponent_zero::normals;
  return has_zero ? code_order::sign_magnitude : code_order::other;
}

/// Sign, exponent, mantissa.
[[nodiscard]] constexpr code_fields known_code_fields(const float_format& f, code_t) {
  return {{f.is_signed ? 1 : 0, f.exponent_bits, f.mantissa_bits}};
}

/// See fields.hpp. Headers of saved files follow this order.
[[nodiscard]] constexpr auto known_fields(const float_format& f) {
  return format_fields{"float_format",
                       {{"exponent_bits", f.exponent_bits},
                        {"mantissa_bits", f.mantissa_bits},
                        {"bias", f.bias},
                        {"is_signed", f.is_signed},
                        {"at_exponent_zero", f.at_exponent_zero},
                        {"has_infinity", f.has_infinity},
                        {"nan_codes", f.nan_codes},
                        {"nan_at_negative_zero", f.nan_at_negative_zero}},
                       detail::family_number{1}};
}

}  // namespace lowp
