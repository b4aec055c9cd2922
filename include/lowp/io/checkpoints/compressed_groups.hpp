// SPDX-License-Identifier: MIT
// What the conventions of compressed-tensors share: which elements a scale is for, the order of
// groups, and how many bits packed codes have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lowp/arrays/packing.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/half_range.hpp"
#include "lowp/io/checkpoints/weight.hpp"

namespace lowp::io::checkpoints::detail {

/// A scale for each group and, with HasZeros, a zero point.
template <class Element, bool HasZeros>
using compressed_format =
    std::conditional_t<HasZeros, block_format<Element, float_format, fixed_format>,
                       block_format<Element, float_format>>;

[[nodiscard]] constexpr fixed_format signed_integer(int bits) {
  return {.total_bits = bits, .fraction_bits = 0};
}
template <bool HasZeros>
[[nodiscard]] constexpr compressed_format<fixed_format, HasZeros> compressed_integers(
    int bits, const float_format& scale, block_shape shape) {
  if constexpr (HasZeros) {
    return {signed_integer(bits), scale, shape, signed_integer(bits)};
  } else {
    return {signed_integer(bits), scale, shape};
  }
}

/// The groups of a weight from the shape of its scales: one for all, for each row, for equal groups
/// of the columns of each row, or for tiles.
[[nodiscard]] inline block_shape groups_of(const stored_tensor& scale, const shape_type& shape,
                                           const settings& s) {
  const shape_type& scales = scale.shape;
  if (value_count(scales) == 1) return {block_shape::whole, block_shape::whole};
  const shape_type rows = with_end(shape, 1, {});
  if (scales == rows) return {1, block_shape::whole};
  if (scales.size() == shape.size() && with_end(scales, 1, {}) == rows) {
    if (scales.back() == 1) return {1, block_shape::whole};
    return {1, group_size(scale, shape.back(), scales.back())};
  }
  const auto tile =
      s.pair("weight_block_size").value_or(std::pair<std::int64_t, std::int64_t>(128, 128));
  if (shape.size() == 2 && tile.first > 0 && tile.second > 0 && tile.first <= 1 << 30 &&
      tile.second <= 1 << 30 &&
      scales == shape_type{quotient_up(shape[0], static_cast<std::uint64_t>(tile.first)),
                           quotient_up(shape[1], static_cast<std::uint64_t>(tile.second))}) {
    return {static_cast<int>(tile.first), static_cast<int>(tile.second)};
  }
  tensor_set::fail(scale, "shape is " + text_of(scales) +
                              ", expected one scale for the tensor, a row, a group or a tile of " +
                              text_of(shape));
}
[[nodiscard]] inline block_shape groups_of(const tensor_set& tensors, std::string_view weight,
                                           const settings& s) {
  const stored_tensor& elements = tensors.at(weight, ".weight");
  if (elements.shape.size() < 2) {
    tensors.fail(elements, "shape is " + text_of(elements.shape) + ", expected […, N, K]");
  }
  return groups_of(tensors.at(weight, ".weight_scale"), elements.shape, s);
}

/// The shape of new scales. Throws std::invalid_argument for groups that do not divide the columns
/// (tiles may).
[[nodiscard]] inline shape_type scale_shape(std::size_t rows, std::size_t cols,
                                            block_shape groups) {
  if (rows == 0 || cols == 0 || groups.rows < 0 || groups.cols < 0 ||
      (groups.rows == 1 && groups.cols > 0 && cols % static_cast<std::size_t>(groups.cols) != 0)) {
    refuse("checkpoints: groups of " + std::to_string(groups.rows) + " x " +
           std::to_string(groups.cols) + " do not divide " + std::to_string(rows) + " x " +
           std::to_string(cols) + " elements");
  }
  if (groups == block_shape{block_shape::whole, block_shape::whole}) return {1};
  return {lowp::detail::groups_along(rows, groups.rows),
          lowp::detail::groups_along(cols, groups.cols)};
}
[[nodiscard]] inline part scale_part(std::string suffix, const float_format& scale,
                                     const shape_type& shape, std::size_t across) {
  return {std::move(suffix), dtype_of(scale), shape, 1,
          row_major(scale.bits(), packed_bytes(across, scale.bits()))};
}

/// Keeps weight_g_idx, the group of each column, if columns are in the order of their groups.
template <class Format>
void keep_order(plan<Format>& how, const tensor_set& tensors, std::string_view weight) {
  constexpr std::string_view suffix = ".weight_g_idx";
  if (tensors.find(weight, suffix) == nullptr) return;
  how.keep(tensors, weight, suffix, "I32", how.cols);
  // -1: no order was set.
  require_order(tensors.at(weight, suffix), how.cols, how.format.value.shape.cols_in(how.cols),
                true);
}

/// N and K from weight_shape.
[[nodiscard]] inline shape_type stated_shape(const tensor_set& tensors, std::string_view weight) {
  const stored_tensor& stated = tensors.at(weight, ".weight_shape");
  const bool is_long = stated.type.name == "I64";
  if ((!is_long && stated.type.name != "I32") || value_count(stated.shape) != 2) {
    tensors.fail(stated, "dtype is " + in_quotes(stated.type.name) + ", shape is " +
                             text_of(stated.shape) + ", expected two of I64 or I32");
  }
  const std::vector<std::byte> bytes = stated.bytes();
  const shape_type shape = is_long
                               ? shape_type{io::detail::load_little_endian<8>(bytes.data()),
                                            io::detail::load_little_endian<8>(bytes.data() + 8)}
                               : shape_type{io::detail::load_little_endian<4>(bytes.data()),
                                            io::detail::load_little_endian<4>(bytes.data() + 4)};
  const stored_tensor& packed = tensors.at(weight, ".weight_packed", 2);
  if (shape[0] != packed.shape[0] || shape[1] == 0 || (shape[1] - 1) / 32 >= packed.shape[1]) {
    tensors.fail(stated, "has " + text_of(shape) + ", which is no shape of weight_packed " +
                             text_of(packed.shape));
  }
  return shape;
}
/// The bits of codes of which a row of K takes so many words.
[[nodiscard]] inline int packed_bits(const stored_tensor& packed, const shape_type& shape,
                                     const settings& s) {
  const auto fits = [&](std::int64_t bits) {
    return bits >= 1 && bits <= 8 &&
           quotient_up(shape[1] * static_cast<std::uint64_t>(bits), 32) == packed.shape[1];
  };
  if (const auto stated = s.of_weights("num_bits"); stated && fits(*stated)) {
    return static_cast<int>(*stated);
  }
  int found = 0;
  for (int bits = 1; bits <= 8; ++bits) {
    if (!fits(bits)) continue;
    if (found != 0) {
      tensor_set::fail(packed, "has codes of " + std::to_string(found) + " or " +
                                   std::to_string(bits) + " bits, which settings tell (num_bits)");
    }
    found = bits;
  }
  if (found == 0) {
    tensor_set::fail(packed, "shape is " + text_of(packed.shape) +
                                 ", expected words of 1 to 8 bits for each of " +
                                 std::to_string(shape[1]) + " columns");
  }
  return found;
}

/// A weight of the plan from floats: by rules::half_range or, with zero points, the library's own
/// choice of ranges.
template <bool HasZeros, class Format>
[[nodiscard]] weight<Format> made_in_groups(std::string_view name, matrix_view<const float> values,
                                            plan<Format> how_stored, const execution& how) {
  auto made = new_weight(name, std::move(how_stored));
  if constexpr (HasZeros) {
    quantize(values, made.matrix, nearest_even, how);
  } else {
    quantize(values, made.matrix, rules::half_range, nearest_even, how);
  }
  return made;
}

}  // namespace lowp::io::checkpoints::detail
