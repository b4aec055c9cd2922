// SPDX-License-Identifier: MIT
// To FP8 and Back Again (arXiv 2405.18710): how many bits training needs, by masking those of
// bfloat16 (E8M7) after each operation. Claims: with E8M6 and E8M5 training becomes less stable,
// with E8M3 it diverges; fewer exponent bits break it at once.
// Data: normal noise; char_lm, which is not trained here but reads with masked weights and inputs;
// and the gradients of its logits over a batch of 1024.
#include <cmath>
#include <lowp/lowp.hpp>
#include <tuple>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
// Masked: rounded toward zero.
methods::matrix rounded(const methods::matrix& x, int exponent_bits, int mantissa_bits,
                        const any_rounding& mode = toward_zero) {
  methods::matrix y{x.rows, x.cols};
  round_to(float_format{exponent_bits, mantissa_bits}, std::span(x.values), std::span(y.values),
           mode);
  return y;
}

double bits_per_character(const std::vector<methods::layer>& layers, int mantissa_bits) {
  return methods::char_lm_bits([&](std::size_t i, const auto& x, const auto& y) {
    const methods::matrix in{x.rows, x.cols, {x.data, x.data + x.rows * x.cols}};
    gemm(rounded(in, 8, mantissa_bits).view(), rounded(layers[i].weight, 8, mantissa_bits).view(),
         y);
  });
}

}  // namespace

int main() {
  methods::figures figures("To FP8 and Back Again", "arXiv 2405.18710");
  const methods::matrix x = rounded(methods::normal_matrix(256, 1024), 8, 7, nearest_even);
  using row = std::tuple<int, double, double>;
  for (const auto& [m, masked, nearest] :
       {row{3, 26.20, 31.48}, row{4, 32.51, 37.41}, row{5, 39.42, 43.05}, row{6, 47.81, 47.81}}) {
    const double cut = methods::sqnr_db(x, rounded(x, 8, m));
    const double best = methods::sqnr_db(x, rounded(x, 8, m, nearest_even));
    const std::string name = "SQNR in dB, E8M" + std::to_string(m);
    figures.within(name + " masked", "none; computed", cut, masked - 0.06, masked + 0.06);
    figures.within(name + " nearest", "none; computed", best, nearest - 0.06, nearest + 0.06);
    if (m == 6) figures.equal("  one bit: masked, less nearest", "none; 0", cut - best, 0);
  }
  const auto layers = methods::char_lm_layers();
  const double exact = bits_per_character(layers, 7);
  double before = exact, flushed = 0;
  for (int m = 6; m > 2; --m) {
    const double now = bits_per_character(layers, m);
    figures.less("bits per character, E8M" + std::to_string(m + 1), "better than a bit less",
                 before, now);
    before = now;
  }
  figures.within("E8M3, bits per character lost", "diverges", before - exact, 0.1, 1);
  const auto gradient = methods::logit_gradients(1024, 0x1p-10f);
  for (int e = 7; e > 3; --e) {
    const auto now = rounded(gradient, e, 7, nearest_even);
    const double share = measure_error(gradient.values, now.values).flushed_fraction;
    figures.within("E" + std::to_string(e) + "M7, gradients flushed", "breaks", share,
                   flushed + 0.01, 1);
    flushed = share;
  }
  return figures.status();
}
