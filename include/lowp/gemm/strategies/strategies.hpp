// SPDX-License-Identifier: MIT
// Which strategy computes a product: the first of its policy's list that can.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/gemm/strategies/exact.hpp"
#include "lowp/gemm/strategies/integers.hpp"
#include "lowp/gemm/strategies/k32.hpp"
#include "lowp/gemm/strategies/modeled.hpp"
#include "lowp/gemm/strategies/problem.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// What explain() answers.
struct gemm_explanation {
  struct refusal {
    std::string_view strategy, reason;
  };
  std::string_view strategy;      ///< that computes the product; "the definition" if none can
  std::vector<refusal> refusals;  ///< of the strategies before it, in their order

  /// "chains of FMAs in binary64: these are not …\nmodeled sums: taken\n"
  [[nodiscard]] std::string text() const {
    std::string all;
    const auto add = [&all](std::string_view name, std::string_view what) {
      all.append(name).append(": ").append(what).append("\n");
    };
    for (const refusal& r : refusals) add(r.strategy, r.reason);
    add(strategy, "taken");
    return all;
  }
};

inline namespace LOWP_BASELINE {
namespace bulk {

/// The factor of the sums of `multiply` that it leaves to the sink: the tensor scale, if it is not
/// to join the sums before they are rounded to binary32.
template <gemm_policy P, gemm_operand X>
[[nodiscard]] float sum_scale(const P& policy, const X& x) {
  bool joins_sums = form_of(policy) == factor_form::exact_values;
  if constexpr (std::same_as<P, rounded_sums>) {
    joins_sums = lowp::detail::is_chain(policy, formats::binary64);
  }
  return joins_sums ? 1.0f : lowp::detail::operand_tensor_scale(x);
}

/// The sums that a policy names, by the first strategy that can; false if none can.
template <class Problem>
[[nodiscard]] bool multiply(const Problem& problem, const sum_sink& sink) {
  return for_each_strategy(strategies_of(problem.policy), [&]<class Strategy>() {
    if (Strategy::obstacle(problem) != nullptr) return false;
    Strategy::run(problem, sink);
    return true;
  });
}

template <gemm_policy P, gemm_operand A, gemm_operand B, rounding_mode R>
[[nodiscard]] gemm_explanation explain(const P& policy, const A& a, const B& b, const R& mode,
                                       const execution& how,
                                       const matrix_view<const float>* start) {
  lowp::detail::require_operands(policy, a, b);
  gemm_explanation all{"the definition", {}};
  const product_problem<P, A, B, R> problem{policy, a, b, mode, how, start};
  for_each_strategy(strategies_of(policy), [&]<class Strategy>() {
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

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
