// SPDX-License-Identifier: MIT
// How a kernel is called in the namespace of a target that is chosen at run time.
#pragma once

#include "lowp/kernels/target.hpp"
#include "lowp/kernels/targets/table.hpp"

/// Returns a call of a kernel in the namespace of the target whose lanes serve `level`.
// clang-format off
#define LOWP_DISPATCH(level, ...)                                                    \
  do {                                                                               \
    switch (lanes_of(level)) {                                                       \
      LOWP_TARGET_ROWS(LOWP_DISPATCH_TO_LANES, LOWP_DISPATCH_TO_NONE, __VA_ARGS__)   \
      default: break;                                                                \
    }                                                                                \
    using namespace LOWP_LOWEST_TARGET;                                              \
    return __VA_ARGS__;                                                              \
  } while (false)
#define LOWP_DISPATCH_TO_LANES(name, base, features, ...) \
  LOWP_ABOVE_LOWEST_##name(case isa::name: {              \
    using namespace name;                                 \
    return __VA_ARGS__;                                   \
  })
#define LOWP_DISPATCH_TO_NONE(...)
// clang-format on
