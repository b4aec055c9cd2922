// SPDX-License-Identifier: MIT
// Epilogues and results for products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "gemm/product_cases.hpp"
#include "lowp/gemm/epilogue.hpp"

namespace test::gemm {

using lowp::activation;
using lowp::epilogue;

/// The arrays of an epilogue.
struct arrays {
  std::vector<float> row_scales, col_scales, bias;
  arrays(std::size_t rows, std::size_t cols, std::uint64_t seed, kind k) {
    source random(seed);
    const auto fill = [&](std::vector<float>& to, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) to.push_back(draw(random, k));
    };
    fill(row_scales, rows);
    fill(col_scales, cols);
    fill(bias, cols);
  }
  /// Bits 0, 1, 2 of `asked` for the scales of rows, of columns and the bias.
  [[nodiscard]] epilogue some(unsigned asked, activation function) const {
    epilogue e{.activation = function};
    if ((asked & 1) != 0) e.row_scales = row_scales;
    if ((asked & 2) != 0) e.col_scales = col_scales;
    if ((asked & 4) != 0) e.bias = bias;
    return e;
  }
};

/// A result with numbers between its rows that nobody may touch.
template <class T>
struct result {
  std::size_t rows, cols, stride;
  std::vector<T> data;
  result(std::size_t r, std::size_t c)
      : rows(r), cols(c), stride(c + 3), data(r * stride, T(float{7})) {}
  [[nodiscard]] matrix_view<T> view() { return {data.data(), rows, cols, stride}; }
  [[nodiscard]] bool operator==(const result& other) const {
    return std::memcmp(data.data(), other.data.data(), data.size() * sizeof(T)) == 0;
  }
};

}  // namespace test::gemm
