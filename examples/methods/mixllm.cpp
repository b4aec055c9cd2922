// SPDX-License-Identifier: MIT
// MixLLM (arXiv 2412.14590): a tenth of the output channels, those that matter most to the loss,
// have weights of 8 bits, all others of 4 with zero points, in groups of 128; activations are INT8.
// Claims: 4.4 bits lose less than 4; sums of groups become floats by adding a constant to their
// bits.
#include <lowp/analysis/salience.hpp>
#include <lowp/block/level_catalog.hpp>
#include <lowp/gemm/slices.hpp>
#include <lowp/lowp.hpp>

#include "support/affine.hpp"
#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"
using namespace lowp;
using methods::matrix, methods::rows_of;

constexpr block_format int8{formats::symmetric_int_n<8>, formats::binary32, block_shape{1, 128}};
constexpr auto uint4 = formats::affine_groups(4, {1, 128}, formats::binary32);
struct mixed_weights {
  std::vector<std::size_t> rows8, rows4;
  block_matrix<int8> w8;
  block_matrix<uint4> w4;
  methods::affine_groups_of groups4;
  mixed_weights(const matrix& w, std::vector<std::size_t> in_8_bits)
      : rows8(std::move(in_8_bits)),
        rows4(other_columns(rows8, w.rows)),
        w8(quantize<int8>(rows_of(w, rows8).view())),
        w4(quantize<uint4>(rows_of(w, rows4).view())),
        groups4(w4) {}
  void multiply(matrix_view<const float> x, matrix_view<float> y) const {
    matrix sorted{y.rows, y.cols};
    gemm<policies::integers>(quantize<int8>(x), row_slices(groups4.view<4>(w4), w8), sorted.view());
    std::vector<std::size_t> order = rows4;
    order.insert(order.end(), rows8.begin(), rows8.end());
    gather_columns(sorted.view(), inverse_order(order), y);
  }
};
// Of each output channel, by gradients g x of the loss, g that of a sample by the outputs.
static std::vector<double> salience(const methods::layer& layer, const matrix& gradients) {
  const auto& [w, bias, x] = layer;
  const matrix quantized = methods::values_of(quantize<uint4>(w.view()));
  salience_accumulator saliences(w.rows);
  for (std::size_t d = 0; d < x.rows; ++d) {
    const matrix_view g(gradients.view().row(d), w.rows, 1), in(x.view().row(d), w.cols, 1);
    saliences.add(methods::product(g, in).view(), w.view(), quantized.view());
  }
  return saliences.result();
}

int main() {
  methods::figures f("MixLLM", "arXiv 2412.14590");
  int wrong = 0;  // of all integers of 23 bits
  for (std::int32_t i = -(1 << 22); i < 1 << 22; ++i)
    wrong += std::bit_cast<float>(i + 0x4B400000) - 12582912.0f != float(i);
  f.equal("integers that the constant makes other floats", "0", wrong, 0);
  const auto layers = methods::char_lm_layers();
  std::vector<double> scores = salience(layers[2], methods::logit_gradients());
  const mixed_weights none(layers[2].weight, {});
  const mixed_weights most(layers[2].weight, largest_scores(scores, 10));
  for (double& score : scores) score = -score;
  const mixed_weights fewest(layers[2].weight, largest_scores(scores, 10));
  const auto bits = [&](const mixed_weights& mixed) {
    return methods::char_lm_bits([&](auto i, auto x, auto y) {
      i == 2 ? mixed.multiply(x, y) : gemm(x, layers[i].weight.view(), y);
    });
  };
  const double width = (most.w8.bits_per_value() * 10 + most.w4.bits_per_value() * 86) / 96;
  f.within("bits per weight with scales and zero points", "4.4", width, 4.4, 4.75);
  f.less("bits per character, W4.4A8 below W4A8", "less", bits(most), bits(none));
  f.less("below the channels that matter least in 8 bits", "less", bits(most), bits(fewest));
  return f.status();
}
