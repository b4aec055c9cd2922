// SPDX-License-Identifier: MIT
// The smallest program that uses the library; it must build and hold in every way to consume it.
#include <lowp/number/catalog.hpp>

#if defined(LOWP_LANE) || defined(LOWP_UNROLL) || defined(LOWP_DISPATCH) || \
    defined(LOWP_TARGET_ROWS) || defined(LOWP_COMPILES_avx2) || defined(LOWP_LOWEST_TARGET)
#error "a header, or the umbrella header, which run.sh puts before, leaves macros of kernels behind"
#endif

int main() {
  constexpr lowp::e4m3fn x{1.5F};
  return static_cast<float>(x) == 1.5F ? 0 : 1;
}
