// SPDX-License-Identifier: MIT
// NVFP4 as NVIDIA Model-Optimizer exports it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints {

/// NAME.weight U8 […, N, K / 2], the low nibble first; NAME.weight_scale F8_E4M3 […, N, K / 16], or
/// U8 of one dimension, swizzled in tiles of 128 x 4 (TensorRT-LLM); NAME.weight_scale_2 F32, one
/// number; NAME.input_scale F32, one number, kept. value = element * weight_scale * weight_scale_2.
/// Facts: modelopt/torch/quantization/qtensor/nvfp4_tensor.py of 5a4242f and a2fbac7.
struct modelopt_nvfp4_t {
  static constexpr std::string_view name = "Model-Optimizer NVFP4";
  static constexpr std::string_view key = ".weight_scale_2";

  using format = constant_format<formats::nvfp4>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, ".weight", "U8") && tensors.find(weight, ".weight_scale") != nullptr;
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings&) {
    const stored_tensor& packed = tensors.at(weight, ".weight");
    const stored_tensor& scale = tensors.at(weight, ".weight_scale");
    if (packed.shape.size() < 2 || packed.shape.back() % 8 != 0) {
      tensors.fail(packed, "shape is " + detail::text_of(packed.shape) +
                               ", expected […, N, K / 2], K a multiple of 16");
    }
    static_cast<void>(tensors.number_at(weight, key));
    auto how = plan_for(detail::with_end(packed.shape, 1, {2 * packed.shape.back()}),
                        scale.type.name == "U8" && scale.shape.size() == 1);
    how.parts[2].shape = tensors.at(weight, key).shape;  // [] or [1]
    how.keep(tensors, weight, ".input_scale", "F32", 1);
    return how;
  }
  /// From floats, whose columns are whole blocks: rules::modelopt if no rule is named.
  template <class Rule = rules::modelopt_t>
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           const Rule& rule = {}, bool is_swizzled = false,
                                           const execution& how = {}) {
    if (values.cols == 0 || values.cols % 16 != 0) {
      refuse("modelopt_nvfp4: cols is " + std::to_string(values.cols) +
             ", expected a multiple of 16");
    }
    auto made = detail::new_weight(weight, plan_for({values.rows, values.cols}, is_swizzled));
    quantize(values, made.matrix, rule, nearest_even, how);
    return made;
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const shape_type& shape, bool is_swizzled) {
    const std::size_t rows = detail::leading_size(shape, 1);
    const auto cols = static_cast<std::size_t>(shape.back()), groups = cols / 16;
    part scale{".weight_scale", "F8_E4M3", detail::with_end(shape, 1, {groups}), 1,
               row_major(8, groups)};
    if (is_swizzled) {
      scale = {".weight_scale",
               "U8",
               {swizzled_scale_bytes(rows, groups)},
               1,
               {.width = 8, .swizzled_columns = groups}};
    }
    return {{},
            rows,
            cols,
            shape,
            {{".weight", "U8", detail::with_end(shape, 1, {cols / 2}), 0, row_major(4, cols / 2)},
             std::move(scale),
             {std::string(key), "F32", {}, 2, row_major(32, 4)}}};
  }
};
inline constexpr modelopt_nvfp4_t modelopt_nvfp4{};

}  // namespace lowp::io::checkpoints
