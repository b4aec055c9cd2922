// SPDX-License-Identifier: MIT
// Exponentials of integers by shifts and one division (I-ViT, arXiv 2207.01405).
#pragma once

#include <bit>
#include <cstdint>

namespace lowp {

/// About unit * 2^steps * e^(x / unit): with p = x + floor(x / 2) - floor(x / 16), no less than
/// -steps * unit, and q = floor(-p / unit), r = p + unit * q, it is floor((unit + r / 2) * 2^(steps
/// - q)), where unit is shift_unit_of the scale. Exact; results above 2^62 become that. x is from
/// -2^33 to 2^33, unit from 1 on, steps from 0 to 31.
[[nodiscard]] constexpr std::int64_t shift_exp(std::int64_t x, std::int32_t unit, int steps) {
  const std::int64_t d = unit, least = -d * steps;
  std::int64_t p = x + (x >> 1) - (x >> 4);
  if (p < least) p = least;
  const std::int64_t q = p <= 0 ? -p / d : -((p + d - 1) / d);
  const std::int64_t twice = 2 * d + p + d * q;  // 2 (d + r / 2), from d + 1 to 2 d
  const std::int64_t shift = steps - q;
  if (shift == 0) return twice >> 1;
  constexpr std::int64_t most = std::int64_t{1} << 62;
  if (shift > 62 || twice > most >> (shift - 1)) return most;
  return twice << (shift - 1);
}

/// The exponential that a function uses: the unit of its scale, and how many times it may be
/// halved.
struct shift_exponential {
  std::int32_t unit = 0;  ///< shift_unit_of(scale), up to 2^30
  int steps = 15;         ///< from 1 to 31
  int bits = 8;           ///< of what is made of exponentials, sign included, from 1 to 31
};

}  // namespace lowp
