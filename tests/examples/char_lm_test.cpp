// SPDX-License-Identifier: MIT
// The character model's forward pass and gradients agree with a plain computation in binary64, and
// training gives the same bytes with any number of threads.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "char_lm/model.hpp"
#include "char_lm/text.hpp"
#include "char_lm/training.hpp"

namespace {

using namespace char_lm;

using symbols = std::vector<std::uint8_t>;

symbols random_symbols(std::uint64_t seed, std::size_t count) {
  symbols result(count);
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = static_cast<std::uint8_t>(random_bits(seed, 0, 0, i) % vocabulary_size);
  }
  return result;
}

// Parameters with biases that are not zero.
model some_model(std::uint64_t seed) {
  model result = random_model(seed);
  for (std::size_t which = 0; which < layer_shapes.size(); ++which) {
    const auto bias = result.bias(static_cast<layer>(which));
    for (std::size_t i = 0; i < bias.size(); ++i)
      bias[i] = 0.01f * static_cast<float>((7 * i) % 13) - 0.06f;
  }
  return result;
}

std::vector<double> parameters_of(const model& source) {
  return {source.parameters.begin(), source.parameters.end()};
}

// The logits of one context, straight from the description of the model, in binary64.
std::vector<double> naive_logits(const std::vector<double>& parameters, const std::uint8_t* context,
                                 const unit_factors& factors = {}, std::size_t row = 0) {
  const auto factor = [&](std::size_t stage, std::size_t unit, std::size_t width) {
    return factors[stage].empty() ? 1.0 : static_cast<double>(factors[stage][row * width + unit]);
  };
  std::size_t offset = 96 * 24;
  std::vector<double> x;
  for (std::size_t i = 0; i < 16 * 24; ++i)
    x.push_back(parameters[context[i / 24] * 24u + i % 24] * factor(0, i, 384));
  for (std::size_t index = 0; index < 3; ++index) {
    const std::size_t outputs = layer_shapes[index].outputs, inputs = x.size();
    std::vector<double> y;
    for (std::size_t n = 0; n < outputs; ++n) {
      double sum = parameters[offset + outputs * inputs + n];
      for (std::size_t k = 0; k < inputs; ++k) sum += x[k] * parameters[offset + n * inputs + k];
      y.push_back(index == 2 ? sum : std::fmax(sum, 0) * factor(index + 1, n, outputs));
    }
    offset += outputs * inputs + outputs;
    x = y;
  }
  return x;
}

// The summed cross-entropy in nats.
double naive_loss(const std::vector<double>& parameters, const symbols& contexts,
                  const symbols& targets, const unit_factors& factors = {}) {
  double loss = 0;
  for (std::size_t row = 0; row < targets.size(); ++row) {
    const auto logits =
        naive_logits(parameters, contexts.data() + row * context_size, factors, row);
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit);
    loss += std::log(sum) - logits[targets[row]];
  }
  return loss;
}

TEST_CASE("the_vocabulary_is_printable_ascii_and_the_newline") {
  for (std::size_t symbol = 0; symbol < vocabulary_size; ++symbol) {
    CHECK(symbol_of(character_of(static_cast<std::uint8_t>(symbol))) == symbol);
  }
  CHECK(symbols_of("\n ~\t\xc3\x7f") == symbols{0, 1, 95, 1, 1, 1});
}

TEST_CASE("the_parameters_are_those_stated") {
  CHECK(parameter_count == 355424);
  for (const auto& shape : layer_shapes) CHECK(shape.inputs % 32 == 0);
}

TEST_CASE("multiply_agrees_with_binary64_for_all_row_counts") {
  for (std::size_t rows = 0; rows < 10; ++rows) {
    constexpr std::size_t depth = 5, columns = 16;
    std::vector<float> a(rows * depth), b(depth * columns), c(rows * columns, -1.0f);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 7) - 3.0f;
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 11) - 5.0f;
    // b is stored column by column.
    multiply({a.data(), depth, 1}, {b.data(), 1, depth}, rows, depth, columns, c.data());
    for (std::size_t i = 0; i < c.size(); ++i) {
      double expected = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        expected += static_cast<double>(a[i / columns * depth + k]) *
                    static_cast<double>(b[i % columns * depth + k]);
      }
      CHECK(static_cast<double>(c[i]) == expected);
    }
  }
}

TEST_CASE("logits_agree_with_binary64") {
  const model source = some_model(3);
  const symbols contexts = random_symbols(4, 5 * context_size);
  const auto found = logits(source, contexts, float_product{source});
  REQUIRE(found.size() == 5 * vocabulary_size);
  for (std::size_t row = 0; row < 5; ++row) {
    const auto expected = naive_logits(parameters_of(source), contexts.data() + row * context_size);
    for (std::size_t i = 0; i < vocabulary_size; ++i) {
      CHECK(static_cast<double>(found[row * vocabulary_size + i]) ==
            Approx(expected[i]).margin(1e-5));
    }
  }
}

TEST_CASE("the_caller_makes_the_products") {
  const model source = some_model(3);
  const symbols contexts = random_symbols(4, 2 * context_size);
  std::vector<layer> called;
  const auto zero_product = [&](layer which, std::span<const float> x, std::size_t rows,
                                std::span<float> y) {
    called.push_back(which);
    CHECK(rows == 2);
    CHECK(x.size() == rows * shape_of(which).inputs);
    CHECK(y.size() == rows * shape_of(which).outputs);
    std::fill(y.begin(), y.end(), 0.0f);
  };
  const auto found = logits(source, contexts, zero_product);
  CHECK(called == std::vector{layer::hidden1, layer::hidden2, layer::output});
  const auto bias = source.bias(layer::output);
  CHECK(std::equal(bias.begin(), bias.end(), found.begin()));
}

TEST_CASE("wrong_input_is_refused") {
  const model source;
  const float_product product{source};
  CHECK_THROWS_AS(logits(source, symbols(17), product), std::invalid_argument);
  CHECK_THROWS_AS(logits(source, symbols(16, 96), product), std::invalid_argument);
  CHECK_THROWS_AS(bits_per_character(source, symbols(16), product), std::invalid_argument);
}

TEST_CASE("bits_per_character_is_the_mean_over_all_full_contexts") {
  const model source = some_model(5);
  const symbols text = random_symbols(6, 16 + 300);  // one batch and a part of the next
  symbols contexts, targets;
  for (std::size_t position = 16; position < text.size(); ++position) {
    for (std::size_t i = position - 16; i < position; ++i) contexts.push_back(text[i]);
    targets.push_back(text[position]);
  }
  const double expected =
      naive_loss(parameters_of(source), contexts, targets) / std::log(2.0) / 300;
  CHECK(bits_per_character(source, text, float_product{source}) == Approx(expected).epsilon(1e-6));
  // A model that knows nothing needs log2(96) bits.
  const model blank;
  CHECK(bits_per_character(blank, text, float_product{blank}) ==
        Approx(std::log2(96.0)).epsilon(1e-12));
}

TEST_CASE("gradients_agree_with_differences_in_binary64") {
  const model source = some_model(7);
  const symbols contexts = random_symbols(8, 3 * context_size), targets = random_symbols(9, 3);
  unit_factors factors;
  const bool with_dropped_units = GENERATE(false, true);
  if (with_dropped_units) {
    for (std::size_t stage = 0; stage < 3; ++stage) {
      for (std::size_t i = 0; i < 3 * layer_shapes[stage].inputs; ++i)
        factors[stage].push_back(i % 5 == 2 ? 0 : 1.25f);
    }
  }
  model gradient;
  const double loss = add_gradient(source, contexts, targets, factors, gradient);
  auto parameters = parameters_of(source);
  CHECK(loss == Approx(naive_loss(parameters, contexts, targets, factors)).epsilon(1e-6));

  for (std::size_t index = 0; index < parameter_tensors.size(); ++index) {
    const auto& tensor = parameter_tensors[index];
    for (std::size_t draw = 0; draw < 12; ++draw) {
      std::size_t at = random_bits(10, index, 0, draw) % tensor.size();
      // Most embeddings are of characters that do not occur here.
      if (index == 0 && draw > 2) at = contexts[draw] * embedding_size + draw;
      double& value = parameters[tensor.offset + at];
      const double old = value, distance = 1e-6;
      value = old + distance;
      const double above = naive_loss(parameters, contexts, targets, factors);
      value = old - distance;
      const double below = naive_loss(parameters, contexts, targets, factors);
      value = old;
      INFO(tensor.name << " at " << at);
      CHECK(static_cast<double>(gradient.tensor(index)[at]) ==
            Approx((above - below) / (2 * distance)).epsilon(1e-4).margin(1e-6));
    }
  }
}

TEST_CASE("training_does_not_depend_on_the_number_of_threads") {
  const symbols text = random_symbols(11, 1000);
  const auto parameters_with = [&](std::size_t threads) {
    training_options options{.seed = 12, .steps = 2, .threads = threads, .slice_rows = 5};
    trainer two_steps(random_model(12), text, options);
    two_steps.step();
    two_steps.step();
    return two_steps.current().parameters;
  };
  const auto one = parameters_with(1);
  CHECK(one != random_model(12).parameters);
  for (const std::size_t threads : std::vector<std::size_t>{2, 3, 20}) {
    const auto several = parameters_with(threads);
    CHECK(std::memcmp(one.data(), several.data(), one.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("training_learns") {
  symbols text;
  for (std::size_t i = 0; i < 400; ++i) text.push_back(static_cast<std::uint8_t>(i % 7));
  trainer some_steps(random_model(13), text,
                     {.seed = 13, .steps = 30, .slice_rows = 4, .warm_up_steps = 5});
  for (int i = 0; i < 30; ++i) some_steps.step();
  CHECK(bits_per_character(some_steps.current(), text, float_product{some_steps.current()}) < 0.5);
}

TEST_CASE("a_saved_model_is_loaded_again_and_others_are_refused") {
  const auto path =
      std::filesystem::temp_directory_path() /
      ("lowp_char_lm_test_" + std::to_string(std::random_device{}()) + ".safetensors");
  const model source = some_model(14);
  save_model(source, path);
  CHECK(load_model(path).parameters == source.parameters);
  const auto bytes = lowp::io::to_f32_bytes(source.bias(layer::output));
  const lowp::io::tensor_view other[] = {
      {.name = "output.bias", .dtype = "F32", .shape = {vocabulary_size}, .bytes = bytes}};
  lowp::io::write_safetensors(path, other);
  CHECK_THROWS_AS(load_model(path), lowp::io::format_error);
  std::filesystem::remove(path);
}

TEST_CASE("the_trained_model_is_there_and_predicts_licences") {
  const auto path =
      std::filesystem::path(LOWP_TEST_SOURCE_DIR) / "examples/char_lm/char_lm.safetensors";
  const model source = load_model(path);
  REQUIRE(source.parameters.size() == 355424);
  const auto text = symbols_of(
      "This program is free software; you can redistribute it and/or modify\nit under the terms of "
      "the license, and "
      "the copyright holder\nmakes no warranty of any kind.\n");
  CHECK(bits_per_character(source, text, float_product{source}) < 2.5);
}

}  // namespace
