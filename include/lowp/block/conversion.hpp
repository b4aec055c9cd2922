// SPDX-License-Identifier: MIT
// quantize() of quantize.hpp by a conversion: the mode of elements, whether they may be -0, and
// what NaNs are that reach them, under rules that see special values.
//
//   quantize<formats::mxfp4>(x, rules::floor, conversion{.negative_zeros =
//   lowp::negative_zeros::none})
//
// Without a mode, elements are rounded by that of the rule, if it has one. Elements that a rule
// encodes itself (its element()) are as they are. Elements of blocks saturate, infinities too:
// other policies for overflow, and choices for unsigned formats, are refused.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>

#include "lowp/block/quantize.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/rounding/conversion.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

namespace bulk {

/// Refuses what a conversion says and elements do not follow.
inline void require_of_elements(const char* function, overflow o,
                                const conversion_choices& choices) {
  const auto unless = [&](bool is_followed, const char* why) {
    if (!is_followed) refuse(std::string(function) + ": " + why);
  };
  unless(o == overflow::to_special || o == overflow::saturate,
         "elements of blocks saturate, expected a conversion with overflow::saturate or without "
         "an overflow");
  unless(!choices.takes_magnitude,
         "elements of blocks keep their signs, expected a conversion without takes_magnitude");
  unless(!choices.zero_is_smallest,
         "zeros of blocks stay zero, expected a conversion without zero_is_smallest");
}
/// … and groups with more than a scale, of which only the mode is asked.
inline void require_of_groups(const char* function, missing_nan n,
                              const conversion_choices& choices) {
  if (n == missing_nan::largest && choices == conversion_choices{}) return;
  refuse(std::string(function) +
         ": the format is no elements in blocks, expected a conversion that states nothing but a "
         "mode");
}

/// Calls use(mode) with the mode that a conversion states, else with that of the rule.
template <class Rule, rounding_mode R, class Use>
void with_mode(const Rule& rule, const basic_conversion<R>& c, const Use& use) {
  if constexpr (std::same_as<R, any_rounding>) {
    const rounding_of<Rule> own{};
    const auto& mode = mode_under(rule, own);
    using mode_type = std::remove_cvref_t<decltype(mode)>;
    if constexpr (std::constructible_from<any_rounding, const mode_type&>) {
      use(c.rounding.is_stated() ? c.rounding : any_rounding(mode));
    } else if (c.rounding.is_stated()) {
      use(c.rounding);
    } else {
      use(mode);
    }
  } else {
    use(mode_under(rule, c.rounding));
  }
}

}  // namespace bulk

/// Into a matrix of the shape of `in`; see quantize. For formats of elements in blocks.
template <class Format, template <class> class Layout, class Bytes, rule_of_matrix<Format> Rule,
          rounding_mode R>
requires detail::knows_blocks<Rule, Format>
void quantize(matrix_view<const float> in, basic_block_matrix<Format, Layout, Bytes>& out,
              const Rule& rule, const basic_conversion<R>& c, const execution& how = {}) {
  bulk::require_rule<Format>("quantize", out.composition(), rule);
  bulk::require_shape("quantize", out.rows(), out.cols(), in.rows, in.cols);
  bulk::require_grid(rule, out.block_row_count(), out.block_col_count());
  bulk::require_matrix(rule, out.rows(), out.cols());
  bulk::require_of_elements("quantize", c.overflow, c.choices());
  bulk::with_rule<Format>(
      out.composition(), rule,
      [&](const auto& known, const auto& blocks, const auto& view) {
        bulk::with_mode(rule, c, [&](const auto& mode) {
          bulk::in_planes(out, [&](auto& planar) {
            bulk::quantize(known, in, planar, blocks, view.with(c), mode, how);
          });
        });
      },
      [&](const auto& of_groups) {
        bulk::require_of_groups("quantize", c.missing_nan, c.choices());
        bulk::with_mode(rule, c, [&](const auto& mode) {
          bulk::quantize_levels(in, out, mode, how, of_groups);
        });
      });
}
template <auto F, template <class> class Layout = planes, class Rule, rounding_mode R>
requires(is_block_format_v<format_of<F>>&& rule_of_matrix<Rule, constant_format<F>>)
    [[nodiscard]] block_matrix<F, Layout> quantize(matrix_view<const float> in, const Rule& rule,
                                                   const basic_conversion<R>& c,
                                                   const execution& how = {}) {
  block_matrix<F, Layout> out(in.rows, in.cols);
  quantize(in, out, rule, c, how);
  return out;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
