// SPDX-License-Identifier: MIT
// Between the numbers of C++ and exact values: integers and floating-point types are taken from
// their own bits, so that no conversion rounds on the way to another.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "lowp/core/config.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// Any integer type of up to 64 bits.
[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpack(std::integral auto value) requires(
    sizeof(value) <= 8) {
  if constexpr (std::signed_integral<decltype(value)>) {
    return unpacked::from_integer(static_cast<std::int64_t>(value));
  } else {
    return unpacked::from_integer(static_cast<std::uint64_t>(value));
  }
}

[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpack(float value) {
  return decode(formats::binary32, std::bit_cast<std::uint32_t>(value));
}

[[nodiscard]] LOWP_ALWAYS_INLINE constexpr unpacked unpack(double value) {
  return decode(formats::binary64, std::bit_cast<std::uint64_t>(value));
}

/// binary64, the 80-bit format of the x87, or binary128, whichever `long double` is here.
[[nodiscard]] constexpr unpacked unpack(long double value) {
  constexpr int digits = std::numeric_limits<long double>::digits;
  static_assert(digits == 53 || digits == 64 || digits == 113, "this long double is not supported");
  if constexpr (digits == 53) {
    return unpack(static_cast<double>(value));
  } else {
    const auto bytes = std::bit_cast<std::array<unsigned char, sizeof(long double)>>(value);
    // `count` bytes as a number, from the one of weight 256^first on.
    const auto word_at = [&bytes](int first, int count) {
      std::uint64_t result = 0;
      for (int i = count - 1; i >= 0; --i) {
        const int at = std::endian::native == std::endian::little ? first + i : 15 - first - i;
        result = result << 8 | bytes[static_cast<std::size_t>(at)];
      }
      return result;
    };
    const std::uint64_t top = digits == 64 ? word_at(8, 2) : word_at(14, 2);
    const auto field = static_cast<int>(top & 0x7FFF);
    const bool is_negative = (top >> 15) != 0;
    // The fraction without its leading one, left-aligned.
    const uint128 fraction = digits == 64 ? uint128{word_at(0, 8) << 1, 0}
                                          : shift_left({word_at(8, 6), word_at(0, 8)}, 16);
    if (field == 0x7FFF) {
      return fraction.is_zero() ? unpacked::infinite(is_negative) : unpacked::nan(is_negative);
    }
    const bool is_normal = field != 0;
    const uint128 significand =
        shift_right_jam(fraction, 1) | uint128{is_normal ? std::uint64_t{1} << 63 : 0, 0};
    return unpacked::normalized(is_negative, (is_normal ? field : 1) - 16383, significand);
  }
}

namespace detail {

/// A value as a long double of more than 53 bits, to nearest even. Values among its subnormal
/// numbers, which no format of the catalogue reaches, are rounded a second time.
[[nodiscard]] constexpr long double pack_as_long_double(const unpacked& value) {
  using limits = std::numeric_limits<long double>;
  const auto power_of_two = [](int power) {
    return static_cast<long double>(
        from_bits<double>(static_cast<std::uint64_t>(1023 + power) << 52));
  };
  if (value.kind != value_kind::finite || value.exponent < limits::min_exponent - 200) {
    const unpacked special =
        value.kind != value_kind::finite ? value : unpacked::zero(value.negative);
    return static_cast<long double>(
        from_bits<double>(encode(formats::binary64, special, nearest_even)));
  }
  // 1. The significand rounded to the bits that there are.
  const uint128 rest = shift_left(value.significand, limits::digits);
  const uint128 half{std::uint64_t{1} << 63, 0};
  uint128 kept = shift_right_jam(value.significand - shift_right_jam(rest, limits::digits),
                                 128 - limits::digits);
  if (rest > half || (rest == half && (kept.low & 1) != 0)) kept = kept + uint128{0, 1};
  // 2. Its value times the power of two, in steps that are exact.
  long double result = 0;
  for (const std::uint64_t part : {kept.high, kept.low >> 32, kept.low & 0xFFFFFFFFu}) {
    result = result * 4294967296.0L + static_cast<long double>(part);
  }
  int power = value.exponent - (limits::digits - 1);
  const int most = limits::max_exponent - limits::digits;
  if (power > most || (power == most && result > power_of_two(limits::digits) - 1)) {
    return value.negative ? -limits::infinity() : limits::infinity();
  }
  for (; power > 1000; power -= 1000) result *= power_of_two(1000);
  for (; power < -1000; power += 1000) result *= power_of_two(-1000);
  result *= power_of_two(power);
  return value.negative ? -result : result;
}

}  // namespace detail

/// An exact value as a C++ number: rounded once where it does not fit. Integers saturate, and take
/// NaN as zero.
template <class T, rounding_mode R = nearest_even_t>
requires(std::integral<T> && sizeof(T) <= 8) || std::same_as<T, float> || std::same_as<T, double> ||
    std::same_as<T, long double> [[nodiscard]] LOWP_ALWAYS_INLINE constexpr T
    pack_as(const unpacked& value, const R& mode = {}) {
  if constexpr (std::same_as<T, float>) {
    return from_bits<float>(static_cast<std::uint32_t>(encode(formats::binary32, value, mode)));
  } else if constexpr (std::same_as<T, double>) {
    return from_bits<double>(encode(formats::binary64, value, mode));
  } else if constexpr (std::same_as<T, long double>) {
    static_assert(std::same_as<R, nearest_even_t>, "long double is rounded to nearest even only");
    if constexpr (std::numeric_limits<long double>::digits == 53) {
      return static_cast<long double>(pack_as<double>(value));
    } else {
      return detail::pack_as_long_double(value);
    }
  } else if constexpr (std::same_as<T, bool>) {
    return !value.is_zero();
  } else {
    constexpr fixed_format integer{.total_bits = static_cast<int>(8 * sizeof(T)),
                                   .is_signed = std::signed_integral<T>};
    return static_cast<T>(encode(integer, value, mode, overflow::saturate, missing_nan::zero));
  }
}

}  // namespace lowp
