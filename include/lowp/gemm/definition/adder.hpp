// SPDX-License-Identifier: MIT
// Parts of an adder that aligns its terms: what a factor counts as, with which exponent it counts,
// and what is kept of a term.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/float_format.hpp"
#include "lowp/gemm/definition/terms.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// An exponent below all others: that of a zero which takes no part in finding the largest one.
inline constexpr int no_exponent = -(1 << 24);

namespace detail {

/// Why a policy cannot read so many mantissa bits of its factors, or null.
[[nodiscard]] constexpr const char* factor_defect(int mantissa_bits) {
  return mantissa_bits < 0 || mantissa_bits > 23 ? "factors keep 0 to 23 mantissa bits of binary32"
                                                 : nullptr;
}

/// The factor k as a unit reads it from a word of binary32: without its last mantissa bits. A NaN
/// stays one.
[[nodiscard]] inline unpacked factor_at(const factor_row& row, std::size_t k, int mantissa_bits) {
  if (mantissa_bits == 23) return row[k];
  const unpacked x = unpack(row.values[k]);
  if (x.is_nan()) return x;
  const auto bits = std::bit_cast<std::uint32_t>(row.values[k]);
  return unpack(std::bit_cast<float>(bits >> (23 - mantissa_bits) << (23 - mantissa_bits)));
}

/// The exponent with which a number counts: of a finite one at least `lowest`.
[[nodiscard]] constexpr int counted_exponent(const unpacked& x, int lowest, int of_zero) {
  return x.is_zero() ? of_zero : (std::max)(x.exponent, lowest);
}

/// x without its bits below 2^unit, as a multiple of that. There are at most 63 above.
[[nodiscard]] constexpr std::int64_t cut_to_unit(const unpacked& x, int unit) {
  const int kept_bits = x.exponent + 1 - unit;
  if (x.kind != value_kind::finite || kept_bits <= 0) return 0;
  const auto magnitude = static_cast<std::int64_t>(x.significand.high >> (64 - kept_bits));
  return x.negative ? -magnitude : magnitude;
}

/// x * 2^-shift, rounded down; for negative shifts exact.
[[nodiscard]] constexpr std::int64_t shift_down(std::int64_t x, int shift) {
  return shift < 0 ? x * (std::int64_t{1} << -shift) : x >> (std::min)(shift, 63);
}

/// What is no number decides by itself: the sum of what is not, and zero if all is.
class special_sum {
 public:
  constexpr void add(const unpacked& x) {
    if (!x.is_finite()) sum_ = sum_.is_finite() ? x : exact::add(sum_, x);
  }
  [[nodiscard]] constexpr bool decides() const { return !sum_.is_finite(); }
  [[nodiscard]] constexpr const unpacked& value() const { return sum_; }

 private:
  unpacked sum_ = unpacked::zero();
};

/// x rounded by a mode to the precision of f; what is then beyond its range is an overflow, as it
/// would not be under the mode toward_zero or to_odd.
template <rounding_mode R>
[[nodiscard]] constexpr unpacked rounded_within(const float_format& f, const unpacked& x,
                                                const R& mode, overflow o) {
  const float_format wide{.exponent_bits = f.exponent_bits + 1,
                          .mantissa_bits = f.mantissa_bits,
                          .bias = f.bias,
                          .at_exponent_zero = f.at_exponent_zero};
  return decode(f, encode(f, decode(wide, encode(wide, x, mode)), nearest_even, o));
}

/// The sum of an adder in the format of its accumulator, cut off or rounded to nearest even. A zero
/// is +0.
[[nodiscard]] constexpr unpacked finished_sum(const float_format& f, const unpacked& x,
                                              bool rounds_to_nearest, overflow o) {
  const unpacked kept = rounds_to_nearest ? decode(f, encode(f, x, nearest_even, o))
                                          : rounded_within(f, x, toward_zero, o);
  return kept.is_zero() ? unpacked::zero() : kept;
}

}  // namespace detail
}  // namespace lowp
