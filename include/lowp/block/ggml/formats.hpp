// SPDX-License-Identifier: MIT
// GGUF's blocks that are no K-quants as compositions of levels. Where their codes lie in files:
// small_records.hpp and super_records.hpp; how ggml chooses them: block/rules/ggml_*.hpp.
#pragma once

#include "lowp/block/block_format.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/codebook_format.hpp"

namespace lowp::formats {

/// Signs, and -1 to 2: the elements of Q1_0, and of Q2_0, TQ1_0 and TQ2_0, whose quantizers never
/// make the 2.
inline constexpr auto sign_bit = codebook<1>(-1, 1);
inline constexpr auto minus_one_to_two = codebook<2>(-1, 0, 1, 2);
/// E2M1 and E8M0 as ggml reads them: without -0, and without NaN.
inline constexpr auto ggml_e2m1 =
    codebook<4>(0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6);
inline constexpr float_format ggml_e8m0{.exponent_bits = 8,
                                        .mantissa_bits = 0,
                                        .is_signed = false,
                                        .at_exponent_zero = exponent_zero::normals,
                                        .has_infinity = false};

// clang-format off
inline constexpr block_format q1_0  {sign_bit,         binary16, block_shape{1, 128}};
inline constexpr block_format q2_0  {minus_one_to_two, binary16, block_shape{1, 64}};
inline constexpr block_format q4_0  {int_n<4>,         binary16, block_shape{1, 32}};
inline constexpr block_format q5_0  {int_n<5>,         binary16, block_shape{1, 32}};
inline constexpr block_format q8_0  {int_n<8>,         binary16, block_shape{1, 32}};
/// As q8_0; what a record has beside is no part of its values.
inline constexpr block_format q8_1 = q8_0;
/// q * scale - offset; files hold minima, which are -offset.
inline constexpr block_format q4_1  {uint_n<4>, binary16, block_shape{1, 32}, no_level{}, binary16};
inline constexpr block_format q5_1  {uint_n<5>, binary16, block_shape{1, 32}, no_level{}, binary16};
inline constexpr block_format iq4_nl_blocks{iq4_nl, binary16, block_shape{1, 32}};
inline constexpr block_format iq4_xs{iq4_nl, block_format{int_n<6>, binary16, block_shape{1, 8}}, block_shape{1, 32}};
inline constexpr block_format tq1_0 {minus_one_to_two, binary16, block_shape{1, 256}};
inline constexpr block_format tq2_0 = tq1_0;
/// Without a tensor scale, which GGUF keeps in a tensor of its own. ggml takes the code 0x7F of a
/// scale for 0, this NaN; it takes 255 as an exponent of MXFP4 for 2^128.
inline constexpr block_format ggml_nvfp4{ggml_e2m1, ue4m3,     block_shape{1, 16}};
inline constexpr block_format ggml_mxfp4{ggml_e2m1, ggml_e8m0, block_shape{1, 32}};
// clang-format on

}  // namespace lowp::formats
