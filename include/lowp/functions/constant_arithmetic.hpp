// SPDX-License-Identifier: MIT
// Operations of binary32 and binary64 in constant expressions, where compilers refuse those that
// raise a flag: NaN, of which the bits do not matter here, infinite results of finite numbers, and
// quotients by zero are found by looking at the operands. Numbers are looked at by their bits, and
// so that -ffast-math, which knows neither NaN nor infinities, takes no part in it.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace lowp::reference::constants {

template <std::floating_point T>
using word_of = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <std::floating_point T>
inline constexpr word_of<T> sign_of = word_of<T>{1} << (8 * sizeof(T) - 1);
template <std::floating_point T>
inline constexpr word_of<T> infinity_of = sizeof(T) == 4
                                              ? word_of<T>{0x7F800000u}
                                              : static_cast<word_of<T>>(std::uint64_t{0x7FF} << 52);

template <std::floating_point T>
[[nodiscard]] constexpr word_of<T> magnitude_of(T x) {
  return std::bit_cast<word_of<T>>(x) & ~sign_of<T>;
}
template <std::floating_point T>
[[nodiscard]] constexpr word_of<T> sign_of_product(T a, T b) {
  return (std::bit_cast<word_of<T>>(a) ^ std::bit_cast<word_of<T>>(b)) & sign_of<T>;
}
template <std::floating_point T>
[[nodiscard]] constexpr bool is_any_nan(T a, T b) {
  return magnitude_of(a) > infinity_of<T> || magnitude_of(b) > infinity_of<T>;
}
template <std::floating_point T>
[[nodiscard]] constexpr T nan() {
  return std::bit_cast<T>(infinity_of<T> | infinity_of<T> >> 1);
}
/// 2^n, far from the ends of the range.
template <std::floating_point T>
[[nodiscard]] constexpr T power_of_two(int n) {
  const int bias = sizeof(T) == 4 ? 127 : 1023;
  return std::bit_cast<T>(static_cast<word_of<T>>(n + bias) << (sizeof(T) == 4 ? 23 : 52));
}

template <std::floating_point T>
[[nodiscard]] constexpr T add(T a, T b) {
  if (is_any_nan(a, b)) return nan<T>();
  const bool a_is_infinite = magnitude_of(a) == infinity_of<T>;
  const bool b_is_infinite = magnitude_of(b) == infinity_of<T>;
  if (a_is_infinite && b_is_infinite && sign_of_product(a, b) != 0) return nan<T>();
  if (a_is_infinite || b_is_infinite) return a_is_infinite ? a : b;
  const T half = a / 2 + b / 2;  // rounded as the sum is, if that is large
  const T largest = power_of_two<T>(sizeof(T) == 4 ? 127 : 1023);
  if (half < largest && half > -largest) return a + b;
  return std::bit_cast<T>(infinity_of<T> | (std::bit_cast<word_of<T>>(half) & sign_of<T>));
}
template <std::floating_point T>
[[nodiscard]] constexpr T subtract(T a, T b) {
  return add(a, std::bit_cast<T>(std::bit_cast<word_of<T>>(b) ^ sign_of<T>));
}
template <std::floating_point T>
[[nodiscard]] constexpr T multiply(T a, T b) {
  const bool is_any_zero = magnitude_of(a) == 0 || magnitude_of(b) == 0;
  const bool is_any_infinite =
      magnitude_of(a) == infinity_of<T> || magnitude_of(b) == infinity_of<T>;
  if (is_any_nan(a, b) || (is_any_zero && is_any_infinite)) return nan<T>();
  const T infinity = std::bit_cast<T>(infinity_of<T> | sign_of_product(a, b));
  if (is_any_infinite) return infinity;
  const T less = power_of_two<T>(sizeof(T) == 4 ? -64 : -512);  // its square is 1 of the limit
  const T scaled = (a * less) * (b * less);                     // rounded as a large product is
  return scaled < 1 && scaled > -1 ? a * b : infinity;
}
/// Of numbers whose quotient does not overflow, but by zero.
[[nodiscard]] constexpr float divide(float a, float b) {
  const auto infinity = infinity_of<float>;
  const bool is_undefined = (magnitude_of(a) == 0 && magnitude_of(b) == 0) ||
                            (magnitude_of(a) == infinity && magnitude_of(b) == infinity);
  if (is_any_nan(a, b) || is_undefined) return nan<float>();
  if (magnitude_of(a) == infinity || magnitude_of(b) == 0) {
    return std::bit_cast<float>(infinity | sign_of_product(a, b));
  }
  if (magnitude_of(b) == infinity) return std::bit_cast<float>(sign_of_product(a, b));
  return a / b;
}
[[nodiscard]] constexpr float narrow(double x) {
  if (is_any_nan(x, x)) return nan<float>();
  const bool overflows = magnitude_of(x) >= std::bit_cast<std::uint64_t>(0x1.ffffffp+127);
  const std::uint32_t sign = std::bit_cast<std::uint64_t>(x) >> 63 != 0 ? sign_of<float> : 0;
  return overflows ? std::bit_cast<float>(infinity_of<float> | sign) : static_cast<float>(x);
}
[[nodiscard]] constexpr double widen(float x) {
  const std::uint64_t sign =
      (std::bit_cast<std::uint32_t>(x) & sign_of<float>) != 0 ? sign_of<double> : std::uint64_t{0};
  if (magnitude_of(x) > infinity_of<float>) return nan<double>();
  return magnitude_of(x) == infinity_of<float> ? std::bit_cast<double>(infinity_of<double> | sign)
                                               : static_cast<double>(x);
}

}  // namespace lowp::reference::constants
