// SPDX-License-Identifier: MIT
// Double Rounding (arXiv 2502.01199, "Nearly Lossless Adaptive Bit Switching"): weights are kept in
// INT8 alone, and those of fewer bits are made from the codes by rounding once more, with 2^(8 - n)
// times the scale. Claims: next to nothing is lost against rounding the weights themselves to n
// bits; dropping the last bits of codes, as was done before, loses much.
// Data: char_lm. The paper learns scales in training, here the largest weight of a row gives them.
#include <cmath>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
// Integers of n bits times 2^(8 - n): those nearest to the codes of INT8.
template <int Bits>
constexpr fixed_format leading{.total_bits = Bits, .fraction_bits = Bits - 8};

// Codes for which that is not the integer nearest to code / 2^(8 - n), ties to even, clipped.
template <int Bits>
int differences() {
  int count = 0;
  for (int code = -128; code < 128; ++code) {
    const int step = 1 << (8 - Bits), low = code >> (8 - Bits), rest = code - low * step;
    const bool is_up = 2 * rest > step || (2 * rest == step && low % 2 != 0);
    const int nearest = std::min(is_up ? low + 1 : low, (1 << (Bits - 1)) - 1) * step;
    count += convert<leading<Bits>>(static_cast<double>(code)) != nearest;
  }
  return count;
}

template <int Bits>
methods::matrix switched(const auto& int8, const auto& mode) {
  methods::matrix w{int8.rows(), int8.cols()};
  const std::span<float> values(w.values);
  decode(const_packed_span<formats::int_n<8>>(int8.codes(), values.size()), values);
  round_to<leading<Bits>>(std::span<const float>(values), values, mode);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] *= static_cast<float>(int8.scale_of(i / w.cols, 0));
  return w;
}

// By how many decibels the second rounding and dropped bits are worse, next to what theory has.
template <int Bits>
void compare(methods::figures& figures, const auto& layers, double rounding, double dropping) {
  static constexpr auto direct = formats::scaled_rows(leading<Bits>);
  std::vector<methods::matrix> once, twice;
  double lost_twice = 0, lost_dropped = 0;
  for (const auto& layer : layers) {
    const methods::matrix& w = layer.weight;
    const auto int8 = quantize<formats::scaled_rows(formats::int_n<8>)>(w.view());
    std::vector<float> scales;
    for (std::size_t r = 0; r < w.rows; ++r)
      scales.push_back(static_cast<float>(int8.scale_of(r, 0)));
    once.push_back(methods::values_of(quantize<direct>(w.view(), rules::given{scales})));
    twice.push_back(switched<Bits>(int8, nearest_even));
    const double best = methods::sqnr_db(w, once.back());
    lost_twice += (best - methods::sqnr_db(w, twice.back())) / 3;
    lost_dropped += (best - methods::sqnr_db(w, switched<Bits>(int8, downward))) / 3;
  }
  const std::string name = std::to_string(Bits) + " bits: ";
  const double exact = methods::char_lm_bits(once), loss = methods::char_lm_bits(twice) - exact;
  const double rounded = 10 * std::log10(rounding), cut = 10 * std::log10(dropping);
  figures.equal(name + "codes with another integer", "0", differences<Bits>(), 0);
  figures.within(name + "twice, dB lost", "little", lost_twice, rounded - 0.05, rounded + 0.05);
  figures.within(name + "dropped, dB lost", "much", lost_dropped, cut - 0.1, cut + 0.1);
  figures.within(name + "twice, bits per character lost", "little", loss, -0.01, 0.01);
}
}  // namespace

int main() {
  methods::figures figures("Double Rounding", "arXiv 2502.01199");
  const auto layers = methods::char_lm_layers(1);
  // Mean squares of what rounding integers to multiples of 4 and 16, and dropping bits, leaves, and
  // 1/12 of the first rounding, over those of real numbers; all in 12ths.
  compare<6>(figures, layers, 19.0 / 16, 43.0 / 16);
  compare<4>(figures, layers, 259.0 / 256, 931.0 / 256);
  return figures.status();
}
