// SPDX-License-Identifier: MIT
// Columns taken by a list of their numbers: orders, selections, and which columns are outliers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/transforms/column_arithmetic.hpp"
#include "lowp/transforms/column_statistics.hpp"
#include "lowp/transforms/places.hpp"

namespace lowp {
namespace detail {

/// An integer in the order of numbers, whatever the compiler's flags; both zeros are one.
[[nodiscard]] constexpr std::uint32_t order_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (bits << 1 == 0) return 0x80000000u;
  return bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
}

}  // namespace detail

inline namespace LOWP_BASELINE {

/// out(r, i) = in(r, columns[i]): an order of columns, a part of them, or some of them twice.
/// Throws std::invalid_argument, before writing, for columns that are not there, an out of another
/// shape than rows x number of columns, or one that shares elements with `in`.
inline void gather_columns(matrix_view<const float> in, std::span<const std::size_t> columns,
                           matrix_view<float> out, const execution& how = {}) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] < in.cols) continue;
    refuse("gather_columns: columns[" + std::to_string(i) + "] is " + std::to_string(columns[i]) +
           ", expected less than cols, " + std::to_string(in.cols));
  }
  if (out.rows != in.rows || out.cols != columns.size()) {
    refuse("gather_columns: out is " + std::to_string(out.rows) + " x " + std::to_string(out.cols) +
           ", expected " + std::to_string(in.rows) + " x " + std::to_string(columns.size()));
  }
  if (bulk::share_elements(in, matrix_view<const float>(out))) {
    refuse("gather_columns: in and out overlap, expected two matrices apart");
  }
  bulk::for_rows(how, out.rows, out.cols, [&](std::size_t first, std::size_t count) {
    for (std::size_t row = first; row < first + count; ++row) {
      const float* const from = in.row(row);
      float* const to = out.row(row);
      for (std::size_t i = 0; i < columns.size(); ++i) to[i] = from[columns[i]];
    }
  });
}

/// The order that undoes one: gather_columns by both gives the matrix again. Throws
/// std::invalid_argument for a list that is no order of 0 … size - 1.
[[nodiscard]] inline std::vector<std::size_t> inverse_order(std::span<const std::size_t> order) {
  std::vector<std::size_t> inverse(order.size(), order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] >= order.size() || inverse[order[i]] != order.size()) {
      refuse("inverse_order: order[" + std::to_string(i) + "] is " + std::to_string(order[i]) +
             ", expected each of 0 to size - 1 once");
    }
    inverse[order[i]] = i;
  }
  return inverse;
}

/// The places of values, the largest first; of equal ones the first. Throws std::invalid_argument
/// for a NaN.
[[nodiscard]] inline std::vector<std::size_t> descending_order(std::span<const float> values) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (unpack(values[i]).is_nan()) {
      refuse("descending_order: values[" + std::to_string(i) + "] is NaN, expected numbers");
    }
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return detail::order_of(values[a]) > detail::order_of(values[b]);
  });
  return order;
}

/// The columns that have an element of at least this magnitude, ascending: LLM.int8() (arXiv
/// 2208.07339) takes 6. Throws std::invalid_argument for a threshold that is NaN or not positive,
/// and if there is a NaN.
[[nodiscard]] inline std::vector<std::size_t> outlier_columns(matrix_view<const float> in,
                                                              float threshold,
                                                              const execution& how = {}) {
  const unpacked limit = unpack(threshold);
  if (limit.is_nan() || limit.is_zero() || limit.negative) {
    refuse("outlier_columns: threshold is " + std::to_string(threshold) +
           ", expected a positive number");
  }
  const std::vector<float> magnitudes = column_magnitudes(in, how);
  std::vector<std::size_t> columns;
  for (std::size_t col = 0; col < in.cols; ++col) {
    if (detail::order_of(magnitudes[col]) >= detail::order_of(threshold)) columns.push_back(col);
  }
  return columns;
}
/// The `count` columns of the largest magnitudes, ascending; of equal ones the first. Throws
/// std::invalid_argument for more than there are, and if there is a NaN.
[[nodiscard]] inline std::vector<std::size_t> largest_columns(matrix_view<const float> in,
                                                              std::size_t count,
                                                              const execution& how = {}) {
  if (count > in.cols) {
    refuse("largest_columns: count is " + std::to_string(count) + ", expected at most cols, " +
           std::to_string(in.cols));
  }
  std::vector<std::size_t> columns = descending_order(column_magnitudes(in, how));
  columns.resize(count);
  std::sort(columns.begin(), columns.end());
  return columns;
}
/// The columns, of so many, that a list in ascending order leaves out: what is no outlier.
[[nodiscard]] inline std::vector<std::size_t> other_columns(std::span<const std::size_t> columns,
                                                            std::size_t cols) {
  std::vector<std::size_t> others;
  std::size_t next = 0;
  for (const std::size_t column : columns) {
    if (column < next || column >= cols) {
      refuse("other_columns: columns has " + std::to_string(column) +
             ", expected ascending numbers below cols, " + std::to_string(cols));
    }
    for (; next < column; ++next) others.push_back(next);
    next = column + 1;
  }
  for (; next < cols; ++next) others.push_back(next);
  return others;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
