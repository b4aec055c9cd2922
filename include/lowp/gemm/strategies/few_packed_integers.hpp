// SPDX-License-Identifier: MIT
// A few rows of 8-bit integers times a packed_operand of integers of 4, 6 or 8 bits, by dot
// products of bytes: the sum of a step is exact (integer_rows.hpp), so it is that of k32.
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
#include "lowp/gemm/engine/integer_panels.hpp"
#include "lowp/gemm/operands/integer_rows.hpp"
#include "lowp/gemm/operands/packed_groups.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

#if LOWP_X86_TARGETS

/// The integers of a packed operand as lanes of a block_tile: less the lowest.
struct packed_integers {
  int lowest = -128;
  alignas(64) std::uint8_t table[64] = {};  ///< of codes of 4 and 6 bits

  explicit packed_integers(const packed_groups& of) {
    if (of.bits == 8) return;
    const auto integer = [&](std::size_t i) {
      return static_cast<int>(static_cast<std::int8_t>(of.integers->codes.table[i]));
    };
    lowest = 0;
    for (std::size_t i = 0; i < 64; ++i) lowest = (std::min)(lowest, integer(i));
    for (std::size_t i = 0; i < 64; ++i) table[i] = static_cast<std::uint8_t>(integer(i) - lowest);
  }
};

/// All of a few rows as a block_tile has them.
class packed_integer_rows {
 public:
  static constexpr std::size_t step = 32;

  packed_integer_rows(isa level, const integer_rows& from, const packed_groups& by, int lowest)
      : rows_(from.rows()),
        steps_(by.layout->cols() / step),
        integers_(make_aligned<std::uint32_t>(rows_ * steps_ * words)),
        starts_(make_aligned<std::int32_t>(rows_ * steps_)),
        scales_(make_aligned<float>(rows_ * steps_)) {
    constexpr std::size_t most = kernels::product_tile::max_depth, most_steps = most / step;
    std::fill_n(integers_.get(), rows_ * steps_ * words, 0u);
    std::fill_n(starts_.get(), rows_ * steps_, 0);
    std::fill_n(scales_.get(), rows_ * steps_, 0.0f);
    const int offset = from.powers.offset + by.integers->unit;
    for (std::size_t row = 0; row < from.rows(); ++row) {
      for (std::size_t k = 0; k < from.cols(); k += most) {
        alignas(64) std::uint8_t values[most + 64];
        alignas(64) float scales[most_steps];
        std::uint8_t buffer[most_steps];
        const std::size_t n = (std::min)(most, from.cols() - k), first = row * steps_ + k / step,
                          count = (n + step - 1) / step;
        load_integers(level, from, row, k, n, 0, values);
        kernels::store_powers(from.scale_codes(row, k / step, count, buffer), count, offset,
                              scales);
        std::copy_n(scales, count, scales_.get() + first);
        for (std::size_t i = 0; i < count; ++i) {
          int sum = 0;
          for (std::size_t j = 0; j < step; ++j) {
            sum += static_cast<std::int8_t>(values[i * step + j]);
          }
          starts_[first + i] = sum * lowest;
        }
        auto* const to = reinterpret_cast<std::uint8_t*>(integers_.get() + first * words);
        if (by.bits == 4) {
          store_by_parity(values, count * step, to);
        } else {
          std::memcpy(to, values, count * step);
        }
      }
    }
  }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }
  void describe(std::size_t first, kernels::block_tile& t) const {
    t.row_count = rows_;
    t.rows = integers_.get() + first * words;
    t.row_starts = t.row_sums = starts_.get() + first;
    t.row_scales = scales_.get() + first;
    t.row_words = steps_ * words;
    t.row_groups = t.row_pieces = steps_;
  }

 private:
  static constexpr std::size_t words = step / 4;

  /// Of each 8 those of even k, then the others.
  static void store_by_parity(const std::uint8_t* values, std::size_t count, std::uint8_t* out) {
    for (std::size_t i = 0; i < count; i += 8) {
      for (std::size_t j = 0; j < 4; ++j) {
        out[i + j] = values[i + 2 * j];
        out[i + 4 + j] = values[i + 2 * j + 1];
      }
    }
  }

  std::size_t rows_, steps_;
  aligned_array<std::uint32_t> integers_;
  aligned_array<std::int32_t> starts_;
  aligned_array<float> scales_;
};

/// The sums of k32_sums for at most most_few_packed_rows rows, which are on this side of C.
inline void multiply_few_packed_integers(const integer_rows& a, const packed_groups& b,
                                         side few_are, const sum_sink& sink, const execution& how) {
  using tile = kernels::block_tile;
  constexpr std::size_t lanes = tile::width, most_strips = 4, some_steps = 64;
  if (a.rows() == 0) return;
  const isa level = how.level();
  const packed_integers integers(b);
  const auto few = [&] {
    const default_float_environment environment;
    return packed_integer_rows(level, a, b, integers.lowest);
  }();
  const std::size_t rows = few.rows(), step_bytes = 4 * lanes * static_cast<std::size_t>(b.bits),
                    group_bytes = b.layout->group_bytes();
  // A scale of 2^-127, whose field is 0, is of zeros: those of other elements are at least 2^-70
  // (packed_groups::powers), so that it may as well be 0.
  const bool reads_exponents = b.has_exponents && b.block_cols == packed_integer_rows::step;
  const equal_parts parts(b.layout->groups, part_rows(b.layout->groups, most_strips, how), 1);
  const auto run = [&](std::size_t part) {
    const default_float_environment environment;
    alignas(64) float scales[most_strips * some_steps * lanes];
    alignas(64) float totals[most_strips * most_few_packed_rows * lanes];
    const std::size_t first = parts.begin(part), strips = parts.end(part) - first;
    const auto end_of = [&](std::size_t i) {
      return (std::min)(b.row_count, (first + i + 1) * lanes);
    };
    std::fill_n(totals, strips * rows * lanes, 0.0f);
    for (std::size_t i = 0; i < strips; ++i) {
      begin_few_rows(totals + i * rows * lanes, lanes, a.rows(), (first + i) * lanes, end_of(i),
                     few_are, sink);
    }
    for (std::size_t step = 0; step < few.steps(); step += some_steps) {
      const std::size_t n = (std::min)(some_steps, few.steps() - step);
      for (std::size_t i = 0; i < strips; ++i) {
        if (!reads_exponents) {
          b.find_scales(level, first + i, step, n, true, scales + i * some_steps * lanes);
        }
        if (step + some_steps < few.steps()) {
          b.prefetch_scales(first + i, step + some_steps, some_steps);
        } else if (first + strips + i < b.layout->groups) {
          b.prefetch_scales(first + strips + i, 0, some_steps);
        }
      }
      tile t;
      t.are_packed = true;
      t.bits = b.bits;
      t.table = integers.table;
      t.piece_count = n;
      t.group = kernels::block_tile::unit;
      t.lanes =
          reinterpret_cast<const std::uint32_t*>(b.codes + first * group_bytes + step * step_bytes);
      t.lane_scales = scales;
      t.strip_scales = some_steps * lanes;
      if (reads_exponents) {
        t.kind = tile::scale_kind::exponents;
        t.strip_scales = b.layout->blocks * lanes;
        t.lane_scales = b.scales + first * t.strip_scales + step * lanes;
      }
      t.strip_count = strips;
      t.strip_words = group_bytes / 4;
      t.totals = totals;
      t.strip_totals = rows * lanes;
      few.describe(step, t);
      kernels::multiply_packed(t);
    }
    for (std::size_t i = 0; i < strips; ++i) {
      finish_few_rows(totals + i * rows * lanes, lanes, a.rows(), (first + i) * lanes, end_of(i),
                      few_are, sink);
    }
  };
  how.run(parts.count(), task(run));
}

#endif

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
