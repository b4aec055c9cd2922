// SPDX-License-Identifier: MIT
// NVFP4 and MX formats as compressed-tensors (vLLM) computes them.
#pragma once

#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/rules/rule.hpp"

namespace lowp::rules {

/// In binary32 (commit ac8e2ba):
///
///   g = range / max(tensor amax, 2^-126), 1 where that overflows       range = max * largest scale
///   scale = g * (amax / max), rounded to the scale format; 1/8 where that is zero
///   element = x / (scale / g)
///
/// Files keep g, weight_global_scale; tensor_scale::decoding is 1 / g.
struct compressed_tensors_t {
  static constexpr std::string_view name = "compressed_tensors";

  [[nodiscard]] static constexpr tensor_scale tensor(const float& tensor_amax, const auto& format) {
    const binary32 tiny = binary32::from_code(smallest_normal_code(formats::binary32));
    binary32 g = detail::largest_product(format) / detail::at_least(binary32(tensor_amax), tiny);
    if (unpack(g).is_infinite()) g = binary32(1);
    return {static_cast<float>(g), static_cast<float>(binary32(1) / g)};
  }
  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale& t) {
    const binary32 quotient = binary32(block_amax) / detail::largest_element(format);
    const code_t code = detail::nearest_scale(format, unpack(binary32(t.encoding) * quotient));
    return decode(format.scale, code).is_zero() ? detail::nearest_scale(format, unpack(0.125f))
                                                : code;
  }
  [[nodiscard]] static constexpr element_scaling scaling(const auto&) {
    return element_scaling::divide;
  }
  [[nodiscard]] static constexpr unpacked factor(const unpacked& scale, const auto&,
                                                 const tensor_scale& t) {
    return unpack(detail::as_binary32(scale) / binary32(t.encoding));
  }
};
inline constexpr compressed_tensors_t compressed_tensors{};

/// even with the one mantissa bit of E2M1 whatever the elements (commit ac8e2ba): MXFP8 too.
struct compressed_tensors_mx_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "compressed_tensors_mx";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked x = unpack(block_amax);
    if (x.is_zero()) return smallest_positive_code(format.scale);
    return lowered(format, detail::exponent_after_rounding(x, 1));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale&) {
    return plan_of(format, 1u << 21);
  }
};
inline constexpr compressed_tensors_mx_t compressed_tensors_mx{};

}  // namespace lowp::rules
