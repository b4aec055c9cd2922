// SPDX-License-Identifier: MIT
// A float_format of more than 64 bits does not compile, and the compiler prints the reason.
// expect: a float_format has at most 64 bits
#include "lowp/number/catalog.hpp"

#ifdef LOWP_EXPECT_FAILURE
constexpr int mantissa_bits = 53;
#else
constexpr int mantissa_bits = 52;
#endif

lowp::number<lowp::float_format{.exponent_bits = 11, .mantissa_bits = mantissa_bits}> x{};
