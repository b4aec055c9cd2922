// SPDX-License-Identifier: MIT
// Compositions of levels as operands of products: as their values, rounded to binary32 where they
// are not exact there.
#pragma once

#include <cstddef>

#include "lowp/block/level_matrix.hpp"
#include "lowp/block/level_quantize.hpp"
#include "lowp/gemm/operands/described_rows.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// The description of a level_matrix, to which it refers.
template <class Matrix>
struct level_description {
  const Matrix* of;
  float tensor_scale = 1;

  using element_format = constant_format<formats::binary32>;
  using scale_format = constant_format<formats::binary32>;

  [[nodiscard]] constexpr const auto& format() const { return element_format::value; }
  [[nodiscard]] constexpr const auto& scale_value_format() const { return scale_format::value; }
  [[nodiscard]] std::size_t rows() const { return of->rows(); }
  [[nodiscard]] std::size_t cols() const { return of->cols(); }
  [[nodiscard]] std::size_t group_rows() const { return 1; }
  [[nodiscard]] std::size_t group_cols() const { return cols() + (cols() == 0 ? 1 : 0); }
  [[nodiscard]] bool has_scales() const { return false; }
  [[nodiscard]] bool has_zeros() const { return false; }
  [[nodiscard]] bool has_dyadic_scales() const { return true; }
  [[nodiscard]] unpacked element(std::size_t row, std::size_t col) const {
    return unpack(pack_as<float>(of->value(row, col)));
  }
  [[nodiscard]] unpacked scale(std::size_t, std::size_t) const {
    return unpacked::scaled_integer(false, 1);
  }
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const { return element(row, col); }
};

inline namespace LOWP_BASELINE {
namespace bulk {

/// Rows of a composition by the kernels that dequantize it.
template <auto F, template <auto> class Layout, class Bytes>
void with_described_rows(isa level, const level_description<level_matrix<F, Layout, Bytes>>& d,
                         const row_use& use) {
  const auto& rows = rows_of_levels<F>();
  use_rows(d, use, [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
    rows(level, *d.of, row, first, count, out);
  });
}

}  // namespace bulk
}  // namespace LOWP_BASELINE

template <auto F, template <auto> class Layout, class Bytes>
[[nodiscard]] auto describe(const level_matrix<F, Layout, Bytes>& x) {
  return level_description<level_matrix<F, Layout, Bytes>>{&x};
}

}  // namespace lowp
