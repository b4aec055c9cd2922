// SPDX-License-Identifier: MIT
// A fast Fourier transform as textbooks write it, over std::complex.
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <utility>
#include <vector>

#include "dropin/run_codes.hpp"

namespace codes {

template <class real>
void transform(std::vector<std::complex<real>>& x, bool inverse) {
  const std::size_t size = x.size();
  const real pi = real(3.14159265358979323846);
  for (std::size_t i = 1, j = 0; i < size; ++i) {
    std::size_t bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t length = 2; length <= size; length *= 2) {
    const real angle = 2 * pi / real(length) * (inverse ? 1 : -1);
    for (std::size_t k = 0; k < length / 2; ++k) {
      const std::complex<real> twiddle(std::cos(angle * real(k)), std::sin(angle * real(k)));
      for (std::size_t i = k; i < size; i += length) {
        const std::complex<real> u = x[i], v = x[i + length / 2] * twiddle;
        x[i] = u + v;
        x[i + length / 2] = u - v;
      }
    }
  }
  if (inverse) {
    for (auto& element : x) element /= real(size);
  }
}

template <class real>
std::vector<real> spectrum() {
  std::vector<std::complex<real>> x(32);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = {real(i * 7 % 16) / 16, real(i * 3 % 8) / 8};
  transform(x, false);
  std::vector<real> results;
  for (const auto& element : x) {
    results.push_back(element.real());
    results.push_back(element.imag());
  }
  transform(x, true);
  for (const auto& element : x) results.push_back(element.real());
  return results;
}

template <class real>
std::vector<test::code<real>> fourier() {
  return {{"fast Fourier transform", spectrum<real>, 8, test::operations::others, 32}};
}

}  // namespace codes
