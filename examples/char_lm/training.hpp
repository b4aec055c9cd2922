// SPDX-License-Identifier: MIT
// One step of training: gradients of a minibatch by back-propagation, then AdamW. The minibatch is
// cut into a fixed number of slices whose gradients are added in a fixed order, so the number of
// threads never changes a bit of the result. Whoever calls it may say how the three products of a
// linear layer are made.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "model.hpp"

namespace char_lm {

struct training_options {
  std::uint64_t seed = 1;
  std::size_t steps = 6000;
  std::size_t threads = 1;
  std::size_t slices = 8;       // parts of a minibatch; at most this many threads find work
  std::size_t slice_rows = 32;  // contexts of one slice
  std::size_t warm_up_steps = 200;
  // The largest; reached after the warm-up, then a half cosine down to zero.
  double learning_rate = 2e-3;
  double weight_decay = 0.25;  // fraction of a weight taken off per unit of learning rate
  double dropout = 0.25;       // share of hidden units set to zero in training
  // Share of the oldest characters left out in training; falls evenly to zero at the newest
  // character.
  double context_dropout = 0.4;
};

// Random bits that depend on nothing but the seed and three counters.
[[nodiscard]] constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream,
                                                  std::uint64_t step,
                                                  std::uint64_t index) noexcept {
  std::uint64_t state = seed;
  for (const std::uint64_t counter : {stream, step, index}) {
    state = (state ^ counter) + 0x9e3779b97f4a7c15u;
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
    state ^= state >> 31;
  }
  return state;
}

// Weights uniform in ±sqrt(6 / inputs), which keeps the variance through layers of rectifiers;
// smaller in the last layer, so that the first guesses are nearly even. Biases zero.
[[nodiscard]] model random_model(std::uint64_t seed);

// Factors for the embedded input and the two hidden layers, each rows × width: 0 drops a unit, and
// the others grow so that the expected sum stays. An empty row of factors leaves its stage alone.
using unit_factors = std::array<std::vector<float>, 3>;

// The three products of a linear layer with weights W, outputs × inputs, for `rows` rows of input x
// and of the gradient e of its output. Each fills its last argument:
//   y = x·Wᵀ      the output                  rows × outputs
//   g = e·W       the gradient of the input   rows × inputs
//   g = eᵀ·x      that of the weights         outputs × inputs
template <class Products>
concept linear_products = requires(const Products& products, layer which, std::size_t rows,
                                   std::span<const float> in, std::span<float> out) {
  products.output(which, rows, in, in, out);
  products.input_gradient(which, rows, in, in, out);
  products.weight_gradient(which, rows, in, in, out);
};

// In binary32, each sum in order.
struct float_products {
  void output(layer which, std::size_t rows, std::span<const float> x, std::span<const float> w,
              std::span<float> y) const {
    const auto [name, outputs, inputs] = shape_of(which);
    multiply({x.data(), inputs, 1}, {w.data(), 1, inputs}, rows, inputs, outputs, y.data());
  }
  void input_gradient(layer which, std::size_t rows, std::span<const float> e,
                      std::span<const float> w, std::span<float> g) const {
    const auto [name, outputs, inputs] = shape_of(which);
    multiply({e.data(), outputs, 1}, {w.data(), inputs, 1}, rows, outputs, inputs, g.data());
  }
  void weight_gradient(layer which, std::size_t rows, std::span<const float> e,
                       std::span<const float> x, std::span<float> g) const {
    const auto [name, outputs, inputs] = shape_of(which);
    multiply({e.data(), 1, outputs}, {x.data(), inputs, 1}, outputs, rows, inputs, g.data());
  }
};

// Adds the gradient of the summed cross-entropy (natural logarithm) of a batch to `gradient` and
// returns that sum. `contexts` has context_size symbols for each of `targets`.
template <linear_products Products = float_products>
double add_gradient(const model& source, std::span<const std::uint8_t> contexts,
                    std::span<const std::uint8_t> targets, const unit_factors& factors,
                    model& gradient, const Products& products = {});

class trainer {
 public:
  // Throws std::invalid_argument if the text has no full context or an option is out of range.
  trainer(model start, std::span<const std::uint8_t> text, const training_options& options);

  // Returns the loss of this minibatch in bits per character, with units dropped. `products` are
  // called by several threads, if there are several.
  template <linear_products Products = float_products>
  double step(const Products& products = {});

  [[nodiscard]] const model& current() const noexcept { return model_; }
  [[nodiscard]] std::size_t steps_done() const noexcept { return steps_done_; }
  // May be changed between steps.
  [[nodiscard]] std::span<float> weight(layer which) noexcept { return model_.weight(which); }
  // The running averages of each parameter's gradient and of its square, which AdamW keeps.
  [[nodiscard]] std::span<float> gradient_means() noexcept { return mean_; }
  [[nodiscard]] std::span<float> gradient_squares() noexcept { return square_; }

 private:
  template <linear_products Products>
  void train_slice(std::size_t slice, const Products& products);
  [[nodiscard]] unit_factors draw_factors(std::size_t first_row) const;
  void update(std::size_t first, std::size_t last, double rate);

  training_options options_;
  std::span<const std::uint8_t> text_;
  model model_;
  std::vector<float> mean_, square_;  // running averages of each gradient and of its square
  std::vector<model> gradients_;
  std::vector<double> losses_;
  std::size_t steps_done_ = 0;
};

// Implementation

namespace detail {

enum class stream : std::uint64_t { initial, position, dropped };

[[nodiscard]] constexpr double unit_interval(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

// Runs task(0) … task(count - 1); which thread runs a task does not matter to it.
template <class Task>
void run_in_parallel(std::size_t threads, std::size_t count, const Task& task) {
  const auto run_share = [&](std::size_t thread) {
    for (std::size_t index = thread; index < count; index += threads) task(index);
  };
  std::vector<std::jthread> others;
  for (std::size_t thread = 1; thread < std::min(threads, count); ++thread)
    others.emplace_back(run_share, thread);
  run_share(0);
}

// Turns logits into probabilities minus one at the target, which is the gradient; returns the
// cross-entropy in nats.
inline double softmax_gradient(std::span<float> row, std::uint8_t target) {
  const float largest = *std::max_element(row.begin(), row.end());
  const float target_logit = row[target] - largest;
  float sum = 0;
  for (float& value : row) {
    value = std::exp(value - largest);
    sum += value;
  }
  for (float& value : row) value /= sum;
  row[target] -= 1.0f;
  return std::log(static_cast<double>(sum)) - static_cast<double>(target_logit);
}

}  // namespace detail

[[nodiscard]] inline model random_model(std::uint64_t seed) {
  model result;
  for (std::size_t index = 0; index < parameter_tensors.size(); ++index) {
    const auto& tensor = parameter_tensors[index];
    if (tensor.columns == 0) continue;
    const double range = index == 0 ? 1.0
                                    : std::sqrt((tensor.rows == vocabulary_size ? 0.1 : 6.0) /
                                                static_cast<double>(tensor.columns));
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const auto bits =
          random_bits(seed, static_cast<std::uint64_t>(detail::stream::initial), index, i);
      result.tensor(index)[i] = static_cast<float>(range * (2 * detail::unit_interval(bits) - 1));
    }
  }
  return result;
}

template <linear_products Products>
double add_gradient(const model& source, std::span<const std::uint8_t> contexts,
                    std::span<const std::uint8_t> targets, const unit_factors& factors,
                    model& gradient, const Products& products) {
  const std::size_t rows = targets.size();
  const auto scale_units = [&](std::size_t stage, std::span<float> units) {
    if (factors[stage].empty()) return;
    for (std::size_t i = 0; i < units.size(); ++i) units[i] *= factors[stage][i];
  };
  // 1. Forward.
  activations values;
  const auto product = [&](layer which, std::span<const float> x, std::size_t count,
                           std::span<float> y) {
    products.output(which, count, x, source.weight(which), y);
  };
  forward(source, contexts, product, scale_units, values);

  // 2. The gradient with respect to the logits.
  double loss = 0;
  std::vector<float> outer = values.back();
  for (std::size_t row = 0; row < rows; ++row) {
    loss += detail::softmax_gradient(
        std::span(outer).subspan(row * vocabulary_size, vocabulary_size), targets[row]);
  }

  // 3. Backward through each layer: weights, bias, then the layer's input.
  std::vector<float> inner, weight_gradient;
  for (std::size_t index = layer_shapes.size(); index-- > 0;) {
    const auto which = static_cast<layer>(index);
    const auto [name, outputs, inputs] = layer_shapes[index];
    const auto& x = values[index];
    weight_gradient.resize(outputs * inputs);
    products.weight_gradient(which, rows, std::span<const float>(outer), std::span<const float>(x),
                             std::span(weight_gradient));
    const auto weight = gradient.weight(which);
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] += weight_gradient[i];
    const auto bias = gradient.bias(which);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < outputs; ++column)
        bias[column] += outer[row * outputs + column];
    }
    inner.resize(rows * inputs);
    products.input_gradient(which, rows, std::span<const float>(outer), source.weight(which),
                            std::span(inner));
    scale_units(index, inner);
    if (index > 0) {
      for (std::size_t i = 0; i < inner.size(); ++i) inner[i] = x[i] > 0 ? inner[i] : 0.0f;
    }
    std::swap(outer, inner);
  }

  // 4. Each character's embedding collects the gradient of every place where the character stood.
  const auto embedding = gradient.embedding();
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    for (std::size_t j = 0; j < embedding_size; ++j) {
      embedding[contexts[i] * embedding_size + j] += outer[i * embedding_size + j];
    }
  }
  return loss;
}

inline trainer::trainer(model start, std::span<const std::uint8_t> text,
                        const training_options& options)
    : options_(options),
      text_(text),
      model_(std::move(start)),
      mean_(parameter_count),
      square_(parameter_count),
      gradients_(options.slices),
      losses_(options.slices) {
  if (text.size() <= context_size)
    throw std::invalid_argument("char_lm::trainer: text has no full context");
  if (options.threads == 0 || options.slices == 0 || options.slice_rows == 0 ||
      options.steps == 0) {
    throw std::invalid_argument(
        "char_lm::trainer: threads, slices, slice_rows and steps must be at least 1");
  }
  if (!(options.dropout >= 0 && options.dropout < 1 && options.context_dropout >= 0 &&
        options.context_dropout < 1)) {
    throw std::invalid_argument(
        "char_lm::trainer: both kinds of dropout must be at least 0 and below 1");
  }
}

template <linear_products Products>
double trainer::step(const Products& products) {
  detail::run_in_parallel(options_.threads, options_.slices,
                          [&](std::size_t slice) { train_slice(slice, products); });
  const double done = static_cast<double>(steps_done_) / static_cast<double>(options_.steps);
  const double warm = std::min(
      1.0, static_cast<double>(steps_done_ + 1) / static_cast<double>(options_.warm_up_steps));
  const double rate =
      options_.learning_rate * warm * 0.5 * (1 + std::cos(std::numbers::pi * std::min(done, 1.0)));
  ++steps_done_;
  const std::size_t chunk = (parameter_count + options_.slices - 1) / options_.slices;
  detail::run_in_parallel(options_.threads, options_.slices, [&](std::size_t index) {
    update(index * chunk, std::min(parameter_count, (index + 1) * chunk), rate);
  });
  double loss = 0;
  for (const double part : losses_) loss += part;
  return loss / static_cast<double>(options_.slices * options_.slice_rows) / std::numbers::ln2;
}

template <linear_products Products>
void trainer::train_slice(std::size_t slice, const Products& products) {
  std::vector<std::uint8_t> contexts, targets;
  const std::size_t first_row = slice * options_.slice_rows;
  for (std::size_t row = 0; row < options_.slice_rows; ++row) {
    const auto bits =
        random_bits(options_.seed, static_cast<std::uint64_t>(detail::stream::position),
                    steps_done_, first_row + row);
    const std::size_t start = bits % (text_.size() - context_size);
    const auto context = text_.subspan(start, context_size);
    contexts.insert(contexts.end(), context.begin(), context.end());
    targets.push_back(text_[start + context_size]);
  }
  std::fill(gradients_[slice].parameters.begin(), gradients_[slice].parameters.end(), 0.0f);
  losses_[slice] =
      add_gradient(model_, contexts, targets, draw_factors(first_row), gradients_[slice], products);
}

inline unit_factors trainer::draw_factors(std::size_t first_row) const {
  const auto draw = [&](std::size_t stage, std::size_t unit, double rate) {
    const auto stream = static_cast<std::uint64_t>(detail::stream::dropped) + stage;
    const bool is_kept =
        detail::unit_interval(random_bits(options_.seed, stream, steps_done_, unit)) >= rate;
    return is_kept ? static_cast<float>(1 / (1 - rate)) : 0.0f;
  };
  unit_factors factors;
  for (std::size_t row = 0; row < options_.slice_rows; ++row) {
    for (std::size_t position = 0; position < context_size; ++position) {
      const double age =
          static_cast<double>(context_size - 1 - position) / static_cast<double>(context_size - 1);
      const float factor =
          draw(0, (first_row + row) * context_size + position, options_.context_dropout * age);
      factors[0].insert(factors[0].end(), embedding_size, factor);
    }
    for (std::size_t stage = 1; stage < factors.size(); ++stage) {
      const std::size_t width = layer_shapes[stage].inputs;
      for (std::size_t unit = 0; unit < width; ++unit) {
        factors[stage].push_back(draw(stage, (first_row + row) * width + unit, options_.dropout));
      }
    }
  }
  return factors;
}

// AdamW for the parameters from `first` up to `last`.
inline void trainer::update(std::size_t first, std::size_t last, double rate) {
  constexpr double mean_decay = 0.9, square_decay = 0.99;
  const auto count = static_cast<double>(steps_done_);
  const auto per_row =
      static_cast<float>(1 / static_cast<double>(options_.slices * options_.slice_rows));
  const auto step_size = static_cast<float>(rate / (1 - std::pow(mean_decay, count)));
  const auto square_scale = static_cast<float>(1 / (1 - std::pow(square_decay, count)));
  const auto shrink = static_cast<float>(1 - rate * options_.weight_decay);
  constexpr auto old_mean = static_cast<float>(mean_decay),
                 new_mean = static_cast<float>(1 - mean_decay);
  constexpr auto old_square = static_cast<float>(square_decay),
                 new_square = static_cast<float>(1 - square_decay);
  for (std::size_t i = first; i < last; ++i) {
    float gradient = 0;
    for (const model& slice : gradients_) gradient += slice.parameters[i];
    gradient *= per_row;
    mean_[i] = old_mean * mean_[i] + new_mean * gradient;
    square_[i] = old_square * square_[i] + new_square * gradient * gradient;
    const float change = step_size * mean_[i] / (std::sqrt(square_[i] * square_scale) + 1e-8f);
    model_.parameters[i] = model_.parameters[i] * shrink - change;
  }
}

}  // namespace char_lm
