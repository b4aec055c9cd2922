// SPDX-License-Identifier: MIT
// MX formats as Microsoft's microxcaling emulates them.
#pragma once

#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/rules/rounded_log2.hpp"

namespace lowp::rules {

/// microxcaling's defaults (commit 7bc4195, shared_exp_method "max", round "nearest"): the exponent
/// is floor(log2 amax) - emax, that of 2^-126 for a block of zeros; below the scale format it is
/// the smallest one, above it the scale is NaN. Elements saturate and round half away from zero.
///
/// Not followed: its logarithm in binary32, which is one too large just below some powers of two
/// and depends on the machine; its sum of 1/2 in binary32, which takes the one number below half of
/// the smallest element, (1/2 - 2^-25) of it, for a half; infinities, which it puts back; and the
/// rounding of inputs to bfloat16 that its layers do first.
struct microxcaling_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "microxcaling";
  static constexpr nearest_away_t rounding{};

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked x = unpack(block_amax);
    return of_exponent(format, x.is_zero() ? -126 : x.exponent);
  }

 protected:
  /// Of an amax in the binade of 2^of.
  [[nodiscard]] static constexpr code_t of_exponent(const auto& format, int of) {
    const int exponent = of - largest_value(format.element).exponent;
    if (exponent > largest_value(format.scale).exponent && has_nan(format.scale)) {
      return encode(format.scale, unpacked::nan(), nearest_even, overflow::to_special,
                    missing_nan::largest);
    }
    return detail::power_of_two_code(format.scale, exponent);
  }
};
inline constexpr microxcaling_t microxcaling{};

/// microxcaling with its logarithm in binary32, rounded correctly where it asks the machine's
/// library. On blocks of 1 x 1 it is microxcaling's shared_exp_method "none".
struct microxcaling_log2_t : microxcaling_t {
  static constexpr std::string_view name = "microxcaling_log2";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale& t) {
    const unpacked x = unpack(block_amax);
    if (x.is_zero()) return microxcaling_t::from_amax(block_amax, format, t);
    return of_exponent(format, detail::floor_of_rounded_log2(x));
  }
};
inline constexpr microxcaling_log2_t microxcaling_log2{};

}  // namespace lowp::rules
