// SPDX-License-Identifier: MIT
// Elucidating the Design Space of FP4 training (arXiv 2509.17791): E2M1 in blocks of 16 under
// scales of E8M0, UE4M3 or UE5M3, with a scale of the tensor or without. Claims: UE5M3 needs no
// scale of the tensor, since it has the range that gradients take, and nearly the precision of
// UE4M3; powers of two are coarser; stochastic rounding is unbiased; where scales are not rounded,
// the derivative by the largest element of a block goes through the scale. Data: char_lm's weights,
// and gradients of its logits: probabilities over a batch of 1024.
#include <cmath>
#include <lowp/lowp.hpp>
#include <lowp/rounding/stochastic.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"

using namespace lowp;
namespace {
template <auto Scale>
methods::matrix rounded(const methods::matrix& x, const auto& rule, const auto& mode) {
  constexpr block_format format{formats::e2m1, Scale, block_shape{1, 16}};
  return methods::values_of(quantize<format>(x.view(), rule, mode));
}
template <auto Scale>
double sqnr_db(const methods::matrix& x, const auto& rule) {
  return methods::sqnr_db(x, rounded<Scale>(x, rule, nearest_even));
}

// sum of x * y over that of x^2: 1 of what is unbiased.
double gain(const methods::matrix& x, const methods::matrix& y) {
  double product = 0, square = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double value = static_cast<double>(x.values[i]);
    product += value * static_cast<double>(y.values[i]);
    square += value * value;
  }
  return product / square;
}

// The share of elements, in %, that do not grow by 2^-10 as the largest one of their block does:
// those whose code changes. That is the derivative through a scale that is not rounded.
double share_of_other_growth(const methods::matrix& x) {
  methods::matrix moved = x;
  const auto smaller = [](float a, float b) { return std::abs(a) < std::abs(b); };
  for (auto first = moved.values.begin(); first != moved.values.end(); first += 16)
    *std::max_element(first, first + 16, smaller) *= 1 + 0x1p-10f;
  const auto before = rounded<formats::binary32>(x, rules::amax, nearest_even);
  const auto after = rounded<formats::binary32>(moved, rules::amax, nearest_even);
  double other = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const auto y = static_cast<double>(before.values[i]);
    other +=
        std::abs(static_cast<double>(after.values[i]) - y * (1 + 0x1p-10)) > std::abs(y) * 0x1p-20;
  }
  return 100 * other / static_cast<double>(x.values.size());
}
}  // namespace

int main() {
  methods::figures figures("Elucidating FP4", "arXiv 2509.17791");
  auto weight = methods::char_lm_layers(1)[1].weight, gradient = methods::logit_gradients(1024);
  for (float& g : gradient.values) g /= 1024;  // of the mean loss
  constexpr auto nvfp4 = formats::scaled_tensor(formats::ue4m3);
  for (const auto* x : {&gradient, &weight}) {
    const std::string name = x == &gradient ? "gradients" : "weights";
    const double nv = sqnr_db<nvfp4>(*x, rules::amax),
                 ue = sqnr_db<formats::ue5m3>(*x, rules::amax);
    const double coarse = sqnr_db<formats::e8m0>(*x, rules::rceil);
    figures.within(name + ", dB: UE5M3 below NVFP4", "good compromise", nv - ue, -0.1, 1.5);
    figures.less(name + ", dB: E8M0", "less precise", coarse, ue);
  }
  const double alone = sqnr_db<formats::ue4m3>(gradient, rules::amax);
  figures.within("gradients, dB: UE4M3 alone", "too narrow", alone, 0, 10);
  const auto nearest = rounded<formats::e8m0>(weight, rules::rceil, nearest_even);
  const auto random = rounded<formats::e8m0>(weight, rules::rceil, stochastic{.seed = 1});
  figures.within("gain of rounding to nearest", "biased; computed 0.99005", gain(weight, nearest),
                 0.989, 0.991);
  figures.within("gain of stochastic rounding", "unbiased", gain(weight, random), 0.998, 1.002);
  figures.within("elements without the scale's derivative, %", "none",
                 share_of_other_growth(weight), 0, 0.5);
  return figures.status();
}
