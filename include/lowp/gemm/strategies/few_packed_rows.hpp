// SPDX-License-Identifier: MIT
// A few rows of any operand times a packed_operand, which is read once, as it lies in memory.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/execution.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/packed_groups.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

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
