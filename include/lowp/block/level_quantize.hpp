// SPDX-License-Identifier: MIT
// Compositions of levels, quantized and dequantized at the speed of the kernels: bit for bit what
// level_reference.hpp and level_value define, for any `execution`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/level_job.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/block/level_rows.hpp"
#include "lowp/block/reference.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Calls use(rows) with how rows of the composition of a matrix are read, tables and all: once for
/// the whole program where the format is part of a type.
template <class Format, template <class> class Layout, class Bytes, class Use>
void with_level_rows(const basic_block_matrix<Format, Layout, Bytes>& m, const Use& use) {
  using rows_type = level_rows<0, typename Format::type>;
  if constexpr (Format::is_constant) {
    static const rows_type rows(m.composition());
    use(rows);
  } else {
    use(rows_type(m.composition()));
  }
}

/// A matrix as a composition, by its default rule: each group asks the level above for the scale
/// that maps its largest magnitude to the largest element, or, with a zero point or an offset, its
/// range to that of the elements, 0 included; the scales asked for are a matrix, which is quantized
/// by the composition above in the same way; elements are divided by what came out, and rounded
/// once, by `mode`, element (r, c) with the draw at(mode, r * cols + c). Scales round to nearest
/// even, those that are powers of two under another scale upward. A NaN or an infinity makes the
/// scale of its group NaN; where the format of that has none, the scale above it. A rule takes the
/// place of the lowest groups' wish, where they have finite values only.
template <class Format, template <class> class Layout, class Bytes, rounding_mode R>
void quantize_levels(const matrix_view<const float>& in,
                     basic_block_matrix<Format, Layout, Bytes>& out, const R& mode,
                     const execution& how, const lowp::detail::group_rule& rule = {}) {
  const auto into = [&](const matrix_view<const float>& x, auto& to) {
    with_level_rows(to, [&](const auto& rows) { quantize_level(rows, x, to, mode, how, rule); });
  };
  if constexpr (lowp::detail::is_planes<Layout<Format>>) {
    // Rows that follow each other are one, where no group and no byte is cut by the end of a row.
    using view = basic_block_matrix<Format, Layout, std::span<std::uint8_t>>;
    const auto& f = out.composition();
    bool is_one_row = in.rows > 1 && in.stride == in.cols && f.shape.rows == 1 &&
                      f.shape.cols != block_shape::whole &&
                      in.cols % static_cast<std::size_t>(f.shape.cols) == 0 &&
                      number_format<std::remove_cvref_t<decltype(f.scale)>> &&
                      leaf_count<typename Format::type> == 3;  // element, scale, zero or offset
    for_each_leaf(f, in.rows, in.cols, [&](int, const auto& leaf, std::size_t, std::size_t cols) {
      is_one_row = is_one_row && cols * static_cast<std::size_t>(leaf.bits()) % 8 == 0;
    });
    const std::size_t rows = is_one_row ? 1 : in.rows;
    const std::size_t cols = is_one_row ? in.rows * in.cols : in.cols;
    view all(out.described(), rows, cols, out.bytes());
    into({in.data, rows, cols, is_one_row ? cols : in.stride}, all);
  } else {
    into(in, out);
  }
}

/// The values of a matrix in binary32 or bfloat16, each rounded once to nearest even.
template <class Format, template <class> class Layout, class Bytes, class T>
void dequantize_levels(const basic_block_matrix<Format, Layout, Bytes>& in,
                       const matrix_view<T>& out, const execution& how) {
  if (in.rows() == 0) return;
  const std::size_t height = in.block_rows();
  with_level_rows(in, [&](const auto& rows) {
    const auto part = [&](std::size_t group_row, std::size_t first, std::size_t last) {
      const std::size_t top = group_row * height;
      const std::size_t height_here = (std::min)(height, in.rows() - top);
      if constexpr (std::is_same_v<T, float>) {
        rows(how.level(), in, top, height_here, first, last - first,
             matrix_view<float>(out.row(top) + first, height_here, last - first, out.stride));
      } else {
        // binary32 on the way would be a second rounding, unless values are exact there.
        for (std::size_t row = top; row < top + height_here; ++row) {
          for (std::size_t col = first; col < last; col += buffer_size) {
            const std::size_t count = (std::min)(buffer_size, last - col);
            float values[buffer_size];
            if (rows.is_exact()) rows(how.level(), in, row, col, count, values);
            for (std::size_t i = 0; i < count; ++i) {
              reference::store_value(rows.is_exact() ? unpack(values[i]) : in.value(row, col + i),
                                     out(row, col + i));
            }
          }
        }
      }
    };
    run_block_rows(how, (in.rows() - 1) / height + 1, height, in.cols(), 4 * buffer_size, part);
  });
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
