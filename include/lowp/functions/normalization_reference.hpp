// SPDX-License-Identifier: MIT
// The definition of the norms of rows (functions/layer_norm.hpp, rms_norm.hpp), element by element:
// slow and plain, what the kernels are tested against.
#pragma once

#include <cstddef>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/normalization.hpp"

namespace lowp::reference {
namespace norm_steps {

/// The sum of term(x[i]), in 16 chains.
template <class Term>
[[nodiscard]] double sum_of(const float* x, std::size_t count, const Term& term) {
  double chains[16] = {};
  for (std::size_t i = 0; i < count; ++i) chains[i % 16] = opaque(chains[i % 16] + term(x[i]));
  for (std::size_t half = 8; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) chains[i] = opaque(chains[i] + chains[i + half]);
  }
  return chains[0];
}

/// What a row is shifted and multiplied by.
struct figures {
  double mean = 0, rstd = 0;
};
[[nodiscard]] inline figures figures_of(const float* x, std::size_t count, bool has_mean,
                                        double epsilon) {
  const auto n = static_cast<double>(count), origin = has_mean ? static_cast<double>(x[0]) : 0;
  const auto difference = [&](float v) { return opaque(static_cast<double>(v) - origin); };
  const auto square = [&](float v) { return opaque(difference(v) * difference(v)); };
  const double m = has_mean ? opaque(sum_of(x, count, difference) / n) : 0;
  const double mean_square = opaque(sum_of(x, count, square) / n);
  const double variance = opaque(mean_square - opaque(m * m));
  const double shifted = opaque((variance > 0 ? variance : 0) + epsilon);
  return {opaque(origin + m), opaque(1 / opaque(__builtin_sqrt(shifted)))};
}

[[nodiscard]] inline float scaled(float x, const figures& f, bool has_mean, const float* gain,
                                  const float* bias) {
  using lowp::row_functions::rounded_to_binary32;
  if (f.rstd < 0x1p-100 || f.rstd > 0x1p100) {
    double y = opaque(opaque(static_cast<double>(x) - f.mean) * f.rstd);
    if (gain != nullptr) y = opaque(y * static_cast<double>(*gain));
    if (bias != nullptr) y = opaque(y + static_cast<double>(*bias));
    return rounded_to_binary32(y);
  }
  const float high = opaque(static_cast<float>(f.mean));
  const float low = opaque(static_cast<float>(opaque(f.mean - static_cast<double>(high))));
  float y = opaque(x);
  if (has_mean) y = opaque(opaque(y - high) - low);
  y = opaque(y * opaque(static_cast<float>(f.rstd)));
  if (gain != nullptr) y = opaque(y * *gain);
  if (bias != nullptr) y = opaque(y + *bias);
  return lowp::row_functions::is_nan(y) ? lowp::row_functions::canonical_nan() : y;
}

inline void transform(matrix_view<const float> in, matrix_view<float> out, bool has_mean,
                      const norm_parameters& p) {
  using lowp::row_functions::canonical_nan;
  const default_float_environment environment;
  for (std::size_t r = 0; r < in.rows; ++r) {
    bool is_finite = in.cols != 0;
    for (std::size_t i = 0; i < in.cols; ++i) {
      is_finite = is_finite && lowp::row_functions::is_finite(in(r, i));
    }
    const figures f = is_finite ? figures_of(in.row(r), in.cols, has_mean, p.epsilon) : figures{};
    for (std::size_t i = 0; i < in.cols; ++i) {
      const float* const gain = p.gain.empty() ? nullptr : &p.gain[i];
      const float* const bias = p.bias.empty() ? nullptr : &p.bias[i];
      out(r, i) = is_finite ? scaled(in(r, i), f, has_mean, gain, bias) : canonical_nan();
    }
    using lowp::row_functions::rounded_to_binary32;
    if (!p.mean.empty()) p.mean[r] = is_finite ? rounded_to_binary32(f.mean) : canonical_nan();
    if (!p.rstd.empty()) p.rstd[r] = is_finite ? rounded_to_binary32(f.rstd) : canonical_nan();
  }
}

}  // namespace norm_steps

/// Each row of `in`, to `out`, of the same shape: the steps that lowp::layer_norm states.
inline void layer_norm(matrix_view<const float> in, matrix_view<float> out,
                       const norm_parameters& p = {}) {
  norm_steps::transform(in, out, true, p);
}
/// Each row of `in`, to `out`, of the same shape: the steps that lowp::rms_norm states.
inline void rms_norm(matrix_view<const float> in, matrix_view<float> out,
                     const norm_parameters& p = {}) {
  norm_steps::transform(in, out, false, p);
}

}  // namespace lowp::reference
