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
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "lowp/kernels/arrays/value_table.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A part of a row brought together again, at most product_tile::max_depth elements from a multiple
/// of that on.
struct gathered_row {
  alignas(64) std::uint8_t codes[kernels::product_tile::max_depth];
  alignas(64) std::uint8_t scales[kernels::product_tile::max_depth / 16];

  template <class X>
  void gather(const packed_operand<X>& x, std::size_t row, std::size_t first, std::size_t count) {
    constexpr std::size_t group = lowp::detail::packed_layout::group;
    const lowp::detail::packed_layout& layout = x.layout();
    constexpr int bits = packed_operand<X>::element_format.bits();
    constexpr std::size_t unit_codes = lowp::detail::unit_codes_of(bits);
    constexpr std::size_t bytes = unit_codes * static_cast<std::size_t>(bits) / 8;
    const std::uint8_t* from = x.codes().data() + layout.unit_place(row, first / unit_codes);
    std::uint8_t* to = codes;
    for (std::size_t i = 0; i < count; i += unit_codes, from += group * bytes, to += bytes) {
      std::memcpy(to, from, bytes);
    }
    if constexpr (packed_operand<X>::has_scales) {
      constexpr std::size_t size = packed_operand<X>::block_cols();
      const std::uint8_t* scale = x.scales().data() + layout.scale_place(row, first / size);
      for (std::size_t i = 0; i * size < count; ++i) scales[i] = scale[i * group];
    }
  }
};

/// Calls use(row_source).
template <class X, class Use>
void with_rows(isa level, const packed_operand<X>& x, const Use& use) {
  constexpr std::size_t most = kernels::product_tile::max_depth;
  static const kernels::value_table table =
      kernels::make_value_table(packed_operand<X>::element_format);
  const auto use_parts = [&](const auto& decode) {
    use_rows(x, use, [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
      gathered_row part;
      for (std::size_t i = 0; i < count; i += most) {
        const std::size_t n = (std::min)(most, count - i);
        part.gather(x, row, first + i, n);
        decode(part, n, out + i);
      }
    });
  };
  if constexpr (!has_kernels) {
    with_defined_rows(x, use);
  } else if constexpr (packed_operand<X>::has_scales) {
    static constexpr auto format = [] {
      auto f = X::format;
      f.has_tensor_scale = false;  // multiplies the finished sums
      return f;
    }();
    static const decode_scales scales(format);
    if (!is_kernel_block(x.block_cols(), x.cols()) || !scales.are_possible({})) {
      return with_defined_rows(x, use);
    }
    use_parts([&](gathered_row& part, std::size_t count, float* out) {
      const block_storage storage{part.codes, sizeof part.codes, part.scales, 1, 0};
      const dequantize_job<std::uint8_t, kernels::value_table,
                           std::remove_cv_t<decltype(format.element)>,
                           std::remove_cv_t<decltype(format.scale)>>
          row(level, format, table, scales, 1, count, storage, {});
      row(0, 0, count, out);
    });
  } else {
    use_parts([&](const gathered_row& part, std::size_t count, float* out) {
      decode_codes<std::uint8_t>(level, table, {}, part.codes, 0, count, x.element_format.bits(),
                                 packing{}, reinterpret_cast<std::uint32_t*>(out));
    });
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
