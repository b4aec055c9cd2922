// SPDX-License-Identifier: MIT
// Linear equations as templated libraries solve them: on vectors of the standard library.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

/// Rows of a matrix, one after the other.
template <class T>
class dense {
 public:
  explicit dense(std::size_t size) : size_(size), elements_(size * size, 0) {}
  template <class U>
  explicit dense(const dense<U>& other) : dense(other.size()) {
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < size_; ++j) (*this)(i, j) = static_cast<T>(other(i, j));
    }
  }
  std::size_t size() const { return size_; }
  T& operator()(std::size_t i, std::size_t j) { return elements_[i * size_ + j]; }
  const T& operator()(std::size_t i, std::size_t j) const { return elements_[i * size_ + j]; }

 private:
  std::size_t size_;
  std::vector<T> elements_;
};

/// With entries that all types hold, and no row like another.
template <class T>
dense<T> sample_matrix(std::size_t size) {
  dense<T> a(size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) a(i, j) = T(static_cast<int>((i * 5 + j * 3) % 8)) / 8;
    a(i, (i + 3) % size) += 3;
  }
  return a;
}

// ----------------------------------------------------------------------------- conjugate gradients

template <class T>
T dot(const std::vector<T>& x, const std::vector<T>& y) {
  T sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

/// The matrix -1, 3, -1 on three diagonals.
template <class T>
std::vector<T> apply_tridiagonal(const std::vector<T>& x) {
  std::vector<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = 3 * x[i];
    if (i > 0) y[i] -= x[i - 1];
    if (i + 1 < x.size()) y[i] -= x[i + 1];
  }
  return y;
}

template <class real>
std::vector<real> conjugate_gradients() {
  const std::size_t size = 24;
  std::vector<real> b(size), x(size, 0);
  for (std::size_t i = 0; i < size; ++i) b[i] = i % 3 == 0 ? 1 : real(0.5);
  std::vector<real> r = b, p = r;
  real rr = dot(r, r);
  const real epsilon = std::numeric_limits<real>::epsilon(), target = epsilon * epsilon * rr;
  for (int iteration = 0; iteration < 20 && rr > target; ++iteration) {
    const std::vector<real> ap = apply_tridiagonal(p);
    const real alpha = rr / dot(p, ap);
    for (std::size_t i = 0; i < size; ++i) {
      x[i] += alpha * p[i];
      r[i] -= alpha * ap[i];
    }
    const real next = dot(r, r), beta = next / rr;
    rr = next;
    for (std::size_t i = 0; i < size; ++i) p[i] = r[i] + beta * p[i];
  }
  return x;
}

// ------------------------------------------------------------------- LU decomposition with
// pivoting

template <class T>
class lu_decomposition {
 public:
  explicit lu_decomposition(dense<T> a) : lu_(std::move(a)), row_of_(lu_.size()) {
    const std::size_t size = lu_.size();
    for (std::size_t i = 0; i < size; ++i) row_of_[i] = i;
    for (std::size_t k = 0; k < size; ++k) {
      std::size_t pivot = k;
      for (std::size_t i = k + 1; i < size; ++i) {
        if (std::abs(lu_(i, k)) > std::abs(lu_(pivot, k))) pivot = i;
      }
      if (lu_(pivot, k) == 0) throw std::runtime_error("singular matrix");
      for (std::size_t j = 0; j < size; ++j) std::swap(lu_(pivot, j), lu_(k, j));
      std::swap(row_of_[pivot], row_of_[k]);
      for (std::size_t i = k + 1; i < size; ++i) {
        lu_(i, k) /= lu_(k, k);
        for (std::size_t j = k + 1; j < size; ++j) lu_(i, j) -= lu_(i, k) * lu_(k, j);
      }
    }
  }
  std::vector<T> solve(const std::vector<T>& b) const {
    const std::size_t size = lu_.size();
    std::vector<T> x(size);
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = b[row_of_[i]];
      for (std::size_t j = 0; j < i; ++j) x[i] -= lu_(i, j) * x[j];
    }
    for (std::size_t i = size; i-- > 0;) {
      for (std::size_t j = i + 1; j < size; ++j) x[i] -= lu_(i, j) * x[j];
      x[i] /= lu_(i, i);
    }
    return x;
  }

 private:
  dense<T> lu_;
  std::vector<std::size_t> row_of_;
};

template <class real>
std::vector<real> solution_by_lu() {
  std::vector<real> b(9, 1);
  b[4] = -2, b[7] = 0.5;
  return lu_decomposition<real>(sample_matrix<real>(9)).solve(b);
}

/// Iterative refinement in three precisions: factors in the lowest, residuals in the highest.
template <class low, class working, class high>
std::vector<working> refined_solution() {
  const dense<working> a = sample_matrix<working>(9);
  const dense<high> precise(a);
  const lu_decomposition<low> factors{dense<low>(a)};
  std::vector<working> b(9, 1), x(9, 0);
  b[2] = -0.75, b[5] = 1.5;
  for (int iteration = 0; iteration < 20; ++iteration) {
    std::vector<working> residual(9);
    working largest = 0;
    for (std::size_t i = 0; i < 9; ++i) {
      high sum = static_cast<high>(b[i]);
      for (std::size_t j = 0; j < 9; ++j) sum -= precise(i, j) * static_cast<high>(x[j]);
      residual[i] = static_cast<working>(sum);
      largest = std::fmax(largest, std::fabs(residual[i]));
    }
    if (largest == 0) break;
    // The lowest precision has little range: the residual is brought near 1.
    std::vector<low> scaled;
    for (const working r : residual) scaled.push_back(static_cast<low>(r / largest));
    const std::vector<low> correction = factors.solve(scaled);
    for (std::size_t i = 0; i < 9; ++i) x[i] += static_cast<working>(correction[i]) * largest;
  }
  return x;
}

template <class real>
std::vector<test::code<real>> linear_solvers() {
  return {{"conjugate gradients", conjugate_gradients<real>, 64},
          {"solution by LU decomposition", solution_by_lu<real>, 8}};
}

}  // namespace codes
