// SPDX-License-Identifier: MIT
// The kernels of matrix products as functions of the instruction set: panels in, sums out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/products/activation.hpp"
#include "lowp/kernels/products/tile_registers.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/kernels/targets.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace kernels {

/// sums[r * width + l] += the dot product of row r and lane l over `depth` values of k, in the
/// order k32.
struct product_tile {
  static constexpr std::size_t max_depth = 512;
  /// For rows in a buffer, which begin in different sets of a cache.
  static constexpr std::size_t buffer_stride = max_depth + 16;

  const float* lanes;  ///< [k][width]
  std::size_t width;   ///< 16, or lanes_per_tile(level)
  const float* rows;   ///< row r at r * row_stride
  std::size_t row_stride;
  std::size_t row_count;
  std::size_t depth;  ///< at most max_depth; a multiple of 32 but at the end of K
  float* sums;
};

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

  const float* lanes;  ///< [word][width]
  std::size_t width;   ///< 16 or 32
  const float* rows;   ///< row r at r * row_stride; by tiles a multiple of 16 may be read …
  std::size_t row_count;
  std::size_t words;  ///< a multiple of 16
  float* sums;        ///< … and so many rows of sums written
};

/// Which expression rounds a running sum.
enum class sum_method : std::uint8_t {
  general,  ///< any mode, any values
  random,   ///< the same for stochastic modes
  flat,     ///< nearest even, where codes are the upper bits of binary32
  nearest,  ///< by the rounding of an addition, and so the next
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

/// A sum that is rounded to a format after each product, instead of the order k32.
struct sum_model {
  sum_rounding<std::uint64_t> wide;    ///< from binary64
  sum_rounding<std::uint32_t> narrow;  ///< from binary32, if it is_short
  bool is_short = false;               ///< 22 bits decide, or 31 hold the sums of an adder
  bool is_plain = false;               ///< no rounding but that of FMAs in binary32
  bool rounds_products = false;
  bool is_pairwise = false;  ///< within a chunk, or within the depth, which is then all of K
  bool is_l_mul = false;
  int l_mul_shift = 0;       ///< l of product::l_mul
  bool is_downward = false;  ///< terms that cancel leave -0
  std::size_t chunk = 0;     ///< of products whose sum is promoted; or 0: sums run on
  sum_rounding<std::uint64_t> wide_promotion;
  sum_rounding<std::uint32_t> narrow_promotion;
  bool promotes_to_binary32 = true;  ///< as binary32 lanes do by themselves

  // An adder that aligns; else terms is 0. No sum leaves the normal range of binary32, and no
  // product if it is_short.
  std::size_t terms = 0;
  int fraction_bits = 0, mantissa_bits = 0;
  std::uint32_t lowest_lane_exponent = 1, lowest_row_exponent = 1;  ///< of factors, biased

  template <class Word>
  [[nodiscard]] const sum_rounding<Word>& rounding() const {
    if constexpr (sizeof(Word) == 8) {
      return wide;
    } else {
      return narrow;
    }
  }
};
/// sums[r * width + l]: the running sum of row r and lane l, or with a chunk the promoted one.
struct model_tile {
  product_tile tile;
  // Of a stochastic mode: the first draw of sum 0, and how far those of other sums are from it.
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
  std::size_t row_count;  ///< 1, 2, 4 or 8
  const float* other;     ///< [k of the step][step]
  float* sums;
};

/// The same for several whole chunks, the other row being packed codes, the low ones first, and
/// scales.
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
  static constexpr std::size_t lanes = 16, step = 32;

  const float* rows;      ///< [k][row]
  std::size_t row_count;  ///< 1, 2, 4 or 8
  const value_table* table;
  int bits;                   ///< of a code, 4, 6 or 8
  const std::uint8_t* codes;  ///< [unit][lane]
  /// [step][lane], and the sum of a step is multiplied, which is to be exact; or
  /// [step][half][lane], and each element is.
  const float* scales;
  bool scales_sums;
  std::size_t steps;
  float* totals;
};

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
  const std::int32_t* offsets;  ///< [step][width], -128 times the sum of the lane
  const float* lane_scales;     ///< [step][width]
  std::size_t width;
  const std::uint8_t* rows;  ///< row r at r * row_stride, with 128 added
  const float* row_scales;   ///< [row][max_steps]
  std::size_t row_count;
  std::size_t steps;
  float* sums;
};

/// As product_tile, for accumulation::integers. A word of a row and of a lane holds four k as 8-bit
/// integers, those of rows with 128 added, or two as 16-bit ones. Words are summed in spans of K,
/// each of which belongs to one scale of either operand; their sum may go on in the next chunk.
struct integer_sum_tile {
  static constexpr std::size_t max_words = product_tile::max_depth;
  static constexpr std::size_t row_stride = product_tile::buffer_stride;
  /// What the words of a span are a multiple of.
  static constexpr std::size_t unit = 8, max_spans = max_words / unit;
  struct span {
    std::size_t words;
    bool begins, ends;  ///< from zero; with the sum scaled and added to `sums`
  };

  const float* lanes;  ///< [word][width]
  std::size_t width;   ///< 16, or lanes_per_tile(level)
  const float* rows;   ///< row r at r * row_stride
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
  float* rest;  ///< the bits of sums of integers that go on
};

/// The same for bytes of a few rows and up to 16 others, whose codes are read where they lie: some
/// spans, each of which begins at a multiple of 64 in K. With u = q - lowest of the others, x of
/// the rows and their zero points z - c, w = z - lowest, a sum is
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
  std::uint8_t sign;  ///< which bit codes and u differ in
  const integer_sum_tile::span* spans;
  const part* parts;
  std::size_t span_count;
  const std::uint32_t* row_sums;  ///< [span][most_rows] sum x
  const std::uint32_t* row_zeros;
  const float* row_scales;
  const std::uint32_t* other_zeros;  ///< [span][group] w
  const float* other_scales;
  bool rows_first;  ///< whether their scale is that of the first operand
  float* buffer;    ///< 256 for each span and row
  float* totals;    ///< [row] at total_stride
  std::size_t total_stride;
  float* rest;  ///< [row][group]
};

/// As product_steps, for such integers, and for several chunks. The other row is given as packed
/// codes of 4 bits, the low ones first, or as integers with 128 added.
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
}  // namespace LOWP_BASELINE
}  // namespace lowp

#define LOWP_TARGET_BODY "lowp/kernels/products/target_body.inc"
#include "lowp/kernels/targets/each.inc"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace kernels {

[[nodiscard]] inline std::size_t rows_per_tile(isa level) {
  LOWP_DISPATCH(level, static_cast<std::size_t>(tile_shape.rows));
}
[[nodiscard]] inline std::size_t lanes_per_tile(isa level) {
  LOWP_DISPATCH(level, static_cast<std::size_t>(tile_shape.lanes));
}
inline void multiply(isa level, const product_tile& t) {
  LOWP_DISPATCH(level, add_tile<binary32_words>(t));
}
/// A template, so that what it takes is compiled where it is used.
template <class Model>
void multiply_modeled(isa level, const Model& m, const model_tile& t) {
  LOWP_DISPATCH(level, add_model(m, t));
}
/// The same for W windows.
template <int W>
void multiply_windows(isa level, const window_tile& t) {
  LOWP_DISPATCH(level, add_windows<W>(t));
}
/// out = the sum of W windows, whose sums lie window_sums apart, times a scale, rounded once to
/// nearest even. Whole groups of 16 are written.
template <int W>
void finish_windows(isa level, const double* sums, std::size_t window_sums, double scale,
                    std::size_t count, float* out) {
  LOWP_DISPATCH(level, finish_windows<W>(sums, window_sums, scale, count, out));
}
/// Numbers that add up to one such sum times the scale, of which exact::add, in their order, gives
/// the first 96 bits and whether more follow.
template <int W>
[[nodiscard]] portable::window_terms<W> terms_of_windows(const double* sums,
                                                         std::size_t window_sums, double scale) {
  return {sums, window_sums, scale};
}
/// out = (sums * a) * b in binary64, then rounded to binary32. Whole groups of 16 are written.
inline void finish_chains(isa level, const double* sums, double a, double b, std::size_t count,
                          float* out) {
  LOWP_DISPATCH(level, finish_chains(sums, a, b, count, out));
}
/// Of `count` values, a multiple of 16.
[[nodiscard]] inline magnitude_range find_magnitudes(isa level, const float* values,
                                                     std::size_t count) {
  LOWP_DISPATCH(level, find_magnitudes(values, count));
}

inline void multiply(isa level, const product_steps& p) { LOWP_DISPATCH(level, sum_steps(p)); }
/// totals[r] += sums[r * 16 + step] for 16 steps, one after the other, and 16 r.
inline void add_steps(isa level, const float* sums, float* totals) {
  LOWP_DISPATCH(level, add_steps(sums, totals));
}
/// Whether code_steps or a group_product of such codes may be multiplied.
[[nodiscard]] inline bool has_code_products(isa level, int bits, const value_table& table) {
  if (bits == 4) return has(level, feature::nibble_products);
  const bool has_place = bits == 8 || (bits == 6 && table.bits == 6);
  return has(level, feature::byte_tables) && has_place && table.is_upper_half;
}
#if LOWP_COMPILES_avx512vbmi
inline void multiply(const code_steps& p) {
  if (p.bits == 4) return avx512::sum_code_steps<avx512::nibble_codes>(p);
  avx512vbmi::sum_table_steps(p);
}
inline void multiply(const group_product& p) {
  if (p.bits == 4) return avx512::add_group_of<avx512::nibble_units>(p);
  avx512vbmi::add_table_group(p);
}
#else
inline void multiply(const code_steps&) {}
inline void multiply(const group_product&) {}
#endif

/// Whether the functions on integers may be called.
[[nodiscard]] constexpr bool has_integer_products(isa level) {
  return has(level, feature::integer_products);
}
#if LOWP_COMPILES_avx512vbmi
inline void multiply(const integer_tile& t) { avx512vbmi::add_integer_tile(t); }
inline void multiply(const integer_steps& p) { avx512vbmi::sum_integer_steps(p); }
using avx512vbmi::find_outside;
using avx512vbmi::integers_of_codes;
using avx512vbmi::integers_of_nibbles;
using avx512vbmi::store_offsets;
using avx512vbmi::store_powers;
#endif

/// Whether tile registers multiply.
[[nodiscard]] inline bool has_tile_products(isa level) {
  return has(level, feature::tile_products) && are_tiles_permitted();
}
/// While one lives, this thread has tile registers, if the level does. There is one at a time, and
/// none of the caller's.
template <class Tiles>
class tile_session {
 public:
  explicit tile_session(isa level) : has_tiles_(has_tile_products(level)) {
    if (has_tiles_) Tiles::configure();
  }
  ~tile_session() {
    if (has_tiles_) Tiles::release();
  }
  tile_session(const tile_session&) = delete;
  tile_session& operator=(const tile_session&) = delete;

 private:
  bool has_tiles_;
};
/// Whether vectors have dot products of bfloat16 that are faster than FMAs. On processors with
/// tiles they are not: 0.45 in a cycle on Sapphire Rapids, which starts two FMAs.
[[nodiscard]] constexpr bool has_dot_products(isa level) {
  return has(level, feature::dot_bfloat16) && !has(level, feature::tile_products);
}
#if LOWP_COMPILES_avx512vbmi
/// In pair_order::neighbors.
template <class Tiles>
void multiply_by_tiles(const bfloat16_tile& t) {
  avx512vbmi::add_bfloat16_tile<Tiles>(t);
}
/// In pair_order::chains.
inline void multiply_by_dots(const bfloat16_tile& t) { avx512vbmi::add_bfloat16_words(t); }
using avx512vbmi::arrange_bfloat16;
using avx512vbmi::decode_nibbles_to_bfloat16;
using avx512vbmi::lowest_exponent_field;
using avx512vbmi::narrow_to_bfloat16;
#endif

/// Two 16-bit integers to a word.
inline void multiply_pairs(isa level, const integer_sum_tile& t) {
  LOWP_DISPATCH(level, add_integer_pairs(t));
}
#if LOWP_COMPILES_avx512vbmi
/// Four of 8 bits, where there are integer products. With tile registers up to 32 rows, of which a
/// multiple of 16 may be read.
template <bool ByTiles>
void multiply_fours(const integer_sum_tile& t) {
  if constexpr (ByTiles) {
    for (std::size_t i = 0; i < t.span_count; ++i) {
      if (t.spans[i].words < avx512vbmi::tile_words) continue;  // fills none
      return avx512vbmi::add_integer_fours_by_tiles<tile_registers>(t);
    }
  }
  avx512vbmi::add_integer_fours(t);
}
inline void multiply(const integer_dots& p) { avx512vbmi::add_integer_dots(p); }
using avx512vbmi::offset_codes;
using avx512vbmi::sum_signed_bytes;
using avx512vbmi::sum_unsigned_bytes;
#else
template <bool ByTiles>
void multiply_fours(const integer_sum_tile&) {}
inline void multiply(const integer_dots&) {}
inline void offset_codes(const std::uint8_t*, std::size_t, std::uint8_t, std::uint8_t,
                         std::uint8_t*) {}
inline std::uint32_t sum_signed_bytes(const std::uint8_t*, std::size_t) { return 0; }
inline std::uint32_t sum_unsigned_bytes(const std::uint8_t*, std::size_t) { return 0; }
#endif

/// Of one or two thousand bytes, say.
inline void copy(isa level, const float* in, std::size_t count, float* out) {
  LOWP_DISPATCH(level, copy_words(in, count, out));
}
/// out[k * out_stride + r] = in[r * in_stride + k] for r < 16, k < count, a multiple of 16.
inline void transpose(isa level, const float* in, std::size_t in_stride, std::size_t count,
                      float* out, std::size_t out_stride) {
  LOWP_DISPATCH(level, transpose_words(in, in_stride, count, out, out_stride));
}

namespace detail {
inline void run_finish(isa level, std::uint32_t a, std::uint32_t b, const float* sums,
                       std::size_t count, std::uint32_t* out) {
  LOWP_DISPATCH(level, finish_groups(a, b, sums, count, out));
}
}  // namespace detail

/// out = (sums * a) * b, each product rounded to binary32; a NaN is 0x7FC00000.
inline void finish(isa level, std::uint32_t a, std::uint32_t b, const float* sums,
                   std::size_t count, float* out) {
  in_groups(group_size(level, 4), {sums, 32, nullptr, 0, out, 32}, count,
            [&](const auto* from, const auto*, auto* to, std::size_t, std::size_t n) {
              detail::run_finish(level, a, b, reinterpret_cast<const float*>(from), n,
                                 reinterpret_cast<std::uint32_t*>(to));
            });
}

namespace detail {
inline void run_epilogue(isa level, const row_epilogue& e, std::size_t count, float* values) {
  LOWP_DISPATCH(level, finish_row(e, count, values));
}
}  // namespace detail

/// The epilogue of values [0, count), in place. A NaN becomes 0x7FC00000.
inline void finish(isa level, const row_epilogue& e, std::size_t count, float* values) {
  constexpr std::size_t group = row_epilogue::group;
  const std::size_t left = count % group, whole = count - left;
  detail::run_epilogue(level, e, whole, values);
  if (left == 0) return;
  float padded[3][group] = {};
  const auto pad = [&](float* to, const float* from) {
    if (from == nullptr) return from;
    std::memcpy(to, from + whole, left * sizeof(float));
    return static_cast<const float*>(to);
  };
  pad(padded[0], values);
  detail::run_epilogue(
      level, {e.row_scale, pad(padded[1], e.col_scales), pad(padded[2], e.bias), e.activation},
      group, padded[0]);
  std::memcpy(values + whole, padded[0], left * sizeof(float));
}

}  // namespace kernels
}  // namespace LOWP_BASELINE
}  // namespace lowp
