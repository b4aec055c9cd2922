// SPDX-License-Identifier: MIT
// Dyadic numbers, integers times a power of two, and how an integer times one of them is rounded:
// what stands for a quotient of scales in networks that compute in integers alone.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include "lowp/rounding/modes.hpp"

namespace lowp {

/// m * 2^-c. scales.hpp makes those with m from 2^30 to 2^31 - 1, as published systems have them;
/// here any m and c stand for a number.
struct dyadic {
  std::int32_t m = 0;
  int c = 0;
  constexpr bool operator==(const dyadic&) const = default;
};

/// Makes an integer of x * s by itself. What lies beyond 32 bits is later saturated.
template <class R>
concept integer_scaling = requires(const R& scale, std::int32_t x, const dyadic& s) {
  { scale(x, s) } -> std::same_as<std::int64_t>;
};
/// How x * s becomes an integer: a rounding mode without random bits, which rounds the exact
/// product once, or what has steps of its own.
template <class R>
concept dyadic_rounding = integer_scaling<R> ||
    (rounding_mode<R> && !requires(const R& mode) { mode.is_stochastic(); });

namespace detail {

/// p * 2^-c, rounded once. Magnitudes are at most 2^62, that of the result as well: what is larger
/// becomes that.
template <rounding_mode R>
[[nodiscard]] constexpr std::int64_t shifted(std::int64_t p, int c, const R& mode) {
  constexpr std::uint64_t most = std::uint64_t{1} << 62;
  const bool is_negative = p < 0;
  std::uint64_t magnitude =
      is_negative ? 0 - static_cast<std::uint64_t>(p) : static_cast<std::uint64_t>(p);
  if (c <= 0) {
    if (magnitude != 0) magnitude = c < -62 || magnitude > most >> -c ? most : magnitude << -c;
  } else {
    std::uint64_t fraction = 0;  // of one unit, in 2^-64
    if (c <= 64) {
      fraction = magnitude << (64 - c);
    } else {
      const std::uint64_t kept = c < 128 ? magnitude >> (c - 64) : 0;
      const bool is_inexact = c < 128 ? kept << (c - 64) != magnitude : magnitude != 0;
      fraction = kept | static_cast<std::uint64_t>(is_inexact);
    }
    magnitude = c < 64 ? magnitude >> c : 0;
    if (rounds_up(mode, {fraction, is_negative, (magnitude & 1) != 0})) ++magnitude;
  }
  return is_negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
}

}  // namespace detail

/// x * s as an integer. Of any R; what is beyond 2^62 becomes that where R is a rounding mode.
template <dyadic_rounding R>
[[nodiscard]] constexpr std::int64_t scaled(std::int32_t x, const dyadic& s, const R& rounding) {
  if constexpr (integer_scaling<R>) {
    return rounding(x, s);
  } else {
    return detail::shifted(std::int64_t{x} * s.m, s.c, rounding);
  }
}

/// gemmlowp's two roundings, TFLite's default: with a shift of 31 - c bits, x is first shifted to
/// the left where that is positive, modulo 2^32; then it is multiplied by m * 2^-31 to nearest,
/// ties upward (SaturatingRoundingDoublingHighMul), and shifted to the right where the shift is
/// negative, to nearest, ties away from zero (RoundingDivideByPOT). TFLite takes shifts from -31 to
/// 30 and m from 0 on.
struct two_roundings_t {
  constexpr std::int64_t operator()(std::int32_t x, const dyadic& s) const {
    constexpr std::int64_t half = std::int64_t{1} << 30, most = 0x7FFFFFFF;
    const int left = s.c < 0 ? 32 : s.c < 31 ? 31 - s.c : 0;  // 32 and more leave nothing
    const auto moved = static_cast<std::int32_t>(left < 32 ? static_cast<std::uint32_t>(x) << left
                                                           : std::uint32_t{0});
    const std::int64_t high = (std::int64_t{moved} * s.m + half) >> 31;
    return detail::shifted(high > most ? most : high, s.c > 31 ? s.c - 31 : 0, nearest_away);
  }
};

/// As HAWQ-V3 and I-ViT compute it, in binary64: the product is rounded to 53 bits, then to an
/// integer, each to nearest even. Of |x| < 2^22 that is nearest_even; of larger ones the first
/// rounding can make a tie of what is none.
struct product_of_53_bits_t {
  constexpr std::int64_t operator()(std::int32_t x, const dyadic& s) const {
    std::int64_t p = std::int64_t{x} * s.m;
    const auto magnitude = static_cast<std::uint64_t>(p < 0 ? -p : p);
    const int beyond = static_cast<int>(std::bit_width(magnitude)) - 53;
    if (beyond > 0) p = detail::shifted(p, beyond, nearest_even) * (std::int64_t{1} << beyond);
    return detail::shifted(p, s.c, nearest_even);
  }
};

/// What published systems do. tflite_single_rounding is TFLite compiled so; beyond 32 bits, where
/// TFLite has undefined values, results saturate.
namespace dyadic_roundings {
inline constexpr two_roundings_t tflite{};
inline constexpr nearest_upward_t tflite_single_rounding{};
inline constexpr product_of_53_bits_t hawq_v3{};
inline constexpr product_of_53_bits_t i_vit{};
}  // namespace dyadic_roundings

}  // namespace lowp
