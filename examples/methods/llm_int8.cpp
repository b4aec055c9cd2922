// SPDX-License-Identifier: MIT
// LLM.int8() (arXiv 2208.07339): columns of activations with a value of 6 or more stay in FP16, all
// others are INT8 with a scale for each row of activations and of weights; exact integer sums and
// binary32 sums of the outliers are added. Claims: few columns are outliers (0.1 % in large
// models); nothing is lost, where INT8 alone loses.
#include <lowp/gemm/slice_sums.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"

using namespace lowp;

namespace {

using int8_rows = block_matrix<formats::scaled_rows(formats::symmetric_int_n<8>)>;

struct fp16_matrix {
  std::vector<binary16> values;
  matrix_view<const binary16> view;
  explicit fp16_matrix(const methods::matrix& x) {
    for (const float value : x.values) values.push_back(binary16(value));
    view = {values.data(), x.rows, x.cols};
  }
};

void llm_int8(matrix_view<const float> x, matrix_view<const float> w, float threshold,
              matrix_view<float> y) {
  const auto outliers = outlier_columns(x, threshold);
  const auto others = other_columns(outliers, x.cols);
  const auto x8 = quantize<int8_rows>(methods::columns_of(x, others).view());
  const auto w8 = quantize<int8_rows>(methods::columns_of(w, others).view());
  const fp16_matrix x16(methods::columns_of(x, outliers)), w16(methods::columns_of(w, outliers));
  const column_slices a(x8, x16.view), b(w8, w16.view);
  gemm<policies::by_slice<policies::integers, policies::k32>>(a, b, y);
}
methods::matrix llm_int8(const methods::matrix& x, const methods::matrix& w, float threshold) {
  methods::matrix y{x.rows, w.rows};
  llm_int8(x.view(), w.view(), threshold, y.view());
  return y;
}

}  // namespace

int main() {
  methods::figures figures("LLM.int8()", "arXiv 2208.07339");
  const auto layers = methods::char_lm_layers();
  const auto& [w, bias, x] = layers[2];
  const double share =
      static_cast<double>(outlier_columns(x.view(), 6).size()) / static_cast<double>(x.cols);
  figures.within("char_lm's last layer, columns with outliers", "0.001", share, 0.001, 0.05);

  const auto exact = methods::product(x, w);
  const double alone = sqnr_db(exact, llm_int8(x, w, 1e30f)),
               mixed = sqnr_db(exact, llm_int8(x, w, 6));
  figures.less("its product in dB, INT8 alone, less than with FP16", "less", alone, mixed);
  // Without outliers it is the product of integers, bit for bit.
  methods::matrix integers{x.rows, w.rows};
  gemm<policies::integers>(quantize<int8_rows>(x.view()), quantize<int8_rows>(w.view()),
                           integers.view());
  figures.equal("without outliers, results unlike INT8's", "0",
                integers.values != llm_int8(x, w, 1e30f).values, 0);
  const auto bits = [&](float threshold) {
    return methods::char_lm_bits(
        [&](std::size_t i, matrix_view<const float> in, matrix_view<float> out) {
          llm_int8(in, layers[i].weight.view(), threshold, out);
        });
  };
  const double binary32 =
      methods::char_lm_bits({layers[0].weight, layers[1].weight, layers[2].weight});
  figures.within("loss of char_lm in bits per character", "0", bits(6) - binary32, -0.002, 0.002);
  figures.note("INT8 alone loses " + std::to_string(bits(1e30f) - binary32));
  return figures.status();
}
