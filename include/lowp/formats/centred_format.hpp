// SPDX-License-Identifier: MIT
// Centred integers: equidistant values on both sides of zero, which is not among them. Binary
// weights, the grids of QuEST, bipolar integers of bit planes.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// value = (q + 1/2) * 2^-fraction_bits for an integer q of `total_bits` bits in two's complement:
/// of 1 bit plus and minus 1/2, of 2 bits -3/2, -1/2, 1/2, 3/2. With fraction_bits = -1 values are
/// the odd integers. `is_bipolar` stores q + 2^(total_bits - 1) instead, so that bit i of a code
/// stands for plus or minus 2^(i - 1 - fraction_bits).
struct centred_format {
  int total_bits = 0;
  int fraction_bits = 0;
  bool is_bipolar = false;

  constexpr bool operator==(const centred_format&) const = default;
  [[nodiscard]] constexpr int bits() const { return total_bits; }
  /// What codes and positions in ascending order differ in.
  [[nodiscard]] constexpr code_t top_bit() const {
    return is_bipolar ? 0 : code_t{1} << (total_bits - 1);
  }
};

[[nodiscard]] constexpr const char* defect(const centred_format& f) {
  if (f.total_bits < 1 || f.total_bits > 32) return "a centred_format has 1 to 32 total_bits";
  if (f.fraction_bits < -(1 << 20) || f.fraction_bits > (1 << 20)) {
    return "the fraction_bits of a centred_format lie between -2^20 and 2^20";
  }
  return nullptr;
}

[[nodiscard]] constexpr unpacked decode(const centred_format& f, code_t code) {
  const auto position = static_cast<std::int64_t>((code & low_mask(f.total_bits)) ^ f.top_bit());
  const std::int64_t odd = 2 * position + 1 - (std::int64_t{1} << f.total_bits);
  return unpacked::scaled_integer(odd < 0, static_cast<code_t>(odd < 0 ? -odd : odd),
                                  -f.fraction_bits - 1);
}

/// The code of a value, rounded once between its neighbours, of which those of odd q are odd: a
/// zero becomes the smallest positive value when rounded to nearest even or upward. Between the two
/// values next to zero the inner one is that of the other sign. What lies beyond the ends becomes
/// the end; NaN the largest or lowest value or the one of zero, as missing_nan says.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const centred_format& f, const unpacked& x,
                                      const R& mode = {}, overflow o = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  if (x.is_nan()) {
    const bool is_zero = n == missing_nan::zero || n == missing_nan::flipped_zero;
    const bool is_lowest = n == missing_nan::signed_largest && x.negative;
    return encode(f, is_zero ? unpacked::zero() : unpacked::infinite(is_lowest), nearest_even, o);
  }
  // Positions have the parity of q; those of 1 bit begin at 1, so that -1/2 is odd there, too.
  const code_t before = f.total_bits == 1 ? 1 : 0, count = code_t{1} << f.total_bits;
  const auto value_at = [&](code_t i) {
    if (i < before) return unpacked::scaled_integer(true, 3, -f.fraction_bits - 1);
    return decode(f, (i - before) ^ f.top_bit());
  };
  const code_t position = round_among(x, count + before, value_at, mode);
  return (position < before ? 0 : position - before) ^ f.top_bit();
}

/// See concepts.hpp.
[[nodiscard]] constexpr overflow known_overflow(const centred_format&, overflow) {
  return overflow::saturate;
}
/// See value_facts.hpp, for this and the one after it.
[[nodiscard]] constexpr value_facts known_facts(const centred_format& f) {
  return {.significant_bits = f.total_bits,
          .lowest_exponent = -f.fraction_bits - 1,
          .highest_exponent = f.total_bits - 2 - f.fraction_bits,
          .last_bit_exponent = -f.fraction_bits - 1,
          .spacing = value_spacing::uniform,
          .are_finite = true};
}
[[nodiscard]] constexpr code_order known_code_order(const centred_format& f) {
  return f.is_bipolar ? code_order::unsigned_binary : code_order::twos_complement;
}
/// See fields.hpp.
[[nodiscard]] constexpr auto known_fields(const centred_format& f) {
  return format_fields{"centred_format",
                       {{"total_bits", f.total_bits},
                        {"fraction_bits", f.fraction_bits},
                        {"is_bipolar", f.is_bipolar}}};
}

namespace formats {
/// Plus and minus 1/2, 3/2 … in steps of 2^-FractionBits.
template <int Bits, int FractionBits = 0>
inline constexpr centred_format centred{Bits, FractionBits};
/// Bipolar integers (arXiv 2409.17870): the odd integers from -(2^Bits - 1) to 2^Bits - 1, the sum
/// of plus or minus 2^i for the bits of a code.
template <int Bits>
inline constexpr centred_format bipolar{Bits, -1, true};
}  // namespace formats

}  // namespace lowp
