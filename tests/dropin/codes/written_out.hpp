// SPDX-License-Identifier: MIT
// Some of the codes with every conversion and operation of lowp written out: what the operators of
// the drop-in types must do.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "dropin/codes/arrays.hpp"
#include "dropin/codes/kernels.hpp"
#include "dropin/codes/stencils.hpp"
#include "lowp/number/arithmetic.hpp"

namespace codes::written_out {

template <auto F>
lowp::number<F> rounded(double x) {
  return lowp::convert<F>(lowp::unpack(x), lowp::nearest_even, lowp::overflow::to_special);
}

template <auto F, std::size_t N>
void set(lowp::number<F> (&x)[N], int seed) {
  for (auto& element : x) {
    element = lowp::divide(rounded<F>(seed % 11 + 1), rounded<F>(12));
    seed += 5;
  }
}
template <auto F, std::size_t N, std::size_t M>
void set(lowp::number<F> (&a)[N][M], int seed) {
  for (auto& row : a) written_out::set(row, seed += 3);
}
template <auto F, std::size_t N>
void set_positive_definite(lowp::number<F> (&a)[N][N], int seed) {
  for (int i = 0; i < int{N}; ++i) {
    for (int j = 0; j < int{N}; ++j) {
      a[i][j] = lowp::divide(rounded<F>((i * j + i + j + seed) % 7), rounded<F>(16));
    }
    a[i][i] = lowp::add(a[i][i], rounded<F>(3));
  }
}

template <auto F>
auto gemm() {
  using lowp::add, lowp::multiply;
  lowp::number<F> a[n][n], b[n][n], c[n][n];
  const auto alpha = rounded<F>(1.5), beta = rounded<F>(1.2);
  written_out::set(a, 1), written_out::set(b, 2), written_out::set(c, 3);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      c[i][j] = multiply(c[i][j], beta);
      for (int k = 0; k < n; ++k) {
        c[i][j] = add(c[i][j], multiply(multiply(alpha, a[i][k]), b[k][j]));
      }
    }
  }
  return results_of(c);
}

template <auto F>
auto cholesky() {
  using lowp::divide, lowp::multiply, lowp::sqrt, lowp::subtract;
  lowp::number<F> a[n][n];
  written_out::set_positive_definite(a, 4);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < i; ++j) {
      for (int k = 0; k < j; ++k) a[i][j] = subtract(a[i][j], multiply(a[i][k], a[j][k]));
      a[i][j] = divide(a[i][j], a[j][j]);
    }
    for (int k = 0; k < i; ++k) a[i][i] = subtract(a[i][i], multiply(a[i][k], a[i][k]));
    a[i][i] = sqrt(a[i][i]);
  }
  return results_of(a);
}

template <auto F>
auto jacobi_1d() {
  using lowp::add, lowp::divide;
  lowp::number<F> a[2 * grid], b[2 * grid];
  written_out::set(a, 1), written_out::set(b, 2);
  const auto smooth = [](const auto& from, auto& to) {
    for (int i = 1; i < 2 * grid - 1; ++i) {
      to[i] = divide(add(add(from[i - 1], from[i]), from[i + 1]), rounded<F>(3));
    }
  };
  for (int t = 0; t < steps; ++t) smooth(a, b), smooth(b, a);
  return results_of(a);
}

/// Where a constant of double is rounded to the format before the product.
template <auto F>
auto relaxation() {
  using lowp::add, lowp::multiply;
  lowp::number<F> a[grid][grid];
  written_out::set(a, 5);
  const auto omega = rounded<F>(1.25), rest = rounded<F>(1.0 - 1.25);
  for (int t = 0; t < steps; ++t) {
    for (int i = 1; i < grid - 1; ++i) {
      for (int j = 1; j < grid - 1; ++j) {
        const auto sum = add(add(add(a[i - 1][j], a[i + 1][j]), a[i][j - 1]), a[i][j + 1]);
        const auto mean = multiply(rounded<F>(0.25), sum);
        a[i][j] = add(multiply(rest, a[i][j]), multiply(omega, mean));
      }
    }
  }
  return results_of(a);
}

/// Lorenz's equations by the classical method of Runge and Kutta, from differential_equations.hpp.
template <auto F>
auto lorenz() {
  using lowp::add, lowp::divide, lowp::multiply, lowp::subtract;
  using number = lowp::number<F>;
  using state = std::array<number, 3>;
  const number sigma = rounded<F>(10), rho = rounded<F>(28), two = rounded<F>(2);
  const number beta = divide(rounded<F>(8), rounded<F>(3));
  const number h = divide(rounded<F>(1), rounded<F>(64)), half_h = divide(h, two);
  const auto slope = [&](const state& s) {
    return state{multiply(sigma, subtract(s[1], s[0])),
                 subtract(multiply(s[0], subtract(rho, s[2])), s[1]),
                 subtract(multiply(s[0], s[1]), multiply(beta, s[2]))};
  };
  const auto moved = [](const state& s, number step, const state& k) {
    return state{add(s[0], multiply(step, k[0])), add(s[1], multiply(step, k[1])),
                 add(s[2], multiply(step, k[2]))};
  };
  state s = {rounded<F>(1), rounded<F>(2), rounded<F>(20)};
  std::vector<number> results;
  for (int step = 0; step < 25; ++step) {
    const state k1 = slope(s), k2 = slope(moved(s, half_h, k1)), k3 = slope(moved(s, half_h, k2)),
                k4 = slope(moved(s, h, k3));
    for (std::size_t i = 0; i < 3; ++i) {
      const number sum = add(add(k1[i], multiply(two, add(k2[i], k3[i]))), k4[i]);
      s[i] = add(s[i], divide(multiply(h, sum), rounded<F>(6)));
    }
    results.insert(results.end(), s.begin(), s.end());
  }
  return results;
}

}  // namespace codes::written_out
