// SPDX-License-Identifier: MIT
// The data of data.hpp, read from files by the library's own readers.
#include "support/data.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <lowp/arrays/noise.hpp>
#include <lowp/gemm/gemm.hpp>
#include <lowp/io/onnx.hpp>
#include <lowp/io/open_tensors.hpp>
#include <span>

#include "char_lm/model.hpp"
#include "char_lm/text.hpp"

namespace methods {
namespace {

constexpr std::size_t most_rows = 1024;

const char_lm::model& model() {
  static const char_lm::model loaded = char_lm::load_model(LOWP_CHAR_LM_FILE);
  return loaded;
}

// So many characters with a full context before them.
std::vector<std::uint8_t> text(std::size_t rows) {
  std::vector<std::uint8_t> symbols =
      char_lm::symbols_of(char_lm::detail::read_text(LOWP_TEXT_FILE));
  symbols.resize(std::min({symbols.size(), most_rows + char_lm::context_size,  //
                           rows + char_lm::context_size}));
  return symbols;
}

}  // namespace

std::vector<layer> char_lm_layers(std::size_t rows) {
  const std::vector<std::uint8_t> symbols = text(rows);
  const std::size_t count = symbols.size() - char_lm::context_size;
  std::vector<std::uint8_t> contexts;
  for (std::size_t i = 0; i < count; ++i) {
    const auto first = symbols.begin() + static_cast<std::ptrdiff_t>(i);
    contexts.insert(contexts.end(), first, first + std::ptrdiff_t{char_lm::context_size});
  }
  char_lm::activations values;
  char_lm::forward(
      model(), contexts, char_lm::float_product{model()}, [](std::size_t, std::span<float>) {},
      values);
  std::vector<layer> layers;
  for (std::size_t i = 0; i < char_lm::layer_shapes.size(); ++i) {
    const auto which = static_cast<char_lm::layer>(i);
    const auto& shape = char_lm::shape_of(which);
    const std::string name(shape.name);
    const auto weight = model().weight(which), bias = model().bias(which);
    layers.push_back({{shape.outputs, shape.inputs, {weight.begin(), weight.end()}, name},
                      {bias.begin(), bias.end()},
                      {count, shape.inputs, std::move(values[i]), name + " input"}});
  }
  return layers;
}

matrix logit_gradients(std::size_t rows, float share) {
  const std::vector<std::uint8_t> symbols = text(rows);
  const layer last = char_lm_layers(rows).back();
  matrix result = product(last.input, last.weight);
  for (std::size_t row = 0; row < result.rows; ++row) {
    float* const p = result.view().row(row);
    float sum = 0;
    for (std::size_t i = 0; i < result.cols; ++i) sum += p[i] = std::exp(p[i] + last.bias[i]);
    for (std::size_t i = 0; i < result.cols; ++i) p[i] /= sum;
    p[symbols[row + char_lm::context_size]] -= 1;
    for (std::size_t i = 0; i < result.cols; ++i) p[i] *= share;
  }
  return result;
}

double char_lm_bits(const layer_product& product) {
  return char_lm::bits_per_character(
      model(), text(most_rows),
      [&](char_lm::layer which, std::span<const float> x, std::size_t rows, std::span<float> y) {
        const auto& shape = char_lm::shape_of(which);
        product(static_cast<std::size_t>(which), {x.data(), rows, shape.inputs},
                {y.data(), rows, shape.outputs});
      });
}

double char_lm_bits(const std::vector<matrix>& weights) {
  return char_lm_bits([&](std::size_t i, lowp::matrix_view<const float> x,
                          lowp::matrix_view<float> y) { lowp::gemm(x, weights[i].view(), y); });
}

std::vector<matrix> ocr_weights(std::size_t least) {
  std::vector<matrix> weights;
  std::error_code unknown;
  if (!std::filesystem::exists(LOWP_OCR_MODELS, unknown)) {
    std::puts("  skipped: weights of PP-OCRv4, which were not fetched");
    return weights;
  }
  const lowp::io::file_kind* const kinds[] = {&lowp::io::onnx_with_constants};
  for (const char* const name : {"ch_PP-OCRv4_rec_infer", "ch_PP-OCRv4_det_infer"}) {
    const auto path = std::filesystem::path(LOWP_OCR_MODELS) / (std::string(name) + ".onnx");
    const auto file = lowp::io::open_tensors(path, kinds, lowp::io::file_access::mapped);
    for (const lowp::io::stored_tensor& tensor : file.tensors()) {
      if (tensor.type.name != "F32" || tensor.shape.size() < 2) continue;
      matrix w{static_cast<std::size_t>(tensor.shape[0]), 1, {}, tensor.name};
      for (std::size_t i = 1; i < tensor.shape.size(); ++i)
        w.cols *= static_cast<std::size_t>(tensor.shape[i]);
      if (w.rows * w.cols < least) continue;
      w.values.resize(w.rows * w.cols);
      tensor.read(0, std::as_writable_bytes(std::span(w.values)));
      weights.push_back(std::move(w));
    }
  }
  return weights;
}

matrix normal_matrix(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  matrix result{rows, cols};
  lowp::fill_noise(std::span(result.values), seed, lowp::normal_noise<float>);
  return result;
}

matrix product(lowp::matrix_view<const float> x, lowp::matrix_view<const float> w) {
  matrix result{x.rows, w.rows};
  lowp::gemm(x, w, result.view());
  return result;
}

double sqnr_db(const matrix& x, const matrix& y) {
  return lowp::measure_error(x.values, y.values).sqnr_db;
}

double mean_squared_error(const matrix& x, const matrix& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double error = static_cast<double>(x.values[i]) - static_cast<double>(y.values.at(i));
    sum += error * error;
  }
  return sum / static_cast<double>(x.values.size());
}

}  // namespace methods
