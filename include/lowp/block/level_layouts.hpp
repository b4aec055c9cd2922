// SPDX-License-Identifier: MIT
// Where the codes of a block format lie. A layout is a class template of the format, which is
// constant or variable (formats/described_format.hpp); a program's own serves as well. It is made
// as Layout<Format>(format, rows, cols), format.value being the composition, and has
//
//   size()                              bytes in all
//   load(bytes, leaf, row, col)         the code at (row, col) of the grid of a leaf
//   store(bytes, leaf, row, col, code)
//   dense_row(leaf, row)                optional: where kernels find a row of codes (dense_codes)
//   load_codes(bytes, leaf, row, col, count, codes)      optional, for codes of at most 8 bits that
//   store_codes(bytes, leaf, row, col, count, codes)     are not dense: so many from a place on, to
//                                       or from a byte each; how many were done, or 0
//   load_values(decode, bytes, row, col, count, values)  optional: elements in binary32, rounded
//                                       once, by a kernel, `decode`; how many were done
//
// Rows of the grid of a leaf share no byte with each other, nor with those of other leaves in other
// rows of groups: threads store them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {

/// Codes that follow each other without gaps, low bits first, from a byte on, in `width` bits each:
/// what kernels read and write. Of width 0: codes that lie otherwise.
struct dense_codes {
  std::size_t first_byte = 0;
  int width = 0;
};

/// A plane for each leaf, one after the other. Codes lie row after row, low bits first, each row
/// from a byte on: elements packed, others in whole little-endian bytes; but those of up to 6 bits
/// are packed, too, unless they are the only scales, or the only ones under a tensor scale: kernels
/// read whole bytes there.
template <class Format>
class planes {
  struct plane {
    std::size_t first = 0, row_bytes = 0, size = 0;
    int bits = 0, width = 0;  ///< of a code, and what it takes
  };

 public:
  planes(const Format& format, std::size_t rows, std::size_t cols) {
    const bool packs_scales = !is_scaled_blocks(format.value);
    for_each_leaf(format.value, rows, cols,
                  [&](int leaf, const auto& f, std::size_t height, std::size_t width) {
                    const int bits = f.bits();
                    const bool is_packed = leaf == 0 || (bits <= 6 && packs_scales);
                    plane& p = planes_[static_cast<std::size_t>(leaf)];
                    p.bits = bits;
                    p.width = is_packed ? bits : (bits + 7) / 8 * 8;
                    p.first = size_;
                    p.row_bytes = packed_bytes(width, p.width);
                    p.size = height * p.row_bytes;
                    size_ += p.size;
                  });
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, int leaf, std::size_t row,
                            std::size_t col) const {
    return load_in_plane(bytes + first_byte(leaf), leaf, row, col);
  }
  /// Of a code in whole bytes all bits are stored.
  void store(std::uint8_t* bytes, int leaf, std::size_t row, std::size_t col, code_t code) const {
    store_in_plane(bytes + first_byte(leaf), leaf, row, col, code);
  }
  /// The codes of a plane that begins at `bytes`, as in another layout it may.
  [[nodiscard]] code_t load_in_plane(const std::uint8_t* bytes, int leaf, std::size_t row,
                                     std::size_t col) const {
    const plane& p = planes_[static_cast<std::size_t>(leaf)];
    return load_code(bytes + row * p.row_bytes, col, p.width) & low_mask(p.bits);
  }
  void store_in_plane(std::uint8_t* bytes, int leaf, std::size_t row, std::size_t col,
                      code_t code) const {
    const plane& p = planes_[static_cast<std::size_t>(leaf)];
    store_code(bytes + row * p.row_bytes, col, p.width, code & low_mask(p.bits));
  }
  [[nodiscard]] dense_codes dense_row(int leaf, std::size_t row) const {
    const plane& p = planes_[static_cast<std::size_t>(leaf)];
    return {p.first + row * p.row_bytes, p.width};
  }
  /// Where the rows of a leaf begin, how far they are apart, and the bytes of all.
  [[nodiscard]] std::size_t first_byte(int leaf) const {
    return planes_[static_cast<std::size_t>(leaf)].first;
  }
  [[nodiscard]] std::size_t row_bytes(int leaf) const {
    return planes_[static_cast<std::size_t>(leaf)].row_bytes;
  }
  [[nodiscard]] std::size_t byte_count(int leaf) const {
    return planes_[static_cast<std::size_t>(leaf)].size;
  }

 private:
  std::array<plane, static_cast<std::size_t>(leaf_count<typename Format::type>)> planes_{};
  std::size_t size_ = 0;
};

namespace detail {
/// Whether a record finds the values of a format.
template <class Record, class Format>
inline constexpr bool has_values = false;
template <class Record, class Format>
requires(Format::is_constant&& requires {
  Record::format;
}) inline constexpr bool has_values<Record, Format> = [] {
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(Record::format)>,
                               typename Format::type>) {
    return Record::format == Format::value;
  }
  return false;
}();
}  // namespace detail

/// Records: all levels of `Record::cols` elements of a row together, in Record::bytes bytes, record
/// after record, row after row. Record has load(bytes, leaf, i) and store(bytes, leaf, i, code) for
/// the code number i of a leaf within a record, and per_record(leaf), how many it has of them. It
/// may have load_elements(bytes, codes) and store_elements(bytes, codes) for all codes of leaf 0,
/// and for its own composition, `format`, load_values(level, bytes, values), which says whether it
/// could.
template <class Record>
struct records {
  template <class Format>
  class layout {
   public:
    using record_type = Record;
    layout(const Format&, std::size_t rows, std::size_t cols)
        : rows_(rows), per_row_(cols / Record::cols) {
      if (cols % Record::cols != 0) {
        refuse("records: cols is " + std::to_string(cols) + ", expected a multiple of " +
               std::to_string(Record::cols));
      }
    }
    [[nodiscard]] std::size_t size() const { return rows_ * per_row_ * Record::bytes; }
    [[nodiscard]] std::size_t row_bytes() const { return per_row_ * Record::bytes; }
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

    template <class Decode>
    [[nodiscard]] std::size_t load_values(
        const Decode& decode, const std::uint8_t* bytes, std::size_t row, std::size_t col,
        std::size_t count, float* values) const requires detail::has_values<Record, Format> {
      if (col % Record::cols != 0) return 0;
      return Record::load_values(decode, bytes + record(row, col / Record::cols),
                                 count / Record::cols, values) *
             Record::cols;
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

/// An element format under scales of one byte, which are swizzled after the plane of elements; a
/// binary32 of the whole tensor, where there is one, lies behind them. Throws std::invalid_argument
/// for a format that has other levels.
template <class Format>
class swizzled_scales {
  static_assert(may_be_scaled_blocks<typename Format::type>,
                "swizzled_scales is for one scale per group, with or without one of the tensor");

 public:
  swizzled_scales(const Format& format, std::size_t rows, std::size_t cols)
      : bits_(format.value.element.bits()),
        row_bytes_(packed_bytes(cols, bits_)),
        scales_(rows * row_bytes_),
        grid_cols_(detail::groups_along(cols, format.value.shape.cols)),
        tensor_(scales_ + swizzled_scale_bytes(detail::groups_along(rows, format.value.shape.rows),
                                               grid_cols_)),
        size_(tensor_ + (leaf_count<typename Format::type> == 3 && rows * cols != 0 ? 4 : 0)) {
    if (!is_scaled_blocks(format.value)) {
      refuse("swizzled_scales: the format has levels beside one scale per group and one binary32");
    }
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] code_t load(const std::uint8_t* bytes, int leaf, std::size_t row,
                            std::size_t col) const {
    if (leaf == 0) return load_code(bytes + row * row_bytes_, col, bits_);
    if (leaf == 1) return bytes[scales_ + swizzled_scale_place(row, col, grid_cols_)];
    return load_code(bytes + tensor_, 0, 32);
  }
  [[nodiscard]] dense_codes dense_row(int leaf, std::size_t row) const {
    return leaf == 0 ? dense_codes{row * row_bytes_, bits_} : dense_codes{};
  }
  void store(std::uint8_t* bytes, int leaf, std::size_t row, std::size_t col, code_t code) const {
    if (leaf == 0) return store_code(bytes + row * row_bytes_, col, bits_, code);
    if (leaf == 2) return store_code(bytes + tensor_, 0, 32, code);
    bytes[scales_ + swizzled_scale_place(row, col, grid_cols_)] = static_cast<std::uint8_t>(code);
  }

 private:
  int bits_ = 0;
  std::size_t row_bytes_ = 0, scales_ = 0, grid_cols_ = 0, tensor_ = 0, size_ = 0;
};

}  // namespace lowp
