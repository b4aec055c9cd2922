// SPDX-License-Identifier: MIT
// The operands of a product, and what is asked of their descriptions most.
#pragma once

#include <cstddef>

#include "lowp/block/block_matrix.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/packed_operand.hpp"

namespace lowp {
namespace detail {

[[nodiscard]] std::size_t operand_rows(const gemm_operand auto& x) { return describe(x).rows(); }
[[nodiscard]] std::size_t operand_cols(const gemm_operand auto& x) { return describe(x).cols(); }
/// Of a block matrix, which may be a result without being an operand.
template <class Format, template <class> class Layout, class Bytes>
[[nodiscard]] std::size_t operand_rows(const basic_block_matrix<Format, Layout, Bytes>& x) {
  return x.rows();
}
template <class Format, template <class> class Layout, class Bytes>
[[nodiscard]] std::size_t operand_cols(const basic_block_matrix<Format, Layout, Bytes>& x) {
  return x.cols();
}
[[nodiscard]] float operand_tensor_scale(const gemm_operand auto& x) {
  return describe(x).tensor_scale;
}
[[nodiscard]] unpacked operand_value(const gemm_operand auto& x, std::size_t row, std::size_t col) {
  return describe(x).value(row, col);
}

}  // namespace detail

/// An operand whose elements are integers of up to 16 bits times one power of two, which int32_sums
/// can add; not a transposed one, whose scales would lie across its rows.
template <class X>
concept integer_operand = gemm_operand<X> && detail::facts_of_type<X>
.integers.exist&& detail::facts_of_type<X>.integers.range.high -
        detail::facts_of_type<X>.integers.range.low <
    1 << 16;

/// Whether the values of an operand, in binary32, are bfloat16 where they are normal numbers, as
/// far as its type tells. Two such operands are multiplied by the machine's instructions for
/// bfloat16, where it has any; the result is the same.
template <gemm_operand X>
inline constexpr bool has_bfloat16_panels = false;
template <gemm_operand X>
requires detail::has_constant_formats<detail::description_of<X>>
inline constexpr bool has_bfloat16_panels<X> =
    detail::are_bfloat16(detail::operand_facts_of_type<detail::description_of<X>>);

}  // namespace lowp
