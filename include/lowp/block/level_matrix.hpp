// SPDX-License-Identifier: MIT
// A matrix of a composition of levels in any layout: one that owns its bytes, or a view of bytes of
// others, to read or to write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/block/level_layouts.hpp"
#include "lowp/block/levels.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {

/// rows x cols values of the composition F. Bytes is std::vector<std::uint8_t>, or a span of
/// std::uint8_t, const or not, for a view.
template <auto F, template <auto> class Layout = planes, class Bytes = std::vector<std::uint8_t>>
requires is_levels_v<format_of<F>>
class level_matrix {
  static_assert(is_valid_format<F>);
  static constexpr bool is_owner = std::is_same_v<Bytes, std::vector<std::uint8_t>>;
  static constexpr bool is_writable = requires(Bytes & b) { *b.data() = std::uint8_t{}; };

 public:
  static constexpr auto format = F;
  using layout_type = Layout<F>;

  level_matrix() requires is_owner : level_matrix(0, 0) {}
  /// All codes zero. Throws std::invalid_argument if the size in bytes overflows, or where the
  /// layout has no such size.
  level_matrix(std::size_t rows, std::size_t cols) requires is_owner
      : rows_(rows),
        cols_(cols),
        layout_(checked(rows, cols), cols),
        bytes_(layout_.size()) {}
  /// From bytes as the layout says, which a view refers to and an owner copies. Throws
  /// std::invalid_argument if there is another number of them.
  level_matrix(std::size_t rows, std::size_t cols, Bytes bytes)
      : rows_(rows), cols_(cols), layout_(checked(rows, cols), cols), bytes_(std::move(bytes)) {
    if (bytes_.size() != layout_.size()) {
      refuse("level_matrix: bytes has size " + std::to_string(bytes_.size()) + ", expected " +
             std::to_string(layout_.size()));
    }
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] const layout_type& layout() const { return layout_; }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t> bytes() requires is_writable { return bytes_; }
  /// All bytes of all levels, per element.
  [[nodiscard]] double bits_per_value() const {
    return rows_ * cols_ == 0
               ? 0.0
               : 8.0 * static_cast<double>(bytes_.size()) / static_cast<double>(rows_ * cols_);
  }

  // Unchecked access to single codes, at (row, col) of the grid of a leaf.
  [[nodiscard]] code_t code(int leaf, std::size_t row, std::size_t col) const {
    return layout_.load(bytes_.data(), leaf, row, col);
  }
  void set_code(int leaf, std::size_t row, std::size_t col, code_t code) requires is_writable {
    layout_.store(bytes_.data(), leaf, row, col, code);
  }

  /// The exact value of an element, row < rows(), col < cols().
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return level_value(format, row, col, loader());
  }
  /// What the group at (row, col) of the grid of groups has.
  [[nodiscard]] group_values group(std::size_t row, std::size_t col) const {
    return level_group(format, row, col, loader());
  }
  [[nodiscard]] std::size_t group_row_count() const {
    return detail::groups_along(rows_, format.shape.rows);
  }
  [[nodiscard]] std::size_t group_col_count() const {
    return detail::groups_along(cols_, format.shape.cols);
  }
  /// The extents of a group.
  [[nodiscard]] std::size_t group_rows() const {
    return format.shape.rows == block_shape::whole ? rows_ + (rows_ == 0 ? 1 : 0)
                                                   : static_cast<std::size_t>(format.shape.rows);
  }
  [[nodiscard]] std::size_t group_cols() const {
    return format.shape.cols == block_shape::whole ? cols_ + (cols_ == 0 ? 1 : 0)
                                                   : static_cast<std::size_t>(format.shape.cols);
  }

  bool operator==(const level_matrix& other) const requires is_owner {
    return rows_ == other.rows_ && cols_ == other.cols_ && bytes_ == other.bytes_;
  }

 private:
  [[nodiscard]] static std::size_t checked(std::size_t rows, std::size_t cols) {
    constexpr std::size_t most = (std::numeric_limits<std::ptrdiff_t>::max)();
    // No level has more codes than there are elements; each takes at most 512 bytes, as the first
    // of swizzled_scales does.
    const std::size_t codes = 512 * static_cast<std::size_t>(leaf_count<format_of<F>>);
    if (cols > most / codes || (cols != 0 && rows > most / codes / cols)) {
      refuse("level_matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    return rows;
  }
  [[nodiscard]] auto loader() const {
    return [this](int leaf, std::size_t row, std::size_t col) { return code(leaf, row, col); };
  }

  std::size_t rows_ = 0, cols_ = 0;
  layout_type layout_;
  Bytes bytes_;
};

template <auto F, template <auto> class Layout = planes>
using level_matrix_view = level_matrix<F, Layout, std::span<const std::uint8_t>>;

}  // namespace lowp
