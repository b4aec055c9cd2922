// SPDX-License-Identifier: MIT
// Boost over dropin numbers needs no adapter: odeint and Boost.Math over dropin::binary64 give the
// bits that they give over double, and compile over formats of fewer bits.
#include "catch.hpp"
#include "skip.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // within odeint
#endif

#if __has_include(<boost/numeric/odeint.hpp>)

#include <array>
#include <boost/math/quadrature/trapezoidal.hpp>
#include <boost/math/tools/roots.hpp>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "lowp/adapters/iostream.hpp"
#include "lowp/number/dropin.hpp"

using namespace lowp;

namespace {

template <class State, class T>
void lorenz(const State& x, State& rate, T) {
  rate[0] = 10.0 * (x[1] - x[0]);
  rate[1] = 28.0 * x[0] - x[1] - x[0] * x[2];
  rate[2] = -8.0 / 3.0 * x[2] + x[0] * x[1];
}

template <class T>
std::vector<double> jobs() {
  namespace odeint = boost::numeric::odeint;
  std::vector<double> out;
  const auto keep = [&out](const auto& x) {
    for (const T value : x) out.push_back(static_cast<double>(value));
  };
  using state = std::array<T, 3>;
  state x{1.0, 1.0, 1.0};
  odeint::runge_kutta4<state, T, state, T> stepper;
  T time = 0, step = 0.01;
  for (int i = 0; i < 20; ++i, time += step) stepper.do_step(lorenz<state, T>, x, time, step);
  keep(x);
  odeint::integrate_adaptive(
      odeint::make_controlled(1e-2, 1e-2, odeint::runge_kutta_cash_karp54<state, T>()),
      lorenz<state, T>, x, T(0), T(0.5), T(0.01));
  keep(x);
  keep(std::array{boost::math::tools::newton_raphson_iterate(
      [](T z) { return std::make_pair(z * z - 2, 2 * z); }, T(1), T(0), T(2), 8)});
  keep(std::array{boost::math::quadrature::trapezoidal([](T z) { return z * z; }, T(0), T(1))});
  return out;
}

}  // namespace

TEST_CASE("Boost over dropin::binary64 is Boost over double") {
  CHECK(jobs<dropin::binary64>() == jobs<double>());
}

TEST_CASE("Boost over binary32 is near") {
  const auto want = jobs<double>(), got = jobs<dropin::binary32>();
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (i >= 3 && i < 6) continue;  // steps of other sizes on a chaotic orbit
    CHECK(std::abs(got[i] - want[i]) < 1e-4 * (1 + std::abs(want[i])));
  }
}

#else

TEST_CASE("Boost") { return test::skip("there is no Boost.odeint"); }

#endif
