// SPDX-License-Identifier: MIT
// The kernels of matrix products as functions of the instruction set: panels in, sums out.
#pragma once

#include <cstddef>
#include <cstdint>

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

/// A part of K, 16 steps of 32, of a few rows and of one other row: sums[m * group + step] = the
/// chains of that step of row m and the other. Values lie as [32][step].
struct product_steps {
  static constexpr std::size_t steps = 16, size = 32 * steps;
  static constexpr std::size_t group = 16 * steps;  ///< sums of 16 others for the same row

  const float* rows;  ///< row m at m * size
  std::size_t row_count;
  const float* other;
  float* sums;
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

}  // namespace kernels
}  // namespace LOWP_BASELINE
}  // namespace lowp
