// SPDX-License-Identifier: MIT
// Scales that differ from others by powers of two, so that products can apply them by shifts: each
// made one itself, or each row of them tied to its largest. The umbrella header leaves it out.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/error_norm.hpp"
#include "lowp/block/rules/given.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {

/// Where a scale goes that is none of those allowed. `up` lets nothing saturate that did not;
/// `nearest` is by the ratio, in whose binade what lies below 3/2 goes down.
enum class scale_direction : std::uint8_t { up, down, nearest };

namespace detail {

inline void require_scales(const char* function, std::span<const float> scales) {
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(scales[i]) - 1 < 0x7F800000u - 1) continue;
    refuse(std::string(function) + ": scales[" + std::to_string(i) + "] is " +
           std::to_string(scales[i]) + ", expected a finite positive number");
  }
}
/// The larger one of scales that are not negative: by the bits, as comparisons may take subnormals
/// for zeros. NaN is above all.
[[nodiscard]] constexpr float larger_scale(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) > std::bit_cast<std::uint32_t>(b) ? a : b;
}
/// The exponent of the power of two that takes the place of a positive ratio.
[[nodiscard]] constexpr int power_in_place_of(const unpacked& ratio, scale_direction direction) {
  const bool is_power = ratio.significand == uint128{std::uint64_t{1} << 63, 0};
  switch (direction) {
    case scale_direction::down: return ratio.exponent;
    case scale_direction::up: return ratio.exponent + (is_power ? 0 : 1);
    case scale_direction::nearest: break;
  }
  return ratio.exponent + static_cast<int>(ratio.significand.high >> 62 & 1);
}

}  // namespace detail

/// Each scale a power of two: ZeroQuant-FP's first way (arXiv 2307.09782), 2^ceil(log2 scale), is
/// `up`. Powers beyond binary32 become its largest and smallest. Throws std::invalid_argument,
/// before writing, for scales that are not finite and positive.
///
///   std::vector<float> scales = scales_of(quantize<int4_groups>(w));
///   make_powers_of_two(scales, scale_direction::up);
///   const auto q = quantize<int4_groups>(w, rules::given{scales});
inline void make_powers_of_two(std::span<float> scales, scale_direction direction) {
  detail::require_scales("make_powers_of_two", scales);
  for (float& scale : scales) {
    const int exponent = detail::power_in_place_of(unpack(scale), direction);
    const int bounded = exponent > 127 ? 127 : exponent < -149 ? -149 : exponent;
    scale = pack_as<float>(unpacked::scaled_integer(false, 1, bounded));
  }
}

/// Each scale of a row the row's largest over a power of two: ZeroQuant-FP's second way. With S the
/// largest, scale becomes S / 2^n; `up`, n = floor(log2(S / scale)), lets nothing saturate;
/// `down`, the ceiling, is the formula as the paper has it, under which groups may saturate by a
/// factor of two. The ratio is exact. `per_row` scales in a row, row-major; throws
/// std::invalid_argument, before writing, if rows are not whole, and for scales that are not finite
/// and positive. Quotients below binary32's smallest number become that.
inline void tie_to_row_maxima(std::span<float> scales, std::size_t per_row,
                              scale_direction direction = scale_direction::up) {
  if (per_row == 0 || scales.size() % per_row != 0) {
    refuse("tie_to_row_maxima: per_row is " + std::to_string(per_row) + ", expected a divisor of " +
           std::to_string(scales.size()) + ", the size of scales");
  }
  detail::require_scales("tie_to_row_maxima", scales);
  for (std::size_t first = 0; first < scales.size(); first += per_row) {
    const std::span<float> row = scales.subspan(first, per_row);
    float largest = row[0];
    for (const float scale : row) largest = detail::larger_scale(scale, largest);
    for (float& scale : row) {
      const unpacked part = exact::divide(unpack(scale), unpack(largest));  // at most 1
      const int exponent = detail::power_in_place_of(part, direction);
      const float tied =
          pack_as<float>(scale_by_power_of_two(unpack(largest), exponent > 0 ? 0 : exponent));
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(tied);
      scale = std::bit_cast<float>(bits == 0 ? 1u : bits);
    }
  }
}

/// The two as constraints for constrained_scales: what is called with all scales and how many there
/// are in a row.
struct powers_of_two {
  scale_direction direction = scale_direction::up;
  void operator()(std::span<float> scales, std::size_t) const {
    make_powers_of_two(scales, direction);
  }
};
struct tied_to_row_maxima {
  scale_direction direction = scale_direction::up;
  void operator()(std::span<float> scales, std::size_t per_row) const {
    tie_to_row_maxima(scales, per_row, direction);
  }
};

/// The scales of a matrix of elements in blocks as binary32 numbers, row-major over the grid of
/// blocks, without that of the tensor: what rules::given takes.
template <class Format, template <class> class Layout, class Bytes>
requires described_scaled_blocks<Format>
[[nodiscard]] std::vector<float> scales_of(
    const basic_block_matrix<Format, Layout, Bytes>& matrix) {
  std::vector<float> scales;
  const auto format = scaled_blocks_of(matrix.composition());
  for (std::size_t row = 0; row < matrix.block_row_count(); ++row) {
    for (std::size_t col = 0; col < matrix.block_col_count(); ++col) {
      scales.push_back(pack_as<float>(decode(format.scale, matrix.scale_code(row, col))));
    }
  }
  return scales;
}

namespace rules {

/// Scales that it owns, in the manner of given.
class constrained {
 public:
  static constexpr std::string_view name = "constrained";
  static constexpr bool sees_specials = true;

  constrained(std::vector<float> scales, const tensor_scale& of_tensor)
      : scales_(std::move(scales)), of_tensor_(of_tensor) {}
  [[nodiscard]] std::span<const float> scales() const { return scales_; }
  [[nodiscard]] unpacked scale(const block_values& block, const auto&) const {
    return unpack(scales_[block.index]);
  }
  [[nodiscard]] tensor_scale tensor(const float&, const auto&) const { return of_tensor_; }
  void require_grid(std::size_t block_rows, std::size_t block_cols) const {
    given{scales_, of_tensor_}.require_grid(block_rows, block_cols);
  }

 private:
  std::vector<float> scales_;
  tensor_scale of_tensor_;
};

}  // namespace rules

inline namespace LOWP_BASELINE {

/// A rule for this matrix: the scales that another rule chooses for it, under a constraint, which
/// is any callable as powers_of_two and tied_to_row_maxima are. Blocks of zeros, whose scale is 0,
/// have the largest scale of their row, or 1, instead. Throws std::invalid_argument where the other
/// rule or the constraint does; scales of NaN, of data with NaN, are none for either of these.
///
///   quantize<F>(w, constrained_scales<F>(w, rules::amax, tied_to_row_maxima{scale_direction::up}))
template <auto F, class Rule, std::invocable<std::span<float>, std::size_t> Constraint>
requires scaled_block_format<F>
[[nodiscard]] rules::constrained constrained_scales(const matrix_view<const float>& in,
                                                    const Rule& rule, const Constraint& constraint,
                                                    const execution& how = {}) {
  const auto q = quantize<F>(in, rule, nearest_even, how);
  std::vector<float> scales = scales_of(q);
  const std::size_t per_row = q.block_col_count();
  const auto scale_bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  for (std::size_t first = 0; first < scales.size(); first += per_row) {
    const std::span<float> row = std::span(scales).subspan(first, per_row);
    float largest = 0;
    for (const float scale : row) {
      if (scale_bits(scale) <= 0x7F800000u) largest = detail::larger_scale(scale, largest);
    }
    for (float& scale : row) {
      if (scale_bits(scale) << 1 == 0) scale = scale_bits(largest) != 0 ? largest : 1.0f;
    }
  }
  if (!scales.empty()) constraint(std::span<float>(scales), per_row);
  const float decoding = q.tensor_scale();
  const default_float_environment environment;
  return {std::move(scales), {detail::over(1, decoding), decoding}};
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
