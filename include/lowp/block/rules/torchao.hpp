// SPDX-License-Identifier: MIT
// NVFP4 as torchao computes it.
#pragma once

#include "lowp/block/rules/rule.hpp"

namespace lowp::rules {

/// In binary32, of torchao's nvfp4_tensor (commit 36027d8):
///
///   p = tensor amax / range                     range = max * largest scale
///   scale = max((amax / max) / p, smallest normal scale)
///   element = x * ((1 / p) / scale)
struct torchao_t {
  static constexpr std::string_view name = "torchao";

  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale& t) {
    const binary32 quotient =
        binary32(block_amax) / detail::largest_element(format) / binary32(t.decoding);
    return unpack(detail::at_least(quotient, lowest(format)));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale& t) {
    const std::uint32_t low = detail::bits32(lowest(format));
    return {.how = scale_plan::kind::arithmetic,
            .value = {true, detail::bits32(detail::largest_element(format)),
                      detail::bits32(binary32(t.decoding)), low, 0x7F800000u, low, low}};
  }
  [[nodiscard]] static constexpr element_scaling scaling(const auto&) {
    return element_scaling::multiply;
  }
  [[nodiscard]] static constexpr unpacked factor(const unpacked& scale, const auto&,
                                                 const tensor_scale& t) {
    return unpack(binary32(t.encoding) / detail::as_binary32(scale));
  }

 private:
  [[nodiscard]] static constexpr binary32 lowest(const auto& format) {
    return detail::as_binary32(decode(format.scale, smallest_normal_code(format.scale)));
  }
};
inline constexpr torchao_t torchao{};

}  // namespace lowp::rules
