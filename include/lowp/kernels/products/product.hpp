// SPDX-License-Identifier: MIT
// The kernels of matrix products as functions of the instruction set: panels in, sums out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/products/activation.hpp"
#include "lowp/kernels/products/block_tile.hpp"
#include "lowp/kernels/products/integer_tiles.hpp"
#include "lowp/kernels/products/tile_registers.hpp"
#include "lowp/kernels/products/tiles.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

[[nodiscard]] LOWP_BORDER std::size_t rows_per_tile(isa level);
[[nodiscard]] LOWP_BORDER std::size_t lanes_per_tile(isa level);
LOWP_BORDER void multiply(isa level, const product_tile& t);
/// As product_tile, by a sum_model. A template, so that without lowp::compiled only who uses it
/// compiles it.
template <class Model>
void multiply_modeled(isa level, const Model& m, const model_tile& t);
/// Adds the products of a window_tile to its sums, in W windows.
template <int W>
void multiply_windows(isa level, const window_tile& t);
/// As product_tile, by a chain_model; a template, as multiply_modeled is.
template <class Model>
void multiply_chains(isa level, const Model& m, const chain_tile& t);
/// out = the sum of W windows, whose sums lie window_sums apart, times a scale, plus start, if that
/// is not null, rounded once to nearest even. Whole groups of 16 are read and written.
template <int W>
void finish_windows(isa level, const double* sums, std::size_t window_sums, double scale,
                    const float* start, std::size_t count, float* out);
/// The sum of W windows, rounded as `by` says.
template <int W>
void finish_windows(isa level, const window_rounding& by, const double* sums,
                    std::size_t window_sums, double scale, const float* start, std::size_t count,
                    float* out);
/// Numbers that add up to one such sum times the scale, plus start[0], of which exact::add, in
/// their order, gives the first 96 bits and whether more follow.
template <int W>
using window_terms = std::array<double, static_cast<std::size_t>(2 * W + 1)>;
template <int W>
[[nodiscard]] window_terms<W> terms_of_windows(const double* sums, std::size_t window_sums,
                                               double scale, const float* start);
/// out = (sums * a) * b in binary64, then rounded to binary32. Whole groups of 16 are written.
LOWP_BORDER void finish_chains(isa level, const double* sums, double a, double b, std::size_t count,
                               float* out);
/// Of `count` values, a multiple of 16.
[[nodiscard]] LOWP_BORDER magnitude_range find_magnitudes(isa level, const float* values,
                                                          std::size_t count);

LOWP_BORDER void multiply(isa level, const product_steps& p);
/// How many of the others of pair_rows are a group; 0: there is no such kernel.
[[nodiscard]] LOWP_BORDER std::size_t pairs_per_vector(isa level);
LOWP_BORDER void multiply(isa level, const pair_rows& p);
LOWP_BORDER void multiply(isa level, const column_rows& p);
/// totals[r] += sums[r * 16 + step] for 16 steps, one after the other, and 16 r.
LOWP_BORDER void add_steps(isa level, const float* sums, float* totals);
/// Whether code_steps or a group_product of such codes may be multiplied.
[[nodiscard]] inline bool has_code_products(isa level, int bits, const value_table& table) {
  if (bits == 4) return has(level, feature::nibble_products);
  const bool has_place = bits == 8 || (bits == 6 && table.bits == 6);
  return has(level, feature::byte_tables) && has_place && table.is_upper_half;
}
LOWP_BORDER void multiply(const code_steps& p);
LOWP_BORDER void multiply(const group_product& p);

/// Whether the functions on integers may be called.
[[nodiscard]] constexpr bool has_integer_products(isa level) {
  return has(level, feature::integer_products);
}
LOWP_BORDER void multiply(const integer_tile& t);
/// On x86.
LOWP_BORDER void multiply(const integer_steps& p);
/// Whether bytes are multiplied as they are, fours of them.
[[nodiscard]] constexpr bool has_block_fours(isa level) {
  return LOWP_X86_TARGETS != 0 && has_integer_products(level);
}
/// Of lanes that lie as a packed_operand's (are_packed); where has_block_fours().
LOWP_BORDER void multiply_packed(const block_tile& t);
/// Codes of at most 6 bits by table, or of 8 bits as they are, to integers; zeros up to a multiple
/// of 64.
LOWP_BORDER void integers_of_codes(const integer_codes& map, std::uint8_t flip,
                                   const std::uint8_t* codes, std::size_t count, std::uint8_t* out);
/// As integers_of_codes, from packed codes of 4 bits, the low ones first.
LOWP_BORDER void integers_of_nibbles(const integer_codes& map, std::uint8_t flip,
                                     const std::uint8_t* bytes, std::size_t count,
                                     std::uint8_t* out);
/// The first of `count` codes that is less than `low` or greater than `high`.
[[nodiscard]] LOWP_BORDER std::size_t find_outside(const std::uint8_t* codes, std::size_t count,
                                                   std::uint8_t low, std::uint8_t high);
/// The offsets of a panel (see integer_tile).
LOWP_BORDER void store_offsets(const std::uint8_t* panel, std::size_t width, std::size_t steps,
                               std::int32_t* out);
/// The powers of two of at most 16 codes of E8M0, or of others whose field is offset.
LOWP_BORDER void store_powers(const std::uint8_t* codes, std::size_t count, int offset, float* out);

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
/// In pair_order::neighbors.
template <class Tiles>
void multiply_by_tiles(const bfloat16_tile& t);
/// In pair_order::chains.
LOWP_BORDER void multiply_by_dots(const bfloat16_tile& t);
/// The lowest exponent field of values that are not zero, or 256; of a multiple of 16 of them.
[[nodiscard]] LOWP_BORDER int lowest_exponent_field(const float* values, std::size_t count);
/// Values, a multiple of 32 of them, to bfloat16, two to a word. Returns their lowest exponent
/// field, or -1 if not all are bfloat16.
template <pair_order Order>
[[nodiscard]] int narrow_to_bfloat16(const float* in, std::size_t count, std::uint32_t* out);
/// As narrow_to_bfloat16, of values that are bfloat16 in memory, any number of them; zeros up to a
/// multiple of 32.
template <pair_order Order>
[[nodiscard]] int arrange_bfloat16(const void* in, std::size_t count, std::uint32_t* out);
/// As narrow_to_bfloat16, of packed codes of 4 bits, the low ones first, times scales: those of
/// whole steps of 32, one for each or one for each half. Also -1 if another code would not be
/// bfloat16.
template <pair_order Order, int ScalesPerStep>
[[nodiscard]] int decode_nibbles_to_bfloat16(const value_table& table, const std::uint8_t* codes,
                                             const float* scales, std::size_t steps,
                                             std::uint32_t* out);

/// Two 16-bit integers to a word.
LOWP_BORDER void multiply_pairs(isa level, const integer_sum_tile& t);
/// Four of 8 bits, where there are integer products. With tile registers up to 32 rows, of which a
/// multiple of 16 may be read.
template <bool ByTiles>
void multiply_fours(const integer_sum_tile& t);
LOWP_BORDER void multiply(const integer_dots& p);
/// (code ^ flip) + bias of `count` codes, each in a byte; then zeros up to a multiple of 32.
LOWP_BORDER void offset_codes(const std::uint8_t* codes, std::size_t count, std::uint8_t flip,
                              std::uint8_t bias, std::uint8_t* out);
/// Modulo 2^32.
[[nodiscard]] LOWP_BORDER std::uint32_t sum_signed_bytes(const std::uint8_t* bytes,
                                                         std::size_t count);
/// Of a row, with row_byte_offset added to them.
[[nodiscard]] LOWP_BORDER std::uint32_t sum_row_bytes(const std::uint8_t* bytes, std::size_t count);

/// Of one or two thousand bytes, say.
LOWP_BORDER void copy(isa level, const float* in, std::size_t count, float* out);
/// values = (values - zero) * factor, each operation rounded to nearest even.
LOWP_BORDER void scale_differences(isa level, float zero, float factor, std::size_t count,
                                   float* values);
/// out[k * out_stride + r] = in[r * in_stride + k] for r < 16, k < count, a multiple of 16; words
/// of 32 bits, whatever they hold.
LOWP_BORDER void transpose(isa level, const void* in, std::size_t in_stride, std::size_t count,
                           void* out, std::size_t out_stride);

/// As transpose, of at most 16 rows and any count; zeros up to a multiple of 16 of both.
LOWP_BORDER void transpose_part(isa level, const void* in, std::size_t in_stride, std::size_t rows,
                                std::size_t count, void* out, std::size_t out_stride);
/// finish, below, of `count` sums in each of some rows. Of a row of sums up to a multiple of 16 are
/// read.
LOWP_BORDER void finish_rows(isa level, std::uint32_t a, std::uint32_t b, const float* sums,
                             std::size_t sums_stride, std::size_t rows, std::size_t count,
                             float* out, std::size_t out_stride);

namespace detail {
LOWP_BORDER void run_finish(isa level, std::uint32_t a, std::uint32_t b, const float* sums,
                            std::size_t count, std::uint32_t* out);
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
LOWP_BORDER void run_epilogue(isa level, const row_epilogue& e, std::size_t count, float* values);
}  // namespace detail

/// The activation of x, one of binary32; in the lanes of the portable target, one at a time.
/// clang's -ffast-math takes a float argument or result for no NaN, where it sees how it is used.
template <activation A>
[[nodiscard]] float activated(float x);

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
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/products/product.inc"
#endif
