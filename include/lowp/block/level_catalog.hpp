// SPDX-License-Identifier: MIT
// The named compositions of levels; GGUF's K-quants and their records are in ggml/.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/block/block_format.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/ggml/k_quants.hpp"
#include "lowp/block/ggml/k_records.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/codebook_format.hpp"

namespace lowp::formats {

namespace detail {
/// Exponents of one bit: 1 or 2; 1/2 or 1.
inline constexpr float_format one_or_two{.exponent_bits = 1,
                                         .mantissa_bits = 0,
                                         .bias = 0,
                                         .is_signed = false,
                                         .at_exponent_zero = exponent_zero::normals,
                                         .has_infinity = false};
inline constexpr float_format half_or_one{.exponent_bits = 1,
                                          .mantissa_bits = 0,
                                          .bias = 1,
                                          .is_signed = false,
                                          .at_exponent_zero = exponent_zero::normals,
                                          .has_infinity = false};
/// Exponents shared by 16 elements and, one bit each, by pairs of them.
[[nodiscard]] constexpr auto shared_microexponents(int bits) {
  return block_format{sign_magnitude(bits), block_format{half_or_one, e8m0, block_shape{1, 8}},
                      block_shape{1, 2}};
}
}  // namespace detail

// Shared microexponents (arXiv 2302.08007): 9, 6 and 4 bits a value.
inline constexpr auto mx9 = detail::shared_microexponents(8);
inline constexpr auto mx6 = detail::shared_microexponents(5);
inline constexpr auto mx4 = detail::shared_microexponents(3);

// HiF4 (arXiv 2602.11287): 64 elements share an E6M2 scale, 8 of them and 4 of them a bit.
inline constexpr block_format hif4{
    e1m2,
    block_format{detail::one_or_two, block_format{detail::one_or_two, e6m2, block_shape{1, 8}},
                 block_shape{1, 2}},
    block_shape{1, 4}};

/// Integers without sign in groups, with a scale and an integer zero point each: GPTQ and AWQ along
/// rows ({1, 128}), along columns ({128, 1}).
template <number_format Scale = float_format>
[[nodiscard]] constexpr auto affine_groups(int bits, block_shape group,
                                           const Scale& scale = binary16) {
  const fixed_format element{.total_bits = bits, .fraction_bits = 0, .is_signed = false};
  return block_format<fixed_format, Scale, fixed_format>{element, scale, group, element};
}
/// Integers without sign in groups, with a scale each and a float minimum, which is subtracted as
/// an offset: q * scale - offset.
template <number_format Scale = float_format>
[[nodiscard]] constexpr auto offset_groups(int bits, block_shape group,
                                           const Scale& scale = binary16) {
  const fixed_format element{.total_bits = bits, .fraction_bits = 0, .is_signed = false};
  return block_format<fixed_format, Scale, no_level, Scale>{element, scale, group, {}, scale};
}

/// Affine integers of 2^Bits + 1 levels, 0 … 2^Bits, in codes of one bit more: ABQ-LLM's bit
/// balance for 1 and 2 bits, whose zero is a level with as many above as below it.
template <int Bits, number_format Scale = float_format>
[[nodiscard]] constexpr auto bit_balanced_groups(block_shape group, const Scale& scale = binary16) {
  static_assert(Bits >= 1 && Bits <= 4, "bit balance is for 1 to 4 bits");
  codebook_format<Bits + 1> element{{}, (1 << Bits) + 1};
  for (std::size_t i = 0; i < element.values.size(); ++i) {
    const std::size_t level = i <= std::size_t{1} << Bits ? i : std::size_t{1} << Bits;
    element.values[i] = std::bit_cast<std::uint32_t>(static_cast<float>(level));
  }
  return block_format<codebook_format<Bits + 1>, Scale, codebook_format<Bits + 1>>{element, scale,
                                                                                   group, element};
}

/// Double quantization: an element format in groups of 64 whose scales are codes of 8 bits in
/// groups of 256 under binary32.
template <number_format Element>
[[nodiscard]] constexpr auto double_quantized(const Element& element) {
  return block_format{element, block_format{ue5m3, binary32, block_shape{1, 256}},
                      block_shape{1, 64}};
}

}  // namespace lowp::formats
