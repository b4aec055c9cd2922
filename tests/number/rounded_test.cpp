// SPDX-License-Identifier: MIT
// dropin::rounded computes what dropin::number computes, whatever its carrier.
#include "lowp/number/rounded.hpp"

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "catch.hpp"
#include "split_mix.hpp"

namespace {

namespace formats = lowp::formats;
namespace dropin = lowp::dropin;

/// As numbers of one format; NaNs of either sign.
template <class Number, class Rounded>
bool same(Number expected, Rounded actual) {
  if (isnan(expected)) return isnan(actual) && lowp::unpack(double(actual)).is_nan();
  return expected.code() == actual.code() &&
         lowp::unpack(double(actual)).negative == signbit(expected);
}

template <class Rounded, class Number>
void check_pair(Number a, Number b, std::uint64_t& wrong) {
  const Rounded x = Rounded::from_code(a.code()), y = Rounded::from_code(b.code());
  const auto check = [&](Number expected, Rounded actual) { wrong += !same(expected, actual); };
  check(a + b, x + y);
  check(a - b, x - y);
  check(a * b, x * y);
  check(a / b, x / y);
  check(sqrt(a), sqrt(x));
  check(-a, -x);
  Rounded z = x;
  z += y;
  check(a + b, z);
  wrong += (a < b) != (x < y) || (a == b) != (x == y) || (a >= b) != (x >= y);
}

template <auto F, class Carrier, auto Rounding = lowp::nearest_even,
          lowp::overflow Overflow = lowp::overflow::to_special>
void check(const char* name, int pairs = 300000) {
  INFO(name);
  using rounded = dropin::rounded<F, Carrier, Rounding, Overflow>;
  using number = dropin::number<F, Rounding, Overflow>;
  std::uint64_t wrong = 0;
  if (F.bits() <= 8) {
    for (lowp::code_t a = 0; a < lowp::code_t{1} << F.bits(); ++a) {
      for (lowp::code_t b = 0; b < lowp::code_t{1} << F.bits(); ++b) {
        check_pair<rounded>(number::from_code(a), number::from_code(b), wrong);
      }
    }
  } else {
    test::split_mix random(2);
    for (int i = 0; i < pairs; ++i) {
      const number a = number::from_code(random.word());
      // Every fourth near the other or its negative, where sums cancel and quotients are near 1.
      const lowp::code_t sign = random.word() & lowp::code_t{1} << (F.bits() - 1);
      const lowp::code_t near = (a.code() ^ sign) + random.below(16);
      const number b = number::from_code(i % 4 == 0 ? near : random.word());
      check_pair<rounded>(a, b, wrong);
    }
  }
  CHECK(wrong == 0);
  // Conversions.
  test::split_mix random(3);
  for (int i = 0; i < 20000; ++i) {
    const double d = std::ldexp(static_cast<double>(random.word() >> 11),
                                static_cast<int>(random.below(60)) - 90);
    wrong += !same(number(d), rounded(d)) || !same(number(float(d)), rounded(float(d)));
    const auto n = static_cast<std::int64_t>(random.word()) >> random.below(64);
    wrong += !same(number(n), rounded(n)) || static_cast<int>(number(d)) != int(rounded(d));
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("rounded: all pairs of formats of 8 bits and fewer") {
  check<formats::e4m3fn, float>("e4m3fn");
  check<formats::e5m2, float>("e5m2");
  check<formats::e4m3fnuz, float>("e4m3fnuz");
  check<formats::p3109(8, 3), double>("p3109");
  check<formats::e2m1, float, lowp::nearest_even, lowp::overflow::saturate>("e2m1");
  check<formats::fixed<8, 4>, float>("fixed<8, 4>");
  check<formats::ue4m3, float>("ue4m3");
  check<formats::e3m0, float>("e3m0");
  check<formats::posit<8, 0>, float>("posit<8, 0>");
  check<formats::e5m2, float, lowp::upward>("e5m2 upward");
}

TEST_CASE("rounded: sampled pairs of larger formats") {
  check<formats::binary16, float>("binary16 in float", 1000000);
  check<formats::binary16, double>("binary16 in double");
  check<formats::bfloat16, double>("bfloat16 in double");
  check<formats::bfloat16, float>("bfloat16 in float");
  check<formats::tf32, double>("tf32");
  check<formats::binary32, double>("binary32 in double", 100000);
  check<formats::fixed<16, 8>, double>("fixed<16, 8>");
  check<formats::fixed<32, 16>, double>("fixed<32, 16>", 100000);
  check<formats::posit<16, 1>, double>("posit<16, 1>", 100000);
  check<formats::binary16, float, lowp::toward_zero>("binary16 toward zero", 100000);
}

TEST_CASE("rounded: the carrier that serves") {
  static_assert(std::is_same_v<dropin::rounded<formats::binary16>::carrier_type, float>);
  static_assert(std::is_same_v<dropin::rounded<formats::e4m3fn>::carrier_type, float>);
  static_assert(std::is_same_v<dropin::rounded<formats::bfloat16>::carrier_type, double>);
  static_assert(std::is_same_v<dropin::rounded<formats::binary32>::carrier_type, double>);
  static_assert(sizeof(dropin::rounded<formats::binary16>) == 4);
  static_assert(std::is_trivially_copyable_v<dropin::rounded<formats::binary16>>);
}

TEST_CASE("rounded: constant expressions are those of number") {
  using real = dropin::rounded<formats::binary16>;
  constexpr real third = real(1) / 3, sum = third + 0.1;
  static_assert(sum.code() == (dropin::binary16(1) / 3 + 0.1).code());
  volatile double one = 1;
  CHECK(real(one) / 3 + 0.1 == sum);
}

TEST_CASE("rounded: existing code") {
  using real = dropin::rounded<formats::binary16>;
  const auto step = [](auto x, double y) {
    x += 0.5 * y;
    if (x > 1) x = std::sqrt(x);
    ++x;
    return x / 2 + decltype(x)(std::exp(x));
  };
  for (const double y : {0.3, 1.7, 5.5}) {
    CHECK(double(step(real(0), y)) == double(step(dropin::binary16(0), y)));
  }
}

TEST_CASE("rounded: draws are those of number") {
  constexpr lowp::stochastic mode{.seed = 9, .random_bits = 8};
  using real = dropin::rounded<formats::binary16, float, mode>;
  using number = dropin::number<formats::binary16, mode>;
  const auto walk = [](auto x) {
    const dropin::seed scope(5);
    using T = decltype(x);
    for (int i = 0; i < 1000; ++i) x = x * T::from_code(0x3C01) + T::from_code(0x0C01);
    return x.code();
  };
  CHECK(walk(real::from_code(0x3800)) == walk(number::from_code(0x3800)));
}

TEST_CASE("rounded: comparisons with numbers of C++ are by value") {
  using real = dropin::rounded<formats::binary16>;
  const real tenth = 0.1;
  CHECK(tenth != 0.1);
  CHECK(tenth < 0.1);
  CHECK(0.1 > tenth);
  CHECK(tenth == double(tenth));
  CHECK(real(2049) < 2049);
  CHECK(real(2048) == 2048);
  CHECK_FALSE(real(std::nan("")) == 1.0);
  CHECK_FALSE(real(1) < std::nan(""));
}
