// SPDX-License-Identifier: MIT
// Rules for groups of affine integers: ranges of the values of each group, by a function or by an
// observer, and ranges or scales and zero points that the caller has. The umbrella header leaves it
// out.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/affine_range.hpp"
#include "lowp/block/affine_scale.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/core/failure.hpp"

namespace lowp::rules {

/// The range that a function finds for the elements of a group, which is mapped to that of the
/// element format as the ends of a group are without a rule: scale = (high - low) / (highest -
/// lowest element), zero = lowest element - low / scale, to nearest even, or offset = -low. Formats
/// with a zero point have 0 in the range. Elements beyond it saturate. A function that answers what
/// is no range gets scales of NaN.
///
///   quantize<formats::affine_groups(4, {1, 128})>(w, rules::range_of([](const auto& group) {
///     return percentile(group, 0.1, 99.9);
///   }))
template <class Function>
struct range_of_t {
  Function function{};
  static constexpr std::string_view name = "range_of";
  [[nodiscard]] affine_range scale(const block_values& block, const auto&) const {
    return function(block.values);
  }
};
template <class Function>
requires requires(const Function& f, const matrix_view<const float>& x) {
  { f(x) } -> std::same_as<affine_range>;
}
[[nodiscard]] constexpr range_of_t<Function> range_of(Function function) { return {function}; }

/// As range_of, by an observer that sees a group alone: a copy of this one for each.
///
///   quantize<int4_rows>(w, rules::observed(percentile_observer(1, 99)))
template <range_observer Observer>
[[nodiscard]] constexpr auto observed(const Observer& fresh) {
  return range_of([fresh](const matrix_view<const float>& group) {
    Observer observer = fresh;
    observer.observe(group);
    return observer.range();
  });
}

namespace detail {
inline void require_groups(const char* rule, const char* what, std::size_t size, std::size_t rows,
                           std::size_t cols) {
  if (size == rows * cols || size == 1) return;
  refuse(std::string(rule) + ": " + what + " has size " + std::to_string(size) + ", expected " +
         std::to_string(rows * cols) + ", one per group, or 1");
}
}  // namespace detail

/// Ranges that the caller has, of an observer of many batches for instance: one per group,
/// row-major over the grid of groups of the result, or one for all. Used as range_of has it. The
/// function that quantizes throws std::invalid_argument, before writing, for another number of them
/// and for what is no range.
struct given_ranges {
  std::span<const affine_range> ranges;
  static constexpr std::string_view name = "given_ranges";

  [[nodiscard]] affine_range scale(const block_values& block, const auto&) const {
    return ranges[ranges.size() == 1 ? 0 : block.index];
  }
  void require_grid(std::size_t group_rows, std::size_t group_cols) const {
    detail::require_groups("rules::given_ranges", "ranges", ranges.size(), group_rows, group_cols);
    for (const affine_range& range : ranges) {
      lowp::detail::require_range("rules::given_ranges", range);
    }
  }
};

/// Scales and zero points that the caller has, as given_ranges. With an offset that is zero *
/// scale. Scales are finite and positive.
struct given_affine {
  std::span<const affine_scale> scales;
  static constexpr std::string_view name = "given_affine";

  [[nodiscard]] affine_scale scale(const block_values& block, const auto&) const {
    return scales[scales.size() == 1 ? 0 : block.index];
  }
  void require_grid(std::size_t group_rows, std::size_t group_cols) const {
    detail::require_groups("rules::given_affine", "scales", scales.size(), group_rows, group_cols);
    for (std::size_t i = 0; i < scales.size(); ++i) {
      if (lowp::detail::is_finite_number(scales[i].scale) && scales[i].scale > 0) continue;
      refuse("rules::given_affine: scales[" + std::to_string(i) + "].scale is " +
             std::to_string(scales[i].scale) + ", expected a finite positive number");
    }
  }
};

}  // namespace lowp::rules
