// SPDX-License-Identifier: MIT
// Functions of <cmath> by MPFR, rounded to a format by search in the list of its values.
#pragma once

#include <mpfr.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exact_oracle.hpp"
#include "lowp/number/math.hpp"
#include "split_mix.hpp"

namespace math_oracle {

/// A real number of 128 bits, with MPFR's word on whether it is below or above the true result.
class real {
 public:
  real() {
    mpfr_set_emin(mpfr_get_emin_min());  // erfc(1e5) is a number
    mpfr_set_emax(mpfr_get_emax_max());
    mpfr_init2(value_, 128);
  }
  real(const real&) = delete;
  real& operator=(const real&) = delete;
  ~real() { mpfr_clear(value_); }
  operator mpfr_ptr() { return value_; }
  int inexact = 0;

 private:
  mpfr_t value_;
};

/// The code that x rounds to, to nearest even with overflow::to_special; none if that is a NaN.
inline std::optional<std::uint64_t> round_to(const oracle::table& t, real& x) {
  const bool is_negative = mpfr_signbit(x) != 0;
  const int last = is_negative ? t.largest_negative : t.largest;
  const auto beyond = [&]() -> std::optional<std::uint64_t> {
    if (t.has_infinity) return t.code_of(static_cast<int>(t.infinity), is_negative);
    if (t.has_nan) return {};
    return t.code_of(last, is_negative);
  };
  if (mpfr_nan_p(x) != 0) {
    if (t.has_nan) return {};
    return t.code_of(t.largest, false);
  }
  if (mpfr_inf_p(x) != 0) return beyond();
  if (mpfr_zero_p(x) != 0) {  // or less than MPFR has exponents for
    return t.code_of(x.inexact != 0 && t.is_posit ? 1 : 0, is_negative);
  }
  if (is_negative && !t.is_signed)
    return t.has_nan ? std::nullopt : std::optional(t.code_of(0, false));
  // The first index whose upper threshold is not below |x|.
  int low = 0, high = last + 1;
  const auto order = [&](int i) {  // of |x| and the threshold above i
    const double threshold = t.thresholds[static_cast<std::size_t>(i)];
    const int sign = mpfr_cmp_d(x, is_negative ? -threshold : threshold);
    const int order_of_x = sign != 0 ? sign : -x.inexact;
    return is_negative ? -order_of_x : order_of_x;
  };
  while (low < high) {
    const int middle = (low + high) / 2;
    const int sign = middle > last ? -1 : order(middle);
    const bool stays = sign < 0 || (sign == 0 && middle % 2 == 0);
    if (stays) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low <= last) return t.code_of(low, is_negative);
  if (t.is_posit) return t.code_of(last, is_negative);
  return beyond();
}

inline void load(const oracle::table& t, std::uint64_t code, real& x) {
  const auto d = t.decode(code);
  switch (d.kind) {
    case oracle::kind::nan: return mpfr_set_nan(x);
    case oracle::kind::infinity: return mpfr_set_inf(x, d.is_negative ? -1 : 1);
    case oracle::kind::finite: break;
  }
  mpfr_set_d(x, t.value(d), MPFR_RNDN);
  // A posit or an integer has but one zero.
  if (d.index == 0) mpfr_set_zero(x, d.is_negative && t.has_negative_zero ? -1 : 1);
}

inline bool is_right(const oracle::table& t, std::uint64_t got, real& want) {
  const auto code = round_to(t, want);
  return code ? got == *code : t.decode(got).kind == oracle::kind::nan;
}

/// Functions of one argument: name, ours, MPFR's.
template <class T>
struct one_argument {
  const char* name;
  T (*ours)(T);
  int (*theirs)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
};
template <class T>
const std::vector<one_argument<T>>& elementary_functions() {
#define LOWP_CASE(name)                             \
  {                                                 \
#name, [](T x) { return name(x); }, mpfr_##name \
  }
  static const std::vector<one_argument<T>> list{
      LOWP_CASE(exp),
      LOWP_CASE(exp2),
      LOWP_CASE(expm1),
      LOWP_CASE(log),
      LOWP_CASE(log2),
      LOWP_CASE(log10),
      LOWP_CASE(log1p),
      LOWP_CASE(cbrt),
      LOWP_CASE(sin),
      LOWP_CASE(cos),
      LOWP_CASE(tan),
      LOWP_CASE(asin),
      LOWP_CASE(acos),
      LOWP_CASE(atan),
      LOWP_CASE(sinh),
      LOWP_CASE(cosh),
      LOWP_CASE(tanh),
      LOWP_CASE(asinh),
      LOWP_CASE(acosh),
      LOWP_CASE(atanh),
      LOWP_CASE(erf),
      LOWP_CASE(erfc),
      LOWP_CASE(sqrt),
      {"tgamma", [](T x) { return tgamma(x); }, mpfr_gamma},
      {"lgamma", [](T x) { return lgamma(x); },
       [](mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t mode) {
         int sign = 0;
         return mpfr_lgamma(y, &sign, x, mode);
       }},
      {"floor", [](T x) { return floor(x); },
       [](mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_floor(y, x) * 0; }},
      {"ceil", [](T x) { return ceil(x); },
       [](mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_ceil(y, x) * 0; }},
      {"trunc", [](T x) { return trunc(x); },
       [](mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_trunc(y, x) * 0; }},
      {"round", [](T x) { return round(x); },
       [](mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_round(y, x) * 0; }},
      {"rint", [](T x) { return rint(x); },
       [](mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t) { return mpfr_rint(y, x, MPFR_RNDN) * 0; }},
      {"modf",
       [](T x) {
         T whole;
         return modf(x, &whole);
       },
       [](mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t mode) { return mpfr_frac(y, x, mode); }},
  };
#undef LOWP_CASE
  return list;
}

template <class T>
struct two_arguments {
  const char* name;
  T (*ours)(T, T);
  int (*theirs)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);
};
template <class T>
const std::vector<two_arguments<T>>& functions_of_two() {
#define LOWP_CASE(name, mpfr)                        \
  {                                                  \
#name, [](T x, T y) { return name(x, y); }, mpfr \
  }
  static const std::vector<two_arguments<T>> list{
      LOWP_CASE(pow, mpfr_pow),     LOWP_CASE(atan2, mpfr_atan2),
      LOWP_CASE(hypot, mpfr_hypot), LOWP_CASE(fmod, mpfr_fmod),
      LOWP_CASE(fdim, mpfr_dim),    LOWP_CASE(remainder, mpfr_remainder)};
#undef LOWP_CASE
  return list;
}

struct count {
  long long compared = 0, wrong = 0;
  std::string first;  ///< of the wrong ones
};

/// Every `stride`th code through every function of one argument.
template <class T>
count compare_one(const oracle::table& t, std::uint64_t stride, std::uint64_t first = 0) {
  count result;
  real x, y;
  for (const auto& function : elementary_functions<T>()) {
    for (std::uint64_t code = first; code <= t.mask(); code += stride) {
      load(t, code, x);
      y.inexact = function.theirs(y, x, MPFR_RNDN);
      const std::uint64_t got = function.ours(T::from_code(code)).code();
      ++result.compared;
      if (is_right(t, got, y)) continue;
      if (result.wrong++ == 0 || result.first.find(function.name) == std::string::npos)
        result.first += std::string(function.name) + " of code " + std::to_string(code) +
                        " gives " + std::to_string(got) + "; ";
    }
  }
  return result;
}

/// The pairs of codes that `next` gives.
template <class T, class Next>
count compare_two(const oracle::table& t, long long pairs, Next next) {
  count result;
  real x, y, z;
  for (; pairs > 0; --pairs) {
    const auto [a, b] = next();
    load(t, a, x);
    load(t, b, y);
    for (const auto& function : functions_of_two<T>()) {
      z.inexact = function.theirs(z, x, y, MPFR_RNDN);
      const std::uint64_t got = function.ours(T::from_code(a), T::from_code(b)).code();
      ++result.compared;
      if (is_right(t, got, z)) continue;
      if (result.wrong++ == 0 || result.first.find(function.name) == std::string::npos)
        result.first += std::string(function.name) + " of codes " + std::to_string(a) + " and " +
                        std::to_string(b) + " gives " + std::to_string(got) + "; ";
    }
  }
  return result;
}

/// Pairs of codes, of any numbers and, more than would come by chance, of small ones.
template <class T>
auto some_pairs(const oracle::table& t, std::uint64_t seed) {
  return [&t, random = test::split_mix(seed)]() mutable {
    std::uint64_t a = random.word() & t.mask(), b = random.word() & t.mask();
    const auto small = [&] { return static_cast<int>(random.below(49)) - 16; };
    if (random.below(3) == 0) a = T(small() * 0.5).code();
    if (random.below(2) == 0) b = T(small()).code();
    return std::pair(a, b);
  };
}

}  // namespace math_oracle
