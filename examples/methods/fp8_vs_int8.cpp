// SPDX-License-Identifier: MIT
// FP8 versus INT8 (arXiv 2303.17951): which 8 bits err least, each with the clipping range of least
// squared error. Claims: INT8 for uniform values; E2M5, then INT8 for normal ones; more exponent
// bits only where there are outliers, so that INT8 is better than E4M3 for layers that behave well.
// Data: quantiles of distributions, char_lm's weights and what its layers see, the weights of
// PP-OCRv4.
#include <cmath>
#include <lowp/analysis/moments.hpp>
#include <lowp/arrays/noise.hpp>
#include <lowp/block/rules/search.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

// With so many exponent bits; all codes are numbers. With one it is INT8: all steps are equal.
double qsnr(int exponent_bits, const methods::matrix& x) {
  const float_format element{
      .exponent_bits = exponent_bits, .mantissa_bits = 7 - exponent_bits, .has_infinity = false};
  methods::matrix y{x.rows, x.cols};
  round_to(formats::scaled_tensor(element), x, y, rules::search{.candidates = 64, .from = 0.03f});
  return methods::sqnr_db(x, y);
}

// The values that divide a distribution into equal parts, from its quantile at 1/2 + q.
methods::matrix quantiles(const auto& quantile) {
  methods::matrix x{1, 65536};
  for (std::size_t i = 0; i < x.cols; ++i) {
    const double q = (static_cast<double>(i) + 0.5) / static_cast<double>(x.cols) - 0.5;
    x.values[i] = static_cast<float>(quantile(q));
  }
  return x;
}

// Student's distribution with 4 degrees of freedom.
double student(double q) {
  const double root = std::sqrt(1 - 4 * q * q);
  return std::copysign(2 * std::sqrt(std::cos(std::acos(root) / 3) / root - 1), q);
}

}  // namespace

int main() {
  methods::figures figures("FP8 versus INT8", "arXiv 2303.17951");
  const auto uniform = quantiles([](double q) { return q; });
  const auto normal = quantiles(normal_quantile_about_half), tails = quantiles(student);
  // Optima by numerical integration; parts of 2^-16 leave out the ends of the tails.
  figures.within("uniform, SQNR in dB: INT8", "none; 255 steps: 48.13", qsnr(1, uniform), 48.08,
                 48.18);
  figures.within("normal: INT8", "none; computed: 40.54", qsnr(1, normal), 40.54, 40.74);
  for (const auto* x : {&uniform, &normal, &tails})
    figures.within("any of these: E4M3", "none; 13.80 + 6.02 M: 31.86", qsnr(4, *x), 31.46, 32.46);
  figures.less("uniform: E2M5", "INT8 is best", qsnr(2, uniform), qsnr(1, uniform));
  figures.less("normal: INT8", "E2M5 is best", qsnr(1, normal), qsnr(2, normal));
  figures.less("normal: E3M4", "INT8 is next", qsnr(3, normal), qsnr(1, normal));
  figures.less("Student's t, 4 degrees: INT8", "E4M3 is better", qsnr(1, tails), qsnr(4, tails));
  figures.less("Student's t, 4 degrees: E2M5", "E3M4 is better", qsnr(2, tails), qsnr(3, tails));
  for (const auto& layer : methods::char_lm_layers(128)) {
    for (const auto* x : {&layer.weight, &layer.input})
      figures.less("char_lm, " + x->name + ": E4M3", "INT8 is better", qsnr(4, *x), qsnr(1, *x));
  }
  for (const auto& w : methods::ocr_weights()) {
    const double kurtosis = moments_of(w.values).kurtosis;
    if (kurtosis < 1000) continue;
    const std::string what = "PP-OCRv4, kurtosis " + std::to_string(std::lround(kurtosis));
    figures.less(what + ": INT8", "E4M3 is better", qsnr(1, w), qsnr(4, w));
  }
  return figures.status();
}
