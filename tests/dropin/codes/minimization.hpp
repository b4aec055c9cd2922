// SPDX-License-Identifier: MIT
// Minima by the simplex method of Nelder and Mead.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

template <class real, class Function>
std::array<real, 2> nelder_mead(Function f, std::array<real, 2> start, real size, int iterations) {
  struct vertex {
    std::array<real, 2> x;
    real value;
  };
  const auto vertex_at = [&](real x, real y) { return vertex{{x, y}, f(x, y)}; };
  std::array<vertex, 3> simplex = {vertex_at(start[0], start[1]),
                                   vertex_at(start[0] + size, start[1]),
                                   vertex_at(start[0], start[1] + size)};
  const auto by_value = [](const vertex& a, const vertex& b) { return a.value < b.value; };
  std::sort(simplex.begin(), simplex.end(), by_value);
  while (iterations-- > 0) {
    const real mx = (simplex[0].x[0] + simplex[1].x[0]) / 2;
    const real my = (simplex[0].x[1] + simplex[1].x[1]) / 2;
    const auto along = [&](real t) {
      return vertex_at(mx + t * (simplex[2].x[0] - mx), my + t * (simplex[2].x[1] - my));
    };
    const vertex reflected = along(-1);
    if (reflected.value < simplex[0].value) {
      const vertex expanded = along(-2);
      simplex[2] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[1].value) {
      simplex[2] = reflected;
    } else {
      const vertex contracted = along(reflected.value < simplex[2].value ? real(-0.5) : real(0.5));
      if (contracted.value < simplex[2].value) {
        simplex[2] = contracted;
      } else {
        for (std::size_t i = 1; i < 3; ++i) {
          simplex[i] = vertex_at((simplex[0].x[0] + simplex[i].x[0]) / 2,
                                 (simplex[0].x[1] + simplex[i].x[1]) / 2);
        }
      }
    }
    std::sort(simplex.begin(), simplex.end(), by_value);
  }
  return simplex[0].x;
}

template <class real>
std::vector<real> minimum_of_quadratic() {
  const auto f = [](real x, real y) {
    return (x - 1) * (x - 1) + 2 * (y - 2) * (y - 2) + (x - 1) * (y - 2) / 2;
  };
  const auto x = nelder_mead<real>(f, {0, 0}, real(0.75), 40);
  return {x.begin(), x.end()};
}

template <class real>
std::vector<test::code<real>> minimization() {
  return {{"Nelder-Mead", minimum_of_quadratic<real>, 64, {}, 64, 0.01}};
}

}  // namespace codes
