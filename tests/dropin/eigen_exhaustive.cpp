// SPDX-License-Identifier: MIT
// Eigen with more of the drop-in types, and what of it takes long to compile.
#include "dropin/codes/eigen.hpp"

TEST_CASE("Eigen with more drop-in types") {
  test::check_codes(test::few_types{}, []<class real>(real) { return codes::on_eigen<real>(); });
}

TEST_CASE("decompositions of Eigen with drop-in types") {
  test::check_codes(test::few_types{},
                    []<class real>(real) { return codes::decompositions_on_eigen<real>(); });
}
