// SPDX-License-Identifier: MIT
// How far two samples lie from each other as distributions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {
namespace detail {

template <class T>
[[nodiscard]] std::vector<double> sorted_sample(const char* name, std::span<const T> values) {
  if (values.empty()) {
    refuse("wasserstein_1: " + std::string(name) + " is empty, expected at least one value");
  }
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (const T& value : values) {
    if (!is_finite(value)) {
      refuse("wasserstein_1: " + std::string(name) + "[" + std::to_string(sorted.size()) +
             "] is infinite or NaN, expected finite values");
    }
    sorted.push_back(static_cast<double>(value));
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace detail

/// The Wasserstein-1 distance of two samples, the integral of |F - G| of their distribution
/// functions; of samples of one size the mean of |a_(i) - b_(i)|, each in ascending order. With
/// sizes n and m, w_k = the length, in units of 1 / lcm(n, m), of the k-th piece of [0, 1] in which
/// both quantile functions are constant, it is (the sum of w_k * |a - b| in the order of k) /
/// lcm(n, m), in binary64, each operation rounded once. The samples' order does not matter.
/// Throws std::invalid_argument for an empty sample and for values that are not finite.
template <class T>
[[nodiscard]] double wasserstein_1(std::span<const T> a, std::span<const T> b) {
  const default_float_environment environment;
  const std::vector<double> x = detail::sorted_sample("a", a), y = detail::sorted_sample("b", b);
  const std::uint64_t divisor = std::gcd(std::uint64_t{x.size()}, std::uint64_t{y.size()});
  const std::uint64_t x_step = y.size() / divisor, y_step = x.size() / divisor;
  // How much of the piece of x[i] and of that of y[j] is left.
  std::uint64_t x_left = x_step, y_left = y_step;
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    const std::uint64_t width = x_left < y_left ? x_left : y_left;
    const double distance = detail::magnitude_of(opaque(x[i] - y[j]));
    sum = opaque(sum + opaque(static_cast<double>(width) * distance));
    x_left -= width;
    y_left -= width;
    if (x_left == 0) ++i, x_left = x_step;
    if (y_left == 0) ++j, y_left = y_step;
  }
  return opaque(sum / static_cast<double>(x.size() * x_step));
}
/// Of vectors or arrays.
template <class A, class B>
requires requires(const A& a, const B& b) {
  std::span(a);
  std::span(b);
}
[[nodiscard]] double wasserstein_1(const A& a, const B& b) {
  using value = std::remove_cv_t<typename decltype(std::span(a))::element_type>;
  return wasserstein_1<value>(std::span<const value>(a), std::span<const value>(b));
}

}  // namespace lowp
