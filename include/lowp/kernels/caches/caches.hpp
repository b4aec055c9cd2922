// SPDX-License-Identifier: MIT
// Sums of products by codes of up to 8 bits that lie in blocks of 32 x 16, as caches of keys and
// values hold them: binary32, each operation rounded once to nearest even, in one order for all
// targets. The caller sees to the floating-point environment (core/config.hpp).
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

/// A block has 16 lanes and 32 steps: lane l of word i lies at 16 i + l, and the code of step a at
/// the bits [a * bits, (a + 1) * bits) of the words of a lane, the lowest first.
inline constexpr std::size_t cache_lanes = 16, cache_steps = 32;

/// For each head h and each lane: the chain over fours of steps, from 0 or from what `sums` has,
///
///   sum = sum + ((x[a] e[a] + x[a+1] e[a+1]) + (x[a+2] e[a+2] + x[a+3] e[a+3]))
///
/// of x of the head and the elements e that codes stand for.
struct coded_sums {
  const std::uint32_t* words = nullptr;
  std::size_t step_blocks = 0, step_stride = 0;  ///< how many, and words from one to the next
  std::size_t lane_blocks = 0, lane_stride = 0;
  int bits = 0;  ///< 1 to 8, or 32 for words that are the elements
  /// e = code + lowest where codes are integers, else values[code]; 256 values in any case, of
  /// which those from 2^bits on repeat the others.
  bool are_integers = false;
  std::int32_t lowest = 0;
  const float* values = nullptr;
  /// Not 0 if codes are a sign, an exponent of so many bits and a mantissa: those whose exponent is
  /// 0 lack the leading 1, those from `special` on, the sign aside, are infinity and NaN. A value
  /// of exponent 1 and mantissa 0 has the bits `smallest_normal` in binary32.
  int exponent_bits = 0;
  std::uint32_t smallest_normal = 0, special = 0;
  std::size_t heads = 0;
  const float* x = nullptr;  ///< 32 step_blocks for each head
  std::size_t x_stride = 0;
  float* sums = nullptr;  ///< 16 lane_blocks for each head
  std::size_t sum_stride = 0;
  bool continues = false;
  const float* less = nullptr;  ///< one for each head, subtracted at the end, or null
  bool finishes = false;        ///< NaNs become 0x7FC00000
};
LOWP_BORDER void sum_codes(isa level, const coded_sums& job);

/// scaled[i] = x[i] scale[i]; and, where there are zero points and offsets, chains of i modulo 16,
/// first chain = chain + scaled[i] zero[i], then chain = chain + x[i] offset[i].
struct scaled_factors {
  const float* x = nullptr;
  const float *scale = nullptr, *zero = nullptr, *offset = nullptr;  ///< the latter may be null
  std::size_t count = 0;                                             ///< a multiple of 16
  float* scaled = nullptr;
  float* chains = nullptr;  ///< 16
};
LOWP_BORDER void scale_factors(isa level, const scaled_factors& job);

/// out[i] = out[i] + ((sums[i] - zero[i] total) scale[i] - offset[i] total), without what is null.
struct scaled_sums {
  const float* sums = nullptr;
  const float *scale = nullptr, *zero = nullptr, *offset = nullptr;
  float total = 0;
  std::size_t count = 0;  ///< a multiple of 16
  float* out = nullptr;
};
LOWP_BORDER void add_scaled(isa level, const scaled_sums& job);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/caches/caches.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
