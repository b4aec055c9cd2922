// SPDX-License-Identifier: MIT
// Scaling Laws for Floating-Point Quantization Training (arXiv 2501.02423): what training with all
// inputs of products in ExMy loses, from the sizes of model, data and of blocks with one scale.
// Claims: the best layouts are E2M1, E4M3 and E8M7; more data than a critical size makes models
// worse, 1730, 27 and 0.4 trillion tokens of a model of 10^9; losses grow with log2 of blocks.
// Data: the law itself, by lowp's descriptors; and char_lm, not trained but read in such formats.
#include <cmath>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
constexpr double n = 69.2343, alpha = 0.2368, d = 68973.0621, beta = 0.5162, eps = 1.9061;
constexpr double gain = 11334.5197, delta = 3.1926, nu = 2.9543;

constexpr float_format layout(int exponent_bits, int mantissa_bits) {
  return {.exponent_bits = exponent_bits, .mantissa_bits = mantissa_bits, .has_infinity = false};
}
double strength(const float_format& f) {
  return gain * std::pow(f.exponent_bits + 0.5, delta) * std::pow(f.mantissa_bits + 0.5, nu);
}
double loss(double parameters, double tokens, const float_format& f, double block) {
  const double size = std::pow(parameters, alpha), data = std::pow(tokens, beta);
  return n / size + d / data + eps + data / size * std::log2(block) / strength(f);
}
double critical_tokens(double parameters, const float_format& f, double block) {
  return std::pow(d * std::pow(parameters, alpha) * strength(f) / std::log2(block), 1 / (2 * beta));
}
float_format best_layout(int bits) {
  float_format best = layout(1, bits - 2);
  for (int e = 2; e < bits; ++e)
    if (strength(layout(e, bits - 1 - e)) > strength(best)) best = layout(e, bits - 1 - e);
  return best;
}
// Bits per character with weights and inputs in a layout, a scale for each block.
double bits(const std::vector<methods::layer>& layers, const float_format& f, int block) {
  return methods::char_lm_bits([&](std::size_t i, const auto& x, const auto& y) {
    methods::matrix in{x.rows, x.cols}, weight = layers[i].weight;
    const block_format format{f, formats::binary32, block_shape{1, block}};
    round_to(format, x, in, rules::amax);
    round_to(format, weight, weight, rules::amax);
    gemm(in.view(), weight.view(), y);
  });
}

}  // namespace

int main() {
  methods::figures figures("Scaling laws", "arXiv 2501.02423");
  figures.about("exponent bits of the best 4 bits", 2, best_layout(4).exponent_bits, 0);
  figures.about("exponent bits of the best 8 bits", 4, best_layout(8).exponent_bits, 0);
  figures.about("exponent bits of the best 16 bits", 8, best_layout(16).exponent_bits, 0);
  const auto critical = [](int e, int m) { return critical_tokens(1e9, layout(e, m), 128) / 1e12; };
  figures.about("critical size in 10^12 tokens, E8M7", 1730, critical(8, 7), 5);
  figures.about("critical size in 10^12 tokens, E4M3", 27, critical(4, 3), 0.5);
  figures.about("critical size in 10^12 tokens, E2M1", 0.4, critical(2, 1), 0.05);
  const double most = critical(2, 1) * 1e12, at = loss(1e9, most, layout(2, 1), 128);
  figures.less("loss at it", "more with half of it", at, loss(1e9, most / 2, layout(2, 1), 128));
  figures.less("loss at it", "more with twice as much", at, loss(1e9, 2 * most, layout(2, 1), 128));

  const auto layers = methods::char_lm_layers(1);
  const double e2m1 = bits(layers, layout(2, 1), 128);
  figures.less("char_lm, bits, E2M1", "better than E1M2", e2m1, bits(layers, layout(1, 2), 128));
  figures.less("char_lm, bits, E2M1", "better than E3M0", e2m1, bits(layers, layout(3, 0), 128));
  for (int block = 32; block <= 128; block *= 2) {
    const double less = bits(layers, layout(3, 0), block / 2),
                 more = bits(layers, layout(3, 0), block);
    figures.within("char_lm, E3M0, bits for twice the block", "log2", more - less, 0.01, 0.05);
  }
  figures.note("char_lm was not trained in these formats; with blocks of 64 and less E1M2 is best");
  return figures.status();
}
