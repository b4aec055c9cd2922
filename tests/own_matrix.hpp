// SPDX-License-Identifier: MIT
// A quantized matrix that only tests know: multiples of a step, a whole part of 1, as numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/unpack.hpp"

namespace own {

struct matrix {
  std::size_t row_count, col_count;
  std::vector<float> values;
  std::size_t rows() const { return row_count; }
  std::size_t cols() const { return col_count; }
  lowp::unpacked value(std::size_t r, std::size_t c) const {
    return lowp::unpack(values[r * col_count + c]);
  }
};
inline void dequantize(const matrix& m, lowp::matrix_view<float> out, const lowp::execution&) {
  for (std::size_t i = 0; i < m.values.size(); ++i)
    out(i / m.col_count, i % m.col_count) = m.values[i];
}
/// To the nearest multiple of 1 / steps.
inline matrix quantize(lowp::matrix_view<const float> x, float steps) {
  matrix m{x.rows, x.cols, {}};
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t c = 0; c < x.cols; ++c)
      m.values.push_back(std::round(steps * x(r, c)) / steps);
  }
  return m;
}

}  // namespace own
