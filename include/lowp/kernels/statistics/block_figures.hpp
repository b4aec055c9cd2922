// SPDX-License-Identifier: MIT
// What statistics of a block are, and the order of their sums.
//
// Element c of a row of a block belongs to chain c mod 8. A chain starts from zero and takes its
// elements in the order of rows, then of columns; squares are exact. Chains are added as
// ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
#pragma once

#include <cstddef>
#include <cstdint>

namespace lowp {

/// What lies in a block. Figures are of its finite values; those of no value are zero.
struct block_statistics {
  std::uint64_t count = 0;      ///< of all values
  std::uint64_t nonfinite = 0;  ///< infinite or NaN
  std::uint64_t zeros = 0;
  float min = 0, max = 0;
  float amax = 0;      ///< the largest magnitude
  float smallest = 0;  ///< the smallest magnitude that is not zero
  double sum = 0, sum_of_magnitudes = 0, sum_of_squares = 0;

  [[nodiscard]] constexpr std::uint64_t finite() const { return count - nonfinite; }
  constexpr bool operator==(const block_statistics&) const = default;
};

/// Which of them are asked for; others stay zero. `count` and `nonfinite` always are.
struct statistic_choice {
  bool extremes = true;  ///< zeros, min, max, amax, smallest
  bool sums = true;      ///< sum, sum_of_magnitudes, sum_of_squares
  constexpr bool operator==(const statistic_choice&) const = default;
};

/// The chains of a sum.
inline constexpr std::size_t block_chains = 8;

}  // namespace lowp
