// SPDX-License-Identifier: MIT
// Operands of any format as the kernels of a product take them: values in binary32.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

#include "lowp/gemm/lane_tiles.hpp"
#include "lowp/gemm/rows.hpp"
#include "lowp/kernels/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

struct binary32_panels {
  using source = row_source;

  /// Rows along the lanes of vectors: [tile][k][lane of the tile].
  class lanes : public lane_tiles {
   public:
    lanes(isa level, const source& from, std::size_t first, std::size_t count)
        : lane_tiles(level, count),
          from_(from),
          first_(first),
          depth_(round_up(from.cols(), group)),
          values_(new float[round_up(count, group) * depth_]) {}

    void pack(std::size_t tile) const {
      constexpr std::size_t stride = kernels::product_tile::row_stride;
      constexpr std::size_t most = kernels::product_tile::max_depth;
      alignas(64) float rows[group * stride];
      const std::size_t width = tile_width(tile), used = used_width(tile);
      float* const panel = values_.get() + tile_lane(tile) * depth_;
      for (std::size_t g = 0; g < width; g += group) {
        for (std::size_t k = 0; k < from_.cols(); k += most) {
          const std::size_t n = std::min(most, from_.cols() - k), padded = round_up(n, group);
          for (std::size_t i = 0; i < group; ++i) {
            float* const row = rows + i * stride;
            const std::size_t filled = g + i < used ? n : 0;
            if (filled != 0) from_(first_ + tile_lane(tile) + g + i, k, n, row);
            std::fill(row + filled, row + padded, 0.0f);
          }
          kernels::transpose(level(), rows, stride, padded, panel + k * width + g, width);
        }
      }
    }
    [[nodiscard]] const float* at(std::size_t tile, std::size_t k) const {
      return values_.get() + tile_lane(tile) * depth_ + k * tile_width(tile);
    }

   private:
    const source& from_;
    std::size_t first_, depth_;
    std::unique_ptr<float[]> values_;
  };

  /// A chunk of a few rows, whose values are broadcast.
  class rows {
   public:
    void load(isa, const source& from, std::size_t i, std::size_t row, std::size_t k,
              std::size_t count) {
      from(row, k, count, values_ + i * kernels::product_tile::row_stride);
    }
    void multiply(const lanes& with, std::size_t tile, std::size_t k, std::size_t count,
                  std::size_t row_count, float* sums) const {
      kernels::multiply(with.level(), kernels::product_tile{with.at(tile, k), with.tile_width(tile),
                                                            values_, row_count, count, sums});
    }

   private:
    alignas(64) float values_[lane_tiles::group * kernels::product_tile::row_stride];
  };

  /// All of a few rows, by steps: [chunk][row][k of the step][step].
  class few {
   public:
    few(isa level, const source& from, const source&)
        : level_(level),
          count_(from.rows()),
          values_(new float[step_chunks(from.cols()) * count_ * size]) {
      for (std::size_t chunk = 0; chunk < step_chunks(from.cols()); ++chunk) {
        for (std::size_t row = 0; row < count_; ++row) {
          load_steps(level, from, row, chunk * size, values_.get() + (chunk * count_ + row) * size);
        }
      }
    }
    /// sums[(i * rows + f) * group + step] of the steps of chunk + i, of each of these rows and
    /// another.
    void multiply(const source& other, std::size_t row, std::size_t chunk, std::size_t chunks,
                  float* sums) const {
      alignas(64) float values[size];
      for (std::size_t i = 0; i < chunks; ++i) {
        load_steps(level_, other, row, (chunk + i) * size, values);
        kernels::multiply(level_, kernels::product_steps{
                                      values_.get() + (chunk + i) * count_ * size, count_, values,
                                      sums + i * count_ * kernels::product_steps::group});
      }
    }

   private:
    static constexpr std::size_t size = kernels::product_steps::size;
    /// Values of a row from `first` on; those beyond the row are zero.
    static void load_steps(isa level, const source& from, std::size_t row, std::size_t first,
                           float* out) {
      alignas(64) float values[size];
      const std::size_t count = std::min(size, from.cols() - first);
      from(row, first, count, values);
      std::fill(values + count, values + size, 0.0f);
      kernels::transpose(level, values, 32, 32, out, kernels::product_steps::steps);
    }

    isa level_;
    std::size_t count_;
    std::unique_ptr<float[]> values_;
  };
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
