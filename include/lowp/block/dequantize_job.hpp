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
        block_cols_(format.block_cols(cols)),
        log2_block_(log2_block(block_cols_, cols)) {}

  /// Elements first … first + count - 1 of a row to `out`; first is at a block or a chunk.
  template <class T>
  void operator()(std::size_t row, std::size_t first, std::size_t count, T* out) const {
    const std::size_t block_row = row / block_rows_ * in_.scales_per_row;
    const std::uint8_t* const bytes = in_.codes + row * in_.row_bytes;
    const int bits = format_.element.bits();
    const std::size_t size = log2_block_ == one_block ? chunk_size : 4 * chunk_size;
    for (std::size_t i = 0; i < count; i += size) {
      const std::size_t col = first + i, n = (std::min)(size, count - i);
      const std::size_t used = ((n - 1) >> log2_block_) + 1;
      const std::size_t first_block = block_row + col / block_cols_;
      std::uint32_t factors[4 * max_blocks];
      const bool are_known = scales_.find(level_, in_, first_block, used, factors);
      const kernels::scaling scaling{factors, log2_block_, format_.has_tensor_scale,
                                     bits_of(tensor_scale_)};
      store(out + i, n, [&](std::uint32_t* values) {
        decode_codes<Code>(level_, values_, scaling, bytes, col, n, bits, packing{}, values);
      });
      for (std::size_t j = 0; !are_known && j < n; ++j) {
        const std::size_t block = j >> log2_block_;
        if (factors[block] != unknown_factor) continue;
        const code_t code = load_code(bytes, col + j, bits, packing{});
        reference::store_value(
            decode_element(format_, code, in_.load_scale(first_block + block), tensor_scale_),
            out[i + j]);
      }
    }
  }

 private:
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
  std::size_t block_rows_, block_cols_;
  int log2_block_;
};

/// False, with nothing done, if the kernels do not reach.
template <number_format Element, number_format Scale, class T>
bool dequantize_by_kernels(const scaled_blocks<Element, Scale>& f,
                           const decode_scales<Element, Scale>& scales,
                           const kernels::value_table* table, std::size_t rows, std::size_t cols,
                           const_block_storage in, float tensor, matrix_view<T> out,
                           const execution& how) {
  if (!has_kernels || !is_kernel_block(f.block_cols(cols), cols) || !scales.are_possible(tensor)) {
    return false;
  }
  const int bits = f.element.bits();
  if (is_one_row(cols, out.stride, f.shape, bits)) {
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
    run_block_rows(how.for_work(std::uint64_t{rows} * cols / 16), rows, 1, cols,
                   (std::max)(f.block_cols(cols), chunk_size),
                   [&](std::size_t row, std::size_t first, std::size_t last) {
                     job(row, first, last - first, out.row(row) + first);
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
