// SPDX-License-Identifier: MIT
// Rows in binary32 of any matrix that has a description: by the kernels that decode arrays and
// blocks where they reach.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/block/dequantize_job.hpp"
#include "lowp/core/config.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/gemm/operands/coded_integers.hpp"
#include "lowp/gemm/operands/description.hpp"
#include "lowp/gemm/operands/facts.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/arrays/value_table.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <class Decode>
void use_rows(const auto& d, const row_use& use, const Decode& decode,
              const row_memory& memory = {}, const row_origin& origin = {}) {
  use(row_source(d.rows(), d.cols(), decode, memory, origin));
}

/// By the definition, one by one: where no kernel reaches.
template <matrix_description D>
void with_defined_rows(const D& d, const row_use& use) {
  use_rows(d, use, [&d](std::size_t row, std::size_t first, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = pack_as<float>(d.value(row, first + i));
  });
}

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

/// Whether each code lies in a word of the machine, of such a type.
template <class Code>
[[nodiscard]] bool are_words(const auto& plane) {
  return is_array_of<Code>(plane.order, plane.format.value.bits());
}
/// Where rows lie that follow each other in memory; nothing of others.
[[nodiscard]] row_memory memory_of_rows(const auto& plane) {
  if (plane.row_bytes < 0) return {};
  return {plane.bytes, static_cast<std::size_t>(plane.row_bytes),
          bits_per_code(plane.order, plane.format.value.bits())};
}

/// Rows of elements without scales; false, and nothing done, if no kernel decodes them.
template <class D>
[[nodiscard]] bool with_element_rows(isa level, const D& d, const row_use& use) {
  const auto& plane = d.elements;
  const int bits = plane.format.value.bits();
  return with_decoder(plane.format, [&]<class Code>(const auto& values) {
    const auto decode = [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
      decode_codes<Code>(level, values, {}, plane.row(row), first, count, bits, plane.order,
                         reinterpret_cast<std::uint32_t*>(out));
    };
    if constexpr (sizeof(Code) == 1) {
      const auto ones = [](std::size_t, std::size_t, std::size_t count, float* out) {
        std::fill(out, out + count, 1.0f);
        return true;
      };
      const code_rows codes(values, plane.bytes, static_cast<std::size_t>(plane.row_bytes),
                            code_distance(plane.order, bits), 1, ones);
      const row_origin origin{.codes = plane.row_bytes < 0 ? nullptr : &codes};
      use_rows(d, use, decode, memory_of_rows(plane), origin);
    } else {
      const bool is_bfloat16 = is_same_format(plane.format.value, formats::bfloat16) &&
                               are_words<std::uint16_t>(plane) && plane.row_bytes >= 0;
      use_rows(d, use, decode, memory_of_rows(plane), {.is_bfloat16 = is_bfloat16});
    }
  });
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

/// Rows of blocks whose scales kernels find, codes lying densely, low ones first; false for others,
/// and nothing done.
template <class Element, class Scale>
[[nodiscard]] bool with_block_rows(isa level, const operand_description<Element, Scale>& d,
                                   const row_use& use) {
  const auto extent = [](std::size_t group, std::size_t size) {
    return group >= size ? block_shape::whole : static_cast<int>(group);
  };
  const scaled_blocks format{
      d.format(), d.scale_value_format(),
      block_shape{extent(d.group_rows(), d.rows()), extent(d.group_cols(), d.cols())}};
  const int scale_bytes = format.scale_bytes();
  const bool are_blocks = is_dense(d.elements.order, format.element.bits()) &&
                          !d.elements.order.is_msb_first && d.elements.row_bytes >= 0 &&
                          d.scales.order == packing{.container_bits = 8 * scale_bytes} &&
                          is_kernel_block(format.block_cols(d.cols()), d.cols());
  if (!are_blocks) return false;
  const auto with_scales = [&](const auto& scales) {
    if (!scales.are_possible(1.0f)) return false;
    const const_block_storage storage{
        d.elements.bytes, static_cast<std::size_t>(d.elements.row_bytes), d.scales.bytes,
        static_cast<std::size_t>(scale_bytes), d.scales.groups_per_row};
    return with_decoder(d.elements.format, [&]<class Code>(const auto& values) {
      const dequantize_job<Code, std::remove_cvref_t<decltype(values)>,
                           std::remove_cv_t<decltype(format.element)>,
                           std::remove_cv_t<decltype(format.scale)>>
          decode(level, format, values, scales, d.rows(), d.cols(), storage, 1.0f);
      if constexpr (sizeof(Code) == 1) {
        const step_scales of_steps(level, scales, storage, d.group_rows(),
                                   format.block_cols(d.cols()));
        const code_rows codes(values, storage.codes, storage.row_bytes, format.element.bits(),
                              of_steps.per_step(), of_steps);
        use_rows(d, use, decode, memory_of_rows(d.elements), {.codes = &codes});
      } else {
        use_rows(d, use, decode, memory_of_rows(d.elements));
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
[[nodiscard]] bool with_scaled_rows(isa level, const D& d, const row_use& use) {
  const auto is_in_binary32 = [](const value_facts& of) {
    return of.significant_bits <= 24 && of.last_bit_exponent >= -149 && of.highest_exponent <= 127;
  };
  const value_facts elements = facts_of(d.format()), scales = facts_of(d.scale_value_format());
  if (!is_in_binary32(elements) || (d.scales.bytes != nullptr && !is_in_binary32(scales))) {
    return false;
  }
  const auto scale_rows = [&](const row_source& from) {
    use_rows(d, use, [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
      from(row, first, count, out);
      for (std::size_t i = 0, end = 0; i < count; i = end) {
        const std::size_t left = d.group_cols() - (first + i) % d.group_cols();
        end = left < count - i ? i + left : count;
        const float scale = opaque(pack_as<float>(d.scale(row, first + i)));
        const float zero = d.zeros == nullptr
                               ? 0.0f
                               : static_cast<float>(d.zeros[d.scales.group_of(row, first + i)]);
        for (std::size_t j = i; j < end; ++j) {
          out[j] = opaque(opaque(out[j] - opaque(zero)) * scale);
        }
      }
    });
  };
  return with_element_rows(level, d, row_use(scale_rows));
}

/// Rows of a matrix of which kernels know nothing.
template <matrix_description D>
void with_described_rows(isa, const D& d, const row_use& use) {
  with_defined_rows(d, use);
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

/// Rows of a matrix with such a description.
template <class Element, class Scale>
void with_described_rows(isa level, const operand_description<Element, Scale>& d,
                         const row_use& use) {
  constexpr bool has_scale_format = !std::is_same_v<Scale, without_scales>;
  if constexpr (may_be_binary32<Element>) {
    const bool are_floats = is_binary32_array(d.elements) && d.elements.row_bytes >= 0 &&
                            d.elements.row_bytes % static_cast<int>(sizeof(float)) == 0;
    if (are_floats && !d.has_scales()) {
      const matrix_view<const float> values(
          reinterpret_cast<const float*>(d.elements.bytes), d.rows(), d.cols(),
          static_cast<std::size_t>(d.elements.row_bytes) / sizeof(float));
      return use_rows(d, use,
                      [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
                        kernels::copy(level, values.row(row) + first, count, out);
                      },
                      memory_of(values), {.binary32 = &values});
    }
  }
  if constexpr (!has_kernels) return with_defined_rows(d, use);
  if (!d.has_scales() && with_element_rows(level, d, use)) return;
  if constexpr (has_scale_format) {
    if (d.scales.bytes != nullptr && !d.has_zeros() && with_block_rows(level, d, use)) return;
    if (d.has_scales() && with_scaled_rows(level, d, use)) return;
  }
  with_defined_rows(d, use);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
