// SPDX-License-Identifier: MIT
// Training of the character model with products of a program's own, by examples/char_lm.
#include "support/training.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <lowp/arrays/transposed.hpp>
#include <lowp/gemm/gemm.hpp>
#include <numeric>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "char_lm/model.hpp"
#include "char_lm/text.hpp"
#include "char_lm/training.hpp"

namespace methods {
namespace {

using view = lowp::matrix_view<const float>;

// training_products as char_lm calls them.
struct products_of {
  const training_products& made;

  void output(char_lm::layer which, std::size_t rows, std::span<const float> x,
              std::span<const float> w, std::span<float> y) const {
    const auto [name, outputs, inputs] = char_lm::shape_of(which);
    made.output(index(which), {x.data(), rows, inputs}, {w.data(), outputs, inputs},
                {y.data(), rows, outputs});
  }
  void input_gradient(char_lm::layer which, std::size_t rows, std::span<const float> e,
                      std::span<const float> w, std::span<float> g) const {
    const auto [name, outputs, inputs] = char_lm::shape_of(which);
    made.input_gradient(index(which), {e.data(), rows, outputs}, {w.data(), outputs, inputs},
                        {g.data(), rows, inputs});
  }
  void weight_gradient(char_lm::layer which, std::size_t rows, std::span<const float> e,
                       std::span<const float> x, std::span<float> g) const {
    const auto [name, outputs, inputs] = char_lm::shape_of(which);
    made.weight_gradient(index(which), {e.data(), rows, outputs}, {x.data(), rows, inputs},
                         {g.data(), outputs, inputs});
  }
  static std::size_t index(char_lm::layer which) { return static_cast<std::size_t>(which); }
};

// The licences of a Debian system, as char_lm was trained on, or elsewhere this project's README.
std::vector<std::uint8_t> training_text() {
  const std::filesystem::path licences = "/usr/share/common-licenses";
  std::error_code unknown;
  if (std::filesystem::exists(licences / "MPL-2.0", unknown)) {
    return char_lm::load_corpus(licences, "MPL-2.0").training;
  }
  return char_lm::symbols_of(char_lm::detail::read_text(LOWP_TRAINING_TEXT_FILE));
}

matrix copy_of(view x) {
  matrix result{x.rows, x.cols};
  std::copy_n(x.data, x.rows * x.cols, result.values.begin());
  return result;
}

}  // namespace

std::vector<trained_layer> trained_layers(std::size_t rows) {
  const auto text = char_lm::symbols_of(char_lm::detail::read_text(LOWP_TEXT_FILE));
  std::vector<std::uint8_t> contexts, targets;
  for (std::size_t i = char_lm::context_size; i < text.size() && targets.size() < rows; ++i) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(i);
    contexts.insert(contexts.end(), end - std::ptrdiff_t{char_lm::context_size}, end);
    targets.push_back(*end);
  }
  std::vector<trained_layer> layers(char_lm::layer_shapes.size());
  const training_products plain = binary32_products();
  training_products seen = plain;
  seen.output = [&](std::size_t i, view x, view w, lowp::matrix_view<float> y) {
    layers[i].input = copy_of(x);
    layers[i].weight = copy_of(w);
    plain.output(i, x, w, y);
  };
  seen.weight_gradient = [&](std::size_t i, view e, view x, lowp::matrix_view<float> g) {
    layers[i].output_gradient = copy_of(e);
    plain.weight_gradient(i, e, x, g);
  };
  char_lm::model gradient;
  char_lm::add_gradient(char_lm::load_model(LOWP_CHAR_LM_FILE), contexts, targets, {}, gradient,
                        products_of{seen});
  return layers;
}

matrix weight_gradient(const trained_layer& layer) {
  matrix gradient{layer.weight.rows, layer.weight.cols};
  binary32_products().weight_gradient(0, layer.output_gradient, layer.input, gradient);
  return gradient;
}

training_products binary32_products() {
  using lowp::gemm, lowp::transposed;
  return {
      [](std::size_t, view x, view w, lowp::matrix_view<float> y) { gemm(x, w, y); },
      [](std::size_t, view e, view w, lowp::matrix_view<float> g) { gemm(e, transposed(w), g); },
      [](std::size_t, view e, view x, lowp::matrix_view<float> g) {
        gemm(transposed(e), transposed(x), g);
      }};
}

std::vector<double> train(const training_products& products, const training_run& run) {
  const std::vector<std::uint8_t> text = training_text();
  char_lm::trainer trainer(char_lm::random_model(run.seed), text,
                           {.seed = run.seed,
                            .steps = run.steps,
                            .slices = 1,
                            .slice_rows = run.rows,
                            .warm_up_steps = run.steps / 10 + 1,
                            .learning_rate = run.learning_rate,
                            .dropout = 0,
                            .context_dropout = 0});
  std::vector<double> losses;
  while (losses.size() < run.steps) {
    losses.push_back(trainer.step(products_of{products}));
    for (std::size_t i = 0; run.after_update && i < char_lm::layer_shapes.size(); ++i)
      run.after_update(i, trainer.weight(static_cast<char_lm::layer>(i)));
    if (run.after_step) run.after_step(trainer.gradient_means(), trainer.gradient_squares());
  }
  return losses;
}

double last_loss(const std::vector<double>& losses) {
  const auto count = losses.size() / 4;
  return std::accumulate(losses.end() - static_cast<std::ptrdiff_t>(count), losses.end(), 0.0) /
         static_cast<double>(count);
}

void compare_training(figures& to, const char* name, const training_products& products,
                      const char* claim, double high, int argument_count, char** arguments,
                      training_run run) {
  if (argument_count > 1) run.steps = std::stoul(arguments[1]);
  training_run plain = run;
  plain.after_step = {};
  plain.after_update = {};
  const double exact = last_loss(train(binary32_products(), plain));
  const double ours = last_loss(train(products, run));
  // Frequencies of characters alone leave more than 4 bits in English.
  to.within("bits per character, trained in binary32", "converges, from 6.58", exact, 1, 4);
  // Runs so short scatter by half a percent and more with their text, and noise may help them.
  constexpr double scatter = 1;
  to.within("loss with " + std::string(name) + " above that, %", claim, 100 * (ours / exact - 1),
            -2, high + scatter);
}

}  // namespace methods
