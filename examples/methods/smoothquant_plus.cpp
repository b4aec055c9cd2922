// SPDX-License-Identifier: MIT
// SmoothQuant+ (arXiv 2312.03788): columns of activations are divided and columns of weights
// multiplied by max|X_j|^a / max|W_j|^(1 - a), then weights become INT4 in groups of 128 (W4A16);
// one a for the whole model, the one that loses least. Claim: loses less than INT4 alone.
#include <lowp/block/level_catalog.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/column_arithmetic.hpp>
#include <lowp/transforms/column_statistics.hpp>
#include <lowp/transforms/smoothing.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
// A layer, quantized or not, in front of which activations are divided.
struct smoothed {
  methods::matrix input, weight;
  std::vector<float> factors;

  smoothed(const methods::layer& layer, float alpha)
      : input(layer.input),
        weight(layer.weight),
        factors(smoothing_factors(column_magnitudes(input.view()), column_magnitudes(weight.view()),
                                  {.alpha = alpha})) {
    divide_columns(input.view(), factors, input.view());
    scale_columns(weight.view(), factors, weight.view());
  }
};

methods::matrix int4(const methods::matrix& weight) {
  return methods::values_of(quantize<formats::affine_groups(4, {1, 128})>(weight.view()));
}
}  // namespace

int main() {
  methods::figures figures("SmoothQuant+", "arXiv 2312.03788");
  const auto layers = methods::char_lm_layers();
  std::vector<methods::matrix> outputs, plain;  // exact ones, and INT4 alone
  double largest = 0, sqnr = 1000;
  for (const auto& layer : layers) {
    outputs.push_back(methods::product(layer.input, layer.weight));
    plain.push_back(int4(layer.weight));
    const smoothed half(layer, 0.5f);
    const auto x = column_magnitudes(half.input.view()), w = column_magnitudes(half.weight.view());
    for (std::size_t j = 0; j < x.size(); ++j)
      largest =
          std::max(largest, std::abs(1 - static_cast<double>(x[j]) / static_cast<double>(w[j])));
    sqnr = std::min(sqnr, sqnr_db(outputs.back(), methods::product(half.input, half.weight)));
  }
  figures.within("a = 1/2: largest |1 - max X_j / max W_j|", "0", largest, 0, 3e-7);
  figures.within("product of smoothed operands, dB", "exact but for rounding", sqnr, 120, 160);

  // Of 0, 0.05 … 1; squared errors of outputs as shares of those of INT4 alone, mean of the layers.
  double least = 1e30, best = 0;
  std::vector<methods::matrix> weights;
  for (int step = 0; step <= 20; ++step) {
    double error = 0;
    std::vector<methods::matrix> candidates;  // as the model sees them: its activations stay
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const smoothed s(layers[i], static_cast<float>(step) / 20);
      candidates.push_back(int4(s.weight));
      divide_columns(candidates[i].view(), s.factors, candidates[i].view());
      const auto error_of = [&](const methods::matrix& w) {
        return mean_squared_error(outputs[i], methods::product(layers[i].input, w));
      };
      error += error_of(candidates[i]) / error_of(plain[i]) / static_cast<double>(layers.size());
    }
    if (error >= least) continue;
    least = error, best = step / 20.0;
    weights = std::move(candidates);
  }
  figures.within("best a", "inside 0 to 1", best, 0.05, 0.95);
  figures.less("squared error, as a share of that of INT4 alone", "less", least, 1);
  figures.less("bits per character of char_lm", "less than INT4 alone",
               methods::char_lm_bits(weights), methods::char_lm_bits(plain));
  return figures.status();
}
