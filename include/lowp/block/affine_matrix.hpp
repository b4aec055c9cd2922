// SPDX-License-Identifier: MIT
// Matrices of integers with a scale and a zero point for each group: affine, or asymmetric,
// quantization as activations of 8 bits and weights of 4 are stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/arrays/packed_matrix.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/integers.hpp"

namespace lowp {

/// rows x cols values (q - z) * s, to read: codes q of an integer format F (int_n, uint_n) and, for
/// each group of them, a scale s and a zero point z, which the caller owns. Not a block_matrix: its
/// three arrays lie apart, codes in any packing and zero points in words of int32, where a layout
/// finds all levels in one range of bytes.
template <auto F, packing P = packings::low_first>
class affine_matrix_view {
  static constexpr integer_values integers = integers_of(F);
  static_assert(integers.exist && integers.unit == 0, "an affine matrix has codes of integers");

 public:
  static constexpr auto format = F;
  static constexpr packing order = P;

  affine_matrix_view() = default;
  /// A group spans group.rows x group.cols elements, fewer at the edges; {1, 128} is a scale for
  /// each 128 of a row, {1, block_shape::whole} one per row, {block_shape::whole,
  /// block_shape::whole} one for all. Scales and zero points, one per group, are row-major over the
  /// grid of groups; empty ones are all 1 and all 0. Throws std::invalid_argument for a group that
  /// is none, for sizes that do not fit the matrix and for a zero point that F cannot hold.
  affine_matrix_view(const packed_matrix_view<F, P>& codes, block_shape group,
                     std::span<const float> scales, std::span<const std::int32_t> zeros = {})
      : codes_(codes), group_(group), scales_(scales), zeros_(zeros) {
    if (group.rows < 0 || group.cols < 0) {
      refuse("affine_matrix_view: group is " + std::to_string(group.rows) + " x " +
             std::to_string(group.cols) + ", expected no negative extent");
    }
    const auto groups = [](std::size_t size, std::size_t extent) {
      return size / extent + (size % extent != 0 ? 1 : 0);
    };
    groups_per_row_ = groups(cols(), group_cols());
    const std::size_t count = groups(rows(), group_rows()) * groups_per_row_;
    const auto require_size = [count](const char* name, std::size_t size) {
      if (size != 0 && size != count) {
        refuse("affine_matrix_view: " + std::string(name) + " has size " + std::to_string(size) +
               ", expected " + std::to_string(count) + " or none");
      }
    };
    require_size("scales", scales.size());
    require_size("zeros", zeros.size());
    for (std::size_t i = 0; i < zeros.size(); ++i) {
      if (zeros[i] < integers.range.low || zeros[i] > integers.range.high) {
        refuse("affine_matrix_view: zeros[" + std::to_string(i) + "] is " +
               std::to_string(zeros[i]) + ", expected an integer from " +
               std::to_string(integers.range.low) + " to " + std::to_string(integers.range.high) +
               " as the format has them");
      }
    }
  }

  [[nodiscard]] std::size_t rows() const { return codes_.rows(); }
  [[nodiscard]] std::size_t cols() const { return codes_.cols(); }
  [[nodiscard]] const packed_matrix_view<F, P>& codes() const { return codes_; }
  [[nodiscard]] std::size_t row_bytes() const { return codes_.row_bytes(); }
  /// The packed codes of a row.
  [[nodiscard]] const std::uint8_t* row(std::size_t index) const { return codes_.row(index); }
  /// The extents of a group, and how many lie side by side.
  [[nodiscard]] std::size_t group_rows() const {
    return group_.rows != block_shape::whole ? static_cast<std::size_t>(group_.rows)
                                             : rows() + (rows() == 0 ? 1 : 0);
  }
  [[nodiscard]] std::size_t group_cols() const {
    return group_.cols != block_shape::whole ? static_cast<std::size_t>(group_.cols)
                                             : cols() + (cols() == 0 ? 1 : 0);
  }
  [[nodiscard]] std::size_t groups_per_row() const { return groups_per_row_; }
  [[nodiscard]] std::span<const float> scales() const { return scales_; }
  [[nodiscard]] std::span<const std::int32_t> zeros() const { return zeros_; }

  // Of one element, unchecked: row < rows(), col < cols().
  [[nodiscard]] float scale(std::size_t row, std::size_t col) const {
    return scales_.empty() ? 1.0f : scales_[group_of(row, col)];
  }
  [[nodiscard]] std::int32_t zero(std::size_t row, std::size_t col) const {
    return zeros_.empty() ? 0 : zeros_[group_of(row, col)];
  }
  /// q - z
  [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t col) const {
    return integer_of(unpack(codes_(row, col)), 0) - zero(row, col);
  }
  /// (q - z) * s, exact.
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return exact::multiply(unpacked::from_integer(integer(row, col)), unpack(scale(row, col)));
  }

 private:
  [[nodiscard]] std::size_t group_of(std::size_t row, std::size_t col) const {
    return row / group_rows() * groups_per_row_ + col / group_cols();
  }

  packed_matrix_view<F, P> codes_;
  block_shape group_;
  std::size_t groups_per_row_ = 0;
  std::span<const float> scales_;
  std::span<const std::int32_t> zeros_;
};

}  // namespace lowp
