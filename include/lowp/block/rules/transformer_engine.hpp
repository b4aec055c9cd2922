// SPDX-License-Identifier: MIT
// NVFP4 as NVIDIA TransformerEngine computes it.
#pragma once

#include "lowp/block/rules/rule.hpp"

namespace lowp::rules {

/// In binary32, of 2025's TransformerEngine (arXiv 2509.25149, appendix; commit d0067d0):
///
///   S = min(range / tensor amax, largest), 1 for a tensor of zeros    range = max * largest scale
///   scale = min(amax * (S * (1 / max)), largest)                      no lower bound
///   element = x * min(1 / (scale * (1 / S)), largest)
///
/// Under a scale of zero elements are multiplied by the largest binary32.
struct transformer_engine_t {
  static constexpr std::string_view name = "transformer_engine";

  [[nodiscard]] static constexpr tensor_scale tensor(const float& tensor_amax, const auto& format) {
    const binary32 largest(tensor_amax);
    if (unpack(largest).is_zero()) return {};
    const binary32 encoding =
        detail::at_most(detail::largest_product(format) / largest, detail::largest_binary32);
    if (unpack(encoding).is_zero()) return {};
    return {static_cast<float>(encoding), static_cast<float>(binary32(1) / encoding)};
  }
  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale& t) {
    return unpack(
        detail::at_most(binary32(block_amax) * multiplier(format, t), detail::largest_binary32));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale& t) {
    const std::uint32_t largest = detail::bits32(detail::largest_binary32);
    return {.how = scale_plan::kind::arithmetic,
            .value = {
                .a = detail::bits32(multiplier(format, t)), .highest = largest, .of_nan = largest}};
  }
  [[nodiscard]] static constexpr element_scaling scaling(const auto&) {
    return element_scaling::multiply;
  }
  [[nodiscard]] static constexpr unpacked factor(const unpacked& scale, const auto&,
                                                 const tensor_scale& t) {
    if (scale.is_nan()) return scale;
    const binary32 one(1), of_tensor = one / binary32(t.encoding);
    return unpack(
        detail::at_most(one / (detail::as_binary32(scale) * of_tensor), detail::largest_binary32));
  }

 private:
  [[nodiscard]] static constexpr binary32 multiplier(const auto& format, const tensor_scale& t) {
    return binary32(t.encoding) * (binary32(1) / detail::largest_element(format));
  }
};
inline constexpr transformer_engine_t transformer_engine{};

}  // namespace lowp::rules
