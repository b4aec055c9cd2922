// SPDX-License-Identifier: MIT
// Rounding binary32 or binary64 numbers to those of a narrower format without leaving the
// floating-point unit: to nearest even, by some ten operations without a branch, which compilers
// vectorize. The numbers of the format are carried by the wider type.
//
// It is the double rounding that is wrong in general. Which operations of the carrier, rounded once
// more, are as if rounded once is decided here, too, from the facts of the format.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "lowp/core/unpacked.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// A type of C++ that carries numbers of narrower formats.
template <class T>
concept carrier = std::same_as<T, float> || std::same_as<T, double>;

namespace detail {

template <carrier C>
using carrier_bits = std::conditional_t<std::same_as<C, float>, std::uint32_t, std::uint64_t>;

/// 2^exponent, of those that C has as normal numbers.
template <carrier C>
[[nodiscard]] constexpr C power_of_two(int exponent) {
  return pack_as<C>(unpacked{value_kind::finite, false, exponent, {code_t{1} << 63, 0}});
}

}  // namespace detail

/// How numbers of a carrier round to nearest even in a format. `exists` says that a format is of
/// the kind for which this is enough: signed floats of at least one mantissa bit, with a zero, and
/// signed fixed point.
template <carrier C>
struct carrier_grid {
  bool exists = false;
  bool is_uniform = false;
  /// Of the lowest binade with a step of its own, whose step all below it share; 0 if uniform.
  C lowest_power = 0;
  /// Adding and subtracting a power of two rounds to its last place. That of a binade times two to
  /// this many has the step of the binade there.
  int places = 0;
  /// What to add and subtract on a uniform grid: both signs leave it in its binade.
  C center = 0;
  C lowest = 0, largest = 0;
  C limit = 0;   ///< the largest magnitude that rounds to `largest`
  C beyond = 0;  ///< what larger ones become
  C nan = 0;
  bool has_negative_zero = false;
};

/// The grid of a format under an overflow policy.
template <carrier C, number_format F>
[[nodiscard]] constexpr carrier_grid<C> carrier_grid_of(const F& f, overflow o) {
  carrier_grid<C> grid;
  constexpr int digits = std::numeric_limits<C>::digits;
  constexpr int min_exponent = std::numeric_limits<C>::min_exponent - 1;
  constexpr int max_exponent = std::numeric_limits<C>::max_exponent - 1;
  if (o != overflow::saturate && o != overflow::to_special) return grid;
  if constexpr (requires { known_grid(f); }) {
    const code_grid codes = known_grid(f);
    const value_facts facts = facts_of(f);
    if (!codes.exists || codes.skips_subnormals || !is_signed(f) || !has_zero(f)) return grid;
    if (facts.last_bit_exponent <= min_exponent || facts.highest_exponent >= max_exponent) {
      return grid;
    }
    const auto value = [&](const unpacked& x) {
      return pack_as<C>(decode(f, encode(f, x, nearest_even, o, missing_nan::largest)));
    };
    const unpacked huge = unpacked::scaled_integer(false, 1, facts.highest_exponent + 2);
    grid.is_uniform = facts.spacing == value_spacing::uniform;
    grid.largest = pack_as<C>(largest_value(f));
    grid.lowest = pack_as<C>(decode(f, lowest_code(f)));
    grid.beyond = value(huge);
    grid.nan = value(unpacked::nan());
    grid.has_negative_zero = has_negative_zero(f);
    if (grid.is_uniform) {
      grid.exists = facts.significant_bits + 3 <= digits &&
                    facts.last_bit_exponent + digits - 1 <= max_exponent;
      if (!grid.exists) return grid;
      grid.center = detail::power_of_two<C>(facts.last_bit_exponent + digits - 1) +
                    detail::power_of_two<C>(facts.last_bit_exponent + digits - 2);
    } else {
      grid.exists = facts.spacing == value_spacing::floating && codes.mantissa_bits >= 1 &&
                    codes.mantissa_bits + 2 <= digits && grid.lowest == -grid.largest &&
                    facts.highest_exponent + digits - 1 - codes.mantissa_bits <= max_exponent;
      if (!grid.exists) return grid;
      grid.lowest_power = detail::power_of_two<C>(codes.lowest_exponent);
      grid.places = digits - 1 - codes.mantissa_bits;
      // Half a step more than the largest, unless that tie goes up.
      const int binade = facts.highest_exponent > codes.lowest_exponent ? facts.highest_exponent
                                                                        : codes.lowest_exponent;
      const unpacked half = scale_by_power_of_two(unpacked::scaled_integer(false, 1),
                                                  binade - codes.mantissa_bits - 1);
      const C tie = pack_as<C>(exact::add(largest_value(f), half));
      const bool is_odd = (codes.largest_positive & 1) != 0;
      grid.limit = is_odd ? from_bits<C>(std::bit_cast<detail::carrier_bits<C>>(tie) - 1) : tie;
    }
  }
  return grid;
}

namespace detail {

/// All bits set where a < b, for numbers that are no further apart than half the range. Comparisons
/// that choose between floating-point values become branches, and keep g++ from vectorizing.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T mask_of_less(T a, T b) {
  using difference = std::make_signed_t<T>;
  return static_cast<T>(static_cast<difference>(static_cast<T>(a - b)) >> (8 * sizeof(T) - 1));
}
template <std::unsigned_integral T>
[[nodiscard]] constexpr T select(T mask, T yes, T no) {
  return static_cast<T>((yes & mask) | (no & static_cast<T>(~mask)));
}

}  // namespace detail

/// `x` on a grid that exists. Needs rounding to nearest, the machine's default. NaNs are positive.
template <carrier C>
[[nodiscard]] LOWP_ALWAYS_INLINE inline C round_to_grid(const carrier_grid<C>& grid, C x) {
  using bits = detail::carrier_bits<C>;
  using detail::mask_of_less, detail::select;
  const auto to_bits = [](C value) { return std::bit_cast<bits>(value); };
  constexpr int mantissa_bits = std::numeric_limits<C>::digits - 1;
  constexpr bits sign_bit = ~(~bits{0} >> 1);
  constexpr bits infinity = std::bit_cast<bits>(std::numeric_limits<C>::infinity());
  const bits all = to_bits(x), sign = all & sign_bit, magnitude = all ^ sign;
  const bits is_nan = mask_of_less<bits>(infinity, magnitude);
  if (grid.is_uniform) {
    const bits is_negative = mask_of_less<bits>(all, 0);
    const bits limit =
        select<bits>(is_negative, to_bits(grid.lowest) & ~sign_bit, to_bits(grid.largest));
    const bits inside = select<bits>(mask_of_less<bits>(limit, magnitude), limit, magnitude);
    const C rounded = (std::bit_cast<C>(inside | sign) + grid.center) - grid.center;
    return std::bit_cast<C>(select<bits>(is_nan, to_bits(grid.nan), to_bits(rounded)));
  }
  // What does not depend on rounding first, for it is not waited for.
  const bits is_special = mask_of_less<bits>(to_bits(grid.limit), magnitude);
  const bits is_number = ~mask_of_less<bits>(infinity, to_bits(grid.beyond)) & ~is_nan;
  const bits special = select<bits>(is_nan, to_bits(grid.nan), to_bits(grid.beyond)) & is_special;
  // The power of two whose last place is the step here: that of the binade of x or, if larger, of
  // the lowest one. Of special values it may be anything.
  const bits lowest =
      to_bits(grid.lowest_power) + (static_cast<bits>(grid.places) << mantissa_bits);
  const bits above =
      (magnitude & infinity) + (static_cast<bits>(grid.places) << mantissa_bits) - lowest;
  const C shift = std::bit_cast<C>(lowest + (above & ~mask_of_less<bits>(above, 0)));
  const bits rounded = to_bits((std::bit_cast<C>(magnitude) + shift) - shift) & ~is_special;
  bits kept_sign = sign & (is_number | ~is_special);
  if (!grid.has_negative_zero) kept_sign &= ~mask_of_less<bits>(rounded | (is_special & 1), 1);
  return std::bit_cast<C>(rounded | special | kept_sign);
}

/// Which operations of C, on numbers of F, are exact, or rounded a second time to nearest in F are
/// as if rounded once; all of them far from the ends of C's range, where a machine may flush.
/// Results of + - * / sqrt with at least 2p + 2 bits decide those with p of numbers with p
/// (Figueroa, When is double rounding innocuous? SIGNUM 1995). For the values of subnormals,
/// integers and posits, which have fewer, it holds as well, since what lies between two numbers
/// rounded to fewer bits is a number of p + 1.
template <carrier C>
struct carrier_operations {
  bool sums = false, exact_sums = false, products = false, quotients = false, roots = false;
};
template <carrier C>
[[nodiscard]] constexpr carrier_operations<C> carrier_operations_of(const value_facts& f) {
  constexpr int digits = std::numeric_limits<C>::digits;
  constexpr int min_exponent = std::numeric_limits<C>::min_exponent - 1;
  constexpr int max_exponent = std::numeric_limits<C>::max_exponent - 1;
  const int p = f.significant_bits;
  const bool decides = 2 * p + 2 <= digits && f.spacing != value_spacing::irregular;
  const bool holds =
      p <= digits && f.last_bit_exponent >= min_exponent && f.highest_exponent + 1 < max_exponent;
  if (!holds) return {};
  const int reach = f.highest_exponent - f.last_bit_exponent + 2;
  return {.sums = decides || reach <= digits,
          .exact_sums = reach <= digits,
          .products = 2 * p <= digits && 2 * f.last_bit_exponent >= min_exponent &&
                      2 * f.highest_exponent + 1 < max_exponent,
          .quotients = decides && f.last_bit_exponent - f.highest_exponent - 1 >= min_exponent &&
                       f.highest_exponent - f.last_bit_exponent + 1 < max_exponent,
          .roots = decides && f.spacing != value_spacing::uniform};
}

}  // namespace lowp
