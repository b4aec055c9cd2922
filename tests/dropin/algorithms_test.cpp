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

TEST_CASE("algorithms with formats chosen at run time") {
  test::check_dynamic([]<class real>(real) {
    return test::joined(codes::linear_solvers<real>(), codes::fourier<real>(),
                        codes::automatic_differentiation<real>(), codes::minimization<real>(),
                        codes::nearest_neighbours<real>(), codes::standard_library<real>());
  });
}

namespace {

template <auto F>
void check_refinement(const char* name) {
  INFO(name);
  using low = lowp::dropin::number<F>;
  const auto reference = codes::refined_solution<double, double, double>();
  const auto expected = codes::refined_solution<low, float, double>();
  using single = lowp::dropin::binary32;
  const auto actual = codes::refined_solution<low, single, lowp::dropin::binary64>();
  CHECK(test::bits_of(actual) == test::bits_of(expected));
  using rounded = lowp::dropin::rounded<F>;
  CHECK(test::bits_of(codes::refined_solution<rounded, float, double>()) ==
        test::bits_of(expected));
  for (std::size_t i = 0; i < reference.size(); ++i) {
    CHECK(std::abs(static_cast<double>(expected[i]) - reference[i]) < 1e-7);
  }
}

}  // namespace

TEST_CASE("refinement gives the working precision whatever the precision of the factors") {
  check_refinement<lowp::formats::binary16>("binary16");
  check_refinement<lowp::formats::posit<16, 1>>("posit<16, 1>");
  check_refinement<lowp::formats::e5m2>("e5m2");
}
