// SPDX-License-Identifier: MIT
// The functions that the results of a layer go through, by name.
#pragma once

#include <cstdint>

namespace lowp {

/// What is computed of a result; gemm/activation.hpp says how exactly. `e` is Euler's number, Phi
/// the distribution function of the normal distribution.
enum class activation : std::uint8_t {
  none,
  relu,       ///< x > 0 ? x : 0
  silu,       ///< x / (1 + e^-x)
  gelu,       ///< x * Phi(x)
  gelu_tanh,  ///< x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
};

}  // namespace lowp
