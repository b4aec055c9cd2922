// SPDX-License-Identifier: MIT
// Reduced Precision Floating-Point Optimization for DNN On-Device Learning on MCUs (arXiv
// 2305.19167): products of matrices in FP16 by vectors of two, sums in FP16, too. If the second
// matrix lies transposed, one lane sums even k, the other odd k, and a last product for itself is
// added to the sum of both; else each output has one chain. Claims are of speed; training goes on
// in FP16. Data: char_lm's inputs, weights and gradients; the loop of the authors' code in numbers.
#include <lowp/gemm/gemm.hpp>
#include <lowp/lowp.hpp>

#include "support/figures.hpp"
#include "support/parts.hpp"
#include "support/training.hpp"
using namespace lowp;
using methods::in_fp16, methods::matrix, methods::turned;

namespace {
constexpr rounded_sums one_chain{.accumulator = formats::binary16};
constexpr rounded_sums two_lanes{.accumulator = formats::binary16, .lanes = 2};
constexpr rounded_sums not_fused{
    .accumulator = formats::binary16, .product = product::rounded, .lanes = 2};

// x * w^T.
template <rounded_sums Policy>
matrix multiply(const matrix& x, const matrix& w) {
  const auto a = in_fp16(x), b = in_fp16(w);
  const std::size_t even = Policy.lanes == 2 ? x.cols / 2 * 2 : x.cols;
  matrix y{x.rows, w.rows};
  gemm<Policy>(matrix_view(a.data(), x.rows, even, x.cols),
               matrix_view(b.data(), w.rows, even, x.cols), y.view());
  for (std::size_t i = 0; even != x.cols && i < y.values.size(); ++i) {
    const binary16 last = a[i / w.rows * x.cols + even] * b[i % w.rows * x.cols + even];
    y.values[i] = static_cast<float>(last + convert<formats::binary16>(y.values[i]));
  }
  return y;
}
// How many outputs are not those of the loop, whose compiler fuses products and sums, or does not.
template <rounded_sums Policy>
int differences(const matrix& x, const matrix& w) {
  const auto a = in_fp16(x), b = in_fp16(w);
  const matrix y = multiply<Policy>(x, w);
  int count = 0;
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const binary16 *p = &a[i / w.rows * x.cols], *q = &b[i % w.rows * x.cols];
    binary16 lanes[2] = {}, rest{};
    for (std::size_t k = 0; k < x.cols; ++k) {
      binary16& sum = k + 1 == x.cols && k % 2 == 0 ? rest : lanes[k % 2];
      sum = Policy.product == product::exact ? fma(p[k], q[k], sum) : p[k] * q[k] + sum;
    }
    count += y.values[i] != static_cast<float>(rest + (lanes[0] + lanes[1]));
  }
  return count;
}
}  // namespace

int main() {
  methods::figures figures("FP16 on MCUs", "arXiv 2305.19167");
  const auto layers = methods::trained_layers(65);
  const auto& [w, x, e] = layers[2];
  const matrix e_turned = turned(e), x_turned = turned(x), w_turned = turned(w);
  figures.equal("outputs that differ from the loop, fused", "0", differences<two_lanes>(x, w), 0);
  figures.equal("not fused", "0", differences<not_fused>(x, w), 0);
  figures.equal("gradients of weights, sums of 65", "0", differences<two_lanes>(e_turned, x_turned),
                0);
  for (const auto& [name, a, b] : {std::tuple("outputs", &x, &w),
                                   {"input gradients", &e, &w_turned},
                                   {"weight gradients", &e_turned, &x_turned}}) {
    const matrix exact = methods::product(*a, *b);
    const double chain = methods::sqnr_db(exact, multiply<one_chain>(*a, *b));
    const double lanes = methods::sqnr_db(exact, multiply<two_lanes>(*a, *b));
    figures.within(std::string(name) + ", dB: one chain", "good enough to train", chain, 40, 80);
    figures.less(std::string(name) + ", dB: one chain below two", "not in the paper", chain, lanes);
  }
  return figures.status();
}
