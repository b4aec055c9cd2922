// SPDX-License-Identifier: MIT
// The protocol of panels: how an engine holds two operands while it multiplies them.
// multiply_blocks knows nothing else of them.
//
// One operand lies along the lanes of vectors, the other is read row by row:
//
//            lanes: a tile of it, 32 rows wide, K downwards          sums
//            l0  l1  l2 …  l31                                       l0 … l31
//      k=0   .   .   .     .        row 0:  k=0 k=1 … k=511    =>     .    .
//      k=1   .   .   .     .        row 1:   .   .     .              .    .
//
// A chunk of K is lanes.step() values deep, mostly product_tile::max_depth = 512. lanes::pack(tile)
// is called for each tile, from any thread; then, in a block and for each chunk, rows::load for
// some rows and rows::multiply for each tile. Sums of a tile lie as [row][lane], tile after tile.
#pragma once

#include <concepts>
#include <cstddef>

#include "lowp/gemm/operands/lane_tiles.hpp"
#include "lowp/gemm/operands/rows.hpp"
#include "lowp/kernels/isa.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// What a type of panels `P` has. panel_sums (lane_tiles.hpp) gives the defaults of the constants.
template <class P>
concept product_panels = requires(typename P::rows& rows, const typename P::lanes& lanes,
                                  const typename P::source& source, typename P::number* sums,
                                  isa level, std::size_t i) {
  /// An operand: rows(), cols() in the units of K that the panels count, and memory().
  { source.rows() } -> std::same_as<std::size_t>;
  { source.cols() } -> std::same_as<std::size_t>;
  { source.memory() } -> std::convertible_to<row_memory>;
  /// Of what a sum is made while it grows: so many numbers of one type, the first ones of which
  /// begin as zero.
  { P::numbers_per_sum } -> std::convertible_to<std::size_t>;
  { P::numbers_from_zero } -> std::convertible_to<std::size_t>;
  /// Whether the first of them begins as what the result holds, where it is to.
  { P::begins_with_results } -> std::convertible_to<bool>;
  /// Whether the lanes are always columns of C, never its rows.
  { P::lanes_are_columns } -> std::convertible_to<bool>;
  /// The sizes of a block and of a tile.
  { P::most_lanes } -> std::convertible_to<std::size_t>;
  { P::most_rows } -> std::convertible_to<std::size_t>;
  { P::rows_per_tile(level) } -> std::convertible_to<std::size_t>;
  /// Whether the rows after those that are multiplied are to be brought nearer.
  { P::reads_ahead(source) } -> std::convertible_to<bool>;
  /// What a thread does before and after a block.
  requires std::constructible_from<typename P::session, isa>;
  /// lanes(level, source, first row, count, known…): lane_tiles whose tile i is laid out by
  /// pack(i). Those that lanes_know_side is of take what they are of C before what else is known.
  lanes.pack(i);
  /// load(level, source, i, row, k, count): `count` values of a row from k on, as the i-th of a
  /// tile. multiply(lanes, tile, k, count, rows, sums): adds the products of the rows loaded. There
  /// may be load_rows(source, row, rows, k, count), which does so for several, or returns false.
  rows.load(level, source, i, i, i, i);
  rows.multiply(lanes, i, i, i, i, sums);
};

/// Whether the order of two factors, of a row and of a column of C, matters to lanes.
template <class P, class... Known>
concept lanes_know_side = std::constructible_from<typename P::lanes, isa, const typename P::source&,
                                                  std::size_t, std::size_t, side, const Known&...>;

/// Panels that also take a few rows of one operand by all of the other, in the order k32:
/// few_rows(level, few, others) lays them out by steps of K, and multiply(others, row, chunk,
/// chunks, sums) gives the sums of each step.
template <class P>
concept step_panels = product_panels<P> &&
    requires(const typename P::few_rows& rows, const typename P::source& others, std::size_t i,
             float* sums) {
  { rows.count() } -> std::same_as<std::size_t>;
  rows.multiply(others, i, i, i, sums);
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
