// SPDX-License-Identifier: MIT
// How a product is cut: into parts for the threads, and into tiles of lanes.
#pragma once

#include <algorithm>
#include <cstddef>

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

/// How many rows are few.
inline constexpr std::size_t most_few_rows = 8;
/// Chunks times rows whose sums fit the first-level cache: so much is read of one of the many rows
/// in one go, as it lies in memory.
inline constexpr std::size_t most_step_sums = 8;

/// Rows laid along lanes: in tiles of lanes_per_tile, but the last is of 16 if that is enough.
/// Lanes beyond the last row are there and zero. Values lie as [chunk of K][tile][k][lane of the
/// tile]: what is used together is in one piece, which does not compete for a part of the cache.
class lane_tiles {
 public:
  /// `unit`: what the length of a chunk, which is at most `most`, is a multiple of.
  lane_tiles(isa level, std::size_t count, std::size_t depth, std::size_t unit,
             std::size_t most = kernels::product_tile::max_depth)
      : level_(level),
        count_(count),
        tile_(kernels::lanes_per_tile(level)),
        chunk_((std::min)(most, round_up(depth, unit))),
        chunks_(chunk_ == 0 ? 0 : (depth + chunk_ - 1) / chunk_) {}

  static constexpr std::size_t group = 16;  // lanes that are transposed at a time

  [[nodiscard]] isa level() const { return level_; }
  [[nodiscard]] std::size_t tile_count() const { return (count_ + tile_ - 1) / tile_; }
  [[nodiscard]] std::size_t tile_lane(std::size_t tile) const { return tile * tile_; }
  [[nodiscard]] std::size_t tile_width(std::size_t tile) const {
    return count_ - tile_lane(tile) <= group ? group : tile_;
  }
  /// How many values there are, and where those of a tile begin for a k that begins a chunk.
  [[nodiscard]] std::size_t size() const { return round_up(count_, group) * chunk_ * chunks_; }
  [[nodiscard]] std::size_t place(std::size_t tile, std::size_t k) const {
    return round_up(count_, group) * k + tile_lane(tile) * chunk_;
  }
  /// The lanes of a tile that are rows.
  [[nodiscard]] std::size_t used_width(std::size_t tile) const {
    return (std::min)(tile_, count_ - tile_lane(tile));
  }

 private:
  isa level_;
  std::size_t count_, tile_, chunk_, chunks_;
};

/// What multiply_blocks asks of panels, unless they say otherwise: how many numbers, and of which
/// type, a sum takes while it grows. Sums that are not one float the lanes finish.
template <class Number = float, std::size_t Numbers = 1>
struct panel_sums {
  using number = Number;
  static constexpr std::size_t numbers_per_sum = Numbers;
  static constexpr std::size_t numbers_from_zero = Numbers;  ///< the first ones, when a sum begins
  /// Whether the lanes are always columns of C, never its rows.
  static constexpr bool lanes_are_columns = false;
  /// How deep a chunk of K is.
  static constexpr std::size_t chunk_depth = kernels::product_tile::max_depth;

  /// The rows of a tile, of which those of lanes are in lane_tiles.
  [[nodiscard]] static std::size_t rows_per_tile(isa level) {
    return kernels::rows_per_tile(level);
  }
  /// What a block has at most. Its sums and a chunk of its panels stay in the second-level cache.
  static constexpr std::size_t most_lanes = 192;
  static constexpr std::size_t most_rows =
      192 * sizeof(float) / sizeof(number) / Numbers / 12 * 12;  ///< whole tiles

  /// What a thread does before and after a block.
  struct session {
    explicit session(isa) {}
  };
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
