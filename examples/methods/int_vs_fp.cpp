// SPDX-License-Identifier: MIT
// INT v.s. FP (arXiv 2510.25602): integers or floats as elements of blocks. Claims: theorems give
// the signal-to-noise ratio (QSNR) of blocks from their crest factor kappa = max |x| / rms, and
// floats are better from where the two meet on; of rotated tensors NVINT4 is better than NVFP4,
// MXINT4 worse than MXFP4; in bfloat16 x / (x / 127) is rounded to the code 128 for many x.
// Data: what char_lm's layers see, rotated by random Hadamard matrices of the size of a block.
#include <cmath>
#include <lowp/arrays/noise.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/hadamard_transform.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
// The theorems in decibels, as the authors plot them: scales are `rho` times too large, those of
// E4M3 (is_nv) of 16 elements, the largest of which is exact.
double integer_qsnr(int bits, double kappa, double rho, bool is_nv) {
  if (!is_nv) return 10.8 + 6.02 * (bits - 1) - 20 * std::log10(rho * kappa);
  return -20 * std::log10(rho * kappa / std::exp2(bits - 1)) - 10 * std::log10(15.0 / 16 / 12);
}
double float_qsnr(const float_format& f, double kappa, double rho, bool is_nv) {
  const double largest = pack_as<double>(largest_value(f)), step = std::exp2(-f.mantissa_bits);
  const double normal = std::exp2(1 - f.bias) * rho * kappa / largest;  // the smallest such number
  const double below = std::erf(normal / std::sqrt(2.0));
  const double tail = normal * std::exp(-normal * normal / 2) * std::sqrt(2 / std::acos(-1.0));
  const double above = 1 - below + tail - (is_nv ? kappa * kappa / 16 : 0);
  return -10 * std::log10(step * step * (above / 24 + normal * normal / 12 * below));
}

// How many of 100 normal x are divided by x / 127 to what is rounded to 128.
template <class T>
double share_of_128() {
  int count = 0;
  for (std::size_t i = 0; i < 65536; ++i)
    if (const T x(normal_noise<float>(5, i)); x / (x / T(127)) >= 127.5) ++count;
  return count / 655.36;
}
}  // namespace

int main() {
  methods::figures figures("INT v.s. FP", "arXiv 2510.25602");
  const auto meet = [&](const char* what, double claim, int bits, const float_format& f,
                        double rho = 1.5, bool is_nv = false) {
    double low = 1, high = 20;
    for (double at; at = (low + high) / 2, high - low > 1e-9;)
      (integer_qsnr(bits, at, rho, is_nv) > float_qsnr(f, at, rho, is_nv) ? low : high) = at;
    figures.about(what, claim, low, 0.005);
  };
  meet("kappa, MXINT8 = MXFP8", 7.55, 8, formats::e4m3fn);
  meet("kappa, MXINT6 = MXFP6", 1.96, 6, formats::e2m3);
  meet("kappa, MXINT4 = MXFP4", 2.04, 4, formats::e2m1);
  meet("kappa, NVINT4 = NVFP4", 2.39, 4, formats::e2m1, 1.05, true);
  const auto layers = methods::char_lm_layers();
  const auto measure = [&](const char* name, double claim, const auto& f, const auto& rule) {
    const hadamard rotation{static_cast<std::size_t>(f.shape.cols), random_signs{7}};
    double sum = 0;
    for (const auto& [weight, bias, input] : layers) {
      methods::matrix x{input.rows, input.cols}, y = x;
      hadamard_transform(input, x, rotation);
      round_to(f, x, y, rule);
      sum += methods::sqnr_db(x, y) / static_cast<double>(layers.size());
    }
    figures.about(std::string("QSNR in dB, ") + name, claim, sum, 0.6);
  };
  measure("MXINT8", 41.93, formats::mxint8, rules::rceil);
  measure("MXFP8", 31.51, formats::mxfp8_e4m3, rules::rceil);
  measure("MXINT6", 30.18, formats::mxint6, rules::rceil);
  measure("MXFP6", 31.03, formats::mxfp6_e2m3, rules::rceil);
  measure("MXFP4", 18.79, formats::mxfp4, rules::rceil);
  measure("MXINT4", 17.22, formats::mxint4, rules::rceil);
  measure("NVFP4", 20.35, formats::nvfp4, rules::amax);
  measure("NVINT4", 21.65, formats::nvint4, rules::amax);
  figures.about("128 in bfloat16, %", 16.82, share_of_128<bfloat16>(), 0.4);
  figures.about("128 in binary16, %", 0.02, share_of_128<binary16>(), 0.02);
  figures.about("128 in binary32, %", 0, share_of_128<binary32>(), 0);
  return figures.status();
}
