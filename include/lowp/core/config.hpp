// SPDX-License-Identifier: MIT
// What depends on the compiler and the machine, in one place: how to insist on inlining, the
// floating-point environment, and a value the optimizer cannot see through. The latter two keep the
// few functions that compute in hardware floating point on the same bits under -ffast-math,
// -ffp-contract and flush-to-zero.
#pragma once

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "lowp needs C++20 or newer: compile with -std=c++20 (MSVC: /std:c++20)"
// No such file: the compiler stops here, instead of after thousands of errors.
#define LOWP_STOP "lowp needs C++20 or newer"
#include LOWP_STOP
#endif

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

/// On the codecs: with a constant descriptor they fold to a few instructions, if they are inlined
/// (5 times faster with g++ 12 -O2, which does not do it on its own).
#if defined(__GNUC__) || defined(__clang__)
#define LOWP_ALWAYS_INLINE [[gnu::always_inline]]
#else
#define LOWP_ALWAYS_INLINE
#endif

/// On the loops of the kernels, which are large and worth having once.
#if defined(__GNUC__) || defined(__clang__)
#define LOWP_NOINLINE [[gnu::noinline]]
#else
#define LOWP_NOINLINE
#endif

namespace lowp {

/// Whether the compiler keeps to IEEE 754 as it stands. With -ffast-math and some of its parts it
/// would simplify what rounds, and with the x87 it rounds otherwise: definitions are used instead.
#if defined(__FAST_MATH__) || (defined(__GCC_IEC_559) && __GCC_IEC_559 == 0) || \
    (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
inline constexpr bool has_ieee_arithmetic = false;
#else
inline constexpr bool has_ieee_arithmetic = true;
#endif

/// `value`, which the compiler can neither contract with, nor reassociate across.
template <std::floating_point T>
[[nodiscard]] inline T opaque(T value) {
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__SSE2__))
  asm volatile("" : "+x"(value));
  return value;
#elif (defined(__GNUC__) || defined(__clang__)) && defined(__aarch64__)
  asm volatile("" : "+w"(value));
  return value;
#else
  volatile T kept = value;
  return kept;
#endif
}

/// The number with these bits. Where zeros need not keep their sign, g++ would let one constant
/// stand for +0 and -0 if it knew them.
template <std::floating_point T, std::unsigned_integral Bits>
[[nodiscard]] constexpr T from_bits(Bits bits) {
#if defined(__FAST_MATH__) && defined(__GNUC__)
  if (!std::is_constant_evaluated()) asm("" : "+r"(bits));
#endif
  return std::bit_cast<T>(bits);
}

/// While one lives, this thread rounds to nearest even and computes with subnormals, whatever the
/// caller had set (linking with -ffast-math sets flush-to-zero for a whole program). On x86-64 and
/// AArch64; elsewhere it does nothing.
class default_float_environment {
 public:
  default_float_environment() {
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__SSE2__))
    constexpr std::uint32_t all_masked = 0x1F80;
    asm volatile("stmxcsr %0" : "=m"(saved_));
    asm volatile("ldmxcsr %0" : : "m"(all_masked) : "memory");
#elif (defined(__GNUC__) || defined(__clang__)) && defined(__aarch64__)
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{0}) : "memory");
#endif
  }
  ~default_float_environment() {
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__SSE2__))
    asm volatile("ldmxcsr %0" : : "m"(saved_) : "memory");
#elif (defined(__GNUC__) || defined(__clang__)) && defined(__aarch64__)
    asm volatile("msr fpcr, %0" : : "r"(saved_) : "memory");
#endif
  }
  default_float_environment(const default_float_environment&) = delete;
  default_float_environment& operator=(const default_float_environment&) = delete;

 private:
#if defined(__aarch64__)
  [[maybe_unused]] std::uint64_t saved_ = 0;
#else
  [[maybe_unused]] std::uint32_t saved_ = 0;
#endif
};

}  // namespace lowp
