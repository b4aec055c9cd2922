// SPDX-License-Identifier: MIT
// What a format can hold, asked from its codec: nothing here is stored anywhere, so nothing can
// disagree with what encoding and decoding do. Works for every family.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/value_facts.hpp"

namespace lowp {

/// Whether two descriptors are the same format, of any families.
template <class Format, class Other>
[[nodiscard]] constexpr bool is_same_format(const Format& f, const Other& g) {
  if constexpr (std::is_same_v<Format, Other>) {
    return f == g;
  } else {
    return false;
  }
}

namespace detail {
/// Just above zero, and just above one, as exact values: less than any step of a format of 64 bits.
inline constexpr unpacked tiny{value_kind::finite, false, -(1 << 28), {code_t{1} << 63, 0}};
inline constexpr unpacked above_one{value_kind::finite, false, 0, {code_t{1} << 63, 1}};
}  // namespace detail

/// What a format does under an overflow policy: that, or the policy which it reads it as.
template <number_format F>
[[nodiscard]] constexpr overflow overflow_as_read(const F& f, overflow o) {
  if constexpr (requires { known_overflow(f, o); }) {
    return known_overflow(f, o);
  } else {
    return o;
  }
}

/// The code of the largest finite value.
[[nodiscard]] constexpr code_t largest_code(const number_format auto& f) {
  return encode(f, unpacked::infinite(), nearest_even, overflow::saturate, missing_nan::largest);
}
/// The code of the lowest finite value: the most negative one, or the smallest of an unsigned
/// format.
[[nodiscard]] constexpr code_t lowest_code(const number_format auto& f) {
  return encode(f, unpacked::infinite(true), nearest_even, overflow::saturate,
                missing_nan::largest);
}
/// The value next to the largest finite one, on the side of zero; with `is_negative` to the lowest.
[[nodiscard]] constexpr unpacked value_next_to_end(const number_format auto& f, bool is_negative) {
  const unpacked end = decode(f, is_negative ? lowest_code(f) : largest_code(f));
  if (end.kind != value_kind::finite) return end;
  const unpacked inside =
      unpacked::normalized(end.negative, end.exponent, end.significand - uint128{0, 1});
  return decode(f, encode(f, inside, toward_zero, overflow::saturate, missing_nan::largest));
}
/// The code of the smallest positive value.
[[nodiscard]] constexpr code_t smallest_positive_code(const number_format auto& f) {
  return encode(f, detail::tiny, upward, overflow::saturate, missing_nan::largest);
}
/// The largest finite value, exact.
[[nodiscard]] constexpr unpacked largest_value(const number_format auto& f) {
  return decode(f, largest_code(f));
}
[[nodiscard]] constexpr unpacked smallest_positive_value(const number_format auto& f) {
  return decode(f, smallest_positive_code(f));
}
/// The code of the smallest positive value of full precision: above the subnormals where there are
/// any.
template <number_format F>
[[nodiscard]] constexpr code_t smallest_normal_code(const F& f) {
  if constexpr (requires { f.smallest_normal_magnitude(); }) {
    if (f.smallest_normal_magnitude() <= f.largest_magnitude()) {
      return f.smallest_normal_magnitude();
    }
  }
  return smallest_positive_code(f);
}

[[nodiscard]] constexpr bool has_nan(const number_format auto& f) {
  return decode(f, encode(f, unpacked::nan(), nearest_even, overflow::to_special,
                          missing_nan::largest))
      .is_nan();
}
[[nodiscard]] constexpr bool has_infinity(const number_format auto& f) {
  return decode(f, encode(f, unpacked::infinite(), nearest_even, overflow::to_special,
                          missing_nan::largest))
      .is_infinite();
}
[[nodiscard]] constexpr bool has_zero(const number_format auto& f) {
  return decode(f,
                encode(f, unpacked::zero(), nearest_even, overflow::saturate, missing_nan::largest))
      .is_zero();
}
[[nodiscard]] constexpr bool has_negative_zero(const number_format auto& f) {
  const unpacked zero = decode(
      f, encode(f, unpacked::zero(true), nearest_even, overflow::saturate, missing_nan::largest));
  return zero.is_zero() && zero.negative;
}
/// Whether x / 0 is a NaN: the format has one, and a single zero, which does not tell which
/// infinity is meant (P3109, FNUZ, unsigned formats, posits).
[[nodiscard]] constexpr bool has_undefined_quotients(const number_format auto& f) {
  return has_nan(f) && !has_negative_zero(f);
}
[[nodiscard]] constexpr bool is_signed(const number_format auto& f) {
  const unpacked lowest = decode(f, lowest_code(f));
  return lowest.negative && !lowest.is_zero();
}

/// The distance from 1 to the next larger value; zero if either is missing.
[[nodiscard]] constexpr unpacked epsilon_value(const number_format auto& f) {
  const unpacked one = unpacked::scaled_integer(false, 1);
  const unpacked next =
      decode(f, encode(f, detail::above_one, upward, overflow::saturate, missing_nan::largest));
  if (exact::compare(next, one) <= 0) return unpacked::zero();
  return exact::add(next, -one);
}

/// What std::numeric_limits calls digits: the significant bits, the leading one included, of a
/// float or a fixed-point number; of other families as far as the next number after 1 tells, 1 if
/// there is none. It says nothing about other values: for that there is facts_of().
template <number_format F>
[[nodiscard]] constexpr int precision(const F& f) {
  if constexpr (requires { f.precision(); }) {
    return f.precision();
  } else {
    const unpacked epsilon = epsilon_value(f);
    return epsilon.is_zero() ? 1 : 1 - epsilon.exponent;
  }
}

namespace detail {

/// The facts about what one code or another of a format has.
[[nodiscard]] constexpr value_facts either(const value_facts& a, const value_facts& b) {
  const auto least = [](int x, int y) { return x < y ? x : y; };
  const auto most = [](int x, int y) { return x > y ? x : y; };
  value_facts result = a;
  result.significant_bits = most(a.significant_bits, b.significant_bits);
  result.lowest_exponent = least(a.lowest_exponent, b.lowest_exponent);
  result.highest_exponent = most(a.highest_exponent, b.highest_exponent);
  result.last_bit_exponent = least(a.last_bit_exponent, b.last_bit_exponent);
  result.are_finite = a.are_finite && b.are_finite;
  return result;
}

/// What holds of no value at all; with either(), that of any.
inline constexpr value_facts facts_of_no_value{.significant_bits = 0,
                                               .lowest_exponent = value_facts::unbounded,
                                               .highest_exponent = -value_facts::unbounded,
                                               .last_bit_exponent = value_facts::unbounded,
                                               .are_finite = true};

/// Of `count` codes from `first` on.
template <number_format F>
[[nodiscard]] constexpr value_facts facts_of_codes(const F& f, code_t first, code_t count) {
  value_facts facts = facts_of_no_value;
  for (code_t code = first; code < first + count; ++code) {
    const unpacked x = decode(f, code);
    if (!x.is_finite()) facts.are_finite = false;
    if (x.kind != value_kind::finite) continue;
    const uint128 s = x.significand;
    const int bits = s.low != 0 ? 128 : 64 - std::countr_zero(s.high);
    if (bits > facts.significant_bits) facts.significant_bits = bits;
    if (x.exponent < facts.lowest_exponent) facts.lowest_exponent = x.exponent;
    if (x.exponent > facts.highest_exponent) facts.highest_exponent = x.exponent;
    const int last = x.exponent + 1 - bits;
    if (last < facts.last_bit_exponent) facts.last_bit_exponent = last;
  }
  return facts;
}

/// Of all codes, from that of each; a format in which zero is the only number has no exponents.
[[nodiscard]] constexpr value_facts completed_facts(value_facts facts) {
  if (facts.significant_bits != 0) return facts;
  facts.significant_bits = 1;
  facts.lowest_exponent = facts.highest_exponent = facts.last_bit_exponent = 0;
  return facts;
}
template <number_format F>
[[nodiscard]] constexpr value_facts enumerated_facts(const F& f) {
  return completed_facts(facts_of_codes(f, 0, code_t{1} << f.bits()));
}

/// Constant evaluation of one expression has its limits (clang: a million steps), so that many
/// codes are looked at in parts.
inline constexpr int log2_codes_per_part = 12;
template <auto F, code_t Part>
inline constexpr value_facts facts_of_part = facts_of_codes(F, Part << log2_codes_per_part,
                                                            code_t{1} << log2_codes_per_part);

template <auto F>
[[nodiscard]] constexpr value_facts enumerated_in_parts() {
  constexpr int log2_parts = F.bits() - log2_codes_per_part;
  return [&]<code_t... Part>(std::integer_sequence<code_t, Part...>) {
    value_facts facts = facts_of_no_value;
    ((facts = either(facts, facts_of_part<F, Part>)), ...);
    return completed_facts(facts);
  }
  (std::make_integer_sequence<code_t, code_t{1} << log2_parts>{});
}

}  // namespace detail

/// What is true of all values of a format: what its family states, else what its codes show, of
/// which up to 16 bits are looked at (in a constant expression up to 12: see facts<F>), else what
/// is safe to assume.
template <number_format F>
[[nodiscard]] constexpr value_facts facts_of(const F& f) {
  if constexpr (requires { known_facts(f); }) {
    return known_facts(f);
  } else {
    int most = detail::log2_codes_per_part;
    if (!std::is_constant_evaluated()) most = 16;
    return f.bits() <= most ? detail::enumerated_facts(f) : value_facts{};
  }
}

/// The facts of a format known at compile time; codes of up to 16 bits are always looked at.
template <auto F>
inline constexpr value_facts facts = [] {
  if constexpr (requires { known_facts(F); } || F.bits() <= detail::log2_codes_per_part ||
                F.bits() > 16) {
    return facts_of(F);
  } else {
    return detail::enumerated_in_parts<F>();
  }
}();

}  // namespace lowp
