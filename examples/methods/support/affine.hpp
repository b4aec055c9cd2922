// SPDX-License-Identifier: MIT
// A quantized matrix of integers with scales and zero points for groups as the operand that
// products of integers take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <lowp/block/affine_matrix.hpp>
#include <lowp/lowp.hpp>
#include <vector>

namespace methods {

/// The scales and zero points of a block_matrix of formats::affine_groups, in binary32 and int32.
struct affine_groups_of {
  std::vector<float> scales;
  std::vector<std::int32_t> zeros;

  explicit affine_groups_of(const auto& w) {
    for (std::size_t i = 0; i < w.block_row_count() * w.block_col_count(); ++i) {
      const auto group = w.group(i / w.block_col_count(), i % w.block_col_count());
      scales.push_back(lowp::pack_as<float>(group.scale));
      zeros.push_back(static_cast<std::int32_t>(lowp::pack_as<float>(group.zero)));
    }
  }
  /// The operand, which reads w and this.
  template <int Bits>
  [[nodiscard]] auto view(const auto& w) const {
    const lowp::packed_matrix_view<lowp::formats::uint_n<Bits>> codes(w.codes(), w.rows(),
                                                                      w.cols());
    const auto rows = static_cast<int>(w.block_rows()), cols = static_cast<int>(w.block_cols());
    return lowp::affine_matrix_view(codes, {rows, cols}, scales, zeros);
  }
};

}  // namespace methods
