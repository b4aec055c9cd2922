// SPDX-License-Identifier: MIT
// Products of integers that lie in planes of bits: by counting the ones of planes AND planes, or by
// bytes that planes are spread to. Sums are modulo 2^32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Rows of one operand by groups of 16 rows of the other. Bit 8 t + i of word w of a plane belongs
/// to column 32 w + 4 i + t, so that byte t of word w, shifted by i, is what the byte t of four
/// columns from 32 w + 4 i on is multiplied by.
struct plane_tile {
  static constexpr std::size_t group = 16;

  /// To count bits: the words of the planes of a row, plane after plane, row after row. By bytes:
  /// what store_row_bytes has made of each row.
  const std::uint32_t* rows = nullptr;
  std::size_t row_count = 0;
  int row_planes = 0;
  bool are_signed = false;  ///< the bytes of rows
  /// For each group, of it for each word, of it for each plane, the words of 16 rows.
  const std::uint32_t* groups = nullptr;
  std::size_t group_count = 0;
  int group_planes = 0;
  std::size_t words = 0;  ///< of a plane of a row
  /// row_count x 16 group_count sums of products, overwritten; and one row more, of no meaning.
  std::uint32_t* sums = nullptr;
};

/// Whether the processor counts the bits of words of vectors and sums products of bytes, at a
/// level.
[[nodiscard]] LOWP_BORDER bool counts_words(isa level);
/// Sums of products by the ones of planes AND planes.
LOWP_BORDER void multiply_plane_bits(isa level, const plane_tile& tile);

/// How multiply_plane_bytes reads so many rows at a level: bytes with a sign, four in a word, of
/// integers of 8 bits less 128 each; or without one, two in a word.
[[nodiscard]] LOWP_BORDER bool reads_signed_bytes(isa level, std::size_t rows);
/// Words of a row for each word of a plane.
[[nodiscard]] constexpr std::size_t row_words_per_word(bool are_signed) {
  return are_signed ? 8 : 16;
}
/// `count` bytes, a multiple of 32.
LOWP_BORDER void store_row_bytes(bool are_signed, const std::uint8_t* bytes, std::size_t count,
                                 bool have_8_bits, std::uint32_t* out);
/// Sums of products by bytes of as many rows as reads_signed_bytes was asked for, or some of them.
LOWP_BORDER void multiply_plane_bytes(isa level, const plane_tile& tile);

/// out = scale * sum + of_row + by_lowest * lowest + by_sum * col_sum, modulo 2^32; `lowest` null
/// is 0.
struct plane_terms {
  std::uint32_t scale = 1, of_row = 0, by_lowest = 0, by_sum = 0;
  const std::uint32_t* lowest = nullptr;
  const std::uint32_t* col_sums = nullptr;
};
LOWP_BORDER void finish_planes(isa level, const plane_terms& terms, const std::uint32_t* sums,
                               std::size_t count, std::int32_t* out);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/planes/planes.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
