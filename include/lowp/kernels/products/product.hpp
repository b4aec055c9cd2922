// SPDX-License-Identifier: MIT
// The kernels of matrix products as functions of the instruction set: panels in, sums out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/products/activation.hpp"
#include "lowp/kernels/products/integer_tiles.hpp"
#include "lowp/kernels/products/tile_registers.hpp"
#include "lowp/kernels/products/tiles.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/kernels/targets.hpp"

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
/// Adds the products of a window_tile to its sums, in W windows.
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
