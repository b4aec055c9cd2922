// SPDX-License-Identifier: MIT
// A few rows of any operand times a packed_operand, which is read once, as it lies in memory.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/products/product.hpp"

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

/// The values of a format's codes in binary32.
template <number_format F>
struct code_values {
  kernels::value_table table;
  bool are_exact = true;
  bool has_infinity = false;
  magnitude_bounds bounds{};

  explicit code_values(const F& f) : table(kernels::make_value_table(f)) {
    for (code_t code = 0; code <= low_mask(f.bits()); ++code) {
      const unpacked value = decode(f, code);
      if (value.is_infinite()) has_infinity = true;
      if (value.kind != value_kind::finite) continue;
      are_exact = are_exact && unpack(pack_as<float>(value)) == value;
      bounds.add(last_bit_exponent(value), value.exponent + 1);
    }
  }
};

/// A packed operand, type-erased.
struct packed_groups {
  std::size_t row_count;
  const lowp::detail::packed_layout* layout;
  int bits;
  const kernels::value_table* values;
  magnitude_bounds bounds;
  const std::uint8_t* codes;
  const kernels::value_table* scale_values;  ///< or null, for a scale of 1
  const std::uint8_t* scales;
  std::size_t block_cols;
  lowp::detail::scale_powers powers;

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
};

/// Calls use(packed_groups) and returns true if there are kernels for it.
template <class X, class Use>
[[nodiscard]] bool with_groups(isa level, const packed_operand<X>& x, const Use& use) {
  using element = std::remove_cv_t<decltype(packed_operand<X>::element_format)>;
  static const code_values<element> values(packed_operand<X>::element_format);
  if (!values.are_exact ||
      !kernels::has_code_products(level, x.element_format.bits(), values.table)) {
    return false;
  }
  packed_groups groups{.row_count = x.rows(),
                       .layout = &x.layout(),
                       .bits = x.element_format.bits(),
                       .values = &values.table,
                       .bounds = values.bounds,
                       .codes = x.codes().data(),
                       .scale_values = nullptr,
                       .scales = nullptr,
                       .block_cols = 0,
                       .powers = x.powers()};
  if constexpr (packed_operand<X>::has_scales) {
    using scale = std::remove_cv_t<decltype(packed_operand<X>::scale_format)>;
    static const code_values<scale> scales(packed_operand<X>::scale_format);
    // Times infinity, padding would not be zero.
    if (!scales.are_exact || (scales.has_infinity && x.cols() % 32 != 0)) return false;
    groups.scale_values = &scales.table;
    groups.scales = x.scales().data();
    groups.block_cols = x.block_cols();
  }
  use(groups);
  return true;
}

/// All of at most eight rows: [k][row], with zeros up to a multiple of 32 and to 1, 2, 4 or 8 rows.
class broadcast_rows {
 public:
  explicit broadcast_rows(const row_source& from)
      : count_(std::bit_ceil(from.rows())),
        values_(make_aligned<float>(round_up(from.cols(), 32) * count_)) {
    constexpr std::size_t most = kernels::product_tile::max_depth;
    const default_float_environment environment;
    std::fill(values_.get(), values_.get() + round_up(from.cols(), 32) * count_, 0.0f);
    alignas(64) float part[most];
    for (std::size_t row = 0; row < from.rows(); ++row) {
      for (std::size_t k = 0; k < from.cols(); k += most) {
        const std::size_t n = (std::min)(most, from.cols() - k);
        from(row, k, n, part);
        for (std::size_t i = 0; i < n; ++i) {
          values_[(k + i) * count_ + row] = part[i];
          const std::uint32_t magnitude = bits_of(part[i]) & 0x7FFFFFFFu;
          if (magnitude == 0 || magnitude >= infinity_bits) continue;
          lowest_ = (std::min)(lowest_, magnitude);
          highest_ = (std::max)(highest_, magnitude);
        }
      }
    }
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const float* at(std::size_t k) const { return values_.get() + k * count_; }
  [[nodiscard]] magnitude_bounds bounds() const {
    magnitude_bounds found;
    if (highest_ != 0) {
      const auto exponent = [](std::uint32_t x) {
        return (std::max)(static_cast<int>(x >> 23), 1) - 127;
      };
      found.add(exponent(lowest_) - 23, exponent(highest_) + 1);
    }
    return found;
  }

 private:
  std::size_t count_;
  aligned_array<float> values_;
  std::uint32_t lowest_ = infinity_bits, highest_ = 0;
};

/// The sums of k32_sums for few rows, of the first factor or with are_columns of the
/// second, and the other one.
inline void multiply_few_packed_rows(const row_source& a, const packed_groups& b, bool are_columns,
                                     const sum_sink& sink, const execution& how) {
  constexpr std::size_t group = kernels::group_product::lanes, most_groups = 4, most_steps = 16;
  if (a.rows() == 0) return;
  const isa level = how.level();
  const broadcast_rows few(a);
  const bool scales_sums = b.can_scale_sums(few.bounds());
  const std::size_t steps = b.layout->cols() / 32,
                    step_bytes = 4 * group * static_cast<std::size_t>(b.bits);
  const equal_parts parts(b.layout->groups, part_rows(b.layout->groups, most_groups, how), 1);
  const auto run = [&](std::size_t part) {
    const default_float_environment environment;
    for (std::size_t i = parts.begin(part); i < parts.end(part); ++i) {
      alignas(64) float scales[most_steps * 2 * group], totals[most_few_rows * group] = {};
      const std::size_t begin = i * group, end = (std::min)(b.row_count, begin + group);
      begin_few_rows(totals, group, a.rows(), begin, end, are_columns, sink);
      for (std::size_t step = 0; step < steps; step += most_steps) {
        const std::size_t n = (std::min)(most_steps, steps - step);
        b.find_scales(level, i, step, n, scales_sums, scales);
        kernels::multiply(
            kernels::group_product{few.at(step * 32), few.count(), b.values, b.bits,
                                   b.codes + i * b.layout->group_bytes() + step * step_bytes,
                                   scales, scales_sums, n, totals});
      }
      finish_few_rows(totals, group, a.rows(), begin, end, are_columns, sink);
    }
  };
  how.run(parts.count(), task(run));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
