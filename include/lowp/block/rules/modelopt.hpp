// SPDX-License-Identifier: MIT
// NVFP4 as NVIDIA Model-Optimizer computes it.
#pragma once

#include "lowp/block/rules/rule.hpp"

namespace lowp::rules {

/// In binary32, of Model-Optimizer's nvfp4_tensor (commit a2fbac7):
///
///   p = tensor amax / range                     range = max * largest scale
///   scale = max(amax / (max * p), smallest scale), 1 where that quotient is zero
///   element = x / (scale * p)
struct modelopt_t {
  static constexpr std::string_view name = "modelopt";

  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale& t) {
    const binary32 quotient = binary32(block_amax) / divisor(format, t);
    if (unpack(quotient).is_zero()) return unpack(1);
    return unpack(detail::at_least(quotient, lowest(format)));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale& t) {
    const std::uint32_t one = detail::bits32(binary32(1)), low = detail::bits32(lowest(format));
    return {.how = scale_plan::kind::arithmetic,
            .value = {true, detail::bits32(divisor(format, t)), one, low, 0x7F800000u, one, low}};
  }
  [[nodiscard]] static constexpr element_scaling scaling(const auto&) {
    return element_scaling::divide;
  }
  [[nodiscard]] static constexpr unpacked factor(const unpacked& scale, const auto&,
                                                 const tensor_scale& t) {
    return unpack(detail::as_binary32(scale) * binary32(t.decoding));
  }

 private:
  [[nodiscard]] static constexpr binary32 divisor(const auto& format, const tensor_scale& t) {
    return detail::largest_element(format) * binary32(t.decoding);
  }
  [[nodiscard]] static constexpr binary32 lowest(const auto& format) {
    return detail::as_binary32(smallest_positive_value(format.scale));
  }
};
inline constexpr modelopt_t modelopt{};

}  // namespace lowp::rules
