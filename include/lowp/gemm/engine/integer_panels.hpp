// SPDX-License-Identifier: MIT
// Operands of small integers (integer_rows.hpp) in the order k32: since the sum of a step of 32 is
// exact, instructions for integers give its bits several times as fast.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/gemm/operands/integer_rows.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/panel_memory.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

#if LOWP_X86_TARGETS || LOWP_AARCH64_TARGETS

/// The integers of a part of a row, exclusive or `flip`; zeros up to a multiple of 64.
inline void load_integers(isa level, const integer_rows& from, std::size_t row, std::size_t first,
                          std::size_t count, std::uint8_t flip, std::uint8_t* out) {
  if (from.has_nibbles()) {
    return kernels::integers_of_nibbles(*from.map, flip, from.row(row) + first / 2, count, out);
  }
  alignas(64) std::uint8_t buffer[kernels::product_tile::max_depth];
  const std::uint8_t* codes = from.row(row) + first;
  const packing one_each = packings::byte_low;
  if (from.order != one_each && !is_array_of<std::uint8_t>(from.order, from.bits)) {
    unpack_codes(level, from.row(row), first, count, from.bits, from.order, buffer);
    codes = buffer;
  }
  kernels::integers_of_codes(*from.map, flip, codes, count, out);
}

/// Whether every block has a scale in range, or a smaller one and elements that are all zero.
[[nodiscard]] inline bool are_scales_in_range(isa level, const integer_rows& x) {
  if (x.scales == nullptr || x.col_count == 0) return true;
  const std::size_t count = (x.row_count + x.block_rows - 1) / x.block_rows * x.scales_per_row;
  const auto is_zero_block = [&](std::size_t block) {
    const std::size_t top = block / x.scales_per_row * x.block_rows;
    const std::size_t left = block % x.scales_per_row * x.block_cols;
    const std::size_t bottom = (std::min)(x.row_count, top + x.block_rows);
    const std::size_t right = (std::min)(x.col_count, left + x.block_cols);
    constexpr std::size_t most = kernels::product_tile::max_depth;
    for (std::size_t row = top; row < bottom; ++row) {
      for (std::size_t col = left; col < right; col += most) {
        alignas(64) std::uint8_t integers[most];
        const std::size_t n = (std::min)(most, right - col);
        load_integers(level, x, row, col, n, 0, integers);
        if (kernels::find_outside(integers, n, 0, 0) != n) return false;
      }
    }
    return true;
  };
  for (std::size_t i = 0; i < count; ++i) {
    i += kernels::find_outside(x.scales + i, count - i, x.powers.low, x.powers.high);
    if (i < count && (x.scales[i] > x.powers.high || !is_zero_block(i))) return false;
  }
  return true;
}

struct integer_panels : panel_sums<> {
  using source = integer_rows;
  static constexpr std::size_t most_lanes = 512, most_rows = 96;  ///< of a byte for each k
  static constexpr std::size_t max_steps = kernels::integer_tile::max_steps;

  /// Rows along the lanes of vectors, four k of a lane in a word.
  class lanes : public lane_tiles {
   public:
    lanes(isa level, const source& from, std::size_t first, std::size_t count)
        : lane_tiles(level, count, from.cols(), kernels::product_tile::max_depth),
          from_(from),
          first_(first),
          integers_(size()),
          offsets_(make_aligned<std::int32_t>(size() / 32)),
          scales_(make_aligned<float>(size() / 32)) {}

    void pack(std::size_t tile) const {
      constexpr std::size_t most = kernels::product_tile::max_depth, words = most / 4 + 16;
      alignas(64) std::uint32_t rows[group * words];
      alignas(64) float scales[group * max_steps];
      const std::size_t width = tile_width(tile), used = used_width(tile);
      for (std::size_t k = 0; k < from_.cols(); k += most) {
        const std::size_t n = (std::min)(most, from_.cols() - k), steps = (n + 31) / 32;
        prefetch_after(from_.memory(), first_, tile, k, from_.cols());
        std::uint8_t* const panel = integers_.get() + place(tile, k);
        for (std::size_t g = 0; g < width; g += group) {
          for (std::size_t i = 0; i < group; ++i) {
            const std::size_t row = first_ + tile_lane(tile) + g + i;
            if (g + i < used) {
              std::uint8_t buffer[max_steps];
              load_integers(level(), from_, row, k, n, 0,
                            reinterpret_cast<std::uint8_t*>(rows + i * words));
              kernels::store_powers(from_.scale_codes(row, k / 32, steps, buffer), steps,
                                    from_.powers.offset, scales + i * max_steps);
            } else {
              std::fill(rows + i * words, rows + (i + 1) * words, 0u);
              std::fill(scales + i * max_steps, scales + (i + 1) * max_steps, 0.0f);
            }
          }
          kernels::transpose(level(), rows, words, round_up(n, 64) / 4, panel + 4 * g, width);
          kernels::transpose(level(), scales, max_steps, max_steps,
                             scales_.get() + place(tile, k) / 32 + g, width);
        }
        kernels::store_offsets(panel, width, steps, offsets_.get() + place(tile, k) / 32);
      }
    }
    /// The panel from k on, for rows that are in `tile` already.
    [[nodiscard]] kernels::integer_tile at(std::size_t tile, std::size_t k,
                                           kernels::integer_tile rows) const {
      const std::size_t step = place(tile, k) / 32;
      rows.lanes = integers_.get() + place(tile, k);
      rows.offsets = offsets_.get() + step;
      rows.lane_scales = scales_.get() + step;
      rows.width = tile_width(tile);
      return rows;
    }

   private:
    const source& from_;
    std::size_t first_;
    panel_array<std::uint8_t> integers_;
    aligned_array<std::int32_t> offsets_;
    aligned_array<float> scales_;
  };

  /// A chunk of a few rows, whose values are broadcast.
  class rows {
   public:
    void load(isa level, const source& from, std::size_t i, std::size_t row, std::size_t k,
              std::size_t count) {
      const std::size_t steps = (count + 31) / 32;
      std::uint8_t buffer[max_steps];
      load_integers(level, from, row, k, count, kernels::row_byte_offset,
                    integers_ + i * kernels::integer_tile::row_stride);
      kernels::store_powers(from.scale_codes(row, k / 32, steps, buffer), steps, from.powers.offset,
                            scales_ + i * max_steps);
    }
    void multiply(const lanes& with, std::size_t tile, std::size_t k, std::size_t count,
                  std::size_t row_count, float* sums) const {
      kernels::integer_tile t{};
      t.rows = integers_;
      t.row_scales = scales_;
      t.row_count = row_count;
      t.steps = (count + 31) / 32;
      t.sums = sums;
      kernels::multiply(with.at(tile, k, t));
    }

   private:
    alignas(64) std::uint8_t integers_[lane_tiles::group * kernels::integer_tile::row_stride];
    alignas(64) float scales_[lane_tiles::group * max_steps];
  };

#if LOWP_X86_TARGETS
  /// All of a few rows, by steps.
  class few_rows {
   public:
    few_rows(isa level, const source& from, const source& others)
        : level_(level),
          count_(from.rows()),
          are_nibbles_(others.has_nibbles()),
          are_bytes_(others.map->is_identity &&
                     is_array_of<std::uint8_t>(others.order, others.bits)),
          integers_(make_aligned<std::uint8_t>(step_chunks(from.cols()) * count_ * size)),
          offsets_(make_aligned<std::int32_t>(step_chunks(from.cols()) * count_ * max_steps)),
          scales_(make_aligned<float>(step_chunks(from.cols()) * count_ * max_steps)) {
      for (std::size_t i = 0; i < step_chunks(from.cols()) * count_; ++i) {
        pack(from, i % count_, i / count_ * size, integers_.get() + i * size,
             offsets_.get() + i * max_steps, scales_.get() + i * max_steps);
      }
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    /// As binary32_panels::few.
    void multiply(const source& other, std::size_t row, std::size_t chunk, std::size_t chunks,
                  float* sums) const {
      const bool has_each_scale = other.scales != nullptr && other.block_cols == 32;
      const std::size_t whole = are_bytes_     ? (std::min)(chunks, other.cols() / size - chunk)
                                : are_nibbles_ ? chunks
                                               : 0;
      const std::size_t at_once = has_each_scale ? whole : 0;
      if (at_once != 0) multiply_chunks(other, row, chunk, at_once, sums);
      for (std::size_t i = at_once; i < chunks; ++i) {
        multiply_chunks(other, row, chunk + i, 1,
                        sums + i * count_ * kernels::product_steps::group);
      }
    }

   private:
    static constexpr std::size_t size = kernels::integer_steps::size;

    void pack(const source& from, std::size_t row, std::size_t first, std::uint8_t* integers,
              std::int32_t* offsets, float* scales) const {
      alignas(64) std::uint8_t values[size];
      std::uint8_t buffer[max_steps];
      const std::size_t count = (std::min)(size, from.cols() - first), steps = (count + 31) / 32;
      load_integers(level_, from, row, first, count, 0, values);
      std::fill(values + count, values + size, std::uint8_t{0});
      for (std::size_t step = 0; step < max_steps; ++step) {
        int sum = 0;
        for (std::size_t k = 0; k < 32; ++k) {
          const std::uint8_t value = values[step * 32 + k];
          integers[kernels::integer_steps::slot(step, k, are_nibbles_)] = value;
          sum += static_cast<std::int8_t>(value);
        }
        offsets[kernels::integer_steps::lane(step)] = -128 * sum;
      }
      kernels::store_powers(from.scale_codes(row, first / 32, steps, buffer), steps,
                            from.powers.offset, scales);
    }

    /// One chunk, or several of which codes and scales can be read where they are.
    void multiply_chunks(const source& other, std::size_t row, std::size_t chunk,
                         std::size_t chunks, float* sums) const {
      const std::size_t at = chunk * count_, first = chunk * size;
      const std::size_t count = (std::min)(chunks * size, other.cols() - first);
      std::uint8_t buffer[max_steps];
      alignas(64) std::uint8_t integers[size];
      kernels::integer_steps p{};
      p.rows = integers_.get() + at * size;
      p.offsets = offsets_.get() + at * max_steps;
      p.row_scales = scales_.get() + at * max_steps;
      p.row_count = count_;
      p.map = other.map;
      p.steps = (count + 31) / 32;
      p.scale_codes = other.scale_codes(row, first / 32, p.steps, buffer);
      p.scale_offset = other.powers.offset;
      p.chunks = chunks;
      p.sums = sums;
      p.are_nibbles = are_nibbles_;
      if (are_nibbles_) {
        p.other = other.row(row) + first / 2;
        p.other_bytes = (count + 1) / 2;
        p.chunk_bytes = size / 2;
      } else if (are_bytes_ && count == chunks * size) {
        p.other = other.row(row) + first;
        p.chunk_bytes = size;
      } else {
        load_integers(level_, other, row, first, count, 0, integers);
        std::fill(integers + count, integers + size, std::uint8_t{0});
        p.other = integers;
      }
      kernels::multiply(p);
    }

    isa level_;
    std::size_t count_;
    bool are_nibbles_, are_bytes_;  ///< of the others; bytes are their integers
    aligned_array<std::uint8_t> integers_;
    aligned_array<std::int32_t> offsets_;
    aligned_array<float> scales_;
  };
#endif
};

#endif

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
