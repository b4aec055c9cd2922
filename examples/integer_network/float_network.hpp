// SPDX-License-Identifier: MIT
// The network in binary32 and its training: 64 pixels, 32 hidden values, 32 more that are added to
// them, 10 logits. Plain loops in a fixed order.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace digits {

struct dataset {
  std::size_t size = 0;
  std::vector<std::uint8_t> images;  ///< 64 pixels each, 0 to 16
  std::vector<std::uint8_t> labels;

  [[nodiscard]] const std::uint8_t* image(std::size_t i) const { return images.data() + 64 * i; }
};

/// y = w x + b, w outputs x inputs.
struct layer {
  std::size_t outputs, inputs;
  std::vector<float> w = std::vector<float>(outputs * inputs), b = std::vector<float>(outputs);

  void run(const float* x, float* y) const {
    for (std::size_t o = 0; o < outputs; ++o) {
      float sum = b[o];
      for (std::size_t i = 0; i < inputs; ++i) sum += w[o * inputs + i] * x[i];
      y[o] = sum;
    }
  }
};

struct activations {
  std::array<float, 64> x{};
  std::array<float, 32> first{}, second{}, sum{};  ///< after ReLU; sum = first + second
  std::array<float, 10> logits{};
};

class float_network {
 public:
  layer first{32, 64}, second{32, 32}, last{10, 32};

  [[nodiscard]] activations run(const std::uint8_t* image) const {
    activations a;
    for (std::size_t i = 0; i < 64; ++i) a.x[i] = static_cast<float>(image[i]) / 16;
    first.run(a.x.data(), a.first.data());
    for (float& v : a.first) v = std::max(v, 0.0f);
    second.run(a.first.data(), a.second.data());
    for (float& v : a.second) v = std::max(v, 0.0f);
    for (std::size_t i = 0; i < 32; ++i) a.sum[i] = a.first[i] + a.second[i];
    last.run(a.sum.data(), a.logits.data());
    return a;
  }

  /// Steps of gradient descent with momentum, an image at a time, over the images before `end`.
  void train(const dataset& data, std::size_t end, int epochs) {
    for (layer* l : {&first, &second, &last}) {
      const float width = 2 / std::sqrt(static_cast<float>(l->inputs));
      for (float& w : l->w) w = width * (static_cast<float>(draw() >> 8) * 0x1p-24f - 0.5f);
    }
    std::vector<std::size_t> order(end);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (int epoch = 0; epoch < epochs; ++epoch) {
      for (std::size_t i = end - 1; i > 0; --i) std::swap(order[i], order[draw() % (i + 1)]);
      const float rate = 0.03f * (1 - static_cast<float>(epoch) / static_cast<float>(epochs));
      for (const std::size_t i : order) step(data.image(i), data.labels[i], rate);
    }
  }

 private:
  std::uint32_t draw() { return state_ = state_ * 1664525u + 1013904223u; }

  static void descend(layer& l, const float* x, const float* gradient, float rate, float* of_x) {
    constexpr float decay = 1e-4f;
    for (std::size_t o = 0; o < l.outputs; ++o) {
      const float g = gradient[o];
      if (g == 0) continue;
      for (std::size_t i = 0; i < l.inputs; ++i) {
        float& w = l.w[o * l.inputs + i];
        if (of_x != nullptr) of_x[i] += g * w;
        w -= rate * (g * x[i] + decay * w);
      }
      l.b[o] -= rate * g;
    }
  }

  void step(const std::uint8_t* image, std::size_t label, float rate) {
    const activations a = run(image);
    std::array<float, 10> gradient{};
    const float top = *std::max_element(a.logits.begin(), a.logits.end());
    float sum = 0;
    for (std::size_t i = 0; i < 10; ++i) sum += gradient[i] = std::exp(a.logits[i] - top);
    for (float& g : gradient) g /= sum;
    gradient[label] -= 1;
    std::array<float, 32> of_sum{}, of_second{}, of_first{};
    descend(last, a.sum.data(), gradient.data(), rate, of_sum.data());
    for (std::size_t i = 0; i < 32; ++i) of_second[i] = a.second[i] > 0 ? of_sum[i] : 0;
    of_first = of_sum;
    descend(second, a.first.data(), of_second.data(), rate, of_first.data());
    for (std::size_t i = 0; i < 32; ++i) of_first[i] = a.first[i] > 0 ? of_first[i] : 0;
    descend(first, a.x.data(), of_first.data(), rate, nullptr);
  }

  std::uint32_t state_ = 1;
};

}  // namespace digits
