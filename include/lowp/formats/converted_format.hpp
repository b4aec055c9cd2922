// SPDX-License-Identifier: MIT
// A format together with the choices of a conversion that are no part of the contract of families:
// again a family, so that all that encodes, kernels included, makes them for any format.
#pragma once

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/nan_payload.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/conversion.hpp"

namespace lowp {

/// See above. Made by under().
template <number_format F>
struct converted_format {
  F format;
  conversion_choices choices;
  bool has_nan = false;
  bool is_unsigned = false;  ///< and negative numbers are magnitudes
  bool lacks_zero = false;   ///< and zero is the smallest value
  code_t nans[2] = {};       ///< by sign

  constexpr bool operator==(const converted_format& other) const {
    return format == other.format && choices == other.choices;
  }
  [[nodiscard]] constexpr int bits() const { return format.bits(); }
};

/// A format as a conversion with these choices encodes to it.
template <number_format F>
[[nodiscard]] constexpr converted_format<F> under(const F& f, const conversion_choices& choices) {
  return {f,
          choices,
          has_nan(f),
          choices.takes_magnitude && !is_signed(f),
          choices.zero_is_smallest && !has_zero(f),
          {nan_code(f, false, choices.nan.bits), nan_code(f, true, choices.nan.bits)}};
}

template <number_format F>
[[nodiscard]] constexpr const char* defect(const converted_format<F>& f) {
  return defect(f.format);
}
template <number_format F>
[[nodiscard]] constexpr unpacked decode(const converted_format<F>& f, code_t code) {
  return decode(f.format, code);
}

/// The code of a value, rounded once. NaNs that come from NaNs have the bits and the sign of the
/// choices, those of overflow the bits, and the sign that the family gives them.
template <number_format F, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const converted_format<F>& f, const unpacked& x,
                                      const R& mode = {}, overflow o = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  if (x.is_nan()) {
    if (!f.has_nan) return encode(f.format, x, mode, o, n);
    const nan_sign sign = f.choices.nan.sign;
    return f.nans[sign != nan_sign::positive && x.negative == (sign == nan_sign::kept)];
  }
  if (f.lacks_zero && x.is_zero()) {
    return encode(f.format, unpacked::zero(), mode, overflow::saturate, n);
  }
  unpacked value = x;
  if (f.is_unsigned) value.negative = false;
  const code_t code = encode(f.format, value, mode, o, n);
  const unpacked back = decode(f.format, code);
  if (back.is_nan()) return f.nans[back.negative];
  const bool keeps_sign =
      f.choices.negative_zeros == negative_zeros::kept ||
      (f.choices.negative_zeros == negative_zeros::from_numbers && !x.is_zero());
  const bool drops_sign = !keeps_sign && back.negative && back.is_zero();
  return drops_sign ? encode(f.format, unpacked::zero(), mode, o, n) : code;
}

/// See value_facts.hpp and concepts.hpp, for these: what the family says.
template <number_format F>
requires requires(const F& f) { known_facts(f); }
[[nodiscard]] constexpr value_facts known_facts(const converted_format<F>& f) {
  return known_facts(f.format);
}
template <number_format F>
requires requires(const F& f) { known_grid(f); }
[[nodiscard]] constexpr code_grid known_grid(const converted_format<F>& f) {
  // Lanes round by the sign that a number has, and give all zeros their sign or none.
  const bool is_own = f.is_unsigned || f.choices.negative_zeros == negative_zeros::from_numbers;
  return is_own ? code_grid{} : known_grid(f.format);
}
template <number_format F>
requires requires(const F& f) { known_overflow(f, overflow::saturate); }
[[nodiscard]] constexpr overflow known_overflow(const converted_format<F>& f, overflow o) {
  return known_overflow(f.format, o);
}

/// Calls use(format) with the format alone where the choices change nothing, so that they cost
/// nothing, else with under(format, choices).
template <number_format F, class Use>
constexpr decltype(auto) with_choices(const F& f, const conversion_choices& choices,
                                      const Use& use) {
  if (choices == conversion_choices{}) return use(f);
  return use(under(f, choices));
}

/// The code of a value, rounded once, as a conversion says.
///
///   encode(conversions::cuda, formats::e4m3fn, unpack(x))
template <rounding_mode R, number_format F>
[[nodiscard]] constexpr code_t encode(const basic_conversion<R>& how, const F& f,
                                      const unpacked& x) {
  return with_choices(f, how.choices(), [&](const auto& g) {
    return encode(g, x, how.rounding, how.overflow, how.missing_nan);
  });
}

}  // namespace lowp
