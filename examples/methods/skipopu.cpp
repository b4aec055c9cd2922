// SPDX-License-Identifier: MIT
// SkipOPU (arXiv 2603.14785): processing elements for FP16 times FP16 and INT4 times FP16, two
// products in one multiplier; sums in block floating point: products of a group are aligned to the
// largest exponent, added as integers, and made a number once. Claim: the error of dot products is
// 0.116 %, of a chain of FP16 multiply-adds 0.490 %, of values that are not published. Data:
// char_lm's inputs and weights, normal numbers. Group size and widths are not published, either.
#include <lowp/gemm/gemm.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"
using namespace lowp;
using methods::in_fp16, methods::matrix;

namespace {
// The error of x * w^T of numbers of FP16 by a policy, in % of the root mean square.
template <auto Policy>
double error(const matrix& x, const matrix& w) {
  const auto a = in_fp16(x), b = in_fp16(w);
  const matrix_view left(a.data(), x.rows, x.cols), right(b.data(), w.rows, w.cols);
  matrix y{x.rows, w.rows}, exact = y;
  gemm<Policy>(left, right, y.view());
  gemm<policies::exact>(left, right, exact.view());
  return 100 * std::pow(10, -methods::sqnr_db(exact, y) / 20);
}
constexpr rounded_sums chain{.accumulator = formats::binary16, .product = product::rounded};
// Products aligned to the largest of 64, cut off so many bits below it; sums of groups in binary32.
constexpr aligned_sums aligned(int bits) {
  return {.terms = 64, .fraction_bits = bits, .has_accumulator = false, .rounds_to_nearest = true};
}
}  // namespace

int main() {
  methods::figures figures("SkipOPU", "arXiv 2603.14785");
  // Two weights of INT4 beside each other times the significand of FP16: both products are there.
  int wrong = 0;
  for (int significand = 0; significand < 2048; ++significand)
    for (int pair = 0; pair < 256; ++pair) {
      const int low = pair % 16 - 8, high = pair / 16 - 8;
      const int both = (high * 65536 + low) * significand;
      const auto low_product = static_cast<std::int16_t>(both);
      wrong +=
          low_product != low * significand || (both - low_product) / 65536 != high * significand;
    }
  figures.equal("products of two in one multiplier that are wrong", "0", wrong, 0);
  const auto layers = methods::char_lm_layers(16);
  const auto compare = [&](const std::string& name, const matrix& x, const matrix& w) {
    const double of_chain = error<chain>(x, w);
    figures.within(name + ": chain, %", "0.490", of_chain, 0.05, 2);
    figures.less(name + ": aligned, 10 bits", "0.116", error<aligned(10)>(x, w), of_chain);
    figures.less(name + ": aligned, 14 bits", "0.116", error<aligned(14)>(x, w), of_chain);
  };
  for (const auto& layer : layers) compare(layer.weight.name, layer.input, layer.weight);
  compare("normal", methods::normal_matrix(16, 512, 1), methods::normal_matrix(256, 512, 2));
  return figures.status();
}
