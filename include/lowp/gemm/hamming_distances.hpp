// SPDX-License-Identifier: MIT
// Hamming distances of binary codes, all pairs or the nearest of each: what retrieval by sign bits
// asks (BEBR, arXiv 2302.08714; MIB, 2601.11557). The umbrella header leaves it out.
//
//   const bit_planes codes(database);                   // of uint_n<1>, int_n<1> or bipolar<1>
//   nearest_codes(bit_planes(queries), codes, matrix_view(found.data(), query_count, 10));
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/gemm/bit_plane_product.hpp"
#include "lowp/gemm/bit_planes.hpp"

namespace lowp {

/// A row of a matrix of codes, and in how many bits it differs from another code.
struct code_neighbour {
  std::uint32_t row = 0;
  std::int32_t distance = 0;

  constexpr bool operator==(const code_neighbour&) const = default;
};

namespace detail {

inline void require_binary_codes(const char* function, const bit_planes& a, const bit_planes& b) {
  if (a.planes() != 1 || b.planes() != 1) {
    refuse(std::string(function) + ": codes of " + std::to_string(a.planes()) + " and " +
           std::to_string(b.planes()) + " planes, expected bits");
  }
  if (a.cols() > static_cast<std::uint64_t>((std::numeric_limits<std::int32_t>::max)())) {
    refuse(std::string(function) + ": codes of " + std::to_string(a.cols()) +
           " bits, expected fewer than 2^31, whose distances 32 bits hold");
  }
}

}  // namespace detail

namespace reference {

/// The definition of hamming_distances: in how many columns the bits of row i of a and row j of b
/// differ.
inline void hamming_distances(const bit_planes& a, const bit_planes& b,
                              matrix_view<std::int32_t> c) {
  lowp::detail::require_binary_codes("hamming_distances", a, b);
  lowp::detail::require_plane_shapes("hamming_distances", a.source(), b, c);
  for (std::size_t i = 0; i < c.rows; ++i) {
    for (std::size_t j = 0; j < c.cols; ++j) {
      c(i, j) = 0;
      for (std::size_t k = 0; k < a.cols(); ++k) c(i, j) += a.bit_at(i, k, 0) != b.bit_at(j, k, 0);
    }
  }
}

}  // namespace reference

inline namespace LOWP_BASELINE {
namespace bulk {

/// |a XOR b| = |a| + |b| - 2 |a AND b|.
inline void multiply_codes(const lowp::detail::plane_source& a, const bit_planes& packed_a,
                           const bit_planes& b, matrix_view<std::int32_t> c, const execution& how) {
  multiply_planes(a, &packed_a, b, c, how, [](std::size_t row, const rows_of_planes& rows) {
    return kernels::plane_terms{
        .scale = std::uint32_t{0} - 2, .of_row = rows.sum(row), .by_sum = 1};
  });
}

}  // namespace bulk

/// c(i, j) = in how many columns the bits of row i of a and row j of b differ; the same bits for
/// any `execution`. Throws std::invalid_argument, before writing, for operands of more than one
/// plane, 2^31 columns or more, shapes that do not fit, and a c that shares memory with an operand.
inline void hamming_distances(const bit_planes& a, const bit_planes& b, matrix_view<std::int32_t> c,
                              const execution& how = {}) {
  detail::require_binary_codes("hamming_distances", a, b);
  const detail::plane_source x = a.source();
  detail::require_plane_shapes("hamming_distances", x, b, c);
  bulk::require_no_overlap("hamming_distances", "a", a, c);
  bulk::require_no_overlap("hamming_distances", "b", b, c);
  bulk::multiply_codes(x, a, b, c, how);
}

/// Row i of `out` has the rows of `codes` that are nearest to row i of `queries`, as many as it has
/// columns, in the order of distances; of equal distances in the order of rows. Throws
/// std::invalid_argument, before writing, as hamming_distances and for more columns than rows of
/// codes.
inline void nearest_codes(const bit_planes& queries, const bit_planes& codes,
                          matrix_view<code_neighbour> out, const execution& how = {}) {
  detail::require_binary_codes("nearest_codes", queries, codes);
  if (queries.cols() != codes.cols() || out.rows != queries.rows()) {
    refuse("nearest_codes: queries are " + std::to_string(queries.rows()) + " x " +
           std::to_string(queries.cols()) + ", codes have " + std::to_string(codes.cols()) +
           " columns and out has " + std::to_string(out.rows) + " rows, expected equal ones");
  }
  if (out.cols > codes.rows() || codes.rows() > (std::numeric_limits<std::uint32_t>::max)()) {
    refuse("nearest_codes: out has " + std::to_string(out.cols) + " columns and codes " +
           std::to_string(codes.rows()) + " rows, expected at most as many columns as rows, and " +
           "fewer than 2^32 of these");
  }
  // 128 MiB of distances at most, but for so many codes that one row has more.
  constexpr std::size_t most_rows = 64, most_distances = std::size_t{1} << 25;
  const std::size_t rows_at_once = std::clamp<std::size_t>(
      most_distances / (std::max)(codes.rows(), std::size_t{1}), 1, most_rows);
  detail::plane_source rows = queries.source();
  std::vector<std::int32_t> distances((std::min)(rows_at_once, out.rows) * codes.rows());
  for (std::size_t first = 0; first < out.rows; first += rows_at_once) {
    const std::size_t count = (std::min)(rows_at_once, out.rows - first);
    const matrix_view<std::int32_t> block(distances.data(), count, codes.rows());
    rows.first = first;
    rows.rows = count;
    bulk::multiply_codes(rows, queries, codes, block, how);
    const auto choose = [&](std::size_t i) {
      const std::int32_t* const row = block.row(i);
      code_neighbour* const to = out.row(first + i);
      std::size_t held = 0;  // sorted; a later row of equal distance goes behind
      for (std::size_t j = 0; j < codes.rows() && out.cols != 0; ++j) {
        if (held == out.cols && row[j] >= to[held - 1].distance) continue;
        std::size_t at = held == out.cols ? held - 1 : held++;
        for (; at > 0 && row[j] < to[at - 1].distance; --at) to[at] = to[at - 1];
        to[at] = {static_cast<std::uint32_t>(j), row[j]};
      }
    };
    how.run(count, task(choose));
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
