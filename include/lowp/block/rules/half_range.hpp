// SPDX-License-Identifier: MIT
// Scales over half the range of the codes: symmetric integers and FP8 as compressed-tensors
// computes them.
#pragma once

#include "lowp/block/rules/rule.hpp"

namespace lowp::rules {

/// In binary32, of weights in binary32 (compressed-tensors, commit ac8e2ba, calculate_qparams):
///
///   scale = amax / ((highest - lowest) / 2), 127.5 for int8, 7.5 for int4, 448 for e4m3fn, rounded
///           to the scale format; where that is zero its distance from 1 to the next number
///   element = x / scale
struct half_range_t {
  static constexpr std::string_view name = "half_range";

  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale&) {
    const unpacked reach = exact::add(largest_value(format.element),
                                      -decode(format.element, lowest_code(format.element)));
    const binary32 half = detail::as_binary32(reach) / binary32(2);
    const unpacked scale =
        decode(format.scale, detail::nearest_scale(format, unpack(binary32(block_amax) / half)));
    if (!scale.is_zero()) return scale;
    return unpacked::scaled_integer(false, 1, -format.scale.mantissa_bits);
  }
  [[nodiscard]] static constexpr element_scaling scaling(const auto&) {
    return element_scaling::divide;
  }
  [[nodiscard]] static constexpr const char* defect(const auto& format) {
    return format.has_tensor_scale ? "rules::half_range is for formats without a tensor scale"
                                   : nullptr;
  }
};
inline constexpr half_range_t half_range{};

}  // namespace lowp::rules
