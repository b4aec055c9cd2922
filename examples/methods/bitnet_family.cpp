// SPDX-License-Identifier: MIT
// Binary and ternary models: BitNet b1.58 (arXiv 2402.17764), TriLM (Spectra, 2407.12327), MatMul-
// free LM (2406.02528), binary and ternary text generation (2306.01841), MoTE (2506.14435). Weights
// are -1, 0, 1 (or -1, 1) times a scale, activations INT8 by token; here products are planes of
// bits. Claims: log2 3 bits; errors of scales on normal numbers (closed forms); scales of shards
// (TriLM); trained so, models come near to those of full precision. Data: normal numbers; char_lm.
#include <lowp/block/rules/statistic.hpp>
#include <lowp/formats/centred_format.hpp>
#include <lowp/formats/codebook_format.hpp>
#include <lowp/gemm/bit_plane_product.hpp>
#include <lowp/lowp.hpp>

#include "support/training.hpp"

using namespace lowp;

namespace {
using operand = matrix_view<const float>;
constexpr auto trits = formats::scaled_tensor(formats::ternary);
constexpr auto row_trits = formats::scaled_rows(formats::ternary);
constexpr auto row_signs = formats::scaled_rows(formats::bipolar<1>);
constexpr auto a8 = formats::scaled_rows(formats::symmetric_int_n<8>);
constexpr rules::mean_magnitude absmean{};

template <auto Format>
methods::matrix rounded(operand x, const auto& scale) {
  return methods::values_of(quantize<Format>(x, rules::of_statistic(scale)));
}
// y = x w^T as BitNet b1.58 has it: integers, then the scales of token and tensor.
void multiply(operand x, operand w, matrix_view<float> y) {
  const auto a = quantize<a8>(x);
  const auto b = quantize<trits>(w, rules::of_statistic(absmean));
  std::vector<std::int32_t> sums(y.rows * y.cols);
  bit_plane_product(a, bit_planes(b), matrix_view(sums.data(), y.rows, y.cols));
  for (std::size_t i = 0; i < sums.size(); ++i)
    y.data[i] = float(sums[i]) * float(a.scale_of(i / y.cols, 0)) * float(b.scale_of(0, 0));
}
// Gradients see the weights that products saw; the last layer stays as it is.
methods::training_products products() {
  const auto plain = methods::binary32_products();
  return {[=](std::size_t i, operand x, operand w, matrix_view<float> y) {
            i == 2 ? plain.output(i, x, w, y) : multiply(x, w, y);
          },
          [=](std::size_t i, operand e, operand w, matrix_view<float> g) {
            plain.input_gradient(i, e, i == 2 ? w : rounded<trits>(w, absmean).view(), g);
          },
          plain.weight_gradient};
}
}  // namespace

int main() {
  methods::figures figures("BitNet family", "arXiv 2402.17764 and others");
  const methods::matrix x = methods::normal_matrix(512, 1024);
  const auto errs = [&](const char* what, const methods::matrix& y, double expected) {
    figures.about(what, expected, methods::mean_squared_error(x, y), 0.01 * expected);
  };
  const methods::matrix q = rounded<trits>(x, absmean);
  errs("error of normal numbers, absmean", q, 0.263382);
  errs("4/3 absmean", rounded<trits>(x, rules::mean_magnitude{4.0 / 3}), 0.199454);
  errs("threshold 0.7 absmean (TWN)", rounded<trits>(x, rules::ternary_threshold{}), 0.1906);
  errs("signs, absmean: 1 - 2 / pi", rounded<row_signs>(x, absmean), 0.363380);
  const double zeros = double(std::count(q.values.begin(), q.values.end(), 0.0f)) / 512 / 1024;
  const double entropy = -zeros * std::log2(zeros) - (1 - zeros) * std::log2((1 - zeros) / 2);
  figures.within("entropy of trits, bits", "1.58", entropy, 1.575, 1.585);
  const auto layer = methods::char_lm_layers(16)[2];
  methods::matrix y{16, 96};
  multiply(layer.input, layer.weight, y);
  const auto a = methods::values_of(quantize<a8>(layer.input.view()));
  const double same =
      methods::sqnr_db(y, methods::product(a, rounded<trits>(layer.weight, absmean)));
  figures.within("planes against binary32, dB", "equal", same, 120, 1000);
  const auto db = [&](const methods::matrix& w) { return methods::sqnr_db(layer.weight, w); };
  figures.less("one scale, dB", "less than by row", db(rounded<trits>(layer.weight, absmean)),
               db(rounded<row_trits>(layer.weight, absmean)));
  const methods::training_run run{.steps = 120};
  const double full = methods::last_loss(methods::train(methods::binary32_products(), run));
  const double ours = methods::last_loss(methods::train(products(), run));
  figures.within("W1.58A8: loss, %", "+1.7 (0.7 billion)", 100 * (ours / full - 1), -2, 10);
  return figures.status();
}
