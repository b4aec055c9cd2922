// SPDX-License-Identifier: MIT
// GGUF's types whose codes stand for 4 or 8 values at once, points of a lattice: read as ggml reads
// them, bit for bit. They are not written: which point is best depends on weights of importance and
// on searches among neighbours that are no part of the format. Nor are they compositions of levels,
// which have a code for each value.
//
// Each has 256 elements in groups of 8 that are one point, or two of 4 coordinates, with a sign for
// each coordinate but in IQ1; 16 or 32 elements have a scale of 3 or 4 bits, times 2 plus 1, under
// a binary16.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/ggml/lattices.hpp"
#include "lowp/block/ggml/record_bits.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {
namespace detail {

[[nodiscard]] inline unsigned two_bytes(const std::uint8_t* b) {
  return static_cast<unsigned>(load_word(b, 2));
}
[[nodiscard]] inline std::uint32_t four_bytes(const std::uint8_t* b) {
  return static_cast<std::uint32_t>(load_word(b, 4));
}
[[nodiscard]] inline float half_at(const std::uint8_t* b) {
  return static_cast<float>(binary16::from_code(two_bytes(b)));
}
/// The scale of a group, exact: d * (2 * code + 1) * unit.
[[nodiscard]] inline float odd_multiple(float d, unsigned code, float unit) {
  return d * (static_cast<float>(2 * code + 1) * unit);
}
/// Signs of eight coordinates by seven bits: the number of negative ones is even.
[[nodiscard]] inline unsigned even_signs(unsigned seven) {
  seven &= 127;
  return seven | (static_cast<unsigned>(std::popcount(seven)) & 1u) << 7;
}
/// Coordinates times a scale, negative where a bit is set.
template <std::size_t N>
void write_point(const std::int8_t (&point)[N], unsigned signs, float scale, float* out) {
  for (std::size_t j = 0; j < N; ++j) {
    const int coordinate = point[j];
    out[j] = static_cast<float>((signs >> j & 1) != 0 ? -coordinate : coordinate) * scale;
  }
}

// Each type reads one record.

inline constexpr std::int8_t iq2_coordinates[] = {8, 25, 43};

/// 66 bytes:  d | for each 32 elements 4 points | and 4 times 7 signs, a scale of 4 bits
struct iq2_xxs {
  static constexpr std::size_t bytes = 66;
  static void read(const std::uint8_t* b, float* out) {
    static const lattice<256, 8> grid(iq2_xxs_words, iq2_coordinates);
    const float d = half_at(b);
    for (std::size_t i = 0; i < 32; ++i) {
      const std::uint8_t* const group = b + 2 + i / 4 * 8;
      const std::uint32_t word = four_bytes(group + 4);
      write_point(grid.points[group[i % 4]], even_signs(word >> (7 * (i % 4))),
                  odd_multiple(d, word >> 28, 0.125f), out + 8 * i);
    }
  }
};

/// 74 bytes:  d | 32 times a point, 9 bits, and 7 signs | 16 scales of 4 bits
struct iq2_xs {
  static constexpr std::size_t bytes = 74;
  static void read(const std::uint8_t* b, float* out) {
    static const lattice<512, 8> grid(iq2_xs_words, iq2_coordinates);
    const float d = half_at(b);
    for (std::size_t i = 0; i < 32; ++i) {
      const unsigned code = two_bytes(b + 2 + 2 * i),
                     scale = b[66 + i / 4] >> (i / 2 % 2 * 4) & 15u;
      write_point(grid.points[code & 511], even_signs(code >> 9), odd_multiple(d, scale, 0.125f),
                  out + 8 * i);
    }
  }
};

/// 82 bytes:  d | low bytes of 32 points | 32 times 8 signs | high pairs of points | 16 scales
struct iq2_s {
  static constexpr std::size_t bytes = 82;
  static void read(const std::uint8_t* b, float* out) {
    static const lattice<1024, 8> grid(iq2_s_words, iq2_coordinates);
    const float d = half_at(b);
    for (std::size_t i = 0; i < 32; ++i) {
      const unsigned high = b[66 + i / 4] >> (i % 4 * 2) & 3u;
      const unsigned scale = b[74 + i / 4] >> (i / 2 % 2 * 4) & 15u;
      write_point(grid.points[b[2 + i] | high << 8], b[34 + i], odd_multiple(d, scale, 0.125f),
                  out + 8 * i);
    }
  }
};

/// 98 bytes:  d | 64 points of 4 | for each 32 elements 4 times 7 signs, a scale of 4 bits
struct iq3_xxs {
  static constexpr std::size_t bytes = 98;
  static void read(const std::uint8_t* b, float* out) {
    static constexpr std::int8_t coordinates[] = {4, 12, 20, 28, 36, 44, 52, 62};
    static const lattice<256, 4> grid(iq3_xxs_words, coordinates);
    const float d = half_at(b);
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t word = four_bytes(b + 66 + i / 8 * 4);
      write_point(grid.points[b[2 + i]], even_signs(word >> (7 * (i / 2 % 4))) >> (i % 2 * 4),
                  odd_multiple(d, word >> 28, 0.25f), out + 4 * i);
    }
  }
};

/// 110 bytes:  d | low bytes of 64 points of 4 | their high bits | 256 signs | 8 scales of 4 bits
struct iq3_s {
  static constexpr std::size_t bytes = 110;
  static void read(const std::uint8_t* b, float* out) {
    static constexpr std::int8_t coordinates[] = {1, 3, 5, 7, 9, 11, 13, 15};
    static const lattice<512, 4> grid(iq3_s_words, coordinates);
    const float d = half_at(b);
    for (std::size_t i = 0; i < 64; ++i) {
      const unsigned high = b[66 + i / 8] >> (i % 8) & 1u;
      const unsigned scale = b[106 + i / 16] >> (i / 8 % 2 * 4) & 15u;
      write_point(grid.points[b[2 + i] | high << 8], unsigned{b[74 + i / 2]} >> (i % 2 * 4),
                  odd_multiple(d, scale, 1), out + 4 * i);
    }
  }
};

/// Points of -1, 0 and 1, all moved up or down by an eighth.
[[nodiscard]] inline const auto& iq1_grid() {
  static constexpr std::int8_t coordinates[] = {-1, 0, 1};
  static const lattice<2048, 8> grid(iq1_words, coordinates);
  return grid.points;
}
inline void write_moved_point(const std::int8_t (&point)[8], bool is_down, float scale,
                              float* out) {
  const float by = is_down ? -0.125f : 0.125f;
  for (std::size_t j = 0; j < 8; ++j) out[j] = (static_cast<float>(point[j]) + by) * scale;
}

/// 50 bytes:  d | low bytes of 32 points | for each 32 elements 4 times the 3 high bits of a point,
/// a scale of 3 bits, 1 if points are moved down
struct iq1_s {
  static constexpr std::size_t bytes = 50;
  static void read(const std::uint8_t* b, float* out) {
    const float d = half_at(b);
    for (std::size_t i = 0; i < 32; ++i) {
      const unsigned group = two_bytes(b + 34 + i / 4 * 2), high = group >> (3 * (i % 4)) & 7u;
      write_moved_point(iq1_grid()[b[2 + i] | high << 8], group >> 15 != 0,
                        odd_multiple(d, group >> 12 & 7u, 1), out + 8 * i);
    }
  }
};

/// 56 bytes:  low bytes of 32 points | for each of them 3 high bits, 1 if it is moved down | 4
/// times 4 scales of 3 bits and, highest, 4 bits of d, low ones first
struct iq1_m {
  static constexpr std::size_t bytes = 56;
  static void read(const std::uint8_t* b, float* out) {
    unsigned code = 0;
    for (std::size_t k = 0; k < 4; ++k) code |= two_bytes(b + 48 + 2 * k) >> 12 << (4 * k);
    const auto d = static_cast<float>(binary16::from_code(code));
    for (std::size_t i = 0; i < 32; ++i) {
      const unsigned half = b[32 + i / 2] >> (i % 2 * 4) & 15u;
      const unsigned scale = two_bytes(b + 48 + i / 8 * 2) >> (i / 2 % 4 * 3) & 7u;
      write_moved_point(iq1_grid()[b[i] | (half & 7u) << 8], half >> 3 != 0,
                        odd_multiple(d, scale, 1), out + 8 * i);
    }
  }
};

template <class Type>
void read_lattice_records(const std::uint8_t* bytes, std::size_t count, float* row) {
  for (std::size_t i = 0; i < count; i += 256, bytes += Type::bytes) Type::read(bytes, row + i);
}
template <class Type>
[[nodiscard]] constexpr gguf_type gguf_lattice(std::string_view name, std::uint32_t id) {
  return {name, id, 256, Type::bytes, nullptr, read_lattice_records<Type>};
}

}  // namespace detail

namespace gguf {

inline constexpr gguf_type iq2_xxs = detail::gguf_lattice<detail::iq2_xxs>("IQ2_XXS", 16);
inline constexpr gguf_type iq2_xs = detail::gguf_lattice<detail::iq2_xs>("IQ2_XS", 17);
inline constexpr gguf_type iq3_xxs = detail::gguf_lattice<detail::iq3_xxs>("IQ3_XXS", 18);
inline constexpr gguf_type iq1_s = detail::gguf_lattice<detail::iq1_s>("IQ1_S", 19);
inline constexpr gguf_type iq3_s = detail::gguf_lattice<detail::iq3_s>("IQ3_S", 21);
inline constexpr gguf_type iq2_s = detail::gguf_lattice<detail::iq2_s>("IQ2_S", 22);
inline constexpr gguf_type iq1_m = detail::gguf_lattice<detail::iq1_m>("IQ1_M", 29);

}  // namespace gguf
}  // namespace lowp
