// SPDX-License-Identifier: MIT
// I-ViT (arXiv 2207.01405): vision transformers in integers alone: dyadic requantization, Shiftmax
// and ShiftGELU, whose exponentials are shifts (log2 e as 1.0111 in binary, 2^-t as 1 - t / 2), and
// I-LayerNorm by ten Newton steps. Claim: INT8 is as accurate as floating point (DeiT-S 80.12 %,
// 79.85 in FP32). Data: char_lm's logits and hidden values, in place of transformers.
#include <lowp/functions/integer/layer_norm.hpp>
#include <lowp/functions/integer/shiftmax.hpp>
#include <lowp/lowp.hpp>
#include <numeric>

#include "support/data.hpp"
#include "support/figures.hpp"
#include "support/integer_layers.hpp"
using namespace lowp;

int main() {
  methods::figures figures("I-ViT", "arXiv 2207.01405");
  double over = 0, relative = 0;
  for (int t = 0; t <= 1000000; ++t) over = std::max(over, 1 - t / 2e6 - std::exp2(-t / 1e6));
  figures.about("1 - t / 2 above 2^-t, at most", 0.0430, over, 0.0001);
  for (int x = 0; x > -50000; --x) {  // to e^-5
    const double ours = static_cast<double>(shift_exp(x, 10000, 15)) * 0x1p-15 / 10000;
    relative = std::max(relative, std::abs(ours / std::exp(x / 10000.0) - 1));
  }
  figures.within("exponential by shifts, relative error to e^-5", "small", relative, 0.05, 0.1);
  // Shiftmax of logits of 16 and of 8 bits, whose unit, the integer above 1 / scale, is coarse.
  const auto layers = methods::char_lm_layers();
  const methods::matrix logits = methods::product(layers[2].input, layers[2].weight);
  const std::size_t rows = logits.rows, cols = logits.cols;
  double changed = 0;
  const auto furthest = [&](double levels) {
    const double scale = methods::largest_magnitude(logits.values) / levels;
    const auto x = methods::integers_of(logits.values, scale, levels);
    std::vector<std::int8_t> y(x.size());
    const matrix_view<std::int8_t> shares(y.data(), rows, cols);
    shiftmax({x.data(), rows, cols}, {.unit = shift_unit_of(scale)}, shares);
    double off = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      const std::span row(x.data() + r * cols, cols);
      const std::span of(shares.row(r), cols);
      const auto top = std::max_element(row.begin(), row.end());
      std::vector<double> e;
      for (const std::int32_t v : row) e.push_back(std::exp((v - *top) * scale));
      const double sum = std::accumulate(e.begin(), e.end(), 0.0);
      for (std::size_t c = 0; c < cols; ++c)
        off = std::max(off, std::abs(of[c] / 128.0 - e[c] / sum));
      if (of[static_cast<std::size_t>(top - row.begin())] !=
          *std::max_element(of.begin(), of.end()))
        ++changed;
    }
    return off;
  };
  figures.within("Shiftmax of 16 bits, furthest from softmax", "small", furthest(32767), 0, 0.05);
  figures.within("of 8 bits", "small", furthest(127), 0, 0.4);
  figures.equal("most probable characters that change", "none", changed, 0);
  std::vector<std::int32_t> line(255), y(255);
  std::iota(line.begin(), line.end(), -127);
  const auto off_gelu = [&](int steps) {
    const shift_exponential e{.unit = shift_unit_of(1.702 * 5 / 127), .steps = steps};
    shift_gelu({line.data(), 1, 255}, e, {y.data(), 1, 255});
    double off = 0;
    for (std::size_t i = 0; i < 255; ++i) {
      const double v = line[i] * 5 / 127.0, exact = v / 2 * std::erfc(-v / std::sqrt(2.0));
      off = std::max(off, std::abs(y[i] * 5 / 127.0 / 128 - exact));
    }
    return off;
  };
  // The factor (2^31 - 1) / sum is as low as 17, and its fraction is lost.
  figures.within("ShiftGELU of -5 to 5, furthest from GELU", "small", off_gelu(23), 0, 0.25);
  figures.less("n = 23 in place of 15", "n is large enough", off_gelu(23), off_gelu(15));
  integer_layer_norm({line.data(), 1, 255}, {}, {y.data(), 1, 255});
  const double last = y[254] * std::sqrt(255.0) * 0x1p-30 * std::sqrt((255.0 * 255 - 1) / 12);
  figures.within("I-LayerNorm of -127 to 127, relative error", "small", std::abs(last / 127 - 1), 0,
                 0.001);
  const double exact =
      methods::char_lm_bits({layers[0].weight, layers[1].weight, layers[2].weight});
  const double int8 = methods::char_lm_bits_in_integers<8>(layers, dyadic_roundings::i_vit);
  figures.within("INT8, bits per character lost, %", "none", 100 * (int8 / exact - 1), -0.5, 0.5);
  return figures.status();
}
