// SPDX-License-Identifier: MIT
// A number does not become a double by itself.
// expect: conver
#include "lowp/number/catalog.hpp"

constexpr double in_words = double(lowp::e4m3fn(1.0));
#ifdef LOWP_EXPECT_FAILURE
constexpr double by_itself = lowp::e4m3fn(1.0);
#endif
