// SPDX-License-Identifier: MIT
// Rows of values and of bytes for tests of GGUF's types: of integer arithmetic alone, so that they
// are the same on every machine and for whoever computes what ggml makes of them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "split_mix.hpp"

namespace test {

/// So many values, record after record of `cols` in turn: all signs and some binades, bell-shaped,
/// multiples of a step with ties, few among zeros of both signs, and, if they are wanted, numbers
/// down to the smallest subnormal one.
inline std::vector<float> ggml_values(std::size_t count, std::size_t cols, bool has_tiny) {
  split_mix random(count + cols);
  std::vector<float> row(count);
  const auto in_binade = [&random](std::uint32_t exponent) {
    const std::uint64_t w = random.word();
    return std::bit_cast<float>(static_cast<std::uint32_t>(w >> 63) << 31 | exponent << 23 |
                                static_cast<std::uint32_t>(w & 0x7FFFFF));
  };
  const auto small_integer = [&random](std::uint32_t below) {
    return static_cast<float>(random.below(2 * below + 1)) - static_cast<float>(below);
  };
  for (std::size_t first = 0; first < count; first += cols) {
    const std::uint32_t binade = 100 + random.below(40);
    const float step = in_binade(binade);
    for (std::size_t i = first; i < first + cols; ++i) {
      float& x = row[i];
      switch (first / cols % (has_tiny ? 5 : 4)) {
        case 0: x = in_binade(binade + random.below(6)); break;
        case 1: x = (small_integer(2000) + small_integer(2000) + small_integer(2000)) / 4096; break;
        case 2:
          x = std::bit_cast<float>(std::bit_cast<std::uint32_t>(step) & 0xFFF00000u) *
              small_integer(16);
          break;
        case 3:
          x = i == first || random.below(4) == 0
                  ? in_binade(120 + random.below(9))
                  : std::bit_cast<float>(static_cast<std::uint32_t>(random.below(2)) << 31);
          break;
        default:
          x = std::bit_cast<float>(random.below(2) << 31 |
                                   random.below(1u << (1 + random.below(27))));
      }
    }
  }
  return row;
}

/// So many bytes at random.
inline std::vector<std::uint8_t> ggml_bytes(std::size_t count) {
  split_mix random(count);
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random.word() >> 56);
  return bytes;
}

/// FNV-1a of 64 bits.
class ggml_digest {
 public:
  void add(const std::vector<std::uint8_t>& bytes) {
    for (const std::uint8_t b : bytes) byte(b);
  }
  /// NaN as one.
  void add(const std::vector<float>& row) {
    for (const float x : row) {
      auto bits = std::bit_cast<std::uint32_t>(x);
      if ((bits & 0x7FFFFFFFu) > 0x7F800000u) bits = 0x7FC00000u;
      for (int i = 0; i < 4; ++i) byte(static_cast<std::uint8_t>(bits >> (8 * i)));
    }
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  void byte(std::uint8_t b) { hash_ = (hash_ ^ b) * 0x00000100000001B3u; }
  std::uint64_t hash_ = 0xCBF29CE484222325u;
};

}  // namespace test
