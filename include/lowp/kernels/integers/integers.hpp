// SPDX-License-Identifier: MIT
// Loops of networks that compute in integers: 32-bit integers times dyadic numbers, and
// exponentials by shifts. Words of 64 bits without a sign hold the products; there is no floating
// point.
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

/// How x becomes floor((x * m + addend) / 2^shift), a number of 32 bits with sign; each list has an
/// entry for a column, or one for all. x is first limited to low_x … high_x, then shifted to the
/// left modulo 2^32. With x + 2^31 in its place all is positive: (x + 2^31) * m + base is x * m +
/// addend + origin * 2^shift.
struct dyadic_lists {
  const std::uint32_t* low_x = nullptr;  ///< bits of numbers with sign
  const std::uint32_t* high_x = nullptr;
  const std::uint32_t* left = nullptr;
  const std::uint32_t* m = nullptr;
  const std::uint32_t* origin = nullptr;
  /// What comes after that: so many bits to the right, to nearest, ties away from zero.
  const std::uint32_t* second_shift = nullptr;
  const std::uint64_t* base = nullptr;
  const std::uint64_t* addend = nullptr;
  const std::uint64_t* if_negative = nullptr;  ///< added where x < 0
  const std::uint64_t* if_odd = nullptr;       ///< added where floor(x * m / 2^shift) is odd
  const std::uint64_t* shift = nullptr;
};
/// Which of them matter: m, base, shift and origin; addend and if_odd, which is 0 or 1, besides;
/// left and second_shift besides; all.
enum class dyadic_steps : std::uint8_t { plain, even, twice, all };
struct dyadic_plan {
  dyadic_lists lists;
  dyadic_steps steps = dyadic_steps::all;
  bool is_by_column = false;
  std::int32_t low = 0, high = 0;  ///< of results, before zero is added
  std::int32_t zero = 0;
};

/// Results of the elements x[0], x[1] … of the columns first, first + 1 …, in 1, 2 or 4 bytes.
LOWP_BORDER void scale_integers(isa level, const dyadic_plan& plan, const std::int32_t* x,
                                std::size_t first, std::size_t count, void* out, int bytes);

/// Bits that are set in any x[i], or in its complement if it is negative.
[[nodiscard]] LOWP_BORDER std::uint32_t magnitude_bits(isa level, const std::int32_t* x,
                                                       std::size_t count);

/// out[i] = min(max(a[i] + b[i], low), high) + zero.
struct sum_plan {
  std::int32_t low = 0, high = 0, zero = 0;
};
LOWP_BORDER void add_integers(isa level, const sum_plan& plan, const std::int32_t* a,
                              const std::int32_t* b, std::size_t count, void* out, int bytes);

/// Exponentials up to unit << steps, which is below 2^30.
struct shift_exp_plan {
  std::uint32_t unit = 0;
  std::uint32_t steps = 0;
  std::uint32_t reciprocal =
      0;  ///< floor(x / unit) = x * reciprocal >> reciprocal_shift of 32 bits
  std::uint32_t reciprocal_shift = 0;  ///< for x up to unit * steps
};
[[nodiscard]] LOWP_BORDER std::int32_t largest_integer(isa level, const std::int32_t* x,
                                                       std::size_t count);
/// out[i] = shift_exp(x[i] - top) for x[i] <= top; the sum of all.
[[nodiscard]] LOWP_BORDER std::uint64_t shift_exponentials(isa level, const shift_exp_plan& plan,
                                                           const std::int32_t* x, std::int32_t top,
                                                           std::size_t count, std::uint32_t* out);
/// out[i] = min(x[i] * factor >> shift, high), of products below 2^32.
struct share_plan {
  std::uint32_t factor = 0, shift = 0, high = 0;
};
LOWP_BORDER void scale_shares(isa level, const share_plan& plan, const std::uint32_t* x,
                              std::size_t count, void* out, int bytes);

/// out[i] = x[i] * (e * floor(M / min(e + other, M)) >> shift) with e = exponentials[i], up to
/// 2^30, and M = 2^31 - 1; what has more than 32 bits saturates.
struct gate_plan {
  std::uint32_t other = 0, shift = 0;  ///< up to M; from 1 on
};
LOWP_BORDER void gate_integers(isa level, const gate_plan& plan, const std::int32_t* x,
                               const std::uint32_t* exponentials, std::size_t count,
                               std::int32_t* out);

/// The sum of x[i], and of (x[i] - mean)^2, of which none is above 2^62.
[[nodiscard]] LOWP_BORDER std::int64_t sum_integers(isa level, const std::int32_t* x,
                                                    std::size_t count);
[[nodiscard]] LOWP_BORDER std::uint64_t sum_squares(isa level, const std::int32_t* x,
                                                    std::int32_t mean, std::size_t count);
/// out[i] = floor((x[i] - mean) * factor / 2) + bias[i], without a bias if that is null, of x[i] -
/// mean of 32 bits and a factor below 2^31; what has more than 32 bits saturates.
LOWP_BORDER void scale_deviations(isa level, const std::int32_t* x, std::int32_t mean,
                                  std::uint32_t factor, const std::int32_t* bias, std::size_t count,
                                  std::int32_t* out);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/integers/integers.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
