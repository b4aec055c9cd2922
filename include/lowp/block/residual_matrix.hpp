// SPDX-License-Identifier: MIT
// Sums of quantized matrices: a first term for the values, and each further one for what those
// before it leave over. Two grids of few bits stand for what one of many would: ARCQuant (arXiv
// 2601.07475), trit planes (PTQTP, arXiv 2509.16989), recursive bits (BEBR, arXiv 2302.08714),
// MXFP8 with an MXFP4 of its errors. The umbrella header leaves it out.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/arrays/shared_elements.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/core/memory.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

/// What may be a term: a block_matrix, a tile_matrix, and a matrix of one's own that has rows,
/// cols, exact values and a dequantize in its namespace, whose numbers are those values, rounded
/// once.
template <class Matrix>
concept residual_term = requires(const Matrix& m, std::size_t i, matrix_view<float> out,
                                 const execution& how) {
  { m.rows() } -> std::convertible_to<std::size_t>;
  { m.cols() } -> std::convertible_to<std::size_t>;
  { m.value(i, i) } -> std::same_as<unpacked>;
  dequantize(m, out, how);
};

/// x ~ terms[0] + terms[1] + …, matrices of one shape. The value of an element is
/// ((t0 + t1) + t2) + …, each t the value of a term as the nearest binary32 number and each sum
/// rounded once to nearest even in binary32.
template <residual_term... Terms>
class residual_matrix {
  static_assert(sizeof...(Terms) >= 1, "a residual_matrix has one term at least");

 public:
  /// Throws std::invalid_argument for terms of different shapes.
  explicit residual_matrix(Terms... terms) : terms_(std::move(terms)...) {
    std::apply(
        [&](const auto&... term) {
          const auto compare_shape = [&](std::size_t r, std::size_t c) {
            if (r == rows() && c == cols()) return;
            refuse("residual_matrix: a term is " + std::to_string(r) + " x " + std::to_string(c) +
                   ", expected " + std::to_string(rows()) + " x " + std::to_string(cols()));
          };
          (compare_shape(term.rows(), term.cols()), ...);
        },
        terms_);
  }

  static constexpr std::size_t term_count = sizeof...(Terms);
  [[nodiscard]] std::size_t rows() const { return std::get<0>(terms_).rows(); }
  [[nodiscard]] std::size_t cols() const { return std::get<0>(terms_).cols(); }
  template <std::size_t Index>
  [[nodiscard]] const auto& term() const {
    return std::get<Index>(terms_);
  }
  [[nodiscard]] const std::tuple<Terms...>& terms() const { return terms_; }
  /// The sum of those of the terms.
  [[nodiscard]] double bits_per_value() const {
    return std::apply([](const auto&... t) { return (0.0 + ... + t.bits_per_value()); }, terms_);
  }
  /// Of an element, row < rows(), col < cols(): a binary32 number.
  [[nodiscard]] unpacked value(std::size_t row, std::size_t col) const {
    const auto rounded = [](const unpacked& x) { return unpack(pack_as<float>(x)); };
    unpacked sum{};
    bool is_first = true;
    const auto add = [&](const auto& term) {
      const unpacked t = rounded(term.value(row, col));
      sum = is_first ? t : rounded(exact::add(sum, t));
      is_first = false;
    };
    std::apply([&](const auto&... term) { (add(term), ...); }, terms_);
    return sum;
  }
  bool operator==(const residual_matrix&) const = default;

 private:
  std::tuple<Terms...> terms_;
};

inline namespace LOWP_BASELINE {
namespace bulk {

/// to[i] = x[i] + t[i], or x[i] - t[i], each rounded once; `to` may be either.
inline void add_row(const float* x, const float* t, bool is_negative, std::size_t count,
                    float* to) {
  constexpr std::size_t step = 16;
  std::size_t i = 0;
  for (; i + step <= count; i += step) {
    if (is_negative) {
      lowp::detail::subtract_arrays<step>(x + i, t + i, to + i);
    } else {
      lowp::detail::add_arrays<step>(x + i, t + i, to + i);
    }
  }
  for (; i < count; ++i) {
    to[i] = is_negative ? lowp::detail::difference_of_floats(x[i], t[i])
                        : lowp::detail::sum_of_floats(x[i], t[i]);
  }
}

/// out = in + term or in - term; `out` may be `in`, which takes memory for the values of the term.
template <class Term>
void add_term(const matrix_view<const float>& in, const Term& term, bool is_negative,
              const matrix_view<float>& out, const execution& how) {
  const lowp::detail::aligned_array<float> own(in.data == out.data ? in.rows * in.cols : 0);
  const matrix_view<float> values =
      in.data == out.data ? matrix_view<float>(own.get(), in.rows, in.cols) : out;
  dequantize(term, values, how);
  const auto one_row = [&](std::size_t row) {
    const default_float_environment environment;
    add_row(in.row(row), values.row(row), is_negative, in.cols, out.row(row));
  };
  how.run(in.cols == 0 ? 0 : in.rows, task(one_row));
}

}  // namespace bulk

/// out = in - term: what a term leaves over, rounded once to binary32. Exact where the value of the
/// term is zero, or lies between half of the element and twice it (Sterbenz), and otherwise off by
/// half a unit in the last place of the remainder at most. `out` may be `in`. A NaN of the term
/// makes a NaN. Throws std::invalid_argument, before writing, for shapes that differ or matrices
/// that share some elements only.
///
///   const auto q = quantize<formats::nvfp4>(x);
///   remainder_of(x, q, left);                                      // ARCQuant: the remainder of
///   gather_columns(left, largest_columns(x, 64), part);            // the columns that matter
template <residual_term Term>
void remainder_of(matrix_view<const float> in, const Term& term, matrix_view<float> out,
                  const execution& how = {}) {
  bulk::require_shape("remainder_of", out.rows, out.cols, in.rows, in.cols);
  bulk::require_shape("remainder_of", term.rows(), term.cols(), in.rows, in.cols);
  const bool is_in_place = in.data == out.data && in.stride == out.stride;
  if (!is_in_place && bulk::share_elements(in, matrix_view<const float>(out))) {
    refuse("remainder_of: in and out overlap, expected the same matrix or two apart");
  }
  bulk::add_term(in, term, true, out, how);
}

/// The terms that quantizers make in turn, each of what those before it left over (remainder_of);
/// a quantizer is called with a matrix_view<const float> and gives a term.
///
///   residual_terms(x, [](auto w) { return quantize<formats::mxfp8_e4m3>(w, rules::rceil); },
///                  [](auto w) { return quantize<formats::mxfp4>(w); })
template <class First, class... Rest>
requires std::invocable<const First&, matrix_view<const float>>
[[nodiscard]] auto residual_terms(matrix_view<const float> in, const First& first,
                                  const Rest&... rest) {
  const detail::aligned_array<float> left(in.rows * in.cols);
  const matrix_view<float> remainder(left.get(), in.rows, in.cols);
  matrix_view<const float> from = in;
  const auto next = [&](const auto& term, const auto& quantizer) {
    remainder_of(from, term, remainder);
    from = remainder;
    return quantizer(from);
  };
  if constexpr (sizeof...(Rest) == 0) {
    return residual_matrix(first(from));
  } else {
    const auto continue_with = [&](const auto& self, auto terms, const auto& quantizer,
                                   const auto&... others) {
      constexpr std::size_t last = std::tuple_size_v<decltype(terms)> - 1;
      auto made = std::tuple(next(std::get<last>(terms), quantizer));
      auto all = std::tuple_cat(std::move(terms), std::move(made));
      if constexpr (sizeof...(others) == 0) {
        return all;
      } else {
        return self(self, std::move(all), others...);
      }
    };
    auto terms = continue_with(continue_with, std::tuple(first(from)), rest...);
    return std::apply([](auto&... term) { return residual_matrix(std::move(term)...); }, terms);
  }
}

/// Terms of block formats, each by its standard rule, to nearest even:
///
///   const auto q = quantize_residual<formats::nvfp4, formats::nvfp4>(x);
template <auto... Formats>
requires(sizeof...(Formats) >= 1 && (is_block_format_v<format_of<Formats>> && ...))
    [[nodiscard]] residual_matrix<block_matrix<Formats>...> quantize_residual(
        matrix_view<const float> in, const execution& how = {}) {
  return residual_terms(
      in, [&](matrix_view<const float> x) { return quantize<Formats>(x, nearest_even, how); }...);
}

/// The values: see residual_matrix. Throws std::invalid_argument, before writing, if the shapes
/// differ.
template <class... Terms>
void dequantize(const residual_matrix<Terms...>& in, matrix_view<float> out,
                const execution& how = {}) {
  bulk::require_shape("dequantize", out.rows, out.cols, in.rows(), in.cols());
  bool is_first = true;
  const auto add = [&](const auto& term) {
    if (is_first) {
      dequantize(term, out, how);
    } else {
      bulk::add_term(out, term, false, out, how);
    }
    is_first = false;
  };
  std::apply([&](const auto&... term) { (add(term), ...); }, in.terms());
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
