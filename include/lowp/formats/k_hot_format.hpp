// SPDX-License-Identifier: MIT
// Fixed-point numbers with few ones in their magnitude, by which a product is a sum of few shifts
// (the K-hot numbers of QFX, arXiv 2401.17544).
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// The values of a fixed_format of these fields whose magnitude in binary has at most `ones` ones,
/// in the codes of that format. A code with more of them has the value of its first `ones` ones,
/// and is not made.
struct k_hot_format {
  int total_bits = 0;
  int fraction_bits = 0;
  bool is_signed = true;
  int ones = 1;

  constexpr bool operator==(const k_hot_format&) const = default;
  [[nodiscard]] constexpr int bits() const { return total_bits; }
  [[nodiscard]] constexpr fixed_format base() const {
    return {.total_bits = total_bits, .fraction_bits = fraction_bits, .is_signed = is_signed};
  }
};

[[nodiscard]] constexpr const char* defect(const k_hot_format& f) {
  if (defect(f.base()) != nullptr) return defect(f.base());
  if (f.ones < 1 || f.ones > 64) return "the ones of a k_hot_format are 1 to 64";
  return nullptr;
}

namespace detail {

/// The first `ones` ones of an integer.
[[nodiscard]] constexpr code_t first_ones(code_t integer, int ones) {
  code_t kept = 0;
  for (; ones > 0 && integer != kept; --ones) kept |= std::bit_floor(integer ^ kept);
  return kept;
}
/// The next larger integer with at most `ones` ones after one that has not more; 2^64 is 0.
[[nodiscard]] constexpr code_t next_with_ones(code_t integer, int ones) {
  const bool is_full = std::popcount(integer) >= ones;
  return integer + (is_full ? integer & (0 - integer) : 1);
}
/// Whether the integers below this one with at most `ones` ones are odd in number: of those that
/// agree with it above one of its ones and lack that, there are as many as choices of positions
/// below.
[[nodiscard]] constexpr bool is_odd_among_ones(code_t integer, int ones) {
  bool is_odd = false;
  for (; integer != 0 && ones >= 0; --ones) {
    const int place = 63 - std::countl_zero(integer);
    // A binomial coefficient (place, i) is odd where i has no one that `place` lacks.
    for (int i = 0; i <= ones && i <= place; ++i) is_odd ^= (i & ~place) == 0;
    integer ^= code_t{1} << place;
  }
  return is_odd;
}

}  // namespace detail

[[nodiscard]] constexpr unpacked decode(const k_hot_format& f, code_t code) {
  const code_t sign = f.is_signed ? code_t{1} << (f.total_bits - 1) : 0;
  code &= low_mask(f.total_bits);
  const bool is_negative = (code & sign) != 0;
  const code_t magnitude = (is_negative ? 0 - code : code) & low_mask(f.total_bits);
  return unpacked::scaled_integer(is_negative, detail::first_ones(magnitude, f.ones),
                                  -f.fraction_bits);
}

/// The code of a value, rounded once between its neighbours, of which every second one, from zero
/// on, is odd. What lies out of range becomes the end of it; NaN as in a fixed_format.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const k_hot_format& f, const unpacked& x, const R& mode = {},
                                      overflow = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  const fixed_format base = f.base();
  const auto code_of = [&](bool is_negative, code_t magnitude) {
    return (is_negative ? 0 - magnitude : magnitude) & low_mask(f.total_bits);
  };
  const auto end = [&](bool is_negative) {
    return detail::first_ones(is_negative ? base.lowest_magnitude() : base.largest_magnitude(),
                              f.ones);
  };
  if (x.is_zero()) return 0;
  if (x.is_nan()) {
    const bool is_largest = n == missing_nan::largest || n == missing_nan::signed_largest;
    const bool is_negative = x.negative && n == missing_nan::signed_largest;
    return is_largest ? code_of(is_negative, end(is_negative)) : 0;
  }
  const code_t most = end(x.negative);
  const auto value = [&](code_t magnitude) {
    return unpacked::scaled_integer(false, magnitude, -f.fraction_bits);
  };
  const unpacked magnitude = magnitude_of(x);
  if (x.is_infinite() || exact::compare(magnitude, value(most)) >= 0) {
    return code_of(x.negative, most);
  }
  // The integer part of |x| * 2^fraction_bits, below 2^64.
  const int integer_bits = x.exponent + f.fraction_bits + 1;
  const code_t whole = integer_bits <= 0 ? 0 : x.significand.high >> (64 - integer_bits);
  const code_t below = detail::first_ones(whole, f.ones);
  if (exact::compare(magnitude, value(below)) == 0) return code_of(x.negative, below);
  const code_t above = detail::next_with_ones(below, f.ones);
  const discarded rest{detail::fraction_for<R>(value(below), value(above), magnitude), x.negative,
                       detail::is_odd_among_ones(below, f.ones)};
  return code_of(x.negative, rounds_up(mode, rest) ? above : below);
}

/// See concepts.hpp.
[[nodiscard]] constexpr overflow known_overflow(const k_hot_format&, overflow) {
  return overflow::saturate;
}
/// See value_facts.hpp.
[[nodiscard]] constexpr value_facts known_facts(const k_hot_format& f) {
  value_facts facts = known_facts(f.base());
  facts.spacing = value_spacing::irregular;
  return facts;
}
/// See fields.hpp.
[[nodiscard]] constexpr auto known_fields(const k_hot_format& f) {
  return format_fields{"k_hot_format",
                       {{"total_bits", f.total_bits},
                        {"fraction_bits", f.fraction_bits},
                        {"is_signed", f.is_signed},
                        {"ones", f.ones}}};
}

namespace formats {
/// The numbers of a fixed_format of two's complement or unsigned with at most `ones` ones.
[[nodiscard]] constexpr k_hot_format k_hot(const fixed_format& base, int ones) {
  return {base.total_bits, base.fraction_bits, base.is_signed, ones};
}
}  // namespace formats

}  // namespace lowp
