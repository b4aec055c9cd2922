// SPDX-License-Identifier: MIT
// How much output channels matter: the change of the loss that quantizing a channel is expected to
// make, as MixLLM (arXiv 2412.14590) has it, and the choice of those that matter most.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/real_functions.hpp"

namespace lowp {

/// Salience of each channel, a row of the weights: the mean over samples of |s + s^2 / 2|, s being
/// the dot product of the row's gradient in this sample with quantized - original. Sums in binary64
/// in the order of columns and of samples, each operation rounded once.
class salience_accumulator {
 public:
  /// Of so many channels.
  explicit salience_accumulator(std::size_t channels) : sums_(channels) {}

  /// Adds one sample. Throws std::invalid_argument if the matrices have not one size, with a row
  /// for each channel; then nothing is added.
  void add(matrix_view<const float> gradient, matrix_view<const float> original,
           matrix_view<const float> quantized) {
    require_size("gradient", gradient, gradient.cols);
    require_size("original", original, gradient.cols);
    require_size("quantized", quantized, gradient.cols);
    const default_float_environment environment;
    for (std::size_t r = 0; r < sums_.size(); ++r) {
      double s = 0;
      for (std::size_t c = 0; c < gradient.cols; ++c) {
        const double change =
            opaque(static_cast<double>(quantized(r, c)) - static_cast<double>(original(r, c)));
        s = opaque(s + opaque(static_cast<double>(gradient(r, c)) * change));
      }
      const double expected = opaque(s + opaque(opaque(s * s) / 2));
      sums_[r] = opaque(sums_[r] + detail::magnitude_of(expected));
    }
    ++samples_;
  }
  /// Zeros before the first sample.
  [[nodiscard]] std::vector<double> result() const {
    std::vector<double> means(sums_);
    if (samples_ != 0)
      for (double& mean : means) mean = opaque(mean / static_cast<double>(samples_));
    return means;
  }

 private:
  void require_size(const char* name, const matrix_view<const float>& m, std::size_t cols) const {
    if (m.rows == sums_.size() && m.cols == cols) return;
    refuse("salience_accumulator: " + std::string(name) + " is " + std::to_string(m.rows) + " x " +
           std::to_string(m.cols) + ", expected " + std::to_string(sums_.size()) + " x " +
           std::to_string(cols));
  }

  std::vector<double> sums_;
  std::size_t samples_ = 0;
};

/// The indices of the `count` largest scores, ascending; of equal scores the first ones. Throws
/// std::invalid_argument if there are not so many, or one is NaN.
[[nodiscard]] inline std::vector<std::size_t> largest_scores(std::span<const double> scores,
                                                             std::size_t count) {
  if (count > scores.size()) {
    refuse("largest_scores: count is " + std::to_string(count) + ", expected at most " +
           std::to_string(scores.size()) + ", the number of scores");
  }
  const default_float_environment environment;  // subnormal scores differ, too
  std::vector<std::size_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto bits = std::bit_cast<std::uint64_t>(scores[i]);
    if (bits << 1 > std::uint64_t{0x7FF} << 53) {
      refuse("largest_scores: scores[" + std::to_string(i) + "] is NaN, expected a number");
    }
    order[i] = i;
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace lowp
