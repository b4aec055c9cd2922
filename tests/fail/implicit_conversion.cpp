// SPDX-License-Identifier: MIT
// A double that is known only at run time does not become a number of few bits by itself.
// expect: constant expression
#include "lowp/number/catalog.hpp"

lowp::e4m3fn converted(double value) {
  lowp::e4m3fn result = 0.5;
  result = lowp::e4m3fn(value);
#ifdef LOWP_EXPECT_FAILURE
  result = value;
#endif
  return result;
}
