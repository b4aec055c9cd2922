// SPDX-License-Identifier: MIT
// What the kernels of searches for shrunk scales know of formats of elements and scales.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "lowp/block/rules/nearest_values.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/kernels/lanes/lane_plan.hpp"
#include "lowp/kernels/searches/searches.hpp"

namespace lowp::detail {

/// A number from 2^-100 to 2^100.
[[nodiscard]] constexpr bool is_moderate(float x) { return x >= 0x1p-100f && x <= 0x1p100f; }

struct shrink_grids {
  bool exist = false;
  kernels::shrink_plan plan{};
  float largest = 0;       ///< of elements
  float largest_base = 0;  ///< above it quotients are larger than lanes have them
  std::vector<std::uint32_t> values, limits;  ///< of elements on no grid

  /// The plan, which is good while these grids live.
  [[nodiscard]] kernels::shrink_plan bound() const {
    kernels::shrink_plan result = plan;
    result.values = values.data();
    result.limits = limits.data();
    result.limit_count = limits.size();
    return result;
  }
};

/// The steps of a format, if lanes round to them by one addition.
template <number_format F>
[[nodiscard]] constexpr bool find_grid(const F& f, kernels::binade_grid& found) {
  const code_grid grid = kernels::grid_of(f);
  const int lowest = 127 + grid.lowest_exponent, reach = 23 - grid.mantissa_bits;
  if (!grid.exists || grid.skips_subnormals || grid.mantissa_bits > 20 || lowest < 1 ||
      lowest > 180) {
    return false;
  }
  found.lowest = static_cast<std::uint32_t>(lowest) << 23 | 0x00400000u;
  found.reach = static_cast<std::uint32_t>(reach) << 23;
  found.first = bits32(as_binary32(decode(f, lowest_code(f))));
  found.last = bits32(as_binary32(largest_value(f)));
  return true;
}
/// A float format of a sign-free exponent field alone, without zero.
template <number_format F>
[[nodiscard]] constexpr bool find_powers(const F& f, kernels::shrink_plan& plan) {
  if constexpr (requires { f.mantissa_bits == 0 && f.is_signed; }) {
    if (f.mantissa_bits != 0 || f.is_signed || has_zero(f)) return false;
    plan.scale.first = bits32(as_binary32(smallest_positive_value(f)));
    plan.scale.last = bits32(as_binary32(largest_value(f)));
    plan.odd_binades = (static_cast<std::uint32_t>(largest_code(f)) ^ plan.scale.last >> 23) & 1u;
    return plan.scale.last < 0x7F800000u;
  } else {
    return false;
  }
}

template <number_format Element, number_format Scale>
[[nodiscard]] shrink_grids make_shrink_grids(const Element& element, const Scale& scale) {
  using kernels::scale_set;
  shrink_grids result;
  kernels::shrink_plan& plan = result.plan;
  result.largest = pack_as<float>(unpack(as_binary32(largest_value(element))));
  if (result.largest > 0x1p20f) return result;
  if (!find_grid(element, plan.element)) {
    const auto& listed = nearest_values_of(element);
    if (!listed.exist()) return result;
    for (const float x : listed.values()) result.values.push_back(std::bit_cast<std::uint32_t>(x));
    for (const float x : listed.limits()) {
      const auto bits = std::bit_cast<std::uint32_t>(x);
      result.limits.push_back(bits ^ (bits >> 31 != 0 ? 0xFFFFFFFFu : 0x80000000u));
    }
    plan.element.first = result.values.front();
    plan.element.last = result.values.back();
  }
  if (is_same_format(scale, formats::binary32)) {
    plan.scales = scale_set::any;
  } else if (find_powers(scale, plan)) {
    plan.scales = scale_set::powers_of_two;
  } else if (facts_of(scale).are_powers_of_two() || !find_grid(scale, plan.scale)) {
    return result;
  } else {
    plan.scales = scale_set::grid;
  }
  const float largest_scale = pack_as<float>(largest_value(scale));
  result.largest_base = largest_scale > 0x1p100f ? 0x1p110f : 256 * largest_scale;
  result.exist = true;
  return result;
}

/// Those of two formats, kept by each thread for as long as it asks for no others of the families.
template <number_format Element, number_format Scale>
[[nodiscard]] const shrink_grids& shrink_grids_of(const Element& element, const Scale& scale) {
  struct kept {
    Element element;
    Scale scale;
    shrink_grids grids;
  };
  thread_local kept last{element, scale, make_shrink_grids(element, scale)};
  if (!(last.element == element) || !(last.scale == scale)) {
    last = {element, scale, make_shrink_grids(element, scale)};
  }
  return last.grids;
}

}  // namespace lowp::detail
