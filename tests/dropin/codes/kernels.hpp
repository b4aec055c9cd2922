// SPDX-License-Identifier: MIT
// Loops of linear algebra and statistics in the manner of benchmark kernels in C.
#pragma once

#include <cmath>
#include <vector>

#include "dropin/codes/arrays.hpp"
#include "dropin/run_codes.hpp"

namespace codes {

constexpr int n = 7;

// ------------------------------------------------------------------------------ products of
// matrices

template <class real>
std::vector<real> gemm() {
  real a[n][n], b[n][n], c[n][n];
  const real alpha = real(1.5), beta = real(1.2);
  set(a, 1), set(b, 2), set(c, 3);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) c[i][j] *= beta;
    for (int k = 0; k < n; k++) {
      for (int j = 0; j < n; j++) c[i][j] += alpha * a[i][k] * b[k][j];
    }
  }
  return results_of(c);
}

template <class real>
void multiply(const real (&a)[n][n], const real (&b)[n][n], real (&c)[n][n]) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      c[i][j] = 0;
      for (int k = 0; k < n; ++k) c[i][j] += a[i][k] * b[k][j];
    }
  }
}

template <class real>
std::vector<real> two_products() {
  real a[n][n], b[n][n], c[n][n], ab[n][n], d[n][n];
  set(a, 4), set(b, 5), set(c, 6);
  multiply(a, b, ab);
  multiply(ab, c, d);
  return results_of(d);
}

template <class real>
std::vector<real> three_products() {
  real a[n][n], b[n][n], c[n][n], d[n][n], ab[n][n], cd[n][n], g[n][n];
  set(a, 1), set(b, 3), set(c, 5), set(d, 7);
  multiply(a, b, ab);
  multiply(c, d, cd);
  multiply(ab, cd, g);
  return results_of(g);
}

template <class real>
std::vector<real> symm() {
  real a[n][n], b[n][n], c[n][n];
  set(a, 2), set(b, 8), set(c, 1);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      real s = 0;  // of the half of a that is not stored
      for (int k = 0; k < i; k++) {
        c[k][j] += 2 * b[i][j] * a[i][k];
        s += b[k][j] * a[i][k];
      }
      c[i][j] = c[i][j] / 2 + 2 * b[i][j] * a[i][i] + 2 * s;
    }
  }
  return results_of(c);
}

template <class real>
std::vector<real> syrk() {
  real a[n][n], c[n][n];
  set(a, 9), set(c, 4);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      c[i][j] /= 3;
      for (int k = 0; k < n; k++) c[i][j] += a[i][k] * a[j][k];
    }
  }
  return results_of(c);
}

template <class real>
std::vector<real> syr2k() {
  real a[n][n], b[n][n], c[n][n];
  set(a, 3), set(b, 6), set(c, 2);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j <= i; j++) {
      for (int k = 0; k < n; k++) c[i][j] += a[j][k] * b[i][k] + b[j][k] * a[i][k];
    }
  }
  return results_of(c);
}

template <class real>
std::vector<real> trmm() {
  real a[n][n], b[n][n];
  set(a, 5), set(b, 1);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      for (int k = i + 1; k < n; k++) b[i][j] += a[k][i] * b[k][j];
      b[i][j] = real(0.75) * b[i][j];
    }
  }
  return results_of(b);
}

/// Products along the last index of an array of three.
template <class real>
std::vector<real> doitgen() {
  real a[4][4][n], c[n][n], s[n];
  for (int r = 0; r < 4; r++) set(a[r], r);
  set(c, 3);
  for (auto& plane : a) {
    for (auto& row : plane) {
      for (int p = 0; p < n; p++) {
        s[p] = 0;
        for (int k = 0; k < n; k++) s[p] += row[k] * c[k][p];
      }
      for (int p = 0; p < n; p++) row[p] = s[p];
    }
  }
  std::vector<real> results;
  for (const auto& plane : a) append(results, plane);
  return results;
}

// ---------------------------------------------------------------------------- matrices and vectors

template <class real>
std::vector<real> atax() {
  real a[n][n], x[n], y[n];
  set(a, 2), set(x, 5);
  for (int i = 0; i < n; i++) y[i] = 0;
  for (int i = 0; i < n; i++) {
    real t = 0;
    for (int j = 0; j < n; j++) t = t + a[i][j] * x[j];
    for (int j = 0; j < n; j++) y[j] = y[j] + a[i][j] * t;
  }
  return results_of(y);
}

template <class real>
std::vector<real> bicg() {
  real a[n][n], p[n], r[n], s[n] = {}, q[n] = {};
  set(a, 7), set(p, 1), set(r, 2);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      s[j] += r[i] * a[i][j];
      q[i] += a[i][j] * p[j];
    }
  }
  std::vector<real> results = results_of(s);
  append(results, q);
  return results;
}

template <class real>
std::vector<real> mvt() {
  real a[n][n], x[n], y[n], u[n], v[n];
  set(a, 1), set(x, 2), set(y, 3), set(u, 4), set(v, 5);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) x[i] += a[i][j] * u[j], y[i] -= a[j][i] * v[j];
  }
  std::vector<real> results = results_of(x);
  append(results, y);
  return results;
}

template <class real>
std::vector<real> gemver() {
  real a[n][n], u[n], v[n], w[n], x[n], y[n], z[n];
  set(a, 3), set(u, 1), set(v, 2), set(y, 4), set(z, 6);
  const real alpha = 0.5, beta = 0.25;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) a[i][j] += u[i] * v[j] - v[i] * u[j] / 2;
  }
  for (int i = 0; i < n; i++) {
    x[i] = 0;
    for (int j = 0; j < n; j++) x[i] += beta * a[j][i] * y[j];
    x[i] += z[i];
  }
  for (int i = 0; i < n; i++) {
    w[i] = 0;
    for (int j = 0; j < n; j++) w[i] += alpha * a[i][j] * x[j];
  }
  return results_of(w);
}

template <class real>
std::vector<real> gesummv() {
  real a[n][n], b[n][n], x[n], y[n];
  set(a, 6), set(b, 7), set(x, 8);
  for (int i = 0; i < n; i++) {
    real s = 0;
    y[i] = 0;
    for (int j = 0; j < n; j++) {
      s = a[i][j] * x[j] + s;
      y[i] = b[i][j] * x[j] + y[i];
    }
    y[i] = 2 * s - y[i] / 3;
  }
  return results_of(y);
}

// -------------------------------------------------------------------------------- linear equations

template <class real>
std::vector<real> trisolv() {
  real l[n][n], b[n], x[n];
  set_positive_definite(l, 1), set(b, 2);
  for (int i = 0; i < n; i++) {
    x[i] = b[i];
    for (int j = 0; j < i; j++) x[i] -= l[i][j] * x[j];
    x[i] = x[i] / l[i][i];
  }
  return results_of(x);
}

template <class real>
void decompose(real (&a)[n][n]) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) {
      for (int k = 0; k < j; k++) a[i][j] -= a[i][k] * a[k][j];
      a[i][j] /= a[j][j];
    }
    for (int j = i; j < n; j++) {
      for (int k = 0; k < i; k++) a[i][j] -= a[i][k] * a[k][j];
    }
  }
}

template <class real>
std::vector<real> lu() {
  real a[n][n];
  set_positive_definite(a, 2);
  decompose(a);
  return results_of(a);
}

template <class real>
std::vector<real> ludcmp() {
  real a[n][n], b[n], x[n], y[n], w;
  set_positive_definite(a, 3), set(b, 4);
  decompose(a);
  for (int i = 0; i < n; i++) {
    w = b[i];
    for (int j = 0; j < i; j++) w -= a[i][j] * y[j];
    y[i] = w;
  }
  for (int i = n - 1; i >= 0; i--) {
    w = y[i];
    for (int j = i + 1; j < n; j++) w -= a[i][j] * x[j];
    x[i] = w / a[i][i];
  }
  return results_of(x);
}

template <class real>
std::vector<real> cholesky() {
  real a[n][n];
  set_positive_definite(a, 4);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < i; j++) {
      for (int k = 0; k < j; k++) a[i][j] -= a[i][k] * a[j][k];
      a[i][j] /= a[j][j];
    }
    for (int k = 0; k < i; k++) a[i][i] -= a[i][k] * a[i][k];
    a[i][i] = std::sqrt(a[i][i]);
  }
  return results_of(a);
}

/// Toeplitz equations by Durbin's recursion.
template <class real>
std::vector<real> durbin() {
  real r[n], y[n], z[n];
  for (int i = 0; i < n; i++) r[i] = real(1) / real(i + 3);
  real alpha = -r[0], beta = 1;
  y[0] = -r[0];
  for (int k = 1; k < n; k++) {
    beta = (1 - alpha * alpha) * beta;
    real s = 0;
    for (int i = 0; i < k; i++) s += r[k - i - 1] * y[i];
    alpha = -(r[k] + s) / beta;
    for (int i = 0; i < k; i++) z[i] = y[i] + alpha * y[k - i - 1];
    for (int i = 0; i < k; i++) y[i] = z[i];
    y[k] = alpha;
  }
  return results_of(y);
}

template <class real>
std::vector<real> gramschmidt() {
  real a[n][n], q[n][n], r[n][n] = {};
  set_positive_definite(a, 5);
  for (int k = 0; k < n; k++) {
    real squares = 0;
    for (int i = 0; i < n; i++) squares += a[i][k] * a[i][k];
    r[k][k] = std::sqrt(squares);
    for (int i = 0; i < n; i++) q[i][k] = a[i][k] / r[k][k];
    for (int j = k + 1; j < n; j++) {
      for (int i = 0; i < n; i++) r[k][j] += q[i][k] * a[i][j];
      for (int i = 0; i < n; i++) a[i][j] = a[i][j] - q[i][k] * r[k][j];
    }
  }
  std::vector<real> results = results_of(q);
  append(results, r);
  return results;
}

// -------------------------------------------------------------------------------------- statistics

template <class real>
std::vector<real> covariance() {
  real a[12][n], mean[n], c[n][n];
  set(a, 1);
  for (int j = 0; j < n; j++) {
    mean[j] = 0;
    for (int i = 0; i < 12; i++) mean[j] += a[i][j];
    mean[j] /= 12;
  }
  for (int i = 0; i < 12; i++) {
    for (int j = 0; j < n; j++) a[i][j] -= mean[j];
  }
  for (int i = 0; i < n; i++) {
    for (int j = i; j < n; j++) {
      c[i][j] = 0;
      for (int k = 0; k < 12; k++) c[i][j] += a[k][i] * a[k][j];
      c[i][j] /= 12 - 1;
      c[j][i] = c[i][j];
    }
  }
  return results_of(c);
}

template <class real>
std::vector<real> correlation() {
  real a[12][n], mean[n], deviation[n], c[n][n];
  const real least = real(0.1);
  set(a, 2);
  for (int j = 0; j < n; j++) {
    mean[j] = 0;
    for (int i = 0; i < 12; i++) mean[j] += a[i][j];
    mean[j] /= real(12);
    deviation[j] = 0;
    for (int i = 0; i < 12; i++) deviation[j] += (a[i][j] - mean[j]) * (a[i][j] - mean[j]);
    deviation[j] = std::sqrt(deviation[j] / 12);
    deviation[j] = deviation[j] <= least ? 1 : deviation[j];
  }
  for (int i = 0; i < 12; i++) {
    for (int j = 0; j < n; j++)
      a[i][j] = (a[i][j] - mean[j]) / (std::sqrt(real(12)) * deviation[j]);
  }
  for (int i = 0; i < n; i++) {
    c[i][i] = 1;
    for (int j = i + 1; j < n; j++) {
      c[i][j] = 0;
      for (int k = 0; k < 12; k++) c[i][j] += a[k][i] * a[k][j];
      c[j][i] = c[i][j];
    }
  }
  return results_of(c);
}

/// Shortest paths.
template <class real>
std::vector<real> floyd_warshall() {
  real d[n][n];
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) d[i][j] = real((i * j) % 7 + 1);
  }
  for (int k = 0; k < n; k++) {
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        d[i][j] = d[i][j] < d[i][k] + d[k][j] ? d[i][j] : d[i][k] + d[k][j];
      }
    }
  }
  return results_of(d);
}

template <class real>
std::vector<test::code<real>> kernels() {
  return {{"gemm", gemm<real>, 8},
          {"two products", two_products<real>, 8, {}, 64},
          {"three products", three_products<real>, 32, {}, 512},
          {"symm", symm<real>, 8, {}, 64},
          {"syrk", syrk<real>, 8},
          {"syr2k", syr2k<real>, 8},
          {"trmm", trmm<real>, 8},
          {"doitgen", doitgen<real>, 8},
          {"atax", atax<real>, 8},
          {"bicg", bicg<real>, 8},
          {"mvt", mvt<real>, 8},
          {"gemver", gemver<real>, 8},
          {"gesummv", gesummv<real>, 8},
          {"trisolv", trisolv<real>, 8},
          {"lu", lu<real>, 8},
          {"ludcmp", ludcmp<real>, 8},
          {"cholesky", cholesky<real>, 8},
          {"durbin", durbin<real>, 8},
          {"gramschmidt", gramschmidt<real>, 8},
          {"covariance", covariance<real>, 8},
          {"correlation", correlation<real>, 8},
          {"floyd-warshall", floyd_warshall<real>, 8}};
}

}  // namespace codes
