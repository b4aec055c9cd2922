// SPDX-License-Identifier: MIT
// Where the codes of a grid lie in the bytes of a tensor of a checkpoint: streams of bits, one for
// each row or for each column, and what the stored bits are to the code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "lowp/arrays/eight_codes.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/core/bits.hpp"
#include "lowp/core/failure.hpp"

namespace lowp::io::checkpoints {

/// Rows of bytes unless it says otherwise: row_major(width, cols) below. A stream is a sequence of
/// units of `unit` bytes, little-endian, whose bits follow each other from the lowest up; codes may
/// straddle units. code = (stored ^ flipped) + added.
///
///   GPTQ's qweight, 4 bits, [K / 8, N] words: K codes down the words of each column
///     {.width = 4, .unit = 4, .step = N, .stride = 1}
///   AWQ's qweight, 4 bits, [K, N / 8] words: N codes along the words of each row
///     {.width = 4, .runs_down = true, .stride = N / 2, .places = 0x73625140}
struct arrangement {
  int width = 0;           ///< of what is stored, in bits; 0: nothing, all codes are `added`
  bool runs_down = false;  ///< streams run along the row index, one for each column
  std::size_t unit = 1;    ///< bytes
  std::size_t step = 1;    ///< units from one unit of a stream to the next
  std::size_t stride = 0;  ///< units from one stream to the next
  std::uint32_t places = in_order;   ///< nibble j: the place of code j among each eight codes
  std::size_t swizzled_columns = 0;  ///< not 0: bytes, at swizzled_scale_place of so many columns
  code_t flipped = 0;
  code_t added = 0;

  static constexpr std::uint32_t in_order = 0x76543210, awq_order = 0x73625140,
                                 high_nibble_first = 0x67452301;

  [[nodiscard]] constexpr code_t load(const std::uint8_t* bytes, std::size_t row,
                                      std::size_t col) const {
    code_t stored = 0;
    int done = 0;
    for_each_piece(row, col, [&](std::size_t byte, int bit, int count) {
      stored |= (code_t{bytes[byte]} >> bit & low_mask(count)) << done;
      done += count;
    });
    return (stored ^ flipped) + added;
  }
  /// Of a code for which fits(code).
  constexpr void store(std::uint8_t* bytes, std::size_t row, std::size_t col, code_t code) const {
    code_t stored = (code - added) ^ flipped;
    for_each_piece(row, col, [&](std::size_t byte, int bit, int count) {
      const auto mask = static_cast<unsigned>(low_mask(count)) << bit;
      bytes[byte] = static_cast<std::uint8_t>(
          (bytes[byte] & ~mask) | (static_cast<unsigned>(stored & low_mask(count)) << bit & mask));
      stored >>= count;
    });
  }
  [[nodiscard]] constexpr bool fits(code_t code) const {
    return width == 0 ? code == added : (code - added) <= low_mask(width);
  }
  /// Whether each row is one run of bytes with codes in order, flipped or not: copy_row() below.
  [[nodiscard]] constexpr bool has_rows() const {
    return width != 0 && !runs_down && unit == 1 && step == 1 && places == in_order &&
           swizzled_columns == 0 && added == 0 && (flipped == 0 || 8 % width == 0);
  }
  /// Whether streams are taken by eight codes, which fill `width` bytes.
  [[nodiscard]] constexpr bool has_eights() const {
    return width >= 1 && width <= 8 && swizzled_columns == 0 && added == 0;
  }
  /// Eight codes of a stream from `index` on, a multiple of 8, where has_eights().
  constexpr void load_eight(const std::uint8_t* bytes, std::size_t stream, std::size_t index,
                            std::uint8_t* codes) const {
    std::uint64_t word = 0;
    const std::size_t first = index / 8 * static_cast<std::size_t>(width);
    for (int i = 0; i < width; ++i) {
      word |= std::uint64_t{bytes[byte_of(stream, first + static_cast<std::size_t>(i))]} << (8 * i);
    }
    for (int j = 0; j < 8; ++j) {
      const int slot = static_cast<int>(places >> (4 * j) & 7);
      codes[j] = static_cast<std::uint8_t>((word >> (width * slot) & low_mask(width)) ^ flipped);
    }
  }
  constexpr void store_eight(std::uint8_t* bytes, std::size_t stream, std::size_t index,
                             const std::uint8_t* codes) const {
    std::uint64_t word = 0;
    for (int j = 0; j < 8; ++j) {
      const int slot = static_cast<int>(places >> (4 * j) & 7);
      word |= (std::uint64_t{codes[j]} ^ flipped) << (width * slot);
    }
    const std::size_t first = index / 8 * static_cast<std::size_t>(width);
    for (int i = 0; i < width; ++i) {
      bytes[byte_of(stream, first + static_cast<std::size_t>(i))] =
          static_cast<std::uint8_t>(word >> (8 * i));
    }
  }
  /// What flips all codes of a byte, for has_rows().
  [[nodiscard]] constexpr std::uint8_t flipped_in_byte() const {
    unsigned all = 0;
    if (flipped != 0) {
      for (int bit = 0; bit < 8; bit += width) all |= static_cast<unsigned>(flipped) << bit;
    }
    return static_cast<std::uint8_t>(all);
  }

 private:
  /// Where byte i of a stream lies.
  [[nodiscard]] constexpr std::size_t byte_of(std::size_t stream, std::size_t i) const {
    if (unit == 1 && step == 1) return stream * stride + i;
    return (stream * stride + i / unit * step) * unit + i % unit;
  }
  /// Calls use(byte, lowest bit, bits) for the parts of a code, from its low bits up.
  template <class Use>
  constexpr void for_each_piece(std::size_t row, std::size_t col, const Use& use) const {
    if (swizzled_columns != 0) return use(swizzled_scale_place(row, col, swizzled_columns), 0, 8);
    const std::size_t index = runs_down ? row : col, stream = runs_down ? col : row;
    const std::size_t slot = (index & ~std::size_t{7}) | (places >> (4 * (index & 7)) & 7);
    std::size_t bit = slot * static_cast<std::size_t>(width);
    for (int left = width; left > 0;) {
      const int first = static_cast<int>(bit % 8), count = left < 8 - first ? left : 8 - first;
      use(byte_of(stream, bit / 8), first, count);
      bit += static_cast<std::size_t>(count);
      left -= count;
    }
  }
};

/// Rows of codes, each in so many bytes.
[[nodiscard]] constexpr arrangement row_major(int width, std::size_t row_bytes) {
  return {.width = width, .stride = row_bytes};
}

namespace detail {

/// Bits above the last code of a packed row become zero.
inline void clear_tail(std::uint8_t* row, std::size_t count, int width) {
  const std::size_t bits = count * static_cast<std::size_t>(width) % 8;
  if (bits != 0) {
    std::uint8_t& last = row[packed_bytes(count, width) - 1];
    last = static_cast<std::uint8_t>(last & low_mask(static_cast<int>(bits)));
  }
}

inline void copy_row(const std::uint8_t* from, std::uint8_t* to, std::size_t count,
                     const arrangement& how) {
  const std::size_t bytes = packed_bytes(count, how.width);
  if (const std::uint8_t flip = how.flipped_in_byte()) {
    for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<std::uint8_t>(from[i] ^ flip);
  } else {
    std::memcpy(to, from, bytes);
  }
  clear_tail(to, count, how.width);
}

/// The codes of 8 x 8 elements from `row`, `col` on, as a row of eight each.
inline void load_tile(const arrangement& how, const std::uint8_t* from, std::size_t row,
                      std::size_t col, std::uint8_t (&tile)[8][8]) {
  for (std::size_t i = 0; i < 8; ++i) {
    if (!how.runs_down) {
      how.load_eight(from, row + i, col, tile[i]);
    } else {
      std::uint8_t down[8];
      how.load_eight(from, col + i, row, down);
      for (std::size_t j = 0; j < 8; ++j) tile[j][i] = down[j];
    }
  }
}
inline void store_tile(const arrangement& how, const std::uint8_t (&tile)[8][8], std::size_t row,
                       std::size_t col, std::uint8_t* to) {
  for (std::size_t i = 0; i < 8; ++i) {
    if (!how.runs_down) {
      how.store_eight(to, row + i, col, tile[i]);
    } else {
      std::uint8_t down[8];
      for (std::size_t j = 0; j < 8; ++j) down[j] = tile[j][i];
      how.store_eight(to, col + i, row, down);
    }
  }
}
/// Whether a leaf goes by tiles, up to the last row and column that fill one, or by rows of bytes.
enum class way { codes, tiles, rows };
template <class Matrix>
[[nodiscard]] way way_of(const arrangement& how, const Matrix& matrix, int leaf, int bits) {
  if (how.width != bits || matrix.layout().dense_row(leaf, 0).width != bits) return way::codes;
  return how.has_rows() ? way::rows : how.has_eights() ? way::tiles : way::codes;
}

/// The codes of a leaf of rows x cols, of `bits` bits, from the bytes of a tensor. False for a code
/// that does not fit the format of the leaf.
template <class Matrix>
[[nodiscard]] bool load_leaf(const arrangement& how, const std::uint8_t* from, Matrix& matrix,
                             int leaf, int bits, std::size_t rows, std::size_t cols) {
  const way by = way_of(how, matrix, leaf, bits);
  const auto row_at = [&](std::size_t row) {
    return matrix.bytes().data() + matrix.layout().dense_row(leaf, row).first_byte;
  };
  const std::size_t tiled_rows = by == way::tiles ? rows / 8 * 8 : 0, tiled_cols = cols / 8 * 8;
  for (std::size_t row = 0; row < tiled_rows; row += 8) {
    for (std::size_t col = 0; col < tiled_cols; col += 8) {
      std::uint8_t tile[8][8];
      load_tile(how, from, row, col, tile);
      const std::size_t at = col / 8 * static_cast<std::size_t>(bits);
      for (std::size_t i = 0; i < 8; ++i) {
        bulk::pack_eights(tile[i], 8, bits, false, row_at(row + i) + at);
      }
    }
  }
  code_t all = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (by == way::rows) {
      copy_row(from + row * how.stride, row_at(row), cols, how);
      continue;
    }
    for (std::size_t col = row < tiled_rows ? tiled_cols : 0; col < cols; ++col) {
      const code_t code = how.load(from, row, col);
      all |= code;
      matrix.set_code(leaf, row, col, code);
    }
  }
  return all <= low_mask(bits);
}

/// The codes of a leaf into the bytes of a tensor, other bits of which stay as they are. Throws
/// std::invalid_argument for one that the tensor cannot hold; those before it are stored.
template <class Matrix>
void store_leaf(const arrangement& how, const Matrix& matrix, int leaf, int bits, std::size_t rows,
                std::size_t cols, const std::string& tensor, std::uint8_t* to) {
  way by = way_of(how, matrix, leaf, bits);
  if (by == way::rows && cols * static_cast<std::size_t>(bits) % 8 != 0) by = way::tiles;
  const auto row_at = [&](std::size_t row) {
    return matrix.bytes().data() + matrix.layout().dense_row(leaf, row).first_byte;
  };
  const bool is_tiled = by == way::tiles && how.has_eights();
  const std::size_t tiled_rows = is_tiled ? rows / 8 * 8 : 0, tiled_cols = cols / 8 * 8;
  for (std::size_t row = 0; row < tiled_rows; row += 8) {
    for (std::size_t col = 0; col < tiled_cols; col += 8) {
      std::uint8_t tile[8][8];
      const std::size_t at = col / 8 * static_cast<std::size_t>(bits);
      for (std::size_t i = 0; i < 8; ++i) {
        bulk::unpack_eights(row_at(row + i) + at, 8, bits, false, tile[i]);
      }
      store_tile(how, tile, row, col, to);
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    if (by == way::rows) {
      copy_row(row_at(row), to + row * how.stride, cols, how);
      continue;
    }
    for (std::size_t col = row < tiled_rows ? tiled_cols : 0; col < cols; ++col) {
      const code_t code = matrix.code(leaf, row, col);
      if (!how.fits(code)) {
        refuse("checkpoints::write: tensor '" + tensor + "' has no code for " +
               std::to_string(code) + " at (" + std::to_string(row) + ", " + std::to_string(col) +
               ")");
      }
      how.store(to, row, col, code);
    }
  }
}

}  // namespace detail
}  // namespace lowp::io::checkpoints
