// SPDX-License-Identifier: MIT
// Matrices of tiles as operands of products: as their values, rounded to binary32 where they are
// not exact there.
#pragma once

#include <cstddef>

#include "lowp/block/tiles/tile_matrix.hpp"
#include "lowp/gemm/operands/level_operand.hpp"

namespace lowp {

/// The description of a matrix of tiles, to which it refers.
template <class Matrix>
struct tile_description : level_description<Matrix> {};

inline namespace LOWP_BASELINE {
namespace bulk {
template <class Matrix>
void with_described_rows(isa, const tile_description<Matrix>& d, const any_operand&,
                         const row_use& use) {
  const auto decode = [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
    dequantize_row(*d.of, row, first, count, out);
  };
  use(row_source(d.rows(), d.cols(), decode, {}, {}));
}
}  // namespace bulk
}  // namespace LOWP_BASELINE

template <tile_format F>
[[nodiscard]] auto describe(const tile_matrix<F>& x) {
  return tile_description<tile_matrix<F>>{{&x}};
}

}  // namespace lowp
