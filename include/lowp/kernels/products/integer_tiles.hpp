// SPDX-License-Identifier: MIT
// What the kernels of matrix products of integers take. Pointers and sizes; no formats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/products/tiles.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// What is added to the bytes of rows, and not to those of lanes. Instructions of x86 multiply
/// bytes without a sign by bytes with one, that of AArch64 bytes with signs.
inline constexpr std::uint8_t row_byte_offset = LOWP_X86_TARGETS ? 128 : 0;

/// How codes of a format become 8-bit integers.
struct integer_codes {
  bool is_identity = false;     ///< codes of 8 bits, in two's complement
  std::uint8_t table[64] = {};  ///< else by code, repeated
};

/// As product_tile, for integers times scales that are powers of two: a sum of integers is that of
/// a step of 32 and has one scale. Products of a lane's and a row's scale are multiples of 2^-149,
/// and times a sum below 2^128, so that they are exact.
struct integer_tile {
  static constexpr std::size_t max_steps = product_tile::max_depth / 32;
  static constexpr std::size_t row_stride = product_tile::max_depth + 64;

  const std::uint8_t* lanes;    ///< [k / 4][width][k % 4], two's complement
  const std::int32_t* offsets;  ///< [step][width], -row_byte_offset times the sum of the lane
  const float* lane_scales;     ///< [step][width]
  std::size_t width;
  const std::uint8_t* rows;  ///< row r at r * row_stride, with row_byte_offset added
  const float* row_scales;   ///< [row][max_steps]
  std::size_t row_count;
  std::size_t steps;
  float* sums;
};

/// As product_tile, for int32_sums. A word of a row and of a lane holds four k as 8-bit
/// integers, those of rows with row_byte_offset added, or two as 16-bit ones. Words are summed in
/// spans of K, each of which belongs to one scale of either operand; their sum may go on in the
/// next chunk.
struct integer_sum_tile {
  static constexpr std::size_t max_words = product_tile::max_depth;
  static constexpr std::size_t row_stride = product_tile::buffer_stride;
  /// What the words of a span are a multiple of.
  static constexpr std::size_t unit = 8, max_spans = max_words / unit;
  struct span {
    std::size_t words;
    bool begins, ends;  ///< from zero; with the sum scaled and added to `sums`
  };

  const std::uint32_t* lanes;  ///< [word][width]
  std::size_t width;           ///< 16, or lanes_per_tile(level)
  const std::uint32_t* rows;   ///< row r at r * row_stride
  std::size_t row_count;
  const span* spans;
  std::size_t span_count;
  // Sums of bytes begin with lane_offsets, or with lane_offsets * row_offsets + lane_zeros *
  // row_zeros if lane_zeros is not null.
  const std::uint32_t* lane_offsets;  ///< [span][width]
  const std::uint32_t* lane_zeros;
  const float* lane_scales;
  const std::uint32_t* row_offsets;  ///< [row][max_spans]
  const std::uint32_t* row_zeros;
  const float* row_scales;
  float* sums;
  float* rest;      ///< bits of sums of integers that go on, in the memory of sums
  bool rows_first;  ///< whether their scale is that of the first operand
};

/// As integer_sum_tile, for bytes of a few rows and up to 16 others, whose codes are read where
/// they lie: some spans, each of which begins at a multiple of 64 in K. With u = q - lowest of the
/// others (as unsigned bytes, or those less 128 - row_byte_offset), x of the rows and their zero
/// points z - c, w = z - lowest, a sum is
///   sum x u - w sum x - (z - c)(sum u - n w).
struct integer_dots {
  static constexpr std::size_t group = 16, most_rows = 8, alignment = 64;
  /// What a span holds of K, and where it begins in a row.
  struct part {
    std::size_t first, count, place;
  };

  const std::uint8_t* rows;  ///< x; 64 more bytes may be read
  std::size_t row_stride;
  std::size_t row_count;  ///< with has_ones, the last is not one of them but all ones
  bool has_ones;
  const std::uint8_t* others;  ///< packed codes of 8 bits, or of 4, the low ones first
  std::size_t other_stride, other_count;
  bool are_nibbles;
  std::uint8_t flip;  ///< the bits that codes and u differ in
  const integer_sum_tile::span* spans;
  const part* parts;
  std::size_t span_count;
  const std::uint32_t* row_sums;  ///< [span][most_rows] sum x
  const std::uint32_t* row_zeros;
  const float* row_scales;
  const std::uint32_t* other_zeros;  ///< [span][group] w
  const float* other_scales;
  bool rows_first;        ///< whether their scale is that of the first operand
  std::uint32_t* buffer;  ///< 256 at most for each span and row
  float* totals;          ///< [row] at total_stride
  std::size_t total_stride;
  std::uint32_t* rest;  ///< [row][group]
};

/// As product_steps, for the integers of integer_tile, and for several chunks. The other row is
/// given as packed codes of 4 bits, the low ones first, or as integers.
struct integer_steps {
  static constexpr std::size_t size = product_steps::size;

  const std::uint8_t* rows;     ///< [chunk][m] in the order of slot()
  const std::int32_t* offsets;  ///< [chunk][m][lane]: -128 times the sum of the step
  const float* row_scales;      ///< [chunk][m][step]
  std::size_t row_count;        ///< any
  bool are_nibbles;
  const integer_codes* map;
  const std::uint8_t* other;
  std::size_t other_bytes;
  std::size_t chunk_bytes;          ///< of the other row
  const std::uint8_t* scale_codes;  ///< [step]: the exponent field of the scale, less scale_offset
  int scale_offset;
  std::size_t steps;
  std::size_t chunks;
  float* sums;  ///< [chunk][m] at group apart

  /// The lane of a step.
  [[nodiscard]] static constexpr std::size_t lane(std::size_t step) {
    return step % 4 * 4 + step / 4;
  }
  /// Where element k of a step lies in a row.
  [[nodiscard]] static constexpr std::size_t slot(std::size_t step, std::size_t k,
                                                  bool from_codes) {
    const std::size_t vector = from_codes ? k / 8 * 2 + k % 2 : k / 4;
    const std::size_t byte = from_codes ? k % 8 / 2 : k % 4;
    return vector * 64 + lane(step) * 4 + byte;
  }
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
