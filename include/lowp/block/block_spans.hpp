// SPDX-License-Identifier: MIT
// How rows of blocks are cut for the kernels: into spans of whole blocks, whose scales are found at
// a time, and these into chunks of elements. Kernels find the factors of blocks of 16, 32, 64 …
// elements by shifting an index; in blocks of any other width each element is given one of its own.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/block/scaled_blocks.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Elements of a row that are worked on at a time.
inline constexpr std::size_t chunk_size = buffer_size;
/// The most blocks in a span.
inline constexpr std::size_t max_blocks = chunk_size;
/// As log2 of a block: all elements of a chunk have one scale. An index shifted by it is 0.
inline constexpr int one_block = 63;

/// Whether the kernels find the factors of several blocks of this width in a row by themselves.
[[nodiscard]] constexpr bool is_kernel_block(std::size_t block_cols) {
  return block_cols >= 16 && std::has_single_bit(block_cols);
}
/// Whether they find those of rows of `cols`, in which a block of any width may be the only one.
[[nodiscard]] constexpr bool is_kernel_block(std::size_t block_cols, std::size_t cols) {
  return block_cols >= cols || is_kernel_block(block_cols);
}

/// The fewest columns that are whole blocks and begin at a byte, whatever the width of a code.
[[nodiscard]] constexpr std::size_t span_unit(std::size_t block_cols) {
  const std::size_t power = block_cols & (~block_cols + 1);
  return block_cols * (power < 8 ? 8 / power : 1);
}

/// How the rows of a matrix of `cols` columns are cut.
struct block_spans {
  std::size_t width;   ///< of a block
  std::size_t size;    ///< of a span: whole blocks, from a byte on, or the row
  int log2_block = 0;  ///< how the kernels find the factor of an element

  constexpr block_spans(std::size_t block_cols, std::size_t cols)
      : width(block_cols), size(chunk_size) {
    if (block_cols >= cols) {
      size = (std::max)(cols, std::size_t{1});
      log2_block = one_block;
    } else if (!is_kernel_block(block_cols)) {
      const std::size_t unit = span_unit(block_cols);
      size = unit * (std::max)(std::size_t{1}, chunk_size / unit);
    } else if (block_cols > chunk_size) {
      size = block_cols;
      log2_block = one_block;
    } else {
      log2_block = static_cast<int>(std::bit_width(block_cols)) - 1;
    }
  }
  [[nodiscard]] constexpr bool have_own_factors() const { return log2_block == 0; }
  /// The block in which an element of a row lies; nearly always without a division.
  [[nodiscard]] constexpr std::size_t block_of(std::size_t element) const {
    if (element < width) return 0;
    if (log2_block != 0 && log2_block != one_block) return element >> log2_block;
    return element / width;
  }
  [[nodiscard]] constexpr std::size_t blocks_in(std::size_t count) const {
    return block_of(count + width - 1);
  }
};

/// A factor for each element, for kernels that read whole groups of them.
struct element_factors {
  alignas(64) std::uint32_t of[chunk_size + kernels::term_slack];

  /// Those of elements first … first + count - 1 of blocks of some width with these factors.
  void fill(const std::uint32_t* factors, std::size_t width, std::size_t first, std::size_t count) {
    if (width == 1) {
      std::memcpy(of, factors + first, count * sizeof *of);
      return;
    }
    std::size_t block = first / width, left = width - first % width;
    for (std::size_t i = 0; i < count; ++block, left = width) {
      const std::size_t n = (std::min)(left, count - i);
      const std::uint64_t two = std::uint64_t{factors[block]} << 32 | factors[block];
      for (std::size_t j = 0; j < n; j += 8) {
        for (std::size_t k = 0; k < 8; k += 2) std::memcpy(of + i + j + k, &two, sizeof two);
      }
      i += n;
    }
  }
};

/// A matrix whose rows follow each other is one row, if blocks and bytes are not cut by the end of
/// a row, and a longer row is no loss: elements are given factors for the sake of narrow blocks.
[[nodiscard]] constexpr bool is_one_row(std::size_t cols, std::size_t stride, block_shape shape,
                                        int bits, bool may_have_own_factors) {
  if (shape.rows != 1 || shape.cols == block_shape::whole || stride != cols) return false;
  const auto block_cols = static_cast<std::size_t>(shape.cols);
  return cols % block_cols == 0 && cols * static_cast<std::size_t>(bits) % 8 == 0 &&
         (is_kernel_block(block_cols) || (may_have_own_factors && block_cols < 64));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
