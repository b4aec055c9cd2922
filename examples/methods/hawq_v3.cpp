// SPDX-License-Identifier: MIT
// HAWQ-V3 (arXiv 2011.10680): inference in integers alone, where quotients of scales are dyadic
// numbers b / 2^c. Claims: neither floating point nor integer division is left; INT8 loses nothing
// (ResNet50 77.58 % of 77.72), INT4 little (74.24 %), and both branches of a residual connection
// are brought to one scale and added in INT32. Data: char_lm's layers, in place of networks that
// see images.
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/integer_layers.hpp"
using namespace lowp;
using namespace dyadic_roundings;

int main() {
  methods::figures figures("HAWQ-V3", "arXiv 2011.10680");
  const auto layers = methods::char_lm_layers();
  const methods::integer_layer<8> layer(layers[1]);
  const auto sums = layer.sums(layers[1].input.view());

  // Dyadic numbers of 31 bits against the quotients in binary64 that they stand for.
  const auto codes = layer.rescaled(sums, hawq_v3);
  double changed = 0, ties = 0;
  const auto ties_up = layer.rescaled(sums, tflite_single_rounding);
  const auto twice = layer.rescaled(sums, tflite);
  double two = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double exact = std::nearbyint(sums[i] * layer.ratio(i % layer.outputs()));
    changed += codes[i] != std::clamp(exact, -32768.0, 32767.0) ? 1 : 0;
    ties += codes[i] != ties_up[i] ? 1 : 0;
    two += codes[i] != twice[i] ? 1 : 0;
  }
  const auto count = static_cast<double>(sums.size());
  figures.within("results that b / 2^c changes, of a million", "none", 1e6 * changed / count, 0,
                 20);
  figures.equal("results with ties rounded up that differ", "-", ties, 0);
  // The first of two roundings leaves log2(1 / ratio) bits, here about 3.
  figures.within("results of two roundings (TFLite) that differ, %", "-", 100 * two / count, 1, 15);
  figures.equal("1 - 1e-10 is 2^30 / 2^c with c", "b needs 32 bits", dyadic_of(1 - 1e-10).c, 30);

  // A residual connection: INT8 and INT16 at scales of their own, each rounded once, added exactly.
  const std::vector<std::int32_t> a(codes.begin(), codes.end());
  std::vector<std::int32_t> b;
  for (const std::int32_t v : a) b.push_back(v >> 8);
  std::vector<std::int8_t> sum(a.size());
  const double s = 0.0019, t = 0.47;
  add_requantized({a.data(), 1, a.size()}, dyadic_of(s), {b.data(), 1, b.size()}, dyadic_of(t),
                  matrix_view<std::int8_t>(sum.data(), 1, sum.size()), hawq_v3);
  double furthest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double exact = std::clamp(a[i] * s + b[i] * t, -128.0, 127.0);
    furthest = std::max(furthest, std::abs(exact - sum[i]));
  }
  figures.within("residual sum, furthest from exact, in units", "1, of two roundings", furthest,
                 0.5, 1);

  const double exact =
      methods::char_lm_bits({layers[0].weight, layers[1].weight, layers[2].weight});
  const double int8 = methods::char_lm_bits_in_integers<8>(layers, hawq_v3);
  const double int4 = methods::char_lm_bits_in_integers<4>(layers, hawq_v3);
  figures.within("INT8, bits per character lost, %", "0.2 of accuracy", 100 * (int8 / exact - 1),
                 -0.5, 0.5);
  figures.within("INT4 weights, bits per character lost, %", "4.5 of accuracy",
                 100 * (int4 / exact - 1), 0, 10);
  figures.note("products in integers; biases and ReLU between them as char_lm has them");
  return figures.status();
}
