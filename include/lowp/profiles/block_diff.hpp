// SPDX-License-Identifier: MIT
// Where two stacks quantize a matrix to blocks differently.
//
//   const differences d = diff<formats::mxfp4>(profiles::torchao, profiles::te, matrix);
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/block/codec.hpp"
#include "lowp/profiles/diff.hpp"
#include "lowp/profiles/differences.hpp"
#include "lowp/profiles/profile.hpp"

namespace lowp {
namespace detail {

/// Of two matrices of a format that were made of `in`.
template <auto B>
[[nodiscard]] differences diff_of(const block_matrix<B>& first, const block_matrix<B>& second,
                                  matrix_view<const float> in) {
  constexpr auto blocks = scaled_blocks_of(B);
  const input_classes classes(blocks.element);
  const auto bits_of = [](const float& x) { return std::bit_cast<std::uint32_t>(x); };
  differences result;
  float tensor = 1;
  if constexpr (blocks.has_tensor_scale) {
    tensor = first.tensor_scale();
    const std::uint32_t a = bits_of(tensor), b = bits_of(second.tensor_scale());
    if (a != b) {
      amax_accumulator amax;
      for (std::size_t i = 0; i < in.rows; ++i) {
        for (std::size_t j = 0; j < in.cols; ++j) amax.add(in(i, j));
      }
      result.add(difference::tensor_scale, {amax.bits, a, b});
    }
  }
  const std::size_t height = blocks.block_rows(in.rows), width = blocks.block_cols(in.cols);
  for (std::size_t r = 0; r < first.block_row_count(); ++r) {
    for (std::size_t c = 0; c < first.block_col_count(); ++c) {
      amax_accumulator amax;
      const auto for_each = [&](const auto& use) {
        for (std::size_t i = r * height; i < in.rows && i < (r + 1) * height; ++i) {
          for (std::size_t j = c * width; j < in.cols && j < (c + 1) * width; ++j) use(i, j);
        }
      };
      for_each([&](std::size_t i, std::size_t j) { amax.add(in(i, j)); });
      const code_t a = first.scale_code(r, c), b = second.scale_code(r, c);
      const bool is_zero = amax.bits == 0 && !amax.has_special;
      const std::size_t block = r * first.block_col_count() + c;
      ++result.compared;
      if (a != b) {
        result.add(is_zero ? difference::zero_blocks : difference::scale, {amax.bits, a, b, block});
        continue;
      }
      const unpacked scale = exact::multiply(decode(blocks.scale, a), unpack(tensor));
      for_each([&](std::size_t i, std::size_t j) {
        const code_t p = first.code(i, j), q = second.code(i, j);
        if (p == q) return;
        const unpacked x = unpack(in(i, j));
        const unpacked scaled =
            scale.is_zero() ? unpacked::zero(x.negative) : exact::divide(x, scale);
        result.add(scale.is_nan() ? difference::nan : classes(scaled, p, q),
                   {bits_of(in(i, j)), p, q, i * in.cols + j});
      });
    }
  }
  return result;
}

}  // namespace detail

/// By blocks and elements of `in`; `compared` counts blocks.
template <auto B, profile_type First, profile_type Second>
[[nodiscard]] differences diff(const First& first, const Second& second,
                               matrix_view<const float> in, const execution& how = {}) {
  return detail::diff_of<B>(quantize<B>(first, in, how), quantize<B>(second, in, how), in);
}

}  // namespace lowp
