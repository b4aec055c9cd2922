// SPDX-License-Identifier: MIT
// Weights as two planes of -1, 0 and 1 with a scale each, chosen together: PTQTP (arXiv
// 2509.16989). The umbrella header leaves it out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/matrix_view.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/residual_matrix.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/number/real_functions.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp {

struct ternary_fit {
  int iterations = 50;      ///< at most
  double tolerance = 1e-4;  ///< the change of both scales, as a length, below which they end
};

namespace formats {
/// Of `Cols` elements of a row under a binary32; or any block_format of ternary elements in rows.
template <int Cols = 128>
inline constexpr block_format ternary_groups{ternary, binary32, block_shape{1, Cols}};
}  // namespace formats

namespace detail {

[[nodiscard]] constexpr bool has_negative_values(const auto& f) {
  const unpacked one = unpacked::scaled_integer(false, 1);
  const unpacked x = decode(f, encode(f, -one, nearest_even, overflow::saturate));
  return x.is_finite() && !x.is_zero() && x.negative;
}

struct trits {
  std::int8_t first = 0, second = 0;
};
/// Of the nine pairs, -1 before 0 before 1 and the second counting fastest, the first whose value
/// is nearest to w; under scales of zero both are 0. Each operation rounded to binary64.
[[nodiscard]] inline trits nearest_trits(double w, double a, double b) {
  trits best;
  if (a == 0 && b == 0) return best;  // no value is -0 then
  double least = 0;
  for (int i = 0; i < 9; ++i) {
    const int first = i / 3 - 1, second = i % 3 - 1;
    const double value = opaque(opaque(first * a) + opaque(second * b));
    const double apart = magnitude_of(opaque(w - value));
    if (i != 0 && !(apart < least)) continue;
    least = apart;
    best = {static_cast<std::int8_t>(first), static_cast<std::int8_t>(second)};
  }
  return best;
}

/// Scales of both planes by least squares: (S^T S + l I)^-1 S^T w, S being the planes; l is 1e-8,
/// and 10 times more while the Frobenius norms of the matrix and of its inverse have a product
/// above 1e6, up to 1. Sums of w in binary64 from the first element on.
struct ternary_scales {
  double first = 0, second = 0;
};
[[nodiscard]] inline ternary_scales fitted_scales(const std::vector<trits>& t, const float* w) {
  int of_first = 0, of_both = 0, of_second = 0;
  double x = 0, y = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const int p = t[i].first, q = t[i].second;
    of_first += p * p, of_both += p * q, of_second += q * q;
    const double value = static_cast<double>(w[i]);
    x = opaque(x + p * value), y = opaque(y + q * value);
  }
  const double off = of_both;
  for (double l = 1e-8;; l = opaque(l * 10)) {
    const double a = opaque(of_first + l), d = opaque(of_second + l);
    const double determinant = opaque(opaque(a * d) - opaque(off * off));
    const double squares = opaque(opaque(opaque(a * a) + opaque(d * d)) + opaque(2 * off * off));
    // Of two rows and columns the norm of the inverse is that of the matrix over the determinant.
    if (l < 1 && !(squares <= opaque(1e6 * determinant))) continue;
    return {opaque(opaque(opaque(d * x) - opaque(off * y)) / determinant),
            opaque(opaque(opaque(a * y) - opaque(off * x)) / determinant)};
  }
}

}  // namespace detail

inline namespace LOWP_BASELINE {

/// For each group of a row, w ~ a t + b u with t, u of -1, 0, 1: both planes begin as the signs of
/// w; then scales are fitted to the planes (detail::fitted_scales), and for each element the pair
/// is taken that is nearest (detail::nearest_trits), in turn, until scales move less than the
/// tolerance. At last they are rounded to the scale format, to nearest even, where they saturate,
/// and pairs are chosen once more. Scales may be negative. A group with a NaN or an infinity has
/// scales of NaN.
///
///   const auto q = quantize_ternary_planes<formats::ternary_groups<128>>(w);
///   gemm(x, q, y);  // with gemm/operands/residual_operand.hpp
///
/// Throws std::invalid_argument for fewer than 1 iterations or a tolerance that is negative or NaN.
template <auto F = formats::ternary_groups<>>
requires(is_block_format_v<format_of<F>>)
    [[nodiscard]] residual_matrix<block_matrix<F>, block_matrix<F>> quantize_ternary_planes(
        matrix_view<const float> in, const ternary_fit& fit = {}, const execution& how = {}) {
  static_assert(F.element == formats::ternary && F.shape.rows == 1 && has_nan(F.scale) &&
                    detail::has_negative_values(F.scale),
                "planes are of ternary elements in rows, under scales that have a sign and a NaN");
  if (fit.iterations < 1 || fit.tolerance < 0 || detail::is_nan(fit.tolerance)) {
    refuse("quantize_ternary_planes: iterations are " + std::to_string(fit.iterations) +
           " and the tolerance is " + std::to_string(fit.tolerance) +
           ", expected at least 1 and no less than 0");
  }
  // A copy: clang 19 finds members of F itself at wrong places, where F has padding.
  static constexpr auto scale_format = F.scale;
  block_matrix<F> first(in.rows, in.cols), second(in.rows, in.cols);
  const std::size_t width = first.block_cols();
  const auto one_group = [&](std::size_t row, std::size_t block, std::vector<detail::trits>& t) {
    const std::size_t left = block * width, count = (std::min)(width, in.cols - left);
    const float* const w = in.row(row) + left;
    const auto put = [&](const unpacked& a, const unpacked& b) {
      first.set_scale_code(row, block, encode(scale_format, a, nearest_even, overflow::saturate));
      second.set_scale_code(row, block, encode(scale_format, b, nearest_even, overflow::saturate));
    };
    t.assign(count, {});
    bool is_special = false;
    for (std::size_t i = 0; i < count; ++i) {
      is_special |= !detail::is_finite(w[i]);
      const auto sign = static_cast<std::int8_t>(w[i] > 0 ? 1 : w[i] < 0 ? -1 : 0);
      t[i] = {sign, sign};
    }
    if (is_special) return put(unpacked::nan(), unpacked::nan());
    detail::ternary_scales scales;
    const auto choose = [&] {
      for (std::size_t i = 0; i < count; ++i) {
        t[i] = detail::nearest_trits(static_cast<double>(w[i]), scales.first, scales.second);
      }
    };
    for (int i = 0; i < fit.iterations; ++i) {
      const detail::ternary_scales last = scales;
      scales = detail::fitted_scales(t, w);
      choose();
      const double a = opaque(scales.first - last.first), b = opaque(scales.second - last.second);
      const double moved = opaque(opaque(a * a) + opaque(b * b));
      if (moved < opaque(fit.tolerance * fit.tolerance)) break;
    }
    put(unpack(scales.first), unpack(scales.second));
    scales = {pack_as<double>(decode(scale_format, first.scale_code(row, block))),
              pack_as<double>(decode(scale_format, second.scale_code(row, block)))};
    choose();
    for (std::size_t i = 0; i < count; ++i) {
      first.set_code(row, left + i, static_cast<code_t>(t[i].first + 1));
      second.set_code(row, left + i, static_cast<code_t>(t[i].second + 1));
    }
  };
  const auto one_row = [&](std::size_t row) {
    const default_float_environment environment;
    std::vector<detail::trits> t;
    for (std::size_t block = 0; block < first.block_col_count(); ++block) one_group(row, block, t);
  };
  run_and_rethrow(how, in.cols == 0 ? 0 : in.rows, task(one_row));
  return residual_matrix(std::move(first), std::move(second));
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
