// SPDX-License-Identifier: MIT
// Numbers of a format that is chosen at run time against dropin::number of that format.
#include "lowp/number/dynamic.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "split_mix.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::dropin::dynamic;
using lowp::dropin::precision;
using lowp::dropin::precision_scope;

template <class Number>
bool same(Number expected, const dynamic& actual) {
  const lowp::unpacked x = unpack(expected), y = unpack(actual);
  return x.is_nan() ? y.is_nan() : x == y;
}

template <auto F, auto Rounding = lowp::nearest_even,
          lowp::overflow Overflow = lowp::overflow::to_special>
void check(const char* name, int pairs = 60000) {
  INFO(name);
  using number = lowp::dropin::number<F, Rounding, Overflow>;
  const precision_scope scope(F, Rounding, Overflow);
  test::split_mix random(4);
  std::uint64_t wrong = 0;
  for (int i = 0; i < pairs; ++i) {
    const number a = number::from_code(random.word());
    const lowp::code_t sign = random.word() & lowp::code_t{1} << (F.bits() - 1);
    const number b =
        number::from_code(i % 4 == 0 ? (a.code() ^ sign) + random.below(16) : random.word());
    const number c = number::from_code(random.word());
    // A stochastic mode draws for a conversion, too.
    const auto of = [](number x) {
      const precision_scope whole(formats::binary64);
      return dynamic(static_cast<double>(x));
    };
    const dynamic x = of(a), y = of(b), z = of(c);
    const auto check_one = [&](auto&& expected, auto&& actual) {
      const auto p = [&] {
        const lowp::dropin::seed draws(7);
        return expected();
      }();
      const auto q = [&] {
        const lowp::dropin::seed draws(7);
        return actual();
      }();
      wrong += !same(p, q);
    };
    check_one([&] { return a + b; }, [&] { return x + y; });
    check_one([&] { return a - b; }, [&] { return x - y; });
    check_one([&] { return a * b; }, [&] { return x * y; });
    check_one([&] { return a / b; }, [&] { return x / y; });
    check_one([&] { return sqrt(a); }, [&] { return sqrt(x); });
    check_one([&] { return fma(a, b, c); }, [&] { return fma(x, y, z); });
    const double d = std::ldexp(static_cast<double>(random.word() >> 11),
                                static_cast<int>(random.below(60)) - 90);
    check_one([&] { return number(d); }, [&] { return dynamic(d); });
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("dynamic computes as number of the format in force") {
  check<formats::binary16>("binary16");
  check<formats::bfloat16>("bfloat16");
  check<formats::binary32>("binary32");
  check<formats::binary64>("binary64");
  check<formats::e4m3fn>("e4m3fn");
  check<formats::e4m3fnuz>("e4m3fnuz");
  check<formats::p3109(8, 4)>("p3109");
  check<formats::e4m3fn, lowp::nearest_even, lowp::overflow::saturate>("e4m3fn, saturate");
  check<formats::posit<16, 1>>("posit<16, 1>");
  check<formats::posit<32, 2>>("posit<32, 2>");
  check<formats::fixed<32, 16>>("fixed<32, 16>");
  check<formats::fixed<8, 4>, lowp::nearest_away, lowp::overflow::wrap>("fixed<8, 4>, wrap");
  check<formats::ue4m3>("ue4m3");
}

TEST_CASE("dynamic rounds in every mode") {
  check<formats::binary16, lowp::upward>("upward");
  check<formats::binary16, lowp::downward>("downward");
  check<formats::bfloat16, lowp::toward_zero>("toward zero");
  check<formats::bfloat16, lowp::nearest_away>("nearest away");
  check<formats::binary16, lowp::to_odd>("to odd");
  check<formats::binary16, lowp::stochastic{}>("stochastic");
  check<formats::e5m2, lowp::stochastic{.random_bits = 8}>("stochastic, 8 bits");
}

TEST_CASE("precisions nest, and threads have their own") {
  const auto third = [] { return static_cast<double>(dynamic(1) / 3); };
  const double whole = 1.0 / 3;
  CHECK(third() == whole);
  {
    const precision_scope outer(formats::binary16);
    CHECK(third() == static_cast<double>(lowp::binary16(whole)));
    {
      const precision_scope inner(formats::e5m2, lowp::upward);
      CHECK(third() == 0.375);
      double elsewhere = 0;
      std::thread([&] { elsewhere = third(); }).join();
      CHECK(elsewhere == whole);
    }
    CHECK(third() == static_cast<double>(lowp::binary16(whole)));
  }
  CHECK(third() == whole);
}

TEST_CASE("operands come into the format first") {
  const dynamic x = 0.1;  // of binary64
  const precision_scope scope(formats::binary16);
  using real = lowp::dropin::binary16;
  CHECK(static_cast<double>(x + 1) == static_cast<double>(real(0.1) + 1));
  CHECK(static_cast<double>(x * 3) == static_cast<double>(real(0.1) * 3));
}

TEST_CASE("constants are rounded where they are used") {
  static constexpr dynamic tenth = 0.1;
  const precision_scope scope(formats::bfloat16);
  CHECK(static_cast<double>(tenth * 3) == static_cast<double>(lowp::bfloat16(0.1) * 3));
}

TEST_CASE("an object may have a precision of its own") {
  const precision coarse(formats::e5m2);
  dynamic x(0.3, coarse);
  CHECK(static_cast<double>(x) == static_cast<double>(lowp::e5m2(0.3)));
  x = 1.0 / 3;
  CHECK(static_cast<double>(x) == static_cast<double>(lowp::e5m2(1.0 / 3)));
  x += 100;
  CHECK(static_cast<double>(x) == 96);
  dynamic y = 1.0 / 3;
  y = y * 1;
  CHECK(static_cast<double>(y) == 1.0 / 3);
}

TEST_CASE("roots are rounded to an object's own precision, by either name") {
  static_assert(!std::is_constructible_v<dynamic, double, lowp::float_format>);  // would dangle
  const precision coarse(formats::e4m3fn);
  const dynamic x(2, coarse);
  CHECK(static_cast<double>(sqrt(x)) == 1.375);
  CHECK(static_cast<double>(std::sqrt(x)) == 1.375);
  CHECK(static_cast<double>(std::fma(x, x, dynamic(0.1))) == 4);
  const precision_scope scope(lowp::float_format{.exponent_bits = 11, .mantissa_bits = 40},
                              lowp::upward);
  CHECK(static_cast<double>(std::fma(dynamic(1), dynamic(1), dynamic(0x1p-60))) == 1 + 0x1p-40);
  CHECK(static_cast<double>(rint(dynamic(2.5))) == 3);
}

TEST_CASE("limits are those of the format in force") {
  using limits = std::numeric_limits<dynamic>;
  CHECK(static_cast<double>(limits::epsilon()) == std::numeric_limits<double>::epsilon());
  const precision_scope scope(formats::binary16);
  CHECK(static_cast<double>((limits::max)()) == 65504);
  CHECK(static_cast<double>(limits::lowest()) == -65504);
  CHECK(static_cast<double>((limits::min)()) == 0x1p-14);
  CHECK(static_cast<double>(limits::denorm_min()) == 0x1p-24);
  CHECK(static_cast<double>(limits::epsilon()) == 0x1p-10);
  CHECK(std::isinf(static_cast<double>(limits::infinity())));
}

TEST_CASE("functions round to the format in force") {
  const precision_scope scope(formats::binary16);
  using real = lowp::dropin::binary16;
  for (const double d : {0.1, 0.7, 1.5, 3.25}) {
    const dynamic x = d;
    const real r = d;
    CHECK(same(exp(r), exp(x)));
    CHECK(same(sin(r), std::sin(x)));
    CHECK(same(pow(r, real(1.5)), pow(x, 1.5)));
    CHECK(same(floor(r), floor(x)));
    CHECK(same(hypot(r, real(2)), hypot(x, dynamic(2))));
  }
}

namespace {

/// All functions of numbers that have a number as their result: real(*)(real, real).
template <class real>
auto functions() {
  using function = real (*)(real, real);
  return std::vector<function>{
      [](real x, real) { return exp(x); },
      [](real x, real) { return std::log(x); },
      [](real x, real) { return sinf(x); },
      [](real x, real) { return lgamma(x); },
      [](real x, real) { return sqrt(x); },
      [](real x, real) { return floor(x); },
      [](real x, real) { return std::round(x); },
      [](real x, real) { return rint(x); },
      [](real x, real) { return fabs(x); },
      [](real x, real) { return logb(x); },
      [](real x, real) { return ldexp(x, 3); },
      [](real x, real) {
        int exponent = 0;
        return frexp(x, &exponent);
      },
      [](real x, real) {
        real whole = 0;
        const real fraction = modf(x, &whole);
        return whole == 0 ? fraction : whole;
      },
      [](real x, real y) { return pow(x, y); },
      [](real x, real) { return pow(x, 3); },
      [](real x, real) { return pow(x, 1.7); },
      [](real x, real y) { return atan2(x, y); },
      [](real x, real y) { return hypot(x, y); },
      [](real x, real y) { return hypot(x, y, 1.3); },
      [](real x, real y) { return fmod(x, y); },
      [](real x, real y) { return remainder(x, y); },
      [](real x, real y) { return fdim(x, y); },
      [](real x, real y) { return fmin(x, y); },
      [](real x, real) { return fmax(0.3, x); },
      [](real x, real) { return std::max(x, 0.3); },
      [](real x, real y) { return isnan(y) ? x : copysign(x, -y); },
      [](real x, real y) { return nextafter(x, y); },
      [](real x, real) { return nextafter(x, 1e4); },
      [](real x, real) { return nexttoward(x, -1e30L); },
      [](real x, real y) { return fma(x, y, 0.1); },
      [](real x, real y) { return std::fma(0.1, x, y); },
      [](real x, real) { return x + 0.1; },
      [](real x, real) { return 0.1 / x; },
      [](real x, real) { return -x; },
      [](real x, real) { return isnormal(x) ? real(1) : real(fpclassify(x) == FP_ZERO); },
  };
}

/// Numbers of a precision of their own in a scope of another one, against those of its format.
template <auto F, auto Rounding = lowp::nearest_even>
void check_functions(const char* name) {
  INFO(name);
  using number = lowp::dropin::number<F, Rounding>;
  const precision own(F, Rounding);
  const precision_scope scope(formats::e3m2, lowp::downward);
  const auto expected = functions<number>();
  const auto actual = functions<dynamic>();
  test::split_mix random(5);
  int wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    const number a = number::from_code(random.word());
    const number b = i % 2 == 0 ? number::from_code(random.word())
                                : number::from_code(a.code() + random.below(5));
    const auto of = [&](number x) {
      const lowp::dropin::seed draws(0);
      return dynamic(static_cast<double>(x), own);
    };
    const dynamic x = of(a), y = of(b);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const auto with_draws = [](auto function, auto p, auto q) {
        const lowp::dropin::seed draws(7);
        return function(p, q);
      };
      const number p = with_draws(expected[k], a, b);
      const dynamic q = with_draws(actual[k], x, y);
      if (!same(p, q) && wrong++ == 0) {
        FAIL_CHECK("function " << k << " of " << double(a) << ", " << double(b) << ": " << double(p)
                               << ", " << double(q));
      }
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("functions round to the precision of the object") {
  check_functions<formats::binary16>("binary16");
  check_functions<formats::bfloat16, lowp::upward>("bfloat16, upward");
  check_functions<formats::posit<16, 1>>("posit<16, 1>");
}

TEST_CASE("functions take the draws that number takes") {
  check_functions<formats::e5m2, lowp::stochastic{.random_bits = 8}>("e5m2, stochastic");
}

TEST_CASE("formats that double does not hold are refused") {
  CHECK_THROWS_AS(precision(formats::fixed<64, 0>), std::invalid_argument);
  CHECK_THROWS_AS(precision(lowp::float_format{.exponent_bits = 12, .mantissa_bits = 8}),
                  std::invalid_argument);
  CHECK_THROWS_AS(precision(lowp::float_format{}), std::invalid_argument);
}
