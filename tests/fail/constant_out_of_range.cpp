// SPDX-License-Identifier: MIT
// A floating-point constant beyond the largest number of its format.
// expect: the_constant_is_out_of_the_range_of_the_format
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

lowp::e4m3fn scaled(lowp::e4m3fn x) {
#ifdef LOWP_EXPECT_FAILURE
  return 480.0 * x;
#else
  return 448.0 * x;
#endif
}
