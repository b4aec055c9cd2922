// SPDX-License-Identifier: MIT
// Krishnamoorthi (arXiv 1806.08342): weights in symmetric INT8 with a scale for each channel of the
// output, activations in UINT8 with a scale and a zero point for each layer, from moving averages
// of their ranges; sums in 32 bits. Claims: zero is exact; accuracies within 2 % of floating point;
// one scale for a layer is worse; weights of 4 bits lose 2 to 10 % once trained so; a quarter of
// the memory. Data: char_lm, which predicts characters, in place of networks that see images.
#include <lowp/block/affine_range.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
namespace {
using network = std::vector<methods::layer>;
using symbols = std::vector<std::ptrdiff_t>;
constexpr auto uint8 = formats::uint_n<8>;

affine_scale calibrated(const methods::matrix& input) {
  moving_average_range average(0.1);
  for (std::size_t row = 0; row < input.rows; row += 64)
    average.add(min_max_with_zero({input.view().row(row), 64 * input.cols}));
  return affine_scale_of(uint8, average.range());
}

// Bits per character, and the most probable characters.
double read(const network& layers, const methods::layer_product& product, symbols& best) {
  return methods::char_lm_bits([&](std::size_t i, const auto& x, const auto& y) {
    product(i, x, y);
    for (std::size_t row = 0; i == 2 && row < y.rows; ++row) {
      std::vector<float> logits = layers[2].bias;
      for (std::size_t c = 0; c < y.cols; ++c) logits[c] += y(row, c);
      best.push_back(std::max_element(logits.begin(), logits.end()) - logits.begin());
    }
  });
}
template <int Bits>
double read_integers(const network& layers, symbols& best) {
  constexpr auto weights = formats::scaled_rows(formats::symmetric_int_n<Bits>);
  const auto multiply = [&](std::size_t i, const auto& x, const auto& y) {
    const affine_scale to = calibrated(layers[i].input);
    std::vector<std::uint8_t> codes;
    for (const float value : std::span(x.data, x.rows * x.cols))
      codes.push_back(static_cast<std::uint8_t>(affine_code(uint8, to, value)));
    const affine_matrix_view<uint8> a({codes, x.rows, x.cols}, {0, 0}, {&to.scale, 1},
                                      {&to.zero, 1});
    gemm<policies::integers>(a, quantize<weights>(layers[i].weight.view()), y);
  };
  return read(layers, multiply, best);
}
}  // namespace

int main() {
  methods::figures figures("Krishnamoorthi", "arXiv 1806.08342");
  const network layers = methods::char_lm_layers();
  symbols exact, changed;
  const auto multiply = [&](std::size_t i, const auto& x, const auto& y) {
    gemm(x, layers[i].weight.view(), y);
  };
  const double bits = read(layers, multiply, exact), int8 = read_integers<8>(layers, changed);
  double changes = 0;
  for (std::size_t i = 0; i < exact.size(); ++i)
    changes += exact[i] != changed[i] ? 100 / static_cast<double>(exact.size()) : 0;
  const double int4 = read_integers<4>(layers, changed);
  figures.within("INT8, predictions that change, %", "accuracies within 2", changes, 0, 2);
  figures.within("INT8, bits per character lost, %", "next to nothing", 100 * (int8 / bits - 1), -1,
                 1);
  figures.within("INT4, bits per character lost, %", "2 to 10 of accuracy", 100 * (int4 / bits - 1),
                 2, 10);
  for (const auto& [w, bias, input] : layers) {
    const affine_scale to = calibrated(input);
    const auto rows = quantize<formats::scaled_rows(formats::symmetric_int_n<8>)>(w.view());
    const auto all = quantize<formats::scaled_tensor(formats::symmetric_int_n<8>)>(w.view());
    const double by_row = methods::sqnr_db(w, methods::values_of(rows));
    figures.equal(input.name + ": code of 0", "the zero", affine_code(uint8, to, 0), to.zero);
    figures.less(w.name + ": one scale, dB", "worse", methods::sqnr_db(w, methods::values_of(all)),
                 by_row);
    figures.within(w.name + ": bits per weight", "a quarter", rows.bits_per_value(), 8, 8.2);
  }
  return figures.status();
}
