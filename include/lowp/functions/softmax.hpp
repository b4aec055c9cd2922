// SPDX-License-Identifier: MIT
// Softmax over the rows of a matrix: e^x[i] over the sum of e^x[j], or with 2 in place of e.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "lowp/arrays/bulk.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/functions/binary32_results.hpp"
#include "lowp/functions/scaled_exponential.hpp"
#include "lowp/functions/softmax_sums.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/functions/exponential_rows.hpp"
#include "lowp/transforms/places.hpp"

namespace lowp {
namespace row_functions {

/// What the exponentials of each block are multiplied by: 2^(exponent - that of the sum) times one
/// over its mantissa, rounded to binary64, then to binary32.
inline void set_factors(const scaled_exponential& sum, kernels::exponential_sum* blocks,
                        std::size_t count) {
  const double reciprocal = opaque(1.0 / sum.mantissa);
  for (std::size_t i = 0; i < count; ++i) {
    const auto below = static_cast<std::int32_t>(blocks[i].exponent) - sum.exponent;
    blocks[i].factor = opaque(static_cast<float>(opaque(reciprocal * scaled_power(below))));
  }
}
/// A row that has no softmax: NaN, or where all is masked what stands for zero.
inline void fill_special(const softmax_sum& sum, masked_row masked, float zero, std::size_t count,
                         float* out) {
  const bool is_zero = sum.is == softmax_sum::kind::masked && masked == masked_row::zero;
  const float value = is_zero ? zero : canonical_nan();
  for (std::size_t i = 0; i < count; ++i) out[i] = value;
}
/// What a row of `cols` does not see, from `visible` on.
inline void fill_hidden(std::size_t visible, std::size_t cols, float value, float* out) {
  for (std::size_t i = visible; i < cols; ++i) out[i] = value;
}

}  // namespace row_functions

inline namespace LOWP_BASELINE {
namespace bulk {

/// Elements of a row that threads share, and of a piece of one; and of a row whose exponentials
/// wait in a buffer to be written past the caches.
inline constexpr std::size_t shared_row_size = std::size_t{1} << 19;
inline constexpr std::size_t row_piece_size = std::size_t{1} << 16;
inline constexpr std::size_t buffered_row_size = std::size_t{1} << 13;

/// The steps of a softmax: of a row or of the pieces of one.
struct softmax_steps {
  softmax_algorithm algorithm = softmax_algorithm::automatic;
  bool is_in_place = false;
  bool streams = false;  ///< results go past the caches

  [[nodiscard]] bool keeps() const { return algorithm != softmax_algorithm::two_pass; }
  [[nodiscard]] bool looks_first() const {
    return algorithm == softmax_algorithm::three_pass || (keeps() && is_in_place);
  }
};
[[nodiscard]] inline softmax_steps steps_of_softmax(const matrix_view<const float>& in,
                                                    const matrix_view<float>& out,
                                                    softmax_algorithm algorithm) {
  softmax_steps s{algorithm, in.data == out.data, false};
  s.streams = !s.is_in_place && in.rows * in.cols * 8 >= streaming_bytes;
  if (algorithm == softmax_algorithm::automatic) {
    s.algorithm =
        in.cols * 8 < streaming_bytes ? softmax_algorithm::online : softmax_algorithm::two_pass;
  }
  return s;
}

/// One row on one thread, which sees `count` of its columns. `blocks` has room for its blocks.
inline void softmax_row(isa level, const softmax_parameters& p, const softmax_steps& s,
                        const float* x, std::size_t count, std::size_t cols,
                        kernels::exponential_sum* blocks, float* out) {
  alignas(64) float buffer[buffered_row_size];
  const bool is_buffered = s.keeps() && s.streams && count <= buffered_row_size;
  float* const kept = !s.keeps() ? nullptr : is_buffered ? buffer : out;
  softmax_piece row(level, p, x, count, blocks);
  const std::size_t block_count = lowp::row_functions::blocks_of(count);
  const auto sum = sum_row(row, blocks, block_count, s.looks_first(), [&] { row.sum(kept); });
  if (sum.is != lowp::row_functions::softmax_sum::kind::finite) {
    return lowp::row_functions::fill_special(sum, p.masked, 0, cols, out);
  }
  lowp::row_functions::fill_hidden(count, cols, 0, out);
  lowp::row_functions::set_factors(sum.sum, blocks, block_count);
  if (s.keeps()) {
    kernels::multiply_blocks(level, kept, count, blocks, out, is_buffered);
    return;
  }
  // From the last piece to the first: of a row that no cache holds one has read the end last.
  for (std::size_t end = count; end != 0;) {
    const std::size_t first = (end - 1) / row_piece_size * row_piece_size;
    softmax_piece piece(level, p, x + first, end - first,
                        blocks + first / kernels::exponential_block);
    piece.shift_by(sum.shift);
    piece.weigh(out + first, s.streams);
    end = first;
  }
}

/// One row whose pieces are shared among threads.
inline void softmax_long_row(const execution& how, const softmax_parameters& p,
                             const softmax_steps& s, const float* x, std::size_t count,
                             std::size_t cols, kernels::exponential_sum* blocks, float* out) {
  constexpr std::size_t block = kernels::exponential_block;
  const auto in_pieces = [&](float shift, const auto& use) {
    const auto part = [&](std::size_t i) {
      const default_float_environment environment;
      const std::size_t first = i * row_piece_size;
      softmax_piece piece(how.level(), p, x + first, (std::min)(row_piece_size, count - first),
                          blocks + first / block);
      piece.shift_by(shift);
      use(piece, first);
    };
    how.run((count + row_piece_size - 1) / row_piece_size, task(part));
  };
  softmax_piece row(how.level(), p, x, count, blocks);
  const std::size_t block_count = lowp::row_functions::blocks_of(count);
  const default_float_environment environment;
  const auto sum = sum_row(row, blocks, block_count, s.looks_first(), [&] {
    in_pieces(row.shift(), [&](const softmax_piece& piece, std::size_t first) {
      piece.sum(s.keeps() ? out + first : nullptr);
    });
  });
  if (sum.is != lowp::row_functions::softmax_sum::kind::finite) {
    return lowp::row_functions::fill_special(sum, p.masked, 0, cols, out);
  }
  lowp::row_functions::fill_hidden(count, cols, 0, out);
  lowp::row_functions::set_factors(sum.sum, blocks, block_count);
  in_pieces(sum.shift, [&](const softmax_piece& piece, std::size_t first) {
    if (s.keeps()) {
      piece.multiply(out + first);
    } else {
      piece.weigh(out + first, s.streams);
      if (s.streams) kernels::end_streaming();
    }
  });
}

/// Calls use(row, blocks) for each row, on the threads of `how`, with room for its blocks.
template <class Use>
void with_blocks(const execution& how, std::size_t rows, std::size_t cols, const Use& use) {
  constexpr std::size_t few = 64;
  const std::size_t block_count = lowp::row_functions::blocks_of(cols);
  std::vector<kernels::exponential_sum> all(block_count > few ? rows * block_count : 0);
  const std::size_t height = (std::max)(std::size_t{1}, piece_size / cols);
  const auto part = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t end = (std::min)(rows, (i + 1) * height);
    for (std::size_t row = i * height; row < end; ++row) {
      kernels::exponential_sum some[few];
      use(row, block_count > few ? all.data() + row * block_count : some);
    }
    kernels::end_streaming();
  };
  how.run((rows + height - 1) / height, task(part));
}

}  // namespace bulk

/// Each row of `in` to `out`, which has its shape and may be `in`: out[i] = base^x[i] over the sum
/// of all base^x[j], where x[i] = in[i] * scale, rounded to binary32. The definition, each
/// operation rounded to nearest even, is reference::softmax (functions/softmax_reference.hpp):
///   1. base^x[i] = m * 2^n (kernels/functions/exp.inc, exp2.inc); a row whose largest n is
///      beyond 2^16 in magnitude is first shifted by its largest element, which is exact where it
///      matters, so that nothing overflows up to the largest number
///   2. in each block of 1024 elements, e[i] = m * 2^(n - N), or zero if n - N < -126, where N is
///      the largest n of the block, or the next integer if that is even; the sum S of the block in
///      16 chains of binary32, in the order that kernels/functions/exponential_rows.hpp states
///   3. sums of the blocks S * 2^N, pairs that cannot overflow, are added in binary64, from the
///      first to the last: M * 2^K
///   4. out[i] = e[i] * f, f = (1 / M) * 2^(N - K), rounded to binary64, then to binary32
/// All algorithms, threads and instruction sets have these bits. Results above 2^-120 are off by at
/// most 10 units in the last place, for rows of up to 2^22 elements (measured; the most where all
/// elements of a row are equal, so that a chain rounds the same way 64 times); lower ones may be
/// zero.
///
/// Elements that are -infinity, as masks have them, become 0. A row with nothing else becomes what
/// `masked` says; a row with +infinity or NaN becomes NaN (0x7FC00000). `causal` masks what lies
/// after a row's own column. Throws
/// std::invalid_argument, before writing, for shapes that differ, matrices that share some elements
/// only, a scale that is infinite or NaN.
/// Source: Dukhan and Ablavatski, The Two-Pass Softmax Algorithm, arXiv:2001.04438; Milakov and
/// Gimelshein, Online normalizer calculation for softmax, arXiv:1805.02867.
///   softmax(x, y);  softmax(x, y, {.base = exponential_base::two, .scale = 0.125f}, threads{2});
///   softmax(scores, scores, {.scale = 0.125f, .causal = keys - queries});
inline void softmax(matrix_view<const float> in, matrix_view<float> out,
                    const softmax_parameters& p = {}, const execution& how = {}) {
  bulk::require_place("softmax", in, out);
  bulk::require_softmax("softmax", p);
  if (in.rows == 0 || in.cols == 0) return;
  const bulk::softmax_steps s = bulk::steps_of_softmax(in, out, p.algorithm);
  if (!how.is_sequential() && in.cols >= bulk::shared_row_size && in.rows < 16) {
    std::vector<kernels::exponential_sum> blocks(lowp::row_functions::blocks_of(in.cols));
    for (std::size_t row = 0; row < in.rows; ++row) {
      const std::size_t count = lowp::row_functions::visible_columns(p, row, in.cols);
      bulk::softmax_long_row(how, p, s, in.row(row), count, in.cols, blocks.data(), out.row(row));
    }
    return;
  }
  bulk::with_blocks(how, in.rows, in.cols, [&](std::size_t row, kernels::exponential_sum* blocks) {
    const std::size_t count = lowp::row_functions::visible_columns(p, row, in.cols);
    bulk::softmax_row(how.level(), p, s, in.row(row), count, in.cols, blocks, out.row(row));
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
