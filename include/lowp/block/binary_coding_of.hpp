// SPDX-License-Identifier: MIT
// Other weights as binary-coding matrices: integers with a scale and a zero point (LUT-GEMM, arXiv
// 2206.09557, section on uniform quantization), planes of -1, 0 and 1. The umbrella header leaves
// it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>

#include "lowp/block/affine_matrix.hpp"
#include "lowp/block/binary_coding_matrix.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/residual_matrix.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {
namespace detail {

/// The group of a coding for groups of `width` elements, 0 if that is the row.
[[nodiscard]] inline std::size_t coded_group(std::size_t width, std::size_t cols) {
  if (width >= cols) return 0;
  if (width % 32 != 0) {
    refuse("binary_coding_of: groups have " + std::to_string(width) +
           " columns, expected a multiple of 32 or a row");
  }
  return width;
}

/// Plane `first` and the next one become those of a ternary matrix: half its scale for each, the
/// signs of 0 being different.
template <auto F>
void put_ternary(const block_matrix<F>& from, std::size_t first, binary_coding_matrix& to) {
  for (std::size_t row = 0; row < to.rows(); ++row) {
    for (std::size_t col = 0; col < to.cols(); ++col) {
      if (col % to.group_cols() == 0) {
        const unpacked scale = from.group(row / from.block_rows(), col / from.block_cols()).scale;
        const unpacked half = scale_by_power_of_two(scale, -1);
        for (const std::size_t p : {first, first + 1}) {
          to.set_scale(row, col, p, pack_as<float>(half));
        }
      }
      const unpacked t = decode(formats::ternary, from.code(row, col));
      const unsigned signs = t.is_zero() ? 1u : t.negative ? 0u : 3u;
      to.set_code(row, col, to.code(row, col) | signs << first);
    }
  }
}

template <class Matrix>
inline constexpr bool is_ternary_matrix = false;
template <auto F>
requires(F.element == formats::ternary && std::is_same_v<decltype(F.zero), no_level> &&
         std::is_same_v<decltype(F.offset),
                        no_level>) inline constexpr bool is_ternary_matrix<block_matrix<F>> = true;

}  // namespace detail

/// (q - z) s of codes of B bits: scales s 2^(p - 1) of plane p, offsets s ((2^B - 1) / 2 - z), each
/// rounded once to binary32; of two's complement q, z and the sum have 2^(B - 1) added. Where s has
/// so few significant bits that (q - z) s is exact, as those of binary16 and bfloat16 have, values
/// are the same. Throws std::invalid_argument if a group has a number of columns that is neither a
/// multiple of 32 nor the row.
template <auto F, packing P>
requires(F.bits() <= 8) [[nodiscard]] binary_coding_matrix
    binary_coding_of(const affine_matrix_view<F, P>& x) {
  constexpr std::int64_t low = integers_of(F).range.low < 0 ? -(1 << (F.bits() - 1)) : 0;
  static_assert(
      integers_of(F).range.low >= low && integers_of(F).range.high < low + (1 << F.bits()),
      "codes are integers of so many bits as they have");
  binary_coding_matrix w(x.rows(), x.cols(),
                         {.planes = F.bits(),
                          .group = detail::coded_group(x.group_cols(), x.cols()),
                          .has_offsets = true});
  for (std::size_t row = 0; row < x.rows(); ++row) {
    for (std::size_t col = 0; col < x.cols(); ++col) {
      if (col % w.group_cols() == 0) {
        const unpacked s = unpack(x.scale(row, col));
        for (int p = 0; p < F.bits(); ++p) {
          w.set_scale(row, col, static_cast<std::size_t>(p),
                      pack_as<float>(scale_by_power_of_two(s, p - 1)));
        }
        const std::int64_t twice = (1 << F.bits()) - 1 + 2 * (low - x.zero(row, col));
        const unpacked offset = exact::multiply(unpacked::from_integer(twice), s);
        w.set_offset(row, col, pack_as<float>(scale_by_power_of_two(offset, -1)));
      }
      const std::int64_t q = x.integer(row, col) + x.zero(row, col) - low;
      w.set_code(row, col, static_cast<unsigned>(q));
    }
  }
  return w;
}

/// A plane of -1, 0 and 1 as two of signs with half its scale each; a residual_matrix of several,
/// such as quantize_ternary_planes makes, as twice as many. Scales are those of all levels, halved
/// and rounded to binary32; where nothing is rounded, the value of one plane is the same.
/// Throws std::invalid_argument as above, and for terms whose groups differ.
template <auto... F>
requires(sizeof...(F) >= 1 && sizeof...(F) <= 4 &&
         (detail::is_ternary_matrix<block_matrix<F>> && ...)) [[nodiscard]] binary_coding_matrix
    binary_coding_of(const residual_matrix<block_matrix<F>...>& x) {
  const std::size_t width = x.template term<0>().block_cols();
  std::size_t first = 0;
  binary_coding_matrix w(x.rows(), x.cols(),
                         {.planes = 2 * static_cast<int>(sizeof...(F)),
                          .group = detail::coded_group(width, x.cols())});
  const auto put = [&](const auto& term) {
    if (term.block_cols() != width) {
      refuse("binary_coding_of: groups of term " + std::to_string(first / 2) + " have " +
             std::to_string(term.block_cols()) + " columns, expected " + std::to_string(width) +
             " as those of the first");
    }
    detail::put_ternary(term, first, w);
    first += 2;
  };
  std::apply([&](const auto&... term) { (put(term), ...); }, x.terms());
  return w;
}
template <auto F>
requires(detail::is_ternary_matrix<block_matrix<F>>) [[nodiscard]] binary_coding_matrix
    binary_coding_of(const block_matrix<F>& x) {
  binary_coding_matrix w(x.rows(), x.cols(),
                         {.planes = 2, .group = detail::coded_group(x.block_cols(), x.cols())});
  detail::put_ternary(x, 0, w);
  return w;
}

}  // namespace lowp
