// SPDX-License-Identifier: MIT
// A rounding mode chosen at run time, for tools that read it from a command line or loop over
// modes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace lowp {

/// Any rounding mode of the library as one type; acts as the mode it was made from.
class any_rounding {
 public:
  /// nearest_even, which nobody has stated.
  constexpr any_rounding()
      : addend_(&nearest_even_t::addend),
        is_fixed_addend_(lowp::is_fixed_addend<nearest_even_t>),
        is_stated_(false) {}
  constexpr any_rounding(const stochastic& random) : random_(random) {}
  template <rounding_mode R>
  requires requires(const discarded& d) { R::addend(d); }
  constexpr any_rounding(const R&)
      : addend_(&R::addend), is_fixed_addend_(lowp::is_fixed_addend<R>) {}

  /// Whether it was made from a mode. Where a rule has a mode of its own (block/rules/rule.hpp),
  /// one that was not stated gives way to it.
  [[nodiscard]] constexpr bool is_stated() const { return is_stated_; }
  [[nodiscard]] constexpr bool is_stochastic() const { return addend_ == nullptr; }
  /// The mode, if it is stochastic.
  [[nodiscard]] constexpr const stochastic& draw() const { return random_; }
  /// See lowp::is_fixed_addend.
  [[nodiscard]] constexpr bool is_fixed_addend() const { return is_fixed_addend_; }
  [[nodiscard]] constexpr any_rounding at(std::uint64_t i) const {
    return is_stochastic() ? any_rounding(random_.at(i)) : *this;
  }
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    return is_stochastic() ? random_.addend(d) : addend_(d);
  }

 private:
  std::uint64_t (*addend_)(const discarded&) = nullptr;  // of the modes without state
  bool is_fixed_addend_ = false;
  bool is_stated_ = true;
  stochastic random_{};
};

struct named_rounding {
  std::string_view name;
  any_rounding mode;
};

/// Every mode under its name; `stochastic` with seed 0.
inline constexpr std::array<named_rounding, 11> rounding_modes{{
    {"nearest_even", nearest_even},
    {"nearest_away", nearest_away},
    {"nearest_toward_zero", nearest_toward_zero},
    {"toward_zero", toward_zero},
    {"upward", upward},
    {"downward", downward},
    {"away_from_zero", away_from_zero},
    {"to_odd", to_odd},
    {"stochastic", stochastic{}},
    {"nearest_upward", nearest_upward},
    {"nearest_downward", nearest_downward},
}};

}  // namespace lowp
