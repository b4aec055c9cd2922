// SPDX-License-Identifier: MIT
// A block format is a composition: an element format, a scale format, the shape of the block that
// shares one scale, and whether the whole tensor has a scale of its own. How scales are chosen is
// no part of it (rules/rule.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"

namespace lowp {

/// The rows x cols elements that share a scale; columns are the contiguous dimension. `whole`
/// extends over the matrix: {1, whole} is a scale per row (channel), {whole, whole} one per tensor.
struct block_shape {
  static constexpr int whole = 0;
  int rows = 1;
  int cols = whole;
  constexpr bool operator==(const block_shape&) const = default;
};

/// value = element * scale [* tensor scale].
template <number_format Element, number_format Scale>
struct block_format {
  Element element;
  Scale scale;
  block_shape shape;
  bool has_tensor_scale = false;

  constexpr bool operator==(const block_format&) const = default;

  /// The extents of a block in a matrix of the given size.
  [[nodiscard]] constexpr std::size_t block_rows(std::size_t rows) const {
    return shape.rows == block_shape::whole ? (rows == 0 ? 1 : rows)
                                            : static_cast<std::size_t>(shape.rows);
  }
  [[nodiscard]] constexpr std::size_t block_cols(std::size_t cols) const {
    return shape.cols == block_shape::whole ? (cols == 0 ? 1 : cols)
                                            : static_cast<std::size_t>(shape.cols);
  }
  /// A scale is stored in whole bytes, right-aligned.
  [[nodiscard]] constexpr int scale_bytes() const { return (scale.bits() + 7) / 8; }
};

template <class Element, class Scale>
block_format(Element, Scale, block_shape, bool) -> block_format<Element, Scale>;
template <class Element, class Scale>
block_format(Element, Scale, block_shape) -> block_format<Element, Scale>;

/// Why a descriptor contradicts itself, or null.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr const char* defect(const block_format<Element, Scale>& f) {
  if (defect(f.element) != nullptr) return defect(f.element);
  if (defect(f.scale) != nullptr) return defect(f.scale);
  if (f.shape.rows < 0 || f.shape.cols < 0) return "a block_shape has no negative extent";
  const value_facts element = facts_of(f.element), scale = facts_of(f.scale);
  if (element.are_dyadic() && scale.are_dyadic() &&
      element.factor_bits() + scale.factor_bits() + (f.has_tensor_scale ? 24 : 0) > 64) {
    return "an element times its scale (and a tensor scale of 24 bits) has at most 64 significant "
           "bits";
  }
  return nullptr;
}

/// The type of a format that is a template argument.
template <auto B>
using format_of = std::remove_cvref_t<decltype(B)>;

template <class B>
inline constexpr bool is_block_format_v = false;
template <class Element, class Scale>
inline constexpr bool is_block_format_v<block_format<Element, Scale>> = true;

}  // namespace lowp
