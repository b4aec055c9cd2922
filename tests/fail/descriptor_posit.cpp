// SPDX-License-Identifier: MIT
// A posit of 33 bits does not compile, and the compiler prints the reason.
// expect: a posit_format has 2 to 32 total_bits
#include "lowp/number/catalog.hpp"

#ifdef LOWP_EXPECT_FAILURE
lowp::posit<33> x{};
#else
lowp::posit<32> x{};
#endif
