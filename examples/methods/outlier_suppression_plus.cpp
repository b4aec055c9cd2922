// SPDX-License-Identifier: MIT
// Outlier Suppression+ (arXiv 2304.09145): columns of activations are shifted to lie about zero
// and, where they exceed a threshold t, scaled down to it; the next weights and bias undo both. t
// is the one under which the quantized product errs least. Claim, of LayerNorm's outputs in 6 bits
// per tensor: shifts and scales each err less than ranges alone.
#include <lowp/block/level_catalog.hpp>
#include <lowp/lowp.hpp>
#include <lowp/transforms/column_arithmetic.hpp>
#include <lowp/transforms/column_statistics.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
methods::matrix uint6(const methods::matrix& x) {  // one scale and zero point
  constexpr block_shape tensor{block_shape::whole, block_shape::whole};
  return methods::values_of(
      quantize<formats::affine_groups(6, tensor, formats::binary32)>(x.view()));
}
methods::matrix int6(const methods::matrix& w) {
  return methods::values_of(quantize<formats::scaled_rows(formats::symmetric_int_n<6>)>(w.view()));
}

// x' = (x + shifts) / s, w' = w s, and x w^T = x' w'^T - shifts w^T.
struct migration {
  methods::matrix x, w, bias;
  migration(const methods::layer& layer, std::span<const float> shifts, float t)
      : x(layer.input), w(layer.weight), bias(methods::product({shifts.data(), 1, x.cols}, w)) {
    for (float& b : bias.values) b = -b;
    shift_columns(x.view(), shifts, x.view());
    std::vector<float> scales = column_magnitudes(x.view());
    for (float& s : scales) s = std::max(1.0f, s / t);
    divide_columns(x.view(), scales, x.view());
    scale_columns(w.view(), scales, w.view());
  }
  methods::matrix product(bool is_quantized) const {
    methods::matrix y = is_quantized ? methods::product(uint6(x), int6(w)) : methods::product(x, w);
    shift_columns(y.view(), bias.values, y.view());
    return y;
  }
};
}  // namespace

int main() {
  methods::figures figures("Outlier Suppression+", "arXiv 2304.09145");
  methods::matrix column{2, 1, {-97, -58}};  // a column of the paper
  shift_columns(column.view(), centring_shifts(column.view()), column.view());
  figures.equal("end of -97 to -58, shifted", "19.5", static_cast<double>(column.values[1]), 19.5);
  const auto layers = methods::char_lm_layers(256);
  for (const auto& layer : layers) {
    const auto y = methods::product(layer.input, layer.weight);
    const std::vector<float> none(layer.input.cols), centring = centring_shifts(layer.input.view());
    const auto error = [&](std::span<const float> shifts, float t) {
      return mean_squared_error(y, migration(layer, shifts, t).product(true));
    };
    const double plain = error(none, 1e30f), shifted = error(centring, 1e30f);
    // ReLU's zeros are most of the next layers' input. The range has them exactly, shifts do not.
    const bool has_signs = &layer == &layers[0];
    const auto& shifts = has_signs ? centring : none;
    const migration unscaled(layer, shifts, 1e30f);
    const auto sizes = column_magnitudes(unscaled.x.view());
    double best = 1e30;
    for (int step = 0; step < 100; ++step)
      best = std::min(best, error(shifts, *std::ranges::max_element(sizes) *
                                              static_cast<float>(100 - step) / 100));
    const auto& name = layer.weight.name;
    figures.within(name + ", unquantized, dB", "exact but for rounding",
                   sqnr_db(y, migration(layer, centring, 0.5f).product(false)), 110, 160);
    if (has_signs)
      figures.less(name + ", squared error, shifts to ranges", "less", shifted / plain, 1);
    if (!has_signs)
      figures.note(name + ", after ReLU, squared error, shifts to ranges: " +
                   std::to_string(shifted / plain));
    figures.less(name + ", squared error, with scales", "less", best / plain,
                 has_signs ? shifted / plain : 1);
  }
  return figures.status();
}
