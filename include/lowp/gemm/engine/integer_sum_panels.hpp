// SPDX-License-Identifier: MIT
// Panels of words of integers, with a scale and a zero point for each span of K (int32_sums).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/integer_words.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/panel_memory.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A sum is a total, and the integers of a span that goes on. Blocks have many lanes, since rows
/// are loaded for all of them.
template <bool ByTiles>
struct integer_sum_panels : panel_sums<float, 2> {
  using source = word_rows;
  using tile = kernels::integer_sum_tile;
  static constexpr std::size_t numbers_from_zero = 1;
  static constexpr std::size_t most_lanes = ByTiles ? 512 : 256;
  static constexpr std::size_t most_tile_rows = ByTiles ? 32 : 24;
  [[nodiscard]] static std::size_t rows_per_tile(isa level) {
    return ByTiles ? most_tile_rows : 2 * kernels::rows_per_tile(level);
  }
  using session = std::conditional_t<ByTiles, kernels::tile_session<kernels::tile_registers>,
                                     panel_sums<float, 2>::session>;

  /// Rows along the lanes of vectors.
  class lanes : public lane_tiles {
   public:
    /// `of_c`: what the lanes are of C; scales of its rows come first.
    lanes(isa level, const source& from, std::size_t first, std::size_t count, side of_c)
        : lane_tiles(level, count, from.cols(), tile::unit),
          from_(from),
          first_(first),
          of_c_(of_c),
          words_(size()),
          scales_(make_aligned<float>(constants(count))),
          offsets_(make_aligned<std::uint32_t>(from.plan.are_bytes() ? constants(count) : 0)),
          zeros_(make_aligned<std::uint32_t>(from.plan.has_zeros() ? constants(count) : 0)) {}

    void pack(std::size_t t) const {
      alignas(64) std::uint32_t rows[group * tile::row_stride];
      const std::size_t width = tile_width(t), used = used_width(t);
      for (std::size_t word = 0; word < from_.cols(); word += step()) {
        const std::size_t n = (std::min)(step(), from_.cols() - word);
        prefetch_after(from_.memory(), first_, t, word, from_.cols());
        for (std::size_t g = 0; g < width; g += group) {
          for (std::size_t i = 0; i < group; ++i) {
            std::uint32_t* const row = rows + i * tile::row_stride;
            if (g + i < used) {
              from_.load(level(), first_ + tile_lane(t) + g + i, word, 0, row);
              store_constants(t, g + i, word, row);
            } else {
              std::fill(row, row + n, 0u);
              store_zeros(t, g + i, word);
            }
            std::fill(row + n, row + round_up(n, group), 0u);
          }
          transpose(t, word, n, rows, g);
        }
      }
    }
    /// The panel from a word on, for rows that are in `with` already.
    [[nodiscard]] tile at(std::size_t t, std::size_t word, tile with) const {
      const std::size_t span = constant(t, from_.plan.first_span(word));
      with.lanes = words_.get() + place(t, word);
      with.width = tile_width(t);
      with.rows_first = of_c_ == side::columns;
      with.lane_scales = scales_.get() + span;
      with.lane_offsets = from_.plan.are_bytes() ? offsets_.get() + span : nullptr;
      with.lane_zeros = from_.plan.has_zeros() ? zeros_.get() + span : nullptr;
      return with;
    }

   private:
    [[nodiscard]] std::size_t constants(std::size_t count) const {
      return round_up(count, group) * from_.plan.span_count();
    }
    [[nodiscard]] std::size_t constant(std::size_t t, std::size_t span) const {
      return tile_lane(t) * from_.plan.span_count() + span * tile_width(t);
    }
    /// The words of 16 rows, of which there may be 8 more than a multiple of 16.
    void transpose(std::size_t t, std::size_t word, std::size_t n, const std::uint32_t* rows,
                   std::size_t lane) const {
      std::uint32_t* const panel = words_.get() + place(t, word) + lane;
      const std::size_t width = tile_width(t), whole = n / group * group;
      kernels::transpose(level(), rows, tile::row_stride, whole, panel, width);
      if (whole == n) return;
      alignas(64) std::uint32_t last[group * group];
      kernels::transpose(level(), rows + whole, tile::row_stride, group, last, group);
      for (std::size_t k = whole; k < n; ++k) {
        std::memcpy(panel + k * width, last + (k - whole) * group, group * sizeof *last);
      }
    }
    void store_constants(std::size_t t, std::size_t lane, std::size_t word,
                         const std::uint32_t* words) const {
      const std::size_t row = first_ + tile_lane(t) + lane;
      const word_rows::constants of = from_.of_row(row);
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(words);
      for (std::size_t i = from_.plan.first_span(word); i < from_.plan.end_span(word); ++i) {
        const std::size_t at = constant(t, i) + lane;
        const std::size_t size = from_.plan.span(i)->words * 4;
        scales_[at] = of.scale(i);
        if (from_.plan.are_bytes()) {
          const std::uint32_t sum = kernels::sum_signed_bytes(bytes, size);
          offsets_[at] = from_.plan.has_zeros() ? 0 - sum : 0 - kernels::row_byte_offset * sum;
        }
        if (from_.plan.has_zeros()) {
          zeros_[at] = static_cast<std::uint32_t>(from_.integers.center() - of.zero(i));
        }
        bytes += size;
      }
    }
    void store_zeros(std::size_t t, std::size_t lane, std::size_t word) const {
      for (std::size_t i = from_.plan.first_span(word); i < from_.plan.end_span(word); ++i) {
        const std::size_t at = constant(t, i) + lane;
        scales_[at] = 0.0f;
        if (from_.plan.are_bytes()) offsets_[at] = 0;
        if (from_.plan.has_zeros()) zeros_[at] = 0;
      }
    }

    const source& from_;
    std::size_t first_;
    side of_c_;
    panel_array<std::uint32_t> words_;
    aligned_array<float> scales_;
    aligned_array<std::uint32_t> offsets_, zeros_;
  };

  /// A chunk of a few rows, whose values are broadcast.
  class rows {
   public:
    void load(isa level, const source& from, std::size_t i, std::size_t row, std::size_t word,
              std::size_t) {
      const word_rows::constants of = from.of_row(row);
      std::uint32_t* const words = words_ + i * tile::row_stride;
      from.load(level, row, word, kernels::row_byte_offset, words);
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(words);
      const std::size_t begin = from.plan.first_span(word), end = from.plan.end_span(word);
      for (std::size_t span = begin; span < end; ++span) {
        const std::size_t at = i * tile::max_spans + (span - begin);
        const sum_plan::part& part = from.plan.part_of(span);
        const std::size_t size = from.plan.span(span)->words * 4;
        scales_[at] = of.scale(span);
        if (from.plan.has_zeros()) {
          const auto w = static_cast<std::uint32_t>(kernels::row_byte_offset + of.zero(span) -
                                                    from.integers.center());
          const std::uint32_t sum = from.are_summed ? kernels::sum_row_bytes(bytes, size) : 0;
          offsets_[at] = w;
          zeros_[at] = sum - static_cast<std::uint32_t>(part.count) * w;
        }
        bytes += size;
      }
      spans_ = from.plan.span(begin);
      span_count_ = end - begin;
      are_bytes_ = from.plan.are_bytes();
    }
    void multiply(const lanes& with, std::size_t t, std::size_t word, std::size_t,
                  std::size_t row_count, float* sums) const {
      tile p{};
      p.rows = words_;
      p.row_count = row_count;
      p.spans = spans_;
      p.span_count = span_count_;
      p.row_offsets = offsets_;
      p.row_zeros = zeros_;
      p.row_scales = scales_;
      p.sums = sums;
      p.rest = sums + most_lanes * most_rows;
      p = with.at(t, word, p);
      if (are_bytes_) {
        kernels::multiply_fours<ByTiles>(p);
      } else {
        kernels::multiply_pairs(with.level(), p);
      }
    }

   private:
    alignas(64) std::uint32_t words_[most_tile_rows * tile::row_stride];
    float scales_[most_tile_rows * tile::max_spans];
    std::uint32_t offsets_[most_tile_rows * tile::max_spans];
    std::uint32_t zeros_[most_tile_rows * tile::max_spans];
    const tile::span* spans_ = nullptr;
    std::size_t span_count_ = 0;
    bool are_bytes_ = false;
  };
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
