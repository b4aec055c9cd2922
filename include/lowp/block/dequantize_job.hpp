// SPDX-License-Identifier: MIT
// Dequantizing matrices through the kernels: codes of some blocks at a time, while the factors of
// these are at hand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/lane_job.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_job.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/block/block_spans.hpp"
#include "lowp/block/reference.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// The values of columns first … last of one row of blocks.
template <class Code, class Values, number_format Element, number_format Scale>
class dequantize_job {
 public:
  dequantize_job(isa level, const scaled_blocks<Element, Scale>& format, const Values& values,
                 const decode_scales<Element, Scale>& scales, std::size_t rows, std::size_t cols,
                 const const_block_storage& in, float tensor)
      : level_(level),
        format_(format),
        values_(values),
        scales_(scales),
        in_(in),
        tensor_scale_(tensor),
        block_rows_(format.block_rows(rows)),
        spans_(format.block_cols(cols), cols) {}

  /// Elements first … first + count - 1 of a row, or of `rows` rows of one row of blocks, to `out`;
  /// first is a multiple of 8, and in blocks of 16, 32, 64 … of the smaller of a block and a chunk.
  template <class T>
  void operator()(std::size_t row, std::size_t first, std::size_t count, T* out,
                  std::size_t rows = 1, std::size_t stride = 0) const {
    const std::size_t block_row = (block_rows_ == 1 ? row : row / block_rows_) * in_.scales_per_row;
    const bool have_own = spans_.have_own_factors();
    const std::size_t size =
        spans_.log2_block == one_block || have_own ? chunk_size : 4 * chunk_size;
    for (std::size_t i = 0; i < count; i += size) {
      const std::size_t col = first + i, n = (std::min)(size, count - i);
      const std::size_t block_col = spans_.block_of(col), in_block = col - block_col * spans_.width;
      const std::size_t used = spans_.blocks_in(in_block + n);
      const std::size_t first_block = block_row + block_col;
      std::uint32_t factors[max_blocks + 1];
      // Kernels multiply groups of four blocks: not by what nobody wrote, which may be subnormal.
      for (std::size_t at = used; at % 4 != 0 && at <= max_blocks; ++at) factors[at] = 0;
      const bool are_known = scales_.find(level_, in_, first_block, used, factors);
      element_factors own;
      if (have_own) own.fill(factors, spans_.width, in_block, n);
      for (std::size_t r = 0; r < rows; ++r) {
        const std::uint8_t* const bytes = in_.codes + (row + r) * in_.row_bytes;
        T* const to = out + r * stride + i;
        store(to, n, [&](std::uint32_t* values) {
          decode(bytes, col, n, have_own ? own.of : factors, rounds_again<T>, values);
        });
        for (std::size_t j = 0; !are_known && j < n; ++j) {
          const std::size_t block = (in_block + j) / spans_.width;
          if (factors[block] != unknown_factor) continue;
          const code_t code = load_code(bytes, col + j, format_.element.bits(), packing{});
          reference::store_value(
              decode_element(format_, code, in_.load_scale(first_block + block), tensor_scale_),
              to[j]);
        }
      }
    }
  }

 private:
  /// A tensor scale would round to binary32, and what is written rounds once more.
  template <class T>
  static constexpr bool rounds_again = sizeof(T) < sizeof(float);

  /// Values of elements, whose factors are those of blocks or their own; with `to_odd` they are
  /// rounded to odd under a tensor scale.
  void decode(const std::uint8_t* bytes, std::size_t col, std::size_t count,
              const std::uint32_t* factors, bool to_odd, std::uint32_t* values) const {
    static constexpr packing dense{};
    const int bits = format_.element.bits();
    const std::uint32_t tensor = bits_of(tensor_scale_);
    const bool have_own = spans_.have_own_factors();
    if (scales_.products_to_odd()) {
      decode_codes<Code>(level_, values_, {}, bytes, col, count, bits, dense, values);
      return kernels::multiply_to_odd(level_, factors, spans_.log2_block, count, values);
    }
    const bool is_tensor_last = format_.has_tensor_scale && (to_odd || have_own);
    kernels::scaling scaling{factors, spans_.log2_block,
                             format_.has_tensor_scale && !is_tensor_last, tensor};
    if (have_own) scaling = {};
    decode_codes<Code>(level_, values_, scaling, bytes, col, count, bits, dense, values);
    if (have_own) kernels::finish_group_terms(level_, {.scales = factors}, count, values);
    if (!is_tensor_last) return;
    if (to_odd) return kernels::multiply_to_odd(level_, &tensor, one_block, count, values);
    kernels::finish_group_terms(level_, {.scales = &tensor, .log2_group = one_block}, count,
                                values);
  }

  template <class Decode>
  void store(float* out, std::size_t, const Decode& decode) const {
    decode(reinterpret_cast<std::uint32_t*>(out));
  }
  /// Through binary32: what kernels decode is exact there.
  template <class Decode>
  void store(bfloat16* out, std::size_t count, const Decode& decode) const {
    constexpr auto plan = kernels::make_encode_plan<std::uint32_t>(
        formats::bfloat16, nearest_even, overflow::to_special, missing_nan::largest, false);
    alignas(64) std::uint32_t values[4 * chunk_size];
    decode(values);
    kernels::encode<std::uint32_t, false, false>(level_, plan, values, nullptr, count,
                                                 reinterpret_cast<std::uint16_t*>(out));
  }

  isa level_;
  scaled_blocks<Element, Scale> format_;
  const Values& values_;
  const decode_scales<Element, Scale>& scales_;
  const_block_storage in_;
  float tensor_scale_;
  std::size_t block_rows_;
  block_spans spans_;
};

/// Rows of a row of blocks that are dequantized at a time, while their factors are at hand.
inline constexpr std::size_t rows_at_a_time = 64;

/// False, with nothing done, if the kernels do not reach.
template <number_format Element, number_format Scale, class T>
bool dequantize_by_kernels(const scaled_blocks<Element, Scale>& f,
                           const decode_scales<Element, Scale>& scales,
                           const kernels::value_table* table, std::size_t rows, std::size_t cols,
                           const_block_storage in, float tensor, matrix_view<T> out,
                           const execution& how) {
  if (!has_kernels || !scales.are_possible(tensor)) return false;
  const int bits = f.element.bits();
  if (is_one_row(cols, out.stride, f.shape, bits, true)) {
    in.row_bytes *= rows;
    in.scales_per_row *= rows;
    cols *= rows;
    rows = rows == 0 ? 0 : 1;
  }
  const auto run = [&]<class Code>(const auto& values) {
    const dequantize_job<Code, std::remove_cvref_t<decltype(values)>, Element, Scale> job(
        how.level(), f, values, scales, rows, cols, in, tensor);
    if (rows == 1) {
      const auto part = [&](std::size_t first, std::size_t count, std::uint8_t* to) {
        job(0, first, count, reinterpret_cast<T*>(to));
      };
      return run_bulk(how,
                      bulk_arrays{.in = in.codes,
                                  .in_bits = static_cast<std::size_t>(bits),
                                  .out = out.data,
                                  .out_bits = 8 * sizeof(T),
                                  .count = cols},
                      bulk_part(part));
    }
    // Some rows of a row of blocks at a time.
    const std::size_t block_rows = f.block_rows(rows),
                      height = (std::min)(block_rows, rows_at_a_time);
    const std::size_t per_block = (block_rows + height - 1) / height;
    run_block_rows(how.for_work(std::uint64_t{rows} * cols / 16),
                   (rows + block_rows - 1) / block_rows * per_block, height, cols,
                   block_spans(f.block_cols(cols), cols).size,
                   [&](std::size_t i, std::size_t first, std::size_t last) {
                     const std::size_t of = per_block == 1 ? i : i / per_block;
                     const std::size_t block = of * block_rows;
                     const std::size_t end = (std::min)(rows, block + block_rows);
                     const std::size_t top = block + (i - of * per_block) * height;
                     if (top >= end) return;
                     job(top, first, last - first, out.row(top) + first,
                         (std::min)(height, end - top), out.stride);
                   });
  };
  if (table != nullptr) {
    run.template operator()<std::uint8_t>(*table);
    return true;
  }
  const auto plan = kernels::make_decode_plan(f.element);
  if (plan.is_supported) run.template operator()<std::uint16_t>(plan);
  return plan.is_supported;
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
