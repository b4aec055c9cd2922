// SPDX-License-Identifier: MIT
// Square roots of integers by Newton's iteration, k becoming floor((k + floor(v / k)) / 2).
#pragma once

#include <bit>
#include <cstdint>

namespace lowp {

/// So many steps from `start`, whether they suffice or not. I-ViT takes ten from 2^16: of 0 they
/// end at 64, of others up to 34595 at more than 1 above floor(sqrt(v)), of some up to 183183 at 1
/// above it. From a k of 0, which only v = 0 leads to, the result is 0.
[[nodiscard]] constexpr std::uint64_t integer_sqrt(std::uint64_t v, std::uint64_t start,
                                                   int steps) {
  std::uint64_t k = start;
  for (int i = 0; i < steps && k != 0; ++i) {
    const std::uint64_t q = v / k;
    k = (k & q) + ((k ^ q) >> 1);  // half of a sum that may have 65 bits
  }
  return k;
}

/// floor(sqrt(v)), exactly: from a power of two that is no less than the root until a step leads no
/// further down.
[[nodiscard]] constexpr std::uint64_t integer_sqrt(std::uint64_t v) {
  if (v == 0) return 0;
  std::uint64_t k = std::uint64_t{1} << ((std::bit_width(v) + 1) / 2);
  for (;;) {
    const std::uint64_t q = v / k, next = (k & q) + ((k ^ q) >> 1);
    if (next >= k) return k;
    k = next;
  }
}

/// Roots that integer_layer_norm takes, or any of yours: integers of 64 bits to such.
struct newton_sqrt {
  std::uint64_t start = std::uint64_t{1} << 16;
  int steps = 10;
  constexpr std::uint64_t operator()(std::uint64_t v) const {
    return integer_sqrt(v, start, steps);
  }
};
struct floor_sqrt {
  constexpr std::uint64_t operator()(std::uint64_t v) const { return integer_sqrt(v); }
};

}  // namespace lowp
