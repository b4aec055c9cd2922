// SPDX-License-Identifier: MIT
// What values an operand has: how large, how small, and how many bits of them are used. It decides
// which kernels are exact for it.
#pragma once

#include "lowp/arrays/execution.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Of the values in binary32.
struct value_range {
  bool are_finite = true;
  int lowest = 128, highest = -150;  ///< exponents of those that are not zero; -150 of subnormals
  int significant_bits = 0;
  int unit = 128;  ///< exponent of the lowest last bit

  LOWP_BORDER value_range(const row_source& x, const execution& how);

  [[nodiscard]] bool are_zero() const { return significant_bits == 0; }
  /// All magnitudes are less than 2^end().
  [[nodiscard]] int end() const { return (highest > -127 ? highest : -127) + 1; }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/gemm/operands/value_range.inc"
#endif
