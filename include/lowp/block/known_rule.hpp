// SPDX-License-Identifier: MIT
// What is known of a format and a rule when a program is compiled: the kernels that they need, a
// view that is a constant, and whether they contradict each other.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include "lowp/arrays/convert.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
namespace detail {

/// Whether a rule chooses scales of blocks, or values of the lowest groups, where a matrix of a
/// described format has those.
template <class Rule, class Format>
concept knows_blocks =
    described_scaled_blocks<Format> && scale_rule_for<Rule, typename Format::type>;
template <class Rule, class Format>
concept knows_groups = described_levels<Format> && group_rule_for<Rule, typename Format::type>;

}  // namespace detail

/// What chooses the scales of a matrix of a described format.
template <class Rule, class Format>
concept rule_of_matrix = detail::knows_blocks<Rule, Format> || detail::knows_groups<Rule, Format>;

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

/// Whether the composition that a described format has is elements in blocks.
template <class Format>
[[nodiscard]] constexpr bool is_in_blocks(const typename Format::type& composition) {
  return !described_levels<Format> || is_scaled_blocks(composition);
}
/// Calls in_blocks(known block, blocks, rule view) or in_groups(group rule), as the composition
/// that a described format has asks.
template <class Format, class Rule, class InBlocks, class InGroups>
void with_rule(const typename Format::type& composition, const Rule& rule,
               const InBlocks& in_blocks, const InGroups& in_groups) {
  if constexpr (lowp::detail::knows_groups<Rule, Format>) {
    if (!is_in_blocks<Format>(composition)) {
      return in_groups(lowp::detail::group_rule(composition, rule));
    }
  }
  if constexpr (lowp::detail::knows_blocks<Rule, Format>) {
    constexpr known_block<Format, Rule> known{};
    if constexpr (!Format::is_constant) {
      const auto blocks = scaled_blocks_of(composition);
      in_blocks(known, blocks, rule_view<std::remove_const_t<decltype(blocks)>>(blocks, rule));
    } else if constexpr (constant_rule<Rule, Format>) {
      in_blocks(known, constant_blocks<Format>, constant_rule_view<Format, Rule>);
    } else {
      constexpr const auto& blocks = constant_blocks<Format>;
      in_blocks(known, blocks, rule_view<scaled_blocks_type<typename Format::type>>(blocks, rule));
    }
  }
}

/// Refuses a rule that contradicts a format, with the rule's sentence: at compile time, if the
/// format is constant and the rule says so without an object.
template <class Format, class Rule>
void require_rule(const char* function, const typename Format::type& composition,
                  const Rule& rule) {
  if constexpr (lowp::detail::knows_groups<Rule, Format>) {
    if (!is_in_blocks<Format>(composition)) {
      if constexpr (requires { rule.defect(composition); }) {
        lowp::detail::require_valid(function, rule.defect(composition));
      }
      return;
    }
  }
  if constexpr (!lowp::detail::knows_blocks<Rule, Format>) {
    refuse(std::string(function) +
           ": the format is elements in blocks, expected a rule that answers their scales");
  } else if constexpr (!Format::is_constant) {
    lowp::detail::require_scaled_blocks(function, composition);
    lowp::detail::require_valid(function, lowp::defect(composition, rule));
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

/// Throws if a rule does not fit a matrix of rows x cols elements.
template <class Rule>
void require_matrix(const Rule& rule, std::size_t rows, std::size_t cols) {
  if constexpr (requires { rule.require_matrix(rows, cols); }) rule.require_matrix(rows, cols);
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
