// SPDX-License-Identifier: MIT
// What functions of rows do with single numbers, by their bits: compilers may be told that there is
// neither infinity nor NaN.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/config.hpp"

namespace lowp::row_functions {

[[nodiscard]] inline std::uint32_t magnitude_bits(float x) {
  return std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu;
}
[[nodiscard]] inline bool is_nan(float x) { return magnitude_bits(x) > 0x7F800000u; }
[[nodiscard]] inline bool is_finite(float x) { return magnitude_bits(x) < 0x7F800000u; }
[[nodiscard]] inline bool is_finite(double x) {
  constexpr std::uint64_t infinity = std::uint64_t{0x7FF} << 52;
  return (std::bit_cast<std::uint64_t>(x) & ~(std::uint64_t{1} << 63)) < infinity;
}

[[nodiscard]] inline float canonical_nan() { return from_bits<float>(0x7FC00000u); }
[[nodiscard]] inline double canonical_wide_nan() {
  return from_bits<double>(std::uint64_t{0x7FF8} << 48);
}
[[nodiscard]] inline float negative_infinity() { return from_bits<float>(0xFF800000u); }

/// Rounded to nearest even; a NaN is the canonical one.
[[nodiscard]] inline float rounded_to_binary32(double x) {
  const float y = opaque(static_cast<float>(opaque(x)));
  return is_nan(y) ? canonical_nan() : y;
}

}  // namespace lowp::row_functions
