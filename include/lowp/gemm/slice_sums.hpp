// SPDX-License-Identifier: MIT
// Products by slice_sums of operands in slices along K, each slice by a policy of its own, into one
// result. The umbrella header leaves it out. LLM.int8() (arXiv 2208.07339):
//
//   column_slices x(x8, x16), w(w8, w16);   // int_n<8> with a scale for each row, and binary16
//   gemm<policies::by_slice<policies::integers, policies::k32>>(x, w, c, epilogue{.bias = bias});
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/engine/output.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/operands/overlap.hpp"
#include "lowp/gemm/policies/slice_sums.hpp"
#include "lowp/gemm/slices.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

namespace detail {
template <class P>
inline constexpr bool is_slice_sums = false;
template <auto... Policies>
inline constexpr bool is_slice_sums<slice_sums<Policies...>> = true;
template <class X>
inline constexpr bool is_column_slices = false;
template <class... X>
inline constexpr bool is_column_slices<column_slices<X...>> = true;
template <class X>
inline constexpr std::size_t slice_count = 0;
template <class... X>
inline constexpr std::size_t slice_count<column_slices<X...>> = sizeof...(X);
}  // namespace detail

/// A slice_sums.
template <class P>
concept slice_policy = detail::is_slice_sums<std::remove_cvref_t<P>>;

/// Operands that slice_sums add: both cut along K into equally many slices.
template <class A, class B>
concept sliced_alike =
    detail::is_column_slices<A> && detail::is_column_slices<B> && detail::slice_count<A>
== detail::slice_count<B>;

namespace detail {
inline namespace LOWP_BASELINE {

/// Calls use.operator()<Index>(a, b) for slice Index of two operands, for each Index.
template <class A, class B, class Use>
void for_each_slice_pair(const A& a, const B& b, const Use& use) {
  [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    (use.template operator()<Index>(std::get<Index>(a.parts()), std::get<Index>(b.parts())), ...);
  }
  (std::make_index_sequence<slice_count<A>>{});
}

/// Throws std::invalid_argument for slices that do not fit each other or the result, for operands
/// that a policy refuses and for arrays of an epilogue that do not fit.
template <slice_policy auto P, class A, class B, class C>
void check_slice_sums(const A& a, const B& b, const C& c, const epilogue& e) {
  for_each_slice_pair(a, b, [&]<std::size_t Index>(const auto& x, const auto& y) {
    using first = std::remove_cvref_t<decltype(x)>;
    using second = std::remove_cvref_t<decltype(y)>;
    constexpr auto policy = std::remove_cvref_t<decltype(P)>::template policy_of<Index>;
    check_product<policy, first, second, nearest_even_t, false>();
    if (operand_cols(x) != operand_cols(y)) {
      refuse("gemm: slice " + std::to_string(Index) + " of b has " +
             std::to_string(operand_cols(y)) + " columns, expected " +
             std::to_string(operand_cols(x)) + " as that of a has");
    }
    require_gemm_shapes(operand_rows(x), operand_cols(x), operand_rows(y), operand_cols(y), c);
    require_operands(policy, bulk::as_any_operand(x), bulk::as_any_operand(y));
  });
  require_epilogue(e, operand_rows(c), operand_cols(c));
}

}  // namespace LOWP_BASELINE
}  // namespace detail

namespace reference {
inline namespace LOWP_BASELINE {

/// c = a * b^T by slice_sums, through an epilogue, overwriting c: the definition. A NaN in c is
/// 0x7FC00000. Throws std::invalid_argument, before writing, for slices of a and of b that differ
/// in columns, for shapes that do not fit, for operands that a policy refuses, and for arrays of
/// the epilogue that do not fit c.
template <slice_policy auto P, class A, class B, gemm_output C>
requires sliced_alike<A, B>
void gemm(const A& a, const B& b, C&& c, const epilogue& e = {}) {
  const std::size_t rows = lowp::detail::operand_rows(c), cols = lowp::detail::operand_cols(c);
  lowp::detail::check_slice_sums<P>(a, b, c, e);
  std::vector<float> sums(rows * cols), slice(rows * cols);
  bool is_first = true;
  const auto add = [&]<std::size_t Index>(const auto& x, const auto& y) {
    if (lowp::detail::operand_cols(x) == 0) return;
    constexpr auto policy = std::remove_cvref_t<decltype(P)>::template policy_of<Index>;
    reference::gemm<policy>(x, y, matrix_view<float>(slice.data(), rows, cols), nearest_even);
    const default_float_environment environment;
    for (std::size_t i = 0; i < slice.size(); ++i) {
      sums[i] = is_first ? slice[i] : opaque(opaque(sums[i]) + opaque(slice[i]));
      sums[i] = lowp::detail::with_canonical_nan(sums[i]);
    }
    is_first = false;
  };
  lowp::detail::for_each_slice_pair(a, b, add);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] = lowp::detail::finished_value(e, i / cols, i % cols, sums[i]);
  }
  store_result(matrix_view<const float>(sums.data(), rows, cols), e, c);
}

}  // namespace LOWP_BASELINE
}  // namespace reference

inline namespace LOWP_BASELINE {
namespace bulk {

/// Adds what `held` has to values of a row, in place.
inline void add_held(isa level, matrix_view<float> held, std::size_t row, std::size_t col,
                     std::size_t count, float* values) {
  kernels::finish(level,
                  kernels::row_epilogue{1.0f, nullptr, held.row(row) + col, activation::none},
                  count, values);
}

/// The values of a product, rounded to binary32 after the tensor scales, on to take(row, col,
/// count, values).
template <gemm_policy P, class A, class B, class Take>
void multiply_slice(const P& policy, const A& a, const B& b, const Take& take,
                    const row_memory& memory, const execution& how) {
  const product_problem<P, nearest_even_t> problem(policy, a, b, nearest_even, how);
  if (multiply_through(problem, a, b, take, memory)) return;
  const std::size_t cols = b.rows;
  std::vector<float> sums(a.rows * cols);
  lowp::detail::define_product(policy, a, b, matrix_view<float>(sums.data(), a.rows, cols), false,
                               nearest_even, how);
  const auto take_row = [&](std::size_t row) {
    const default_float_environment environment;
    take(row, 0, cols, sums.data() + row * cols);
  };
  how.run(a.rows, task(take_row));
}

/// The products of slices, added up in `held`, and the last sums on to finish(row, col, count,
/// values), which may change these. Of operands without columns, zeros.
template <slice_policy auto P, class A, class B, class Finish>
void multiply_each_slice(const A& a, const B& b, matrix_view<float> held, const Finish& finish,
                         const row_memory& memory, const execution& how) {
  std::size_t left = 0;
  const auto count = [&]<std::size_t Index>(const auto& x, const auto&) {
    if (lowp::detail::operand_cols(x) != 0) ++left;
  };
  lowp::detail::for_each_slice_pair(a, b, count);
  bool is_first = true;
  const bool is_empty = left == 0;
  const auto multiply = [&]<std::size_t Index>(const auto& x, const auto& y) {
    if (lowp::detail::operand_cols(x) == 0 && !(is_empty && Index == 0)) return;
    constexpr auto policy = std::remove_cvref_t<decltype(P)>::template policy_of<Index>;
    const bool is_last = left <= 1;
    const auto take = [&](std::size_t row, std::size_t col, std::size_t n, float* values) {
      if (!is_first) add_held(how.level(), held, row, col, n, values);
      if (is_last) {
        finish(row, col, n, values);
      } else {
        std::copy_n(values, n, held.row(row) + col);
      }
    };
    multiply_slice(policy, as_any_operand(x), as_any_operand(y), take,
                   is_last ? memory : memory_of(held), how);
    is_first = false;
    --left;
  };
  lowp::detail::for_each_slice_pair(a, b, multiply);
}

}  // namespace bulk

/// c = a * b^T by slice_sums, overwriting c: bit for bit what reference::gemm defines, for any
/// `execution`; each slice by the strategy that its product alone would take (explain tells).
/// Throws as reference::gemm, and for a c that shares memory with an operand.
template <slice_policy auto P, class A, class B>
requires sliced_alike<A, B>
void gemm(const A& a, const B& b, matrix_view<float> c, const execution& how = {}) {
  detail::check_slice_sums<P>(a, b, c, epilogue{});
  bulk::require_no_overlap(a, c);
  bulk::require_no_overlap(b, c);
  const auto store = [&](std::size_t row, std::size_t col, std::size_t count, const float* values) {
    std::copy_n(values, count, c.row(row) + col);
  };
  bulk::multiply_each_slice<P>(a, b, c, store, bulk::memory_of(c), how);
}

/// gemm into any result, through one epilogue, which is that of the whole sum. Takes memory for the
/// result in binary32.
template <slice_policy auto P, class A, class B, gemm_output C>
requires sliced_alike<A, B>
void gemm(const A& a, const B& b, C&& c, const epilogue& e, const execution& how = {}) {
  const std::size_t rows = detail::operand_rows(c), cols = detail::operand_cols(c);
  detail::check_slice_sums<P>(a, b, c, e);
  bulk::require_no_overlap(a, c);
  bulk::require_no_overlap(b, c);
  bulk::require_no_overlap(e, c);
  std::vector<float> values(rows * cols);
  const matrix_view<float> held(values.data(), rows, cols);
  if constexpr (bulk::is_block_output<C>) {
    gemm<P>(a, b, held, e, how);
    quantize(matrix_view<const float>(held), c, e.rounding, how);
  } else {
    const auto output = bulk::output_of(how.level(), c, e);
    const bulk::epilogue_rows finish(how.level(), e, output);
    bulk::multiply_each_slice<P>(a, b, held, finish, bulk::memory_of(c), how);
  }
}
/// gemm into numbers or blocks without an epilogue, rounded to nearest even.
template <slice_policy auto P, class A, class B, rounded_gemm_output C>
requires sliced_alike<A, B>
void gemm(const A& a, const B& b, C&& c, const execution& how = {}) {
  gemm<P>(a, b, c, epilogue{}, how);
}

/// Which strategies compute gemm<P>(a, b, c, how), one for each slice.
template <slice_policy auto P, class A, class B>
requires sliced_alike<A, B>
[[nodiscard]] gemm_explanation explain(const A& a, const B& b, const execution& how = {}) {
  gemm_explanation all{"slices, each by its own policy", {}, {}};
  detail::for_each_slice_pair(a, b, [&]<std::size_t Index>(const auto& x, const auto& y) {
    constexpr auto policy = std::remove_cvref_t<decltype(P)>::template policy_of<Index>;
    all.slices.push_back(explain<policy>(x, y, nearest_even, how));
  });
  return all;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
