// SPDX-License-Identifier: MIT
// The records of GGUF's blocks of 256 elements that are no K-quants: which bits hold which code
// (level_layouts.hpp). Numbers of several bytes are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/ggml/record_bits.hpp"
#include "lowp/block/ggml/record_values.hpp"
#include "lowp/core/bits.hpp"

namespace lowp {

/// IQ4_XS, 136 bytes:  d (binary16) | high pairs of scales | low halves of scales | 128 of codes.
/// Scales are stored with 32 added.
struct iq4_xs_record
    : detail::record_values<iq4_xs_record, 32, formats::iq4_nl, detail::line_of_products<6>> {
  static constexpr const auto& format = formats::iq4_xs;
  static constexpr std::size_t cols = 256, bytes = 136;
  using plane = detail::bit_plane<4, 16>;
  using low = detail::bit_plane<4, 1, 8>;
  using high = detail::bit_plane<2, 1, 8>;

  /// Leaves: elements, scales of groups, d.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) {
    return leaf == 0 ? 256 : leaf == 1 ? 8 : 1;
  }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 0) return plane::load(b + 8, i);
    if (leaf == 2) return detail::load_word(b, 2);
    return (low::load(b + 4, i) | high::load(b + 2, i) << 4) ^ 32u;
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf == 0) return plane::store(b + 8, i, code);
    if (leaf == 2) return detail::store_word(b, 2, code);
    low::store(b + 4, i, code ^ 32u);
    high::store(b + 2, i, (code ^ 32u) >> 4);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    plane::load_all(b + 8, codes);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    plane::take_from<0>(codes, b + 8);
  }
};

/// TQ2_0, 66 bytes:  64 of codes, elements j, j + 32, j + 64 and j + 96 of each 128 in one, low
/// bits first | d (binary16)
struct tq2_0_record : detail::record_values<tq2_0_record, 256, formats::minus_one_to_two,
                                            detail::line_of_halves<false>> {
  static constexpr const auto& format = formats::tq2_0;
  static constexpr std::size_t cols = 256, bytes = 66;
  using plane = detail::bit_plane<2, 32>;

  /// Leaves: elements, d.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 256 : 1; }
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    return leaf == 0 ? plane::load(b, i) : detail::load_word(b + 64, 2);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf != 0) return detail::store_word(b + 64, 2, code);
    plane::store(b, i, code);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    plane::load_all(b, codes);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    plane::take_from<0>(codes, b);
  }
};

/// TQ1_0, 54 bytes:  48 of five elements each | 4 of four | d (binary16). A byte is the part of
/// 256, upward, that its digits in base 3 are of 243, the first digit being the highest: elements
/// j, j + 32 … of the first 160, j, j + 16 … of the next 80, j, j + 4 … of the last 16, after which
/// a digit 0 follows.
struct tq1_0_record : detail::record_values<tq1_0_record, 256, formats::minus_one_to_two,
                                            detail::line_of_halves<false>> {
  static constexpr const auto& format = formats::tq1_0;
  static constexpr std::size_t cols = 256, bytes = 54;

  /// Where an element is: its byte, and how many digits go before.
  struct place {
    std::size_t byte, digit;
  };
  [[nodiscard]] static constexpr place place_of(std::size_t i) {
    if (i < 160) return {i % 32, i / 32};
    if (i < 240) return {32 + (i - 160) % 16, (i - 160) / 16};
    return {48 + (i - 240) % 4, (i - 240) / 4};
  }
  /// Leaves: elements, d.
  [[nodiscard]] static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 256 : 1; }
  /// Of a byte that is no such part: the digit that its part of 256 begins with.
  [[nodiscard]] static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf != 0) return detail::load_word(b + 52, 2);
    const place at = place_of(i);
    return digit(b[at.byte], at.digit);
  }
  static constexpr void store(std::uint8_t* b, int leaf, std::size_t i, code_t code) {
    if (leaf != 0) return detail::store_word(b + 52, 2, code);
    const place at = place_of(i);
    unsigned number = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      number = number * 3 + (k == at.digit ? static_cast<unsigned>(code) : digit(b[at.byte], k));
    }
    b[at.byte] = part(number);
  }
  static constexpr void load_elements(const std::uint8_t* b, std::uint8_t* codes) {
    load_digits<32, 5>(b, codes);
    load_digits<16, 5>(b + 32, codes + 160);
    load_digits<4, 4>(b + 48, codes + 240);
  }
  static constexpr void store_elements(std::uint8_t* b, const std::uint8_t* codes) {
    store_digits<32, 5>(b, codes);
    store_digits<16, 5>(b + 32, codes + 160);
    store_digits<4, 4>(b + 48, codes + 240);
  }

 private:
  static constexpr unsigned powers[5] = {1, 3, 9, 27, 81};
  [[nodiscard]] static constexpr unsigned digit(unsigned byte, std::size_t k) {
    return (byte * powers[k] & 255u) * 3 >> 8;
  }
  [[nodiscard]] static constexpr std::uint8_t part(unsigned number) {
    return static_cast<std::uint8_t>((number * 256 + 242) / 243);
  }
  template <std::size_t Stride, std::size_t Digits>
  static constexpr void load_digits(const std::uint8_t* b, std::uint8_t* codes) {
    for (std::size_t k = 0; k < Digits; ++k) {
      for (std::size_t j = 0; j < Stride; ++j) {
        codes[k * Stride + j] = static_cast<std::uint8_t>(digit(b[j], k));
      }
    }
  }
  template <std::size_t Stride, std::size_t Digits>
  static constexpr void store_digits(std::uint8_t* b, const std::uint8_t* codes) {
    for (std::size_t j = 0; j < Stride; ++j) {
      unsigned number = 0;
      for (std::size_t k = 0; k < 5; ++k) {
        number = number * 3 + (k < Digits ? codes[k * Stride + j] : 0u);
      }
      b[j] = part(number);
    }
  }
};

}  // namespace lowp
