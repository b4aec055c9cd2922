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
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/operand_rows.hpp"
#include "lowp/gemm/operands/overlap.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/strategies/strategies.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

namespace bulk {

/// gemm into binary32, or if it accumulates gemm_accumulate, of arguments that were checked.
template <gemm_policy P, rounding_mode R>
void multiply_into(const P& policy, const any_operand& a, const any_operand& b,
                   matrix_view<float> c, bool accumulates, const R& mode, const execution& how) {
  if (accumulates) lowp::detail::require_no_tensor_scales(a, b);
  const float a_scale = sum_scale(policy, a), b_scale = sum_scale(policy, b);
  const scaled_floats finish(how.level(), a_scale, b_scale, c);
  const matrix_view<const float> held = c;
  const matrix_view<const float>* const start = accumulates ? &held : nullptr;
  const execution by = execution_for(policy, a, b, how);
  const product_problem<P, R> problem(policy, a, b, mode, by, start);
  if (!multiply(problem, sum_sink(finish, memory_of(c), start))) {
    lowp::detail::define_product(policy, a, b, c, accumulates, mode, how);
  }
}

#if LOWP_COMPILED
#define LOWP_DECLARE(Policy, Mode)                                                          \
  extern template void multiply_into(const Policy&, const any_operand&, const any_operand&, \
                                     matrix_view<float>, bool, const Mode&, const execution&);
LOWP_COMPILED_PRODUCTS(LOWP_DECLARE)
#undef LOWP_DECLARE
#endif

/// The sums of a product, times the tensor scales of its operands, on to `finish` (scaled_rows);
/// false if no strategy has them.
template <class Problem, class Finish>
[[nodiscard]] bool multiply_through(const Problem& problem, const any_operand& a,
                                    const any_operand& b, const Finish& finish,
                                    const row_memory& memory) {
  const scaled_rows store(problem.level(), sum_scale(problem.policy, a),
                          sum_scale(problem.policy, b), finish);
  return multiply(problem, sum_sink(store, memory));
}

// Operands of slices (slices.hpp) have overloads of their own of what is called without `bulk::`.

/// Checks of the arguments, then multiply_into.
template <gemm_policy P, gemm_operand A, gemm_operand B, rounding_mode R>
void multiply_checked(const P& policy, const A& a, const B& b, matrix_view<float> c,
                      bool accumulates, const R& mode, const execution& how) {
  const auto x = as_any_operand(a);
  const auto y = as_any_operand(b);
  lowp::detail::require_gemm_shapes(x.rows, x.cols, y.rows, y.cols, c);
  lowp::detail::require_operands(policy, x, y);
  require_no_overlap(a, c);
  require_no_overlap(b, c);
  multiply_into(policy, x, y, c, accumulates, mode, how);
}

template <gemm_policy P, rounding_mode R>
[[nodiscard]] gemm_explanation explain_product(const P& policy, const any_operand& a,
                                               const any_operand& b, const R& mode,
                                               const execution& how,
                                               const matrix_view<const float>* start) {
  lowp::detail::require_operands(policy, a, b);
  const auto any = lowp::detail::any_mode(mode);
  return explain(product_problem(policy, a, b, any, how, start));
}

}  // namespace bulk

/// c = a * b^T by the policy P and, where it has one (has_rounding), the rounding mode, overwriting
/// c: bit for bit what reference::gemm defines, for any `execution`. Throws std::invalid_argument,
/// before writing, for shapes that do not fit or a c that shares memory with an operand. Each
/// thread takes about 500 KiB of its stack, by the tiles of isa::amx 750.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounding_mode R>
void gemm(const A& a, const B& b, matrix_view<float> c, const R& mode, const execution& how = {}) {
  detail::check_product<P, A, B, R, false>();
  bulk::multiply_checked(detail::policy_value<P>, a, b, c, false, detail::any_mode(mode), how);
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
  bulk::multiply_checked(detail::policy_value<P>, a, b, c, true, detail::any_mode(mode), how);
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
  constexpr const auto& policy = detail::policy_value<P>;
  const std::size_t rows = detail::operand_rows(c), cols = detail::operand_cols(c);
  detail::check_product<P, A, B, R, false>();
  const auto x = bulk::as_any_operand(a);
  const auto y = bulk::as_any_operand(b);
  detail::require_gemm_shapes(x.rows, x.cols, y.rows, y.cols, c);
  detail::require_operands(policy, x, y);
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
    const auto any = detail::any_mode(mode);
    const execution by = bulk::execution_for(policy, x, y, how);
    const bulk::product_problem problem(policy, x, y, any, by);
    if (multiply_through(problem, x, y, finish, bulk::memory_of(c))) return;
    std::vector<float> values(rows * cols);
    const matrix_view<float> sums(values.data(), rows, cols);
    detail::define_product(policy, x, y, sums, false, any, how);
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
  const auto x = bulk::as_any_operand(a);
  const auto y = bulk::as_any_operand(b);
  return explain_product(detail::policy_value<P>, x, y, mode, how, nullptr);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B>
[[nodiscard]] gemm_explanation explain(const A& a, const B& b, const execution& how = {}) {
  return explain<P>(a, b, nearest_even, how);
}

/// Explains gemm_accumulate<P>(a, b, c, mode, how): some strategies cannot begin with what c holds.
/// A product of gemm_batched is explained as that of its operands.
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B, rounding_mode R>
[[nodiscard]] gemm_explanation explain_accumulate(const A& a, const B& b,
                                                  matrix_view<const float> c, const R& mode,
                                                  const execution& how = {}) {
  detail::check_product<P, A, B, R, true>();
  const auto x = bulk::as_any_operand(a);
  const auto y = bulk::as_any_operand(b);
  detail::require_gemm_shapes(x.rows, x.cols, y.rows, y.cols, c);
  detail::require_no_tensor_scales(x, y);
  return explain_product(detail::policy_value<P>, x, y, mode, how, &c);
}
template <gemm_policy auto P = policies::k32, gemm_operand A, gemm_operand B>
[[nodiscard]] gemm_explanation explain_accumulate(const A& a, const B& b,
                                                  matrix_view<const float> c,
                                                  const execution& how = {}) {
  return explain_accumulate<P>(a, b, c, nearest_even, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
