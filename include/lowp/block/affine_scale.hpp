// SPDX-License-Identifier: MIT
// What affine integers are made by: a range of values, or a scale with a zero point; and what a
// rule may ask for a group of elements.
#pragma once

#include <cstdint>

namespace lowp {

struct affine_range {
  float low = 0, high = 0;
  constexpr bool operator==(const affine_range&) const = default;
};
/// x = (q - zero) * scale.
struct affine_scale {
  float scale = 1;
  std::int32_t zero = 0;
  constexpr bool operator==(const affine_scale&) const = default;
};

/// The least range with zero in it that contains `range`: zero is then exact (uniform affine
/// quantization).
[[nodiscard]] constexpr affine_range with_zero(const affine_range& range) {
  return {range.low < 0 ? range.low : 0.0f, range.high > 0 ? range.high : 0.0f};
}

namespace detail {

/// What a rule wants of the lowest groups of a composition of levels.
struct group_wish {
  float scale = 0;
  bool has_lowest = false, has_zero = false;
  float lowest = 0;  ///< the value that the offset, or the zero point, is for
  float zero = 0;    ///< the zero point itself
};

}  // namespace detail
}  // namespace lowp
