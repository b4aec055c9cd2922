// SPDX-License-Identifier: MIT
// Where the codes of a grid lie in the bytes of a tensor of a checkpoint: streams of bits, one for
// each row or for each column, and what the stored bits are to the code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "lowp/arrays/packing.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/core/bits.hpp"
#include "lowp/core/failure.hpp"

namespace lowp::io::checkpoints {

/// Rows of bytes unless it says otherwise: row_major(width, cols) below. A stream is a sequence of
/// units of `unit` bytes, little-endian, whose bits follow each other from the lowest up; codes may
/// straddle units. code = (stored ^ flipped) + added.
///
///   GPTQ's qweight, 4 bits, [K / 8, N] words:   a stream down the words of each column n of K
///   codes
///     {.width = 4, .unit = 4, .step = N, .stride = 1}                        (row n, column k)
///   AWQ's qweight, 4 bits, [K, N / 8] words:    a stream along the words of each k of N codes
///     {.width = 4, .runs_down = true, .stride = N / 2, .slots = 0x73625140}
struct arrangement {
  int width = 0;           ///< of what is stored, in bits; 0: nothing, all codes are `added`
  bool runs_down = false;  ///< streams run along the row index, one for each column
  std::size_t unit = 1;    ///< bytes
  std::size_t step = 1;    ///< units from one unit of a stream to the next
  std::size_t stride = 0;  ///< units from one stream to the next
  std::uint32_t slots = in_order;    ///< nibble j: the place of code j among each eight codes
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
  /// Whether each row is one run of bytes with codes in order, flipped or not.
  [[nodiscard]] constexpr bool has_rows() const {
    return width != 0 && !runs_down && unit == 1 && step == 1 && slots == in_order &&
           swizzled_columns == 0 && added == 0 && (flipped == 0 || 8 % width == 0);
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
  /// Calls use(byte, lowest bit, bits) for the parts of a code, from its low bits up.
  template <class Use>
  constexpr void for_each_piece(std::size_t row, std::size_t col, const Use& use) const {
    if (swizzled_columns != 0) return use(swizzled_scale_place(row, col, swizzled_columns), 0, 8);
    const std::size_t index = runs_down ? row : col, stream = runs_down ? col : row;
    const std::size_t slot = (index & ~std::size_t{7}) | (slots >> (4 * (index & 7)) & 7);
    const std::size_t unit_bits = 8 * unit;
    std::size_t bit = slot * static_cast<std::size_t>(width);
    for (int left = width; left > 0;) {
      const std::size_t in_unit = bit % unit_bits;
      const std::size_t byte = (stream * stride + bit / unit_bits * step) * unit + in_unit / 8;
      const int first = static_cast<int>(in_unit % 8), count = left < 8 - first ? left : 8 - first;
      use(byte, first, count);
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

/// The codes of a leaf of rows x cols, of `bits` bits, from the bytes of a tensor. False for a code
/// that does not fit the format of the leaf.
template <class Matrix>
[[nodiscard]] bool load_leaf(const arrangement& how, const std::uint8_t* from, Matrix& matrix,
                             int leaf, int bits, std::size_t rows, std::size_t cols) {
  code_t all = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const dense_codes to = matrix.layout().dense_row(leaf, row);
    if (how.has_rows() && how.width == bits && to.width == bits) {
      copy_row(from + row * how.stride, matrix.bytes().data() + to.first_byte, cols, how);
      continue;
    }
    for (std::size_t col = 0; col < cols; ++col) {
      const code_t code = how.load(from, row, col);
      all |= code;
      matrix.set_code(leaf, row, col, code);
    }
  }
  return all <= low_mask(bits);
}

/// The codes of a leaf into the bytes of a tensor. Throws std::invalid_argument for one that the
/// tensor cannot hold; those before it are stored.
template <class Matrix>
void store_leaf(const arrangement& how, const Matrix& matrix, int leaf, int bits, std::size_t rows,
                std::size_t cols, const std::string& tensor, std::uint8_t* to) {
  for (std::size_t row = 0; row < rows; ++row) {
    const dense_codes from = matrix.layout().dense_row(leaf, row);
    if (how.has_rows() && how.width == bits && from.width == bits &&
        cols * static_cast<std::size_t>(bits) % 8 == 0) {
      copy_row(matrix.bytes().data() + from.first_byte, to + row * how.stride, cols, how);
      continue;
    }
    for (std::size_t col = 0; col < cols; ++col) {
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
