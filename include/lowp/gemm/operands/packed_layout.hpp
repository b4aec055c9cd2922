// SPDX-License-Identifier: MIT
// Where the codes and scales of a packed_operand lie: sixteen rows, which become the lanes of
// vectors, are a group. A unit is four codes of 8 or 6 bits, or eight of any other width.
//
//   codes   [group][unit of K][row of the group][bytes of the unit], the low code first
//   scales  [group][block of K][row of the group], a byte each
//
// For 4-bit codes and 64 columns: a unit has 8 codes in 4 bytes, a row 8 units; unit 1 of row 2
// begins at byte (1 * 16 + 2) * 4 = 72.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include "lowp/core/failure.hpp"

namespace lowp::detail {

[[nodiscard]] constexpr std::size_t unit_codes_of(int bits) {
  return bits == 6 || bits == 8 ? 4 : 8;
}

/// Where everything lies for a matrix of some size. Throws std::invalid_argument if its bytes
/// cannot be counted.
struct packed_layout {
  static constexpr std::size_t group = 16, step = 32;

  std::size_t unit_codes = 0, unit_bytes = 0, groups = 0, units = 0, blocks = 0;

  constexpr packed_layout() = default;
  packed_layout(std::size_t rows, std::size_t cols, int bits, std::size_t block_cols)
      : unit_codes(unit_codes_of(bits)),
        unit_bytes(unit_codes * static_cast<std::size_t>(bits) / 8) {
    constexpr std::size_t most = (std::numeric_limits<std::ptrdiff_t>::max)() / 64;
    const std::size_t padded = cols / step + (cols % step != 0 ? 1 : 0);  // in steps
    groups = rows / group + (rows % group != 0 ? 1 : 0);
    // A step of a group has at most 512 bytes of codes and 32 scales.
    if (padded > most / 1024 / std::max<std::size_t>(groups, 1)) {
      refuse("packed_operand: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    units = padded * step / unit_codes;
    if (block_cols != 0) blocks = (padded * step + block_cols - 1) / block_cols;
  }

  [[nodiscard]] constexpr std::size_t cols() const { return units * unit_codes; }
  [[nodiscard]] constexpr std::size_t group_bytes() const { return units * group * unit_bytes; }
  [[nodiscard]] constexpr std::size_t code_bytes() const { return groups * group_bytes(); }
  [[nodiscard]] constexpr std::size_t scale_bytes() const { return groups * blocks * group; }
  /// Of a row, where its unit begins.
  [[nodiscard]] constexpr std::size_t unit_place(std::size_t row, std::size_t unit) const {
    return ((row / group * units + unit) * group + row % group) * unit_bytes;
  }
  [[nodiscard]] constexpr std::size_t scale_place(std::size_t row, std::size_t block) const {
    return (row / group * blocks + block) * group + row % group;
  }
};

/// The scales of the blocks that are not all zeros, but for NaNs: powers of two from 2^low to
/// 2^high, or not all of them.
struct scale_powers {
  bool are_powers = true;
  int low = 1 << 20, high = -(1 << 20);
  int highest = -(1 << 20);  ///< exponent of any finite scale, those of blocks of zeros included
  [[nodiscard]] constexpr bool hold(int exponent) const {
    return low <= exponent && exponent <= high;
  }
};

}  // namespace lowp::detail
