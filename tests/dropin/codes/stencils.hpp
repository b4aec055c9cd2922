// SPDX-License-Identifier: MIT
// Loops over grids in the manner of benchmark kernels in C. Those at the end have constants that
// are doubles, as much code for float has: there float computes in double what a drop-in type does
// not.
#pragma once

#include <cmath>
#include <concepts>
#include <vector>

#include "dropin/codes/arrays.hpp"
#include "dropin/run_codes.hpp"

namespace codes {

constexpr int grid = 8;
constexpr int steps = 6;

template <class real>
std::vector<real> jacobi_1d() {
  real a[2 * grid], b[2 * grid];
  set(a, 1), set(b, 2);
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < 2 * grid - 1; i++) b[i] = (a[i - 1] + a[i] + a[i + 1]) / 3;
    for (int i = 1; i < 2 * grid - 1; i++) a[i] = (b[i - 1] + b[i] + b[i + 1]) / 3;
  }
  return results_of(a);
}

template <class real>
std::vector<real> jacobi_2d() {
  real a[grid][grid], b[grid][grid];
  const real fifth = real(0.2);
  set(a, 1), set(b, 2);
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < grid - 1; i++) {
      for (int j = 1; j < grid - 1; j++) {
        b[i][j] = fifth * (a[i][j] + a[i][j - 1] + a[i][j + 1] + a[i + 1][j] + a[i - 1][j]);
      }
    }
    for (int i = 1; i < grid - 1; i++) {
      for (int j = 1; j < grid - 1; j++) {
        a[i][j] = fifth * (b[i][j] + b[i][j - 1] + b[i][j + 1] + b[i + 1][j] + b[i - 1][j]);
      }
    }
  }
  return results_of(a);
}

template <class real>
std::vector<real> seidel_2d() {
  real a[grid][grid];
  set(a, 3);
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i <= grid - 2; i++) {
      for (int j = 1; j <= grid - 2; j++) {
        a[i][j] = (a[i - 1][j - 1] + a[i - 1][j] + a[i - 1][j + 1] + a[i][j - 1] + a[i][j] +
                   a[i][j + 1] + a[i + 1][j - 1] + a[i + 1][j] + a[i + 1][j + 1]) /
                  9;
      }
    }
  }
  return results_of(a);
}

/// Electromagnetic waves in the plane, finite differences in the time domain.
template <class real>
std::vector<real> fdtd_2d() {
  real ex[grid][grid], ey[grid][grid], hz[grid][grid];
  set(ex, 1), set(ey, 2), set(hz, 3);
  for (int t = 0; t < steps; t++) {
    for (int j = 0; j < grid; j++) ey[0][j] = real(t) / 8;
    for (int i = 1; i < grid; i++) {
      for (int j = 0; j < grid; j++) ey[i][j] -= real(0.5) * (hz[i][j] - hz[i - 1][j]);
    }
    for (int i = 0; i < grid; i++) {
      for (int j = 1; j < grid; j++) ex[i][j] -= real(0.5) * (hz[i][j] - hz[i][j - 1]);
    }
    for (int i = 0; i < grid - 1; i++) {
      for (int j = 0; j < grid - 1; j++) {
        hz[i][j] -= real(0.7) * (ex[i][j + 1] - ex[i][j] + ey[i + 1][j] - ey[i][j]);
      }
    }
  }
  return results_of(hz);
}

template <class real>
std::vector<real> heat_3d() {
  constexpr int m = 5;
  real a[m][m][m], b[m][m][m];
  for (int i = 0; i < m; i++) set(a[i], i), set(b[i], i);
  const auto step = [](const auto& from, auto& to) {
    for (int i = 1; i < m - 1; i++) {
      for (int j = 1; j < m - 1; j++) {
        for (int k = 1; k < m - 1; k++) {
          to[i][j][k] = (from[i + 1][j][k] - 2 * from[i][j][k] + from[i - 1][j][k]) / 8 +
                        (from[i][j + 1][k] - 2 * from[i][j][k] + from[i][j - 1][k]) / 8 +
                        (from[i][j][k + 1] - 2 * from[i][j][k] + from[i][j][k - 1]) / 8 +
                        from[i][j][k];
        }
      }
    }
  };
  for (int t = 0; t < steps; t++) step(a, b), step(b, a);
  std::vector<real> results;
  for (const auto& plane : a) append(results, plane);
  return results;
}

/// Alternating directions: tridiagonal equations along rows, then along columns.
template <class real>
std::vector<real> adi() {
  real u[grid][grid], v[grid][grid], p[grid], q[grid];
  set(u, 4), set(v, 1);
  const real a = -real(0.5), b = 1 - 2 * a, d = 1 + 2 * a;
  const auto sweep = [&](const auto& from, auto& to) {
    for (int i = 1; i < grid - 1; i++) {
      to[0][i] = 1, p[0] = 0, q[0] = to[0][i];
      for (int j = 1; j < grid - 1; j++) {
        p[j] = -a / (a * p[j - 1] + b);
        q[j] = (-a * from[i - 1][j] + d * from[i][j] - a * from[i + 1][j] - a * q[j - 1]) /
               (a * p[j - 1] + b);
      }
      to[grid - 1][i] = 1;
      for (int j = grid - 2; j >= 1; j--) to[j][i] = p[j] * to[j + 1][i] + q[j];
    }
  };
  for (int t = 0; t < steps; t++) sweep(u, v), sweep(v, u);
  return results_of(u);
}

/// A recursive filter that smooths along rows in both directions.
template <class real>
std::vector<real> recursive_smoothing() {
  real x[grid][2 * grid], y[grid][2 * grid], z[grid][2 * grid];
  set(x, 2);
  const real alpha = real(0.25), e = std::exp(-alpha),
             k = (1 - e) * (1 - e) / (1 + 2 * alpha * e - e * e);
  const real a1 = k, a2 = k * e * (alpha - 1), a3 = k * e * (alpha + 1), a4 = -k * e * e;
  const real b1 = 2 * e, b2 = -e * e;
  for (int i = 0; i < grid; i++) {
    real x1 = 0, y1 = 0, y2 = 0;
    for (int j = 0; j < 2 * grid; j++) {
      y[i][j] = a1 * x[i][j] + a2 * x1 + b1 * y1 + b2 * y2;
      x1 = x[i][j], y2 = y1, y1 = y[i][j];
    }
    real x2 = 0, z1 = 0, z2 = 0;
    x1 = 0;
    for (int j = 2 * grid - 1; j >= 0; j--) {
      z[i][j] = a3 * x1 + a4 * x2 + b1 * z1 + b2 * z2;
      x2 = x1, x1 = x[i][j], z2 = z1, z1 = z[i][j];
    }
    for (int j = 0; j < 2 * grid; j++) z[i][j] += y[i][j];
  }
  return results_of(z);
}

// ------------------------------------------------------------------------- with constants of
// double

template <class real>
std::vector<real> relaxation() {
  real a[grid][grid];
  set(a, 5);
  const double omega = 1.25;
  for (int t = 0; t < steps; t++) {
    for (int i = 1; i < grid - 1; i++) {
      for (int j = 1; j < grid - 1; j++) {
        const real mean = 0.25 * (a[i - 1][j] + a[i + 1][j] + a[i][j - 1] + a[i][j + 1]);
        a[i][j] = (1.0 - omega) * a[i][j] + omega * mean;
      }
    }
  }
  return results_of(a);
}

template <class real>
std::vector<real> lattice_waves() {
  real u[2 * grid] = {0.0}, v[2 * grid] = {0.0};
  u[3] = 1.0, u[4] = 0.5;
  for (int t = 0; t < 2 * steps; t++) {
    for (int i = 1; i < 2 * grid - 1; i++) v[i] += 0.3 * (u[i - 1] - 2.0 * u[i] + u[i + 1]);
    for (int i = 1; i < 2 * grid - 1; i++) u[i] += v[i] * 0.99;
    if (u[1] > 0.75) u[1] = 0.75;
  }
  return results_of(u);
}

template <class real>
std::vector<real> distances() {
  real d[grid][grid], x[grid], y[grid];
  set(x, 1), set(y, 2);
  for (int i = 0; i < grid; i++) {
    for (int j = 0; j < grid; j++) {
      const real square = std::pow(x[i] - x[j], 2.0) + pow(y[i] - y[j], 2);
      d[i][j] = square > 0.0 ? 1.0 / (0.1 + std::sqrt(square)) : real(0.0);
      d[i][j] *= d[i][j] > 8 ? 0.5 : 1.0;
    }
  }
  return results_of(d);
}

template <class real>
std::vector<test::code<real>> stencils() {
  using enum test::operations;
  std::vector<test::code<real>> list = {
      {"jacobi-1d", jacobi_1d<real>, 8},
      {"jacobi-2d", jacobi_2d<real>, 8},
      {"seidel-2d", seidel_2d<real>, 8},
      {"fdtd-2d", fdtd_2d<real>, 8},
      {"heat-3d", heat_3d<real>, 8},
      {"adi", adi<real>, 8},
      {"recursive smoothing", recursive_smoothing<real>, 24, others}};
  if constexpr (!std::same_as<real, float>) {
    list.push_back({"relaxation", relaxation<real>, 8, others});
    list.push_back({"lattice waves", lattice_waves<real>, 16, others});
    list.push_back({"distances", distances<real>, 8, others});
  }
  return list;
}

}  // namespace codes
