// SPDX-License-Identifier: MIT
// Integers of 2, 3, 4 and 8 bits as AutoGPTQ and GPTQModel keep them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lowp/block/quantize.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints {

/// NAME.qweight I32 [K b / 32, N], the codes of an output from the low bits of its words up, those
/// of 3 bits across words; NAME.qzeros I32 [K / g, N b / 32], along the outputs; NAME.scales F16
/// (BF16, F32) [K / g, N]; NAME.g_idx I32 [K], the group of each input, kept: one that is not in
/// order (desc_act) is refused. value = (qweight - zero) * scales, where zero is qzeros + 1, up to
/// 2^b, unless settings say "checkpoint_format": "gptq_v2", where it is qzeros.
/// AutoGPTQ from c80855e on takes qzeros + 1 modulo 2^b; only a zero point of 0, for which its
/// packing has no code, makes a difference.
/// Facts: auto_gptq/nn_modules/qlinear/qlinear_cuda_old.py of 179776b.
struct gptq_t {
  static constexpr std::string_view name = "GPTQ";
  static constexpr std::string_view key = ".qweight";
  using format = variable_format<block_format<fixed_format, float_format, fixed_format>>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    const stored_tensor* const codes = tensors.find(weight, key);
    const stored_tensor* const scales = tensors.find(weight, ".scales");
    return tensors.has(weight, key, "I32") && scales != nullptr && codes->shape.size() == 2 &&
           scales->shape.size() == 2 && codes->shape[1] == scales->shape[1];
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings& s) {
    const stored_tensor& codes = tensors.at(weight, key, 2);
    const stored_tensor& scales = tensors.at(weight, ".scales", 2);
    const stored_tensor& zeros = tensors.at(weight, ".qzeros", 2);
    const std::uint64_t rows = codes.shape[1];
    const int bits = bits_of(zeros, rows);
    const std::uint64_t cols = codes.shape[0] * 32 / static_cast<std::uint64_t>(bits);
    if (codes.shape[0] * 32 % static_cast<std::uint64_t>(bits) != 0) {
      tensors.fail(codes, "shape is " + detail::text_of(codes.shape) +
                              ", expected words of whole columns of " + std::to_string(bits) +
                              " bits");
    }
    const bool is_v2 = s.text("checkpoint_format").value_or("gptq") == "gptq_v2";
    auto how = plan_for(rows, cols, bits, detail::scale_format(scales),
                        detail::group_size(scales, cols, scales.shape[0]), is_v2);
    how.keep(tensors, weight, ".g_idx", "I32", cols);
    if (how.parts.size() > 3) {
      detail::require_order(tensors.at(weight, ".g_idx"), how.cols,
                            static_cast<std::size_t>(how.format.value.shape.cols), false);
    }
    return how;
  }
  /// From floats by the library's own choice: each group's range, 0 included, over 2^bits - 1. In
  /// version 1 a zero point of 0 has no code: write() refuses it. Throws std::invalid_argument
  /// unless bits are 2, 3, 4 or 8, rows and cols multiples of 32, and cols of the group.
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           int bits = 4, int group = 128, bool is_v2 = true,
                                           const float_format& scale = formats::binary16,
                                           const execution& how = {}) {
    if (!is_width(bits) || values.rows == 0 || values.rows % 32 != 0 || values.cols == 0 ||
        values.cols % 32 != 0 || group < 1 || values.cols % static_cast<std::size_t>(group) != 0) {
      refuse("gptq: " + std::to_string(values.rows) + " x " + std::to_string(values.cols) +
             " values in " + std::to_string(bits) +
             " bits, expected 2, 3, 4 or 8 and multiples of "
             "32 rows and columns, in groups of " +
             std::to_string(group));
    }
    auto planned = plan_for(values.rows, values.cols, bits, scale, group, is_v2);
    planned.parts.push_back({".g_idx", "I32", {values.cols}});
    auto made = detail::new_weight(weight, std::move(planned));
    quantize(values, made.matrix, nearest_even, how);
    std::vector<std::byte> order(4 * values.cols);
    for (std::size_t col = 0; col < values.cols; ++col) {
      io::detail::store_little_endian<4>(col / static_cast<std::size_t>(group),
                                         order.data() + 4 * col);
    }
    detail::keep_bytes(made, ".g_idx", order);
    return made;
  }

 private:
  [[nodiscard]] static constexpr bool is_width(std::uint64_t bits) {
    return bits == 2 || bits == 3 || bits == 4 || bits == 8;
  }
  [[nodiscard]] static constexpr bool is_width(int bits) {
    return bits > 0 && is_width(static_cast<std::uint64_t>(bits));
  }
  [[nodiscard]] static int bits_of(const stored_tensor& zeros, std::uint64_t rows) {
    const std::uint64_t bits = zeros.shape[1] * 32 / rows;
    if (zeros.shape[1] * 32 % rows != 0 || !is_width(bits)) {
      tensor_set::fail(zeros, "shape is " + detail::text_of(zeros.shape) +
                                  ", expected words of 2, 3, 4 or 8 bits for each of " +
                                  std::to_string(rows) + " outputs");
    }
    return static_cast<int>(bits);
  }
  [[nodiscard]] static plan<format> plan_for(std::uint64_t rows, std::uint64_t cols, int bits,
                                             const float_format& scale, int group, bool is_v2) {
    const fixed_format code{.total_bits = bits, .fraction_bits = 0, .is_signed = false};
    const fixed_format zero{
        .total_bits = is_v2 ? bits : bits + 1, .fraction_bits = 0, .is_signed = false};
    const auto n = static_cast<std::size_t>(rows), k = static_cast<std::size_t>(cols);
    const auto width = static_cast<std::uint64_t>(bits);
    const std::uint64_t groups = cols / static_cast<std::uint64_t>(group);
    return {
        {{code, scale, {1, group}, zero}},
        n,
        k,
        {rows, cols},
        {{std::string(key),
          "I32",
          {cols * width / 32, rows},
          0,
          {.width = bits, .unit = 4, .step = n, .stride = 1}},
         {".qzeros",
          "I32",
          {groups, rows * width / 32},
          2,
          {.width = bits,
           .runs_down = true,
           .stride = packed_bytes(n, bits),
           .added = is_v2 ? code_t{0} : code_t{1}}},
         {".scales",
          detail::dtype_of(scale),
          {groups, rows},
          1,
          {.width = scale.bits(), .runs_down = true, .stride = packed_bytes(n, scale.bits())}}}};
  }
};
inline constexpr gptq_t gptq{};

}  // namespace lowp::io::checkpoints
