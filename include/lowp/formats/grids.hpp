// SPDX-License-Identifier: MIT
// The values of published grids, computed when a program is compiled: quantiles of the normal
// distribution, sums of powers of two, floats that begin at an exponent, and powers of integers.
// Each value is the nearest binary32 number, as bits; codebook_format.hpp makes formats of them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lowp::grids {

template <int Bits>
using values = std::array<std::uint32_t, std::size_t{1} << Bits>;

namespace detail {

// binary64 in constant expressions, whose error of a few 2^-52 is far below the distance of these
// values from midpoints of binary32 numbers (the tests measure it by MPFR).

/// The integral of exp(-t^2 / 2) from 0 to x, 0 <= x <= 3.
[[nodiscard]] constexpr double half_bell(double x) {
  double power = x, sum = x;
  const double ratio = -x * x / 2;
  for (int k = 1; power * power > 1e-40; ++k) {
    power *= ratio / k;
    sum += power / (2 * k + 1);
  }
  return sum;
}
/// exp(x), -50 <= x <= 50.
[[nodiscard]] constexpr double exponential(double x) {
  const double part = x / 64;
  double term = 1, sum = 1;
  for (int k = 1; term * term > 1e-40; ++k) sum += term *= part / k;
  for (int k = 0; k < 6; ++k) sum *= sum;
  return sum;
}
/// The quantile of the normal distribution at 1/2 + p, 0 < p < 0.49, by Newton's iteration from a
/// value at a small distance, or from 0.
[[nodiscard]] constexpr double quantile_beyond_half(double p, double start) {
  const double area = p * 2.50662827463100050242;  // sqrt(2 pi)
  for (int i = 0; i < 20; ++i) {
    const double step = (area - half_bell(start)) * exponential(start * start / 2);
    start += step;
    if (step * step < 1e-18) break;  // the square of the step is below the last bit
  }
  return start;
}
[[nodiscard]] constexpr double logarithm(double x) {  // 0 < x <= 1
  int halvings = 0;
  for (; x < 0.70710678118654752; x *= 2) ++halvings;
  const double ratio = (x - 1) / (x + 1);
  double power = ratio, sum = 0;
  for (int k = 0; k < 24; ++k, power *= ratio * ratio) {
    sum += power / (2 * k + 1);
  }
  return 2 * sum - halvings * 0.69314718055994530942;
}
[[nodiscard]] constexpr std::uint32_t bits_of(double x) {
  return std::bit_cast<std::uint32_t>(static_cast<float>(x));
}

/// Magnitudes below a sign in the top bit.
template <int Bits, class Magnitude>
[[nodiscard]] constexpr values<Bits> with_signs(const Magnitude& magnitude) {
  values<Bits> list{};
  const std::size_t half = std::size_t{1} << (Bits - 1);
  for (std::size_t i = 0; i < half; ++i) {
    list[i] = bits_of(magnitude(i));
    list[half + i] = list[i] | 0x80000000u;
  }
  return list;
}

}  // namespace detail

/// NormalFloat (Dettmers et al., "QLoRA", 2023): -1 … 1, zero among them, the quantiles at
/// 2^(Bits-1) equidistant probabilities from 1 - offset to 1/2 and at 2^(Bits-1) + 1 of them from
/// 1/2 to offset, divided by the largest; the offset is OffsetInTenMillionths * 10^-7.
template <int Bits, int OffsetInTenMillionths = 9677083>
[[nodiscard]] constexpr values<Bits> normal_quantiles() {
  static_assert(Bits >= 2 && Bits <= 8, "NormalFloat has 2 to 8 bits");
  static_assert(OffsetInTenMillionths > 5000000 && OffsetInTenMillionths <= 9900000,
                "the offset lies between 0.5 and 0.99");
  constexpr int half = 1 << (Bits - 1);
  constexpr double share = (OffsetInTenMillionths - 5000000) / 1e7;
  constexpr double largest = detail::quantile_beyond_half(share, 0);
  values<Bits> list{};
  const auto fill_side = [&](int count, int sign) {
    double quantile = 0;
    for (int i = 1; i < count; ++i) {
      quantile = detail::quantile_beyond_half(share * i / count, quantile);
      list[static_cast<std::size_t>(half - 1 + sign * i)] =
          detail::bits_of(sign * quantile / largest);
    }
    list[static_cast<std::size_t>(half - 1 + sign * count)] = detail::bits_of(sign);
  };
  fill_side(half, 1);
  fill_side(half - 1, -1);
  return list;
}

/// Additive powers of two (Li et al., "APoT", 2020) of a sign and Bits - 1 = 2 to 6 others: all
/// sums of one of each set, 0 among them, ascending, divided by the largest.
template <int Bits>
[[nodiscard]] constexpr values<Bits> additive_powers() {
  static_assert(Bits >= 3 && Bits <= 7,
                "additive powers of two have 3 to 7 bits, the sign included");
  // Exponents, negated, of the sets of terms; 0 stands for the number 0.
  struct set {
    int size, exponents[4];
  };
  constexpr set all[5][3] = {{{4, {0, 1, 2, 3}}, {1, {0}}, {1, {0}}},
                             {{4, {0, 1, 2, 4}}, {2, {0, 3}}, {1, {0}}},
                             {{4, {0, 1, 3, 5}}, {4, {0, 2, 4, 6}}, {1, {0}}},
                             {{4, {0, 1, 3, 6}}, {4, {0, 2, 4, 7}}, {2, {0, 5}}},
                             {{4, {0, 1, 4, 7}}, {4, {0, 2, 5, 8}}, {4, {0, 3, 6, 9}}}};
  const auto& sets = all[Bits - 3];
  constexpr std::size_t count = std::size_t{1} << (Bits - 1);
  std::array<int, count> sums{};  // in units of 2^-9
  std::size_t made = 0;
  const auto term = [](int exponent) { return exponent == 0 ? 0 : 512 >> exponent; };
  for (int a = 0; a < sets[0].size; ++a) {
    for (int b = 0; b < sets[1].size; ++b) {
      for (int c = 0; c < sets[2].size; ++c) {
        const int sum =
            term(sets[0].exponents[a]) + term(sets[1].exponents[b]) + term(sets[2].exponents[c]);
        std::size_t at = made++;
        for (; at > 0 && sums[at - 1] > sum; --at) sums[at] = sums[at - 1];
        sums[at] = sum;
      }
    }
  }
  return detail::with_signs<Bits>(
      [&](std::size_t i) { return static_cast<double>(sums[i]) / sums[count - 1]; });
}

/// Adaptive biased floats (Guo et al., "OliVe", 2023): a sign and the magnitudes 2^e * (1 + m /
/// 2^MantissaBits), e from `lowest_exponent` on, of which the lowest stands for 0.
template <int ExponentBits, int MantissaBits>
[[nodiscard]] constexpr values<1 + ExponentBits + MantissaBits> adaptive_biased_floats(
    int lowest_exponent) {
  return detail::with_signs<1 + ExponentBits + MantissaBits>([&](std::size_t i) {
    if (i == 0) return 0.0;
    constexpr std::size_t one = std::size_t{1} << MantissaBits;
    double value = static_cast<double>(one + i % one) / static_cast<double>(one);
    for (int e = lowest_exponent + static_cast<int>(i / one); e > 0; --e) value *= 2;
    for (int e = lowest_exponent + static_cast<int>(i / one); e < 0; ++e) value /= 2;
    return value;
  });
}

/// Power exponents (Yvinec et al., "PowerQuant", 2023, and "NUPES"): plus and minus (q / largest q)
/// ^ (1 / a), q up to 2^(Bits-1) - 1, for the exponent a = Numerator / Denominator.
template <int Bits, int Numerator, int Denominator>
[[nodiscard]] constexpr values<Bits> power_exponents() {
  static_assert(Bits >= 2 && Bits <= 8, "power exponents have 2 to 8 bits");
  static_assert(Numerator > 0 && Denominator > 0 && Denominator <= 8 * Numerator,
                "the exponent is at least 1/8");
  constexpr std::size_t last = (std::size_t{1} << (Bits - 1)) - 1;
  return detail::with_signs<Bits>([](std::size_t q) {
    if (q == 0 || q == last) return q == 0 ? 0.0 : 1.0;
    const double share = static_cast<double>(q) / static_cast<double>(last);
    return detail::exponential(detail::logarithm(share) * Denominator / Numerator);
  });
}

}  // namespace lowp::grids
