// SPDX-License-Identifier: MIT
// The functions of <cmath> that measures need, without it: its many overloads cost a translation
// unit more than the measures do.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/config.hpp"

#if !defined(__GNUC__) && !defined(__clang__)
#include <cmath>  // std::log10, std::sqrt, std::fabs
#endif

namespace lowp::detail {

/// By reference: under -ffinite-math-only clang takes for granted that a float passed by value is
/// finite.
[[nodiscard]] constexpr bool is_finite(const float& x) {
  return (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) < 0x7F800000u;
}
[[nodiscard]] constexpr bool is_finite(const double& x) {
  return (std::bit_cast<std::uint64_t>(x) << 1) < std::uint64_t{0x7FF} << 53;
}
[[nodiscard]] constexpr bool is_nan(const double& x) {
  return (std::bit_cast<std::uint64_t>(x) << 1) > std::uint64_t{0x7FF} << 53;
}

[[nodiscard]] inline double log10_of(double x) {
#if defined(__GNUC__) || defined(__clang__)
  return __builtin_log10(x);
#else
  return std::log10(x);
#endif
}
[[nodiscard]] inline double square_root_of(double x) {
#if defined(__GNUC__) || defined(__clang__)
  return __builtin_sqrt(x);
#else
  return std::sqrt(x);
#endif
}
[[nodiscard]] inline double magnitude_of(double x) {
#if defined(__GNUC__) || defined(__clang__)
  return __builtin_fabs(x);
#else
  return std::fabs(x);
#endif
}

[[nodiscard]] inline double infinity_in_binary64() {
  return from_bits<double>(std::uint64_t{0x7FF} << 52);
}
[[nodiscard]] inline double nan_in_binary64() {
  return from_bits<double>(std::uint64_t{0xFFF} << 51);
}

/// 10 log10(signal / noise): +inf without any noise.
[[nodiscard]] inline double decibels(double signal, double noise) {
  return noise == 0 ? infinity_in_binary64() : 10 * log10_of(signal / noise);
}

}  // namespace lowp::detail
