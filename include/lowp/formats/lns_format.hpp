// SPDX-License-Identifier: MIT
// Logarithmic numbers: a sign and the logarithm to base 2 in two's-complement fixed point.
// Products, quotients and square roots are exact before they are rounded, sums correct to 96 bits.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

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

/// 2^(2^-k) for k = 1 to 72, the roots of 2, in units of 2^-127, truncated; of k = 0 half of it.
/// Written out, since to compute them would cost every file that includes this 0.2 s.
inline constexpr std::array<uint128, 73> roots_of_two{
    {{0x8000000000000000, 0x0000000000000000}, {0xB504F333F9DE6484, 0x597D89B3754ABE9F},
     {0x9837F0518DB8A96F, 0x46AD23182E42F6F6}, {0x8B95C1E3EA8BD6E6, 0xFBE4628758A53C90},
     {0x85AAC367CC487B14, 0xC5C95B8C2154C1B2}, {0x82CD8698AC2BA1D7, 0x3E2A475B46520BFF},
     {0x8164D1F3BC030773, 0x7BE56527BD14DEF4}, {0x80B1ED4FD999AB6C, 0x25335719B6E6FD20},
     {0x8058D7D2D5E5F6B0, 0x94D589F608EE4AA2}, {0x802C6436D0E04F50, 0xFF8CE94A6797B3CE},
     {0x8016302F17467628, 0x3690DFE44D11D008}, {0x800B179C82028FD0, 0x945E54E2AE18F2F0},
     {0x80058BAF7FEE3B5D, 0x1C718B38E549CB93}, {0x8002C5D00FDCFCB6, 0xB6566A58C048BE1F},
     {0x800162E61BED4A48, 0xE84C2E1A463473D9}, {0x8000B17292F702A3, 0xAA22BEACCA949013},
     {0x800058B92ABBAE02, 0x030C5FA5256F41FE}, {0x80002C5C8DADE4D7, 0x1776C0F4DBEA67D6},
     {0x8000162E44EAF636, 0x526BE456600BDBE4}, {0x80000B1721FA7C18, 0x8307016C1CD4E8B6},
     {0x8000058B90DE7E4C, 0xECFC487503488BB1}, {0x800002C5C8678F36, 0xCBFCE50A6DE60B14},
     {0x80000162E431DB9F, 0x80B2347B5D62E516}, {0x800000B1721872D0, 0xC7B08CF1E0114152},
     {0x80000058B90C1AA8, 0xA5C3736CB77E8DFF}, {0x8000002C5C8605A4, 0x635F2EFC2362D978},
     {0x800000162E4300E6, 0x35CF4A109E3939BD}, {0x8000000B17217FF8, 0x1BEF9C551590CF83},
     {0x800000058B90BFDD, 0x4E39CD52C0CFA27C}, {0x80000002C5C85FE6, 0xF72D669E0E76E411},
     {0x8000000162E42FF1, 0x8F9AD35186D0DF28}, {0x80000000B17217F8, 0x4CCE71AA0DCFFFE7},
     {0x8000000058B90BFC, 0x07A77AD56ED22AAA}, {0x800000002C5C85FD, 0xFC23CDEAD40DA8D6},
     {0x80000000162E42FE, 0xFC25EB1571853A66}, {0x800000000B17217F, 0x7D97F692BAACDED5},
     {0x80000000058B90BF, 0xBEAD3B8B5DD254D7}, {0x8000000002C5C85F, 0xDF4EEDD62F084E67},
     {0x800000000162E42F, 0xEFA58AEF378BF586}, {0x8000000000B17217, 0xF7D24A78A3C7EF02},
     {0x800000000058B90B, 0xFBE9067C93E474A6}, {0x80000000002C5C85, 0xFDF47B8E5A72599F},
     {0x8000000000162E42, 0xFEFA3BDB315934A2}, {0x80000000000B1721, 0x7F7D1D7299B49C46},
     {0x8000000000058B90, 0xBFBE8E9A8D1C4EA0}, {0x800000000002C5C8, 0x5FDF4745969EA76F},
     {0x80000000000162E4, 0x2FEFA3A0DF5373BF}, {0x800000000000B172, 0x17F7D1CFF4AAC1E1},
     {0x80000000000058B9, 0x0BFBE8E7DB95A2F1}, {0x8000000000002C5C, 0x85FDF473E61AE1F8},
     {0x800000000000162E, 0x42FEFA39F121751C}, {0x8000000000000B17, 0x217F7D1CF815BB96},
     {0x800000000000058B, 0x90BFBE8E7BEC1E0D}, {0x80000000000002C5, 0xC85FDF473DEE5F17},
     {0x8000000000000162, 0xE42FEFA39EF5438F}, {0x80000000000000B1, 0x7217F7D1CF7A26C8},
     {0x8000000000000058, 0xB90BFBE8E7BCF4A4}, {0x800000000000002C, 0x5C85FDF473DE72A2},
     {0x8000000000000016, 0x2E42FEFA39EF3765}, {0x800000000000000B, 0x17217F7D1CF79B37},
     {0x8000000000000005, 0x8B90BFBE8E7BCD7D}, {0x8000000000000002, 0xC5C85FDF473DE6B6},
     {0x8000000000000001, 0x62E42FEFA39EF359}, {0x8000000000000000, 0xB17217F7D1CF79AC},
     {0x8000000000000000, 0x58B90BFBE8E7BCD6}, {0x8000000000000000, 0x2C5C85FDF473DE6A},
     {0x8000000000000000, 0x162E42FEFA39EF35}, {0x8000000000000000, 0x0B17217F7D1CF79A},
     {0x8000000000000000, 0x058B90BFBE8E7BCD}, {0x8000000000000000, 0x02C5C85FDF473DE6},
     {0x8000000000000000, 0x0162E42FEFA39EF3}, {0x8000000000000000, 0x00B17217F7D1CF79},
     {0x8000000000000000, 0x0058B90BFBE8E7BC}}};

/// 2^(logarithm / 2^fraction_bits), correct to 120 bits, with a sticky bit if it is no power of
/// two.
[[nodiscard]] constexpr unpacked power_of_two(bool is_negative, std::int64_t logarithm,
                                              int fraction_bits) {
  uint128 significand{code_t{1} << 63, 0};
  for (int k = 1; k <= fraction_bits; ++k) {
    if ((logarithm >> (fraction_bits - k) & 1) == 0) continue;
    significand = shift_left(
        exact::detail::multiply_jam(significand, roots_of_two[static_cast<std::size_t>(k)]), 1);
    significand.low |= 1;
  }
  return {value_kind::finite, is_negative, static_cast<int>(logarithm >> fraction_bits),
          significand};
}

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
