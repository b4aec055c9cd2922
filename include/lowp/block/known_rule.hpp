// SPDX-License-Identifier: MIT
// What is known of a format and a rule when a program is compiled: the kernels that they need, a
// view that is a constant, and whether they contradict each other.
#pragma once

#include <cstddef>
#include <type_traits>

#include "lowp/arrays/convert.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/core/config.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The elements in blocks of a constant format.
template <described_scaled_blocks Format>
inline constexpr scaled_blocks_type<typename Format::type> constant_blocks =
    scaled_blocks_of(Format::value);

/// A rule that is a constant: without state, and all that is asked of it beforehand is constant.
template <class Format, class Rule>
[[nodiscard]] constexpr bool is_viewed(const Rule& rule) {
  (void)rule_view<scaled_blocks_type<typename Format::type>>(constant_blocks<Format>, rule);
  return true;
}
template <class Rule, class Format>
concept constant_rule = std::is_empty_v<Rule> && std::is_default_constructible_v<Rule> && requires {
  typename std::bool_constant<is_viewed<Format>(Rule{})>;
};
template <class Rule>
inline constexpr Rule rule_object{};
template <class Format, class Rule>
inline constexpr rule_view<scaled_blocks_type<typename Format::type>> constant_rule_view{
    constant_blocks<Format>, rule_object<Rule>};
/// Calls use(blocks, rule view) for the format of a matrix.
template <class Format, class Rule, class Use>
void with_rule(const auto& matrix, const Rule& rule, const Use& use) {
  if constexpr (!Format::is_constant) {
    const auto blocks = scaled_blocks_of(matrix.composition());
    use(blocks, rule_view<std::remove_const_t<decltype(blocks)>>(blocks, rule));
  } else if constexpr (constant_rule<Rule, Format>) {
    use(constant_blocks<Format>, constant_rule_view<Format, Rule>);
  } else {
    constexpr const auto& blocks = constant_blocks<Format>;
    use(blocks, rule_view<scaled_blocks_type<typename Format::type>>(blocks, rule));
  }
}

/// What kernels a rule needs for a format that is known: what it says, if that does not depend on
/// its state, else any.
template <int Bits>
struct block_of_any_rule : any_block {
  static constexpr bool allows_bits(int least, int most) {
    return block_of<Bits, element_scaling{}, false>::allows_bits(least, most);
  }
};
/// Whether a rule says without an object how it scales, and whether by powers of two.
template <class Rule, class Format>
concept has_fixed_scaling = !requires(const Rule& rule) {
  rule.scaling(constant_blocks<Format>);
}
|| requires {
  typename std::integral_constant<element_scaling, Rule::scaling(constant_blocks<Format>)>;
};
template <class Rule>
concept has_fixed_powers = !requires(const Rule& rule) {
  rule.is_power_of_two;
}
|| requires { typename std::bool_constant<Rule::is_power_of_two>; };

template <class Format, class Rule>
[[nodiscard]] constexpr auto known_for() {
  if constexpr (!Format::is_constant) {
    return any_block{};
  } else {
    constexpr auto format = constant_blocks<Format>;
    constexpr int bits = format.element.bits();
    if constexpr (constant_rule<Rule, Format>) {
      constexpr const auto& view = constant_rule_view<Format, Rule>;
      return block_of<bits, view.scaling, view.is_power_of_two>{};
    } else if constexpr (has_fixed_scaling<Rule, Format> && has_fixed_powers<Rule>) {
      constexpr element_scaling how = [] {
        if constexpr (requires { Rule::scaling(constant_blocks<Format>); }) {
          return Rule::scaling(constant_blocks<Format>);
        } else {
          return element_scaling::divide_exactly;
        }
      }();
      constexpr bool is_power_of_two =
          !format.has_tensor_scale && (facts_of(format.scale).are_powers_of_two() ||
                                       requires { requires Rule::is_power_of_two; });
      return block_of<bits, how, is_power_of_two>{};
    } else {
      return block_of_any_rule<bits>{};
    }
  }
}
template <class Format, class Rule>
using known_block = decltype(known_for<Format, Rule>());

/// Refuses a rule that contradicts a format, with the rule's sentence: at compile time, if the
/// format is constant and the rule says so without an object.
template <class Format, class Rule>
void require_rule(const char* function, const auto& matrix, const Rule& rule) {
  if constexpr (!Format::is_constant) {
    lowp::detail::require_scaled_blocks(function, matrix.composition());
    lowp::detail::require_valid(function, lowp::defect(matrix.composition(), rule));
  } else if constexpr (requires {
                         typename std::bool_constant<Rule::defect(constant_blocks<Format>) ==
                                                     nullptr>;
                       }) {
    constexpr auto format = constant_blocks<Format>;
    static_assert(lowp::detail::is_free_of_defects(Rule::defect(format)) &&
                  lowp::detail::no_defect<lowp::detail::sentence(Rule::defect(format))>);
  } else {
    lowp::detail::require_valid(function, lowp::defect(constant_blocks<Format>, rule));
  }
}

/// Throws if a rule does not fit a grid of blocks.
template <class Rule>
void require_grid(const Rule& rule, std::size_t block_rows, std::size_t block_cols) {
  if constexpr (requires { rule.require_grid(block_rows, block_cols); }) {
    rule.require_grid(block_rows, block_cols);
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
