// SPDX-License-Identifier: MIT
// The descriptions of the library's matrices (description.hpp), and what an operand is.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packed_matrix.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/block/affine_matrix.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/facts.hpp"
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

}  // namespace detail

template <detail::view_element T>
[[nodiscard]] auto describe(const matrix_view<T>& x) {
  using format = constant_format<detail::number_of<std::remove_const_t<T>>::format>;
  return operand_description<format>{
      .row_count = x.rows,
      .col_count = x.cols,
      .elements = {.bytes = reinterpret_cast<const std::uint8_t*>(x.data),
                   .row_bytes = static_cast<std::ptrdiff_t>(x.stride * sizeof(T)),
                   .order = {.container_bits = 8 * static_cast<int>(sizeof(T))}}};
}

template <auto F, packing P>
[[nodiscard]] auto describe(const packed_matrix_view<F, P>& x) {
  return operand_description<constant_format<F>>{
      .row_count = x.rows(),
      .col_count = x.cols(),
      .elements = {
          .bytes = x.row(0), .row_bytes = static_cast<std::ptrdiff_t>(x.row_bytes()), .order = P}};
}

template <auto F, packing P>
[[nodiscard]] auto describe(const affine_matrix_view<F, P>& x) {
  const auto codes = describe(x.codes());
  return operand_description<constant_format<F>, constant_format<formats::binary32>>{
      .row_count = codes.row_count,
      .col_count = codes.col_count,
      .elements = codes.elements,
      .scales = {.bytes = reinterpret_cast<const std::uint8_t*>(x.scales().data()),
                 .order = {.container_bits = 32},
                 .group_rows = x.group_rows(),
                 .group_cols = x.group_cols(),
                 .groups_per_row = x.groups_per_row()},
      .zeros = x.zeros().data()};
}

namespace detail {

/// The formats of elements and of scales, described as that of their matrix is.
template <class Format>
struct described_parts {
  using blocks = scaled_blocks_type<typename Format::type>;
  using element = variable_format<std::remove_cvref_t<decltype(blocks::element)>>;
  using scale = variable_format<std::remove_cvref_t<decltype(blocks::scale)>>;
  [[nodiscard]] static element element_of(const blocks& f) { return {f.element}; }
  [[nodiscard]] static scale scale_of(const blocks& f) { return {f.scale}; }
};
template <auto F>
struct described_parts<constant_format<F>> {
  static constexpr auto blocks = scaled_blocks_of(F);
  using element = constant_format<blocks.element>;
  using scale = constant_format<blocks.scale>;
  [[nodiscard]] static element element_of(const auto&) { return {}; }
  [[nodiscard]] static scale scale_of(const auto&) { return {}; }
};

}  // namespace detail

/// Of elements in blocks, in planes; of other matrices in level_operand.hpp. Throws
/// std::invalid_argument where the format is known at run time only and its scales have a level
/// above them that is no binary32 of the whole tensor: such a matrix is no operand.
template <described_scaled_blocks Format, class Bytes>
[[nodiscard]] auto describe(const basic_block_matrix<Format, planes, Bytes>& x) {
  using parts = detail::described_parts<Format>;
  if constexpr (!Format::is_constant) detail::require_scaled_blocks("gemm", x.composition());
  const auto format = scaled_blocks_of(x.composition());
  return operand_description<typename parts::element, typename parts::scale>{
      .row_count = x.rows(),
      .col_count = x.cols(),
      .elements = {.format = parts::element_of(format),
                   .bytes = x.codes().data(),
                   .row_bytes = static_cast<std::ptrdiff_t>(x.layout().row_bytes(0))},
      .scales = {.format = parts::scale_of(format),
                 .bytes = x.scales().data(),
                 .order = {.container_bits = 8 * format.scale_bytes()},
                 .group_rows = x.block_rows(),
                 .group_cols = x.block_cols(),
                 .groups_per_row = x.block_col_count()},
      .tensor_scale = x.tensor_scale()};
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

}  // namespace detail
}  // namespace lowp
