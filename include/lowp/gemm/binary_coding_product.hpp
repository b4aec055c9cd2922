// SPDX-License-Identifier: MIT
// Products of few rows by weights in planes of signs, by looking sums of inputs up (LUT-GEMM, arXiv
// 2206.09557). The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/block/binary_coding_matrix.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/memory.hpp"
#include "lowp/kernels/signed_sums/signed_sums.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// A few rows of inputs, as tables of sums, by all weights.
class lookup_job {
 public:
  /// Rows of inputs whose tables are kept at a time.
  static constexpr std::size_t most_inputs = 8;

  lookup_job(isa level, const matrix_view<const float>& x, const binary_coding_matrix& w,
             const matrix_view<float>& y)
      : level_(level),
        x_(x),
        w_(w),
        y_(y),
        group_words_(w.group_cols() / 32),
        table_words_(kernels::signed_sum_table_words(level)),
        tables_(x.rows * w.words_per_row() * table_words_) {
    for (std::size_t n = 0; n < x.rows; ++n) fill_tables(n);
  }

  /// For `count` weights from `first` on, a multiple of the rows of a block.
  void run(std::size_t first, std::size_t count) const {
    const default_float_environment environment;
    for (std::size_t n = 0; n < x_.rows; ++n) std::fill_n(y_.row(n) + first, count, 0.0f);
    // Bits are read from memory once for all rows of inputs.
    const std::size_t height = x_.rows == 1 ? count : (std::min)(count, shared_rows);
    std::vector<std::uint32_t> sums(group_words_ > piece_words ? w_.planes() * height : 0);
    const std::size_t end = first + count;
    for (std::size_t group = 0; group < w_.groups_per_row(); ++group) {
      for (std::size_t row = first; row < end; row += height) {
        const std::size_t rows = (std::min)(height, end - row), whole = rows / block * block;
        for (std::size_t n = 0; n < x_.rows; ++n) {
          if (whole != 0) add_group(n, group, of_rows(group, row, whole), sums, y_.row(n) + row);
          if (whole != rows) add_rest(n, group, row + whole, rows - whole);
        }
      }
    }
    for (std::size_t n = 0; n < x_.rows; ++n) {
      for (std::size_t row = first; row < end; ++row) {
        const auto bits = std::bit_cast<std::uint32_t>(y_(n, row));
        if ((bits & 0x7FFFFFFFu) > 0x7F800000u) y_(n, row) = from_bits<float>(0x7FC00000u);
      }
    }
  }

 private:
  static constexpr std::size_t block = kernels::signed_sum_rows;
  static constexpr std::size_t shared_rows = 256;
  static constexpr std::size_t piece_words = 4;  // tables of half an L1 cache at most
  using piece = kernels::signed_sum_piece;

  [[nodiscard]] static const std::uint32_t* words(const float* x) {
    return reinterpret_cast<const std::uint32_t*>(x);
  }

  void fill_tables(std::size_t n) {
    const default_float_environment environment;
    const std::size_t whole = w_.cols() / 32, rest = w_.cols() % 32;
    std::uint32_t* const to = tables_.get() + n * w_.words_per_row() * table_words_;
    kernels::fill_signed_sum_tables(level_, words(x_.row(n)), whole, to);
    float last[32] = {};
    if (rest != 0) {
      std::memcpy(last, x_.row(n) + 32 * whole, rest * sizeof(float));
      kernels::fill_signed_sum_tables(level_, words(last), 1, to + whole * table_words_);
    }
    if (w_.offsets().empty()) return;
    for (std::size_t group = 0; group < w_.groups_per_row(); ++group) {
      float sum = 0;
      const std::size_t begin = group * group_words_;
      for (std::size_t k = begin; k < (std::min)(w_.words_per_row(), begin + group_words_); ++k) {
        const float word = sum_of_word(k < whole ? x_.row(n) + 32 * k : last);
        sum = k == begin ? word : lowp::detail::sum_of_floats(sum, word);
      }
      group_sums_.push_back(std::bit_cast<std::uint32_t>(sum));
    }
  }
  /// Of all inputs as they are.
  [[nodiscard]] static float sum_of_word(const float* x) {
    float sums[32];
    std::memcpy(sums, x, sizeof sums);
    for (std::size_t count = 16; count != 0; count /= 2) {
      for (std::size_t i = 0; i < count; ++i) {
        sums[i] = lowp::detail::sum_of_floats(sums[2 * i], sums[2 * i + 1]);
      }
    }
    return sums[0];
  }

  /// Whole blocks of rows of a group, as they lie.
  [[nodiscard]] piece of_rows(std::size_t group, std::size_t row, std::size_t rows) const {
    const std::size_t planes = w_.planes(), m = w_.rows();
    piece p{.planes = planes, .rows = rows};
    p.bits = w_.bits().data() + group * group_words_ * planes * m + row;
    p.word_step = planes * m;
    p.plane_step = m;
    p.scales = words(w_.scales().data() + group * planes * m + row);
    p.scale_step = m;
    if (!w_.offsets().empty()) p.offsets = words(w_.offsets().data() + group * m + row);
    return p;
  }
  void add_group(std::size_t n, std::size_t group, piece p, std::vector<std::uint32_t>& sums,
                 float* y) const {
    const std::size_t begin = group * group_words_;
    const std::size_t count = (std::min)(group_words_, w_.words_per_row() - begin);
    p.sums = sums.data();
    p.y = reinterpret_cast<std::uint32_t*>(y);
    if (p.offsets != nullptr) p.group_sum = group_sums_[n * w_.groups_per_row() + group];
    for (std::size_t k = 0; k < count; k += piece_words) {
      p.words = (std::min)(piece_words, count - k);
      p.begins = k == 0;
      p.ends = k + p.words == count;
      p.tables = tables_.get() + (n * w_.words_per_row() + begin + k) * table_words_;
      kernels::add_signed_sums(level_, p);
      p.bits += p.words * p.word_step;
    }
  }
  /// Fewer rows than a block has: in a copy.
  void add_rest(std::size_t n, std::size_t group, std::size_t row, std::size_t rows) const {
    const piece from = of_rows(group, row, rows);
    const std::size_t count =
        (std::min)(group_words_, w_.words_per_row() - group * group_words_) * w_.planes();
    std::vector<std::uint32_t> bits(count * block), sums(w_.planes() * block);
    std::vector<std::uint32_t> scales(w_.planes() * block);
    std::uint32_t offsets[block] = {};
    float y[block] = {};
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(from.bits + i * from.plane_step, rows, bits.data() + i * block);
    }
    for (std::size_t p = 0; p < w_.planes(); ++p) {
      std::copy_n(from.scales + p * from.scale_step, rows, scales.data() + p * block);
    }
    if (from.offsets != nullptr) std::copy_n(from.offsets, rows, offsets);
    std::copy_n(y_.row(n) + row, rows, y);
    piece p{.planes = w_.planes(), .rows = block};
    p.bits = bits.data();
    p.word_step = w_.planes() * block;
    p.plane_step = block;
    p.scales = scales.data();
    p.scale_step = block;
    if (from.offsets != nullptr) p.offsets = offsets;
    add_group(n, group, p, sums, y);
    std::copy_n(y, rows, y_.row(n) + row);
  }

  isa level_;
  matrix_view<const float> x_;
  const binary_coding_matrix& w_;
  matrix_view<float> y_;
  std::size_t group_words_, table_words_;
  lowp::detail::aligned_array<std::uint32_t> tables_;
  std::vector<std::uint32_t> group_sums_;
};

}  // namespace bulk

/// y = x w^T of n x K inputs and M x K weights: for few rows of inputs, one above all, which take
/// as long as reading the bits. For each 8 inputs there are 256 sums with signs, of which a byte of
/// a plane names one: 8 weights cost one addition. The order of sums is that of
/// reference::lookup_product (gemm/definition/signed_sums.hpp), of which this has the bits, for any
/// `execution` and any options of the compiler; what sums exactly is the dense product. Takes
/// memory for 16 bytes for each input, 128 without AVX2, of at most 8 rows at a time.
///
///   const auto w = quantize_binary_coding(weights, {.coding = {.planes = 3}});
///   lookup_product(x, w, y);
///
/// Throws std::invalid_argument, before writing, for shapes that do not fit or if y shares elements
/// with x.
inline void lookup_product(matrix_view<const float> x, const binary_coding_matrix& w,
                           matrix_view<float> y, const execution& how = {}) {
  if (x.cols != w.cols()) {
    refuse("lookup_product: x has " + std::to_string(x.cols) + " columns, expected " +
           std::to_string(w.cols()) + " as w has them");
  }
  if (y.rows != x.rows || y.cols != w.rows()) {
    refuse("lookup_product: y is " + std::to_string(y.rows) + " x " + std::to_string(y.cols) +
           ", expected " + std::to_string(x.rows) + " x " + std::to_string(w.rows()));
  }
  if (bulk::share_elements(x, matrix_view<const float>(y))) {
    refuse("lookup_product: x and y overlap, expected matrices apart from each other");
  }
  if (w.rows() == 0) return;
  constexpr std::size_t part_rows = 1024;  // a multiple of a block's
  const std::size_t height = how.is_sequential() ? w.rows() : part_rows;
  for (std::size_t n = 0; n < x.rows; n += bulk::lookup_job::most_inputs) {
    const std::size_t count = (std::min)(bulk::lookup_job::most_inputs, x.rows - n);
    const bulk::lookup_job job(how.level(), x.row_range(n, count), w, y.row_range(n, count));
    const auto part = [&](std::size_t i) {
      job.run(i * height, (std::min)(height, w.rows() - i * height));
    };
    run_and_rethrow(how, (w.rows() - 1) / height + 1, task(part));
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
