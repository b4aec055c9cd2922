// SPDX-License-Identifier: MIT
// HiFloat8 of Ascend processors (Luo et al., "Ascend HiFloat8 format for deep learning", 2024): a
// sign, a prefix of 2 to 4 bits that says how many of the others are an exponent, the exponent by
// sign and magnitude, and 1 to 3 mantissa bits. Codes are not in the order of their values.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// 2^-22 to 2^15, infinities, one NaN, one zero.
struct hif8_format {
  constexpr bool operator==(const hif8_format&) const = default;
  [[nodiscard]] static constexpr int bits() { return 8; }
  static constexpr code_t infinity = 0x6F, nan = 0x80;
};

[[nodiscard]] constexpr const char* defect(const hif8_format&) { return nullptr; }

[[nodiscard]] constexpr unpacked decode(const hif8_format&, code_t code) {
  const code_t body = code & 0x7F;
  const bool is_negative = (code & 0x80) != 0;
  if (body == 0) return is_negative ? unpacked::nan() : unpacked::zero();
  if (body == hif8_format::infinity) return unpacked::infinite(is_negative);
  if (body < 8) return unpacked::scaled_integer(is_negative, 1, static_cast<int>(body) - 23);
  // How many bits the exponent and the mantissa have, by the leading one of the prefix.
  const int exponent_bits = body >= 0x60 ? 4 : body >= 0x40 ? 3 : body >= 0x20 ? 2 : body >= 0x10;
  const int mantissa_bits = exponent_bits == 4 ? 1 : exponent_bits == 3 ? 2 : 3;
  const code_t field = body >> mantissa_bits & low_mask(exponent_bits);
  int exponent = 0;
  if (exponent_bits > 0) {
    const code_t sign = code_t{1} << (exponent_bits - 1);
    const auto magnitude = static_cast<int>(sign | (field & (sign - 1)));
    exponent = (field & sign) != 0 ? -magnitude : magnitude;
  }
  const code_t one = code_t{1} << mantissa_bits;
  return unpacked::scaled_integer(is_negative, one | (body & (one - 1)), exponent - mantissa_bits);
}

namespace detail {

/// Codes of positive values: their positions in ascending order are 1 to 127, zero's is 0 and
/// infinity's 127. From 2^-15 to 2^15 there are 8, 4 or 2 in a binade.
[[nodiscard]] constexpr code_t hif8_code(code_t position) {
  if (position < 8) return position;
  int exponent = -15;
  code_t at = position - 8;
  for (;; ++exponent) {
    const int size = exponent < 0 ? -exponent : exponent;
    const int mantissa_bits = size >= 8 ? 1 : size >= 4 ? 2 : 3;
    if (at >> mantissa_bits == 0) {
      const code_t magnitude = static_cast<code_t>(size);
      if (size == 0) return 0x08 | at;
      const int exponent_bits = size >= 8 ? 4 : size >= 4 ? 3 : size >= 2 ? 2 : 1;
      const code_t prefix = exponent_bits == 4   ? 0x60
                            : exponent_bits == 3 ? 0x40
                            : exponent_bits == 2 ? 0x20
                                                 : 0x10;
      const code_t sign = code_t{1} << (exponent_bits - 1);
      const code_t field = (magnitude & (sign - 1)) | (exponent < 0 ? sign : 0);
      return prefix | field << mantissa_bits | at;
    }
    at -= code_t{1} << mantissa_bits;
  }
}

}  // namespace detail

/// The code of a value, rounded once between its neighbours, of which every second one is odd.
/// Ascend's own conversions use nearest_away; of 2^-23, half the smallest value, its sources make
/// both 2^-22 and 0. Infinity has the place of 1.5 * 2^15: what rounds to it or beyond is infinity
/// under `to_special` and `sat_none`, else 2^15. There is no -0.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const hif8_format& f, const unpacked& x, const R& mode = {},
                                      overflow o = overflow::to_special,
                                      missing_nan = missing_nan::largest) {
  constexpr code_t end = 126;  // the position of 2^15
  if (x.is_nan()) return hif8_format::nan;
  if (x.is_zero() || (o == overflow::to_zero && x.is_infinite())) return 0;
  const code_t sign = x.negative ? 0x80 : 0;
  if (x.is_infinite()) {
    const bool stays = o == overflow::to_special || o == overflow::propagate ||
                       o == overflow::sat_none || o == overflow::saturate_numbers;
    return sign | (stays ? hif8_format::infinity : detail::hif8_code(end));
  }
  const unpacked magnitude = magnitude_of(x);
  const auto value_at = [&f](code_t position) {
    if (position > end) return unpacked::scaled_integer(false, 3, 14);
    return decode(f, detail::hif8_code(position));
  };
  code_t position = round_among(magnitude, end + 2, value_at, mode, x.negative);
  if (position > end) {
    if (o == overflow::to_zero) return 0;
    const bool leaves = detail::leaves_finite_range(mode, x.negative, false);
    const bool has_end = o == overflow::to_special || o == overflow::sat_none;
    if (has_end && leaves) return sign | hif8_format::infinity;
    position = end;
  }
  return position == 0 ? 0 : sign | detail::hif8_code(position);
}

/// Hybrid rounding: to nearest with ties away from zero where HiF8 has 3 mantissa bits, from 2^-3
/// to below 2^4, and as `coarse` says where it has fewer, which is stochastic rounding. Ascend's
/// hardware compares discarded bits with others of the same number in place of random ones; how, is
/// not published in all details, and not followed: draws are those of `coarse`. It is no
/// rounding_mode, since what it does depends on the exponent: other formats do not take it.
///
///   encode(formats::hif8, x, hif8_hybrid{stochastic{.seed = 1, .index = i}})
template <rounding_mode R>
struct hif8_hybrid {
  R coarse;
  [[nodiscard]] static constexpr bool is_fine(int exponent) {
    return exponent >= -3 && exponent <= 3;
  }
};
template <rounding_mode R>
hif8_hybrid(R) -> hif8_hybrid<R>;

template <rounding_mode R>
[[nodiscard]] constexpr code_t encode(const hif8_format& f, const unpacked& x,
                                      const hif8_hybrid<R>& mode, overflow o = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  const bool is_fine = x.kind == value_kind::finite && hif8_hybrid<R>::is_fine(x.exponent);
  return is_fine ? encode(f, x, nearest_away, o, n) : encode(f, x, mode.coarse, o, n);
}

[[nodiscard]] constexpr const char* known_name(const hif8_format&) { return "hif8"; }

namespace formats {
inline constexpr hif8_format hif8{};
}  // namespace formats

}  // namespace lowp
