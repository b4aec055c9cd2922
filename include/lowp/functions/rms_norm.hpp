// SPDX-License-Identifier: MIT
// RMSNorm over the rows of a matrix: x / sqrt(mean of squares + epsilon) * gain.
#pragma once

#include <cstddef>
#include <string>

#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/normalization.hpp"
#include "lowp/kernels/functions/row_norms.hpp"

namespace lowp {
namespace row_functions {

[[nodiscard]] inline row_figures rms_figures(double squares, std::size_t count, double epsilon) {
  row_figures f;
  f.is_finite = is_finite(squares);
  f.rstd = f.is_finite ? reciprocal_root(opaque(squares / static_cast<double>(count)), epsilon)
                       : canonical_wide_nan();
  return f;
}

}  // namespace row_functions

inline namespace LOWP_BASELINE {

/// Each row x of `in`, of n elements, to `out`, which has its shape and may be `in`. The steps,
/// each operation rounded to nearest even:
///   1. in binary64, q = the sum of x[i] * x[i], in the order that kernels/functions/row_norms.hpp
///      states; the products are exact
///   2. in binary64, rstd = 1 / sqrt(q / n + epsilon)
///   3. in binary32, y[i] = x[i] * rstd, then * gain[i], then + bias[i], for the lists there are
/// Where rstd is below 2^-100 or above 2^100, step 3 is in binary64, rounded to binary32 at last.
/// Without gain and bias y[i] lies within 1.5 units in the last place of the true value.
///
/// A row with an infinity or a NaN becomes NaN, as does its rstd; so does, by 0 / 0, a row of zeros
/// if epsilon is 0. Every NaN is 0x7FC00000. Results do not depend on `how`. The definition is
/// reference::rms_norm (functions/normalization_reference.hpp). Throws as layer_norm does, and if a
/// mean is asked for, which this norm has not.
/// Source: Zhang and Sennrich, Root Mean Square Layer Normalization, arXiv:1910.07467.
///   rms_norm(x, y, {.epsilon = 1e-6, .gain = gain});
inline void rms_norm(matrix_view<const float> in, matrix_view<float> out,
                     const norm_parameters& p = {}, const execution& how = {}) {
  if (!p.mean.empty()) {
    refuse("rms_norm: mean has size " + std::to_string(p.mean.size()) +
           ", expected an empty list: this norm has no mean");
  }
  bulk::require_norm("rms_norm", in, out, p);
  bulk::normalize_rows(in, out, p, false, how, [&](isa level, const float* x, std::size_t count) {
    return lowp::row_functions::rms_figures(kernels::squares_of_row(level, x, count), count,
                                            p.epsilon);
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
