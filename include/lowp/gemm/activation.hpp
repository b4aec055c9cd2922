// SPDX-License-Identifier: MIT
// Activation functions of binary32 numbers whose bits depend on neither compiler, options,
// floating-point environment nor machine: sequences of additions, multiplications, divisions and
// FMAs (kernels/products/activation.inc) instead of a mathematical library.
//
// Of NaN all are 0x7FC00000, of +infinity +infinity, of -infinity the limit from above: -0, or
// +0 of relu. relu is exact, of -0 it is +0. The others give a zero the sign of x. Their errors
// are measured over all binary32 numbers, in units in the last place of the result (2^-149 if it is
// subnormal).
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/config.hpp"
#include "lowp/kernels/products/activation.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// x > 0 ? x : 0
[[nodiscard]] inline float relu(float x) { return kernels::activated<activation::relu>(x); }
/// x / (1 + e^-x), at most 0.84 units off.
[[nodiscard]] inline float silu(float x) { return kernels::activated<activation::silu>(x); }
/// x * Phi(x) for the distribution function of the normal distribution, at most 1.11 units off.
[[nodiscard]] inline float gelu(float x) { return kernels::activated<activation::gelu>(x); }
/// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), at most 0.81 units off.
[[nodiscard]] inline float gelu_tanh(float x) {
  return kernels::activated<activation::gelu_tanh>(x);
}

/// The function of that name; `none` makes a NaN canonical, too.
[[nodiscard]] inline float activate(activation function, float x) {
  switch (function) {
    case activation::none: break;
    case activation::relu: return relu(x);
    case activation::silu: return silu(x);
    case activation::gelu: return gelu(x);
    case activation::gelu_tanh: return gelu_tanh(x);
  }
  return kernels::activated<activation::none>(x);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
