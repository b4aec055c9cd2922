// SPDX-License-Identifier: MIT
// Simulations and control with the drop-in types.
#include "dropin/codes/control.hpp"
#include "dropin/codes/differential_equations.hpp"
#include "dropin/codes/shallow_water.hpp"

TEST_CASE("simulations with drop-in types") {
  test::check_codes(test::all_types{}, []<class real>(real) {
    return test::joined(codes::differential_equations<real>(), codes::oceans<real>(),
                        codes::control<real>());
  });
}

TEST_CASE("simulations with formats chosen at run time") {
  test::check_dynamic([]<class real>(real) {
    return test::joined(codes::differential_equations<real>(), codes::oceans<real>(),
                        codes::control<real>());
  });
}
