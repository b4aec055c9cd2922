// SPDX-License-Identifier: MIT
// A power-of-two rule makes no sense for a format with a tensor scale.
// expect: a power-of-two rule does not look at the tensor
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"

#ifdef LOWP_EXPECT_FAILURE
constexpr auto rule = lowp::rules::floor;
#else
constexpr auto rule = lowp::rules::amax;
#endif

lowp::nvfp4 quantized(lowp::matrix_view<const float> x) {
  return lowp::quantize<lowp::nvfp4>(x, rule);
}
