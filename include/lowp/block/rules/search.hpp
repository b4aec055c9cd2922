// SPDX-License-Identifier: MIT
// A search for the scale of a block: of shrunk scales the one under which the quantized elements
// err least. A rule that sees the elements, with kernels for floats, integers, fixed point and
// most formats of up to 8 bits; the umbrella header leaves it out.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/rules/error_norm.hpp"
#include "lowp/block/rules/nearest_values.hpp"
#include "lowp/block/rules/rule.hpp"
#include "lowp/block/rules/shrink_plan.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"

namespace lowp::rules {
inline namespace LOWP_BASELINE {

/// The candidate k = 0 … candidates - 1 that errs least, of equal ones the first, where max is the
/// largest element and all operations are binary32, each rounded once to nearest even:
///
///   base       = (amax / max) / tensor.decoding
///   factor     = to - k * ((to - from) / (candidates - 1)); of one candidate, to
///   scale      = base * factor in the format of scales: to nearest even, saturating
///   multiplier = 1 / (scale * tensor.decoding), at most the largest number
///   t          = x * multiplier, and v the element nearest to it
///   error      = (the sum over elements, row by row, of weight * |t - v|^norm)
///                * (scale * (1 / base))^norm
///
/// error_norm.hpp says what a power is; without weights nothing is multiplied by one. Elements are
/// quantized as the search has them: t, rounded to nearest even unless another mode is named. A
/// scale of zero errs infinitely. A NaN or an infinity in a block whose scale format has no NaN is
/// left out of the sum. A block whose base is no normal number (zeros, above all) takes candidate
/// 0.
///
///   quantize<formats::nvfp4>(x, rules::search{.from = 0.208f, .norm = 2.4f})  MR-GPTQ's 100 steps
///   quantize<int4_rows>(w, rules::search{.candidates = 41, .from = 0.6f})     a scale for each row
///
/// Weights are those of elements, a matrix of the shape of the result, or one row, whose weights
/// are those of columns; finite and not negative. `norm` is above 0 and at most 4, factors are at
/// least 2^-10 and at most 2^10; what contradicts this makes the function that quantizes throw
/// std::invalid_argument.
struct search {
  int candidates = 100;
  float from = 0.2f, to = 1;
  float norm = 2;
  matrix_view<const float> weights{};

  static constexpr std::string_view name = "search";

  [[nodiscard]] constexpr const char* defect(const auto&) const {
    constexpr float smallest = 0x1p-10f, largest = 0x1p10f;
    if (candidates < 1 || candidates > 65536) {
      return "rules::search: candidates is none of 1 to 65536";
    }
    if (!is_within(from, smallest, largest) || !is_within(to, smallest, largest)) {
      return "rules::search: from or to is none of 2^-10 to 2^10";
    }
    if (from > to) return "rules::search: from is above to";
    if (!is_within(norm, 0x1p-126f, 4)) {
      return "rules::search: norm is not above 0 and at most 4";
    }
    return nullptr;
  }
  void require_matrix(std::size_t rows, std::size_t cols) const {
    if (weights.data == nullptr) return;
    if (weights.cols != cols || (weights.rows != rows && weights.rows != 1)) {
      refuse("rules::search: weights is " + std::to_string(weights.rows) + " x " +
             std::to_string(weights.cols) + ", expected " + std::to_string(rows) + " x " +
             std::to_string(cols) + " or 1 x " + std::to_string(cols));
    }
    for (std::size_t r = 0; r < weights.rows; ++r) {
      for (std::size_t c = 0; c < weights.cols; ++c) {
        // By the bits: NaN and infinities are the largest, and -0 is a zero.
        const auto bits = std::bit_cast<std::uint32_t>(weights(r, c));
        if (bits < 0x7F800000u || bits == 0x80000000u) continue;
        refuse("rules::search: weights(" + std::to_string(r) + ", " + std::to_string(c) + ") is " +
               std::to_string(weights(r, c)) + ", expected a finite number that is not negative");
      }
    }
  }

  [[nodiscard]] static constexpr element_scaling scaling(const auto&) {
    return element_scaling::multiply;
  }
  [[nodiscard]] static unpacked factor(const unpacked& scale, const auto&, const tensor_scale& t) {
    if (!scale.is_finite()) return scale;
    const default_float_environment environment;
    const float divisor = detail::times(pack_as<float>(scale), t.decoding);
    if (std::bit_cast<std::uint32_t>(divisor) << 1 == 0) return unpacked::zero();
    const float multiplier = detail::over(1, divisor);
    const bool is_finite = std::bit_cast<std::uint32_t>(multiplier) < 0x7F800000u;
    return unpack(is_finite ? multiplier : 0x1.FFFFFEp127f);
  }
  [[nodiscard]] code_t scale(const block_values& block, const auto& format) const {
    const default_float_environment environment;
    const auto& grids = detail::shrink_grids_of(format.element, format.scale);
    const float base = detail::over(detail::over(block.amax, grids.largest), block.tensor.decoding);
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(base);
    if (bits < 0x00800000u || bits >= 0x7F800000u) return code_of(format, base, 0);
    const matrix_view<const float> weight = weights_of(block, format);
    const auto found = block.has_special ? std::optional<int>{}
                                         : by_lanes(best_isa(), block, format, base, weight);
    return code_of(format, base, found ? *found : by_definition(block, format, base, weight));
  }

  /// The candidate by the kernels of a level; none where they do not reach.
  [[nodiscard]] std::optional<int> by_lanes(isa level, const block_values& block,
                                            const auto& format, float base,
                                            const matrix_view<const float>& weight) const {
    if (!detail::is_moderate(base) ||
        !detail::is_moderate(detail::times(base, block.tensor.decoding))) {
      return {};
    }
    const auto& grids = detail::shrink_grids_of(format.element, format.scale);
    if (!grids.exist || detail::times(base, to) > grids.largest_base) return {};
    kernels::shrink_plan plan = grids.bound();
    plan.to = std::bit_cast<std::uint32_t>(to);
    plan.step = std::bit_cast<std::uint32_t>(step());
    plan.count = candidates;
    plan.norm = std::bit_cast<std::uint32_t>(norm);
    plan.whole_norm = norm == 1 ? 1 : norm == 2 ? 2 : norm == 3 ? 3 : norm == 4 ? 4 : 0;
    kernels::shrink_block of{.x = block.values.data,
                             .rows = block.values.rows,
                             .cols = block.values.cols,
                             .stride = block.values.stride,
                             .weights = weight.data,
                             .weights_stride = weight.stride,
                             .base = std::bit_cast<std::uint32_t>(base),
                             .decoding = std::bit_cast<std::uint32_t>(block.tensor.decoding)};
    const std::uint32_t amax_bits = std::bit_cast<std::uint32_t>(block.amax);
    for (std::size_t r = 0, c = 0; r < of.rows; c = 0, ++r) {
      const float* const x = block.values.row(r);
      while (c < of.cols && (std::bit_cast<std::uint32_t>(x[c]) & 0x7FFFFFFFu) != amax_bits) ++c;
      if (c == of.cols) continue;
      of.extreme = std::bit_cast<std::uint32_t>(x[c]);
      if (weight.data != nullptr) of.extreme_weight = std::bit_cast<std::uint32_t>(weight(r, c));
      break;
    }
    return kernels::search_shrunk_scale(level, plan, of);
  }
  /// The candidate as it is defined; under default_float_environment.
  [[nodiscard]] int by_definition(const block_values& block, const auto& format, float base,
                                  const matrix_view<const float>& weight) const {
    const auto& values = detail::nearest_values_of(format.element);
    const float inverse = detail::over(1, base);
    float least = std::bit_cast<float>(std::uint32_t{0x7F800000});
    int found = 0;
    for (int k = 0; k < candidates; ++k) {
      const unpacked scale = decode(format.scale, code_of(format, base, k));
      if (scale.is_zero()) continue;
      const float multiplier = pack_as<float>(factor(scale, format, block.tensor));
      const float of_scale =
          detail::error_power(detail::times(pack_as<float>(scale), inverse), norm);
      float sum = 0;
      for (std::size_t r = 0; r < block.values.rows; ++r) {
        for (std::size_t c = 0; c < block.values.cols; ++c) {
          const float x = block.values(r, c);
          if ((std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) >= 0x7F800000u) continue;
          const float t = detail::times(x, multiplier);
          const float v = values.exist() ? values(t) : nearest(format.element, t);
          const float power = detail::error_power(detail::plus(t, -v), norm);
          sum = detail::plus(sum,
                             weight.data == nullptr ? power : detail::times(weight(r, c), power));
        }
      }
      const float error = detail::times(sum, of_scale);
      if (error < least) {
        least = error;
        found = k;
      }
    }
    return found;
  }
  /// The weights of the elements of a block, or none.
  [[nodiscard]] matrix_view<const float> weights_of(const block_values& block,
                                                    const auto& format) const {
    if (weights.data == nullptr) return {};
    const std::size_t width = format.block_cols(weights.cols);
    const std::size_t across = (weights.cols + width - 1) / width;
    const std::size_t left = block.index % across * width;
    matrix_view<const float> result;  // all rows of a block may be one
    result.rows = block.values.rows;
    result.cols = block.values.cols;
    result.stride = weights.rows == 1 ? 0 : weights.stride;
    result.data = weights.data + left;
    if (weights.rows > 1) {
      result.data += block.index / across * format.block_rows(weights.rows) * weights.stride;
    }
    return result;
  }

 private:
  /// Of positive ends, by the bits, whose order compilers do not take for that of numbers.
  [[nodiscard]] static constexpr bool is_within(float x, float low, float high) {
    return std::bit_cast<std::uint32_t>(x) >= std::bit_cast<std::uint32_t>(low) &&
           std::bit_cast<std::uint32_t>(x) <= std::bit_cast<std::uint32_t>(high);
  }
  [[nodiscard]] float step() const {
    if (candidates == 1) return 0;
    return detail::over(detail::plus(to, -from), static_cast<float>(candidates - 1));
  }
  [[nodiscard]] code_t code_of(const auto& format, float base, int k) const {
    const float part = detail::plus(to, -detail::times(static_cast<float>(k), step()));
    const float wanted = detail::times(base, part);
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(wanted);
    if (is_same_format(format.scale, formats::binary32) && bits < 0x7F800000u) return bits;
    return detail::nearest_scale(format, unpack(wanted));
  }
  [[nodiscard]] static float nearest(const auto& element, float t) {
    return pack_as<float>(decode(element, encode(element, unpack(t), nearest_even,
                                                 overflow::saturate, missing_nan::largest)));
  }
};

}  // namespace LOWP_BASELINE
}  // namespace lowp::rules
