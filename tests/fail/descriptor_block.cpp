// SPDX-License-Identifier: MIT
// A tensor scale makes no sense under a power-of-two rule.
// expect: a power-of-two scale_rule does not look at the tensor
#include <lowp/lowp.hpp>

#ifdef LOWP_EXPECT_FAILURE
constexpr auto rule = lowp::scale_rule::floor;
#else
constexpr auto rule = lowp::scale_rule::amax;
#endif

lowp::block_matrix<lowp::block_format{lowp::formats::e2m1, lowp::formats::ue4m3,
                                      lowp::block_shape{1, 16}, rule, true}>
    x;
