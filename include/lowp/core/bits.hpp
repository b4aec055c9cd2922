// SPDX-License-Identifier: MIT
// Integer tools of 64 and 128 bits: masks, the order of bytes, shifts that accept any count, and
// right shifts that remember in their lowest bit whether anything was lost ("jamming").
#pragma once

#include <bit>
#include <compare>
#include <cstdint>

#include "lowp/core/config.hpp"

namespace lowp {

/// The stored bits of a value, right-aligned. Bits above the width of the format are zero.
using code_t = std::uint64_t;

/// The bits of binary32's infinity and of its canonical NaN: the quiet one without sign and
/// payload.
inline constexpr std::uint32_t binary32_infinity = 0x7F800000u, binary32_nan = 0x7FC00000u;

/// The `count` lowest bits set; 0 <= count <= 64.
[[nodiscard]] constexpr std::uint64_t low_mask(int count) {
  return count <= 0 ? 0 : ~std::uint64_t{0} >> ((64 - count) & 63);
}

/// The bytes of an unsigned integer in the other order; compilers know the exchanges as one
/// instruction.
template <class Word>
[[nodiscard]] constexpr Word reversed_bytes(Word word) {
  std::uint64_t x = word;
  x = (x & 0x00FF00FF00FF00FFu) << 8 | (x >> 8 & 0x00FF00FF00FF00FFu);
  x = (x & 0x0000FFFF0000FFFFu) << 16 | (x >> 16 & 0x0000FFFF0000FFFFu);
  return static_cast<Word>((x << 32 | x >> 32) >> (64 - 8 * sizeof word));
}

/// An unsigned integer of 128 bits, the working width of exact arithmetic.
/// A type of our own because `__int128` is neither standard nor everywhere.
struct uint128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  constexpr bool operator==(const uint128&) const = default;
  constexpr auto operator<=>(const uint128&) const = default;
  [[nodiscard]] constexpr bool is_zero() const { return (high | low) == 0; }

  /// Modulo 2^128.
  friend constexpr uint128 operator+(uint128 a, uint128 b) {
    const std::uint64_t sum = a.low + b.low;
    return {a.high + b.high + (sum < a.low ? 1u : 0u), sum};
  }
  friend constexpr uint128 operator-(uint128 a, uint128 b) {
    return {a.high - b.high - (a.low < b.low ? 1u : 0u), a.low - b.low};
  }
  friend constexpr uint128 operator|(uint128 a, uint128 b) {
    return {a.high | b.high, a.low | b.low};
  }
};

[[nodiscard]] constexpr int countl_zero(uint128 a) {
  return a.high != 0 ? std::countl_zero(a.high) : 64 + std::countl_zero(a.low);
}
[[nodiscard]] constexpr int countr_zero(uint128 a) {
  return a.low != 0 ? std::countr_zero(a.low) : 64 + std::countr_zero(a.high);
}

/// a * 2^count modulo 2^128, for any count >= 0.
[[nodiscard]] constexpr uint128 shift_left(uint128 a, int count) {
  if (count <= 0) return a;
  if (count >= 128) return {};
  if (count >= 64) return {a.low << (count - 64), 0};
  return {(a.high << count) | (a.low >> (64 - count)), a.low << count};
}

/// shift_right_jam() for a count of 1 to 63, without a branch.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr uint128 short_shift_right_jam(uint128 a, int count) {
  const auto lost = static_cast<std::uint64_t>((a.low & low_mask(count)) != 0);
  return {a.high >> count, a.low >> count | a.high << (64 - count) | lost};
}

/// floor(a / 2^count) with the lowest bit set if the quotient is inexact, for any count; a negative
/// count shifts left modulo 2^128. What is kept is exact above its lowest bit, and comparisons of
/// the lost part with one half stay right as long as that half lies above the lowest bit.
[[nodiscard]] constexpr uint128 shift_right_jam(uint128 a, int count) {
  if (count <= 0) return shift_left(a, -count);
  if (count >= 128) return {0, a.is_zero() ? 0u : 1u};
  if (count >= 64) {
    const std::uint64_t lost = (a.high & low_mask(count - 64)) | a.low;
    return {0, (a.high >> (count - 64)) | (lost != 0 ? 1u : 0u)};
  }
  return short_shift_right_jam(a, count);
}

/// The full product of two 64-bit integers.
[[nodiscard]] constexpr uint128 multiply(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t a_low = a & 0xFFFFFFFFu, a_high = a >> 32;
  const std::uint64_t b_low = b & 0xFFFFFFFFu, b_high = b >> 32;
  const std::uint64_t low = a_low * b_low;
  const std::uint64_t middle = a_high * b_low + (low >> 32);
  const std::uint64_t other = a_low * b_high + (middle & 0xFFFFFFFFu);
  return {a_high * b_high + (middle >> 32) + (other >> 32), (other << 32) | (low & 0xFFFFFFFFu)};
}

}  // namespace lowp
