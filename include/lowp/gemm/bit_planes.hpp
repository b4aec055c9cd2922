// SPDX-License-Identifier: MIT
// Matrices of integers of 1 to 8 bits as planes of bits, packed once for many products
// (bit_plane_product.hpp, hamming_distances.hpp). The umbrella header leaves it out.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "lowp/core/failure.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/plane_integers.hpp"

namespace lowp {

/// The elements of a matrix in planes of bits: integers of at most 8 bits times one power of two,
/// 2^unit(), of any format, less zero points; unsigned, two's complement and bipolar codes have as
/// many planes as bits, other formats as many as the number of their integers has (E2M1 5, ternary
/// codebooks 2). A group of scales or zero points must have whole rows; scales are left to the
/// caller, who multiplies finished sums by them.
///
/// Bits lie in words of 32 columns, of 16 rows next to each other: 16 words for each plane, planes
/// after planes for each word, words after words for each 16 rows. Which bit of a word a column has
/// stands in kernels/planes/planes.hpp (plane_tile).
class bit_planes {
 public:
  bit_planes() = default;
  /// Throws std::invalid_argument for formats whose values are no such integers, for integers that,
  /// less a zero point, have magnitudes of 2^31 or more, and for groups of parts of rows.
  template <gemm_operand X>
  explicit bit_planes(const X& x)
      : bit_planes(detail::described_integers(describe(x)), plane_unit(describe(x).format())) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  /// Planes of bits.
  [[nodiscard]] int planes() const { return planes_; }
  /// The integers of row r are lowest(r) + step() * u for u from 0 to 2^planes() - 1.
  [[nodiscard]] std::int32_t step() const { return step_; }
  [[nodiscard]] std::int32_t lowest(std::size_t row) const {
    return static_cast<std::int32_t>(lowest_[row]);
  }
  /// Elements are integers times 2^unit().
  [[nodiscard]] int unit() const { return unit_; }
  /// The sum of u of a row.
  [[nodiscard]] std::uint32_t sum(std::size_t row) const { return sums_[row]; }

  /// Unchecked; row < rows(), col < cols().
  [[nodiscard]] bool bit_at(std::size_t row, std::size_t col, int plane) const {
    return (plane_word(row, col / 32, plane) >> detail::bit_of_column(col) & 1) != 0;
  }
  [[nodiscard]] std::int32_t integer(std::size_t row, std::size_t col) const {
    std::int32_t u = 0;
    for (int i = 0; i < planes_; ++i) u += static_cast<std::int32_t>(bit_at(row, col, i)) << i;
    return lowest(row) + step_ * u;
  }

  /// The words, in the order described above.
  [[nodiscard]] std::span<const std::uint32_t> words() const {
    return {lines_.empty() ? nullptr : lines_[0].words, lines_.size() * 16};
  }
  [[nodiscard]] std::size_t words_per_row() const { return (cols_ + 31) / 32; }
  [[nodiscard]] std::uint32_t plane_word(std::size_t row, std::size_t index, int plane) const {
    return lines_[line(row / 16, index, plane)].words[row % 16];
  }
  /// Of all rows, of zero past the last, and where all are equal that number.
  [[nodiscard]] const std::uint32_t* lowest_of_rows() const { return lowest_.data(); }
  [[nodiscard]] bool has_one_lowest() const { return has_one_lowest_; }
  [[nodiscard]] const std::uint32_t* sums_of_rows() const { return sums_.data(); }
  /// The largest magnitude that an integer can have.
  [[nodiscard]] std::int64_t largest_magnitude() const { return largest_magnitude_; }

  /// As rows of integers without a sign, to which this matrix is referred.
  [[nodiscard]] detail::plane_source source() const {
    return {
        .rows = rows_,
        .cols = cols_,
        .planes = planes_,
        .step = step_,
        .of = this,
        .load_row = [](const void* of, std::size_t row,
                       std::uint8_t* out) { static_cast<const bit_planes*>(of)->load(row, out); },
        .lowest_of = [](const void* of, std::size_t row) -> std::int64_t {
          return static_cast<const bit_planes*>(of)->lowest(row);
        },
        .highest_of = [](const void* of, std::size_t row) -> std::int64_t {
          const auto& x = *static_cast<const bit_planes*>(of);
          return x.lowest(row) + std::int64_t{x.highest_} - x.lowest_of_format_;
        }};
  }

 private:
  struct alignas(64) line_of_words {
    std::uint32_t words[16] = {};
  };
  [[nodiscard]] static int plane_unit(const auto& f) { return detail::plane_code_of(f).unit; }
  template <class D>
  bit_planes(const detail::described_integers<D>& x, int unit) : bit_planes(x.source(), unit) {}
  bit_planes(const detail::plane_source& x, int unit)
      : rows_(x.rows),
        cols_(x.cols),
        planes_(x.planes),
        step_(x.step),
        unit_(unit),
        lines_((rows_ + 15) / 16 * words_per_row() * static_cast<std::size_t>(planes_)),
        lowest_((rows_ + 15) / 16 * 16),
        sums_(lowest_.size()) {
    if (rows_ != 0) {
      lowest_of_format_ = static_cast<std::int32_t>(x.lowest(0));
      highest_ = static_cast<std::int32_t>(x.highest(0));
    }
    std::vector<std::uint8_t> bytes(rows_ == 0 ? 0 : words_per_row() * 32);
    for (std::size_t row = 0; row < rows_; ++row) {
      x.load(row, bytes.data());
      const std::int64_t low = x.lowest(row), high = x.highest(row);
      if (low < -detail::largest_plane_integer || high > detail::largest_plane_integer) {
        refuse("bit_planes: integers from " + std::to_string(low) + " to " + std::to_string(high) +
               " in row " + std::to_string(row) + ", expected magnitudes below 2^31");
      }
      for (const std::int64_t end : {low < 0 ? -low : low, high < 0 ? -high : high}) {
        if (end > largest_magnitude_) largest_magnitude_ = end;
      }
      lowest_[row] = static_cast<std::uint32_t>(low);
      has_one_lowest_ = has_one_lowest_ && lowest_[row] == lowest_[0];
      sums_[row] = detail::sum_of_bytes(bytes);
      for (std::size_t w = 0; w < words_per_row(); ++w) {
        for (int plane = 0; plane < planes_; ++plane) {
          lines_[line(row / 16, w, plane)].words[row % 16] =
              detail::plane_word(bytes.data() + 32 * w, plane);
        }
      }
    }
  }
  [[nodiscard]] std::size_t line(std::size_t group, std::size_t index, int plane) const {
    return (group * words_per_row() + index) * static_cast<std::size_t>(planes_) +
           static_cast<std::size_t>(plane);
  }
  void load(std::size_t row, std::uint8_t* out) const {
    const std::uint32_t* from = words().data() + line(row / 16, 0, 0) * 16 + row % 16;
    for (std::size_t col = 0; col < cols_; col += 32) {
      std::array<std::uint64_t, 4> eights{};
      for (int plane = 0; plane < planes_; ++plane, from += 16) {
        const std::uint64_t twice = *from | std::uint64_t{*from >> 1} << 32;
        for (std::size_t i = 0; i < 4; ++i) {
          eights[i] |= (twice >> 2 * i & 0x0101010101010101u) << plane;
        }
      }
      if constexpr (std::endian::native == std::endian::big) {
        std::array<std::uint8_t, 32> bytes{};
        for (std::size_t i = 0; i < 32; ++i) {
          bytes[i] = static_cast<std::uint8_t>(eights[i / 8] >> i % 8 * 8);
        }
        std::memcpy(eights.data(), bytes.data(), 32);
      }
      if (cols_ - col >= 32) {
        std::memcpy(out + col, eights.data(), 32);
      } else {
        std::memcpy(out + col, eights.data(), cols_ - col);
      }
    }
  }

  std::size_t rows_ = 0, cols_ = 0;
  int planes_ = 1;
  std::int32_t step_ = 1, lowest_of_format_ = 0, highest_ = 0;
  int unit_ = 0;
  std::int64_t largest_magnitude_ = 0;
  bool has_one_lowest_ = true;
  std::vector<line_of_words> lines_;
  std::vector<std::uint32_t> lowest_, sums_;
};

}  // namespace lowp
