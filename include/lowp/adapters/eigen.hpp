// SPDX-License-Identifier: MIT
// Eigen 3.4 with numbers as scalars: what its traits need to be right. Matrices of dropin numbers
// take any code that is written for float, 0.5 * a included; with number<F>, whose literals must be
// constants where they are written, say F(0.5) * a. Eigen computes with operators, one rounding
// each; nothing is vectorized.
#pragma once

#include <Eigen/Core>
#include <cstdlib>  // std::rand, which Eigen's Random() draws from
#include <limits>

#include "lowp/adapters/iostream.hpp"  // std::cout << matrix
#include "lowp/number/faces.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/math.hpp"

template <lowp::number_type T>
struct Eigen::NumTraits<T> : Eigen::GenericNumTraits<T> {
  using limits = std::numeric_limits<T>;
  enum {
    IsComplex = 0,
    IsInteger = limits::is_integer,
    IsSigned = limits::is_signed,
    RequireInitialization = 0,
    ReadCost = 1,
    AddCost = 10,
    MulCost = 10,
  };

  /// What isApprox and its kin allow: about seven tenths of the bits must agree, as they must for
  /// float and double. Eigen's default is equality.
  static T dummy_precision() {
    const int bits = -ilogb(limits::epsilon());
    return IsInteger ? T(0) : ldexp(T(1), -(7 * bits / 10));
  }
  /// Of the numbers about one; std::numeric_limits has none for posits, whose ends have none.
  static int digits10() {
    return limits::digits10 != 0 ? limits::digits10 : (limits::digits - 1) * 30103 / 100000;
  }
};

/// Eigen's own divides two integers of 31 bits, which a format of few bits takes for infinities.
template <lowp::number_type T>
struct Eigen::internal::random_impl<T> {
  static T run(const T& low, const T& high) {
    const double x = static_cast<double>(low), y = static_cast<double>(high);
    return T(x + (y - x) * static_cast<double>(std::rand()) / static_cast<double>(RAND_MAX));
  }
  static T run() { return run(limits_of_signed(), T(1)); }

 private:
  static T limits_of_signed() { return std::numeric_limits<T>::is_signed ? T(-1) : T(0); }
};
