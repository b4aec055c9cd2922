// SPDX-License-Identifier: MIT
// A matrix of tiles, how values become one, and the values of one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/tiles/tile_format.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// rows x cols values of a tile format, which may be known when a program runs. It owns its bytes:
/// the codes of the elements, row after row, packed low bits first, each row from a byte on; then,
/// for each parameter, its codes for the grid of tiles, those of up to 6 bits packed in the same
/// way, others in whole little-endian bytes.
///
/// A 2 x 32 matrix of bitmod_fp3, tiles of 1 x 128:  12 bytes of each row | 2 binary16 | 2 bytes
/// with a selector of 2 bits
template <tile_format F>
class tile_matrix {
 public:
  /// All bytes zero. Throws std::invalid_argument for a format that contradicts itself or a size
  /// beyond the address space.
  tile_matrix(const F& f, std::size_t rows, std::size_t cols)
      : tile_matrix(f, rows, cols, planes(checked(f, rows, cols), rows, cols)) {
    bytes_.resize(planes_.size);
  }
  /// From bytes as above; throws std::invalid_argument if there is another number of them.
  tile_matrix(const F& f, std::size_t rows, std::size_t cols, std::vector<std::uint8_t> bytes)
      : tile_matrix(f, rows, cols, planes(checked(f, rows, cols), rows, cols)) {
    if (bytes.size() != planes_.size) {
      refuse("tile_matrix: bytes has size " + std::to_string(bytes.size()) + ", expected " +
             std::to_string(planes_.size));
    }
    bytes_ = std::move(bytes);
  }

  [[nodiscard]] const F& format() const { return format_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t> bytes() { return bytes_; }
  /// All bytes per element.
  [[nodiscard]] double bits_per_value() const {
    if (rows_ * cols_ == 0) return 0;
    return 8.0 * static_cast<double>(bytes_.size()) / static_cast<double>(rows_ * cols_);
  }
  /// The extents of a tile, and how many there are.
  [[nodiscard]] std::size_t tile_rows() const { return format_.shape().rows_in(rows_); }
  [[nodiscard]] std::size_t tile_cols() const { return format_.shape().cols_in(cols_); }
  [[nodiscard]] std::size_t tile_row_count() const {
    return detail::groups_along(rows_, format_.shape().rows);
  }
  [[nodiscard]] std::size_t tile_col_count() const {
    return detail::groups_along(cols_, format_.shape().cols);
  }

  /// The packed codes of a row.
  [[nodiscard]] std::uint8_t* row_codes(std::size_t row) {
    return bytes_.data() + row * planes_.row_bytes;
  }

  // Unchecked access to codes, and to the parameters of the tile at (row, col) of their grid.
  [[nodiscard]] code_t code(std::size_t row, std::size_t col) const {
    return load_code(bytes_.data() + row * planes_.row_bytes, col, format_.element_bits());
  }
  void set_code(std::size_t row, std::size_t col, code_t code) {
    store_code(bytes_.data() + row * planes_.row_bytes, col, format_.element_bits(), code);
  }
  [[nodiscard]] tile_parameters<F> parameters(std::size_t row, std::size_t col) const {
    tile_parameters<F> all{};
    for (std::size_t i = 0; i < all.size(); ++i) {
      const plane& p = planes_.parameters[i];
      all[i] = load_code(bytes_.data() + p.first + row * p.row_bytes, col, p.width) &
               low_mask(format_.parameter_bits(i));
    }
    return all;
  }
  void set_parameters(std::size_t row, std::size_t col, const tile_parameters<F>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const plane& p = planes_.parameters[i];
      store_code(bytes_.data() + p.first + row * p.row_bytes, col, p.width, all[i]);
    }
  }
  /// The exact value of an element, row < rows(), col < cols().
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    const std::size_t height = tile_rows(), width = tile_cols();
    return tile_value(format_, parameters(row / height, col / width),
                      row % height * width + col % width, code(row, col));
  }
  bool operator==(const tile_matrix& other) const {
    return format_ == other.format_ && rows_ == other.rows_ && cols_ == other.cols_ &&
           bytes_ == other.bytes_;
  }

 private:
  struct plane {
    std::size_t first = 0, row_bytes = 0;
    int width = 0;
  };
  struct planes {
    std::size_t row_bytes = 0, size = 0;
    std::array<plane, F::parameter_count> parameters{};

    planes(const F& f, std::size_t rows, std::size_t cols)
        : row_bytes(packed_bytes(cols, f.element_bits())), size(rows * row_bytes) {
      const std::size_t down = detail::groups_along(rows, f.shape().rows);
      const std::size_t across = detail::groups_along(cols, f.shape().cols);
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        const int bits = f.parameter_bits(i);
        plane& p = parameters[i];
        p.width = bits <= 6 ? bits : (bits + 7) / 8 * 8;
        p.first = size;
        p.row_bytes = packed_bytes(across, p.width);
        size += down * p.row_bytes;
      }
    }
  };

  tile_matrix(const F& f, std::size_t rows, std::size_t cols, const planes& p)
      : format_(f), rows_(rows), cols_(cols), planes_(p) {}
  [[nodiscard]] static const F& checked(const F& f, std::size_t rows, std::size_t cols) {
    if (const char* why = defect(f)) refuse("tile_matrix: " + std::string(why));
    // No parameter takes more than 8 bytes for an element.
    constexpr std::size_t most =
        static_cast<std::size_t>((std::numeric_limits<std::ptrdiff_t>::max)()) /
        (8 * (F::parameter_count + 1));
    if (cols > most || (cols != 0 && rows > most / cols)) {
      refuse("tile_matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    return f;
  }

  F format_;
  std::size_t rows_, cols_;
  planes planes_;
  std::vector<std::uint8_t> bytes_;
};

namespace reference {
/// A row of tiles by the definition.
template <tile_format F, rounding_mode R>
void encode_tile_row(const matrix_view<const float>& in, std::size_t row, tile_matrix<F>& out,
                     const R& mode) {
  const std::size_t height = out.tile_rows(), width = out.tile_cols(), top = row * height;
  const std::size_t height_here = (std::min)(height, in.rows - top);
  for (std::size_t left = 0; left < in.cols; left += width) {
    const std::size_t width_here = (std::min)(width, in.cols - left);
    const matrix_view<const float> values(in.row(top) + left, height_here, width_here, in.stride);
    const tile_rounding<R> rounding{mode, top * in.cols + left, in.cols};
    const auto put = [&](std::size_t r, std::size_t c, code_t code) {
      out.set_code(top + r, left + c, code);
    };
    out.set_parameters(row, left / width, encode_tile(out.format(), values, rounding, put));
  }
}
}  // namespace reference

inline namespace LOWP_BASELINE {

/// The matrix in a tile format, element (r, c) rounded with the draw at(mode, r * cols + c). Tiles
/// are independent of each other; what a tile of NaN, of infinities or of zeros becomes is said
/// where its format is. A format that has no encode_tiles takes some 20 to 300 ns for an element.
///
///   const auto q = quantize(formats::bitmod_fp4, matrix);
///   dequantize(q, out);
template <tile_format F, rounding_mode R = nearest_even_t>
[[nodiscard]] tile_matrix<F> quantize(const F& f, matrix_view<const float> in, const R& mode = {},
                                      const execution& how = {}) {
  tile_matrix<F> out(f, in.rows, in.cols);
  if constexpr (requires { encode_tiles(f, in, out, mode, how); }) {
    encode_tiles(f, in, out, mode, how);
    return out;
  }
  const auto encode_row = [&](std::size_t row) { reference::encode_tile_row(in, row, out, mode); };
  how.run(out.tile_row_count(), task(encode_row));
  return out;
}

/// `count` values of a row from column `first` on, each rounded once to the nearest binary32
/// number.
template <tile_format F>
void dequantize_row(const tile_matrix<F>& in, std::size_t row, std::size_t first, std::size_t count,
                    float* out) {
  const std::size_t height = in.tile_rows(), width = in.tile_cols();
  for (std::size_t col = first; col < first + count;) {
    const std::size_t tile = col / width, end = (std::min)(first + count, (tile + 1) * width);
    const auto number = numbers_of_tile(in.format(), in.parameters(row / height, tile));
    std::size_t index = row % height * width + col % width;
    for (; col < end; ++col, ++index) *out++ = number(index, in.code(row, col));
  }
}

/// The values of a matrix of tiles, each rounded once to the nearest binary32 number. Throws
/// std::invalid_argument, before writing, if `out` has another shape.
template <tile_format F>
void dequantize(const tile_matrix<F>& in, matrix_view<float> out, const execution& how = {}) {
  if (out.rows != in.rows() || out.cols != in.cols()) {
    refuse("dequantize: out is " + std::to_string(out.rows) + " x " + std::to_string(out.cols) +
           ", expected " + std::to_string(in.rows()) + " x " + std::to_string(in.cols()));
  }
  if constexpr (requires { decode_tiles(in.format(), in, out, how); }) {
    decode_tiles(in.format(), in, out, how);
    return;
  }
  const auto part = [&](std::size_t row) { dequantize_row(in, row, 0, in.cols(), out.row(row)); };
  how.run(in.rows(), task(part));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
