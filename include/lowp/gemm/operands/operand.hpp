// SPDX-License-Identifier: MIT
// What a product asks of an operand: its shape, the values of its elements, and the tensor scale,
// which is common to all of them and so multiplies the finished sums.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packed_matrix.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/block/affine_matrix.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/number/number.hpp"

namespace lowp {
namespace detail {

/// A view of float or of numbers, one in each element.
template <class T>
concept view_element = std::same_as < std::remove_const_t<T>,
float > || is_number_v<std::remove_const_t<T>>;

/// float as a number.
template <class T>
struct number_of {
  static constexpr auto format = T::format;
};
template <>
struct number_of<float> {
  static constexpr auto format = formats::binary32;
};

/// Matrices and views that are classes.
template <class X>
requires requires(const X& x) { x.rows(), x.cols(); }
[[nodiscard]] std::size_t operand_rows(const X& x) { return x.rows(); }
template <class X>
requires requires(const X& x) { x.rows(), x.cols(); }
[[nodiscard]] std::size_t operand_cols(const X& x) { return x.cols(); }

template <view_element T>
[[nodiscard]] std::size_t operand_rows(const matrix_view<T>& x) {
  return x.rows;
}
template <view_element T>
[[nodiscard]] std::size_t operand_cols(const matrix_view<T>& x) {
  return x.cols;
}
template <view_element T>
[[nodiscard]] float operand_tensor_scale(const matrix_view<T>&) {
  return 1.0f;
}
template <view_element T>
[[nodiscard]] unpacked operand_value(const matrix_view<T>& x, std::size_t row, std::size_t col) {
  return unpack(x(row, col));
}

template <auto F, packing P>
[[nodiscard]] float operand_tensor_scale(const packed_matrix_view<F, P>&) {
  return 1.0f;
}
template <auto F, packing P>
[[nodiscard]] unpacked operand_value(const packed_matrix_view<F, P>& x, std::size_t row,
                                     std::size_t col) {
  return unpack(x(row, col));
}

template <auto B>
[[nodiscard]] float operand_tensor_scale(const block_matrix<B>& x) {
  return block_matrix<B>::format.has_tensor_scale ? x.tensor_scale().decoding : 1.0f;
}
template <auto B>
[[nodiscard]] unpacked operand_value(const block_matrix<B>& x, std::size_t row, std::size_t col) {
  return exact::multiply(unpack(x.element(row, col)), unpack(x.scale_of(row, col)));
}

template <auto F, packing P>
[[nodiscard]] float operand_tensor_scale(const affine_matrix_view<F, P>&) {
  return 1.0f;
}
template <auto F, packing P>
[[nodiscard]] unpacked operand_value(const affine_matrix_view<F, P>& x, std::size_t row,
                                     std::size_t col) {
  return x.value(row, col);
}

template <class X>
[[nodiscard]] float operand_tensor_scale(const packed_operand<X>& x) {
  if constexpr (packed_operand<X>::has_scales) {
    if (X::format.has_tensor_scale) return x.tensor_scale().decoding;
  }
  return 1.0f;
}
template <class X>
[[nodiscard]] unpacked operand_value(const packed_operand<X>& x, std::size_t row, std::size_t col) {
  const unpacked element = unpack(x.element(row, col));
  if constexpr (packed_operand<X>::has_scales) {
    return exact::multiply(element, unpack(x.scale_of(row, col)));
  } else {
    return element;
  }
}
template <class X>
[[nodiscard]] std::size_t operand_rows(const transposed<X>& x) {
  return operand_cols(x.of());
}
template <class X>
[[nodiscard]] std::size_t operand_cols(const transposed<X>& x) {
  return operand_rows(x.of());
}
template <class X>
[[nodiscard]] float operand_tensor_scale(const transposed<X>& x) {
  return operand_tensor_scale(x.of());
}
template <class X>
[[nodiscard]] unpacked operand_value(const transposed<X>& x, std::size_t row, std::size_t col) {
  return operand_value(x.of(), col, row);
}

/// The format of the elements of an operand.
template <class X>
struct element_of;
template <view_element T>
struct element_of<matrix_view<T>> {
  static constexpr auto format = number_of<std::remove_const_t<T>>::format;
};
template <auto F, packing P>
struct element_of<packed_matrix_view<F, P>> {
  static constexpr auto format = F;
};
template <auto F, packing P>
struct element_of<affine_matrix_view<F, P>> {
  static constexpr auto format = F;
};
template <auto B>
struct element_of<block_matrix<B>> {
  static constexpr auto format = B.element;
};

template <class X>
struct element_of<packed_operand<X>> {
  static constexpr auto format = packable<X>::element;
};

template <class X>
struct element_of<transposed<X>> : element_of<X> {};

/// apply(f) is f(facts…) of the formats whose values multiply to those of an operand: of its
/// elements, and of the scales where it has some.
template <class X>
struct value_formats {
  static constexpr bool are_known = true;
  [[nodiscard]] static constexpr auto apply(const auto& f) {
    return f(facts<element_of<X>::format>);
  }
};
template <auto F, packing P>
struct value_formats<affine_matrix_view<F, P>> {
  static constexpr bool are_known = false;
};
template <auto B>
struct value_formats<block_matrix<B>> {
  static constexpr bool are_known = true;
  [[nodiscard]] static constexpr auto apply(const auto& f) {
    return f(facts<block_matrix<B>::format.element>, facts<block_matrix<B>::format.scale>);
  }
};
template <class X>
struct value_formats<packed_operand<X>> : value_formats<X> {};
template <class X>
struct value_formats<transposed<X>> : value_formats<X> {};

/// Whether the values of an operand are multiples of powers of two, as decoding gives them; others
/// are meant as what they are in binary32.
template <class X>
inline constexpr bool has_dyadic_values = [] {
  if constexpr (value_formats<X>::are_known) {
    return value_formats<X>::apply([](const auto&... of) { return (of.are_dyadic() && ...); });
  } else {
    return true;
  }
}();

}  // namespace detail

/// An operand of a product: a block_matrix, a packed_matrix_view, an affine_matrix_view, or a
/// matrix_view of float or of numbers (bfloat16, binary16, e4m3fn …); the packed_operand or the
/// transposed of one.
template <class X>
concept gemm_operand = requires(const X& x, std::size_t i) {
  { detail::operand_rows(x) } -> std::same_as<std::size_t>;
  { detail::operand_cols(x) } -> std::same_as<std::size_t>;
  { detail::operand_tensor_scale(x) } -> std::same_as<float>;
  { detail::operand_value(x, i, i) } -> std::same_as<unpacked>;
};

}  // namespace lowp
