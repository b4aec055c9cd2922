// SPDX-License-Identifier: MIT
// The elementary functions of <cmath> for all faces of numbers, found by argument-dependent lookup:
// evaluated in binary64 by the standard library of the machine and rounded once more, in the mode
// of the type.
//
// What that gives with a standard library whose functions are right to 2^-47 of their results, as
// those of glibc are:
//   formats of up to 16 bits          the correct rounding, to nearest, of binary16, bfloat16,
//   e5m2,
//                                     e4m3fn, posit<16, 1> and fixed<16, 8> (one argument: proven
//                                     by MPFR over all codes; two: over samples)
//   binary32, posit<32>, fixed<32, n> less than 0.5001 units in the last place from the true
//   result,
//                                     which is the correct rounding but for one in some 10^8
//   binary64                          the function of double itself
//   formats beyond double             as if the arguments had been converted to double
// In directed and stochastic modes a result that lies within 2^-52 of a number, in proportion, may
// be taken for that number: exp(1e-30) upward is 1. Special values are those of Annex F of C23
// where the format has them: -inf where there is none, as in log(0), is what overflow makes of it.
// None of them is a constant expression. The rounding mode of the thread and flush-to-zero do not
// matter.
#pragma once

#include <cmath>

#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/decimal.hpp"  // detail::huge
#include "lowp/number/faces.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

namespace detail {

/// Finite and not zero.
[[nodiscard]] constexpr bool is_regular(const unpacked& x) { return x.kind == value_kind::finite; }

/// f(x…) in binary64.
template <class Function, std::same_as<unpacked>... Operands>
[[nodiscard]] unpacked in_binary64(Function f, const Operands&... x) {
  const default_float_environment environment;
  return unpack(opaque(f(opaque(pack_as<double>(x))...)));
}

/// f(x…) in binary64 of an f that overflows and underflows, at x that are finite and not zero,
/// where it has neither poles nor zeros: an infinity or a zero then stands for a number beyond
/// binary64, which posits, for one, round to their last number.
template <class Function, std::same_as<unpacked>... Operands>
[[nodiscard]] unpacked in_binary64_and_beyond(Function f, const Operands&... x) {
  unpacked result = in_binary64(f, x...);
  const bool is_special = result.is_infinite() || result.is_zero();
  if (!is_special || !(is_regular(x) && ...)) return result;
  const bool negative = result.negative;
  result = result.is_zero() ? tiny : huge;
  result.negative = negative;
  return result;
}

/// Whether the angle of (x, y) is y / x less so little that binary64 does not show it. Among
/// subnormal numbers y / x may lie in the middle of two, and the angle then is below.
[[nodiscard]] constexpr bool is_small_angle(const unpacked& y, const unpacked& x) {
  return is_regular(y) && is_regular(x) && !x.negative && y.exponent < x.exponent - 25;
}

/// std::tgamma, but exact for integers, as glibc has it and other libraries do not promise:
/// factorials may lie in the middle of two numbers.
[[nodiscard]] inline double gamma_of(double x) {
  constexpr double largest_exact = 23;  // 22! has 51 significant bits
  if (!(x >= 1 && x <= largest_exact && x == std::trunc(x))) return std::tgamma(x);
  double product = 1;
  for (double factor = 2; factor < x; ++factor) product *= factor;
  return product;
}

}  // namespace detail

#define LOWP_ELEMENTARY(function, evaluated, ...)                                       \
  template <number_type T>                                                              \
  [[nodiscard]] T function(T x) {                                                       \
    const auto f = [](const unpacked& exact) {                                          \
      return detail::evaluated([](double value) { return __VA_ARGS__(value); }, exact); \
    };                                                                                  \
    return detail::result_of(f, x);                                                     \
  }
LOWP_ELEMENTARY(exp, in_binary64_and_beyond, std::exp)
LOWP_ELEMENTARY(exp2, in_binary64_and_beyond, std::exp2)
LOWP_ELEMENTARY(expm1, in_binary64_and_beyond, std::expm1)
LOWP_ELEMENTARY(log, in_binary64, std::log)
LOWP_ELEMENTARY(log2, in_binary64, std::log2)
LOWP_ELEMENTARY(log10, in_binary64, std::log10)
LOWP_ELEMENTARY(log1p, in_binary64, std::log1p)
LOWP_ELEMENTARY(cbrt, in_binary64, std::cbrt)
LOWP_ELEMENTARY(sin, in_binary64, std::sin)
LOWP_ELEMENTARY(cos, in_binary64, std::cos)
LOWP_ELEMENTARY(tan, in_binary64, std::tan)
LOWP_ELEMENTARY(asin, in_binary64, std::asin)
LOWP_ELEMENTARY(acos, in_binary64, std::acos)
LOWP_ELEMENTARY(atan, in_binary64, std::atan)
LOWP_ELEMENTARY(sinh, in_binary64_and_beyond, std::sinh)
LOWP_ELEMENTARY(cosh, in_binary64_and_beyond, std::cosh)
LOWP_ELEMENTARY(tanh, in_binary64, std::tanh)
LOWP_ELEMENTARY(asinh, in_binary64, std::asinh)
LOWP_ELEMENTARY(acosh, in_binary64, std::acosh)
LOWP_ELEMENTARY(atanh, in_binary64, std::atanh)
LOWP_ELEMENTARY(erf, in_binary64, std::erf)
LOWP_ELEMENTARY(erfc, in_binary64_and_beyond, std::erfc)
LOWP_ELEMENTARY(tgamma, in_binary64_and_beyond, detail::gamma_of)
LOWP_ELEMENTARY(lgamma, in_binary64, std::lgamma)
#undef LOWP_ELEMENTARY

namespace detail {
[[nodiscard]] inline unpacked power(const unpacked& x, const unpacked& y) {
  return in_binary64_and_beyond([](double a, double b) { return std::pow(a, b); }, x, y);
}
[[nodiscard]] inline unpacked angle(const unpacked& y, const unpacked& x) {
  if (is_small_angle(y, x)) return exact::add(exact::divide(y, x), y.negative ? tiny : -tiny);
  return in_binary64([](double a, double b) { return std::atan2(a, b); }, y, x);
}
}  // namespace detail

template <number_type T>
[[nodiscard]] T pow(T x, T y) {
  return detail::result_of(detail::power, x, y);
}
template <number_type T>
[[nodiscard]] T atan2(T y, T x) {
  return detail::result_of(detail::angle, y, x);
}

#include "lowp/number/mixed_functions.inc"
LOWP_MIXED_TWO(T, pow)
LOWP_MIXED_TWO(T, atan2)
#undef LOWP_MIXED_THREE
#undef LOWP_CONSTANTS_AMONG_THREE
#undef LOWP_MIXED_TWO

/// An integer exponent is taken as it is, whatever format x is of; of more than 53 bits it is
/// rounded to binary64.
template <detail::literal_face T, detail::native_integer A>
[[nodiscard]] T pow(T x, A y) {
  return detail::result_of([y](const unpacked& a) { return detail::power(a, unpack(y)); }, x);
}
template <detail::other_face T, detail::native_integer A>
[[nodiscard]] T pow(T x, A y) {
  return detail::result_of([y](const unpacked& a) { return detail::power(a, unpack(y)); }, x);
}

}  // namespace lowp
