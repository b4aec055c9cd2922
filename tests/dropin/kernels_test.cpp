// SPDX-License-Identifier: MIT
// Kernels of linear algebra and stencils with the drop-in types.
#include "dropin/codes/kernels.hpp"
#include "dropin/codes/stencils.hpp"

TEST_CASE("kernels of linear algebra with drop-in types") {
  test::check_codes(test::all_types{}, []<class real>(real) { return codes::kernels<real>(); });
}

TEST_CASE("stencils with drop-in types") {
  test::check_codes(test::all_types{}, []<class real>(real) { return codes::stencils<real>(); });
}
