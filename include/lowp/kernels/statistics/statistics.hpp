// SPDX-License-Identifier: MIT
// What lies in each block of a row of blocks, in one pass: extremes in integers, sums in binary64.
//
// The order of sums is that of block_figures.hpp. The caller sees to the floating-point environment
// (core/config.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/statistics/block_figures.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Blocks next to each other: rows x block_cols elements each, the last one of fewer columns; row r
/// begins at first + r * stride.
struct row_of_blocks {
  const float* first = nullptr;
  std::size_t stride = 0, rows = 0, cols = 0, block_cols = 0;
};

/// Statistics of each block. Of a block with a value that is infinite or NaN only that is said:
/// nonfinite is not 0, and nothing else of it is meant.
LOWP_BORDER void add_up_blocks(isa level, statistic_choice which, const row_of_blocks& blocks,
                               block_statistics* out);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/statistics/statistics.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
