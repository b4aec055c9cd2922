// SPDX-License-Identifier: MIT
// Tile registers in C++, as Intel's manual describes the instructions: so that what is written for
// them is tested on machines that have none.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/core/config.hpp"
#include "lowp/gemm/definition/reference.hpp"

namespace test {

struct tile_model {
  static constexpr std::size_t rows = 16, row_bytes = 64;
  using tile = std::array<std::array<std::uint32_t, 16>, rows>;
  static inline thread_local std::array<tile, 8> tiles{};
  static inline thread_local std::size_t instructions = 0;  ///< that multiply

  static void configure() {}
  static void release() {}

  template <int T>
  static void load(const void* from, std::size_t stride) {
    for (std::size_t r = 0; r < rows; ++r) {
      std::memcpy(tiles[T][r].data(), static_cast<const char*>(from) + r * stride, row_bytes);
    }
  }
  template <int T>
  static void store(void* to, std::size_t stride) {
    for (std::size_t r = 0; r < rows; ++r) {
      std::memcpy(static_cast<char*>(to) + r * stride, tiles[T][r].data(), row_bytes);
    }
  }
  template <int T>
  static void clear() {
    tiles[T] = {};
  }

  template <int Sum, int Rows, int Lanes>
  static void add_bfloat16_products() {
    ++instructions;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t l = 0; l < 16; ++l) {
        float even = value(0), odd = value(0);
        for (std::size_t w = 0; w < 16; ++w) {
          const std::uint32_t x = tiles[Rows][r][w], y = tiles[Lanes][w][l];
          even = flushed(multiply_add(flushed(value(x << 16)), flushed(value(y << 16)), even));
          odd = flushed(multiply_add(flushed(value(x & upper)), flushed(value(y & upper)), odd));
        }
        const float both = flushed(lowp::opaque(even + odd));
        std::uint32_t& sum = tiles[Sum][r][l];
        sum = std::bit_cast<std::uint32_t>(
            flushed(lowp::opaque(flushed(value(sum)) + lowp::opaque(both))));
      }
    }
  }

  template <int Sum, int Rows, int Lanes>
  static void add_integer_products() {
    ++instructions;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t l = 0; l < 16; ++l) {
        for (std::size_t w = 0; w < 16; ++w) {
          for (int byte = 0; byte < 32; byte += 8) {
            const auto x = static_cast<std::uint8_t>(tiles[Rows][r][w] >> byte);
            const auto y = static_cast<std::int8_t>(tiles[Lanes][w][l] >> byte);
            tiles[Sum][r][l] += static_cast<std::uint32_t>(x * y);
          }
        }
      }
    }
  }

 private:
  static constexpr std::uint32_t upper = 0xFFFF0000u;
  static float value(std::uint32_t bits) { return lowp::opaque(std::bit_cast<float>(bits)); }
  static float flushed(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    return (bits & 0x7F800000u) == 0 ? value(bits & 0x80000000u) : x;
  }
  static float multiply_add(float a, float b, float sum) {
    return lowp::opaque(lowp::detail::fused_multiply_add(a, b, sum));
  }
};

}  // namespace test
