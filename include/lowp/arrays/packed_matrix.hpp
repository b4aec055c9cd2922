// SPDX-License-Identifier: MIT
// A view of a matrix of numbers packed at the true width of their format, row after row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/arrays/packing.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

/// rows x cols numbers of format F in the packing P, to read: each row begins at a byte, row_bytes
/// after the one before it.
template <auto F, packing P = packings::low_first>
class packed_matrix_view {
  static_assert(is_valid_format<F>);
  static_assert(defect(P, F.bits()) == nullptr, "codes of this width cannot be packed like this");

 public:
  using value_type = number<F>;
  static constexpr auto format = F;
  static constexpr packing order = P;

  constexpr packed_matrix_view() = default;
  /// Rows without bytes between them.
  constexpr packed_matrix_view(std::span<const std::uint8_t> bytes, std::size_t rows,
                               std::size_t cols)
      : packed_matrix_view(bytes, rows, cols, packed_bytes(cols, F.bits(), P)) {}
  /// Throws std::invalid_argument for rows that overlap or do not fit in `bytes`.
  constexpr packed_matrix_view(std::span<const std::uint8_t> bytes, std::size_t rows,
                               std::size_t cols, std::size_t row_bytes)
      : bytes_(bytes.data()), rows_(rows), cols_(cols), row_bytes_(row_bytes) {
    const std::size_t needed = packed_bytes(cols, F.bits(), P);
    const bool is_wide = cols / 8 > bytes.size() || needed > bytes.size();
    if (rows != 0 && cols != 0 &&
        (is_wide ||
         (rows > 1 && (row_bytes < needed || rows - 1 > (bytes.size() - needed) / row_bytes)))) {
      refuse("packed_matrix_view: bytes has size " + std::to_string(bytes.size()) +
             " and row_bytes is " + std::to_string(row_bytes) + ", too few for " +
             std::to_string(rows) + " x " + std::to_string(cols) + " codes of " +
             std::to_string(F.bits()) + " bits");
    }
  }

  [[nodiscard]] constexpr std::size_t rows() const { return rows_; }
  [[nodiscard]] constexpr std::size_t cols() const { return cols_; }
  [[nodiscard]] constexpr std::size_t row_bytes() const { return row_bytes_; }
  /// The packed codes of a row; null in a view without elements that has no data.
  [[nodiscard]] constexpr const std::uint8_t* row(std::size_t index) const {
    return bytes_ == nullptr ? nullptr : bytes_ + index * row_bytes_;
  }
  /// Unchecked; row < rows(), col < cols().
  [[nodiscard]] constexpr value_type operator()(std::size_t row_index, std::size_t col) const {
    return value_type::from_code(load_code(row(row_index), col, F.bits(), P));
  }

 private:
  const std::uint8_t* bytes_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t row_bytes_ = 0;
};

}  // namespace lowp
