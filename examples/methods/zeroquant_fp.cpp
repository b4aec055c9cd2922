// SPDX-License-Identifier: MIT
// ZeroQuant-FP (arXiv 2307.09782): weights in FP4 by groups, activations in FP8 by rows, and scales
// of weights that become FP8 by a shift: powers of two (M1), or the row's largest over powers of
// two (M2). Claims: FP4 is no worse than INT4; M2 is better than M1 and costs little; FP8 beats
// INT8 where activations have outliers. FP6 becomes FP16 by moving bits (FP6-LLM).
#include <lowp/block/rules/scale_constraints.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;

namespace {
constexpr block_format fp4{formats::e2m1, formats::binary32, block_shape{1, 128}};
constexpr block_format int4{formats::symmetric_int_n<4>, formats::binary32, block_shape{1, 128}};

template <auto F, class... Rule>
double sqnr(const methods::matrix& x, const Rule&... rule) {
  return sqnr_db(x, methods::values_of(quantize<F>(x.view(), rule...)));
}
}  // namespace

int main() {
  methods::figures figures("ZeroQuant-FP", "arXiv 2307.09782");
  const auto layers = methods::char_lm_layers();
  auto weights = methods::ocr_weights(100000);
  for (const auto& layer : layers) weights.push_back(layer.weight);
  double by_int4 = 0, by_fp4 = 0, m1 = 0, m2 = 0, m2_nearest = 0, m2_down = 0;  // mean dB
  for (const auto& w : weights) {
    const double share = 1 / static_cast<double>(weights.size());
    const auto q = quantize<fp4>(w.view());
    std::vector<float> free = scales_of(q);
    for (float& scale : free) scale = std::max(scale, 0x1p-100f);  // of groups of zeros
    const auto tied = [&](scale_direction direction) {
      std::vector<float> scales = free;
      tie_to_row_maxima(scales, q.block_col_count(), direction);
      return share * sqnr<fp4>(w, rules::given{scales});
    };
    std::vector<float> powers = free;
    make_powers_of_two(powers, scale_direction::up);
    by_int4 += share * sqnr<int4>(w);
    by_fp4 += share * sqnr<fp4>(w);
    m1 += share * sqnr<fp4>(w, rules::given{powers});
    m2 += tied(scale_direction::up);
    m2_nearest += tied(scale_direction::nearest);
    m2_down += tied(scale_direction::down);
  }
  figures.less("weights, mean dB, INT4 below FP4", "comparable or worse", by_int4, by_fp4);
  figures.less("FP4, M1 below M2", "M2 is better", m1, m2);
  figures.less("FP4, M2 below scales of their own", "a little", m2, by_fp4);
  figures.note("M2 to the nearest power: " + std::to_string(m2_nearest) +
               "; by the formula as printed, under which groups clip: " + std::to_string(m2_down));

  int inexact = 0;  // of FP4 shifted by 0 to 7, as FP8
  for (code_t code = 0; code < 16; ++code) {
    for (int n = 0; n < 8; ++n) {
      const unpacked x = scale_by_power_of_two(decode(formats::e2m1, code), -n);
      inexact +=
          pack_as<float>(decode(formats::e4m3fn, encode(formats::e4m3fn, x))) != pack_as<float>(x);
    }
  }
  figures.equal("FP4 times 2^-n that is no FP8", "0", inexact, 0);
  int wrong = 0;  // exponent and mantissa at the low end of FP16's exponent, times 2^12
  for (code_t code = 0; code < 64; ++code) {
    const float moved = float(binary16::from_code((code >> 5) << 15 | (code & 31) << 8));
    wrong += moved * 0x1p12f != pack_as<float>(decode(formats::e3m2, code));
  }
  figures.equal("FP6 decoded by moving bits, codes that differ", "0", wrong, 0);

  constexpr auto int8 = formats::scaled_rows(formats::symmetric_int_n<8>);
  constexpr auto fp8 = formats::scaled_rows(formats::e4m3fn);
  methods::matrix outliers = methods::normal_matrix(64, 4096);
  for (std::size_t r = 0; r < 64; ++r) outliers.values[r * 4096] = 60;  // as large models have
  figures.less("activations with outliers of 60, dB, INT8 below FP8", "INT8 is worse",
               sqnr<int8>(outliers), sqnr<fp8>(outliers));
  figures.less("char_lm, which has none, FP8 below INT8", "INT8 is worse",
               sqnr<fp8>(layers[2].input), sqnr<int8>(layers[2].input));
  return figures.status();
}
