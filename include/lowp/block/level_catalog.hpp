// SPDX-License-Identifier: MIT
// The named compositions of levels, and the records of GGUF that hold some of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/formats/catalog.hpp"

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
/// The same with a float minimum, which is subtracted as an offset: q * scale - offset.
template <number_format Scale = float_format>
[[nodiscard]] constexpr auto offset_groups(int bits, block_shape group,
                                           const Scale& scale = binary16) {
  const fixed_format element{.total_bits = bits, .fraction_bits = 0, .is_signed = false};
  return block_format<fixed_format, Scale, no_level, Scale>{element, scale, group, {}, scale};
}

/// Double quantization: an element format in groups of 64 whose scales are codes of 8 bits in
/// groups of 256 under binary32.
template <number_format Element>
[[nodiscard]] constexpr auto double_quantized(const Element& element) {
  return block_format{element, block_format{ue5m3, binary32, block_shape{1, 256}},
                      block_shape{1, 64}};
}

// GGUF's K-quants of 4 and of 6 bits: 256 elements under a binary16, in groups of 32 with a scale
// and a minimum of 6 bits, or of 16 with a scale of 8.
inline constexpr block_format q4_k{uint_n<4>, block_format{uint_n<6>, binary16, block_shape{1, 8}},
                                   block_shape{1, 32}, no_level{},
                                   block_format{uint_n<6>, binary16, block_shape{1, 8}}};
inline constexpr block_format q6_k{int_n<6>, block_format{int_n<8>, binary16, block_shape{1, 16}},
                                   block_shape{1, 16}};

}  // namespace lowp::formats

namespace lowp {

/// A record of Q4_K, 144 bytes:  d, dmin (binary16) | 12 bytes of scales and minima | 128 of codes
struct q4_k_record {
  static constexpr std::size_t cols = 256, bytes = 144;

  /// Leaves: elements, scales of groups, d, minima of groups, dmin.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return leaf == 0 ? 256 : leaf == 2 || leaf == 4 ? 1 : 8;
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    switch (leaf) {
      case 0: return b[16 + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
      case 1: return i < 4 ? b[4 + i] & 63u : (b[8 + i] & 15u) | (b[i] >> 6 & 3u) << 4;
      case 3: return i < 4 ? b[8 + i] & 63u : (b[8 + i] >> 4 & 15u) | (b[4 + i] >> 6 & 3u) << 4;
      default: break;
    }
    const std::size_t at = leaf == 2 ? 0 : 2;
    return code_t{b[at]} | code_t{b[at + 1]} << 8;
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    const auto put = [b](std::size_t at, int shift, unsigned mask, code_t bits) {
      b[at] = static_cast<std::uint8_t>((b[at] & ~(mask << shift)) |
                                        (static_cast<unsigned>(bits) & mask) << shift);
    };
    switch (leaf) {
      case 0: return put(16 + i / 64 * 32 + i % 32, static_cast<int>(i / 32 % 2 * 4), 15, code);
      case 1:
        if (i < 4) return put(4 + i, 0, 63, code);
        put(8 + i, 0, 15, code);
        return put(i, 6, 3, code >> 4);
      case 3:
        if (i < 4) return put(8 + i, 0, 63, code);
        put(8 + i, 4, 15, code);
        return put(4 + i, 6, 3, code >> 4);
      default: break;
    }
    const std::size_t at = leaf == 2 ? 0 : 2;
    put(at, 0, 255, code);
    put(at + 1, 0, 255, code >> 8);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t i = 0; i < 128; ++i) {
      std::uint8_t* const to = codes + i / 32 * 64 + i % 32;
      to[0] = b[16 + i] & 15;
      to[32] = b[16 + i] >> 4;
    }
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    for (std::size_t i = 0; i < 128; ++i) {
      const std::uint8_t* const from = codes + i / 32 * 64 + i % 32;
      b[16 + i] = static_cast<std::uint8_t>(from[0] | from[32] << 4);
    }
  }
};

/// A record of Q6_K, 210 bytes:  128 of low nibbles | 64 of upper pairs | 16 scales | d (binary16).
/// Codes are stored with 32 added.
struct q6_k_record {
  static constexpr std::size_t cols = 256, bytes = 210;

  /// Leaves: elements, scales of groups, d.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return leaf == 0 ? 256 : leaf == 1 ? 16 : 1;
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 1) return b[192 + i];
    if (leaf == 2) return code_t{b[208]} | code_t{b[209]} << 8;
    const std::size_t half = i / 128, l = i % 32, quarter = i % 128 / 32;
    const unsigned low = b[half * 64 + quarter % 2 * 32 + l] >> (quarter / 2 * 4) & 15u;
    const unsigned high = b[128 + half * 32 + l] >> (2 * quarter) & 3u;
    return ((low | high << 4) ^ 32u) & 63u;
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    const auto put = [b](std::size_t at, int shift, unsigned mask, unsigned bits) {
      b[at] = static_cast<std::uint8_t>((b[at] & ~(mask << shift)) | (bits & mask) << shift);
    };
    const auto bits = static_cast<unsigned>(code);
    if (leaf == 1) return put(192 + i, 0, 255, bits);
    if (leaf == 2) {
      put(208, 0, 255, bits);
      return put(209, 0, 255, bits >> 8);
    }
    const std::size_t half = i / 128, l = i % 32, quarter = i % 128 / 32;
    put(half * 64 + quarter % 2 * 32 + l, static_cast<int>(quarter / 2 * 4), 15, bits ^ 32u);
    put(128 + half * 32 + l, static_cast<int>(2 * quarter), 3, (bits ^ 32u) >> 4);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t i = 0; i < 64; ++i) {
      const std::size_t half = i / 32, l = i % 32;
      const unsigned first = b[half * 64 + l], second = b[half * 64 + 32 + l],
                     high = b[128 + half * 32 + l];
      std::uint8_t* const to = codes + half * 128 + l;
      to[0] = static_cast<std::uint8_t>(((first & 15u) | (high & 3u) << 4) ^ 32u);
      to[32] = static_cast<std::uint8_t>(((second & 15u) | (high >> 2 & 3u) << 4) ^ 32u);
      to[64] = static_cast<std::uint8_t>((first >> 4 | (high >> 4 & 3u) << 4) ^ 32u);
      to[96] = static_cast<std::uint8_t>((second >> 4 | (high >> 6 & 3u) << 4) ^ 32u);
    }
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    for (std::size_t i = 0; i < 64; ++i) {
      const std::size_t half = i / 32, l = i % 32;
      const std::uint8_t* const from = codes + half * 128 + l;
      const unsigned p = from[0] ^ 32u, q = from[32] ^ 32u, r = from[64] ^ 32u, s = from[96] ^ 32u;
      b[half * 64 + l] = static_cast<std::uint8_t>((p & 15u) | (r & 15u) << 4);
      b[half * 64 + 32 + l] = static_cast<std::uint8_t>((q & 15u) | (s & 15u) << 4);
      b[128 + half * 32 + l] = static_cast<std::uint8_t>((p >> 4 & 3u) | (q >> 4 & 3u) << 2 |
                                                         (r >> 4 & 3u) << 4 | (s >> 4 & 3u) << 6);
    }
  }
};

}  // namespace lowp
