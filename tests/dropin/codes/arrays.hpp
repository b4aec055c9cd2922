// SPDX-License-Identifier: MIT
// Arrays of C that the codes begin with and end in.
#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace codes {

/// Numbers from 0 to 1 in no order.
template <class real, std::size_t N>
void set(real (&x)[N], int seed) {
  for (auto& element : x) {
    element = real(seed % 11 + 1) / 12;
    seed += 5;
  }
}
template <class real, std::size_t N, std::size_t M>
void set(real (&a)[N][M], int seed) {
  for (auto& row : a) set(row, seed += 3);
}

/// A matrix that is symmetric and has positive eigenvalues, none of them small.
template <class real, std::size_t N>
void set_positive_definite(real (&a)[N][N], int seed) {
  for (int i = 0; i < int{N}; ++i) {
    for (int j = 0; j < int{N}; ++j) a[i][j] = real((i * j + i + j + seed) % 7) / 16;
    a[i][i] += 3;
  }
}

template <class real, std::size_t N>
void append(std::vector<real>& results, const real (&x)[N]) {
  for (const real& element : x) results.push_back(element);
}
template <class real, std::size_t N, std::size_t M>
void append(std::vector<real>& results, const real (&a)[N][M]) {
  for (const auto& row : a) append(results, row);
}

template <class Array>
auto results_of(const Array& a) {
  std::vector<std::remove_const_t<std::remove_all_extents_t<Array>>> results;
  append(results, a);
  return results;
}

}  // namespace codes
