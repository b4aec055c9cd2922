// SPDX-License-Identifier: MIT
// The matrix product C[M x N] = A[M x K] * B[N x K]^T of operands of any formats in any mix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/gemm/binary32_panels.hpp"
#include "lowp/gemm/blocked.hpp"
#include "lowp/gemm/integer_panels.hpp"
#include "lowp/gemm/integer_sums.hpp"
#include "lowp/gemm/modeled_panels.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/reference.hpp"
#include "lowp/gemm/rows.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether the `size` bytes from `first` on are none of c's.
[[nodiscard]] inline bool lie_apart(const void* first, std::size_t size,
                                    const matrix_view<float>& c) {
  if (size == 0 || c.rows == 0 || c.cols == 0) return true;
  const auto at = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };
  return at(first) + size <= at(c.data) || at(c.row(c.rows - 1) + c.cols) <= at(first);
}

/// Throws if c shares elements with an operand, or bytes with what someone else owns of it: packed
/// codes, numbers, scales, zero points.
template <class X>
void require_apart(const X& x, const matrix_view<float>& c) {
  bool are_apart = true;
  if constexpr (std::is_convertible_v<X, matrix_view<const float>>) {
    are_apart = !share_elements(x, c);
  } else if constexpr (requires { x.row(0); }) {  // of a transposed one a copy is made first
    const std::size_t rows = lowp::detail::operand_rows(x), cols = lowp::detail::operand_cols(x);
    if (rows != 0 && cols != 0) {
      const auto* const begin = reinterpret_cast<const std::uint8_t*>(x.row(0));
      const auto* const last = reinterpret_cast<const std::uint8_t*>(x.row(rows - 1));
      auto size = static_cast<std::size_t>(last - begin);
      if constexpr (requires { x.stride; }) {
        size += cols * sizeof(*x.data);
      } else {
        size += packed_bytes(cols, X::format.bits(), X::order);
      }
      are_apart = lie_apart(begin, size, c);
    }
  }
  if constexpr (requires { x.zeros(); }) {
    are_apart = are_apart && lie_apart(x.scales().data(), x.scales().size_bytes(), c) &&
                lie_apart(x.zeros().data(), x.zeros().size_bytes(), c);
  }
  if (are_apart) return;
  throw std::invalid_argument("gemm: c shares memory with an operand, expected another matrix");
}

/// The sums of accumulation::k32.
template <gemm_operand A, gemm_operand B>
void multiply_k32(const A& a, const B& b, const sum_sink& sink, const execution& how) {
#if LOWP_X86_TARGETS
  if constexpr (has_integer_panels<A> && has_integer_panels<B>) {
    const auto x = integer_rows_of(a), y = integer_rows_of(b);
    if (kernels::has_integer_products(how.level()) && are_scales_in_range(how.level(), x) &&
        are_scales_in_range(how.level(), y)) {
      return multiply_k32<integer_panels>(x, y, sink, how);
    }
  }
#endif
  with_rows(how.level(), a, [&](const row_source& x) {
    with_rows(how.level(), b,
              [&](const row_source& y) { multiply_k32<binary32_panels>(x, y, sink, how); });
  });
}

/// The sums that the policy P names, by kernels; false if there are none for it, the mode and these
/// operands.
template <gemm_policy P, gemm_operand A, gemm_operand B, rounding_mode R>
[[nodiscard]] bool multiply(const A& a, const B& b, [[maybe_unused]] const R& mode,
                            const sum_sink& sink, const execution& how) {
  static constexpr gemm_policy policy = P;
  if constexpr (policy.sum == accumulation::k32) {
    multiply_k32(a, b, sink, how);
    return true;
  } else if constexpr (policy.sum == accumulation::integers) {
    return multiply_integers<P>(a, b, sink, how);
  } else if constexpr (has_modeled_panels(policy)) {
    constexpr int l_mul_bits = lowp::detail::l_mul_bits<P, A, B>();
    modeled_sum sum(policy, mode, lowp::detail::operand_cols(a), l_mul_bits);
    bool is_known = false;
    with_rows(how.level(), a, [&](const row_source& x) {
      with_rows(how.level(), b, [&](const row_source& y) {
        is_known = sum.can_multiply(x, y, lowp::detail::lowest_factor_exponent<A>(),
                                    lowp::detail::lowest_factor_exponent<B>());
        if (is_known) multiply_blocks<modeled_panels>(y, x, sink, how, sum);
      });
    });
    return is_known;
  } else {
    return false;
  }
}

}  // namespace bulk

/// c = a * b^T by the policy P and, where it has one (has_rounding), the rounding mode, overwriting
/// c: bit for bit what reference::gemm defines, for any `execution`. Throws std::invalid_argument,
/// before writing, for shapes that do not fit or a c that shares memory with an operand. Each
/// thread takes about 200 KiB of its stack.
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, rounding_mode R>
void gemm(const A& a, const B& b, matrix_view<float> c, const R& mode, const execution& how = {}) {
  detail::require_gemm_shapes(detail::operand_rows(a), detail::operand_cols(a),
                              detail::operand_rows(b), detail::operand_cols(b), c);
  bulk::require_apart(a, c);
  bulk::require_apart(b, c);
  const std::uint32_t a_scale = bulk::bits_of(detail::operand_tensor_scale(a));
  const std::uint32_t b_scale = bulk::bits_of(detail::operand_tensor_scale(b));
  const auto finish = [&](std::size_t row, std::size_t col, std::size_t count, const float* sums) {
    kernels::finish(how.level(), a_scale, b_scale, sums, count, c.row(row) + col);
  };
  if (!bulk::multiply<P>(a, b, mode, bulk::sum_sink(finish), how))
    reference::gemm<P>(a, b, c, mode);
}
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B>
void gemm(const A& a, const B& b, matrix_view<float> c, const execution& how = {}) {
  gemm<P>(a, b, c, nearest_even, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
