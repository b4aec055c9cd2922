// SPDX-License-Identifier: MIT
// LLM-FP4 (arXiv 2310.16836): floats of 4 bits with a real exponent bias b, or the scale 2^(B - b);
// b is searched for each row of weights and for activations by the error of the output. Channels of
// activations have whole offsets of b, which move into the weights. Claims: errs less than INT4;
// E2M1 is the format to take; offsets gain much.
#include <lowp/block/rules/scale_constraints.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/column_arithmetic.hpp>
#include <lowp/transforms/column_statistics.hpp>
#include <numeric>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;
using formats::scaled_rows, formats::scaled_tensor, methods::figures, methods::matrix;
constexpr auto fp4 = formats::e2m1;

// The bias of e exponent and m mantissa bits, all of them numbers, whose largest is this.
static double bias_of(int e, int m, double largest) {
  return std::exp2(e) - std::log2(largest) + std::log2(2 - std::exp2(-m)) - 1;
}
// The least squared error of x w^T for biases (0.01 + 0.0119 i) b, b that of the largest magnitude;
// x is quantized, or w, where each row has the best for its outputs.
template <auto F, bool is_weight, int B = 1>
static double least_error(const matrix& x, const matrix& w, int candidates = 101) {
  constexpr auto format = is_weight ? scaled_rows(F) : scaled_tensor(F);
  const matrix exact = methods::product(x, w);
  const auto& tensor = is_weight ? w : x;
  const std::vector<float> widest = scales_of(quantize<format>(tensor.view()));
  std::vector<double> least(widest.size(), 1e30);
  for (int i = 0; i < candidates; ++i) {
    const double factor = candidates == 1 ? 1 : 0.01 + 0.0119 * i;
    std::vector<float> scales = widest;
    for (float& s : scales) s = float(std::exp2(B - factor * (B - std::log2(double(s)))));
    const auto q = methods::values_of(quantize<format>(tensor.view(), rules::given{scales}));
    const auto y = is_weight ? methods::product(x, q) : methods::product(q, w);
    std::vector<double> errors(least.size());
    for (std::size_t j = 0; j < y.values.size(); ++j)
      errors[j % errors.size()] += std::pow(y.values[j] - exact.values[j], 2.0);
    for (std::size_t n = 0; n < least.size(); ++n) least[n] = std::min(least[n], errors[n]);
  }
  return std::accumulate(least.begin(), least.end(), 0.0) / double(exact.values.size());
}
// What is left of it for activations whose channels have offsets of 0 to 3.
static double gain_of_offsets(matrix x, matrix w, figures& f) {
  const double plain = least_error<fp4, false>(x, w);
  const auto exact = methods::product(x, w);
  const auto magnitudes = column_magnitudes(x.view());
  const double least = std::round(bias_of(2, 1, double(*std::ranges::max_element(magnitudes))));
  std::vector<float> powers;
  for (const float m : magnitudes)
    powers.push_back(float(std::exp2(std::min(std::round(bias_of(2, 1, double(m))) - least, 3.0))));
  scale_columns(x.view(), powers, x.view());
  divide_columns(w.view(), powers, w.view());
  const bool is_same = exact.values == methods::product(x, w).values;
  f.equal("offsets change what is not quantized", "no", !is_same, 0);
  return least_error<fp4, false>(x, w) / plain;
}

int main() {
  figures f("LLM-FP4", "arXiv 2310.16836");
  f.within("bias of E2M1 up to 6", "1", bias_of(2, 1, 6), 1 - 1e-12, 1 + 1e-12);
  f.within("bias of E4M3 up to 480", "7", bias_of(4, 3, 480), 7 - 1e-12, 7 + 1e-12);
  f.within("bias of E5M2 up to 114688", "15", bias_of(5, 2, 114688), 15 - 1e-12, 15 + 1e-12);
  auto [w, bias, x] = methods::char_lm_layers(256)[2];
  const double least = least_error<fp4, true>(x, w);
  f.less("weights, E2M1; by their largest", "more", least, least_error<fp4, true>(x, w, 1));
  f.less("weights, E2M1; INT4", "more", least,
         least_error<formats::symmetric_int_n<4>, true, 0>(x, w));
  f.less("weights, E2M1; E1M2", "more", least, least_error<formats::e1m2, true>(x, w));
  f.less("weights, E2M1; E3M0", "more", least, least_error<formats::e3m0, true, 3>(x, w));
  f.note("char_lm, error of activations with offsets by that without: " +
         std::to_string(gain_of_offsets(x, w, f)));
  matrix spread = methods::normal_matrix(256, 256);  // channels differ, as in large models
  for (std::size_t i = 0; i < spread.values.size(); ++i)
    spread.values[i] *= std::exp2(float(i % 256) / 51);
  f.less("channels of 1 to 32, that error", "less", gain_of_offsets(spread, w, f), 1);
  return f.status();
}
