// SPDX-License-Identifier: MIT
// Scales that are powers of two, for OCP MX formats: four ways to take the exponent of the largest
// magnitude. They are clamped to the powers of two of the scale format; a block of zeros takes the
// smallest one, the limit of ever smaller blocks.
#pragma once

#include "lowp/block/rules/rule.hpp"

namespace lowp {
namespace detail {

/// The code of 2^exponent, clamped to the powers of two that the format has.
template <number_format Scale>
[[nodiscard]] constexpr code_t power_of_two_code(const Scale& scale, int exponent) {
  const int largest = largest_value(scale).exponent;
  return encode(scale, unpacked::scaled_integer(false, 1, exponent < largest ? exponent : largest),
                upward, overflow::saturate, missing_nan::largest);
}

[[nodiscard]] constexpr bool is_power_of_two(const unpacked& value) {
  return value.significand == uint128{std::uint64_t{1} << 63, 0};
}

/// floor(log2 |x|) after rounding |x| half up to `mantissa_bits`; of a finite x that is not zero.
[[nodiscard]] constexpr int exponent_after_rounding(const unpacked& x, int mantissa_bits) {
  if (mantissa_bits > 52) return x.exponent;  // finer than any input
  const std::uint64_t half = std::uint64_t{1} << (62 - mantissa_bits);
  return x.exponent + (x.significand.high + half < half ? 1 : 0);
}

/// Mantissa bits of the element format at the top: how many binary digits the value below the
/// largest has beyond its leading one, none if the last step is a binade or more (E3M0, posits).
template <number_format Element>
[[nodiscard]] constexpr int top_mantissa_bits(const Element& element) {
  const unpacked below = value_next_to_end(element, false);
  const unpacked ulp = exact::add(largest_value(element), -below);
  return below.exponent > ulp.exponent && !below.is_zero() ? below.exponent - ulp.exponent : 0;
}

/// What the rules of this file have in common.
struct power_of_two_rule {
  static constexpr bool is_power_of_two = true;

  [[nodiscard]] static constexpr const char* defect(const auto& format) {
    return format.has_tensor_scale ? "a power-of-two rule does not look at the tensor: "
                                     "has_tensor_scale needs another"
                                   : nullptr;
  }
  /// 2^(exponent - emax), of elements whose largest value is 2^emax or more, below 2^(emax + 1).
  [[nodiscard]] static constexpr code_t lowered(const auto& format, int exponent) {
    return power_of_two_code(format.scale, exponent - largest_value(format.element).exponent);
  }
  [[nodiscard]] static constexpr scale_plan plan_of(const auto& format, std::uint32_t addend) {
    return {.how = scale_plan::kind::exponent,
            .addend = addend,
            .lowered = largest_value(format.element).exponent};
  }
};

}  // namespace detail

namespace rules {

/// 2^(floor(log2 amax) - emax): OCP MX 1.0, clause 6.3. The top of a binade saturates.
struct floor_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "floor";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked x = unpack(block_amax);
    return x.is_zero() ? smallest_positive_code(format.scale) : lowered(format, x.exponent);
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale&) {
    return plan_of(format, 0);
  }
};

/// 2^(ceil(log2 amax) - emax): nothing saturates.
struct ceil_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "ceil";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked x = unpack(block_amax);
    return x.is_zero() ? smallest_positive_code(format.scale)
                       : lowered(format, x.exponent + (detail::is_power_of_two(x) ? 0 : 1));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale&) {
    return plan_of(format, 0x7FFFFFu);
  }
};

/// floor after rounding amax half up to the element's precision (AMD Quark; torchao EVEN).
struct even_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "even";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked x = unpack(block_amax);
    if (x.is_zero()) return smallest_positive_code(format.scale);
    return lowered(format,
                   detail::exponent_after_rounding(x, detail::top_mantissa_bits(format.element)));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale&) {
    const int bits = detail::top_mantissa_bits(format.element);
    return plan_of(format, bits > 22 ? 0 : 1u << (22 - bits));
  }
};

/// The power of two at or above amax * (1 / max), max the largest element, each operation in
/// binary32 (NVIDIA TransformerEngine's MXFP8; torchao RCEIL).
struct rceil_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "rceil";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked d =
        unpack(binary32(block_amax) * (binary32(1) / detail::largest_element(format)));
    if (d.is_zero()) return smallest_positive_code(format.scale);
    if (d.is_infinite()) return detail::power_of_two_code(format.scale, 128);  // the largest
    return detail::power_of_two_code(format.scale,
                                     d.exponent + (detail::is_power_of_two(d) ? 0 : 1));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale&) {
    return {.how = scale_plan::kind::exponent,
            .factor = static_cast<float>(binary32(1) / detail::largest_element(format)),
            .addend = 0x7FFFFFu};
  }
};

inline constexpr floor_t floor{};
inline constexpr ceil_t ceil{};
inline constexpr even_t even{};
inline constexpr rceil_t rceil{};

}  // namespace rules
}  // namespace lowp
