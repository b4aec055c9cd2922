// SPDX-License-Identifier: MIT
// Searches for the scales of groups of elements, many groups at a time: lane l of each vector is a
// group, so that the sums of a group are in the order in which they are written, whatever the width
// of vectors. All numbers are binary32; each operation rounds once, to nearest even; nothing is
// contracted. The caller sees to the floating-point environment (core/config.hpp).
//
// Groups come in packs of 16: element i of group l is x[16 * i + l], and so are weights and codes.
// Numbers are finite; sums may overflow, and comparisons with NaN are false.
//
// Where an integer is rounded from a number y, it is the nearest, to even, if |y| < 2^22; else what
// the bits of the sum y + 3 * 2^22 say, less 2^22, modulo 2^23 (`nearest` below).
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

inline constexpr std::size_t pack_groups = 16;

/// How elements weigh.
enum class element_weights : std::uint8_t {
  magnitudes,          ///< |x|
  squares,             ///< x * x
  root_mean_plus,      ///< sqrt((sum of x * x) / n) + |x|, of the n elements of the group
  by_importance,       ///< importance * sqrt(mean + x * x), mean given for each group
  by_importance_alone  ///< importance
};

/// The candidates of a search: codes a unit, (first + step * k + largest) / (maximum - minimum),
/// for k = 0 … count - 1.
struct scale_candidates {
  std::uint32_t first = 0, step = 0;  ///< binary32
  int count = 0;
};

/// What a search finds for the groups of a pack.
struct pack_scales {
  std::uint32_t scale[pack_groups], minimum[pack_groups];  ///< binary32; x = scale * code - minimum
};

/// A float format's values, or those of fixed point: steps of their own in each binade from one on,
/// those of that binade below it. Words are binary32.
struct binade_grid {
  std::uint32_t lowest = 0;           ///< 3/2 of the lowest power of two with steps of its own
  std::uint32_t reach = 0;            ///< 23 - mantissa bits, as an exponent
  std::uint32_t first = 0, last = 0;  ///< the ends
};
/// What scales are: numbers of binary32, those of a grid, powers of two.
enum class scale_set : std::uint8_t { any, grid, powers_of_two };

/// A search for shrunk scales: candidate k = 0 … count - 1 is base * (to - k * step) as a scale.
struct shrink_plan {
  std::uint32_t to = 0, step = 0;  ///< binary32
  int count = 0;
  int whole_norm = 2;      ///< 1 … 4, or 0 for
  std::uint32_t norm = 0;  ///< this one, binary32
  /// Elements that lie on no grid: values, and the numbers from which on each but the first is the
  /// nearest, 0x80000000 flipped in positive ones and all bits in negative ones.
  const std::uint32_t* values = nullptr;
  const std::uint32_t* limits = nullptr;
  std::size_t limit_count = 0;
  binade_grid element, scale;
  scale_set scales = scale_set::any;
  std::uint32_t odd_binades = 0;  ///< 1 where powers of two with odd fields have even codes
};
/// The block that is searched, with the elements' weights or null; `extreme` is one of the
/// elements with the largest magnitude. Words are binary32.
struct shrink_block {
  const float* x = nullptr;
  std::size_t rows = 0, cols = 0, stride = 0;
  const float* weights = nullptr;
  std::size_t weights_stride = 0;
  std::uint32_t base = 0, decoding = 0;
  std::uint32_t extreme = 0, extreme_weight = 0;
};

/// A search for a zero point, first … last, of codes low … high, all of at most 2^20 in magnitude.
struct affine_zero_plan {
  int low = 0, high = 0, first = 0, last = 0;
  int whole_norm = 2;  ///< as shrink_plan
  std::uint32_t norm = 0;
  std::uint32_t ends[2] = {};  ///< the lowest and the highest element, binary32
};

/// The series of error powers (block/rules/error_norm.hpp): 2 / (ln 2 * (2 i + 1)), and
/// (ln 2)^i / i!.
inline constexpr float power_logarithm[5] = {0x1.715476p+1f, 0x1.ec709ep-1f, 0x1.2776c6p-1f,
                                             0x1.a61762p-2f, 0x1.484b14p-2f};
inline constexpr float power_exponential[8] = {
    1.0f,           0x1.62e43p-1f,   0x1.ebfbep-3f,   0x1.c6b08ep-5f,
    0x1.3b2ab6p-7f, 0x1.5d87fep-10f, 0x1.430912p-13f, 0x1.ffcbfcp-17f};

/// Weights of n elements; `mean` and `importance` for those that have them.
LOWP_BORDER void weigh_pack(isa level, element_weights how, const std::uint32_t* x,
                            const std::uint32_t* importance, const std::uint32_t* mean,
                            std::size_t n, std::uint32_t* weights);

/// The sums of all n words of each group, in order; of their squares.
LOWP_BORDER void sum_pack(isa level, const std::uint32_t* x, std::size_t n, bool of_squares,
                          std::uint32_t* sums);

/// See scale_and_minimum.inc.
LOWP_BORDER void search_scale_and_minimum(isa level, const std::uint32_t* x,
                                          const std::uint32_t* weights, std::size_t n, int largest,
                                          const scale_candidates& candidates, bool absolute,
                                          pack_scales& found, std::uint32_t* codes);
/// See signed_scale.inc.
LOWP_BORDER void search_signed_scale(isa level, const std::uint32_t* x,
                                     const std::uint32_t* weights, std::size_t n, int steps,
                                     std::uint32_t* scales, std::uint32_t* codes);
/// See signed_descent.inc.
LOWP_BORDER void descend_to_signed_scale(isa level, const std::uint32_t* x, std::size_t n,
                                         int steps, std::uint32_t* scales, std::uint32_t* codes);
/// See unsigned_scale.inc.
LOWP_BORDER void search_unsigned_scale(isa level, const std::uint32_t* x,
                                       const std::uint32_t* weights, std::size_t n, int largest,
                                       std::uint32_t* scales, std::uint32_t* codes);

/// The number of the candidate that errs least, the first of such: see shrunk_scale.inc. Bases,
/// and bases times `decoding`, lie between 2^-100 and 2^100, quotients of elements and scales below
/// 2^40.
[[nodiscard]] LOWP_BORDER int search_shrunk_scale(isa level, const shrink_plan& plan,
                                                  const shrink_block& block);

/// The zero point under which the elements err least, of equal ones the first, if they err less
/// than `least`, a number that is not negative, in bits, which it lowers; else first - 1.
/// The error is the sum, in order, of |x - step * scale|^norm, where step is x / scale to nearest
/// even, low - zero … high - zero. There is room for 16 words more in x, which are numbers, and in
/// `steps`.
[[nodiscard]] LOWP_BORDER int search_affine_zero(isa level, const affine_zero_plan& plan,
                                                 std::uint32_t scale, const std::uint32_t* x,
                                                 std::size_t n, std::uint32_t* steps,
                                                 std::uint32_t& least);

/// The codes nearest to (x + shift) / scale, lowest … highest, less lowest; those of groups whose
/// scale is zero stay as they are. Without shifts (null): x / scale.
LOWP_BORDER void divide_pack(isa level, const std::uint32_t* x, const std::uint32_t* scales,
                             const std::uint32_t* shifts, std::size_t n, int lowest, int highest,
                             std::uint32_t* codes);

/// The integers nearest to x * factor, in 32 bits; factors for each group.
LOWP_BORDER void multiply_pack(isa level, const std::uint32_t* x, const std::uint32_t* factors,
                               std::size_t n, std::uint32_t* integers);

/// The largest magnitude of count elements in memory, a multiple of 64, in bits.
[[nodiscard]] LOWP_BORDER std::uint32_t largest_magnitude(isa level, const float* x,
                                                          std::size_t count);

/// The integers nearest to x * factor, at most `highest`, modulo 256, of so many.
LOWP_BORDER void nearest_bytes(isa level, const float* x, std::uint32_t factor, int highest,
                               std::size_t count, std::uint8_t* bytes);

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp

#if !LOWP_COMPILED
#include "lowp/kernels/searches/searches.inc"
#endif
#include "lowp/kernels/undefine_again.inc"
