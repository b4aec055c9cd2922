// SPDX-License-Identifier: MIT
// A literal beyond the largest number of its format.
// expect: the_literal_is_out_of_the_range_of_its_format
#include "lowp/number/literals.hpp"

using namespace lowp::literals;

constexpr auto largest = 448_e4m3fn;
#ifdef LOWP_EXPECT_FAILURE
constexpr auto larger = 480_e4m3fn;
#endif
