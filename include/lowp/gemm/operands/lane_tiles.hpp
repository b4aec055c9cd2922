// SPDX-License-Identifier: MIT
// How a product is cut: into parts for the threads, and into tiles of lanes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "lowp/core/memory.hpp"
#include "lowp/gemm/operands/row_memory.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// [0, size) cut into parts of at most `most`, equal but for a multiple of `unit`.
struct equal_parts {
  std::size_t size, part;
  constexpr equal_parts(std::size_t whole, std::size_t most, std::size_t unit) : size(whole) {
    const std::size_t parts = (whole + most - 1) / most;
    part = parts == 0 ? unit : round_up((whole + parts - 1) / parts, unit);
  }
  [[nodiscard]] constexpr std::size_t count() const { return (size + part - 1) / part; }
  [[nodiscard]] constexpr std::size_t begin(std::size_t i) const { return i * part; }
  [[nodiscard]] constexpr std::size_t end(std::size_t i) const {
    return (std::min)(size, (i + 1) * part);
  }
};

using lowp::detail::aligned_array;
/// Not initialized. Throws std::bad_alloc.
template <class T>
[[nodiscard]] aligned_array<T> make_aligned(std::size_t size) {
  return aligned_array<T>(size);
}

/// Chunks of product_steps in a row.
[[nodiscard]] constexpr std::size_t step_chunks(std::size_t depth) {
  return (depth + kernels::product_steps::size - 1) / kernels::product_steps::size;
}

/// Of what rows of an operand are rows: of C, as those of the first factor, or of its transpose.
enum class side : bool { rows, columns };

/// How many rows are few.
inline constexpr std::size_t most_few_rows = 8;
/// How many are few for multiply_few_by_pairs. More fill the lanes of tiles.
inline constexpr std::size_t most_rows_by_pairs = 10;
/// So many rows, or 1, 2, 3, 4, 6 or 8, as many as kernels have room for.
[[nodiscard]] constexpr std::size_t padded_few_rows(std::size_t rows) {
  return rows > 4 ? round_up(rows, 2) : rows;
}
/// … by a packed operand, which kernels take eight rows at a time.
inline constexpr std::size_t most_few_packed_rows = 64;
static_assert(most_few_packed_rows >= most_rows_by_pairs);
/// Chunks times rows whose sums fit the first-level cache: so much is read of one of the many rows
/// in one go, as it lies in memory.
inline constexpr std::size_t most_step_sums = 8;

/// Rows laid along lanes: in tiles of lanes_per_tile, but the last is of 16 if that is enough.
/// Lanes beyond the last row are there and zero. Values lie as [chunk of K][tile][k][lane of the
/// tile]: what is used together is in one piece, which does not compete for a part of the cache.
class lane_tiles {
 public:
  /// `unit`: what the length of a chunk as it is laid out is a multiple of; `step`: how much of K
  /// is in it.
  lane_tiles(isa level, std::size_t count, std::size_t depth, std::size_t unit,
             std::size_t step = kernels::product_tile::max_depth)
      : level_(level),
        count_(count),
        tile_(kernels::lanes_per_tile(level)),
        step_(step),
        chunk_(round_up((std::min)(step, depth), unit)),
        chunks_((depth + step - 1) / step) {}

  static constexpr std::size_t group = 16;  // lanes that are transposed at a time

  [[nodiscard]] isa level() const { return level_; }
  [[nodiscard]] std::size_t tile_count() const { return (count_ + tile_ - 1) / tile_; }
  [[nodiscard]] std::size_t tile_lane(std::size_t tile) const { return tile * tile_; }
  [[nodiscard]] std::size_t tile_width(std::size_t tile) const {
    return count_ - tile_lane(tile) <= group ? group : tile_;
  }
  /// How much of K, at most max_depth, is multiplied at a time.
  [[nodiscard]] std::size_t step() const { return step_; }
  /// How many values there are, and where those of a tile begin for a k that begins a chunk.
  [[nodiscard]] std::size_t size() const { return round_up(count_, group) * chunk_ * chunks_; }
  [[nodiscard]] std::size_t place(std::size_t tile, std::size_t k) const {
    return round_up(count_, group) * (k / step_ * chunk_) + tile_lane(tile) * chunk_;
  }
  /// The lanes of a tile that are rows.
  [[nodiscard]] std::size_t used_width(std::size_t tile) const {
    return (std::min)(tile_, count_ - tile_lane(tile));
  }
  /// Brings nearer what is laid out after the chunk of a tile that begins at k: more of its rows,
  /// or those of the next tile. `first`: the row of lane 0. Of each row a chunk is too little for
  /// the hardware to see a stream.
  void prefetch_after(const row_memory& rows, std::size_t first, std::size_t tile, std::size_t k,
                      std::size_t depth) const {
    k += step_;
    if (k >= depth) {
      ++tile;
      k = 0;
    }
    const std::size_t end = (std::min)(count_, tile_lane(tile + 1));
    for (std::size_t lane = tile_lane(tile); lane < end; ++lane) {
      rows.prefetch(first + lane, k, (std::min)(step_, depth - k));
    }
  }

 private:
  isa level_;
  std::size_t count_, tile_, step_, chunk_, chunks_;
};

/// What multiply_blocks asks of panels, unless they say otherwise: how many numbers, and of which
/// type, a sum takes while it grows. Sums that are not one float the lanes finish.
template <class Number = float, std::size_t Numbers = 1>
struct panel_sums {
  using number = Number;
  static constexpr std::size_t numbers_per_sum = Numbers;
  static constexpr std::size_t numbers_from_zero = Numbers;  ///< the first ones, when a sum begins
  /// Whether the first number of a sum begins with what the result holds (sum_sink::start).
  static constexpr bool begins_with_results = std::is_same_v<Number, float>;
  /// Whether the lanes are always columns of C, never its rows.
  static constexpr bool lanes_are_columns = false;

  /// The rows of a tile, of which those of lanes are in lane_tiles.
  [[nodiscard]] static std::size_t rows_per_tile(isa level) {
    return kernels::rows_per_tile(level);
  }
  /// What a block has at most. Its sums and a chunk of its panels stay in the second-level cache.
  static constexpr std::size_t most_lanes = 192;
  static constexpr std::size_t most_rows =
      192 * sizeof(float) / sizeof(number) / Numbers / 12 * 12;  ///< whole tiles

  /// Whether rows are to be brought nearer before they are loaded.
  template <class Source>
  [[nodiscard]] static bool reads_ahead(const Source&) {
    return true;
  }

  /// What a thread does before and after a block.
  struct session {
    explicit session(isa) {}
  };
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
