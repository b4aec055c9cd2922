// SPDX-License-Identifier: MIT
// GGUF's K-quants as compositions: 256 elements of a row under one or two floats, in groups of 16
// or 32 with a scale, and in some a minimum, in few bits. Where their bytes lie: k_records.hpp.
#pragma once

#include "lowp/block/block_format.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp {
namespace detail {

/// q * (scale * d) - minimum * dmin, with d and dmin in binary16.
[[nodiscard]] constexpr auto k_quant_with_minima(int bits, int scale_bits, int group) {
  const auto integer = [](int width) {
    return fixed_format{.total_bits = width, .fraction_bits = 0, .is_signed = false};
  };
  const block_format scales{integer(scale_bits), formats::binary16, block_shape{1, 256 / group}};
  return block_format{integer(bits), scales, block_shape{1, group}, no_level{}, scales};
}
/// q * (scale * d), with d in binary16 and groups of 16.
[[nodiscard]] constexpr auto signed_k_quant(int bits, int scale_bits) {
  const auto integer = [](int width) {
    return fixed_format{.total_bits = width, .fraction_bits = 0, .is_signed = true};
  };
  return block_format{integer(bits),
                      block_format{integer(scale_bits), formats::binary16, block_shape{1, 16}},
                      block_shape{1, 16}};
}

}  // namespace detail

namespace formats {

inline constexpr block_format q2_k = lowp::detail::k_quant_with_minima(2, 4, 16);
inline constexpr block_format q3_k = lowp::detail::signed_k_quant(3, 6);
inline constexpr block_format q4_k = lowp::detail::k_quant_with_minima(4, 6, 32);
inline constexpr block_format q5_k = lowp::detail::k_quant_with_minima(5, 6, 32);
inline constexpr block_format q6_k = lowp::detail::signed_k_quant(6, 8);
/// Activations that are multiplied by the others: the largest magnitude is -127, under a binary32.
inline constexpr block_format q8_k{int_n<8>, binary32, block_shape{1, 256}};

}  // namespace formats
}  // namespace lowp
