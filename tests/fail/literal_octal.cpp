// SPDX-License-Identifier: MIT
// An octal literal, which would not mean what it says.
// expect: the_literal_is_not_a_decimal_or_hexadecimal_number
#include "lowp/number/literals.hpp"

using namespace lowp::literals;

constexpr auto fifteen = 15_int8;
#ifdef LOWP_EXPECT_FAILURE
constexpr auto octal = 017_int8;
#endif
