// SPDX-License-Identifier: MIT
// Jet-RL (arXiv 2601.14243): reinforcement learning whose rollouts and training run through one
// graph in FP8, weights in 128 x 128, activations and gradients in 1 x 128, so that both see the
// same policy. Claims: nothing lies between the two, where rollouts in FP8 of a model trained in
// BF16 are those of another policy; and gradients keep their direction.
// Data: char_lm reading a text; rollouts see it character by character, training all at a time.
#include <lowp/lowp.hpp>

#include "support/figures.hpp"
#include "support/training.hpp"

using namespace lowp;

namespace {

using operand = matrix_view<const float>;

// The last layer's outputs while char_lm reads the text.
template <class Product>
std::vector<float> outputs(const Product& product) {
  std::vector<float> seen;
  const auto look = [&](std::size_t i, operand x, matrix_view<float> y) {
    product(i, x, y);
    if (i == 2) seen.insert(seen.end(), y.data, y.data + y.rows * y.cols);
  };
  static_cast<void>(methods::char_lm_bits(look));
  return seen;
}

double cosine(const methods::matrix& a, const methods::matrix& b) {
  return measure_error(a.values, b.values).cosine;
}

}  // namespace

int main() {
  methods::figures figures("Jet-RL", "arXiv 2601.14243");
  using formats::deepseek_1x128, formats::deepseek_128x128;
  const auto layers = methods::char_lm_layers();
  std::vector<block_matrix<deepseek_128x128>> weights;
  for (const auto& layer : layers) weights.push_back(quantize<deepseek_128x128>(layer.weight));
  const auto trained = outputs([&](std::size_t i, operand x, matrix_view<float> y) {
    gemm(quantize<deepseek_1x128>(x), weights[i], y);
  });
  const auto rolled_out = outputs([&](std::size_t i, operand x, matrix_view<float> y) {
    for (std::size_t r = 0; r < x.rows; ++r)
      gemm(quantize<deepseek_1x128>(x.row_range(r, 1)), weights[i], y.row_range(r, 1));
  });
  const auto in_bfloat16 = outputs([&](std::size_t i, operand x, matrix_view<float> y) {
    methods::matrix a{x.rows, x.cols}, w{layers[i].weight};
    round_to<formats::bfloat16>(std::span(x.data, a.values.size()), std::span(a.values));
    round_to<formats::bfloat16>(w.values, std::span(w.values));
    gemm(operand(a), operand(w), y);
  });
  double differ = 0;
  for (std::size_t i = 0; i < trained.size(); ++i) differ += trained[i] != rolled_out.at(i);
  figures.equal("outputs of rollout that differ from training's", "none", differ, 0);
  figures.within("in FP8 after training in BF16, SQNR in dB", "another policy",
                 measure_error(in_bfloat16, rolled_out).sqnr_db, 10, 40);
  for (const auto& [w, x, e] : methods::trained_layers()) {
    methods::matrix g{e.rows, w.cols}, exact_g{g}, d{w.rows, w.cols}, exact_d{d};
    methods::binary32_products().input_gradient(0, e, w, exact_g);
    methods::binary32_products().weight_gradient(0, e, x, exact_d);
    gemm(quantize<deepseek_1x128>(e), quantize_transposed<deepseek_128x128>(w), g.view());
    gemm(quantize_transposed<deepseek_1x128>(e), quantize_transposed<deepseek_1x128>(x), d.view());
    const std::string of = " of " + std::to_string(w.rows) + " outputs";
    figures.within("cosine, input's gradient" + of, "the direction stays", cosine(g, exact_g),
                   0.999, 1);
    figures.within("cosine, weights' gradient" + of, "the direction stays", cosine(d, exact_d),
                   0.999, 1);
  }
  return figures.status();
}
