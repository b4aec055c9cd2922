// SPDX-License-Identifier: MIT
// Sums of exponentials over blocks of a row, and exponentials weighed by a factor of their block:
// what softmax consists of.
//
// An exponential is a mantissa times a power of two (functions/exp.inc, exp2.inc). Those of a block
// are relative to 2^exponent, where the exponent is that of its largest element, or the next one if
// that is even: e = m * 2^k, k <= 0, or zero where k < -126. Element c of a block belongs to chain
// c mod 16; a chain starts from zero and takes m * 2^k, exact, in order; chains are added as chain
// i + chain i + 8 for i < 8, then those 4, 2 and 1 apart. Elements are at most exponential_limit in
// magnitude; lower ones, -infinity among them, are taken as its negative. Higher ones, +infinity
// and NaN make a sum that is not finite or an exponent beyond that of the limit. The caller sees to
// the floating-point environment (core/config.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/isa.hpp"
#include "lowp/kernels/target.hpp"
// Behind all other headers:
#include "lowp/kernels/define_again.inc"

namespace lowp {

/// What a softmax takes to the power of its elements.
enum class exponential_base : std::uint8_t { e, two };

inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

inline constexpr std::size_t exponential_block = 1024, exponential_chains = 16;
/// Sums are of multiples of so many elements: callers pad rows with -infinity, which adds nothing.
inline constexpr std::size_t exponential_step = 64;
inline constexpr float exponential_limit = 0x1p17f;

/// A block of a row: the sum of its exponentials is sum * 2^exponent. The last one may be shorter.
struct exponential_sum {
  float exponent = 0, sum = 0;
  float factor = 0;  ///< what weighed exponentials are multiplied by
};

/// The largest of `count` elements, at least 1, of which none is NaN.
[[nodiscard]] LOWP_BORDER float largest_of_row(isa level, const float* x, std::size_t count);

/// Exponents and sums of blocks of `count` elements, a multiple of exponential_step. If `out` is
/// not null it receives e.
LOWP_BORDER void sum_exponentials(isa level, exponential_base base, const float* x,
                                  std::size_t count, exponential_sum* blocks, float* out);
/// out[i] = e * the factor of its block, rounded once; past the caches if it `streams` and `out`
/// lies at a whole vector.
LOWP_BORDER void weigh_exponentials(isa level, exponential_base base, const float* x,
                                    std::size_t count, const exponential_sum* blocks, float* out,
                                    bool streams);
/// out[i] = e[i] * the factor of its block, rounded once, of any number of elements; `out` may be
/// e.
LOWP_BORDER void multiply_blocks(isa level, const float* e, std::size_t count,
                                 const exponential_sum* blocks, float* out, bool streams);

/// out[i] = x[i] * factor - shift, each rounded once, and (x[i] - high) - low.
LOWP_BORDER void scale_and_shift(isa level, const float* x, std::size_t count, float factor,
                                 float shift, float* out);
LOWP_BORDER void subtract_twice(isa level, const float* x, std::size_t count, float high, float low,
                                float* out, bool streams);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/functions/exponential_rows.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
