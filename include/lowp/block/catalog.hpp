// SPDX-License-Identifier: MIT
// The named block formats, one line each, and the matrix type of the same name one namespace
// further up.
#pragma once

#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp::formats {

/// Sign and magnitude of `bits` bits in all, 3 to 54: k / 2^(bits - 2), |k| < 2^(bits - 1).
[[nodiscard]] constexpr float_format sign_magnitude(int bits) {
  return {.exponent_bits = 1, .mantissa_bits = bits - 2, .bias = 1, .has_infinity = false};
}

/// A scalar format under one binary32 scale per row (channel) or per tensor; the latter is the
/// level of scales in a format with a tensor scale, too.
template <number_format Element>
[[nodiscard]] constexpr block_format<Element, float_format> scaled_rows(const Element& element) {
  return {element, binary32, {1, block_shape::whole}};
}
template <number_format Element>
[[nodiscard]] constexpr block_format<Element, float_format> scaled_tensor(const Element& element) {
  return {element, binary32, {block_shape::whole, block_shape::whole}};
}

// clang-format off

// OCP Microscaling 1.0: 32 elements along the contiguous dimension share a power of two.
inline constexpr block_format mxfp8_e4m3{e4m3fn,      e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp8_e5m2{e5m2,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp6_e3m2{e3m2,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp6_e2m3{e2m3,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxfp4     {e2m1,        e8m0, block_shape{1, 32}};
inline constexpr block_format mxint8    {fixed<8, 6>, e8m0, block_shape{1, 32}};

// NVFP4: 16 elements, or a 16 x 16 tile, share a UE4M3 scale under a binary32 scale of the tensor.
inline constexpr block_format nvfp4      {e2m1, scaled_tensor(ue4m3), block_shape{1, 16}};
inline constexpr block_format nvfp4_16x16{e2m1, scaled_tensor(ue4m3), block_shape{16, 16}};

// Integers as elements: of OCP's MXINT8 with fewer bits, symmetric, in units of a quarter or a
// sixteenth; and of NVFP4's scales (arXiv 2510.25602, which rounds powers of two up: rules::rceil).
inline constexpr block_format mxint6{fixed_format{.total_bits = 6, .fraction_bits = 4, .is_symmetric = true}, e8m0, block_shape{1, 32}};
inline constexpr block_format mxint4{fixed_format{.total_bits = 4, .fraction_bits = 2, .is_symmetric = true}, e8m0, block_shape{1, 32}};
inline constexpr block_format nvint4{symmetric_int_n<4>, scaled_tensor(ue4m3), block_shape{1, 16}};

// DeepSeek-V3's tiles of activations and of weights: scales of binary32, or powers of two, which
// its kernels round up (rules::rceil). Its lower bound of 1e-4 for amaxes is no part of the format.
inline constexpr block_format deepseek_1x128       {e4m3fn, binary32, block_shape{1, 128}};
inline constexpr block_format deepseek_128x128     {e4m3fn, binary32, block_shape{128, 128}};
inline constexpr block_format deepseek_1x128_e8m0  {e4m3fn, e8m0,     block_shape{1, 128}};
inline constexpr block_format deepseek_128x128_e8m0{e4m3fn, e8m0,     block_shape{128, 128}};

// Dynamic fixed point: integers of 16 bits under one exponent of 8 bits for the whole tensor.
inline constexpr block_format dfp16{fixed<16, 14>, e8m0, block_shape{block_shape::whole, block_shape::whole}};

// clang-format on

/// Block floating point: mantissas of `bits` bits, sign and magnitude, in units of 2^(2 - bits),
/// under one exponent of 8 bits per `block` elements of a row. MSFP12 is {4, 16}, MSFP16 {8, 16}.
[[nodiscard]] constexpr block_format<float_format, float_format> bfp(int bits, int block) {
  return {sign_magnitude(bits), e8m0, {1, block}};
}

}  // namespace lowp::formats

namespace lowp {

using mxfp8_e4m3 = block_matrix<formats::mxfp8_e4m3>;
using mxfp8_e5m2 = block_matrix<formats::mxfp8_e5m2>;
using mxfp6_e3m2 = block_matrix<formats::mxfp6_e3m2>;
using mxfp6_e2m3 = block_matrix<formats::mxfp6_e2m3>;
using mxfp4 = block_matrix<formats::mxfp4>;
using mxint8 = block_matrix<formats::mxint8>;
using nvfp4 = block_matrix<formats::nvfp4>;
using nvfp4_16x16 = block_matrix<formats::nvfp4_16x16>;
using mxint6 = block_matrix<formats::mxint6>;
using mxint4 = block_matrix<formats::mxint4>;
using nvint4 = block_matrix<formats::nvint4>;
using deepseek_1x128 = block_matrix<formats::deepseek_1x128>;
using deepseek_128x128 = block_matrix<formats::deepseek_128x128>;
using deepseek_1x128_e8m0 = block_matrix<formats::deepseek_1x128_e8m0>;
using deepseek_128x128_e8m0 = block_matrix<formats::deepseek_128x128_e8m0>;
using dfp16 = block_matrix<formats::dfp16>;

}  // namespace lowp
