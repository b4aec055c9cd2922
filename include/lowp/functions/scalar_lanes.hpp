// SPDX-License-Identifier: MIT
// The operations that definitions of elementary functions consist of, on one number and in constant
// expressions: what lanes (kernels/lanes/primitives.hpp) do in each of theirs. Words are bits of
// binary32 or binary64; each operation rounds once, to nearest even, and out of the compiler's
// reach.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "lowp/core/config.hpp"
#include "lowp/functions/constant_arithmetic.hpp"

namespace lowp::reference::lanes {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

inline constexpr u32 binary32_infinity = 0x7F800000u, binary32_nan = 0x7FC00000u;

/// A result of which the compiler knows nothing, where it is not the compiler that computes.
template <std::floating_point T>
[[nodiscard]] constexpr T kept(T value) {
  return std::is_constant_evaluated() ? value : opaque(value);
}
[[nodiscard]] constexpr float number(u32 bits) { return kept(std::bit_cast<float>(bits)); }
[[nodiscard]] constexpr double number(u64 bits) { return kept(std::bit_cast<double>(bits)); }
[[nodiscard]] constexpr u32 bits_of(float x) { return std::bit_cast<u32>(kept(x)); }
[[nodiscard]] constexpr u64 bits_of(double x) { return std::bit_cast<u64>(kept(x)); }

template <std::unsigned_integral V>
[[nodiscard]] constexpr V fill(std::type_identity_t<V> value) {
  return value;
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr std::make_signed_t<V> as_signed(V v) {
  return static_cast<std::make_signed_t<V>>(v);
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr V as_unsigned(std::make_signed_t<V> v) {
  return static_cast<V>(v);
}
/// Ones where the sign bit is set, else zero.
template <std::unsigned_integral V>
[[nodiscard]] constexpr V sign_mask(V v) {
  return V{0} - (v >> (8 * sizeof(V) - 1));
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr V larger(V a, V b) {
  return a > b ? a : b;
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr V smaller(V a, V b) {
  return a < b ? a : b;
}
[[nodiscard]] constexpr bool either(std::same_as<bool> auto... comparisons) {
  return (comparisons || ...);
}
/// The product of the low halves.
[[nodiscard]] constexpr u64 multiply_words(u64 a, u64 b) {
  return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu);
}
/// `result`, or where x is NaN the canonical one.
[[nodiscard]] constexpr u32 unless_nan(u32 x, u32 result) {
  return (x & 0x7FFFFFFFu) > binary32_infinity ? binary32_nan : result;
}

/// Operations that round once, where the compiler computes those of constant_arithmetic.hpp.
template <std::floating_point T>
[[nodiscard]] constexpr T sum(T a, T b) {
  return std::is_constant_evaluated() ? constants::add(a, b) : kept(a + b);
}
template <std::floating_point T>
[[nodiscard]] constexpr T difference(T a, T b) {
  return std::is_constant_evaluated() ? constants::subtract(a, b) : kept(a - b);
}
template <std::floating_point T>
[[nodiscard]] constexpr T product(T a, T b) {
  return std::is_constant_evaluated() ? constants::multiply(a, b) : kept(a * b);
}
[[nodiscard]] constexpr float narrowed(double x) {
  return std::is_constant_evaluated() ? constants::narrow(x) : kept(static_cast<float>(kept(x)));
}
[[nodiscard]] constexpr double widened(float x) {
  return std::is_constant_evaluated() ? constants::widen(x) : kept(static_cast<double>(kept(x)));
}

template <std::unsigned_integral V>
[[nodiscard]] constexpr V float_add(V a, V b) {
  return std::bit_cast<V>(sum(number(a), number(b)));
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr V float_subtract(V a, V b) {
  return std::bit_cast<V>(difference(number(a), number(b)));
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr V float_multiply(V a, V b) {
  return std::bit_cast<V>(product(number(a), number(b)));
}
[[nodiscard]] constexpr u32 float_divide(u32 a, u32 b) {
  if (std::is_constant_evaluated()) {
    return std::bit_cast<u32>(constants::divide(number(a), number(b)));
  }
  return bits_of(number(a) / number(b));
}
/// Of a number that is not negative. What compilers do not compute is computed in integers: of the
/// significand with an even exponent and 23 bits more, whose root has 24 and is never a tie.
[[nodiscard]] constexpr u32 float_sqrt(u32 x) {
  if (!std::is_constant_evaluated()) {
    return bits_of(static_cast<float>(kept(__builtin_sqrt(static_cast<double>(number(x))))));
  }
  if (x == 0 || x >= binary32_infinity) return x;
  u64 significand = x & 0x7FFFFFu;
  int exponent = static_cast<int>(x >> 23);
  if (exponent == 0)
    exponent = 1;
  else
    significand |= 0x800000u;
  while (significand < 0x800000u) significand <<= 1, --exponent;
  const bool is_odd = (exponent & 1) == 0;  // the exponent less the bias
  const u64 radicand = significand << (is_odd ? 26 : 25);
  u64 root = 0;  // of 25 bits
  for (u64 bit = u64{1} << 25; bit != 0; bit >>= 1) {
    if ((root | bit) * (root | bit) <= radicand) root |= bit;
  }
  const u64 rounded = (root + 1) >> 1;
  return static_cast<u32>(((exponent - 127 - (is_odd ? 1 : 0)) / 2 + 126) << 23) +
         static_cast<u32>(rounded);
}
/// Of numbers, by their bits: those of negative ones grow as the numbers fall.
template <std::unsigned_integral V>
[[nodiscard]] constexpr bool is_float_less(V a, V b) {
  const V sign = V{1} << (8 * sizeof(V) - 1);
  return (a ^ (sign_mask(a) | sign)) < (b ^ (sign_mask(b) | sign));
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr V float_smaller(V a, V b) {
  return is_float_less(b, a) ? b : a;
}
template <std::unsigned_integral V>
[[nodiscard]] constexpr V float_larger(V a, V b) {
  return is_float_less(a, b) ? b : a;
}

/// a * b + addend, rounded once: the product is exact in binary64, its sum is rounded to odd, and
/// that to binary32 (Boldo and Melquiond 2008).
[[nodiscard]] constexpr u32 float_multiply_add(u32 a, u32 b, u32 addend) {
  const double exact = product(widened(number(a)), widened(number(b)));
  const double term = widened(number(addend));
  const double rounded = sum(exact, term), added = difference(rounded, exact);
  const double error = sum(difference(exact, difference(rounded, added)), difference(term, added));
  auto bits = std::bit_cast<u64>(rounded);
  const u64 off = std::bit_cast<u64>(error) << 1;
  const bool is_inexact = off != 0 && off < u64{0x7FF} << 53;
  if (is_inexact && (bits & 1) == 0) {
    bits += (bits ^ std::bit_cast<u64>(error)) >> 63 != 0 ? ~u64{0} : u64{1};
  }
  return std::bit_cast<u32>(narrowed(number(bits)));
}
/// x * 2^n of numbers, 1/2 <= |x| <= 2 and n an integer up to 252 in magnitude: by two factors, the
/// first of which is exact, so it is rounded once.
[[nodiscard]] constexpr u32 float_scale(u32 x, u32 n) {
  const u32 place = 0x4B400000u, exponent = float_add(n, place) - place;
  const u32 half = exponent >> 1 | (exponent & 0x80000000u);
  return float_multiply(float_multiply(x, (half + 127) << 23), (exponent - half + 127) << 23);
}

}  // namespace lowp::reference::lanes
