// SPDX-License-Identifier: MIT
// The matrix product C[M x N] = A[M x K] * B[N x K]^T of operands of any formats in any mix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/binary32_panels.hpp"
#include "lowp/gemm/blocked.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/integer_panels.hpp"
#include "lowp/gemm/output.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/reference.hpp"
#include "lowp/gemm/rows.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Throws if c shares elements with an operand, or bytes with packed codes or numbers.
template <class X, class T>
void require_apart(const X& x, const matrix_view<T>& c) {
  bool are_apart = true;
  if constexpr (std::is_same_v<T, float> && std::is_convertible_v<X, matrix_view<const float>>) {
    are_apart = !share_elements(x, c);
  } else if constexpr (requires { x.row(0); }) {
    const std::size_t rows = lowp::detail::operand_rows(x), cols = lowp::detail::operand_cols(x);
    if (rows != 0 && cols != 0 && c.rows != 0 && c.cols != 0) {
      const auto at = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };
      std::uintptr_t end = at(x.row(rows - 1));
      if constexpr (requires { x.stride; }) {
        end += cols * sizeof(*x.data);
      } else {
        end += packed_bytes(cols, X::format.bits(), X::order);
      }
      are_apart = end <= at(c.data) || at(c.row(c.rows - 1) + c.cols) <= at(x.row(0));
    }
  }
  if (are_apart) return;
  throw std::invalid_argument("gemm: c shares memory with an operand, expected another matrix");
}
/// The same for the memory of a block matrix.
template <class X, auto B>
void require_apart(const X& x, block_matrix<B>& c) {
  if constexpr (std::is_same_v<X, block_matrix<B>>) {
    if (&x == &c) throw std::invalid_argument("gemm: c is an operand, expected another matrix");
  }
  const auto row = [](const auto& bytes) {
    return matrix_view<std::uint8_t>(bytes.data(), 1, bytes.size());
  };
  require_apart(x, row(c.codes()));
  require_apart(x, row(c.scales()));
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
  if constexpr (P.sum == accumulation::k32) {
    const std::uint32_t a_scale = bulk::bits_of(detail::operand_tensor_scale(a));
    const std::uint32_t b_scale = bulk::bits_of(detail::operand_tensor_scale(b));
    const auto finish = [&](std::size_t row, std::size_t col, std::size_t count,
                            const float* sums) {
      kernels::finish(how.level(), a_scale, b_scale, sums, count, c.row(row) + col);
    };
    const bulk::sum_sink sink(finish);
    bulk::multiply_k32(a, b, sink, how);
  } else {
    reference::gemm<P>(a, b, c, mode);
  }
}
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B>
void gemm(const A& a, const B& b, matrix_view<float> c, const execution& how = {}) {
  gemm<P>(a, b, c, nearest_even, how);
}

/// The same into any result, through an epilogue: bit for bit as reference::gemm. Throws also for
/// arrays of the epilogue that do not fit c or share memory with it. A block_matrix, and policies
/// that no kernel knows, take memory for the result in binary32.
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, gemm_output C,
          rounding_mode R>
void gemm(const A& a, const B& b, C&& c, const R& mode, const epilogue& e,
          const execution& how = {}) {
  const std::size_t rows = detail::operand_rows(c), cols = detail::operand_cols(c);
  detail::require_gemm_shapes(detail::operand_rows(a), detail::operand_cols(a),
                              detail::operand_rows(b), detail::operand_cols(b), c);
  detail::require_epilogue(e, rows, cols);
  bulk::require_apart(a, c);
  bulk::require_apart(b, c);
  for (const auto& array : {e.row_scales, e.col_scales, e.bias}) {
    bulk::require_apart(matrix_view<const float>(array.data(), 1, array.size()), c);
  }
  if constexpr (bulk::is_block_output<C>) {
    std::vector<float> values(rows * cols);
    const matrix_view<float> finished(values.data(), rows, cols);
    gemm<P>(a, b, finished, mode, e, how);
    quantize(matrix_view<const float>(finished), c, e.rounding, how);
  } else {
    const auto output = bulk::output_of(how.level(), c, e);
    const bulk::epilogue_rows finish(how.level(), e, output);
    if constexpr (P.sum == accumulation::k32) {
      const bulk::scaled_rows store(how.level(), detail::operand_tensor_scale(a),
                                    detail::operand_tensor_scale(b), finish);
      bulk::multiply_k32(a, b, bulk::sum_sink(store), how);
    } else {
      std::vector<float> values(rows * cols);
      const matrix_view<float> sums(values.data(), rows, cols);
      gemm<P>(a, b, sums, mode, how);
      const auto finish_row = [&](std::size_t row) {
        const default_float_environment environment;
        finish(row, 0, cols, sums.row(row));
      };
      how.run(rows, task(finish_row));
    }
  }
}
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, gemm_output C>
void gemm(const A& a, const B& b, C&& c, const epilogue& e, const execution& how = {}) {
  gemm<P>(a, b, c, nearest_even, e, how);
}

/// The same into numbers or blocks without one, rounded to nearest even.
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, rounded_gemm_output C,
          rounding_mode R>
void gemm(const A& a, const B& b, C&& c, const R& mode, const execution& how = {}) {
  gemm<P>(a, b, c, mode, epilogue{}, how);
}
template <gemm_policy P = gemm_policy{}, gemm_operand A, gemm_operand B, rounded_gemm_output C>
void gemm(const A& a, const B& b, C&& c, const execution& how = {}) {
  gemm<P>(a, b, c, epilogue{}, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
