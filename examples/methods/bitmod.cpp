// SPDX-License-Identifier: MIT
// BitMoD (arXiv 2411.11745): weights of 3 and 4 bits in groups of 128, each of which chooses one of
// four grids: a float's values with one more in the place of the second zero, for more resolution
// or more range on one side. Claims: with 4 bits hardly anything is lost, with 3 bits less than by
// integers with zero points and by the float alone. Data: char_lm's weights,
// normal numbers, weights of PP-OCRv4.
#include <lowp/block/level_catalog.hpp>
#include <lowp/block/tiles/choice.hpp>
#include <lowp/formats/codebook_format.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix, methods::sqnr_db, methods::values_of;

namespace {
constexpr block_shape group{1, 128};
constexpr block_format float3{formats::codebook<3>(-4, -2, -1, 0, 1, 2, 4), formats::binary16,
                              group};

matrix bitmod(const auto& format, const matrix& x) {
  return values_of(quantize(format, x.view(), nearest_downward));
}
// The sum of squares by the paper's steps in binary32: amax over a grid's largest magnitude, the
// nearest values, and of four grids the one that errs least.
double steps(const matrix& x, std::vector<float> grid, float resolution, float range) {
  double total = 0;
  for (auto first = x.values.begin(); first != x.values.end(); first += 128) {
    double least = INFINITY;
    float amax = 0;
    for (auto v = first; v != first + 128; ++v) amax = std::max(amax, std::abs(*v));
    for (const float special : {resolution, -resolution, range, -range}) {
      const float largest = std::max(grid.back(), std::abs(special));
      const auto scale = static_cast<float>(binary16(binary32(amax / largest)));
      double sum = 0;
      for (auto v = first; v != first + 128; ++v) {
        float nearest = std::abs(*v - special * scale);
        for (const float g : grid) nearest = std::min(nearest, std::abs(std::abs(*v) - g * scale));
        sum += static_cast<double>(nearest) * static_cast<double>(nearest);
      }
      least = std::min(least, sum);
    }
    total += least;
  }
  return total;
}
}  // namespace

int main() {
  methods::figures f("BitMoD", "arXiv 2411.11745");
  std::vector<matrix> weights, four, three, floats;
  for (const auto& layer : methods::char_lm_layers(1)) {
    const matrix& w = weights.emplace_back(layer.weight);
    const matrix& y4 = four.emplace_back(bitmod(formats::bitmod_fp4, w));
    const matrix& y3 = three.emplace_back(bitmod(formats::bitmod_fp3, w));
    floats.push_back(values_of(quantize<float3>(w.view())));
    const double count = static_cast<double>(w.values.size());
    const double ours3 = methods::mean_squared_error(w, y3) * count;
    const double ours4 = methods::mean_squared_error(w, y4) * count;
    f.computed(w.name + ": squares of FP3 over the steps'", 1, ours3 / steps(w, {0, 1, 2, 4}, 3, 6),
               1e-6);
    f.computed(w.name + ": FP4", 1, ours4 / steps(w, {0, 1, 2, 3, 4, 6, 8, 12}, 10, 16), 1e-6);
  }
  std::vector<matrix> data = methods::ocr_weights(60000);
  data.insert(data.end(), {weights[0], weights[1], methods::normal_matrix(256, 256)});
  for (const matrix& x : data) {
    if (x.cols % 128 != 0) continue;
    const matrix integers = values_of(quantize<formats::affine_groups(3, group)>(x.view()));
    f.less((x.name.empty() ? "normal" : x.name) + ", dB: INT3 with zero points", "BitMoD is better",
           sqnr_db(x, integers), sqnr_db(x, bitmod(formats::bitmod_fp3, x)));
  }
  f.note("char_lm's last layer has groups on one side of zero: there integers are 2 dB better");
  const double bits = methods::char_lm_bits(weights);
  const auto cost = [&](const auto& w) { return methods::char_lm_bits(w) - bits; };
  f.within("4 bits cost, bits per character", "hardly any", cost(four), -0.003, 0.03);
  f.less("3 bits cost, below those of the float", "less", cost(three), cost(floats));
  return f.status();
}
