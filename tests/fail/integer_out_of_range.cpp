// SPDX-License-Identifier: MIT
// An integer beyond the largest number of its format, where the compiler must evaluate it.
// expect: the_constant_is_out_of_the_range_of_the_format
#include "lowp/number/catalog.hpp"

constexpr lowp::int_n<8> largest = 127;
constexpr lowp::int_n<8> saturated(128);
#ifdef LOWP_EXPECT_FAILURE
constexpr lowp::int_n<8> larger = 128;
#endif
