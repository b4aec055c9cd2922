// SPDX-License-Identifier: MIT
// Derivatives by dual numbers.
#pragma once

#include <cmath>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

template <class T>
struct dual {
  T value, slope;
  dual(T v = 0, T s = 0) : value(v), slope(s) {}
  friend dual operator+(dual a, dual b) { return {a.value + b.value, a.slope + b.slope}; }
  friend dual operator-(dual a, dual b) { return {a.value - b.value, a.slope - b.slope}; }
  friend dual operator*(dual a, dual b) {
    return {a.value * b.value, a.slope * b.value + a.value * b.slope};
  }
  friend dual operator/(dual a, dual b) {
    const T quotient = a.value / b.value;
    return {quotient, (a.slope - quotient * b.slope) / b.value};
  }
  friend dual sqrt(dual a) {
    using std::sqrt;
    const T root = sqrt(a.value);
    return {root, a.slope / (2 * root)};
  }
  friend dual exp(dual a) {
    using std::exp;
    const T power = exp(a.value);
    return {power, power * a.slope};
  }
  friend dual sin(dual a) {
    using std::cos, std::sin;
    return {sin(a.value), a.slope * cos(a.value)};
  }
  friend dual log(dual a) {
    using std::log;
    return {log(a.value), a.slope / a.value};
  }
};

/// The root of x³ - 2x - 5 by Newton's method.
template <class real>
std::vector<real> wallis_root() {
  dual<real> x = real(2);
  for (int i = 0; i < 6; ++i) {
    x.slope = 1;
    const auto f = x * x * x - real(2) * x - real(5);
    x = x.value - f.value / f.slope;
  }
  return {x.value};
}

template <class real>
std::vector<real> rational_slopes() {
  std::vector<real> results;
  for (int i = 1; i <= 8; ++i) {
    const dual<real> x(real(i) / 4, 1);
    const auto y = sqrt(x * x + dual<real>(1)) / (dual<real>(real(0.5)) + x);
    results.push_back(y.value);
    results.push_back(y.slope);
  }
  return results;
}

template <class real>
std::vector<real> transcendental_slopes() {
  std::vector<real> results;
  for (int i = 1; i <= 8; ++i) {
    const dual<real> x(real(i) / 4, 1);
    const auto y = exp(sin(x)) * log(dual<real>(1) + x);
    results.push_back(y.value);
    results.push_back(y.slope);
  }
  return results;
}

template <class real>
std::vector<test::code<real>> automatic_differentiation() {
  using enum test::operations;
  return {{"Newton's method", wallis_root<real>, 4, basic, 32},
          {"slopes of a rational function", rational_slopes<real>, 4},
          {"slopes of transcendental functions", transcendental_slopes<real>, 8, others}};
}

}  // namespace codes
