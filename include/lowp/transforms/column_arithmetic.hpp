// SPDX-License-Identifier: MIT
// One value for each column of a matrix: factors, divisors, shifts. Each result is rounded once to
// binary32, to nearest even, for any `execution`; what powers of two do is exact within the range.
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
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/transforms/transforms.hpp"
#include "lowp/transforms/places.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Calls use(first row, rows) for pieces of a matrix, on the threads of `how`.
template <class Use>
void for_rows(const execution& how, std::size_t rows, std::size_t cols, const Use& use) {
  if (rows == 0 || cols == 0) return;
  const std::size_t height = (std::max)(std::size_t{1}, piece_size / cols);
  const auto part = [&](std::size_t i) {
    const default_float_environment environment;
    use(i * height, (std::min)(height, rows - i * height));
  };
  how.run((rows + height - 1) / height, task(part));
}

inline void operate_on_columns(const char* function, const char* list,
                               kernels::column_operation operation,
                               const matrix_view<const float>& in, std::span<const float> by,
                               const matrix_view<float>& out, const execution& how) {
  require_size(function, list, by.size(), "cols", in.cols);
  require_place(function, in, out);
  if (share_elements({by.data(), 1, by.size()}, matrix_view<const float>(out))) {
    refuse(std::string(function) + ": " + list + " lies in out, expected a list apart from it");
  }
  for_rows(how, in.rows, in.cols, [&](std::size_t first, std::size_t count) {
    for (std::size_t row = first; row < first + count; ++row) {
      kernels::in_groups(
          kernels::group_size(how.level(), 4), {in.row(row), 32, by.data(), 32, out.row(row), 32},
          in.cols, [&](const auto* x, const auto* values, auto* to, std::size_t, std::size_t n) {
            kernels::operate_on_columns(how.level(), operation,
                                        reinterpret_cast<const std::uint32_t*>(x),
                                        reinterpret_cast<const std::uint32_t*>(values), n,
                                        reinterpret_cast<std::uint32_t*>(to));
          });
    }
  });
}

}  // namespace bulk

/// out(r, c) = in(r, c) * factors[c]. `out` has the shape of `in` and may be `in`. Throws
/// std::invalid_argument, before writing, for another number of factors, shapes that differ,
/// matrices that share some elements only, or factors that lie in `out`; so do the functions below.
inline void scale_columns(matrix_view<const float> in, std::span<const float> factors,
                          matrix_view<float> out, const execution& how = {}) {
  bulk::operate_on_columns("scale_columns", "factors", kernels::column_operation::multiply, in,
                           factors, out, how);
}
/// out(r, c) = in(r, c) / divisors[c]. Throws for divisors that are zero, infinite or NaN, too.
inline void divide_columns(matrix_view<const float> in, std::span<const float> divisors,
                           matrix_view<float> out, const execution& how = {}) {
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(divisors[i]) & 0x7FFFFFFFu;
    if (magnitude != 0 && magnitude < 0x7F800000u) continue;
    refuse("divide_columns: divisors[" + std::to_string(i) + "] is " + std::to_string(divisors[i]) +
           ", expected a finite number that is not zero");
  }
  bulk::operate_on_columns("divide_columns", "divisors", kernels::column_operation::divide, in,
                           divisors, out, how);
}
/// out(r, c) = in(r, c) + shifts[c].
inline void shift_columns(matrix_view<const float> in, std::span<const float> shifts,
                          matrix_view<float> out, const execution& how = {}) {
  bulk::operate_on_columns("shift_columns", "shifts", kernels::column_operation::add, in, shifts,
                           out, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
