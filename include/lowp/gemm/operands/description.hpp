// SPDX-License-Identifier: MIT
// What a product needs to know of a matrix: its shape, where codes, scales and zero points lie, and
// what they stand for. A matrix type that gives its description, as describe(x) found by
// argument-dependent lookup, is an operand of every product; all else is derived from it.
//
//   value(row, col) = (element(row, col) - zero(group)) * scale(group) * tensor_scale
//
// A 2 x 64 matrix of mxfp4: rows = 2, cols = 64; elements: formats::e2m1, 32 bytes from row to row;
// scales: formats::e8m0, group 1 x 32, 2 groups side by side, 4 bytes in all.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "lowp/arrays/packing.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/described_format.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/operands/packed_layout.hpp"

namespace lowp {

/// In place of the format of scales: there are none.
struct without_scales {
  using type = float_format;
  static constexpr bool is_constant = true;
  static constexpr type value = formats::binary32;
};

namespace detail {
template <class F>
inline constexpr bool is_described_format = std::is_same_v<F, without_scales>;
template <auto F>
inline constexpr bool is_described_format<constant_format<F>> = true;
template <number_format F>
inline constexpr bool is_described_format<variable_format<F>> = true;
}  // namespace detail
/// One of these three.
template <class F>
concept described_format = detail::is_described_format<F>;

/// Rows of codes. Refers to memory of others.
template <described_format Format>
struct code_plane {
  [[no_unique_address]] Format format{};
  const std::uint8_t* bytes = nullptr;  ///< of row 0
  std::ptrdiff_t row_bytes = 0;         ///< from one row to the next; may be negative
  packing order{};  ///< {.container_bits = 8 * sizeof(T)} for an array of numbers of type T

  [[nodiscard]] const std::uint8_t* row(std::size_t index) const {
    return bytes + static_cast<std::ptrdiff_t>(index) * row_bytes;
  }
  [[nodiscard]] code_t code(std::size_t row_index, std::size_t col) const {
    const auto load = [&]<class Word>(Word word) {
      std::memcpy(&word, row(row_index) + col * sizeof word, sizeof word);
      return code_t{word};
    };
    const bool are_words = order == packing{.container_bits = order.container_bits};
    switch (are_words ? order.container_bits : 0) {  // what load_code finds, at once
      case 8: return load(std::uint8_t{});
      case 16: return load(std::uint16_t{});
      case 32: return load(std::uint32_t{});
      case 64: return load(std::uint64_t{});
      default: return load_code(row(row_index), col, format.value.bits(), order);
    }
  }
};

/// Scales, or none: one for each group of rows x cols elements, fewer at the edges, row-major over
/// the grid of groups.
template <described_format Format>
struct scale_plane {
  [[no_unique_address]] Format format{};
  const std::uint8_t* bytes = nullptr;  ///< null: there are none
  packing order{};
  /// At least 1; as large as the matrix, or larger, for one group along it.
  std::size_t group_rows = 1, group_cols = (std::numeric_limits<std::size_t>::max)();
  std::size_t groups_per_row = 0;

  [[nodiscard]] std::size_t group_of(std::size_t row, std::size_t col) const {
    return row / group_rows * groups_per_row + col / group_cols;
  }
  [[nodiscard]] code_t code(std::size_t row, std::size_t col) const {
    return load_code(bytes, group_of(row, col), format.value.bits(), order);
  }
};

/// The description of a matrix that lies in memory.
template <described_format Element, described_format Scale = without_scales>
struct operand_description {
  std::size_t row_count = 0, col_count = 0;
  code_plane<Element> elements{};
  /// Grouped like the zero points, which may be there without them.
  scale_plane<Scale> scales{};
  const std::int32_t* zeros = nullptr;  ///< null: all 0; integers that the element format has
  float tensor_scale = 1;               ///< multiplies the finished sums of a product

  using element_format = Element;
  using scale_format = Scale;

  /// Of the elements.
  [[nodiscard]] const typename Element::type& format() const { return elements.format.value; }
  [[nodiscard]] const typename Scale::type& scale_value_format() const {
    return scales.format.value;
  }
  [[nodiscard]] std::size_t rows() const { return row_count; }
  [[nodiscard]] std::size_t cols() const { return col_count; }
  [[nodiscard]] bool has_scales() const { return scales.bytes != nullptr || zeros != nullptr; }
  [[nodiscard]] bool has_zeros() const { return zeros != nullptr; }
  /// Whether scales are multiples of powers of two, as decoding gives them.
  [[nodiscard]] bool has_dyadic_scales() const {
    if (scales.bytes == nullptr) return true;
    if constexpr (Scale::is_constant) {
      return facts<Scale::value>.are_dyadic();
    } else {
      return facts_of(scales.format.value).are_dyadic();
    }
  }
  [[nodiscard]] std::size_t group_rows() const { return scales.group_rows; }
  [[nodiscard]] std::size_t group_cols() const { return scales.group_cols; }

  // Of one element, exact and unchecked: row < rows(), col < cols().
  [[nodiscard]] unpacked element(std::size_t row, std::size_t col) const {
    const auto& f = elements.format.value;
    const unpacked x = decode(f, elements.code(row, col));
    return zeros == nullptr
               ? x
               : exact::add(
                     x, unpacked::from_integer(-std::int64_t{zeros[scales.group_of(row, col)]}));
  }
  [[nodiscard]] unpacked scale(std::size_t row, std::size_t col) const {
    const auto& f = scales.format.value;
    if (scales.bytes == nullptr) return unpacked::scaled_integer(false, 1);
    return decode(f, scales.code(row, col));
  }
  /// Their product: the value without the tensor scale.
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return scales.bytes == nullptr ? element(row, col)
                                   : exact::multiply(element(row, col), scale(row, col));
  }
};

/// The description of a matrix that lies in memory as a packed_operand does.
template <described_format Element, described_format Scale = without_scales>
struct packed_description {
  std::size_t row_count = 0, col_count = 0;
  const detail::packed_layout* layout = nullptr;
  const std::uint8_t* codes = nullptr;
  const std::uint8_t* scales = nullptr;  ///< null: there are none
  std::size_t block_cols = (std::numeric_limits<std::size_t>::max)();
  detail::scale_powers powers{};  ///< what kernels ask before each product
  float tensor_scale = 1;

  using element_format = Element;
  using scale_format = Scale;

  [[nodiscard]] const typename Element::type& format() const { return Element::value; }
  [[nodiscard]] const typename Scale::type& scale_value_format() const { return Scale::value; }
  [[nodiscard]] std::size_t rows() const { return row_count; }
  [[nodiscard]] std::size_t cols() const { return col_count; }
  [[nodiscard]] bool has_scales() const { return scales != nullptr; }
  [[nodiscard]] bool has_zeros() const { return false; }
  [[nodiscard]] bool has_dyadic_scales() const { return facts<Scale::value>.are_dyadic(); }
  [[nodiscard]] std::size_t group_rows() const { return 1; }
  [[nodiscard]] std::size_t group_cols() const { return block_cols; }
  [[nodiscard]] unpacked element(std::size_t row, std::size_t col) const {
    const std::size_t size = layout->unit_codes;
    return decode(format(), load_code(codes + layout->unit_place(row, col / size), col % size,
                                      format().bits()));
  }
  [[nodiscard]] unpacked scale(std::size_t row, std::size_t col) const {
    if (scales == nullptr) return unpacked::scaled_integer(false, 1);
    const code_t code = scales[layout->scale_place(row, col / block_cols)];
    return decode(scale_value_format(), code & low_mask(scale_value_format().bits()));
  }
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return scales == nullptr ? element(row, col)
                             : exact::multiply(element(row, col), scale(row, col));
  }
};

/// The description of a matrix read by its columns.
template <class Of>
struct transposed_description {
  Of of;
  float tensor_scale = of.tensor_scale;

  using element_format = typename Of::element_format;
  using scale_format = typename Of::scale_format;

  [[nodiscard]] const auto& format() const { return of.format(); }
  [[nodiscard]] const auto& scale_value_format() const { return of.scale_value_format(); }
  [[nodiscard]] std::size_t rows() const { return of.cols(); }
  [[nodiscard]] std::size_t cols() const { return of.rows(); }
  [[nodiscard]] bool has_scales() const { return of.has_scales(); }
  [[nodiscard]] bool has_zeros() const { return of.has_zeros(); }
  [[nodiscard]] bool has_dyadic_scales() const { return of.has_dyadic_scales(); }
  [[nodiscard]] std::size_t group_rows() const { return of.group_cols(); }
  [[nodiscard]] std::size_t group_cols() const { return of.group_rows(); }
  [[nodiscard]] unpacked element(std::size_t row, std::size_t col) const {
    return of.element(col, row);
  }
  [[nodiscard]] unpacked scale(std::size_t row, std::size_t col) const {
    return of.scale(col, row);
  }
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return of.value(col, row);
  }
};

namespace detail {
template <class D>
inline constexpr bool is_transposed_description = false;
template <class Of>
inline constexpr bool is_transposed_description<transposed_description<Of>> = true;

/// Whether values are elements times scales of the formats of a description. Those of slices have
/// formats of their own: nothing is known of them by the one that the description names.
template <class D>
inline constexpr bool has_values_of_formats = true;
template <class Of>
inline constexpr bool has_values_of_formats<transposed_description<Of>> = has_values_of_formats<Of>;

/// A value of a described format, or a reference to it.
template <class T, class Format>
concept value_of_format = std::same_as < std::remove_cvref_t<T>,
typename Format::type > ;
}  // namespace detail

/// A description describes itself: it is an operand, too.
template <described_format Element, described_format Scale>
[[nodiscard]] operand_description<Element, Scale> describe(
    const operand_description<Element, Scale>& d) {
  return d;
}

/// What describe(x) gives: one of these, or a class of one's own for what lies otherwise, which is
/// then read element by element.
template <class D>
concept matrix_description = requires(const D& d, std::size_t i) {
  typename D::element_format;
  typename D::scale_format;
  { d.format() } -> detail::value_of_format<typename D::element_format>;
  { d.scale_value_format() } -> detail::value_of_format<typename D::scale_format>;
  { d.rows() } -> std::same_as<std::size_t>;
  { d.cols() } -> std::same_as<std::size_t>;
  { d.group_rows() } -> std::same_as<std::size_t>;
  { d.group_cols() } -> std::same_as<std::size_t>;
  { d.has_scales() } -> std::same_as<bool>;
  { d.has_zeros() } -> std::same_as<bool>;
  { d.has_dyadic_scales() } -> std::same_as<bool>;
  { d.element(i, i) } -> std::same_as<unpacked>;
  { d.scale(i, i) } -> std::same_as<unpacked>;
  { d.value(i, i) } -> std::same_as<unpacked>;
  { d.tensor_scale } -> std::convertible_to<float>;
};

}  // namespace lowp
