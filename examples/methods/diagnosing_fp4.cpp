// SPDX-License-Identifier: MIT
// Diagnosing FP4 inference (arXiv 2603.08747): one layer at a time in MXFP4 or NVFP4, weights and
// inputs, while the rest stays as it is. Claims: layers differ in how much they suffer, and not
// always the last ones suffer most; early ones can, in MXFP4 more than in NVFP4.
// Data: char_lm, where the paper has Qwen2.5; and the weights of PP-OCRv4.
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

using rounding = methods::matrix (*)(matrix_view<const float>);
template <auto Format>
methods::matrix rounded(matrix_view<const float> x) {
  return methods::values_of(quantize<Format>(x));
}
constexpr rounding to_mxfp4 = rounded<formats::mxfp4>, to_nvfp4 = rounded<formats::nvfp4>;

// Bits per character with one layer's weights and inputs in a format; of no layer for number 3.
double bits(rounding to, const std::vector<methods::layer>& layers, std::size_t isolated) {
  return methods::char_lm_bits([&](std::size_t i, const auto& x, const auto& y) {
    if (i != isolated) return gemm(x, layers[i].weight.view(), y);
    gemm(to(x).view(), to(layers[i].weight).view(), y);
  });
}

}  // namespace

int main() {
  methods::figures figures("Diagnosing FP4", "arXiv 2603.08747");
  const auto layers = methods::char_lm_layers();
  const double exact = bits(to_nvfp4, layers, 3);
  double mx[3], nv[3];
  for (std::size_t i = 0; i < 3; ++i) {
    mx[i] = bits(to_mxfp4, layers, i) - exact;
    nv[i] = bits(to_nvfp4, layers, i) - exact;
    const std::string what = "bits per character lost, NVFP4, " + layers[i].weight.name;
    figures.less(what, "less than in MXFP4", nv[i], mx[i]);
  }
  figures.less("the last layer in MXFP4, bits", "early ones can lose more", mx[2], mx[0]);
  figures.less("the last layer in NVFP4, bits", "early ones can lose more", nv[2], nv[0]);
  figures.within("the first layer in MXFP4, bits", "can suffer much", mx[0], 0.02, 0.06);
  const auto compare = [&](const methods::matrix& x, const std::string& what) {
    const double of_mx = methods::sqnr_db(x, to_mxfp4(x));
    const double of_nv = methods::sqnr_db(x, to_nvfp4(x));
    figures.within(what + ", dB of NVFP4 over MXFP4", "better", of_nv - of_mx, 1, 7);
  };
  for (const auto& layer : layers) {
    compare(layer.weight, layer.weight.name);
    compare(layer.input, layer.input.name);
  }
  for (const auto& w : methods::ocr_weights(40000))
    if (w.cols % 32 == 0) compare(w, "PP-OCRv4, " + w.name);
  return figures.status();
}
