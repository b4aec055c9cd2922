// SPDX-License-Identifier: MIT
// Elements in blocks that share one scale: the compositions that rules choose scales for and that
// kernels quantize. block_format.hpp makes one of a composition that is no more than this.
#pragma once

#include <cstddef>

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

  /// The extents of a group in a matrix of the given size; what is whole is at least 1.
  [[nodiscard]] constexpr std::size_t rows_in(std::size_t size) const {
    return rows != whole ? static_cast<std::size_t>(rows) : size == 0 ? 1 : size;
  }
  [[nodiscard]] constexpr std::size_t cols_in(std::size_t size) const {
    return cols != whole ? static_cast<std::size_t>(cols) : size == 0 ? 1 : size;
  }
};

/// Elements in blocks that share one scale, value = element * scale [* tensor scale]: what rules
/// and kernels know. Made from a composition (scaled_blocks_of), never written down by a user.
template <number_format Element, number_format Scale>
struct scaled_blocks {
  Element element;
  Scale scale;
  block_shape shape;
  bool has_tensor_scale = false;

  constexpr bool operator==(const scaled_blocks&) const = default;

  /// The extents of a block in a matrix of the given size.
  [[nodiscard]] constexpr std::size_t block_rows(std::size_t rows) const {
    return shape.rows_in(rows);
  }
  [[nodiscard]] constexpr std::size_t block_cols(std::size_t cols) const {
    return shape.cols_in(cols);
  }
  /// A scale is stored in whole bytes, right-aligned.
  [[nodiscard]] constexpr int scale_bytes() const { return (scale.bits() + 7) / 8; }
};

template <class Element, class Scale>
scaled_blocks(Element, Scale, block_shape) -> scaled_blocks<Element, Scale>;
template <class Element, class Scale>
scaled_blocks(Element, Scale, block_shape, bool) -> scaled_blocks<Element, Scale>;

/// Why elements in blocks contradict themselves, or null.
template <number_format Element, number_format Scale>
[[nodiscard]] constexpr const char* defect(const scaled_blocks<Element, Scale>& f) {
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

}  // namespace lowp
