// SPDX-License-Identifier: MIT
// The definition of the matrix product C[M x N] = A[M x K] * B[N x K]^T that every kernel is tested
// against: decode both operands, then three loops in the order that the policy states.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>  // fma, exact in one rounding
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/gemm/exact_sum.hpp"
#include "lowp/gemm/operand.hpp"
#include "lowp/gemm/policy.hpp"

namespace lowp {

namespace detail {

/// An operand row by row, each value through `convert`.
template <class Convert>
[[nodiscard]] auto operand_values(const auto& x, const Convert& convert) {
  std::vector<decltype(convert(unpacked{}))> values;
  values.reserve(operand_rows(x) * operand_cols(x));
  for (std::size_t row = 0; row < operand_rows(x); ++row) {
    for (std::size_t col = 0; col < operand_cols(x); ++col) {
      values.push_back(convert(operand_value(x, row, col)));
    }
  }
  return values;
}

// The chains below start from an opaque zero, so that no compiler moves an operation out of the
// environment that is set around them or drops one that only changes the sign of zero.

/// a * b + c, rounded once. Under -ffast-math clang takes std::fma apart where the target has no
/// such instruction; a call of the C function that it cannot see through stays.
template <std::floating_point T>
[[nodiscard]] T fused_multiply_add(T a, T b, T c) {
#if defined(__clang__) && defined(__x86_64__) && !defined(__FMA__)
  T (*function)(T, T, T);
  if constexpr (std::same_as<T, float>) {
    function = &::fmaf;
  } else {
    function = &::fma;
  }
  asm volatile("" : "+r"(function));
  return function(a, b, c);
#else
  return std::fma(a, b, c);
#endif
}

[[nodiscard]] inline float dot_k32(const float* a, const float* b, std::size_t depth) {
  float sum = opaque(0.0f);
  for (std::size_t step = 0; step < depth; step += 32) {
    const std::size_t end = std::min(step + 32, depth);
    float even = opaque(0.0f), odd = opaque(0.0f);
    for (std::size_t k = step; k < end; k += 2) {
      even = opaque(fused_multiply_add(a[k], b[k], even));
      if (k + 1 < end) odd = opaque(fused_multiply_add(a[k + 1], b[k + 1], odd));
    }
    sum = opaque(sum + opaque(even + odd));
  }
  return sum;
}

[[nodiscard]] inline float dot_sequential(const float* a, const float* b, std::size_t depth) {
  float sum = opaque(0.0f);
  for (std::size_t k = 0; k < depth; ++k) sum = opaque(fused_multiply_add(a[k], b[k], sum));
  return sum;
}

[[nodiscard]] inline double dot_binary64(const float* a, const float* b, std::size_t depth) {
  double sum = opaque(0.0);
  for (std::size_t k = 0; k < depth; ++k) {
    const auto x = static_cast<double>(opaque(a[k])), y = static_cast<double>(opaque(b[k]));
    sum = opaque(fused_multiply_add(x, y, sum));
  }
  return sum;
}

/// A NaN result is the quiet one without sign and payload.
[[nodiscard]] inline float with_canonical_nan(const float& x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC00000u : bits);
}

/// The lowest and highest exponent of the finite values, {0, 0} if there are none.
struct exponent_bounds {
  int low = 0, high = 0;
};
[[nodiscard]] inline exponent_bounds exponents_of(const std::vector<unpacked>& values) {
  exponent_bounds range;
  bool is_first = true;
  for (const unpacked& value : values) {
    if (value.kind != value_kind::finite) continue;
    range.low = is_first ? value.exponent : std::min(range.low, value.exponent);
    range.high = is_first ? value.exponent : std::max(range.high, value.exponent);
    is_first = false;
  }
  return range;
}

inline void require_gemm_shapes(std::size_t a_rows, std::size_t a_cols, std::size_t b_rows,
                                std::size_t b_cols, const matrix_view<float>& c) {
  const auto shape = [](std::size_t rows, std::size_t cols) {
    return std::to_string(rows) + " x " + std::to_string(cols);
  };
  if (a_cols != b_cols) {
    throw std::invalid_argument("gemm: b is " + shape(b_rows, b_cols) + ", expected " +
                                std::to_string(a_cols) + " columns as a has");
  }
  if (c.rows != a_rows || c.cols != b_rows) {
    throw std::invalid_argument("gemm: c is " + shape(c.rows, c.cols) + ", expected " +
                                shape(a_rows, b_rows));
  }
}

}  // namespace detail

namespace reference {

/// c = a * b^T, overwriting c. The value of a block matrix is element * scale, rounded to binary32
/// where that is not exact (under `exact` it is taken as it is). Operands come in any mix; b holds
/// one row per column of c. A NaN in c is 0x7FC00000. Tensor scales multiply the finished
/// sum, a's first, in the precision of the sum (under `exact` before anything is rounded). Row i of
/// c does not depend on other rows of a. The environment of the caller (rounding, flush-to-zero)
/// and compiler options do not change the result. Throws std::invalid_argument, before writing, for
/// shapes that do not fit.
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B>
void gemm(const A& a, const B& b, matrix_view<float> c) {
  const std::size_t depth = detail::operand_cols(a);
  detail::require_gemm_shapes(detail::operand_rows(a), depth, detail::operand_rows(b),
                              detail::operand_cols(b), c);
  const float a_scale = detail::operand_tensor_scale(a), b_scale = detail::operand_tensor_scale(b);

  if constexpr (P.sum == accumulation::exact) {
    const auto times = [](float scale) {
      return [scale](const unpacked& value) { return exact::multiply(value, unpack(scale)); };
    };
    const auto a_values = detail::operand_values(a, times(a_scale));
    const auto b_values = detail::operand_values(b, times(b_scale));
    const auto a_range = detail::exponents_of(a_values), b_range = detail::exponents_of(b_values);
    exact_sum sum(a_range.low + b_range.low, a_range.high + b_range.high + 1);
    for (std::size_t row = 0; row < c.rows; ++row) {
      for (std::size_t col = 0; col < c.cols; ++col) {
        sum.clear();
        for (std::size_t k = 0; k < depth; ++k) {
          sum.add(exact::multiply(a_values[row * depth + k], b_values[col * depth + k]));
        }
        c(row, col) = detail::with_canonical_nan(pack_as<float>(sum.value()));
      }
    }
  } else {
    const auto to_float = [](const unpacked& value) { return pack_as<float>(value); };
    const auto a_values = detail::operand_values(a, to_float);
    const auto b_values = detail::operand_values(b, to_float);
    const default_float_environment environment;
    for (std::size_t row = 0; row < c.rows; ++row) {
      for (std::size_t col = 0; col < c.cols; ++col) {
        const float* x = a_values.data() + row * depth;
        const float* y = b_values.data() + col * depth;
        if constexpr (P.sum == accumulation::sequential_binary64) {
          const double sum = detail::dot_binary64(x, y, depth);
          c(row, col) = detail::with_canonical_nan(
              opaque(static_cast<float>(opaque(opaque(sum * a_scale) * b_scale))));
        } else {
          const float sum = P.sum == accumulation::k32 ? detail::dot_k32(x, y, depth)
                                                       : detail::dot_sequential(x, y, depth);
          c(row, col) = detail::with_canonical_nan(opaque(opaque(sum * a_scale) * b_scale));
        }
      }
    }
  }
}

}  // namespace reference
}  // namespace lowp
