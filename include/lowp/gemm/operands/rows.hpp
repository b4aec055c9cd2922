// SPDX-License-Identifier: MIT
// The operands and the result of a product as its kernels see them, whatever the formats: sources
// of rows of binary32, and a sink of sums.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/operand.hpp"
#include "lowp/kernels/arrays/value_table.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

template <class T>
[[nodiscard]] row_memory memory_of(const matrix_view<T>& x) {
  return {x.data, x.stride * sizeof(T), 8 * sizeof(T)};
}

/// Packed codes, the low ones first, which a kernel can read where they lie.
class code_rows {
 public:
  const kernels::value_table* values;
  const std::uint8_t* codes;
  std::size_t row_bytes;
  int bits;             ///< from one code to the next
  int scales_per_step;  ///< as in code_steps

  /// scales(row, step, count, out) puts those of `count` whole steps of a row at `out`; false if
  /// there is one that the kernel cannot multiply by.
  template <class Scales>
  code_rows(const kernels::value_table& table, const std::uint8_t* bytes, std::size_t stride,
            int code_bits, int per_step, const Scales& scales)
      : values(&table),
        codes(bytes),
        row_bytes(stride),
        bits(code_bits),
        scales_per_step(per_step),
        scales_(&scales),
        call_([](const void* f, std::size_t row, std::size_t step, std::size_t count, float* out) {
          return (*static_cast<const Scales*>(f))(row, step, count, out);
        }) {}
  [[nodiscard]] bool find_scales(std::size_t row, std::size_t step, std::size_t count,
                                 float* out) const {
    return call_(scales_, row, step, count, out);
  }

 private:
  const void* scales_;
  bool (*call_)(const void*, std::size_t, std::size_t, std::size_t, float*);
};

/// What lies in memory behind the values of an operand, for kernels that read that.
struct row_origin {
  const code_rows* codes = nullptr;                    ///< or null
  const matrix_view<const float>* binary32 = nullptr;  ///< the values themselves, or null
  bool is_bfloat16 = false;                            ///< row_memory has the values, as bfloat16
};

/// Values of an operand: source(row, first, count, out) puts element * scale, rounded to binary32,
/// of `count` elements of a row at `out`; `first` is a multiple of product_tile::max_depth.
/// Type-erased: what multiplies exists once. Refers to what it was made from.
class row_source {
 public:
  template <class F>
  row_source(std::size_t rows, std::size_t cols, const F& decode, const row_memory& memory,
             const row_origin& origin)
      : rows_(rows),
        cols_(cols),
        memory_(memory),
        origin_(origin),
        decode_(&decode),
        call_([](const void* f, std::size_t row, std::size_t first, std::size_t count, float* out) {
          (*static_cast<const F*>(f))(row, first, count, out);
        }) {}
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  void operator()(std::size_t row, std::size_t first, std::size_t count, float* out) const {
    call_(decode_, row, first, count, out);
  }
  [[nodiscard]] const row_memory& memory() const { return memory_; }
  [[nodiscard]] const row_origin& origin() const { return origin_; }

 private:
  std::size_t rows_, cols_;
  row_memory memory_;
  row_origin origin_;
  const void* decode_;
  void (*call_)(const void*, std::size_t, std::size_t, std::size_t, float*);
};

/// Where sums go: sink(row, col, count, sums) takes those of C(row, col) … C(row, col + count - 1).
/// And what they begin with, which is zero unless there is a `start`. Called once for each element,
/// from any thread; begin(), if at all, before the sum is taken.
class sum_sink {
 public:
  template <class F>
  explicit sum_sink(const F& finish, const row_memory& memory = {},
                    const matrix_view<const float>* start = nullptr)
      : memory_(memory),
        start_(start),
        finish_(&finish),
        call_([](const void* f, std::size_t row, std::size_t col, std::size_t count,
                 const float* sums) { (*static_cast<const F*>(f))(row, col, count, sums); }) {}
  void operator()(std::size_t row, std::size_t col, std::size_t count, const float* sums) const {
    call_(finish_, row, col, count, sums);
  }
  /// Where the results will lie.
  [[nodiscard]] const row_memory& memory() const { return memory_; }
  [[nodiscard]] const matrix_view<const float>* start() const { return start_; }
  void begin(std::size_t row, std::size_t col, std::size_t count, float* sums) const {
    std::copy_n(start_->row(row) + col, count, sums);
  }

 private:
  row_memory memory_;
  const matrix_view<const float>* start_;
  const void* finish_;
  void (*call_)(const void*, std::size_t, std::size_t, std::size_t, const float*);
};

/// How many bits lie between codes that are packed low ones first without gaps, or one in each
/// byte; else 0.
[[nodiscard]] constexpr int code_distance(packing p, int width) {
  if (p == packings::byte_low || is_array_of<std::uint8_t>(p, width)) return 8;
  return is_dense(p, width) && !p.is_msb_first ? width : 0;
}

template <gemm_operand X, class Use, class Decode>
void use_rows(const X& x, const Use& use, const Decode& decode, const row_memory& memory = {},
              const row_origin& origin = {}) {
  use(row_source(lowp::detail::operand_rows(x), lowp::detail::operand_cols(x), decode, memory,
                 origin));
}

/// By the definition, one by one: where no kernel reaches.
template <gemm_operand X, class Use>
void with_defined_rows(const X& x, const Use& use) {
  use_rows(x, use, [&x](std::size_t row, std::size_t first, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = pack_as<float>(lowp::detail::operand_value(x, row, first + i));
    }
  });
}

/// Rows of codes of a format in the order p, each `row_bytes` after the one before.
template <auto F, gemm_operand X, class Use>
void with_decoded_rows(isa level, const X& x, const void* first_row, std::size_t row_bytes,
                       packing p, const Use& use) {
  const auto* const bytes = static_cast<const std::uint8_t*>(first_row);
  const row_memory memory{bytes, row_bytes, bits_per_code(p, F.bits())};
  const auto use_values = [&]<class Code>(const auto& values, const row_origin& origin) {
    use_rows(
        x, use,
        [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
          decode_codes<Code>(level, values, {}, bytes + row * row_bytes, first, count, F.bits(), p,
                             reinterpret_cast<std::uint32_t*>(out));
        },
        memory, origin);
  };
  if constexpr (F.bits() <= 8) {
    static const kernels::value_table table = kernels::make_value_table(F);
    const auto ones = [](std::size_t, std::size_t, std::size_t count, float* out) {
      std::fill(out, out + count, 1.0f);
      return true;
    };
    const code_rows codes(table, bytes, row_bytes, code_distance(p, F.bits()), 1, ones);
    use_values.template operator()<std::uint8_t>(table, {.codes = &codes});
  } else if constexpr (constexpr auto plan = kernels::make_decode_plan(F); plan.is_supported) {
    const bool are_halves = is_array_of<std::uint16_t>(p, F.bits());
    use_values.template operator()<std::uint16_t>(
        plan, {.is_bfloat16 = are_halves && is_same_format(F, formats::bfloat16)});
  } else {
    with_defined_rows(x, use);
  }
}

/// The scales of the steps of a row, from those of its blocks.
template <class BlockScales>
class step_scales {
 public:
  step_scales(isa level, const BlockScales& scales, const block_storage& storage,
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
  block_storage storage_;
  std::size_t block_rows_, block_cols_;
};

/// Calls use(row_source) for an operand.
template <class T, class Use>
void with_rows(isa level, const matrix_view<T>& x, const Use& use) {
  using element = std::remove_const_t<T>;
  if constexpr (std::is_same_v<element, float>) {
    const matrix_view<const float> values = x;
    use_rows(x, use,
             [&](std::size_t row, std::size_t first, std::size_t count, float* out) {
               kernels::copy(level, x.row(row) + first, count, out);
             },
             memory_of(x), {.binary32 = &values});
  } else if constexpr (has_kernels) {
    constexpr packing one_each{.container_bits = 8 * static_cast<int>(sizeof(element))};
    with_decoded_rows<element::format>(level, x, x.data, x.stride * sizeof(element), one_each, use);
  } else {
    with_defined_rows(x, use);
  }
}
template <auto F, packing P, class Use>
void with_rows(isa level, const packed_matrix_view<F, P>& x, const Use& use) {
  if constexpr (has_kernels) {
    with_decoded_rows<F>(level, x, x.row(0), x.row_bytes(), P, use);
  } else {
    with_defined_rows(x, use);
  }
}
template <auto F, packing P, class Use>
void with_rows(isa, const affine_matrix_view<F, P>& x, const Use& use) {
  with_defined_rows(x, use);
}
template <auto B, class Use>
void with_rows(isa level, const block_matrix<B>& x, const Use& use) {
  static constexpr auto format = [] {
    auto f = block_matrix<B>::format;
    f.has_tensor_scale = false;  // multiplies the finished sums
    return f;
  }();
  static const decode_scales scales(format);
  if (!has_kernels || !is_kernel_block(format.block_cols(x.cols()), x.cols()) ||
      !scales.are_possible({})) {
    return with_defined_rows(x, use);
  }
  const block_storage storage = storage_of(const_cast<block_matrix<B>&>(x));  // only read
  const auto use_values = [&]<class Code>(const auto& values, const row_origin& origin) {
    use_rows(x, use,
             dequantize_job<Code, std::remove_cvref_t<decltype(values)>,
                            std::remove_cv_t<decltype(format.element)>,
                            std::remove_cv_t<decltype(format.scale)>>(
                 level, format, values, scales, x.rows(), x.cols(), storage, {}),
             {storage.codes, storage.row_bytes, static_cast<std::size_t>(format.element.bits())},
             origin);
  };
  if constexpr (format.element.bits() <= 8) {
    static const kernels::value_table table = kernels::make_value_table(format.element);
    const step_scales of_steps(level, scales, storage, x.block_rows(), x.block_cols());
    const code_rows codes(table, storage.codes, storage.row_bytes, format.element.bits(),
                          of_steps.per_step(), of_steps);
    use_values.template operator()<std::uint8_t>(table, {.codes = &codes});
  } else if constexpr (constexpr auto plan = kernels::make_decode_plan(format.element);
                       plan.is_supported) {
    use_values.template operator()<std::uint16_t>(plan, {});
  } else {
    with_defined_rows(x, use);
  }
}

/// Makes a transposed copy of the values, in binary32.
template <class X, class Use>
void with_rows(isa level, const transposed<X>& x, const Use& use) {
  constexpr std::size_t group = lane_tiles::group, most = kernels::product_tile::max_depth;
  constexpr std::size_t stride = kernels::product_tile::buffer_stride;
  with_rows(level, x.of(), [&](const row_source& from) {
    const std::size_t width = round_up(from.rows(), group);
    const auto values = make_aligned<float>(round_up(from.cols(), group) * width);
    {
      const default_float_environment environment;
      alignas(64) float rows[group * stride] = {};
      for (std::size_t row = 0; row < from.rows(); row += group) {
        const std::size_t count = (std::min)(group, from.rows() - row);
        for (std::size_t k = 0; k < from.cols(); k += most) {
          const std::size_t n = (std::min)(most, from.cols() - k);
          for (std::size_t i = 0; i < count; ++i) from(row + i, k, n, rows + i * stride);
          kernels::transpose(level, rows, stride, round_up(n, group),
                             values.get() + k * width + row, width);
        }
      }
    }
    const matrix_view<const float> copy(values.get(), from.cols(), from.rows(), width);
    with_rows(level, copy, use);
  });
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
