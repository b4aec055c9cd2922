// SPDX-License-Identifier: MIT
// Linear takums (Hunhold, "Beating posits at their own game: takum arithmetic", 2024): a sign, a
// direction bit, three regime bits, a characteristic of up to 7 bits and a mantissa, in two's
// complement. The dynamic range is 2^-255 to 2^255 from 12 bits on, and hardly depends on the
// width.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// libtakum calls this takum_linear; its takum is a logarithmic format. Signed integer order of
/// codes is value order; 100…0 is NaR, the one exception value. Below 12 bits the fields are those
/// of a wider takum whose other bits are zero.
struct takum_format {
  int total_bits = 0;

  constexpr bool operator==(const takum_format&) const = default;
  [[nodiscard]] constexpr int bits() const { return total_bits; }
  [[nodiscard]] constexpr code_t nar_code() const { return code_t{1} << (total_bits - 1); }
};

[[nodiscard]] constexpr const char* defect(const takum_format& f) {
  return f.total_bits < 2 || f.total_bits > 64 ? "a takum_format has 2 to 64 total_bits" : nullptr;
}

/// The exact value of a code, NaR as NaN; bits above f.bits() are ignored.
[[nodiscard]] constexpr unpacked decode(const takum_format& f, code_t code) {
  code &= low_mask(f.total_bits);
  if (code == 0) return unpacked::zero();
  if (code == f.nar_code()) return unpacked::nan();
  const bool is_negative = (code >> (f.total_bits - 1)) != 0;
  const code_t body = (is_negative ? 0 - code : code) << (64 - f.total_bits) << 1;  // left-aligned
  const bool direction = (body >> 63) != 0;
  const auto regime_bits = static_cast<int>(body >> 60 & 7);
  const int regime = direction ? regime_bits : 7 - regime_bits;
  const code_t after = body << 4;  // characteristic, then mantissa
  const auto field = regime == 0 ? 0 : static_cast<int>(after >> (64 - regime));
  const int characteristic =
      direction ? (1 << regime) - 1 + field : 1 + field - (1 << (regime + 1));
  return {
      value_kind::finite, is_negative, characteristic, {code_t{1} << 63 | after << regime >> 1, 0}};
}

/// See concepts.hpp.
[[nodiscard]] constexpr overflow known_overflow(const takum_format&, overflow o) {
  const bool keeps_infinity = o == overflow::to_special || o == overflow::saturate_numbers;
  return keeps_infinity ? overflow::to_special : overflow::saturate;
}

/// The code of a value, rounded once on the bit string, as posits are. Never rounds a number to
/// zero or NaR: beyond the ends of the range every mode and every policy gives the largest or
/// smallest takum. Infinity is NaR under `to_special` and `saturate_numbers`, else it saturates.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const takum_format& f, const unpacked& x, const R& mode = {},
                                      overflow o = overflow::to_special,
                                      missing_nan = missing_nan::largest) {
  if (x.is_zero()) return 0;
  const bool keeps_infinity = known_overflow(f, o) == overflow::to_special;
  if (x.is_nan() || (x.is_infinite() && keeps_infinity)) return f.nar_code();
  const int body_bits = f.total_bits - 1;
  const code_t largest = low_mask(body_bits);
  code_t magnitude = largest;
  if (!x.is_infinite() && x.exponent < -255) {
    magnitude = 1;
  } else if (!x.is_infinite() && x.exponent <= 254) {
    // 1. The unlimited bit string: direction, regime, characteristic, mantissa; left-aligned.
    const bool direction = x.exponent >= 0;
    const auto size = static_cast<unsigned>(direction ? x.exponent + 1 : -x.exponent);
    const auto regime = static_cast<int>(std::bit_width(size)) - 1;
    const code_t field = direction ? size - (1u << regime) : (2u << regime) - 1 - size;
    const auto head = static_cast<code_t>(direction ? 8 + regime : 7 - regime);
    uint128 string = shift_right_jam(shift_left(x.significand, 1), 4 + regime);
    string.high |= head << 60 | field << (60 - regime);
    // 2. Cut and round.
    const code_t kept = string.high >> (64 - body_bits);
    const uint128 tail = shift_left(string, body_bits);
    const discarded rest{tail.high | static_cast<code_t>(tail.low != 0), x.negative,
                         (kept & 1) != 0};
    magnitude = kept + static_cast<code_t>(rounds_up(mode, rest));
    if (magnitude == 0) magnitude = 1;
    if (magnitude > largest) magnitude = largest;
  }
  return (x.negative ? 0 - magnitude : magnitude) & low_mask(f.total_bits);
}

/// See value_facts.hpp, for this and the next two.
[[nodiscard]] constexpr value_facts known_facts(const takum_format& f) {
  const int at_one = f.total_bits - 4;  // where the characteristic has no bits
  return {.significant_bits = at_one < 1 ? 1 : at_one,
          .lowest_exponent = -255,
          .highest_exponent = 254,
          .last_bit_exponent = f.total_bits < 12 ? -255 : -255 - (f.total_bits - 12),
          .spacing = value_spacing::tapered,
          .orders_nan = true};
}
[[nodiscard]] constexpr code_order known_code_order(const takum_format&) {
  return code_order::twos_complement;
}
/// Sign, direction and regime, characteristic, mantissa.
[[nodiscard]] constexpr code_fields known_code_fields(const takum_format& f, code_t code) {
  const int body = f.total_bits - 1;
  const code_t aligned = code << (64 - body);
  const auto bits = static_cast<int>(aligned >> 60 & 7);
  const int regime = (aligned >> 63) != 0 ? bits : 7 - bits;
  const int head = body < 4 ? body : 4, rest = body - head;
  const int characteristic = rest < regime ? rest : regime;
  return {{1, head, characteristic, rest - characteristic}};
}

/// See fields.hpp.
[[nodiscard]] constexpr auto known_fields(const takum_format& f) {
  return format_fields{"takum_format", {{"total_bits", f.total_bits}}};
}

namespace formats {
template <int Bits>
inline constexpr takum_format takum{Bits};
}  // namespace formats

}  // namespace lowp
