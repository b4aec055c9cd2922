// SPDX-License-Identifier: MIT
// True 4-bit CNN training (arXiv 2603.13931): weights are the 15 levels of symmetric INT4 in each
// forward and backward pass, s = max|w| / 7 of a layer; gradients go straight through to weights in
// binary32, which 3 tanh(w / 3) keeps small after each step. Claims: 92.34 % on CIFAR-10, 0.16 less
// than in full precision; all 15 levels are in use. Data: short runs of char_lm's training.
#include <lowp/lowp.hpp>
#include <lowp/number/math.hpp>
#include <set>

#include "support/figures.hpp"
#include "support/training.hpp"
using namespace lowp;
using methods::matrix;

namespace {
constexpr auto int4 = formats::scaled_tensor(formats::symmetric_int_n<4>);

float soft_clip(float w) { return static_cast<float>(binary32(3) * tanh(binary32(w) / 3)); }
}  // namespace

int main(int argument_count, char** arguments) {
  methods::figures figures("True 4-bit CNN", "arXiv 2603.13931");
  figures.computed("soft clip of 1", 0.964538213, static_cast<double>(soft_clip(1)), 1e-7);
  figures.computed("of 3", 2.284782468, static_cast<double>(soft_clip(3)), 3e-7);
  figures.computed("of 10", 2.992373902, static_cast<double>(soft_clip(10)), 3e-7);
  const double slope = static_cast<double>(soft_clip(3.0078125f) - soft_clip(2.9921875f)) * 64;
  figures.computed("slope at 3", 0.419974342, slope, 1e-4);
  std::vector<methods::trained_layer> last(3);
  methods::training_products products = methods::binary32_products();
  products.output = [&](std::size_t i, auto x, auto w, auto y) {
    last[i].weight = {w.rows, w.cols, {w.data, w.data + w.rows * w.cols}};
    gemm(x, quantize<int4>(w), y);
  };
  products.input_gradient = [](std::size_t, auto e, auto w, auto g) {
    gemm(e, transposed(quantize<int4>(w)), g);
  };
  const auto clip = [](std::size_t, std::span<float> weights) {
    for (float& w : weights) w = 3 * std::tanh(w / 3);
  };
  methods::compare_training(figures, "INT4", products, "0.16 points of accuracy", 2, argument_count,
                            arguments, {.steps = 150, .after_update = clip});
  for (std::size_t n = 0; n < 3; ++n) {
    const auto q = quantize<int4>(last[n].weight.view());
    const double step = pack_as<double>(q.group(0, 0).scale);
    std::set<code_t> codes;
    double largest = 0;
    for (std::size_t i = 0; i < last[n].weight.values.size(); ++i) {
      codes.insert(q.code(i / q.cols(), i % q.cols()));
      largest = std::max(largest, std::abs(static_cast<double>(last[n].weight.values[i]) -
                                           pack_as<double>(q.value(i / q.cols(), i % q.cols()))) /
                                      step);
    }
    const std::string layer = "layer " + std::to_string(n + 1);
    figures.within(layer + ": levels in use", "15", static_cast<double>(codes.size()), 9, 15);
    figures.within(layer + ": largest error in steps", "1/2", largest, 0.45, 0.5);
  }
  return figures.status();
}
