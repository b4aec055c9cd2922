// SPDX-License-Identifier: MIT
// MXFP4 as gpt-oss keeps it: a tensor of nibbles in blocks, and one of exponents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints {

/// NAME.blocks U8 […, K / 32, 16], the low nibble first, and NAME.scales U8 […, K / 32], e8m0; with
/// an underscore in place of the dot in Hugging Face's port. Leading sizes (experts, rows) are
/// rows. Facts: gpt_oss/torch/weights.py of 7b58334.
struct gpt_oss_t {
  std::string_view name = "gpt-oss MXFP4";
  std::string_view key = ".blocks";
  std::string_view scales = ".scales";

  using format = constant_format<formats::mxfp4>;

  [[nodiscard]] bool follows(const tensor_set& tensors, std::string_view weight) const {
    return tensors.has(weight, key, "U8") && tensors.find(weight, scales) != nullptr;
  }
  [[nodiscard]] plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                     const settings&) const {
    const stored_tensor& blocks = tensors.at(weight, key);
    if (blocks.shape.size() < 3 || blocks.shape.back() != 16) {
      tensors.fail(
          blocks, "shape is " + detail::text_of(blocks.shape) + ", expected […, rows, blocks, 16]");
    }
    const std::uint64_t groups = blocks.shape[blocks.shape.size() - 2];
    return plan_for(detail::with_end(blocks.shape, 2, {32 * groups}));
  }
  /// From floats, whose columns are whole blocks. gpt-oss was trained to its codes, no rule is
  /// published; the rule here is that of the OCP specification if none is named.
  template <class Rule = rules::standard_t>
  [[nodiscard]] weight<format> make(std::string_view weight, matrix_view<const float> values,
                                    const Rule& rule = {}, const execution& how = {}) const {
    if (values.cols == 0 || values.cols % 32 != 0) {
      refuse("gpt_oss: cols is " + std::to_string(values.cols) + ", expected a multiple of 32");
    }
    auto made = detail::new_weight(weight, plan_for({values.rows, values.cols}));
    quantize(values, made.matrix, rule, nearest_even, how);
    return made;
  }

 private:
  [[nodiscard]] plan<format> plan_for(const shape_type& shape) const {
    const std::uint64_t groups = shape.back() / 32;
    return {{},
            detail::leading_size(shape, 1),
            static_cast<std::size_t>(shape.back()),
            shape,
            {{std::string(key), "U8", detail::with_end(shape, 1, {groups, 16}), 0,
              row_major(4, static_cast<std::size_t>(16 * groups))},
             {std::string(scales), "U8", detail::with_end(shape, 1, {groups}), 1,
              row_major(8, static_cast<std::size_t>(groups))}}};
  }
};
inline constexpr gpt_oss_t gpt_oss{};
inline constexpr gpt_oss_t gpt_oss_port{.key = "_blocks", .scales = "_scales"};

}  // namespace lowp::io::checkpoints
