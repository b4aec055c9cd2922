// SPDX-License-Identifier: MIT
// The named formats, one line each. Names are those of the specifications in lower case.
#pragma once

#include <array>
#include <string_view>

#include "lowp/formats/fixed_format.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/formats/posit_format.hpp"

namespace lowp::formats {

// clang-format off

// IEEE 754 and its truncations.
inline constexpr float_format binary16{.exponent_bits = 5, .mantissa_bits = 10};
inline constexpr float_format bfloat16{.exponent_bits = 8, .mantissa_bits = 7};
inline constexpr float_format tf32    {.exponent_bits = 8, .mantissa_bits = 10};
inline constexpr float_format binary32{.exponent_bits = 8, .mantissa_bits = 23};
inline constexpr float_format binary64{.exponent_bits = 11, .mantissa_bits = 52};

// OCP OFP8 1.0; e4m3 and e3m4 are the IEEE-like variants of LLVM and StableHLO.
inline constexpr float_format e5m2  {.exponent_bits = 5, .mantissa_bits = 2};
inline constexpr float_format e4m3fn{.exponent_bits = 4, .mantissa_bits = 3, .has_infinity = false, .nan_codes = 1};
inline constexpr float_format e4m3  {.exponent_bits = 4, .mantissa_bits = 3};
inline constexpr float_format e3m4  {.exponent_bits = 3, .mantissa_bits = 4};

// One NaN in place of -0, no infinity (arXiv 2206.02915; b11 is Google's).
inline constexpr float_format e5m2fnuz   {.exponent_bits = 5, .mantissa_bits = 2, .bias = 16, .has_infinity = false, .nan_at_negative_zero = true};
inline constexpr float_format e4m3fnuz   {.exponent_bits = 4, .mantissa_bits = 3, .bias = 8,  .has_infinity = false, .nan_at_negative_zero = true};
inline constexpr float_format e4m3b11fnuz{.exponent_bits = 4, .mantissa_bits = 3, .bias = 11, .has_infinity = false, .nan_at_negative_zero = true};

// All codes finite: OCP MX 1.0 elements (e3m2, e2m3, e2m1) and their relatives. Two conventions exist
// for e1m2: a grid of quarters (Ascend FLOAT4_E1M2, HiF4's S1P2) and, by the bias formula, of halves.
inline constexpr float_format e3m2{.exponent_bits = 3, .mantissa_bits = 2, .has_infinity = false};
inline constexpr float_format e2m3{.exponent_bits = 2, .mantissa_bits = 3, .has_infinity = false};
inline constexpr float_format e2m2{.exponent_bits = 2, .mantissa_bits = 2, .has_infinity = false};
inline constexpr float_format e2m1{.exponent_bits = 2, .mantissa_bits = 1, .has_infinity = false};
inline constexpr float_format e1m2{.exponent_bits = 1, .mantissa_bits = 2, .bias = 1, .has_infinity = false};
inline constexpr float_format e1m2_bias0{.exponent_bits = 1, .mantissa_bits = 2, .bias = 0, .has_infinity = false};
inline constexpr float_format e3m0{.exponent_bits = 3, .mantissa_bits = 0, .has_infinity = false};

// Unsigned scales: OCP MX, NVFP4, its proposed successor, and HiF4.
inline constexpr float_format e8m0 {.exponent_bits = 8, .mantissa_bits = 0, .is_signed = false, .at_exponent_zero = exponent_zero::normals, .has_infinity = false, .nan_codes = 1};
inline constexpr float_format ue4m3{.exponent_bits = 4, .mantissa_bits = 3, .is_signed = false, .has_infinity = false, .nan_codes = 1};
inline constexpr float_format ue5m3{.exponent_bits = 5, .mantissa_bits = 3, .is_signed = false, .has_infinity = false, .nan_codes = 1};
inline constexpr float_format e6m2 {.exponent_bits = 6, .mantissa_bits = 2, .bias = 48, .is_signed = false, .at_exponent_zero = exponent_zero::normals, .has_infinity = false, .nan_codes = 1};

// clang-format on

/// IEEE P3109 (interim report v4.0): a format of `width` bits (K, 3 to 16) and `precision`
/// significant bits (P), signed (0 < P < K) or unsigned (0 < P <= K), extended with infinities or
/// finite. Arguments out of range give a descriptor that is not valid.
[[nodiscard]] constexpr float_format p3109(int width, int precision, bool is_signed = true,
                                           bool is_extended = true) {
  if (width < 3 || width > 16 || precision < 1 || precision > width - (is_signed ? 1 : 0))
    return {};
  const int exponent_bits = width - precision + (is_signed ? 0 : 1);
  return {.exponent_bits = exponent_bits,
          .mantissa_bits = precision - 1,
          .bias = 1 << (exponent_bits - 1),
          .is_signed = is_signed,
          .has_infinity = is_extended,
          .nan_codes = is_signed ? 0u : 1u,
          .nan_at_negative_zero = is_signed};
}

/// posit<Bits, 2> is the Standard of 2022; es = 0, 1 are the drafts before it.
template <int Bits, int ExponentBits = 2>
inline constexpr posit_format posit{.total_bits = Bits, .exponent_bits = ExponentBits};

/// Two's complement of TotalBits bits in units of 2^-FractionBits.
template <int TotalBits, int FractionBits>
inline constexpr fixed_format fixed{.total_bits = TotalBits, .fraction_bits = FractionBits};
template <int TotalBits, int FractionBits>
inline constexpr fixed_format ufixed{
    .total_bits = TotalBits, .fraction_bits = FractionBits, .is_signed = false};

/// INT-Bits: two's complement, from -2^(Bits-1); the symmetric kind from -(2^(Bits-1) - 1); and
/// unsigned.
template <int Bits>
inline constexpr fixed_format int_n{.total_bits = Bits};
template <int Bits>
inline constexpr fixed_format symmetric_int_n{.total_bits = Bits, .is_symmetric = true};
template <int Bits>
inline constexpr fixed_format uint_n{.total_bits = Bits, .is_signed = false};

struct named_float_format {
  std::string_view name;
  float_format format;
};

/// Every named float_format, for loops over formats and look-up by name.
inline constexpr std::array<named_float_format, 23> float_formats{{
    {"e4m3fn", e4m3fn},
    {"e5m2", e5m2},
    {"e4m3", e4m3},
    {"e3m4", e3m4},
    {"e4m3fnuz", e4m3fnuz},
    {"e5m2fnuz", e5m2fnuz},
    {"e4m3b11fnuz", e4m3b11fnuz},
    {"e3m2", e3m2},
    {"e2m3", e2m3},
    {"e2m2", e2m2},
    {"e2m1", e2m1},
    {"e1m2", e1m2},
    {"e1m2_bias0", e1m2_bias0},
    {"e3m0", e3m0},
    {"e8m0", e8m0},
    {"ue4m3", ue4m3},
    {"ue5m3", ue5m3},
    {"e6m2", e6m2},
    {"binary16", binary16},
    {"bfloat16", bfloat16},
    {"tf32", tf32},
    {"binary32", binary32},
    {"binary64", binary64},
}};

}  // namespace lowp::formats
