// SPDX-License-Identifier: MIT
// The distributions of <random> for drop-in numbers: std::normal_distribution<real>. They draw in
// double and round each number once, as the type rounds. The standard library itself refuses types
// that are not its own, and its way to a number of a narrow type would lead over infinities: a draw
// of 32 bits divided by 2^32.
//
// What a distribution draws is that of the same one of double, which standard libraries do not
// agree about. A number of uniform_real_distribution(a, b) that would be rounded to b becomes the
// one below.
#pragma once

#include <cstddef>
#include <random>
#include <type_traits>

#include "lowp/number/exact_math.hpp"
#include "lowp/number/faces.hpp"

namespace lowp::detail {

/// What distributions of numbers have in common: `Double` is that of double, `T` the type.
template <class Distribution, class Double, other_face T>
class rounded_distribution {
 public:
  using result_type = T;

  class param_type {
   public:
    using distribution_type = Distribution;
    param_type() = default;
    template <class... Numbers>
    requires(sizeof...(Numbers) >= 1 && sizeof...(Numbers) <= 2 &&
             (std::is_convertible_v<Numbers, T> &&
              ...)) explicit param_type(const Numbers&... numbers)
        : inner_(static_cast<double>(static_cast<T>(numbers))...) {}
    [[nodiscard]] friend bool operator==(const param_type& a, const param_type& b) {
      return a.inner_ == b.inner_;
    }

   private:
    friend rounded_distribution;
    friend Distribution;
    typename Double::param_type inner_;
  };

  rounded_distribution() = default;
  explicit rounded_distribution(const param_type& p) : inner_(p.inner_) {}
  template <class... Numbers>
  requires requires(const Numbers&... numbers) { param_type(numbers...); }
  explicit rounded_distribution(const Numbers&... numbers)
      : rounded_distribution(param_type(numbers...)) {}

  void reset() { inner_.reset(); }
  [[nodiscard]] param_type param() const {
    param_type p;
    p.inner_ = inner_.param();
    return p;
  }
  void param(const param_type& p) { inner_.param(p.inner_); }
  [[nodiscard]] T(min)() const { return static_cast<T>((inner_.min)()); }
  [[nodiscard]] T(max)() const { return static_cast<T>((inner_.max)()); }

  template <class Generator>
  T operator()(Generator& generator) {
    return Distribution::rounded(inner_, generator);
  }
  template <class Generator>
  T operator()(Generator& generator, const param_type& p) {
    Double other(p.inner_);
    return Distribution::rounded(other, generator);
  }

  template <class Generator>
  [[nodiscard]] static T rounded(Double& inner, Generator& generator) {
    return static_cast<T>(inner(generator));
  }

 protected:
  Double inner_;
};

}  // namespace lowp::detail

namespace std {

#define LOWP_DISTRIBUTION_BASE(name) lowp::detail::rounded_distribution<name<T>, name<double>, T>
#define LOWP_DISTRIBUTION(name, ...)                                     \
  template <lowp::detail::other_face T>                                  \
  class name<T> : public LOWP_DISTRIBUTION_BASE(name) {                  \
   public:                                                               \
    using LOWP_DISTRIBUTION_BASE(name)::rounded_distribution;            \
    [[nodiscard]] friend bool operator==(const name& x, const name& y) { \
      return x.inner_ == y.inner_;                                       \
    }                                                                    \
    __VA_ARGS__                                                          \
  }
#define LOWP_PARAMETER(name) \
  [[nodiscard]] T name() const { return static_cast<T>(this->inner_.name()); }
LOWP_DISTRIBUTION(
    uniform_real_distribution,
    LOWP_PARAMETER(a) LOWP_PARAMETER(b) template <class Generator>
    [[nodiscard]] static T rounded(uniform_real_distribution<double>& inner, Generator& generator) {
      const T x = static_cast<T>(inner(generator)), end = static_cast<T>(inner.b());
      return x == end ? nextafter(end, static_cast<T>(inner.a())) : x;
    });
LOWP_DISTRIBUTION(normal_distribution, LOWP_PARAMETER(mean) LOWP_PARAMETER(stddev));
LOWP_DISTRIBUTION(lognormal_distribution, LOWP_PARAMETER(m) LOWP_PARAMETER(s));
LOWP_DISTRIBUTION(exponential_distribution, LOWP_PARAMETER(lambda));
LOWP_DISTRIBUTION(gamma_distribution, LOWP_PARAMETER(alpha) LOWP_PARAMETER(beta));
LOWP_DISTRIBUTION(weibull_distribution, LOWP_PARAMETER(a) LOWP_PARAMETER(b));
LOWP_DISTRIBUTION(extreme_value_distribution, LOWP_PARAMETER(a) LOWP_PARAMETER(b));
LOWP_DISTRIBUTION(chi_squared_distribution, LOWP_PARAMETER(n));
LOWP_DISTRIBUTION(cauchy_distribution, LOWP_PARAMETER(a) LOWP_PARAMETER(b));
LOWP_DISTRIBUTION(fisher_f_distribution, LOWP_PARAMETER(m) LOWP_PARAMETER(n));
LOWP_DISTRIBUTION(student_t_distribution, LOWP_PARAMETER(n));
#undef LOWP_PARAMETER
#undef LOWP_DISTRIBUTION
#undef LOWP_DISTRIBUTION_BASE

/// A number of [0, 1), by as many random bits as double takes or `Bits`.
template <lowp::detail::other_face T, size_t Bits, class Generator>
T generate_canonical(Generator& generator) {
  const T x = static_cast<T>(std::generate_canonical<double, Bits>(generator));
  return x < 1 ? x : nextafter(T(1), T(0));
}

}  // namespace std
