// SPDX-License-Identifier: MIT
// The network in integers: weights of Bits bits with a scale for each row, activations of 8 bits,
// sums of 32. Scales are binary64 while the network is made; inference knows dyadic numbers alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <lowp/block/affine_matrix.hpp>
#include <lowp/formats/integers.hpp>
#include <lowp/functions/integer/requantize.hpp>
#include <lowp/functions/integer/scales.hpp>
#include <lowp/functions/integer/shiftmax.hpp>
#include <lowp/gemm/gemm.hpp>
#include <vector>

#include "float_network.hpp"

namespace digits {

using integers = std::vector<std::int32_t>;

/// Weights as codes of Bits bits in packed rows, biases in the scale of the sums, and what brings
/// the sum of each output to the scale of the layer's result.
template <int Bits>
class integer_layer {
 public:
  integer_layer(const layer& from, double input_scale, double output_scale)
      : outputs_(from.outputs), inputs_(from.inputs) {
    for (std::size_t o = 0; o < outputs_; ++o) {
      const float* const w = from.w.data() + o * inputs_;
      const double scale = best_scale(w);
      for (std::size_t i = 0; i < inputs_; ++i) codes_.push_back(code(w[i], scale));
      bias_.push_back(static_cast<std::int32_t>(
          std::lrint(static_cast<double>(from.b[o]) / (scale * input_scale))));
      rescale_.push_back(lowp::dyadic_of(scale * input_scale / output_scale));
    }
    const std::size_t per_byte = 8 / Bits;
    packed_.resize(codes_.size() / per_byte);
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      const auto bits = static_cast<unsigned>(codes_[i]) & ((1u << Bits) - 1);
      packed_[i / per_byte] |= static_cast<std::uint8_t>(bits << (i % per_byte * Bits));
    }
  }

  /// Of `count` rows of integers from -128 to 127. Sums of products are below 2^24, so that the
  /// result of gemm, of binary32, has each as it is.
  template <class T, class Rounding>
  [[nodiscard]] std::vector<T> run(const std::vector<std::int8_t>& x, std::size_t count,
                                   const Rounding& rounding, const lowp::requantized<T>& to) const {
    using namespace lowp;
    const std::vector<std::uint8_t> bytes(x.begin(), x.end());
    const affine_matrix_view<formats::int_n<8>> a({bytes, count, inputs_}, {0, 0}, {});
    const affine_matrix_view<formats::int_n<Bits>> b({packed_, outputs_, inputs_}, {0, 0}, {});
    std::vector<float> products(count * outputs_);
    gemm<policies::integers>(a, b, {products.data(), count, outputs_});
    integers sums(products.begin(), products.end());
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += bias_[i % outputs_];
    std::vector<T> y(sums.size());
    requantize({sums.data(), count, outputs_}, rescale_, matrix_view<T>(y.data(), count, outputs_),
               rounding, to);
    return y;
  }

  /// One output by the definition, to compare with.
  template <class T, class Rounding>
  [[nodiscard]] T define(const std::int8_t* x, std::size_t output, const Rounding& rounding,
                         const lowp::requantized<T>& to) const {
    std::int32_t sum = bias_[output];
    for (std::size_t i = 0; i < inputs_; ++i) sum += codes_[output * inputs_ + i] * x[i];
    return to(lowp::scaled(sum, rescale_[output], rounding));
  }
  [[nodiscard]] std::size_t outputs() const { return outputs_; }

 private:
  static constexpr int most = (1 << (Bits - 1)) - 1;

  [[nodiscard]] static std::int32_t code(float w, double scale) {
    return std::clamp(static_cast<std::int32_t>(std::lrint(static_cast<double>(w) / scale)), -most,
                      most);
  }
  /// Of 64 scales up to the one for the largest magnitude, the one that errs least.
  [[nodiscard]] double best_scale(const float* w) const {
    double amax = 1e-6, best = 0, least = 1e30;
    for (std::size_t i = 0; i < inputs_; ++i)
      amax = std::max(amax, std::abs(static_cast<double>(w[i])));
    for (int step = 32; step <= 95; ++step) {
      const double scale = amax / most * step / 95;
      double error = 0;
      for (std::size_t i = 0; i < inputs_; ++i) {
        const double e = static_cast<double>(w[i]) - code(w[i], scale) * scale;
        error += e * e;
      }
      if (error <= least) least = error, best = scale;
    }
    return best;
  }

  std::size_t outputs_, inputs_;
  integers codes_, bias_;
  std::vector<lowp::dyadic> rescale_;
  std::vector<std::uint8_t> packed_;
};

/// The largest value of each tensor of activations.
struct ranges {
  double first = 0, second = 0, sum = 0, logits = 0;

  void add(const activations& a) {
    const auto widen = [](double& range, const auto& values) {
      for (const float v : values) range = std::max(range, std::abs(static_cast<double>(v)));
    };
    widen(first, a.first);
    widen(second, a.second);
    widen(sum, a.sum);
    widen(logits, a.logits);
  }
};

template <int Bits>
class integer_network {
 public:
  integer_network(const float_network& from, const ranges& r)
      : first_(from.first, 1.0 / 16, r.first / 127),
        second_(from.second, r.first / 127, r.second / 127),
        last_(from.last, r.sum / 127, r.logits / 127),
        first_to_sum_(lowp::dyadic_of(r.first / r.sum)),
        second_to_sum_(lowp::dyadic_of(r.second / r.sum)),
        softmax_{.unit = lowp::shift_unit_of(r.logits / 127)} {}

  struct result {
    std::vector<std::int8_t> logits, probabilities;  ///< 10 for each image
  };
  /// `images` are pixels from 0 to 16. How a sum is rounded is one of lowp::dyadic_roundings.
  template <class Rounding>
  [[nodiscard]] result run(const std::vector<std::int8_t>& images, const Rounding& rounding) const {
    using namespace lowp;
    const std::size_t count = images.size() / 64;
    const requantized<std::int8_t> relu{.low = 0};
    const std::vector<std::int8_t> a = first_.run(images, count, rounding, relu);
    const std::vector<std::int8_t> b = second_.run(a, count, rounding, relu);
    const integers first(a.begin(), a.end()), second(b.begin(), b.end());
    std::vector<std::int8_t> sum(a.size());
    add_requantized({first.data(), count, 32}, first_to_sum_, {second.data(), count, 32},
                    second_to_sum_, matrix_view<std::int8_t>(sum.data(), count, 32), rounding);
    result r{last_.run(sum, count, rounding, requantized<std::int8_t>{}), {}};
    const integers logits(r.logits.begin(), r.logits.end());
    r.probabilities.resize(logits.size());
    shiftmax({logits.data(), count, 10}, softmax_,
             matrix_view<std::int8_t>(r.probabilities.data(), count, 10));
    return r;
  }

  /// The logits of one image, by the scalar definitions.
  template <class Rounding>
  [[nodiscard]] std::vector<std::int8_t> define(const std::int8_t* image,
                                                const Rounding& rounding) const {
    using namespace lowp;
    const requantized<std::int8_t> relu{.low = 0}, any{};
    std::vector<std::int8_t> a, b, sum, logits;
    for (std::size_t o = 0; o < 32; ++o) a.push_back(first_.define(image, o, rounding, relu));
    for (std::size_t o = 0; o < 32; ++o) b.push_back(second_.define(a.data(), o, rounding, relu));
    for (std::size_t o = 0; o < 32; ++o) {
      sum.push_back(
          any(scaled(a[o], first_to_sum_, rounding) + scaled(b[o], second_to_sum_, rounding)));
    }
    for (std::size_t o = 0; o < 10; ++o)
      logits.push_back(last_.define(sum.data(), o, rounding, any));
    return logits;
  }

 private:
  integer_layer<Bits> first_, second_, last_;
  lowp::dyadic first_to_sum_, second_to_sum_;
  lowp::shift_exponential softmax_;
};

}  // namespace digits
