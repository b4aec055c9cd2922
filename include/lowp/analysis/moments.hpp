// SPDX-License-Identifier: MIT
// Moments of finite values: mean, variance, skewness, kurtosis, and the crest factor. Two passes:
// first the mean, then powers of what lies about it, in binary64 and in the order of
// block/aggregate.hpp, in which each operation rounds once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lowp/block/aggregate.hpp"
#include "lowp/block/block_statistics.hpp"
#include "lowp/core/config.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

/// Of the finite values x, n of them. What a division by zero would give is NaN.
struct moments {
  std::uint64_t count = 0;  ///< n
  double mean = 0;
  double variance = 0;      ///< the mean of (x - mean)^2
  double skewness = 0;      ///< the mean of (x - mean)^3 / variance^1.5
  double kurtosis = 0;      ///< the mean of (x - mean)^4 / variance^2: 3 of a normal distribution
  double crest_factor = 0;  ///< the largest |x| / sqrt(the mean of x^2)
};

/// The largest magnitude of a block over its root mean square, as "INT v.s. FP" (arXiv 2510.25602)
/// has it; NaN without a value that is not zero.
[[nodiscard]] inline double crest_factor(const block_statistics& s) {
  if (s.sum_of_squares == 0) return detail::nan_in_binary64();
  const double mean_square = opaque(s.sum_of_squares / static_cast<double>(s.finite()));
  return opaque(static_cast<double>(s.amax) / opaque(detail::square_root_of(mean_square)));
}

/// The aggregate that sums powers of x - mean, of finite values.
class central_powers {
 public:
  explicit central_powers(double mean) : mean_(mean) {}
  void add(const float& x) {
    if (!detail::is_finite(x)) return;
    const double d = opaque(static_cast<double>(x) - mean_), square = opaque(d * d);
    sums_[0] = opaque(sums_[0] + square);
    sums_[1] = opaque(sums_[1] + opaque(square * d));
    sums_[2] = opaque(sums_[2] + opaque(square * square));
  }
  void merge(const central_powers& other) {
    for (std::size_t i = 0; i < 3; ++i) sums_[i] = opaque(sums_[i] + other.sums_[i]);
  }
  /// The sums of second, third and fourth powers.
  [[nodiscard]] std::array<double, 3> result() const { return sums_; }

 private:
  double mean_;
  std::array<double, 3> sums_{};
};

inline namespace LOWP_BASELINE {

/// The moments of each block of a shape, in the order of block_grid. Throws std::invalid_argument
/// if the shape has a negative extent.
[[nodiscard]] inline std::vector<moments> moments_of_blocks(matrix_view<const float> x,
                                                            const block_shape& shape,
                                                            const execution& how = {}) {
  const block_grid grid(x.rows, x.cols, shape);
  const std::vector<block_statistics> statistics = statistics_of_blocks(x, shape, {}, how);
  std::vector<moments> out(grid.size());
  // Of several quotients by n compilers would make products by 1 / n, if they may.
  const auto over = [](double sum, double n) { return opaque(sum / opaque(n)); };
  detail::for_blocks(grid, how, [&](std::size_t row, std::size_t first, std::size_t last) {
    for (std::size_t col = first; col < last; ++col) {
      const block_statistics& s = statistics[row * grid.across + col];
      moments& m = out[row * grid.across + col];
      m.count = s.finite();
      if (m.count == 0) continue;
      const auto n = static_cast<double>(m.count);
      m.mean = over(s.sum, n);
      m.crest_factor = crest_factor(s);
      const auto [second, third, fourth] =
          detail::aggregate_block(grid, row, col, central_powers(m.mean), x);
      m.variance = over(second, n);
      const bool is_constant = m.variance == 0;
      const double deviation = opaque(detail::square_root_of(m.variance));
      m.skewness = is_constant ? detail::nan_in_binary64()
                               : over(over(third, n), opaque(m.variance * deviation));
      m.kurtosis = is_constant ? detail::nan_in_binary64()
                               : over(over(fourth, n), opaque(m.variance * m.variance));
    }
  });
  return out;
}
/// Those of all values; of no value, zeros.
[[nodiscard]] inline moments moments_of(std::span<const float> values) {
  const auto all = moments_of_blocks({values.data(), 1, values.size()}, {.rows = 0, .cols = 0});
  return all.empty() ? moments{} : all[0];
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
