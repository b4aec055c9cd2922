// SPDX-License-Identifier: MIT
// A descriptor that contradicts itself does not compile, and the compiler prints the reason.
// expect: nan_at_negative_zero needs is_signed
#include "lowp/number/catalog.hpp"

#ifdef LOWP_EXPECT_FAILURE
constexpr bool is_signed = false;
#else
constexpr bool is_signed = true;
#endif

constexpr lowp::float_format format{.exponent_bits = 4,
                                    .mantissa_bits = 3,
                                    .is_signed = is_signed,
                                    .has_infinity = false,
                                    .nan_codes = 0,
                                    .nan_at_negative_zero = true};
lowp::number<format> x{};
