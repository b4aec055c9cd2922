// SPDX-License-Identifier: MIT
// What kernels of sums of blocks take: 16 rows in lanes, with as many bits as their integers have,
// and some rows of bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Sums of the products of 16 rows of one operand, which lie in lanes, and some rows of another.
///
/// Integers of lanes have no sign: a constant is added to them. A unit is 32 of each lane, four to
/// a word: of 8 bits, eight vectors of 16 words, one after the other; of fewer bits the low four or
/// two, then what is left of the upper ones: word i of the unit has bits of 4 at i % 2 * 4 of
/// vector i / 2, bits of 2 at i % 4 * 2 of vector i / 4, bits of 1 at bit i of one vector, of each
/// byte.
struct block_tile {
  static constexpr std::size_t width = 16, unit = 32;
  enum class order : std::uint8_t { product, rows_first, lanes_first };
  /// exponents: the field of a power of two in binary32, 0 of zero and 255 of NaN; are_packed only.
  enum class scale_kind : std::uint8_t { binary32, binary16, bfloat16, exponents };

  /// Lanes lie as a group of a packed_operand does, with codes of 4, 6 or 8 bits; has_block_fours()
  /// only. Words of 8 codes of 4 bits are those of even k and then those of odd k. There is a table
  /// for 4 and 6 bits; 128 is added to those of 8 bits. A group is a piece of 32 and has neither
  /// factors nor minima; scales are powers of two, and `scales` is `product`.
  bool are_packed = false;
  std::size_t row_count = 0;
  std::size_t piece_count = 0, groups_per_piece = 1;
  std::size_t group = 0;  ///< integers of a group: 16, or a multiple of 32
  const std::uint32_t* lanes = nullptr;
  int bits = 8;                           ///< 2, 3, 4, 5, 6 or 8; but for 8 where has_block_fours()
  const std::uint8_t* table = nullptr;    ///< where has_block_fours(): 64, what the integers are
  const std::uint8_t* factors = nullptr;  ///< [group][16], of the lanes, less…; null is 1
  std::int32_t lowest_factor = 0;         ///< … this
  const std::uint8_t* minima = nullptr;   ///< integers of offsets likewise; see has_minima
  std::int32_t lowest_minimum = 0;
  bool has_minima = false;
  scale_kind kind = scale_kind::binary32;  ///< of the scales of lanes; binary32 or, with F16C, …
  const void* lane_scales = nullptr;       ///< [piece][16]
  const void* minimum_scales = nullptr;    ///< [piece][16]
  /// [row][word]: four bytes with a sign where has_block_fours(), else two of 16 bits to a word,
  /// the first two of four, then the others.
  const std::uint32_t* rows = nullptr;
  const std::int32_t* row_starts = nullptr;  ///< [row][group]: what the sum of a group begins with
  const std::int32_t* row_sums = nullptr;    ///< [row][group]: of the integers
  const float* row_scales = nullptr;         ///< [row][piece]
  std::size_t row_words = 0, row_groups = 0, row_pieces = 0;  ///< from one row to the next
  order scales = order::product;
  float* totals = nullptr;  ///< [row][16], added to
  /// So many times 16 rows lie in lanes: from one to the next in `lanes`, in factors and minima, in
  /// scales and in totals.
  std::size_t strip_count = 1;
  std::size_t strip_words = 0, strip_integers = 0, strip_scales = 0, strip_totals = 0;
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
