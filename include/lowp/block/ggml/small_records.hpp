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

#include "lowp/core/bits.hpp"

namespace lowp {
namespace detail {

/// A code of 16 bits.
[[nodiscard]] constexpr code_t load_two_bytes(const std::uint8_t* b) {
  return code_t{b[0]} | code_t{b[1]} << 8;
}
constexpr void store_two_bytes(std::uint8_t* b, code_t code) {
  b[0] = static_cast<std::uint8_t>(code);
  b[1] = static_cast<std::uint8_t>(code >> 8);
}
/// Replaces the bits of a byte from `shift` on that `mask`, low bits, says.
constexpr void store_bits(std::uint8_t& byte, int shift, unsigned mask, code_t code) {
  byte = static_cast<std::uint8_t>((byte & ~(mask << shift)) | (static_cast<unsigned>(code) & mask)
                                                                   << shift);
}

/// Codes of 4 bits: of each `Group` elements the first half lies in low halves of bytes, the second
/// in high ones.
template <std::size_t Group>
struct half_bytes {
  [[nodiscard]] static constexpr std::size_t byte_of(std::size_t i) {
    return i / Group * (Group / 2) + i % (Group / 2);
  }
  [[nodiscard]] static constexpr int shift_of(std::size_t i) {
    return i % Group < Group / 2 ? 0 : 4;
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, std::size_t i) {
    return code_t{b[byte_of(i)]} >> shift_of(i) & 15u;
  }
  static constexpr void store(std::uint8_t* b, std::size_t i, code_t code) {
    store_bits(b[byte_of(i)], shift_of(i), 15, code);
  }
  template <std::size_t Count>
  static constexpr void load_all(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t g = 0; g < Count; g += Group) {
      for (std::size_t j = 0; j < Group / 2; ++j) {
        codes[g + j] = b[g / 2 + j] & 15;
        codes[g + Group / 2 + j] = b[g / 2 + j] >> 4;
      }
    }
  }
  template <std::size_t Count>
  static constexpr void store_all(std::uint8_t* b, const std::uint8_t* codes) {
    for (std::size_t g = 0; g < Count; g += Group) {
      for (std::size_t j = 0; j < Group / 2; ++j) {
        b[g / 2 + j] =
            static_cast<std::uint8_t>((codes[g + j] & 15) | codes[g + Group / 2 + j] << 4);
      }
    }
  }
};

/// d, then, of types with a minimum, m, then fifth bits, then half bytes. Stored elements are codes
/// ^ Flip, stored minima are offsets with the other sign.
template <int Bits, bool HasMinimum, unsigned Flip>
struct record_of_32 {
  static constexpr std::size_t cols = 32, fifths = HasMinimum ? 4 : 2,
                               halves = fifths + (Bits == 5 ? 4 : 0), bytes = halves + 16;
  static_assert(Bits == 4 || Bits == 5);

  /// Leaves: elements, d, and of types with a minimum the offset -m.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 32 : 1; }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 1) return load_two_bytes(b);
    if (leaf == 2) return load_two_bytes(b + 2) ^ 0x8000u;
    code_t code = half_bytes<32>::load(b + halves, i);
    if constexpr (Bits == 5) code |= (code_t{b[fifths + i / 8]} >> (i % 8) & 1u) << 4;
    return code ^ Flip;
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 1) return store_two_bytes(b, code);
    if (leaf == 2) return store_two_bytes(b + 2, code ^ 0x8000u);
    half_bytes<32>::store(b + halves, i, code ^ Flip);
    if constexpr (Bits == 5) {
      store_bits(b[fifths + i / 8], static_cast<int>(i % 8), 1, (code ^ Flip) >> 4);
    }
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    half_bytes<32>::template load_all<32>(b + halves, codes);
    for (std::size_t i = 0; i < 32; ++i) {
      unsigned code = codes[i];
      if constexpr (Bits == 5) code |= (b[fifths + i / 8] >> (i % 8) & 1u) << 4;
      codes[i] = static_cast<std::uint8_t>(code ^ Flip);
    }
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    std::uint8_t stored[32];
    for (std::size_t i = 0; i < 32; ++i) stored[i] = static_cast<std::uint8_t>(codes[i] ^ Flip);
    half_bytes<32>::template store_all<32>(b + halves, stored);
    if constexpr (Bits == 5) {
      for (std::size_t i = 0; i < 32; i += 8) {
        unsigned bits = 0;
        for (std::size_t j = 0; j < 8; ++j) bits |= (stored[i + j] >> 4 & 1u) << j;
        b[fifths + i / 8] = static_cast<std::uint8_t>(bits);
      }
    }
  }
};

}  // namespace detail

/// Q4_0, 18 bytes:  d (binary16) | 16 bytes of codes, with 8 added
using q4_0_record = detail::record_of_32<4, false, 8>;
/// Q4_1, 20 bytes:  d, m (binary16) | 16 bytes of codes
using q4_1_record = detail::record_of_32<4, true, 0>;
/// Q5_0, 22 bytes:  d (binary16) | 4 bytes of fifth bits | 16 of low bits, with 16 added
using q5_0_record = detail::record_of_32<5, false, 16>;
/// Q5_1, 24 bytes:  d, m (binary16) | 4 bytes of fifth bits | 16 of low bits
using q5_1_record = detail::record_of_32<5, true, 0>;
/// IQ4_NL, 18 bytes:  d (binary16) | 16 bytes of codes
using iq4_nl_record = detail::record_of_32<4, false, 0>;

/// Q8_0, 34 bytes:  d (binary16) | 32 bytes.  Q8_1, 36 bytes:  d, s (binary16) | 32 bytes.
/// Leaves: elements, d; s, which is no part of the levels, is read and stored as leaf 2.
template <bool HasSum>
struct q8_record {
  static constexpr std::size_t cols = 32, first = HasSum ? 4 : 2, bytes = first + 32;

  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 32 : 1; }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? b[first + i] : detail::load_two_bytes(b + (leaf == 1 ? 0 : 2));
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf != 0) return detail::store_two_bytes(b + (leaf == 1 ? 0 : 2), code);
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
template <int Bits>
struct low_first_record {
  static constexpr std::size_t per_byte = 8 / Bits, cols = 16 * per_byte, bytes = 18;
  static constexpr unsigned mask = (1u << Bits) - 1;

  /// Leaves: elements, d.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? cols : 1; }
  [[nodiscard]] static constexpr int shift(std::size_t i) {
    return static_cast<int>(i % per_byte) * Bits;
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? code_t{b[2 + i / per_byte]} >> shift(i) & mask : detail::load_two_bytes(b);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf != 0) return detail::store_two_bytes(b, code);
    detail::store_bits(b[2 + i / per_byte], shift(i), mask, code);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t i = 0; i < cols; ++i) {
      codes[i] = static_cast<std::uint8_t>(b[2 + i / per_byte] >> shift(i) & mask);
    }
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    for (std::size_t i = 0; i < cols; i += per_byte) {
      unsigned bits = 0;
      for (std::size_t j = 0; j < per_byte; ++j) bits |= (codes[i + j] & mask) << shift(j);
      b[2 + i / per_byte] = static_cast<std::uint8_t>(bits);
    }
  }
};
using q1_0_record = low_first_record<1>;
using q2_0_record = low_first_record<2>;

/// MXFP4, 17 bytes for 32 elements:  exponent | 16 bytes of codes.
/// NVFP4, 36 bytes for 64:  4 scales | 32 bytes of codes, group by group.
template <std::size_t Group, std::size_t Groups>
struct fp4_record {
  static constexpr std::size_t cols = Group * Groups, bytes = Groups + cols / 2;

  /// Leaves: elements, scales.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return leaf == 0 ? cols : Groups;
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? detail::half_bytes<Group>::load(b + Groups, i) : b[i];
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 0) return detail::half_bytes<Group>::store(b + Groups, i, code);
    b[i] = static_cast<std::uint8_t>(code);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    detail::half_bytes<Group>::template load_all<cols>(b + Groups, codes);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    detail::half_bytes<Group>::template store_all<cols>(b + Groups, codes);
  }
};
using mxfp4_record = fp4_record<32, 1>;
using nvfp4_record = fp4_record<16, 4>;

}  // namespace lowp
