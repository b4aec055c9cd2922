// SPDX-License-Identifier: MIT
// LayerNorm over the rows of a matrix: (x - mean) / sqrt(variance + epsilon) * gain + bias.
#pragma once

#include <cstddef>

#include "lowp/core/config.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/normalization.hpp"
#include "lowp/kernels/functions/row_norms.hpp"

namespace lowp {
namespace row_functions {

/// Of the sums of differences from `shift` and of their squares (kernels/functions/row_norms.hpp).
[[nodiscard]] inline row_figures layer_figures(const kernels::row_moments& sums, double shift,
                                               std::size_t count, double epsilon) {
  const auto n = static_cast<double>(count);
  const double mean = opaque(sums.sum / n);
  const double variance = opaque(opaque(sums.squares / n) - opaque(mean * mean));
  row_figures f;
  f.is_finite = is_finite(sums.sum) && is_finite(sums.squares);
  f.mean = opaque(shift + mean);
  f.rstd = reciprocal_root(f.is_finite && variance > 0 ? variance : 0, epsilon);
  if (!f.is_finite) f.mean = f.rstd = canonical_wide_nan();
  return f;
}

}  // namespace row_functions

inline namespace LOWP_BASELINE {

/// Each row x of `in`, of n elements, to `out`, which has its shape and may be `in`. The steps,
/// each operation rounded to nearest even, in binary64:
///   1. d[i] = x[i] - x[0]; s = the sum of d[i], q = the sum of d[i] * d[i], in the order that
///      kernels/functions/row_norms.hpp states
///   2. m = s / n, mean = x[0] + m, variance = max(q / n - m * m, 0)
///   3. rstd = 1 / sqrt(variance + epsilon)
/// then, in binary32, with mean = high + low, two numbers of binary32:
///   4. y[i] = ((x[i] - high) - low) * rstd, then * gain[i], then + bias[i], for the lists there
///   are
/// Where rstd is below 2^-100 or above 2^100, step 4 is ((x[i] - mean) * rstd) ... in binary64,
/// rounded to binary32 at last. Since x[0] is in the row, the variance loses no digits to a mean
/// that is large beside it: its relative error is at most (n + 16) * 2^-52. Without gain and bias
/// y[i] lies within 2.5 units in the last place of the true value, and 2^-24 * |low| * rstd more.
///
/// The variance is that of the population (divided by n). A row with an infinity or a NaN becomes
/// NaN, as do mean and rstd; so does, by 0 / 0, a row of one value if epsilon is 0. Every NaN is
/// 0x7FC00000. Results do not depend on `how`. The definition is reference::layer_norm
/// (functions/normalization_reference.hpp). Throws std::invalid_argument, before writing, for
/// shapes and lists that do not fit, matrices that share some elements only, lists in `out`, a mean
/// or an rstd in what is read, and an epsilon that is negative, infinite or NaN. Source: Ba, Kiros
/// and Hinton, Layer Normalization, arXiv:1607.06450.
///   layer_norm(x, y, {.epsilon = 1e-5, .gain = gain, .bias = bias});
inline void layer_norm(matrix_view<const float> in, matrix_view<float> out,
                       const norm_parameters& p = {}, const execution& how = {}) {
  bulk::require_norm("layer_norm", in, out, p);
  bulk::normalize_rows(in, out, p, true, how, [&](isa level, const float* x, std::size_t count) {
    return lowp::row_functions::layer_figures(kernels::moments_of_row(level, x, count, x[0]),
                                              static_cast<double>(x[0]), count, p.epsilon);
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
