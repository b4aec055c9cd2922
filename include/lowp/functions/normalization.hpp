// SPDX-License-Identifier: MIT
// What the norms of rows share: their parameters, and the scaling of a row once its statistics are
// known. Users include layer_norm.hpp and rms_norm.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/functions/row_norms.hpp"
#include "lowp/transforms/places.hpp"

namespace lowp {

/// What a norm multiplies and adds, and what it tells. Lists are empty or have one element for each
/// column (`gain`, `bias`), or row (`mean`, `rstd`).
struct norm_parameters {
  double epsilon = 1e-5;  ///< added to the mean of squares; finite and not negative
  std::span<const float> gain{};
  std::span<const float> bias{};
  std::span<float> mean{};  ///< receives the mean of each row, which layer_norm alone has
  std::span<float> rstd{};  ///< receives the number that each row is multiplied by
};

namespace row_functions {

/// A number to scale a row by: 1 / sqrt(mean_square + epsilon), each operation rounded to binary64.
[[nodiscard]] inline double reciprocal_root(double mean_square, double epsilon) {
  return opaque(1.0 / opaque(__builtin_sqrt(opaque(mean_square + epsilon))));
}

/// What is known of a row before it is scaled. A row with an infinity or a NaN is not finite.
struct row_figures {
  double mean = 0, rstd = 0;
  bool is_finite = true;
};

/// Whether a row is scaled in binary32: then no step of it leaves the range of binary32, in which
/// the result may be.
[[nodiscard]] inline bool is_moderate(const row_figures& f) {
  return f.is_finite && f.rstd >= 0x1p-100 && f.rstd <= 0x1p100;
}
/// Any other row, in binary64, rounded to binary32 at last.
inline void scale_row_widened(const kernels::row_scaling& r, const row_figures& f) {
  for (std::size_t i = 0; i < r.count; ++i) {
    double y = opaque(opaque(static_cast<double>(r.x[i]) - f.mean) * f.rstd);
    if (r.gain != nullptr) y = opaque(y * static_cast<double>(r.gain[i]));
    if (r.bias != nullptr) y = opaque(y + static_cast<double>(r.bias[i]));
    r.out[i] = f.is_finite ? rounded_to_binary32(y) : canonical_nan();
  }
}

}  // namespace row_functions

inline namespace LOWP_BASELINE {
namespace bulk {

/// Throws for parameters that do not fit the matrix.
inline void require_norm(const char* function, const matrix_view<const float>& in,
                         const matrix_view<float>& out, const norm_parameters& p) {
  require_place(function, in, out);
  if (!lowp::row_functions::is_finite(p.epsilon) ||
      std::bit_cast<std::uint64_t>(p.epsilon) >> 63 != 0) {
    refuse(std::string(function) + ": epsilon is " + std::to_string(p.epsilon) +
           ", expected a finite number that is not negative");
  }
  const auto require_list = [&](const char* list, std::span<const float> values, const char* side,
                                std::size_t expected) {
    if (values.empty()) return;
    require_size(function, list, values.size(), side, expected);
    if (share_elements({values.data(), 1, values.size()}, matrix_view<const float>(out))) {
      refuse(std::string(function) + ": " + list + " lies in out, expected a list apart from it");
    }
  };
  // What is written while other rows are read.
  const auto require_apart = [&](const char* list, std::span<const float> values, const char* other,
                                 const matrix_view<const float>& read) {
    if (!share_elements({values.data(), 1, values.size()}, read)) return;
    refuse(std::string(function) + ": " + list + " and " + other +
           " overlap, expected a list apart from it");
  };
  require_list("gain", p.gain, "cols", in.cols);
  require_list("bias", p.bias, "cols", in.cols);
  require_list("mean", p.mean, "rows", in.rows);
  require_list("rstd", p.rstd, "rows", in.rows);
  const auto require_written = [&](const char* list, std::span<const float> values) {
    require_apart(list, values, "in", in);
    require_apart(list, values, "gain", {p.gain.data(), 1, p.gain.size()});
    require_apart(list, values, "bias", {p.bias.data(), 1, p.bias.size()});
  };
  require_written("mean", p.mean);
  require_written("rstd", p.rstd);
  require_apart("rstd", p.rstd, "mean", {p.mean.data(), 1, p.mean.size()});
}

/// Scales each row by its figures, figures_of(level, row, count).
template <class FiguresOf>
void normalize_rows(const matrix_view<const float>& in, const matrix_view<float>& out,
                    const norm_parameters& p, bool has_mean, const execution& how,
                    const FiguresOf& figures_of) {
  if (in.cols == 0) {  // statistics of nothing
    for (float& v : p.mean) v = lowp::row_functions::canonical_nan();
    for (float& v : p.rstd) v = lowp::row_functions::canonical_nan();
  }
  if (in.rows == 0 || in.cols == 0) return;
  const bool streams = in.data != out.data && in.rows * in.cols * 8 >= streaming_bytes;
  const auto normalize = [&](std::size_t row) {
    const lowp::row_functions::row_figures f = figures_of(how.level(), in.row(row), in.cols);
    kernels::row_scaling r;
    r.x = in.row(row);
    r.out = out.row(row);
    r.count = in.cols;
    r.has_mean = has_mean;
    r.mean_high = lowp::row_functions::rounded_to_binary32(f.mean);
    r.mean_low = opaque(static_cast<float>(opaque(f.mean - static_cast<double>(r.mean_high))));
    r.factor = lowp::row_functions::rounded_to_binary32(f.rstd);
    r.gain = p.gain.empty() ? nullptr : p.gain.data();
    r.bias = p.bias.empty() ? nullptr : p.bias.data();
    r.streams = streams;
    if (!p.mean.empty()) p.mean[row] = r.mean_high;
    if (!p.rstd.empty()) p.rstd[row] = r.factor;
    if (lowp::row_functions::is_moderate(f)) return kernels::scale_row(how.level(), r);
    lowp::row_functions::scale_row_widened(r, f);
  };
  const std::size_t height = (std::max)(std::size_t{1}, piece_size / in.cols);
  const auto part = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t end = (std::min)(in.rows, (i + 1) * height);
    for (std::size_t row = i * height; row < end; ++row) normalize(row);
    if (streams) kernels::end_streaming();
  };
  how.run((in.rows + height - 1) / height, task(part));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
