// SPDX-License-Identifier: MIT
// Real data for the programs of this directory: a trained character model with the values that its
// layers see, and the weights of a network that reads texts in pictures, where they were fetched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lowp/analysis/error.hpp"
#include "lowp/arrays/matrix_view.hpp"

namespace methods {

/// A matrix that owns its values, row by row.
struct matrix {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<float> values = std::vector<float>(rows * cols);
  std::string name = {};

  operator lowp::matrix_view<const float>() const { return {values.data(), rows, cols}; }
  operator lowp::matrix_view<float>() { return view(); }
  [[nodiscard]] lowp::matrix_view<float> view() { return {values.data(), rows, cols}; }
  [[nodiscard]] lowp::matrix_view<const float> view() const { return *this; }
};

/// A linear layer, output = input * weight^T + bias: weights outputs x inputs, and an input for
/// each character of a text.
struct layer {
  matrix weight;
  std::vector<float> bias;
  matrix input;
};

/// The three layers of examples/char_lm, of 384, 512 and 256 inputs and 512, 256 and 96 outputs.
/// The text is this project's licence, which the model has not been trained on: as many of its
/// characters as there are rows, at most 1024.
[[nodiscard]] std::vector<layer> char_lm_layers(std::size_t rows = 1024);

/// The gradient of the loss of each character, in nats, by the outputs of the last layer, rows x
/// 96: their probabilities, less 1 for the character that follows, times `share`, which is 1 / rows
/// for the mean loss of a batch.
[[nodiscard]] matrix logit_gradients(std::size_t rows = 1024, float share = 1);

/// The bits per character of that text if product(i, x, y) makes y = x * weight^T of layer i,
/// without the bias; of 256 rows at a time.
using layer_product = std::function<void(std::size_t index, lowp::matrix_view<const float> x,
                                         lowp::matrix_view<float> y)>;
[[nodiscard]] double char_lm_bits(const layer_product& product);
/// The same, multiplied in binary32 by weights in place of those of the model.
[[nodiscard]] double char_lm_bits(const std::vector<matrix>& weights);

/// Weights of PP-OCRv4 and its companions, of convolutions (outputs x the rest) and of linear
/// layers as they are stored (inputs x outputs): those of two dimensions and more, of `least`
/// values or more. The kurtosis of some is above 1000. Empty, with a message, where the models were
/// not fetched: `cmake --build <build> --target ocr_models`.
[[nodiscard]] std::vector<matrix> ocr_weights(std::size_t least = 4096);

/// Normally distributed with variance 1, a function of the seed.
[[nodiscard]] matrix normal_matrix(std::size_t rows, std::size_t cols, std::uint64_t seed = 1);

/// x * w^T in binary32.
[[nodiscard]] matrix product(lowp::matrix_view<const float> x, lowp::matrix_view<const float> w);

/// 10 log10(sum x^2 / sum (x - y)^2).
[[nodiscard]] double sqnr_db(const matrix& x, const matrix& y);
/// The mean of (x - y)^2.
[[nodiscard]] double mean_squared_error(const matrix& x, const matrix& y);

/// The values of what `quantize` has made.
template <class Quantized>
[[nodiscard]] matrix values_of(const Quantized& q) {
  matrix result{q.rows(), q.cols()};
  dequantize(q, result.view());
  return result;
}

}  // namespace methods
