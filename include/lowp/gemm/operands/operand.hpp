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

}  // namespace lowp
