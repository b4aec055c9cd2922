// SPDX-License-Identifier: MIT
// Elementary functions of arrays of binary32: of each function of list.inc, kernels::<name>_array.
// y may be x. The caller sees to the floating-point environment (core/config.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

#define LOWP_FUNCTION(name, error) \
  LOWP_BORDER void name##_array(isa level, const float* x, std::size_t count, float* y);
#define LOWP_FUNCTION_OF_TWO(name, error)                                                     \
  LOWP_BORDER void name##_array(isa level, const float* a, const float* b, std::size_t count, \
                                float* y);
#define LOWP_FUNCTION_LIST "lowp/kernels/functions/list.inc"  // whose files include this, alone
#include LOWP_FUNCTION_LIST
#undef LOWP_FUNCTION_LIST

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/functions/functions.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
