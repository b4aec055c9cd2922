// SPDX-License-Identifier: MIT
// Rows in binary32 of any operand.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/operands/described_rows.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/packed_rows.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Makes a transposed copy of the values, in binary32.
template <class Of>
void with_described_rows(isa level, const transposed_description<Of>& d, const row_use& use) {
  constexpr std::size_t group = lane_tiles::group, most = kernels::product_tile::max_depth;
  constexpr std::size_t stride = kernels::product_tile::buffer_stride;
  const auto use_copy = [&](const row_source& from) {
    const std::size_t width = round_up(from.rows(), group);
    const auto values = make_aligned<float>(round_up(from.cols(), group) * width);
    {
      const default_float_environment environment;
      alignas(64) float rows[group * stride] = {};
      for (std::size_t row = 0; row < from.rows(); row += group) {
        const std::size_t count = (std::min)(group, from.rows() - row);
        for (std::size_t k = 0; k < from.cols(); k += most) {
          const std::size_t n = (std::min)(most, from.cols() - k);
          for (std::size_t i = 0; i < count; ++i) from(row + i, k, n, rows + i * stride);
          kernels::transpose(level, rows, stride, round_up(n, group),
                             values.get() + k * width + row, width);
        }
      }
    }
    const matrix_view<const float> copy(values.get(), from.cols(), from.rows(), width);
    with_described_rows(level, describe(copy), use);
  };
  with_described_rows(level, d.of, row_use(use_copy));
}

/// Calls use(row_source) for an operand.
template <gemm_operand X, class Use>
void with_rows(isa level, const X& x, const Use& use) {
  with_described_rows(level, describe(x), row_use(use));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
