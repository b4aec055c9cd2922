// SPDX-License-Identifier: MIT
// A double does not become a number of few bits by itself.
// expect: conver
#include "lowp/number/catalog.hpp"

constexpr lowp::e4m3fn explicitly(1.0);
#ifdef LOWP_EXPECT_FAILURE
constexpr lowp::e4m3fn implicitly = 1.0;
#endif
