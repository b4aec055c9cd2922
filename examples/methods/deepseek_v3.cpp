// SPDX-License-Identifier: MIT
// DeepSeek-V3 (arXiv 2412.19437) and "Insights into DeepSeek-V3" (arXiv 2505.09343): E4M3 with a
// scale for each 1 x 128 of activations and 128 x 128 of weights; Hopper's tensor cores keep 13
// bits behind the point of aligned products, so sums go to binary32 every 128 products; LogFMT for
// what is sent. Claims: without that a sum of 4096 products is off by nearly 2 %; the loss of
// training in FP8 is within 0.25 %; LogFMT of 8 bits errs less than E4M3 and E5M2. Data: normal
// numbers; char_lm, trained here (an argument says for how many steps), and what its layers see.
#include <lowp/block/tiles/log_tile.hpp>
#include <lowp/block/tiles/tile_matrix.hpp>
#include <lowp/lowp.hpp>

#include "support/figures.hpp"
#include "support/training.hpp"

using namespace lowp;

namespace {

using operand = matrix_view<const float>;
constexpr block_format in_e5m2{formats::e5m2, formats::binary32, block_shape{1, 128}};

methods::training_products fp8_products() {
  using formats::deepseek_128x128, formats::deepseek_1x128;
  const auto output = [](std::size_t, operand x, operand w, matrix_view<float> y) {
    gemm(quantize<deepseek_1x128>(x), quantize<deepseek_128x128>(w), y);
  };
  const auto input_gradient = [](std::size_t, operand e, operand w, matrix_view<float> g) {
    gemm(quantize<deepseek_1x128>(e), quantize_transposed<deepseek_128x128>(w), g);
  };
  const auto weight_gradient = [](std::size_t, operand e, operand x, matrix_view<float> g) {
    gemm(quantize_transposed<deepseek_1x128>(e), quantize_transposed<deepseek_1x128>(x), g);
  };
  return {output, input_gradient, weight_gradient};
}

// The largest error of sums of 4096 products, in % of their root mean square.
template <auto Policy, auto Format>
double sum_error(std::uint64_t seed) {
  const auto a = quantize<Format>(methods::normal_matrix(64, 4096, seed)),
             b = quantize<Format>(methods::normal_matrix(64, 4096, seed + 1));
  methods::matrix exact{64, 64}, sums{64, 64};
  gemm<policies::exact>(a, b, exact.view());
  gemm<Policy>(a, b, sums.view());
  return measure_error(exact.values, sums.values).max_error / 64 * 100;
}

}  // namespace

int main(int count, char** arguments) {
  methods::figures figures("DeepSeek-V3", "arXiv 2412.19437, 2505.09343");
  constexpr auto whole = formats::scaled_tensor(formats::e4m3fn);
  using policies::hopper_fp8, policies::hopper_fp8_promoted;
  figures.within("error of 4096 products, %", "nearly 2", sum_error<hopper_fp8, whole>(1), 0.8,
                 2.5);
  figures.within("with sums to binary32 every 128, %", "small",
                 sum_error<hopper_fp8_promoted, formats::deepseek_1x128>(1), 0, 0.2);
  for (const auto& layer : methods::char_lm_layers()) {
    const auto sqnr = [&](const auto& q) {
      return methods::sqnr_db(layer.input, methods::values_of(q));
    };
    const double of_logarithms = sqnr(quantize(formats::logfmt<8>, layer.input));
    figures.less(layer.input.name + " in E4M3, dB, below LogFMT", "less",
                 sqnr(quantize<formats::deepseek_1x128>(layer.input)), of_logarithms);
    figures.less(layer.input.name + " in E5M2, dB, below LogFMT", "less",
                 sqnr(quantize<in_e5m2>(layer.input)), of_logarithms);
  }
  methods::compare_training(figures, "FP8", fp8_products(), "at most 0.25", 0.25, count, arguments);
  return figures.status();
}
