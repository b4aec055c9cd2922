// SPDX-License-Identifier: MIT
// Boost's numeric libraries with all of the drop-in types.
#include "dropin/codes/boost.hpp"

TEST_CASE("Boost with each drop-in type") {
  test::check_codes(test::all_types{}, []<class real>(real) { return codes::on_boost<real>(); });
}
