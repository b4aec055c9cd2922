// SPDX-License-Identifier: MIT
// A block format is a composition of levels: an element format, and for each group of elements a
// scale and, if there are, a zero point and an offset. Each of these is a number format or again
// such a composition over the grid of groups: a scale is a tensor, too.
//
//   value(r, c) = (element(r, c) - zero(g)) * scale(g) - offset(g),   g the group of (r, c)
//
// NVFP4 of a 2 x 32 matrix:  e2m1 codes 2 x 32 | ue4m3 2 x 2 | binary32 1 x 1
//   block_format{e2m1, block_format{ue4m3, binary32, block_shape{whole, whole}}, block_shape{1,
//   16}}
//
// The number formats of a composition are its leaves: 0 is the element, those of scale, zero and
// offset follow. Where their codes lie is a layout (level_layouts.hpp); how scales are chosen is no
// part of a format either (rules/rule.hpp). Kernels and rules know those of scaled_blocks.hpp.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "lowp/block/scaled_blocks.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"

namespace lowp {

namespace detail {

/// Groups of `extent` along a dimension of this size; one if the extent is whole.
[[nodiscard]] constexpr std::size_t groups_along(std::size_t size, int extent) {
  if (size == 0) return 0;
  return extent == block_shape::whole ? 1 : (size - 1) / static_cast<std::size_t>(extent) + 1;
}
[[nodiscard]] constexpr std::size_t group_along(std::size_t index, int extent) {
  return extent == block_shape::whole ? 0 : index / static_cast<std::size_t>(extent);
}

/// Scales that are powers of two within another go up, so that what they scale fits: else a group
/// that asks for 1.5 would get 1 and lose a third of its largest element.
template <int Leaf>
[[nodiscard]] constexpr bool rounds_up(const number_format auto& element) {
  return Leaf != 0 && facts_of(element).are_powers_of_two();
}

}  // namespace detail

/// In place of a zero point or an offset that there is not.
struct no_level {
  constexpr bool operator==(const no_level&) const = default;
};

namespace detail {
template <class F>
inline constexpr bool is_level = number_format<F>;
template <>
inline constexpr bool is_level<no_level> = true;
}  // namespace detail

template <number_format Element, class Scale, class Zero = no_level, class Offset = no_level>
struct block_format {
  Element element;
  Scale scale;
  block_shape shape;  ///< of a group; over the grid of groups for a level further up
  Zero zero{};
  Offset offset{};
  static_assert(
      detail::is_level<Scale> && detail::is_level<Zero> && detail::is_level<Offset>,
      "scale, zero and offset are number formats or block formats (a tensor scale is one: "
      "formats::scaled_tensor), zero and offset also no_level");

  constexpr bool operator==(const block_format&) const = default;
};

template <class Element, class Scale>
block_format(Element, Scale, block_shape) -> block_format<Element, Scale>;
template <class Element, class Scale, class Zero>
block_format(Element, Scale, block_shape, Zero) -> block_format<Element, Scale, Zero>;
template <class Element, class Scale, class Zero, class Offset>
block_format(Element, Scale, block_shape, Zero, Offset)
    -> block_format<Element, Scale, Zero, Offset>;

/// The type of a format that is a template argument.
template <auto F>
using format_of = std::remove_cvref_t<decltype(F)>;

template <class F>
inline constexpr bool is_block_format_v = false;
template <class Element, class Scale, class Zero, class Offset>
inline constexpr bool is_block_format_v<block_format<Element, Scale, Zero, Offset>> = true;
template <class Element, class Scale, class Zero, class Offset>
inline constexpr bool detail::is_level<block_format<Element, Scale, Zero, Offset>> = true;

/// A composition, or a number format alone.
template <class F>
concept level_format = number_format<F> || is_block_format_v<F>;

/// How many number formats a composition has.
template <class F>
inline constexpr int leaf_count = 1;
template <>
inline constexpr int leaf_count<no_level> = 0;
template <class Element, class Scale, class Zero, class Offset>
inline constexpr int leaf_count<block_format<Element, Scale, Zero, Offset>> =
    leaf_count<Element> + leaf_count<Scale> + leaf_count<Zero> + leaf_count<Offset>;

/// Whether a composition is one number format under another, or under codes of another that one
/// binary32 scales for the whole tensor.
template <class F>
[[nodiscard]] constexpr bool is_scaled_blocks(const F&) {
  return false;
}
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr bool is_scaled_blocks(const scaled_blocks<Element, Scale>&) {
  return true;
}
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr bool is_scaled_blocks(const block_format<Element, Scale>&) {
  return true;
}
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr bool is_scaled_blocks(
    const block_format<Element, block_format<Scale, float_format>>& f) {
  return f.scale.scale == formats::binary32 &&
         f.scale.shape == block_shape{block_shape::whole, block_shape::whole};
}

/// Such a composition as elements in blocks. Of others, is_scaled_blocks(f) being false, it says
/// nothing.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr const scaled_blocks<Element, Scale>& scaled_blocks_of(
    const scaled_blocks<Element, Scale>& f) {
  return f;
}
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr scaled_blocks<Element, Scale> scaled_blocks_of(
    const block_format<Element, Scale>& f) {
  return {f.element, f.scale, f.shape};
}
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr scaled_blocks<Element, Scale> scaled_blocks_of(
    const block_format<Element, block_format<Scale, float_format>>& f) {
  return {f.element, f.scale.element, f.shape, true};
}

/// A type of formats some of which are elements in blocks.
template <class F>
concept may_be_scaled_blocks = requires(const F& f) {
  scaled_blocks_of(f);
};
/// A format that is.
template <auto F>
concept scaled_block_format = may_be_scaled_blocks<format_of<F>> && is_scaled_blocks(F);

/// The elements in blocks that a type of formats stands for.
template <may_be_scaled_blocks F>
using scaled_blocks_type =
    std::remove_cvref_t<decltype(scaled_blocks_of(std::declval<const F&>()))>;

/// Why a composition contradicts itself, or null.
template <class Element, class Scale, class Zero, class Offset>
[[nodiscard]] constexpr const char* defect(const block_format<Element, Scale, Zero, Offset>& f) {
  if (defect(f.element) != nullptr) return defect(f.element);
  if (defect(f.scale) != nullptr) return defect(f.scale);
  if (f.shape.rows < 0 || f.shape.cols < 0) return "a block_shape has no negative extent";
  if constexpr (leaf_count<Zero> != 0) {
    if (defect(f.zero) != nullptr) return defect(f.zero);
  }
  if constexpr (leaf_count<Offset> != 0) {
    if (defect(f.offset) != nullptr) return defect(f.offset);
  }
  if constexpr (may_be_scaled_blocks<block_format<Element, Scale, Zero, Offset>>) {
    if (is_scaled_blocks(f)) return defect(scaled_blocks_of(f));
  }
  return nullptr;
}

/// Calls use(leaf, format, rows, cols) for each number format of a composition, with its number and
/// the size of its grid in a matrix of rows x cols.
template <int Leaf = 0, number_format F, class Use>
constexpr void for_each_leaf(const F& f, std::size_t rows, std::size_t cols, const Use& use) {
  use(Leaf, f, rows, cols);
}
template <int Leaf = 0, class Use>
constexpr void for_each_leaf(const no_level&, std::size_t, std::size_t, const Use&) {}
template <int Leaf = 0, class Element, class Scale, class Zero, class Offset, class Use>
constexpr void for_each_leaf(const block_format<Element, Scale, Zero, Offset>& f, std::size_t rows,
                             std::size_t cols, const Use& use) {
  constexpr int scale = Leaf + leaf_count<Element>, zero = scale + leaf_count<Scale>,
                offset = zero + leaf_count<Zero>;
  const std::size_t down = detail::groups_along(rows, f.shape.rows);
  const std::size_t across = detail::groups_along(cols, f.shape.cols);
  for_each_leaf<Leaf>(f.element, rows, cols, use);
  for_each_leaf<scale>(f.scale, down, across, use);
  for_each_leaf<zero>(f.zero, down, across, use);
  for_each_leaf<offset>(f.offset, down, across, use);
}

/// What a group has: its scale, zero point and offset, exact.
struct group_values {
  unpacked scale = unpacked::scaled_integer(false, 1);
  unpacked zero = unpacked::zero();
  unpacked offset = unpacked::zero();

  /// The value of an element in this group.
  [[nodiscard]] constexpr unpacked value(const unpacked& element) const {
    const unpacked product = exact::multiply(exact::add(element, -zero), scale);
    return offset.is_zero() ? product : exact::add(product, -offset);
  }
};

/// The exact value at (row, col) of a composition; load(leaf, row, col) gives the codes.
template <int Leaf = 0, number_format F, class Load>
[[nodiscard]] constexpr unpacked level_value(const F& f, std::size_t row, std::size_t col,
                                             const Load& load) {
  return decode(f, load(Leaf, row, col));
}
template <int Leaf = 0, class Element, class Scale, class Zero, class Offset, class Load>
[[nodiscard]] constexpr unpacked level_value(const block_format<Element, Scale, Zero, Offset>& f,
                                             std::size_t row, std::size_t col, const Load& load);

/// What the group at (row, col) of the grid of groups has.
template <int Leaf = 0, class Element, class Scale, class Zero, class Offset, class Load>
[[nodiscard]] constexpr group_values level_group(
    const block_format<Element, Scale, Zero, Offset>& f, std::size_t row, std::size_t col,
    const Load& load) {
  constexpr int scale = Leaf + leaf_count<Element>, zero = scale + leaf_count<Scale>,
                offset = zero + leaf_count<Zero>;
  group_values group;
  group.scale = level_value<scale>(f.scale, row, col, load);
  if constexpr (leaf_count<Zero> != 0) group.zero = level_value<zero>(f.zero, row, col, load);
  if constexpr (leaf_count<Offset> != 0)
    group.offset = level_value<offset>(f.offset, row, col, load);
  return group;
}

template <int Leaf, class Element, class Scale, class Zero, class Offset, class Load>
[[nodiscard]] constexpr unpacked level_value(const block_format<Element, Scale, Zero, Offset>& f,
                                             std::size_t row, std::size_t col, const Load& load) {
  const group_values group = level_group<Leaf>(f, detail::group_along(row, f.shape.rows),
                                               detail::group_along(col, f.shape.cols), load);
  return group.value(level_value<Leaf>(f.element, row, col, load));
}

/// The largest value of a composition relative to the scale further up: of its elements.
[[nodiscard]] constexpr unpacked largest_level_value(const level_format auto& f) {
  if constexpr (requires { f.element; }) {
    return largest_value(f.element);
  } else {
    return largest_value(f);
  }
}

/// Whether all number formats of a composition have powers of two alone.
template <level_format F>
[[nodiscard]] constexpr bool are_powers_of_two(const F& f) {
  if constexpr (is_block_format_v<F>) {
    return facts_of(f.element).are_powers_of_two() && are_powers_of_two(f.scale);
  } else {
    return facts_of(f).are_powers_of_two();
  }
}

}  // namespace lowp
