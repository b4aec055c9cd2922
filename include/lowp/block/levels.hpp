// SPDX-License-Identifier: MIT
// A scale is a tensor, too: a composition of levels. Each of the scale, the zero point and the
// offset of a group is a number format or again such a composition over the grid of groups.
//
//   value(r, c) = (element(r, c) - zero(g)) * scale(g) - offset(g),   g the group of (r, c)
//
// NVFP4 by levels, a 2 x 32 matrix:  e2m1 codes 2 x 32 | ue4m3 2 x 2 | binary32 1 x 1
//   levels{e2m1, levels{ue4m3, binary32, block_shape{whole, whole}}, block_shape{1, 16}}
//
// The number formats of a composition are its leaves: 0 is the element, those of scale, zero and
// offset follow. Where their codes lie is a layout (level_layouts.hpp). What is one element format
// under one scale format is a block_format, which kernels know.
#pragma once

#include <cstddef>

#include "lowp/block/block_format.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"

namespace lowp {

/// In place of a zero point or an offset that there is not.
struct no_level {
  constexpr bool operator==(const no_level&) const = default;
};

template <class Element, class Scale, class Zero = no_level, class Offset = no_level>
struct levels {
  Element element;
  Scale scale;
  block_shape shape;  ///< of a group; over the grid of groups for a level further up
  Zero zero{};
  Offset offset{};

  constexpr bool operator==(const levels&) const = default;
};

template <class Element, class Scale>
levels(Element, Scale, block_shape) -> levels<Element, Scale>;
template <class Element, class Scale, class Zero>
levels(Element, Scale, block_shape, Zero) -> levels<Element, Scale, Zero>;
template <class Element, class Scale, class Zero, class Offset>
levels(Element, Scale, block_shape, Zero, Offset) -> levels<Element, Scale, Zero, Offset>;

template <class F>
inline constexpr bool is_levels_v = false;
template <class Element, class Scale, class Zero, class Offset>
inline constexpr bool is_levels_v<levels<Element, Scale, Zero, Offset>> = true;

/// A composition of levels, or a number format alone.
template <class F>
concept level_format = number_format<F> || is_levels_v<F>;

/// How many number formats a composition has.
template <class F>
inline constexpr int leaf_count = 1;
template <>
inline constexpr int leaf_count<no_level> = 0;
template <class Element, class Scale, class Zero, class Offset>
inline constexpr int leaf_count<levels<Element, Scale, Zero, Offset>> =
    leaf_count<Element> + leaf_count<Scale> + leaf_count<Zero> + leaf_count<Offset>;

/// Why a composition contradicts itself, or null.
template <class Element, class Scale, class Zero, class Offset>
[[nodiscard]] constexpr const char* defect(const levels<Element, Scale, Zero, Offset>& f) {
  static_assert(number_format<Element>, "the elements of levels are of a number format");
  if (defect(f.element) != nullptr) return defect(f.element);
  if (defect(f.scale) != nullptr) return defect(f.scale);
  if (f.shape.rows < 0 || f.shape.cols < 0) return "a block_shape has no negative extent";
  if constexpr (leaf_count<Zero> != 0) {
    if (defect(f.zero) != nullptr) return defect(f.zero);
  }
  if constexpr (leaf_count<Offset> != 0) {
    if (defect(f.offset) != nullptr) return defect(f.offset);
  }
  return nullptr;
}

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

/// Calls use(leaf, format, rows, cols) for each number format of a composition, with its number and
/// the size of its grid in a matrix of rows x cols.
template <int Leaf = 0, number_format F, class Use>
constexpr void for_each_leaf(const F& f, std::size_t rows, std::size_t cols, const Use& use) {
  use(Leaf, f, rows, cols);
}
template <int Leaf = 0, class Use>
constexpr void for_each_leaf(const no_level&, std::size_t, std::size_t, const Use&) {}
template <int Leaf = 0, class Element, class Scale, class Zero, class Offset, class Use>
constexpr void for_each_leaf(const levels<Element, Scale, Zero, Offset>& f, std::size_t rows,
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
[[nodiscard]] constexpr unpacked level_value(const levels<Element, Scale, Zero, Offset>& f,
                                             std::size_t row, std::size_t col, const Load& load);

/// What the group at (row, col) of the grid of groups has.
template <int Leaf = 0, class Element, class Scale, class Zero, class Offset, class Load>
[[nodiscard]] constexpr group_values level_group(const levels<Element, Scale, Zero, Offset>& f,
                                                 std::size_t row, std::size_t col,
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
[[nodiscard]] constexpr unpacked level_value(const levels<Element, Scale, Zero, Offset>& f,
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
  if constexpr (is_levels_v<F>) {
    return facts_of(f.element).are_powers_of_two() && are_powers_of_two(f.scale);
  } else {
    return facts_of(f).are_powers_of_two();
  }
}

}  // namespace lowp
