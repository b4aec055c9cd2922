// SPDX-License-Identifier: MIT
// Layers whose products are computed in integers: weights with a scale for each output, activations
// of 8 bits with one scale, results of 16, brought to their scale by dyadic numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lowp/block/affine_matrix.hpp"
#include "lowp/functions/integer/requantize.hpp"
#include "lowp/functions/integer/scales.hpp"
#include "lowp/gemm/gemm.hpp"
#include "support/data.hpp"

namespace methods {

[[nodiscard]] inline double largest_magnitude(std::span<const float> values) {
  double largest = 1e-30;
  for (const float v : values) largest = std::max(largest, std::abs(static_cast<double>(v)));
  return largest;
}
/// To the nearest integer, of at most `most` in magnitude.
[[nodiscard]] inline std::vector<std::int32_t> integers_of(std::span<const float> values,
                                                           double scale, double most) {
  std::vector<std::int32_t> codes;
  for (const float v : values) {
    const double q = std::nearbyint(static_cast<double>(v) / scale);
    codes.push_back(static_cast<std::int32_t>(std::clamp(q, -most, most)));
  }
  return codes;
}

template <int Bits>
class integer_layer {
 public:
  /// Scales from the weights and from what the layer sees.
  explicit integer_layer(const layer& from)
      : rows_(from.weight.rows),
        cols_(from.weight.cols),
        input_scale_(largest_magnitude(from.input.values) / 127),
        output_scale_(largest_magnitude(product(from.input, from.weight).values) / 32767) {
    constexpr int most = (1 << (Bits - 1)) - 1;
    for (std::size_t r = 0; r < rows_; ++r) {
      const std::span w(from.weight.values.data() + r * cols_, cols_);
      const double scale = largest_magnitude(w) / most;
      rescale_.push_back(lowp::dyadic_of(scale * input_scale_ / output_scale_));
      ratios_.push_back(scale * input_scale_ / output_scale_);
      for (const std::int32_t code : integers_of(w, scale, most)) {
        codes_.push_back(static_cast<std::uint8_t>(code));
      }
    }
  }

  /// The sums of products with rows of activations.
  [[nodiscard]] std::vector<std::int32_t> sums(lowp::matrix_view<const float> x) const {
    using namespace lowp;
    std::vector<std::uint8_t> bytes;
    for (std::size_t r = 0; r < x.rows; ++r) {
      for (const std::int32_t code : integers_of({x.row(r), x.cols}, input_scale_, 127)) {
        bytes.push_back(static_cast<std::uint8_t>(code));
      }
    }
    const affine_matrix_view<formats::int_n<8>> a({bytes, x.rows, x.cols}, {0, 0}, {});
    const affine_matrix_view<formats::int_n<8>> b({codes_, rows_, cols_}, {0, 0}, {});
    std::vector<float> exact(x.rows * rows_);  // below 2^24
    gemm<policies::integers>(a, b, {exact.data(), x.rows, rows_});
    return {exact.begin(), exact.end()};
  }
  /// These at the scale of the results.
  template <class Rounding>
  [[nodiscard]] std::vector<std::int16_t> rescaled(const std::vector<std::int32_t>& sums,
                                                   const Rounding& rounding) const {
    std::vector<std::int16_t> y(sums.size());
    const std::size_t count = sums.size() / rows_;
    lowp::requantize({sums.data(), count, rows_}, rescale_,
                     lowp::matrix_view<std::int16_t>(y.data(), count, rows_), rounding);
    return y;
  }
  /// Their values.
  template <class Rounding>
  void run(lowp::matrix_view<const float> x, lowp::matrix_view<float> y,
           const Rounding& rounding) const {
    const std::vector<std::int16_t> codes = rescaled(sums(x), rounding);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      y(i / rows_, i % rows_) = static_cast<float>(codes[i] * output_scale_);
    }
  }

  /// The scale of the sum of an output over that of the results, as it was before it was dyadic.
  [[nodiscard]] double ratio(std::size_t output) const { return ratios_[output]; }
  [[nodiscard]] std::size_t outputs() const { return rows_; }

 private:
  std::size_t rows_, cols_;
  double input_scale_, output_scale_;
  std::vector<std::uint8_t> codes_;
  std::vector<lowp::dyadic> rescale_;
  std::vector<double> ratios_;
};

/// char_lm's bits per character with all products in integers.
template <int Bits, class Rounding>
[[nodiscard]] double char_lm_bits_in_integers(const std::vector<layer>& layers,
                                              const Rounding& rounding) {
  const std::vector<integer_layer<Bits>> integers(layers.begin(), layers.end());
  return char_lm_bits([&](std::size_t i, lowp::matrix_view<const float> x,
                          lowp::matrix_view<float> y) { integers[i].run(x, y, rounding); });
}

}  // namespace methods
