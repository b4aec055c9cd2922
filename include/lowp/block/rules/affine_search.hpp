// SPDX-License-Identifier: MIT
// A search for the scale and the zero point of affine integers: of shrunk ranges and all zero
// points those under which the quantized elements err least; for an array, and as a rule for
// groups. The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/affine_range.hpp"
#include "lowp/block/affine_scale.hpp"
#include "lowp/block/rules/error_norm.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/kernels/searches/searches.hpp"

namespace lowp {

/// A search over widths and zero points.
struct affine_search {
  int widths = 100;
  float norm = 2.4f;
};

namespace detail {
inline namespace LOWP_BASELINE {

inline void require_affine_search(const std::string& function, const affine_search& search) {
  if (search.widths < 1 || search.widths > 65536) {
    refuse(function + ": widths is " + std::to_string(search.widths) + ", expected 1 to 65536");
  }
  if (!is_finite_number(search.norm) || !(search.norm > 0) || !(search.norm <= 4)) {
    refuse(function + ": norm is " + std::to_string(search.norm) +
           ", expected above 0 and at most 4");
  }
}
template <number_format F>
[[nodiscard]] bool can_search_affine(const F& format) {
  const integer_values integers = integers_of(format);
  return integers.exist && integers.unit == 0 && format.bits() <= 8;
}

/// What a search goes through.
struct affine_candidates {
  affine_scale whole;  ///< of all the range
  std::int32_t low = 0, high = 0, first = 0, last = 0;

  template <number_format F>
  affine_candidates(const F& format, const affine_range& range)
      : whole(affine_scale_of(format, range)) {
    const integer_values integers = integers_of(format);
    low = static_cast<std::int32_t>(integers.range.low);
    high = static_cast<std::int32_t>(integers.range.high);
    first = range.high == 0 ? high : low;
    last = range.low == 0 ? low : high;
  }
  [[nodiscard]] float scale(int i, int widths) const {
    const float part = over(static_cast<float>(i), static_cast<float>(widths));
    return (std::max)(times(whole.scale, part), 0x1p-126f);
  }
};

/// As it is defined; of finite values.
[[nodiscard]] inline affine_scale define_affine_search(const affine_candidates& of,
                                                       std::span<const float> values,
                                                       const affine_search& search) {
  const default_float_environment environment;
  affine_scale found = of.whole;
  float least = std::bit_cast<float>(std::uint32_t{0x7F800000});
  for (int i = 1; i <= search.widths; ++i) {
    const float scale = of.scale(i, search.widths);
    for (std::int32_t zero = of.first; zero <= of.last; ++zero) {
      float sum = 0;
      for (const float x : values) {
        const std::int32_t code = affine_code(of.low, of.high, {scale, zero}, x);
        const float value = times(static_cast<float>(code - zero), scale);
        sum = plus(sum, error_power(plus(x, -value), search.norm));
        if (!(sum < least)) break;  // sums do not fall
      }
      if (!(sum < least)) continue;
      least = sum;
      found = {scale, zero};
    }
  }
  return found;
}

/// By the kernels of a level; `values` are finite, with the ends of `range`, and 16 zeros more.
[[nodiscard]] inline affine_scale run_affine_search(isa level, const affine_candidates& of,
                                                    const affine_range& range,
                                                    std::span<const float> values,
                                                    const affine_search& search) {
  const default_float_environment environment;
  const float norm = search.norm;
  kernels::affine_zero_plan plan;
  plan.low = of.low;
  plan.high = of.high;
  plan.whole_norm = norm == 1 ? 1 : norm == 2 ? 2 : norm == 3 ? 3 : norm == 4 ? 4 : 0;
  plan.norm = std::bit_cast<std::uint32_t>(norm);
  plan.ends[0] = std::bit_cast<std::uint32_t>(range.low);
  plan.ends[1] = std::bit_cast<std::uint32_t>(range.high);
  const std::size_t count = values.size() - kernels::pack_groups;
  std::vector<std::uint32_t> words(values.size()), steps(values.size());
  for (std::size_t i = 0; i < count; ++i) words[i] = std::bit_cast<std::uint32_t>(values[i]);
  std::uint32_t least = 0x7F800000u;
  const auto find = [&](float scale) {
    return kernels::search_affine_zero(level, plan, std::bit_cast<std::uint32_t>(scale),
                                       words.data(), count, steps.data(), least);
  };
  // What the whole range leaves is a bound from the beginning: none that errs more is taken.
  if (of.whole.zero >= of.first && of.whole.zero <= of.last) {
    plan.first = plan.last = of.whole.zero;
    if (find(of.scale(search.widths, search.widths)) == of.whole.zero) ++least;
  }
  plan.first = of.first;
  plan.last = of.last;
  affine_scale found = of.whole;
  for (int i = 1; i <= search.widths; ++i) {
    const float scale = of.scale(i, search.widths);
    const int zero = find(scale);
    if (zero >= of.first) found = {scale, zero};
  }
  return found;
}

template <number_format F, class Values>
[[nodiscard]] affine_scale search_affine(isa level, const F& format, const Values& values,
                                         const affine_search& search) {
  const affine_range range = min_max_with_zero(values);
  const affine_candidates of(format, range);
  if (range == affine_range{}) return of.whole;
  std::vector<float> finite;
  for_each_finite_number(values, [&](float x) { finite.push_back(x); });
  finite.resize(finite.size() + kernels::pack_groups);
  // The ends of a range with zero in it may be no elements: then they err nothing.
  return run_affine_search(level, of, range, finite, search);
}

}  // namespace LOWP_BASELINE
}  // namespace detail

inline namespace LOWP_BASELINE {

/// The scale and zero point that leave the least error: widths i / widths of that of
/// min_max_with_zero, i = 1 … widths, and for each of them all zero points from the lowest code to
/// the highest; the lowest only, if no value is negative, the highest only, if none is positive.
/// The scale is that of affine_scale_of times i / widths; the error is the sum over the finite
/// values, in order, of error_power(x - value, norm), value = (code - zero) * scale, each operation
/// in binary32. The first of the least is taken. Throws std::invalid_argument for formats of more
/// than 8 bits or without integers, widths outside 1 to 65536, and norms that are not above 0 and
/// at most 4.
template <number_format F>
[[nodiscard]] affine_scale search_affine_scale(const F& format, std::span<const float> values,
                                               const affine_search& search = {}) {
  if (!detail::can_search_affine(format)) {
    refuse("search_affine_scale: expected a format of integers of at most 8 bits");
  }
  detail::require_affine_search("search_affine_scale", search);
  return detail::search_affine(best_isa(), format, detail::as_row(values), search);
}

}  // namespace LOWP_BASELINE

namespace rules {
inline namespace LOWP_BASELINE {

/// What search_affine_scale finds for each group, of a composition with a zero point or an offset
/// whose elements are integers of at most 8 bits; the scale is rounded to the format of scales
/// afterwards. The function that quantizes throws as search_affine_scale does.
///
///   quantize<formats::affine_groups(4, {1, 128})>(w, rules::search_affine{})
///   quantize(x, tensor, rules::search_affine{{.widths = 80, .norm = 2}})
struct search_affine {
  affine_search of{};
  static constexpr std::string_view name = "search_affine";

  template <class Format>
  [[nodiscard]] affine_scale scale(const block_values& block, const Format& format) const {
    return lowp::detail::search_affine(best_isa(), format.element, block.values, of);
  }
  [[nodiscard]] static const char* defect(const auto& format) {
    return lowp::detail::can_search_affine(format.element)
               ? nullptr
               : "rules::search_affine: expected elements that are integers of at most 8 bits";
  }
  void require_grid(std::size_t, std::size_t) const {
    lowp::detail::require_affine_search("rules::search_affine", of);
  }
};

}  // namespace LOWP_BASELINE
}  // namespace rules
}  // namespace lowp
