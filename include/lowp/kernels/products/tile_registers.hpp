// SPDX-License-Identifier: MIT
// The tile registers of AMX: eight matrices of 16 rows of 64 bytes each.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

#if LOWP_X86_TARGETS

/// An instruction each; T, Sum, Rows and Lanes name registers. A kernel takes the type as a
/// template argument, so that tests can run it on a model of the registers.
///
/// In assembly, since the intrinsics of GCC 12 do not tell the compiler that memory is read: it may
/// drop the stores that fill a configuration or a panel.
struct tile_registers {
  static constexpr std::size_t rows = 16, row_bytes = 64;

  /// To be called first in a thread, for tiles of full size.
  static void configure() {
    struct alignas(64) {
      std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
      std::uint16_t row_bytes_of[16] = {};
      std::uint8_t rows_of[16] = {};
    } configuration;
    for (int i = 0; i < 8; ++i) {
      configuration.row_bytes_of[i] = row_bytes;
      configuration.rows_of[i] = rows;
    }
    asm volatile("ldtilecfg %0" : : "m"(configuration));
  }
  /// The system then need not save the tiles.
  static void release() { asm volatile("tilerelease"); }

  /// Rows lie `stride` bytes apart.
  template <int T>
  static void load(const void* from, std::size_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(T) : "memory");
  }
  template <int T>
  static void store(void* to, std::size_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(T) : "memory");
  }
  template <int T>
  static void clear() {
    asm volatile("tilezero %%tmm%c0" : : "i"(T));
  }
  /// Sum[r][l] += Rows[r][w] * Lanes[w][l], where a word w holds two bfloat16: for one step of the
  /// order k32, but that subnormal numbers count as zero.
  template <int Sum, int Rows, int Lanes>
  static void add_bfloat16_products() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(Rows), "i"(Lanes));
  }
  /// Sum[r][l] += Rows[r][w] * Lanes[w][l], where a word w holds four 8-bit integers, in Rows
  /// without a sign, in Lanes with one, modulo 2^32.
  template <int Sum, int Rows, int Lanes>
  static void add_integer_products() {
    asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(Rows), "i"(Lanes));
  }
};

#else

/// There are none: isa::amx is not detected.
struct tile_registers {
  static void configure() {}
  static void release() {}
};

#endif

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
