// SPDX-License-Identifier: MIT
// The records of GGUF's blocks of 32 to 128 elements: which bits hold which code
// (level_layouts.hpp). Numbers of several bytes are little-endian.
//
//   Q4_0   d | 16 bytes, element j in the low half of byte j and element j + 16 in the high one
//   Q5_1   d | m | 4 bytes of fifth bits, element j in bit j | 16 bytes as those of Q4_0
//   NVFP4  4 scales | 4 times 8 bytes, halves of groups of 16 elements
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/ggml/record_bits.hpp"
#include "lowp/block/ggml/record_values.hpp"
#include "lowp/core/bits.hpp"

namespace lowp {
namespace detail {

/// d, then, of types with a minimum, m, then fifth bits, then half bytes. Stored elements are codes
/// ^ Flip, stored minima are offsets with the other sign.
template <int Bits, bool HasMinimum, unsigned Flip>
struct record_of_32 {
  static constexpr std::size_t cols = 32, fifths = HasMinimum ? 4 : 2,
                               halves = fifths + (Bits == 5 ? 4 : 0), bytes = halves + 16;
  static_assert(Bits == 4 || Bits == 5);
  using low = bit_plane<4, 16, 32>;
  using fifth = bit_plane<1, 1, 32>;

  /// Leaves: elements, d, and of types with a minimum the offset -m.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 32 : 1; }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 1) return load_word(b, 2);
    if (leaf == 2) return load_word(b + 2, 2) ^ 0x8000u;
    code_t code = low::load(b + halves, i);
    if constexpr (Bits == 5) code |= code_t{fifth::load(b + fifths, i)} << 4;
    return code ^ Flip;
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 1) return store_word(b, 2, code);
    if (leaf == 2) return store_word(b + 2, 2, code ^ 0x8000u);
    low::store(b + halves, i, code ^ Flip);
    if constexpr (Bits == 5) fifth::store(b + fifths, i, (code ^ Flip) >> 4);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    low::load_all(b + halves, codes);
    if constexpr (Bits == 5) fifth::template add_to<4>(b + fifths, codes);
    for (std::size_t i = 0; i < 32; ++i) codes[i] ^= static_cast<std::uint8_t>(Flip);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    std::uint8_t stored[32];
    for (std::size_t i = 0; i < 32; ++i) stored[i] = codes[i] ^ static_cast<std::uint8_t>(Flip);
    low::template take_from<0>(stored, b + halves);
    if constexpr (Bits == 5) fifth::template take_from<4>(stored, b + fifths);
  }
};

}  // namespace detail

/// Q4_0, 18 bytes:  d (binary16) | 16 bytes of codes, with 8 added
struct q4_0_record
    : detail::record_of_32<4, false, 8>,
      detail::record_values<q4_0_record, 32, formats::int_n<4>, detail::line_of_halves<false>> {
  static constexpr const auto& format = formats::q4_0;
};
/// Q4_1, 20 bytes:  d, m (binary16) | 16 bytes of codes
struct q4_1_record
    : detail::record_of_32<4, true, 0>,
      detail::record_values<q4_1_record, 32, formats::uint_n<4>, detail::line_of_halves<true>> {
  static constexpr const auto& format = formats::q4_1;
};
/// Q5_0, 22 bytes:  d (binary16) | 4 bytes of fifth bits | 16 of low bits, with 16 added
struct q5_0_record
    : detail::record_of_32<5, false, 16>,
      detail::record_values<q5_0_record, 32, formats::int_n<5>, detail::line_of_halves<false>> {
  static constexpr const auto& format = formats::q5_0;
};
/// Q5_1, 24 bytes:  d, m (binary16) | 4 bytes of fifth bits | 16 of low bits
struct q5_1_record
    : detail::record_of_32<5, true, 0>,
      detail::record_values<q5_1_record, 32, formats::uint_n<5>, detail::line_of_halves<true>> {
  static constexpr const auto& format = formats::q5_1;
};
/// IQ4_NL, 18 bytes:  d (binary16) | 16 bytes of codes
struct iq4_nl_record
    : detail::record_of_32<4, false, 0>,
      detail::record_values<iq4_nl_record, 32, formats::iq4_nl, detail::line_of_halves<false>> {
  static constexpr const auto& format = formats::iq4_nl_blocks;
};

/// Q8_0, 34 bytes:  d (binary16) | 32 bytes.  Q8_1, 36 bytes:  d, s (binary16) | 32 bytes.
/// Leaves: elements, d; s, which is no part of the levels, is read and stored as leaf 2.
template <bool HasSum>
struct q8_record : detail::record_values<q8_record<HasSum>, 32, formats::int_n<8>,
                                         detail::line_of_halves<false>> {
  static constexpr const auto& format = formats::q8_0;
  static constexpr std::size_t cols = 32, first = HasSum ? 4 : 2, bytes = first + 32;

  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 32 : 1; }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? b[first + i] : detail::load_word(b + (leaf == 1 ? 0 : 2), 2);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf != 0) return detail::store_word(b + (leaf == 1 ? 0 : 2), 2, code);
    b[first + i] = static_cast<std::uint8_t>(code);
  }
  static void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    std::memcpy(codes, b + first, 32);
  }
  static void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    std::memcpy(b + first, codes, 32);
  }
};
using q8_0_record = q8_record<false>;
using q8_1_record = q8_record<true>;

/// Q1_0, 18 bytes for 128 elements, and Q2_0, 18 for 64:  d (binary16) | 16 bytes of codes, low
/// bits first.
template <int Bits, auto Element>
struct low_first_record
    : detail::record_values<low_first_record<Bits, Element>, std::size_t{128 / Bits}, Element,
                            detail::line_of_halves<false>> {
  static constexpr block_format format{Element, formats::binary16, block_shape{1, 128 / Bits}};
  static constexpr std::size_t cols = 128 / Bits, bytes = 18;
  using plane = detail::bit_plane<Bits, 1, cols>;

  /// Leaves: elements, d.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? cols : 1; }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? plane::load(b + 2, i) : detail::load_word(b, 2);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf != 0) return detail::store_word(b, 2, code);
    plane::store(b + 2, i, code);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    plane::load_all(b + 2, codes);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    plane::template take_from<0>(codes, b + 2);
  }
};
using q1_0_record = low_first_record<1, formats::sign_bit>;
using q2_0_record = low_first_record<2, formats::minus_one_to_two>;

/// MXFP4, 17 bytes for 32 elements:  exponent | 16 bytes of codes.
/// NVFP4, 36 bytes for 64:  4 scales | 32 bytes of codes, group by group.
template <std::size_t Group, std::size_t Groups>
struct fp4_record {
  static constexpr std::size_t cols = Group * Groups, bytes = Groups + cols / 2;
  using plane = detail::bit_plane<4, Group / 2, cols>;

  /// Leaves: elements, scales.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return leaf == 0 ? cols : Groups;
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? plane::load(b + Groups, i) : b[i];
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 0) return plane::store(b + Groups, i, code);
    b[i] = static_cast<std::uint8_t>(code);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    plane::load_all(b + Groups, codes);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    plane::template take_from<0>(codes, b + Groups);
  }
};
struct mxfp4_record
    : fp4_record<32, 1>,
      detail::record_values<mxfp4_record, 32, formats::ggml_e2m1, detail::line_of_mxfp4, 2> {
  static constexpr const auto& format = formats::ggml_mxfp4;
};
using nvfp4_record = fp4_record<16, 4>;

namespace detail {
/// What ggml reads of scales differs from what the levels of ggml_nvfp4 say of 0x7F, a NaN.
struct nvfp4_values : nvfp4_record,
                      record_values<nvfp4_values, 16, formats::ggml_e2m1, line_of_nvfp4> {};
}  // namespace detail

}  // namespace lowp
