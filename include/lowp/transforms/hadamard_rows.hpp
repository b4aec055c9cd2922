// SPDX-License-Identifier: MIT
// The rows of a Hadamard transform, made when they are asked for: what quantize_rows takes.
#pragma once

#include <cstddef>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/transforms/hadamard.hpp"
#include "lowp/transforms/hadamard_job.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// The rows of hadamard_transform(x, …, t), of a transform on the right side. What `x` shows must
/// live as long.
///
///   const auto q = quantize_rows<formats::nvfp4>(hadamard_rows(x, {.size = 16}));  // block/
class hadamard_rows {
 public:
  /// Throws std::invalid_argument as hadamard_transform does, and for the left side, whose rows
  /// depend on all rows of a group.
  hadamard_rows(matrix_view<const float> x, const hadamard& t)
      : x_(x), plan_(best_isa(), checked(x, t), x.cols, false) {}

  [[nodiscard]] std::size_t rows() const { return x_.rows; }
  [[nodiscard]] std::size_t cols() const { return x_.cols; }
  /// Writes the rows from `first` on that `to` has room for.
  void write(isa level, std::size_t first, const matrix_view<float>& to) const {
    write(level, first, 0, to);
  }
  /// Those columns of them from `left` on, a multiple of granule(), that `to` has room for.
  void write(isa level, std::size_t first, std::size_t left, const matrix_view<float>& to) const {
    const default_float_environment environment;
    const std::size_t at_a_time = bulk::hadamard_plan::words_at_a_time(x_.rows * x_.cols);
    for (std::size_t row = 0; row < to.rows; ++row) {
      plan_.transform_row(level, x_.row(first + row) + left, to.row(row), left, to.cols, at_a_time);
    }
  }
  /// Columns that are made together.
  [[nodiscard]] std::size_t granule() const { return plan_.size(); }

 private:
  static const hadamard& checked(const matrix_view<const float>& x, const hadamard& t) {
    lowp::detail::require_hadamard("hadamard_rows", t, x.rows, x.cols);
    if (t.side != transform_side::right) refuse("hadamard_rows: side is left, expected right");
    return t;
  }

  matrix_view<const float> x_;
  bulk::hadamard_plan plan_;
};

}  // namespace LOWP_BASELINE
}  // namespace lowp
