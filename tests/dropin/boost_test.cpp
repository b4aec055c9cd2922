// SPDX-License-Identifier: MIT
// Boost's numeric libraries with drop-in types; boost_exhaustive.cpp has all of them.
#include "dropin/codes/boost.hpp"

TEST_CASE("Boost with drop-in types") {
  using types =
      test::types<test::number_and_rounded_of<lowp::formats::binary16>, test::number_of<>>;
  test::check_codes(types{}, []<class real>(real) { return codes::on_boost<real>(); });
}
