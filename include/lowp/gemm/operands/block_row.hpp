// SPDX-License-Identifier: MIT
// A row of integers times scales of blocks, less integers times scales of offsets: what
// integer_block_sums add.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace lowp {

/// A row of an operand as integer_block_sums take it: value(k) = integers[k] * scales[k / block] -
/// shifts[k / shift_group] * shift_scales[k / shift_block].
struct block_row {
  static constexpr std::size_t all = (std::numeric_limits<std::size_t>::max)();

  const std::int32_t* integers = nullptr;
  const float* scales = nullptr;
  std::size_t block = all;
  const std::int32_t* shifts = nullptr;  ///< null: there are no offsets
  std::size_t shift_group = all;
  const float* shift_scales = nullptr;
  std::size_t shift_block = all;

  [[nodiscard]] std::int64_t shift(std::size_t k) const { return shifts[k / shift_group]; }
  [[nodiscard]] float shift_scale(std::size_t k) const { return shift_scales[k / shift_block]; }
};

}  // namespace lowp
