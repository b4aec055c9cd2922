// SPDX-License-Identifier: MIT
// The operands of a product: matrices with a description. Those of the library are described here.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packed_matrix.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/block/affine_matrix.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/facts.hpp"
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

template <described_format Scale = constant_format<formats::binary32>>
[[nodiscard]] constexpr scale_plane<Scale> no_scales(std::size_t cols) {
  return {.group_cols = cols + (cols == 0 ? 1 : 0)};
}

}  // namespace detail

template <detail::view_element T>
[[nodiscard]] auto describe(const matrix_view<T>& x) {
  using format = constant_format<detail::number_of<std::remove_const_t<T>>::format>;
  return operand_description<format>{
      .row_count = x.rows,
      .col_count = x.cols,
      .elements = {.bytes = reinterpret_cast<const std::uint8_t*>(x.data),
                   .row_bytes = static_cast<std::ptrdiff_t>(x.stride * sizeof(T)),
                   .order = {.container_bits = 8 * static_cast<int>(sizeof(T))},
                   .word_bytes = static_cast<int>(sizeof(T))},
      .scales = detail::no_scales(x.cols)};
}

template <auto F, packing P>
[[nodiscard]] auto describe(const packed_matrix_view<F, P>& x) {
  return operand_description<constant_format<F>>{
      .row_count = x.rows(),
      .col_count = x.cols(),
      .elements = {.bytes = x.row(0),
                   .row_bytes = static_cast<std::ptrdiff_t>(x.row_bytes()),
                   .order = P},
      .scales = detail::no_scales(x.cols())};
}

template <auto F, packing P>
[[nodiscard]] auto describe(const affine_matrix_view<F, P>& x) {
  auto d = describe(x.codes());
  d.scales = {.bytes = reinterpret_cast<const std::uint8_t*>(x.scales().data()),
              .order = {.container_bits = 32},
              .group_rows = x.group_rows(),
              .group_cols = x.group_cols(),
              .groups_per_row = x.groups_per_row()};
  if (!x.zeros().empty()) d.zeros = x.zeros().data();
  return d;
}

template <auto B>
[[nodiscard]] auto describe(const block_matrix<B>& x) {
  static constexpr auto format = block_matrix<B>::format;
  return operand_description<constant_format<B.element>, constant_format<B.scale>>{
      .row_count = x.rows(),
      .col_count = x.cols(),
      .elements = {.bytes = x.codes().data(),
                   .row_bytes =
                       static_cast<std::ptrdiff_t>(packed_bytes(x.cols(), format.element.bits()))},
      .scales = {.bytes = x.scales().data(),
                 .order = {.container_bits = 8 * format.scale_bytes()},
                 .group_rows = x.block_rows(),
                 .group_cols = x.block_cols(),
                 .groups_per_row = x.block_col_count()},
      .tensor_scale = format.has_tensor_scale ? x.tensor_scale().decoding : 1.0f};
}

template <class X>
[[nodiscard]] auto describe(const packed_operand<X>& x) {
  using element = constant_format<packed_operand<X>::element_format>;
  const code_plane<element> elements{.bytes = x.codes().data()};
  if constexpr (packed_operand<X>::has_scales) {
    return operand_description<element, constant_format<X::format.scale>>{
        .row_count = x.rows(),
        .col_count = x.cols(),
        .elements = elements,
        .scales = {.bytes = x.scales().data(), .group_cols = x.block_cols()},
        .tensor_scale = X::format.has_tensor_scale ? x.tensor_scale().decoding : 1.0f,
        .packed = &x.layout()};
  } else {
    return operand_description<element>{.row_count = x.rows(),
                                        .col_count = x.cols(),
                                        .elements = elements,
                                        .scales = detail::no_scales(x.cols()),
                                        .packed = &x.layout()};
  }
}

template <class X>
requires requires(const X& x) { describe(x); }
[[nodiscard]] auto describe(const transposed<X>& x) {
  return transposed_description<decltype(describe(x.of()))>{describe(x.of())};
}

/// An operand of a product: anything with a description. Of the library's types a block_matrix, a
/// packed_matrix_view, an affine_matrix_view, or a matrix_view of float or of numbers (bfloat16,
/// binary16, e4m3fn …); the packed_operand or the transposed of one.
template <class X>
concept gemm_operand = requires(const X& x) {
  { describe(x) } -> matrix_description;
};

namespace detail {

template <class X>
using description_of = decltype(describe(std::declval<const X&>()));

/// What is known of the elements of an operand of such a type.
template <class X>
inline constexpr element_facts facts_of_type = element_facts_of_type<description_of<X>>;

[[nodiscard]] std::size_t operand_rows(const gemm_operand auto& x) { return describe(x).rows(); }
[[nodiscard]] std::size_t operand_cols(const gemm_operand auto& x) { return describe(x).cols(); }
[[nodiscard]] float operand_tensor_scale(const gemm_operand auto& x) {
  return describe(x).tensor_scale;
}
[[nodiscard]] unpacked operand_value(const gemm_operand auto& x, std::size_t row, std::size_t col) {
  return describe(x).value(row, col);
}

/// The format of the elements of an operand.
template <class X>
struct element_of {
  static constexpr auto format = description_of<X>::element_format::value;
};

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

}  // namespace detail

/// An operand whose elements are integers of up to 16 bits times one power of two, which int32_sums
/// can add; not a transposed one, whose scales would lie across its rows.
template <class X>
concept integer_operand = gemm_operand<X> && detail::facts_of_type<X>
.integers.exist&& detail::facts_of_type<X>.integers.range.high -
        detail::facts_of_type<X>.integers.range.low <
    1 << 16;

}  // namespace lowp
