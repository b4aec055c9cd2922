// SPDX-License-Identifier: MIT
// Integers of 4 bits as AutoAWQ keeps them (version "gemm").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "lowp/block/quantize.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints {

/// NAME.qweight I32 [K, N / 8], outputs 0 2 4 6 1 3 5 7 of each eight from the low nibble up;
/// NAME.qzeros I32 [K / g, N / 8] in the order of qweight; NAME.scales F16 (BF16, F32) [K / g, N].
/// value = (qweight - qzeros) * scales. Facts: awq/modules/linear/gemm.py of AutoAWQ 030fe2a.
struct awq_t {
  static constexpr std::string_view name = "AutoAWQ";
  static constexpr std::string_view key = ".qweight";
  using format = variable_format<block_format<fixed_format, float_format, fixed_format>>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    const stored_tensor* const codes = tensors.find(weight, key);
    const stored_tensor* const scales = tensors.find(weight, ".scales");
    return tensors.has(weight, key, "I32") && scales != nullptr && codes->shape.size() == 2 &&
           scales->shape.size() == 2 && scales->shape[1] % 8 == 0 &&
           codes->shape[1] == scales->shape[1] / 8;
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings&) {
    const shape_type& codes = tensors.at(weight, key, 2).shape;
    const stored_tensor& scales = tensors.at(weight, ".scales", 2);
    return plan_for(8 * codes[1], codes[0], detail::scale_format(scales),
                    detail::group_size(scales, codes[0], scales.shape[0]));
  }
  /// From floats by the library's own choice: each group's range, 0 included, over 15. Throws
  /// std::invalid_argument unless rows are a multiple of 8 and cols of the group.
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           int group = 128,
                                           const float_format& scale = formats::binary16,
                                           const execution& how = {}) {
    if (values.rows == 0 || values.rows % 8 != 0 || values.cols == 0 || group < 1 ||
        values.cols % static_cast<std::size_t>(group) != 0) {
      refuse("awq: values are " + std::to_string(values.rows) + " x " +
             std::to_string(values.cols) + ", expected a multiple of 8 rows and of " +
             std::to_string(group) + " columns");
    }
    auto made = detail::new_weight(weight, plan_for(values.rows, values.cols, scale, group));
    quantize(values, made.matrix, nearest_even, how);
    return made;
  }

 private:
  [[nodiscard]] static plan<format> plan_for(std::uint64_t rows, std::uint64_t cols,
                                             const float_format& scale, int group) {
    const fixed_format code{.total_bits = 4, .fraction_bits = 0, .is_signed = false};
    const auto n = static_cast<std::size_t>(rows), k = static_cast<std::size_t>(cols);
    const std::uint64_t groups = cols / static_cast<std::uint64_t>(group);
    // Streams along the outputs.
    const arrangement words{
        .width = 4, .runs_down = true, .stride = n / 2, .places = arrangement::awq_order};
    const arrangement numbers{
        .width = scale.bits(), .runs_down = true, .stride = packed_bytes(n, scale.bits())};
    return {{{code, scale, {1, group}, code}},
            n,
            k,
            {rows, cols},
            {{std::string(key), "I32", {cols, rows / 8}, 0, words},
             {".qzeros", "I32", {groups, rows / 8}, 2, words},
             {".scales", detail::dtype_of(scale), {groups, rows}, 1, numbers}}};
  }
};
inline constexpr awq_t awq{};

}  // namespace lowp::io::checkpoints
