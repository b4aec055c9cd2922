// SPDX-License-Identifier: MIT
// The operators of a drop-in face (dropin.hpp), from its four functions.
#pragma once

#include "lowp/number/faces.hpp"

namespace lowp {

/// A base that makes argument-dependent lookup look in this namespace.
struct looked_up_here {};

namespace dropin {

/// A base of a face T that has static functions sum, difference, product and quotient of two T.
/// d += x of a floating-point number d computes in the type of d, as it would if x were a float; of
/// an integer in T, and what lies behind the point is lost.
template <class T>
struct face_operators : looked_up_here {
  [[nodiscard]] friend constexpr T operator+(T a) { return a; }
#define LOWP_OPERATOR(symbol, function)                                                    \
  [[nodiscard]] friend constexpr T operator symbol(T a, T b) { return T::function(a, b); } \
  template <detail::operand_beside<T> A>                                                   \
  [[nodiscard]] friend constexpr T operator symbol(T a, A b) {                             \
    return T::function(a, detail::beside(b, a));                                           \
  }                                                                                        \
  template <detail::operand_beside<T> A>                                                   \
  [[nodiscard]] friend constexpr T operator symbol(A a, T b) {                             \
    return T::function(detail::beside(a, b), b);                                           \
  }                                                                                        \
  friend constexpr T& operator symbol##=(T& a, T b) { return a = T::function(a, b); }      \
  template <detail::native_float A>                                                        \
  friend constexpr A& operator symbol##=(A& a, T b) {                                      \
    return a = a symbol static_cast<A>(b);                                                 \
  }                                                                                        \
  template <detail::native_integer A>                                                      \
  friend constexpr A& operator symbol##=(A& a, T b) {                                      \
    return a = static_cast<A>(a symbol b);                                                 \
  }
  LOWP_OPERATOR(+, sum)
  LOWP_OPERATOR(-, difference)
  LOWP_OPERATOR(*, product)
  LOWP_OPERATOR(/, quotient)
#undef LOWP_OPERATOR
  friend constexpr T& operator++(T& a) { return a = T::sum(a, detail::beside(1, a)); }
  friend constexpr T& operator--(T& a) { return a = T::difference(a, detail::beside(1, a)); }
  friend constexpr T operator++(T& a, int) {
    const T before = a;
    ++a;
    return before;
  }
  friend constexpr T operator--(T& a, int) {
    const T before = a;
    --a;
    return before;
  }
};

}  // namespace dropin
}  // namespace lowp
