// SPDX-License-Identifier: MIT
// Ordinary and partial differential equations: steps of fixed and of adapted length, and the
// equation of heat.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

// ------------------------------------------------------------------------------------- Runge–Kutta

template <class real>
using state = std::array<real, 3>;

template <class real>
struct lorenz_63 {
  real sigma = 10, rho = 28, beta = real(8) / 3;
  state<real> operator()(const state<real>& s) const {
    const auto [x, y, z] = s;
    return {sigma * (y - x), x * (rho - z) - y, x * y - beta * z};
  }
};

/// A pendulum with friction, and its phase.
template <class real>
struct pendulum {
  state<real> operator()(const state<real>& s) const {
    return {s[1], -std::sin(s[0]) - real(0.1) * s[1], 1};
  }
};

template <class real>
struct rotation {
  state<real> operator()(const state<real>& s) const { return {s[1], -s[0], s[0] - s[2]}; }
};

template <class real>
state<real> moved(const state<real>& s, real h, const state<real>& slope) {
  state<real> result;
  for (std::size_t i = 0; i < s.size(); ++i) result[i] = s[i] + h * slope[i];
  return result;
}

template <class real, class System>
state<real> rk4_step(const System& f, const state<real>& s, real h) {
  const auto k1 = f(s), k2 = f(moved(s, h / 2, k1)), k3 = f(moved(s, h / 2, k2)),
             k4 = f(moved(s, h, k3));
  state<real> result;
  for (std::size_t i = 0; i < s.size(); ++i) {
    result[i] = s[i] + h * (k1[i] + 2 * (k2[i] + k3[i]) + k4[i]) / 6;
  }
  return result;
}

template <class real, class System>
std::vector<real> trajectory(const System& f, state<real> s, real h, int count) {
  std::vector<real> results;
  for (int i = 0; i < count; ++i) {
    s = rk4_step(f, s, h);
    results.insert(results.end(), s.begin(), s.end());
  }
  return results;
}

template <class real>
std::vector<real> lorenz() {
  return trajectory(lorenz_63<real>(), {1, 2, 20}, real(1) / 64, 25);
}

template <class real>
std::vector<real> swing() {
  return trajectory(pendulum<real>(), {1, 0, 0}, real(0.125), 24);
}

/// Steps of adapted length: the pair of orders 5 and 4 of Cash and Karp.
template <class real, class System>
std::vector<real> adaptive_solution(const System& f, state<real> s, real end, real tolerance) {
  // clang-format off
  static const real a[6][5] = {{},
                               {real(1) / 5},
                               {real(3) / 40, real(9) / 40},
                               {real(3) / 10, -real(9) / 10, real(6) / 5},
                               {-real(11) / 54, real(5) / 2, -real(70) / 27, real(35) / 27},
                               {real(1631) / 55296, real(175) / 512, real(575) / 13824,
                                real(44275) / 110592, real(253) / 4096}};
  // clang-format on
  static const real b[6] = {real(37) / 378,  0, real(250) / 621,
                            real(125) / 594, 0, real(512) / 1771};
  static const real c[6] = {real(2825) / 27648, 0,         real(18575) / 48384, real(13525) / 55296,
                            real(277) / 14336,  real(0.25)};
  real t = 0, h = real(0.25);
  for (int tries = 0; t < end && tries < 200; ++tries) {
    h = (std::min)(h, end - t);
    std::array<state<real>, 6> k;
    for (std::size_t stage = 0; stage < 6; ++stage) {
      state<real> at = s;
      for (std::size_t j = 0; j < stage; ++j) at = moved(at, h * a[stage][j], k[j]);
      k[stage] = f(at);
    }
    state<real> next = s;
    real error = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      real difference = 0;
      for (std::size_t stage = 0; stage < 6; ++stage) {
        next[i] += h * b[stage] * k[stage][i];
        difference += h * (b[stage] - c[stage]) * k[stage][i];
      }
      error = (std::max)(error, std::abs(difference));
    }
    const bool accepted = error <= tolerance;
    if (accepted) t += h, s = next;
    const real factor = error > 0 ? real(0.9) * std::pow(tolerance / error, real(0.2)) : real(4);
    h *= (std::min)((std::max)(factor, real(0.2)), real(4));
  }
  return {s.begin(), s.end()};
}

template <class real>
std::vector<real> rotated_adaptively() {
  return adaptive_solution(rotation<real>(), {1, 0, 0}, real(3), real(1) / 512);
}

// ---------------------------------------------------------------------------- the equation of heat

template <class real>
std::vector<real> initial_temperature(std::size_t size) {
  std::vector<real> u(size, 0.0);
  for (std::size_t i = size / 4; i < size / 2; ++i) u[i] = 1.0;
  return u;
}

template <class real>
std::vector<real> heat_explicit() {
  std::vector<real> u = initial_temperature<real>(20), next = u;
  const real dx = real(0.5), dt = real(0.4) * dx * dx, r = dt / (dx * dx);
  for (int t = 0; t < 12; ++t) {
    for (std::size_t i = 1; i + 1 < u.size(); ++i) {
      next[i] = u[i] + r * (u[i + 1] - 2 * u[i] + u[i - 1]);
    }
    u.swap(next);
  }
  return u;
}

/// By the scheme of Crank and Nicolson, with Thomas's algorithm for tridiagonal equations.
template <class real>
std::vector<real> heat_implicit() {
  std::vector<real> u = initial_temperature<real>(20), c(20), d(20);
  const real r = 1.5;
  int remaining = 8;
  while (remaining--) {
    c[0] = d[0] = 0;
    for (std::size_t i = 1; i + 1 < u.size(); ++i) {
      const real right = r / 2 * (u[i - 1] + u[i + 1]) + (1 - r) * u[i];
      const real pivot = 1 + r + r / 2 * c[i - 1];
      c[i] = -(r / 2) / pivot;
      d[i] = (right + r / 2 * d[i - 1]) / pivot;
    }
    for (std::size_t i = u.size() - 2; i > 0; --i) u[i] = d[i] - c[i] * u[i + 1];
  }
  return u;
}

template <class real>
std::vector<test::code<real>> differential_equations() {
  using enum test::operations;
  return {{"Lorenz-63", lorenz<real>, 32, basic, 600},
          {"pendulum", swing<real>, 16, others},
          {"Runge-Kutta of adapted steps", rotated_adaptively<real>, 16, others, 120000, 0.004},
          {"heat, explicit", heat_explicit<real>, 16},
          {"heat, Crank-Nicolson", heat_implicit<real>, 16}};
}

}  // namespace codes
