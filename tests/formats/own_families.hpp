// SPDX-License-Identifier: MIT
// Families that only the tests know, written to the contract of formats/concepts.hpp in a namespace
// of their own. Everything in the library must treat them as it treats its own.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>

#include "lowp/core/exact.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/neighbours.hpp"

namespace own {

using lowp::code_t;
using lowp::missing_nan;
using lowp::overflow;
using lowp::rounding_mode;
using lowp::unpacked;

// ------------------------------------------------------------------------------------------
// codebook
/// Up to 16 values in ascending order, each of binary32. Nothing but what the contract asks.
struct codebook {
  int width = 4;
  std::uint32_t values[16] = {};
  constexpr bool operator==(const codebook&) const = default;
  [[nodiscard]] constexpr int bits() const { return width; }
};
constexpr const char* defect(const codebook& f) {
  return f.width < 1 || f.width > 4 ? "a codebook has 1 to 4 bits" : nullptr;
}
constexpr unpacked decode(const codebook& f, code_t code) {
  return decode(lowp::formats::binary32, f.values[code & lowp::low_mask(f.width)]);
}
template <rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const codebook& f, const unpacked& x, const R& mode = {},
                        overflow = overflow::to_special, missing_nan = missing_nan::largest) {
  const code_t count = code_t{1} << f.width;
  if (x.is_nan()) return count - 1;
  return round_among(
      x, count, [&f](code_t i) { return decode(f, i); }, mode);
}
/// NF4: quantiles of a normal distribution (Dettmers et al. 2023, appendix E), 24 bits each.
inline constexpr codebook nf4{4,
                              {0xBF800000, 0xBF3239A9, 0xBF066B2F, 0xBECA32AA, 0xBE91A24C,
                               0xBE3D34F5, 0xBDBA789B, 0, 0x3DA2FAFF, 0x3E24CADC, 0x3E7C04C4,
                               0x3EAD033A, 0x3EE1D30E, 0x3F0FF59B, 0x3F391AA6, 0x3F800000}};

// -------------------------------------------------------------------------------------------
// ternary
/// 0, 1 and -1 in two bits; the fourth code is a zero that encoding does not make.
struct ternary {
  int unused = 0;
  constexpr bool operator==(const ternary&) const = default;
  [[nodiscard]] static constexpr int bits() { return 2; }
};
constexpr const char* defect(const ternary&) { return nullptr; }
constexpr unpacked decode(const ternary&, code_t code) {
  code &= 3;
  return code == 1 || code == 3 ? unpacked::scaled_integer(code == 3, 1) : unpacked::zero();
}
template <rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const ternary&, const unpacked& x, const R& mode = {},
                        overflow = overflow::to_special, missing_nan = missing_nan::largest) {
  if (x.is_nan()) return 0;
  constexpr code_t codes[] = {3, 0, 1};
  const auto value = [](code_t i) {
    return unpacked::from_integer(static_cast<std::int64_t>(i) - 1);
  };
  return codes[round_among(x, 3, value, mode)];
}
constexpr const char* known_name(const ternary&) { return "trit"; }
constexpr overflow known_overflow(const ternary&, overflow) { return overflow::saturate; }
inline constexpr ternary trits{};

// --------------------------------------------------------------------------------- a posit by hand
/// An 8-bit posit with one exponent bit, decoded bit by bit; magnitudes in a list that is searched,
/// so that rounding is by value and not along the string as that of posit_format.
struct hand_posit {
  int unused = 0;
  constexpr bool operator==(const hand_posit&) const = default;
  [[nodiscard]] static constexpr int bits() { return 8; }
};
constexpr const char* defect(const hand_posit&) { return nullptr; }
constexpr unpacked decode(const hand_posit&, code_t code) {
  code &= 255;
  if (code == 0) return unpacked::zero();
  if (code == 128) return unpacked::nan();
  const bool is_negative = code > 128;
  const unsigned body = static_cast<unsigned>(is_negative ? 256 - code : code);
  int at = 6, regime = 0;
  const unsigned first = body >> 6 & 1;
  while (at >= 0 && (body >> at & 1) == first) --at, ++regime;
  regime = first != 0 ? regime - 1 : -regime;
  --at;  // the stop bit
  int exponent = 2 * regime;
  if (at >= 0) exponent += static_cast<int>(body >> at & 1);
  const int fraction_bits = at > 0 ? at : 0;
  const unsigned fraction = body & ((1u << fraction_bits) - 1);
  return unpacked::scaled_integer(is_negative, (1u << fraction_bits) + fraction,
                                  exponent - fraction_bits);
}
template <rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const hand_posit& f, const unpacked& x, const R& mode = {},
                        overflow o = overflow::to_special, missing_nan = missing_nan::largest) {
  if (x.is_zero()) return 0;
  if (x.is_nan() || (x.is_infinite() && o == overflow::to_special)) return 128;
  unpacked magnitude = x;
  magnitude.negative = false;
  const code_t code =
      1 + round_among(
              magnitude, 127, [&f](code_t i) { return decode(f, i + 1); }, mode, x.negative);
  return x.negative ? 256 - code : code;
}
inline constexpr hand_posit posit8_1{};

// ---------------------------------------------------------------------------------------
// logarithmic
/// A sign and the logarithm to base 2 in eighths, from -63/8 to 63/8. Irrational but for powers of
/// two; products, quotients and half of the square roots are values of the format again.
struct logarithmic {
  int unused = 0;
  constexpr bool operator==(const logarithmic&) const = default;
  [[nodiscard]] static constexpr int bits() { return 8; }
};
constexpr const char* defect(const logarithmic&) { return nullptr; }
/// 2^(i/8) in units of 2^-127, truncated.
inline constexpr lowp::uint128 eighth_powers[8] = {
    {0x8000000000000000u, 0x0000000000000000u}, {0x8B95C1E3EA8BD6E6u, 0xFBE4628758A53C90u},
    {0x9837F0518DB8A96Fu, 0x46AD23182E42F6F6u}, {0xA5FED6A9B15138EAu, 0x1CBD7F621710701Bu},
    {0xB504F333F9DE6484u, 0x597D89B3754ABE9Fu}, {0xC5672A115506DADDu, 0x3E2AD0C964DD9F37u},
    {0xD744FCCAD69D6AF4u, 0x39A68BB9902D3FDEu}, {0xEAC0C6E7DD24392Eu, 0xD02D75B3706E54FAu}};
/// 2^(eighths / 8), ending in a sticky bit if it is no power of two.
constexpr unpacked power_of_two_to(int eighths, bool is_negative) {
  lowp::uint128 s = eighth_powers[eighths & 7];
  if (s.low != 0) s.low |= 1;
  return {lowp::value_kind::finite, is_negative, eighths >> 3, s};
}
/// A code is the sign, and the eighths plus 64; 0 is zero.
constexpr int eighths_of(code_t code) { return static_cast<int>(code & 127) - 64; }
constexpr bool is_zero_code(code_t code) { return (code & 127) == 0; }
constexpr unpacked decode(const logarithmic&, code_t code) {
  if (is_zero_code(code)) return unpacked::zero();
  return power_of_two_to(eighths_of(code), (code & 128) != 0);
}
template <rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const logarithmic& f, const unpacked& x, const R& mode = {},
                        overflow = overflow::to_special, missing_nan = missing_nan::largest) {
  if (x.is_zero() || x.is_nan()) return 0;
  unpacked magnitude = x;
  magnitude.negative = false;
  const code_t code = round_among(
      magnitude, 128, [&f](code_t i) { return decode(f, i); }, mode, x.negative);
  return code == 0 ? 0 : code | (x.negative ? 128 : 0);
}
constexpr unpacked exact_product(const logarithmic& f, code_t a, const logarithmic& g, code_t b) {
  const bool is_negative = ((a ^ b) & 128) != 0;
  if (is_zero_code(a) || is_zero_code(b)) return lowp::exact::multiply(decode(f, a), decode(g, b));
  return power_of_two_to(eighths_of(a) + eighths_of(b), is_negative);
}
constexpr unpacked exact_quotient(const logarithmic& f, code_t a, const logarithmic& g, code_t b) {
  const bool is_negative = ((a ^ b) & 128) != 0;
  if (is_zero_code(a) || is_zero_code(b)) return lowp::exact::divide(decode(f, a), decode(g, b));
  return power_of_two_to(eighths_of(a) - eighths_of(b), is_negative);
}
constexpr unpacked exact_sqrt(const logarithmic& f, code_t a) {
  const int eighths = eighths_of(a);
  if (is_zero_code(a) || (a & 128) != 0 || eighths % 2 != 0) return lowp::exact::sqrt(decode(f, a));
  return power_of_two_to(eighths / 2, false);
}
inline constexpr logarithmic log8{};

// ------------------------------------------------------------------------------------------- 11
// bits
/// A sign and a root of 10 bits: its square, in units of 2^-10. Values of up to 20 bits, a range
/// from 2^-10 to 1022, and everywhere another step.
struct square {
  int unit = -10;
  constexpr bool operator==(const square&) const = default;
  [[nodiscard]] static constexpr int bits() { return 11; }
};
constexpr const char* defect(const square&) { return nullptr; }
constexpr unpacked decode(const square& f, code_t code) {
  const code_t root = code & 1023;
  return unpacked::scaled_integer((code & 1024) != 0, root * root, f.unit);
}
template <rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const square& f, const unpacked& x, const R& mode = {},
                        overflow = overflow::to_special, missing_nan = missing_nan::largest) {
  if (x.is_nan()) return 1023;
  unpacked magnitude = x;
  magnitude.negative = false;
  const code_t root = round_among(
      magnitude, 1024, [&f](code_t i) { return decode(f, i); }, mode, x.negative);
  return root | (x.negative ? 1024 : 0);
}
constexpr auto known_fields(const square& f) {
  return lowp::format_fields{"square", {{"unit", f.unit}}};
}
inline constexpr square squares{};

// ------------------------------------------------------------------------------------- 10 bits
/// Integers from -3 to 1020, modulo 1024 under overflow::wrap: the larger may have the smaller
/// code.
struct modular {
  int lowest = -3;
  constexpr bool operator==(const modular&) const = default;
  [[nodiscard]] static constexpr int bits() { return 10; }
};
constexpr const char* defect(const modular&) { return nullptr; }
constexpr unpacked decode(const modular& f, code_t code) {
  return unpacked::from_integer(static_cast<std::int64_t>(code & 1023) + f.lowest);
}
template <rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const modular& f, const unpacked& x, const R& mode = {},
                        overflow o = overflow::to_special, missing_nan = missing_nan::largest) {
  const bool wraps = o == overflow::wrap || o == overflow::wrap_sign_magnitude;
  if (x.is_nan() || x.is_infinite() || (x.exponent > 40 && !x.is_zero())) {
    return x.is_nan() || wraps ? 0 : x.negative ? 0 : 1023;
  }
  // Among the integers of 2^42 around zero, of which the code is the rest.
  constexpr code_t zero = code_t{1} << 41;
  const code_t at = round_among(
      x, 2 * zero,
      [](code_t i) {
        return unpacked::from_integer(static_cast<std::int64_t>(i) -
                                      static_cast<std::int64_t>(zero));
      },
      mode);
  const std::int64_t code =
      static_cast<std::int64_t>(at) - static_cast<std::int64_t>(zero) - f.lowest;
  if (!wraps) return code < 0 ? 0 : code > 1023 ? 1023 : static_cast<code_t>(code);
  return static_cast<code_t>(code) & 1023;
}
inline constexpr modular rest1024{};

// ------------------------------------------------------------------------------------------ asking
/// 0 and 1, between which it asks the mode twice, for each half of the way.
struct asking {
  constexpr bool operator==(const asking&) const = default;
  [[nodiscard]] static constexpr int bits() { return 1; }
};
constexpr const char* defect(const asking&) { return nullptr; }
constexpr unpacked decode(const asking&, code_t code) {
  return unpacked::from_integer(static_cast<std::int64_t>(code & 1));
}
template <rounding_mode R = lowp::nearest_even_t>
constexpr code_t encode(const asking& f, const unpacked& x, const R& mode = {},
                        overflow = overflow::to_special, missing_nan = missing_nan::largest) {
  if (x.is_nan()) return 0;
  const auto value_at = [&f](code_t i) { return decode(f, i); };
  const auto half_at = [](code_t i) { return unpacked::scaled_integer(false, i == 0 ? 1 : 2, -1); };
  return round_among(x, 2, value_at, mode) & round_among(x, 2, half_at, mode);
}

}  // namespace own
