// SPDX-License-Identifier: MIT
// MXFP4 and NVFP4 as ggml's reference quantizers compute them (ggml-quants.c of d99724f), bit for
// bit for finite inputs. How ggml lays out the codes of a block is a matter of layout, not of these
// rules.
#pragma once

#include <concepts>

#include "lowp/block/block_format.hpp"
#include "lowp/block/rules/power_of_two.hpp"
#include "lowp/block/rules/rounded_log2.hpp"
#include "lowp/formats/catalog.hpp"

namespace lowp {
namespace detail {

template <class Element, class Scale>
[[nodiscard]] constexpr bool is_e2m1_under(const scaled_blocks<Element, Scale>& f,
                                           const float_format& scale) {
  return is_same_format(f.element, formats::e2m1) && is_same_format(f.scale, scale) &&
         !f.has_tensor_scale;
}

/// The index of the value of E2M1 times `scale` nearest to x, the first of equal errors, errors
/// being rounded to binary32. Under finite scales no value is -0, which 0 comes before.
[[nodiscard]] constexpr code_t first_nearest_e2m1(const auto& element, const float& x,
                                                  binary32 scale) {
  const binary32 value(x);
  code_t best = 0;
  binary32 least = abs(value);
  for (code_t code = 1; code < 16; ++code) {
    const binary32 error = abs(as_binary32(decode(element, code)) * scale - value);
    if (error < least) {
      best = code;
      least = error;
    }
  }
  return best;
}

}  // namespace detail

namespace rules {

/// The byte floor(log2f(amax)) - 2 + 127 modulo 256, 0 for a block of zeros: amaxes below 2^-125
/// wrap around to 255 and below, under which elements are 0 (and read as NaN where OCP's E8M0 is,
/// under 255). Of equally near elements the one toward zero, and +0 for -0.
struct ggml_mxfp4_t : detail::power_of_two_rule {
  static constexpr std::string_view name = "ggml_mxfp4";
  [[nodiscard]] static constexpr const char* defect(const auto& format) {
    return detail::is_e2m1_under(format, formats::e8m0)
               ? nullptr
               : "rules::ggml_mxfp4 chooses scales in e8m0 of elements in e2m1";
  }
  static constexpr nearest_toward_zero_t rounding{};
  static constexpr bool keeps_negative_zero = false;

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto&,
                                                  const tensor_scale&) {
    const unpacked x = unpack(block_amax);
    if (x.is_zero()) return 0;
    return static_cast<code_t>(detail::floor_of_rounded_log2(x) - 2 + 127) & 0xFF;
  }
};

/// amax / 6 in binary32, cut to 448, rounded half up to UE4M3 without its last binade but for 448:
/// what is 248 or more is 448, what rounds to the smallest normal value from below is 7/8 of it.
/// Of equally near elements the one toward zero, and +0 for -0. Where the scale is cut, errors are
/// equal in binary32 for large elements, and the first code with the error is taken.
struct ggml_nvfp4_t {
  static constexpr std::string_view name = "ggml_nvfp4";
  [[nodiscard]] static constexpr const char* defect(const auto& format) {
    return detail::is_e2m1_under(format, formats::ue4m3)
               ? nullptr
               : "rules::ggml_nvfp4 chooses scales in ue4m3 of elements in e2m1, without a tensor "
                 "scale: block_format{formats::e2m1, formats::ue4m3, block_shape{1, 16}}";
  }
  static constexpr nearest_toward_zero_t rounding{};
  static constexpr bool keeps_negative_zero = false;

  [[nodiscard]] static constexpr code_t from_amax(const float& block_amax, const auto&,
                                                  const tensor_scale&) {
    const binary32 quotient = binary32(block_amax) / binary32(6);
    const unpacked x = unpack(quotient);
    if (x.is_zero()) return 0;
    if (x.exponent < -6) {
      const unpacked sum = unpack(quotient * binary32(512) + binary32(0.5));
      const auto count =
          static_cast<code_t>(sum.exponent < 0 ? 0 : sum.significand.high >> (63 - sum.exponent));
      return count > 7 ? 7 : count;
    }
    if (x.exponent >= 8) return 0x7E;
    // Exponent and 3 bits below the leading one, and half of the last.
    const auto field = static_cast<code_t>(x.exponent + 7) << 3;
    const code_t code = field + (((x.significand.high >> 59 & 15) + 1) >> 1);
    return code >= 15 << 3 ? 0x7E : code;
  }
  [[nodiscard]] static constexpr bool has_elements(code_t scale) { return scale == 0x7E; }
  [[nodiscard]] static constexpr code_t element(const float& x, const auto& format, code_t scale) {
    return detail::first_nearest_e2m1(format.element, x,
                                      detail::as_binary32(decode(format.scale, scale)));
  }
};

inline constexpr ggml_mxfp4_t ggml_mxfp4{};
inline constexpr ggml_nvfp4_t ggml_nvfp4{};

}  // namespace rules
}  // namespace lowp
