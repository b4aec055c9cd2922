// SPDX-License-Identifier: MIT
// How kernels compute the scales of many blocks in binary32.
#pragma once

#include <cstdint>

#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// How the amax of a block becomes the value of its scale, each step rounded to binary32: times a,
/// or divided by a and then by b; within [lowest, highest], with values of their own for 0 and NaN.
/// With `to_odd` both quotients are rounded to odd, so that a rounding to fewer bits is the first.
struct scale_arithmetic {
  bool divides = false;
  std::uint32_t a = 0, b = 0;
  std::uint32_t lowest = 0, highest = 0;
  std::uint32_t of_zero = 0, of_nan = 0;
  bool to_odd = false;
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
