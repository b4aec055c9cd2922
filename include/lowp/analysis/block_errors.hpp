// SPDX-License-Identifier: MIT
// How far each block of a matrix is from what it stands for. Sums are in binary64 in the order of
// block/aggregate.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lowp/block/aggregate.hpp"
#include "lowp/core/config.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

/// Figures over the pairs of a block whose exact value is finite.
struct block_error {
  std::uint64_t count = 0;    ///< pairs with a finite exact value
  std::uint64_t special = 0;  ///< of these, whose approximation is infinite or NaN: in no sum
  double signal = 0;          ///< the sum of x^2
  double noise = 0;           ///< the sum of (x - y)^2
  double max_error = 0;       ///< the largest |x - y|

  /// The mean of (x - y)^2; 0 of no pair.
  [[nodiscard]] double mean_squared_error() const {
    return count == special ? 0 : opaque(noise / static_cast<double>(count - special));
  }
  /// 10 log10(signal / noise); +inf without any error, NaN if every y is special.
  [[nodiscard]] double sqnr_db() const {
    return count != 0 && count == special ? detail::nan_in_binary64()
                                          : detail::decibels(signal, noise);
  }
};

/// The aggregate whose result is block_error: x, then what approximates it.
class error_aggregate {
 public:
  template <class Exact, class Approximate>
  void add(const Exact& exact, const Approximate& approximate) {
    if (!detail::is_finite(exact)) return;
    ++sums_.count;
    if (!detail::is_finite(approximate)) {
      ++sums_.special;
      return;
    }
    const auto x = static_cast<double>(exact);
    const double error = detail::magnitude_of(opaque(x - static_cast<double>(approximate)));
    sums_.signal = opaque(sums_.signal + opaque(x * x));
    sums_.noise = opaque(sums_.noise + opaque(error * error));
    if (error > sums_.max_error) sums_.max_error = error;
  }
  void merge(const error_aggregate& other) {
    const block_error& o = other.sums_;
    sums_.count += o.count;
    sums_.special += o.special;
    sums_.signal = opaque(sums_.signal + o.signal);
    sums_.noise = opaque(sums_.noise + o.noise);
    if (o.max_error > sums_.max_error) sums_.max_error = o.max_error;
  }
  [[nodiscard]] block_error result() const { return sums_; }

 private:
  block_error sums_;
};

inline namespace LOWP_BASELINE {

/// The error of each block of a shape, in the order of block_grid. Throws std::invalid_argument if
/// sizes differ or the shape has a negative extent.
[[nodiscard]] inline std::vector<block_error> measure_block_errors(
    matrix_view<const float> exact, matrix_view<const float> approximate, const block_shape& shape,
    const execution& how = {}) {
  std::vector<block_error> errors(block_grid(exact.rows, exact.cols, shape).size());
  aggregate_blocks(shape, error_aggregate{}, std::span(errors), how, exact, approximate);
  return errors;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
