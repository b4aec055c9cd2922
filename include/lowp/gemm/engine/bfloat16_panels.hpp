// SPDX-License-Identifier: MIT
// Operands whose values have at most 8 significant bits, scales included, as bfloat16: what the
// tile registers of AMX multiply, in the order k32, and so do dot products in vectors if each is
// given values of one chain.
//
// Both take subnormal numbers for zero. Where every value is normal and the lowest bits of
// any two multiply to at least 2^-126, there are none: a sum is a multiple of that power. Where
// that does not hold for some rows, another kernel, which agrees, goes on with their sums.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/panel_memory.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

#if LOWP_X86_TARGETS

/// By kernels::tile_registers.
template <class Tiles>
struct tile_products {
  using session = kernels::tile_session<Tiles>;
  static constexpr kernels::pair_order order = kernels::pair_order::neighbors;
  static constexpr bool flushes_sums = true;  ///< those that a step is added to
  static constexpr std::size_t most_rows = 256, tile_rows = 32;
  static void multiply(const kernels::bfloat16_tile& t) { kernels::multiply_by_tiles<Tiles>(t); }
};
/// By vectors.
struct dot_products {
  using session = panel_sums<>::session;
  static constexpr kernels::pair_order order = kernels::pair_order::chains;
  static constexpr bool flushes_sums = false;
  static constexpr std::size_t tile_rows = kernels::bfloat16_tile::dot_rows;
  static constexpr std::size_t most_rows = 6 * tile_rows;
  static void multiply(const kernels::bfloat16_tile& t) { kernels::multiply_by_dots(t); }
};

template <class Products>
struct bfloat16_panels : panel_sums<> {
  using source = row_source;
  using tile = kernels::bfloat16_tile;
  using session = typename Products::session;

  /// Many lanes, since the rows are decoded once for all of them.
  static constexpr std::size_t most_lanes = 512;
  static constexpr std::size_t most_rows = Products::most_rows, tile_rows = Products::tile_rows;
  [[nodiscard]] static std::size_t rows_per_tile(isa) { return tile_rows; }

  static constexpr std::size_t max_depth = kernels::product_tile::max_depth;
  static constexpr int all_zero = 256, lowest_normal = -126;

  /// A part of a row, with zeros up to a multiple of 32 values. Returns the lowest exponent field
  /// of those that are not zero; of one that is no bfloat16, since it is subnormal, less than 1.
  [[nodiscard]] static int load_words(const source& from, std::size_t row, std::size_t k,
                                      std::size_t count, std::uint32_t* words) {
    const row_origin& origin = from.origin();
    if (origin.is_bfloat16) {
      const void* const first = from.memory().at(row, k);
      return kernels::arrange_bfloat16<Products::order>(first, count, words);
    }
    if (origin.codes != nullptr && origin.codes->bits == 4 && count % 32 == 0) {
      const int lowest = load_nibbles(*origin.codes, row, k, count / 32, words);
      if (lowest >= 0) return lowest;
    }
    alignas(64) float values[max_depth];
    const std::size_t padded = round_up(count, 32);
    from(row, k, count, values);
    std::fill(values + count, values + padded, 0.0f);
    return kernels::narrow_to_bfloat16<Products::order>(values, padded, words);
  }
  [[nodiscard]] static int load_nibbles(const code_rows& from, std::size_t row, std::size_t k,
                                        std::size_t steps, std::uint32_t* words) {
    alignas(64) float scales[max_depth / 16];
    if (!from.find_scales(row, k / 32, steps, scales)) return -1;
    const std::uint8_t* const codes = from.codes + row * from.row_bytes + k / 2;
    const auto decode = from.scales_per_step == 1
                            ? &kernels::decode_nibbles_to_bfloat16<Products::order, 1>
                            : &kernels::decode_nibbles_to_bfloat16<Products::order, 2>;
    return decode(*from.values, codes, scales, steps, words);
  }

  /// Rows along the lanes of vectors, two k of a lane in a word.
  class lanes : public lane_tiles {
   public:
    /// `last_bits`: how far below the first bits of two values the last one of their product lies,
    /// at most.
    lanes(isa level, const source& from, std::size_t first, std::size_t count, int last_bits)
        : lane_tiles(level, count, from.cols(), 32),
          from_(from),
          first_(first),
          last_bits_(last_bits),
          words_(size() / 2),
          lowest_(make_aligned<int>(tile_count())) {}

    void pack(std::size_t t) const {
      alignas(64) std::uint32_t rows[group * tile::row_stride];
      const std::size_t width = tile_width(t), used = used_width(t);
      int lowest = all_zero;
      for (std::size_t k = 0; k < from_.cols(); k += max_depth) {
        const std::size_t n = (std::min)(max_depth, from_.cols() - k), words = round_up(n, 32) / 2;
        prefetch_after(from_.memory(), first_, t, k, from_.cols());
        for (std::size_t g = 0; g < width; g += group) {
          for (std::size_t i = 0; i < group; ++i) {
            std::uint32_t* const row = rows + i * tile::row_stride;
            if (g + i < used) {
              lowest =
                  (std::min)(lowest, load_words(from_, first_ + tile_lane(t) + g + i, k, n, row));
            } else {
              std::fill(row, row + words, 0u);
            }
          }
          kernels::transpose(level(), rows, tile::row_stride, words,
                             words_.get() + place(t, k) / 2 + g, width);
        }
      }
      lowest_[t] = lowest;
    }
    [[nodiscard]] const std::uint32_t* at(std::size_t t, std::size_t k) const {
      return words_.get() + place(t, k) / 2;
    }
    /// Whether sums of products of a tile and of rows with this lowest exponent field are zero or
    /// normal.
    [[nodiscard]] bool are_normal(std::size_t t, int lowest_of_rows) const {
      constexpr int bias = 127;
      const int lowest = lowest_[t];
      return lowest > 0 && lowest_of_rows > 0 &&
             lowest - bias + lowest_of_rows - bias - last_bits_ >= lowest_normal;
    }
    /// A chunk of a tile in binary32.
    void decode(std::size_t t, std::size_t k, std::size_t count, float* values) const {
      load_lanes(level(), from_, first_ + tile_lane(t), used_width(t), tile_width(t), k, count,
                 values);
    }

   private:
    const source& from_;
    std::size_t first_;
    int last_bits_;
    panel_array<std::uint32_t> words_;
    aligned_array<int> lowest_;
  };

  /// A chunk of a few rows. They are loaded from the first on, k ascending, and a block has each
  /// of its groups of rows once.
  class rows {
   public:
    void load(isa, const source& from, std::size_t i, std::size_t row, std::size_t k,
              std::size_t count) {
      if (i == 0) {
        from_ = &from;
        first_ = row;
        if (k == 0) lowest() = all_zero;
      }
      const int lowest_of_row = load_words(from, row, k, count, words_ + i * tile::row_stride);
      lowest() = (std::min)(lowest(), lowest_of_row);
    }
    void multiply(const lanes& with, std::size_t t, std::size_t k, std::size_t count,
                  std::size_t row_count, float* sums) {
      const std::size_t width = with.tile_width(t);
      if (Products::flushes_sums && k == 0 && !begin_normal(sums, row_count * width)) lowest() = 0;
      if (!with.are_normal(t, lowest())) {
        return multiply_values(with, t, k, count, row_count, sums);
      }
      Products::multiply(
          tile{with.at(t, k), width, words_, row_count, round_up(count, 32) / 2, sums});
    }

   private:
    /// Whether sums begin with multiples of the lowest normal number.
    [[nodiscard]] static bool begin_normal(const float* sums, std::size_t count) {
      return kernels::lowest_exponent_field(sums, count) >= 1 + 23;
    }
    /// Of these rows, from the first k on.
    [[nodiscard]] int& lowest() { return lowest_of_[first_ / tile_rows % (most_rows / tile_rows)]; }
    /// multiply by values in binary32.
    LOWP_NOINLINE void multiply_values(const lanes& with, std::size_t t, std::size_t k,
                                       std::size_t count, std::size_t row_count,
                                       float* sums) const {
      using kernels::product_tile;
      constexpr std::size_t group = lane_tiles::group;
      alignas(64) float lane_values[2 * group * max_depth];
      alignas(64) float row_values[group * product_tile::buffer_stride];
      const std::size_t width = with.tile_width(t);
      with.decode(t, k, count, lane_values);
      for (std::size_t row = 0; row < row_count; row += group) {
        const std::size_t n = (std::min)(group, row_count - row);
        for (std::size_t i = 0; i < n; ++i) {
          (*from_)(first_ + row + i, k, count, row_values + i * product_tile::buffer_stride);
        }
        kernels::multiply(with.level(),
                          product_tile{lane_values, width, row_values, product_tile::buffer_stride,
                                       n, count, sums + row * width});
      }
    }

    alignas(64) std::uint32_t words_[tile_rows * tile::row_stride];
    const source* from_ = nullptr;
    std::size_t first_ = 0;
    int lowest_of_[most_rows / tile_rows] = {};
  };
};

#endif

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
