// SPDX-License-Identifier: MIT
// Whether two matrices have elements in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether two matrices have elements in common; of different strides, whether they lie within each
/// other.
[[nodiscard]] inline bool share_elements(matrix_view<const float> a, matrix_view<const float> b) {
  if (a.rows == 0 || a.cols == 0 || b.rows == 0 || b.cols == 0) return false;
  auto from = reinterpret_cast<std::uintptr_t>(a.data),
       to = reinterpret_cast<std::uintptr_t>(b.data);
  if (to < from) {
    std::swap(a, b);
    std::swap(from, to);
  }
  const std::size_t apart = (to - from + sizeof(float) - 1) / sizeof(float);
  if (apart >= (a.rows - 1) * a.stride + a.cols) return false;
  if (a.rows == 1) return true;
  const bool is_comb = b.rows == 1 ? b.cols <= a.stride : a.stride == b.stride;
  return !is_comb || apart % a.stride < a.cols || apart % a.stride + b.cols > a.stride;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
