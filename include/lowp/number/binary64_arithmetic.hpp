// SPDX-License-Identifier: MIT
// Operations on numbers by one operation of double, several times as fast as those on exact values,
// with the same results: between normal numbers of one format, where the result is a normal number
// of that format, too. Everything else is left to arithmetic.hpp.
//
// Why double decides, whatever the rounding mode of the machine: let x be the exact result of + - *
// / sqrt on numbers of p bits, and m a number of p + 1 bits, at which rounding to nearest decides.
// Either x = m, and double holds it, or x lies at least 2^-(2p + 3) from m, in proportion
// (Figueroa, When is double rounding innocuous? SIGNUM 1995), which is more than the 2^-52 by which
// the operation of double may be off. Where p <= 24, the bits of double therefore say whether x is
// below m, at it or above. So they do in other modes, which decide at numbers of p bits, but for
// sums that lie nearer to one than double shows. In stochastic modes results decide that double
// holds: products, and sums of formats of few exponents. Subnormal numbers, of which a machine may
// make zeros, do not occur.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "lowp/core/bits.hpp"
#include "lowp/core/config.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/number.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp::detail {

/// Whether a mode decides at the middle of two numbers only.
template <class R>
[[nodiscard]] constexpr bool is_to_nearest() {
  if constexpr (is_fixed_addend<R> && std::is_empty_v<R>) {
    for (const bool negative : {false, true}) {
      for (const bool odd : {false, true}) {
        if (rounds_up(R{}, {half_unit - 1, negative, odd}) ||
            !rounds_up(R{}, {half_unit + 1, negative, odd})) {
          return false;
        }
      }
    }
    return true;
  }
  return false;
}

/// The square root by the instruction, where there is one that the compiler knows.
#if defined(__GNUC__) || defined(__clang__)
inline constexpr bool has_root = true;
template <std::same_as<double> T>  // constexpr, since CUDA then compiles it for devices
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr T root_of(T x) {
  return __builtin_sqrt(x);
}
#else
inline constexpr bool has_root = false;
template <std::same_as<double> T>
[[nodiscard]] constexpr T root_of(T x) {
  return x;
}
#endif

/// Which operations on numbers of F double decides under R, and where the fields of F lie.
struct binary64_operations {
  bool sums = false, products = false, quotients = false, roots = false;
  int mantissa_bits = 0;
  code_t first = 0, last = 0, sign_bit = 0;  ///< the magnitudes of normal numbers
  std::uint64_t offset = 0;  ///< between the bits of a number in double, cut, and its magnitude
};
template <class R, number_format F>
[[nodiscard]] constexpr binary64_operations binary64_operations_of(const F& f) {
  binary64_operations can;
  if constexpr (requires { known_grid(f); }) {
    const code_grid grid = known_grid(f);
    const value_facts values = facts_of(f);
    const code_t first = code_t{1} << grid.mantissa_bits;
    if (!grid.exists || grid.is_twos_complement || grid.wraps || grid.largest_positive < first ||
        values.spacing != value_spacing::floating || grid.mantissa_bits > 23 ||
        grid.lowest_exponent < -250 || values.highest_exponent > 250) {
      return can;
    }
    const int exact_bits = values.highest_exponent - values.last_bit_exponent + 2;
    can.sums = exact_bits <= 53 || is_to_nearest<R>();
    can.products = true;  // which are exact
    can.quotients = is_fixed_addend<R>;
    can.roots = is_fixed_addend<R> && has_root;
    can.mantissa_bits = grid.mantissa_bits;
    can.first = first;
    can.last = grid.largest_positive;
    can.sign_bit = grid.sign_bit;
    can.offset = static_cast<std::uint64_t>(1022 + grid.lowest_exponent) << grid.mantissa_bits;
  }
  return can;
}
/// None if operands and result are not of one format.
template <class R, auto To, auto... Operands>
inline constexpr binary64_operations in_binary64_of =
    has_ieee_arithmetic && (std::same_as<number<To>, number<Operands>> && ...)
        ? binary64_operations_of<R>(To)
        : binary64_operations{};

template <binary64_operations Can>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr bool is_normal_code(code_t code) {
  return (code & ~Can.sign_bit) - Can.first <= Can.last - Can.first;
}
/// A normal number as a double.
template <binary64_operations Can>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr double in_binary64(code_t code) {
  const std::uint64_t magnitude = ((code & ~Can.sign_bit) + Can.offset) << (52 - Can.mantissa_bits);
  const bool is_negative = (code & Can.sign_bit) != 0;
  return std::bit_cast<double>(magnitude | static_cast<std::uint64_t>(is_negative) << 63);
}

/// Whether `operation`, on doubles, gives the result, which it then is. Not in constant
/// expressions.
template <auto F, class R, class Operation, std::same_as<number<F>>... Operands>
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr bool is_by_binary64(number<F>& result, const R& mode,
                                                               const Operation& operation,
                                                               Operands... operands) {
  constexpr binary64_operations can = in_binary64_of<R, F>;
  if (std::is_constant_evaluated() || !(is_normal_code<can>(operands.code()) && ...)) return false;
  constexpr int cut_bits = 52 - can.mantissa_bits;
  const auto bits = std::bit_cast<std::uint64_t>(operation(in_binary64<can>(operands.code())...));
  const std::uint64_t magnitude = bits << 1 >> 1;
  const bool is_negative = magnitude != bits;
  const code_t kept = (magnitude >> cut_bits) - can.offset;
  // So that it is not the last number, which overflow may concern.
  if (kept - can.first >= can.last - can.first) return false;
  if (can.sign_bit == 0 && is_negative) return false;
  const discarded rest{magnitude << (64 - cut_bits), is_negative, (kept & 1) != 0};
  const code_t rounded = kept + static_cast<code_t>(rounds_up(mode, rest));
  result = number<F>::from_code(rounded | static_cast<code_t>(is_negative) * can.sign_bit);
  return true;
}

}  // namespace lowp::detail
