// SPDX-License-Identifier: MIT
// A matrix as the product of two thin ones: the terms of its singular value decomposition of
// largest singular values, by one-sided Jacobi rotations in binary64 in a stated order, with the
// same bits on every machine. LoRC of ZeroQuant-V2 (arXiv 2303.08302), LoftQ, LQ-LoRA.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "lowp/arrays/matrix_view.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/failure.hpp"
#include "lowp/number/real_functions.hpp"
#include "lowp/transforms/places.hpp"

namespace lowp {

/// left * right ~ the matrix: left is rows x rank, right rank x cols, each row-major.
struct low_rank {
  std::size_t rows = 0, cols = 0, rank = 0;
  std::vector<float> left, right;
  std::vector<double> singular_values;  ///< all min(rows, cols) of the matrix, descending

  [[nodiscard]] matrix_view<const float> left_view() const { return {left.data(), rows, rank}; }
  [[nodiscard]] matrix_view<const float> right_view() const { return {right.data(), rank, cols}; }
};

/// Which factor has the singular values.
enum class singular_side : std::uint8_t {
  both,  ///< their square roots in either: LoRC, LQ-LoRA
  left,
  right,
};

namespace detail {

#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__aarch64__))
using two_doubles [[gnu::vector_size(16)]] = double;
LOWP_ALWAYS_INLINE inline two_doubles opaque_two(two_doubles v) {
#if defined(__aarch64__)
  asm("" : "+w"(v));
#else
  asm("" : "+x"(v));
#endif
  return v;
}
#else
struct two_doubles {
  double at[2];
  double operator[](std::size_t i) const { return at[i]; }
  friend two_doubles operator+(two_doubles a, two_doubles b) {
    return {{opaque(a.at[0] + b.at[0]), opaque(a.at[1] + b.at[1])}};
  }
  friend two_doubles operator-(two_doubles a, two_doubles b) {
    return {{opaque(a.at[0] - b.at[0]), opaque(a.at[1] - b.at[1])}};
  }
  friend two_doubles operator*(two_doubles a, two_doubles b) {
    return {{opaque(a.at[0] * b.at[0]), opaque(a.at[1] * b.at[1])}};
  }
};
inline two_doubles opaque_two(two_doubles v) { return v; }
#endif
[[nodiscard]] LOWP_ALWAYS_INLINE inline two_doubles load_two(const double* x) {
  two_doubles v;
  std::memcpy(&v, x, sizeof v);
  return v;
}

/// Vectors are followed by zeros up to a multiple of this.
inline constexpr std::size_t vector_step = 8;

/// The sum of x[i] y[i] as vector_step chains, of indices that are equal modulo that, each from the
/// first one on, and then ((0 + 2) + (4 + 6)) + ((1 + 3) + (5 + 7)): each product and each sum
/// rounded once to binary64.
[[nodiscard]] inline double chained_dot(const double* x, const double* y, std::size_t count) {
  two_doubles sums[4] = {};
  for (std::size_t i = 0; i < count; i += vector_step) {
    for (std::size_t j = 0; j < 4; ++j) {
      const two_doubles product = opaque_two(load_two(x + i + 2 * j) * load_two(y + i + 2 * j));
      sums[j] = opaque_two(sums[j] + product);
    }
  }
  const two_doubles sum = opaque_two(opaque_two(sums[0] + sums[1]) + opaque_two(sums[2] + sums[3]));
  return opaque(sum[0] + sum[1]);
}
/// (x, y) = (cos x - sin y, sin x + cos y), each product and each sum rounded once.
inline void rotate(double* x, double* y, std::size_t count, double cos, double sin) {
  const two_doubles c{cos, cos}, s{sin, sin};
  for (std::size_t i = 0; i < count; i += 2) {
    const two_doubles a = load_two(x + i), b = load_two(y + i);
    const two_doubles p = opaque_two(opaque_two(c * a) - opaque_two(s * b));
    const two_doubles q = opaque_two(opaque_two(s * a) + opaque_two(c * b));
    std::memcpy(x + i, &p, sizeof p);
    std::memcpy(y + i, &q, sizeof q);
  }
}

/// Vectors of one length in binary64, side by side.
class vector_set {
 public:
  vector_set(std::size_t count, std::size_t length)
      : count_(count),
        stride_((length + vector_step - 1) / vector_step * vector_step),
        data_(count * stride_) {}
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t padded() const { return stride_; }
  [[nodiscard]] double* operator[](std::size_t i) { return data_.data() + i * stride_; }
  [[nodiscard]] const double* operator[](std::size_t i) const { return data_.data() + i * stride_; }
  [[nodiscard]] double dot(std::size_t i, std::size_t j) const {
    return chained_dot((*this)[i], (*this)[j], stride_);
  }

 private:
  std::size_t count_, stride_;
  std::vector<double> data_;
};

/// Makes vectors orthogonal by rotations of pairs, (0, 1), (0, 2) … (1, 2) …, in sweeps until no
/// pair of one is rotated, at most 60. A pair is left alone whose product is at most
/// sqrt(padded length) 2^-52 times those of its lengths.
inline void make_orthogonal(vector_set& v) {
  constexpr int most_sweeps = 60;
  const double length = static_cast<double>(v.padded());
  const double limit = opaque(square_root_of(opaque(length)) * 0x1p-52);
  std::vector<double> squares(v.count());
  bool is_done = false;
  for (int sweep = 0; sweep < most_sweeps && !is_done; ++sweep) {
    is_done = true;
    for (std::size_t i = 0; i < v.count(); ++i) squares[i] = v.dot(i, i);
    for (std::size_t i = 0; i < v.count(); ++i) {
      for (std::size_t j = i + 1; j < v.count(); ++j) {
        const double product = v.dot(i, j);
        const double lengths = opaque(opaque(square_root_of(opaque(squares[i]))) *
                                      opaque(square_root_of(opaque(squares[j]))));
        if (!(magnitude_of(product) > opaque(limit * lengths))) continue;
        // The tangent of the smaller of the two angles that make the product zero.
        const double zeta = opaque(opaque(squares[j] - squares[i]) / opaque(2 * product));
        const double root = opaque(square_root_of(opaque(1 + opaque(zeta * zeta))));
        const double steep = opaque(1 / opaque(magnitude_of(zeta) + root));
        const double tangent = zeta < 0 ? -steep : steep;
        if (tangent == 0) continue;
        const double hypotenuse = opaque(square_root_of(opaque(1 + opaque(tangent * tangent))));
        const double cos = opaque(1 / hypotenuse), sin = opaque(cos * tangent);
        rotate(v[i], v[j], v.padded(), cos, sin);
        const double moved = opaque(tangent * product);
        squares[i] = opaque(squares[i] - moved);
        squares[j] = opaque(squares[j] + moved);
        if (!(squares[i] > 0)) squares[i] = v.dot(i, i);
        is_done = false;
      }
    }
  }
}

inline void require_low_rank(const char* function, const matrix_view<const float>& x,
                             std::size_t rank) {
  const std::string text(function);
  const std::size_t most = (std::min)(x.rows, x.cols);
  if (rank == 0 || rank > most) {
    refuse(text + ": rank is " + std::to_string(rank) + ", expected 1 to " + std::to_string(most) +
           ", the smaller side of the matrix");
  }
  for (std::size_t row = 0; row < x.rows; ++row) {
    for (std::size_t col = 0; col < x.cols; ++col) {
      const float& value = x(row, col);
      if (is_finite(value)) continue;
      refuse(text + ": the element at (" + std::to_string(row) + ", " + std::to_string(col) +
             ") is " + std::to_string(value) + ", expected finite ones");
    }
  }
}

}  // namespace detail

inline namespace LOWP_BASELINE {

/// The terms of the largest `rank` singular values: among all matrices of that rank, left * right
/// is, but for roundings, the nearest to `x` by the sum of squares (Eckart and Young). With
/// rank = min(rows, cols) it is `x`.
///
/// The columns of `x`, or its rows if these are fewer, are made orthogonal by rotations in binary64
/// (detail::make_orthogonal), which keeps small singular values exact relative to themselves; their
/// lengths are the singular values, in descending order, of equal ones the earlier vector first.
/// The singular vector on that side is the vector over its length, that on the other side the
/// product of `x` with it, over the singular value. The element of largest magnitude of a row of
/// `right`, the first of such, is positive. Factors are rounded once from binary64 to binary32; a
/// singular value of zero has factors of zero. Each operation rounds to nearest even, in a stated
/// order: the same bits everywhere. 512 x 512 take about a second.
///
///   const low_rank terms = low_rank_terms(error, 16);
///   gemm(x, terms.right_view(), t);  // t: batch x rank
///   gemm(t, terms.left_view(), y);   // y = x * (left * right)^T
///
/// Throws std::invalid_argument for a rank of zero or above the smaller side, and for a NaN or an
/// infinity.
[[nodiscard]] inline low_rank low_rank_terms(matrix_view<const float> x, std::size_t rank,
                                             singular_side side = singular_side::both) {
  detail::require_low_rank("low_rank_terms", x, rank);
  const default_float_environment environment;
  const bool takes_columns = x.cols <= x.rows;
  const std::size_t count = takes_columns ? x.cols : x.rows;
  const std::size_t length = takes_columns ? x.rows : x.cols;
  const auto element = [&](std::size_t vector, std::size_t i) {
    return static_cast<double>(takes_columns ? x(i, vector) : x(vector, i));
  };
  detail::vector_set v(count, length);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < length; ++j) v[i][j] = element(i, j);
  }
  const detail::vector_set original = v;
  detail::make_orthogonal(v);

  std::vector<std::pair<double, std::size_t>> order(count);
  for (std::size_t i = 0; i < count; ++i) {
    order[i] = {opaque(detail::square_root_of(opaque(v.dot(i, i)))), i};
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  low_rank result{x.rows, x.cols, rank, {}, {}, {}};
  result.left.resize(x.rows * rank);
  result.right.resize(rank * x.cols);
  for (const auto& [value, i] : order) result.singular_values.push_back(value);

  std::vector<double> own(v.padded()), other(count);
  for (std::size_t k = 0; k < rank; ++k) {
    const double value = order[k].first;
    const std::size_t i = order[k].second;
    if (value == 0) continue;
    for (std::size_t j = 0; j < v.padded(); ++j) own[j] = opaque(v[i][j] / value);
    for (std::size_t j = 0; j < count; ++j) {  // times the singular value
      other[j] = detail::chained_dot(original[j], own.data(), v.padded());
    }
    const std::size_t right_size = takes_columns ? count : length;
    const double* const right = takes_columns ? other.data() : own.data();
    std::size_t largest = 0;
    for (std::size_t j = 1; j < right_size; ++j) {
      if (detail::magnitude_of(right[j]) > detail::magnitude_of(right[largest])) largest = j;
    }
    const double sign = right[largest] < 0 ? -1.0 : 1.0;
    const double root = opaque(detail::square_root_of(opaque(value)));
    // `own` has length 1 and `other` that of the singular value.
    const singular_side own_side = takes_columns ? singular_side::left : singular_side::right;
    const bool own_has = side == own_side,
               other_has = side != own_side && side != singular_side::both;
    const auto of_own = [&](double u) {
      return static_cast<float>(sign * (own_has     ? opaque(u * value)
                                        : other_has ? u
                                                    : opaque(u * root)));
    };
    const auto of_other = [&](double u) {
      return static_cast<float>(sign * (own_has     ? opaque(u / value)
                                        : other_has ? u
                                                    : opaque(u / root)));
    };
    for (std::size_t j = 0; j < length; ++j) {
      (takes_columns ? result.left[j * rank + k] : result.right[k * x.cols + j]) = of_own(own[j]);
    }
    for (std::size_t j = 0; j < count; ++j) {
      (takes_columns ? result.right[k * x.cols + j] : result.left[j * rank + k]) =
          of_other(other[j]);
    }
  }
  return result;
}

/// out = in + sign * left * right, sign = 1 or -1: for each element the products, exact in
/// binary64, are summed there in the order of the rank, from the first one on; the sum is added to
/// the element in binary64 or taken from it, and that rounded to binary32. `out` may be `in`.
/// Throws std::invalid_argument, before writing, for shapes that differ, factors that are not of
/// the sizes that `terms` says, or matrices that share some elements only.
inline void add_low_rank(matrix_view<const float> in, const low_rank& terms, matrix_view<float> out,
                         int sign = 1) {
  if (in.rows != terms.rows || in.cols != terms.cols) {
    refuse("add_low_rank: in is " + std::to_string(in.rows) + " x " + std::to_string(in.cols) +
           ", expected " + std::to_string(terms.rows) + " x " + std::to_string(terms.cols));
  }
  if (sign != 1 && sign != -1) {
    refuse("add_low_rank: sign is " + std::to_string(sign) + ", expected 1 or -1");
  }
  bulk::require_size("add_low_rank", "left", terms.left.size(), "rows * rank",
                     terms.rows * terms.rank);
  bulk::require_size("add_low_rank", "right", terms.right.size(), "rank * cols",
                     terms.rank * terms.cols);
  bulk::require_place("add_low_rank", in, out);
  const default_float_environment environment;
  std::vector<double> sums(terms.cols);
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t k = 0; k < terms.rank; ++k) {
      const double factor = static_cast<double>(terms.left[row * terms.rank + k]);
      const float* const right = terms.right.data() + k * terms.cols;
      // Products of two numbers of 24 significant bits are exact.
      for (std::size_t col = 0; col < terms.cols; ++col) {
        const double product = factor * static_cast<double>(right[col]);
        sums[col] = k == 0 ? product : opaque(sums[col] + product);
      }
    }
    for (std::size_t col = 0; col < terms.cols; ++col) {
      const double x = static_cast<double>(in(row, col));
      out(row, col) = static_cast<float>(opaque(sign > 0 ? x + sums[col] : x - sums[col]));
    }
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
