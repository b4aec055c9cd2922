// SPDX-License-Identifier: MIT
// Powers of errors in binary32, one operation after the other, so that all machines agree: what
// searches for scales sum up. kernels/searches/shrunk_scale.inc does it in lanes.
#pragma once

#include <bit>
#include <cstdint>

#include "lowp/core/config.hpp"
#include "lowp/kernels/searches/searches.hpp"

namespace lowp::detail {

// binary32 by the hardware, whose operations no option of the compiler reaches here.
[[nodiscard]] inline float times(float a, float b) { return opaque(opaque(a) * opaque(b)); }
[[nodiscard]] inline float over(float a, float b) { return opaque(opaque(a) / opaque(b)); }
[[nodiscard]] inline float plus(float a, float b) { return opaque(opaque(a) + opaque(b)); }

/// |d|^p for finite d and p > 0, under default_float_environment. Whole p up to 4 are products: d *
/// d, (d * d) * |d|, (d * d) * (d * d). For other p, with |d| = m * 2^e, m from sqrt(1/2) to
/// sqrt(2), s = (m - 1) / (m + 1) and z = s * s:
///
///   y = p * e + p * (s * (c0 + z * (c1 + z * (c2 + z * (c3 + z * c4)))))     c = power_logarithm
///   i = y to an integer, nearest even, f = y - i
///   |d|^p = 2^i * (b0 + f * (b1 + … f * b7))                                 b = power_exponential
///
/// It is 0 for |d| and for results below 2^-126, and ends at 2^127 and a half. The relative error
/// is below 2^-20 * (1 + |y|).
[[nodiscard]] inline float error_power(float d, float p) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(d) & 0x7FFFFFFFu;
  const float magnitude = std::bit_cast<float>(bits), square = times(magnitude, magnitude);
  if (p == 1) return magnitude;
  if (p == 2) return square;
  if (p == 3) return times(square, magnitude);
  if (p == 4) return times(square, square);
  if (bits < 0x00800000u) return 0;
  const std::uint32_t shifted = bits + (0x3F800000u - 0x3F3504F3u);
  const float m = std::bit_cast<float>((shifted & 0x7FFFFFu) + 0x3F3504F3u);
  const auto exponent = static_cast<float>(static_cast<int>(shifted >> 23) - 127);
  const float s = over(plus(m, -1), plus(m, 1)), z = times(s, s);
  float log = kernels::power_logarithm[4];
  for (int i = 3; i >= 0; --i) log = plus(times(log, z), kernels::power_logarithm[i]);
  float y = plus(times(p, exponent), times(p, times(s, log)));
  if (y < -126) return 0;
  if (y > 127) y = 127;
  const float whole = plus(y, 12582912.0f);
  const float f = plus(y, -plus(whole, -12582912.0f));
  float power = kernels::power_exponential[7];
  for (int i = 6; i >= 0; --i) power = plus(times(power, f), kernels::power_exponential[i]);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(power) +
                              (std::bit_cast<std::uint32_t>(whole) << 23));
}

}  // namespace lowp::detail
