// SPDX-License-Identifier: MIT
// A tensor of elements in blocks, quantized and read a few rows at a time, so that one which does
// not fit into memory can be: its tensor scale is known before. The umbrella header leaves it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/codec.hpp"
#include "lowp/block/dequantize_job.hpp"
#include "lowp/block/reference.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/rounding/any_rounding.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {

/// Rows of blocks of one row each, under a rule. Codes are packed rows of elements, low bits first,
/// and scales a row of them in whole bytes for each row, as in the planes of a block_matrix.
///
///   row_quantizer q(blocks, rule);                       // a scaled_blocks and its rule_view
///   const tensor_scale t = q.tensor_scale_of(amax);      // of all finite elements of the tensor
///   q.quantize(rows 0 … 99, t, mode, codes, scales);     // the bytes that quantize() gives them
///   q.dequantize(100, cols, codes, scales, t.decoding, rows 0 … 99);
template <number_format Element, number_format Scale>
class row_quantizer {
 public:
  using format_type = scaled_blocks<Element, Scale>;

  /// Throws std::invalid_argument for a format that contradicts itself or whose blocks have several
  /// rows. What the rule refers to must live as long.
  row_quantizer(const format_type& format, const rule_view<format_type>& rule)
      : format_(format), rule_(rule) {
    if (const char* why = defect(format)) refuse(std::string("row_quantizer: ") + why);
    if (format.shape.rows != 1) {
      refuse("row_quantizer: blocks have " + std::to_string(format.shape.rows) +
             " rows, expected 1");
    }
  }

  [[nodiscard]] const format_type& format() const { return format_; }
  /// Of a row of so many elements.
  [[nodiscard]] std::size_t code_bytes(std::size_t cols) const {
    return packed_bytes(cols, format_.element.bits());
  }
  [[nodiscard]] std::size_t scale_count(std::size_t cols) const {
    return detail::groups_along(cols, format_.shape.cols);
  }
  [[nodiscard]] std::size_t scale_bytes(std::size_t cols) const {
    return scale_count(cols) * static_cast<std::size_t>(format_.scale_bytes());
  }
  /// {1, 1} for a format without one.
  [[nodiscard]] tensor_scale tensor_scale_of(float amax) const {
    return format_.has_tensor_scale ? rule_.make_tensor_scale(rule_.rule, format_, amax)
                                    : tensor_scale{};
  }

  /// Throws std::invalid_argument if the sizes do not belong together. The mode draws for element
  /// (r, c) of the rows given as at(mode, r * cols + c).
  template <rounding_mode R>
  void quantize(matrix_view<const float> in, const tensor_scale& tensor, const R& mode,
                std::span<std::uint8_t> codes, std::span<std::uint8_t> scales,
                const execution& how = {}) const {
    require("quantize", in.rows, in.cols, codes.size(), scales.size());
    const bulk::block_storage out{{codes.data(), code_bytes(in.cols), scales.data(),
                                   static_cast<std::size_t>(format_.scale_bytes()),
                                   scale_count(in.cols)}};
    if (bulk::quantize_by_kernels<bulk::any_block>(format_, rule_, in, tensor, mode, out, how)) {
      return;
    }
    for (std::uint8_t& byte : codes) byte = 0;
    const int bits = format_.element.bits();
    detail::encode_blocks(
        format_, rule_, in, tensor, mode,
        [&](std::size_t row, std::size_t col, code_t scale) {
          store_code(scales.data() + row * scale_bytes(in.cols), col, 8 * format_.scale_bytes(),
                     scale, packing{});
        },
        [&](std::size_t row, std::size_t col, code_t code, code_t) {
          store_code(codes.data() + row * code_bytes(in.cols), col, bits, code, packing{});
        });
  }

  /// Values in binary32, each rounded once to nearest even where that is not exact.
  void dequantize(std::size_t rows, std::size_t cols, std::span<const std::uint8_t> codes,
                  std::span<const std::uint8_t> scales, float tensor, std::span<float> out,
                  const execution& how = {}) const {
    require("dequantize", rows, cols, codes.size(), scales.size());
    if (out.size() != rows * cols) {
      refuse("row_quantizer: out has size " + std::to_string(out.size()) + ", expected " +
             std::to_string(rows * cols));
    }
    const bulk::const_block_storage in{codes.data(), code_bytes(cols), scales.data(),
                                       static_cast<std::size_t>(format_.scale_bytes()),
                                       scale_count(cols)};
    const matrix_view<float> values(out.data(), rows, cols);
    const bulk::decode_scales decoder(format_);
    const bool is_narrow = format_.element.bits() <= 8;
    kernels::value_table table;
    if (is_narrow) table = kernels::make_value_table(format_.element);
    if ((is_narrow || kernels::make_decode_plan(format_.element).is_supported) &&
        bulk::dequantize_by_kernels(format_, decoder, is_narrow ? &table : nullptr, rows, cols, in,
                                    tensor, values, how)) {
      return;
    }
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < cols; ++col) {
        const code_t code =
            load_code(in.codes + row * in.row_bytes, col, format_.element.bits(), packing{});
        const code_t scale =
            in.load_scale(row * in.scales_per_row + col / format_.block_cols(cols));
        values(row, col) = pack_as<float>(decode_element(format_, code, scale, tensor));
      }
    }
  }

 private:
  void require(const char* function, std::size_t rows, std::size_t cols, std::size_t codes,
               std::size_t scales) const {
    if (codes == rows * code_bytes(cols) && scales == rows * scale_bytes(cols)) return;
    refuse("row_quantizer::" + std::string(function) + ": codes and scales have " +
           std::to_string(codes) + " and " + std::to_string(scales) + " bytes, expected " +
           std::to_string(rows * code_bytes(cols)) + " and " +
           std::to_string(rows * scale_bytes(cols)));
  }

  format_type format_;
  rule_view<format_type> rule_;
};

}  // namespace LOWP_BASELINE
}  // namespace lowp
