// SPDX-License-Identifier: MIT
// NUPES and PowerQuant (arXiv 2308.05600): integers of sign(x) |x|^a, where a is searched for.
// Power functions are the continuous maps of positive numbers that keep products, so that products
// of quantized numbers stay products of integers. Claim: at 4 bits a power far below 1 errs less
// than uniform steps.
#include <cmath>
#include <lowp/formats/codebook_format.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

float power(float x, double a) {
  return static_cast<float>(std::copysign(std::pow(std::abs(static_cast<double>(x)), a), x));
}

// round(7 sign(x) |x|^a / max|x|^a) for each row, and back.
methods::matrix power_quantized(const methods::matrix& x, double a) {
  methods::matrix powers = x;
  for (float& value : powers.values) value = power(value, a);
  const auto q = quantize<formats::scaled_rows(formats::symmetric_int_n<4>)>(powers.view());
  methods::matrix result = methods::values_of(q);
  for (float& value : result.values) value = power(value, 1 / a);
  return result;
}
double sqnr(const methods::matrix& x, double a) { return sqnr_db(x, power_quantized(x, a)); }
double best_power(const methods::matrix& x) {
  double best = 1;
  for (double a = 0.4; a < 1; a += 0.1)
    if (sqnr(x, a) > sqnr(x, best)) best = a;
  return best;
}

}  // namespace

int main() {
  methods::figures figures("NUPES", "arXiv 2308.05600");
  // Rows of 1024 normal numbers; what is expected was computed by another program.
  const auto normal = methods::normal_matrix(128, 1024);
  const double powers[] = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4};
  const double expected[] = {16.92, 17.56, 17.92, 18.01, 17.81, 17.29, 16.32};
  for (int i = 0; i < 7; ++i) {
    figures.about("normal, dB with a = " + std::to_string(powers[i]).substr(0, 3), expected[i],
                  sqnr(normal, powers[i]), 0.1);
  }
  figures.within("normal, the best power", "below 1", best_power(normal), 0.64, 0.76);

  // (q^(1/a)) (r^(1/a)) = (q r)^(1/a) for all integers of 4 bits, to the precision of binary64.
  double largest = 0;
  for (int q = 1; q <= 7; ++q) {
    for (int r = 1; r <= 7; ++r) {
      const double product = std::pow(q, 1 / 0.7) * std::pow(r, 1 / 0.7);
      largest = std::max(largest, std::abs(std::pow(q * r, 1 / 0.7) / product - 1));
    }
  }
  figures.within("products of powers, relative error", "0", largest, 0, 1e-15);

  auto weights = methods::ocr_weights(200000);
  for (auto& layer : methods::char_lm_layers()) weights.push_back(std::move(layer.weight));
  double uniform = 0, searched = 0, nearest = 0;
  for (const auto& w : weights) {
    const double share = 1 / static_cast<double>(weights.size());
    uniform += share * sqnr(w, 1);
    searched += share * sqnr(w, best_power(w));
    // The values of a = 0.7 as a codebook, to the nearest of which weights are rounded.
    const auto q = quantize<formats::scaled_rows(formats::power_exponent<4, 7, 10>)>(w.view());
    nearest += share * (sqnr_db(w, methods::values_of(q)) - sqnr(w, 0.7));
  }
  figures.less("trained weights, mean dB, uniform below searched", "uniform errs more", uniform,
               searched);
  figures.within("gain by rounding to the nearest value, mean dB", "-", nearest, 0, 1);
  return figures.status();
}
