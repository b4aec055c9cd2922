// SPDX-License-Identifier: MIT
// The largest magnitude over a stated largest element, with a floor: DeepSeek's and others' scales
// of tiles, whose element formats are not always used to their ends.
#pragma once

#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/rules/rule.hpp"

namespace lowp::rules {

/// In binary32: scale = max(amax, least_amax) / largest, rounded up to a power of two if so stated
/// (2^-126 at least); an element is x / scale or, with `multiplies`, x * (1 / scale). A scale of
/// zero is 1.
struct stated_range {
  float largest = 0;     ///< the element that amax is mapped to; 0: the largest one of the format
  float least_amax = 0;  ///< blocks of smaller magnitudes have the scale of this one
  bool rounds_up = false;
  bool multiplies = false;

  static constexpr std::string_view name = "stated_range";

  [[nodiscard]] constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                             const tensor_scale& t) const {
    const binary32 range = largest == 0 ? detail::largest_element(format) : binary32(largest);
    const binary32 bounded = detail::at_least(binary32(block_amax), binary32(least_amax));
    const unpacked scale = unpack(bounded / range / binary32(t.decoding));
    if (scale.is_zero()) return unpack(1);
    if (!rounds_up || !scale.is_finite()) return scale;
    const int exponent = scale.exponent + (detail::is_power_of_two(scale) ? 0 : 1);
    return unpacked::scaled_integer(false, 1, exponent < -126 ? -126 : exponent);
  }
  [[nodiscard]] constexpr element_scaling scaling(const auto&) const {
    return multiplies ? element_scaling::multiply : element_scaling::divide;
  }
  [[nodiscard]] constexpr unpacked factor(const unpacked& scale, const auto&,
                                          const tensor_scale& t) const {
    const binary32 by = detail::as_binary32(scale) * binary32(t.decoding);
    return unpack(multiplies ? binary32(1) / by : by);
  }
};

/// DeepSeek-V3's activations (inference/kernel.py of 9b4e978), and with scale_fmt "ue8m0"; the
/// kernels of DeepGEMM (54e2261); FNUZ formats as vLLM uses them, to 224 of 240.
inline constexpr stated_range deepseek_v3{.least_amax = 1e-4f};
inline constexpr stated_range deepseek_v3_ue8m0{.least_amax = 1e-4f, .rounds_up = true};
inline constexpr stated_range deep_gemm{.least_amax = 1e-4f, .rounds_up = true, .multiplies = true};
inline constexpr stated_range fnuz_224{.largest = 224};

/// TransformerEngine's tiles of FP8 with power-of-two scales (commit d0067d0): elements are
/// multiplied by max / max(amax, least_amax), in binary32, without its mantissa bits; 1 for blocks
/// of zeros. The scale is one over it.
struct transformer_engine_tiles {
  float least_amax = 0;

  static constexpr std::string_view name = "transformer_engine_tiles";
  static constexpr bool is_power_of_two = true;

  [[nodiscard]] static constexpr const char* defect(const auto& format) {
    return format.has_tensor_scale
               ? "rules::transformer_engine_tiles is for formats without a tensor scale"
               : nullptr;
  }
  [[nodiscard]] constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                             const tensor_scale&) const {
    const binary32 bounded = detail::at_least(binary32(block_amax), binary32(least_amax));
    if (unpack(bounded).is_zero()) return unpack(1);
    const unpacked q = unpack(
        detail::at_most(detail::largest_element(format) / bounded, detail::largest_binary32));
    return unpacked::scaled_integer(false, 1, -q.exponent);
  }
};

/// Twice the scale of `floor`, which leaves head-room (AWS Neuron's quantize_mx).
struct twice_floor_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "twice_floor";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked x = unpack(block_amax);
    return x.is_zero() ? smallest_positive_code(format.scale) : lowered(format, x.exponent + 1);
  }
};
inline constexpr twice_floor_t twice_floor{};

/// The power of two at or above amax / max, the quotient rounded to binary32: rceil with a division
/// (fouroversix's MXFP4, commit dadfad6; Ascend's scaleAlg 1).
struct rceil_by_division_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "rceil_by_division";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked q = unpack(binary32(block_amax) / detail::largest_element(format));
    if (q.is_zero()) return smallest_positive_code(format.scale);
    return detail::power_of_two_code(format.scale,
                                     q.exponent + (detail::is_power_of_two(q) ? 0 : 1));
  }
};
inline constexpr rceil_by_division_t rceil_by_division{};

}  // namespace lowp::rules
