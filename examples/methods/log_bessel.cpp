// SPDX-License-Identifier: MIT
// Accurate log-Bessel (arXiv 2409.08729): logarithms of the modified Bessel functions I_v(x) and
// K_v(x), which leave the range of numbers themselves, by expansions in logarithms: the series of
// I_v for small x (DLMF 10.25.2), those for large x (10.40) and for large v (10.41). Claims: no
// overflow, small errors. Data: a grid of v and x; which expansion holds where is chosen here.
#include <algorithm>
#include <cmath>
#include <lowp/functions/elementary.hpp>
#include <vector>

#include "support/figures.hpp"

using namespace lowp;

namespace {
// ln I_v(x): terms (x/2)^(2k + v) / (k! Gamma(k + v + 1)), relative to the largest one.
float log_i_of_series(float v, float x) {
  std::vector<float> terms(96), factorials, gammas;
  for (float k = 0; k < 96; ++k) factorials.push_back(k + 1), gammas.push_back(k + v + 1);
  functions::lgamma(factorials, factorials);
  functions::lgamma(gammas, gammas);
  for (std::size_t k = 0; k < terms.size(); ++k)
    terms[k] = (2 * static_cast<float>(k) + v) * reference::log(x / 2) - factorials[k] - gammas[k];
  const float largest = *std::max_element(terms.begin(), terms.end());
  float sum = 0;
  for (float& term : terms) term -= largest;
  functions::exp(terms, terms);
  for (const float term : terms) sum += term;
  return largest + reference::log(sum);
}
// ln K_v(x) for a sign of 1, ln I_v(x) for one of -1.
float log_scale(float y, float sign) {  // of sqrt(pi / (2 y)) or sqrt(1 / (2 pi y))
  return -reference::log(sign > 0 ? 2 * y / 3.14159265f : y * 6.28318531f) / 2;
}
float log_of_large_argument(float v, float x, float sign) {
  float term = 1, sum = 0;
  for (float k = 1; k <= 13; ++k) {
    term *= sign * (4 * v * v - (2 * k - 1) * (2 * k - 1)) / (8 * k * x);
    sum += term;
  }
  return reference::log1p(sum) - sign * x + log_scale(x, sign);
}
float log_of_large_order(float v, float x, float sign) {
  const float z = x / v, p = 1 / std::sqrt(1 + z * z), q = p * p;
  const float u1 = p * (3 - 5 * q) / 24, u2 = q * (81 + q * (385 * q - 462)) / 1152;
  const float eta = 1 / p + reference::log(z / (1 + 1 / p));
  return reference::log1p((-sign * u1 + u2 / v) / v) - sign * v * eta + log_scale(v / p, sign);
}
float log_k(float v, float x, float sign = 1) {
  return (x > 8 && x > 2 * v * v ? log_of_large_argument : log_of_large_order)(v, x, sign);
}
float log_i(float v, float x) { return x < 16 ? log_i_of_series(v, x) : log_k(v, x, -1); }
}  // namespace

int main() {
  methods::figures figures("log-Bessel", "arXiv 2409.08729");
  double of_i = 0, of_both = 0;  // in units of 2^-24 of the largest logarithm in them
  const auto see = [](double& most, double error, double largest) {
    most = std::max(most, std::abs(error) / std::max(1.0, largest) / 0x1p-24);
  };
  for (const double v : {0.0, 0.5, 1.0, 3.0, 20.0, 60.0, 4000.0}) {
    for (double d = 0.125; d < 100000; d *= 1.7) {
      const auto order = static_cast<float>(v), next = order + 1, at = static_cast<float>(d);
      const double x = static_cast<double>(at);
      const auto i = static_cast<double>(log_i(order, at)),
                 k = static_cast<double>(log_k(order, at));
      const bool is_in_reach = x < 16 || v >= 16 || x > 2 * v * v;  // of the expansions
      const double known = is_in_reach && x < 500 ? std::cyl_bessel_i(v, x) : 0;
      if (std::isnormal(known)) see(of_i, i - std::log(known), std::abs(i));
      if (v < 16 || x < 16) continue;  // I_v K_v+1 + I_v+1 K_v = 1 / x (DLMF 10.28.2)
      const double first = i + static_cast<double>(log_k(next, at));
      const double sum = std::exp(first) + std::exp(static_cast<double>(log_i(next, at)) + k);
      see(of_both, std::log(sum * x), std::abs(i) + v);
    }
  }
  figures.within("I, units of 2^-24 of the largest logarithm", "small errors", of_i, 0, 64);
  figures.within("I and K by their Wronskian, |ln I| up to 99,990", "no overflow", of_both, 0, 8);
  return figures.status();
}
