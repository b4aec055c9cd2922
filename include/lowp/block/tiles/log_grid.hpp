// SPDX-License-Identifier: MIT
// Numbers spread geometrically between two ends: by their definition in 64-bit integers, and many
// of them at a time in binary64, where that tells to which binary32 number they round.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lowp/core/binary_logarithm.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp::detail {

/// a * b / 2^63, truncated, for numbers from 1 to below 2 in units of 2^-63; 0 if that is 2 or
/// more.
[[nodiscard]] constexpr std::uint64_t product_below_two(std::uint64_t a, std::uint64_t b) {
  const uint128 product = multiply(a, b);
  return (product.high >> 63) != 0 ? 0 : product.high << 1 | product.low >> 63;
}

/// Powers of two whose exponents are a digit of base 16 behind the point, by its place and the
/// digit, in units of 2^-63.
inline constexpr auto powers_of_digits = [] {
  std::array<std::array<std::uint64_t, 16>, 14> all{};
  for (std::size_t place = 0; place < all.size(); ++place) {
    for (std::size_t digit = 0; digit < 16; ++digit) {
      std::uint64_t power = code_t{1} << 63;
      for (std::size_t bit = 0; bit < 4; ++bit) {
        if ((digit >> (3 - bit) & 1) == 0) continue;
        power = product_below_two(power, roots_of_two[4 * place + bit + 1].high);
      }
      all[place][digit] = power;
    }
  }
  return all;
}();

/// The number 0, and low * (high / low)^((k - 1) / (last - 1)) for k = 1 … last <= 2^11, of ends
/// that are numbers: low and high themselves, and between them what is nearest in binary32.
class log_grid {
 public:
  /// Without a logarithm, where one of the ends is zero.
  log_grid(code_t last, const unpacked& low, const unpacked& high)
      : low_(low), high_(high), last_(last) {
    is_single_ = low.kind != value_kind::finite || high.kind != value_kind::finite;
    if (is_single_) return;
    // The logarithm, bit by bit: a root of 2 is a factor if the product does not exceed the ratio.
    const unpacked ratio = exact::divide(high, low);
    std::uint64_t product = code_t{1} << 63;
    exponent_ = ratio.exponent;
    for (int k = 1; k <= fraction_bits; ++k) {
      const std::uint64_t trial = product_below_two(product, root(k));
      const bool is_factor = trial != 0 && trial <= ratio.significand.high;
      if (is_factor) product = trial;
      fraction_ = 2 * fraction_ + (is_factor ? 1 : 0);
    }
  }
  [[nodiscard]] unpacked operator()(code_t k) const {
    if (k == 0) return unpacked::zero();
    if (k == last_ || is_single_) return high_;
    if (k == 1) return low_;
    // The share (k - 1) / (last - 1) of the logarithm: an integer and two digits of base 2^28.
    constexpr int half = fraction_bits / 2;
    const auto steps = static_cast<std::int64_t>(k - 1), all = static_cast<std::int64_t>(last_ - 1);
    std::int64_t whole = exponent_ * steps / all, rest = exponent_ * steps % all;
    if (rest < 0) rest += all, --whole;
    const std::int64_t upper = (rest << half) + (fraction_ >> half) * steps;
    const std::int64_t lower =
        (upper % all << half) + (fraction_ & ((std::int64_t{1} << half) - 1)) * steps;
    const std::int64_t share = (upper / all << half) + lower / all;  // below 2^57
    std::uint64_t power = code_t{1} << 63;
    for (std::size_t place = 0; place < powers_of_digits.size(); ++place) {
      const auto digit = share >> (fraction_bits - 4 - 4 * static_cast<int>(place)) & 15;
      power = product_below_two(power, powers_of_digits[place][static_cast<std::size_t>(digit)]);
    }
    const auto exponent = static_cast<int>(whole + (share >> fraction_bits));
    const unpacked factor = unpacked::scaled_integer(false, power, exponent - 63);
    return unpack(pack_as<float>(exact::multiply(low_, factor)));
  }

 private:
  static constexpr int fraction_bits = 56;
  [[nodiscard]] static constexpr std::uint64_t root(int k) {
    return roots_of_two[static_cast<std::size_t>(k)].high;
  }

  unpacked low_, high_;
  code_t last_;
  bool is_single_ = false;
  std::int64_t exponent_ = 0, fraction_ = 0;  // of the ratio's logarithm, in units of 2^-56
};

/// 2^x, 0 <= x < 64, and the logarithm to base 2 of 1 <= x < 2, each with an error below 2^-49 of
/// the power and of 1.
[[nodiscard]] inline double power_near(double x) {
  const auto sixteenths = static_cast<int>(x * 16);
  const double rest = (x - sixteenths / 16.0) * 0.69314718055994530942;  // below 0.0434
  double sum = 1;
  for (const double share : {1. / 8, 1. / 7, 1. / 6, 1. / 5, 1. / 4, 1. / 3, 1. / 2, 1.}) {
    sum = 1 + sum * rest * share;
  }
  const std::uint64_t root = powers_of_digits[0][static_cast<std::size_t>(sixteenths & 15)];
  const std::uint64_t exponent = 1023 + static_cast<std::uint64_t>(sixteenths >> 4);
  return sum * std::bit_cast<double>(exponent << 52 | (root << 1 >> 12));
}
[[nodiscard]] inline double logarithm_near(std::uint64_t significand) {  // in units of 2^-63
  const auto number = [](std::uint64_t units) {
    return std::bit_cast<double>(std::uint64_t{1023} << 52 | (units << 1 >> 12));
  };
  int digit = 0;
  for (int bit = 8; bit > 0; bit /= 2) {
    if (powers_of_digits[0][static_cast<std::size_t>(digit + bit)] <= significand) digit += bit;
  }
  const double x = number(significand),
               root = number(powers_of_digits[0][static_cast<std::size_t>(digit)]);
  const double ratio = (x - root) / (x + root), square = ratio * ratio;  // below 0.0217
  double sum = 0;
  for (const double share : {1. / 9, 1. / 7, 1. / 5, 1. / 3, 1.}) sum = sum * square + share;
  return digit / 16.0 + 2 * 1.44269504088896340736 * ratio * sum;
}

/// The numbers of a log_grid rounded to binary32, bit by bit what that gives, and many of them in
/// little time: a product of two numbers of short tables in binary64, whose error is below 2^-44 of
/// itself in whatever way programs have been told to round, tells the nearest binary32 number
/// except close to a midpoint. There, among subnormal numbers, and of ends that are far apart, the
/// definition is asked.
class log_numbers {
 public:
  log_numbers(code_t last, const unpacked& low, const unpacked& high)
      : low_(low), high_(high), last_(last) {
    const auto is_normal = [](const unpacked& x) {
      return x.kind == value_kind::finite && !x.negative && x.exponent > -126 && x.exponent < 127;
    };
    if (!is_normal(low) || !is_normal(high) || exact::compare(low, high) > 0) return;
    const unpacked ratio = exact::divide(high, low);
    if (ratio.exponent > 40) return;
    is_near_ = true;
    low_number_ = std::bit_cast<std::uint32_t>(pack_as<float>(low));
    high_number_ = std::bit_cast<std::uint32_t>(pack_as<float>(high));
    const double logarithm = ratio.exponent + logarithm_near(ratio.significand.high);
    const double step = logarithm / static_cast<double>(last - 1);
    if (logarithm > 0) steps_of_octave_ = 1 / step;
    low_logarithm_ = low.exponent + logarithm_near(low.significand.high);
    shift_ = static_cast<int>(std::bit_width(last)) / 2;
    const double first = pack_as<double>(low);
    for (std::size_t i = 0; i <= (last - 1) >> shift_; ++i) {
      rows_[i] = first * power_near(step * static_cast<double>(i << shift_));
    }
    for (std::size_t i = 0; i < std::size_t{1} << shift_; ++i) {
      steps_[i] = power_near(step * static_cast<double>(i));
    }
  }
  /// Whether numbers take little time.
  [[nodiscard]] bool is_near() const { return is_near_; }
  /// The last k whose number is not above this one; of grids that are near.
  [[nodiscard]] code_t last_not_above(std::uint32_t wanted) const {
    if (wanted >= high_number_) return last_;
    if (wanted < low_number_) return 0;
    // About the logarithm of it; that it is right is seen by comparing.
    const double x = (wanted & 0x7FFFFFu) * 0x1p-23;
    const double sum =
        1.442681 +
        x * (-0.720359 + x * (0.468659 + x * (-0.301638 + x * (0.144471 + x * (-0.033822)))));
    const double logarithm = static_cast<double>(wanted >> 23) - 127 + x * sum;
    const double steps = (logarithm - low_logarithm_) * steps_of_octave_;
    const double most = static_cast<double>(last_ - 2);
    code_t k = 1 + static_cast<code_t>(steps > 0 ? steps < most ? steps : most : 0);
    while ((*this)(k) > wanted) --k;
    while ((*this)(k + 1) <= wanted) ++k;
    return k;
  }
  /// The bits of the number k or, unless that is zero, of its negative.
  [[nodiscard]] std::uint32_t operator()(code_t k, bool is_negative = false) const {
    if (is_near_ && k - 2 < last_ - 2) {
      const std::size_t steps = k - 1;
      const double number = rows_[steps >> shift_] * steps_[steps & ((code_t{1} << shift_) - 1)];
      // Rounded to 24 bits as an integer; a carry goes into the exponent.
      constexpr std::uint64_t half = std::uint64_t{1} << 28, margin = 1024;
      const std::uint64_t bits = std::bit_cast<std::uint64_t>(number) + half;
      if (((bits + margin) & (2 * half - 1)) >= 2 * margin) {
        return static_cast<std::uint32_t>((bits >> 29) - (std::uint64_t{1023 - 127} << 23)) |
               (is_negative ? 0x80000000u : 0u);
      }
    }
    return by_definition(k, is_negative);
  }

 private:
  [[nodiscard]] std::uint32_t by_definition(code_t k, bool is_negative) const {
    if (k == 0) return 0;
    const bool is_end = is_near_ && (k == 1 || k == last_);  // what needs no logarithm
    if (!is_end && !exact_) exact_.emplace(last_, low_, high_);
    const unpacked number = !is_end ? (*exact_)(k) : k == 1 ? low_ : high_;
    return std::bit_cast<std::uint32_t>(
        pack_as<float>(is_negative && !number.is_zero() ? -number : number));
  }

  unpacked low_, high_;
  code_t last_;
  bool is_near_ = false;
  std::uint32_t low_number_ = 0, high_number_ = 0;
  double low_logarithm_ = 0, steps_of_octave_ = 0;
  int shift_ = 0;
  std::array<double, 64> rows_{};
  std::array<double, 32> steps_{};
  mutable std::optional<log_grid> exact_;
};

}  // namespace lowp::detail
