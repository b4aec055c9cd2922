// SPDX-License-Identifier: MIT
// What the columns of a matrix hold: ranges, largest magnitudes, centres.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/kernels/transforms/transforms.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// The smallest and the largest number of each column; of a matrix without rows 0 and 0. -0 lies
/// below 0.
struct value_ranges {
  std::vector<float> lowest, highest;
};

/// Throws std::invalid_argument if there is a NaN.
[[nodiscard]] inline value_ranges column_ranges(matrix_view<const float> in,
                                                const execution& how = {}) {
  value_ranges found{std::vector<float>(in.cols), std::vector<float>(in.cols)};
  if (in.rows == 0 || in.cols == 0) return found;
  const std::size_t lanes = kernels::butterfly_lanes(how.level());
  const std::size_t whole = in.cols / lanes * lanes;
  std::vector<std::uint32_t> lowest(in.cols, ~std::uint32_t{0}), highest(in.cols, 0);
  constexpr std::size_t width = 1024;
  const auto part = [&](std::size_t i) {
    const std::size_t first = i * width, last = (std::min)(in.cols, first + width);
    const std::size_t in_lanes = (std::min)(last, whole);
    for (std::size_t row = 0; row < in.rows; ++row) {
      const auto* const x = reinterpret_cast<const std::uint32_t*>(in.row(row));
      if (first < in_lanes) {
        kernels::widen_ranges(how.level(), x + first, in_lanes - first, lowest.data() + first,
                              highest.data() + first);
      }
      for (std::size_t col = in_lanes; col < last; ++col) {
        const auto bits = std::bit_cast<std::uint32_t>(in(row, col));
        const std::uint32_t key = bits ^ ((bits >> 31 != 0 ? ~0u : 0u) | 0x80000000u);
        lowest[col] = (std::min)(lowest[col], key);
        highest[col] = (std::max)(highest[col], key);
      }
    }
  };
  how.run((in.cols + width - 1) / width, task(part));
  const auto number = [](std::uint32_t key) {
    return std::bit_cast<float>(key >> 31 != 0 ? key ^ 0x80000000u : ~key);
  };
  constexpr std::uint32_t infinity = 0xFF800000u;  // as a key
  for (std::size_t col = 0; col < in.cols; ++col) {
    if (highest[col] > infinity || lowest[col] < ~infinity) {
      refuse("column_ranges: column " + std::to_string(col) + " has a NaN, expected numbers");
    }
    found.lowest[col] = number(lowest[col]);
    found.highest[col] = number(highest[col]);
  }
  return found;
}

/// The largest magnitude of each column. Throws std::invalid_argument if there is a NaN.
[[nodiscard]] inline std::vector<float> column_magnitudes(matrix_view<const float> in,
                                                          const execution& how = {}) {
  const value_ranges ranges = column_ranges(in, how);
  std::vector<float> magnitudes(in.cols);
  for (std::size_t col = 0; col < in.cols; ++col) {
    const auto magnitude = [](float x) { return std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu; };
    magnitudes[col] = std::bit_cast<float>(
        (std::max)(magnitude(ranges.lowest[col]), magnitude(ranges.highest[col])));
  }
  return magnitudes;
}

/// Minus the centres of the ranges of columns, -(lowest + highest) / 2 rounded once: with these as
/// shifts (shift_columns) columns lie about zero, as in Outlier Suppression+ (arXiv 2304.09145).
/// Throws std::invalid_argument if there is a NaN or an infinity.
[[nodiscard]] inline std::vector<float> centring_shifts(matrix_view<const float> in,
                                                        const execution& how = {}) {
  const value_ranges ranges = column_ranges(in, how);
  std::vector<float> shifts(in.cols);
  for (std::size_t col = 0; col < in.cols; ++col) {
    const unpacked low = unpack(ranges.lowest[col]), high = unpack(ranges.highest[col]);
    if (low.is_infinite() || high.is_infinite()) {
      refuse("centring_shifts: column " + std::to_string(col) +
             " has an infinity, expected finite numbers");
    }
    unpacked sum = exact::add(low, high, false);
    --sum.exponent;
    shifts[col] = pack_as<float>(sum.is_zero() ? unpack(0.0f) : -sum);
  }
  return shifts;
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
