// SPDX-License-Identifier: MIT
// A sum of any number of exact values without rounding: one long integer that covers the whole
// range of exponents (Kulisch's long accumulator).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"

namespace lowp {

class exact_sum {
 public:
  /// For finite values with exponents in [low, high], up to 2^60 of them.
  exact_sum(int low, int high)
      : base_(low - 127), words_(static_cast<std::size_t>((high - base_) / 64 + 3)) {}

  void clear() {
    for (std::uint64_t& word : words_) word = 0;
    has_nan_ = has_plus_infinity_ = has_minus_infinity_ = false;
  }

  void add(const unpacked& value) {
    switch (value.kind) {
      case value_kind::zero: return;
      case value_kind::nan: has_nan_ = true; return;
      case value_kind::infinity:
        (value.negative ? has_minus_infinity_ : has_plus_infinity_) = true;
        return;
      case value_kind::finite: break;
    }
    const int position = value.exponent - 127 - base_;
    const int shift = position % 64;
    const uint128 low = shift_left(value.significand, shift);
    const std::uint64_t top = shift == 0 ? 0 : value.significand.high >> (64 - shift);
    add_at(static_cast<std::size_t>(position / 64), {low.low, low.high, top}, value.negative);
  }

  /// The sum: exact above its sticky lowest bit. An exact zero is +0; infinities of both signs,
  /// like a NaN, give NaN.
  [[nodiscard]] unpacked value() const {
    if (has_nan_ || (has_plus_infinity_ && has_minus_infinity_)) return unpacked::nan();
    if (has_plus_infinity_ || has_minus_infinity_) return unpacked::infinite(has_minus_infinity_);

    const bool is_negative = words_.back() >> 63 != 0;
    std::vector<std::uint64_t> magnitude = words_;
    if (is_negative) {
      std::uint64_t carry = 1;
      for (std::uint64_t& word : magnitude) {
        word = ~word + carry;
        carry = carry != 0 && word == 0 ? 1 : 0;
      }
    }
    std::size_t top = magnitude.size();
    while (top > 0 && magnitude[top - 1] == 0) --top;
    if (top == 0) return unpacked::zero();
    const auto word_at = [&](std::size_t below) {
      return top > below ? magnitude[top - 1 - below] : std::uint64_t{0};
    };
    // 128 bits from the leading one, and whether anything follows.
    const int shift = std::countl_zero(word_at(0));
    uint128 significand = shift_left({word_at(0), word_at(1)}, shift);
    std::uint64_t rest = shift == 0 ? word_at(2) : word_at(2) << shift;
    if (shift != 0) significand.low |= word_at(2) >> (64 - shift);
    for (std::size_t below = 3; below < top; ++below) rest |= word_at(below);
    significand.low |= rest != 0 ? 1u : 0u;
    return {value_kind::finite, is_negative, base_ + static_cast<int>(top) * 64 - 1 - shift,
            significand};
  }

 private:
  struct three_words {
    std::uint64_t low, middle, high;
  };

  /// Adds or subtracts at a word position; the carry runs to the top.
  void add_at(std::size_t first, three_words addend, bool is_negative) {
    const std::uint64_t parts[] = {addend.low, addend.middle, addend.high};
    const std::uint64_t flip = is_negative ? ~std::uint64_t{0} : 0;
    std::uint64_t carry = is_negative ? 1 : 0;  // two's complement of the addend
    for (std::size_t i = first; i < words_.size(); ++i) {
      const std::uint64_t part = (i - first < 3 ? parts[i - first] : 0) ^ flip;
      if (i - first >= 3 && part + carry == 0) return;  // nothing left to carry or to borrow
      const std::uint64_t sum = words_[i] + part;
      const std::uint64_t carry_out = sum < part ? 1u : 0u;
      words_[i] = sum + carry;
      carry = carry_out | (words_[i] < carry ? 1u : 0u);
    }
  }

  int base_;  // the weight of the lowest bit is 2^base_
  std::vector<std::uint64_t> words_;
  bool has_nan_ = false;
  bool has_plus_infinity_ = false;
  bool has_minus_infinity_ = false;
};

}  // namespace lowp
