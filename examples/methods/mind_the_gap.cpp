// SPDX-License-Identifier: MIT
// Mind the Gap (arXiv 2505.23786): K-quants search for scales, so no interval of weights is known
// that gives the same codes; yet weights may move towards their quantized values, if those stay
// that scales depend on: in each 256 the groups of the largest scale and minimum, in each group the
// ends. Claim: that is room to change a model in full precision, and hardly the quantized one.
// Data: char_lm; weights go nine tenths of the way where the gradient of the loss leads there.
#include <lowp/block/ggml/k_rules.hpp>
#include <lowp/lowp.hpp>

#include "support/figures.hpp"
#include "support/training.hpp"
using namespace lowp;
using methods::matrix, methods::char_lm_bits;

// By ggml's rule, 256 weights in a row.
static auto quantized(const auto& format, const matrix& w) {
  using any_format = variable_format<std::remove_cvref_t<decltype(format)>>;
  basic_block_matrix<any_format> q({format}, w.values.size() / 256, 256);
  quantize({w.values.data(), q.rows(), 256}, q, rules::ggml_k);
  return q;
}
static matrix values_of(const auto& q, matrix like) {
  dequantize(q, {like.values.data(), q.rows(), 256});
  return like;
}

// Sets the ways of weights that stay to 0.
static void freeze(const auto& q, const matrix& w, matrix& way) {
  const std::size_t size = q.block_cols();
  const auto magnitude = [](const unpacked& x) { return std::abs(pack_as<float>(x)); };
  for (std::size_t i = 0; i < w.values.size(); i += 256) {
    const auto group = [&](std::size_t g) { return q.group(i / 256, g); };
    std::size_t widest = 0, lowest = 0;
    for (std::size_t g = 0; g < 256 / size; ++g) {
      if (magnitude(group(widest).scale) < magnitude(group(g).scale)) widest = g;
      if (magnitude(group(lowest).offset) < magnitude(group(g).offset)) lowest = g;
      const float* const x = &w.values[i + g * size];
      const auto [low, high] = std::minmax_element(x, x + size);
      for (const float* end : {low, high}) *(&way.values[0] + (end - &w.values[0])) = 0;
    }
    for (const auto g : {widest, lowest}) std::fill_n(&way.values[i + g * size], size, 0.0f);
  }
}

static void attack(methods::figures& figures, const std::string& name, const auto& format) {
  static const auto layers = methods::trained_layers(512);
  std::vector<matrix> weights, moved, values, values_of_moved;
  double changed = 0, count = 0;
  for (const auto& layer : layers) {
    const matrix &w = layer.weight, gradient = methods::weight_gradient(layer);
    const auto q = quantized(format, w);
    for (auto* list : {&weights, &moved}) list->push_back(w);
    values.push_back(values_of(q, w));
    matrix way = values.back();
    for (std::size_t i = 0; i < way.values.size(); ++i)
      way.values[i] = 0.9f * (way.values[i] - w.values[i]);
    freeze(q, w, way);
    for (std::size_t i = 0; i < way.values.size(); ++i)
      if (way.values[i] * gradient.values[i] > 0) moved.back().values[i] += way.values[i];
    values_of_moved.push_back(values_of(quantized(format, moved.back()), w));
    for (std::size_t i = 0; i < way.values.size(); ++i, ++count)
      changed += values_of_moved.back().values[i] != values.back().values[i];
  }
  figures.within(name + ": quantized weights that change, %", "few", 100 * changed / count, 0, 25);
  figures.less(name + ": bits per character, quantized", "hardly more",
               char_lm_bits(values_of_moved) - char_lm_bits(values),
               (char_lm_bits(moved) - char_lm_bits(weights)) / 4);
}

int main() {
  methods::figures figures("Mind the Gap", "arXiv 2505.23786");
  attack(figures, "Q2_K", formats::q2_k);
  attack(figures, "Q3_K", formats::q3_k);
  attack(figures, "Q4_K", formats::q4_k);
  attack(figures, "Q5_K", formats::q5_k);
  attack(figures, "Q6_K", formats::q6_k);
  return figures.status();
}
