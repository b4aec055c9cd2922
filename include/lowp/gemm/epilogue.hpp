// SPDX-License-Identifier: MIT
// What the finished sums of a product go through on their way into the result, and by definition.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/gemm/activation.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/number/number.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// For each sum v, rounded to binary32 after the tensor scales,
///   v * row_scales[row] * col_scales[col] + bias[col],
/// from left to right, each operation rounded to nearest even in binary32; the activation of that;
/// and this rounded once to the format of the result, by `rounding` and `range`. Empty arrays are
/// left out. A NaN is 0x7FC00000 before it is rounded, and the largest value in a format without.
///
/// Element (row, col) draws as element row * columns + col of an array. binary32 is the result as
/// it is; a block_matrix is quantized from it, with its own rules for what is out of range.
struct epilogue {
  std::span<const float> row_scales = {};
  std::span<const float> col_scales = {};
  std::span<const float> bias = {};
  lowp::activation activation = lowp::activation::none;
  any_rounding rounding = {};
  overflow range = overflow::to_special;
};

namespace detail {

template <class C>
inline constexpr bool is_output = std::same_as<C, matrix_view<float>>;
template <auto F>
inline constexpr bool is_output<matrix_view<number<F>>> = true;
template <class Format, template <class> class Layout, class Bytes>
inline constexpr bool is_output<basic_block_matrix<Format, Layout, Bytes>> = true;

/// Throws std::invalid_argument for an array that does not fit the result.
inline void require_epilogue(const epilogue& e, std::size_t rows, std::size_t cols) {
  const auto require_size = [](const char* name, std::size_t size, std::size_t expected,
                               const char* what) {
    if (size == 0 || size == expected) return;
    refuse("gemm: " + std::string(name) + " has size " + std::to_string(size) + ", expected " +
           std::to_string(expected) + ", one per " + what + " of c, or none");
  };
  require_size("row_scales", e.row_scales.size(), rows, "row");
  require_size("col_scales", e.col_scales.size(), cols, "column");
  require_size("bias", e.bias.size(), cols, "column");
}

}  // namespace detail

/// The result of a product: a matrix_view of float or of numbers, or a block_matrix.
template <class C>
concept gemm_output = detail::is_output<std::remove_cvref_t<C>> &&
    (requires(const C& c) { c.stride; } || !std::is_const_v<std::remove_reference_t<C>>);
/// One that sums in binary32 are rounded to.
template <class C>
concept rounded_gemm_output =
    gemm_output<C> && !std::same_as<std::remove_cvref_t<C>, matrix_view<float>>;

namespace detail {
inline namespace LOWP_BASELINE {

/// What binary32 has of an element before it is rounded to the format of the result.
[[nodiscard]] inline float finished_value(const epilogue& e, std::size_t row, std::size_t col,
                                          float value) {
  const default_float_environment environment;
  value = opaque(value);
  if (!e.row_scales.empty()) value = opaque(value * opaque(e.row_scales[row]));
  if (!e.col_scales.empty()) value = opaque(value * opaque(e.col_scales[col]));
  if (!e.bias.empty()) value = opaque(value + opaque(e.bias[col]));
  return activate(e.activation, value);
}

}  // namespace LOWP_BASELINE
}  // namespace detail

namespace reference {

/// values, as finished_value gives them, into a result of the same shape.
inline void store_result(matrix_view<const float> values, const epilogue&, matrix_view<float> c) {
  for (std::size_t row = 0; row < c.rows; ++row) {
    for (std::size_t col = 0; col < c.cols; ++col) c(row, col) = values(row, col);
  }
}
template <auto F>
void store_result(matrix_view<const float> values, const epilogue& e, matrix_view<number<F>> c) {
  for (std::size_t row = 0; row < c.rows; ++row) {
    for (std::size_t col = 0; col < c.cols; ++col) {
      c(row, col) = convert<F>(values(row, col), e.rounding.at(row * c.cols + col), e.range);
    }
  }
}
template <class Format, template <class> class Layout, class Bytes>
void store_result(matrix_view<const float> values, const epilogue& e,
                  basic_block_matrix<Format, Layout, Bytes>& c) {
  reference::quantize(values, c, e.rounding);
}

}  // namespace reference
}  // namespace lowp
