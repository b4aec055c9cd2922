// SPDX-License-Identifier: MIT
// A copy of an operand in binary32.
#pragma once

#include <cstddef>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Elements in binary32, row after row, without or with their scales.
struct element_matrix {
  std::size_t rows, cols;
  std::vector<float> values;

  LOWP_BORDER element_matrix(const any_operand& x, bool with_scales, const execution& how);
  [[nodiscard]] matrix_view<const float> view() const { return {values.data(), rows, cols}; }
  /// The columns first, first + step, … below end; in `buffer` where they are not neighbours.
  [[nodiscard]] LOWP_BORDER matrix_view<const float> columns(std::size_t first, std::size_t step,
                                                             std::size_t end,
                                                             std::vector<float>& buffer) const;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/gemm/operands/element_matrix.inc"
#endif
