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
#include "lowp/block/reference.hpp"
#include "lowp/core/failure.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The tensor scale that a format asks for a matrix.
[[nodiscard]] inline tensor_scale tensor_scale_of(const auto& format,
                                                  const matrix_view<const float>& in, isa level) {
  if (!format.has_tensor_scale) return {};
  std::uint32_t amax = 0;
  for (std::size_t row = 0; row < in.rows; ++row) {
    amax = (std::max)(amax, kernels::finite_amax_array(level, in.row(row), in.cols));
  }
  return make_tensor_scale(format.element, format.scale, format.rule, float_of(amax));
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
  return {m.codes().data(), m.rows() == 0 ? 0 : m.codes().size() / m.rows(), m.scales().data(),
          static_cast<std::size_t>(block_matrix<B>::format.scale_bytes()), m.block_col_count()};
}

}  // namespace bulk

/// The matrix in block format B: for each block the scale by B's rule, then its elements rounded by
/// `mode`, element (r, c) with the draw at(mode, r * cols + c). Blocks are independent of each
/// other but for the tensor scale, which looks at all finite elements. See codec.hpp for special
/// values.
///
/// Into a matrix of the same shape, or into a new one. Throws std::invalid_argument, before
/// writing, if the shapes differ.
template <auto B, rounding_mode R = nearest_even_t>
void quantize(matrix_view<const float> in, block_matrix<B>& out, const R& mode = {},
              const execution& how = {}) {
  bulk::require_shape("quantize", out.rows(), out.cols(), in.rows, in.cols);
  constexpr const auto& format = block_matrix<B>::format;
  const tensor_scale tensor = bulk::tensor_scale_of(format, in, how.level());
  out.set_tensor_scale(tensor);
  if (!bulk::quantize_by_kernels<bulk::block_of<block_matrix<B>>>(format, in, tensor, mode,
                                                                  bulk::storage_of(out), how)) {
    out = reference::quantize<B>(in, mode);
  }
}
template <auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] block_matrix<B> quantize(matrix_view<const float> in, const R& mode = {},
                                       const execution& how = {}) {
  block_matrix<B> out(in.rows, in.cols);
  quantize(in, out, mode, how);
  return out;
}

/// The transpose of a matrix in block format B, in.cols x in.rows: blocks lie along the columns of
/// `in`, as a product A * B needs them for B. The same bits as quantizing a transposed copy, which
/// is not made. Into a matrix or into a new one, as quantize.
template <auto B, rounding_mode R = nearest_even_t>
void quantize_transposed(matrix_view<const float> in, block_matrix<B>& out, const R& mode = {},
                         const execution& how = {}) {
  bulk::require_shape("quantize_transposed", out.rows(), out.cols(), in.cols, in.rows);
  constexpr const auto& format = block_matrix<B>::format;
  const tensor_scale tensor = bulk::tensor_scale_of(format, in, how.level());
  out.set_tensor_scale(tensor);
  if (!bulk::quantize_transpose_by_kernels<bulk::block_of<block_matrix<B>>>(
          format, in, tensor, mode, bulk::storage_of(out), how)) {
    std::vector<float> copy(in.rows * in.cols);
    const matrix_view<float> transpose(copy.data(), in.cols, in.rows);
    for (std::size_t row = 0; row < in.rows; ++row) {
      for (std::size_t col = 0; col < in.cols; ++col) transpose(col, row) = in(row, col);
    }
    out = reference::quantize<B>(matrix_view<const float>(transpose), mode);
  }
}
template <auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] block_matrix<B> quantize_transposed(matrix_view<const float> in, const R& mode = {},
                                                  const execution& how = {}) {
  block_matrix<B> out(in.cols, in.rows);
  quantize_transposed(in, out, mode, how);
  return out;
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
  // The kernels only read this storage.
  const block_storage storage = storage_of(const_cast<block_matrix<B>&>(in));
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
/// format, shapes that differ, or matrices that share some elements only.
template <number_format Element, number_format Scale, rounding_mode R = nearest_even_t>
void round_to(const block_format<Element, Scale>& format, matrix_view<const float> in,
              matrix_view<float> out, const R& mode = {}, const execution& how = {}) {
  detail::require_valid("round_to", defect(format));
  bulk::require_shape("round_to", out.rows, out.cols, in.rows, in.cols);
  const bool is_in_place = in.data == out.data && in.stride == out.stride;
  if (!is_in_place && bulk::share_elements(in, matrix_view<const float>(out))) {
    refuse("round_to: in and out overlap, expected the same matrix or two apart");
  }
  const tensor_scale tensor = bulk::tensor_scale_of(format, in, how.level());
  const std::size_t row_bytes = packed_bytes(in.cols, format.element.bits());
  const auto over = [](std::size_t size, std::size_t block) { return (size + block - 1) / block; };
  const std::size_t scales_per_row = over(in.cols, format.block_cols(in.cols));
  const auto scale_bytes = static_cast<std::size_t>(format.scale_bytes());
  std::vector<std::uint8_t> codes(in.rows * row_bytes);
  std::vector<std::uint8_t> scales(over(in.rows, format.block_rows(in.rows)) * scales_per_row *
                                   scale_bytes);
  const bulk::block_storage storage{codes.data(), row_bytes, scales.data(), scale_bytes,
                                    scales_per_row};
  const bulk::decode_scales decode_scales(format);
  kernels::value_table table;
  const bool is_narrow = format.element.bits() <= 8;
  if (is_narrow) table = kernels::make_value_table(format.element);
  if (!decode_scales.are_possible(tensor) ||
      !(is_narrow || kernels::make_decode_plan(format.element).is_supported) ||
      !bulk::quantize_by_kernels<bulk::any_block>(format, in, tensor, mode, storage, how)) {
    return reference::round_to(format, in, out, mode);
  }
  bulk::dequantize_by_kernels(format, decode_scales, is_narrow ? &table : nullptr, in.rows, in.cols,
                              storage, tensor, out, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
