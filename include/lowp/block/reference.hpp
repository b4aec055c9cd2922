// SPDX-License-Identifier: MIT
// The definition of quantizing and dequantizing whole matrices, block after block by the codec of
// one (codec.hpp): what the kernels are tested against, and what runs where they do not reach.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/codec.hpp"

namespace lowp {
namespace detail {

/// The scale code of a block with these elements, number `index` of the grid of blocks.
template <class Format>
[[nodiscard]] code_t encode_scale_of(const Format& format, const rule_view<Format>& rule,
                                     const matrix_view<const float>& values, std::size_t index,
                                     const tensor_scale& tensor) {
  amax_accumulator all;
  for (std::size_t r = 0; r < values.rows; ++r) {
    for (std::size_t c = 0; c < values.cols; ++c) all.add(values(r, c));
  }
  return rule.encode_scale(rule.rule, format, {values, index, all.amax(), all.has_special, tensor});
}

/// For each block of a matrix its scale code, on_scale(block_row, block_col, scale), and then for
/// each of its elements the code, on_element(row, col, code, scale).
template <class Format, rounding_mode R, class OnScale, class OnElement>
void encode_blocks(const Format& format, const rule_view<Format>& rule,
                   const matrix_view<const float>& in, const tensor_scale& tensor, const R& mode,
                   const OnScale& on_scale, const OnElement& on_element) {
  const std::size_t block_rows = format.block_rows(in.rows);
  const std::size_t block_cols = format.block_cols(in.cols);
  const std::size_t blocks_per_row = (in.cols + block_cols - 1) / block_cols;
  for (std::size_t top = 0; top < in.rows; top += block_rows) {
    const std::size_t bottom = top + (std::min)(block_rows, in.rows - top);
    for (std::size_t left = 0; left < in.cols; left += block_cols) {
      const std::size_t right = left + (std::min)(block_cols, in.cols - left);
      const matrix_view<const float> values(in.row(top) + left, bottom - top, right - left,
                                            in.stride);
      const code_t scale = encode_scale_of(
          format, rule, values, top / block_rows * blocks_per_row + left / block_cols, tensor);
      on_scale(top / block_rows, left / block_cols, scale);

      const element_encoder<Format> encoder(format, rule, scale, tensor);
      for (std::size_t row = top; row < bottom; ++row) {
        for (std::size_t col = left; col < right; ++col) {
          on_element(row, col, encoder(in(row, col), at(mode, row * in.cols + col)), scale);
        }
      }
    }
  }
}

}  // namespace detail

namespace reference {

/// The tensor scale that a format and a rule ask for a matrix.
template <class Format>
[[nodiscard]] tensor_scale tensor_scale_of(const Format& format, const rule_view<Format>& rule,
                                           const matrix_view<const float>& in) {
  if (!format.has_tensor_scale) return {};
  amax_accumulator all;
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t col = 0; col < in.cols; ++col) all.add(in(row, col));
  }
  return rule.make_tensor_scale(rule.rule, format, all.amax());
}

/// Into a matrix of such elements in blocks, in any layout.
template <class Matrix, class Format, rounding_mode R>
void quantize_by(matrix_view<const float> in, Matrix& out, const Format& format,
                 const rule_view<Format>& rule, const R& mode) {
  const tensor_scale tensor = tensor_scale_of(format, rule, in);
  if constexpr (requires { out.set_tensor_scale(1.0f); }) out.set_tensor_scale(tensor.decoding);
  detail::encode_blocks(
      format, rule, in, tensor, mode,
      [&](std::size_t row, std::size_t col, code_t scale) { out.set_scale_code(row, col, scale); },
      [&](std::size_t row, std::size_t col, code_t code, code_t) { out.set_code(row, col, code); });
}
template <auto B, scale_rule_for<format_of<B>> Rule, rounding_mode R = rounding_of<Rule>>
[[nodiscard]] block_matrix<B> quantize(matrix_view<const float> in, const Rule& rule,
                                       const R& mode = {}) {
  using format_type = scaled_blocks_type<format_of<B>>;
  constexpr format_type format = scaled_blocks_of(block_matrix<B>::format);
  block_matrix<B> out(in.rows, in.cols);
  quantize_by(in, out, format, rule_view<format_type>(format, rule), mode_under(rule, mode));
  return out;
}
template <auto B, rounding_mode R = nearest_even_t>
[[nodiscard]] block_matrix<B> quantize(matrix_view<const float> in, const R& mode = {}) {
  return reference::quantize<B>(in, rules::standard, mode);
}

/// out may be in.
template <class Format, rounding_mode R>
void round_to_by(const Format& format, matrix_view<const float> in, matrix_view<float> out,
                 const rule_view<Format>& rule, const R& mode) {
  const tensor_scale tensor = tensor_scale_of(format, rule, in);
  detail::encode_blocks(
      format, rule, in, tensor, mode, [](std::size_t, std::size_t, code_t) {},
      [&](std::size_t row, std::size_t col, code_t code, code_t scale) {
        out(row, col) = pack_as<float>(decode_element(format, code, scale, tensor.decoding));
      });
}
template <class Format, scale_rule_for<Format> Rule, rounding_mode R = rounding_of<Rule>>
void round_to(const Format& format, matrix_view<const float> in, matrix_view<float> out,
              const Rule& rule, const R& mode = {}) {
  const auto& blocks = scaled_blocks_of(format);
  round_to_by(blocks, in, out, {blocks, rule}, mode_under(rule, mode));
}
template <may_be_scaled_blocks Format, rounding_mode R = nearest_even_t>
void round_to(const Format& format, matrix_view<const float> in, matrix_view<float> out,
              const R& mode = {}) {
  reference::round_to(format, in, out, rules::standard, mode);
}

/// A value rounded to nearest even.
inline void store_value(const unpacked& x, float& out) { out = pack_as<float>(x); }
inline void store_value(const unpacked& x, bfloat16& out) { out = convert<formats::bfloat16>(x); }

/// out, of float or bfloat16, has the shape of in.
template <class Format, template <class> class Layout, class Bytes, class T>
void dequantize(const basic_block_matrix<Format, Layout, Bytes>& in, matrix_view<T> out) {
  for (std::size_t row = 0; row < in.rows(); ++row) {
    for (std::size_t col = 0; col < in.cols(); ++col) {
      store_value(in.value(row, col), out(row, col));
    }
  }
}

}  // namespace reference
}  // namespace lowp
