// SPDX-License-Identifier: MIT
// The functions of math.hpp where existing code calls them: std::sqrt(x), std::pow(x, 2). The C++
// standard does not allow a program to add overloads to namespace std; all libraries of number
// types that serve such code do it, and compilers accept it. Code of one's own calls sqrt(x),
// perhaps after `using std::sqrt;`, and needs no more than math.hpp.
#pragma once

#include <cmath>

#include "lowp/number/math.hpp"

namespace std {

using lowp::abs;
using lowp::acos;
using lowp::acosh;
using lowp::asin;
using lowp::asinh;
using lowp::atan;
using lowp::atan2;
using lowp::atanh;
using lowp::cbrt;
using lowp::ceil;
using lowp::copysign;
using lowp::cos;
using lowp::cosh;
using lowp::erf;
using lowp::erfc;
using lowp::exp;
using lowp::exp2;
using lowp::expm1;
using lowp::fabs;
using lowp::fdim;
using lowp::floor;
using lowp::fma;
using lowp::fmax;
using lowp::fmin;
using lowp::fmod;
using lowp::fpclassify;
using lowp::frexp;
using lowp::hypot;
using lowp::ilogb;
using lowp::isfinite;
using lowp::isgreater;
using lowp::isgreaterequal;
using lowp::isinf;
using lowp::isless;
using lowp::islessequal;
using lowp::islessgreater;
using lowp::isnan;
using lowp::isnormal;
using lowp::isunordered;
using lowp::ldexp;
using lowp::lgamma;
using lowp::llrint;
using lowp::llround;
using lowp::log;
using lowp::log10;
using lowp::log1p;
using lowp::log2;
using lowp::logb;
using lowp::lrint;
using lowp::lround;
using lowp::modf;
using lowp::nearbyint;
using lowp::nextafter;
using lowp::nexttoward;
using lowp::pow;
using lowp::remainder;
using lowp::remquo;
using lowp::rint;
using lowp::round;
using lowp::scalbln;
using lowp::scalbn;
using lowp::signbit;
using lowp::sin;
using lowp::sinh;
using lowp::sqrt;
using lowp::tan;
using lowp::tanh;
using lowp::tgamma;
using lowp::trunc;

/// Of a number and what converts to it: a number, where those of <algorithm> find two types.
template <class A, class B>
requires(lowp::detail::mixed_operands<A, B>)
    [[nodiscard]] constexpr lowp::detail::face_of<A, B>(max)(const A& a, const B& b) {
  using type = lowp::detail::face_of<A, B>;
  const type& one = lowp::detail::first_of<type>(a, b);
  const type x = lowp::detail::beside(a, one), y = lowp::detail::beside(b, one);
  return lowp::detail::chosen(!(x < y), x, y);
}
template <class A, class B>
requires(lowp::detail::mixed_operands<A, B>)
    [[nodiscard]] constexpr lowp::detail::face_of<A, B>(min)(const A& a, const B& b) {
  using type = lowp::detail::face_of<A, B>;
  const type& one = lowp::detail::first_of<type>(a, b);
  const type x = lowp::detail::beside(a, one), y = lowp::detail::beside(b, one);
  return lowp::detail::chosen(!(y < x), x, y);
}

}  // namespace std
