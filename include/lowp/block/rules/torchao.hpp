// SPDX-License-Identifier: MIT
// NVFP4, and the MX rules that differ from those of power_of_two.hpp, as torchao computes them.
#pragma once

#include "lowp/block/rules/power_of_two.hpp"
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

/// torchao to the corner: p is not kept from zero, nor 1 / p from infinity. Scales of a tensor of
/// zeros are NaN (0 / 0), and amaxes of a tensor below 2^-117 make the factor of some blocks
/// infinite, under which elements saturate. In blocks whose scale is NaN elements, which torchao
/// leaves to chance, are 0.
struct torchao_nvfp4_t : torchao_t {
  static constexpr std::string_view name = "torchao_nvfp4";

  [[nodiscard]] static constexpr tensor_scale tensor(const float& tensor_amax, const auto& format) {
    const binary32 p = binary32(tensor_amax) / detail::largest_product(format);
    return {static_cast<float>(binary32(1) / p), static_cast<float>(p)};
  }
  [[nodiscard]] static constexpr unpacked from_amax(const float& block_amax, const auto& format,
                                                    const tensor_scale& t) {
    if (format.has_tensor_scale && t.decoding == 0) return unpacked::nan();
    return torchao_t::from_amax(block_amax, format, t);
  }
  [[nodiscard]] static constexpr scale_plan plan(const auto& format, const tensor_scale& t) {
    return t.decoding == 0 ? scale_plan{} : torchao_t::plan(format, t);
  }
};
inline constexpr torchao_nvfp4_t torchao_nvfp4{};

/// even, but for amaxes that round beyond the largest float, whose scale is NaN.
struct torchao_even_t : even_t {
  static constexpr std::string_view name = "torchao_even";

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto& format,
                                                  const tensor_scale& t) {
    const unpacked x = unpack(block_amax);
    if (!x.is_zero() &&
        detail::exponent_after_rounding(x, detail::top_mantissa_bits(format.element)) > 127) {
      return encode(format.scale, unpacked::nan(), nearest_even, overflow::to_special,
                    missing_nan::largest);
    }
    return even_t::from_amax(block_amax, format, t);
  }
  /// from_amax of each block: what lanes add to the bits of an amax does not stop at infinity.
  [[nodiscard]] static constexpr scale_plan plan(const auto&, const tensor_scale&) { return {}; }
};
inline constexpr torchao_even_t torchao_even{};

}  // namespace lowp::rules
