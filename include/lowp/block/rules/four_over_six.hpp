// SPDX-License-Identifier: MIT
// Four over six (arXiv 2512.02010): a block of NVFP4 maps its largest magnitude to 6 or to 4,
// whichever leaves less error. A rule that sees the elements.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/block/rules/nearest_values.hpp"
#include "lowp/block/rules/transformer_engine.hpp"
#include "lowp/core/config.hpp"

namespace lowp::rules {

/// In binary32, with max the largest element, 6:
///
///   S = min(max * largest_scale / tensor amax, largest), 1 for a tensor of zeros
///   base = amax * (S * (1 / max)), and base * (max / 4) for the scale that maps amax to 4
///   each as a scale: min(., largest), nearest even; elements as under transformer_engine
///   error = sum over elements, row by row from the first one, of |v - x * S|, or its square, with
///           v = element * scale, which is exact; x * S, the difference, the square and the sum
///           round to nearest even
///
/// The smaller error wins, 6 at a tie. largest_scale is 256, so that 1.5 times it is a UE4M3 scale;
/// errors are squared as in the paper, absolute ones are TransformerEngine's default.
struct four_over_six_t {
  bool is_squared = true;
  float largest_scale = 256;

  static constexpr std::string_view name = "four_over_six";

  [[nodiscard]] constexpr tensor_scale tensor(const float& tensor_amax, const auto& format) const {
    const binary32 largest(tensor_amax), one(1);
    if (unpack(largest).is_zero()) return {};
    const binary32 range = detail::largest_element(format) * binary32(largest_scale);
    const binary32 encoding = detail::at_most(range / largest, detail::largest_binary32);
    if (unpack(encoding).is_zero()) return {};
    return {static_cast<float>(encoding), static_cast<float>(one / encoding)};
  }
  [[nodiscard]] static constexpr element_scaling scaling(const auto&) {
    return element_scaling::multiply;
  }
  [[nodiscard]] static constexpr unpacked factor(const unpacked& scale, const auto& format,
                                                 const tensor_scale& t) {
    return transformer_engine.factor(scale, format, t);
  }
  [[nodiscard]] code_t scale(const block_values& block, const auto& format) const {
    const auto& values = detail::nearest_values_of(format.element);
    const default_float_environment environment;
    const float max = values.exist() ? values.largest() : to_float(largest_value(format.element));
    const float base = times(block.amax, times(block.tensor.encoding, over(1.0f, max)));
    const auto code = [&](float value) {
      return detail::nearest_scale(format, unpack(cut(value)));
    };
    const code_t to_max = code(base), to_four = code(times(base, over(max, 4.0f)));
    if (to_max == to_four) return to_max;
    const auto error_of = [&](code_t scale_code) {
      const unpacked exact_scale = decode(format.scale, scale_code);
      if (!values.exist()) return to_float(unpack(error(block, format, exact_scale)));
      const float scale = to_float(exact_scale);
      const float multiplier = cut(over(1.0f, times(scale, over(1.0f, block.tensor.encoding))));
      return fast_error(block, values, scale, multiplier);
    };
    return error_of(to_four) < error_of(to_max) ? to_four : to_max;
  }

 private:
  // binary32 by the hardware, whose operations no option of the compiler reaches here.
  [[nodiscard]] static float times(float a, float b) { return opaque(opaque(a) * opaque(b)); }
  [[nodiscard]] static float over(float a, float b) { return opaque(opaque(a) / opaque(b)); }
  [[nodiscard]] static float cut(float x) {
    constexpr float largest = 0x1.FFFFFEp127f;
    return (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) < 0x7F800000u ? x : largest;
  }
  [[nodiscard]] static float to_float(const unpacked& x) { return pack_as<float>(x); }

  /// What error() says, by the hardware.
  [[nodiscard]] float fast_error(const block_values& block, const auto& values, float scale,
                                 float multiplier) const {
    float sum = 0;
    for (std::size_t r = 0; r < block.values.rows; ++r) {
      const float* const row = block.values.row(r);
      for (std::size_t c = 0; c < block.values.cols; ++c) {
        const float value = times(values(times(row[c], multiplier)), scale);
        const float difference = opaque(value - times(row[c], block.tensor.encoding));
        const float part = is_squared       ? times(difference, difference)
                           : difference < 0 ? -difference
                                            : difference;
        sum = opaque(sum + part);
      }
    }
    return sum;
  }
  [[nodiscard]] binary32 error(const block_values& block, const auto& format,
                               const unpacked& scale) const {
    const unpacked multiplier = factor(scale, format, block.tensor);
    const binary32 encoding(block.tensor.encoding);
    binary32 sum(0);
    for (std::size_t r = 0; r < block.values.rows; ++r) {
      for (std::size_t c = 0; c < block.values.cols; ++c) {
        const unpacked x = unpack(block.values(r, c));
        const code_t code =
            encode(format.element, unpack(detail::as_binary32(exact::multiply(x, multiplier))),
                   nearest_even, overflow::saturate, missing_nan::largest);
        const unpacked value = exact::multiply(decode(format.element, code), scale);
        const binary32 difference =
            abs(detail::as_binary32(value) - detail::as_binary32(x) * encoding);
        sum = sum + (is_squared ? difference * difference : difference);
      }
    }
    return sum;
  }
};
inline constexpr four_over_six_t four_over_six{};

}  // namespace lowp::rules
