// SPDX-License-Identifier: MIT
// A product is written while its operands are read: they must not share memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/packing.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/gemm/epilogue.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/operand.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Of descriptions of a user's own no memory is known.
template <matrix_description D, class Use>
void for_each_memory(const D&, const Use&) {}
/// Calls use(first, size) for the bytes that hold the codes, the scales and the zero points of a
/// matrix.
template <described_format Element, described_format Scale, class Use>
void for_each_memory(const operand_description<Element, Scale>& d, const Use& use) {
  if (d.rows() == 0 || d.cols() == 0) return;
  const auto& plane = d.elements;
  const bool is_forward = plane.row_bytes >= 0;
  const std::uint8_t* const first = plane.row(is_forward ? 0 : d.rows() - 1);
  const std::uint8_t* const last = plane.row(is_forward ? d.rows() - 1 : 0);
  use(first, static_cast<std::size_t>(last - first) +
                 packed_bytes(d.cols(), d.format().bits(), plane.order));
  const std::size_t groups = ((d.rows() - 1) / d.group_rows() + 1) *
                             (d.scales.groups_per_row == 0 ? 1 : d.scales.groups_per_row);
  if (d.scales.bytes != nullptr) {
    use(d.scales.bytes, packed_bytes(groups, d.scale_value_format().bits(), d.scales.order));
  }
  if (d.zeros != nullptr) use(d.zeros, groups * sizeof *d.zeros);
}
template <described_format Element, described_format Scale, class Use>
void for_each_memory(const packed_description<Element, Scale>& d, const Use& use) {
  use(d.codes, d.layout->code_bytes());
  if (d.scales != nullptr) use(d.scales, d.layout->scale_bytes());
}
/// A transposed one is copied, or wholly read (few_by_columns.hpp), before a result is written.
template <class Of, class Use>
void for_each_memory(const transposed_description<Of>&, const Use&) {}

/// Whether the `size` bytes from `first` on are none of c's.
template <class T>
[[nodiscard]] bool lies_outside(const void* first, std::size_t size, const matrix_view<T>& c) {
  if (size == 0 || c.rows == 0 || c.cols == 0) return true;
  const auto at = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };
  return at(first) + size <= at(c.data) || at(c.row(c.rows - 1) + c.cols) <= at(first);
}

/// Throws if c shares elements with an operand, or bytes with its codes, scales or zero points.
template <gemm_operand X, class T>
void require_no_overlap(const X& x, const matrix_view<T>& c) {
  bool is_outside = true;
  if constexpr (std::is_same_v<T, float> && std::is_convertible_v<X, matrix_view<const float>>) {
    is_outside = !share_elements(x, c);
  } else {
    for_each_memory(describe(x), [&](const void* first, std::size_t size) {
      is_outside = is_outside && lies_outside(first, size, c);
    });
  }
  if (is_outside) return;
  refuse("gemm: c shares memory with an operand, expected another matrix");
}
/// require_no_overlap for the memory of a block matrix.
template <gemm_operand X, class Format, template <class> class Layout, class Bytes>
void require_no_overlap(const X& x, const basic_block_matrix<Format, Layout, Bytes>& c) {
  if constexpr (std::is_same_v<X, basic_block_matrix<Format, Layout, Bytes>>) {
    if (&x == &c) refuse("gemm: c is an operand, expected another matrix");
  }
  require_no_overlap(x, matrix_view<const std::uint8_t>(c.bytes().data(), 1, c.bytes().size()));
}

/// require_no_overlap for the arrays of an epilogue.
template <class C>
void require_no_overlap(const epilogue& e, C&& c) {
  for (const auto& array : {e.row_scales, e.col_scales, e.bias}) {
    require_no_overlap(matrix_view<const float>(array.data(), 1, array.size()), c);
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
