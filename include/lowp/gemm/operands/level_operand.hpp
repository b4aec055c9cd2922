// SPDX-License-Identifier: MIT
// Matrices of blocks in other layouts than planes as operands of products, and compositions that
// are more than elements in blocks: these as their values, rounded to binary32 where they are not
// exact there.
#pragma once

#include <cstddef>

#include "lowp/block/block_matrix.hpp"
#include "lowp/block/level_quantize.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/described_rows.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// The description of such a matrix, to which it refers.
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

/// The description of elements in blocks whose layout has no planes, to which it refers.
template <class Matrix, described_format Element, described_format Scale>
struct layout_description {
  const Matrix* of;
  [[no_unique_address]] Element elements{};
  [[no_unique_address]] Scale scales{};
  float tensor_scale = 1;

  using element_format = Element;
  using scale_format = Scale;

  [[nodiscard]] constexpr const auto& format() const { return elements.value; }
  [[nodiscard]] constexpr const auto& scale_value_format() const { return scales.value; }
  [[nodiscard]] std::size_t rows() const { return of->rows(); }
  [[nodiscard]] std::size_t cols() const { return of->cols(); }
  [[nodiscard]] std::size_t group_rows() const { return of->block_rows(); }
  [[nodiscard]] std::size_t group_cols() const { return of->block_cols(); }
  [[nodiscard]] bool has_scales() const { return true; }
  [[nodiscard]] bool has_zeros() const { return false; }
  [[nodiscard]] bool has_dyadic_scales() const { return facts_of(scales.value).are_dyadic(); }
  [[nodiscard]] unpacked element(std::size_t row, std::size_t col) const {
    return decode(elements.value, of->code(row, col));
  }
  [[nodiscard]] unpacked scale(std::size_t row, std::size_t col) const {
    return decode(scales.value, of->scale_code(row / group_rows(), col / group_cols()));
  }
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    return exact::multiply(element(row, col), scale(row, col));
  }
};

inline namespace LOWP_BASELINE {
namespace bulk {

/// Rows of a composition by the kernels that dequantize it.
template <class Matrix>
void use_composition_rows(isa level, const Matrix& of, const row_use& use) {
  with_level_rows(of, [&](const auto& rows) {
    const auto decode = [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
      rows(level, of, row, first, count, out);
    };
    use(row_source(of.rows(), of.cols(), decode, {}, {}));
  });
}
template <class Matrix>
void with_described_rows(isa level, const level_description<Matrix>& d, const any_operand&,
                         const row_use& use) {
  use_composition_rows(level, *d.of, use);
}
template <class Matrix, described_format Element, described_format Scale>
void with_described_rows(isa level, const layout_description<Matrix, Element, Scale>& d,
                         const any_operand& x, const row_use& use) {
  if (d.of->has_tensor_scale()) return use_defined_rows(x, use);  // it is no part of values
  use_composition_rows(level, *d.of, use);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE

template <class Format, template <class> class Layout, class Bytes>
requires(!described_scaled_blocks<Format>)
    [[nodiscard]] auto describe(const basic_block_matrix<Format, Layout, Bytes>& x) {
  return level_description<basic_block_matrix<Format, Layout, Bytes>>{&x};
}
template <described_scaled_blocks Format, template <class> class Layout, class Bytes>
requires(!detail::is_planes<Layout<Format>>)
    [[nodiscard]] auto describe(const basic_block_matrix<Format, Layout, Bytes>& x) {
  using parts = detail::described_parts<Format>;
  if constexpr (!Format::is_constant) detail::require_scaled_blocks("gemm", x.composition());
  const auto format = scaled_blocks_of(x.composition());
  return layout_description<basic_block_matrix<Format, Layout, Bytes>, typename parts::element,
                            typename parts::scale>{&x, parts::element_of(format),
                                                   parts::scale_of(format), x.tensor_scale()};
}

}  // namespace lowp
