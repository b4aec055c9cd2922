// SPDX-License-Identifier: MIT
// std::numeric_limits of every number, derived from its format. What a format lacks is not claimed.
#pragma once

#include <limits>

#include "lowp/core/exact.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/decimal.hpp"
#include "lowp/number/number.hpp"

namespace lowp::detail {

/// floor(log10(x)) for x > 0, by comparison with a power of ten that is right to 2^-40.
[[nodiscard]] constexpr int floor_log10(const unpacked& x) {
  const int low = floor_log10_of_power_of_two(x.exponent);
  unpacked power = unpacked::scaled_integer(false, 1);
  unpacked square = unpacked::scaled_integer(false, 10);
  const bool is_below_one = low + 1 < 0;
  for (int rest = is_below_one ? -(low + 1) : low + 1; rest != 0; rest >>= 1) {
    if ((rest & 1) != 0) power = exact::multiply(power, square);
    square = exact::multiply(square, square);
  }
  const unpacked one = unpacked::scaled_integer(false, 1);
  const auto order =
      is_below_one ? exact::compare(one, exact::multiply(power, x)) : exact::compare(power, x);
  return order <= 0 ? low + 1 : low;
}

/// What <limits> has names for.
template <rounding_mode R>
[[nodiscard]] constexpr std::float_round_style round_style_of(const R&) {
  using enum std::float_round_style;
  if (is_one_of<R, nearest_even_t, nearest_away_t, nearest_toward_zero_t, nearest_upward_t,
                nearest_downward_t>) {
    return round_to_nearest;
  }
  if (is_one_of<R, toward_zero_t>) return round_toward_zero;
  if (is_one_of<R, upward_t>) return round_toward_infinity;
  return is_one_of<R, downward_t> ? round_toward_neg_infinity : round_indeterminate;
}

}  // namespace lowp::detail

template <lowp::number_type Number>
class std::numeric_limits<Number> {
  static constexpr auto F = Number::format;
  /// To nearest, whatever the mode of Number.
  static constexpr Number of(const lowp::unpacked& value) {
    return Number::literal_type::from_unpacked(value);
  }
  static constexpr lowp::value_spacing spacing = lowp::facts<F>.spacing;
  /// Whether there is a range of exponents, so that min_exponent and its kin mean something.
  static constexpr bool is_floating = spacing != lowp::value_spacing::uniform;
  static constexpr lowp::unpacked largest = lowp::largest_value(F);
  static constexpr lowp::unpacked smallest_normal = decode(F, lowp::smallest_normal_code(F));
  static constexpr bool has_subnormals =
      lowp::smallest_positive_code(F) != lowp::smallest_normal_code(F);

 public:
  static constexpr bool is_specialized = true;
  static constexpr bool is_signed = lowp::is_signed(F);
  static constexpr bool is_integer = !is_floating && lowp::facts<F>.last_bit_exponent >= 0;
  static constexpr bool is_exact = is_integer;
  static constexpr bool has_infinity = lowp::has_infinity(F);
  static constexpr bool has_quiet_NaN = lowp::has_nan(F);
  static constexpr bool has_signaling_NaN = false;
  static constexpr std::float_denorm_style has_denorm =
      has_subnormals ? std::denorm_present : std::denorm_absent;
  static constexpr bool has_denorm_loss = false;
  /// That of operators; integers round too.
  static constexpr std::float_round_style round_style = [] {
    if constexpr (requires { Number::rounding; }) {
      return lowp::detail::round_style_of(Number::rounding);
    } else {
      return std::round_to_nearest;
    }
  }();
  /// The interchange formats of IEEE 754, bit for bit.
  static constexpr bool is_iec559 = [] {
    using lowp::formats::binary16, lowp::formats::binary32, lowp::formats::binary64;
    using lowp::is_same_format;
    return is_same_format(F, binary16) || is_same_format(F, binary32) ||
           is_same_format(F, binary64);
  }();
  static constexpr bool is_bounded = true;
  static constexpr bool is_modulo = false;  // operators saturate
  static constexpr int radix = 2;
  static constexpr int digits = lowp::precision(F);
  /// Decimal digits that survive; none where the precision runs out at the ends, or anywhere.
  static constexpr int digits10 =
      is_floating && spacing != lowp::value_spacing::floating
          ? 0
          : lowp::detail::floor_log10_of_power_of_two(is_floating ? digits - 1 : digits);
  static constexpr int max_digits10 =
      is_integer ? 0 : 2 + lowp::detail::floor_log10_of_power_of_two(digits);
  static constexpr int max_exponent = is_floating ? largest.exponent + 1 : 0;
  static constexpr int min_exponent = is_floating ? smallest_normal.exponent + 1 : 0;
  static constexpr int max_exponent10 = is_floating ? lowp::detail::floor_log10(largest) : 0;
  static constexpr int min_exponent10 =
      is_floating ? -lowp::detail::floor_log10_of_power_of_two(-smallest_normal.exponent) : 0;
  static constexpr bool traps = false;
  static constexpr bool tinyness_before = false;

  static constexpr Number(max)() noexcept { return Number::from_code(lowp::largest_code(F)); }
  static constexpr Number lowest() noexcept { return Number::from_code(lowp::lowest_code(F)); }
  /// The smallest positive normal number; for integers the lowest.
  static constexpr Number(min)() noexcept {
    return is_integer ? lowest() : Number::from_code(lowp::smallest_normal_code(F));
  }
  static constexpr Number denorm_min() noexcept {
    return is_integer ? Number::from_code(0) : Number::from_code(lowp::smallest_positive_code(F));
  }
  static constexpr Number epsilon() noexcept {
    return is_integer ? Number::from_code(0) : of(lowp::epsilon_value(F));
  }
  static constexpr Number round_error() noexcept {
    return is_integer ? Number::from_code(0) : of(lowp::unpack(0.5));
  }
  /// As the standard has it, `Number{}` where the format has none.
  static constexpr Number infinity() noexcept {
    return has_infinity ? of(lowp::unpacked::infinite()) : Number{};
  }
  static constexpr Number quiet_NaN() noexcept {
    return has_quiet_NaN ? of(lowp::unpacked::nan()) : Number{};
  }
  static constexpr Number signaling_NaN() noexcept { return Number{}; }
};
