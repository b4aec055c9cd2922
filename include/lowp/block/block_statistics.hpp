// SPDX-License-Identifier: MIT
// Statistics of each block of a matrix in one pass, by kernels: extremes, counts and sums. The
// umbrella header leaves this out.
//
// Sums are in binary64, in the order of block/aggregate.hpp; a square is exact in it. NaNs and
// infinities are counted and in no figure else.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/aggregate.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/statistics/statistics.hpp"

namespace lowp {

/// The aggregate whose result is block_statistics: the definition of what the kernels compute.
class statistics_aggregate {
 public:
  void add(const float& x) {
    const auto bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7FFFFFFFu;
    ++result_.count;
    if (magnitude >= 0x7F800000u) {
      ++result_.nonfinite;
      return;
    }
    result_.zeros += magnitude == 0 ? 1u : 0u;
    const std::int32_t order = order_of(bits);
    low_ = order < low_ ? order : low_;
    high_ = order > high_ ? order : high_;
    const std::uint32_t below = magnitude - 1;  // zero becomes the largest
    smallest_ = below < smallest_ ? below : smallest_;
    const double value = opaque(static_cast<double>(x));
    const double size = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) << 1 >> 1);
    result_.sum = opaque(result_.sum + value);
    result_.sum_of_magnitudes = opaque(result_.sum_of_magnitudes + size);
    result_.sum_of_squares = opaque(result_.sum_of_squares + opaque(value * value));
  }
  void merge(const statistics_aggregate& other) {
    const block_statistics& o = other.result_;
    result_.count += o.count;
    result_.nonfinite += o.nonfinite;
    result_.zeros += o.zeros;
    low_ = other.low_ < low_ ? other.low_ : low_;
    high_ = other.high_ > high_ ? other.high_ : high_;
    smallest_ = other.smallest_ < smallest_ ? other.smallest_ : smallest_;
    result_.sum = opaque(result_.sum + o.sum);
    result_.sum_of_magnitudes = opaque(result_.sum_of_magnitudes + o.sum_of_magnitudes);
    result_.sum_of_squares = opaque(result_.sum_of_squares + o.sum_of_squares);
  }
  [[nodiscard]] block_statistics result() const {
    block_statistics r = result_;
    if (r.finite() == 0) return r;
    const std::uint32_t min = bits_of(low_), max = bits_of(high_);
    const std::uint32_t a = min & 0x7FFFFFFFu, b = max & 0x7FFFFFFFu;
    r.min = std::bit_cast<float>(min);
    r.max = std::bit_cast<float>(max);
    r.amax = std::bit_cast<float>(a > b ? a : b);
    r.smallest = std::bit_cast<float>(smallest_ + 1);  // 0 if there are zeros alone
    return r;
  }

 private:
  // Bits of binary32 as integers in the order of their values, -0 before +0.
  static constexpr std::int32_t order_of(std::uint32_t bits) {
    return static_cast<std::int32_t>(bits ^ (bits >> 31 != 0 ? 0x7FFFFFFFu : 0));
  }
  static constexpr std::uint32_t bits_of(std::int32_t order) {
    return static_cast<std::uint32_t>(order) ^ (order < 0 ? 0x7FFFFFFFu : 0);
  }

  block_statistics result_;
  std::int32_t low_ = 0x7FFFFFFF, high_ = -0x7FFFFFFF - 1;
  std::uint32_t smallest_ = ~std::uint32_t{0};  ///< a magnitude less one
};

namespace detail {

[[nodiscard]] inline block_statistics chosen(const block_statistics& all, statistic_choice which) {
  block_statistics r{.count = all.count, .nonfinite = all.nonfinite};
  if (which.extremes) {
    r.zeros = all.zeros;
    r.min = all.min;
    r.max = all.max;
    r.amax = all.amax;
    r.smallest = all.smallest;
  }
  if (which.sums) {
    r.sum = all.sum;
    r.sum_of_magnitudes = all.sum_of_magnitudes;
    r.sum_of_squares = all.sum_of_squares;
  }
  return r;
}

inline namespace LOWP_BASELINE {

/// A function of the statistics of each block, under the name of a public one.
template <class T, class Function>
void map_statistics(const char* name, matrix_view<const float> x, const block_shape& shape,
                    std::span<T> out, const Function& function, statistic_choice which,
                    const execution& how) {
  const block_grid grid(x.rows, x.cols, shape);
  require_grid(name, grid, out.size());
  for_blocks(grid, how, [&](std::size_t row, std::size_t first, std::size_t last) {
    constexpr std::size_t some = 16;
    block_statistics found[some];
    for (std::size_t col = first; col < last; col += some) {
      const std::size_t n = last - col < some ? last - col : some;
      const std::size_t at = col * grid.block_cols, end = (col + n) * grid.block_cols;
      const float* const corner = x.row(row * grid.block_rows) + at;
      const kernels::row_of_blocks blocks{.first = corner,
                                          .stride = x.stride,
                                          .rows = grid.rows_of(row),
                                          .cols = (end < grid.cols ? end : grid.cols) - at,
                                          .block_cols = grid.block_cols};
      kernels::add_up_blocks(how.level(), which, blocks, found);
      for (std::size_t i = 0; i < n; ++i) {
        if (found[i].nonfinite == 0) continue;
        found[i] = chosen(aggregate_block(grid, row, col + i, statistics_aggregate{}, x), which);
      }
      T* const to = out.data() + row * grid.across + col;
      for (std::size_t i = 0; i < n; ++i) to[i] = function(found[i]);
    }
  });
}

/// Under default_float_environment, which takes as long as several elements.
[[nodiscard]] inline block_statistics add_up_block(const matrix_view<const float>& x, isa level) {
  block_statistics found;
  if (x.rows == 0 || x.cols == 0) return found;
  kernels::add_up_blocks(
      level, {},
      {.first = x.data, .stride = x.stride, .rows = x.rows, .cols = x.cols, .block_cols = x.cols},
      &found);
  if (found.nonfinite == 0) return found;
  return aggregate_block(block_grid(x.rows, x.cols, {block_shape::whole, block_shape::whole}), 0, 0,
                         statistics_aggregate{}, x);
}

}  // namespace LOWP_BASELINE
}  // namespace detail

inline namespace LOWP_BASELINE {

/// Statistics of one block, all of the matrix: what statistics_of_blocks finds for it.
[[nodiscard]] inline block_statistics statistics_of_block(const matrix_view<const float>& x) {
  const default_float_environment environment;
  return detail::add_up_block(x, best_isa());
}

}  // namespace LOWP_BASELINE

namespace reference {
inline namespace LOWP_BASELINE {

/// The definition of lowp::statistics_of_blocks.
inline void statistics_of_blocks(matrix_view<const float> x, const block_shape& shape,
                                 std::span<block_statistics> out, statistic_choice which = {}) {
  lowp::aggregate_blocks(shape, statistics_aggregate{}, out, {}, x);
  for (block_statistics& one : out) one = detail::chosen(one, which);
}

}  // namespace LOWP_BASELINE
}  // namespace reference

inline namespace LOWP_BASELINE {

/// Statistics of each block of the given shape (rows x cols, block_shape::whole for all of a
/// dimension), to out[row of blocks * blocks across + col]. Throws std::invalid_argument before
/// anything is written if a size or the shape is wrong.
inline void statistics_of_blocks(matrix_view<const float> x, const block_shape& shape,
                                 std::span<block_statistics> out, statistic_choice which = {},
                                 const execution& how = {}) {
  const auto itself = [](const block_statistics& s) { return s; };
  detail::map_statistics("statistics_of_blocks", x, shape, out, itself, which, how);
}
[[nodiscard]] inline std::vector<block_statistics> statistics_of_blocks(matrix_view<const float> x,
                                                                        const block_shape& shape,
                                                                        statistic_choice which = {},
                                                                        const execution& how = {}) {
  std::vector<block_statistics> out(block_grid(x.rows, x.cols, shape).size());
  statistics_of_blocks(x, shape, out, which, how);
  return out;
}

/// A function of the statistics of each block, such as what a scale is made of:
///   map_block_statistics(x, {1, 32}, out, [](const block_statistics& b) { return b.amax; });
/// What is asked for of `which` costs time, what is left out is zero. Throws as
/// statistics_of_blocks does; the function is called on the threads of `how`.
template <class T, class Function>
requires std::is_invocable_r_v<T, const Function&, const block_statistics&>
void map_block_statistics(matrix_view<const float> x, const block_shape& shape, std::span<T> out,
                          const Function& function, statistic_choice which = {},
                          const execution& how = {}) {
  detail::map_statistics("map_block_statistics", x, shape, out, function, which, how);
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
