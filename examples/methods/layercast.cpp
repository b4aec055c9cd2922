// SPDX-License-Identifier: MIT
// LayerCast (arXiv 2506.09501, "Give Me FP32 or Give Me Death?"): weights are stored in bfloat16
// and multiplied in binary32, so that the order of sums, which batch sizes and numbers of GPUs
// change, does not change what a model says. Claims: in bfloat16 it does, in LayerCast hardly ever.
// Data: char_lm, which predicts each character of a text with sums in two orders. The paper's
// models go on from what they said, so that one change is enough; here each one counts by itself.
#include <cmath>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

// So many interleaved chains of sums in bfloat16 or binary32, each rounded; their sums by halves.
template <class T, int Chains>
constexpr rounded_sums chains{
    .accumulator = T::format, .lanes = Chains, .tree = chain_tree::halves};

// The logits of each character of a text: activations, sums and results in T.
template <class T, int Chains>
std::vector<T> logits(const std::vector<methods::layer>& layers) {
  const std::size_t rows = layers[0].input.rows;
  std::vector<T> x, y;
  for (const float value : layers[0].input.values) x.push_back(T(value));
  for (const auto& [weight, bias, input] : layers) {
    std::vector<std::uint8_t> bytes(2 * weight.values.size());
    encode(std::span(weight.values), packed_span<formats::bfloat16>(bytes, weight.values.size()));
    const packed_matrix_view<formats::bfloat16> stored(bytes, weight.rows, weight.cols);
    const bool is_last = &weight == &layers.back().weight;
    y.resize(rows * weight.rows);
    gemm<chains<T, Chains>>(
        matrix_view<const T>(x.data(), rows, weight.cols), stored,
        matrix_view(y.data(), rows, weight.rows),
        {.bias = bias, .activation = is_last ? activation::none : activation::relu});
    x.swap(y);
  }
  return x;
}

// How many most probable characters change with the order, and by how much logits do at most.
template <class T>
std::pair<int, double> changes(const std::vector<methods::layer>& layers) {
  const auto one = logits<T, 1>(layers), many = logits<T, 64>(layers);
  const auto width = static_cast<std::ptrdiff_t>(layers.back().weight.rows);
  int characters = 0;
  for (auto x = one.begin(), y = many.begin(); x != one.end(); x += width, y += width)
    characters += std::max_element(x, x + width) - x != std::max_element(y, y + width) - y;
  double largest = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    largest =
        std::max(largest, std::abs(static_cast<double>(one[i]) - static_cast<double>(many[i])));
  return {characters, largest};
}
}  // namespace

int main() {
  methods::figures figures("LayerCast", "arXiv 2506.09501");
  // 1 + 256 * 2^-9.
  std::vector<bfloat16> terms(257, bfloat16(0x1p-9)), ones(257, bfloat16(1));
  terms[0] = 1;
  const matrix_view<const bfloat16> a(terms.data(), 1, 257), b(ones.data(), 1, 257);
  float sums[3];
  gemm<chains<bfloat16, 1>>(a, b, matrix_view(&sums[0], 1, 1));
  gemm<chains<bfloat16, 64>>(a, b, matrix_view(&sums[1], 1, 1));
  gemm<chains<binary32, 1>>(a, b, matrix_view(&sums[2], 1, 1));
  figures.equal("sum in bfloat16, one chain", "1", static_cast<double>(sums[0]), 1);
  figures.within("sum in bfloat16, 64 chains", "1.5", static_cast<double>(sums[1]), 1.49, 1.5);
  figures.equal("sum in binary32, one chain", "1.5", static_cast<double>(sums[2]), 1.5);

  const auto layers = methods::char_lm_layers(256);
  const auto [in_bfloat16, by_most] = changes<bfloat16>(layers);
  const auto [in_binary32, by_least] = changes<binary32>(layers);
  figures.within("256 predictions, changed in bfloat16", "some", in_bfloat16, 1, 256);
  figures.equal("256 predictions, changed by LayerCast", "hardly any", in_binary32, 0);
  figures.less("largest change of a logit, LayerCast", "far less", by_least, by_most / 1000);
  return figures.status();
}
