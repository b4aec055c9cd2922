// SPDX-License-Identifier: MIT
// The trace of a matrix of which only products with vectors are known, such as a Hessian, by
// random signs: Hutchinson, "A stochastic estimator of the trace of the influence matrix" (1990);
// HAWQ-V2 (arXiv 1911.03852) ranks layers by it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/noise.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

struct trace_estimate {
  double trace = 0;           ///< the mean of z . (A z)
  double standard_error = 0;  ///< of the mean: sqrt(sum (t - trace)^2 / (m (m - 1))); NaN for m = 1
  std::vector<double> samples;  ///< z . (A z), in order
};

/// The mean of z . (A z) over vectors z of signs, of which sign i of vector s is
/// random_sign(seed, s * n + i). `apply(z, out)` is called with a std::span<const double> and a
/// std::span<double> of n elements and writes A z; it is called in order, on this thread.
/// Dot products and the mean are sums in binary64 in the order of elements and of samples; each
/// operation rounds once. With a symmetric A the expectation is the trace of A, the variance of a
/// sample 2 * the sum of squares off the diagonal; of a diagonal A each sample is the trace.
/// Throws std::invalid_argument if n or the number of samples is zero.
template <class Apply>
requires std::invocable<const Apply&, std::span<const double>, std::span<double>>
[[nodiscard]] trace_estimate estimate_trace(const Apply& apply, std::size_t n, std::size_t samples,
                                            std::uint64_t seed) {
  if (n == 0) refuse("estimate_trace: n is 0, expected the size of a matrix");
  if (samples == 0) refuse("estimate_trace: samples is 0, expected at least 1");
  trace_estimate result;
  std::vector<double> z(n), image(n);
  double sum = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    for (std::size_t i = 0; i < n; ++i) z[i] = random_sign(seed, std::uint64_t{s} * n + i);
    apply(std::span<const double>(z), std::span<double>(image));
    const default_float_environment environment;
    double product = 0;
    for (std::size_t i = 0; i < n; ++i) product = opaque(product + opaque(z[i] * image[i]));
    result.samples.push_back(product);
    sum = opaque(sum + product);
  }
  const default_float_environment environment;
  const auto m = static_cast<double>(samples);
  result.trace = opaque(sum / m);
  double squares = 0;
  for (const double t : result.samples) {
    const double distance = opaque(t - result.trace);
    squares = opaque(squares + opaque(distance * distance));
  }
  result.standard_error =
      samples == 1 ? detail::nan_in_binary64()
                   : opaque(detail::square_root_of(opaque(squares / opaque(m * (m - 1)))));
  return result;
}

}  // namespace lowp
