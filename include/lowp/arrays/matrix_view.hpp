// SPDX-License-Identifier: MIT
// A row-major matrix that someone else owns.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include "lowp/core/failure.hpp"

namespace lowp {

/// rows x cols elements; element (r, c) is data[r * stride + c]. Access is unchecked.
template <class T>
struct matrix_view {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  constexpr matrix_view() = default;
  constexpr matrix_view(T* first, std::size_t row_count, std::size_t col_count)
      : matrix_view(first, row_count, col_count, col_count) {}
  /// Throws std::invalid_argument for rows that overlap (stride < cols) or a null matrix with
  /// elements.
  constexpr matrix_view(T* first, std::size_t row_count, std::size_t col_count,
                        std::size_t row_stride)
      : data(first), rows(row_count), cols(col_count), stride(row_stride) {
    if (row_count > 1 && row_stride < col_count) {
      refuse("matrix_view: stride is " + std::to_string(row_stride) + ", expected at least cols, " +
             std::to_string(col_count));
    }
    if (first == nullptr && row_count != 0 && col_count != 0) {
      refuse("matrix_view: data is null, expected " + std::to_string(row_count) + " x " +
             std::to_string(col_count) + " elements");
    }
  }
  constexpr operator matrix_view<const T>() const requires(!std::is_const_v<T>) {
    return {data, rows, cols, stride};
  }

  [[nodiscard]] constexpr T& operator()(std::size_t row, std::size_t col) const {
    return data[row * stride + col];
  }
  /// Null in a view without elements that has no data.
  [[nodiscard]] constexpr T* row(std::size_t index) const {
    return data == nullptr ? nullptr : data + index * stride;
  }
  /// `count` rows from `first` on.
  [[nodiscard]] constexpr matrix_view row_range(std::size_t first, std::size_t count) const {
    return {count == 0 ? data : row(first), count, cols, stride};
  }
};

}  // namespace lowp
