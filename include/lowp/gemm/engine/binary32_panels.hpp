// SPDX-License-Identifier: MIT
// Operands of any format as the kernels of a product take them: values in binary32.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/panel_memory.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A chunk of `used` rows, laid along lanes, [k][width], with zeros in other lanes and, in k, up to
/// a multiple of 16.
inline void load_lanes(isa level, const row_source& from, std::size_t first, std::size_t used,
                       std::size_t width, std::size_t k, std::size_t count, float* out) {
  constexpr std::size_t group = lane_tiles::group, stride = kernels::product_tile::buffer_stride;
  alignas(64) float rows[group * stride];
  const std::size_t padded = round_up(count, group);
  for (std::size_t g = 0; g < width; g += group) {
    const std::size_t n = g < used ? (std::min)(group, used - g) : 0;
    const std::size_t apart = from.load_padded(first + g, n, group, k, count, padded, stride, rows);
    kernels::transpose(level, rows, apart, padded, out + g, width);
  }
}

struct binary32_panels : panel_sums<> {
  using source = row_source;
  static constexpr std::size_t most_lanes = 256, most_rows = 384, most_tile_rows = 24;
  /// Twice those whose sums are in registers: the lanes that they share come from farther away.
  [[nodiscard]] static std::size_t rows_per_tile(isa level) {
    return 2 * kernels::rows_per_tile(level);
  }

  /// How much of K a chunk has. With half of what it may, lanes and sums leave room in the
  /// second-level cache for rows, which then come without being asked for; codes are decoded in
  /// chunks of max_depth.
  [[nodiscard]] static std::size_t step(const source& a, const source& b) {
    constexpr std::size_t most = kernels::product_tile::max_depth;
    const auto lies_in_memory = [](const source& x) {
      return x.origin().binary32 != nullptr || x.origin().is_bfloat16;
    };
    return lies_in_memory(a) && lies_in_memory(b) ? most / 2 : most;
  }
  [[nodiscard]] static bool reads_ahead(const source& rows) {
    return rows.origin().binary32 == nullptr;
  }

  /// Rows along the lanes of vectors.
  class lanes : public lane_tiles {
   public:
    lanes(isa level, const source& from, std::size_t first, std::size_t count,
          std::size_t step = kernels::product_tile::max_depth)
        : lane_tiles(level, count, from.cols(), group, step),
          from_(from),
          first_(first),
          values_(size()) {}

    void pack(std::size_t tile) const {
      for (std::size_t k = 0; k < from_.cols(); k += step()) {
        prefetch_after(from_.memory(), first_, tile, k, from_.cols());
        load_lanes(level(), from_, first_ + tile_lane(tile), used_width(tile), tile_width(tile), k,
                   (std::min)(step(), from_.cols() - k), values_.get() + place(tile, k));
      }
    }
    [[nodiscard]] const float* at(std::size_t tile, std::size_t k) const {
      return values_.get() + place(tile, k);
    }

   private:
    const source& from_;
    std::size_t first_;
    panel_array<float> values_;
  };

  /// A chunk of a few rows, whose values are broadcast from where they lie, or are decoded.
  class rows {
   public:
    rows() = default;
    rows(const rows&) = delete;  // of a pointer to itself
    rows& operator=(const rows&) = delete;

    void load(isa, const source& from, std::size_t i, std::size_t row, std::size_t k,
              std::size_t count) {
      const matrix_view<const float>* const values = from.origin().binary32;
      if (values == nullptr) {
        from(row, k, count, buffer_ + i * stride_);
      } else if (i == 0) {
        values_ = values->row(row) + k;
        stride_ = values->stride;
      }
    }
    /// All of some rows that are decoded as one; false, and nothing done, for others.
    [[nodiscard]] bool load_rows(const source& from, std::size_t row, std::size_t row_count,
                                 std::size_t k, std::size_t count) {
      if (!from.origin().continue_rows || count != from.cols()) return false;
      stride_ = from.load(row, row_count, k, count, stride_, buffer_);
      return true;
    }
    void multiply(const lanes& with, std::size_t t, std::size_t k, std::size_t count,
                  std::size_t row_count, float* sums) const {
      kernels::multiply(with.level(), tile(with, t, k, count, row_count, sums));
    }

   protected:
    [[nodiscard]] kernels::product_tile tile(const lanes& with, std::size_t t, std::size_t k,
                                             std::size_t count, std::size_t row_count,
                                             float* sums) const {
      return {with.at(t, k), with.tile_width(t), values_, stride_, row_count, count, sums};
    }

   private:
    const float* values_ = buffer_;
    std::size_t stride_ = kernels::product_tile::buffer_stride;
    alignas(64) float buffer_[most_tile_rows * kernels::product_tile::buffer_stride];
  };

  /// All of a few rows, by steps: [chunk][k of the step][row][step]. Rows of zeros make them 1, 2,
  /// 3, 4, 6 or 8.
  class few_rows {
   public:
    few_rows(isa level, const source& from, const source&)
        : level_(level),
          count_(padded_few_rows(from.rows())),
          values_(make_aligned<float>(step_chunks(from.cols()) * count_ * size)) {
      std::fill(at(0), at(step_chunks(from.cols())), 0.0f);
      for (std::size_t chunk = 0; chunk < step_chunks(from.cols()); ++chunk) {
        for (std::size_t row = 0; row < from.rows(); ++row) {
          load_steps(level, from, row, chunk * size, at(chunk) + row * steps, count_ * steps);
        }
      }
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    /// sums[(i * count() + f) * group + step] of the steps of chunk + i, of each of these rows and
    /// another; chunks is at most 16.
    void multiply(const source& other, std::size_t row, std::size_t chunk, std::size_t chunks,
                  float* sums) const {
      // Beyond the end of a row lie codes, or padding, that a product with zero need not make zero.
      const std::size_t whole = (std::min)(chunks, other.cols() / size - chunk);
      const std::size_t done = multiply_codes(other, row, chunk, whole, sums) ? whole : 0;
      alignas(64) float values[size];
      for (std::size_t i = done; i < chunks; ++i) {
        load_steps(level_, other, row, (chunk + i) * size, values, steps);
        kernels::multiply(level_, kernels::product_steps{at(chunk + i), count_, values,
                                                         sums + i * count_ * group});
      }
    }

   private:
    static constexpr std::size_t size = kernels::product_steps::size;
    static constexpr std::size_t group = kernels::product_steps::group;

    static constexpr std::size_t steps = kernels::product_steps::steps;

    [[nodiscard]] float* at(std::size_t chunk) const {
      return values_.get() + chunk * count_ * size;
    }
    /// Whole chunks; false if the kernel cannot.
    bool multiply_codes(const source& other, std::size_t row, std::size_t chunk, std::size_t chunks,
                        float* sums) const {
      if (other.origin().codes == nullptr) return false;
      const code_rows& from = *other.origin().codes;
      if (!kernels::has_code_products(level_, from.bits, *from.values)) return false;
      const std::size_t first = chunk * size, bits = static_cast<std::size_t>(from.bits);
      alignas(64) float scales[most_step_sums * steps * 2];
      if (!from.find_scales(row, first / 32, chunks * steps, scales)) return false;
      kernels::multiply(kernels::code_steps{at(chunk), count_, from.values,
                                            from.codes + row * from.row_bytes + first * bits / 8,
                                            from.bits, scales, from.scales_per_step, chunks, sums});
      return true;
    }
    /// Values of a row from `first` on, k of the step at k * stride; those beyond the row are zero.
    static void load_steps(isa level, const source& from, std::size_t row, std::size_t first,
                           float* out, std::size_t stride) {
      alignas(64) float values[size];
      const std::size_t count = (std::min)(size, from.cols() - first);
      from(row, first, count, values);
      std::fill(values + count, values + size, 0.0f);
      kernels::transpose(level, values, 32, 32, out, stride);
    }

    isa level_;
    std::size_t count_;
    aligned_array<float> values_;
  };
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
