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
  const int run = std::countl_zero(regime_bit ? ~body : body);
  const int regime = regime_bit ? run - 1 : -run;
  const code_t after = run + 1 < 64 ? body << (run + 1) : 0;  // exponent, then fraction
  const auto exponent =
      f.exponent_bits == 0 ? 0 : static_cast<int>(after >> (64 - f.exponent_bits));
  const code_t fraction = after << f.exponent_bits;
  return {value_kind::finite,
          is_negative,
          regime * (1 << f.exponent_bits) + exponent,
          {code_t{1} << 63 | fraction >> 1, 0}};
}

/// The code of a value, rounded once on the bit string: between two neighbours the tie is the posit
/// with one more bit, which is not always the midpoint, and stochastic rounding is proportional
/// along the string. Never rounds a number to zero or NaR: beyond the ends of the range every mode
/// and every policy gives the largest or smallest posit. Infinity is NaR under `to_special` and
/// `saturate_numbers`, else it saturates.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr code_t encode(const posit_format& f, const unpacked& x,
                                                         const R& mode = {},
                                                         overflow o = overflow::to_special,
                                                         missing_nan = missing_nan::largest) {
  const int body_bits = f.total_bits - 1;
  const bool saturates = o != overflow::to_special && o != overflow::saturate_numbers;
  if (x.is_zero()) return 0;
  if (x.is_nan() || (x.is_infinite() && !saturates)) return f.nar_code();

  // 1. The regime counts powers of 2^(2^exponent_bits).
  const int regime = x.exponent >> f.exponent_bits;
  const bool is_large = x.is_infinite() || regime >= f.total_bits - 2;
  code_t magnitude = is_large ? low_mask(body_bits) : 1;
  if (!is_large && regime >= 2 - f.total_bits) {
    // 2. What follows the regime and its stop bit in the unlimited bit string, left-aligned:
    // exponent and fraction.
    const auto exponent = static_cast<code_t>(x.exponent - regime * (1 << f.exponent_bits));
    uint128 tail = shift_left(x.significand, 1);
    if (f.exponent_bits != 0) {
      tail = short_shift_right_jam(tail, f.exponent_bits);
      tail.high |= exponent << (64 - f.exponent_bits);
    }
    // 3. Cut and round. The regime is a run of ones and a zero, or of zeros and a one.
    const int regime_size = (regime ^ (regime >> 31)) + 2;
    const code_t regime_field = regime < 0 ? 1 : low_mask(regime_size) - 1;
    const int left = body_bits - regime_size;  // bits for the tail, fewer than 30
    const code_t kept = regime_field << left | (tail.high >> 1) >> (63 - left);
    const std::uint64_t fraction = tail.high << left | (tail.low >> 1) >> (63 - left) |
                                   static_cast<std::uint64_t>((tail.low << left) != 0);
    const discarded rest{fraction, x.negative, (kept & 1) != 0};
    magnitude = kept + static_cast<code_t>(rounds_up(mode, rest));
  }
  const code_t minus = 0 - static_cast<code_t>(x.negative);
  return ((magnitude ^ minus) - minus) & low_mask(f.total_bits);
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

/// See value_facts.hpp.
[[nodiscard]] constexpr regime_code known_regime(const posit_format& f) {
  return {f.total_bits, f.exponent_bits};
}

/// See value_facts.hpp. The standard has posits of two exponent bits.
[[nodiscard]] constexpr quire_size known_quire(const posit_format& f) {
  if (f.exponent_bits != 2) return {};
  return {16 * f.total_bits, 16 - 8 * f.total_bits};
}

/// See concepts.hpp.
[[nodiscard]] constexpr overflow known_overflow(const posit_format&, overflow o) {
  const bool keeps_infinity = o == overflow::to_special || o == overflow::saturate_numbers;
  return keeps_infinity ? overflow::to_special : overflow::saturate;
}

/// See value_facts.hpp.
[[nodiscard]] constexpr code_order known_code_order(const posit_format&) {
  return code_order::twos_complement;
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
