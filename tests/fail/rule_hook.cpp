// SPDX-License-Identifier: MIT
// A member of a rule that has the name of a hook, but not its form, is not passed over.
// expect: a rule's scaling is scaling.format. const -> element_scaling
// errors: 1
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"

struct rule : lowp::rules::amax_t {
#ifdef LOWP_EXPECT_FAILURE
  lowp::element_scaling scaling = lowp::element_scaling::multiply;
#else
  lowp::element_scaling scaling(const auto&) const { return lowp::element_scaling::multiply; }
#endif
};

lowp::mxfp4 quantized(lowp::matrix_view<const float> x) {
  return lowp::quantize<lowp::mxfp4>(x, rule{});
}
