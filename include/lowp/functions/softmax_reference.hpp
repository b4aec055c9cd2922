// SPDX-License-Identifier: MIT
// The definition of softmax (functions/softmax.hpp), of its logarithm and that of its sum
// (log_softmax.hpp), and of its running form (online_softmax.hpp), element by element: slow and
// plain, what the kernels are tested against.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/online_softmax.hpp"
#include "lowp/functions/reference.hpp"
#include "lowp/functions/scalar_lanes.hpp"
#include "lowp/functions/scaled_exponential.hpp"
#include "lowp/functions/softmax_sums.hpp"

namespace lowp::reference {
namespace lanes {

/// base^x of a number; what lies below -2^17 is taken as that.
[[nodiscard]] constexpr scaled_number scaled_power_of(exponential_base base, float x) {
  const u32 limited = float_larger(every(-0x1p17f), std::bit_cast<u32>(x));
  const scaled_value e =
      base == exponential_base::two ? near_scaled_exp2(limited) : near_scaled_exp(limited);
  return {number(e.mantissa), number(e.exponent)};
}

}  // namespace lanes

namespace softmax_steps {

/// A block: its exponentials relative to its largest one, and their sum.
struct block {
  std::vector<float> e;
  double sum = 0;
  int exponent = 0;
};
[[nodiscard]] inline block sum_block(exponential_base base, const float* x, std::size_t count) {
  using namespace lanes;
  std::vector<scaled_number> values;
  float largest = -0x1p30f;
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(scaled_power_of(base, x[i]));
    if (largest < values[i].exponent) largest = values[i].exponent;
  }
  largest = static_cast<float>(static_cast<int>(largest) | 1);
  block b;
  std::uint32_t chains[16] = {};
  for (std::size_t i = 0; i < count; ++i) {
    const int k = static_cast<int>(values[i].exponent - largest);
    const u32 power = k < -126 ? 0 : static_cast<u32>(127 + k) << 23;
    const u32 m = bits_of(values[i].mantissa);
    chains[i % 16] = float_multiply_add(m, power, chains[i % 16]);
    b.e.push_back(number(float_multiply(m, power)));
  }
  for (std::size_t half = 8; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) chains[i] = float_add(chains[i], chains[i + half]);
  }
  b.sum = static_cast<double>(number(chains[0]));
  b.exponent = static_cast<int>(largest);
  return b;
}

/// A row: its elements, scaled and shifted, and its blocks.
struct row {
  std::vector<float> x;
  std::vector<block> blocks;
  scaled_exponential sum;
  float shift = 0;
  bool is_nan = false, is_masked = false;
};
/// Row r of `in`.
[[nodiscard]] inline row sum_row(const softmax_parameters& p, matrix_view<const float> in,
                                 std::size_t r) {
  row result;
  float largest = lowp::row_functions::negative_infinity();
  for (std::size_t i = 0; i < in.cols; ++i) {
    const bool is_hidden =
        p.causal && static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(r) > *p.causal;
    const float v =
        is_hidden ? lowp::row_functions::negative_infinity() : opaque(opaque(in(r, i)) * p.scale);
    const auto bits = std::bit_cast<std::uint32_t>(v);
    result.is_nan = result.is_nan || lowp::row_functions::is_nan(v) || bits == 0x7F800000u;
    largest = lanes::number(lanes::float_larger(lanes::bits_of(largest), bits));
    result.x.push_back(v);
  }
  result.is_masked = !result.is_nan && std::bit_cast<std::uint32_t>(largest) == 0xFF800000u;
  if (result.is_nan || result.is_masked) return result;
  const float exponent = lanes::scaled_power_of(p.base, largest).exponent;
  if (exponent < -65536 || exponent >= 65536) {
    result.shift = largest;
    for (float& v : result.x) v = opaque(v - largest);
  }
  for (std::size_t i = 0; i < in.cols; i += 1024) {
    const std::size_t count = in.cols - i < 1024 ? in.cols - i : 1024;
    result.blocks.push_back(sum_block(p.base, result.x.data() + i, count));
    const block& b = result.blocks.back();
    result.sum = result.sum + scaled_exponential{b.sum, b.exponent};
  }
  return result;
}
/// What all elements of a row are that has no softmax.
[[nodiscard]] inline float special(const row& r, masked_row masked, float zero) {
  const bool is_zero = r.is_masked && masked == masked_row::zero;
  return is_zero ? zero : lowp::row_functions::canonical_nan();
}

}  // namespace softmax_steps

/// Softmax of each row of `in`, to `out`, of the same shape: the steps that lowp::softmax states.
inline void softmax(matrix_view<const float> in, matrix_view<float> out,
                    const softmax_parameters& p = {}) {
  const default_float_environment environment;
  for (std::size_t r = 0; r < in.rows; ++r) {
    const softmax_steps::row row = softmax_steps::sum_row(p, in, r);
    for (std::size_t i = 0; i < in.cols; ++i) {
      if (row.blocks.empty()) {
        out(r, i) = softmax_steps::special(row, p.masked, 0);
        continue;
      }
      const softmax_steps::block& b = row.blocks[i / 1024];
      const double power = scaled_power(b.exponent - row.sum.exponent);
      const double f = opaque(opaque(1 / row.sum.mantissa) * power);
      out(r, i) = opaque(b.e[i % 1024] * opaque(static_cast<float>(f)));
    }
  }
}

/// The logarithm of the sum of each row of `in`: the steps that lowp::log_sum_exp states.
inline void log_sum_exp(matrix_view<const float> in, std::span<float> out,
                        const softmax_parameters& p = {}) {
  const default_float_environment environment;
  for (std::size_t r = 0; r < in.rows; ++r) {
    const softmax_steps::row row = softmax_steps::sum_row(p, in, r);
    if (row.is_nan) {
      out[r] = lowp::row_functions::canonical_nan();
    } else if (row.blocks.empty()) {
      out[r] = lowp::row_functions::negative_infinity();
    } else {
      const double log = lowp::row_functions::logarithm_of_sum(row.sum, p.base);
      out[r] = opaque(static_cast<float>(opaque(static_cast<double>(row.shift) + log)));
    }
  }
}

/// The logarithm of softmax, of each row of `in`: the steps that lowp::log_softmax states.
inline void log_softmax(matrix_view<const float> in, matrix_view<float> out,
                        const softmax_parameters& p = {}) {
  const default_float_environment environment;
  for (std::size_t r = 0; r < in.rows; ++r) {
    const softmax_steps::row row = softmax_steps::sum_row(p, in, r);
    const double log = lowp::row_functions::logarithm_of_sum(row.sum, p.base);
    const float high = opaque(static_cast<float>(log));
    const float low = opaque(static_cast<float>(opaque(log - static_cast<double>(high))));
    for (std::size_t i = 0; i < in.cols; ++i) {
      out(r, i) = row.blocks.empty() ? softmax_steps::special(
                                           row, p.masked, lowp::row_functions::negative_infinity())
                                     : opaque(opaque(row.x[i] - high) - low);
    }
  }
}

/// lowp::online_softmax, score by score: its weights, factors and sum.
class online_softmax {
 public:
  explicit online_softmax(exponential_base base = exponential_base::e) : base_(base) {}

  float add(std::span<const float> scores, std::span<float> weights) {
    const default_float_environment environment;
    float factor = 1;
    for (std::size_t i = 0; i < scores.size(); i += 1024) {
      const std::size_t count = scores.size() - i < 1024 ? scores.size() - i : 1024;
      const float by = add_block(scores.subspan(i, count), weights.subspan(i, count));
      for (std::size_t k = 0; k < i; ++k) weights[k] = opaque(weights[k] * by);
      factor = opaque(factor * by);
    }
    return factor;
  }
  [[nodiscard]] const scaled_exponential& sum() const { return sum_; }

 private:
  float add_block(std::span<const float> scores, std::span<float> weights) {
    for (const float score : scores) {
      const bool is_negative = std::bit_cast<std::uint32_t>(score) >> 31 != 0;
      is_nan_ = is_nan_ || lowp::row_functions::is_nan(score) || (!is_negative && score > 0x1p17f);
    }
    softmax_steps::block b;
    if (!is_nan_) b = softmax_steps::sum_block(base_, scores.data(), scores.size());
    is_nan_ = is_nan_ || b.exponent > 65536;
    const bool is_masked = b.exponent < -65536;
    const scaled_exponential before = sum_;
    if (!is_nan_ && !is_masked) sum_ = sum_ + scaled_exponential{b.sum, b.exponent};
    for (std::size_t i = 0; i < scores.size(); ++i) {
      weights[i] = is_nan_     ? lowp::row_functions::canonical_nan()
                   : is_masked ? 0
                               : opaque(b.e[i] * power(b.exponent - sum_.exponent));
    }
    if (is_nan_) return lowp::row_functions::canonical_nan();
    return before.mantissa == 0 ? 1 : power(before.exponent - sum_.exponent);
  }
  [[nodiscard]] static float power(std::int32_t k) {
    return opaque(static_cast<float>(opaque(scaled_power(k))));
  }

  exponential_base base_;
  scaled_exponential sum_;
  bool is_nan_ = false;
};

}  // namespace lowp::reference
