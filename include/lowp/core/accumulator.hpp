// SPDX-License-Identifier: MIT
// Sums without rounding: one long integer in two's complement that covers the whole range of
// exponents (Kulisch's long accumulator). Whoever sums owns the words; quire.hpp has as many as a
// format needs, exact_sum.hpp as many as the terms at hand.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"

namespace lowp {

/// An integer in two's complement, in `count` words, the lowest first, in units of 2^unit. The
/// caller sees to it that sums fit.
struct accumulator {
  std::uint64_t* words = nullptr;
  std::size_t count = 0;
  int unit = 0;

  /// Adds a finite value, of which the bits below the unit, if there are any, are zero.
  constexpr void add(const unpacked& value) const {
    int position = value.exponent - 127 - unit;
    uint128 significand = value.significand;
    if (position < 0) {
      significand = shift_right_jam(significand, -position);
      position = 0;
    }
    const int shift = position % 64;
    const uint128 low = shift_left(significand, shift);
    const std::uint64_t top = shift == 0 ? 0 : significand.high >> (64 - shift);
    const std::uint64_t parts[] = {low.low, low.high, top};
    add_at(static_cast<std::size_t>(position / 64), parts, 3, value.negative);
  }

  /// Adds, or subtracts, a natural number of `size` words, from a place on. The carry runs as far
  /// as there is one.
  constexpr void add_at(std::size_t first, const std::uint64_t* parts, std::size_t size,
                        bool is_negative) const {
    const std::uint64_t flip = is_negative ? ~std::uint64_t{0} : 0;
    std::uint64_t carry = is_negative ? 1 : 0;  // two's complement of the addend
    const auto add_word = [&](std::size_t i, std::uint64_t part) {
      const std::uint64_t sum = words[i] + part;
      const std::uint64_t carry_out = sum < part ? 1u : 0u;
      words[i] = sum + carry;
      carry = carry_out | (words[i] < carry ? 1u : 0u);
    };
    const std::size_t left = first < count ? count - first : 0, taken = size < left ? size : left;
    for (std::size_t k = 0; k < taken; ++k) add_word(first + k, parts[k] ^ flip);
    for (std::size_t i = first + taken; i < count && flip + carry != 0; ++i) add_word(i, flip);
  }
};

/// The value of such an integer: exact, or correct in its first 127 bits and followed by a sticky
/// bit. Of zero, +0.
[[nodiscard]] constexpr unpacked value_of_words(const std::uint64_t* words, std::size_t count,
                                                int unit) {
  const bool is_negative = words[count - 1] >> 63 != 0;
  std::size_t lowest = 0;
  while (lowest < count && words[lowest] == 0) ++lowest;
  if (lowest == count) return unpacked::zero();
  // The magnitude: below the lowest word that is not zero a negation changes nothing, and above it
  // nothing is carried.
  const auto magnitude = [&](std::size_t i) {
    return !is_negative ? words[i] : i < lowest ? 0 : i == lowest ? 0 - words[i] : ~words[i];
  };
  std::size_t top = count;
  while (magnitude(top - 1) == 0) --top;
  const auto word_at = [&](std::size_t below) {
    return top > below ? magnitude(top - 1 - below) : std::uint64_t{0};
  };
  // 128 bits from the leading one, and whether anything follows.
  const int shift = std::countl_zero(word_at(0));
  uint128 significand = shift_left({word_at(0), word_at(1)}, shift);
  if (shift != 0) significand.low |= word_at(2) >> (64 - shift);
  const bool is_inexact = word_at(2) << shift != 0 || (top > 3 && lowest < top - 3);
  significand.low |= is_inexact ? 1u : 0u;
  return {value_kind::finite, is_negative, unit + static_cast<int>(top) * 64 - 1 - shift,
          significand};
}

}  // namespace lowp
