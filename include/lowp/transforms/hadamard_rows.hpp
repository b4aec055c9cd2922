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
    const default_float_environment environment;
    const std::size_t at_a_time = bulk::hadamard_plan::words_at_a_time(x_.rows * x_.cols);
    for (std::size_t row = 0; row < to.rows; ++row) {
      plan_.transform_row(level, x_.row(first + row), to.row(row), 0, x_.cols, at_a_time);
    }
  }
  /// Brings a share of the rows that these are made from to the cache.
  void fetch(std::size_t first, std::size_t count, std::size_t part, std::size_t parts) const {
#if defined(__GNUC__) || defined(__clang__)
    constexpr std::size_t line = 16;
    const std::size_t all = count * x_.cols, end = all * (part + 1) / parts;
    for (std::size_t i = all * part / parts; i < end;) {
      const std::size_t row = i / x_.cols, left = i % x_.cols;
      const std::size_t n = end - i < x_.cols - left ? end - i : x_.cols - left;
      const float* const from = x_.row(first + row) + left;
      for (std::size_t j = 0; j < n; j += line) __builtin_prefetch(from + j);
      i += n;
    }
#else
    static_cast<void>(first), static_cast<void>(count), static_cast<void>(part);
    static_cast<void>(parts);
#endif
  }

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
