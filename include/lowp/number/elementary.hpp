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
#include "lowp/number/faces.hpp"
#include "lowp/number/number.hpp"

namespace lowp {

namespace detail {

/// f(x…) in binary64, rounded once more; x are numbers or integers.
template <number_type T, class Function, class... Operands>
[[nodiscard]] T through_binary64(Function f, Operands... x) {
  const default_float_environment environment;
  return T::from_unpacked(unpack(opaque(f(opaque(pack_as<double>(unpack(x)))...))));
}

/// std::tgamma, but exact for integers: factorials may lie in the middle of two numbers.
[[nodiscard]] inline double gamma_of(double x) {
  constexpr double largest_exact = 23;  // 22! has 51 significant bits
  if (!(x >= 1 && x <= largest_exact && x == std::trunc(x))) return std::tgamma(x);
  double product = 1;
  for (double factor = 2; factor < x; ++factor) product *= factor;
  return product;
}

}  // namespace detail

#define LOWP_ELEMENTARY(function, ...)                                                      \
  template <number_type T>                                                                  \
  [[nodiscard]] T function(T x) {                                                           \
    return detail::through_binary64<T>([](double value) { return __VA_ARGS__(value); }, x); \
  }
LOWP_ELEMENTARY(exp, std::exp)
LOWP_ELEMENTARY(exp2, std::exp2)
LOWP_ELEMENTARY(expm1, std::expm1)
LOWP_ELEMENTARY(log, std::log)
LOWP_ELEMENTARY(log2, std::log2)
LOWP_ELEMENTARY(log10, std::log10)
LOWP_ELEMENTARY(log1p, std::log1p)
LOWP_ELEMENTARY(cbrt, std::cbrt)
LOWP_ELEMENTARY(sin, std::sin)
LOWP_ELEMENTARY(cos, std::cos)
LOWP_ELEMENTARY(tan, std::tan)
LOWP_ELEMENTARY(asin, std::asin)
LOWP_ELEMENTARY(acos, std::acos)
LOWP_ELEMENTARY(atan, std::atan)
LOWP_ELEMENTARY(sinh, std::sinh)
LOWP_ELEMENTARY(cosh, std::cosh)
LOWP_ELEMENTARY(tanh, std::tanh)
LOWP_ELEMENTARY(asinh, std::asinh)
LOWP_ELEMENTARY(acosh, std::acosh)
LOWP_ELEMENTARY(atanh, std::atanh)
LOWP_ELEMENTARY(erf, std::erf)
LOWP_ELEMENTARY(erfc, std::erfc)
LOWP_ELEMENTARY(tgamma, detail::gamma_of)
LOWP_ELEMENTARY(lgamma, std::lgamma)
#undef LOWP_ELEMENTARY

#define LOWP_ELEMENTARY(function)                                                                 \
  template <number_type T>                                                                        \
  [[nodiscard]] T function(T x, T y) {                                                            \
    return detail::through_binary64<T>([](double a, double b) { return std::function(a, b); }, x, \
                                       y);                                                        \
  }
LOWP_ELEMENTARY(pow)
LOWP_ELEMENTARY(atan2)
#undef LOWP_ELEMENTARY

#include "lowp/number/mixed_functions.inc"
LOWP_MIXED_TWO(T, pow)
LOWP_MIXED_TWO(T, atan2)
#undef LOWP_MIXED_THREE
#undef LOWP_CONSTANTS_AMONG_THREE
#undef LOWP_MIXED_TWO

/// An integer exponent is taken as it is, whatever format x is of.
template <detail::literal_face T, detail::native_integer A>
[[nodiscard]] T pow(T x, A y) {
  return detail::through_binary64<T>([](double a, double b) { return std::pow(a, b); }, x, y);
}
template <detail::other_face T, detail::native_integer A>
[[nodiscard]] T pow(T x, A y) {
  return detail::through_binary64<T>([](double a, double b) { return std::pow(a, b); }, x, y);
}

}  // namespace lowp
