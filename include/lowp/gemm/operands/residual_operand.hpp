// SPDX-License-Identifier: MIT
// Sums of quantized matrices as operands of products: as the values of their sum in binary32. (The
// other order, one product for each term, is gemm of the first term and gemm_accumulate of the
// others.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "lowp/block/residual_matrix.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/level_operand.hpp"
#include "lowp/gemm/operands/operand_rows.hpp"
#include "lowp/gemm/operands/rows.hpp"

namespace lowp {

/// The description of such a sum, to which it refers.
template <class Matrix>
struct residual_description : level_description<Matrix> {};

inline namespace LOWP_BASELINE {
namespace bulk {

/// `count` values of a row of a term from `first` on, each rounded once to binary32.
template <class Term>
void decode_term(const Term& term, const any_operand& x, const row_source& rows, std::size_t row,
                 std::size_t first, std::size_t count, float* out) {
  // What a row source gives lacks the tensor scale. Where its values are exact, that is the one
  // rounding.
  if (x.tensor_scale == 1) return rows(row, first, count, out);
  if (x.values.factor_bits <= 24 && x.values.last_bit_exponent >= -149 &&
      x.values.highest_exponent <= 127) {
    rows(row, first, count, out);
    const default_float_environment environment;
    for (std::size_t i = 0; i < count; ++i) out[i] *= x.tensor_scale;
    return;
  }
  for (std::size_t i = 0; i < count; ++i) out[i] = pack_as<float>(term.value(row, first + i));
}

/// Calls use(decode) where decode(row, first, count, out) adds the terms from `Index` on to what
/// `out` holds, or begins with the first of them.
template <std::size_t Index, class Matrix, class Use>
void with_term_sums(isa level, const Matrix& of, const Use& use) {
  if constexpr (Index == Matrix::term_count) {
    use([](std::size_t, std::size_t, std::size_t, float*) {});
  } else {
    const auto& term = of.template term<Index>();
    const auto x = as_any_operand(term);
    const auto with_row_source = [&](const row_source& rows) {
      with_term_sums<Index + 1>(level, of, [&](const auto& others) {
        use([&](std::size_t row, std::size_t first, std::size_t count, float* out) {
          if constexpr (Index == 0) {
            decode_term(term, x, rows, row, first, count, out);
          } else {
            // Sources begin at multiples of the depth of a tile.
            constexpr std::size_t depth = kernels::product_tile::max_depth;
            float values[depth];
            for (std::size_t at = 0; at < count; at += depth) {
              const std::size_t n = (std::min)(depth, count - at);
              decode_term(term, x, rows, row, first + at, n, values);
              const default_float_environment environment;
              add_row(out + at, values, false, n, out + at);
            }
          }
          others(row, first, count, out);
        });
      });
    };
    x.use_rows(level, row_use(with_row_source));
  }
}

template <class Matrix>
void with_described_rows(isa level, const residual_description<Matrix>& d, const any_operand&,
                         const row_use& use) {
  with_term_sums<0>(level, *d.of, [&](const auto& decode) {
    use(row_source(d.rows(), d.cols(), decode, {}, {}));
  });
}

}  // namespace bulk
}  // namespace LOWP_BASELINE

/// With gemm/operands/tile_operand.hpp, terms may be tiles.
template <class... Terms>
[[nodiscard]] auto describe(const residual_matrix<Terms...>& x) {
  return residual_description<residual_matrix<Terms...>>{{&x}};
}

}  // namespace lowp
