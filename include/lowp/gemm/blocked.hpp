// SPDX-License-Identifier: MIT
// The matrix product in blocks that fit the caches. It knows rows of binary32 and where finished
// sums go, no formats.
//
// The rows of A lie along the lanes of vectors: they are transposed into panels, chunks of which
// stay in the second-level cache. The rows of B, of which there are usually more, are decoded a few
// at a time into the first-level cache, and each of their values is broadcast.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/rows.hpp"
#include "lowp/kernels/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// One operand transposed for the lanes of vectors: [tile][k][lane of the tile]. Tiles are of
/// lanes_per_tile, but the last is of 16 if that is enough; lanes beyond the last are zero.
class lane_panels {
 public:
  /// For `count` rows of an operand from `first` on, not packed yet. Throws std::bad_alloc.
  lane_panels(isa level, const row_source& source, std::size_t first, std::size_t count)
      : level_(level),
        source_(source),
        first_(first),
        count_(count),
        tile_(kernels::lanes_per_tile(level)),
        depth_(round_up(source.cols(), group)),
        values_(new float[round_up(count, group) * depth_]) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t tile_count() const { return (count_ + tile_ - 1) / tile_; }
  [[nodiscard]] std::size_t tile_lane(std::size_t tile) const { return tile * tile_; }
  [[nodiscard]] std::size_t tile_width(std::size_t tile) const {
    return count_ - tile * tile_ <= group ? group : tile_;
  }
  /// The lanes of a tile that are rows of the operand.
  [[nodiscard]] std::size_t used_width(std::size_t tile) const {
    return std::min(tile_, count_ - tile * tile_);
  }
  [[nodiscard]] const float* tile_at(std::size_t tile, std::size_t k) const {
    return values_.get() + tile * tile_ * depth_ + k * tile_width(tile);
  }

  void pack(std::size_t tile) const {
    constexpr std::size_t stride = kernels::product_tile::row_stride;
    constexpr std::size_t most = kernels::product_tile::max_depth;
    alignas(64) float rows[group * stride];
    const std::size_t lane = tile * tile_, width = tile_width(tile);
    float* const panel = values_.get() + lane * depth_;
    for (std::size_t g = 0; g < width; g += group) {
      for (std::size_t k = 0; k < source_.cols(); k += most) {
        const std::size_t n = std::min(most, source_.cols() - k), padded = round_up(n, group);
        for (std::size_t i = 0; i < group; ++i) {
          float* const row = rows + i * stride;
          const bool is_used = lane + g + i < count_;
          if (is_used) source_(first_ + lane + g + i, k, n, row);
          std::fill(row + (is_used ? n : 0), row + padded, 0.0f);
        }
        kernels::transpose(level_, rows, stride, padded, panel + k * width + g, width);
      }
    }
  }

  static constexpr std::size_t group = 16;  // lanes that are transposed at a time

 private:
  isa level_;
  const row_source& source_;
  std::size_t first_, count_, tile_, depth_;
  std::unique_ptr<float[]> values_;
};

/// A block of C: some tiles of lanes and some rows of B, over all of K. Blocks are independent of
/// each other.
struct product_block {
  isa level;
  const lane_panels& lanes;
  std::size_t first_lane;  ///< the row of A where the panels begin
  const row_source& rows;
  const sum_sink& sink;

  /// Of a block: its sums and a chunk of its panels stay in the second-level cache.
  static constexpr std::size_t most_lanes = 192, most_rows = 192;

  void operator()(std::size_t tile_begin, std::size_t tile_end, std::size_t first_row,
                  std::size_t row_count) const {
    constexpr std::size_t depth = kernels::product_tile::max_depth;
    constexpr std::size_t stride = kernels::product_tile::row_stride;
    alignas(64) float sums[most_lanes * most_rows];
    alignas(64) float buffer[lane_panels::group * stride];
    const std::size_t tile_rows = kernels::rows_per_tile(level);
    const std::size_t tile_sums = kernels::lanes_per_tile(level) * most_rows;
    const auto sums_of = [&](std::size_t tile) { return sums + (tile - tile_begin) * tile_sums; };
    std::fill(sums, sums + (tile_end - tile_begin) * tile_sums, 0.0f);
    for (std::size_t k = 0; k < rows.cols(); k += depth) {
      const std::size_t n = std::min(depth, rows.cols() - k);
      for (std::size_t row = 0; row < row_count; row += tile_rows) {
        const std::size_t count = std::min(tile_rows, row_count - row);
        for (std::size_t i = 0; i < count; ++i) {
          rows(first_row + row + i, k, n, buffer + i * stride);
        }
        for (std::size_t tile = tile_begin; tile < tile_end; ++tile) {
          const std::size_t width = lanes.tile_width(tile);
          kernels::multiply(level, {lanes.tile_at(tile, k), width, buffer, count, n,
                                    sums_of(tile) + row * width});
        }
      }
    }
    for (std::size_t tile = tile_begin; tile < tile_end; ++tile) {
      finish(tile, first_row, row_count, sums_of(tile), buffer);
    }
  }

 private:
  /// Transposes the sums back into rows of C.
  void finish(std::size_t tile, std::size_t first_row, std::size_t row_count, const float* sums,
              float* buffer) const {
    constexpr std::size_t group = lane_panels::group;
    const std::size_t width = lanes.tile_width(tile), used = lanes.used_width(tile);
    for (std::size_t g = 0; g < used; g += group) {
      for (std::size_t row = 0; row < row_count; row += group) {
        kernels::transpose(level, sums + row * width + g, width, group, buffer + row, most_rows);
      }
      for (std::size_t i = 0; i < group && g + i < used; ++i) {
        sink(first_lane + lanes.tile_lane(tile) + g + i, first_row, row_count,
             buffer + i * most_rows);
      }
    }
  }
};

/// The sums of all products of a row of a and a row of b, in the order k32.
inline void multiply_blocks(const row_source& a, const row_source& b, const sum_sink& sink,
                            const execution& how) {
  const std::size_t tile = kernels::lanes_per_tile(how.level());
  // Panels of at most 64 MiB at a time, where a tile is not more.
  const std::size_t most_panels = (std::size_t{1} << 24) / (a.cols() + 1);
  const equal_parts groups(a.rows(), std::max(most_panels, tile), tile);
  for (std::size_t group = 0; group < groups.count(); ++group) {
    const std::size_t first = groups.begin(group);
    const lane_panels panels(how.level(), a, first, groups.end(group) - first);
    const auto pack = [&](std::size_t i) {
      const default_float_environment environment;
      panels.pack(i);
    };
    how.run(panels.tile_count(), task(pack));

    const product_block block{how.level(), panels, first, b, sink};
    const equal_parts tiles(panels.tile_count(), product_block::most_lanes / tile, 1);
    const equal_parts parts(b.rows(), product_block::most_rows,
                            kernels::rows_per_tile(how.level()));
    const auto run = [&](std::size_t i) {
      const default_float_environment environment;
      const std::size_t t = i % tiles.count(), part = i / tiles.count();
      block(tiles.begin(t), tiles.end(t), parts.begin(part), parts.end(part) - parts.begin(part));
    };
    how.run(tiles.count() * parts.count(), task(run));
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
