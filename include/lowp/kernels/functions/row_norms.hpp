// SPDX-License-Identifier: MIT
// What LayerNorm and RMSNorm do with a row: sums in binary64, and the elements scaled in binary32.
//
// Element c of a row belongs to chain c mod 16. A chain starts from zero and takes its elements in
// order; chains are added as chain i + chain i + 8 for i < 8, then those 4, 2 and 1 apart. The
// caller sees to the floating-point environment (core/config.hpp).
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

/// The chains of a sum over a row.
inline constexpr std::size_t row_chains = 16;

/// Sums over a row of differences d = x - shift, rounded to binary64, and of their squares, rounded
/// before they are added.
struct row_moments {
  double sum = 0, squares = 0;
};
[[nodiscard]] LOWP_BORDER row_moments moments_of_row(isa level, const float* x, std::size_t count,
                                                     float shift);
/// The sum of the squares, which are exact.
[[nodiscard]] LOWP_BORDER double squares_of_row(isa level, const float* x, std::size_t count);

/// out[i] = ((x[i] - mean_high) - mean_low) * factor, then * gain[i], then + bias[i], each
/// operation rounded to binary32; NaN, by a gain or a bias, as 0x7FC00000. Without a mean nothing
/// is subtracted; lists may be null.
struct row_scaling {
  const float* x = nullptr;
  float* out = nullptr;
  std::size_t count = 0;
  bool has_mean = false;
  float mean_high = 0, mean_low = 0, factor = 0;
  const float *gain = nullptr, *bias = nullptr;
  bool streams = false;  ///< past the caches, where `out` lies at a whole vector
};
LOWP_BORDER void scale_row(isa level, const row_scaling& row);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/functions/row_norms.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
