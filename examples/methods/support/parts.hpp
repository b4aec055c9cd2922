// SPDX-License-Identifier: MIT
// Parts of matrices, and rows as columns, as matrices of their own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <lowp/number/catalog.hpp>
#include <lowp/number/conversion.hpp>
#include <lowp/transforms/column_order.hpp>
#include <span>
#include <vector>

#include "support/data.hpp"

namespace methods {

/// The columns that a list names, in its order.
[[nodiscard]] inline matrix columns_of(lowp::matrix_view<const float> x,
                                       std::span<const std::size_t> columns) {
  matrix part{x.rows, columns.size()};
  lowp::gather_columns(x, columns, part.view());
  return part;
}

/// The columns from `first` on.
[[nodiscard]] inline matrix columns_of(lowp::matrix_view<const float> x, std::size_t first,
                                       std::size_t count) {
  matrix part{x.rows, count};
  for (std::size_t i = 0; i < x.rows; ++i) std::copy_n(x.row(i) + first, count, part.view().row(i));
  return part;
}

/// The rows that a list names, in its order.
[[nodiscard]] inline matrix rows_of(lowp::matrix_view<const float> x,
                                    std::span<const std::size_t> rows) {
  matrix part{rows.size(), x.cols};
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(x.row(rows[i]), x.cols, part.view().row(i));
  return part;
}

/// Each value in FP16, rounded to nearest.
[[nodiscard]] inline std::vector<lowp::binary16> in_fp16(const matrix& x) {
  std::vector<lowp::binary16> out;
  for (const float v : x.values) out.push_back(lowp::convert<lowp::formats::binary16>(v));
  return out;
}

/// The rows as columns.
[[nodiscard]] inline matrix turned(lowp::matrix_view<const float> x) {
  matrix result{x.cols, x.rows};
  for (std::size_t r = 0; r < x.rows; ++r)
    for (std::size_t c = 0; c < x.cols; ++c) result.values[c * x.rows + r] = x(r, c);
  return result;
}

}  // namespace methods
