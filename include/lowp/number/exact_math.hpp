// SPDX-License-Identifier: MIT
// The functions of <cmath> that are exact, or round an exact result once, for all faces of numbers:
// found by argument-dependent lookup, constant expressions, without floating-point arithmetic.
// Operands may be mixed with numbers of C++ as those of operators may. What a format cannot hold
// (floor(0.5) where there is no zero) is rounded to it as any other result.
#pragma once

#include <cmath>  // FP_NAN, FP_ILOGB0 and their kin
#include <compare>
#include <limits>

#include "lowp/core/exact.hpp"
#include "lowp/formats/next_code.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/exact_integer.hpp"
#include "lowp/number/faces.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

namespace detail {

[[nodiscard]] constexpr unpacked square_of(const unpacked& x) { return exact::multiply(x, x); }

/// The root of a sum of squares: infinite if one of them is, even beside a NaN.
template <std::same_as<unpacked>... Rest>
[[nodiscard]] constexpr unpacked hypotenuse(const Rest&... x) {
  if ((x.is_infinite() || ...)) return unpacked::infinite();
  unpacked sum = unpacked::zero();
  ((sum = exact::add(sum, square_of(x))), ...);
  return exact::sqrt(sum);
}

}  // namespace detail

#include "lowp/number/mixed_functions.inc"

// ------------------------------------------------- what number<F> has already, for the other faces

template <detail::other_face T>
[[nodiscard]] constexpr bool isnan(T x) {
  return unpack(x).is_nan();
}
template <detail::other_face T>
[[nodiscard]] constexpr bool isinf(T x) {
  return unpack(x).is_infinite();
}
template <detail::other_face T>
[[nodiscard]] constexpr bool isfinite(T x) {
  return unpack(x).is_finite();
}
template <detail::other_face T>
[[nodiscard]] constexpr bool isnormal(T x) {
  return isnormal(detail::literal(x));
}
template <detail::other_face T>
[[nodiscard]] constexpr bool signbit(T x) {
  return unpack(x).negative;
}
template <detail::other_face T>
[[nodiscard]] constexpr T(abs)(T x) {
  return unpack(x).negative ? -x : x;
}
template <detail::other_face T>
[[nodiscard]] constexpr T copysign(T a, T b) {
  return unpack(a).negative == unpack(b).negative ? a : -a;
}
template <detail::other_face T>
[[nodiscard]] constexpr T fmin(T a, T b) {
  return fmin(detail::literal(a), detail::literal(b));
}
template <detail::other_face T>
[[nodiscard]] constexpr T fmax(T a, T b) {
  return fmax(detail::literal(a), detail::literal(b));
}
template <detail::other_face T>
[[nodiscard]] constexpr T sqrt(T x) {
  if constexpr (requires { T::square_root(x); }) return T::square_root(x);
  return sqrt(detail::literal(x), T::next_mode(), T::overflow_policy);
}
template <detail::other_face T>
[[nodiscard]] constexpr T fma(T a, T b, T c) {
  if constexpr (requires { T::multiply_add(a, b, c); }) return T::multiply_add(a, b, c);
  return fma(detail::literal(a), detail::literal(b), detail::literal(c), T::next_mode(),
             T::overflow_policy);
}
LOWP_MIXED_TWO(T, copysign)
LOWP_MIXED_TWO(T, fmin)
LOWP_MIXED_TWO(T, fmax)

// ---------------------------------------------------------------------------------------- integers

/// The magnitude.
template <number_type T>
[[nodiscard]] constexpr T fabs(T x) {
  return (abs)(x);
}
/// x rounded to an integer: downward, upward, toward zero, to nearest with ties away from zero.
template <number_type T>
[[nodiscard]] constexpr T floor(T x) {
  return T::from_unpacked(detail::to_integer(unpack(x), downward));
}
template <number_type T>
[[nodiscard]] constexpr T ceil(T x) {
  return T::from_unpacked(detail::to_integer(unpack(x), upward));
}
template <number_type T>
[[nodiscard]] constexpr T trunc(T x) {
  return T::from_unpacked(detail::to_integer(unpack(x), toward_zero));
}
template <number_type T>
[[nodiscard]] constexpr T(round)(T x) {
  return T::from_unpacked(detail::to_integer(unpack(x), nearest_away));
}
/// x rounded to an integer as T rounds: to nearest even, or in the mode that a dropin::number has.
template <number_type T>
[[nodiscard]] constexpr T rint(T x) {
  return T::from_unpacked(detail::to_integer(unpack(x), detail::mode_of<T>()));
}
template <number_type T>
[[nodiscard]] constexpr T nearbyint(T x) {
  return rint(x);
}
/// Likewise as integers of C++, which saturate and take NaN as 0.
template <number_type T>
[[nodiscard]] constexpr long lround(T x) {
  return pack_as<long>(detail::to_integer(unpack(x), nearest_away));
}
template <number_type T>
[[nodiscard]] constexpr long long llround(T x) {
  return pack_as<long long>(detail::to_integer(unpack(x), nearest_away));
}
template <number_type T>
[[nodiscard]] constexpr long lrint(T x) {
  return pack_as<long>(detail::to_integer(unpack(x), detail::mode_of<T>()));
}
template <number_type T>
[[nodiscard]] constexpr long long llrint(T x) {
  return pack_as<long long>(detail::to_integer(unpack(x), detail::mode_of<T>()));
}
/// The fractional part, with the sign of x; *integer takes the rest.
template <number_type T>
constexpr T modf(T x, T* integer) {
  const unpacked value = unpack(x), whole = detail::to_integer(value, toward_zero);
  *integer = T::from_unpacked(whole);
  if (value.is_nan()) return x;
  if (value.is_infinite()) return T::from_unpacked(unpacked::zero(value.negative));
  unpacked fraction = exact::add(value, -whole);
  fraction.negative = value.negative;
  return T::from_unpacked(fraction);
}

// --------------------------------------------------------------------------------------- division

/// x - n * y, where n is x / y rounded toward zero; exact.
template <number_type T>
[[nodiscard]] constexpr T fmod(T x, T y) {
  return T::from_unpacked(detail::divide_with_remainder(unpack(x), unpack(y), false).remainder);
}
/// x - n * y, where n is x / y rounded to nearest even; exact.
template <number_type T>
[[nodiscard]] constexpr T remainder(T x, T y) {
  return T::from_unpacked(detail::divide_with_remainder(unpack(x), unpack(y), true).remainder);
}
/// Likewise; *quotient takes the sign and the last 30 bits of n.
template <number_type T>
constexpr T remquo(T x, T y, int* quotient) {
  const unpacked a = unpack(x), b = unpack(y);
  const detail::division result = detail::divide_with_remainder(a, b, true);
  const auto bits = static_cast<int>(result.quotient & 0x3FFFFFFFu);
  *quotient = a.negative != b.negative ? -bits : bits;
  return T::from_unpacked(result.remainder);
}
/// x - y where that is positive, else +0.
template <number_type T>
[[nodiscard]] constexpr T fdim(T x, T y) {
  const unpacked a = unpack(x), b = unpack(y);
  if (a.is_nan() || b.is_nan()) return a.is_nan() ? x : y;
  return exact::compare(a, b) > 0 ? x - y : T::from_unpacked(unpacked::zero());
}
LOWP_MIXED_TWO(T, fmod)
LOWP_MIXED_TWO(T, remainder)
LOWP_MIXED_TWO(T, fdim)

// --------------------------------------------------------------------------------------- exponents

/// A significand of magnitude 1/2 to 1, *exponent times two of which is x. (Fixed point has fewer
/// bits there than elsewhere, so that the significand is rounded.)
template <number_type T>
constexpr T frexp(T x, int* exponent) {
  unpacked value = unpack(x);
  *exponent = 0;
  if (value.kind != value_kind::finite) return x;
  *exponent = value.exponent + 1;
  value.exponent = -1;
  return T::from_unpacked(value);
}
/// x * 2^power, rounded once.
template <number_type T>
[[nodiscard]] constexpr T scalbln(T x, long power) {
  return T::from_unpacked(scale_by_power_of_two(unpack(x), detail::bounded(power)));
}
template <number_type T>
[[nodiscard]] constexpr T scalbn(T x, int power) {
  return scalbln(x, power);
}
template <number_type T>
[[nodiscard]] constexpr T ldexp(T x, int power) {
  return scalbln(x, power);
}
/// floor(log2(|x|)), of subnormal numbers too; FP_ILOGB0, FP_ILOGBNAN and INT_MAX of zero, NaN and
/// infinities.
template <number_type T>
[[nodiscard]] constexpr int ilogb(T x) {
  const unpacked value = unpack(x);
  switch (value.kind) {
    case value_kind::zero: return FP_ILOGB0;  // NOLINT(bugprone-branch-clone): equal by chance
    case value_kind::nan: return FP_ILOGBNAN;
    case value_kind::infinity: return (std::numeric_limits<int>::max)();
    case value_kind::finite: break;
  }
  return value.exponent;
}
/// The same as a number: of zero minus infinity, of infinities infinity.
template <number_type T>
[[nodiscard]] constexpr T logb(T x) {
  const unpacked value = unpack(x);
  switch (value.kind) {
    case value_kind::zero: return T::from_unpacked(unpacked::infinite(true));
    case value_kind::nan: return x;
    case value_kind::infinity: return T::from_unpacked(unpacked::infinite());
    case value_kind::finite: break;
  }
  return T::from_unpacked(unpacked::from_integer(std::int64_t{value.exponent}));
}
/// The number next to x in the direction of y.
template <number_type T>
[[nodiscard]] constexpr T nextafter(T x, T y) {
  const unpacked a = unpack(x), b = unpack(y);
  if (a.is_nan() || b.is_nan()) return a.is_nan() ? x : y;
  const auto order = exact::compare(a, b);
  if (order == 0) return y;
  return T::from_code(next_code(T::format, x.code(), order < 0));
}
LOWP_MIXED_TWO(T, nextafter)
template <number_type T>
[[nodiscard]] constexpr T nexttoward(T x, long double y) {
  const auto order = exact::compare(unpack(x), unpack(y));
  if (order == 0 || order == std::partial_ordering::unordered) {
    return T::from_unpacked(order == 0 || !unpack(x).is_nan() ? unpack(y) : unpack(x));
  }
  const code_t end = order > 0 ? lowest_code(T::format) : largest_code(T::format);
  const T next = T::from_code(end);
  if (has_infinity(T::format) && next.code() == x.code()) {
    return T::from_unpacked(unpacked::infinite(order > 0));
  }
  return nextafter(x, next);
}

// ---------------------------------------------------------------------------------------- sums

/// sqrt(x^2 + y^2) and sqrt(x^2 + y^2 + z^2), rounded once: there is no overflow on the way.
template <number_type T>
[[nodiscard]] constexpr T hypot(T x, T y) {
  return T::from_unpacked(detail::hypotenuse(unpack(x), unpack(y)));
}
template <number_type T>
[[nodiscard]] constexpr T hypot(T x, T y, T z) {
  return T::from_unpacked(detail::hypotenuse(unpack(x), unpack(y), unpack(z)));
}
LOWP_MIXED_TWO(T, hypot)

LOWP_MIXED_THREE(hypot)
LOWP_MIXED_THREE(fma)

// ------------------------------------------------------------------------------- classes and order

/// FP_NAN, FP_INFINITE, FP_ZERO, FP_SUBNORMAL or FP_NORMAL.
template <number_type T>
[[nodiscard]] constexpr int fpclassify(T x) {
  if (isnan(x)) return FP_NAN;
  if (isinf(x)) return FP_INFINITE;
  if (unpack(x).is_zero()) return FP_ZERO;
  return isnormal(x) ? FP_NORMAL : FP_SUBNORMAL;
}

#define LOWP_COMPARISON(function, ...)                       \
  template <number_type T>                                   \
  [[nodiscard]] constexpr bool function(T a, T b) {          \
    const auto order = exact::compare(unpack(a), unpack(b)); \
    return __VA_ARGS__;                                      \
  }                                                          \
  LOWP_MIXED_TWO(bool, function)
LOWP_COMPARISON(isgreater, order > 0)
LOWP_COMPARISON(isgreaterequal, order >= 0)
LOWP_COMPARISON(isless, order < 0)
LOWP_COMPARISON(islessequal, order <= 0)
LOWP_COMPARISON(islessgreater, order<0 || order> 0)
LOWP_COMPARISON(isunordered, order == std::partial_ordering::unordered)
#undef LOWP_COMPARISON

#undef LOWP_MIXED_THREE
#undef LOWP_CONSTANTS_AMONG_THREE
#undef LOWP_MIXED_TWO

}  // namespace lowp
