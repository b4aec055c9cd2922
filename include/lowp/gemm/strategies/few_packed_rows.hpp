// SPDX-License-Identifier: MIT
// A few rows of any operand times a packed_operand, which is read once, as it lies in memory.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

/// All of a few rows as a group_product has them, a pass of 8, 4, 3, 2 or 1 after the other, with
/// zeros up to a multiple of 32.
class broadcast_rows {
 public:
  broadcast_rows(isa level, const row_source& from, std::size_t unit)
      : cols_(round_up(from.cols(), kernels::group_product::step)),
        values_(make_aligned<float>(cols_ * padded(from.rows()))) {
    constexpr std::size_t most = kernels::product_tile::max_depth;
    const default_float_environment environment;
    for (std::size_t first = 0; first < from.rows();) {
      const std::size_t rows = pass_rows(from.rows() - first);
      float* const to = values_.get() + first * cols_;
      for (std::size_t m = 0; m < rows; ++m) {
        for (std::size_t k = 0; k < cols_; k += most) {
          alignas(64) float part[most];
          const std::size_t padded = (std::min)(most, cols_ - k),
                            n = first + m < from.rows() ? (std::min)(most, from.cols() - k) : 0;
          if (n != 0) from(first + m, k, n, part);
          std::fill(part + n, part + padded, 0.0f);
          find_bounds(level, part, padded);
          float* const at = to + k * rows + m * unit;
          if (unit == 8) {
            spread<8>(part, padded, rows, at);
          } else {
            spread<4>(part, padded, rows, at);
          }
        }
      }
      first += rows;
    }
  }
  /// Of so many rows left, those that are multiplied together: 7 as 8, which takes less time than
  /// as 4 and 3.
  [[nodiscard]] static std::size_t pass_rows(std::size_t left) {
    return left >= 7 ? 8 : left == 3 ? 3 : std::bit_floor(left);
  }
  /// All rows with those that fill a pass.
  [[nodiscard]] static std::size_t padded(std::size_t rows) {
    return rows % 8 == 7 ? rows + 1 : rows;
  }
  /// The values of the pass that begins with this row.
  [[nodiscard]] const float* at(std::size_t row, std::size_t rows, std::size_t k) const {
    return values_.get() + row * cols_ + k * rows;
  }
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
  /// Units of a row to their places among those of `rows`.
  template <std::size_t Unit>
  static void spread(const float* values, std::size_t count, std::size_t rows, float* to) {
    for (std::size_t i = 0; i < count; i += Unit, to += rows * Unit) {
      std::memcpy(to, values + i, Unit * sizeof(float));
    }
  }
  /// Of finite values but zero.
  void find_bounds(isa level, const float* values, std::size_t count) {
    const kernels::magnitude_range range = kernels::find_magnitudes(level, values, count);
    if (range.high == 0) return;
    if (range.high < infinity_bits) {
      lowest_ = (std::min)(lowest_, range.low + 1);
      highest_ = (std::max)(highest_, range.high);
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t magnitude = bits_of(values[i]) & 0x7FFFFFFFu;
      if (magnitude == 0 || magnitude >= infinity_bits) continue;
      lowest_ = (std::min)(lowest_, magnitude);
      highest_ = (std::max)(highest_, magnitude);
    }
  }

  std::size_t cols_;
  aligned_array<float> values_;
  std::uint32_t lowest_ = infinity_bits, highest_ = 0;
};

/// The sums of k32_sums for a few rows, which are on this side of C, and a packed operand. All of
/// them go over some codes before the next are read.
inline void multiply_few_packed_rows(const row_source& a, const packed_groups& b, side few_are,
                                     const sum_sink& sink, const execution& how) {
  using product = kernels::group_product;
  constexpr std::size_t lanes = product::lanes, most_groups = product::most_groups,
                        most_scales = 64,
                        scale_stride =
                            (most_scales + 4) * lanes;  // not in the same sets of a cache
  if (a.rows() == 0) return;
  const isa level = how.level();
  const broadcast_rows few(level, a, product::unit(b.bits));
  const bool scales_sums = b.can_scale_sums(few.bounds());
  // Codes of all groups and as many that are brought nearer fit the first-level cache. Scales are
  // decoded for several times as many steps, since each call has its price.
  const std::size_t rows = broadcast_rows::padded(a.rows()),
                    together = product::together(b.bits, broadcast_rows::pass_rows(rows)),
                    steps = b.layout->cols() / product::step, some_steps = together == 1 ? 16 : 8,
                    scales_per_step = scales_sums ? 1 : 2,
                    scaled_steps = most_scales / scales_per_step,
                    step_bytes = 4 * lanes * static_cast<std::size_t>(b.bits),
                    group_bytes = b.layout->group_bytes();
  const equal_parts parts(b.layout->groups, part_rows(b.layout->groups, together, how), 1);
  const auto run = [&](std::size_t part) {
    const default_float_environment environment;
    alignas(64) float scales[most_groups * scale_stride];
    alignas(64) float totals[most_groups * most_few_packed_rows * lanes];
    const std::size_t first = parts.begin(part), groups = parts.end(part) - first;
    const auto ends = [&](std::size_t i) {
      return (std::min)(b.row_count, (first + i + 1) * lanes);
    };
    std::fill_n(totals, groups * rows * lanes, 0.0f);
    for (std::size_t i = 0; i < groups; ++i) {
      begin_few_rows(totals + i * rows * lanes, lanes, a.rows(), (first + i) * lanes, ends(i),
                     few_are, sink);
    }
    const std::uint8_t* const codes = b.codes + first * group_bytes;
    for (std::size_t step = 0; step < steps; step += some_steps) {
      const std::size_t n = (std::min)(some_steps, steps - step);
      const std::size_t scaled = step % scaled_steps;
      for (std::size_t i = 0; i < groups && scaled == 0; ++i) {
        b.find_scales(level, first + i, step, (std::min)(scaled_steps, steps - step), scales_sums,
                      scales + i * scale_stride);
        if (step + scaled_steps < steps) {
          b.prefetch_scales(first + i, step + scaled_steps, scaled_steps);
        } else if (first + groups + i < b.layout->groups) {
          b.prefetch_scales(first + groups + i, 0, scaled_steps);
        }
      }
      const std::uint8_t* const here = codes + step * step_bytes;
      const std::uint8_t* next = here;
      if (step + n < steps) {
        next = here + n * step_bytes;
      } else if (first + 2 * groups <= b.layout->groups) {
        next = codes + groups * group_bytes;
      }
      for (std::size_t row = 0; row < rows; next = here) {
        const std::size_t count = broadcast_rows::pass_rows(rows - row);
        kernels::multiply(product{.rows = few.at(row, count, step * product::step),
                                  .row_count = count,
                                  .table = b.values,
                                  .bits = b.bits,
                                  .codes = here,
                                  .group_count = groups,
                                  .group_bytes = group_bytes,
                                  .next = next,
                                  .scales = scales + scaled * scales_per_step * lanes,
                                  .group_scales = scale_stride,
                                  .scales_sums = scales_sums,
                                  .steps = n,
                                  .totals = totals + row * lanes,
                                  .group_totals = rows * lanes});
        row += count;
      }
    }
    for (std::size_t i = 0; i < groups; ++i) {
      finish_few_rows(totals + i * rows * lanes, lanes, a.rows(), (first + i) * lanes, ends(i),
                      few_are, sink);
    }
  };
  how.run(parts.count(), task(run));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
