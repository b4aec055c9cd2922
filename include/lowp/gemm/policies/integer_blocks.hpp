// SPDX-License-Identifier: MIT
// A policy that adds as kernels for quantized blocks do: exact sums of integers for each block,
// scaled in binary32, blocks one after the other along K.
//
// It is no gemm_policy: what it adds are codes and levels of compositions, not values. Products by
// it are in gemm/integer_blocks.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "lowp/core/config.hpp"
#include "lowp/gemm/operands/block_row.hpp"

namespace lowp {

/// How the sum S of a block is multiplied by the scale x of a's block and the scale y of b's, each
/// operation rounded to binary32.
enum class scale_order : std::uint8_t {
  product,  ///< S * (x * y)
  a_first,  ///< (S * x) * y
  b_first,  ///< (S * y) * x
};

/// A level of a composition whose numbers are integers of at most 16 bits times a power of two
/// joins the integers of the elements, from the element up to the first level of other numbers; the
/// product of that level and of those above it, and the powers of two, rounded once to binary32, is
/// the scale of a block: of 256 elements of Q6_K, whose scales of 16 are integers, of 32 of Q8_0.
/// An offset is likewise an integer times a scale.
///
/// K is cut where a block of either operand ends, or of an offset. The sum of a piece is exact,
/// converted to binary32, multiplied by both scales and added to the result, in the order of K, one
/// rounding to nearest even each. Where an operand has offsets, the sum of the other one's integers
/// times the integers of the offsets is exact, too; it is multiplied by the other scale and that of
/// the offsets, and subtracted from the scaled sum of the piece before this is added.
///
/// ggml's portable kernels (ggml_vec_dot_*_generic, compiled without contraction), with the weights
/// as b and the activations as a, are the default for Q5_0, Q8_0, IQ4_NL and MXFP4 by Q8_0 and Q2_K
/// by Q8_K; scale_order::b_first for Q4_0 by Q8_0; chains = 8 for Q3_K, Q4_K, Q5_K and Q6_K by
/// Q8_K. Q4_1 and Q5_1 by Q8_1 take a sum of the activations that was rounded when they were
/// quantized: there it is exact.
struct integer_block_sums {
  scale_order scales = scale_order::product;
  /// Sums side by side: with more than one the products k of a piece go to the sum k mod chains,
  /// each of which is scaled and added to its own result; offsets go to another one, to which these
  /// are added, one after the other, at the end.
  int chains = 1;

  constexpr bool operator==(const integer_block_sums&) const = default;
  static constexpr int most_chains = 64;
};

/// Why a policy contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const integer_block_sums& p) {
  return p.chains >= 1 && p.chains <= integer_block_sums::most_chains
             ? nullptr
             : "chains lies between 1 and 64";
}

namespace policies {
inline constexpr integer_block_sums integer_blocks{};
}

/// What one element of C is the sum of.
struct block_terms {
  std::size_t depth;
  block_row a, b;

  /// Where the piece of K that begins with k ends.
  [[nodiscard]] std::size_t end_of_piece(std::size_t k) const {
    std::size_t end = depth;
    for (const std::size_t block : {a.block, b.block, a.shift_block, b.shift_block}) {
      const std::size_t left = block - k % block;
      if (left < end - k) end = k + left;
    }
    return end;
  }
};

/// The definition.
[[nodiscard]] inline float sum_blocks(const integer_block_sums& p, const block_terms& t) {
  const auto scaled = [&p](std::int64_t sum, float x, float y) {
    const float s = opaque(static_cast<float>(sum));
    switch (p.scales) {
      case scale_order::a_first: return opaque(opaque(s * opaque(x)) * opaque(y));
      case scale_order::b_first: return opaque(opaque(s * opaque(y)) * opaque(x));
      default: return opaque(s * opaque(opaque(x) * opaque(y)));
    }
  };
  const auto chains = static_cast<std::size_t>(p.chains);
  std::array<float, integer_block_sums::most_chains> totals{};
  float total = 0;
  for (std::size_t k = 0, end = 0; k < t.depth; k = end) {
    end = t.end_of_piece(k);
    std::array<std::int64_t, integer_block_sums::most_chains> sums{};
    std::int64_t a_shifted = 0, b_shifted = 0, both = 0;  // with the offsets of a, of b, of both
    for (std::size_t i = k; i < end; ++i) {
      const std::int64_t x = t.a.integers[i], y = t.b.integers[i];
      sums[i % chains] += x * y;
      if (t.b.shifts != nullptr) b_shifted += x * t.b.shift(i);
      if (t.a.shifts != nullptr) a_shifted += y * t.a.shift(i);
      if (t.a.shifts != nullptr && t.b.shifts != nullptr) both += t.a.shift(i) * t.b.shift(i);
    }
    const float x = t.a.scales[k / t.a.block], y = t.b.scales[k / t.b.block];
    float term = scaled(sums[0], x, y);
    if (chains > 1) {
      for (std::size_t c = 0; c < chains; ++c) {
        totals[c] = opaque(totals[c] + scaled(sums[c], x, y));
      }
      term = 0;
    }
    if (t.b.shifts != nullptr) term = opaque(term - scaled(b_shifted, x, t.b.shift_scale(k)));
    if (t.a.shifts != nullptr) term = opaque(term - scaled(a_shifted, t.a.shift_scale(k), y));
    if (t.a.shifts != nullptr && t.b.shifts != nullptr) {
      term = opaque(term + scaled(both, t.a.shift_scale(k), t.b.shift_scale(k)));
    }
    total = opaque(total + term);
  }
  for (std::size_t c = 0; chains > 1 && c < chains; ++c) total = opaque(total + totals[c]);
  return total;
}

}  // namespace lowp
