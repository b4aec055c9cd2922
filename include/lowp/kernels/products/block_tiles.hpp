// SPDX-License-Identifier: MIT
// The kernels of integer_block_sums as functions of the instruction set: codes of 16 rows from
// where they lie, and tiles of sums of blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/kernels/target.hpp"
#ifndef LOWP_BORDER  // lowp.hpp is included before
#define LOWP_FORGETS_AGAIN
#include "lowp/kernels/define.inc"
#endif

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Where the bits of 64 codes of up to 8 bits lie in the bytes of a row, and what they stand for.
struct code_places {
  /// Bits that are together in a byte of memory and in a code.
  struct field {
    /// place: of the byte of a code in 64, which are 32 from first[0] and 32 from first[1]. bit:
    /// where the 8 bits from which `mask` keeps some begin in eight such bytes.
    alignas(64) std::uint8_t place[64], bit[64], mask[64];
    std::uint32_t first[2];
  };
  static constexpr std::size_t most_fields = 4, size = 64;
  field fields[most_fields];
  std::size_t field_count = 0;
  alignas(64) std::uint8_t flip[64];   ///< exclusive or, then
  alignas(64) std::uint8_t table[64];  ///< what codes of up to 6 bits stand for, if
  bool has_table = false;
};
/// Whether gather_codes may be called.
[[nodiscard]] constexpr bool has_code_places(isa level) { return has(level, feature::byte_tables); }
/// Of the rows that begin at rows[0] … rows[count - 1]: out[i * stride + j] is byte j of row i.
LOWP_BORDER void gather_codes(const code_places& p, const std::uint8_t* const* rows,
                              std::size_t count, std::uint8_t* out, std::size_t stride);

/// Sums of the products of 16 rows of one operand, which lie in lanes, and some rows of another.
///
/// Integers of lanes lie word by word, 16 words of the lanes each: four bytes without a sign, by
/// has_block_fours(), or two of 16 bits; a constant is added that makes them positive. Words of the
/// other rows have signs.
struct block_tile {
  static constexpr std::size_t width = 16;
  enum class order : std::uint8_t { product, rows_first, lanes_first };

  std::size_t row_count = 0;
  std::size_t piece_count = 0, groups_per_piece = 1, words_per_group = 0;
  const std::uint32_t* lanes = nullptr;
  const std::int32_t* factors = nullptr;     ///< [group][16], of the lanes; null is 1
  const float* lane_scales = nullptr;        ///< [piece][16]
  const std::int32_t* minima = nullptr;      ///< [group][16], integers of offsets; null: none
  const float* minimum_scales = nullptr;     ///< [piece][16]
  const std::uint32_t* rows = nullptr;       ///< [row][word]
  const std::int32_t* row_starts = nullptr;  ///< [row][group]: what the sum of a group begins with
  const std::int32_t* row_sums = nullptr;    ///< [row][group]: of the integers
  const float* row_scales = nullptr;         ///< [row][piece]
  std::size_t row_words = 0, row_groups = 0, row_pieces = 0;  ///< from one row to the next
  order scales = order::product;
  float* totals = nullptr;  ///< [row][16], added to
};
/// Whether words of a block_tile are of four bytes, else of two 16-bit integers.
[[nodiscard]] constexpr bool has_block_fours(isa level) {
  return LOWP_X86_TARGETS != 0 && has_integer_products(level);
}
LOWP_BORDER void multiply(isa level, const block_tile& t);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/products/block_tiles.inc"
#endif
#ifdef LOWP_FORGETS_AGAIN
#undef LOWP_FORGETS_AGAIN
#include "lowp/kernels/undefine.inc"
#endif
