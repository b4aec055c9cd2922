// SPDX-License-Identifier: MIT
// The exact value that every conversion and every operation passes through: codes are decoded into
// it, arithmetic computes in it, and one encoding step rounds it.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"

namespace lowp {

enum class value_kind : std::uint8_t { zero, finite, infinity, nan };

/// A real number, an infinity or a NaN. A finite one is
///     (-1)^negative * significand / 2^127 * 2^exponent,   with the top bit of significand set,
/// exact except that a set lowest bit may stand for "and something smaller" (a sticky bit): formats
/// keep at most 64 of the 128 bits and stochastic rounding looks at 34 more, so it never decides
/// anything but exactness.
struct unpacked {
  value_kind kind = value_kind::zero;
  bool negative = false;
  int exponent = 0;
  uint128 significand{};

  [[nodiscard]] static constexpr unpacked zero(bool negative = false) {
    return {value_kind::zero, negative, 0, {}};
  }
  [[nodiscard]] static constexpr unpacked infinite(bool negative = false) {
    return {value_kind::infinity, negative, 0, {}};
  }
  [[nodiscard]] static constexpr unpacked nan(bool negative = false) {
    return {value_kind::nan, negative, 0, {}};
  }

  /// (-1)^negative * significand / 2^127 * 2^exponent for any significand, zero included.
  [[nodiscard]] static constexpr unpacked normalized(bool negative, int exponent,
                                                     uint128 significand) {
    if (significand.is_zero()) return zero(negative);
    const int shift = countl_zero(significand);
    return {value_kind::finite, negative, exponent - shift, shift_left(significand, shift)};
  }

  /// (-1)^negative * magnitude * 2^scale, exact.
  [[nodiscard]] static constexpr unpacked scaled_integer(bool negative, std::uint64_t magnitude,
                                                         int scale = 0) {
    return normalized(negative, 63 + scale, {magnitude, 0});
  }

  [[nodiscard]] static constexpr unpacked from_integer(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    return scaled_integer(value < 0, value < 0 ? 0 - bits : bits);
  }
  [[nodiscard]] static constexpr unpacked from_integer(std::uint64_t value) {
    return scaled_integer(false, value);
  }

  [[nodiscard]] constexpr bool is_nan() const { return kind == value_kind::nan; }
  [[nodiscard]] constexpr bool is_zero() const { return kind == value_kind::zero; }
  [[nodiscard]] constexpr bool is_infinite() const { return kind == value_kind::infinity; }
  [[nodiscard]] constexpr bool is_finite() const { return !is_nan() && !is_infinite(); }

  [[nodiscard]] constexpr unpacked operator-() const {
    unpacked result = *this;
    result.negative = !negative;
    return result;
  }

  /// Same kind, sign and significand; not the comparison of values (zeros of either sign differ).
  constexpr bool operator==(const unpacked&) const = default;
};

/// The exponent of the lowest bit of a finite value: that is an odd multiple of this power of two.
[[nodiscard]] constexpr int last_bit_exponent(const unpacked& value) {
  return value.exponent - 127 + countr_zero(value.significand);
}

/// |value|; of NaNs, too.
[[nodiscard]] constexpr unpacked magnitude_of(unpacked value) {
  value.negative = false;
  return value;
}

/// value * 2^power, exact.
[[nodiscard]] constexpr unpacked scale_by_power_of_two(unpacked value, int power) {
  if (value.kind == value_kind::finite) value.exponent += power;
  return value;
}

}  // namespace lowp
