// SPDX-License-Identifier: MIT
// FP8 under a scale per tile, as DeepSeek-V3 keeps it.
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

/// NAME.weight F8_E4M3 [N, K] and NAME.weight_scale_inv F32 [N / 128, K / 128], both rounded up;
/// other tiles by weight_block_size of config.json. The scale multiplies, whatever its name says.
/// Scales of BF16, F16 and F8_E8M0 are read as well. Facts: README_WEIGHTS.md of DeepSeek-V3.
struct deepseek_fp8_t {
  static constexpr std::string_view name = "DeepSeek FP8";
  static constexpr std::string_view key = ".weight_scale_inv";

  using format = variable_format<block_format<float_format, float_format>>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, ".weight", "F8_E4M3");
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings& s) {
    const auto tile =
        s.pair("weight_block_size").value_or(std::pair<std::int64_t, std::int64_t>(128, 128));
    const auto is_size = [](std::int64_t size) { return size > 0 && size <= 1 << 30; };
    if (!is_size(tile.first) || !is_size(tile.second)) {
      throw format_error("settings: weight_block_size is no pair of sizes");
    }
    return plan_for(tensors.at(weight, ".weight", 2).shape,
                    detail::scale_format(tensors.at(weight, key, 2)),
                    {static_cast<int>(tile.first), static_cast<int>(tile.second)});
  }
  /// From floats: amax / 448 in binary32, x / scale, if no rule is named. How DeepSeek itself
  /// quantized its weights is not published.
  template <class Rule = rules::amax_t>
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           const Rule& rule = {}, block_shape tile = {128, 128},
                                           const execution& how = {}) {
    auto made =
        detail::new_weight(weight, plan_for({values.rows, values.cols}, formats::binary32, tile));
    quantize(values, made.matrix, rule, nearest_even, how);
    return made;
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const shape_type& shape, const float_format& scale,
                                             block_shape tile) {
    const auto rows = static_cast<std::size_t>(shape[0]), cols = static_cast<std::size_t>(shape[1]);
    const shape_type tiles = {detail::quotient_up(shape[0], static_cast<std::uint64_t>(tile.rows)),
                              detail::quotient_up(shape[1], static_cast<std::uint64_t>(tile.cols))};
    const int width = scale.bits();
    return {{{formats::e4m3fn, scale, tile}},
            rows,
            cols,
            shape,
            {{".weight", "F8_E4M3", shape, 0, row_major(8, cols)},
             {std::string(key), detail::dtype_of(scale), tiles, 1,
              row_major(width, packed_bytes(static_cast<std::size_t>(tiles[1]), width))}}};
  }
};
inline constexpr deepseek_fp8_t deepseek_fp8{};

}  // namespace lowp::io::checkpoints
