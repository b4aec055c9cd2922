// SPDX-License-Identifier: MIT
// Distributions of drop-in numbers against those of double.
#include "lowp/adapters/random.hpp"

#include <random>
#include <type_traits>

#include "catch.hpp"
#include "lowp/number/dropin.hpp"
#include "lowp/number/dynamic.hpp"

namespace {

namespace formats = lowp::formats;
using half = lowp::dropin::binary16;

/// Numbers of `distribution` are those of the double one, rounded.
template <template <class> class Distribution, class T, class... Numbers>
void check(const char* name, Numbers... numbers) {
  INFO(name);
  std::mt19937 ours(5), theirs(5);
  Distribution<T> actual(numbers...);
  Distribution<double> expected(static_cast<double>(T(numbers))...);
  static_assert(std::is_same_v<typename Distribution<T>::result_type, T>);
  for (int i = 0; i < 500; ++i) {
    const T x = actual(ours);
    CHECK(static_cast<double>(x) == static_cast<double>(T(expected(theirs))));
  }
  Distribution<T> other;
  other.param(actual.param());
  CHECK((other.param() == actual.param()));
  CHECK((Distribution<T>(actual.param()) == Distribution<T>(actual.param())));
  actual.reset(), expected.reset();
  CHECK(other(ours, actual.param()) == T(expected(theirs)));
}

}  // namespace

TEST_CASE("distributions of numbers are those of double, rounded once") {
  check<std::normal_distribution, half>("normal", 0, 0.3);
  check<std::normal_distribution, lowp::dropin::posit<16, 1>>("normal, posit", 1.5, 2);
  check<std::lognormal_distribution, half>("lognormal", 0.1, 0.5);
  check<std::exponential_distribution, half>("exponential", 1.5);
  check<std::gamma_distribution, half>("gamma", 2, 0.5);
  check<std::weibull_distribution, half>("Weibull", 1.5, 2);
  check<std::extreme_value_distribution, half>("extreme value", 1, 2);
  check<std::chi_squared_distribution, half>("chi squared", 3);
  check<std::cauchy_distribution, half>("Cauchy", 0, 0.01);
  check<std::fisher_f_distribution, half>("Fisher", 9, 8);
  check<std::student_t_distribution, half>("Student", 5);
}

TEST_CASE("distributions know their parameters") {
  const std::normal_distribution<half> normal(0.1);
  CHECK(normal.mean() == half(0.1));
  CHECK(normal.stddev() == 1);
  const std::uniform_real_distribution<half> uniform(-2, half(0.7));
  CHECK(uniform.a() == -2);
  CHECK(uniform.b() == half(0.7));
  CHECK((uniform.min)() == -2);
  CHECK((uniform.max)() == half(0.7));
  CHECK((std::uniform_real_distribution<half>() == std::uniform_real_distribution<half>(0, 1)));
}

TEST_CASE("uniform numbers lie below the end of their interval") {
  std::mt19937_64 generator(1);
  using coarse = lowp::dropin::e5m2;
  std::uniform_real_distribution<coarse> uniform(1, 2);
  int counts[5] = {};
  for (int i = 0; i < 4000; ++i) {
    const coarse x = uniform(generator);
    REQUIRE(x >= 1);
    REQUIRE(x < 2);
    ++counts[static_cast<int>(4 * (x - 1))];
    const auto canonical = std::generate_canonical<coarse, 32>(generator);
    REQUIRE(canonical >= 0);
    REQUIRE(canonical < 1);
  }
  // What is nearest; what would be 2 is the last number below.
  const int shares[] = {1, 2, 2, 3};
  for (int i = 0; i < 4; ++i) CHECK(std::abs(counts[i] - 500 * shares[i]) < 120);
}

TEST_CASE("an empty interval has its end") {
  std::mt19937 generator(1);
  CHECK(std::uniform_real_distribution<half>(1, 1)(generator) == 1);
  CHECK(std::uniform_real_distribution<half>(0, 1)(generator) < 1);
  const lowp::dropin::precision_scope scope(formats::bfloat16);
  using dynamic = lowp::dropin::dynamic;
  std::uniform_real_distribution<dynamic> uniform(0, 1);
  const auto x = static_cast<double>(uniform(generator));
  CHECK(x == static_cast<double>(lowp::bfloat16(x)));
}
