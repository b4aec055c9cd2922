// SPDX-License-Identifier: MIT
// Aggregates: an object with state sees the elements of a block, of one matrix or of several that
// lie on each other, and says something of them. In which order it sees them is stated, so that
// sums of floats have the same bits everywhere.
//
// Element (r, c) of a block belongs to chain c mod 8, which is a copy of the aggregate. A chain
// takes its elements in the order of rows, then of columns; then the chains are merged as
// ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/kernels/statistics/block_figures.hpp"

namespace lowp {

/// An aggregate over elements of these types: `add` sees one element (or one of each matrix),
/// `merge` another aggregate of elements that came beside, `result` says what is asked for. It is
/// copied for each chain before it has seen anything.
template <class A, class... Elements>
concept aggregate = std::copyable<A> && requires(A a, const A& other, const Elements&... x) {
  a.add(x...);
  a.merge(other);
  a.result();
};

/// What an aggregate says.
template <class A>
using aggregate_result = decltype(std::declval<const A&>().result());

/// Several aggregates over the same elements: the result is a tuple of theirs.
template <class... A>
class aggregates {
 public:
  explicit constexpr aggregates(const A&... list) : list_(list...) {}
  template <class... Elements>
  requires(aggregate<A, Elements...>&&...) constexpr void add(const Elements&... x) {
    std::apply([&](A&... each) { (each.add(x...), ...); }, list_);
  }
  constexpr void merge(const aggregates& other) { merge(other, std::index_sequence_for<A...>{}); }
  [[nodiscard]] constexpr auto result() const {
    return std::apply([](const A&... each) { return std::tuple(each.result()...); }, list_);
  }

 private:
  template <std::size_t... Index>
  constexpr void merge(const aggregates& other, std::index_sequence<Index...>) {
    (std::get<Index>(list_).merge(std::get<Index>(other.list_)), ...);
  }
  std::tuple<A...> list_;
};

/// Blocks of a shape in a matrix, those at its ends as small as it makes them, in the order of
/// rows.
struct block_grid {
  std::size_t rows = 0, cols = 0;              ///< of the matrix
  std::size_t block_rows = 1, block_cols = 1;  ///< of a block
  std::size_t down = 0, across = 0;            ///< blocks; none in a matrix without elements

  constexpr block_grid() = default;
  /// Throws std::invalid_argument for negative extents.
  block_grid(std::size_t row_count, std::size_t col_count, const block_shape& shape)
      : rows(row_count), cols(col_count) {
    if (shape.rows < 0 || shape.cols < 0) {
      refuse("block_grid: shape is " + std::to_string(shape.rows) + " x " +
             std::to_string(shape.cols) + ", expected no negative extent");
    }
    block_rows = shape.rows_in(rows);
    block_cols = shape.cols_in(cols);
    if (rows == 0 || cols == 0) return;
    down = (rows - 1) / block_rows + 1;
    across = (cols - 1) / block_cols + 1;
  }
  [[nodiscard]] constexpr std::size_t size() const { return down * across; }
  [[nodiscard]] constexpr std::size_t rows_of(std::size_t row) const {
    return row + 1 == down ? rows - row * block_rows : block_rows;
  }
  [[nodiscard]] constexpr std::size_t cols_of(std::size_t col) const {
    return col + 1 == across ? cols - col * block_cols : block_cols;
  }
};

namespace detail {

/// Throws std::invalid_argument unless there is a result for each block and all matrices have the
/// size of the first one.
inline void require_grid(const char* function, const block_grid& grid, std::size_t results) {
  if (results != grid.size()) {
    refuse(std::string(function) + ": out has size " + std::to_string(results) + ", expected " +
           std::to_string(grid.size()) + ", one for each block");
  }
}
template <class T>
void require_size(const char* function, const block_grid& grid, const matrix_view<const T>& x) {
  if (x.rows != grid.rows || x.cols != grid.cols) {
    refuse(std::string(function) + ": a matrix is " + std::to_string(x.rows) + " x " +
           std::to_string(x.cols) + ", expected " + std::to_string(grid.rows) + " x " +
           std::to_string(grid.cols) + ", as the first");
  }
}

inline namespace LOWP_BASELINE {

/// Blocks first … last - 1 of a row of blocks, in pieces of about 16384 elements for the threads:
/// part(row of blocks, first, last), in the default floating-point environment.
template <class Part>
void for_blocks(const block_grid& grid, const execution& how, const Part& part) {
  if (grid.size() == 0) return;
  constexpr std::size_t piece = std::size_t{1} << 14;
  const auto per_piece = [](std::size_t elements) {
    return elements >= piece ? std::size_t{1} : piece / elements;
  };
  const auto pieces_of = [](std::size_t size, std::size_t n) { return (size - 1) / n + 1; };
  const std::size_t block =
      grid.block_rows < piece
          ? grid.block_rows * (grid.block_cols < piece ? grid.block_cols : piece)
          : piece;
  std::size_t cols_each = per_piece(block);
  if (cols_each > grid.across) cols_each = grid.across;
  const std::size_t rows_each = per_piece(block * cols_each);
  const std::size_t pieces_across = pieces_of(grid.across, cols_each);
  const auto run = [&](std::size_t i) {
    const default_float_environment environment;
    const std::size_t row = i / pieces_across * rows_each, col = i % pieces_across * cols_each;
    const std::size_t last = grid.across - col < cols_each ? grid.across : col + cols_each;
    for (std::size_t r = row; r < grid.down && r < row + rows_each; ++r) part(r, col, last);
  };
  run_and_rethrow(how, pieces_of(grid.down, rows_each) * pieces_across, task(run));
}

/// One block, by the definition.
template <class A, class... T>
[[nodiscard]] aggregate_result<A> aggregate_block(const block_grid& grid, std::size_t row,
                                                  std::size_t col, const A& start,
                                                  const matrix_view<const T>&... x) {
  constexpr std::size_t n = block_chains;
  auto chains = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
    return std::array<A, n>{((void)Index, start)...};
  }
  (std::make_index_sequence<n>{});
  const std::size_t first_row = row * grid.block_rows, first_col = col * grid.block_cols;
  const std::size_t rows = grid.rows_of(row), cols = grid.cols_of(col);
  for (std::size_t r = first_row; r < first_row + rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) chains[c % n].add(x(r, first_col + c)...);
  }
  for (std::size_t half = n / 2; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) chains[i].merge(chains[i + half]);
  }
  return chains[0].result();
}

}  // namespace LOWP_BASELINE
}  // namespace detail

inline namespace LOWP_BASELINE {

/// What an aggregate says of each block of the given shape (rows x cols, block_shape::whole for all
/// of a dimension) of one matrix, or of several of one size, to out[row of blocks * blocks across +
/// col]. It is asked in the default floating-point environment, on the threads of `how`. Throws
/// std::invalid_argument before anything is written if a size or the shape is wrong, and what the
/// aggregate throws.
///   aggregate_blocks({1, 32}, largest_step{}, std::span<float>(steps), how, x);
template <class A, class T, class... More>
requires aggregate<A, T, More...>
void aggregate_blocks(const block_shape& shape, const A& start, std::span<aggregate_result<A>> out,
                      const execution& how, matrix_view<const T> x,
                      matrix_view<const More>... more) {
  const block_grid grid(x.rows, x.cols, shape);
  detail::require_grid("aggregate_blocks", grid, out.size());
  (detail::require_size("aggregate_blocks", grid, more), ...);
  detail::for_blocks(grid, how, [&](std::size_t row, std::size_t first, std::size_t last) {
    for (std::size_t col = first; col < last; ++col) {
      out[row * grid.across + col] = detail::aggregate_block(grid, row, col, start, x, more...);
    }
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
