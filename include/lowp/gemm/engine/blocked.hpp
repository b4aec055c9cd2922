// SPDX-License-Identifier: MIT
// The matrix product in blocks that fit the caches. It knows panels and where finished sums go, no
// formats.
//
// The rows of one operand, of A or of B, lie along the lanes of vectors: they are packed into
// panels, chunks of which stay in the second-level cache. The rows of the other, of which there are
// usually more, are decoded a few at a time into the first-level cache, and each of their values is
// broadcast. Sums with the rows of B along lanes are rows of C as they are; the others are
// transposed in the end.
//
// A few rows, as of one token by the weights of a layer, are laid out by steps of K instead; the
// many are then read once, and no copy of them is made that leaves the first-level cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <type_traits>

#include "lowp/arrays/execution.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/panels.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A block of C: some tiles of lanes, of one operand, and some rows of the other, over all of K.
/// Blocks are independent of each other.
template <product_panels Panels>
struct product_block {
  const typename Panels::lanes& lanes;
  std::size_t first_lane;  ///< the row where the panels begin
  const typename Panels::source& rows;
  const sum_sink& sink;
  side lanes_are;  ///< of C; columns, where Panels::lanes_are_columns

  using number = typename Panels::number;
  static constexpr std::size_t numbers = Panels::numbers_per_sum;
  static constexpr std::size_t most_rows = Panels::most_rows;
  static constexpr std::size_t most_sums =
      Panels::most_lanes * most_rows;  ///< from one number to the next

  void operator()(std::size_t tile_begin, std::size_t tile_end, std::size_t first_row,
                  std::size_t row_count) const {
    const std::size_t depth = lanes.step();
    alignas(64) number sums[numbers * most_sums];
    typename Panels::rows chunk;
    const isa level = lanes.level();
    [[maybe_unused]] const typename Panels::session session(level);
    const std::size_t tile_rows = Panels::rows_per_tile(level);
    const bool reads_ahead = Panels::reads_ahead(rows);
    const std::size_t tile_sums = kernels::lanes_per_tile(level) * most_rows;
    const auto sums_of = [&](std::size_t tile) { return sums + (tile - tile_begin) * tile_sums; };
    // Of few rows as much as kernels read: whole groups of them.
    const std::size_t height = (std::min)(most_rows, round_up(row_count, lane_tiles::group));
    for (std::size_t i = 0; i < Panels::numbers_from_zero; ++i) {
      for (std::size_t tile = tile_begin; tile < tile_end; ++tile) {
        std::fill_n(sums_of(tile) + i * most_sums, height * lanes.tile_width(tile), number{0});
      }
    }
    if constexpr (Panels::begins_with_results) {
      for (std::size_t tile = tile_begin; sink.start() != nullptr && tile < tile_end; ++tile) {
        begin(tile, first_row, row_count, sums_of(tile));
      }
    }
    for (std::size_t k = 0; k < rows.cols(); k += depth) {
      const std::size_t n = (std::min)(depth, rows.cols() - k);
      for (std::size_t row = 0; row < row_count; row += tile_rows) {
        const std::size_t count = (std::min)(tile_rows, row_count - row);
        load(chunk, first_row + row, count, k, n);
        for (std::size_t tile = tile_begin; tile < tile_end; ++tile) {
          // The rows after these, some before each tile, and where the results will go, so as not
          // to wait for them.
          for (std::size_t i = tile - tile_begin; reads_ahead && i < tile_rows;
               i += tile_end - tile_begin) {
            prefetch_row(first_row, row_count, row + count + i, k);
          }
          if (k + n == rows.cols()) prefetch_results(tile, first_row + row, count);
          chunk.multiply(lanes, tile, k, n, count, sums_of(tile) + row * lanes.tile_width(tile));
        }
      }
    }
    if (are_columns()) return finish_rows(tile_begin, tile_end, first_row, row_count, sums);
    if constexpr (!Panels::lanes_are_columns) {
      for (std::size_t tile = tile_begin; tile < tile_end; ++tile) {
        finish_transposed(tile, first_row, row_count, sums_of(tile));
      }
    }
  }

 private:
  void load(typename Panels::rows& chunk, std::size_t row, std::size_t count, std::size_t k,
            std::size_t n) const {
    if constexpr (requires { chunk.load_rows(rows, row, count, k, n); }) {
      if (chunk.load_rows(rows, row, count, k, n)) return;
    }
    for (std::size_t i = 0; i < count; ++i) chunk.load(lanes.level(), rows, i, row + i, k, n);
  }
  [[nodiscard]] bool are_columns() const {
    return Panels::lanes_are_columns || lanes_are == side::columns;
  }
  /// Row i of the block, from k on; those after its last row are the first ones of the next chunk,
  /// or of the next block.
  void prefetch_row(std::size_t first_row, std::size_t row_count, std::size_t i,
                    std::size_t k) const {
    if (i >= row_count) {
      i -= row_count;
      k += lanes.step();
      if (k >= rows.cols()) {
        first_row += row_count;
        k = 0;
      }
      if (i >= row_count || first_row + i >= rows.rows()) return;
    }
    rows.memory().prefetch(first_row + i, k, (std::min)(lanes.step(), rows.cols() - k));
  }
  void prefetch_results(std::size_t tile, std::size_t first_row, std::size_t row_count) const {
    const std::size_t lane = first_lane + lanes.tile_lane(tile), used = lanes.used_width(tile);
    if (are_columns()) {
      for (std::size_t i = 0; i < row_count; ++i) {
        sink.memory().template prefetch<true>(first_row + i, lane, used);
      }
    } else {
      for (std::size_t i = 0; i < used; ++i) {
        sink.memory().template prefetch<true>(lane + i, first_row, row_count);
      }
    }
  }
  void begin(std::size_t tile, std::size_t first_row, std::size_t row_count, number* sums) const {
    const std::size_t lane = first_lane + lanes.tile_lane(tile);
    const std::size_t width = lanes.tile_width(tile), used = lanes.used_width(tile);
    if (are_columns()) {
      for (std::size_t i = 0; i < row_count; ++i) {
        sink.begin(first_row + i, lane, used, sums + i * width);
      }
    } else if constexpr (!Panels::lanes_are_columns) {
      constexpr std::size_t group = lane_tiles::group;
      alignas(64) float columns[group * most_rows] = {};
      for (std::size_t g = 0; g < used; g += group) {
        for (std::size_t i = 0; i < group && g + i < used; ++i) {
          sink.begin(lane + g + i, first_row, row_count, columns + i * most_rows);
        }
        kernels::transpose(lanes.level(), columns, most_rows, round_up(row_count, group), sums + g,
                           width);
      }
    }
  }
  /// Rows of C, one after the other, in pieces of several tiles; sums as they lie, if the sink
  /// takes them so.
  void finish_rows(std::size_t tile_begin, std::size_t tile_end, std::size_t first_row,
                   std::size_t row_count, const number* sums) const {
    constexpr std::size_t group = lane_tiles::group;
    const std::size_t tile_sums = kernels::lanes_per_tile(lanes.level()) * most_rows;
    if constexpr (std::is_same_v<number, float>) {
      if (sink.takes_rows()) {
        return finish_in_place(tile_begin, tile_end, first_row, row_count, sums);
      }
    }
    alignas(64) float row[Panels::most_lanes];
    const std::size_t col = first_lane + lanes.tile_lane(tile_begin);
    for (std::size_t i = 0; i < row_count; ++i) {
      std::size_t count = 0;
      for (std::size_t tile = tile_begin; tile < tile_end; ++tile) {
        const std::size_t width = lanes.tile_width(tile), used = lanes.used_width(tile);
        const number* const from = sums + (tile - tile_begin) * tile_sums + i * width;
        if constexpr (std::is_same_v<number, float>) {
          for (std::size_t lane = 0; lane < used; lane += group) {
            std::memcpy(row + count + lane, from + lane, group * sizeof(float));
          }
        } else {
          lanes.finish(first_row + i, col + count, used, from, most_sums, row + count);
        }
        count += used;
      }
      sink(first_row + i, col, count, row);
    }
  }
  /// Sums as they lie, 16 rows at a time.
  void finish_in_place(std::size_t tile_begin, std::size_t tile_end, std::size_t first_row,
                       std::size_t row_count, const float* sums) const {
    constexpr std::size_t group = lane_tiles::group;
    const std::size_t tile_sums = kernels::lanes_per_tile(lanes.level()) * most_rows;
    for (std::size_t row = 0; row < row_count; row += group) {
      const std::size_t count = (std::min)(group, row_count - row);
      for (std::size_t tile = tile_begin; tile < tile_end; ++tile) {
        const std::size_t width = lanes.tile_width(tile);
        sink.finish_rows(first_row + row, count, first_lane + lanes.tile_lane(tile),
                         lanes.used_width(tile),
                         sums + (tile - tile_begin) * tile_sums + row * width, width);
      }
    }
  }
  /// Transposes the sums back into rows of C.
  void finish_transposed(std::size_t tile, std::size_t first_row, std::size_t row_count,
                         const float* sums) const {
    const std::size_t width = lanes.tile_width(tile), used = lanes.used_width(tile);
    constexpr std::size_t group = lane_tiles::group;
    alignas(64) float columns[group * most_rows];
    for (std::size_t g = 0; g < used; g += group) {
      for (std::size_t row = 0; row < row_count; row += group) {
        kernels::transpose(lanes.level(), sums + row * width + g, width, group, columns + row,
                           most_rows);
      }
      sink.finish_rows(first_lane + lanes.tile_lane(tile) + g, (std::min)(group, used - g),
                       first_row, row_count, columns, most_rows);
    }
  }
};

/// How many rows a part may have: fewer than the most where threads would have nothing to do.
[[nodiscard]] inline std::size_t part_rows(std::size_t rows, std::size_t most,
                                           const execution& how) {
  return how.is_sequential() ? most : std::clamp<std::size_t>(rows / 16, 1, most);
}

/// Which side of C the lanes should be: that of fewer rows, since lanes cost more to pack; and
/// columns where sums are so short that it costs more to transpose them.
[[nodiscard]] constexpr side best_side(std::size_t a_rows, std::size_t b_rows, std::size_t depth) {
  constexpr std::size_t short_depth = 256;
  return b_rows <= a_rows || depth <= short_depth ? side::columns : side::rows;
}

/// The sums of all products of a row of a, whose rows become lanes, and a row of b; a has the rows
/// of C, or its columns. What else the panels need to know is passed on to them.
template <product_panels Panels, class... Known>
void multiply_blocks(const typename Panels::source& a, const typename Panels::source& b,
                     side lanes_are, const sum_sink& sink, const execution& how,
                     const Known&... known) {
  const std::size_t tile = kernels::lanes_per_tile(how.level());
  // Panels of at most 2^24 values at a time, where a tile is not more.
  const std::size_t most_panels = (std::size_t{1} << 24) / (a.cols() + 1);
  const equal_parts groups(a.rows(), (std::max)(most_panels, tile), tile);
  for (std::size_t group = 0; group < groups.count(); ++group) {
    const std::size_t first = groups.begin(group);
    const typename Panels::lanes lanes = [&] {
      using made = typename Panels::lanes;
      const std::size_t count = groups.end(group) - first;
      if constexpr (lanes_know_side<Panels, Known...>) {
        return made(how.level(), a, first, count, lanes_are, known...);
      } else {
        return made(how.level(), a, first, count, known...);
      }
    }();
    const auto pack = [&](std::size_t i) {
      const default_float_environment environment;
      lanes.pack(i);
    };
    how.run(lanes.tile_count(), task(pack));

    const equal_parts parts(b.rows(), part_rows(b.rows(), Panels::most_rows, how),
                            Panels::rows_per_tile(how.level()));
    // Where threads would have few parts each, wide blocks are cut along the lanes, too.
    const bool are_few = !how.is_sequential() && parts.count() < 16;
    const std::size_t most_lanes =
        are_few ? (std::min)(Panels::most_lanes, panel_sums<>::most_lanes) : Panels::most_lanes;
    const equal_parts tiles(lanes.tile_count(), most_lanes / tile, 1);
    const auto run = [&](std::size_t i) {
      const default_float_environment environment;
      const std::size_t t = i % tiles.count(), part = i / tiles.count();
      const product_block<Panels> block{lanes, first, b, sink, lanes_are};
      block(tiles.begin(t), tiles.end(t), parts.begin(part), parts.end(part) - parts.begin(part));
    };
    how.run(tiles.count() * parts.count(), task(run));
  }
}

/// The product of a and b, with lanes on the best side of it.
template <product_panels Panels, class... Known>
void multiply_either_way(const typename Panels::source& a, const typename Panels::source& b,
                         const sum_sink& sink, const execution& how, const Known&... known) {
  if (best_side(a.rows(), b.rows(), a.cols()) == side::columns) {
    multiply_blocks<Panels>(b, a, side::columns, sink, how, known...);
  } else {
    multiply_blocks<Panels>(a, b, side::rows, sink, how, known...);
  }
}

/// What sums of a few rows, at `stride` apart, and others from begin to end start with, where that
/// is not zero; `few_are` tells what the few are of C.
inline void begin_few_rows(float* totals, std::size_t stride, std::size_t rows, std::size_t begin,
                           std::size_t end, side few_are, const sum_sink& sink) {
  if (sink.start() == nullptr) return;
  if (few_are == side::rows) {
    for (std::size_t m = 0; m < rows; ++m) {
      sink.begin(m, begin, end - begin, totals + m * stride);
    }
    return;
  }
  for (std::size_t i = 0; i < end - begin; ++i) {
    float row[most_few_packed_rows];
    sink.begin(begin + i, 0, rows, row);
    for (std::size_t m = 0; m < rows; ++m) totals[m * stride + i] = row[m];
  }
}
/// Takes finished sums of a few rows, at `stride` apart, and others from begin to end to the sink.
inline void finish_few_rows(const float* totals, std::size_t stride, std::size_t rows,
                            std::size_t begin, std::size_t end, side few_are,
                            const sum_sink& sink) {
  if (few_are == side::rows) {
    for (std::size_t m = 0; m < rows; ++m) sink(m, begin, end - begin, totals + m * stride);
    return;
  }
  constexpr std::size_t group = lane_tiles::group;
  const std::size_t width = round_up(rows, group);
  alignas(64) float some[group * most_few_packed_rows];
  std::fill_n(some, group * width, 0.0f);
  for (std::size_t i = begin; i < end; i += group) {
    const std::size_t count = (std::min)(group, end - i);
    for (std::size_t m = 0; m < rows; ++m) {
      const float* const from = totals + m * stride + (i - begin);
      for (std::size_t j = 0; j < count; ++j) some[j * width + m] = from[j];
    }
    sink.finish_rows(i, count, 0, rows, some, width);
  }
}

/// The sums of all products of a few rows, a, and the rows of b; those of a are on this side of C.
template <step_panels Panels>
void multiply_few_rows(const typename Panels::source& a, const typename Panels::source& b,
                       side few_are, const sum_sink& sink, const execution& how) {
  constexpr std::size_t group = 16, most_rows = 64, sums_size = kernels::product_steps::group;
  constexpr std::size_t size = kernels::product_steps::size;
  const isa level = how.level();
  if (a.rows() == 0) return;
  const auto few = [&] {
    const default_float_environment environment;
    return typename Panels::few_rows(level, a, b);
  }();
  const std::size_t chunks = step_chunks(b.cols()), together = most_step_sums / few.count();
  // To read ahead costs a tenth where the rows of b are in a cache anyway, and more than it brings
  // for one row by many, which come as they are asked for.
  constexpr std::size_t cached_bytes = std::size_t{1} << 22;
  const bool reads_ahead = few.count() > 1 && b.rows() * b.memory().row_bytes > cached_bytes;
  const equal_parts parts(b.rows(), part_rows(b.rows(), most_rows, how), group);
  const auto run = [&](std::size_t part) {
    const default_float_environment environment;
    alignas(64) float sums[most_step_sums * sums_size] = {};
    alignas(64) float totals[most_few_rows * most_rows] = {};
    const std::size_t begin = parts.begin(part), end = parts.end(part);
    begin_few_rows(totals, most_rows, a.rows(), begin, end, few_are, sink);
    for (std::size_t first = begin; first < end; first += group) {
      const std::size_t count = (std::min)(group, end - first);
      for (std::size_t chunk = 0; chunk < chunks; chunk += together) {
        const std::size_t n = (std::min)(together, chunks - chunk);
        // What will be read when these rows have had their turn, so as not to wait for it.
        const bool is_last = chunk + n == chunks;
        const std::size_t ahead = is_last ? group : 0, next = is_last ? 0 : (chunk + n) * size;
        const std::size_t next_count = (std::min)(n * size, b.cols() - next);
        for (std::size_t i = 0; i < count; ++i) {
          if (reads_ahead && first + ahead + i < b.rows()) {
            b.memory().prefetch(first + ahead + i, next, next_count);
          }
          few.multiply(b, first + i, chunk, n, sums + i * kernels::product_steps::steps);
        }
        for (std::size_t j = 0; j < n * few.count(); ++j) {
          kernels::add_steps(level, sums + j * sums_size,
                             totals + j % few.count() * most_rows + (first - begin));
        }
      }
    }
    finish_few_rows(totals, most_rows, a.rows(), begin, end, few_are, sink);
  };
  how.run(parts.count(), task(run));
}

/// Whether sums of few rows may begin as they do: those of steps beyond the end are added too, and
/// would make +0 of -0.
[[nodiscard]] inline bool can_begin_few_rows(const matrix_view<const float>* start) {
  if (start == nullptr) return true;
  const matrix_view<const float>& c = *start;
  for (std::size_t row = 0; row < c.rows; ++row) {
    for (std::size_t col = 0; col < c.cols; ++col) {
      if (bits_of(c(row, col)) == 0x80000000u) return false;
    }
  }
  return true;
}

/// On which side of C are the few rows by which the other operand is multiplied; on none, if both
/// have more than `most`.
[[nodiscard]] inline std::optional<side> few_side(std::size_t a_rows, std::size_t b_rows,
                                                  std::size_t most,
                                                  const matrix_view<const float>* start) {
  if ((std::min)(a_rows, b_rows) > most || !can_begin_few_rows(start)) return std::nullopt;
  return a_rows <= b_rows ? side::rows : side::columns;
}

/// By either of these, in the order k32.
template <step_panels Panels>
void multiply_k32(const typename Panels::source& a, const typename Panels::source& b,
                  const sum_sink& sink, const execution& how) {
  const auto few_are = few_side(a.rows(), b.rows(), most_few_rows, sink.start());
  if (!few_are) {
    if constexpr (requires { Panels::step(a, b); }) {
      return multiply_either_way<Panels>(a, b, sink, how, Panels::step(a, b));
    } else {
      return multiply_either_way<Panels>(a, b, sink, how);
    }
  }
  const bool is_first = *few_are == side::rows;
  multiply_few_rows<Panels>(is_first ? a : b, is_first ? b : a, *few_are, sink, how);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
