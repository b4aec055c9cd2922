// SPDX-License-Identifier: MIT
// The library's rules under numbers, for tests that choose one at run time or as a template
// argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lowp/block/block_format.hpp"
#include "lowp/block/rules.hpp"

namespace oracle::block {

enum class scale_rule : std::uint8_t {
  floor,
  ceil,
  even,
  rceil,
  amax,
  transformer_engine,
  torchao,
  modelopt
};
using enum scale_rule;
constexpr std::array<scale_rule, 8> all_rules{
    floor, ceil, even, rceil, amax, transformer_engine, torchao, modelopt};

/// Calls f with the rule object.
template <class Function>
constexpr auto with_rule(scale_rule rule, const Function& f) {
  namespace rules = lowp::rules;
  switch (rule) {
    case floor: return f(rules::floor);
    case ceil: return f(rules::ceil);
    case even: return f(rules::even);
    case rceil: return f(rules::rceil);
    case amax: return f(rules::amax);
    case transformer_engine: return f(rules::transformer_engine);
    case torchao: return f(rules::torchao);
    case modelopt: break;
  }
  return f(rules::modelopt);
}

/// The rule object of a number that is known when compiling.
template <scale_rule Rule>
[[nodiscard]] constexpr auto rule_of() {
  namespace rules = lowp::rules;
  if constexpr (Rule == floor) return rules::floor;
  if constexpr (Rule == ceil) return rules::ceil;
  if constexpr (Rule == even) return rules::even;
  if constexpr (Rule == rceil) return rules::rceil;
  if constexpr (Rule == amax) return rules::amax;
  if constexpr (Rule == transformer_engine) return rules::transformer_engine;
  if constexpr (Rule == torchao) return rules::torchao;
  if constexpr (Rule == modelopt) return rules::modelopt;
}

[[nodiscard]] inline std::string name_of(scale_rule rule) {
  return with_rule(rule, [](const auto& object) { return std::string(object.name); });
}

[[nodiscard]] constexpr bool is_power_of_two(scale_rule rule) { return rule <= rceil; }

/// What the documentation says of formats for which no rule is named.
[[nodiscard]] constexpr scale_rule default_rule(const auto& format) {
  const auto& f = scaled_blocks_of(format);
  return f.has_tensor_scale ? transformer_engine : f.scale.precision() == 1 ? floor : amax;
}

/// Why a rule is none for a format, or null.
[[nodiscard]] constexpr const char* defect_of(const auto& f, scale_rule rule) {
  return defect(f) != nullptr
             ? defect(f)
             : with_rule(rule, [&](const auto& object) { return defect(f, object); });
}

}  // namespace oracle::block
