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
#include "lowp/gemm/operands/operand.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether the `size` bytes from `first` on are none of c's.
template <class T>
[[nodiscard]] bool lie_apart(const void* first, std::size_t size, const matrix_view<T>& c) {
  if (size == 0 || c.rows == 0 || c.cols == 0) return true;
  const auto at = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p); };
  return at(first) + size <= at(c.data) || at(c.row(c.rows - 1) + c.cols) <= at(first);
}

/// Throws if c shares elements with an operand, or bytes with what someone else owns of it: packed
/// codes, numbers, scales, zero points.
template <gemm_operand X, class T>
void require_apart(const X& x, const matrix_view<T>& c) {
  bool are_apart = true;
  if constexpr (std::is_same_v<T, float> && std::is_convertible_v<X, matrix_view<const float>>) {
    are_apart = !share_elements(x, c);
  } else if constexpr (requires { x.row(0); }) {  // of a transposed one a copy is made first
    const std::size_t rows = lowp::detail::operand_rows(x), cols = lowp::detail::operand_cols(x);
    if (rows != 0 && cols != 0) {
      const auto* const begin = reinterpret_cast<const std::uint8_t*>(x.row(0));
      const auto* const last = reinterpret_cast<const std::uint8_t*>(x.row(rows - 1));
      auto size = static_cast<std::size_t>(last - begin);
      if constexpr (requires { x.stride; }) {
        size += cols * sizeof(*x.data);
      } else {
        size += packed_bytes(cols, X::format.bits(), X::order);
      }
      are_apart = lie_apart(begin, size, c);
    }
  }
  if constexpr (requires { x.zeros(); }) {
    are_apart = are_apart && lie_apart(x.scales().data(), x.scales().size_bytes(), c) &&
                lie_apart(x.zeros().data(), x.zeros().size_bytes(), c);
  }
  if (are_apart) return;
  refuse("gemm: c shares memory with an operand, expected another matrix");
}
/// The same for the memory of a block matrix.
template <gemm_operand X, auto B>
void require_apart(const X& x, block_matrix<B>& c) {
  if constexpr (std::is_same_v<X, block_matrix<B>>) {
    if (&x == &c) refuse("gemm: c is an operand, expected another matrix");
  }
  const auto row = [](const auto& bytes) {
    return matrix_view<std::uint8_t>(bytes.data(), 1, bytes.size());
  };
  require_apart(x, row(c.codes()));
  require_apart(x, row(c.scales()));
}

/// The same for the arrays of an epilogue.
template <class C>
void require_apart(const epilogue& e, C&& c) {
  for (const auto& array : {e.row_scales, e.col_scales, e.bias}) {
    require_apart(matrix_view<const float>(array.data(), 1, array.size()), c);
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
