// SPDX-License-Identifier: MIT
// Codes on Boost: odeint, Math and uBLAS.
#pragma once

#include <array>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/quadrature/trapezoidal.hpp>
#include <boost/math/tools/roots.hpp>
#include <boost/numeric/odeint.hpp>
#include <boost/numeric/ublas/lu.hpp>
#include <boost/numeric/ublas/matrix.hpp>
#include <boost/numeric/ublas/vector.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include "dropin/run_codes.hpp"
#include "lowp/adapters/iostream.hpp"  // Boost.Math puts numbers into messages

namespace codes {

// ------------------------------------------------------------------------------------------ odeint

namespace odeint = boost::numeric::odeint;

template <class State, class real>
void lorenz_slope(const State& s, State& slope, real) {
  slope[0] = 10 * (s[1] - s[0]);
  slope[1] = s[0] * (28 - s[2]) - s[1];
  slope[2] = s[0] * s[1] - real(8) / 3 * s[2];
}

template <class real>
void oscillator_slope(const std::vector<real>& s, std::vector<real>& slope, real) {
  slope[0] = s[1];
  slope[1] = -s[0] - real(0.125) * s[1];
}

template <class real>
std::vector<real> odeint_fixed_steps() {
  std::vector<real> results;
  std::array<real, 3> s = {1, 2, 20};
  odeint::runge_kutta4<std::array<real, 3>, real> stepper;
  const real h = real(1) / 64;
  real t = 0;
  for (int i = 0; i < 20; ++i, t += h) {
    stepper.do_step(lorenz_slope<std::array<real, 3>, real>, s, t, h);
    results.insert(results.end(), s.begin(), s.end());
  }
  return results;
}

template <class real>
std::vector<real> odeint_adapted_steps() {
  std::vector<real> s = {1, 2, 20};
  using stepper = odeint::runge_kutta_cash_karp54<std::vector<real>, real>;
  odeint::integrate_adaptive(odeint::make_controlled<stepper>(real(0.01), real(0.01)),
                             lorenz_slope<std::vector<real>, real>, s, real(0), real(0.25),
                             real(1) / 64);
  return s;
}

template <class real>
std::vector<real> odeint_dense_output() {
  std::vector<real> s = {1, 0}, results;
  // Twice the epsilon of e5m2: odeint takes times that are nearer than epsilon for the same. It
  // would ask for the first one before the first step, and asks for one after the end: the last
  // counts.
  const real interval = real(0.5);
  const auto stepper = odeint::make_dense_output(
      real(1) / 128, real(1) / 128, odeint::runge_kutta_dopri5<std::vector<real>, real>());
  odeint::integrate_const(stepper, oscillator_slope<real>, s, real(0), real(2), interval,
                          [&](const std::vector<real>& at, real) { results = at; });
  return results;
}

// -------------------------------------------------------------------------------------------- Math

template <class real>
std::vector<real> boost_roots() {
  namespace tools = boost::math::tools;
  const auto f = [](real x) { return x * x * x - 2 * x - 5; };
  const auto near = [](real a, real b) {
    return std::abs(a - b) <= 8 * std::numeric_limits<real>::epsilon();
  };
  std::uintmax_t most = 60;
  const auto by_halves = tools::bisect(f, real(2), real(3), near, most);
  most = 60;
  const auto by_interpolation = tools::toms748_solve(f, real(2), real(3), near, most);
  most = 60;
  const real by_slope = tools::newton_raphson_iterate(
      [&](real x) { return std::make_tuple(f(x), 3 * x * x - 2); }, real(2.5), real(2), real(3),
      std::numeric_limits<real>::digits / 2, most);
  return {by_halves.first, by_interpolation.second, by_slope};
}

template <class real>
std::vector<real> boost_quadrature() {
  namespace quadrature = boost::math::quadrature;
  const auto f = [](real x) {
    using std::exp;
    return exp(-x * x);
  };
  const real end = real(1.5);
  return {quadrature::trapezoidal(f, real(0), end, real(0.01)),
          quadrature::gauss<real, 7>::integrate(f, real(0), end),
          quadrature::gauss_kronrod<real, 15>::integrate(f, real(0), end, 0, real(0.01))};
}

// ------------------------------------------------------------------------------------------- uBLAS

template <class real>
std::vector<real> ublas_solution() {
  namespace ublas = boost::numeric::ublas;
  // With bounds, because in C++20 the storage without works since Boost 1.76 only.
  constexpr std::size_t size = 5;
  using vector = ublas::bounded_vector<real, size>;
  ublas::bounded_matrix<real, size, size> a(size, size);
  vector b(size);
  for (std::size_t i = 0; i < size; ++i) {
    b(i) = real(i) / 2 + 1;
    for (std::size_t j = 0; j < size; ++j) a(i, j) = i == j ? 3 : real((i * j + i) % 5) / 4;
  }
  const vector product = ublas::prod(a, b) / real(4) - b * real(0.5);
  std::vector<real> results(product.begin(), product.end());
  ublas::lu_factorize(a);
  ublas::inplace_solve(a, b, ublas::unit_lower_tag());
  ublas::inplace_solve(a, b, ublas::upper_tag());
  results.insert(results.end(), b.begin(), b.end());
  results.insert(results.end(), {ublas::inner_prod(b, product), ublas::norm_2(b), ublas::sum(b)});
  return results;
}

template <class real>
std::vector<test::code<real>> on_boost() {
  using enum test::operations;
  // Quotients of integers beyond the range of binary16 are among the constants of odeint's
  // steppers.
  return {{"odeint, fixed steps", odeint_fixed_steps<real>, 32, basic, 600},
          {"odeint, adapted steps", odeint_adapted_steps<real>, 32, others, 400000, 0.1},
          {"odeint, dense output", odeint_dense_output<real>, 32, others, 400000, 0.1},
          {"Boost.Math, roots", boost_roots<real>, 16, others},
          {"Boost.Math, quadrature", boost_quadrature<real>, 8, others, 16, 0.001},
          {"uBLAS", ublas_solution<real>, 16}};
}

}  // namespace codes
