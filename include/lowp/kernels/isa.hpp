// SPDX-License-Identifier: MIT
// Which of the instruction sets that kernels are written for this machine has.
#pragma once

#include <cstdint>

#include "lowp/kernels/target.hpp"
#include "lowp/kernels/targets/table.hpp"
#if LOWP_X86_TARGETS
#include <cpuid.h>
#elif LOWP_COMPILES_dotprod && defined(__linux__)
#include <sys/auxv.h>  // getauxval
#endif

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// What the processor has and the operating system saves, by CPUID and XGETBV; of AArch64, by what
/// Linux tells, or what the compiler's flags promise.
[[nodiscard]] inline isa detected_isa() {
#if LOWP_X86_TARGETS
  unsigned a = 0, b = 0, c = 0, d = 0;
  const auto has = [](unsigned word, unsigned bits) { return (word & bits) == bits; };
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return isa::vector128;
  constexpr unsigned fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
  if (!has(c, fma | osxsave | avx | f16c)) return isa::vector128;

  unsigned saved = 0, saved_high = 0;
  asm("xgetbv" : "=a"(saved), "=d"(saved_high) : "c"(0));
  constexpr unsigned ymm_state = 0x06, zmm_state = 0xE6;
  if (!has(saved, ymm_state) || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return isa::vector128;
  constexpr unsigned avx2 = 1u << 5;
  if (!has(b, avx2)) return isa::vector128;
  constexpr unsigned f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
  if (!has(saved, zmm_state) || !has(b, f | dq | cd | bw | vl)) return isa::avx2;
  constexpr unsigned vbmi = 1u << 1, vnni = 1u << 11;
  if (!has(c, vbmi | vnni)) return isa::avx512;
  constexpr unsigned amx_bf16 = 1u << 22, amx_tile = 1u << 24, amx_int8 = 1u << 25;
  constexpr unsigned tile_state = 0x60000;
  const bool has_tiles = has(d, amx_bf16 | amx_tile | amx_int8) && has(saved, tile_state);
  constexpr unsigned bf16 = 1u << 5;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) == 0 || !has(a, bf16)) return isa::avx512vbmi;
  return has_tiles ? isa::amx : isa::avx512bf16;
#else
#if LOWP_COMPILES_dotprod && defined(__linux__)
  constexpr unsigned long has_dot_products = 1ul << 20;  // HWCAP_ASIMDDP
  if ((getauxval(AT_HWCAP) & has_dot_products) != 0) return isa::dotprod;
#elif LOWP_COMPILES_dotprod && defined(__ARM_FEATURE_DOTPROD)
  return isa::dotprod;
#endif
  return LOWP_COMPILES_vector128 ? isa::vector128 : isa::portable;
#endif
}

/// Whether the system saves the tiles of this process, which it does not do unasked. Asks Linux for
/// it, once; from then on alternate signal stacks must have room for 8 KiB more, and if there is
/// one that has not, the answer is no.
[[nodiscard]] inline bool are_tiles_permitted() {
#if LOWP_X86_TARGETS && defined(__linux__)
  static const bool are_permitted = [] {
    constexpr std::int64_t arch_prctl = 158, request_permission = 0x1023, tile_data = 18;
    std::int64_t result = arch_prctl;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(request_permission), "S"(tile_data)
                 : "rcx", "r11", "memory");
    return result == 0;
  }();
  return are_permitted;
#else
  return false;
#endif
}

/// Whether results reach memory through the cache as fast as past it, if they pass through a buffer
/// on that way. They do on AMD's cores from Zen 5 on (1.03 to 1.5 times as fast, but where results
/// have a fourth of the bits that are read).
[[nodiscard]] inline bool prefers_cached_stores() {
#if LOWP_X86_TARGETS
  static const bool is_so = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(0, &a, &b, &c, &d) == 0 || b != signature_AMD_ebx || d != signature_AMD_edx ||
        c != signature_AMD_ecx || __get_cpuid(1, &a, &b, &c, &d) == 0) {
      return false;
    }
    const unsigned family = (a >> 8 & 0xFu) + (a >> 20 & 0xFFu);
    return family >= 0x1A;
  }();
  return is_so;
#else
  return false;
#endif
}

/// Whether memory is read fastest from several pages in turn with prefetching. It is on Intel's
/// cores, whose L2 streamer follows one 4 KiB page (1.4 to 2 times a single stream on Sapphire
/// Rapids), and is not on AMD's (0.6 times on Zen 4).
[[nodiscard]] inline bool prefers_page_streams() {
#if LOWP_X86_TARGETS
  static const bool is_intel = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(0, &a, &b, &c, &d) != 0 && b == signature_INTEL_ebx &&
           d == signature_INTEL_edx && c == signature_INTEL_ecx;
  }();
  return is_intel;
#else
  return false;
#endif
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE

inline namespace LOWP_BASELINE {

/// The best level of this machine. Flags that promise VBMI leave three to choose from, which have
/// the same kernels for all but products.
[[nodiscard]] inline isa best_isa() {
  static const isa detected = kernels::detected_isa();
  if constexpr (LOWP_X86_TARGETS && LOWP_BASELINE_VECTORS == 5) {
    return detected == isa::amx || detected == isa::avx512bf16 ? detected : isa::avx512vbmi;
  } else {
    return detected;
  }
}

}  // namespace LOWP_BASELINE
}  // namespace lowp
