// SPDX-License-Identifier: MIT
// A few rows by an operand whose columns lie beside each other: the transpose of one that lies in
// rows, which is read as it lies, and not copied. All of it is read before a result is written,
// which may take its place.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Some columns, and their sums with a few rows, at `sums` + row * `apart`.
class part_of_columns {
 public:
  static constexpr std::size_t most = kernels::product_tile::max_depth;  ///< columns

  part_of_columns(isa level, const row_source& few, const row_source& of, std::size_t begin,
                  std::size_t end, float* sums, std::size_t apart)
      : level_(level),
        few_(few),
        of_(of),
        begin_(begin),
        count_(end - begin),
        sums_(sums),
        sums_stride_(apart) {
    for (std::size_t row = 0; row < few.rows(); ++row) {
      std::fill_n(sums + row * apart, round_up(count_, lane_tiles::group), 0.0f);
    }
  }
  /// `count` values of K from k on, at most max_depth.
  void add(std::size_t k, std::size_t count) {
    kernels::column_rows p;
    alignas(64) float rows[most_few_rows * stride];
    p.row_count = few_.rows();
    p.column_count = count_;
    p.sums = sums_;
    p.sums_stride = sums_stride_;
    if (const matrix_view<const float>* const values = few_.origin().binary32) {
      p.rows = values->row(0) + k;
      p.row_stride = values->stride;
    } else {
      p.row_stride = few_.load(0, few_.rows(), k, count, stride, rows);
      p.rows = rows;
    }
    if (const matrix_view<const float>* const values = of_.origin().binary32) {
      p.columns = values->row(k) + begin_;
      p.column_stride = values->stride;
      p.depth = count;
      return kernels::multiply(level_, p);
    }
    alignas(64) float decoded[step * stride];
    p.columns = decoded;
    for (std::size_t i = 0; i < count; i += step, p.rows += step) {
      p.depth = (std::min)(step, count - i);
      p.column_stride = of_.load(k + i, p.depth, begin_, count_, stride, decoded);
      kernels::multiply(level_, p);
    }
  }

 private:
  static constexpr std::size_t step = 32, stride = kernels::product_tile::buffer_stride;

  isa level_;
  const row_source& few_;
  const row_source& of_;
  std::size_t begin_, count_;
  float* sums_;
  std::size_t sums_stride_;
};

/// The sums of all products of a few rows, at most most_few_rows, which are on this side of C, and
/// of columns, each of which has one value in a row of `columns`, in the order k32.
inline void multiply_few_by_columns(const row_source& few, const row_source& columns, side few_are,
                                    const sum_sink& sink, const execution& how) {
  constexpr std::size_t most = part_of_columns::most, depth = kernels::product_tile::max_depth;
  if (few.rows() == 0) return;
  const row_origin& origin = columns.origin();  // where it may be read from any value on
  const bool lies_as_values = origin.binary32 != nullptr || origin.is_bfloat16;
  const std::size_t unit = lies_as_values ? lane_tiles::group : most;
  const equal_parts parts(columns.cols(), part_rows(columns.cols(), most, how), unit);
  const std::size_t stride = round_up(columns.cols(), lane_tiles::group);
  alignas(64) float own[most_few_rows * most];
  aligned_array<float> memory;
  if (stride > most) memory = make_aligned<float>(few.rows() * stride);
  float* const sums = stride > most ? memory.get() : own;
  const auto add = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t begin = parts.begin(i), end = parts.end(i);
    part_of_columns part(how.level(), few, columns, begin, end, sums + begin, stride);
    begin_few_rows(sums + begin, stride, few.rows(), begin, end, few_are, sink);
    for (std::size_t k = 0; k < few.cols(); k += depth) {
      part.add(k, (std::min)(depth, few.cols() - k));
    }
  };
  how.run(parts.count(), task(add));
  // After the last read of any column: overlap.hpp relies on it.
  const auto finish = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t begin = parts.begin(i), end = parts.end(i);
    finish_few_rows(sums + begin, stride, few.rows(), begin, end, few_are, sink);
  };
  how.run(parts.count(), task(finish));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
