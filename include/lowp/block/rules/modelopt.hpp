// SPDX-License-Identifier: MIT
// NVFP4, MXFP8 and MXFP4 as NVIDIA Model-Optimizer computes them.
#pragma once

#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/rules/rounded_log2.hpp"
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

/// NVFP4 by the amax of each block and of the tensor, known before (commit a2fbac7, static export):
///
///   m = amax / max, 1 where that is zero        p = tensor amax / range, as above
///   scale = m * largest scale / (tensor amax / max), not below the smallest one
struct modelopt_static_t : modelopt_t {
  static constexpr std::string_view name = "modelopt_static";

  [[nodiscard]] static constexpr tensor_scale tensor(const float& tensor_amax, const auto& format) {
    tensor_scale t = detail::tensor_scale_over(detail::largest_product(format), tensor_amax);
    t.encoding = static_cast<float>(binary32(tensor_amax) / detail::largest_element(format));
    return t;
  }
  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale& t) {
    binary32 m = binary32(block_amax) / detail::largest_element(format);
    if (unpack(m).is_zero()) m = binary32(1);
    const binary32 largest = detail::as_binary32(largest_value(format.scale));
    const binary32 scale = m * largest / binary32(t.encoding);
    return unpack(
        detail::at_least(scale, detail::as_binary32(smallest_positive_value(format.scale))));
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto&, const tensor_scale&) { return {}; }
};
inline constexpr modelopt_static_t modelopt_static{};

/// MXFP8 (commit a2fbac7): 2^ceil(log2(amax / max)), both operations in binary32; the logarithm is
/// the machine's there and rounded correctly here, so that quotients just above some powers of two
/// are taken for these.
struct modelopt_mxfp8_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "modelopt_mxfp8";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale&) {
    const unpacked q = unpack(binary32(block_amax) / detail::largest_element(format));
    if (q.is_zero()) return smallest_positive_code(format.scale);
    return detail::power_of_two_code(format.scale, detail::ceil_of_rounded_log2(q));
  }
};
inline constexpr modelopt_mxfp8_t modelopt_mxfp8{};

/// MXFP4 (commit a2fbac7): scales as modelopt_mxfp8 chooses them; of equally near elements the one
/// toward zero, and -0 for zeros of either sign. Blocks are encoded by the definition.
struct modelopt_mxfp4_t : modelopt_mxfp8_t {
  static constexpr std::string_view name = "modelopt_mxfp4";
  static constexpr nearest_toward_zero_t rounding{};

  [[nodiscard]] static constexpr bool has_elements(code_t) { return true; }
  [[nodiscard]] static constexpr code_t element(const float& x, const auto& format, code_t scale) {
    const unpacked value = unpack(x), by = decode(format.scale, scale);
    const unpacked quotient = value.is_zero() ? unpacked::zero(true) : exact::divide(value, by);
    return encode(format.element, quotient, rounding, overflow::saturate, missing_nan::largest);
  }
};
inline constexpr modelopt_mxfp4_t modelopt_mxfp4{};

}  // namespace lowp::rules
