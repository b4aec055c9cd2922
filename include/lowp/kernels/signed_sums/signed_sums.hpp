// SPDX-License-Identifier: MIT
// Sums of inputs with signs, by tables of sums: what products with weights of -1 and 1 consist of.
// Numbers are words of binary32; each operation rounds once, to nearest even; nothing is
// contracted. The caller sees to the floating-point environment (core/config.hpp).
//
// The sum of a word of 32 bits, s standing for the inputs x with the sign that a bit says (set: x,
// else -x), is
//   nibble n  N = (s[4n] + s[4n + 1]) + (s[4n + 2] + s[4n + 3])
//   byte b    B = N[2b] + N[2b + 1]
//   word      W = (B[0] + B[1]) + (B[2] + B[3])
// Tables hold the sums of all values of nibbles, where registers hold 16 words and one instruction
// picks 16 of them, else those of bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Rows are passed in blocks of so many.
inline constexpr std::size_t signed_sum_rows = 16;

/// A piece of a group of inputs, by all planes of bits of `rows` rows, a multiple of
/// signed_sum_rows. Of plane p and row r:
///   S = (S so far + W of the first word) + W of the next …, or from the first W on in a piece that
///   `begins` a group;
/// in a piece that `ends` a group, for the planes in turn: y[r] = y[r] + scale * S, then, if there
/// are offsets, y[r] = y[r] + offset * group_sum; other pieces leave S in `sums`.
struct signed_sum_piece {
  const std::uint32_t* tables = nullptr;  ///< table_words for each word
  std::size_t words = 0, planes = 0, rows = 0;
  const std::uint32_t* bits = nullptr;
  std::size_t word_step = 0, plane_step = 0;  ///< of bits, from a word or plane to the next
  const std::uint32_t* scales = nullptr;
  std::size_t scale_step = 0;              ///< from a plane to the next
  const std::uint32_t* offsets = nullptr;  ///< or none
  std::uint32_t group_sum = 0;
  std::uint32_t* sums = nullptr;  ///< planes x rows
  bool begins = false, ends = false;
  std::uint32_t* y = nullptr;
};

/// Words of the tables of 32 inputs.
[[nodiscard]] LOWP_BORDER std::size_t signed_sum_table_words(isa level);
/// Fills the tables of 32 * words inputs.
LOWP_BORDER void fill_signed_sum_tables(isa level, const std::uint32_t* x, std::size_t words,
                                        std::uint32_t* tables);
LOWP_BORDER void add_signed_sums(isa level, const signed_sum_piece& piece);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/signed_sums/signed_sums.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
