// SPDX-License-Identifier: MIT
// Whole bytes as compressed-tensors keeps them: int-quantized, float-quantized (and
// naive-quantized, mxfp8-quantized).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/half_range.hpp"
#include "lowp/io/checkpoints/compressed_groups.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints {

/// NAME.weight I8 […, N, K]; NAME.weight_scale F32, F16 or BF16, one for the tensor, a row ([…, N]
/// or […, N, 1]), a group of a row […, N, K / g] or a tile of 128 x 128 (or weight_block_size);
/// with HasZeros, NAME.weight_zero_point I8 of that shape. NAME.input_scale,
/// NAME.input_zero_point and a g_idx in order are kept, any other g_idx (activation order) is
/// refused. value = (weight - zero point) * scale. Facts: compressors/naive_quantized of ac8e2ba.
template <bool HasZeros>
struct compressed_int_t {
  static constexpr std::string_view name = HasZeros
                                               ? "compressed-tensors int-quantized, zero points"
                                               : "compressed-tensors int-quantized";
  static constexpr std::string_view key = ".weight";
  using format = variable_format<detail::compressed_format<fixed_format, HasZeros>>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, key, "I8") && tensors.find(weight, ".weight_scale") != nullptr &&
           (tensors.find(weight, ".weight_zero_point") != nullptr) == HasZeros;
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings& s) {
    const shape_type& shape = tensors.at(weight, key).shape;
    const stored_tensor& scale = tensors.at(weight, ".weight_scale");
    auto how = plan_for(shape, detail::scale_format(scale), scale.shape,
                        detail::groups_of(tensors, weight, s));
    detail::keep_order(how, tensors, weight);
    how.keep(tensors, weight, ".input_scale", "");
    how.keep(tensors, weight, ".input_zero_point", "");
    return how;
  }
  /// From floats: rules::half_range or, with zero points, the library's own choice of ranges.
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           block_shape groups = {1, block_shape::whole},
                                           const float_format& scale = formats::binary32,
                                           const execution& how = {}) {
    return detail::made_in_groups<HasZeros>(
        weight, values,
        plan_for({values.rows, values.cols}, scale,
                 detail::scale_shape(values.rows, values.cols, groups), groups),
        how);
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const shape_type& shape, const float_format& scale,
                                             const shape_type& scales, block_shape groups) {
    const std::size_t rows = detail::leading_size(shape, 1);
    const auto cols = static_cast<std::size_t>(shape.back());
    const std::size_t across = lowp::detail::groups_along(cols, groups.cols);
    plan<format> how{{detail::compressed_integers<HasZeros>(8, scale, groups)},
                     rows,
                     cols,
                     shape,
                     {{std::string(key), "I8", shape, 0, row_major(8, cols)},
                      detail::scale_part(".weight_scale", scale, scales, across)}};
    if (HasZeros) {
      how.parts.push_back({".weight_zero_point", "I8", scales, 2, row_major(8, across)});
    }
    return how;
  }
};
inline constexpr compressed_int_t<false> compressed_int{};
inline constexpr compressed_int_t<true> compressed_int_zeros{};

/// Elements in F8_E4M3 beside their scales; scales in U8 or F8_E8M0 are those of MXFP8. What
/// Model-Optimizer writes for FP8 has these tensors, too. No zero points.
struct compressed_float_t {
  static constexpr std::string_view name = "compressed-tensors float-quantized";
  static constexpr std::string_view key = ".weight";
  using format = variable_format<block_format<float_format, float_format>>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, key, "F8_E4M3") && tensors.find(weight, ".weight_scale") != nullptr;
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings& s) {
    const stored_tensor& scale = tensors.at(weight, ".weight_scale");
    const bool is_e8m0 = scale.type.name == "U8";
    auto how = plan_for(tensors.at(weight, key).shape,
                        is_e8m0 ? formats::e8m0 : detail::scale_format(scale), scale.shape,
                        detail::groups_of(tensors, weight, s));
    if (is_e8m0) how.parts[1].dtype = "U8";
    detail::keep_order(how, tensors, weight);
    how.keep(tensors, weight, ".input_scale", "");
    return how;
  }
  /// From floats: rules::half_range.
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           block_shape groups = {1, block_shape::whole},
                                           const float_format& scale = formats::binary32,
                                           const execution& how = {}) {
    return detail::made_in_groups<false>(
        weight, values,
        plan_for({values.rows, values.cols}, scale,
                 detail::scale_shape(values.rows, values.cols, groups), groups),
        how);
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const shape_type& shape, const float_format& scale,
                                             const shape_type& scales, block_shape groups) {
    const auto cols = static_cast<std::size_t>(shape.back());
    return {{{formats::e4m3fn, scale, groups}},
            detail::leading_size(shape, 1),
            cols,
            shape,
            {{std::string(key), "F8_E4M3", shape, 0, row_major(8, cols)},
             detail::scale_part(".weight_scale", scale, scales,
                                lowp::detail::groups_along(cols, groups.cols))}};
  }
};
inline constexpr compressed_float_t compressed_float{};

}  // namespace lowp::io::checkpoints
