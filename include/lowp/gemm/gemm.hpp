// SPDX-License-Identifier: MIT
// The matrix product C[M x N] = A[M x K] * B[N x K]^T of operands of any formats in any mix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/engine/output.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/operands/overlap.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/strategies/strategies.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

namespace bulk {

/// gemm into binary32, or if it accumulates gemm_accumulate.
template <gemm_policy P, gemm_operand A, gemm_operand B, rounding_mode R>
void multiply_into(const P& policy, const A& a, const B& b, matrix_view<float> c, bool accumulates,
                   const R& mode, const execution& how) {
  lowp::detail::require_gemm_shapes(lowp::detail::operand_rows(a), lowp::detail::operand_cols(a),
                                    lowp::detail::operand_rows(b), lowp::detail::operand_cols(b),
                                    c);
  lowp::detail::require_operands(policy, a, b);
  require_no_overlap(a, c);
  require_no_overlap(b, c);
  if (accumulates) {
    lowp::detail::require_no_tensor_scales(lowp::detail::operand_tensor_scale(a),
                                           lowp::detail::operand_tensor_scale(b));
  }
  const float a_scale = sum_scale(policy, a), b_scale = sum_scale(policy, b);
  const auto finish = [&](std::size_t row, std::size_t col, std::size_t count, const float* sums) {
    kernels::finish(how.level(), bits_of(a_scale), bits_of(b_scale), sums, count, c.row(row) + col);
  };
  const matrix_view<const float> held = c;
  const matrix_view<const float>* const start = accumulates ? &held : nullptr;
  const product_problem<P, A, B, R> problem{policy, a, b, mode, how, start};
  if (!multiply(problem, sum_sink(finish, memory_of(c), start))) {
    lowp::detail::define_product(policy, a, b, c, accumulates, mode, how);
  }
}

}  // namespace bulk

/// c = a * b^T by the policy P and, where it has one (has_rounding), the rounding mode, overwriting
/// c: bit for bit what reference::gemm defines, for any `execution`. Throws std::invalid_argument,
/// before writing, for shapes that do not fit or a c that shares memory with an operand. Each
/// thread takes about 350 KiB of its stack, by the tiles of isa::amx 750.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounding_mode R>
void gemm(const A& a, const B& b, matrix_view<float> c, const R& mode, const execution& how = {}) {
  detail::check_product<P, A, B, R, false>();
  bulk::multiply_into(detail::policy_value<P>, a, b, c, false, detail::any_mode(mode), how);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B>
void gemm(const A& a, const B& b, matrix_view<float> c, const execution& how = {}) {
  gemm<P>(a, b, c, nearest_even, how);
}

/// c = a * b^T + c: each sum starts from what c holds, as reference::gemm_accumulate defines it,
/// bit for bit: what a matrix instruction does with its accumulator. Throws as gemm, and for an
/// operand with a tensor scale that is not 1.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounding_mode R>
void gemm_accumulate(const A& a, const B& b, matrix_view<float> c, const R& mode,
                     const execution& how = {}) {
  detail::check_product<P, A, B, R, true>();
  bulk::multiply_into(detail::policy_value<P>, a, b, c, true, detail::any_mode(mode), how);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B>
void gemm_accumulate(const A& a, const B& b, matrix_view<float> c, const execution& how = {}) {
  gemm_accumulate<P>(a, b, c, nearest_even, how);
}

/// gemm into any result, through an epilogue: bit for bit as reference::gemm. Throws also for
/// arrays of the epilogue that do not fit c or share memory with it. A block_matrix, and policies
/// that no kernel knows, take memory for the result in binary32.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, gemm_output C,
          rounding_mode R>
void gemm(const A& a, const B& b, C&& c, const R& mode, const epilogue& e,
          const execution& how = {}) {
  const std::size_t rows = detail::operand_rows(c), cols = detail::operand_cols(c);
  detail::check_product<P, A, B, R, false>();
  detail::require_gemm_shapes(detail::operand_rows(a), detail::operand_cols(a),
                              detail::operand_rows(b), detail::operand_cols(b), c);
  detail::require_operands(detail::policy_value<P>, a, b);
  detail::require_epilogue(e, rows, cols);
  bulk::require_no_overlap(a, c);
  bulk::require_no_overlap(b, c);
  bulk::require_no_overlap(e, c);
  if constexpr (bulk::is_block_output<C>) {
    std::vector<float> values(rows * cols);
    const matrix_view<float> finished(values.data(), rows, cols);
    gemm<P>(a, b, finished, mode, e, how);
    quantize(matrix_view<const float>(finished), c, e.rounding, how);
  } else {
    const auto output = bulk::output_of(how.level(), c, e);
    const bulk::epilogue_rows finish(how.level(), e, output);
    constexpr const auto& policy = detail::policy_value<P>;
    const bulk::scaled_rows store(how.level(), bulk::sum_scale(policy, a),
                                  bulk::sum_scale(policy, b), finish);
    const auto any = detail::any_mode(mode);
    const bulk::product_problem problem{policy, a, b, any, how};
    if (bulk::multiply(problem, bulk::sum_sink(store, bulk::memory_of(c)))) return;
    std::vector<float> values(rows * cols);
    const matrix_view<float> sums(values.data(), rows, cols);
    detail::define_product(policy, a, b, sums, false, any, how);
    const auto finish_row = [&](std::size_t row) {
      const default_float_environment environment;
      finish(row, 0, cols, sums.row(row));
    };
    how.run(rows, task(finish_row));
  }
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, gemm_output C>
void gemm(const A& a, const B& b, C&& c, const epilogue& e, const execution& how = {}) {
  gemm<P>(a, b, c, nearest_even, e, how);
}

/// gemm into numbers or blocks without an epilogue, rounded to nearest even.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounded_gemm_output C,
          rounding_mode R>
void gemm(const A& a, const B& b, C&& c, const R& mode, const execution& how = {}) {
  gemm<P>(a, b, c, mode, epilogue{}, how);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounded_gemm_output C>
void gemm(const A& a, const B& b, C&& c, const execution& how = {}) {
  gemm<P>(a, b, c, epilogue{}, how);
}

/// Which strategy computes gemm<P>(a, b, c, mode, how), and why those before it cannot. It looks at
/// the values of operands where the strategies do; nothing is multiplied.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounding_mode R>
[[nodiscard]] gemm_explanation explain(const A& a, const B& b, const R& mode,
                                       const execution& how = {}) {
  detail::check_product<P, A, B, R, false>();
  return bulk::explain(detail::policy_value<P>, a, b, detail::any_mode(mode), how, nullptr);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B>
[[nodiscard]] gemm_explanation explain(const A& a, const B& b, const execution& how = {}) {
  return explain<P>(a, b, nearest_even, how);
}

/// The same of gemm_accumulate<P>(a, b, c, mode, how): some strategies cannot begin with what c
/// holds. A product of gemm_batched is explained as that of its operands.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounding_mode R>
[[nodiscard]] gemm_explanation explain_accumulate(const A& a, const B& b,
                                                  matrix_view<const float> c, const R& mode,
                                                  const execution& how = {}) {
  detail::check_product<P, A, B, R, true>();
  detail::require_gemm_shapes(detail::operand_rows(a), detail::operand_cols(a),
                              detail::operand_rows(b), detail::operand_cols(b), c);
  detail::require_no_tensor_scales(detail::operand_tensor_scale(a),
                                   detail::operand_tensor_scale(b));
  return bulk::explain(detail::policy_value<P>, a, b, detail::any_mode(mode), how, &c);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B>
[[nodiscard]] gemm_explanation explain_accumulate(const A& a, const B& b,
                                                  matrix_view<const float> c,
                                                  const execution& how = {}) {
  return explain_accumulate<P>(a, b, c, nearest_even, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
