// SPDX-License-Identifier: MIT
// COMET's FMPQ (arXiv 2410.12168): activations in blocks of 128 channels, with a scale for each
// block and row. Channels with outliers are put together, the blocks that hold them are INT8, all
// others INT4, as the weights are; sums of integers are scaled block by block. Claims: the order of
// channels does not change the product; most blocks can be INT4 with little more error than INT8.
#include <lowp/gemm/slice_sums.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/column_order.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

template <int Bits>
inline constexpr block_format blocks{formats::symmetric_int_n<Bits>, formats::binary32,
                                     block_shape{1, 128}};

// The first columns of x in INT8, the others in INT4.
methods::matrix mixed_product(const methods::matrix& x, const methods::matrix& w,
                              std::size_t blocks8) {
  const std::size_t first = 128 * blocks8, rest = x.cols - first;
  const auto part = [](const methods::matrix& m, std::size_t from, std::size_t cols) {
    return matrix_view<const float>(m.values.data() + from, m.rows, cols, m.cols);
  };
  const auto x8 = quantize<blocks<8>>(part(x, 0, first));
  const auto x4 = quantize<blocks<4>>(part(x, first, rest));
  const auto w8 = quantize<blocks<4>>(part(w, 0, first)),
             w4 = quantize<blocks<4>>(part(w, first, rest));
  methods::matrix y{x.rows, w.rows};
  gemm<policies::by_slice<policies::integers>>(column_slices(x8, x4), column_slices(w8, w4),
                                               y.view());
  return y;
}
template <auto F>
methods::matrix plain_product(const methods::matrix& x, const methods::matrix& w) {
  methods::matrix y{x.rows, w.rows};
  gemm<policies::integers>(quantize<F>(x.view()), quantize<blocks<4>>(w.view()), y.view());
  return y;
}

}  // namespace

int main() {
  methods::figures figures("COMET", "arXiv 2410.12168");
  const auto layers = methods::char_lm_layers(256);
  for (const auto* layer : {&layers[1], &layers[2]}) {
    const auto& [w, bias, x] = *layer;
    methods::matrix px{x.rows, x.cols}, pw{w.rows, w.cols};
    const auto order = descending_order(column_magnitudes(x.view()));
    gather_columns(x.view(), order, px.view());
    gather_columns(w.view(), order, pw.view());
    methods::matrix exact{x.rows, w.rows}, permuted{x.rows, w.rows};
    gemm<policies::exact>(x.view(), w.view(), exact.view());
    gemm<policies::exact>(px.view(), pw.view(), permuted.view());
    const std::string name = w.name + ": ";
    figures.equal(name + "exact results that the order changes", "0",
                  exact.values != permuted.values, 0);
    const std::size_t all = x.cols / 128;
    figures.equal(name + "all blocks INT8, results unlike W4A8's", "0",
                  mixed_product(px, pw, all).values != plain_product<blocks<8>>(px, pw).values, 0);
    figures.equal(name + "no block INT8, results unlike W4A4's", "0",
                  mixed_product(px, pw, 0).values != plain_product<blocks<4>>(px, pw).values, 0);
    // Of the error that INT4 activations add to that of the weights:
    const methods::matrix a8 = mixed_product(px, pw, all);
    const double a4 = mean_squared_error(a8, mixed_product(px, pw, 0));
    const double one = mean_squared_error(a8, mixed_product(px, pw, 1)) / a4;
    const double unordered = mean_squared_error(mixed_product(x, w, all), mixed_product(x, w, 1)) /
                             mean_squared_error(mixed_product(x, w, all), mixed_product(x, w, 0));
    figures.note(name + std::to_string(all - 1) + " of " + std::to_string(all) +
                 " blocks stay INT4, by choice");
    figures.less(name + "what INT4 activations add, one block INT8", "less than its share", one,
                 1 - 1 / static_cast<double>(all));
    figures.less(name + "what they add, with and without the order", "less", one, unordered);
  }
  return figures.status();
}
