// SPDX-License-Identifier: MIT
// The kernels of integer_block_sums as functions of the instruction set: codes of 16 rows from
// where they lie, and tiles of sums of blocks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/products/product.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// Where the bits of 64 codes of up to 8 bits lie in the bytes of a row, and what they stand for.
struct code_places {
  /// Bits that are together in a byte of memory and in a code.
  struct field {
    /// place: of the byte of a code in 64, which are 32 from first[0] and 32 from first[1]. bit:
    /// where the 8 bits from which `mask` keeps some begin in eight such bytes.
    alignas(64) std::uint8_t place[64], bit[64], mask[64];
    std::uint32_t first[2];
  };
  static constexpr std::size_t most_fields = 4, size = 64;
  field fields[most_fields];
  std::size_t field_count = 0;
  alignas(64) std::uint8_t flip[64];   ///< exclusive or, then
  alignas(64) std::uint8_t table[64];  ///< what codes of up to 6 bits stand for, if
  bool has_table = false;
};
/// Whether gather_codes may be called.
[[nodiscard]] constexpr bool has_code_places(isa level) { return has(level, feature::byte_tables); }
/// Of rows that begin at rows[0] … rows[count - 1], of each the first 64 codes, and those of the
/// next `bytes`, `repeats` in all: out[row * stride + repeat * codes + i].
struct gathered_rows {
  const std::uint8_t* const* rows;
  std::size_t count, repeats, bytes;
  std::uint8_t* out;
  std::size_t stride, codes;
};
LOWP_BORDER void gather_codes(const code_places& p, const gathered_rows& g);

LOWP_BORDER void multiply(isa level, const block_tile& t);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/products/block_tiles.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
