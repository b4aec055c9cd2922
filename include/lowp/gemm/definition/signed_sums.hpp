// SPDX-License-Identifier: MIT
// The definition of products by binary-coding matrices (gemm/binary_coding_product.hpp), in scalar
// arithmetic: slow and plain, what the kernels are tested against.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/binary_coding_matrix.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp::reference {

/// The sum of eight inputs with signs, bit i of `signs` being set where x[i] is added, else it is
/// subtracted:
///   ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])),  s[i] = x[i] or -x[i],
/// each sum rounded once to binary32. So that of the complement of `signs` is the negative, and
/// where sums are exact it is any other order's, such as T[v | 1 << i] = T[v] + 2 x[i].
[[nodiscard]] inline float signed_sum(std::span<const float, 8> x, unsigned signs) {
  const auto s = [&](std::size_t i) {
    return (signs >> i & 1) != 0 ? binary32(x[i]) : -binary32(x[i]);
  };
  const binary32 low = (s(0) + s(1)) + (s(2) + s(3)), high = (s(4) + s(5)) + (s(6) + s(7));
  return pack_as<float>(unpack(low + high));
}
/// Those of all signs.
[[nodiscard]] inline std::array<float, 256> signed_sums(std::span<const float, 8> x) {
  std::array<float, 256> table;
  for (unsigned v = 0; v < 256; ++v) table[v] = signed_sum(x, v);
  return table;
}

/// y = x w^T. Inputs are those of a row of x and zeros up to a multiple of 32. A word of 32 inputs
/// with the signs of a plane has the sum W = (B[0] + B[1]) + (B[2] + B[3]), B being the signed_sum
/// of 8 inputs; a group of words the sum S = (W[0] + W[1]) + …. An element of y is 0, to which are
/// added for each group in turn scale * S for plane 0, 1, …, then, if there are offsets, offset * S
/// of all signs set. Each product and each sum is rounded once to nearest even in binary32; a NaN
/// is the canonical one.
inline void lookup_product(matrix_view<const float> x, const binary_coding_matrix& w,
                           matrix_view<float> y) {
  const auto sum_of_word = [&](std::size_t n, std::size_t word, std::uint32_t signs) {
    std::array<float, 32> inputs{};
    const std::size_t left = 32 * word;
    std::copy_n(x.row(n) + left, (std::min)(std::size_t{32}, x.cols - left), inputs.begin());
    const std::span<const float, 32> all(inputs);
    const binary32 b0(signed_sum(all.subspan<0, 8>(), signs & 255));
    const binary32 b1(signed_sum(all.subspan<8, 8>(), signs >> 8 & 255));
    const binary32 b2(signed_sum(all.subspan<16, 8>(), signs >> 16 & 255));
    const binary32 b3(signed_sum(all.subspan<24, 8>(), signs >> 24));
    return (b0 + b1) + (b2 + b3);
  };
  for (std::size_t n = 0; n < x.rows; ++n) {
    for (std::size_t row = 0; row < w.rows(); ++row) {
      binary32 sum(0);
      for (std::size_t first = 0; first < w.words_per_row(); first += w.group_cols() / 32) {
        const std::size_t end = (std::min)(w.words_per_row(), first + w.group_cols() / 32);
        const auto sum_of_group = [&](const auto& signs_of) {
          binary32 s = sum_of_word(n, first, signs_of(first));
          for (std::size_t k = first + 1; k < end; ++k) s = s + sum_of_word(n, k, signs_of(k));
          return s;
        };
        for (std::size_t p = 0; p < w.planes(); ++p) {
          const binary32 s = sum_of_group(
              [&](std::size_t k) { return w.bits()[(k * w.planes() + p) * w.rows() + row]; });
          sum = sum + binary32(w.scale(row, 32 * first, p)) * s;
        }
        if (w.offsets().empty()) continue;
        sum = sum + binary32(w.offset(row, 32 * first)) *
                        sum_of_group([](std::size_t) { return 0xFFFFFFFFu; });
      }
      y(n, row) = pack_as<float>(unpack(sum));
    }
  }
}

}  // namespace lowp::reference
