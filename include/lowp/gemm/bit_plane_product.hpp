// SPDX-License-Identifier: MIT
// Products of matrices of integers of few bits, exact in 32 bits: weights in planes of bits, packed
// once, by activations in planes or in any integer format (APT, arXiv 2409.17870; ABQ-LLM, arXiv
// 2408.08554). The umbrella header leaves it out.
//
//   const bit_planes w(weights);                                  // 2 bits, 4096 x 4096
//   bit_plane_product(x, w, matrix_view(sums.data(), m, 4096));   // x: m x 4096 of int_n<8>
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/gemm/bit_planes.hpp"
#include "lowp/gemm/operands/describe.hpp"
#include "lowp/gemm/operands/overlap.hpp"
#include "lowp/kernels/planes/planes.hpp"

namespace lowp {

/// bit_planes, or a matrix that they can be made of.
template <class X>
concept plane_operand = std::is_same_v<X, bit_planes> || gemm_operand<X>;

namespace detail {

/// Calls use(plane_source) for an operand.
template <plane_operand X, class Use>
void with_plane_source(const X& x, const Use& use) {
  if constexpr (std::is_same_v<X, bit_planes>) {
    use(x.source());
  } else {
    const described_integers rows(describe(x));
    use(rows.source());
  }
}

inline void require_plane_shapes(const char* function, const plane_source& a, const bit_planes& b,
                                 const matrix_view<std::int32_t>& c) {
  const auto size = [](std::size_t rows, std::size_t cols) {
    return std::to_string(rows) + " x " + std::to_string(cols);
  };
  if (a.cols != b.cols()) {
    refuse(std::string(function) + ": a is " + size(a.rows, a.cols) + " and b is " +
           size(b.rows(), b.cols()) + ", expected as many columns");
  }
  if (c.rows != a.rows || c.cols != b.rows()) {
    refuse(std::string(function) + ": c is " + size(c.rows, c.cols) + ", expected " +
           size(a.rows, b.rows()));
  }
}
/// Refuses sums that 32 bits might not hold.
inline void require_plane_range(const plane_source& a, const bit_planes& b) {
  std::int64_t largest = 0;
  for (std::size_t row = 0; row < a.rows; ++row) {
    const std::int64_t low = a.lowest(row), high = a.highest(row);
    largest = (std::max)({largest, low < 0 ? -low : low, high < 0 ? -high : high});
  }
  constexpr std::int64_t most = (std::numeric_limits<std::int32_t>::max)();
  const std::int64_t product =
      b.largest_magnitude() == 0 || largest == 0
          ? 1
          : (largest > most / b.largest_magnitude() ? most + 1 : largest * b.largest_magnitude());
  if (a.cols <= static_cast<std::uint64_t>(most / product)) return;
  refuse("bit_plane_product: " + std::to_string(a.cols) + " columns of integers up to " +
         std::to_string(largest) + " by up to " + std::to_string(b.largest_magnitude()) +
         ", expected at most " + std::to_string(most / product) +
         " columns, whose sums 32 bits hold");
}

}  // namespace detail

namespace reference {

/// The definition of bit_plane_product: c(i, j) is the sum of the products of the integers of row i
/// of a and row j of b, in units of 2^(unit of a + unit of b). Throws as bit_plane_product, but for
/// shared memory.
template <plane_operand A>
void bit_plane_product(const A& a, const bit_planes& b, matrix_view<std::int32_t> c) {
  lowp::detail::with_plane_source(a, [&](const lowp::detail::plane_source& x) {
    lowp::detail::require_plane_shapes("bit_plane_product", x, b, c);
    lowp::detail::require_plane_range(x, b);
    std::vector<std::uint8_t> u(x.cols);
    for (std::size_t i = 0; i < c.rows; ++i) {
      x.load(i, u.data());
      for (std::size_t j = 0; j < c.cols; ++j) {
        std::int64_t sum = 0;
        for (std::size_t k = 0; k < x.cols; ++k) {
          sum += (x.lowest(i) + x.step * std::int64_t{u[k]}) * b.integer(j, k);
        }
        c(i, j) = static_cast<std::int32_t>(sum);
      }
    }
  });
}

}  // namespace reference

inline namespace LOWP_BASELINE {
namespace bulk {

inline void require_no_overlap(const char* function, const char* name, const bit_planes& x,
                               const matrix_view<std::int32_t>& c) {
  if (lies_outside(x.words().data(), x.words().size_bytes(), c)) return;
  refuse(std::string(function) + ": c shares memory with " + name + ", expected another matrix");
}

/// Rows as kernels read them, and their sums of u.
class rows_of_planes {
 public:
  /// Counting costs as much as bytes for planes of bits by so many others.
  static constexpr std::size_t most_counted = 5;

  rows_of_planes(const lowp::detail::plane_source& x, const bit_planes* packed, int other_planes,
                 const execution& how)
      : x_(x), packed_(packed), level_(how.level()), sums_(x.rows) {
    const auto planes = static_cast<std::size_t>(x.planes);
    const std::size_t counted = (x.rows * planes + 3) / 4 * 4;
    are_bytes_ = counted * static_cast<std::size_t>(other_planes) > most_counted * x.rows ||
                 (x.rows == 1 && kernels::counts_words(level_));
    are_signed_ = are_bytes_ && kernels::reads_signed_bytes(level_, x.rows);
    row_words_ = x.words() * (are_bytes_ ? kernels::row_words_per_word(are_signed_) : planes);
    words_ = std::make_unique_for_overwrite<std::uint32_t[]>(x.rows * row_words_);
    const auto run = [&](std::size_t part) {
      std::vector<std::uint8_t> bytes(reads_planes() ? 0 : x.words() * 32);
      const std::size_t end = (std::min)(x.rows, (part + 1) * rows_per_part);
      for (std::size_t row = part * rows_per_part; row < end; ++row) store(row, bytes);
    };
    run_and_rethrow(how, (x.rows + rows_per_part - 1) / rows_per_part, task(run));
  }

  [[nodiscard]] bool are_bytes() const { return are_bytes_; }
  [[nodiscard]] bool are_signed() const { return are_signed_; }
  [[nodiscard]] const std::uint32_t* row(std::size_t index) const {
    return words_.get() + index * row_words_;
  }
  [[nodiscard]] std::uint32_t sum(std::size_t index) const { return sums_[index]; }
  /// What each integer of a row is less by.
  [[nodiscard]] std::uint32_t bias() const { return are_signed_ && x_.planes == 8 ? 128 : 0; }

 private:
  static constexpr std::size_t rows_per_part = 16;

  [[nodiscard]] bool reads_planes() const { return packed_ != nullptr && !are_bytes_; }
  void store(std::size_t row, std::vector<std::uint8_t>& bytes) {
    std::uint32_t* out = words_.get() + row * row_words_;
    if (reads_planes()) {
      for (int plane = 0; plane < x_.planes; ++plane) {
        for (std::size_t w = 0; w < x_.words(); ++w)
          *out++ = packed_->plane_word(x_.first + row, w, plane);
      }
      sums_[row] = packed_->sum(x_.first + row);
      return;
    }
    x_.load(row, bytes.data());
    sums_[row] = lowp::detail::sum_of_bytes(bytes);
    if (are_bytes_)
      return kernels::store_row_bytes(are_signed_, bytes.data(), bytes.size(), x_.planes == 8, out);
    for (int plane = 0; plane < x_.planes; ++plane) {
      for (std::size_t w = 0; w < x_.words(); ++w) {
        *out++ = lowp::detail::plane_word(bytes.data() + 32 * w, plane);
      }
    }
  }

  const lowp::detail::plane_source& x_;
  const bit_planes* packed_;
  isa level_;
  bool are_bytes_ = false, are_signed_ = false;
  std::size_t row_words_ = 0;
  std::unique_ptr<std::uint32_t[]> words_;
  std::vector<std::uint32_t> sums_;
};

/// Sums of u by v of both operands, and what `terms_of(row, rows)` makes of them; tile by tile.
template <class TermsOf>
void multiply_planes(const lowp::detail::plane_source& a, const bit_planes* packed_a,
                     const bit_planes& b, matrix_view<std::int32_t> c, const execution& how,
                     const TermsOf& terms_of) {
  constexpr std::size_t group = kernels::plane_tile::group;
  if (c.rows == 0 || c.cols == 0) return;
  const rows_of_planes rows(a, packed_a, b.planes(), how);
  // Long rows of c are written fastest; bytes are spread once for all rows of a tile.
  const std::size_t tile_rows = rows.are_bytes() ? 64 : 32;
  const std::size_t tile_groups = rows.are_bytes() ? 32 : 64;
  constexpr std::size_t most_sums = 33 * 64 * group;
  const std::size_t groups = (c.cols + group - 1) / group;
  const std::size_t across = (groups + tile_groups - 1) / tile_groups;
  const auto run = [&](std::size_t part) {
    alignas(64) std::uint32_t sums[most_sums];
    const std::size_t row = part / across * tile_rows, first = part % across * tile_groups;
    kernels::plane_tile t;
    t.rows = rows.row(row);
    t.row_count = (std::min)(tile_rows, c.rows - row);
    t.row_planes = a.planes;
    t.are_signed = rows.are_signed();
    t.group_count = (std::min)(tile_groups, groups - first);
    t.group_planes = b.planes();
    t.words = a.words();
    t.groups =
        b.words().data() + first * t.words * static_cast<std::size_t>(t.group_planes) * group;
    t.sums = sums;
    if (rows.are_bytes()) {
      kernels::multiply_plane_bytes(how.level(), t);
    } else {
      kernels::multiply_plane_bits(how.level(), t);
    }
    const std::size_t col = first * group;
    const std::size_t count = (std::min)(t.group_count * group, c.cols - col);
    for (std::size_t i = 0; i < t.row_count; ++i) {
      kernels::plane_terms terms = terms_of(row + i, rows);
      terms.col_sums = b.sums_of_rows() + col;
      if (terms.lowest != nullptr) terms.lowest += col;
      kernels::finish_planes(how.level(), terms, sums + i * t.group_count * group, count,
                             c.row(row + i) + col);
    }
  };
  how.run((c.rows + tile_rows - 1) / tile_rows * across, task(run));
}

inline void multiply_integers(const lowp::detail::plane_source& a, const bit_planes* packed_a,
                              const bit_planes& b, matrix_view<std::int32_t> c,
                              const execution& how) {
  // (l + s u) (m + t v), summed: K l m + l t sum(v) + m s sum(u) + s t sum(u v).
  const auto step = static_cast<std::uint32_t>(a.step),
             other = static_cast<std::uint32_t>(b.step());
  const auto depth = static_cast<std::uint32_t>(a.cols);
  multiply_planes(a, packed_a, b, c, how, [&](std::size_t row, const rows_of_planes& rows) {
    const auto lowest = static_cast<std::uint32_t>(a.lowest(row));
    kernels::plane_terms t;
    t.scale = step * other;
    t.by_sum = lowest * other + t.scale * rows.bias();
    t.by_lowest = depth * lowest + step * rows.sum(row);
    if (b.has_one_lowest()) {
      t.of_row = t.by_lowest * b.lowest_of_rows()[0];
    } else {
      t.lowest = b.lowest_of_rows();
    }
    return t;
  });
}

}  // namespace bulk

/// c = a * b^T of integers, exact, overwriting c: c(i, j) is the sum of the products of the
/// integers of row i of a and row j of b, the same bits for any `execution`; scales of rows and
/// powers of two (bit_planes::unit) multiply it afterwards. a is bit_planes, too, or any operand of
/// integers of at most 8 bits. Planes are multiplied by AND and counted, p q of them, or spread to
/// bytes where that is faster. Throws std::invalid_argument, before writing, for shapes that do not
/// fit, a c that shares memory with an operand, and so many columns that a sum might leave 32 bits:
/// columns times the largest magnitudes of both may be 2^31 - 1 at most, 131,071 columns for int8
/// by int8, 2^31 - 1 for bipolar bits.
template <plane_operand A>
void bit_plane_product(const A& a, const bit_planes& b, matrix_view<std::int32_t> c,
                       const execution& how = {}) {
  detail::with_plane_source(a, [&](const detail::plane_source& x) {
    detail::require_plane_shapes("bit_plane_product", x, b, c);
    detail::require_plane_range(x, b);
    bulk::require_no_overlap("bit_plane_product", "b", b, c);
    if constexpr (std::is_same_v<A, bit_planes>) {
      bulk::require_no_overlap("bit_plane_product", "a", a, c);
      bulk::multiply_integers(x, &a, b, c, how);
    } else {
      bulk::require_no_overlap(a, c);
      bulk::multiply_integers(x, nullptr, b, c, how);
    }
  });
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
