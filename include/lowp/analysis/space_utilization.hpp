// SPDX-License-Identifier: MIT
// The quantization space utilization rate (QSUR) of OSTQuant (arXiv 2501.13987): the volume of the
// ellipsoid that data of a normal distribution fill, over that of the hypercube that one step size
// for all channels spans.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/stated_logarithm.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

struct space_utilization {
  double rate = 0;  ///< at most that of a ball; 0 also where it is below the range of binary64
  double log2 = 0;  ///< its logarithm to base 2
};

/// Of a d x d covariance S and a mean: the ellipsoid has the extent radius * sqrt(S_ii) about
/// mean_i along axis i, and the volume pi^(d/2) / Gamma(d/2 + 1) * radius^d * sqrt(det S); the cube
/// reaches from the lowest end to the highest of all axes. With a mean of zero, or an empty one,
/// the radius does not matter; else it is sqrt of the quantile of the chi-squared distribution of
/// d degrees of freedom at the share of data that counts.
///
/// In binary64: a Cholesky factorization, row by row, sums in the order of columns; a product of d
/// factors in order. Throws std::invalid_argument if the covariance is not square, not symmetric,
/// not finite or not positive definite (in this arithmetic), the mean has another size, the radius
/// is not positive, or an axis over the edge of the cube is no normal number of binary64.
[[nodiscard]] inline space_utilization measure_space_utilization(
    matrix_view<const double> covariance, std::span<const double> mean = {}, double radius = 1) {
  const default_float_environment environment;
  const std::string name = "measure_space_utilization: ";
  const std::size_t d = covariance.rows;
  if (d == 0 || covariance.cols != d) {
    refuse(name + "covariance is " + std::to_string(d) + " x " + std::to_string(covariance.cols) +
           ", expected a square with elements");
  }
  if (!mean.empty() && mean.size() != d) {
    refuse(name + "mean has size " + std::to_string(mean.size()) + ", expected " +
           std::to_string(d) + " or 0");
  }
  if (!detail::is_finite(radius) || !(radius > 0)) {
    refuse(name + "radius is " + std::to_string(radius) + ", expected a positive number");
  }
  constexpr double two_pi = 6.283185307179586;
  std::vector<double> factor(d * d);  // lower, row-major
  double lowest = 0, highest = 0;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double& entry = covariance(i, j);
      if (!detail::is_finite(entry) || entry != covariance(j, i)) {
        refuse(name + "covariance(" + std::to_string(i) + ", " + std::to_string(j) +
               ") is not finite or not that of (" + std::to_string(j) + ", " + std::to_string(i) +
               ")");
      }
      double sum = entry;
      for (std::size_t k = 0; k < j; ++k)
        sum = opaque(sum - opaque(factor[i * d + k] * factor[j * d + k]));
      if (i != j) {
        factor[i * d + j] = opaque(sum / factor[j * d + j]);
      } else if (sum > 0) {
        factor[i * d + i] = opaque(detail::square_root_of(sum));
      } else {
        refuse(name + "covariance is not positive definite: pivot " + std::to_string(i) + " is " +
               std::to_string(sum));
      }
    }
    const double center = mean.empty() ? 0 : mean[i];
    if (!detail::is_finite(center)) {
      refuse(name + "mean[" + std::to_string(i) + "] is not finite");
    }
    const double extent = opaque(radius * opaque(detail::square_root_of(covariance(i, i))));
    const double low = opaque(center - extent), high = opaque(center + extent);
    if (i == 0 || low < lowest) lowest = low;
    if (i == 0 || high > highest) highest = high;
  }
  // The volume of the unit ball is that of d - 2 dimensions times 2 pi / d, and 1 and 2 of none and
  // of one. Its factors and those of the axes take turns; the exponent of the product is kept
  // aside.
  const double cube = opaque(highest - lowest);
  double product = 1;  // 1 … 2
  std::int64_t exponent = 0;
  const auto multiply = [&](double by) {
    const auto bits = std::bit_cast<std::uint64_t>(opaque(product * by));
    constexpr std::uint64_t one = std::uint64_t{1023} << 52,
                            fraction = (std::uint64_t{1} << 52) - 1;
    exponent += static_cast<std::int64_t>(bits >> 52) - 1023;
    product = std::bit_cast<double>((bits & fraction) | one);
  };
  for (std::size_t i = 0; i < d; ++i) {
    const std::size_t left = d - i;
    if (i % 2 == 0) multiply(left == 1 ? 2 : opaque(two_pi / static_cast<double>(left)));
    const double part = opaque(opaque(radius * factor[i * d + i]) / cube);
    const std::uint64_t field = std::bit_cast<std::uint64_t>(part) >> 52;
    if (field == 0 || field >= 0x7FF) {
      refuse(name + "axis " + std::to_string(i) + " over the edge of the cube is " +
             std::to_string(part) + ", expected a normal number");
    }
    multiply(part);
  }
  space_utilization result{.rate = product,
                           .log2 = opaque(static_cast<double>(exponent) + stated_log2(product))};
  for (; exponent < -1000 && result.rate != 0; exponent += 1000)
    result.rate = opaque(result.rate * 0x1p-1000);
  if (result.rate != 0) {
    const auto power = std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
    result.rate = opaque(result.rate * power);
  }
  return result;
}

}  // namespace lowp
