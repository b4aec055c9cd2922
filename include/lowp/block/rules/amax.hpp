// SPDX-License-Identifier: MIT
// The scale that maps the largest magnitude of a block to the largest element, for scale formats
// with a mantissa.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

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
  /// One division in binary32 is this rule where that is the scale format; under others it is two
  /// exact quotients.
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale& tensor) {
    const binary32 max = detail::largest_element(format);
    if (unpack(max) != largest_value(format.element)) return {};
    const std::uint32_t of_max = detail::bits32(max);
    if (!is_same_format(format.scale, formats::binary32)) {
      const auto of_tensor = std::bit_cast<std::uint32_t>(tensor.decoding);
      return {.how = scale_plan::kind::quotient,
              .value = {.divides = true,
                        .a = of_tensor,
                        .b = of_max,
                        .highest = 0x7F800000u,
                        .of_nan = 0x7F800000u,
                        .to_odd = true}};
    }
    if (format.has_tensor_scale) return {};
    return {.how = scale_plan::kind::arithmetic,
            .value = {true, of_max, detail::bits32(binary32(1)), 0, 0x7F800000u, 0, 0}};
  }
};
inline constexpr amax_t amax{};

}  // namespace lowp::rules
