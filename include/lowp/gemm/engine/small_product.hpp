// SPDX-License-Identifier: MIT
// A product of so few elements that to allocate, to plan and to share the work would take longer
// than the work itself: both operands in binary32 and all sums on the stack of the calling thread,
// in the order k32.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lowp/core/config.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// a * b^T, both of which it refers to.
class small_product {
  static constexpr std::size_t most_products = std::size_t{1} << 17, most_sums = 4096;
  static constexpr std::size_t most_depth = kernels::product_tile::max_depth;
  static constexpr std::size_t group = lane_tiles::group, most_tile = 32;
  // Of the rows that are broadcast, in a chunk: with 16 others or more each of their values takes
  // part in as many products; and fewer than 16 rows have at most 15 * most_depth.
  static constexpr std::size_t most_values = most_products / group;
  static_assert(15 * most_depth <= most_values);

 public:
  /// Whether a product is one. Few sums of long chains are better spread over lanes by steps of K.
  [[nodiscard]] static bool is_small(std::size_t m, std::size_t n, std::size_t depth) {
    return m - 1 < most_sums && n - 1 < most_sums && m * n <= most_sums &&
           depth <= most_products / (m * n) && (depth <= most_depth || (std::max)(m, n) >= group);
  }

  small_product(isa level, const row_source& a, const row_source& b)
      : level_(level),
        tile_(kernels::lanes_per_tile(level)),
        lanes_are_(b.rows() >= group || b.rows() >= a.rows() ? side::columns : side::rows),
        lanes_(are_columns() ? b : a),
        rows_(are_columns() ? a : b) {}

  void multiply(const sum_sink& sink) const {
    const default_float_environment environment;
    // [tile][row][lane of the tile]; the last tile may be one of 16, and then come zeros for a
    // square of `finish`. Fewer than 2 * most_sums, since rows with fewer than 16 lanes are fewer.
    alignas(64) float sums[2 * most_sums + group * most_tile];
    begin(sink, sums);
    for (std::size_t k = 0; k < lanes_.cols(); k += most_depth) {
      add_chunk(k, (std::min)(most_depth, lanes_.cols() - k), sums);
    }
    finish(sink, sums);
  }

 private:
  [[nodiscard]] bool are_columns() const { return lanes_are_ == side::columns; }
  [[nodiscard]] std::size_t width_of(std::size_t lane) const {
    return lanes_.rows() - lane <= group ? group : tile_;
  }
  [[nodiscard]] std::size_t used_of(std::size_t lane) const {
    return (std::min)(tile_, lanes_.rows() - lane);
  }

  void begin(const sum_sink& sink, float* sums) const {
    std::fill_n(sums,
                rows_.rows() * round_up(lanes_.rows(), group) + (are_columns() ? 0 : group * tile_),
                0.0f);
    if (sink.start() == nullptr) return;
    const matrix_view<const float>& c = *sink.start();
    for (std::size_t lane = 0; lane < lanes_.rows(); lane += tile_) {
      float* const tile = sums + lane * rows_.rows();
      const std::size_t width = width_of(lane), used = used_of(lane);
      for (std::size_t r = 0; r < rows_.rows(); ++r) {
        for (std::size_t i = 0; i < used; ++i) {
          tile[r * width + i] = are_columns() ? c(r, lane + i) : c(lane + i, r);
        }
      }
    }
  }

  /// Some rows of an operand from k on, and how far apart they lie: where they are, or decoded.
  struct row_values {
    const float* first;
    std::size_t stride;
  };
  [[nodiscard]] static row_values load(const row_source& from, std::size_t row, std::size_t rows,
                                       std::size_t k, std::size_t count, float* buffer) {
    if (const matrix_view<const float>* const values = from.origin().binary32) {
      return {values->row(row) + k, values->stride};
    }
    return {buffer, from.load(row, rows, k, count, count, buffer)};
  }

  void add_chunk(std::size_t k, std::size_t count, float* sums) const {
    alignas(64) float row_buffer[most_values];
    alignas(64) float lane_buffer[group * most_depth];
    alignas(64) float panel[most_tile * most_depth];
    const row_values rows = load(rows_, 0, rows_.rows(), k, count, row_buffer);
    for (std::size_t lane = 0; lane < lanes_.rows(); lane += tile_) {
      const std::size_t width = width_of(lane), used = used_of(lane);
      for (std::size_t g = 0; g < width; g += group) {
        const std::size_t n = g < used ? (std::min)(group, used - g) : 0;
        const row_values from = load(lanes_, lane + g, n, k, count, lane_buffer);
        kernels::transpose_part(level_, from.first, from.stride, n, count, panel + g, width);
      }
      kernels::multiply(
          level_, kernels::product_tile{panel, width, rows.first, rows.stride, rows_.rows(), count,
                                        sums + lane * rows_.rows()});
    }
  }

  void finish(const sum_sink& sink, const float* sums) const {
    for (std::size_t lane = 0; lane < lanes_.rows(); lane += tile_) {
      const float* const tile = sums + lane * rows_.rows();
      const std::size_t width = width_of(lane), used = used_of(lane);
      if (are_columns()) {
        sink.finish_rows(0, rows_.rows(), lane, used, tile, width);
        continue;
      }
      for (std::size_t g = 0; g < used; g += group) {  // fewer than 16 rows, which are columns of C
        alignas(64) float square[group * group];
        kernels::transpose(level_, tile + g, width, group, square, group);
        sink.finish_rows(lane + g, (std::min)(group, used - g), 0, rows_.rows(), square, group);
      }
    }
  }

  isa level_;
  std::size_t tile_;
  side lanes_are_;  ///< of C
  const row_source& lanes_;
  const row_source& rows_;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
