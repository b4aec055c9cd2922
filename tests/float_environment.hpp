// SPDX-License-Identifier: MIT
// The floating-point environments that a caller may have set: rounding directions, flush-to-zero
// and denormals-are-zero, for tests that no result depends on them.
#pragma once

#include <array>
#include <cstdint>

namespace test {

/// Bits of MXCSR on x86: FTZ and DAZ, and each other rounding direction, alone and together. On
/// other machines there is nothing to set.
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__SSE2__))
inline constexpr std::array<std::uint32_t, 6> unusual_environments{
    0x8040u, 0x0000u, 0x2000u, 0x4000u, 0x6000u, 0x6000u | 0x8040u};

/// Masked exceptions and `flags`, while it lives.
class float_environment {
 public:
  explicit float_environment(std::uint32_t flags) {
    const std::uint32_t value = 0x1F80u | flags;
    asm volatile("stmxcsr %0" : "=m"(saved_) : : "memory");
    asm volatile("ldmxcsr %0" : : "m"(value) : "memory");
  }
  ~float_environment() { asm volatile("ldmxcsr %0" : : "m"(saved_) : "memory"); }
  float_environment(const float_environment&) = delete;
  float_environment& operator=(const float_environment&) = delete;

 private:
  std::uint32_t saved_ = 0;
};
#else
inline constexpr std::array<std::uint32_t, 1> unusual_environments{0};
class float_environment {
 public:
  explicit float_environment(std::uint32_t) {}
  ~float_environment() {}
};
#endif

}  // namespace test
