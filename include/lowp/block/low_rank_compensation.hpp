// SPDX-License-Identifier: MIT
// Weights as a quantized matrix and a correction of low rank: LoRC (ZeroQuant-V2, arXiv 2303.08302;
// ZeroQuant-FP, 2307.09782), LoftQ (2310.08659), LQ-LoRA (2311.12023). The umbrella header leaves
// it out.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/residual_matrix.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/transforms/low_rank.hpp"

namespace lowp {

/// w ~ quantized + left * right.
template <residual_term Matrix>
struct compensated {
  Matrix quantized;
  low_rank correction;
  double error = 0;  ///< the weighted sum of squares of what both leave over
};

struct compensation {
  std::size_t rank = 8;
  /// 1 is LoRC: the correction is that of the errors of quantize(w). Each further one quantizes
  /// w - left * right and corrects again, as LoftQ and LQ-LoRA do.
  int alternations = 1;
  singular_side side = singular_side::both;
  /// What errors of a row and of a column count: factors of them before they are squared, positive
  /// normal numbers; none: 1. LQ-LoRA: roots of means of Fisher information; LQER: magnitudes of
  /// the activations that meet a column.
  std::span<const float> row_weights{}, col_weights{};
};

namespace detail {

[[nodiscard]] inline double weight_at(std::span<const float> weights, std::size_t i) {
  return weights.empty() ? 1.0 : static_cast<double>(weights[i]);
}
inline void require_weights(const char* list, std::span<const float> weights, std::size_t size) {
  const std::string text = std::string("quantize_compensated: ") + list;
  if (!weights.empty() && weights.size() != size) {
    refuse(text + " has size " + std::to_string(weights.size()) + ", expected 0 or " +
           std::to_string(size));
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(weights[i]) - 0x00800000u < 0x7F000000u) continue;
    refuse(text + "[" + std::to_string(i) + "] is " + std::to_string(weights[i]) +
           ", expected a positive normal number");
  }
}

/// Row by row from the first element on; products, squares and sums in binary64.
[[nodiscard]] inline double sum_of_squares(const matrix_view<const float>& x,
                                           const compensation& how) {
  double sum = 0;
  for (std::size_t row = 0; row < x.rows; ++row) {
    const double of_row = weight_at(how.row_weights, row);
    for (std::size_t col = 0; col < x.cols; ++col) {
      const double weight = of_row * weight_at(how.col_weights, col);  // exact
      const double value = opaque(weight * static_cast<double>(x(row, col)));
      sum = opaque(sum + opaque(value * value));
    }
  }
  return sum;
}

}  // namespace detail

inline namespace LOWP_BASELINE {
namespace bulk {

/// The terms of x whose weighted errors are least: those of row weight * x * column weight, both
/// products rounded to binary32, divided by the weights, rounded to binary32.
[[nodiscard]] inline low_rank weighted_terms(const matrix_view<const float>& x,
                                             const compensation& how) {
  if (how.row_weights.empty() && how.col_weights.empty()) {
    return low_rank_terms(x, how.rank, how.side);
  }
  const auto rows = [&](std::size_t i) {
    return static_cast<float>(lowp::detail::weight_at(how.row_weights, i));
  };
  const auto cols = [&](std::size_t i) {
    return static_cast<float>(lowp::detail::weight_at(how.col_weights, i));
  };
  std::vector<float> weighted(x.rows * x.cols);
  for (std::size_t row = 0; row < x.rows; ++row) {
    for (std::size_t col = 0; col < x.cols; ++col) {
      weighted[row * x.cols + col] = lowp::detail::product_of_floats(
          lowp::detail::product_of_floats(rows(row), x(row, col)), cols(col));
    }
  }
  low_rank terms =
      low_rank_terms(matrix_view<const float>(weighted.data(), x.rows, x.cols), how.rank, how.side);
  for (std::size_t i = 0; i < terms.left.size(); ++i) {
    terms.left[i] = lowp::detail::quotient_of_floats(terms.left[i], rows(i / terms.rank));
  }
  for (std::size_t i = 0; i < terms.right.size(); ++i) {
    terms.right[i] = lowp::detail::quotient_of_floats(terms.right[i], cols(i % terms.cols));
  }
  return terms;
}

}  // namespace bulk

/// `quantizer` is called with a matrix_view<const float> and gives a term (residual_matrix.hpp):
///
///   const auto w4 = quantize_compensated(w, [](auto x) { return quantize<formats::mxfp4>(x); },
///                                        {.rank = 16, .alternations = 5});
///
/// Of all alternations that was the best is returned, the first of such; they end when the error
/// rises (LQ-LoRA). Remainders are those of remainder_of, corrections those of low_rank_terms, what
/// is quantized w - left * right as add_low_rank rounds it; the error is the sum of squares of
/// (w - quantized) - left * right in binary32, times the weights of rows and columns.
///
/// Throws std::invalid_argument for a rank, alternations or weights of rows and columns that are
/// out of range, and where w or what is left over is not finite.
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
  detail::require_weights("row_weights", how.row_weights, w.rows);
  detail::require_weights("col_weights", how.col_weights, w.cols);
  const default_float_environment environment;
  std::vector<float> memory(w.rows * w.cols);
  const matrix_view<float> work(memory.data(), w.rows, w.cols);
  const auto attempt = [&](const matrix_view<const float>& from) {
    compensated<matrix> made{quantizer(from), {}, 0};
    remainder_of(w, made.quantized, work, on);
    made.correction = bulk::weighted_terms(work, how);
    add_low_rank(work, made.correction, work, -1);
    made.error = detail::sum_of_squares(work, how);
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
