// SPDX-License-Identifier: MIT
// ABQ-LLM (arXiv 2408.08554): products of any numbers of bits are made of planes of bits, with zero
// points taken off; weights of 2 bits get a fifth level, "bit balance" (W2*), so that there are as
// many levels below zero as above it. Claims: sums are those of integers; W2*A8 loses far less
// than W2A8. Data: char_lm; the paper learns clips on top, which are left out here.
#include <lowp/block/level_catalog.hpp>
#include <lowp/gemm/bit_plane_product.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
constexpr block_shape row{1, block_shape::whole};
constexpr auto w2 = formats::affine_groups(2, row, formats::binary32);
constexpr auto balanced = formats::bit_balanced_groups<2>(row, formats::binary32);
constexpr auto a8 = formats::scaled_rows(formats::symmetric_int_n<8>);

// Weights in codes of so many bits, a scale and a zero point for each row, and their planes.
template <auto Format, int Bits>
struct weights {
  block_matrix<Format> q;
  std::vector<float> scales;
  std::vector<std::int32_t> zeros;
  bit_planes planes;

  explicit weights(const methods::matrix& w) : q(quantize<Format>(w.view())) {
    for (std::size_t r = 0; r < q.rows(); ++r) {
      scales.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(q.code(1, r, 0))));
      zeros.push_back(static_cast<std::int32_t>(q.code(2, r, 0)));
    }
    planes = bit_planes(affine_matrix_view<formats::uint_n<Bits>>({q.codes(), q.rows(), q.cols()},
                                                                  row, scales, zeros));
  }
  // By activations in INT8: integers first, then both scales.
  void multiply(matrix_view<const float> x, matrix_view<float> y) const {
    const auto a = quantize<a8>(x);
    std::vector<std::int32_t> sums(y.rows * y.cols);
    bit_plane_product(a, planes, matrix_view(sums.data(), y.rows, y.cols));
    for (std::size_t i = 0; i < sums.size(); ++i)
      y.data[i] = float(sums[i]) * float(a.scale_of(i / y.cols, 0)) * scales[i % y.cols];
  }
};
template <auto Format, int Bits>
double bits(const std::vector<methods::layer>& layers) {
  std::vector<weights<Format, Bits>> w;
  for (const auto& layer : layers) w.emplace_back(layer.weight);
  return methods::char_lm_bits(
      [&](std::size_t i, const auto& x, const auto& y) { w[i].multiply(x, y); });
}
}  // namespace

int main() {
  methods::figures figures("ABQ-LLM", "arXiv 2408.08554");
  const auto layers = methods::char_lm_layers(32);
  const methods::matrix& w = layers[1].weight;
  const weights<balanced, 3> five(w);
  const weights<w2, 2> four(w);
  const auto a = quantize<a8>(layers[1].input.view());
  std::vector<std::int32_t> sums(a.rows() * w.rows);
  bit_plane_product(a, five.planes, matrix_view(sums.data(), a.rows(), w.rows));
  double differences = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t n = i % w.rows;
    double sum = 0;
    for (std::size_t k = 0; k < w.cols; ++k)
      sum += double(a.element(i / w.rows, k)) * (double(five.q.code(n, k)) - five.zeros[n]);
    differences += sums[i] != sum;
  }
  figures.equal("W2*A8: sums that differ from integers", "0", differences, 0);
  figures.equal("planes of the five levels", "3, one level more", five.planes.planes(), 3);
  figures.less("hidden2, dB: W2", "less than W2*", methods::sqnr_db(w, methods::values_of(four.q)),
               methods::sqnr_db(w, methods::values_of(five.q)));
  figures.less("bits per character, W2*A8", "far less than W2A8", bits<balanced, 3>(layers),
               bits<w2, 2>(layers));
  return figures.status();
}
