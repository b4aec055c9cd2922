// SPDX-License-Identifier: MIT
// The Hadamard matrices of order 12 and 20, by Paley's second construction: R. E. A. C. Paley, "On
// orthogonal matrices" (1933).
//
// Of a prime power q = 1 modulo 4 there is a symmetric conference matrix C of order q + 1: zeros
// on the diagonal, ones in row and column 0 beside it, and else C(i, j) = chi(g_i - g_j), where chi
// is 1 of squares of GF(q) and -1 of other elements, and g_1 … g_q are its elements. Then
//   H = | C + I   C - I |
//       | C - I  -C - I |
// is symmetric, and H H = 2(q + 1) I. q is 5, with g_i = i - 1, and 9, with g_i = a u + b of
// i - 1 = 3 a + b and u * u = -1; there chi is 1 where a^2 + b^2 = 1 modulo 3.
#pragma once

#include <array>
#include <cstddef>

namespace lowp::paley {

/// Whether an element of GF(q), q = 5 or 9, is a square other than 0; as i - 1 above numbers them.
[[nodiscard]] constexpr bool is_square(std::size_t q, std::size_t element) {
  if (q == 5) return element == 1 || element == 4;
  const std::size_t a = element / 3, b = element % 3;
  return (a * a + b * b) % 3 == 1;
}
/// The difference of two elements.
[[nodiscard]] constexpr std::size_t difference(std::size_t q, std::size_t x, std::size_t y) {
  if (q == 5) return (x + 5 - y) % 5;
  return (x / 3 + 3 - y / 3) % 3 * 3 + (x % 3 + 3 - y % 3) % 3;
}

/// Where the conference matrix of this order, 6 or 10, holds 1; elsewhere it holds -1, and on the
/// diagonal 0.
template <std::size_t Order>
inline constexpr std::array<std::array<bool, Order>, Order> conference = [] {
  static_assert(Order == 6 || Order == 10);
  std::array<std::array<bool, Order>, Order> is_one{};
  for (std::size_t i = 0; i < Order; ++i) {
    for (std::size_t j = 0; j < Order; ++j) {
      is_one[i][j] =
          i != j && (i == 0 || j == 0 || is_square(Order - 1, difference(Order - 1, i - 1, j - 1)));
    }
  }
  return is_one;
}();

}  // namespace lowp::paley
