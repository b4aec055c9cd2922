// SPDX-License-Identifier: MIT
// Algorithms of numerical analysis with the drop-in types.
#include "dropin/codes/automatic_differentiation.hpp"
#include "dropin/codes/fourier.hpp"
#include "dropin/codes/linear_solvers.hpp"
#include "dropin/codes/minimization.hpp"
#include "dropin/codes/nearest_neighbours.hpp"
#include "dropin/codes/standard_library.hpp"

TEST_CASE("linear solvers with drop-in types") {
  test::check_codes(test::all_types{},
                    []<class real>(real) { return codes::linear_solvers<real>(); });
}

TEST_CASE("transforms and derivatives with drop-in types") {
  test::check_codes(test::all_types{}, []<class real>(real) {
    return test::joined(codes::fourier<real>(), codes::automatic_differentiation<real>());
  });
}

TEST_CASE("searches and the standard library with drop-in types") {
  test::check_codes(test::few_types{}, []<class real>(real) {
    return test::joined(codes::minimization<real>(), codes::nearest_neighbours<real>(),
                        codes::standard_library<real>());
  });
}
