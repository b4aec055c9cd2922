// SPDX-License-Identifier: MIT
// The caller's scales.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "lowp/block/rules/rule.hpp"
#include "lowp/core/failure.hpp"

namespace lowp::rules {

/// Scales that the caller has, one per block, row-major over the grid of blocks of the result: of a
/// calibration, a search or another matrix. Each is rounded to nearest even to the scale format,
/// where it saturates. Elements are divided by scale * tensor.decoding exactly and rounded once;
/// the caller's tensor scale is that of the matrix where the format has one. A NaN or an infinity
/// among the elements changes no scale: infinities saturate, NaN is the element format's. The
/// function that quantizes throws std::invalid_argument for another number of scales.
struct given {
  std::span<const float> scales;
  tensor_scale of_tensor{};

  static constexpr std::string_view name = "given";
  static constexpr bool sees_specials = true;

  [[nodiscard]] unpacked scale(const block_values& block, const auto&) const {
    return unpack(scales[block.index]);
  }
  [[nodiscard]] tensor_scale tensor(const float&, const auto&) const { return of_tensor; }
  void require_grid(std::size_t block_rows, std::size_t block_cols) const {
    if (scales.size() == block_rows * block_cols) return;
    refuse("rules::given: scales has size " + std::to_string(scales.size()) + ", expected " +
           std::to_string(block_rows * block_cols) + ", one per block");
  }
};

}  // namespace lowp::rules
