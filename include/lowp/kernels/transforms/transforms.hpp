// SPDX-License-Identifier: MIT
// Butterflies of Hadamard transforms, operations on rows with a value for each column, and vectors
// against all entries of a codebook: of binary32, each rounded once to nearest even. The caller
// sees to the floating-point environment (core/config.hpp). And sums of bytes from tables.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// One pass over vectors of as many words as a target has lanes: each is read once and written
/// once. Vectors i, i + distance … i + (radix - 1) * distance are combined. The steps are, in this
/// order, those that a pass asks for; where it reads and writes may be the same memory.
struct butterfly_pass {
  const std::uint32_t* in = nullptr;
  std::size_t in_step = 0;  ///< words from a vector to the next
  std::uint32_t* out = nullptr;
  std::size_t out_step = 0;
  std::size_t count = 0;     ///< vectors, a multiple of distance * radix
  std::size_t distance = 1;  ///< vectors
  std::size_t across = 1;    ///< vectors next to each other that are passed as one
  /// Signs that values take first: null, or bytes that are 0 or 0x80, `sign_step` from a vector to
  /// the next; of a step of 1 byte, all lanes of a vector, or of vectors across, take the same.
  const std::uint8_t* signs_before = nullptr;
  std::size_t sign_step = 0;
  int lane_stages = 0;  ///< butterflies of lanes 1, 2, 4 … apart
  bool scales = false;
  std::uint32_t factor = 0;                   ///< what sums are multiplied by, if it `scales`
  const std::uint8_t* signs_after = nullptr;  ///< as signs_before
};

/// Lanes of a vector, and the most vectors that are combined in one pass but for orders 12 and 20.
[[nodiscard]] LOWP_BORDER std::size_t butterfly_lanes(isa level);
[[nodiscard]] LOWP_BORDER std::size_t widest_radix(isa level);

/// The radix is a power of two up to the widest: stages 1, 2, 4 … vectors apart; or 12 or 20, the
/// matrices of paley.hpp.
LOWP_BORDER void run_butterflies(isa level, const butterfly_pass& pass, std::size_t radix);

enum class column_operation : std::uint8_t { multiply, divide, add };

/// out[i] = x[i] operation by[i]; `count` is a multiple of group_size.
LOWP_BORDER void operate_on_columns(isa level, column_operation operation, const std::uint32_t* x,
                                    const std::uint32_t* by, std::size_t count, std::uint32_t* out);

/// lowest[i] = min(lowest[i], key of x[i]), and highest; `count` is a multiple of butterfly_lanes.
/// Keys are in the order of numbers (key_of_number).
LOWP_BORDER void widen_ranges(isa level, const std::uint32_t* x, std::size_t count,
                              std::uint32_t* lowest, std::uint32_t* highest);

/// Entries of a codebook, vectors of `size` elements, at least one: element i of entry v is
/// elements[i * stride + v]. The stride is a multiple of entry_step; what lies between the number
/// of entries and it is computed as entries are.
struct entry_table {
  const float* elements = nullptr;
  std::size_t stride = 0, size = 0;
};
inline constexpr std::size_t entry_step = 64;

/// out[v] = x[0] * e[0] + x[1] * e[1] + …, e being entry v: each product and each sum rounded.
LOWP_BORDER void dot_products(isa level, const entry_table& entries, const float* x, float* out);
/// out[v] = w[0] * ((x[0] - e[0])^2) + …, each operation rounded; without weights, the squares.
LOWP_BORDER void squared_distances(isa level, const entry_table& entries, const float* x,
                                   const float* weights, float* out);
/// The first of the least of `count` numbers that are not negative, a multiple of entry_step.
[[nodiscard]] LOWP_BORDER std::size_t first_of_least(isa level, const float* x, std::size_t count);
/// Of such numbers the first one from `first` on that is below a bound; `count` without one.
[[nodiscard]] LOWP_BORDER std::size_t first_below(isa level, const float* x, std::size_t first,
                                                  std::size_t count, float bound);

/// Codes of 4 bits, a column of so many rows in half as many bytes: row r is in byte
/// 2 (r mod 32) + (r / 32) mod 2, the lower half below row 64.
inline constexpr std::size_t nibble_rows = 128;
/// A table of 16 bytes, four times.
inline constexpr std::size_t nibble_table_bytes = 64;
/// sums[r] = the sum of what row r looks up, of at most 2^24 columns; 65535 if it is more.
LOWP_BORDER void add_looked_up_bytes(isa level, const std::uint8_t* codes,
                                     const std::uint8_t* tables, std::size_t count,
                                     std::uint16_t* sums);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/transforms/transforms.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
