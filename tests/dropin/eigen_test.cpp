// SPDX-License-Identifier: MIT
// Eigen with drop-in types as scalars; eigen_exhaustive.cpp has more types and decompositions.
#include "dropin/codes/eigen.hpp"

TEST_CASE("Eigen with drop-in types") {
  using types =
      test::types<test::number_and_rounded_of<>, test::number_of<lowp::formats::binary16>>;
  test::check_codes(types{}, []<class real>(real) { return codes::on_eigen<real>(); });
}
