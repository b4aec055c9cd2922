// SPDX-License-Identifier: MIT
// Matrices whose groups of elements are sums of entries of codebooks: AQLM (arXiv 2401.06118) and
// PV-Tuning (2405.14852). additive_codebook_fit.hpp chooses entries and codes,
// gemm/additive_codebook_product.hpp multiplies. The umbrella header leaves it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/real_functions.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// So many codebooks of 2^code_bits entries, vectors of `group` elements. The default takes 2 bits
/// an element.
struct additive_codebooks {
  int count = 2;      ///< 1 to 16
  int code_bits = 8;  ///< 1 to 16
  int group = 8;      ///< 1 to 64, divides the columns

  constexpr bool operator==(const additive_codebooks&) const = default;
  [[nodiscard]] constexpr std::size_t entries() const { return std::size_t{1} << code_bits; }
};

/// Element c of row r is scale(r) * (e_0[i] + e_1[i] + …), where e_m is the entry of codebook m
/// that the code of group c / group says, and i is c mod group: sums and the product are rounded
/// once each to nearest even in binary32, the sums from codebook 0 on.
///
/// Codes of a row lie next to each other from a byte on, low bits first: those of a group by
/// codebooks, then those of the next group.
class additive_codebook_matrix {
 public:
  /// Codes and entries of 0, scales of 1. Throws std::invalid_argument for codebooks out of range,
  /// columns that are no multiple of the group, and a size beyond the address space.
  additive_codebook_matrix(std::size_t rows, std::size_t cols, const additive_codebooks& shape = {})
      : shape_(checked(rows, cols, shape)),
        rows_(rows),
        cols_(cols),
        entries_(static_cast<std::size_t>(shape.count) * shape.entries() *
                 static_cast<std::size_t>(shape.group)),
        scales_(rows, 1.0F),
        bytes_(rows * row_bytes()) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] const additive_codebooks& codebooks() const { return shape_; }
  /// Of a row.
  [[nodiscard]] std::size_t groups() const {
    return cols_ / static_cast<std::size_t>(shape_.group);
  }
  [[nodiscard]] std::size_t row_bytes() const {
    return packed_bytes(groups() * static_cast<std::size_t>(shape_.count), shape_.code_bits);
  }

  /// Element i of entry e of codebook m at ((m << code_bits) + e) * group + i.
  [[nodiscard]] std::span<const float> entries() const { return entries_; }
  [[nodiscard]] std::span<float> entries() { return entries_; }
  [[nodiscard]] const float* entry(std::size_t codebook, std::size_t index) const {
    return entries_.data() +
           ((codebook << shape_.code_bits) + index) * static_cast<std::size_t>(shape_.group);
  }
  /// One for each row.
  [[nodiscard]] std::span<const float> scales() const { return scales_; }
  [[nodiscard]] std::span<float> scales() { return scales_; }
  /// Packed codes, row_bytes() for each row.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t> bytes() { return bytes_; }

  [[nodiscard]] std::size_t code(std::size_t row, std::size_t group, std::size_t codebook) const {
    return static_cast<std::size_t>(
        load_code(bytes_.data() + row * row_bytes(), place(group, codebook), shape_.code_bits));
  }
  void set_code(std::size_t row, std::size_t group, std::size_t codebook, std::size_t code) {
    store_code(bytes_.data() + row * row_bytes(), place(group, codebook), shape_.code_bits,
               static_cast<code_t>(code));
  }

  /// Codes, and entries and scales of so many bits each: binary16 in AQLM's files.
  [[nodiscard]] double bits_per_value(int value_bits = 32) const {
    const double values = static_cast<double>(rows_) * static_cast<double>(cols_);
    const double codes = static_cast<double>(rows_) * static_cast<double>(groups()) * shape_.count *
                         shape_.code_bits;
    return (codes + static_cast<double>(entries_.size() + scales_.size()) * value_bits) / values;
  }
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    const auto rounded = [](const unpacked& x) { return unpack(pack_as<float>(x)); };
    const auto size = static_cast<std::size_t>(shape_.group);
    const auto element = [&](std::size_t m) {
      return unpack(entry(m, code(row, col / size, m))[col % size]);
    };
    unpacked sum = element(0);
    for (int m = 1; m < shape_.count; ++m) {
      sum = rounded(exact::add(sum, element(static_cast<std::size_t>(m))));
    }
    return rounded(exact::multiply(unpack(scales_[row]), sum));
  }
  bool operator==(const additive_codebook_matrix&) const = default;

 private:
  [[nodiscard]] std::size_t place(std::size_t group, std::size_t codebook) const {
    return group * static_cast<std::size_t>(shape_.count) + codebook;
  }
  [[nodiscard]] static const additive_codebooks& checked(std::size_t rows, std::size_t cols,
                                                         const additive_codebooks& shape) {
    const auto require_that = [](const char* what, int value, int most) {
      if (value >= 1 && value <= most) return;
      refuse(std::string("additive_codebook_matrix: ") + what + " is " + std::to_string(value) +
             ", expected 1 to " + std::to_string(most));
    };
    require_that("count", shape.count, 16);
    require_that("code_bits", shape.code_bits, 16);
    require_that("group", shape.group, 64);
    if (cols % static_cast<std::size_t>(shape.group) != 0) {
      refuse("additive_codebook_matrix: cols is " + std::to_string(cols) +
             ", expected a multiple of group, " + std::to_string(shape.group));
    }
    constexpr std::size_t most = (std::numeric_limits<std::ptrdiff_t>::max)() / 64;
    if (cols > most || (cols != 0 && rows > most / cols)) {
      refuse("additive_codebook_matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
             " elements exceed the address space");
    }
    return shape;
  }

  additive_codebooks shape_;
  std::size_t rows_, cols_;
  std::vector<float> entries_, scales_;
  std::vector<std::uint8_t> bytes_;
};

namespace detail {

[[nodiscard]] inline bool fits_binary32(const double& x) {
  return is_finite(x) && magnitude_of(x) <= 0x1.FFFFFEp127;
}
/// Entries that a fit may begin with: two infinite ones could give NaN, which has no order.
inline void require_finite_entries(const char* function, const additive_codebook_matrix& q) {
  for (std::size_t i = 0; i < q.entries().size(); ++i) {
    const float& entry = q.entries()[i];
    if (is_finite(entry)) continue;
    refuse(std::string(function) + ": entries()[" + std::to_string(i) + "] is " +
           std::to_string(entry) + ", expected finite ones");
  }
}

}  // namespace detail

inline namespace LOWP_BASELINE {
namespace bulk {

/// The codes of a row from `first` on, as integers.
inline void load_codes(const additive_codebook_matrix& q, std::size_t row, std::size_t first,
                       std::size_t count, std::uint16_t* out) {
  const std::uint8_t* const from = q.bytes().data() + row * q.row_bytes();
  const int width = q.codebooks().code_bits;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = width == 8 ? from[first + i]
                        : static_cast<std::uint16_t>(load_code(from, first + i, width));
  }
}
/// out[i] = a[i] + b[i], and out[i] = a * b[i].
inline void add_floats(const float* a, const float* b, std::size_t count, float* out) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) lowp::detail::add_arrays<4>(a + i, b + i, out + i);
  for (; i < count; ++i) out[i] = lowp::detail::sum_of_floats(a[i], b[i]);
}
inline void scale_floats(float a, const float* b, std::size_t count, float* out) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) lowp::detail::multiply_arrays<4>(a, b + i, out + i);
  for (; i < count; ++i) out[i] = lowp::detail::product_of_floats(a, b[i]);
}
/// out = the sum of the entries of a group, in binary32.
inline void sum_entries(const additive_codebook_matrix& q, const std::uint16_t* codes, float* out) {
  const auto size = static_cast<std::size_t>(q.codebooks().group);
  const auto count = static_cast<std::size_t>(q.codebooks().count);
  std::memcpy(out, q.entry(0, codes[0]), size * sizeof(float));
  for (std::size_t m = 1; m < count; ++m) add_floats(out, q.entry(m, codes[m]), size, out);
}

}  // namespace bulk

/// The values. Throws std::invalid_argument, before writing, if `out` has another shape.
inline void dequantize(const additive_codebook_matrix& q, matrix_view<float> out,
                       const execution& how = {}) {
  if (out.rows != q.rows() || out.cols != q.cols()) {
    refuse("dequantize: out is " + std::to_string(out.rows) + " x " + std::to_string(out.cols) +
           ", expected " + std::to_string(q.rows()) + " x " + std::to_string(q.cols()));
  }
  const auto row = [&](std::size_t r) {
    const default_float_environment environment;
    const auto size = static_cast<std::size_t>(q.codebooks().group);
    const auto count = static_cast<std::size_t>(q.codebooks().count);
    for (std::size_t g = 0; g < q.groups(); ++g) {
      std::uint16_t codes[16];
      float* const to = out.row(r) + g * size;
      bulk::load_codes(q, r, g * count, count, codes);
      bulk::sum_entries(q, codes, to);
      bulk::scale_floats(q.scales()[r], to, size, to);
    }
  };
  how.run(q.rows(), task(row));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
