// SPDX-License-Identifier: MIT
// Which strategy computes a product: the first of its policy's list that can.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/kernels/target.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/rounding_reference.hpp"
#if !LOWP_COMPILED
#include "lowp/gemm/strategies/adders.hpp"
#include "lowp/gemm/strategies/exact.hpp"
#include "lowp/gemm/strategies/integers.hpp"
#include "lowp/gemm/strategies/k32.hpp"
#include "lowp/gemm/strategies/modeled.hpp"
#endif

namespace lowp {

/// What explain() answers.
struct gemm_explanation {
  struct refusal {
    std::string_view strategy, reason;
  };
  std::string_view strategy;      ///< that computes the product; "the definition" if none can
  std::vector<refusal> refusals;  ///< of the strategies before it, in their order
  /// Of operands of slices (gemm/slices.hpp): those of the products of their slices.
  std::vector<gemm_explanation> slices = {};

  [[nodiscard]] bool is_definition() const { return strategy == "the definition"; }
  /// "chains of FMAs in binary64: these are not …\nmodeled sums: taken\n"; then, two columns in,
  /// that of each slice.
  [[nodiscard]] std::string text(std::size_t indent = 0) const {
    std::string all;
    const auto add = [&all, indent](std::string_view name, std::string_view what) {
      all.append(indent, ' ').append(name).append(": ").append(what).append("\n");
    };
    for (const refusal& r : refusals) add(r.strategy, r.reason);
    add(strategy, "taken");
    for (const gemm_explanation& slice : slices) all += slice.text(indent + 2);
    return all;
  }
};

inline namespace LOWP_BASELINE {
namespace bulk {

struct few_rows_by_columns;
struct small_products;
struct bfloat16_tiles;
struct integer_dot_products;
struct bfloat16_dot_products;
struct few_integers_by_packed;
struct few_rows_by_packed;
struct binary32_fmas;
struct integer_words;
struct exact_windows;
struct binary64_chains;
struct modeled_sums;
struct modeled_pieces;
struct staged_adders;
struct block_scaled_adders;
struct grouped_kernels;

}  // namespace bulk

// The strategies of the policies of the library, in the order in which they are asked.
#if LOWP_X86_TARGETS
[[nodiscard]] constexpr bulk::strategy_list<bulk::few_rows_by_columns, bulk::small_products,
                                            bulk::bfloat16_tiles, bulk::integer_dot_products,
                                            bulk::few_integers_by_packed, bulk::few_rows_by_packed,
                                            bulk::bfloat16_dot_products, bulk::binary32_fmas>
strategies_of(const k32_sums&) {
  return {};
}
#elif LOWP_AARCH64_TARGETS
[[nodiscard]] constexpr bulk::strategy_list<bulk::few_rows_by_columns, bulk::small_products,
                                            bulk::integer_dot_products, bulk::few_rows_by_packed,
                                            bulk::binary32_fmas>
strategies_of(const k32_sums&) {
  return {};
}
#else
[[nodiscard]] constexpr bulk::strategy_list<bulk::few_rows_by_columns, bulk::small_products,
                                            bulk::few_rows_by_packed, bulk::binary32_fmas>
strategies_of(const k32_sums&) {
  return {};
}
#endif
[[nodiscard]] constexpr bulk::strategy_list<bulk::integer_words> strategies_of(const int32_sums&) {
  return {};
}
[[nodiscard]] constexpr bulk::strategy_list<bulk::exact_windows> strategies_of(const exact_sums&) {
  return {};
}
[[nodiscard]] constexpr bulk::strategy_list<bulk::binary64_chains, bulk::modeled_sums,
                                            bulk::modeled_pieces>
strategies_of(const rounded_sums&) {
  return {};
}
[[nodiscard]] constexpr bulk::strategy_list<bulk::modeled_sums, bulk::modeled_pieces> strategies_of(
    const aligned_sums&) {
  return {};
}
[[nodiscard]] constexpr bulk::strategy_list<bulk::staged_adders> strategies_of(const staged_sums&) {
  return {};
}
[[nodiscard]] constexpr bulk::strategy_list<bulk::block_scaled_adders> strategies_of(
    const block_scaled_sums&) {
  return {};
}
[[nodiscard]] constexpr bulk::strategy_list<bulk::grouped_kernels> strategies_of(
    const grouped_sums&) {
  return {};
}

namespace bulk {

/// The factor of the sums of `multiply` that it leaves to the sink: the tensor scale, if it is not
/// to join the sums before they are rounded to binary32.
template <gemm_policy P>
[[nodiscard]] float sum_scale(const P& policy, const any_operand& x) {
  bool joins_sums = form_of(policy) == factor_form::exact_values;
  if constexpr (std::same_as<P, rounded_sums>) {
    joins_sums = !scales_in_binary32(policy);
  }
  return joins_sums ? 1.0f : x.tensor_scale;
}

/// The sums that a policy names, by the first strategy that can; false if none can.
template <gemm_policy P, rounding_mode R>
[[nodiscard]] bool multiply(const product_problem<P, R>& problem, const sum_sink& sink) {
  return for_each_strategy(strategies_of(problem.policy), [&]<class Strategy>() {
    if (Strategy::obstacle(problem) != nullptr) return false;
    Strategy::run(problem, sink);
    return true;
  });
}

template <gemm_policy P, rounding_mode R>
[[nodiscard]] gemm_explanation explain(const product_problem<P, R>& problem) {
  gemm_explanation all{"the definition", {}};
  for_each_strategy(strategies_of(problem.policy), [&]<class Strategy>() {
    const char* const why = Strategy::obstacle(problem);
    if (why == nullptr) {
      all.strategy = Strategy::name;
      return true;
    }
    all.refusals.push_back({Strategy::name, why});
    return false;
  });
  return all;
}

#if LOWP_COMPILED
#define LOWP_DECLARE(Policy, Mode)                                                      \
  extern template bool multiply(const product_problem<Policy, Mode>&, const sum_sink&); \
  extern template gemm_explanation explain(const product_problem<Policy, Mode>&);
LOWP_COMPILED_PRODUCTS(LOWP_DECLARE)
#undef LOWP_DECLARE
#endif

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
