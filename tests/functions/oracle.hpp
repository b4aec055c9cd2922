// SPDX-License-Identifier: MIT
// The elementary functions with what tells whether they are right: that function of MPFR, and one
// of binary64 whose errors are less than 10^-7 of a unit of binary32.
#pragma once

#include <mpfr.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

#include "lowp/functions/elementary.hpp"

namespace test::functions {

struct unary {
  const char* name;
  float (*definition)(float);
  void (*array)(std::span<const float>, std::span<float>, const lowp::execution&);
  int (*exact)(mpfr_t, const mpfr_t, mpfr_rnd_t);
  double (*nearly)(double);
  double worst_error;  ///< as it is stated
};

#define LOWP_TEST_FUNCTION(name, exact, nearly)                            \
  unary {                                                                  \
#name, [](float x) { return lowp::reference::name(x); },                 \
        [](std::span<const float> x, std::span<float> y,                     \
           const lowp::execution& how) { lowp::functions::name(x, y, how); }, \
        exact, nearly, lowp::functions::max_error_ulp::name \
  }
inline const std::array unary_functions{
    LOWP_TEST_FUNCTION(exp, mpfr_exp, [](double x) { return std::exp(x); }),
};
#undef LOWP_TEST_FUNCTION

/// A unit in the last place of binary32 at `exact`, in binary64.
[[nodiscard]] inline double last_place_of(double exact) {
  const auto field = static_cast<int>(std::bit_cast<std::uint64_t>(exact) >> 52 & 0x7FF);
  return std::bit_cast<double>(static_cast<std::uint64_t>(std::max(field - 23, 1023 - 149)) << 52);
}
inline constexpr double overflow_threshold = 0x1.ffffffp+127;

/// How far y is off a result other than NaN, in units in the last place; many, where one of them
/// overflows and the other does not. `exact` has 53 bits.
[[nodiscard]] inline double error_of(float y, double exact) {
  const auto bits = std::bit_cast<std::uint32_t>(y);
  const bool is_negative = std::bit_cast<std::uint64_t>(exact) >> 63 != 0;
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u || (bits >> 31 != 0) != is_negative) return 1e9;
  if (std::fabs(exact) >= overflow_threshold) return (bits & 0x7FFFFFFFu) == 0x7F800000u ? 0 : 1e9;
  if ((bits & 0x7FFFFFFFu) == 0x7F800000u) {  // 2^128 in its place
    return (0x1p128 - std::fabs(exact)) / 0x1p104;
  }
  return std::fabs(static_cast<double>(y) - exact) / last_place_of(exact);
}

}  // namespace test::functions
