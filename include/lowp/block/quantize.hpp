// SPDX-License-Identifier: MIT
// Whole matrices to block formats and back, at the speed of memory; bit for bit what
// block/reference.hpp computes, for any `execution`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/convert.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/dequantize_job.hpp"
#include "lowp/block/known_rule.hpp"
#include "lowp/block/level_quantize.hpp"
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

/// A transposed copy, made in squares: of each both sides stay in the first-level cache.
[[nodiscard]] inline std::vector<float> transpose_of(const matrix_view<const float>& in) {
  constexpr std::size_t side = 16;
  std::vector<float> copy(in.rows * in.cols);
  for (std::size_t top = 0; top < in.rows; top += side) {
    const std::size_t rows = (std::min)(side, in.rows - top);
    for (std::size_t left = 0; left < in.cols; left += side) {
      const std::size_t cols = (std::min)(side, in.cols - left);
      for (std::size_t row = top; row < top + rows; ++row) {
        const float* const from = in.row(row);
        for (std::size_t col = left; col < left + cols; ++col)
          copy[col * in.rows + row] = from[col];
      }
    }
  }
  return copy;
}

inline void require_shape(const char* function, std::size_t rows, std::size_t cols,
                          std::size_t expected_rows, std::size_t expected_cols) {
  if (rows == expected_rows && cols == expected_cols) return;
  refuse(std::string(function) + ": out is " + std::to_string(rows) + " x " + std::to_string(cols) +
         ", expected " + std::to_string(expected_rows) + " x " + std::to_string(expected_cols));
}

/// The memory of a matrix of elements in blocks, in planes.
template <class Matrix>
[[nodiscard]] block_storage storage_of(Matrix& m) {
  return {{m.codes().data(), m.layout().row_bytes(0), m.scales().data(),
           static_cast<std::size_t>(scaled_blocks_of(m.composition()).scale_bytes()),
           m.block_col_count()}};
}
template <class Matrix>
[[nodiscard]] const_block_storage storage_of(const Matrix& m) {
  return {m.codes().data(), m.layout().row_bytes(0), m.scales().data(),
          static_cast<std::size_t>(scaled_blocks_of(m.composition()).scale_bytes()),
          m.block_col_count()};
}

/// Where a row of codes of a leaf lies densely; of width 0, if it does not.
template <class Matrix>
[[nodiscard]] dense_codes dense_row(const Matrix& m, int leaf, std::size_t row) {
  if constexpr (requires { m.layout().dense_row(leaf, row); }) {
    return m.layout().dense_row(leaf, row);
  }
  return {};
}
/// Stores the codes of one matrix in another of the same format and shape.
template <class From, class To>
void copy_codes(const From& from, To& to) {
  const auto copy_row = [&](int leaf, std::size_t row, std::size_t count) {
    const dense_codes a = dense_row(from, leaf, row), b = dense_row(to, leaf, row);
    if (a.width != 0 && a.width == b.width) {
      std::memcpy(to.bytes().data() + b.first_byte, from.bytes().data() + a.first_byte,
                  packed_bytes(count, a.width));
      return;
    }
    for (std::size_t col = 0; col < count; ++col) {
      to.set_code(leaf, row, col, from.code(leaf, row, col));
    }
  };
  for_each_leaf(from.composition(), from.rows(), from.cols(),
                [&](int leaf, const auto&, std::size_t height, std::size_t width) {
                  for (std::size_t row = 0; row < height; ++row) copy_row(leaf, row, width);
                });
}

/// Calls use(matrix) with the matrix, or, where its layout has no planes, with one in planes, whose
/// codes are stored in it afterwards.
template <class Format, template <class> class Layout, class Bytes, class Use>
void in_planes(basic_block_matrix<Format, Layout, Bytes>& out, const Use& use) {
  if constexpr (lowp::detail::is_planes<Layout<Format>>) {
    use(out);
  } else {
    basic_block_matrix<Format> planar(out.described(), out.rows(), out.cols());
    use(planar);
    copy_codes(planar, out);
  }
}

template <class Known, class Format, rounding_mode R>
void quantize(const Known&, matrix_view<const float> in, auto& out, const Format& format,
              const rule_view<Format>& rule, const R& mode, const execution& how) {
  const tensor_scale tensor = tensor_scale_of(format, rule, in, how.level());
  if constexpr (requires { out.set_tensor_scale(1.0f); }) out.set_tensor_scale(tensor.decoding);
  if (!quantize_by_kernels<Known>(format, rule, in, tensor, mode, storage_of(out), how)) {
    reference::quantize_by(in, out, format, rule, mode);
  }
}

/// quantize_levels of a transposed copy.
template <rounding_mode R>
void quantize_levels_transposed(matrix_view<const float> in, auto& out, const R& mode,
                                const execution& how, const lowp::detail::group_rule& rule = {}) {
  const std::vector<float> copy = transpose_of(in);
  quantize_levels(matrix_view<const float>(copy.data(), in.cols, in.rows), out, mode, how, rule);
}

template <class Known, class Format, rounding_mode R>
void quantize_transposed(const Known&, matrix_view<const float> in, auto& out, const Format& format,
                         const rule_view<Format>& rule, const R& mode, const execution& how) {
  const tensor_scale tensor = tensor_scale_of(format, rule, in, how.level());
  if constexpr (requires { out.set_tensor_scale(1.0f); }) out.set_tensor_scale(tensor.decoding);
  if (!quantize_transpose_by_kernels<Known>(format, rule, in, tensor, mode, storage_of(out), how)) {
    const std::vector<float> copy = transpose_of(in);
    reference::quantize_by(matrix_view<const float>(copy.data(), in.cols, in.rows), out, format,
                           rule, mode);
  }
}

}  // namespace bulk

/// The matrix in a block format: for each block the scale by the rule, then its elements rounded by
/// `mode`, element (r, c) with the draw at(mode, r * cols + c). Blocks are independent of each
/// other but for the tensor scale, which looks at all finite elements. Rules are in rules/; without
/// one it is rules::standard. See codec.hpp for special values.
///
///   quantize(matrix, q)                          into q, of the same shape
///   quantize<formats::mxfp4>(matrix)             a new one; also quantize<mxfp4>(matrix)
///   quantize<formats::mxfp4>(matrix, rules::rceil, nearest_away, threads{2})
///   quantize<formats::q4_k, records<q4_k_record>::layout>(matrix)
///
/// For a format whose groups have more than a scale and a tensor scale, level_quantize.hpp
/// describes what happens without a rule. One given has scale(block, format) or is called as
/// rule(block, format), and answers, to several threads at a time, the value that the lowest groups
/// ask for; NaN and infinities, zero points and offsets are as without it, and of what else a rule
/// may have only its rounding and require_grid are asked.
///
/// A rule that contradicts the format does not compile, or, where the format is known at run time
/// or the rule's defect() depends on its state, throws. Throws std::invalid_argument, before
/// writing, if the shapes differ.
template <class Format, template <class> class Layout, class Bytes, rule_of_matrix<Format> Rule,
          rounding_mode R = rounding_of<Rule>>
void quantize(matrix_view<const float> in, basic_block_matrix<Format, Layout, Bytes>& out,
              const Rule& rule, const R& mode = {}, const execution& how = {}) {
  bulk::require_rule<Format>("quantize", out.composition(), rule);
  bulk::require_shape("quantize", out.rows(), out.cols(), in.rows, in.cols);
  bulk::require_grid(rule, out.block_row_count(), out.block_col_count());
  bulk::require_matrix(rule, out.rows(), out.cols());
  bulk::with_rule<Format>(
      out.composition(), rule,
      [&](const auto& known, const auto& blocks, const auto& view) {
        bulk::in_planes(out, [&](auto& planar) {
          bulk::quantize(known, in, planar, blocks, view, mode_under(rule, mode), how);
        });
      },
      [&](const auto& of_groups) {
        bulk::quantize_levels(in, out, mode_under(rule, mode), how, of_groups);
      });
}
template <class Format, template <class> class Layout, class Bytes,
          rounding_mode R = nearest_even_t>
void quantize(matrix_view<const float> in, basic_block_matrix<Format, Layout, Bytes>& out,
              const R& mode = {}, const execution& how = {}) {
  if constexpr (described_scaled_blocks<Format>) {
    if (bulk::is_in_blocks<Format>(out.composition())) {
      return quantize(in, out, rules::standard, mode, how);
    }
  }
  if constexpr (described_levels<Format>) {
    bulk::require_shape("quantize", out.rows(), out.cols(), in.rows, in.cols);
    bulk::quantize_levels(in, out, mode, how);
  }
}
template <auto F, template <class> class Layout = planes, class Rule,
          rounding_mode R = rounding_of<Rule>>
requires(is_block_format_v<format_of<F>>&& rule_of_matrix<Rule, constant_format<F>>)
    [[nodiscard]] block_matrix<F, Layout> quantize(matrix_view<const float> in, const Rule& rule,
                                                   const R& mode = {}, const execution& how = {}) {
  block_matrix<F, Layout> out(in.rows, in.cols);
  quantize(in, out, rule, mode, how);
  return out;
}
template <auto F, template <class> class Layout = planes, rounding_mode R = nearest_even_t>
requires is_block_format_v<format_of<F>>
[[nodiscard]] block_matrix<F, Layout> quantize(matrix_view<const float> in, const R& mode = {},
                                               const execution& how = {}) {
  block_matrix<F, Layout> out(in.rows, in.cols);
  quantize(in, out, mode, how);
  return out;
}
template <class Matrix, class... Arguments>
requires is_constant_block_matrix<Matrix>
[[nodiscard]] Matrix quantize(matrix_view<const float> in, const Arguments&... arguments) {
  Matrix out(in.rows, in.cols);
  quantize(in, out, arguments...);
  return out;
}

/// The transpose of a matrix in a block format, in.cols x in.rows: blocks lie along the columns of
/// `in`, as a product A * B needs them for B. The same bits as quantizing a transposed copy, which
/// is not made where kernels reach. Into a matrix or into a new one, as quantize.
template <class Format, template <class> class Layout, class Bytes, rule_of_matrix<Format> Rule,
          rounding_mode R = rounding_of<Rule>>
void quantize_transposed(matrix_view<const float> in,
                         basic_block_matrix<Format, Layout, Bytes>& out, const Rule& rule,
                         const R& mode = {}, const execution& how = {}) {
  bulk::require_rule<Format>("quantize_transposed", out.composition(), rule);
  bulk::require_shape("quantize_transposed", out.rows(), out.cols(), in.cols, in.rows);
  bulk::require_grid(rule, out.block_row_count(), out.block_col_count());
  bulk::require_matrix(rule, out.rows(), out.cols());
  bulk::with_rule<Format>(
      out.composition(), rule,
      [&](const auto& known, const auto& blocks, const auto& view) {
        bulk::in_planes(out, [&](auto& planar) {
          bulk::quantize_transposed(known, in, planar, blocks, view, mode_under(rule, mode), how);
        });
      },
      [&](const auto& of_groups) {
        bulk::quantize_levels_transposed(in, out, mode_under(rule, mode), how, of_groups);
      });
}
template <class Format, template <class> class Layout, class Bytes,
          rounding_mode R = nearest_even_t>
void quantize_transposed(matrix_view<const float> in,
                         basic_block_matrix<Format, Layout, Bytes>& out, const R& mode = {},
                         const execution& how = {}) {
  if constexpr (described_scaled_blocks<Format>) {
    if (bulk::is_in_blocks<Format>(out.composition())) {
      return quantize_transposed(in, out, rules::standard, mode, how);
    }
  }
  if constexpr (described_levels<Format>) {
    bulk::require_shape("quantize_transposed", out.rows(), out.cols(), in.cols, in.rows);
    bulk::quantize_levels_transposed(in, out, mode, how);
  }
}
template <auto F, template <class> class Layout = planes, class Rule,
          rounding_mode R = rounding_of<Rule>>
requires(is_block_format_v<format_of<F>>&& rule_of_matrix<Rule, constant_format<F>>)
    [[nodiscard]] block_matrix<F, Layout> quantize_transposed(matrix_view<const float> in,
                                                              const Rule& rule, const R& mode = {},
                                                              const execution& how = {}) {
  block_matrix<F, Layout> out(in.cols, in.rows);
  quantize_transposed(in, out, rule, mode, how);
  return out;
}
template <auto F, template <class> class Layout = planes, rounding_mode R = nearest_even_t>
requires is_block_format_v<format_of<F>>
[[nodiscard]] block_matrix<F, Layout> quantize_transposed(matrix_view<const float> in,
                                                          const R& mode = {},
                                                          const execution& how = {}) {
  block_matrix<F, Layout> out(in.cols, in.rows);
  quantize_transposed(in, out, mode, how);
  return out;
}
template <class Matrix, class... Arguments>
requires is_constant_block_matrix<Matrix>
[[nodiscard]] Matrix quantize_transposed(matrix_view<const float> in,
                                         const Arguments&... arguments) {
  Matrix out(in.cols, in.rows);
  quantize_transposed(in, out, arguments...);
  return out;
}

namespace bulk {

/// Of elements in blocks, in planes.
template <class Format, class Bytes, class T>
void dequantize_planes(const basic_block_matrix<Format, planes, Bytes>& in, matrix_view<T> out,
                       const execution& how) {
  const auto run = [&](const auto& blocks, const auto& scales, const kernels::value_table* table) {
    if (!dequantize_by_kernels(blocks, scales, table, in.rows(), in.cols(), storage_of(in),
                               in.tensor_scale(), out, how)) {
      reference::dequantize(in, out);
    }
  };
  constexpr bool rounds_again = sizeof(T) < sizeof(float);
  if constexpr (Format::is_constant) {
    constexpr const auto& blocks = constant_blocks<Format>;
    static const decode_scales scales(blocks, rounds_again);
    if constexpr (blocks.element.bits() <= 8) {
      static const kernels::value_table values = kernels::make_value_table(blocks.element);
      run(blocks, scales, &values);
    } else {
      run(blocks, scales, nullptr);
    }
  } else {
    const auto blocks = scaled_blocks_of(in.composition());
    const decode_scales scales(blocks, rounds_again);
    kernels::value_table table;
    const bool is_narrow = blocks.element.bits() <= 8;
    if (is_narrow) table = kernels::make_value_table(blocks.element);
    run(blocks, scales, is_narrow ? &table : nullptr);
  }
}

/// The kernel that a layout may ask for values of records, or the level for one of its own.
struct record_decoder {
  isa level;
  operator isa() const { return level; }
  void operator()(const record_fields& fields, const std::uint8_t* bytes, std::size_t record_bytes,
                  const record_scales* scales, std::size_t count, float* values) const {
    kernels::decode_records(level, fields, bytes, record_bytes, scales, count,
                            reinterpret_cast<std::uint32_t*>(values));
  }
};

/// Of a layout that knows values; what it does not do is left to the definition, block by block.
template <class Matrix>
void dequantize_by_layout(const Matrix& in, matrix_view<float> out, const execution& how) {
  run_block_rows(how, in.rows(), 1, in.cols(), buffer_size,
                 [&](std::size_t row, std::size_t first, std::size_t last) {
                   const std::size_t width = in.block_cols();
                   float* const to = out.row(row);
                   while (first < last) {
                     first +=
                         in.layout().load_values(record_decoder{how.level()}, in.bytes().data(),
                                                 row, first, last - first, to + first);
                     const std::size_t end = (std::min)(last, first - first % width + width);
                     for (; first < end; ++first) to[first] = pack_as<float>(in.value(row, first));
                   }
                 });
}

template <class Format, template <class> class Layout, class Bytes, class T>
void dequantize_any(const basic_block_matrix<Format, Layout, Bytes>& in, matrix_view<T> out,
                    const execution& how) {
  require_shape("dequantize", out.rows, out.cols, in.rows(), in.cols());
  if constexpr (std::is_same_v<T, float> && requires {
                  in.layout().load_values(record_decoder{}, nullptr, 0, 0, 0, out.data);
                }) {
    return dequantize_by_layout(in, out, how);
  }
  if constexpr (described_scaled_blocks<Format>) {
    if (bulk::is_in_blocks<Format>(in.composition())) {
      if constexpr (lowp::detail::is_planes<Layout<Format>>) {
        return dequantize_planes(in, out, how);
      } else {
        basic_block_matrix<Format> planar(in.described(), in.rows(), in.cols());
        copy_codes(in, planar);
        return dequantize_planes(planar, out, how);
      }
    }
  }
  if constexpr (described_levels<Format>) {
    dequantize_levels(in, out, how);
  }
}

}  // namespace bulk

/// The values of a block matrix in binary32 or bfloat16, each rounded once to nearest even where
/// that is not exact. Throws std::invalid_argument, before writing, if the shapes differ.
template <class Format, template <class> class Layout, class Bytes>
void dequantize(const basic_block_matrix<Format, Layout, Bytes>& in, matrix_view<float> out,
                const execution& how = {}) {
  bulk::dequantize_any(in, out, how);
}
template <class Format, template <class> class Layout, class Bytes>
void dequantize(const basic_block_matrix<Format, Layout, Bytes>& in, matrix_view<bfloat16> out,
                const execution& how = {}) {
  bulk::dequantize_any(in, out, how);
}

namespace bulk {

/// Throws for matrices of different shapes, or that share some elements only.
inline void require_rounded(const matrix_view<const float>& in, const matrix_view<float>& out) {
  require_shape("round_to", out.rows, out.cols, in.rows, in.cols);
  const bool is_in_place = in.data == out.data && in.stride == out.stride;
  if (!is_in_place && share_elements(in, matrix_view<const float>(out))) {
    refuse("round_to: in and out overlap, expected the same matrix or two apart");
  }
}

/// To a format of elements in blocks, and back.
template <class Format, rounding_mode R>
void round_blocks(const Format& format, const rule_view<Format>& rule,
                  const matrix_view<const float>& in, const matrix_view<float>& out, const R& mode,
                  const execution& how) {
  const tensor_scale tensor = tensor_scale_of(format, rule, in, how.level());
  const std::size_t row_bytes = packed_bytes(in.cols, format.element.bits());
  const auto scale_bytes = static_cast<std::size_t>(format.scale_bytes());
  const std::size_t scales_per_row = lowp::detail::groups_along(in.cols, format.shape.cols);
  std::vector<std::uint8_t> codes(in.rows * row_bytes);
  std::vector<std::uint8_t> scales(lowp::detail::groups_along(in.rows, format.shape.rows) *
                                   scales_per_row * scale_bytes);
  const block_storage storage{
      {codes.data(), row_bytes, scales.data(), scale_bytes, scales_per_row}};
  const decode_scales decode_scales(format);
  kernels::value_table table;
  const bool is_narrow = format.element.bits() <= 8;
  if (is_narrow) table = kernels::make_value_table(format.element);
  if (!decode_scales.are_possible(tensor.decoding) ||
      !(is_narrow || kernels::make_decode_plan(format.element).is_supported) ||
      !quantize_by_kernels<any_block>(format, rule, in, tensor, mode, storage, how)) {
    return reference::round_to_by(format, in, out, rule, mode);
  }
  dequantize_by_kernels(format, decode_scales, is_narrow ? &table : nullptr, in.rows, in.cols,
                        storage, tensor.decoding, out, how);
}

/// To any composition, and back.
template <class Format, rounding_mode R>
void round_levels(const Format& format, const matrix_view<const float>& in,
                  const matrix_view<float>& out, const R& mode, const execution& how,
                  const lowp::detail::group_rule& rule = {}) {
  basic_block_matrix<variable_format<Format>> rounded({format}, in.rows, in.cols);
  quantize_levels(in, rounded, mode, how, rule);
  dequantize_levels(rounded, out, how);
}

}  // namespace bulk

/// What quantizing to a block format and back gives, for a format chosen at run time; in and out
/// may be the same matrix. Throws std::invalid_argument, before writing, for a contradictory
/// format or rule, shapes that differ, or matrices that share some elements only.
template <class Format, rule_of_matrix<variable_format<Format>> Rule,
          rounding_mode R = rounding_of<Rule>>
void round_to(const Format& format, matrix_view<const float> in, matrix_view<float> out,
              const Rule& rule, const R& mode = {}, const execution& how = {}) {
  using described = variable_format<Format>;
  detail::require_valid("round_to", defect(format));
  bulk::require_rule<described>("round_to", format, rule);
  bulk::require_rounded(in, out);
  bulk::require_grid(rule, detail::groups_along(in.rows, format.shape.rows),
                     detail::groups_along(in.cols, format.shape.cols));
  bulk::require_matrix(rule, in.rows, in.cols);
  bulk::with_rule<described>(
      format, rule,
      [&](const auto&, const auto& blocks, const auto& view) {
        bulk::round_blocks(blocks, view, in, out, mode_under(rule, mode), how);
      },
      [&](const auto& of_groups) {
        bulk::round_levels(format, in, out, mode_under(rule, mode), how, of_groups);
      });
}
template <class Format, rounding_mode R = nearest_even_t>
requires is_block_format_v<Format>
void round_to(const Format& format, matrix_view<const float> in, matrix_view<float> out,
              const R& mode = {}, const execution& how = {}) {
  if constexpr (may_be_scaled_blocks<Format>) {
    if (is_scaled_blocks(format)) return round_to(format, in, out, rules::standard, mode, how);
  }
  detail::require_valid("round_to", defect(format));
  bulk::require_rounded(in, out);
  bulk::round_levels(format, in, out, mode, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
