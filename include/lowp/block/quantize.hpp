// SPDX-License-Identifier: MIT
// Whole matrices to block formats and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/codec.hpp"

namespace lowp {

/// The matrix in block format B: for each block the scale by B's rule, then its elements rounded by
/// `mode`, element (r, c) with the draw at(mode, r * cols + c). Blocks are independent of each
/// other but for the tensor scale, which looks at all finite elements. See codec.hpp for special
/// values.
template <auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] block_matrix<B> quantize(matrix_view<const float> in, const R& mode = {}) {
  constexpr const auto& format = block_matrix<B>::format;
  block_matrix<B> out(in.rows, in.cols);
  if (in.rows == 0 || in.cols == 0) return out;

  if (format.has_tensor_scale) {
    amax_accumulator all;
    for (std::size_t row = 0; row < in.rows; ++row) {
      for (std::size_t col = 0; col < in.cols; ++col) all.add(in(row, col));
    }
    out.set_tensor_scale(make_tensor_scale(format.element, format.scale, format.rule, all.amax()));
  }

  const std::size_t block_rows = out.block_rows(), block_cols = out.block_cols();
  for (std::size_t top = 0; top < in.rows; top += block_rows) {
    const std::size_t bottom = top + block_rows < in.rows ? top + block_rows : in.rows;
    for (std::size_t left = 0; left < in.cols; left += block_cols) {
      const std::size_t right = left + block_cols < in.cols ? left + block_cols : in.cols;

      amax_accumulator block;
      for (std::size_t row = top; row < bottom; ++row) {
        for (std::size_t col = left; col < right; ++col) block.add(in(row, col));
      }
      const code_t scale = encode_scale(format, block, out.tensor_scale());
      out.set_scale_code(top / block_rows, left / block_cols, scale);

      const element_encoder encoder(format, scale, out.tensor_scale());
      for (std::size_t row = top; row < bottom; ++row) {
        for (std::size_t col = left; col < right; ++col) {
          out.set_code(row, col, encoder(in(row, col), at(mode, row * in.cols + col)));
        }
      }
    }
  }
  return out;
}

/// The values of a block matrix in binary32: element * scale * tensor scale, rounded once to
/// nearest even where that is not exact. Throws std::invalid_argument, before writing, if the
/// shapes differ.
template <auto B>
void dequantize(const block_matrix<B>& in, matrix_view<float> out) {
  if (out.rows != in.rows() || out.cols != in.cols()) {
    throw std::invalid_argument("dequantize: out is " + std::to_string(out.rows) + " x " +
                                std::to_string(out.cols) + ", expected " +
                                std::to_string(in.rows()) + " x " + std::to_string(in.cols()));
  }
  for (std::size_t row = 0; row < in.rows(); ++row) {
    for (std::size_t col = 0; col < in.cols(); ++col) {
      out(row, col) = pack_as<float>(in.value(row, col));
    }
  }
}

}  // namespace lowp
