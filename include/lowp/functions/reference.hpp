// SPDX-License-Identifier: MIT
// The definition of the elementary functions of binary32: reference::exp(x) and so on, each a
// stated sequence of IEEE operations (kernels/functions/list.inc), also in constant expressions.
// The same bits whatever the floating-point environment and the options of the compiler.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "lowp/core/config.hpp"
#include "lowp/functions/scalar_lanes.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp::reference::lanes {

// clang-format off
#pragma push_macro("LOWP_LANE")
#undef LOWP_LANE
#define LOWP_LANE constexpr
#define LOWP_HAS_LANES
#define LOWP_TARGET_NAMESPACE lanes
#include "lowp/kernels/lanes/long_floats.inc"
#include "lowp/kernels/lanes/logistic.inc"
#define LOWP_FUNCTION(name, error)
#define LOWP_FUNCTION_OF_TWO(name, error)
#include "lowp/kernels/functions/list.inc"
#undef LOWP_TARGET_NAMESPACE
#undef LOWP_HAS_LANES
#pragma pop_macro("LOWP_LANE")
// clang-format on

template <class Lanes, class... In>
[[nodiscard]] constexpr float evaluate_here(In... x) {
  if constexpr (std::is_same_v<decltype(Lanes::of), u32(u32)>) {
    return std::bit_cast<float>(Lanes::of(std::bit_cast<u32>(x)...));
  } else {
    return narrowed(number(Lanes::of(std::bit_cast<u64>(widened(x))...)));
  }
}
template <class Lanes, class... In>
[[nodiscard]] inline float evaluate_in_default_environment(In... x) {
  const default_float_environment environment;
  return evaluate_here<Lanes>(x...);
}
template <class Lanes, class... In>
[[nodiscard]] constexpr float evaluate(In... x) {
  return std::is_constant_evaluated() ? evaluate_here<Lanes>(x...)
                                      : evaluate_in_default_environment<Lanes>(x...);
}

}  // namespace lowp::reference::lanes

namespace lowp::reference {

#define LOWP_FUNCTION(name, error) \
  [[nodiscard]] constexpr float name(float x) { return lanes::evaluate<lanes::name##_lanes>(x); }
#define LOWP_FUNCTION_OF_TWO(name, error)                \
  [[nodiscard]] constexpr float name(float a, float b) { \
    return lanes::evaluate<lanes::name##_lanes>(a, b);   \
  }
#include "lowp/kernels/functions/list.inc"

/// e^x = mantissa * 2^exponent, the exponent an integer: kernels/functions/exp.inc.
struct scaled_number {
  float mantissa = 0, exponent = 0;
  constexpr bool operator==(const scaled_number&) const = default;
};
namespace lanes {
[[nodiscard]] constexpr scaled_number scaled_exp_here(float x) {
  const scaled_value e = scaled_exp(std::bit_cast<u32>(x));
  return {std::bit_cast<float>(e.mantissa), std::bit_cast<float>(e.exponent)};
}
[[nodiscard]] inline scaled_number scaled_exp_in_default_environment(float x) {
  const default_float_environment environment;
  return scaled_exp_here(x);
}
}  // namespace lanes
[[nodiscard]] constexpr scaled_number scaled_exp(float x) {
  return std::is_constant_evaluated() ? lanes::scaled_exp_here(x)
                                      : lanes::scaled_exp_in_default_environment(x);
}

}  // namespace lowp::reference

#include "lowp/kernels/undefine_again.inc"
