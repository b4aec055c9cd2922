// SPDX-License-Identifier: MIT
// math.hpp: all codes of 8 bits and samples of 16 and 32 against MPFR, rounded by search in lists
// of values; what takes numbers apart against the functions of double.
#include "lowp/number/math.hpp"

#include <cfenv>
#include <climits>
#include <cmath>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/limits.hpp"
#include "math_oracle.hpp"
#include "split_mix.hpp"

using namespace lowp;
using oracle::ends;

namespace {

template <class T>
void check(const oracle::table& t, std::uint64_t stride) {
  INFO(t.name);
  const math_oracle::count one = math_oracle::compare_one<T>(t, stride);
  INFO(one.first);
  CHECK(one.wrong == 0);
  const math_oracle::count two =
      math_oracle::compare_two<T>(t, 1500, math_oracle::some_pairs<T>(t, 1));
  INFO(two.first);
  CHECK(two.wrong == 0);
}

}  // namespace

TEST_CASE("functions of <cmath> are the correct rounding") {
  check<e5m2>(oracle::float_table("e5m2", 5, 2, 15, ends::ieee), 1);
  check<e4m3fn>(oracle::float_table("e4m3fn", 4, 3, 7, ends::one_nan), 1);
  check<e4m3fnuz>(oracle::float_table("e4m3fnuz", 4, 3, 8, ends::nan_is_minus0), 1);
  check<posit<8>>(oracle::posit_table(8, 2), 1);
  check<fixed<8, 4>>(oracle::fixed_table("fixed8.4", 8, 4), 1);
  check<binary16>(oracle::float_table("binary16", 5, 10, 15, ends::ieee), 61);
  check<bfloat16>(oracle::float_table("bfloat16", 8, 7, 127, ends::ieee), 61);
  check<posit<16, 1>>(oracle::posit_table(16, 1), 61);
  check<fixed<16, 8>>(oracle::fixed_table("fixed16.8", 16, 8), 61);
}

namespace {

/// Whether a result of more than 16 bits is next to the true one, and how often it is not nearest.
template <class T>
void check_within_one_unit(std::uint64_t mask) {
  test::split_mix random(3);
  math_oracle::real x, y;
  int wrong = 0, compared = 0, not_nearest = 0;
  std::string first;
  for (int i = 0; i < 400; ++i) {
    const T argument = i % 2 == 0 ? T::from_code(random.word() & mask)
                                  : T(static_cast<double>(random.below(1u << 20)) * 0x1p-17 - 2);
    for (const auto& function : math_oracle::elementary_functions<T>()) {
      mpfr_set_d(x, double(argument), MPFR_RNDN);
      function.theirs(y, x, MPFR_RNDN);
      const T got = function.ours(argument);
      if (mpfr_number_p(y) == 0 || !isfinite(got)) continue;
      ++compared;
      const double below = double(nextafter(got, std::numeric_limits<T>::lowest()));
      const double above = double(nextafter(got, (std::numeric_limits<T>::max)()));
      const bool is_next = mpfr_cmp_d(y, below) >= 0 && mpfr_cmp_d(y, above) <= 0;
      const bool is_end = got == (std::numeric_limits<T>::max)() ||
                          got == std::numeric_limits<T>::lowest();  // saturated
      if (!is_next && !is_end && wrong++ == 0) first = function.name;
      const auto nearest = static_cast<double>(mpfr_get_ld(y, MPFR_RNDN));
      if (!std::isnormal(nearest)) continue;  // beyond double, which the other count covers
      not_nearest += T(nearest).code() != got.code();
    }
  }
  INFO(first);
  CHECK(compared > 4000);
  CHECK(wrong == 0);
  CHECK(not_nearest <= 1);
}

}  // namespace

TEST_CASE("results of 32 bits are within a unit of the last place") {
  check_within_one_unit<binary32>(0xFFFFFFFFu);
  check_within_one_unit<posit<32>>(0xFFFFFFFFu);
  check_within_one_unit<fixed<32, 16>>(0xFFFFFFFFu);
}

namespace {

/// Parts of numbers as double has them, which holds all of T and what its numbers fall into.
template <class T>
void check_parts() {
  int wrong = 0;
  const auto same = [](T got, double want) {
    return std::isnan(want) ? isnan(got) : got.code() == T(want).code();
  };
  test::split_mix random(4);
  for (int i = 0; i < 5000; ++i) {
    const T x = T::from_code(random.word());
    const double d = double(x);
    int exponent = 0, want_exponent = 0;
    wrong += !same(frexp(x, &exponent), std::frexp(d, &want_exponent));
    wrong += std::isfinite(d) && exponent != want_exponent;
    const int power = static_cast<int>(random.below(41)) - 20;
    wrong += !same(ldexp(x, power), std::ldexp(d, power));
    wrong += !same(scalbn(x, power), std::scalbn(d, power));
    wrong += !same(scalbln(x, long{power}), std::scalbln(d, long{power}));
    wrong += !same(logb(x), std::logb(d));
    wrong += ilogb(x) != std::ilogb(d);
    T whole;
    double want_whole = 0;
    wrong += !same(modf(x, &whole), std::modf(d, &want_whole));
    wrong += !same(whole, want_whole);
    if (std::abs(d) < 1e9) {
      wrong += lround(x) != std::lround(d) || llround(x) != std::llround(d);
      wrong += lrint(x) != std::lrint(d) || llrint(x) != std::llrint(d);
    }
    wrong += !same(nearbyint(x), std::nearbyint(d));
    wrong += !same(fabs(x), std::fabs(d));
    wrong += fpclassify(x) == FP_SUBNORMAL ? std::abs(d) >= double(std::numeric_limits<T>::min())
                                           : fpclassify(x) != std::fpclassify(d);
    const T y = T::from_code(random.word());
    const double e = double(y);
    int quotient = 0, want_quotient = 0;
    wrong += !same(remquo(x, y, &quotient), std::remquo(d, e, &want_quotient));
    wrong += std::isfinite(d) && std::isfinite(e) && e != 0 && (quotient - want_quotient) % 8 != 0;
    wrong += isless(x, y) != std::isless(d, e) || isgreater(x, y) != std::isgreater(d, e);
    wrong += islessequal(x, y) != std::islessequal(d, e);
    wrong += isgreaterequal(x, y) != std::isgreaterequal(d, e);
    wrong += islessgreater(x, y) != std::islessgreater(d, e);
    wrong += isunordered(x, y) != std::isunordered(d, e);
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("parts of numbers") {
  check_parts<binary16>();
  check_parts<bfloat16>();
  check_parts<e5m2>();
  check_parts<binary32>();
  CHECK(scalbln(binary16(1), LONG_MAX).code() == 0x7C00);
  CHECK(scalbln(binary16(-1), LONG_MIN).code() == 0x8000);
  CHECK(ilogb(posit<16, 1>(0)) == FP_ILOGB0);
  CHECK(ilogb(binary16::from_code(0x7C00)) == INT_MAX);
}

TEST_CASE("the next number is the next code") {
  const auto check = []<class T>(const oracle::table& t, T) {
    int wrong = 0;
    const T low = std::numeric_limits<T>::lowest(), high = (std::numeric_limits<T>::max)();
    for (int i = 0; i < t.largest; ++i) {
      const T x = T::from_code(t.code_of(i, false)), up = T::from_code(t.code_of(i + 1, false));
      wrong += nextafter(x, high).code() != up.code() || nextafter(up, low) != x;
      wrong += nextafter(up, 0).code() != x.code();
      wrong += nextafter(x, x).code() != x.code();
      if (!t.is_signed) continue;
      const T minus_x = T::from_code(t.code_of(i, true)),
              down = T::from_code(t.code_of(i + 1, true));
      wrong += nextafter(minus_x, low).code() != down.code() || nextafter(down, high) != minus_x;
    }
    INFO(t.name);
    CHECK(wrong == 0);
  };
  check(oracle::float_table("e5m2", 5, 2, 15, ends::ieee), e5m2{});
  check(oracle::float_table("e4m3fn", 4, 3, 7, ends::one_nan), e4m3fn{});
  check(oracle::posit_table(8, 2), posit<8>{});
  check(oracle::fixed_table("fixed8.4", 8, 4), fixed<8, 4>{});
  check(oracle::float_table("binary16", 5, 10, 15, ends::ieee), binary16{});
  STATIC_REQUIRE(nextafter(binary16(65504), binary16::from_code(0x7C00)).code() == 0x7C00);
  STATIC_REQUIRE(nextafter(binary16::from_code(0x7C00), binary16(0)) == 65504);
  STATIC_REQUIRE(nexttoward(binary16(1), 1.0L + 1e-10L).code() == 0x3C01);
  STATIC_REQUIRE(nexttoward(binary16(1), 1.0L).code() == 0x3C00);
  STATIC_REQUIRE(nexttoward(binary16(0), -1.0L).code() == 0x8001);
  STATIC_REQUIRE(nexttoward(e4m3fn(1), 2.0L) == 1.125);  // which has no infinity
  STATIC_REQUIRE(nexttoward(e4m3fn(1), -2.0L) == 0.9375);
  STATIC_REQUIRE(nexttoward(posit<16>(1), 2.0L) > 1);
  STATIC_REQUIRE(isinf(nexttoward((std::numeric_limits<binary16>::max)(), 1e9L)));
}

TEST_CASE("an angle just below the middle of two numbers") {
  // y / x is the middle, and what binary64 has.
  CHECK(atan2(bfloat16::from_code(446), bfloat16::from_code(16768)).code() == 47);
  CHECK(atan2(posit<16>::from_code(331), posit<16>::from_code(24576)).code() == 165);
}

TEST_CASE("operands mix with integers and constants") {
  const binary16 x = 1.7;
  CHECK(pow(x, 2).code() == pow(x, binary16(2)).code());
  CHECK(pow(2, x).code() == pow(binary16(2), x).code());
  CHECK(pow(x, 0.1).code() == pow(x, binary16(0.1)).code());
  CHECK(fmax(0.0, -x) == 0);
  CHECK(fmin(x, 1) == 1);
  CHECK(hypot(x, 1, 0.5).code() == hypot(x, binary16(1), binary16(0.5)).code());
  CHECK(fma(x, x, 1.5).code() == fma(x, x, binary16(1.5)).code());
  CHECK(atan2(x, -1).code() == atan2(x, binary16(-1)).code());
  CHECK(copysign(x, -1) == -x);
  CHECK(isless(x, 2));
  // An integer exponent need not be a number of the format.
  CHECK(pow(e4m3fn(1), 1000) == 1);
  CHECK(pow(fixed<16, 8>(1.0078125), 300) == fixed<16, 8>(std::pow(1.0078125, 300)));
}

TEST_CASE("the rounding mode of the thread does not matter") {
  const auto results = [] {
    std::vector<std::uint64_t> codes;
    for (unsigned code = 0; code < 0x10000; code += 257) {
      const auto x = bfloat16::from_code(code);
      for (const bfloat16 y : {exp(x), sin(x), lgamma(x), pow(x, x), erfc(x), cbrt(x)}) {
        codes.push_back(y.code());
      }
    }
    return codes;
  };
  const auto want = results();
  std::fesetround(FE_UPWARD);
  const auto got = results();
  std::fesetround(FE_TONEAREST);
  CHECK(got == want);
}

TEST_CASE("exact functions are constant expressions") {
  STATIC_REQUIRE(floor(binary16(-1.5)) == -2);
  STATIC_REQUIRE(fmod(binary16(7.5), 2) == 1.5);
  STATIC_REQUIRE(hypot(binary16(3), 4) == 5);
  STATIC_REQUIRE(ldexp(binary16(1), -24).code() == 1);
}
