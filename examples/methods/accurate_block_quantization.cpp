// SPDX-License-Identifier: MIT
// Accurate Block Quantization in LLMs with Outliers (arXiv 2403.20137): keys in BFP12, mantissas of
// 4 bits under an exponent of 8 for n channels, after the rows of W_k and W_q within each head of
// 128 are sorted by the norms of those of W_k (K-sort). Claims: products of queries and keys stay
// as they are; n = 128 gains nothing, 64 and 32 do; half the memory of BFP16.
// Data: keys that hidden2 of char_lm makes of its inputs, in place of those of Llama 2 7B.
#include <lowp/block/block_statistics.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/column_order.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

constexpr std::size_t head = 128;

// Within each head by the norm of the row of W_k that makes a channel, the largest first.
std::vector<std::size_t> sorted_channels(const methods::matrix& w) {
  std::vector<float> energies;
  for (const auto& row : statistics_of_blocks(w, {1, block_shape::whole}))
    energies.push_back(static_cast<float>(row.sum_of_squares));
  std::vector<std::size_t> order;
  for (std::size_t first = 0; first < w.rows; first += head) {
    for (const std::size_t i : descending_order(std::span(energies).subspan(first, head)))
      order.push_back(first + i);
  }
  return order;
}
methods::matrix gathered(const methods::matrix& x, const std::vector<std::size_t>& channels) {
  methods::matrix y{x.rows, channels.size()};
  gather_columns(x, channels, y);
  return y;
}
methods::matrix rounded(const methods::matrix& x, int block) {
  methods::matrix y{x.rows, x.cols};
  round_to(formats::bfp(4, block), x, y, rules::floor);
  return y;
}
methods::matrix scores(const methods::matrix& queries, const methods::matrix& keys) {
  methods::matrix y{queries.rows, keys.rows};
  gemm<policies::exact>(queries.view(), keys.view(), y.view());
  return y;
}

}  // namespace

int main() {
  methods::figures figures("Accurate Block Quantization", "arXiv 2403.20137");
  const auto layers = methods::char_lm_layers();
  const methods::matrix &w_k = layers[1].weight, &x = layers[1].input;
  const methods::matrix w_q = methods::normal_matrix(w_k.rows, w_k.cols);
  const auto order = sorted_channels(w_k);
  const methods::matrix k = methods::product(x, w_k), q = methods::product(x, w_q);
  const methods::matrix sorted_k = gathered(k, order), sorted_q = gathered(q, order);
  figures.equal("largest change of a product", "0",
                measure_error(scores(q, k).values, scores(sorted_q, sorted_k).values).max_error, 0);
  const auto gain = [&](int block) {
    return methods::sqnr_db(sorted_k, rounded(sorted_k, block)) -
           methods::sqnr_db(k, rounded(k, block));
  };
  figures.within("dB gained by sorting, n = 128", "nothing", gain(128), -1e-9, 1e-9);
  figures.within("dB gained by sorting, n = 64", "some", gain(64), 0.1, 3);
  figures.within("dB gained by sorting, n = 32", "some", gain(32), 0.1, 3);
  const double bfp16 = quantize<formats::bfp(8, 64)>(k.view()).bits_per_value();
  const double bfp12 = quantize<formats::bfp(4, 64)>(k.view()).bits_per_value();
  figures.within("memory of BFP16 over BFP12, n = 64", "2", bfp16 / bfp12, 1.9, 2);
  return figures.status();
}
