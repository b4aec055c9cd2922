// SPDX-License-Identifier: MIT
// Compositions of levels, quantized and dequantized at the speed of the kernels: bit for bit what
// level_reference.hpp and level_value define, for any `execution`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/level_job.hpp"
#include "lowp/block/level_matrix.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/block/level_rows.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

namespace bulk {
/// How rows of a composition are read, tables and all, once for the whole program.
template <auto F>
[[nodiscard]] const level_rows<0, format_of<F>>& rows_of_levels() {
  static constexpr auto format = F;
  static const level_rows<0, format_of<F>> rows(format);
  return rows;
}
}  // namespace bulk

/// A matrix as a composition of levels F, by its default rule: each group asks the level above for
/// the scale that maps its largest magnitude to the largest element, or, with a zero point or an
/// offset, its range to that of the elements, 0 included; the scales asked for are a matrix, which
/// is quantized by the composition above in the same way; elements are divided by what came out,
/// and rounded once, by `mode`, element (r, c) with the draw at(mode, r * cols + c). Scales round
/// to nearest even, those that are powers of two under another scale upward. A NaN or an infinity
/// makes the scale of its group NaN; where the format of that has none, the scale above it.
///
/// Into a matrix of the same shape or into a new one. Throws std::invalid_argument, before writing,
/// if the shapes differ.
template <auto F, template <auto> class Layout, class Bytes, rounding_mode R = nearest_even_t>
void quantize(matrix_view<const float> in, level_matrix<F, Layout, Bytes>& out, const R& mode = {},
              const execution& how = {}) {
  if (in.rows != out.rows() || in.cols != out.cols()) {
    refuse("quantize: out is " + std::to_string(out.rows()) + " x " + std::to_string(out.cols()) +
           ", expected " + std::to_string(in.rows) + " x " + std::to_string(in.cols));
  }
  bulk::quantize_level(bulk::rows_of_levels<F>(), in, out, mode, how);
}
template <auto F, template <auto> class Layout = planes, rounding_mode R = nearest_even_t>
requires is_levels_v<format_of<F>>
[[nodiscard]] level_matrix<F, Layout> quantize(matrix_view<const float> in, const R& mode = {},
                                               const execution& how = {}) {
  level_matrix<F, Layout> out(in.rows, in.cols);
  quantize(in, out, mode, how);
  return out;
}

/// The values of a matrix of levels in binary32 or bfloat16, each rounded once to nearest even.
/// Throws std::invalid_argument, before writing, if the shapes differ.
template <auto F, template <auto> class Layout, class Bytes, class T>
void dequantize(const level_matrix<F, Layout, Bytes>& in, matrix_view<T> out,
                const execution& how = {}) {
  if (in.rows() != out.rows || in.cols() != out.cols) {
    refuse("dequantize: out is " + std::to_string(out.rows) + " x " + std::to_string(out.cols) +
           ", expected " + std::to_string(in.rows()) + " x " + std::to_string(in.cols()));
  }
  const auto& rows = bulk::rows_of_levels<F>();
  const std::size_t height = in.group_rows();
  const auto part = [&](std::size_t group_row, std::size_t first, std::size_t last) {
    const std::size_t top = group_row * height;
    const std::size_t height_here = (std::min)(height, in.rows() - top);
    if constexpr (std::is_same_v<T, float>) {
      rows(how.level(), in, top, height_here, first, last - first,
           matrix_view<float>(out.row(top) + first, height_here, last - first, out.stride));
    } else {
      // binary32 on the way would be a second rounding, unless values are exact there.
      for (std::size_t row = top; row < top + height_here; ++row) {
        for (std::size_t col = first; col < last; col += bulk::buffer_size) {
          const std::size_t count = (std::min)(bulk::buffer_size, last - col);
          float values[bulk::buffer_size];
          if (rows.is_exact()) rows(how.level(), in, row, col, count, values);
          for (std::size_t i = 0; i < count; ++i) {
            reference::store_value(rows.is_exact() ? unpack(values[i]) : in.value(row, col + i),
                                   out(row, col + i));
          }
        }
      }
    }
  };
  if (in.rows() == 0) return;
  bulk::run_block_rows(how, (in.rows() - 1) / height + 1, height, in.cols(), 4 * bulk::buffer_size,
                       part);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
