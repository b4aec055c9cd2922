// SPDX-License-Identifier: MIT
// GLM-130B (arXiv 2210.02414): weights alone in INT8 or INT4, symmetric, a scale for each row.
// Claims: INT8 loses nothing, INT4 next to nothing (0.74 % of LAMBADA's accuracy there), and 4 bits
// are an eighth of binary32's memory.
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {

struct outcome {
  std::vector<methods::matrix> weights;
  double bits_per_weight = 0;  // scales included
  double largest_error = 0;    // in steps of the row's scale
};

template <int Bits>
outcome quantize_weights(const std::vector<methods::layer>& layers) {
  outcome result;
  double values = 0, bits = 0;
  for (const auto& layer : layers) {
    // s = max|w| / (2^(b-1) - 1) of each row, w / s to the nearest integer.
    const auto q =
        quantize<formats::scaled_rows(formats::symmetric_int_n<Bits>)>(layer.weight.view());
    result.weights.push_back(methods::values_of(q));
    const double count = static_cast<double>(layer.weight.values.size());
    values += count;
    bits += q.bits_per_value() * count;
    for (std::size_t i = 0; i < layer.weight.values.size(); ++i) {
      const float error = std::abs(layer.weight.values[i] - result.weights.back().values[i]);
      const float scale = pack_as<float>(q.group(i / layer.weight.cols, 0).scale);
      result.largest_error = std::max(result.largest_error, static_cast<double>(error / scale));
    }
  }
  result.bits_per_weight = bits / values;
  return result;
}

}  // namespace

int main() {
  methods::figures figures("GLM-130B", "arXiv 2210.02414");
  const auto layers = methods::char_lm_layers();
  const auto int8 = quantize_weights<8>(layers), int4 = quantize_weights<4>(layers);
  // Rows of the paper's model have 12288 weights, so that scales weigh nothing there.
  figures.within("INT8, bits per weight", "8", int8.bits_per_weight, 8, 8.15);
  figures.within("INT4, bits per weight", "4", int4.bits_per_weight, 4, 4.15);
  figures.within("INT8, largest error in steps", "0.5", int8.largest_error, 0.49, 0.50001);
  figures.within("INT4, largest error in steps", "0.5", int4.largest_error, 0.49, 0.50001);

  std::vector<methods::matrix> weights;
  for (const auto& layer : layers) weights.push_back(layer.weight);
  const double bits = methods::char_lm_bits(weights);
  figures.note("char_lm, bits per character in binary32: " + std::to_string(bits));
  figures.within("INT8, loss in bits per character", "none",
                 methods::char_lm_bits(int8.weights) - bits, -.003, .003);
  figures.within("INT4, loss in bits per character", "little",
                 methods::char_lm_bits(int4.weights) - bits, -.003, .1);
  return figures.status();
}
