// SPDX-License-Identifier: MIT
// Logarithmic numbers: a sign and the logarithm to base 2 in two's-complement fixed point.
// Products, quotients and square roots are exact before they are rounded, sums correct to 96 bits.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "lowp/core/binary_logarithm.hpp"
#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/fields.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// What is halfway between two logarithmic numbers.
enum class lns_midpoint : std::uint8_t {
  of_logarithms,  ///< the mean of the logarithms, a geometric mean: Universal's lns
  of_values,      ///< the mean of the values: LogFMT
};

/// (-1)^sign * 2^(logarithm / 2^fraction_bits): one sign bit, then total_bits - 1 bits of
/// logarithm, of which the lowest pattern is zero, and with a sign NaN. There is no infinity and no
/// standard; fields and special codes are those of Universal's lns<total_bits, fraction_bits>.
struct lns_format {
  int total_bits = 0;
  int fraction_bits = 0;
  lns_midpoint midpoint = lns_midpoint::of_logarithms;

  constexpr bool operator==(const lns_format&) const = default;
  [[nodiscard]] constexpr int bits() const { return total_bits; }
  [[nodiscard]] constexpr code_t sign_bit() const { return code_t{1} << (total_bits - 1); }
  [[nodiscard]] constexpr code_t zero_code() const { return code_t{1} << (total_bits - 2); }
  [[nodiscard]] constexpr code_t nan_code() const { return sign_bit() | zero_code(); }
  /// The logarithm of a code in units of 2^-fraction_bits.
  [[nodiscard]] constexpr std::int64_t logarithm(code_t code) const {
    const int unused = 65 - total_bits;
    return static_cast<std::int64_t>(code << unused) >> unused;
  }
  [[nodiscard]] constexpr std::int64_t largest_logarithm() const {
    return static_cast<std::int64_t>(zero_code()) - 1;
  }
  [[nodiscard]] constexpr code_t code(std::int64_t logarithm, bool is_negative) const {
    return (static_cast<code_t>(logarithm) & low_mask(total_bits - 1)) |
           (is_negative ? sign_bit() : 0);
  }
};

[[nodiscard]] constexpr const char* defect(const lns_format& f) {
  if (f.total_bits < 3 || f.total_bits > 32) return "an lns_format has 3 to 32 total_bits";
  if (f.fraction_bits < 0 || f.fraction_bits > f.total_bits - 2) {
    return "an lns_format has 0 to total_bits - 2 fraction_bits";
  }
  if (f.midpoint > lns_midpoint::of_values)
    return "midpoint of an lns_format is no value of lns_midpoint";
  if (f.total_bits - 2 - f.fraction_bits > 16) {
    return "the logarithms of an lns_format have at most 16 bits before the point";
  }
  return nullptr;
}

namespace detail {

/// A code of one format or another as a sign and a logarithm in units of 2^-fraction_bits.
[[nodiscard]] constexpr std::int64_t logarithm_of(const lns_format& f, code_t code,
                                                  int fraction_bits) {
  return f.logarithm(code) * (std::int64_t{1} << (fraction_bits - f.fraction_bits));
}
[[nodiscard]] constexpr int finer(const lns_format& f, const lns_format& g) {
  return f.fraction_bits > g.fraction_bits ? f.fraction_bits : g.fraction_bits;
}
[[nodiscard]] constexpr bool is_special(const lns_format& f, code_t code) {
  return (code & low_mask(f.total_bits - 1)) == f.zero_code();
}

}  // namespace detail

/// A code's value: exact for powers of two, else correct to 120 bits and followed by a sticky bit.
[[nodiscard]] constexpr unpacked decode(const lns_format& f, code_t code) {
  code &= low_mask(f.total_bits);
  if (code == f.zero_code()) return unpacked::zero();
  if (code == f.nan_code()) return unpacked::nan();
  return detail::power_of_two((code & f.sign_bit()) != 0, f.logarithm(code), f.fraction_bits);
}

/// The code of a value, rounded once between its neighbours; see lns_midpoint. Between zero and the
/// smallest number the value decides in either case. Beyond the largest number, and for infinity,
/// NaN under `to_special`, else the largest number; an infinity is NaN under `saturate_numbers`,
/// too. Zero has one sign.
template <rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const lns_format& f, const unpacked& x, const R& mode = {},
                                      overflow o = overflow::to_special,
                                      missing_nan = missing_nan::largest) {
  const std::int64_t largest = f.largest_logarithm();
  if (x.is_nan()) return f.nan_code();
  if (x.is_zero() || (x.is_infinite() && o == overflow::to_zero)) return f.zero_code();
  if (x.is_infinite()) {
    const bool is_nan = o == overflow::to_special || o == overflow::saturate_numbers;
    return is_nan ? f.nan_code() : f.code(largest, x.negative);
  }
  const auto beyond = [&] {
    if (o == overflow::to_zero) return f.zero_code();
    const bool leaves = detail::leaves_finite_range(mode, x.negative, (largest & 1) != 0);
    return o == overflow::to_special && leaves ? f.nan_code() : f.code(largest, x.negative);
  };
  if (x.exponent > (largest >> f.fraction_bits)) return beyond();
  const unpacked magnitude = magnitude_of(x);
  const unpacked smallest = detail::power_of_two(false, -largest, f.fraction_bits);
  if (exact::compare(magnitude, smallest) < 0) {
    const discarded rest{fraction_between(unpacked::zero(), smallest, magnitude), x.negative,
                         false};
    return rounds_up(mode, rest) ? f.code(-largest, x.negative) : f.zero_code();
  }

  // 1. The logarithm, bit by bit: a root of 2 is a factor if the product does not exceed x.
  uint128 product{code_t{1} << 63, 0};
  std::int64_t logarithm = x.exponent;
  const auto next_bit = [&](int k) {
    uint128 trial = shift_left(
        exact::detail::multiply_jam(product, detail::roots_of_two[static_cast<std::size_t>(k)]), 1);
    trial.low |= 1;
    if (trial > x.significand || trial < product) return false;
    product = trial;
    return true;
  };
  for (int k = 1; k <= f.fraction_bits; ++k) logarithm = logarithm * 2 + (next_bit(k) ? 1 : 0);
  if (logarithm > largest) return beyond();

  // 2. What is left of it.
  std::uint64_t fraction = 0;
  if (product != x.significand) {
    if (f.midpoint == lns_midpoint::of_values) {
      fraction =
          fraction_between(detail::power_of_two(false, logarithm, f.fraction_bits),
                           detail::power_of_two(false, logarithm + 1, f.fraction_bits), magnitude);
    } else {
      for (int i = 1; i <= 40; ++i) {
        fraction |= std::uint64_t{next_bit(f.fraction_bits + i)} << (64 - i);
      }
      fraction |= product != x.significand ? 1u : 0u;
    }
  }
  const discarded rest{fraction, x.negative, (logarithm & 1) != 0};
  if (rounds_up(mode, rest)) ++logarithm;
  return logarithm > largest ? beyond() : f.code(logarithm, x.negative);
}

// Operations that logarithms make exact (number/arithmetic.hpp).
[[nodiscard]] constexpr unpacked exact_product(const lns_format& f, code_t a, const lns_format& g,
                                               code_t b) {
  if (detail::is_special(f, a) || detail::is_special(g, b)) {
    return exact::multiply(decode(f, a), decode(g, b));
  }
  const int bits = detail::finer(f, g);
  return detail::power_of_two(((a & f.sign_bit()) != 0) != ((b & g.sign_bit()) != 0),
                              detail::logarithm_of(f, a, bits) + detail::logarithm_of(g, b, bits),
                              bits);
}
[[nodiscard]] constexpr unpacked exact_quotient(const lns_format& f, code_t a, const lns_format& g,
                                                code_t b) {
  if (detail::is_special(f, a) || detail::is_special(g, b)) {
    return exact::divide(decode(f, a), decode(g, b));
  }
  const int bits = detail::finer(f, g);
  return detail::power_of_two(((a & f.sign_bit()) != 0) != ((b & g.sign_bit()) != 0),
                              detail::logarithm_of(f, a, bits) - detail::logarithm_of(g, b, bits),
                              bits);
}
[[nodiscard]] constexpr unpacked exact_sqrt(const lns_format& f, code_t a) {
  if (detail::is_special(f, a) || (a & f.sign_bit()) != 0) return exact::sqrt(decode(f, a));
  return detail::power_of_two(false, f.logarithm(a), f.fraction_bits + 1);
}
[[nodiscard]] constexpr std::partial_ordering exact_order(const lns_format& f, code_t a,
                                                          const lns_format& g, code_t b) {
  const bool a_is_negative = (a & f.sign_bit()) != 0, b_is_negative = (b & g.sign_bit()) != 0;
  if (detail::is_special(f, a) || detail::is_special(g, b) || a_is_negative != b_is_negative) {
    return exact::compare(decode(f, a), decode(g, b));
  }
  const int bits = detail::finer(f, g);
  const std::int64_t p = detail::logarithm_of(f, a, bits), q = detail::logarithm_of(g, b, bits);
  return a_is_negative ? q <=> p : p <=> q;
}

/// See value_facts.hpp.
[[nodiscard]] constexpr value_facts known_facts(const lns_format& f) {
  const std::int64_t largest = f.largest_logarithm();
  value_facts facts{.significant_bits = f.fraction_bits == 0 ? 1 : 128,
                    .lowest_exponent = static_cast<int>(-largest >> f.fraction_bits),
                    .highest_exponent = static_cast<int>(largest >> f.fraction_bits)};
  if (f.fraction_bits == 0) facts.last_bit_exponent = facts.lowest_exponent;
  return facts;
}
[[nodiscard]] constexpr code_fields known_code_fields(const lns_format& f, code_t) {
  return {{1, f.total_bits - 1 - f.fraction_bits, f.fraction_bits}};
}
/// See fields.hpp.
[[nodiscard]] constexpr auto known_fields(const lns_format& f) {
  return format_fields{
      "lns_format",
      {{"total_bits", f.total_bits}, {"fraction_bits", f.fraction_bits}, {"midpoint", f.midpoint}}};
}

namespace formats {
template <int TotalBits, int FractionBits>
inline constexpr lns_format lns{TotalBits, FractionBits};
}  // namespace formats

}  // namespace lowp
