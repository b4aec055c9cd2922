// SPDX-License-Identifier: MIT
// Weights as sums of planes of signs: binary-coding quantization (BCQ; Xu et al., arXiv 1802.00150;
// LUT-GEMM, arXiv 2206.09557), w = a[0] b[0] + a[1] b[1] + … + z with b of -1 and 1.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// What a binary_coding_matrix consists of besides its size.
struct binary_coding {
  int planes = 3;           ///< 1 to 8
  std::size_t group = 128;  ///< elements of a row under one scale for each plane, 32 n; 0: the row
  bool has_offsets = false;

  bool operator==(const binary_coding&) const = default;
};

namespace detail {

/// Of arrays that begin at a line of the cache, so that vectors that are read from them lie in one.
template <class T>
struct line_allocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};
  line_allocator() = default;
  template <class Other>
  constexpr line_allocator(const line_allocator<Other>&) noexcept {}
  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), line));
  }
  void deallocate(T* first, std::size_t) noexcept { ::operator delete(first, line); }
  bool operator==(const line_allocator&) const = default;
};

/// Values of the codes of one group, code i having b[p] = 1 where bit p of i is set:
/// ((a[0] b[0] + a[1] b[1]) + …) + z, each sum rounded to binary32; a NaN is the canonical one.
/// `scales` lie `step` apart.
inline void fill_levels(const float* scales, std::size_t step, int planes, const float* offset,
                        float* levels) {
  levels[0] = -scales[0];
  levels[1] = scales[0];
  for (int p = 1; p < planes; ++p) {
    const std::size_t half = std::size_t{1} << p;
    const float a = scales[static_cast<std::size_t>(p) * step];
    for (std::size_t i = 0; i < half; ++i) {
      levels[half + i] = sum_of_floats(levels[i], a);
      levels[i] = difference_of_floats(levels[i], a);
    }
  }
  for (std::size_t i = 0; i < std::size_t{1} << planes; ++i) {
    if (offset != nullptr) levels[i] = sum_of_floats(levels[i], *offset);
    const auto bits = std::bit_cast<std::uint32_t>(levels[i]);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) levels[i] = from_bits<float>(0x7FC00000u);
  }
}

}  // namespace detail

/// rows x cols weights, each of `planes` bits. A word of 32 bits has a plane of 32 elements of a
/// row, the first one lowest, a set bit being 1 and the others -1; arrays are those of LUT-GEMM:
///
///   bits()[(c / 32 * planes + p) * rows + r]       bit c % 32: b[p] of element (r, c)
///   scales()[(c / group * planes + p) * rows + r]  a[p]
///   offsets()[c / group * rows + r]                z, or none
///
/// Bits behind the last column are 0. The value of an element is ((a[0] b[0] + a[1] b[1]) + …) + z,
/// each sum rounded once to nearest even in binary32; a NaN is the canonical one. What lies in
/// these arrays is the caller's to change, but for bits behind the last column.
class binary_coding_matrix {
 public:
  /// All bits 0, all scales and offsets 0. Throws std::invalid_argument for planes that are not 1
  /// to 8, a group that is no multiple of 32, and sizes beyond the address space.
  binary_coding_matrix(std::size_t rows, std::size_t cols, const binary_coding& coding = {})
      : rows_(rows), cols_(cols), coding_(checked(rows, cols, coding)) {
    bits_.resize(words_per_row() * planes() * rows);
    scales_.resize(groups_per_row() * planes() * rows);
    offsets_.resize(coding.has_offsets ? groups_per_row() * rows : 0);
  }
  /// Of arrays in the order above, which are copied. Throws for arrays of other sizes, too, and for
  /// a bit that is set behind the last column.
  binary_coding_matrix(std::size_t rows, std::size_t cols, const binary_coding& coding,
                       std::span<const std::uint32_t> bits, std::span<const float> scales,
                       std::span<const float> offsets = {})
      : binary_coding_matrix(rows, cols, coding) {
    require_size("bits", bits.size(), bits_.size());
    require_size("scales", scales.size(), scales_.size());
    require_size("offsets", offsets.size(), offsets_.size());
    std::copy(bits.begin(), bits.end(), bits_.begin());
    std::copy(scales.begin(), scales.end(), scales_.begin());
    std::copy(offsets.begin(), offsets.end(), offsets_.begin());
    if (cols % 32 == 0) return;
    for (std::size_t i = bits.size() - planes() * rows; i < bits.size(); ++i) {
      if (bits[i] >> cols % 32 == 0) continue;
      refuse("binary_coding_matrix: bits[" + std::to_string(i) +
             "] has a bit behind the last column, " + std::to_string(cols % 32) +
             " bits were expected");
    }
  }

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] const binary_coding& coding() const { return coding_; }
  [[nodiscard]] std::size_t planes() const { return static_cast<std::size_t>(coding_.planes); }
  /// Columns of a group, and how many groups and words a row has.
  [[nodiscard]] std::size_t group_cols() const {
    return coding_.group == 0 ? words_per_row() * 32 : coding_.group;
  }
  [[nodiscard]] std::size_t groups_per_row() const {
    return cols_ == 0 ? 0 : (cols_ - 1) / group_cols() + 1;
  }
  [[nodiscard]] std::size_t words_per_row() const { return cols_ / 32 + (cols_ % 32 != 0 ? 1 : 0); }

  [[nodiscard]] std::span<const std::uint32_t> bits() const { return bits_; }
  [[nodiscard]] std::span<std::uint32_t> bits() { return bits_; }
  [[nodiscard]] std::span<const float> scales() const { return scales_; }
  [[nodiscard]] std::span<float> scales() { return scales_; }
  [[nodiscard]] std::span<const float> offsets() const { return offsets_; }
  [[nodiscard]] std::span<float> offsets() { return offsets_; }
  [[nodiscard]] double bits_per_value() const {
    const double words = static_cast<double>(bits_.size() + scales_.size() + offsets_.size());
    return bits_.empty() ? 0
                         : 32 * words / (static_cast<double>(rows_) * static_cast<double>(cols_));
  }

  // Of one element, unchecked: row < rows(), col < cols().
  /// Bit p says whether b[p] is 1.
  [[nodiscard]] unsigned code(std::size_t row, std::size_t col) const {
    unsigned bits = 0;
    for (std::size_t p = 0; p < planes(); ++p) {
      bits |= (bits_[bit_place(row, col, p)] >> col % 32 & 1u) << p;
    }
    return bits;
  }
  void set_code(std::size_t row, std::size_t col, unsigned bits) {
    for (std::size_t p = 0; p < planes(); ++p) {
      std::uint32_t& word = bits_[bit_place(row, col, p)];
      word = (word & ~(1u << col % 32)) | (bits >> p & 1u) << col % 32;
    }
  }
  [[nodiscard]] float scale(std::size_t row, std::size_t col, std::size_t plane) const {
    return scales_[(col / group_cols() * planes() + plane) * rows_ + row];
  }
  void set_scale(std::size_t row, std::size_t col, std::size_t plane, float scale) {
    scales_[(col / group_cols() * planes() + plane) * rows_ + row] = scale;
  }
  /// 0 where there are none.
  [[nodiscard]] float offset(std::size_t row, std::size_t col) const {
    return offsets_.empty() ? 0 : offsets_[col / group_cols() * rows_ + row];
  }
  void set_offset(std::size_t row, std::size_t col, float offset) {
    offsets_[col / group_cols() * rows_ + row] = offset;
  }
  /// A binary32 number.
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    const default_float_environment environment;
    float levels[256];
    fill_levels(row, col, levels);
    return unpack(levels[code(row, col)]);
  }
  /// The values of all codes in the group of an element, 2^planes.
  void fill_levels(std::size_t row, std::size_t col, float* levels) const {
    const std::size_t group = col / group_cols();
    const float* const offset = offsets_.empty() ? nullptr : offsets_.data() + group * rows_ + row;
    detail::fill_levels(scales_.data() + group * planes() * rows_ + row, rows_, coding_.planes,
                        offset, levels);
  }

  bool operator==(const binary_coding_matrix&) const = default;

 private:
  static const binary_coding& checked(std::size_t rows, std::size_t cols, const binary_coding& c) {
    if (c.planes < 1 || c.planes > 8) {
      refuse("binary_coding_matrix: planes is " + std::to_string(c.planes) + ", expected 1 to 8");
    }
    if (c.group % 32 != 0) {
      refuse("binary_coding_matrix: group is " + std::to_string(c.group) +
             ", expected a multiple of 32, or 0 for rows");
    }
    // Words of bits and of scales, planes of each.
    constexpr std::size_t most = (std::numeric_limits<std::ptrdiff_t>::max)() / 64;
    if (cols > most || (cols != 0 && rows > most / cols)) {
      refuse("binary_coding_matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    return c;
  }
  static void require_size(const char* name, std::size_t size, std::size_t expected) {
    if (size == expected) return;
    refuse("binary_coding_matrix: " + std::string(name) + " has size " + std::to_string(size) +
           ", expected " + std::to_string(expected));
  }
  [[nodiscard]] std::size_t bit_place(std::size_t row, std::size_t col, std::size_t p) const {
    return (col / 32 * planes() + p) * rows_ + row;
  }

  std::size_t rows_, cols_;
  binary_coding coding_;
  std::vector<std::uint32_t, detail::line_allocator<std::uint32_t>> bits_;
  std::vector<float, detail::line_allocator<float>> scales_, offsets_;
};

inline namespace LOWP_BASELINE {

/// The values: see binary_coding_matrix. Throws std::invalid_argument, before writing, if the
/// shapes differ.
inline void dequantize(const binary_coding_matrix& in, matrix_view<float> out,
                       const execution& how = {}) {
  if (out.rows != in.rows() || out.cols != in.cols()) {
    refuse("dequantize: out is " + std::to_string(out.rows) + " x " + std::to_string(out.cols) +
           ", expected " + std::to_string(in.rows()) + " x " + std::to_string(in.cols()));
  }
  const auto one_row = [&](std::size_t row) {
    const default_float_environment environment;
    float levels[256] = {};
    for (std::size_t left = 0; left < in.cols(); left += 32) {
      if (left % in.group_cols() == 0) in.fill_levels(row, left, levels);
      const std::size_t count = (std::min)(std::size_t{32}, in.cols() - left);
      const std::uint32_t* const words =
          in.bits().data() + left / 32 * in.planes() * in.rows() + row;
      for (std::size_t i = 0; i < count; ++i) {
        std::size_t code = 0;
        for (std::size_t p = 0; p < in.planes(); ++p) {
          code |= std::size_t{words[p * in.rows()] >> i & 1u} << p;
        }
        out(row, left + i) = levels[code];
      }
    }
  };
  how.run(in.cols() == 0 ? 0 : in.rows(), task(one_row));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
