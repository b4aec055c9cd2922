// SPDX-License-Identifier: MIT
// Many products at a time: the heads of attention, the experts of a layer.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/overlap.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// A list of operands or of results: a vector, an array or a span.
template <class List>
concept product_list = requires(const List& list, std::size_t i) {
  { list.size() } -> std::convertible_to<std::size_t>;
  list[i];
};

inline namespace LOWP_BASELINE {

/// c[i] = a[i] * b[i]^T by the policy P and, where it has one, the rounding mode, each through the
/// epilogue, as gemm does one after the other; a list of one operand stands for as many as c has.
/// Products may differ in shape. The draws that the sums of a product take from a stochastic mode
/// follow those of the product before it. Throws std::invalid_argument, before any is written, for
/// lists that differ in length and for what gemm refuses, also if a result shares memory with an
/// operand of another product; results must not share memory with each other.
///
/// Threads take a product each if there are at least 8, else a part of each.
template <gemm_policy auto P = policies::k32, product_list A, product_list B, product_list C,
          rounding_mode R>
void gemm_batched(const A& a, const B& b, C&& c, const R& mode, const epilogue& e,
                  const execution& how = {}) {
  const auto require_size = [&](const char* name, std::size_t size) {
    if (size == c.size() || size == 1) return;
    refuse("gemm_batched: " + std::string(name) + " has size " + std::to_string(size) +
           ", expected 1 or that of c, " + std::to_string(c.size()));
  };
  require_size("a", a.size());
  require_size("b", b.size());
  const auto item = [](const auto& list, std::size_t i) -> const auto& {
    return list[list.size() == 1 ? 0 : i];
  };
  const auto require_no_overlap = [&c](const auto& list, std::size_t i) {
    for (std::size_t j = 0; j < list.size(); ++j) {
      if constexpr (requires { list[j].of(); }) {
        // A product reads all of what is transposed before it writes; others may still have to.
        const bool is_own = j == i && (list.size() > 1 || c.size() == 1);
        if (!is_own) bulk::require_no_overlap(list[j].of(), c[i]);
      } else {
        bulk::require_no_overlap(list[j], c[i]);
      }
    }
  };
  std::vector<std::uint64_t> first_draws{0};
  for (std::size_t i = 0; i < c.size(); ++i) {
    detail::require_gemm_shapes(detail::operand_rows(item(a, i)), detail::operand_cols(item(a, i)),
                                detail::operand_rows(item(b, i)), detail::operand_cols(item(b, i)),
                                c[i]);
    detail::require_operands(detail::policy_value<P>, bulk::as_any_operand(item(a, i)),
                             bulk::as_any_operand(item(b, i)));
    detail::require_epilogue(e, detail::operand_rows(c[i]), detail::operand_cols(c[i]));
    require_no_overlap(a, i);
    require_no_overlap(b, i);
    bulk::require_no_overlap(e, c[i]);
    const std::uint64_t sums = detail::operand_rows(c[i]) * detail::operand_cols(c[i]);
    first_draws.push_back(first_draws[i] +
                          sums * draws_per_sum(P, detail::operand_cols(item(a, i))));
  }
  const auto multiply = [&](std::size_t i, const execution& by) {
    gemm<P>(item(a, i), item(b, i), c[i], at(mode, first_draws[i]), e, by);
  };
  constexpr std::size_t many = 8;
  if (c.size() < many) {
    for (std::size_t i = 0; i < c.size(); ++i) multiply(i, how);
    return;
  }
  const auto multiply_alone = [&](std::size_t i) { multiply(i, how.level()); };
  run_and_rethrow(how, c.size(), task(multiply_alone));
}
template <gemm_policy auto P = policies::k32, product_list A, product_list B, product_list C>
void gemm_batched(const A& a, const B& b, C&& c, const epilogue& e, const execution& how = {}) {
  gemm_batched<P>(a, b, c, nearest_even, e, how);
}
template <gemm_policy auto P = policies::k32, product_list A, product_list B, product_list C,
          rounding_mode R>
void gemm_batched(const A& a, const B& b, C&& c, const R& mode, const execution& how = {}) {
  gemm_batched<P>(a, b, c, mode, epilogue{}, how);
}
template <gemm_policy auto P = policies::k32, product_list A, product_list B, product_list C>
void gemm_batched(const A& a, const B& b, C&& c, const execution& how = {}) {
  gemm_batched<P>(a, b, c, epilogue{}, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
