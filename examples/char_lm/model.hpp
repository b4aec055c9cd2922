// SPDX-License-Identifier: MIT
// A character model small enough to retrain in minutes: 16 characters are embedded, joined and
// passed through three linear layers. The forward pass is written once, and whoever calls it says
// how a linear layer's product is made.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/io/safetensors.hpp"
#include "text.hpp"

namespace char_lm {

inline constexpr std::size_t context_size = 16;    // characters the model sees
inline constexpr std::size_t embedding_size = 24;  // values that stand for one character

enum class layer : std::size_t { hidden1, hidden2, output };

// A layer computes x·Wᵀ + bias, with W stored row by row as outputs × inputs.
struct layer_shape {
  std::string_view name;
  std::size_t outputs;
  std::size_t inputs;
};

inline constexpr std::array<layer_shape, 3> layer_shapes{{
    {.name = "hidden1", .outputs = 512, .inputs = context_size * embedding_size},
    {.name = "hidden2", .outputs = 256, .inputs = 512},
    {.name = "output", .outputs = vocabulary_size, .inputs = 256},
}};

[[nodiscard]] constexpr const layer_shape& shape_of(layer which) noexcept {
  return layer_shapes[static_cast<std::size_t>(which)];
}

// One named tensor of the file; `columns` is 0 for a vector.
struct parameter_tensor {
  std::string_view name;
  std::size_t rows;
  std::size_t columns;
  std::size_t offset;  // of its first value among all parameters

  [[nodiscard]] constexpr std::size_t size() const noexcept {
    return columns == 0 ? rows : rows * columns;
  }
};

inline constexpr std::array<parameter_tensor, 7> parameter_tensors = [] {
  std::array<parameter_tensor, 7> tensors{{
      {"embedding.weight", vocabulary_size, embedding_size, 0},
      {"hidden1.weight", layer_shapes[0].outputs, layer_shapes[0].inputs, 0},
      {"hidden1.bias", layer_shapes[0].outputs, 0, 0},
      {"hidden2.weight", layer_shapes[1].outputs, layer_shapes[1].inputs, 0},
      {"hidden2.bias", layer_shapes[1].outputs, 0, 0},
      {"output.weight", layer_shapes[2].outputs, layer_shapes[2].inputs, 0},
      {"output.bias", layer_shapes[2].outputs, 0, 0},
  }};
  for (std::size_t i = 1; i < tensors.size(); ++i)
    tensors[i].offset = tensors[i - 1].offset + tensors[i - 1].size();
  return tensors;
}();

inline constexpr std::size_t parameter_count =
    parameter_tensors.back().offset + parameter_tensors.back().size();

// All parameters in one row, so that a training step can treat them alike.
struct model {
  std::vector<float> parameters = std::vector<float>(parameter_count);

  [[nodiscard]] std::span<float> tensor(std::size_t index) noexcept {
    return std::span(parameters)
        .subspan(parameter_tensors[index].offset, parameter_tensors[index].size());
  }
  [[nodiscard]] std::span<const float> tensor(std::size_t index) const noexcept {
    return std::span(parameters)
        .subspan(parameter_tensors[index].offset, parameter_tensors[index].size());
  }
  [[nodiscard]] std::span<float> embedding() noexcept { return tensor(0); }
  [[nodiscard]] std::span<const float> embedding() const noexcept { return tensor(0); }
  [[nodiscard]] std::span<float> weight(layer which) noexcept {
    return tensor(1 + 2 * static_cast<std::size_t>(which));
  }
  [[nodiscard]] std::span<const float> weight(layer which) const noexcept {
    return tensor(1 + 2 * static_cast<std::size_t>(which));
  }
  [[nodiscard]] std::span<float> bias(layer which) noexcept {
    return tensor(2 + 2 * static_cast<std::size_t>(which));
  }
  [[nodiscard]] std::span<const float> bias(layer which) const noexcept {
    return tensor(2 + 2 * static_cast<std::size_t>(which));
  }
};

// Throws lowp::io::format_error if a tensor is missing, unknown, of another shape or not F32.
[[nodiscard]] model load_model(const std::filesystem::path& path);
void save_model(const model& source, const std::filesystem::path& path);

// Called as product(which, x, rows, y): sets y[rows × outputs] to x[rows × inputs]·Wᵀ for the
// weights of that layer.
template <class Product>
concept linear_product = requires(Product& product, layer which, std::span<const float> x,
                                  std::size_t rows, std::span<float> y) {
  product(which, x, rows, y);
};

// The embedded input, both hidden layers after their activation, and the logits; each rows × width,
// row by row.
using activations = std::array<std::vector<float>, 4>;

// The forward pass. `contexts` holds context_size symbols for each row, oldest first.
// after_stage(stage, values) may change the embedded input (stage 0) and the values of the two
// hidden layers (1 and 2); training drops units there.
template <linear_product Product, class Hook>
void forward(const model& source, std::span<const std::uint8_t> contexts, Product&& product,
             Hook&& after_stage, activations& values);

// The logits, rows × vocabulary_size, for each context.
template <linear_product Product>
[[nodiscard]] std::vector<float> logits(const model& source, std::span<const std::uint8_t> contexts,
                                        Product&& product);

// The mean of -log2 of the probability given to each character that has a full context before it.
// Sums in binary64, in the order of the text; besides `product` only the C library's exp and log
// decide the last bits.
template <linear_product Product>
[[nodiscard]] double bits_per_character(const model& source, std::span<const std::uint8_t> text,
                                        Product&& product);

// A matrix whose element (row, column) is values[row * row_stride + column * column_stride].
struct strided_matrix {
  const float* values;
  std::size_t row_stride;
  std::size_t column_stride;
};

// c[rows × columns] = a[rows × depth]·b[depth × columns] in binary32. Each element is summed in the
// order of depth, so the result does not depend on how the work is divided. `columns` must be a
// multiple of 8.
void multiply(strided_matrix a, strided_matrix b, std::size_t rows, std::size_t depth,
              std::size_t columns, float* c);

// The product in binary32, for training and as the baseline.
struct float_product {
  const model& source;

  void operator()(layer which, std::span<const float> x, std::size_t rows,
                  std::span<float> y) const {
    const auto& shape = shape_of(which);
    multiply(
        {.values = x.data(), .row_stride = shape.inputs, .column_stride = 1},
        {.values = source.weight(which).data(), .row_stride = 1, .column_stride = shape.inputs},
        rows, shape.inputs, shape.outputs, y.data());
  }
};

// Implementation

namespace detail {

inline constexpr std::size_t tile_columns = 8;

// One tile of Rows × tile_columns; the fixed counts let the compiler keep the sums in vector
// registers.
template <std::size_t Rows>
void multiply_tile(strided_matrix a, const float* panel, std::size_t depth, float* c,
                   std::size_t c_stride) {
  float sums[Rows][tile_columns] = {};
  for (std::size_t k = 0; k < depth; ++k) {
    for (std::size_t row = 0; row < Rows; ++row) {
      const float factor = a.values[row * a.row_stride + k * a.column_stride];
      for (std::size_t column = 0; column < tile_columns; ++column) {
        sums[row][column] += factor * panel[k * tile_columns + column];
      }
    }
  }
  for (std::size_t row = 0; row < Rows; ++row) {
    for (std::size_t column = 0; column < tile_columns; ++column)
      c[row * c_stride + column] = sums[row][column];
  }
}

}  // namespace detail

inline void multiply(strided_matrix a, strided_matrix b, std::size_t rows, std::size_t depth,
                     std::size_t columns, float* c) {
  // 1. Copy depth × 8 of b so that the inner loop reads it in sequence; it stays in the first-level
  // cache.
  std::vector<float> panel(depth * detail::tile_columns);
  for (std::size_t first = 0; first < columns; first += detail::tile_columns) {
    for (std::size_t k = 0; k < depth; ++k) {
      for (std::size_t column = 0; column < detail::tile_columns; ++column) {
        panel[k * detail::tile_columns + column] =
            b.values[k * b.row_stride + (first + column) * b.column_stride];
      }
    }
    // 2. Use it for all rows, four at a time.
    std::size_t row = 0;
    const auto rows_from = [&](std::size_t start) {
      return strided_matrix{a.values + start * a.row_stride, a.row_stride, a.column_stride};
    };
    for (; row + 4 <= rows; row += 4) {
      detail::multiply_tile<4>(rows_from(row), panel.data(), depth, c + row * columns + first,
                               columns);
    }
    for (; row < rows; ++row) {
      detail::multiply_tile<1>(rows_from(row), panel.data(), depth, c + row * columns + first,
                               columns);
    }
  }
}

namespace detail {

[[nodiscard]] inline std::vector<std::uint64_t> file_shape(const parameter_tensor& tensor) {
  if (tensor.columns == 0) return {tensor.rows};
  return {tensor.rows, tensor.columns};
}

}  // namespace detail

inline model load_model(const std::filesystem::path& path) {
  const auto file = lowp::io::safetensors_file::read(path);
  const auto fail = [&](const std::string& text) {
    throw lowp::io::format_error(path.string() + ": " + text);
  };
  if (file.tensors().size() != parameter_tensors.size()) {
    fail("has " + std::to_string(file.tensors().size()) + " tensors, expected the " +
         std::to_string(parameter_tensors.size()) + " of the character model");
  }
  model result;
  for (std::size_t index = 0; index < parameter_tensors.size(); ++index) {
    const auto& expected = parameter_tensors[index];
    const auto& found = file.at(expected.name);
    if (found.dtype != "F32" || found.shape != detail::file_shape(expected)) {
      fail("tensor " + std::string(expected.name) +
           " is not F32 of the shape that the character model has");
    }
    const auto values = lowp::io::to_floats(found);
    std::copy(values.begin(), values.end(), result.tensor(index).begin());
  }
  return result;
}

inline void save_model(const model& source, const std::filesystem::path& path) {
  std::array<std::vector<std::byte>, parameter_tensors.size()> bytes;
  std::vector<lowp::io::tensor_view> tensors;
  for (std::size_t index = 0; index < parameter_tensors.size(); ++index) {
    const auto& tensor = parameter_tensors[index];
    bytes[index] = lowp::io::to_f32_bytes(source.tensor(index));
    tensors.push_back({.name = std::string(tensor.name),
                       .dtype = "F32",
                       .shape = detail::file_shape(tensor),
                       .bytes = bytes[index]});
  }
  lowp::io::write_safetensors(path, tensors,
                              {{"model", "character model, newline and ASCII 32 to 126"}});
}

static_assert(std::all_of(layer_shapes.begin(), layer_shapes.end(),
                          [](const layer_shape& shape) {
                            return shape.inputs % 32 == 0 &&
                                   shape.outputs % detail::tile_columns == 0;
                          }),
              "layers must be made of whole blocks of 32 inputs and whole tiles of outputs");

template <linear_product Product, class Hook>
void forward(const model& source, std::span<const std::uint8_t> contexts, Product&& product,
             Hook&& after_stage, activations& values) {
  if (contexts.size() % context_size != 0) {
    throw std::invalid_argument("char_lm::forward: contexts has " +
                                std::to_string(contexts.size()) +
                                " symbols, expected a multiple of " + std::to_string(context_size));
  }
  const std::size_t rows = contexts.size() / context_size;
  values[0].resize(contexts.size() * embedding_size);
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    if (contexts[i] >= vocabulary_size) {
      throw std::invalid_argument("char_lm::forward: contexts[" + std::to_string(i) + "] is " +
                                  std::to_string(contexts[i]) + ", expected a symbol below " +
                                  std::to_string(vocabulary_size));
    }
    std::copy_n(source.embedding().data() + contexts[i] * embedding_size, embedding_size,
                values[0].data() + i * embedding_size);
  }
  after_stage(std::size_t{0}, std::span(values[0]));
  for (std::size_t index = 0; index < layer_shapes.size(); ++index) {
    const auto which = static_cast<layer>(index);
    const std::size_t outputs = layer_shapes[index].outputs;
    auto& y = values[index + 1];
    y.resize(rows * outputs);
    product(which, std::span<const float>(values[index]), rows, std::span(y));
    const auto bias = source.bias(which);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t column = 0; column < outputs; ++column)
        y[row * outputs + column] += bias[column];
    }
    if (which == layer::output) return;
    for (float& value : y) value = std::max(value, 0.0f);
    after_stage(index + 1, std::span(y));
  }
}

template <linear_product Product>
[[nodiscard]] std::vector<float> logits(const model& source, std::span<const std::uint8_t> contexts,
                                        Product&& product) {
  activations values;
  forward(
      source, contexts, product, [](std::size_t, std::span<float>) {}, values);
  return std::move(values.back());
}

namespace detail {

// -log2 of the probability that the softmax of one row of logits gives to `symbol`.
[[nodiscard]] inline double bits_for_symbol(std::span<const float> row, std::uint8_t symbol) {
  const auto largest = static_cast<double>(*std::max_element(row.begin(), row.end()));
  double sum = 0;
  for (const float value : row) sum += std::exp(static_cast<double>(value) - largest);
  return (std::log(sum) - (static_cast<double>(row[symbol]) - largest)) / std::log(2.0);
}

}  // namespace detail

template <linear_product Product>
[[nodiscard]] double bits_per_character(const model& source, std::span<const std::uint8_t> text,
                                        Product&& product) {
  constexpr std::size_t batch_size = 256;
  if (text.size() <= context_size) {
    throw std::invalid_argument("char_lm::bits_per_character: text has " +
                                std::to_string(text.size()) + " symbols, expected more than " +
                                std::to_string(context_size));
  }
  double bits = 0;
  std::vector<std::uint8_t> contexts;
  for (std::size_t first = context_size; first < text.size(); first += batch_size) {
    const std::size_t last = std::min(first + batch_size, text.size());
    contexts.clear();
    for (std::size_t position = first; position < last; ++position) {
      const auto context = text.subspan(position - context_size, context_size);
      contexts.insert(contexts.end(), context.begin(), context.end());
    }
    const auto rows = logits(source, contexts, product);
    for (std::size_t position = first; position < last; ++position) {
      const auto row =
          std::span(rows).subspan((position - first) * vocabulary_size, vocabulary_size);
      bits += detail::bits_for_symbol(row, text[position]);
    }
  }
  return bits / static_cast<double>(text.size() - context_size);
}

}  // namespace char_lm
