// SPDX-License-Identifier: MIT
// The policy k32: sums as a machine with FMA instructions has them at full speed, in an order that
// does not depend on the machine.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>

#include "lowp/core/config.hpp"
#include "lowp/gemm/definition/terms.hpp"

// Its many overloads cost a translation unit more than all policies do.
#if !defined(__GNUC__) || defined(__clang__)
#include <cmath>  // fma, exact in one rounding
#endif

namespace lowp {

/// For each 32-deep step of K, one chain of binary32 FMAs over its even k and one over its odd k
/// start from zero, and their sum is added to the result. What AMX does with a tile of 16 pairs,
/// and what any machine with FMA can do. Rounds to nearest even.
struct k32_sums {
  constexpr bool operator==(const k32_sums&) const = default;
};

[[nodiscard]] constexpr const char* defect(const k32_sums&) { return nullptr; }

namespace detail {

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
#elif defined(__GNUC__) && !defined(__clang__)
  if constexpr (std::same_as<T, float>) {
    return __builtin_fmaf(a, b, c);
  } else {
    return __builtin_fma(a, b, c);
  }
#else
  return std::fma(a, b, c);
#endif
}

[[nodiscard]] inline float dot_k32(const float* a, const float* b, std::size_t depth, float start) {
  float sum = opaque(start);
  for (std::size_t step = 0; step < depth; step += 32) {
    const std::size_t end = (std::min)(step + 32, depth);
    float even = opaque(0.0f), odd = opaque(0.0f);
    for (std::size_t k = step; k < end; k += 2) {
      even = opaque(fused_multiply_add(a[k], b[k], even));
      if (k + 1 < end) odd = opaque(fused_multiply_add(a[k + 1], b[k + 1], odd));
    }
    sum = opaque(sum + opaque(even + odd));
  }
  return sum;
}

}  // namespace detail

[[nodiscard]] inline unpacked sum_products(const k32_sums&, const product_terms& t) {
  return unpack(detail::dot_k32(t.a.values, t.b.values, t.depth, t.start));
}

}  // namespace lowp
