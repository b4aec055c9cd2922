// SPDX-License-Identifier: MIT
// Where the codes of a composition of levels lie. A layout is a class template of the composition;
// a program's own serves as well. It is made for a size, and has
//
//   size()                              bytes in all
//   load(bytes, leaf, row, col)         the code at (row, col) of the grid of a leaf
//   store(bytes, leaf, row, col, code)
//   dense_row(leaf, row)                optional: where kernels find a row of codes (dense_codes)
//   load_codes(bytes, leaf, row, col, count, codes)      optional, for codes of at most 8 bits that
//   store_codes(bytes, leaf, row, col, count, codes)     are not dense: so many from a place on, to
//                                       or from a byte each; how many were done, or 0
//
// Rows of the grid of a leaf share no byte with each other, nor with those of other leaves in other
// rows of groups: threads store them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lowp/arrays/packing.hpp"
#include "lowp/block/levels.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {

/// Codes that follow each other without gaps, low bits first, from a byte on, in `width` bits each:
/// what kernels read and write. Of width 0: codes that lie otherwise.
struct dense_codes {
  std::size_t first_byte = 0;
  int width = 0;
};

/// A plane for each leaf, one after the other. Codes lie row after row, low bits first, each row
/// from a byte on: those of up to 6 bits, and elements, packed; other scales in whole little-endian
/// bytes.
template <auto F>
class planes {
  struct plane {
    std::size_t first = 0, row_bytes = 0;
    int width = 0;
  };

 public:
  planes(std::size_t rows, std::size_t cols) {
    for_each_leaf(format, rows, cols,
                  [this](int leaf, const auto& f, std::size_t height, std::size_t width) {
                    const int bits = f.bits();
                    plane& p = planes_[static_cast<std::size_t>(leaf)];
                    p.width = leaf == 0 || bits <= 6 ? bits : (bits + 7) / 8 * 8;
                    p.first = size_;
                    p.row_bytes = packed_bytes(width, p.width);
                    size_ += height * p.row_bytes;
                  });
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, int leaf, std::size_t row,
                            std::size_t col) const {
    const plane& p = planes_[static_cast<std::size_t>(leaf)];
    return load_code(bytes + p.first + row * p.row_bytes, col, p.width);
  }
  void store(std::uint8_t* bytes, int leaf, std::size_t row, std::size_t col, code_t code) const {
    const plane& p = planes_[static_cast<std::size_t>(leaf)];
    store_code(bytes + p.first + row * p.row_bytes, col, p.width, code);
  }
  [[nodiscard]] dense_codes dense_row(int leaf, std::size_t row) const {
    const plane& p = planes_[static_cast<std::size_t>(leaf)];
    return {p.first + row * p.row_bytes, p.width};
  }
  /// Where the rows of a leaf begin, and how far they are apart.
  [[nodiscard]] std::size_t first_byte(int leaf) const {
    return planes_[static_cast<std::size_t>(leaf)].first;
  }
  [[nodiscard]] std::size_t row_bytes(int leaf) const {
    return planes_[static_cast<std::size_t>(leaf)].row_bytes;
  }

 private:
  static constexpr auto format = F;
  std::array<plane, static_cast<std::size_t>(leaf_count<format_of<F>>)> planes_{};
  std::size_t size_ = 0;
};

/// Records: all levels of `Record::cols` elements of a row together, in Record::bytes bytes, record
/// after record, row after row. Record has load(bytes, leaf, i) and store(bytes, leaf, i, code) for
/// the code number i of a leaf within a record, and per_record(leaf), how many it has of them. It
/// may have load_elements(bytes, codes) and store_elements(bytes, codes) for all codes of leaf 0.
template <class Record>
struct records {
  template <auto F>
  class layout {
   public:
    layout(std::size_t rows, std::size_t cols) : rows_(rows), per_row_(cols / Record::cols) {
      if (cols % Record::cols != 0) {
        refuse("records: cols is " + std::to_string(cols) + ", expected a multiple of " +
               std::to_string(Record::cols));
      }
    }
    [[nodiscard]] std::size_t size() const { return rows_ * per_row_ * Record::bytes; }
    [[nodiscard]] code_t load(const std::uint8_t* bytes, int leaf, std::size_t row,
                              std::size_t col) const {
      const std::size_t count = Record::per_record(leaf);
      return Record::load(bytes + record(row, col / count), leaf, col % count);
    }
    void store(std::uint8_t* bytes, int leaf, std::size_t row, std::size_t col, code_t code) const {
      const std::size_t count = Record::per_record(leaf);
      Record::store(bytes + record(row, col / count), leaf, col % count, code);
    }
    [[nodiscard]] std::size_t load_codes(const std::uint8_t* bytes, int leaf, std::size_t row,
                                         std::size_t col, std::size_t count,
                                         std::uint8_t* codes) const requires
        requires(const std::uint8_t* b, std::uint8_t* c) {
      Record::load_elements(b, c);
    }
    {
      return for_whole_records(leaf, row, col, count, [&](std::size_t place, std::size_t i) {
        Record::load_elements(bytes + place, codes + i);
      });
    }
    [[nodiscard]] std::size_t store_codes(std::uint8_t* bytes, int leaf, std::size_t row,
                                          std::size_t col, std::size_t count,
                                          const std::uint8_t* codes) const requires
        requires(std::uint8_t* b, const std::uint8_t* c) {
      Record::store_elements(b, c);
    }
    {
      return for_whole_records(leaf, row, col, count, [&](std::size_t place, std::size_t i) {
        Record::store_elements(bytes + place, codes + i);
      });
    }

   private:
    template <class Use>
    std::size_t for_whole_records(int leaf, std::size_t row, std::size_t col, std::size_t count,
                                  const Use& use) const {
      if (leaf != 0 || col % Record::cols != 0) return 0;
      std::size_t done = 0;
      for (; done + Record::cols <= count; done += Record::cols) {
        use(record(row, (col + done) / Record::cols), done);
      }
      return done;
    }
    [[nodiscard]] std::size_t record(std::size_t row, std::size_t index) const {
      return (row * per_row_ + index) * Record::bytes;
    }
    std::size_t rows_ = 0, per_row_ = 0;
  };
};

/// Scales as the block-scaled products of cuBLAS and CUTLASS read them: row r and column c of a
/// grid, padded to whole tiles of 128 x 4, tile after tile along the columns, at byte
/// r % 32 * 16 + r / 32 % 4 * 4 + c of its tile.
[[nodiscard]] constexpr std::size_t swizzled_scale_place(std::size_t row, std::size_t col,
                                                         std::size_t grid_cols) {
  const std::size_t tiles_across = (grid_cols + 3) / 4;
  const std::size_t tile = row / 128 * tiles_across + col / 4;
  return tile * 512 + row % 32 * 16 + row / 32 % 4 * 4 + col % 4;
}
[[nodiscard]] constexpr std::size_t swizzled_scale_bytes(std::size_t grid_rows,
                                                         std::size_t grid_cols) {
  return (grid_rows + 127) / 128 * ((grid_cols + 3) / 4) * 512;
}

/// An element format under scales of one byte, which are swizzled after the plane of elements.
template <auto F>
class swizzled_scales {
  static_assert(leaf_count<format_of<F>> == 2, "swizzled_scales is for one scale per group");

 public:
  swizzled_scales(std::size_t rows, std::size_t cols)
      : row_bytes_(packed_bytes(cols, format.element.bits())),
        scales_(rows * row_bytes_),
        grid_cols_(detail::groups_along(cols, format.shape.cols)),
        size_(scales_ +
              swizzled_scale_bytes(detail::groups_along(rows, format.shape.rows), grid_cols_)) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, int leaf, std::size_t row,
                            std::size_t col) const {
    return leaf == 0 ? load_code(bytes + row * row_bytes_, col, format.element.bits())
                     : bytes[scales_ + swizzled_scale_place(row, col, grid_cols_)];
  }
  [[nodiscard]] dense_codes dense_row(int leaf, std::size_t row) const {
    return leaf == 0 ? dense_codes{row * row_bytes_, format.element.bits()} : dense_codes{};
  }
  void store(std::uint8_t* bytes, int leaf, std::size_t row, std::size_t col, code_t code) const {
    if (leaf == 0) {
      store_code(bytes + row * row_bytes_, col, format.element.bits(), code);
    } else {
      bytes[scales_ + swizzled_scale_place(row, col, grid_cols_)] = static_cast<std::uint8_t>(code);
    }
  }

 private:
  static constexpr auto format = F;
  std::size_t row_bytes_ = 0, scales_ = 0, grid_cols_ = 0, size_ = 0;
};

}  // namespace lowp
