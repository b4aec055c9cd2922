// SPDX-License-Identifier: MIT
// Two small models of weather, written for a floating-point type T, which knows nothing of formats.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace methods {

template <class T>
using state = std::vector<T>;

// One step of the classical method of fourth order.
template <class T>
state<T> runge_kutta(const state<T>& s, T step, state<T> (*slope)(const state<T>&)) {
  const auto ahead = [&](const state<T>& k, T h) {
    state<T> t = s;
    for (std::size_t i = 0; i < t.size(); ++i) t[i] += h * k[i];
    return t;
  };
  const auto a = slope(s), b = slope(ahead(a, step / 2)), c = slope(ahead(b, step / 2)),
             d = slope(ahead(c, step));
  state<T> t = s;
  for (std::size_t i = 0; i < t.size(); ++i) t[i] += step * (a[i] + 2 * (b[i] + c[i]) + d[i]) / 6;
  return t;
}

// Lorenz's system of 1963.
template <class T>
state<T> lorenz(const state<T>& s) {
  return {10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - s[2] * 8 / 3};
}

// A flow over a ridge on a rotating plane: the depths of the water at 64 places of a circle, its
// speeds along them, which start from 2, and across.
template <class T>
state<T> shallow_water(const state<T>& s) {
  const auto ridge = [](std::size_t i) {
    return T(std::exp(-std::pow((static_cast<double>(i) - 32) / 4.5, 2)));
  };
  state<T> slope(s.size());
  const T *const h = &s[0], *const u = &s[64], *const v = &s[128];
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t l = (i + 63) % 64, r = (i + 1) % 64;
    const auto along = [&](T left, T right) { return T(1.6) * (left - right); };
    const auto smooth = [&](const T* x) { return T(0.5) * (x[l] - 2 * x[i] + x[r]); };
    slope[i] = along(h[l] * u[l], h[r] * u[r]);
    slope[64 + i] =
        v[i] + u[i] * along(u[l], u[r]) + 10 * along(h[l] + ridge(l), h[r] + ridge(r)) + smooth(u);
    slope[128 + i] = 2 - u[i] + u[i] * along(v[l], v[r]) + smooth(v);
  }
  return slope;
}

}  // namespace methods
