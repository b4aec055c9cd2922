// SPDX-License-Identifier: MIT
// Codes on complex numbers, arrays of values and algorithms of the standard library.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <valarray>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

/// All roots of z³ - 1.5z + 0.75i at once, by the method of Weierstrass.
template <class real>
std::vector<real> polynomial_roots() {
  using complex = std::complex<real>;
  complex z[3] = {complex(1), complex(real(0.5), real(0.875)), complex(real(-0.5), real(0.75))};
  const auto f = [](complex x) { return x * x * x - real(1.5) * x + complex(0, real(0.75)); };
  for (int i = 0; i < 20; ++i) {
    z[0] -= f(z[0]) / ((z[0] - z[1]) * (z[0] - z[2]));
    z[1] -= f(z[1]) / ((z[1] - z[0]) * (z[1] - z[2]));
    z[2] -= f(z[2]) / ((z[2] - z[0]) * (z[2] - z[1]));
  }
  std::vector<real> results;
  for (const complex& root : z) {
    results.push_back(root.real());
    results.push_back(root.imag());
  }
  return results;
}

template <class real>
std::vector<real> complex_functions() {
  using complex = std::complex<real>;
  std::vector<real> results;
  for (int i = 1; i <= 6; ++i) {
    const complex z(real(i) / 4, real(5 - i) / 8);
    for (const complex& w : {std::exp(z), std::log(z), std::sqrt(z), std::sin(z), std::pow(z, 2),
                             std::polar(real(i) / 4, real(0.5)), std::conj(z) / z}) {
      results.push_back(w.real());
      results.push_back(w.imag());
    }
    results.push_back(std::abs(z));
    results.push_back(std::arg(z));
    results.push_back(std::norm(z));
  }
  return results;
}

template <class real>
std::vector<real> smoothed_valarray() {
  std::valarray<real> x(16);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = real(i * 5 % 16) / 16;
  for (int i = 0; i < 3; ++i) {
    x = (x.cshift(1) + x * real(2) + x.cshift(-1)) / real(4);
    x[std::slice(0, 8, 2)] *= std::valarray<real>(real(0.875), 8);
  }
  std::valarray<real> y = x * x - x / real(3);
  y[y < real(0)] = real(0);
  y = sqrt(y) + abs(x - real(0.5));
  std::vector<real> results(std::begin(y), std::end(y));
  results.insert(results.end(), {y.sum(), x.min(), x.max(), (x * y).sum()});
  return results;
}

template <class real>
std::vector<real> sequences() {
  std::vector<real> x(16);
  std::iota(x.begin(), x.end(), 1);
  std::transform(x.begin(), x.end(), x.begin(), [](real v) { return 1 / v; });
  std::vector<real> results = {std::accumulate(x.begin(), x.end(), real(0)),
                               std::accumulate(x.begin(), x.end(), real(1), std::multiplies<>()),
                               std::inner_product(x.begin(), x.end(), x.rbegin(), real(0)),
                               std::reduce(x.begin(), x.begin() + 1)};
  std::partial_sum(x.begin(), x.end(), std::back_inserter(results));
  std::adjacent_difference(x.begin(), x.end(), std::back_inserter(results));
  std::inclusive_scan(x.begin(), x.end(), std::back_inserter(results),
                      [](real a, real b) { return (std::max)(a / 2, b); });
  std::map<real, int> counts;
  for (const real& v : x) ++counts[std::round(8 * v)];
  for (const auto& [value, count] : counts) results.push_back(value * real(count));
  std::sort(x.begin(), x.end());
  results.push_back(*std::lower_bound(x.begin(), x.end(), real(0.3)));
  results.push_back(std::clamp(x[8], real(0.2), real(0.5)));
  return results;
}

template <class real>
std::vector<test::code<real>> standard_library() {
  using enum test::operations;
  return {{"roots of a polynomial", polynomial_roots<real>, 16, others},
          {"functions of complex numbers", complex_functions<real>, 8, others},
          {"smoothed valarray", smoothed_valarray<real>, 16},
          {"sequences", sequences<real>, 16, others}};
}

}  // namespace codes
