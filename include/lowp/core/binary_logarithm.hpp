// SPDX-License-Identifier: MIT
// Powers of two with exponents that are no integers, and logarithms to base 2, to 110 bits and
// more: what the values of logarithmic formats are made of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"

namespace lowp::detail {

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

/// A number in fixed point: integer + fraction / 2^128.
struct fixed_number {
  int integer = 0;
  uint128 fraction{};
};
[[nodiscard]] constexpr fixed_number operator-(const fixed_number& x) {
  if (x.fraction.is_zero()) return {-x.integer, {}};
  return {-1 - x.integer, uint128{} - x.fraction};
}

/// The upper half of a product.
[[nodiscard]] constexpr uint128 multiply_high(uint128 a, uint128 b) {
  const uint128 product = exact::detail::multiply_jam(a, b);
  return {product.high, product.low & ~std::uint64_t{1}};
}

/// 2^logarithm, which is no power of two with an integer exponent; correct to 118 bits, with a
/// sticky bit.
[[nodiscard]] constexpr unpacked power_of_two(bool is_negative, const fixed_number& logarithm) {
  uint128 significand{code_t{1} << 63, 0};
  for (int k = 1; k <= 72; ++k) {
    const std::uint64_t word = k <= 64 ? logarithm.fraction.high : logarithm.fraction.low;
    if ((word >> ((128 - k) % 64) & 1) == 0) continue;
    significand =
        shift_left(multiply_high(significand, roots_of_two[static_cast<std::size_t>(k)]), 1);
  }
  // The rest is so small that 2^rest = 1 + rest * ln 2.
  constexpr std::uint64_t ln2 = 0xB17217F7D1CF79AB;  // in units of 2^-64
  const std::uint64_t rest = multiply(logarithm.fraction.low & low_mask(56), ln2).high;
  significand = significand + uint128{0, multiply(significand.high, rest).high};
  significand.low |= 1;
  return {value_kind::finite, is_negative, logarithm.integer, significand};
}

/// The logarithm to base 2 of a magnitude, finite and not zero, to 115 bits after the point.
[[nodiscard]] constexpr fixed_number binary_logarithm(const unpacked& x) {
  // Bit by bit: a root of 2 is a factor if the product does not exceed x.
  uint128 product{code_t{1} << 63, 0}, fraction{};
  for (int k = 1; k <= 72; ++k) {
    const uint128 trial =
        shift_left(multiply_high(product, roots_of_two[static_cast<std::size_t>(k)]), 1);
    if (trial > x.significand || trial < product) continue;
    product = trial;
    fraction = fraction | shift_left(uint128{0, 1}, 128 - k);
  }
  // The rest is so small that log2(1 + rest) = rest / ln 2: in units of 2^-128, what is left in
  // units of 2^-127, by that.
  constexpr std::uint64_t one_over_ln2 = 0xB8AA3B295C17F0BB;  // in units of 2^-63
  uint128 dividend = shift_left(multiply((x.significand - product).low, one_over_ln2), 1);
  std::uint64_t rest = 0;
  for (int i = 59; i-- > 0;) {
    const uint128 part = shift_left({0, product.high}, i);
    if (dividend < part) continue;
    dividend = dividend - part;
    rest |= std::uint64_t{1} << i;
  }
  const uint128 sum = fraction + uint128{0, rest};
  return {x.exponent + (sum < fraction ? 1 : 0), sum};
}

}  // namespace lowp::detail
