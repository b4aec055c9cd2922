// SPDX-License-Identifier: MIT
// Normal numbers for tests that need no certain ones: those of the standard library.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace test {

inline std::vector<float> normal_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(count);
  for (float& v : x) v = normal(random);
  return x;
}

}  // namespace test
