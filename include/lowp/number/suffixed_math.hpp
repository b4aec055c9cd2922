// SPDX-License-Identifier: MIT
// The functions of <cmath> under the names that C gives those of float, for the drop-in faces,
// found by argument-dependent lookup: sqrtf(x), powf(x, 2.0f), fabsf(x). Code that was written for
// float calls these as often as the others.
#pragma once

#include "lowp/number/math.hpp"

namespace lowp {

// A function called behind parentheses is no macro of a platform.
#define LOWP_SUFFIXED_ONE(function)                      \
  template <detail::other_face T>                        \
  [[nodiscard]] constexpr auto function##f(const T& x) { \
    return (lowp::function)(x);                          \
  }
#define LOWP_SUFFIXED_TWO(function)                                      \
  template <class A, class B>                                            \
  requires detail::other_face<detail::face_of<A, B>>                     \
  [[nodiscard]] constexpr auto function##f(const A& a, const B& b) {     \
    using type = detail::face_of<A, B>;                                  \
    const type& x = detail::first_of<type>(a, b);                        \
    return (lowp::function)(detail::beside(a, x), detail::beside(b, x)); \
  }
#define LOWP_SUFFIXED_WITH(function, Second)              \
  template <detail::other_face T>                         \
  constexpr auto function##f(const T& x, Second second) { \
    return (lowp::function)(x, second);                   \
  }

LOWP_SUFFIXED_ONE(fabs)
LOWP_SUFFIXED_ONE(sqrt)
LOWP_SUFFIXED_ONE(cbrt)
LOWP_SUFFIXED_ONE(exp)
LOWP_SUFFIXED_ONE(exp2)
LOWP_SUFFIXED_ONE(expm1)
LOWP_SUFFIXED_ONE(log)
LOWP_SUFFIXED_ONE(log2)
LOWP_SUFFIXED_ONE(log10)
LOWP_SUFFIXED_ONE(log1p)
LOWP_SUFFIXED_ONE(logb)
LOWP_SUFFIXED_ONE(ilogb)
LOWP_SUFFIXED_ONE(sin)
LOWP_SUFFIXED_ONE(cos)
LOWP_SUFFIXED_ONE(tan)
LOWP_SUFFIXED_ONE(asin)
LOWP_SUFFIXED_ONE(acos)
LOWP_SUFFIXED_ONE(atan)
LOWP_SUFFIXED_ONE(sinh)
LOWP_SUFFIXED_ONE(cosh)
LOWP_SUFFIXED_ONE(tanh)
LOWP_SUFFIXED_ONE(asinh)
LOWP_SUFFIXED_ONE(acosh)
LOWP_SUFFIXED_ONE(atanh)
LOWP_SUFFIXED_ONE(erf)
LOWP_SUFFIXED_ONE(erfc)
LOWP_SUFFIXED_ONE(tgamma)
LOWP_SUFFIXED_ONE(lgamma)
LOWP_SUFFIXED_ONE(floor)
LOWP_SUFFIXED_ONE(ceil)
LOWP_SUFFIXED_ONE(trunc)
LOWP_SUFFIXED_ONE(round)
LOWP_SUFFIXED_ONE(rint)
LOWP_SUFFIXED_ONE(nearbyint)
LOWP_SUFFIXED_ONE(lround)
LOWP_SUFFIXED_ONE(llround)
LOWP_SUFFIXED_ONE(lrint)
LOWP_SUFFIXED_ONE(llrint)
LOWP_SUFFIXED_TWO(pow)
LOWP_SUFFIXED_TWO(atan2)
LOWP_SUFFIXED_TWO(hypot)
LOWP_SUFFIXED_TWO(fmod)
LOWP_SUFFIXED_TWO(remainder)
LOWP_SUFFIXED_TWO(fdim)
LOWP_SUFFIXED_TWO(fmin)
LOWP_SUFFIXED_TWO(fmax)
LOWP_SUFFIXED_TWO(copysign)
LOWP_SUFFIXED_TWO(nextafter)
LOWP_SUFFIXED_WITH(ldexp, int)
LOWP_SUFFIXED_WITH(scalbn, int)
LOWP_SUFFIXED_WITH(frexp, int*)
LOWP_SUFFIXED_WITH(modf, T*)
#undef LOWP_SUFFIXED_ONE
#undef LOWP_SUFFIXED_TWO
#undef LOWP_SUFFIXED_WITH

template <class A, class B, class C>
requires detail::other_face<detail::face_of<A, B, C>>
[[nodiscard]] constexpr auto fmaf(const A& a, const B& b, const C& c) {
  using type = detail::face_of<A, B, C>;
  const type& x = detail::first_of<type>(a, b, c);
  return (lowp::fma)(detail::beside(a, x), detail::beside(b, x), detail::beside(c, x));
}

}  // namespace lowp
