// SPDX-License-Identifier: MIT
// A float_format without finite values does not compile, and the compiler prints the reason.
// expect: leave no finite value
#include "lowp/number/catalog.hpp"

#ifdef LOWP_EXPECT_FAILURE
constexpr lowp::code_t nan_codes = 3;
#else
constexpr lowp::code_t nan_codes = 1;
#endif

lowp::number<lowp::float_format{.exponent_bits = 1, .mantissa_bits = 1, .nan_codes = nan_codes}>
    x{};
