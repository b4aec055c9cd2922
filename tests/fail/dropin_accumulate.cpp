// SPDX-License-Identifier: MIT
// A sum that a program begins as a double does not become one of few bits.
// expect: conver
#include <numeric>

#include "lowp/number/dropin.hpp"

double sum(const lowp::dropin::binary16* first, const lowp::dropin::binary16* last) {
#ifdef LOWP_EXPECT_FAILURE
  return std::accumulate(first, last, 0.0);
#else
  return double(std::accumulate(first, last, lowp::dropin::binary16(0)));
#endif
}
