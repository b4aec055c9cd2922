// SPDX-License-Identifier: MIT
// HiFloat4 (format arXiv 2602.11287): 64 elements of sign and three bits, k / 4, under a scale of
// E6M2; one bit doubles 8 of them, another one 4. Claims: 4.5 bits per value, from -7 to 7 times
// the scale, and less error than NVFP4, with as many bits, and MXFP4. The authors' steps are
// rules::hif4. Data: normal numbers, char_lm's weights, what its layers see, and its predictions.
#include <lowp/block/level_catalog.hpp>
#include <lowp/block/rules/hif4.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;
using methods::matrix;

namespace {
matrix in_hif4(const matrix& x) {
  return methods::values_of(quantize<formats::hif4>(x.view(), rules::hif4));
}
double hif4_db(const matrix& x) { return methods::sqnr_db(x, in_hif4(x)); }
template <auto Format>
double sqnr_db(const matrix& x, const auto& rule) {
  return methods::sqnr_db(x, methods::values_of(quantize<Format>(x.view(), rule)));
}
}  // namespace

int main() {
  methods::figures figures("HiFloat4", "arXiv 2602.11287");
  const block_matrix<formats::hif4> empty(1, 64);
  figures.equal("bits per value", "4.5", empty.bits_per_value(), 4.5);

  // A block whose elements are those of the format, from the largest one down: all come back.
  matrix grid{1, 64};
  for (std::size_t i = 0; i < 64; ++i) {
    const double quarter = static_cast<double>(7 - i / 4 % 8) / 4, bits = i < 32 ? 4 : 1;
    grid.values[i] = static_cast<float>((i % 2 == 0 ? 1 : -1) * quarter * bits);
  }
  double differences = 0;
  for (std::size_t i = 0; i < 64; ++i) differences += in_hif4(grid).values[i] != grid.values[i];
  figures.equal("values up to 7 that do not come back", "0", differences, 0);
  double zeros = 0;
  for (const float v : in_hif4(matrix{1, 64}).values) zeros += v == 0;
  figures.equal("zeros of a block of zeros", "64", zeros, 64);

  const matrix normal = methods::normal_matrix(1024, 1024);
  const double hif4 = hif4_db(normal);
  const double nvfp4 = sqnr_db<formats::nvfp4>(normal, rules::amax);
  const double mxfp4 = sqnr_db<formats::mxfp4>(normal, rules::floor);
  figures.computed("normal numbers, dB: HiF4", 21.63, hif4, 0.03);
  figures.computed("NVFP4", 20.43, nvfp4, 0.03);
  figures.computed("MXFP4", 18.785, mxfp4, 0.03);
  const double other =
      methods::sqnr_db(normal, methods::values_of(quantize<formats::hif4>(normal.view())));
  figures.less("HiF4 with scales to nearest, level by level", "not in the paper", other, hif4);

  const auto layers = methods::char_lm_layers();
  std::vector<matrix> weights, in4, in_nv, in_mx;
  for (const auto& layer : layers) {
    for (const auto* x : {&layer.weight, &layer.input}) {
      figures.less("char_lm, " + x->name + ", dB: NVFP4", "HiF4 is better",
                   sqnr_db<formats::nvfp4>(*x, rules::amax), hif4_db(*x));
    }
    weights.push_back(layer.weight);
    in4.push_back(in_hif4(layer.weight));
    in_mx.push_back(methods::values_of(quantize<formats::mxfp4>(layer.weight.view())));
  }
  const double bits = methods::char_lm_bits(weights);
  const double cost4 = methods::char_lm_bits(in4) - bits,
               costmx = methods::char_lm_bits(in_mx) - bits;
  figures.within("weights in HiF4, loss in bits per character", "small", cost4, -0.003, 0.03);
  figures.less("below that of MXFP4", "less", cost4, costmx);
  return figures.status();
}
