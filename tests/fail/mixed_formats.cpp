// SPDX-License-Identifier: MIT
// An operator does not choose the format of a result for operands of different formats, and a
// function says what to do.
// expect: deleted
// expect: different_formats_need_the_format_of_the_result
// expect: operands of different formats need the format of the result
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

constexpr auto sum = add<lowp::formats::binary32>(lowp::e4m3fn(1), lowp::e5m2(2));
#ifdef LOWP_EXPECT_FAILURE
constexpr auto by_operator = lowp::e4m3fn(1) + lowp::e5m2(2);
constexpr auto by_function = add(lowp::e4m3fn(1), lowp::e5m2(2));
#endif
