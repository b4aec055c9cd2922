// SPDX-License-Identifier: MIT
// What of Eigen takes long to compile: some minutes for each further type.
#include "dropin/codes/eigen.hpp"

TEST_CASE("decompositions of Eigen with drop-in types") {
  using types =
      test::types<test::number_and_rounded_of<>, test::number_of<lowp::formats::binary16>>;
  test::check_codes(types{},
                    []<class real>(real) { return codes::decompositions_on_eigen<real>(); });
}
