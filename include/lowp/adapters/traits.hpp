// SPDX-License-Identifier: MIT
// Drop-in numbers as floating-point types for code that asks std::is_floating_point<T>,
// std::floating_point, std::is_arithmetic<T> or std::numbers::pi_v<T>, and refuses class types:
//
//   #include <lowp/adapters/traits.hpp>
//   using real = lowp::dropin::binary16;
//
// The C++ standard does not allow a program to specialize these traits; libstdc++ and libc++ before
// version 20 accept it, and clang 20 reports an error with libc++. Include this header before the
// code that asks, in every file of the program or in none. The standard library then lets through
// what it does not compute right, such as std::midpoint(x, y); its distributions are those of
// random.hpp.
#pragma once

#include <type_traits>

#include "lowp/adapters/random.hpp"
#include "lowp/number/faces.hpp"

template <class T>
requires lowp::detail::other_face<std::remove_cv_t<T>>
struct std::is_floating_point<T> : std::true_type {
};
template <class T>
requires lowp::detail::other_face<std::remove_cv_t<T>>
struct std::is_arithmetic<T> : std::true_type {
};
