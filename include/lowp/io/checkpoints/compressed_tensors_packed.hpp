// SPDX-License-Identifier: MIT
// Integers of 1 to 8 bits in words as compressed-tensors keeps them: pack-quantized.
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

/// NAME.weight_packed I32 [N, K b / 32, rounded up], codes of b bits with 2^(b-1) added, low bits
/// first, which may straddle words; NAME.weight_shape I64 or I32 [2]: N, K; NAME.weight_scale as
/// above; with HasZeros, NAME.weight_zero_point I32 [N b / 32, rounded up, K / g], packed down the
/// rows. b is 1 to 8; NAME.weight_g_idx as above. Facts: compressors/pack_quantized of ac8e2ba.
template <bool HasZeros>
struct compressed_packed_t {
  static constexpr std::string_view name = HasZeros
                                               ? "compressed-tensors pack-quantized, zero points"
                                               : "compressed-tensors pack-quantized";
  static constexpr std::string_view key = ".weight_packed";
  using format = variable_format<detail::compressed_format<fixed_format, HasZeros>>;

  [[nodiscard]] static bool follows(const tensor_set& tensors, std::string_view weight) {
    return tensors.has(weight, key, "I32") &&
           (tensors.find(weight, ".weight_zero_point") != nullptr) == HasZeros;
  }
  [[nodiscard]] static plan<format> plan_of(const tensor_set& tensors, std::string_view weight,
                                            const settings& s) {
    const stored_tensor& scale = tensors.at(weight, ".weight_scale");
    const shape_type shape = detail::stated_shape(tensors, weight);
    const int bits = detail::packed_bits(tensors.at(weight, key, 2), shape, s);
    auto how = plan_for(shape, bits, detail::scale_format(scale), scale.shape,
                        detail::groups_of(scale, shape, s));
    how.keep(tensors, weight, ".weight_shape", "", 2);
    detail::keep_order(how, tensors, weight);
    how.keep(tensors, weight, ".input_scale", "");
    return how;
  }
  /// From floats, as compressed_int_t does.
  [[nodiscard]] static weight<format> make(std::string_view weight, matrix_view<const float> values,
                                           int bits, block_shape groups = {1, 128},
                                           const float_format& scale = formats::binary32,
                                           const execution& how = {}) {
    if (bits < 1 || bits > 8) {
      refuse("compressed_packed: bits is " + std::to_string(bits) + ", expected 1 to 8");
    }
    auto planned = plan_for({values.rows, values.cols}, bits, scale,
                            detail::scale_shape(values.rows, values.cols, groups), groups);
    planned.parts.push_back({".weight_shape", "I64", {2}});
    auto made = detail::made_in_groups<HasZeros>(weight, values, std::move(planned), how);
    std::byte shape[16];
    io::detail::store_little_endian<8>(values.rows, shape);
    io::detail::store_little_endian<8>(values.cols, shape + 8);
    detail::keep_bytes(made, ".weight_shape", shape);
    return made;
  }

 private:
  [[nodiscard]] static plan<format> plan_for(const shape_type& shape, int bits,
                                             const float_format& scale, const shape_type& scales,
                                             block_shape groups) {
    const auto rows = static_cast<std::size_t>(shape[0]), cols = static_cast<std::size_t>(shape[1]);
    const std::size_t across = lowp::detail::groups_along(cols, groups.cols);
    const auto words = [bits](std::uint64_t codes) {
      return detail::quotient_up(codes * static_cast<std::uint64_t>(bits), 32);
    };
    arrangement elements = row_major(bits, static_cast<std::size_t>(4 * words(shape[1])));
    elements.flipped = code_t{1} << (bits - 1);
    plan<format> how{{detail::compressed_integers<HasZeros>(bits, scale, groups)},
                     rows,
                     cols,
                     shape,
                     {{std::string(key), "I32", {shape[0], words(shape[1])}, 0, elements},
                      detail::scale_part(".weight_scale", scale, scales, across)}};
    if (HasZeros) {
      how.parts.push_back({".weight_zero_point",
                           "I32",
                           {words(lowp::detail::groups_along(rows, groups.rows)), across},
                           2,
                           {.width = bits,
                            .runs_down = true,
                            .unit = 4,
                            .step = across,
                            .stride = 1,
                            .flipped = elements.flipped}});
    }
    return how;
  }
};
inline constexpr compressed_packed_t<false> compressed_packed{};
inline constexpr compressed_packed_t<true> compressed_packed_zeros{};

}  // namespace lowp::io::checkpoints
