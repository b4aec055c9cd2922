// SPDX-License-Identifier: MIT
// The kernels of matrix products as functions of the instruction set: panels in, sums out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/kernels/activation.hpp"
#include "lowp/kernels/dispatch.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/kernels/targets.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace kernels {

/// sums[r * width + l] += the dot product of row r and lane l over `depth` values of k, in the
/// order k32.
struct product_tile {
  static constexpr std::size_t max_depth = 512;
  /// Rows begin in different sets of a cache.
  static constexpr std::size_t row_stride = max_depth + 16;

  const float* lanes;  ///< [k][width]
  std::size_t width;   ///< 16, or lanes_per_tile(level)
  const float* rows;   ///< row r at r * row_stride
  std::size_t row_count;
  std::size_t depth;  ///< at most max_depth; a multiple of 32 but at the end of K
  float* sums;
};

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

/// The same for several whole chunks, the other row being packed codes of 4 bits, the low ones
/// first, and scales.
struct nibble_steps {
  const float* rows;  ///< [chunk][k of the step][m][step]
  std::size_t row_count;
  const float* values;  ///< by code
  const std::uint8_t* codes;
  const float* scales;  ///< [step] or [step][half]
  int scales_per_step;
  std::size_t chunks;
  float* sums;  ///< [chunk][m] at group apart
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

#define LOWP_TARGET_NAMESPACE portable
#define LOWP_TARGET_PRODUCT "lowp/kernels/product_portable.inc"
#include "lowp/kernels/product_body.inc"

#if LOWP_X86_TARGETS

LOWP_TARGET_BEGIN("avx2,fma,f16c")
#define LOWP_TARGET_NAMESPACE avx2
#define LOWP_TARGET_PRODUCT "lowp/kernels/product_avx2.inc"
#include "lowp/kernels/product_body.inc"
LOWP_TARGET_END

LOWP_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512dq,fma,f16c")
#define LOWP_TARGET_NAMESPACE avx512
#define LOWP_TARGET_PRODUCT "lowp/kernels/product_avx512.inc"
#define LOWP_TARGET_PRODUCT_CODES "lowp/kernels/product_nibbles.inc"
#include "lowp/kernels/product_body.inc"
LOWP_TARGET_END

LOWP_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vnni,fma,f16c")
#define LOWP_TARGET_NAMESPACE avx512vbmi
#define LOWP_TARGET_PRODUCT "lowp/kernels/product_avx512.inc"
#define LOWP_TARGET_PRODUCT_CODES "lowp/kernels/product_integers.inc"
#include "lowp/kernels/product_body.inc"
LOWP_TARGET_END

#endif

namespace lowp {
inline namespace LOWP_BASELINE {
namespace kernels {

[[nodiscard]] inline std::size_t rows_per_tile(isa level) {
  LOWP_DISPATCH(level, static_cast<std::size_t>(tile_shape.rows));
}
[[nodiscard]] inline std::size_t lanes_per_tile(isa level) {
  LOWP_DISPATCH(level, static_cast<std::size_t>(tile_shape.lanes));
}
inline void multiply(isa level, const product_tile& t) { LOWP_DISPATCH(level, add_tile(t)); }
inline void multiply(isa level, const product_steps& p) { LOWP_DISPATCH(level, sum_steps(p)); }
/// totals[r] += sums[r * 16 + step] for 16 steps, one after the other, and 16 r.
inline void add_steps(isa level, const float* sums, float* totals) {
  LOWP_DISPATCH(level, add_steps(sums, totals));
}
/// Whether nibble_steps may be multiplied.
[[nodiscard]] inline bool has_nibble_products([[maybe_unused]] isa level) {
#if LOWP_X86_TARGETS
  return level >= isa::avx512;
#else
  return false;
#endif
}
#if LOWP_X86_TARGETS
inline void multiply(const nibble_steps& p) { avx512::sum_nibble_steps(p); }
#else
inline void multiply(const nibble_steps&) {}
#endif

/// Whether the functions on integers may be called.
[[nodiscard]] inline bool has_integer_products([[maybe_unused]] isa level) {
#if LOWP_X86_TARGETS
  return level >= isa::avx512vbmi;
#else
  return false;
#endif
}
#if LOWP_X86_TARGETS
inline void multiply(const integer_tile& t) { avx512vbmi::add_integer_tile(t); }
inline void multiply(const integer_steps& p) { avx512vbmi::sum_integer_steps(p); }
using avx512vbmi::find_outside;
using avx512vbmi::integers_of_codes;
using avx512vbmi::integers_of_nibbles;
using avx512vbmi::store_offsets;
using avx512vbmi::store_powers;
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
