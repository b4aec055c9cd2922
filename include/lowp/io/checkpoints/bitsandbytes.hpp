// SPDX-License-Identifier: MIT
// NF4 and FP4 as bitsandbytes keeps them, with scales in binary32 or in codes of 8 bits (double
// quantization).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/block/quantize.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/io/checkpoints/bitsandbytes_state.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints {

namespace detail {

/// Codes whose only value is -1: under the offset as a scale they stand for minus that.
using minus_offset = block_format<codebook_format<1>, float_format>;
using bnb_scale = block_format<codebook_format<8>, float_format, no_level, minus_offset>;

}  // namespace detail

/// NAME U8 [n / 2, 1], of n elements in order of their rows, the first in the high nibble;
/// NAME.quant_map F32 [16]; NAME.quant_state.bitsandbytes__nf4 (or fp4), JSON in U8, kept. Without
/// IsNested NAME.absmax F32, one for each block; with it NAME.absmax U8, NAME.nested_quant_map F32
/// [256], NAME.nested_absmax F32, one for each nested_blocksize scales, and
///
///   value = quant_map[code] * (nested_quant_map[absmax] * nested_absmax + nested_offset)
///
/// exact here, where bitsandbytes rounds each step to binary32. Where blocks reach over the ends of
/// rows the matrix is one row of all elements. Facts: bitsandbytes/functional.py of 01327aa.
template <bool IsNested>
struct bitsandbytes_t {
  std::string_view type = "nf4";
  std::string_view key = ".quant_state.bitsandbytes__nf4";
  std::string_view name = IsNested ? "bitsandbytes NF4, double quantization" : "bitsandbytes NF4";
  codebook_format<4> codes = formats::nf4;

  using scale_type = std::conditional_t<IsNested, detail::bnb_scale, float_format>;
  using format = variable_format<block_format<codebook_format<4>, scale_type>>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, "", "U8") && tensors.has(weight, ".absmax", IsNested ? "U8" : "F32");
  }
  [[nodiscard]] plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                     const settings&) const {
    const detail::bnb_state state = detail::read_bnb_state(tensors.at(weight, key), type, IsNested);
    const stored_tensor& packed = tensors.at(weight, "");
    // Of a tensor in memory, so that sizes below cannot overflow.
    std::uint64_t count = 1;
    for (const std::uint64_t size : state.shape) {
      if (size == 0 || count > 2 * packed.byte_size() / size) count = 0;
      count *= size;
    }
    if (count == 0 || packed.byte_size() != detail::quotient_up(count, 2)) {
      tensors.fail(packed, "has " + std::to_string(packed.byte_size()) +
                               " bytes, quant_state has shape " + detail::text_of(state.shape));
    }
    auto how = plan_for(state, count, detail::codebook_at<4>(tensors, weight, ".quant_map"));
    if constexpr (IsNested) {
      how.format.value.scale.element = detail::codebook_at<8>(tensors, weight, ".nested_quant_map");
    }
    how.keep(tensors, weight, ".quant_map", "F32", 16);
    how.keep(tensors, weight, ".nested_quant_map", "F32", 256);
    how.keep(tensors, weight, key, "U8");
    return how;
  }
  /// From floats: absmax, elements by x * (1 / absmax) in binary32 to the nearest value, of two the
  /// lower (NF4) or the one toward zero (FP4). Double quantization is only read: the sum that its
  /// offset comes from has no stated order. `dtype` is what quant_state says of the floats.
  [[nodiscard]] weight<format> make(std::string_view weight, matrix_view<const float> values,
                                    int block = 64, std::string_view dtype = "float32",
                                    const execution& how = {}) const requires(!IsNested) {
    if (values.rows == 0 || values.cols == 0 || block < 1 || block % 2 != 0 ||
        values.cols % static_cast<std::size_t>(block) != 0) {
      refuse("bitsandbytes: cols is " + std::to_string(values.cols) + ", expected a multiple of " +
             std::to_string(block));
    }
    detail::bnb_state state;
    state.block = static_cast<std::uint64_t>(block);
    state.shape = {values.rows, values.cols};
    auto planned = plan_for(state, values.rows * values.cols, codes);
    const std::string text = "{\"quant_type\": \"" + std::string(type) +
                             "\", \"blocksize\": " + std::to_string(block) + ", \"dtype\": \"" +
                             std::string(dtype) + "\", \"shape\": " + detail::text_of(state.shape) +
                             "}";
    planned.parts.push_back({".quant_map", "F32", {16}});
    planned.parts.push_back({std::string(key), "U8", {text.size()}});
    auto made = detail::new_weight(weight, std::move(planned));
    constexpr rules::stated_range rule{.largest = 1, .multiplies = true};
    if (type == "nf4") {
      quantize(values, made.matrix, rule, nearest_downward, how);
    } else {
      quantize(values, made.matrix, rule, nearest_toward_zero, how);
    }
    std::vector<std::byte> map(64);
    for (std::size_t i = 0; i < 16; ++i) {
      io::detail::store_little_endian<4>(codes.values[i], map.data() + 4 * i);
    }
    detail::keep_bytes(made, ".quant_map", map);
    detail::keep_bytes(made, key, std::as_bytes(std::span(text)));
    return made;
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const detail::bnb_state& state, std::uint64_t count,
                                             const codebook_format<4>& codes) {
    const auto all = static_cast<std::size_t>(count);
    const auto block = static_cast<int>(state.block);
    const std::uint64_t blocks = detail::quotient_up(count, state.block);
    // Rows are whole blocks, and groups of scales whole rows or parts of one; else one row of all.
    std::uint64_t cols = state.shape.back();
    int nested_rows = 1, nested_cols = static_cast<int>(state.nested_block);
    if (cols % state.block != 0) {
      cols = count;
    } else if (IsNested && cols / state.block % state.nested_block != 0) {
      if (state.nested_block % (cols / state.block) != 0) {
        cols = count;
      } else {
        nested_rows = static_cast<int>(state.nested_block / (cols / state.block));
        nested_cols = block_shape::whole;
      }
    }
    const auto per_row = static_cast<std::size_t>(detail::quotient_up(cols, state.block));
    arrangement nibbles = row_major(4, static_cast<std::size_t>(cols / 2));
    nibbles.places = arrangement::high_nibble_first;
    const part elements{"", "U8", {detail::quotient_up(count, 2), 1}, 0, nibbles};
    const auto rows = static_cast<std::size_t>(all / cols), width = static_cast<std::size_t>(cols);
    if constexpr (IsNested) {
      const std::uint64_t groups = detail::quotient_up(blocks, state.nested_block);
      const std::size_t groups_across =
          nested_cols == block_shape::whole
              ? 1
              : detail::quotient_up(per_row, static_cast<std::uint64_t>(nested_cols));
      const detail::bnb_scale scale{{},
                                    formats::binary32,
                                    {nested_rows, nested_cols},
                                    {},
                                    {formats::codebook<1>(-1.0f),
                                     formats::binary32,
                                     {block_shape::whole, block_shape::whole}}};
      return {{{codes, scale, {1, block}}},
              rows,
              width,
              state.shape,
              {elements,
               {".absmax", "U8", {blocks}, 1, row_major(8, per_row)},
               {".nested_absmax", "F32", {groups}, 2, row_major(32, 4 * groups_across)}},
              {{3, 0}, {4, std::bit_cast<std::uint32_t>(state.offset)}}};
    } else {
      return {{{codes, formats::binary32, {1, block}}},
              rows,
              width,
              state.shape,
              {elements, {".absmax", "F32", {blocks}, 1, row_major(32, 4 * per_row)}}};
    }
  }
};
inline constexpr bitsandbytes_t<false> bnb_nf4{},
    bnb_fp4{"fp4", ".quant_state.bitsandbytes__fp4", "bitsandbytes FP4", formats::bnb_fp4};
inline constexpr bitsandbytes_t<true> bnb_nf4_nested{},
    bnb_fp4_nested{"fp4", ".quant_state.bitsandbytes__fp4", "bitsandbytes FP4, double quantization",
                   formats::bnb_fp4};

}  // namespace lowp::io::checkpoints
