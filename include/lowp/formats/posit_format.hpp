// SPDX-License-Identifier: MIT
// Posits: a sign, a run-length coded regime, exponent and fraction, in two's complement (Gustafson
// and Yonemoto 2017; Standard for Posit Arithmetic 2022, which fixes exponent_bits = 2).
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// posit<total_bits, exponent_bits>. Signed integer order of codes is value order; 100…0 is NaR,
/// the one exception value.
struct posit_format {
  int total_bits = 0;
  int exponent_bits = 2;

  constexpr bool operator==(const posit_format&) const = default;

  [[nodiscard]] constexpr int bits() const { return total_bits; }
  [[nodiscard]] constexpr code_t nar_code() const { return code_t{1} << (total_bits - 1); }
};

/// Why a descriptor contradicts itself, or null.
[[nodiscard]] constexpr const char* defect(const posit_format& f) {
  if (f.total_bits < 2 || f.total_bits > 32) return "a posit_format has 2 to 32 total_bits";
  if (f.exponent_bits < 0 || f.exponent_bits > 4) return "a posit_format has 0 to 4 exponent_bits";
  return nullptr;
}

/// The exact value of a code, NaR as NaN; bits above f.bits() are ignored.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked decode(const posit_format& f, code_t code) {
  const int body_bits = f.total_bits - 1;
  code &= low_mask(f.total_bits);
  if (code == 0) return unpacked::zero();
  if (code == f.nar_code()) return unpacked::nan();
  const bool is_negative = (code >> body_bits) != 0;
  const code_t body = (is_negative ? 0 - code : code) << (64 - body_bits);  // left-aligned

  const bool regime_bit = (body >> 63) != 0;
  const int run = regime_bit ? std::countl_one(body) : std::countl_zero(body);
  const int regime = regime_bit ? run - 1 : -run;
  const code_t after = run + 1 < 64 ? body << (run + 1) : 0;  // exponent, then fraction
  const auto exponent =
      f.exponent_bits == 0 ? 0 : static_cast<int>(after >> (64 - f.exponent_bits));
  const code_t fraction = after << f.exponent_bits;
  return unpacked::normalized(is_negative, (regime * (1 << f.exponent_bits)) + exponent,
                              {code_t{1} << 63 | fraction >> 1, fraction << 63});
}

/// The code of a value, rounded once on the bit string: between two neighbours the tie is the posit
/// with one more bit, which is not always the midpoint, and stochastic rounding is proportional
/// along the string. Never rounds a number to zero or NaR: beyond the ends of the range every mode
/// and every policy gives the largest or smallest posit. Infinity is NaR under `to_special`, else
/// it saturates.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr code_t encode(const posit_format& f, const unpacked& x,
                                                         const R& mode = {},
                                                         overflow o = overflow::to_special,
                                                         missing_nan = missing_nan::largest) {
  const int body_bits = f.total_bits - 1;
  const bool saturates = o != overflow::to_special;
  if (x.is_zero()) return 0;
  if (x.is_nan() || (x.is_infinite() && !saturates)) return f.nar_code();

  const auto magnitude = [&]() -> code_t {
    if (x.is_infinite()) return low_mask(body_bits);
    // 1. The regime counts powers of 2^(2^exponent_bits).
    const int regime = x.exponent >> f.exponent_bits;
    if (regime >= f.total_bits - 2) return low_mask(body_bits);
    if (regime < 2 - f.total_bits) return 1;
    // 2. The unlimited bit string, left-aligned: regime and its stop bit, exponent, fraction.
    const int regime_size = regime >= 0 ? regime + 2 : 1 - regime;
    const uint128 regime_field =
        regime >= 0 ? shift_left({0, low_mask(regime + 1)}, 127 - regime) : uint128{0, 1};
    const auto exponent = static_cast<code_t>(x.exponent - regime * (1 << f.exponent_bits));
    const uint128 string =
        (regime >= 0 ? regime_field : shift_left(regime_field, 128 - regime_size)) |
        shift_left({0, exponent}, 128 - regime_size - f.exponent_bits) |
        shift_right_jam(shift_left(x.significand, 1), regime_size + f.exponent_bits);
    // 3. Cut and round.
    const uint128 split = shift_right_jam(string, 64 - body_bits);  // high: kept; low: discarded
    const discarded rest{split.low, x.negative, (split.high & 1) != 0};
    return split.high + (rounds_up(mode, rest) ? 1 : 0);
  }();
  return (x.negative ? 0 - magnitude : magnitude) & low_mask(f.total_bits);
}

/// See value_facts.hpp.
[[nodiscard]] constexpr value_facts known_facts(const posit_format& f) {
  const int at_one = f.total_bits - 2 - f.exponent_bits;  // where the regime is shortest
  const int highest = (f.total_bits - 2) << f.exponent_bits;
  return {.significant_bits = at_one < 1 ? 1 : at_one,
          .lowest_exponent = -highest,
          .highest_exponent = highest,
          .last_bit_exponent = -highest,
          .spacing = value_spacing::tapered,
          .orders_nan = true};
}

/// See concepts.hpp.
[[nodiscard]] constexpr overflow known_overflow(const posit_format&, overflow o) {
  return o == overflow::to_special ? o : overflow::saturate;
}

/// Sign, regime, exponent, fraction, of the code as it stands.
[[nodiscard]] constexpr code_fields known_code_fields(const posit_format& f, code_t code) {
  const int body = f.total_bits - 1;
  const code_t aligned = code << (64 - body);
  const int run = (aligned >> 63) != 0 ? std::countl_one(aligned) : std::countl_zero(aligned);
  const int regime = run < body ? run + 1 : body;
  const int rest = body - regime;
  const int exponent = rest < f.exponent_bits ? rest : f.exponent_bits;
  return {{1, regime, exponent, rest - exponent}};
}

/// See fields.hpp. Headers of saved files follow this order.
[[nodiscard]] constexpr auto known_fields(const posit_format& f) {
  return format_fields{"posit_format",
                       {{"total_bits", f.total_bits}, {"exponent_bits", f.exponent_bits}},
                       detail::family_number{3}};
}

}  // namespace lowp
