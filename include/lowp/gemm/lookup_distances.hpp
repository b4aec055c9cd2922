// SPDX-License-Identifier: MIT
// Distances of queries from codes of 4 bits by tables: product quantization, where each column of
// codes names one of 16 centroids of a part of the vector, and a query's table has its distance
// from each in a byte (the symmetric distances of BEBR, arXiv 2302.08714). The umbrella header
// leaves it out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/kernels/transforms/transforms.hpp"

namespace lowp {

/// A matrix of codes of 4 bits, as kernels look them up: 128 rows at a time, column by column, 64
/// bytes each (kernels::add_looked_up_bytes says which row is where); rows that are none have 0.
class nibble_codes {
 public:
  /// One code a byte. Throws std::invalid_argument for a code above 15 and for more than 2^24
  /// columns.
  explicit nibble_codes(matrix_view<const std::uint8_t> codes)
      : rows_(codes.rows), cols_(codes.cols) {
    if (cols_ > std::size_t{1} << 24) {
      refuse("nibble_codes: codes have " + std::to_string(cols_) +
             " columns, expected at most 2^24");
    }
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < cols_; ++c) {
        if (codes(r, c) < 16) continue;
        refuse("nibble_codes: the code at (" + std::to_string(r) + ", " + std::to_string(c) +
               ") is " + std::to_string(codes(r, c)) + ", expected one below 16");
      }
    }
    bytes_.resize(blocks() * block_bytes());
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < cols_; ++c) {
        std::uint8_t& byte = bytes_[place(r, c)];
        byte = static_cast<std::uint8_t>(byte | codes(r, c) << shift(r));
      }
    }
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::uint8_t code(std::size_t row, std::size_t col) const {
    return bytes_[place(row, col)] >> shift(row) & 15;
  }
  [[nodiscard]] std::size_t blocks() const {
    return rows_ / kernels::nibble_rows + (rows_ % kernels::nibble_rows != 0 ? 1 : 0);
  }
  [[nodiscard]] const std::uint8_t* block(std::size_t i) const {
    return bytes_.data() + i * block_bytes();
  }

 private:
  [[nodiscard]] std::size_t block_bytes() const { return cols_ * (kernels::nibble_rows / 2); }
  [[nodiscard]] std::size_t place(std::size_t row, std::size_t col) const {
    const std::size_t byte = 2 * (row % 32) + row / 32 % 2;
    return row / kernels::nibble_rows * block_bytes() + col * (kernels::nibble_rows / 2) + byte;
  }
  [[nodiscard]] static int shift(std::size_t row) { return row / 64 % 2 != 0 ? 4 : 0; }

  std::size_t rows_, cols_;
  std::vector<std::uint8_t> bytes_;
};

namespace detail {

inline void require_lookup_shapes(const matrix_view<const std::uint8_t>& tables,
                                  const nibble_codes& codes,
                                  const matrix_view<std::uint16_t>& out) {
  const auto require_that = [](const char* what, std::size_t value, std::size_t expected) {
    if (value == expected) return;
    refuse(std::string("lookup_distances: ") + what + " is " + std::to_string(value) +
           ", expected " + std::to_string(expected));
  };
  require_that("tables.cols", tables.cols, 16 * codes.cols());
  require_that("out.rows", out.rows, tables.rows);
  require_that("out.cols", out.cols, codes.rows());
}

}  // namespace detail

namespace reference {

/// The definition of lookup_distances.
inline void lookup_distances(matrix_view<const std::uint8_t> tables, const nibble_codes& codes,
                             matrix_view<std::uint16_t> out) {
  lowp::detail::require_lookup_shapes(tables, codes, out);
  for (std::size_t q = 0; q < out.rows; ++q) {
    for (std::size_t row = 0; row < out.cols; ++row) {
      std::uint64_t sum = 0;
      for (std::size_t c = 0; c < codes.cols(); ++c) sum += tables(q, 16 * c + codes.code(row, c));
      out(q, row) = static_cast<std::uint16_t>((std::min)(sum, std::uint64_t{65535}));
    }
  }
}

}  // namespace reference

inline namespace LOWP_BASELINE {

/// out(q, r) = the sum over columns c of tables(q, 16 c + code(r, c)), or 65535 if it is more,
/// which takes 258 columns: a table of 16 bytes for each column and query, so that tables is
/// queries x 16 columns, out queries x rows. The same bits on every machine and for any
/// `execution`. A copy of the tables takes 64 bytes for each of them.
///
///   const nibble_codes database(codes);  // rows x columns, one code a byte
///   lookup_distances(tables, database, matrix_view(distances.data(), queries, rows));
///
/// Throws std::invalid_argument, before writing, for shapes that do not fit. `out` lies apart from
/// the tables.
inline void lookup_distances(matrix_view<const std::uint8_t> tables, const nibble_codes& codes,
                             matrix_view<std::uint16_t> out, const execution& how = {}) {
  detail::require_lookup_shapes(tables, codes, out);
  constexpr std::size_t rows = kernels::nibble_rows, bytes = kernels::nibble_table_bytes;
  constexpr std::size_t part_blocks = 16;
  std::vector<std::uint8_t> repeated(codes.cols() * bytes);
  for (std::size_t q = 0; q < out.rows; ++q) {
    for (std::size_t c = 0; c < codes.cols(); ++c) {
      for (std::size_t i = 0; i < bytes; i += 16) {
        std::memcpy(repeated.data() + c * bytes + i, tables.row(q) + 16 * c, 16);
      }
    }
    const auto part = [&](std::size_t p) {
      const std::size_t end = (std::min)(codes.blocks(), (p + 1) * part_blocks);
      for (std::size_t b = p * part_blocks; b < end; ++b) {
        std::uint16_t sums[rows];
        kernels::add_looked_up_bytes(how.level(), codes.block(b), repeated.data(), codes.cols(),
                                     sums);
        std::copy_n(sums, (std::min)(rows, codes.rows() - b * rows), out.row(q) + b * rows);
      }
    };
    how.run((codes.blocks() + part_blocks - 1) / part_blocks, task(part));
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
