// SPDX-License-Identifier: MIT
// The caller's scales.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "lowp/block/rules/rule.hpp"
#include "lowp/core/failure.hpp"

namespace lowp::rules {

/// Scales that the caller has, one per block, row-major over the grid of blocks of the result: of a
/// calibration, a search or another matrix. Each is rounded to nearest even to the scale format,
/// where it saturates. Elements are divided by scale * tensor.decoding exactly and rounded once;
/// the caller's tensor scale is that of the matrix where the format has one. A NaN or an infinity
/// among the elements changes no scale: infinities saturate, NaN is the element format's. A scale
/// of zero is for blocks of zeros. The function that quantizes throws std::invalid_argument, before
/// writing, for another number of scales, for NaN, and for a negative one if no scale of the format
/// is negative.
struct given {
  std::span<const float> scales;
  tensor_scale of_tensor{};

  static constexpr std::string_view name = "given";
  static constexpr bool sees_specials = true;

  [[nodiscard]] const char* defect(const auto& format) const {
    if constexpr (number_format<std::remove_cvref_t<decltype(format.scale)>>) {
      const unpacked lowest = decode(format.scale, lowest_code(format.scale));
      if (lowest.negative && !lowest.is_zero()) return nullptr;
      for (const float x : scales) {
        if (x < 0) return "rules::given: a scale is negative, and those of the format are not";
      }
    }
    return nullptr;
  }
  [[nodiscard]] unpacked scale(const block_values& block, const auto&) const {
    return unpack(scales[block.index]);
  }
  [[nodiscard]] tensor_scale tensor(const float&, const auto&) const { return of_tensor; }
  void require_grid(std::size_t block_rows, std::size_t block_cols) const {
    for (std::size_t i = 0; i < scales.size(); ++i) {
      if ((std::bit_cast<std::uint32_t>(scales[i]) & 0x7FFFFFFFu) <= 0x7F800000u) continue;
      refuse("rules::given: scales[" + std::to_string(i) + "] is NaN");
    }
    if (scales.size() == block_rows * block_cols) return;
    refuse("rules::given: scales has size " + std::to_string(scales.size()) + ", expected " +
           std::to_string(block_rows * block_cols) + ", one per block");
  }
};

}  // namespace lowp::rules
