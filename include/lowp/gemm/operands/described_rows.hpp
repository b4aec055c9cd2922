// SPDX-License-Identifier: MIT
// Rows in binary32 of any matrix that has a description: by the kernels that decode arrays and
// blocks where they reach.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/block/dequantize_job.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/operands/any_operand.hpp"
#include "lowp/gemm/operands/coded_integers.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/arrays/value_table.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The values of the codes of a format of up to 8 bits: one table for the whole program where the
/// format is part of a type, else `own`.
template <described_format F>
[[nodiscard]] const kernels::value_table& value_table_of(
    const F& f, [[maybe_unused]] kernels::value_table& own) {
  if constexpr (F::is_constant) {
    static const kernels::value_table table = kernels::make_value_table(F::value);
    return table;
  } else {
    own = kernels::make_value_table(f.value);
    return own;
  }
}

/// Calls use.operator()<Code>(values) with what decodes the codes of a format, of type Code; false,
/// if no kernel does.
template <described_format F, class Use>
[[nodiscard]] bool with_decoder(const F& f, const Use& use) {
  if constexpr (F::is_constant) {
    if constexpr (F::value.bits() <= 8) {
      kernels::value_table none;
      use.template operator()<std::uint8_t>(value_table_of(f, none));
      return true;
    } else if constexpr (constexpr auto plan = kernels::make_decode_plan(F::value);
                         plan.is_supported) {
      use.template operator()<std::uint16_t>(plan);
      return true;
    } else {
      return false;
    }
  } else {
    if (f.value.bits() <= 8) {
      kernels::value_table own;
      use.template operator()<std::uint8_t>(value_table_of(f, own));
      return true;
    }
    const auto plan = kernels::make_decode_plan(f.value);
    if (plan.is_supported) use.template operator()<std::uint16_t>(plan);
    return plan.is_supported;
  }
}

[[nodiscard]] plane_rows plane_of(const auto& d) {
  const auto& plane = d.elements;
  return {d.rows(), d.cols(), plane.bytes, plane.row_bytes, plane.format.value.bits(), plane.order};
}

template <described_format F>
inline constexpr bool may_be_binary32 = [] {
  if constexpr (!std::is_same_v<typename F::type, float_format>)
    return false;
  else if constexpr (F::is_constant)
    return F::value == formats::binary32;
  else
    return true;
}();

/// Rows of elements whose codes kernels decode; false for others, and nothing done.
template <class D>
[[nodiscard]] bool with_code_rows(isa level, const D& d, const row_use& use) {
  if constexpr (!has_kernels) return false;
  const auto& format = d.elements.format;
  return with_decoder(format, [&]<class Code>(const auto& values) {
    const plane_rows rows = plane_of(d);
    if constexpr (sizeof(Code) == 1) {
      use_table_rows(level, rows, values, use);
    } else {
      const bool are_bfloat16 = is_same_format(format.value, formats::bfloat16) &&
                                is_array_of<std::uint16_t>(rows.order, rows.bits) &&
                                rows.row_bytes >= 0;
      use_decoded_rows(level, rows, values, are_bfloat16, use);
    }
  });
}

/// Rows of elements without scales, as with_code_rows or where they are floats in memory.
template <class D>
[[nodiscard]] bool with_element_rows(isa level, const D& d, const row_use& use) {
  const auto& plane = d.elements;
  if constexpr (may_be_binary32<typename D::element_format>) {
    const bool are_floats = is_binary32_array(plane) && plane.row_bytes >= 0 &&
                            plane.row_bytes % static_cast<int>(sizeof(float)) == 0;
    if (are_floats) {
      use_binary32_rows(level,
                        {reinterpret_cast<const float*>(plane.bytes), d.rows(), d.cols(),
                         static_cast<std::size_t>(plane.row_bytes) / sizeof(float)},
                        use);
      return true;
    }
  }
  return with_code_rows(level, d, use);
}

/// The scales of the steps of a row, from those of its blocks.
template <class BlockScales>
class step_scales {
 public:
  step_scales(isa level, const BlockScales& scales, const const_block_storage& storage,
              std::size_t block_rows, std::size_t block_cols)
      : level_(level),
        scales_(scales),
        storage_(storage),
        block_rows_(block_rows),
        block_cols_(block_cols) {}
  [[nodiscard]] int per_step() const { return block_cols_ == 16 ? 2 : 1; }
  bool operator()(std::size_t row, std::size_t step, std::size_t count, float* out) const {
    const std::size_t of_row = row / block_rows_ * storage_.scales_per_row;
    auto* const factors = reinterpret_cast<std::uint32_t*>(out);
    if (block_cols_ > 32 || block_cols_ < 16) {
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t block = (step + i) * 32 / block_cols_;
        if (!scales_.find(level_, storage_, of_row + block, 1, factors + i)) return false;
      }
      return true;
    }
    return scales_.find(level_, storage_, of_row + step * 32 / block_cols_,
                        count * 32 / block_cols_, factors);
  }

 private:
  isa level_;
  const BlockScales& scales_;
  const_block_storage storage_;
  std::size_t block_rows_, block_cols_;
};

/// Rows of blocks by `decode`; or, where their codes follow each other though blocks end with the
/// row, several rows at once: all their elements, then the scales of each.
template <class Code, class Values, class Scales, class Decode>
class block_rows {
 public:
  block_rows(isa level, const Values& values, const Scales& scales, const Decode& decode,
             const const_block_storage& storage, int bits, std::size_t cols, std::size_t block_cols)
      : level_(level),
        values_(values),
        scales_(scales),
        decode_(decode),
        storage_(storage),
        bits_(bits),
        cols_(cols),
        block_cols_(block_cols) {}
  void operator()(std::size_t row, std::size_t first, std::size_t count, float* out) const {
    if (count <= cols_ || block_cols_ == 0) return decode_(row, first, count, out);
    const std::size_t rows = count / cols_, blocks = storage_.scales_per_row;
    std::uint32_t factors[4 * max_blocks];
    if (rows * blocks > 4 * max_blocks ||
        !scales_.find(level_, storage_, row * blocks, rows * blocks, factors)) {
      for (std::size_t i = 0; i < rows; ++i) decode_(row + i, 0, cols_, out + i * cols_);
      return;
    }
    decode_codes<Code>(level_, values_, {}, storage_.codes + row * storage_.row_bytes, 0, count,
                       bits_, packing{}, reinterpret_cast<std::uint32_t*>(out));
    for (std::size_t i = 0; i < rows; ++i) {
      float* const values = out + i * cols_;
      for (std::size_t b = 0, col = 0; col < cols_; ++b) {
        const auto factor = std::bit_cast<float>(factors[i * blocks + b]);
        for (const std::size_t end = (std::min)(cols_, col + block_cols_); col < end; ++col) {
          values[col] *= factor;
        }
      }
    }
  }

 private:
  isa level_;
  const Values& values_;
  const Scales& scales_;
  const Decode& decode_;
  const_block_storage storage_;
  int bits_;
  std::size_t cols_, block_cols_;  ///< block_cols is 0 where `decode` takes several rows as well
};

/// Rows of blocks whose scales kernels find, codes lying densely, low ones first; false for others,
/// and nothing done.
template <class Element, class Scale>
[[nodiscard]] bool with_block_rows(isa level, const operand_description<Element, Scale>& d,
                                   const row_use& use) {
  const auto extent = [](std::size_t group, std::size_t size) {
    return group >= size ? block_shape::whole : static_cast<int>(group);
  };
  scaled_blocks format{
      d.format(), d.scale_value_format(),
      block_shape{extent(d.group_rows(), d.rows()), extent(d.group_cols(), d.cols())}};
  const int scale_bytes = format.scale_bytes();
  const bool are_blocks = is_dense(d.elements.order, format.element.bits()) &&
                          !d.elements.order.is_msb_first && d.elements.row_bytes >= 0 &&
                          d.scales.order == packing{.container_bits = 8 * scale_bytes} &&
                          is_kernel_block(format.block_cols(d.cols()), d.cols());
  if (!are_blocks) return false;
  const std::size_t block_cols = format.block_cols(d.cols());
  const bool continue_rows = d.group_rows() == 1 && plane_of(d).continues();
  // Rows of whole blocks are parts of a longer one.
  const bool are_one_row = continue_rows && is_kernel_block(block_cols) &&
                           block_cols <= chunk_size &&
                           d.scales.groups_per_row * block_cols == d.cols();
  if (are_one_row) format.shape = {1, static_cast<int>(block_cols)};
  const std::size_t cols = are_one_row ? d.rows() * d.cols() : d.cols();
  const auto with_scales = [&](const auto& scales) {
    if (!scales.are_possible(1.0f)) return false;
    const const_block_storage storage{
        d.elements.bytes, static_cast<std::size_t>(d.elements.row_bytes), d.scales.bytes,
        static_cast<std::size_t>(scale_bytes), d.scales.groups_per_row};
    return with_decoder(d.elements.format, [&]<class Code>(const auto& values) {
      const dequantize_job<Code, std::remove_cvref_t<decltype(values)>,
                           std::remove_cv_t<decltype(format.element)>,
                           std::remove_cv_t<decltype(format.scale)>>
          decode_row(level, format, values, scales, d.rows(), cols, storage, 1.0f);
      const block_rows<Code, std::remove_cvref_t<decltype(values)>,
                       std::remove_cvref_t<decltype(scales)>, decltype(decode_row)>
          decode(level, values, scales, decode_row, storage, format.element.bits(), d.cols(),
                 are_one_row ? 0 : block_cols);
      if constexpr (sizeof(Code) == 1) {
        const step_scales of_steps(level, scales, storage, d.group_rows(), block_cols);
        const code_rows codes(values, storage.codes, storage.row_bytes, format.element.bits(),
                              of_steps.per_step(), of_steps);
        use(row_source(d.rows(), d.cols(), decode, plane_of(d).memory(),
                       {.codes = &codes, .continue_rows = continue_rows}));
      } else {
        use(row_source(d.rows(), d.cols(), decode, plane_of(d).memory(),
                       {.continue_rows = continue_rows}));
      }
    });
  };
  if constexpr (lowp::detail::has_constant_formats<operand_description<Element, Scale>>) {
    static constexpr scaled_blocks any{Element::value, Scale::value, block_shape{1, 32}};
    static const decode_scales scales(any);
    return with_scales(scales);
  } else {
    return with_scales(decode_scales(format));
  }
}

/// Rows of any groups of elements that binary32 has, whose scales it has, too: the product of both,
/// less a zero point, is rounded there once. False for others, and nothing done.
template <class D>
[[nodiscard]] bool with_scaled_rows(isa level, const D& d, const any_operand& x,
                                    const row_use& use) {
  const auto is_in_binary32 = [](const value_facts& of) {
    return of.significant_bits <= 24 && of.last_bit_exponent >= -149 && of.highest_exponent <= 127;
  };
  const value_facts elements = facts_of(d.format()), scales = facts_of(d.scale_value_format());
  if (!is_in_binary32(elements) || (d.scales.bytes != nullptr && !is_in_binary32(scales))) {
    return false;
  }
  const auto scale_rows = [&](const row_source& from) {
    use_scaled_rows(level, x, d.zeros, d.scales.groups_per_row, from, use);
  };
  return with_code_rows(level, d, row_use(scale_rows));
}

/// Rows of a matrix of which kernels know nothing. `x` is the operand with this description.
template <matrix_description D>
void with_described_rows(isa, const D&, const any_operand& x, const row_use& use) {
  use_defined_rows(x, use);
}

/// Rows of a matrix with such a description.
template <class Element, class Scale>
void with_described_rows(isa level, const operand_description<Element, Scale>& d,
                         const any_operand& x, const row_use& use) {
  if (!d.has_scales() && with_element_rows(level, d, use)) return;
  if constexpr (has_kernels && !std::is_same_v<Scale, without_scales>) {
    if (d.scales.bytes != nullptr && !d.has_zeros() && with_block_rows(level, d, use)) return;
    if (d.has_scales() && with_scaled_rows(level, d, x, use)) return;
  }
  use_defined_rows(x, use);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
