// SPDX-License-Identifier: MIT
// A packed_operand as kernels read it, of one type whatever its formats.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/core/unpacked.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/integer_rows.hpp"
#include "lowp/gemm/operands/packed_layout.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Bounds of the finite numbers of a set but zero: multiples of 2^low, below 2^high. Bounds of no
/// number satisfy any condition.
struct magnitude_bounds {
  int low = 1 << 20, high = -(1 << 20);
  constexpr void add(int lowest_bit, int above) {
    low = (std::min)(low, lowest_bit);
    high = (std::max)(high, above);
  }
};

/// Whether a code is the exponent field of its value in binary32: 0 of what is less than any normal
/// number, 255 of NaN.
[[nodiscard]] inline bool is_exponent_field(code_t code, const unpacked& value) {
  if (code == 255) return value.is_nan();
  if (code == 0) {
    return value.is_zero() || (value.is_finite() && !value.negative && value.exponent < -126);
  }
  return value == unpack(std::bit_cast<float>(static_cast<std::uint32_t>(code) << 23));
}

/// The values of a format's codes in binary32.
template <number_format F>
struct code_values {
  kernels::value_table table;
  bool are_exact = true;
  bool has_infinity = false;
  bool are_exponents;  ///< see is_exponent_field
  magnitude_bounds bounds{};

  explicit code_values(const F& f)
      : table(kernels::make_value_table(f)), are_exponents(f.bits() == 8) {
    for (code_t code = 0; code <= low_mask(f.bits()); ++code) {
      const unpacked value = decode(f, code);
      are_exponents = are_exponents && is_exponent_field(code, value);
      if (value.is_infinite()) has_infinity = true;
      if (value.kind != value_kind::finite) continue;
      are_exact = are_exact && unpack(pack_as<float>(value)) == value;
      bounds.add(last_bit_exponent(value), value.exponent + 1);
    }
  }
};

/// A packed operand, type-erased.
struct packed_groups {
  std::size_t row_count = 0;
  const lowp::detail::packed_layout* layout = nullptr;
  int bits = 0;
  const kernels::value_table* values = nullptr;
  magnitude_bounds bounds{};
  const integer_form* integers = nullptr;  ///< behind the codes
  const std::uint8_t* codes = nullptr;
  const kernels::value_table* scale_values = nullptr;  ///< or null, for a scale of 1
  const std::uint8_t* scales = nullptr;
  bool has_exponents = false;  ///< see is_exponent_field
  std::size_t block_cols = 0;
  lowp::detail::scale_powers powers{};

  /// Scales of steps, or of their halves, into `out`.
  void find_scales(isa level, std::size_t group, std::size_t step, std::size_t steps, bool of_steps,
                   float* out) const {
    constexpr std::size_t lanes = kernels::group_product::lanes;
    const std::size_t per_step = of_steps ? 1 : 2, size = 32 / per_step;
    auto* const words = reinterpret_cast<std::uint32_t*>(out);
    if (scale_values == nullptr) {
      std::fill(out, out + steps * per_step * lanes, 1.0f);
      return;
    }
    const std::uint8_t* const from = scales + group * layout->blocks * lanes;
    if (block_cols == size) {
      kernels::decode(level, *scale_values, {}, from + step * per_step * lanes,
                      steps * per_step * lanes, words);
      return;
    }
    for (std::size_t i = 0; i < steps * per_step; ++i) {
      const std::size_t block = (step * per_step + i) * size / block_cols;
      kernels::decode(level, *scale_values, {}, from + block * lanes, lanes, words + i * lanes);
    }
  }

  /// Brings the scales of steps nearer.
  void prefetch_scales(std::size_t group, std::size_t step, std::size_t steps) const {
    if (scale_values == nullptr) return;
    steps = (std::min)(steps, layout->cols() / 32 - step);
    constexpr std::size_t lanes = kernels::group_product::lanes, line = 64;
    const std::uint8_t* const from = scales + group * layout->blocks * lanes;
    const std::size_t begin = step * 32 / block_cols * lanes,
                      end = ((step + steps) * 32 - 1) / block_cols * lanes;
    for (std::size_t at = begin; at <= end; at += line) __builtin_prefetch(from + at);
  }

  /// Whether it is the same to multiply the sum of a step by the scale, instead of each element of
  /// it: if neither rounds. The definition's chain is then this one times the scale, a power of
  /// two, in every intermediate result, as long as in both of them no product of an element and a
  /// value is cut off below 2^-126 (all results are multiples of the smallest unit of a product, so
  /// they are normal or zero) and no sum of 32 reaches 2^127. Infinities and NaNs stay what they
  /// are. Under a NaN all is NaN, and a block of zeros may have any scale.
  [[nodiscard]] bool can_scale_sums(const magnitude_bounds& few) const {
    if (scale_values == nullptr) return true;
    if (!powers.are_powers || block_cols % 32 != 0) return false;
    const int low = bounds.low + few.low, high = bounds.high + few.high + 5;
    return low >= -126 && low + powers.low >= -126 && high <= 127 && high + powers.high <= 127 &&
           bounds.low + powers.low >= -149 && bounds.high + powers.high <= 127;
  }

  /// Whether elements are small integers times one power of two for each step: as power_scales has
  /// them, and of a block of zeros one that no other scale makes infinite.
  [[nodiscard]] bool are_integers() const {
    constexpr int least = -70, most = 50;
    if (!integers->is_possible) return false;
    const int unit = integers->unit;
    if (scale_values == nullptr) return unit >= least && unit <= most;
    return powers.are_powers && block_cols % 32 == 0 && powers.highest + unit <= most &&
           (powers.low > powers.high || powers.low + unit >= least);
  }
};

/// The groups of a packed operand; false if there are no kernels for them.
template <described_format Element, described_format Scale>
[[nodiscard]] bool find_groups(isa level, const packed_description<Element, Scale>& d,
                               packed_groups& out) {
  static const code_values<typename Element::type> values(Element::value);
  static const integer_form integers = make_integer_form(Element::value);
  if (!values.are_exact ||
      !kernels::has_code_products(level, Element::value.bits(), values.table)) {
    return false;
  }
  out = {.row_count = d.rows(),
         .layout = d.layout,
         .bits = Element::value.bits(),
         .values = &values.table,
         .bounds = values.bounds,
         .integers = &integers,
         .codes = d.codes,
         .scale_values = nullptr,
         .scales = nullptr,
         .has_exponents = false,
         .block_cols = 0,
         .powers = d.powers};
  if constexpr (!std::is_same_v<Scale, without_scales>) {
    static const code_values<typename Scale::type> scales(Scale::value);
    // Times infinity, padding would not be zero.
    if (!scales.are_exact || (scales.has_infinity && d.cols() % 32 != 0)) return false;
    out.scale_values = &scales.table;
    out.scales = d.scales;
    out.has_exponents = scales.are_exponents;
    out.block_cols = d.block_cols;
  }
  return true;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
