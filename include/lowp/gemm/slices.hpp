// SPDX-License-Identifier: MIT
// Products of operands that are composed of slices of different formats (operands/slices.hpp):
// gemm, gemm_accumulate, gemm_batched and explain take them as any others. The umbrella header
// leaves it out.
//
//   column_slices x(x8, x16);                   // along K: INT8, then FP16 columns of outliers
//   column_slices w(w8, w16);
//   gemm<policies::exact>(x, w, c);             // one sum, in the order of K
//
//   row_slices weights(w4, w8);                 // along N: rows of two widths
//   gemm<policies::integers>(x8, weights, c);   // columns of c: those of w4, then those of w8
//
// Where sums are to be exact for each slice and scaled then, see gemm/slice_sums.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/engine/output.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/operands/overlap.hpp"
#include "lowp/gemm/operands/sliced_rows.hpp"
#include "lowp/gemm/operands/slices.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/strategies/slices.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <class X>
inline constexpr bool is_of_slices = false;
template <slice_axis Axis, class... D>
inline constexpr bool is_of_slices<described_operand<slices_description<Axis, D...>>> = true;
/// One of two operands is composed of slices.
template <class A, class B>
concept operands_of_slices = is_of_slices<A> || is_of_slices<B>;

template <gemm_policy P, class A, class B, rounding_mode R>
requires operands_of_slices<A, B>
void multiply_into(const P& policy, const A& a, const B& b, matrix_view<float> c, bool accumulates,
                   const R& mode, const execution& how) {
  if (accumulates) lowp::detail::require_no_tensor_scales(a, b);
  const auto store = [&](std::size_t row, std::size_t col, std::size_t count, const float* sums) {
    std::copy_n(sums, count, c.row(row) + col);
  };
  const matrix_view<const float> held = c;
  const matrix_view<const float>* const start = accumulates ? &held : nullptr;
  const product_problem<P, R> problem(policy, a, b, mode, how, start);
  if (!multiply_slices(problem, sum_sink(store, memory_of(c), start))) {
    lowp::detail::define_product(policy, a, b, c, accumulates, mode, how);
  }
}

template <class Problem, class A, class B, class Finish>
requires operands_of_slices<A, B>
[[nodiscard]] bool multiply_through(const Problem& problem, const A&, const B&,
                                    const Finish& finish, const row_memory& memory) {
  const scaled_rows store(problem.level(), 1, 1, finish);
  return multiply_slices(problem, sum_sink(store, memory));
}

template <gemm_policy P, class A, class B, rounding_mode R>
requires operands_of_slices<A, B>
[[nodiscard]] gemm_explanation explain_product(const P& policy, const A& a, const B& b,
                                               const R& mode, const execution& how,
                                               const matrix_view<const float>* start) {
  lowp::detail::require_operands(policy, a, b);
  const auto any = lowp::detail::any_mode(mode);
  return explain_slices(product_problem(policy, a, b, any, how, start));
}

// Slices that are copied before they are multiplied may still be read when others were written.
template <class D, class Use>
void for_each_read_memory(const D& d, const Use& use) {
  if constexpr (lowp::detail::is_transposed_description<D>) {
    for_each_memory(d.of, use);
  } else {
    for_each_memory(d, use);
  }
}
template <class Of, class Use>
void for_each_memory(const gathered_description<Of>& d, const Use& use) {
  for_each_read_memory(d.of, use);
}
template <slice_axis Axis, class... D, class Use>
void for_each_memory(const slices_description<Axis, D...>& d, const Use& use) {
  std::apply([&](const auto&... of) { (for_each_read_memory(of, use), ...); }, d.of);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
