// SPDX-License-Identifier: MIT
// Natural numbers of any size, with the few operations that lead from binary to decimal and back:
// multiplication and division by small numbers and by powers of two and five.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/bits.hpp"

namespace lowp::detail {

/// A natural number in words that the caller owns, least significant first. The caller sees to it
/// that the results fit.
struct big_integer {
  std::uint32_t* words = nullptr;
  int size = 0;  ///< words in use; the highest of them is not zero

  [[nodiscard]] constexpr bool is_zero() const { return size == 0; }
  [[nodiscard]] constexpr int bit_width() const {
    return size == 0 ? 0 : 32 * size - std::countl_zero(words[size - 1]);
  }

  /// *this = *this * factor + addend.
  constexpr void multiply_add(std::uint32_t factor, std::uint32_t addend) {
    std::uint64_t carry = addend;
    for (int i = 0; i < size; ++i) {
      carry += std::uint64_t{words[i]} * factor;
      words[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) words[size++] = static_cast<std::uint32_t>(carry);
  }

  /// *this = floor(*this / divisor); returns the remainder.
  constexpr std::uint32_t divide(std::uint32_t divisor) {
    std::uint64_t rest = 0;
    for (int i = size - 1; i >= 0; --i) {
      rest = rest << 32 | words[i];
      words[i] = static_cast<std::uint32_t>(rest / divisor);
      rest %= divisor;
    }
    while (size > 0 && words[size - 1] == 0) --size;
    return static_cast<std::uint32_t>(rest);
  }

  constexpr void shift_left(int count) {
    if (size == 0) return;
    const int whole = count / 32;
    for (int i = size - 1; i >= 0; --i) words[i + whole] = words[i];
    for (int i = 0; i < whole; ++i) words[i] = 0;
    size += whole;
    multiply_add(std::uint32_t{1} << (count % 32), 0);
  }

  constexpr void multiply_by_power_of_five(int power) {
    for (; power >= 13; power -= 13) multiply_add(1220703125, 0);
    for (; power > 0; --power) multiply_add(5, 0);
  }

  /// *this = floor(*this / 5^power); returns whether there was a remainder.
  constexpr bool divide_by_power_of_five(int power) {
    bool is_inexact = false;
    for (; power >= 13; power -= 13) is_inexact |= divide(1220703125) != 0;
    for (; power > 0; --power) is_inexact |= divide(5) != 0;
    return is_inexact;
  }

  /// The highest 128 bits, the first of them set; the lowest also stands for all that follow. Not
  /// of zero.
  [[nodiscard]] constexpr uint128 leading_bits() const {
    const auto word_at = [this](int from_top) -> std::uint32_t {
      return from_top < size ? words[size - 1 - from_top] : 0;
    };
    const int shift = std::countl_zero(word_at(0));
    const uint128 first_four{std::uint64_t{word_at(0)} << 32 | word_at(1),
                             std::uint64_t{word_at(2)} << 32 | word_at(3)};
    const std::uint64_t fifth = std::uint64_t{word_at(4)} << shift;  // its upper half belongs above
    uint128 result = lowp::shift_left(first_four, shift) | uint128{0, fifth >> 32};
    bool is_inexact = static_cast<std::uint32_t>(fifth) != 0;
    for (int i = 5; i < size; ++i) is_inexact |= word_at(i) != 0;
    if (is_inexact) result.low |= 1;
    return result;
  }
};

}  // namespace lowp::detail
