// SPDX-License-Identifier: MIT
// Weights as a quantized matrix and a correction of low rank: LoRC (ZeroQuant-V2, arXiv 2303.08302;
// ZeroQuant-FP, 2307.09782), LoftQ (2310.08659), LQ-LoRA (2311.12023). The umbrella header leaves
// it out.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/residual_matrix.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/transforms/low_rank.hpp"

namespace lowp {

/// w ~ quantized + left * right.
template <residual_term Matrix>
struct compensated {
  Matrix quantized;
  low_rank correction;
  double error = 0;  ///< the sum of squares of what both leave over
};

struct compensation {
  std::size_t rank = 8;
  /// 1 is LoRC: the correction is that of the errors of quantize(w). Each further one quantizes
  /// w - left * right and corrects again, as LoftQ and LQ-LoRA do.
  int alternations = 1;
  singular_side side = singular_side::both;
};

namespace detail {

/// Row by row from the first element on: differences, squares and sums in binary64.
[[nodiscard]] inline double sum_of_squares(const matrix_view<const float>& x) {
  double sum = 0;
  for (std::size_t row = 0; row < x.rows; ++row) {
    for (std::size_t col = 0; col < x.cols; ++col) {
      const double value = static_cast<double>(x(row, col));
      sum = opaque(sum + opaque(value * value));
    }
  }
  return sum;
}

}  // namespace detail

inline namespace LOWP_BASELINE {

/// `quantizer` is called with a matrix_view<const float> and gives a term (residual_matrix.hpp):
///
///   const auto w4 = quantize_compensated(w, [](auto x) { return quantize<formats::mxfp4>(x); },
///                                        {.rank = 16, .alternations = 5});
///
/// Of all alternations that was the best is returned, the first of such; they end when the error
/// rises (LQ-LoRA). Remainders are those of remainder_of, corrections those of low_rank_terms, what
/// is quantized w - left * right as add_low_rank rounds it; the error is the sum of squares of
/// (w - quantized) - left * right in binary32, in binary64 row by row.
///
/// Throws std::invalid_argument for a rank or alternations out of range, and for weights or errors
/// that are not finite.
template <class Quantizer>
requires std::invocable<const Quantizer&, matrix_view<const float>>
[[nodiscard]] auto quantize_compensated(matrix_view<const float> w, const Quantizer& quantizer,
                                        const compensation& how = {}, const execution& on = {}) {
  using matrix = std::remove_cvref_t<decltype(quantizer(w))>;
  detail::require_low_rank("quantize_compensated", w, how.rank);
  if (how.alternations < 1) {
    refuse("quantize_compensated: alternations is " + std::to_string(how.alternations) +
           ", expected at least 1");
  }
  const default_float_environment environment;
  std::vector<float> memory(w.rows * w.cols);
  const matrix_view<float> work(memory.data(), w.rows, w.cols);
  const auto attempt = [&](const matrix_view<const float>& from) {
    compensated<matrix> made{quantizer(from), {}, 0};
    remainder_of(w, made.quantized, work, on);
    made.correction = low_rank_terms(work, how.rank, how.side);
    add_low_rank(work, made.correction, work, -1);
    made.error = detail::sum_of_squares(work);
    return made;
  };
  auto best = attempt(w);
  for (int i = 1; i < how.alternations; ++i) {
    add_low_rank(w, best.correction, work, -1);
    auto next = attempt(work);
    if (!(next.error < best.error)) break;
    best = std::move(next);
  }
  return best;
}

/// quantized + left * right, as add_low_rank of the values. Throws std::invalid_argument, before
/// writing, if the shapes differ.
template <class Matrix>
void dequantize(const compensated<Matrix>& in, matrix_view<float> out, const execution& how = {}) {
  bulk::require_shape("dequantize", out.rows, out.cols, in.quantized.rows(), in.quantized.cols());
  dequantize(in.quantized, out, how);
  add_low_rank(out, in.correction, out);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
