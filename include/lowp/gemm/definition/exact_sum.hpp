// SPDX-License-Identifier: MIT
// A sum of any number of exact values without rounding, in an accumulator as long as the range of
// their exponents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/accumulator.hpp"
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
    accumulator{words_.data(), words_.size(), base_}.add(value);
  }

  /// The sum: exact above its sticky lowest bit. An exact zero is +0; infinities of both signs,
  /// like a NaN, give NaN.
  [[nodiscard]] unpacked value() const {
    if (has_nan_ || (has_plus_infinity_ && has_minus_infinity_)) return unpacked::nan();
    if (has_plus_infinity_ || has_minus_infinity_) return unpacked::infinite(has_minus_infinity_);

    return value_of_words(words_.data(), words_.size(), base_);
  }

 private:
  int base_;  // the weight of the lowest bit is 2^base_
  std::vector<std::uint64_t> words_;
  bool has_nan_ = false;
  bool has_plus_infinity_ = false;
  bool has_minus_infinity_ = false;
};

}  // namespace lowp
