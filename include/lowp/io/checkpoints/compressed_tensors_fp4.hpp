// SPDX-License-Identifier: MIT
// NVFP4 and MXFP4 as compressed-tensors keeps them: nvfp4-pack-quantized, mxfp4-pack-quantized.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints {

namespace detail {

/// Rows of nibbles and of bytes of scales, one for `block` columns.
[[nodiscard]] inline std::vector<part> packed_fp4_parts(const shape_type& shape,
                                                        std::uint64_t block,
                                                        const std::string& scale_dtype) {
  const auto cols = static_cast<std::size_t>(shape.back());
  const std::uint64_t groups = shape.back() / block;
  return {
      {".weight_packed", "U8", with_end(shape, 1, {shape.back() / 2}), 0, row_major(4, cols / 2)},
      {".weight_scale", scale_dtype, with_end(shape, 1, {groups}), 1,
       row_major(8, static_cast<std::size_t>(groups))}};
}
/// The shape of the weight.
[[nodiscard]] inline shape_type unpacked_fp4_shape(const stored_tensor& packed,
                                                   std::uint64_t block) {
  if (packed.shape.size() < 2 || packed.shape.back() % (block / 2) != 0) {
    tensor_set::fail(packed, "shape is " + text_of(packed.shape) +
                                 ", expected […, N, K / 2], K a multiple of " +
                                 std::to_string(block));
  }
  return with_end(packed.shape, 1, {2 * packed.shape.back()});
}
inline void require_blocks(const char* convention, std::size_t cols, std::size_t block) {
  if (cols != 0 && cols % block == 0) return;
  refuse(std::string(convention) + ": cols is " + std::to_string(cols) +
         ", expected a multiple of " + std::to_string(block));
}

}  // namespace detail

/// NAME.weight_packed U8 […, N, K / 2], the low nibble first; NAME.weight_scale F8_E4M3
/// […, N, K / 16]; NAME.weight_global_scale F32, one number g, kept; NAME.input_global_scale, kept.
/// value = element * weight_scale / g: the tensor scale of the matrix is 1 / g in binary32.
/// Facts: compressors/nvfp4 of ac8e2ba.
struct compressed_nvfp4_t {
  static constexpr std::string_view name = "compressed-tensors nvfp4-pack-quantized";
  static constexpr std::string_view key = ".weight_global_scale";

  using format = constant_format<formats::nvfp4>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, ".weight_packed", "U8");
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings&) {
    const float g = tensors.number_at(weight, key);
    if (!(g > 0) || g > (std::numeric_limits<float>::max)()) {
      tensors.fail(tensors.at(weight, key), "is not a positive number");
    }
    auto how = plan_for(detail::unpacked_fp4_shape(tensors.at(weight, ".weight_packed"), 16), g);
    how.keep(tensors, weight, key, "F32", 1);
    how.keep(tensors, weight, ".input_global_scale", "F32", 1);
    return how;
  }
  /// From floats, whose columns are whole blocks, by rules::compressed_tensors.
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           const execution& how = {}) {
    detail::require_blocks("compressed_nvfp4", values.cols, 16);
    std::uint32_t amax = 0;
    for (std::size_t row = 0; row < values.rows; ++row) {
      amax =
          (std::max)(amax, kernels::finite_amax_array(how.level(), values.row(row), values.cols));
    }
    const float g = rules::compressed_tensors
                        .tensor(std::bit_cast<float>(amax), scaled_blocks_of(formats::nvfp4))
                        .encoding;
    plan<format> planned = plan_for({values.rows, values.cols}, g);
    planned.parts.push_back({std::string(key), "F32", {1}});
    auto made = detail::new_weight(weight, std::move(planned));
    quantize(values, made.matrix, rules::compressed_tensors, nearest_even, how);
    detail::keep_number(made, key, g);
    return made;
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const shape_type& shape, float g) {
    const auto tensor_scale = static_cast<float>(binary32(1) / binary32(g));
    return {{},
            detail::leading_size(shape, 1),
            static_cast<std::size_t>(shape.back()),
            shape,
            detail::packed_fp4_parts(shape, 16, "F8_E4M3"),
            {{2, std::bit_cast<std::uint32_t>(tensor_scale)}}};
  }
};
inline constexpr compressed_nvfp4_t compressed_nvfp4{};

/// NAME.weight_packed U8 […, N, K / 2], the low nibble first, and NAME.weight_scale U8 or F8_E8M0
/// […, N, K / 32]. Facts: compressors/mxfp4 of ac8e2ba.
struct compressed_mxfp4_t {
  static constexpr std::string_view name = "compressed-tensors mxfp4-pack-quantized";
  static constexpr std::string_view key = ".weight_packed";

  using format = constant_format<formats::mxfp4>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, key, "U8") &&
           tensors.find(weight, ".weight_global_scale") == nullptr;
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings&) {
    const std::string& dtype = tensors.at(weight, ".weight_scale").type.name;
    return plan_for(detail::unpacked_fp4_shape(tensors.at(weight, key), 32),
                    dtype == "F8_E8M0" ? dtype : "U8");
  }
  /// From floats, whose columns are whole blocks: rules::compressed_tensors_mx if none is named.
  template <class Rule = rules::compressed_tensors_mx_t>
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           const Rule& rule = {}, const execution& how = {}) {
    detail::require_blocks("compressed_mxfp4", values.cols, 32);
    auto made = detail::new_weight(weight, plan_for({values.rows, values.cols}, "U8"));
    quantize(values, made.matrix, rule, nearest_even, how);
    return made;
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const shape_type& shape, const std::string& dtype) {
    return {{},
            detail::leading_size(shape, 1),
            static_cast<std::size_t>(shape.back()),
            shape,
            detail::packed_fp4_parts(shape, 32, dtype)};
  }
};
inline constexpr compressed_mxfp4_t compressed_mxfp4{};

}  // namespace lowp::io::checkpoints
