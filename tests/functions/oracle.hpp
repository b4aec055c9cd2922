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

/// 1 / (1 + e^-x), as MPFR rounds it in steps, to 70 bits and then to those of y.
inline int exact_sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t mode) {
  mpfr_t z;
  mpfr_init2(z, 70);
  mpfr_neg(z, x, mode);
  mpfr_exp(z, z, mode);
  mpfr_add_ui(z, z, 1, mode);
  const int direction = mpfr_ui_div(y, 1, z, mode);
  mpfr_clear(z);
  return direction;
}
inline double nearly_sigmoid(double x) { return x < -700 ? 0 : 1 / (1 + std::exp(-x)); }
inline int exact_silu(mpfr_t y, const mpfr_t x, mpfr_rnd_t mode) {
  if (mpfr_inf_p(x) != 0 && mpfr_sgn(x) < 0) return mpfr_set_zero(y, -1), 0;
  exact_sigmoid(y, x, mode);
  return mpfr_mul(y, y, x, mode);
}
inline double nearly_silu(double x) { return x < -700 ? -0.0 : x / (1 + std::exp(-x)); }
/// As IEEE 754 has it, that of -0 is -infinity.
inline int exact_rsqrt(mpfr_t y, const mpfr_t x, mpfr_rnd_t mode) {
  if (mpfr_zero_p(x) != 0) return mpfr_set_inf(y, mpfr_signbit(x) != 0 ? -1 : 1), 0;
  return mpfr_rec_sqrt(y, x, mode);
}
inline double nearly_rsqrt(double x) { return 1 / std::sqrt(x); }

inline int exact_gelu(mpfr_t y, const mpfr_t x, mpfr_rnd_t mode) {
  if (mpfr_inf_p(x) != 0 && mpfr_sgn(x) < 0) return mpfr_set_zero(y, -1), 0;
  mpfr_t z;
  mpfr_init2(z, 100);
  mpfr_sqrt_ui(z, 2, mode);
  mpfr_div(z, x, z, mode);
  mpfr_neg(z, z, mode);
  mpfr_erfc(z, z, mode);
  mpfr_mul(z, z, x, mode);
  const int direction = mpfr_div_ui(y, z, 2, mode);
  mpfr_clear(z);
  return direction;
}
inline double nearly_gelu(double x) {
  return x < -100 ? -0.0 : x / 2 * std::erfc(x * -0.70710678118654752440);
}
inline int exact_lgamma(mpfr_t y, const mpfr_t x, mpfr_rnd_t mode) {
  int sign = 0;
  return mpfr_lgamma(y, &sign, x, mode);
}

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
    LOWP_TEST_FUNCTION(exp2, mpfr_exp2, [](double x) { return std::exp2(x); }),
    LOWP_TEST_FUNCTION(exp10, mpfr_exp10, [](double x) { return std::pow(10.0, x); }),
    LOWP_TEST_FUNCTION(expm1, mpfr_expm1, [](double x) { return std::expm1(x); }),
    LOWP_TEST_FUNCTION(log, mpfr_log, [](double x) { return std::log(x); }),
    LOWP_TEST_FUNCTION(log2, mpfr_log2, [](double x) { return std::log2(x); }),
    LOWP_TEST_FUNCTION(log10, mpfr_log10, [](double x) { return std::log10(x); }),
    LOWP_TEST_FUNCTION(log1p, mpfr_log1p, [](double x) { return std::log1p(x); }),
    LOWP_TEST_FUNCTION(tanh, mpfr_tanh, [](double x) { return std::tanh(x); }),
    LOWP_TEST_FUNCTION(erf, mpfr_erf, [](double x) { return std::erf(x); }),
    LOWP_TEST_FUNCTION(erfc, mpfr_erfc, [](double x) { return std::erfc(x); }),
    LOWP_TEST_FUNCTION(gelu, exact_gelu, [](double x) { return nearly_gelu(x); }),
    LOWP_TEST_FUNCTION(cbrt, mpfr_cbrt, [](double x) { return std::cbrt(x); }),
    LOWP_TEST_FUNCTION(lgamma, exact_lgamma, [](double x) { return std::lgamma(x); }),
    LOWP_TEST_FUNCTION(sin, mpfr_sin, [](double x) { return std::sin(x); }),
    LOWP_TEST_FUNCTION(cos, mpfr_cos, [](double x) { return std::cos(x); }),
    LOWP_TEST_FUNCTION(tan, mpfr_tan, [](double x) { return std::tan(x); }),
    LOWP_TEST_FUNCTION(sigmoid, exact_sigmoid, [](double x) { return nearly_sigmoid(x); }),
    LOWP_TEST_FUNCTION(silu, exact_silu, [](double x) { return nearly_silu(x); }),
    LOWP_TEST_FUNCTION(sqrt, mpfr_sqrt, [](double x) { return std::sqrt(x); }),
    LOWP_TEST_FUNCTION(rsqrt, exact_rsqrt, [](double x) { return nearly_rsqrt(x); }),
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
