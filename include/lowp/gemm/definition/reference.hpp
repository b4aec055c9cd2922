// SPDX-License-Identifier: MIT
// The definition of the matrix product C[M x N] = A[M x K] * B[N x K]^T that every kernel is tested
// against: decode both operands, then a sum for each element in the order that the policy states.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>  // fma, exact in one rounding
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/gemm/definition/exact_sum.hpp"
#include "lowp/gemm/definition/integers.hpp"
#include "lowp/gemm/definition/model.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/policy.hpp"

namespace lowp {

namespace detail {

/// What value(row, col) gives for each element of an operand, row by row.
template <executor E, class Value>
[[nodiscard]] auto operand_values(const auto& x, const E& on, const Value& value) {
  const std::size_t rows = operand_rows(x), cols = operand_cols(x);
  std::vector<decltype(value(rows, cols))> values(rows * cols);
  const auto fill_row = [&](std::size_t row) {
    for (std::size_t col = 0; col < cols; ++col) values[row * cols + col] = value(row, col);
  };
  on(rows, task(fill_row));
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

[[nodiscard]] inline float dot_k32(const float* a, const float* b, std::size_t depth, float start) {
  float sum = opaque(start);
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

[[nodiscard]] inline float dot_sequential(const float* a, const float* b, std::size_t depth,
                                          float start) {
  float sum = opaque(start);
  for (std::size_t k = 0; k < depth; ++k) sum = opaque(fused_multiply_add(a[k], b[k], sum));
  return sum;
}

[[nodiscard]] inline double dot_binary64(const float* a, const float* b, std::size_t depth,
                                         float start) {
  double sum = opaque(static_cast<double>(opaque(start)));
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

template <class C>
void require_gemm_shapes(std::size_t a_rows, std::size_t a_cols, std::size_t b_rows,
                         std::size_t b_cols, const C& c) {
  const auto shape = [](std::size_t rows, std::size_t cols) {
    return std::to_string(rows) + " x " + std::to_string(cols);
  };
  if (a_cols != b_cols) {
    throw std::invalid_argument("gemm: b is " + shape(b_rows, b_cols) + ", expected " +
                                std::to_string(a_cols) + " columns as a has");
  }
  if (operand_rows(c) != a_rows || operand_cols(c) != b_rows) {
    throw std::invalid_argument("gemm: c is " + shape(operand_rows(c), operand_cols(c)) +
                                ", expected " + shape(a_rows, b_rows));
  }
}

/// The exponent that a factor of an aligned product has at least: of numbers without a scale, that
/// of the smallest normal one, if there are subnormals.
template <class X>
[[nodiscard]] constexpr int lowest_factor_exponent() {
  constexpr bool has_scales = requires(const X& x) { x.scales(); }
  || requires(const X& x) { x.of().scales(); };
  return has_scales ? -value_facts::unbounded : facts<element_of<X>::format>.normal_exponent;
}

/// For product::l_mul, the mantissa bits of the operands' elements, of the longer ones; else 0.
template <gemm_policy P, class A, class B>
[[nodiscard]] constexpr int l_mul_bits() {
  if constexpr (P.product == product::l_mul) {
    constexpr value_facts a = facts<element_of<A>::format>, b = facts<element_of<B>::format>;
    static_assert(a.spacing == value_spacing::floating && b.spacing == value_spacing::floating,
                  "product::l_mul adds mantissas: operands have elements of a float_format");
    constexpr int bits = std::max(a.significant_bits, b.significant_bits) - 1;
    static_assert(bits > 0, "product::l_mul adds mantissas: operands have at least one bit of one");
    return bits;
  } else {
    return 0;
  }
}

/// Whether hardware computes what the policy says, rounded to nearest even: chains of FMAs.
[[nodiscard]] constexpr bool is_chain(const gemm_policy& p, const float_format& accumulator) {
  return p == gemm_policy{.sum = accumulation::sequential, .accumulator = accumulator};
}

/// Why gemm_accumulate cannot add to a result, or null.
[[nodiscard]] constexpr const char* accumulation_defect(const gemm_policy& p) {
  return p.sum == accumulation::pairwise && p.chunk == 0
             ? "a tree over all products has no sum to start from: it takes a chunk"
             : nullptr;
}
inline void require_no_tensor_scales(float a_scale, float b_scale) {
  if (a_scale == 1.0f && b_scale == 1.0f) return;
  throw std::invalid_argument(
      "gemm_accumulate: a tensor scale would multiply what c holds; expected operands with one of "
      "1");
}

/// reference::gemm, on any executor: the values of both operands, then the elements of c, which
/// hold with `Accumulates` what their sums start from.
template <gemm_policy P, bool Accumulates, gemm_operand A, gemm_operand B, rounding_mode R,
          executor E>
void define_product(const A& a, const B& b, matrix_view<float> c, const R& mode, const E& on) {
  static_assert(is_valid_format<P>);
  static_assert(has_rounding(P) || std::same_as<R, nearest_even_t>,
                "accumulation::k32, aligned and integers round as they say: they take no mode");
  static constexpr gemm_policy policy = P;
  const std::size_t depth = operand_cols(a);
  require_gemm_shapes(operand_rows(a), depth, operand_rows(b), operand_cols(b), c);
  const float a_scale = operand_tensor_scale(a), b_scale = operand_tensor_scale(b);
  if constexpr (Accumulates) {
    static_assert(accumulation_defect(policy) == nullptr);
    require_no_tensor_scales(a_scale, b_scale);
  }
  const auto start = [&c](std::size_t row, std::size_t col) {
    return Accumulates ? c(row, col) : 0.0f;
  };
  const std::size_t draws = draws_per_sum(policy, depth);
  // Elements do not depend on each other: each part of them has an `element` of its own, which may
  // keep a sum.
  const auto for_each = [&](const auto& element) {
    constexpr std::size_t most = 64;
    const std::size_t size = c.rows * c.cols;
    const auto run = [&](std::size_t part) {
      const default_float_environment environment;
      auto of_part = element;
      for (std::size_t i = part * most; i < std::min(size, (part + 1) * most); ++i) {
        const std::size_t row = i / c.cols, col = i % c.cols;
        c(row, col) = with_canonical_nan(of_part(row, col));
      }
    };
    on((size + most - 1) / most, task(run));
  };
  const auto values_of = [&on](const auto& x, const auto& convert) {
    return operand_values(x, on, [&](std::size_t row, std::size_t col) {
      return convert(operand_value(x, row, col));
    });
  };
  const auto scaled = [&](auto sum) {
    return opaque(static_cast<float>(opaque(opaque(sum * a_scale) * b_scale)));
  };

  if constexpr (policy.sum == accumulation::exact) {
    const auto values_times = [&]<class X>(const X& x, float scale) {
      return values_of(x, [scale](const unpacked& value) {
        const bool is_dyadic = has_dyadic_values<X>;
        return exact::multiply(is_dyadic ? value : unpack(pack_as<float>(value)), unpack(scale));
      });
    };
    const auto a_values = values_times(a, a_scale), b_values = values_times(b, b_scale);
    const auto a_range = exponents_of(a_values), b_range = exponents_of(b_values);
    const exponent_bounds c_range = Accumulates ? exponent_bounds{-149, 128} : exponent_bounds{};
    const exact_sum zero(std::min(a_range.low + b_range.low, c_range.low),
                         std::max(a_range.high + b_range.high + 1, c_range.high));
    for_each([&, sum = zero](std::size_t row, std::size_t col) mutable {
      sum.clear();
      for (std::size_t k = 0; k < depth; ++k) {
        sum.add(exact::multiply(a_values[row * depth + k], b_values[col * depth + k]));
      }
      sum.add(unpack(start(row, col)));
      return pack_as<float>(sum.value(), at(mode, (row * c.cols + col) * draws));
    });
    return;
  }

  if constexpr (policy.sum == accumulation::integers) {
    static_assert(integer_operand<A> && integer_operand<B>,
                  "accumulation::integers takes operands with elements of up to 16-bit integers");
    const auto integers_in = [&on](const auto& x) {
      return operand_values(
          x, on, [&](std::size_t row, std::size_t col) { return integer_at(x, row, col); });
    };
    const auto a_values = integers_in(a), b_values = integers_in(b);
    for_each([&](std::size_t row, std::size_t col) {
      return scaled(dot_integers(policy, a, row, a_values.data() + row * depth, b, col,
                                 b_values.data() + col * depth, start(row, col)));
    });
    return;
  }

  const auto to_float = [](const unpacked& value) { return pack_as<float>(value); };
  constexpr bool is_nearest = std::same_as<R, nearest_even_t>;
  if constexpr (policy.sum == accumulation::k32 ||
                (is_nearest &&
                 (is_chain(policy, formats::binary32) || is_chain(policy, formats::binary64)))) {
    const auto a_values = values_of(a, to_float);
    const auto b_values = values_of(b, to_float);
    for_each([&](std::size_t row, std::size_t col) {
      const float* x = a_values.data() + row * depth;
      const float* y = b_values.data() + col * depth;
      if constexpr (policy.sum == accumulation::k32)
        return scaled(dot_k32(x, y, depth, start(row, col)));
      else if constexpr (policy.accumulator == formats::binary32)
        return scaled(dot_sequential(x, y, depth, start(row, col)));
      else
        return scaled(dot_binary64(x, y, depth, start(row, col)));
    });
  } else {
    const auto rounded = [&](const unpacked& value) { return unpack(to_float(value)); };
    const auto a_values = values_of(a, rounded);
    const auto b_values = values_of(b, rounded);
    constexpr float_format result = policy.chunk == 0 ? policy.accumulator : policy.promoted;
    constexpr bool fits = result.mantissa_bits <= 23 && result.exponent_bits <= 8;
    constexpr int mantissa_bits = l_mul_bits<P, A, B>();
    for_each([&](std::size_t row, std::size_t col) {
      const factor_rows rows{a_values.data() + row * depth, b_values.data() + col * depth,
                             lowest_factor_exponent<A>(), lowest_factor_exponent<B>(),
                             mantissa_bits};
      const rounding_sequence round(mode, (row * c.cols + col) * draws);
      const unpacked sum = modeled_sum(policy, rows, depth, round, unpack(start(row, col)));
      return scaled(pack_as<std::conditional_t<fits, float, double>>(sum));
    });
  }
}

}  // namespace detail

namespace reference {

/// c = a * b^T, overwriting c. The value of a block matrix is element * scale, rounded to binary32
/// where that is not exact (under `exact` it is taken as it is, unless it is no multiple of a power
/// of two, as in logarithmic formats). Operands come in any mix; b holds
/// one row per column of c. A NaN in c is 0x7FC00000. Tensor scales multiply the finished sum, a's
/// first, in binary32, or in binary64 if the sum has more than 24 bits or 8 of an exponent (under
/// `exact` before anything is rounded). Row i of c does not depend on other rows of a. The
/// environment of the caller (rounding, flush-to-zero) and compiler options do not change the
/// result.
///
/// Under `integers` elements are small integers times a power of two, which joins their scale, that
/// is rounded to binary32.
///
/// `mode` rounds as has_rounding says; the i-th rounding of element (row, col) draws as element
/// (row * columns of c + col) * draws_per_sum + i of an array. Under `pairwise` products are
/// rounded first, then level by level.
///
/// Throws std::invalid_argument, before writing, for shapes that do not fit.
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B,
          rounding_mode R = nearest_even_t>
void gemm(const A& a, const B& b, matrix_view<float> c, const R& mode = {}) {
  detail::define_product<P, false>(a, b, c, mode, sequential{});
}

/// c = a * b^T + c: each sum starts from what c holds, taken as it is, instead of zero; with a
/// chunk the promoted sum does. What a matrix instruction does with its accumulator. Throws
/// std::invalid_argument, before writing, also for a tensor scale that is not 1.
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B,
          rounding_mode R = nearest_even_t>
void gemm_accumulate(const A& a, const B& b, matrix_view<float> c, const R& mode = {}) {
  detail::define_product<P, true>(a, b, c, mode, sequential{});
}

inline namespace LOWP_BASELINE {

/// The same into any result, through an epilogue (see there). Throws std::invalid_argument, before
/// writing, also for arrays of the epilogue that do not fit c.
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, gemm_output C,
          rounding_mode R>
void gemm(const A& a, const B& b, C&& c, const R& mode, const epilogue& e) {
  const std::size_t rows = detail::operand_rows(c), cols = detail::operand_cols(c);
  detail::require_gemm_shapes(detail::operand_rows(a), detail::operand_cols(a),
                              detail::operand_rows(b), detail::operand_cols(b), c);
  detail::require_epilogue(e, rows, cols);
  std::vector<float> values(rows * cols);
  const matrix_view<float> sums(values.data(), rows, cols);
  reference::gemm<P>(a, b, sums, mode);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t col = 0; col < cols; ++col) {
      sums(row, col) = detail::finished_value(e, row, col, sums(row, col));
    }
  }
  store_result(sums, e, c);
}
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, gemm_output C>
void gemm(const A& a, const B& b, C&& c, const epilogue& e) {
  reference::gemm<P>(a, b, c, nearest_even, e);
}
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, rounded_gemm_output C,
          rounding_mode R = nearest_even_t>
void gemm(const A& a, const B& b, C&& c, const R& mode = {}) {
  reference::gemm<P>(a, b, c, mode, epilogue{});
}

}  // namespace LOWP_BASELINE
}  // namespace reference
}  // namespace lowp
