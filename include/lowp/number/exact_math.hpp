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
  if constexpr (requires { T::is_normal(x); }) return T::is_normal(x);
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
  if (isnan(a) || isnan(b)) return detail::chosen(isnan(b), a, b);
  return detail::chosen(total_order(detail::literal(a), detail::literal(b)) <= 0, a, b);
}
template <detail::other_face T>
[[nodiscard]] constexpr T fmax(T a, T b) {
  if (isnan(a) || isnan(b)) return detail::chosen(isnan(b), a, b);
  return detail::chosen(total_order(detail::literal(a), detail::literal(b)) >= 0, a, b);
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
namespace detail {
template <number_type T, rounding_mode R>
[[nodiscard]] constexpr T integer_of(const T& x, const R& mode) {
  return result_of([&mode](const unpacked& value) { return to_integer(value, mode); }, x);
}
}  // namespace detail
/// x rounded to an integer: downward, upward, toward zero, to nearest with ties away from zero.
template <number_type T>
[[nodiscard]] constexpr T floor(T x) {
  return detail::integer_of(x, downward);
}
template <number_type T>
[[nodiscard]] constexpr T ceil(T x) {
  return detail::integer_of(x, upward);
}
template <number_type T>
[[nodiscard]] constexpr T trunc(T x) {
  return detail::integer_of(x, toward_zero);
}
template <number_type T>
[[nodiscard]] constexpr T(round)(T x) {
  return detail::integer_of(x, nearest_away);
}
/// x rounded to an integer as T rounds: to nearest even, or in the mode that a dropin::number has.
template <number_type T>
[[nodiscard]] constexpr T rint(T x) {
  return detail::integer_of(x, detail::mode_of(x));
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
  return pack_as<long>(detail::to_integer(unpack(x), detail::mode_of(x)));
}
template <number_type T>
[[nodiscard]] constexpr long long llrint(T x) {
  return pack_as<long long>(detail::to_integer(unpack(x), detail::mode_of(x)));
}
/// The fractional part, with the sign of x; *integer takes the rest.
template <number_type T>
constexpr T modf(T x, T* integer) {
  *integer = trunc(x);
  if (isnan(x)) return x;
  const auto fraction_of = [](const unpacked& value) {
    if (value.is_infinite()) return unpacked::zero(value.negative);
    unpacked fraction = exact::add(value, -detail::to_integer(value, toward_zero));
    fraction.negative = value.negative;
    return fraction;
  };
  return detail::result_of(fraction_of, x);
}

// --------------------------------------------------------------------------------------- division

/// x - n * y, where n is x / y rounded toward zero; exact.
template <number_type T>
[[nodiscard]] constexpr T fmod(T x, T y) {
  const auto f = [](const unpacked& a, const unpacked& b) {
    return detail::divide_with_remainder(a, b, false).remainder;
  };
  return detail::result_of(f, x, y);
}
/// x - n * y, where n is x / y rounded to nearest even; exact.
template <number_type T>
[[nodiscard]] constexpr T remainder(T x, T y) {
  const auto f = [](const unpacked& a, const unpacked& b) {
    return detail::divide_with_remainder(a, b, true).remainder;
  };
  return detail::result_of(f, x, y);
}
/// Likewise; *quotient takes the sign and the last 30 bits of n.
template <number_type T>
constexpr T remquo(T x, T y, int* quotient) {
  const unpacked a = unpack(x), b = unpack(y);
  const detail::division result = detail::divide_with_remainder(a, b, true);
  const auto bits = static_cast<int>(result.quotient & 0x3FFFFFFFu);
  *quotient = a.negative != b.negative ? -bits : bits;
  return remainder(x, y);
}
/// x - y where that is positive, else +0.
template <number_type T>
[[nodiscard]] constexpr T fdim(T x, T y) {
  if (isnan(x) || isnan(y)) return isnan(x) ? x : y;
  const auto f = [](const unpacked& a, const unpacked& b) {
    return exact::compare(a, b) > 0 ? exact::add(a, -b) : unpacked::zero();
  };
  return detail::result_of(f, x, y);
}
LOWP_MIXED_TWO(T, fmod)
LOWP_MIXED_TWO(T, remainder)
LOWP_MIXED_TWO(T, fdim)

// --------------------------------------------------------------------------------------- exponents

/// A significand of magnitude 1/2 to 1, *exponent times two of which is x. (Fixed point has fewer
/// bits there than elsewhere, so that the significand is rounded.)
template <number_type T>
constexpr T frexp(T x, int* exponent) {
  const unpacked value = unpack(x);
  *exponent = 0;
  if (value.kind != value_kind::finite) return x;
  *exponent = value.exponent + 1;
  return scalbn(x, -*exponent);
}
/// x * 2^power, rounded once.
template <number_type T>
[[nodiscard]] constexpr T scalbln(T x, long power) {
  const int bounded = detail::bounded(power);
  return detail::result_of(
      [bounded](const unpacked& value) { return scale_by_power_of_two(value, bounded); }, x);
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
/// ilogb as a number: of zero minus infinity, of infinities infinity.
template <number_type T>
[[nodiscard]] constexpr T logb(T x) {
  if (isnan(x)) return x;
  const auto f = [](const unpacked& value) {
    if (value.kind != value_kind::finite) return unpacked::infinite(value.is_zero());
    return unpacked::from_integer(std::int64_t{value.exponent});
  };
  return detail::result_of(f, x);
}
namespace detail {
/// The number next to x, which is no NaN, above or below.
template <number_type T>
[[nodiscard]] constexpr T next_number(const T& x, bool is_up) {
  if constexpr (requires { T::next_number(x, is_up); }) {
    return T::next_number(x, is_up);
  } else {
    return T::from_code(next_code(T::format, x.code(), is_up));
  }
}
}  // namespace detail
/// The number next to x in the direction of y.
template <number_type T>
[[nodiscard]] constexpr T nextafter(T x, T y) {
  if (isnan(x) || isnan(y)) return isnan(x) ? x : y;
  const auto order = exact::compare(unpack(x), unpack(y));
  return order == 0 ? y : detail::next_number(x, order < 0);
}
LOWP_MIXED_TWO(T, nextafter)
template <number_type T>
[[nodiscard]] constexpr T nexttoward(T x, long double y) {
  const auto order = exact::compare(unpack(x), unpack(y));
  if (order == 0 || order == std::partial_ordering::unordered) {
    const bool is_y = order == 0 || !isnan(x);
    return detail::result_of([&](const unpacked& a) { return is_y ? unpack(y) : a; }, x);
  }
  const T next = detail::next_number(x, order < 0);
  if (!isinf(next)) return next;
  return detail::result_of([&](const unpacked&) { return unpacked::infinite(order > 0); }, x);
}

// ---------------------------------------------------------------------------------------- sums

/// sqrt(x^2 + y^2) and sqrt(x^2 + y^2 + z^2), rounded once: there is no overflow on the way.
template <number_type T>
[[nodiscard]] constexpr T hypot(T x, T y) {
  return detail::result_of(
      [](const unpacked& a, const unpacked& b) { return detail::hypotenuse(a, b); }, x, y);
}
template <number_type T>
[[nodiscard]] constexpr T hypot(T x, T y, T z) {
  const auto f = [](const unpacked& a, const unpacked& b, const unpacked& c) {
    return detail::hypotenuse(a, b, c);
  };
  return detail::result_of(f, x, y, z);
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
