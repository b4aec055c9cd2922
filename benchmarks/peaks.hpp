// SPDX-License-Identifier: MIT
// The most that the machine can do of what a matrix product does: multiplications in registers, and
// reading.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/products/product.hpp"
#if LOWP_X86_TARGETS
#include <immintrin.h>
#endif

namespace lowp_bench {

#if LOWP_X86_TARGETS

// Twelve chains, more than the latency of an instruction times how many start in a cycle.
#define LOWP_BENCH_TWELVE(instruction, r)                                                       \
  instruction " %%" r "mm13, %%" r "mm12, %%" r "mm0\n" instruction " %%" r "mm13, %%" r        \
              "mm12, %%" r "mm1\n" instruction " %%" r "mm13, %%" r "mm12, %%" r                \
              "mm2\n" instruction " %%" r "mm13, %%" r "mm12, %%" r "mm3\n" instruction " %%" r \
              "mm13, %%" r "mm12, %%" r "mm4\n" instruction " %%" r "mm13, %%" r "mm12, %%" r   \
              "mm5\n" instruction " %%" r "mm13, %%" r "mm12, %%" r "mm6\n" instruction " %%" r \
              "mm13, %%" r "mm12, %%" r "mm7\n" instruction " %%" r "mm13, %%" r "mm12, %%" r   \
              "mm8\n" instruction " %%" r "mm13, %%" r "mm12, %%" r "mm9\n" instruction " %%" r \
              "mm13, %%" r "mm12, %%" r "mm10\n" instruction " %%" r "mm13, %%" r "mm12, %%" r  \
              "mm11\n"
#define LOWP_BENCH_CLOBBERS \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11"

/// As many multiply-adds of binary32 as `count`, rounded up, with the vectors of a level.
inline void multiply_add_peak(lowp::isa level, std::size_t count) {
  if (level >= lowp::isa::avx512) {
    for (std::size_t i = 0; i < count; i += 12 * 16) {
      asm volatile(LOWP_BENCH_TWELVE("vfmadd231ps", "z") : : : LOWP_BENCH_CLOBBERS);
    }
  } else {
    for (std::size_t i = 0; i < count; i += 12 * 8) {
      asm volatile(LOWP_BENCH_TWELVE("vfmadd231ps", "y") : : : LOWP_BENCH_CLOBBERS);
    }
  }
  asm volatile("vzeroupper");
}
/// The same of 8-bit integers, four to a lane (VNNI).
inline void integer_peak(std::size_t count) {
  for (std::size_t i = 0; i < count; i += 12 * 64) {
    asm volatile(LOWP_BENCH_TWELVE("vpdpbusd", "z") : : : LOWP_BENCH_CLOBBERS);
  }
  asm volatile("vzeroupper");
}

/// The same of bfloat16, two to a lane (AVX512-BF16).
inline void dot_peak(std::size_t count) {
  for (std::size_t i = 0; i < count; i += 12 * 32) {
    asm volatile(LOWP_BENCH_TWELVE("vdpbf16ps", "z") : : : LOWP_BENCH_CLOBBERS);
  }
  asm volatile("vzeroupper");
}

/// As many multiply-adds as `count`, rounded up, by tile registers, each instruction of which has
/// `depth` of K.
template <class Products>
void tile_peak(std::size_t count, std::size_t depth) {
  const lowp::kernels::tile_session<lowp::kernels::tile_registers> session(lowp::isa::amx);
  for (std::size_t i = 0; i < count; i += 4 * 16 * 16 * depth) {
    Products::template add<0, 4, 6>();
    Products::template add<1, 4, 7>();
    Products::template add<2, 5, 6>();
    Products::template add<3, 5, 7>();
  }
}
inline void bfloat16_tile_peak(std::size_t count) {
  namespace kernels = lowp::kernels;
  tile_peak<kernels::avx512vbmi::bfloat16_products<kernels::tile_registers>>(count, 32);
}
inline void integer_tile_peak(std::size_t count) {
  namespace kernels = lowp::kernels;
  tile_peak<kernels::avx512vbmi::integer_products<kernels::tile_registers>>(count, 64);
}

LOWP_TARGET_BEGIN("avx2")
/// Reads bytes; from one stream, which is the fastest on some machines, or from four pages in turn
/// with prefetching, which is on others.
inline void read_one_stream(const std::uint8_t* from, std::size_t size) {
  __m256i all[4] = {};
  for (std::size_t i = 0; i + 128 <= size; i += 128) {
#pragma GCC unroll 4  // else GCC keeps the vectors in memory, at a third of the speed
    for (int j = 0; j < 4; ++j) {
      all[j] = _mm256_or_si256(
          all[j], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i + 32 * j)));
    }
  }
  asm volatile("" : : "x"(all[0]), "x"(all[1]), "x"(all[2]), "x"(all[3]));
}
inline void read_four_streams(const std::uint8_t* from, std::size_t size) {
  constexpr std::size_t page = 4096;
  __m256i all[4] = {};
  for (std::size_t i = 0; i + 4 * page <= size; i += 4 * page) {
    for (std::size_t line = 0; line < page; line += 64) {
#pragma GCC unroll 4
      for (std::size_t j = 0; j < 4; ++j) {
        const std::uint8_t* const at = from + i + j * page + line;
        _mm_prefetch(reinterpret_cast<const char*>(at + 4 * page), _MM_HINT_T0);
        all[j] = _mm256_or_si256(
            all[j], _mm256_or_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)),
                                    _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32))));
      }
    }
  }
  asm volatile("" : : "x"(all[0]), "x"(all[1]), "x"(all[2]), "x"(all[3]));
}
LOWP_TARGET_END

#endif

}  // namespace lowp_bench
