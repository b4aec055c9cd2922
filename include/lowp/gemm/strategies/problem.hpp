// SPDX-License-Identifier: MIT
// A product that is to be computed, and what a strategy is.
//
// A strategy is a struct that computes some products, with the bits of the definition:
//
//   static constexpr std::string_view name;
//   static const char* obstacle(const problem&);       null: it can; else why not, in a few words
//   static void run(const problem&, const sum_sink&);  called after that returned null
//
// The strategies of a policy are a list, strategies_of(policy), found by argument-dependent lookup;
// the first that can is taken. Where none can, the definition computes the product.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/element_matrix.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/operands/value_range.hpp"
#include "lowp/gemm/policy.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <gemm_policy P, rounding_mode R>
class product_problem {
 public:
  const P& policy;
  const any_operand& a;
  const any_operand& b;
  const R& mode;
  const execution& how;
  /// What sums begin with, or null for zero.
  const matrix_view<const float>* start;

  product_problem(const P& p, const any_operand& x, const any_operand& y, const R& rounding,
                  const execution& on, const matrix_view<const float>* begin = nullptr)
      : policy(p), a(x), b(y), mode(rounding), how(on), start(begin) {}

  [[nodiscard]] std::size_t depth() const { return a.cols; }
  [[nodiscard]] isa level() const { return how.level(); }

  /// Calls use(a, b) with the rows of both operands.
  template <class Use>
  void with_both(const Use& use) const {
    const auto use_a = [&](const row_source& x) {
      const auto use_b = [&](const row_source& y) { use(x, y); };
      b.use_rows(level(), row_use(use_b));
    };
    a.use_rows(level(), row_use(use_a));
  }
  /// Calls use(a, b) with the rows of copies in binary32, which may be read from anywhere on.
  template <class Use>
  void with_both_copied(const Use& use) const {
    const auto use_a = [&](const row_source& x) {
      const auto use_b = [&](const row_source& y) { use(x, y); };
      use_binary32_rows(level(), b_elements(true).view(), row_use(use_b));
    };
    use_binary32_rows(level(), a_elements(true).view(), row_use(use_a));
  }
  /// What values the operands have; looked at once.
  [[nodiscard]] const value_range& a_range() const { return range_of(a, a_range_); }
  [[nodiscard]] const value_range& b_range() const { return range_of(b, b_range_); }
  /// What values sums begin with, or null if that is zero.
  [[nodiscard]] const value_range* start_range() const {
    if (start == nullptr) return nullptr;
    if (!start_range_) {
      const auto use = [&](const row_source& rows) { start_range_.emplace(rows, how); };
      use_binary32_rows(level(), *start, row_use(use));
    }
    return &*start_range_;
  }
  /// Why kernels that take finite numbers only cannot begin with what the result holds, or null.
  [[nodiscard]] const char* start_obstacle() const {
    return start == nullptr || start_range()->are_finite ? nullptr
                                                         : "the result holds a NaN or an infinity";
  }
  /// What sums begin with, if that is not zero, row after row.
  void copy_start(float* to) const {
    for (std::size_t row = 0; start != nullptr && row < a.rows; ++row, to += b.rows) {
      std::copy_n(start->row(row), b.rows, to);
    }
  }
  /// The operands in binary32, without or with their scales; copied once.
  [[nodiscard]] const element_matrix& a_elements(bool with_scales) const {
    return elements_of(a, with_scales, a_elements_);
  }
  [[nodiscard]] const element_matrix& b_elements(bool with_scales) const {
    return elements_of(b, with_scales, b_elements_);
  }

 private:
  const value_range& range_of(const any_operand& x, std::optional<value_range>& range) const {
    if (!range) {
      const auto use = [&](const row_source& rows) { range.emplace(rows, how); };
      x.use_rows(level(), row_use(use));
    }
    return *range;
  }
  const element_matrix& elements_of(const any_operand& x, bool with_scales,
                                    std::optional<element_matrix>& elements) const {
    if (!elements) elements.emplace(x, with_scales, how);
    return *elements;
  }
  mutable std::optional<value_range> a_range_, b_range_, start_range_;
  mutable std::optional<element_matrix> a_elements_, b_elements_;
};

/// `on`, or one thread for a product that is done before others would have started. What sums take
/// that kernels multiply at the speed of the machine; of other policies it is not known.
template <gemm_policy P>
[[nodiscard]] execution execution_for(const P&, const any_operand& a, const any_operand& b,
                                      const execution& on) {
  if constexpr (std::same_as<P, k32_sums> || std::same_as<P, int32_sums>) {
    const std::uint64_t sums = std::uint64_t{a.rows} * b.rows;
    if (sums >> 32 != 0) return on;
    return on.for_work(sums * a.cols / 256);  // 4 picoseconds for each
  } else {
    return on;
  }
}

template <class... Strategy>
struct strategy_list {};

/// Calls try_one.operator()<Strategy>() for one after the other until it returns true; false if
/// none does.
template <class... Strategy, class Try>
bool for_each_strategy(strategy_list<Strategy...>, const Try& try_one) {
  return (try_one.template operator()<Strategy>() || ...);
}

}  // namespace bulk

/// Policies without kernels have none.
template <gemm_policy P>
[[nodiscard]] constexpr bulk::strategy_list<> strategies_of(const P&) {
  return {};
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
