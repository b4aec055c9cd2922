// SPDX-License-Identifier: MIT
// The scale that maps the largest magnitude of a block to the largest element, for scale formats
// with a mantissa.
#pragma once

#include "lowp/block/rules/rule.hpp"

namespace lowp::rules {

/// amax / (max * tensor scale), exact until it is rounded to the scale format; max is the largest
/// element. Elements are divided exactly and rounded once. A tensor scale is amax over the product
/// of the largest element and the largest scale, in binary32.
struct amax_t {
  static constexpr std::string_view name = "amax";

  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale& tensor) {
    return exact::divide(unpack(block_amax),
                         exact::multiply(largest_value(format.element), unpack(tensor.decoding)));
  }
  /// One division in binary32 is this rule where that is the scale format.
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale&) {
    const binary32 max = detail::largest_element(format);
    if (is_same_format(format.scale, formats::binary32) && !format.has_tensor_scale &&
        unpack(max) == largest_value(format.element)) {
      return {
          .how = scale_plan::kind::arithmetic,
          .value = {true, detail::bits32(max), detail::bits32(binary32(1)), 0, 0x7F800000u, 0, 0}};
    }
    return {};
  }
};
inline constexpr amax_t amax{};

}  // namespace lowp::rules
