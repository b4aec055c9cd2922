// SPDX-License-Identifier: MIT
// Where results differ, by class: how often, and the smallest input of each class.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lowp/core/bits.hpp"

namespace lowp {

/// Why two stacks give different codes for one input; an input is of the first class that it fits.
enum class difference : std::uint8_t {
  nan,            ///< the input is a NaN, or an element under a scale that is one
  infinity,       ///< … an infinity
  zero,           ///< … zero, of whatever sign, but not to zeros of different signs
  negative_zero,  ///< both results are zeros
  negative,       ///< … negative, in a format without negative values
  overflow,       ///< … beyond the largest finite value
  ties,           ///< … halfway between two values
  subnormals,     ///< … smaller than the smallest normal value
  rounding,       ///< any other
  zero_blocks,    ///< the scale of a block of zeros
  scale,          ///< the scale of another block, whose elements are not compared then
  tensor_scale,   ///< the scale of the tensor
};
inline constexpr std::array<std::string_view, 12> difference_names{
    "NaN",  "infinity",   "zero",     "negative zero", "negative", "overflow",
    "ties", "subnormals", "rounding", "zero blocks",   "scale",    "tensor scale"};

/// An input and what becomes of it: codes of numbers, or of scales (of a tensor: binary32).
struct witness {
  std::uint32_t input = 0;  ///< the bits of a binary32 number; of a scale the largest magnitude
                            ///< that is finite, of its block or of the tensor
  code_t first = 0, second = 0;
  std::size_t index = 0;  ///< of an element, or of a block, in a matrix

  constexpr bool operator==(const witness&) const = default;
};

/// Counts by class.
struct differences {
  struct entry {
    std::uint64_t count = 0;
    witness smallest{};  ///< of the smallest magnitude, positive before negative
  };
  std::array<entry, difference_names.size()> of{};
  std::uint64_t compared = 0;

  [[nodiscard]] constexpr std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const entry& e : of) sum += e.count;
    return sum;
  }
  [[nodiscard]] constexpr const entry& operator[](difference d) const {
    return of[static_cast<std::size_t>(d)];
  }
  constexpr void add(difference d, const witness& w) {
    entry& e = of[static_cast<std::size_t>(d)];
    const auto rank = [](const witness& x) { return x.input << 1 | x.input >> 31; };
    if (e.count++ == 0 || rank(w) < rank(e.smallest)) e.smallest = w;
  }
};

}  // namespace lowp
