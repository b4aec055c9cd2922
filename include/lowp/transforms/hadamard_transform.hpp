// SPDX-License-Identifier: MIT
// Hadamard transforms of matrices in binary32 (hadamard.hpp says what they are), bit for bit those
// of transforms/reference.hpp, for any `execution`.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/memory.hpp"
#include "lowp/transforms/hadamard.hpp"
#include "lowp/transforms/hadamard_job.hpp"
#include "lowp/transforms/places.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

inline void transform_rows(const hadamard_plan& plan, const matrix_view<const float>& in,
                           const matrix_view<float>& out, const execution& how) {
  if (in.rows == 0 || in.cols == 0) return;
  // A row, or several, or a part of a long one.
  const std::size_t width =
      (std::min)(in.cols, (std::max)(plan.size(), piece_size / plan.size() * plan.size()));
  const std::size_t height = (std::max)(std::size_t{1}, piece_size / width);
  const std::size_t across = (in.cols + width - 1) / width;
  const std::size_t down = (in.rows + height - 1) / height;
  const std::size_t at_a_time = hadamard_plan::words_at_a_time(in.rows * in.cols);
  const auto part = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t first = i / across * height, left = i % across * width;
    const std::size_t last = (std::min)(in.rows, first + height);
    for (std::size_t row = first; row < last; ++row) {
      plan.transform_row(how.level(), in.row(row) + left, out.row(row) + left, left,
                         (std::min)(width, in.cols - left), at_a_time);
    }
  };
  how.run(across * down, task(part));
}

inline void transform_columns(const hadamard_plan& plan, const matrix_view<const float>& in,
                              const matrix_view<float>& out, const execution& how) {
  if (in.rows == 0 || in.cols == 0) return;
  const std::size_t width = plan.best_width();
  const std::size_t across = (in.cols + width - 1) / width;
  std::atomic<bool> is_out_of_memory = false;
  const auto part = [&](std::size_t i) {
    const default_float_environment environment;
    const lowp::detail::aligned_array<std::uint32_t> work(plan.work_size(), std::nothrow);
    if (work.get() == nullptr) {
      is_out_of_memory = true;  // parts of work do not throw
      return;
    }
    const std::size_t first = i / across * plan.size(), left = i % across * width;
    plan.transform_columns(how.level(), in.row(first) + left, in.stride, out.row(first) + left,
                           out.stride, first, (std::min)(width, in.cols - left), work.get());
  };
  how.run(in.rows / plan.size() * across, task(part));
  if (is_out_of_memory) lowp::detail::fail_for_lack_of_memory();
}

inline void transform(const char* function, const matrix_view<const float>& in,
                      const matrix_view<float>& out, const hadamard& t, bool is_inverse,
                      const execution& how) {
  lowp::detail::require_hadamard(function, t, in.rows, in.cols);
  require_place(function, in, out);
  if (t.side == transform_side::right) {
    transform_rows(hadamard_plan(how.level(), t, in.cols, is_inverse), in, out, how);
  } else {
    transform_columns(hadamard_plan(how.level(), t, in.rows, is_inverse), in, out, how);
  }
}

}  // namespace bulk

/// Groups of elements of a matrix, each transformed (hadamard.hpp). `out` has the shape of `in` and
/// may be `in`.
///
///   hadamard_transform(x, out, {.size = 128})
///   hadamard_transform(x, x, {.size = 16, .signs = random_signs{7}}, threads{2})
///   hadamard_transform(w, out, {.size = 4096, .side = transform_side::left})
///
/// Throws std::invalid_argument, before writing, for a size that is none or does not divide the
/// side, signs that are no signs, shapes that differ, or matrices that share some elements only.
inline void hadamard_transform(matrix_view<const float> in, matrix_view<float> out,
                               const hadamard& t, const execution& how = {}) {
  bulk::transform("hadamard_transform", in, out, t, false, how);
}
/// What undoes it but for rounding: the matrix of a transform is its own transpose, and signs are
/// their own inverse, so H first, then the signs. Arguments and errors as above.
inline void inverse_hadamard_transform(matrix_view<const float> in, matrix_view<float> out,
                                       const hadamard& t, const execution& how = {}) {
  bulk::transform("inverse_hadamard_transform", in, out, t, true, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
