// SPDX-License-Identifier: MIT
// The definition of softmax (functions/softmax.hpp), element by element: slow and plain, what the
// kernels are tested against.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/functions/reference.hpp"
#include "lowp/functions/scalar_lanes.hpp"
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

inline void transform_row(const softmax_parameters& p, const float* in, std::size_t count,
                          float* out) {
  const auto is_infinite = [](float v) { return std::bit_cast<std::uint32_t>(v) == 0x7F800000u; };
  std::vector<float> x(count);
  float largest = lowp::row_functions::negative_infinity();
  bool is_nan = false;
  for (std::size_t i = 0; i < count; ++i) {
    x[i] = opaque(opaque(in[i]) * p.scale);
    is_nan = is_nan || lowp::row_functions::is_nan(x[i]) || is_infinite(x[i]);
    largest = lanes::number(lanes::float_larger(lanes::bits_of(largest), lanes::bits_of(x[i])));
  }
  const bool is_masked = std::bit_cast<std::uint32_t>(largest) == 0xFF800000u;
  if (is_nan || is_masked) {
    const bool is_zero = !is_nan && p.masked == masked_row::zero;
    for (std::size_t i = 0; i < count; ++i)
      out[i] = is_zero ? 0 : lowp::row_functions::canonical_nan();
    return;
  }
  const float exponent = lanes::scaled_power_of(p.base, largest).exponent;
  if (exponent < -65536 || exponent >= 65536) {
    for (float& v : x) v = opaque(v - largest);
  }
  std::vector<block> blocks;
  scaled_exponential sum;
  for (std::size_t i = 0; i < count; i += 1024) {
    blocks.push_back(sum_block(p.base, x.data() + i, count - i < 1024 ? count - i : 1024));
    sum = sum + scaled_exponential{blocks.back().sum, blocks.back().exponent};
  }
  for (std::size_t i = 0; i < count; ++i) {
    const block& b = blocks[i / 1024];
    const double f = opaque(opaque(1 / sum.mantissa) * scaled_power(b.exponent - sum.exponent));
    out[i] = opaque(b.e[i % 1024] * opaque(static_cast<float>(f)));
  }
}

}  // namespace softmax_steps

/// Softmax of each row of `in`, to `out`, of the same shape: the steps that lowp::softmax states.
inline void softmax(matrix_view<const float> in, matrix_view<float> out,
                    const softmax_parameters& p = {}) {
  const default_float_environment environment;
  for (std::size_t row = 0; row < in.rows; ++row) {
    softmax_steps::transform_row(p, in.row(row), in.cols, out.row(row));
  }
}

}  // namespace lowp::reference
