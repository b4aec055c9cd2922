// SPDX-License-Identifier: MIT
// What is promised of the activation functions, and how far a result is from an exact value.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "lowp/kernels/products/activation.hpp"

namespace test::gemm {

/// The formulas of lowp/gemm/activation.hpp and their errors, in units in the last place.
struct smooth_function {
  lowp::activation function;
  const char* name;
  double worst_error;
};
inline constexpr smooth_function smooth_functions[] = {
    {lowp::activation::silu, "silu", 0.84},
    {lowp::activation::gelu, "gelu", 1.11},
    {lowp::activation::gelu_tanh, "gelu_tanh", 0.81}};

/// Of the binary32 numbers about an exact value.
[[nodiscard]] inline double last_place_of(double exact) {
  if (std::fabs(exact) < 0x1p-126) return 0x1p-149;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(exact) & std::uint64_t{0x7FF} << 52) *
         0x1p-23;
}

}  // namespace test::gemm
