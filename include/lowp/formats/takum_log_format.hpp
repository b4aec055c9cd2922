// SPDX-License-Identifier: MIT
// Logarithmic takums (Hunhold, "Beating posits at their own game: takum arithmetic", 2024): the
// codes of linear ones, of which characteristic and mantissa are a logarithm to base sqrt(e).
// Products, quotients and square roots are exact before they are rounded, sums correct to 96 bits.
#pragma once

#include <compare>
#include <cstdint>

#include "lowp/core/binary_logarithm.hpp"
#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/takum_format.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// (-1)^sign * sqrt(e)^l, where the linear takum of the magnitude's code is (1 + m) * 2^c and
/// l = c + m: the takum of its authors' library, libtakum. The range is e^-127.5 to e^127.5.
struct takum_log_format {
  int total_bits = 0;

  constexpr bool operator==(const takum_log_format&) const = default;
  [[nodiscard]] constexpr int bits() const { return total_bits; }
  [[nodiscard]] constexpr code_t nar_code() const { return linear().nar_code(); }
  /// The linear takums of the same codes.
  [[nodiscard]] constexpr takum_format linear() const { return {total_bits}; }
};

[[nodiscard]] constexpr const char* defect(const takum_log_format& f) {
  return f.total_bits < 2 || f.total_bits > 32 ? "a takum_log_format has 2 to 32 total_bits"
                                               : nullptr;
}

namespace detail {

/// The places after the point that logarithms have: those of 32 bits, and one for square roots.
inline constexpr int takum_places = 28;

[[nodiscard]] constexpr bool is_special(const takum_log_format& f, code_t code) {
  return (code & low_mask(f.total_bits - 1)) == 0;
}
[[nodiscard]] constexpr bool is_negative(const takum_log_format& f, code_t code) {
  return (code >> (f.total_bits - 1) & 1) != 0;
}
/// The logarithm of the magnitude of a code, in units of 2^-takum_places. Not for zero and NaR.
[[nodiscard]] constexpr std::int64_t logarithm_of(const takum_log_format& f, code_t code) {
  const unpacked as_linear = decode(f.linear(), code);
  const std::uint64_t mantissa = as_linear.significand.high << 1 >> (64 - takum_places);
  return (static_cast<std::int64_t>(as_linear.exponent) << takum_places) +
         static_cast<std::int64_t>(mantissa);
}

/// sqrt(e)^(logarithm / 2^takum_places), correct to 118 bits, with a sticky bit if it is not 1.
[[nodiscard]] constexpr unpacked power_of_sqrt_e(bool is_negative, std::int64_t logarithm) {
  if (logarithm == 0) return {value_kind::finite, is_negative, 0, {code_t{1} << 63, 0}};
  // sqrt(e) = 2^(1 / (2 ln 2)), of which this are the bits in units of 2^-128.
  constexpr uint128 base{0xB8AA3B295C17F0BB, 0xBE87FED0691D3E88};
  const auto magnitude = static_cast<std::uint64_t>(logarithm < 0 ? -logarithm : logarithm);
  const uint128 low = multiply(magnitude, base.low);
  const uint128 high = multiply(magnitude, base.high) + uint128{0, low.high};
  // The product is in units of 2^-(128 + places): its integer part, and 128 bits after the point.
  const fixed_number power{
      static_cast<int>(high.high >> takum_places),
      shift_left(high, 64 - takum_places) | uint128{0, low.low >> takum_places}};
  return power_of_two(is_negative, logarithm < 0 ? -power : power);
}

}  // namespace detail

/// A code's value: exact for 1, else correct to 118 bits and followed by a sticky bit.
[[nodiscard]] constexpr unpacked decode(const takum_log_format& f, code_t code) {
  code &= low_mask(f.total_bits);
  if (detail::is_special(f, code)) return code == 0 ? unpacked::zero() : unpacked::nan();
  return detail::power_of_sqrt_e(detail::is_negative(f, code), detail::logarithm_of(f, code));
}

/// See concepts.hpp.
[[nodiscard]] constexpr overflow known_overflow(const takum_log_format& f, overflow o) {
  return known_overflow(f.linear(), o);
}

/// The code of a value, rounded once on the bit string, so that logarithms are what is rounded; the
/// ends of the range are those of linear takums.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const takum_log_format& f, const unpacked& x,
                                      const R& mode = {}, overflow o = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  if (x.kind != value_kind::finite) return encode(f.linear(), x, mode, o, n);
  // Beyond the range of all takums, and 1, whose logarithm alone is no irrational number.
  constexpr uint128 one{code_t{1} << 63, 0};
  constexpr int beyond = 256;
  unpacked as_linear{value_kind::finite, x.negative, x.exponent < 0 ? -beyond : beyond, one};
  if (x.exponent == 0 && x.significand == one) {
    as_linear.exponent = 0;
  } else if (x.exponent > -185 && x.exponent < 184) {
    // 1. The magnitude of the logarithm to base sqrt(e), in units of 2^-119.
    const detail::fixed_number binary = detail::binary_logarithm(x);
    const bool is_negative = binary.integer < 0;
    const detail::fixed_number magnitude = is_negative ? -binary : binary;
    constexpr uint128 two_ln2{0xB17217F7D1CF79AB, 0xC9E3B39803F2F6AF};  // in units of 2^-127
    const auto integer = static_cast<std::uint64_t>(magnitude.integer);
    const uint128 low = multiply(integer, two_ln2.low);
    const uint128 high = multiply(integer, two_ln2.high) + uint128{0, low.high};
    const uint128 whole = shift_left(high, 56) | uint128{0, low.low >> 8};
    const uint128 part = shift_right_jam(detail::multiply_high(magnitude.fraction, two_ln2), 8);
    // 2. Values of more bits than decoding of other formats gives stand for logarithms that are
    // multiples of 2^-takum_places, if they are near one.
    uint128 logarithm = whole + part;
    if (is_negative) logarithm = uint128{} - logarithm;
    constexpr std::uint64_t error = 1 << 19;
    const uint128 raised = logarithm + uint128{0, error};
    constexpr int discarded_bits = 119 - detail::takum_places;
    const std::uint64_t high_rest = raised.high & low_mask(discarded_bits - 64);
    const bool is_near = x.significand.low != 0 && high_rest == 0 && raised.low <= 2 * error;
    const bool is_beside_one = is_near && raised.high == 0;  // but not 1: only its side is sure
    const bool is_exact = is_near && !is_beside_one;
    if (is_exact) logarithm = {raised.high, 0};
    if (is_beside_one) logarithm = x.exponent < 0 ? uint128{} - uint128{0, 1} : uint128{};
    // 3. Its characteristic and mantissa.
    as_linear.exponent = static_cast<int>(static_cast<std::int64_t>(logarithm.high) >> 55);
    as_linear.significand = shift_right_jam(shift_left(logarithm, 9), 1) | one;
    if (!is_exact) as_linear.significand.low |= 1;
  }
  return encode(f.linear(), as_linear, mode, o, n);
}

// Operations that logarithms make exact (number/arithmetic.hpp).
[[nodiscard]] constexpr unpacked exact_product(const takum_log_format& f, code_t a,
                                               const takum_log_format& g, code_t b) {
  if (detail::is_special(f, a) || detail::is_special(g, b)) {
    return exact::multiply(decode(f, a), decode(g, b));
  }
  return detail::power_of_sqrt_e(detail::is_negative(f, a) != detail::is_negative(g, b),
                                 detail::logarithm_of(f, a) + detail::logarithm_of(g, b));
}
[[nodiscard]] constexpr unpacked exact_quotient(const takum_log_format& f, code_t a,
                                                const takum_log_format& g, code_t b) {
  if (detail::is_special(f, a) || detail::is_special(g, b)) {
    return exact::divide(decode(f, a), decode(g, b));
  }
  return detail::power_of_sqrt_e(detail::is_negative(f, a) != detail::is_negative(g, b),
                                 detail::logarithm_of(f, a) - detail::logarithm_of(g, b));
}
[[nodiscard]] constexpr unpacked exact_sqrt(const takum_log_format& f, code_t a) {
  if (detail::is_special(f, a) || detail::is_negative(f, a)) return exact::sqrt(decode(f, a));
  return detail::power_of_sqrt_e(false, detail::logarithm_of(f, a) / 2);
}
[[nodiscard]] constexpr std::partial_ordering exact_order(const takum_log_format& f, code_t a,
                                                          const takum_log_format& g, code_t b) {
  // Linear takums of the same codes are in the same order.
  return exact::compare(decode(f.linear(), a), decode(g.linear(), b));
}

/// See value_facts.hpp, for this and the next two.
[[nodiscard]] constexpr value_facts known_facts(const takum_log_format&) {
  return {.significant_bits = 128,
          .lowest_exponent = -184,
          .highest_exponent = 183,
          .orders_nan = true};
}
[[nodiscard]] constexpr code_order known_code_order(const takum_log_format& f) {
  return known_code_order(f.linear());
}
[[nodiscard]] constexpr code_fields known_code_fields(const takum_log_format& f, code_t code) {
  return known_code_fields(f.linear(), code);
}
/// See fields.hpp.
[[nodiscard]] constexpr auto known_fields(const takum_log_format& f) {
  return format_fields{"takum_log_format", {{"total_bits", f.total_bits}}};
}

namespace formats {
template <int Bits>
inline constexpr takum_log_format takum_log{Bits};
}  // namespace formats

}  // namespace lowp
