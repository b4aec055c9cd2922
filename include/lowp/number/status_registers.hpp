// SPDX-License-Identifier: MIT
// Status flags and environments as the registers of processors hold them: MXCSR of x86, FPSR and
// FPCR of Arm, fflags of RISC-V; and flags as a short text.
#pragma once

#include <cstdint>
#include <string_view>

#include "lowp/number/environment.hpp"

namespace lowp {

/// Bits 0 to 5 of MXCSR.
[[nodiscard]] constexpr std::uint32_t to_mxcsr(const status_flags& f) {
  return (f.invalid ? 1u : 0u) | (f.denormal_operand ? 2u : 0u) | (f.divide_by_zero ? 4u : 0u) |
         (f.overflow ? 8u : 0u) | (f.underflow ? 16u : 0u) | (f.inexact ? 32u : 0u);
}
[[nodiscard]] constexpr status_flags flags_from_mxcsr(std::uint32_t word) {
  return {.invalid = (word & 1) != 0,
          .divide_by_zero = (word & 4) != 0,
          .overflow = (word & 8) != 0,
          .underflow = (word & 16) != 0,
          .inexact = (word & 32) != 0,
          .denormal_operand = (word & 2) != 0};
}
/// Bits 0 to 4 and 7 of FPSR.
[[nodiscard]] constexpr std::uint32_t to_fpsr(const status_flags& f) {
  return (f.invalid ? 1u : 0u) | (f.divide_by_zero ? 2u : 0u) | (f.overflow ? 4u : 0u) |
         (f.underflow ? 8u : 0u) | (f.inexact ? 16u : 0u) | (f.denormal_operand ? 128u : 0u);
}
[[nodiscard]] constexpr status_flags flags_from_fpsr(std::uint32_t word) {
  return {.invalid = (word & 1) != 0,
          .divide_by_zero = (word & 2) != 0,
          .overflow = (word & 4) != 0,
          .underflow = (word & 8) != 0,
          .inexact = (word & 16) != 0,
          .denormal_operand = (word & 128) != 0};
}
/// fflags, which has no bit for denormal_operand.
[[nodiscard]] constexpr std::uint32_t to_fflags(const status_flags& f) {
  return (f.inexact ? 1u : 0u) | (f.underflow ? 2u : 0u) | (f.overflow ? 4u : 0u) |
         (f.divide_by_zero ? 8u : 0u) | (f.invalid ? 16u : 0u);
}
[[nodiscard]] constexpr status_flags flags_from_fflags(std::uint32_t word) {
  return {.invalid = (word & 16) != 0,
          .divide_by_zero = (word & 8) != 0,
          .overflow = (word & 4) != 0,
          .underflow = (word & 2) != 0,
          .inexact = (word & 1) != 0};
}

namespace environments {
/// x86_sse with DAZ (bit 6) and FTZ (bit 15); the rounding direction, bits 13 and 14, is no part of
/// an environment.
[[nodiscard]] constexpr environment from_mxcsr(std::uint32_t word) {
  environment e = x86_sse;
  e.flushes_operands = (word & 1u << 6) != 0;
  e.flushes_results = (word & 1u << 15) != 0;
  return e;
}
/// aarch64, or with DN (bit 25) aarch64_default_nan, with FZ (bit 24) flushing, with FZ16 (bit 19)
/// of binary16. FZ16 alone, AH and NEP are not known here.
[[nodiscard]] constexpr environment from_fpcr(std::uint32_t word) {
  environment e = (word & 1u << 25) != 0 ? aarch64_default_nan : aarch64;
  if ((word & 1u << 24) != 0) e = flushing(e);
  e.spares_binary16 = (word & 1u << 19) == 0;
  return e;
}
}  // namespace environments

/// Flags as a text of six characters: `v` invalid, `z` divide by zero, `o` overflow, `u` underflow,
/// `x` inexact, `d` denormal operand, each `-` where it is not set.
struct flag_text {
  char text[7] = {};
  [[nodiscard]] constexpr std::string_view view() const { return {text, 6}; }
  constexpr operator std::string_view() const { return view(); }
};
[[nodiscard]] constexpr flag_text to_text(const status_flags& f) {
  return {{f.invalid ? 'v' : '-', f.divide_by_zero ? 'z' : '-', f.overflow ? 'o' : '-',
           f.underflow ? 'u' : '-', f.inexact ? 'x' : '-', f.denormal_operand ? 'd' : '-', 0}};
}

}  // namespace lowp
