// SPDX-License-Identifier: MIT
// What training does to numbers: gradients that the trained character model has, and short runs of
// its training from the beginning whose products of matrices a program makes itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "support/data.hpp"
#include "support/figures.hpp"

namespace methods {

/// A linear layer y = x * w^T in training, of char_lm after its training, on the text of
/// char_lm_layers: a row of x, and of the gradient e of y, for each character.
struct trained_layer {
  matrix weight;  ///< outputs x inputs
  matrix input;
  matrix output_gradient;
};
[[nodiscard]] std::vector<trained_layer> trained_layers(std::size_t rows = 256);
/// That of its weights: e^T * x, in binary32.
[[nodiscard]] matrix weight_gradient(const trained_layer& layer);

/// The three products of the layers 0, 1 and 2 of char_lm:
///   output(i, x, w, y)             y = x * w^T
///   input_gradient(i, e, w, g)     g = e * w
///   weight_gradient(i, e, x, g)    g = e^T * x
struct training_products {
  using product = std::function<void(std::size_t layer, lowp::matrix_view<const float>,
                                     lowp::matrix_view<const float>, lowp::matrix_view<float>)>;
  product output, input_gradient, weight_gradient;
};
/// In binary32.
[[nodiscard]] training_products binary32_products();

/// Trains char_lm from random weights on the texts that it was trained on, or where there are none
/// on this project's README, with AdamW, whose state is in binary32, and returns the loss of each
/// step in bits per character. Seeds choose first weights and minibatches, so that runs that differ
/// in products alone see the same.
struct training_run {
  std::size_t steps = 400;
  std::size_t rows = 64;  ///< of a minibatch
  double learning_rate = 4e-3;
  std::uint64_t seed = 1;
  /// Sees the state of AdamW after each step, the averages of gradients and of their squares, and
  /// may round it.
  std::function<void(std::span<float> means, std::span<float> squares)> after_step = {};
  /// Sees the weights of each layer after each step, and may change them.
  std::function<void(std::size_t layer, std::span<float> weights)> after_update = {};
};
[[nodiscard]] std::vector<double> train(const training_products& products, const training_run& run);

/// The mean loss of the last quarter of the steps.
[[nodiscard]] double last_loss(const std::vector<double>& losses);

/// Two figures: the last loss of a run in binary32, which converges, and by how many percent that
/// of the same run with `products` lies above it, for which a paper claims `high` at most. One
/// percent more is inside, since runs so short scatter. The first argument of the program says for
/// how many steps, else `run` does, whose functions are called with `products` alone.
void compare_training(figures& to, const char* name, const training_products& products,
                      const char* claim, double high, int argument_count, char** arguments,
                      training_run run = {});

}  // namespace methods
