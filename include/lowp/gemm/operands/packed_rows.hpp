// SPDX-License-Identifier: MIT
// Rows of a packed_operand one by one, for kernels that take rows of any operand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/block/dequantize_job.hpp"
#include "lowp/gemm/operands/described_rows.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/packed_layout.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/arrays/value_table.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A part of a row brought together again, at most product_tile::max_depth elements from a multiple
/// of that on.
struct gathered_row {
  alignas(64) std::uint8_t codes[kernels::product_tile::max_depth];
  alignas(64) std::uint8_t scales[kernels::product_tile::max_depth / 16];

  template <described_format Element, described_format Scale>
  void gather(const packed_description<Element, Scale>& x, std::size_t row, std::size_t first,
              std::size_t count) {
    constexpr std::size_t group = lowp::detail::packed_layout::group;
    constexpr int bits = Element::value.bits();
    constexpr std::size_t unit_codes = lowp::detail::unit_codes_of(bits);
    constexpr std::size_t bytes = unit_codes * static_cast<std::size_t>(bits) / 8;
    const std::uint8_t* from = x.codes + x.layout->unit_place(row, first / unit_codes);
    std::uint8_t* to = codes;
    for (std::size_t i = 0; i < count; i += unit_codes, from += group * bytes, to += bytes) {
      std::memcpy(to, from, bytes);
    }
    if (x.scales == nullptr) return;
    const std::uint8_t* scale = x.scales + x.layout->scale_place(row, first / x.block_cols);
    for (std::size_t i = 0; i * x.block_cols < count; ++i) scales[i] = scale[i * group];
  }
};

/// Rows of such a matrix.
template <described_format Element, described_format Scale>
void with_described_rows(isa level, const packed_description<Element, Scale>& x,
                         const any_operand& operand, const row_use& use) {
  constexpr std::size_t most = kernels::product_tile::max_depth;
  if constexpr (!has_kernels) return use_defined_rows(operand, use);
  kernels::value_table none;
  const kernels::value_table& table = value_table_of(Element{}, none);
  const auto use_parts = [&](const auto& decode) {
    const auto gather = [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
      gathered_row part;
      for (std::size_t i = 0; i < count; i += most) {
        const std::size_t n = (std::min)(most, count - i);
        part.gather(x, row, first + i, n);
        decode(part, n, out + i);
      }
    };
    use(row_source(x.rows(), x.cols(), gather, {}, {}));
  };
  if constexpr (!std::is_same_v<Scale, without_scales>) {
    static constexpr scaled_blocks any{Element::value, Scale::value, block_shape{1, 32}};
    static const decode_scales scales(any);
    if (!is_kernel_block(x.block_cols, x.cols()) || !scales.are_possible(1.0f)) {
      return use_defined_rows(operand, use);
    }
    auto format = any;
    format.shape.cols = static_cast<int>(x.block_cols);
    use_parts([&](gathered_row& part, std::size_t count, float* out) {
      const const_block_storage storage{part.codes, sizeof part.codes, part.scales, 1, 0};
      const dequantize_job<std::uint8_t, kernels::value_table, typename Element::type,
                           typename Scale::type>
          row(level, format, table, scales, 1, count, storage, 1.0f);
      row(0, 0, count, out);
    });
  } else {
    use_parts([&](const gathered_row& part, std::size_t count, float* out) {
      decode_codes<std::uint8_t>(level, table, {}, part.codes, 0, count, Element::value.bits(),
                                 packing{}, reinterpret_cast<std::uint32_t*>(out));
    });
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
