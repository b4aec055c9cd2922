// SPDX-License-Identifier: MIT
// Scales in binary64 to the integers that networks without floating point take in their place. It
// is done once, before inference, and by the bits of the scale: no operation of floating point.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/functions/integer/dyadic.hpp"

namespace lowp {
namespace detail {

/// |x| = significand * 2^exponent with 2^52 <= significand < 2^53; 0 of zero.
struct scale_parts {
  std::uint64_t significand = 0;
  int exponent = 0;
  bool is_negative = false, is_finite = true, is_nan = false;

  explicit constexpr scale_parts(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    constexpr std::uint64_t hidden = std::uint64_t{1} << 52;
    const auto field = static_cast<int>(bits >> 52 & 0x7FF);
    significand = bits & (hidden - 1);
    is_negative = bits >> 63 != 0;
    is_finite = field != 0x7FF;
    is_nan = !is_finite && significand != 0;
    exponent = (field == 0 ? 1 : field) - 1075;
    if (field != 0) significand |= hidden;
    if (significand == 0) return;
    const int above = std::countl_zero(significand) - 11;
    significand <<= above;
    exponent -= above;
  }
};

}  // namespace detail

/// The dyadic number nearest to a scale with 31 significant bits, ties away from zero: m from 2^30
/// to 2^31 - 1 in magnitude. Where m rounds up to 2^31, as that of 1 - 1e-10 does, it is 2^30 and c
/// one less. Of zero and NaN it is 0; of infinities the largest one, which saturates whatever it
/// scales. As batch_frexp of HAWQ-V3 and I-ViT (whose m may be 2^31) and QuantizeMultiplier of
/// TFLite, which makes 0 of scales below 2^-32.
[[nodiscard]] constexpr dyadic dyadic_of(double scale) {
  const detail::scale_parts x(scale);
  if (x.is_nan || x.significand == 0) return {};
  std::uint64_t m = (x.significand + (std::uint64_t{1} << 21)) >> 22;
  int c = -22 - x.exponent;
  if (m >> 31 != 0) {
    m >>= 1;
    --c;
  }
  if (!x.is_finite) m = 0x7FFFFFFF, c = -1024;
  const auto magnitude = static_cast<std::int32_t>(m);
  return {x.is_negative ? -magnitude : magnitude, c};
}

/// -floor(-1 / scale), the integer that stands for 1 in exponentials by shifts (shift_exp.hpp); 0,
/// which functions refuse, where it would be above 2^30, and of what is no positive number. I-ViT
/// divides in binary32, which is one off where that rounds to an integer or across it.
[[nodiscard]] constexpr std::int32_t shift_unit_of(double scale) {
  const detail::scale_parts x(scale);
  if (x.is_nan || x.is_negative || x.significand == 0 || x.exponent < -83) return 0;
  if (!x.is_finite || x.exponent >= 0) return 1;
  // 2^-exponent / significand, a bit at a time.
  std::uint64_t quotient = 0, rest = 1;
  for (int bit = 0; bit < -x.exponent; ++bit) {
    rest *= 2;
    quotient *= 2;
    if (rest >= x.significand) rest -= x.significand, ++quotient;
  }
  if (rest != 0) ++quotient;
  return quotient <= std::uint64_t{1} << 30 ? static_cast<std::int32_t>(quotient) : 0;
}

}  // namespace lowp
