// SPDX-License-Identifier: MIT
// ARCQuant (arXiv 2601.07475): NVFP4 for activations and weights; for the k channels with the
// largest activations what NVFP4 leaves is quantized once more and stands behind them along K,
// opposite to the weights of those channels. Claims: k = 64 ceil(n / 64) for n channels above an
// eighth of the largest magnitude; two stages are as good as MXFP8; 4.5 (K + k) / K bits.
#include <lowp/gemm/slice_sums.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/parts.hpp"

using namespace lowp;
using methods::matrix, methods::values_of;

static std::size_t residual_channels(std::size_t outliers) { return (outliers + 63) / 64 * 64; }

// A linear layer whose channels are in descending order.
struct arcquant {
  nvfp4 x, residual, w;
  std::vector<std::size_t> again;  // 0 … k - 1

  arcquant(const matrix& in, const matrix& weight, std::size_t k)
      : x(quantize<nvfp4>(in.view())), w(quantize<nvfp4>(weight.view())) {
    matrix left = values_of(x);
    for (std::size_t i = 0; i < left.values.size(); ++i)
      left.values[i] = in.values[i] - left.values[i];
    residual = quantize<nvfp4>({left.values.data(), left.rows, k, left.cols});
    for (std::size_t c = 0; c < k; ++c) again.push_back(c);
  }
  // Each slice has a tensor scale of its own.
  matrix product() const {
    matrix y{x.rows(), w.rows()};
    const gathered_columns w_again(w, again);
    gemm<policies::by_slice<policies::k32>>(column_slices<nvfp4, nvfp4>(x, residual),
                                            column_slices(w, w_again), y.view());
    return y;
  }
  matrix values() const {  // of x, with what is added to it
    matrix sum = values_of(x), more = values_of(residual);
    for (std::size_t r = 0; r < sum.rows; ++r)
      for (std::size_t c = 0; c < more.cols; ++c) sum.view()(r, c) += more.view()(r, c);
    return sum;
  }
};

int main() {
  methods::figures f("ARCQuant", "arXiv 2601.07475");
  f.equal("k of 4096 channels, 5 % above the threshold", "256", double(residual_channels(205)),
          256);
  const auto layers = methods::char_lm_layers(256);
  for (const auto* layer : {&layers[1], &layers[2]}) {
    const auto order = descending_order(column_magnitudes(layer->input.view()));
    const auto x = methods::columns_of(layer->input.view(), order),
               w = methods::columns_of(layer->weight.view(), order);
    const std::string name = layer->weight.name + ": ";
    std::vector<double> errors;  // of x
    for (std::size_t k = 0; k <= x.cols; k += 64)
      errors.push_back(mean_squared_error(x, arcquant(x, w, k).values()));
    f.equal(name + "more channels, less error", "always",
            std::ranges::is_sorted(errors, std::greater<>()), 1);
    const auto outliers = outlier_columns(x.view(), column_magnitudes(x.view())[0] / 8);
    f.note(name + "k by the threshold is " + std::to_string(residual_channels(outliers.size())));

    const arcquant none(x, w, 0), some(x, w, 64), all(x, w, x.cols);
    const double width = double(x.cols), exact_bits = 4.5 * (width + 64) / width;
    f.equal(name + "bits of x with k = 64", "4.5 (K + k) / K",
            some.x.bits_per_value() + some.residual.bits_per_value() * 64 / width, exact_bits);
    const auto exact = methods::product(x, w);
    const double by_none = mean_squared_error(exact, none.product());
    f.less(name + "error of the product", "less", mean_squared_error(exact, some.product()),
           by_none);
    const auto by_values = methods::product(some.values(), values_of(some.w));
    f.within(name + "slices by values, dB", "exact", sqnr_db(by_values, some.product()), 110, 170);
    f.less(name + "x in dB, MXFP8 below two stages", "comparable",
           sqnr_db(x, values_of(quantize<mxfp8_e4m3>(x.view()))), sqnr_db(x, all.values()));
  }
  return f.status();
}
