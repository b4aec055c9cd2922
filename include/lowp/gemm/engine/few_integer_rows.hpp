// SPDX-License-Identifier: MIT
// A few rows of integers by an operand whose codes are read once, where they lie (int32_sums).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/engine/integer_words.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Whether integer_dots reads the rows of an operand.
[[nodiscard]] inline bool are_readable(const word_rows& x) {
  const coded_integers& codes = x.integers;
  const bool are_dense = is_dense(codes.order, codes.format.bits());
  return !codes.has_table && x.plan.are_bytes() && x.plan.are_aligned() && are_dense &&
         codes.row_bytes >= 0 &&
         (codes.format.bits() == 8 || (codes.format.bits() == 4 && !codes.order.is_msb_first));
}

/// A few rows as integer_dots takes them.
class few_integer_rows {
 public:
  using dots = kernels::integer_dots;

  few_integer_rows(isa level, const word_rows& from)
      : span_count_(from.plan.span_count()),
        stride_(from.plan.words() * 4 + dots::alignment),
        bytes_(make_aligned<std::uint8_t>((from.rows() + 1) * stride_)),
        scales_(make_aligned<float>(span_count_ * dots::most_rows)),
        sums_(make_aligned<std::uint32_t>(span_count_ * dots::most_rows)),
        zeros_(make_aligned<std::uint32_t>(span_count_ * dots::most_rows)) {
    std::fill(bytes_.get(), bytes_.get() + from.rows() * stride_, std::uint8_t{0});
    std::fill(bytes_.get() + from.rows() * stride_, bytes_.get() + (from.rows() + 1) * stride_,
              std::uint8_t{1});
    for (std::size_t row = 0; row < from.rows(); ++row) {
      std::uint8_t* const x = bytes_.get() + row * stride_;
      alignas(64) std::uint32_t words[sum_plan::tile::max_words];
      for (std::size_t word = 0; word < from.cols(); word += sum_plan::tile::max_words) {
        const std::size_t n = (std::min)(sum_plan::tile::max_words, from.cols() - word);
        from.load(level, row, word, 0, words);
        std::memcpy(x + word * 4, words, n * 4);
      }
      const word_rows::constants of = from.of_row(row);
      for (std::size_t span = 0; span < span_count_; ++span) {
        const std::size_t at = span * dots::most_rows + row;
        const std::size_t size = from.plan.span(span)->words * 4;
        scales_[at] = of.scale(span);
        sums_[at] = kernels::sum_signed_bytes(x + from.plan.part_of(span).place, size);
        zeros_[at] = static_cast<std::uint32_t>(of.zero(span) - from.integers.center());
      }
    }
  }
  /// Of the spans from one on.
  void describe(std::size_t span, dots& p) const {
    p.rows = bytes_.get();
    p.row_stride = stride_;
    p.row_sums = sums_.get() + span * dots::most_rows;
    p.row_zeros = zeros_.get() + span * dots::most_rows;
    p.row_scales = scales_.get() + span * dots::most_rows;
  }

 private:
  std::size_t span_count_, stride_;
  aligned_array<std::uint8_t> bytes_;
  aligned_array<float> scales_;
  aligned_array<std::uint32_t> sums_, zeros_;
};

/// The product of a few rows, a, and others that are readable; those of a are on this side of C.
inline void multiply_few_integer_rows(const word_rows& a, const word_rows& b, side few_are,
                                      const sum_sink& sink, const execution& how) {
  using dots = kernels::integer_dots;
  constexpr std::size_t group = dots::group, most_rows = 64, most_buffers = 128,
                        most_bytes = 1 << 14;
  if (a.rows() == 0) return;
  const few_integer_rows few(how.level(), a);
  const bool has_ones = a.integers.has_zeros();
  // Codes of 4 bits are bytes with a sign and without.
  const int lowered = b.integers.format.bits() == 8 ? 128 - kernels::row_byte_offset : 0;
  const std::size_t row_count = a.rows() + (has_ones ? 1 : 0);
  // So many spans that the buffers, and the bytes of the few rows, stay in a cache.
  const auto end_of = [&](std::size_t span) {
    const std::size_t most = span + most_buffers / row_count, first = b.plan.part_of(span).place;
    std::size_t end = span + 1;
    while (end < (std::min)(most, b.plan.span_count()) &&
           (b.plan.part_of(end).place - first) * row_count < most_bytes) {
      ++end;
    }
    return end;
  };
  const equal_parts parts(b.rows(), part_rows(b.rows(), most_rows, how), group);
  const auto run = [&](std::size_t i) {
    const default_float_environment environment;
    alignas(64) std::uint32_t buffer[most_buffers * group * group];
    alignas(64) std::uint32_t rest[dots::most_rows * group];
    alignas(64) float totals[dots::most_rows * most_rows] = {};
    alignas(64) float scales[most_buffers * group] = {};
    alignas(64) std::uint32_t zeros[most_buffers * group] = {};
    begin_few_rows(totals, most_rows, a.rows(), parts.begin(i), parts.end(i), few_are, sink);
    for (std::size_t first = parts.begin(i); first < parts.end(i); first += group) {
      const std::size_t count = (std::min)(group, parts.end(i) - first);
      if (count < group) std::fill(buffer, buffer + most_buffers * group * group, 0u);
      for (std::size_t span = 0, n = 0; span < b.plan.span_count(); span += n) {
        n = end_of(span) - span;
        const int lowest = lowered - b.integers.sign();
        for (std::size_t j = 0; j < count; ++j) {
          const word_rows::constants of = b.of_row(first + j);
          for (std::size_t s = 0; s < n; ++s) {
            scales[s * group + j] = of.scale(span + s);
            zeros[s * group + j] = static_cast<std::uint32_t>(of.zero(span + s) - lowest);
          }
        }
        dots p{};
        few.describe(span, p);
        p.row_count = row_count;
        p.has_ones = has_ones;
        p.others = b.integers.codes + static_cast<std::ptrdiff_t>(first) * b.integers.row_bytes;
        p.other_stride = static_cast<std::size_t>(b.integers.row_bytes);
        p.other_count = count;
        p.are_nibbles = b.integers.format.bits() == 4;
        p.flip = static_cast<std::uint8_t>(b.integers.sign() ^ lowered);
        p.spans = b.plan.span(span);
        p.parts = &b.plan.part_of(span);
        p.span_count = n;
        p.other_zeros = zeros;
        p.other_scales = scales;
        p.rows_first = few_are == side::rows;
        p.buffer = buffer;
        p.totals = totals + (first - parts.begin(i));
        p.total_stride = most_rows;
        p.rest = rest;
        kernels::multiply(p);
      }
    }
    finish_few_rows(totals, most_rows, a.rows(), parts.begin(i), parts.end(i), few_are, sink);
  };
  how.run(parts.count(), task(run));
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
