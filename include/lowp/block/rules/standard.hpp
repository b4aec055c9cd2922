// SPDX-License-Identifier: MIT
// The rule of a format where the caller names none.
#pragma once

#include "lowp/block/rules/amax.hpp"
#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/rules/transformer_engine.hpp"

namespace lowp::rules {

/// transformer_engine for formats with a tensor scale, floor where scales are powers of two, amax
/// for all others.
struct standard_t {
  /// Calls use(rule) with the rule of a format.
  template <class Format, class Use>
  static constexpr auto with(const Format& format, const Use& use) {
    if (format.has_tensor_scale) return use(transformer_engine);
    if (facts_of(format.scale).are_powers_of_two()) return use(floor);
    return use(amax);
  }
  [[nodiscard]] static constexpr std::string_view name_for(const auto& format) {
    return with(format, [](const auto& rule) { return rule.name; });
  }

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale& t) {
    return with(format, [&](const auto& rule) {
      return detail::as_scale_code(format, rule.from_amax(block_amax, format, t));
    });
  }
  [[nodiscard]] static constexpr tensor_scale tensor(const float& block_amax, const auto& format) {
    return transformer_engine.tensor(block_amax, format);
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale& t) {
    return with(format, [&](const auto& rule) { return rule.plan(format, t); });
  }
  [[nodiscard]] static constexpr element_scaling scaling(const auto& format) {
    return format.has_tensor_scale ? transformer_engine.scaling(format)
                                   : element_scaling::divide_exactly;
  }
  [[nodiscard]] static constexpr bool divides_by_scale(const auto& format) {
    return !format.has_tensor_scale;
  }
  [[nodiscard]] static constexpr unpacked factor(const unpacked& scale, const auto& format,
                                                 const tensor_scale& t) {
    return format.has_tensor_scale ? transformer_engine.factor(scale, format, t)
                                   : exact::multiply(scale, unpack(t.decoding));
  }
};
inline constexpr standard_t standard{};

}  // namespace lowp::rules
