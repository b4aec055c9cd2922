// SPDX-License-Identifier: MIT
// A few rows of any operand by another one, whose values are read once: where they lie in memory,
// or as they are decoded, some rows at a time (pair_rows).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/arrays/execution.hpp"
#include "lowp/core/config.hpp"
#include "lowp/gemm/engine/binary32_panels.hpp"
#include "lowp/gemm/engine/blocked.hpp"
#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/products/product.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// All of at most most_rows_by_pairs rows, in pieces of 1, 2, 3, 4, 6 or 8, the last one filled up
/// by zeros: [piece][pair of k][row][k of the pair], with zeros up to a multiple of 32.
class rows_by_pairs {
 public:
  explicit rows_by_pairs(const row_source& from)
      : rows_(from.rows()),
        piece_(padded_few_rows((rows_ + pieces() - 1) / pieces())),
        depth_(round_up(from.cols(), 32)) {
    const matrix_view<const float>* const values = from.origin().binary32;
    if (rows_ == 1 && values != nullptr && from.cols() == depth_) {
      first_ = values->row(0);
      return;
    }
    constexpr std::size_t most = kernels::product_tile::max_depth;
    const std::size_t size = (first_row(pieces() - 1) + count(pieces() - 1)) * depth_;
    float* first = own_;
    if (size > most_own) {
      values_ = make_aligned<float>(size);
      first = values_.get();
    }
    first_ = first;
    std::fill(first, first + size, 0.0f);
    alignas(64) float part[most];
    for (std::size_t row = 0; row < rows_; ++row) {
      const std::size_t piece = row / piece_, stride = 2 * count(piece);
      float* to = first + first_row(piece) * depth_ + row % piece_ * 2;
      for (std::size_t k = 0; k < from.cols(); k += most) {
        const std::size_t n = (std::min)(most, from.cols() - k);
        from(row, k, n, part);
        for (std::size_t i = 0; i + 2 <= n; i += 2, to += stride) {
          std::memcpy(to, part + i, 2 * sizeof(float));
        }
        if (n % 2 != 0) *to = part[n - 1];
      }
    }
  }
  rows_by_pairs(const rows_by_pairs&) = delete;  // of a pointer to itself
  rows_by_pairs& operator=(const rows_by_pairs&) = delete;
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t pieces() const { return (rows_ + 7) / 8; }
  [[nodiscard]] std::size_t first_row(std::size_t piece) const { return piece * piece_; }
  /// The rows of a piece, zeros included.
  [[nodiscard]] std::size_t count(std::size_t piece) const {
    return padded_few_rows((std::min)(piece_, rows_ - first_row(piece)));
  }
  [[nodiscard]] const float* at(std::size_t piece, std::size_t k) const {
    return first_ + first_row(piece) * depth_ + k * count(piece);
  }

 private:
  /// So many values take no memory: those of any small product.
  static constexpr std::size_t most_own = 10240;
  std::size_t rows_, piece_, depth_;
  aligned_array<float> values_;
  const float* first_ = nullptr;
  alignas(64) float own_[most_own];
};

/// Some of the others, from `begin` on, and the sums of the few rows and of these.
class part_of_others {
 public:
  static constexpr std::size_t most = 64;  ///< others

  part_of_others(isa level, const rows_by_pairs& few, const row_source& others, std::size_t begin,
                 std::size_t end)
      : level_(level),
        few_(few),
        others_(others),
        begin_(begin),
        count_(end - begin),
        group_(kernels::pairs_per_vector(level)) {
    std::fill_n(totals_, most * 2 * (few.rows() + 1), 0.0f);
  }

  /// What the sums of a row begin with, at sums[row * stride].
  void begin(const float* sums, std::size_t stride) {
    for_each_total([&](std::size_t row, std::size_t other, float* total) {
      total[0] = total[1] = sums[row * stride + other];
    });
  }
  void get(float* sums, std::size_t stride) {
    for_each_total([&](std::size_t row, std::size_t other, const float* total) {
      sums[row * stride + other] = *total;
    });
  }
  /// `count` values of each from k on, at most most_depth().
  void add(std::size_t k, std::size_t count) {
    const std::size_t whole = lies_in_memory() ? count_ / group_ : 0;
    const std::size_t steps = whole == 0 ? 0 : count / 32;
    if (steps != 0) {
      const row_memory& memory = others_.memory();
      multiply(k, memory.at(begin_, k), others_.origin().is_bfloat16, memory.row_bytes, 0, whole,
               steps);
    }
    for (std::size_t group = 0; group * group_ < count_; ++group) {
      const std::size_t done = group < whole ? steps * 32 : 0;
      constexpr std::size_t most_values = kernels::product_tile::max_depth;
      for (std::size_t i = done; i < count; i += most_values) {
        add_decoded(group, k + i, (std::min)(most_values, count - i));
      }
    }
  }
  /// So many values of K that those of a piece of the few rows stay in the first-level cache.
  [[nodiscard]] std::size_t most_depth() const {
    return (std::max<std::size_t>)(1, 8 / few_.rows()) * kernels::product_tile::max_depth;
  }

 private:
  [[nodiscard]] bool lies_in_memory() const {
    return others_.origin().binary32 != nullptr || others_.origin().is_bfloat16;
  }
  /// Where the sums of a piece and of a group are.
  [[nodiscard]] float* totals(std::size_t piece, std::size_t group) {
    return totals_ + (few_.first_row(piece) * most + few_.count(piece) * group * group_) * 2;
  }
  template <class Use>
  void for_each_total(const Use& use) {
    for (std::size_t piece = 0; piece < few_.pieces(); ++piece) {
      const std::size_t first = few_.first_row(piece);
      const std::size_t rows = (std::min)(few_.count(piece), few_.rows() - first);
      for (std::size_t group = 0; group * group_ < count_; ++group) {
        float* const of_group = totals(piece, group);
        const std::size_t n = (std::min)(group_, count_ - group * group_);
        for (std::size_t row = 0; row < rows; ++row) {
          for (std::size_t i = 0; i < n; ++i) {
            use(first + row, group * group_ + i, of_group + (row * group_ + i) * 2);
          }
        }
      }
    }
  }
  void multiply(std::size_t k, const void* others, bool are_bfloat16, std::size_t stride,
                std::size_t group, std::size_t groups, std::size_t steps) {
    for (std::size_t piece = 0; piece < few_.pieces(); ++piece) {
      kernels::multiply(
          level_, kernels::pair_rows{few_.at(piece, k), few_.count(piece), others, are_bfloat16,
                                     stride, groups, steps, totals(piece, group)});
    }
  }
  void add_decoded(std::size_t group, std::size_t k, std::size_t count) {
    constexpr std::size_t stride = kernels::product_tile::buffer_stride, most_group = 8;
    alignas(64) float values[most_group * stride];
    const std::size_t padded = round_up(count, 32), first = group * group_;
    const std::size_t filled = (std::min)(group_, count_ - first);
    const std::size_t apart =
        others_.load_padded(begin_ + first, filled, group_, k, count, padded, stride, values);
    multiply(k, values, false, apart * sizeof(float), group, 1, padded / 32);
  }

  isa level_;
  const rows_by_pairs& few_;
  const row_source& others_;
  std::size_t begin_, count_, group_;
  alignas(64) float totals_[most * (most_rows_by_pairs + 1) * 2];
};

/// The sums of all products of a few rows, a, and the rows of b, in the order k32; those of a are
/// on this side of C.
inline void multiply_few_by_pairs(const row_source& a, const row_source& b, side few_are,
                                  const sum_sink& sink, const execution& how) {
  constexpr std::size_t most = part_of_others::most;
  if (a.rows() == 0) return;
  const isa level = how.level();
  const auto few = [&] {
    const default_float_environment environment;
    return rows_by_pairs(a);
  }();
  const equal_parts parts(b.rows(), part_rows(b.rows(), most, how), 16);
  const auto run = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t begin = parts.begin(i), count = parts.end(i) - begin;
    part_of_others part(level, few, b, begin, parts.end(i));
    alignas(64) float totals[most_rows_by_pairs * most];
    if (sink.start() != nullptr) {
      begin_few_rows(totals, most, a.rows(), begin, begin + count, few_are, sink);
      part.begin(totals, most);
    }
    for (std::size_t k = 0; k < b.cols(); k += part.most_depth()) {
      part.add(k, (std::min)(part.most_depth(), b.cols() - k));
    }
    part.get(totals, most);
    finish_few_rows(totals, most, a.rows(), begin, begin + count, few_are, sink);
  };
  how.run(parts.count(), task(run));
}

/// Any operands, in binary32, in the order k32.
inline void multiply_binary32(const row_source& a, const row_source& b, const sum_sink& sink,
                              const execution& how) {
  const auto few_are = few_side(a.rows(), b.rows(), most_rows_by_pairs, sink.start());
  const bool is_first = few_are == side::rows;
  const row_source& others = is_first ? b : a;
  const code_rows* const codes = others.origin().codes;
  // By whole chunks of their steps; of shorter rows several are decoded at a time.
  const bool reads_codes = (std::min)(a.rows(), b.rows()) <= most_few_rows && codes != nullptr &&
                           others.cols() >= kernels::product_steps::size &&
                           kernels::has_code_products(how.level(), codes->bits, *codes->values);
  if (!few_are || reads_codes || kernels::pairs_per_vector(how.level()) == 0) {
    return multiply_k32<binary32_panels>(a, b, sink, how);
  }
  multiply_few_by_pairs(is_first ? a : b, others, *few_are, sink, how);
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
