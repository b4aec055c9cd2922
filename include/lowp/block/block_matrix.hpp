// SPDX-License-Identifier: MIT
// A matrix that owns the packed codes and the scales of a block format, at their true size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

/// rows x cols numbers of the block format B.
///
/// Codes: row after row, each packed densely with the low bits first and starting at a byte.
/// Scales: one per block, row-major over the grid of blocks, in whole little-endian bytes. A row or
/// column of blocks that reaches over the edge is cut there; blocks never straddle rows.
template <auto B>
requires is_block_format_v<std::remove_cvref_t<decltype(B)>>
class block_matrix {
  static_assert(is_valid_format<B>);

 public:
  using element_type = number<B.element>;
  using scale_type = number<B.scale>;
  /// What the functions here read: clang up to 19 may miscompute the address of a member of B
  /// itself (see fixed_format.hpp).
  static constexpr auto format = B;

  block_matrix() = default;

  /// All codes and scales zero. Throws std::invalid_argument if the size in bytes overflows.
  block_matrix(std::size_t rows, std::size_t cols)
      : rows_(rows), cols_(cols), row_bytes_(packed_bytes(cols, format.element.bits())) {
    if (row_bytes_ < cols / 8 || (rows != 0 && row_bytes_ > max_bytes / rows) ||
        cols > max_bytes / 8) {
      refuse("block_matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    codes_.resize(rows * row_bytes_);
    scales_.resize(block_row_count() * block_col_count() * scale_bytes);
  }

  /// From codes and scales as described above, for instance of a file. Throws std::invalid_argument
  /// if their sizes do not fit the matrix.
  block_matrix(std::size_t rows, std::size_t cols, std::span<const std::uint8_t> codes,
               std::span<const std::uint8_t> scales, lowp::tensor_scale tensor = {})
      : block_matrix(rows, cols) {
    const auto require_size = [](const char* name, std::size_t size, std::size_t expected) {
      if (size != expected) {
        refuse("block_matrix: " + std::string(name) + " has size " + std::to_string(size) +
               ", expected " + std::to_string(expected));
      }
    };
    require_size("codes", codes.size(), codes_.size());
    require_size("scales", scales.size(), scales_.size());
    codes_.assign(codes.begin(), codes.end());
    scales_.assign(scales.begin(), scales.end());
    tensor_ = tensor;
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t block_rows() const { return format.block_rows(rows_); }
  [[nodiscard]] std::size_t block_cols() const { return format.block_cols(cols_); }
  [[nodiscard]] std::size_t block_row_count() const { return blocks_over(rows_, block_rows()); }
  [[nodiscard]] std::size_t block_col_count() const { return blocks_over(cols_, block_cols()); }

  [[nodiscard]] std::span<const std::uint8_t> codes() const { return codes_; }
  [[nodiscard]] std::span<std::uint8_t> codes() { return codes_; }
  [[nodiscard]] std::span<const std::uint8_t> scales() const { return scales_; }
  [[nodiscard]] std::span<std::uint8_t> scales() { return scales_; }
  [[nodiscard]] const lowp::tensor_scale& tensor_scale() const { return tensor_; }
  void set_tensor_scale(const lowp::tensor_scale& tensor) { tensor_ = tensor; }
  /// The packed codes of a row.
  [[nodiscard]] const std::uint8_t* row_codes(std::size_t row) const {
    return codes_.data() + row * row_bytes_;
  }
  /// Codes and scales, per element; the tensor scale is not counted.
  [[nodiscard]] double bits_per_value() const {
    return rows_ * cols_ == 0 ? 0.0
                              : 8.0 * static_cast<double>(codes_.size() + scales_.size()) /
                                    static_cast<double>(rows_ * cols_);
  }

  /// Unchecked access to single codes: row < rows(), col < cols(); block coordinates for scales.
  [[nodiscard]] code_t code(std::size_t row, std::size_t col) const {
    return load_code(row_codes(row), col, format.element.bits());
  }
  void set_code(std::size_t row, std::size_t col, code_t code) {
    store_code(codes_.data() + row * row_bytes_, col, format.element.bits(), code);
  }
  [[nodiscard]] code_t scale_code(std::size_t block_row, std::size_t block_col) const {
    return load_code(scales_.data(), block_row * block_col_count() + block_col, format.scale.bits(),
                     scale_packing);
  }
  void set_scale_code(std::size_t block_row, std::size_t block_col, code_t code) {
    store_code(scales_.data(), block_row * block_col_count() + block_col, format.scale.bits(), code,
               scale_packing);
  }
  [[nodiscard]] element_type element(std::size_t row, std::size_t col) const {
    return element_type::from_code(code(row, col));
  }
  /// The scale of the block that holds an element.
  [[nodiscard]] scale_type scale_of(std::size_t row, std::size_t col) const {
    return scale_type::from_code(scale_code(row / block_rows(), col / block_cols()));
  }
  /// element * scale * tensor scale, exact.
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return decode_element(format, code(row, col), scale_of(row, col).code(), tensor_);
  }

  bool operator==(const block_matrix&) const = default;

 private:
  static constexpr std::size_t scale_bytes = static_cast<std::size_t>(format.scale_bytes());
  static constexpr packing scale_packing{.container_bits = 8 * format.scale_bytes()};
  static constexpr std::size_t max_bytes = (std::numeric_limits<std::ptrdiff_t>::max)();

  static std::size_t blocks_over(std::size_t size, std::size_t block) {
    return size / block + (size % block != 0 ? 1 : 0);
  }

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t row_bytes_ = 0;
  std::vector<std::uint8_t> codes_;
  std::vector<std::uint8_t> scales_;
  lowp::tensor_scale tensor_;
};

}  // namespace lowp
