// SPDX-License-Identifier: MIT
// Whole matrices to block formats and back, at the speed of memory; bit for bit what
// block/reference.hpp computes, for any `execution`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/dequantize_job.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/block/rules.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The tensor scale that a format and a rule ask for a matrix.
template <class Format>
[[nodiscard]] tensor_scale tensor_scale_of(const Format& format, const rule_view<Format>& rule,
                                           const matrix_view<const float>& in, isa level) {
  if (!format.has_tensor_scale) return {};
  std::uint32_t amax = 0;
  for (std::size_t row = 0; row < in.rows; ++row) {
    amax = (std::max)(amax, kernels::finite_amax_array(level, in.row(row), in.cols));
  }
  return rule.make_tensor_scale(rule.rule, format, float_of(amax));
}

/// Whether two matrices have elements in common; of different strides, whether they lie within each
/// other.
[[nodiscard]] inline bool share_elements(matrix_view<const float> a, matrix_view<const float> b) {
  if (a.rows == 0 || a.cols == 0 || b.rows == 0 || b.cols == 0) return false;
  auto from = reinterpret_cast<std::uintptr_t>(a.data),
       to = reinterpret_cast<std::uintptr_t>(b.data);
  if (to < from) {
    std::swap(a, b);
    std::swap(from, to);
  }
  const std::size_t apart = (to - from + sizeof(float) - 1) / sizeof(float);
  if (apart >= (a.rows - 1) * a.stride + a.cols) return false;
  if (a.rows == 1) return true;
  const bool is_comb = b.rows == 1 ? b.cols <= a.stride : a.stride == b.stride;
  return !is_comb || apart % a.stride < a.cols || apart % a.stride + b.cols > a.stride;
}

inline void require_shape(const char* function, std::size_t rows, std::size_t cols,
                          std::size_t expected_rows, std::size_t expected_cols) {
  if (rows == expected_rows && cols == expected_cols) return;
  refuse(std::string(function) + ": out is " + std::to_string(rows) + " x " + std::to_string(cols) +
         ", expected " + std::to_string(expected_rows) + " x " + std::to_string(expected_cols));
}

/// The memory of a block_matrix.
template <auto B>
[[nodiscard]] block_storage storage_of(block_matrix<B>& m) {
  return {{m.codes().data(), m.rows() == 0 ? 0 : m.codes().size() / m.rows(), m.scales().data(),
           static_cast<std::size_t>(block_matrix<B>::format.scale_bytes()), m.block_col_count()}};
}
template <auto B>
[[nodiscard]] const_block_storage storage_of(const block_matrix<B>& m) {
  return {m.codes().data(), m.rows() == 0 ? 0 : m.codes().size() / m.rows(), m.scales().data(),
          static_cast<std::size_t>(block_matrix<B>::format.scale_bytes()), m.block_col_count()};
}

/// A rule that is a constant: without state, and all that is asked of it beforehand is constant.
template <auto B, class Rule>
[[nodiscard]] constexpr bool is_viewed(const Rule& rule) {
  (void)rule_view<format_of<B>>(block_matrix<B>::format, rule);
  return true;
}
template <class Rule, auto B>
concept constant_rule = std::is_empty_v<Rule> && std::is_default_constructible_v<Rule> && requires {
  typename std::bool_constant<is_viewed<B>(Rule{})>;
};
template <auto B, class Rule>
inline constexpr Rule rule_object{};
template <auto B, class Rule>
inline constexpr rule_view<format_of<B>> constant_rule_view{block_matrix<B>::format,
                                                            rule_object<B, Rule>};
template <auto B, class Rule>
[[nodiscard]] decltype(auto) view_of(const Rule& rule) {
  if constexpr (constant_rule<Rule, B>) {
    return (constant_rule_view<B, Rule>);
  } else {
    return rule_view<format_of<B>>(block_matrix<B>::format, rule);
  }
}

/// What kernels a rule needs for a format that is known: what it says, if that does not depend on
/// its state, else any.
template <class Matrix>
struct block_of_any_rule : any_block {
  static constexpr bool allows_bits(int least, int most) {
    return block_of<Matrix, element_scaling{}, false>::allows_bits(least, most);
  }
};
/// Whether a rule says without an object how it scales, and whether by powers of two.
template <class Rule, auto B>
concept has_fixed_scaling = !requires(const Rule& rule) {
  rule.scaling(block_matrix<B>::format);
}
|| requires {
  typename std::integral_constant<element_scaling, Rule::scaling(block_matrix<B>::format)>;
};
template <class Rule>
concept has_fixed_powers = !requires(const Rule& rule) {
  rule.is_power_of_two;
}
|| requires { typename std::bool_constant<Rule::is_power_of_two>; };

template <auto B, class Rule>
[[nodiscard]] constexpr auto known_for() {
  using matrix = block_matrix<B>;
  constexpr const auto& format = matrix::format;
  if constexpr (constant_rule<Rule, B>) {
    constexpr const auto& view = constant_rule_view<B, Rule>;
    return block_of<matrix, view.scaling, view.is_power_of_two>{};
  } else if constexpr (has_fixed_scaling<Rule, B> && has_fixed_powers<Rule>) {
    constexpr element_scaling how = [] {
      if constexpr (requires { Rule::scaling(format); }) {
        return Rule::scaling(format);
      } else {
        return element_scaling::divide_exactly;
      }
    }();
    constexpr bool is_power_of_two =
        !format.has_tensor_scale && (facts_of(format.scale).are_powers_of_two() ||
                                     requires { requires Rule::is_power_of_two; });
    return block_of<matrix, how, is_power_of_two>{};
  } else {
    return block_of_any_rule<matrix>{};
  }
}
template <auto B, class Rule>
using known_block = decltype(known_for<B, Rule>());

/// Refuses a rule that contradicts a format, with the rule's sentence: at compile time, if it says
/// so without an object.
template <auto B, class Rule>
void require_rule(const char* function, const Rule& rule) {
  constexpr const auto& format = block_matrix<B>::format;
  if constexpr (requires { typename std::bool_constant<Rule::defect(format) == nullptr>; }) {
    static_assert(lowp::detail::is_free_of_defects(Rule::defect(format)) &&
                  lowp::detail::no_defect<lowp::detail::sentence(Rule::defect(format))>);
  } else {
    lowp::detail::require_valid(function, lowp::defect(format, rule));
  }
}

/// Throws if a rule does not fit a grid of blocks.
template <class Rule>
void require_grid(const Rule& rule, std::size_t block_rows, std::size_t block_cols) {
  if constexpr (requires { rule.require_grid(block_rows, block_cols); }) {
    rule.require_grid(block_rows, block_cols);
  }
}

template <class Known, auto B, rounding_mode R>
void quantize(matrix_view<const float> in, block_matrix<B>& out,
              const rule_view<format_of<B>>& rule, const R& mode, const execution& how) {
  constexpr const auto& format = block_matrix<B>::format;
  const tensor_scale tensor = tensor_scale_of(format, rule, in, how.level());
  out.set_tensor_scale(tensor);
  if (!quantize_by_kernels<Known>(format, rule, in, tensor, mode, storage_of(out), how)) {
    out = reference::quantize_by<B>(in, rule, mode);
  }
}

template <class Known, auto B, rounding_mode R>
void quantize_transposed(matrix_view<const float> in, block_matrix<B>& out,
                         const rule_view<format_of<B>>& rule, const R& mode, const execution& how) {
  constexpr const auto& format = block_matrix<B>::format;
  const tensor_scale tensor = tensor_scale_of(format, rule, in, how.level());
  out.set_tensor_scale(tensor);
  if (!quantize_transpose_by_kernels<Known>(format, rule, in, tensor, mode, storage_of(out), how)) {
    std::vector<float> copy(in.rows * in.cols);
    const matrix_view<float> transpose(copy.data(), in.cols, in.rows);
    for (std::size_t row = 0; row < in.rows; ++row) {
      for (std::size_t col = 0; col < in.cols; ++col) transpose(col, row) = in(row, col);
    }
    out = reference::quantize_by<B>(matrix_view<const float>(transpose), rule, mode);
  }
}

}  // namespace bulk

/// The matrix in block format B: for each block the scale by the rule, then its elements rounded by
/// `mode`, element (r, c) with the draw at(mode, r * cols + c). Blocks are independent of each
/// other but for the tensor scale, which looks at all finite elements. Rules are in rules/; without
/// one it is rules::standard. See codec.hpp for special values.
///
///   quantize(matrix, q)                          into q, of the same shape
///   quantize<formats::mxfp4>(matrix)             a new one; also quantize<mxfp4>(matrix)
///   quantize<formats::mxfp4>(matrix, rules::rceil, nearest_away, threads{2})
///
/// A rule that contradicts the format does not compile, or, where its defect() depends on its
/// state, throws. Throws std::invalid_argument, before writing, if the shapes differ.
template <auto B, scale_rule_for<format_of<B>> Rule, rounding_mode R = rounding_of<Rule>>
void quantize(matrix_view<const float> in, block_matrix<B>& out, const Rule& rule,
              const R& mode = {}, const execution& how = {}) {
  bulk::require_rule<B>("quantize", rule);
  bulk::require_shape("quantize", out.rows(), out.cols(), in.rows, in.cols);
  bulk::require_grid(rule, out.block_row_count(), out.block_col_count());
  bulk::quantize<bulk::known_block<B, Rule>>(in, out, bulk::view_of<B>(rule),
                                             mode_under(rule, mode), how);
}
template <auto B, rounding_mode R = nearest_even_t>
void quantize(matrix_view<const float> in, block_matrix<B>& out, const R& mode = {},
              const execution& how = {}) {
  quantize(in, out, rules::standard, mode, how);
}
template <auto B, scale_rule_for<format_of<B>> Rule, rounding_mode R = rounding_of<Rule>>
[[nodiscard]] block_matrix<B> quantize(matrix_view<const float> in, const Rule& rule,
                                       const R& mode = {}, const execution& how = {}) {
  block_matrix<B> out(in.rows, in.cols);
  quantize(in, out, rule, mode, how);
  return out;
}
template <auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] block_matrix<B> quantize(matrix_view<const float> in, const R& mode = {},
                                       const execution& how = {}) {
  return quantize<B>(in, rules::standard, mode, how);
}
template <class Matrix, class... Arguments>
requires requires { requires is_block_format_v<format_of<Matrix::format>>; }
[[nodiscard]] Matrix quantize(matrix_view<const float> in, const Arguments&... arguments) {
  return quantize<Matrix::format>(in, arguments...);
}

/// The transpose of a matrix in block format B, in.cols x in.rows: blocks lie along the columns of
/// `in`, as a product A * B needs them for B. The same bits as quantizing a transposed copy, which
/// is not made. Into a matrix or into a new one, as quantize.
template <auto B, scale_rule_for<format_of<B>> Rule, rounding_mode R = rounding_of<Rule>>
void quantize_transposed(matrix_view<const float> in, block_matrix<B>& out, const Rule& rule,
                         const R& mode = {}, const execution& how = {}) {
  bulk::require_rule<B>("quantize_transposed", rule);
  bulk::require_shape("quantize_transposed", out.rows(), out.cols(), in.cols, in.rows);
  bulk::require_grid(rule, out.block_row_count(), out.block_col_count());
  bulk::quantize_transposed<bulk::known_block<B, Rule>>(in, out, {block_matrix<B>::format, rule},
                                                        mode_under(rule, mode), how);
}
template <auto B, rounding_mode R = nearest_even_t>
void quantize_transposed(matrix_view<const float> in, block_matrix<B>& out, const R& mode = {},
                         const execution& how = {}) {
  quantize_transposed(in, out, rules::standard, mode, how);
}
template <auto B, scale_rule_for<format_of<B>> Rule, rounding_mode R = rounding_of<Rule>>
[[nodiscard]] block_matrix<B> quantize_transposed(matrix_view<const float> in, const Rule& rule,
                                                  const R& mode = {}, const execution& how = {}) {
  block_matrix<B> out(in.cols, in.rows);
  quantize_transposed(in, out, rule, mode, how);
  return out;
}
template <auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] block_matrix<B> quantize_transposed(matrix_view<const float> in, const R& mode = {},
                                                  const execution& how = {}) {
  return quantize_transposed<B>(in, rules::standard, mode, how);
}
template <class Matrix, class... Arguments>
requires requires { requires is_block_format_v<format_of<Matrix::format>>; }
[[nodiscard]] Matrix quantize_transposed(matrix_view<const float> in,
                                         const Arguments&... arguments) {
  return quantize_transposed<Matrix::format>(in, arguments...);
}

namespace bulk {

template <auto B, class T>
void dequantize(const block_matrix<B>& in, matrix_view<T> out, const execution& how) {
  require_shape("dequantize", out.rows, out.cols, in.rows(), in.cols());
  constexpr const auto& format = block_matrix<B>::format;
  static const decode_scales scales(format, sizeof(T) < sizeof(float));
  const kernels::value_table* table = nullptr;
  if constexpr (format.element.bits() <= 8) {
    static const kernels::value_table values = kernels::make_value_table(format.element);
    table = &values;
  }
  // A tensor scale rounds to binary32; bfloat16 after it would be a second rounding.
  const bool rounds_twice = format.has_tensor_scale && sizeof(T) < sizeof(float);
  const const_block_storage storage = storage_of(in);
  if (rounds_twice || !dequantize_by_kernels(format, scales, table, in.rows(), in.cols(), storage,
                                             in.tensor_scale(), out, how)) {
    reference::dequantize(in, out);
  }
}

}  // namespace bulk

/// The values of a block matrix in binary32 or bfloat16: element * scale * tensor scale, rounded
/// once to nearest even where that is not exact. Throws std::invalid_argument, before writing, if
/// the shapes differ.
template <auto B>
void dequantize(const block_matrix<B>& in, matrix_view<float> out, const execution& how = {}) {
  bulk::dequantize(in, out, how);
}
template <auto B>
void dequantize(const block_matrix<B>& in, matrix_view<bfloat16> out, const execution& how = {}) {
  bulk::dequantize(in, out, how);
}

/// What quantizing to a block format and back gives, for a format chosen at run time; in and out
/// may be the same matrix. Throws std::invalid_argument, before writing, for a contradictory
/// format or rule, shapes that differ, or matrices that share some elements only.
template <number_format Element, number_format Scale,
          scale_rule_for<block_format<Element, Scale>> Rule, rounding_mode R = rounding_of<Rule>>
void round_to(const block_format<Element, Scale>& format, matrix_view<const float> in,
              matrix_view<float> out, const Rule& rule, const R& mode = {},
              const execution& how = {}) {
  detail::require_valid("round_to", defect(format));
  detail::require_valid("round_to", defect(format, rule));
  bulk::require_shape("round_to", out.rows, out.cols, in.rows, in.cols);
  const bool is_in_place = in.data == out.data && in.stride == out.stride;
  if (!is_in_place && bulk::share_elements(in, matrix_view<const float>(out))) {
    refuse("round_to: in and out overlap, expected the same matrix or two apart");
  }
  const auto over = [](std::size_t size, std::size_t block) { return (size + block - 1) / block; };
  const std::size_t scales_per_row = over(in.cols, format.block_cols(in.cols));
  const std::size_t block_rows = over(in.rows, format.block_rows(in.rows));
  bulk::require_grid(rule, block_rows, scales_per_row);
  const auto& used = mode_under(rule, mode);
  const rule_view<block_format<Element, Scale>> view(format, rule);
  const tensor_scale tensor = bulk::tensor_scale_of(format, view, in, how.level());
  const std::size_t row_bytes = packed_bytes(in.cols, format.element.bits());
  const auto scale_bytes = static_cast<std::size_t>(format.scale_bytes());
  std::vector<std::uint8_t> codes(in.rows * row_bytes);
  std::vector<std::uint8_t> scales(block_rows * scales_per_row * scale_bytes);
  const bulk::block_storage storage{
      {codes.data(), row_bytes, scales.data(), scale_bytes, scales_per_row}};
  const bulk::decode_scales decode_scales(format);
  kernels::value_table table;
  const bool is_narrow = format.element.bits() <= 8;
  if (is_narrow) table = kernels::make_value_table(format.element);
  if (!decode_scales.are_possible(tensor) ||
      !(is_narrow || kernels::make_decode_plan(format.element).is_supported) ||
      !bulk::quantize_by_kernels<bulk::any_block>(format, view, in, tensor, used, storage, how)) {
    return reference::round_to_by(format, in, out, view, used);
  }
  bulk::dequantize_by_kernels(format, decode_scales, is_narrow ? &table : nullptr, in.rows, in.cols,
                              storage, tensor, out, how);
}
template <number_format Element, number_format Scale, rounding_mode R = nearest_even_t>
void round_to(const block_format<Element, Scale>& format, matrix_view<const float> in,
              matrix_view<float> out, const R& mode = {}, const execution& how = {}) {
  round_to(format, in, out, rules::standard, mode, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
