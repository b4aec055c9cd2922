// SPDX-License-Identifier: MIT
// Random words of tests that are the same on every machine.
#pragma once

#include <cstdint>

namespace test {

/// SplitMix64 (Steele, Lea and Flood 2014).
class split_mix {
 public:
  explicit split_mix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t word() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }
  /// From 0 to n - 1.
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(word() >> 32) % n; }

 private:
  std::uint64_t state_;
};

}  // namespace test
