// SPDX-License-Identifier: MIT
// What the kernels of matrix products take: tiles of panels, and steps of a few rows, of values in
// binary32 and bfloat16. Pointers and sizes; no formats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/products/activation.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// sums[r * width + l] += the dot product of row r and lane l over `depth` words of k, in the
/// order k32.
template <class Word>
struct word_tile {
  static constexpr std::size_t max_depth = 512;
  /// For rows in a buffer, which begin in different sets of a cache.
  static constexpr std::size_t buffer_stride = max_depth + 16;

  const Word* lanes;  ///< [k][width]
  std::size_t width;  ///< 16, or lanes_per_tile(level)
  const Word* rows;   ///< row r at r * row_stride
  std::size_t row_stride;
  std::size_t row_count;
  std::size_t depth;  ///< at most max_depth; a multiple of a step but at the end of K
  float* sums;
};
/// A word is one value.
using product_tile = word_tile<float>;

/// Which of the bfloat16 of a row share a word.
enum class pair_order : std::uint8_t {
  neighbors,  ///< k and k + 1, the first in the low half: an instruction has both chains
  chains,     ///< of four k (2, 0) and (3, 1), low half first: a word is of one chain
};
/// The value in a half word, the low one of word 0 being half word 0.
[[nodiscard]] constexpr std::size_t value_at(pair_order order, std::size_t half) {
  constexpr std::size_t of_four[]{2, 0, 3, 1};
  return order == pair_order::neighbors ? half : half / 4 * 4 + of_four[half % 4];
}

/// As product_tile, for bfloat16: a word of a row and of a lane holds two k. Up to 32 rows.
/// Subnormal numbers count as zero.
struct bfloat16_tile {
  static constexpr std::size_t max_words = product_tile::max_depth / 2;
  static constexpr std::size_t row_stride = max_words + 16;
  static constexpr std::size_t dot_rows = 24;  ///< for which multiply_by_dots reads lanes once

  const std::uint32_t* lanes;  ///< [word][width]
  std::size_t width;           ///< 16 or 32
  const std::uint32_t* rows;  ///< row r at r * row_stride; by tiles a multiple of 16 may be read …
  std::size_t row_count;
  std::size_t words;  ///< a multiple of 16
  float* sums;        ///< … and so many rows of sums written
};

/// Which expression rounds a running sum.
enum class sum_method : std::uint8_t {
  general,         ///< any mode, any values
  random,          ///< any stochastic mode
  random_flat,     ///< one that begins with nearest even, in the upper bits of binary32 …
  random_nearest,  ///< … or by the rounding of an addition
  flat,            ///< nearest even, where codes are the upper bits of binary32
  nearest,         ///< by the rounding of an addition, and so the next
  toward_zero,
  away_from_zero,
  upward,
  downward,
};
template <class Word>
struct sum_rounding {
  encode_plan<Word> plan;  ///< to values
  sum_method how = sum_method::general;
  Word limit = 0;  ///< beyond which, in magnitude, only `general` knows what to do
};

/// Which adder that aligns.
enum class adder_kind : std::uint8_t {
  plain,         ///< lowp::aligned_sums that cut off and in which zeros take no part; or none
  general,       ///< any lowp::aligned_sums
  staged,        ///< lowp::staged_sums
  block_scaled,  ///< lowp::block_scaled_sums; terms counts the scales, too
};
/// Sums of groups, where operations of binary32 are those of the policy.
enum class group_kind : std::uint8_t {
  none,
  nearest,  ///< to nearest even
  odd,      ///< products are exact, sums to odd
  fused,    ///< of pairs: products are exact, their sum to nearest even
};
/// What adders have beside sum_model, in binary64.
struct adder_model {
  adder_kind kind = adder_kind::plain;
  bool rounds_to_nearest = false;
  bool counts_zeros = false;
  bool sums_groups = false;  ///< of block_scaled: products of a unit are one term
  int zero_exponent = 0, lowest_sum_exponent = -126, lowest_scale_exponent = -1000;
  int factor_bits = 23;  ///< of a mantissa
  int sum_bits = 0, accumulator_bits = 0, accumulator_reach = 0;
  std::size_t interleaved = 1;  ///< 1 or 2
  std::size_t unit = 0;         ///< of block_scaled: products after each scale
};

/// A sum that is rounded to a format after each product, instead of the order k32.
struct sum_model {
  sum_rounding<std::uint64_t> wide;    ///< from binary64
  sum_rounding<std::uint32_t> narrow;  ///< from binary32, if it is_short
  bool is_short = false;               ///< 22 bits decide, or 31 hold the sums of an adder
  bool is_plain = false;               ///< no rounding but that of FMAs in binary32
  bool rounds_products = false;
  bool keeps_products = false;  ///< of is_pairwise with chunks of 2: sums of products are exact
  bool is_pairwise = false;     ///< within a chunk, or within the depth, which is then all of K
  bool is_l_mul = false;
  bool adds_l_mul = false;          ///< such products are normal numbers, and binary32 adds them
  int l_mul_shift = 0;              ///< l of product::l_mul
  std::uint64_t skipped_draws = 0;  ///< after each product of a chain
  bool is_downward = false;         ///< terms that cancel leave -0
  std::size_t chunk = 0;            ///< of products whose sum is promoted; or 0: sums run on
  sum_rounding<std::uint64_t> wide_promotion;
  sum_rounding<std::uint32_t> narrow_promotion;
  bool promotes_to_binary32 = true;  ///< as binary32 lanes do by themselves

  // An adder that aligns; else terms is 0. No sum leaves the normal range of binary32, and no
  // product if it is_short.
  std::size_t terms = 0;
  int fraction_bits = 0, mantissa_bits = 0;
  std::uint32_t lowest_lane_exponent = 1, lowest_row_exponent = 1;  ///< of factors, biased
  adder_model adder;
  group_kind group = group_kind::none;  ///< of is_pairwise with chunks of 2 or 4

  template <class Word>
  [[nodiscard]] const sum_rounding<Word>& rounding() const {
    return of_word<Word>(wide, narrow);
  }
  template <class Word>
  [[nodiscard]] const sum_rounding<Word>& promotion() const {
    return of_word<Word>(wide_promotion, narrow_promotion);
  }

 private:
  template <class Word>
  [[nodiscard]] static const sum_rounding<Word>& of_word(
      const sum_rounding<std::uint64_t>& of_64_bits,
      const sum_rounding<std::uint32_t>& of_32_bits) {
    if constexpr (sizeof(Word) == 8) {
      return of_64_bits;
    } else {
      return of_32_bits;
    }
  }
};
/// sums[r * width + l]: the running sum of row r and lane l, or with a chunk the promoted one.
struct model_tile {
  product_tile tile;
  // Of a stochastic mode: the first draw of sum 0, and how far those of other sums are from it,
  // whole blocks of draws.
  std::uint64_t first_draw = 0, row_draws = 0, lane_draws = 0;
};

/// As product_tile, but sums are in binary64, each of them one or more numbers: `windows`, which
/// lie window_sums apart. The first one takes of each product the multiple of the last place of
/// splitters[0], to nearest, the next one of what is left that of splitters[1], and so on; the last
/// one has no splitter. With one window, products are added in the order of k, by FMAs.
///
/// A splitter is 1.5 * 2^e, and the sums of its window at most 2^(e - 1) in magnitude.
struct window_tile {
  static constexpr int most = 8;

  product_tile tile;  ///< without sums
  double* sums;
  std::size_t window_sums;
  const double* splitters;
};

/// How sums in binary64 are rounded.
enum class chain_method : std::uint8_t {
  nearest,   ///< to nearest even
  directed,  ///< what is not exact to the neighbour that the signs name
  ties,      ///< and only what lies half way between two, the rest to nearest
  odd,       ///< to odd
};
/// Chains in binary64.
struct chain_model {
  chain_method how = chain_method::nearest;
  // Of directed and ties: which of the two neighbours. Where the sign of what nearest even rounds
  // off is + (towards: -), the next number on that side is taken; with looks_at_sign, where it is
  // that of the sum (towards: where it is not).
  bool looks_at_sign = false, moves_towards = false;
  bool is_downward = false;  ///< terms that cancel leave -0
  std::size_t chunk = 0;     ///< of products whose sum is promoted; or 0: sums run on
  std::size_t depth = 0;     ///< of all of K
  sum_rounding<std::uint64_t> promotion;
  bool promotes_to_binary64 = false;
};
/// As product_tile, but sums are in binary64; with a chunk the promoted ones, and those of the
/// chunk so far lie chunk_sums further on. `first` is the first k of the tile.
struct chain_tile {
  product_tile tile;  ///< without sums
  double* sums;
  std::size_t chunk_sums;
  std::size_t first;
};

/// How sums without rounding are rounded to binary32 in another way than to nearest even; those of
/// lane 0 by the draw `first_draw`.
struct window_rounding {
  sum_rounding<std::uint64_t> to_binary32;
  std::uint64_t first_draw = 0, lane_draws = 0;
};

/// Of the magnitudes of values, as bits: the lowest but zero, less 1; the highest; the bits that
/// any of them has; the lowest last bit, a power of two, less 1.
struct magnitude_range {
  std::uint32_t low = 0xFFFFFFFFu, high = 0, used = 0, unit = 0xFFFFFFFFu;

  void include(const magnitude_range& other) {
    low = low < other.low ? low : other.low;
    unit = unit < other.unit ? unit : other.unit;
    high = high < other.high ? other.high : high;
    used |= other.used;
  }
};

/// Where an addition rounds to.
enum class direction : std::uint8_t { nearest, zero, up, down };

/// A chunk of K, 16 steps of 32, of a few rows and of one other row: sums[m * group + step] = the
/// chains of that step of row m and the other.
struct product_steps {
  static constexpr std::size_t steps = 16, size = 32 * steps;
  static constexpr std::size_t group = 16 * steps;  ///< sums of 16 others for the same row

  const float* rows;      ///< [k of the step][m][step]
  std::size_t row_count;  ///< 1, 2, 3, 4, 6 or 8
  const float* other;     ///< [k of the step][step]
  float* sums;
};

/// Some steps of 32 of a few rows and of others as they lie in memory, in the order k32. The others
/// come in groups of pairs_per_vector(level).
struct pair_rows {
  const float* rows;         ///< [pair of k][row][k of the pair]
  std::size_t row_count;     ///< 1, 2, 3, 4, 6 or 8
  const void* others;        ///< in binary32 …
  bool are_bfloat16;         ///< … or this
  std::size_t other_stride;  ///< in bytes
  std::size_t groups, steps;
  float* totals;  ///< [group][row][other], each twice
};

/// Some rows and columns, those of a k beside each other in memory, in the order k32.
struct column_rows {
  const float* rows;  ///< row r at r * row_stride
  std::size_t row_stride, row_count;
  const float* columns;  ///< [k][column_stride]
  std::size_t column_stride, column_count;
  std::size_t depth;  ///< a multiple of 32 but at the end of K
  float* sums;        ///< row r at r * sums_stride; written up to a multiple of 16 columns
  std::size_t sums_stride;
};

/// As product_steps, for several whole chunks, the other row being packed codes, the low ones
/// first, and scales.
struct code_steps {
  const float* rows;  ///< [chunk][k of the step][m][step]
  std::size_t row_count;
  const value_table* table;
  const std::uint8_t* codes;
  int bits;             ///< from one code to the next
  const float* scales;  ///< [step] or [step][half]
  int scales_per_step;
  std::size_t chunks;
  float* sums;  ///< [chunk][m] at group apart
};

/// Some steps of 32 of a few rows and of 16 others, which lie side by side as in a packed_operand:
/// totals[r * 16 + l] gains the sums of row r and of lane l, in the order k32.
struct group_product {
  static constexpr std::size_t lanes = 16, step = 32, most_groups = 4;
  /// Of K, codes that lie together: a unit.
  [[nodiscard]] static constexpr std::size_t unit(int bits) { return bits == 4 ? 8 : 4; }
  /// Groups side by side, as many as registers hold.
  [[nodiscard]] static constexpr std::size_t together(int bits, std::size_t rows) {
    return bits != 4 ? (rows == 1 ? 2 : 1) : rows <= 2 ? 4 : rows <= 4 ? 2 : 1;
  }

  const float* rows;      ///< [unit][row][k of the unit]
  std::size_t row_count;  ///< 1, 2, 3, 4 or 8
  const value_table* table;
  int bits;                              ///< of a code, 4, 6 or 8
  const std::uint8_t* codes;             ///< [unit][lane]
  std::size_t group_count, group_bytes;  ///< groups, and from the codes of one to those of the next
  /// As `codes`: what is read after these, and brought nearer.
  const std::uint8_t* next;
  /// [step][lane], and the sum of a step is multiplied, which is to be exact; or
  /// [step][half][lane], and each element is.
  const float* scales;
  std::size_t group_scales;
  bool scales_sums;
  std::size_t steps;
  float* totals;  ///< [row][lane]
  std::size_t group_totals;
};

/// What finished values of a row go through: times row_scale, times col_scales[i], plus bias[i],
/// and the activation. Arrays may be null.
struct row_epilogue {
  float row_scale = 1;  ///< 1 changes nothing
  const float* col_scales = nullptr;
  const float* bias = nullptr;
  lowp::activation activation = lowp::activation::none;

  static constexpr std::size_t group = 16;  ///< values that kernels take at a time
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
