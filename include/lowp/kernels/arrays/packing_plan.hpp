// SPDX-License-Identifier: MIT
// Where packed codes lie, as kernels take it. Any order that repeats after some whole bytes is a
// table of places; from it follow, for codes from bytes and for bytes from codes alike, shuffles of
// bytes into lanes of twice the size, shifts of these lanes, and what is left of memory. So the
// kernels know no packing and no width.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/core/memory.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Where a code begins: its byte, and the bits before it there in the order of the stream.
struct packed_place {
  std::uint32_t byte;
  std::uint32_t bit;
};

/// Two halves of a vector of 32 bytes: 16 bytes from `first[i]` on are shuffled into lanes, and
/// these are shifted. Lanes have twice the bytes of a code, or where codes of 4 bytes come from no
/// more of them, as many. Lanes of 16 bits are multiplied by a power of two instead, which all
/// targets can do.
struct packing_shuffle {
  alignas(32) std::uint8_t index[32];
  alignas(32) std::uint8_t shifts[32];
  std::uint32_t first[2];
};

/// A unit of codes that fills whole bytes, after which the places repeat. Codes are of 1, 2 or 4
/// bytes in memory; a piece is as many bytes of packed memory.
struct packing_plan {
  static constexpr std::size_t max_unit_bytes = 8192;  ///< of codes, and of what they are packed to

  /// Where the bits of a code are in so many bytes, from the lowest bit of these …
  struct source {
    std::uint16_t byte;
    std::uint16_t shift;
  };
  /// … and a code in a piece: shifted left, above the piece.
  struct term {
    std::uint16_t code;
    std::uint16_t shift;
  };

  bool is_supported = false;
  int width = 0, code_bytes = 0;
  bool is_msb_first = false;
  bool has_gaps = false;  ///< bits of no code, which stay as they are
  std::size_t codes = 0, bytes = 0;
  std::size_t terms_per_piece = 0;
  bool has_narrow_lanes = false;                   ///< of unpacking: as many bytes as codes
  lowp::detail::aligned_array<source> sources;     ///< by code
  lowp::detail::aligned_array<term> terms;         ///< by piece
  lowp::detail::aligned_array<std::uint8_t> gaps;  ///< by byte: bits of no code
  lowp::detail::aligned_array<std::uint16_t> begins, ends;  ///< bytes from a code on, up to one
  /// By 32 bytes of lanes; of packing, one for each term of a piece. Null: some 16 bytes are too
  /// few for a half.
  lowp::detail::aligned_array<packing_shuffle> unpacking, packing;
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
