// SPDX-License-Identifier: MIT
// Codes to packed bytes and back, in any order and of any width, and the values of packed codes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/packing.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

inline constexpr std::size_t buffer_size = 1024;

/// Kernels read and write memory as little-endian machines do.
inline constexpr bool has_kernels = std::endian::native == std::endian::little;

/// Whether codes follow each other without gaps, in order.
[[nodiscard]] constexpr bool is_dense(packing p, int width) {
  return p.order == slot_order::straight &&
         (p.container_bits == 0 || p.container_bits == p.group_size * width);
}
/// Whether packed codes are an array of Code as it lies in memory.
template <class Code>
[[nodiscard]] constexpr bool is_array_of(packing p, int width) {
  return width == 8 * static_cast<int>(sizeof(Code)) && is_dense(p, width) &&
         (width == 8 || !p.is_msb_first);
}

/// Stores codes at the places first, first + 1, … of `bytes`; first is a multiple of 8. Code is
/// std::uint8_t, 16, 32 or 64.
template <class Code>
LOWP_BORDER void pack_codes(isa level, const Code* codes, std::size_t first, std::size_t count,
                            int width, packing p, std::uint8_t* bytes);
/// The codes at these places.
template <class Code>
LOWP_BORDER void unpack_codes(isa level, const std::uint8_t* bytes, std::size_t first,
                              std::size_t count, int width, packing p, Code* codes);

/// Values of the codes at the places first, first + 1, … of `bytes`, times their scales; first is a
/// multiple of 8. Code is the type of the codes that `values` takes. The packing is no copy: of one
/// just made the last word would be read before all of its bytes are written.
template <class Code, class Values>
void decode_codes(isa level, const Values& values, const kernels::scaling& scale,
                  const std::uint8_t* bytes, std::size_t first, std::size_t count, int width,
                  const packing& p, std::uint32_t* out) {
  if (is_array_of<Code>(p, width)) {
    const auto codes = reinterpret_cast<const Code*>(bytes) + first;
    return kernels::decode(level, values, scale, codes, count, out);
  }
  if constexpr (std::is_same_v<Values, kernels::value_table>) {
    if (p == packings::byte_low) {  // tables take any byte
      return kernels::decode(level, values, scale, bytes + first, count, out);
    }
    if (width == 4 && is_dense(p, width)) {
      return kernels::decode_nibbles(level, values, scale, bytes + first / 2, p.is_msb_first, count,
                                     out);
    }
  }
  alignas(64) Code codes[buffer_size];
  for (std::size_t i = 0; i < count; i += buffer_size) {
    const std::size_t n = count - i < buffer_size ? count - i : buffer_size;
    unpack_codes(level, bytes, first + i, n, width, p, codes);
    kernels::decode(level, values, scale.from(i), codes, n, out + i);
  }
}

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/arrays/packed_codes.inc"
#endif
