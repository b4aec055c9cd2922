// SPDX-License-Identifier: MIT
// What values an operand has: how large, how small, and how many bits of them are used. It decides
// which kernels are exact for it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Of the values in binary32.
struct value_range {
  bool are_finite = true;
  int lowest = 128, highest = -150;  ///< exponents of those that are not zero; -150 of subnormals
  int significant_bits = 0;
  int unit = 128;  ///< exponent of the lowest last bit

  value_range(const row_source& x, const execution& how) {
    constexpr std::size_t most = kernels::product_tile::max_depth, rows_per_part = 16;
    std::vector<kernels::magnitude_range> parts((x.rows() + rows_per_part - 1) / rows_per_part);
    const auto look_at = [&](std::size_t part) {
      const default_float_environment environment;
      alignas(64) float buffer[most];
      const std::size_t first = part * rows_per_part;
      for (std::size_t row = first; row < (std::min)(x.rows(), first + rows_per_part); ++row) {
        for (std::size_t k = 0; k < x.cols(); k += most) {
          const std::size_t n = (std::min)(most, x.cols() - k), padded = round_up(n, 16);
          x(row, k, n, buffer);
          std::fill(buffer + n, buffer + padded, 0.0f);
          parts[part].include(kernels::find_magnitudes(how.level(), buffer, padded));
        }
      }
    };
    how.run(parts.size(), task(look_at));

    kernels::magnitude_range all;
    for (const kernels::magnitude_range& part : parts) all.include(part);
    are_finite = all.high < 0x7F800000u;
    if (all.high == 0) return;
    const auto exponent = [](std::uint32_t magnitude) {
      return magnitude < 0x00800000u ? -150 : static_cast<int>(magnitude >> 23) - 127;
    };
    lowest = exponent(all.low + 1);
    highest = exponent(all.high);
    significant_bits = 24 - std::countr_zero(all.used | 0x00800000u);
    const std::uint32_t last_bit = all.unit + 1;
    unit = exponent(last_bit);
    if (unit == -150) unit = std::countr_zero(last_bit) - 149;
  }

  [[nodiscard]] bool are_zero() const { return significant_bits == 0; }
  /// All magnitudes are less than 2^end().
  [[nodiscard]] int end() const { return (std::max)(highest, -127) + 1; }
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
