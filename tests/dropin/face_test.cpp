// SPDX-License-Identifier: MIT
// The drop-in face: the constructs of existing numeric code as templates, run with double and with
// dropin::binary64, with float and with dropin::binary32, which must agree bit for bit; and what is
// said of conversions, modes and draws.
#include "lowp/number/dropin.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <numeric>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <valarray>
#include <vector>

#include "catch.hpp"
#include "split_mix.hpp"

#pragma GCC diagnostic ignored "-Wfloat-conversion"  // of which existing code has some
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wdouble-promotion"
#endif

using namespace lowp;

namespace {

std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }
std::uint64_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
std::uint64_t bits_of(number_type auto x) { return x.code(); }

/// What a function keeps, as bits.
struct recorder {
  std::vector<std::uint64_t> codes;
  template <class T>
  void operator()(T x) {
    codes.push_back(bits_of(x));
  }
};

enum { three = 3 };
enum class level : unsigned char { low, middle, high };

template <class T>
T by_default(T x = 0.75) {
  return x;
}
template <class T>
struct gains {
  T proportional = 1, integral = 0.1;
};

// clang-format off
/// Initialization, assignment, mixed and compound operations, conditions; d, f, n are not constant.
template <class T>
std::vector<std::uint64_t> constructs(bool condition, double d, float f, int n) {
  recorder keep;
  T a = 0, b = 0.5, c = d, e = f, g = n, h = 1u, i{2}, j(0.25), k = {0.125}, l = 'a', m = true, o = three;
  for (const T x : {a, b, c, e, g, h, i, j, k, l, m, o}) keep(x);
  const T pair[2] = {1, 2.0};
  keep(pair[1]);
  for (const T x : std::vector<T>(2, 0.3)) keep(x);
  for (const T x : std::vector<T>{1, 0.7, T(d)}) keep(x);
  keep(by_default<T>()), keep(by_default<T>(d)), keep(by_default<T>(n));
  const gains<T> both;
  keep(both.integral);
  T x = 1.5;
  x = 0, keep(x); x = 0.1, keep(x); x = d, keep(x);
  // Out.
  keep(static_cast<double>(x)); keep(static_cast<T>(static_cast<int>(x))); keep((double)x);
  keep(T(static_cast<long long>(c))); keep(T(static_cast<unsigned>(h))); keep(T(static_cast<std::size_t>(i)));
  if (static_cast<level>(h + 1) == level::high && static_cast<level>(b) == level::low) keep(h);
  if (x) keep(x);
  if (!a) keep(a);
  if (x && b) keep(b);
  while (o) o--, keep(o);
  // Mixed.
  x = d;
  keep(x / 2), keep(0.5 * x), keep(x * n), keep(1 / x), keep(x + d), keep(d - x), keep(x * d);
  keep(2u * x), keep(1.0 - x), keep((x + 1) * (x - 1) / 2);
  // Compound.
  x = three, keep(x); x += 0.5 * b, keep(x); x *= 2, keep(x); x -= d, keep(x); x /= n, keep(x);
  keep(++x), keep(x++), keep(x), keep(--x), keep(x--), keep(x), keep(-x), keep(+x);
  // In numbers of C++ on the left, integers too.
  int whole = n; double real = d; unsigned char small = 9;
  whole += x, whole *= b, real -= x, small /= h + b; keep(T(whole)), keep(T(real)), keep(T(small));
  // Comparisons.
  for (const bool holds : {x == 0, x != d, x < 1, 1.5 <= x, x > n, x >= b, d < x, x == x}) keep(T(holds));
  // Ternaries.
  keep(condition ? x : 0), keep(condition ? x : 0.0), keep(condition ? 0.0 : x), keep(condition ? x : d);
  keep((std::max)(x, T(1)) / 2), keep((std::min)(x, b)), keep((std::clamp)(x, T(0), T(1)));
  if (x > 1) x = std::sqrt(x);
  std::swap(x, b), keep(x);
  return keep.codes;
}

/// The standard library over T.
template <class T>
std::vector<std::uint64_t> containers(double d) {
  recorder keep;
  std::vector<T> v(9, 0.1);
  std::iota(v.begin(), v.end(), 0);
  keep(std::accumulate(v.begin(), v.end(), T(0)));
  keep(std::inner_product(v.begin(), v.end(), v.begin(), T(d)));
  std::partial_sum(v.begin(), v.end(), v.begin());
  std::adjacent_difference(v.begin(), v.end(), v.begin());
  std::fill(v.begin(), v.begin() + 3, 0.3);
  std::transform(v.begin(), v.end(), v.begin(), [](T x) { return 0.5 * x; });
  std::sort(v.begin(), v.end(), std::greater<>());
  for (const T x : v) keep(x);
  v.emplace_back(d), v.push_back(0.2), v.resize(12, T(d));
  keep(*std::max_element(v.begin(), v.end()));
  std::valarray<T> w(T(d), 4);
  w = (w * T(0.5) + T(1)) / w;
  w += T(d);
  keep(w.sum()), keep(sqrt(abs(w))[1]), keep(w.max());
  std::complex<T> z(d, 0.5), y(d);
  z = z * y + z / T(3) - T(1);
  z *= T(0.5);
  keep(z.real()), keep(z.imag()), keep(std::norm(z));
  return keep.codes;
}

/// std:: functions, whose results for binary64 are those of double.
template <class T>
std::vector<std::uint64_t> functions(T x, T y, double d, int n) {
  recorder keep;
  int exponent = 0;
  T whole;
  for (const T r : {std::abs(x), std::fabs(x), std::sqrt(x), std::cbrt(x), std::exp(x), std::exp2(x), std::expm1(x), std::log(x),
                    std::log2(x), std::log10(x), std::log1p(x), std::sin(x), std::cos(x), std::tan(x), std::asin(x), std::acos(x),
                    std::atan(x), std::sinh(x), std::cosh(x), std::tanh(x), std::asinh(x), std::acosh(x), std::atanh(x), std::erf(x),
                    std::erfc(x), std::lgamma(x), std::floor(x), std::ceil(x), std::trunc(x), std::round(x), std::rint(x),
                    std::nearbyint(x), std::logb(x), std::pow(x, y), std::atan2(x, y), std::fmod(x, y),
                    std::remainder(x, y), std::fdim(x, y), std::fmin(x, y), std::fmax(x, y), std::copysign(x, y),
                    std::nextafter(x, y), std::fma(x, y, x), std::ldexp(x, n), std::scalbn(x, n), std::frexp(x, &exponent), T(exponent),
                    std::modf(x, &whole), whole, T(std::pow(x, d)), T(std::pow(d, x)), T(std::pow(x, n)), T(std::fmax(0.0, x)),
                    T(std::fmin(x, d)), T(std::atan2(x, d)), T(std::fmod(x, d)), T(std::hypot(x, 0.0)), T(std::copysign(x, -1.0)), T(std::fdim(x, d)),
                    T(std::fma(x, y, d)), T(std::fma(d, x, d)),
                    T(std::lround(x)), T(std::lrint(x)), T(std::llround(x)), T(std::ilogb(y)), T(std::isnan(x)), T(std::isinf(x)), T(std::isfinite(x)),
                    T(std::isnormal(x)), T(std::signbit(x)), T(std::isless(x, y)), T(std::isgreater(x, d)), T(std::isunordered(x, y)),
                    T(std::fpclassify(x) == FP_NORMAL)}) {
    if (x == x) keep(std::isnan(r) ? T(1e9) : r);
  }
  return keep.codes;
}

/// Code that never leaves T, so that float has one rounding per operation, too.
template <class T>
std::vector<std::uint64_t> single(T x, T y) {
  recorder keep;
  T sum = 0;
  for (int i = 1; i < 40; ++i) {
    sum += x * T(i) - y / T(i);
    x = std::sqrt(std::abs(sum)) + T(0.1f);
    y = std::fma(x, y, sum) / T(3);
    keep(sum), keep(x), keep(y), keep(std::floor(x)), keep(std::fmod(sum, y)), keep(std::hypot(x, T(0)));
    y = std::fmin(y, T(100));
  }
  return keep.codes;
}
// clang-format on

template <class T>
concept adds_a_double = requires(double d, T x) {
  d += x;
};
template <class A, class B>
concept adds = requires(A a, B b) {
  a + b;
};

using outgoing = dropin::number<formats::binary16, nearest_even, overflow::to_special,
                                dropin::conversions_out::where_exact>;

}  // namespace

TEST_CASE("dropin::binary64 in existing code is double") {
  for (const double d : {0.1, -2.75, 1e6, 3.0}) {
    for (const int n : {3, -2}) {
      CHECK(constructs<dropin::binary64>(n > 0, d, 0.7f, n) ==
            constructs<double>(n > 0, d, 0.7f, n));
    }
    CHECK(containers<dropin::binary64>(d) == containers<double>(d));
  }
  test::split_mix random(5);
  for (int i = 0; i < 300; ++i) {
    const double x = static_cast<double>(random.below(1u << 30)) * 0x1p-27 - 4;
    const double y = static_cast<double>(random.below(1u << 30)) * 0x1p-26 - 8;
    const double d = static_cast<double>(random.below(100)) * 0.03;
    INFO(x << " " << y << " " << d);
    CHECK(functions<dropin::binary64>(x, y, d, 3) == functions<double>(x, y, d, 3));
  }
}

TEST_CASE("dropin::binary32 in code that mixes no double in is float") {
  for (const float x : {0.3f, 7.5f, -1.25f}) {
    CHECK(single<dropin::binary32>(x, 2.5f) == single<float>(x, 2.5f));
  }
}

TEST_CASE("existing code compiles for every family and rounding") {
  const auto check = []<class T>(T) {
    CHECK(!constructs<T>(true, 0.5, 0.5f, 2).empty());
    CHECK(!containers<T>(0.5).empty());
    CHECK(!functions<T>(0.5, 0.25, 0.5, 2).empty());
  };
  check(dropin::binary16{});
  check(dropin::posit<16, 1>{});
  check(dropin::fixed<32, 16>{});
  check(dropin::number<formats::bfloat16, upward, overflow::saturate>{});
  check(dropin::number<formats::binary16, stochastic{.random_bits = 16}>{});
}

TEST_CASE("operations are those of number") {
  test::split_mix random(6);
  int wrong = 0;
  const auto check = [&]<class T>(T, const auto& mode, overflow o) {
    using plain = typename T::literal_type;
    for (int i = 0; i < 3000; ++i) {
      const auto a = plain::from_code(random.word()), b = plain::from_code(random.word());
      const T x = a, y = b;
      wrong += (x + y).code() != add(a, b, mode, o).code();
      wrong += (x - b).code() != subtract(a, b, mode, o).code();
      wrong += (a * y).code() != multiply(a, b, mode, o).code();
      wrong += (x / y).code() != divide(a, b, mode, o).code();
      wrong += std::sqrt(x).code() != sqrt(a, mode, o).code();
      wrong += fma(x, y, x).code() != fma(a, b, a, mode, o).code();
      wrong += (x <=> y) != (a <=> b) || (x == y) != (a == b);
      const double d = double(a) * 1.001;
      wrong += T(d).code() != convert<T::format>(d, mode, o).code();
      wrong += (x + d).code() != add(a, convert<T::format>(d, mode, o), mode, o).code();
      wrong += (x < d) != (a < d) || (x == 3) != (a == 3);
    }
  };
  check(dropin::binary16{}, nearest_even, overflow::to_special);
  check(dropin::number<formats::e4m3fn, upward>{}, upward, overflow::to_special);
  check(dropin::number<formats::e5m2, toward_zero, overflow::saturate>{}, toward_zero,
        overflow::saturate);
  check(dropin::number<formats::posit<16, 1>, nearest_away>{}, nearest_away, overflow::to_special);
  check(dropin::number<formats::int_n<8>, downward, overflow::wrap>{}, downward, overflow::wrap);
  CHECK(wrong == 0);
}

TEST_CASE("rint rounds as the type does") {
  CHECK(rint(dropin::number<formats::binary16, upward>(1.25)) == 2);
  CHECK(rint(dropin::number<formats::binary16, downward>(1.75)) == 1);
  CHECK(lrint(dropin::number<formats::binary16, toward_zero>(-1.75)) == -1);
  CHECK(rint(dropin::binary16(2.5)) == 2);
}

TEST_CASE("sums in directed modes enclose the sum") {
  dropin::number<formats::bfloat16, downward> low = 0;
  dropin::number<formats::bfloat16, upward> high = 0;
  double sum = 0;
  for (int i = 1; i <= 200; ++i) {
    low += 1.0 / i;
    high += 1.0 / i;
    sum += 1.0 / i;
  }
  CHECK(low < sum);
  CHECK(high > sum);
}

TEST_CASE("draws are those of the seed, in order, for each thread") {
  constexpr stochastic mode{.seed = 9, .random_bits = 16};
  using T = dropin::number<formats::bfloat16, mode>;
  const auto run = [](std::uint64_t seed) {
    const dropin::seed scope(seed);
    std::vector<std::uint64_t> codes;
    for (int i = 0; i < 100; ++i) codes.push_back(T(1.003).code());
    return codes;
  };
  const auto codes = run(7);
  int ups = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    stochastic draw = mode;
    draw.seed = 7;
    CHECK(codes[i] == convert<T::format>(1.003, draw.at(i)).code());
    ups += codes[i] == 0x3F81;
  }
  CHECK(ups > 20);  // 0.384 of them
  CHECK(ups < 60);
  CHECK(run(7) == codes);
  CHECK(run(8) != codes);
  std::vector<std::uint64_t> elsewhere;
  std::thread([&] { elsewhere = run(7); }).join();
  CHECK(elsewhere == codes);
  // An inner scope does not disturb an outer one.
  {
    const dropin::seed scope(7);
    std::vector<std::uint64_t> interrupted;
    for (int i = 0; i < 100; ++i) {
      interrupted.push_back(T(1.003).code());
      if (i % 10 == 0) run(8);
    }
    CHECK(interrupted == codes);
  }
  // Without a scope: the seed of the type, from the start of the thread.
  std::thread([&] {
    for (std::uint64_t i = 0; i < 20; ++i) {
      if (T(1.003).code() != convert<T::format>(1.003, mode.at(i)).code()) ups = -1;
    }
  }).join();
  CHECK(ups > 0);
}

TEST_CASE("what converts by itself") {
  using T = dropin::binary16;
  STATIC_REQUIRE(std::is_convertible_v<double, T> && std::is_convertible_v<int, T>);
  STATIC_REQUIRE(std::is_convertible_v<binary16, T> && std::is_convertible_v<T, binary16>);
  STATIC_REQUIRE(!std::is_convertible_v<T, double> && !std::is_convertible_v<T, int>);
  STATIC_REQUIRE(!std::is_convertible_v<T, bool> && !std::is_convertible_v<T, dropin::bfloat16>);
  STATIC_REQUIRE(!std::is_convertible_v<bfloat16, T> && std::is_constructible_v<T, bfloat16>);
  STATIC_REQUIRE(adds_a_double<T>);
  STATIC_REQUIRE(!adds<T, dropin::bfloat16> && !adds<T, bfloat16> && adds<T, binary16>);
  STATIC_REQUIRE(!adds<T, dropin::number<formats::binary16, upward>>);
  // The named option.
  STATIC_REQUIRE(std::is_convertible_v<outgoing, double> && std::is_convertible_v<outgoing, float>);
  STATIC_REQUIRE(!std::is_convertible_v<outgoing, int> && !std::is_convertible_v<outgoing, bool>);
  STATIC_REQUIRE(adds_a_double<outgoing>);
  using outgoing64 = dropin::number<formats::binary64, nearest_even, overflow::to_special,
                                    dropin::conversions_out::where_exact>;
  STATIC_REQUIRE(std::is_convertible_v<outgoing64, double>);
  STATIC_REQUIRE(!std::is_convertible_v<outgoing64, float>);
  using outgoing_integer = dropin::number<formats::int_n<32>, nearest_even, overflow::to_special,
                                          dropin::conversions_out::where_exact>;
  STATIC_REQUIRE(std::is_convertible_v<outgoing_integer, double>);
  STATIC_REQUIRE(!std::is_convertible_v<outgoing_integer, float>);
  double d = 0.5;
  d += outgoing(0.25);
  CHECK(d == 0.75);
  const double e = std::sqrt(outgoing(4)) + 1;
  CHECK(e == 3);
}

namespace {

/// Code that takes numbers out without a word, into narrower types too.
template <class T>
std::vector<std::uint64_t> outward(T x) {
  const int whole = x;
  const float single = x;
  unsigned char small = 3;
  const double sum = std::sqrt(x) + x * T(whole), exact = x;
  const bool is_set = x;
  small = x / 2;
  const auto half_of = [](double value) { return value / 2; };
  recorder keep;
  for (const double value :
       {double(whole), double(single), double(small), sum, exact, double(is_set), half_of(x)}) {
    keep(value);
  }
  int table[4] = {1, 2, 3, 4};
  table[1] = x * 2, table[2] = -x;
  keep(double(table[1])), keep(double(table[2]));
  keep(double(x < 3 && !(x == T(whole)) && x)), keep(double(std::max(x, T(1)) + std::sqrt(x)));
  return keep.codes;
}

}  // namespace

TEST_CASE("with conversions to all types, numbers go out as a float does") {
  using real = dropin::number<formats::binary32, nearest_even, overflow::to_special,
                              dropin::conversions_out::to_all>;
  for (const float x : {2.75f, 0.0f, 17.125f, 6.0f}) {
    CHECK(outward<real>(x) == outward<float>(x));
  }
  enum class color { red };
  STATIC_REQUIRE(!std::is_convertible_v<real, color>);
  using wide = dropin::number<formats::binary64, nearest_even, overflow::to_special,
                              dropin::conversions_out::to_all>;
  const float rounded = wide(0.1);
  CHECK(rounded == 0.1f);
}

TEST_CASE("a number is as large as its code, trivial, hashed, and has limits") {
  using T = dropin::number<formats::binary16, upward>;
  STATIC_REQUIRE(sizeof(T) == 2 && std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>);
  STATIC_REQUIRE(std::is_trivially_default_constructible_v<T>);
  using limits = std::numeric_limits<T>;
  STATIC_REQUIRE(limits::is_specialized && (limits::max)() == 65504);
  STATIC_REQUIRE(limits::epsilon() == 0x1p-10 && limits::infinity() > (limits::max)());
  STATIC_REQUIRE(limits::round_style == std::round_toward_infinity);
  STATIC_REQUIRE(std::numeric_limits<dropin::binary16>::round_style == std::round_to_nearest);
  STATIC_REQUIRE(
      std::numeric_limits<dropin::number<formats::binary16, stochastic{}>>::round_style ==
      std::round_indeterminate);
  std::unordered_map<T, int> map{{0.0, 1}};
  CHECK(map.at(T(-0.0)) == 1);
  STATIC_REQUIRE(std::is_same_v<std::common_type_t<T, double>, T>);
  STATIC_REQUIRE(std::is_same_v<std::common_type_t<int, T>, T>);
  STATIC_REQUIRE(std::is_same_v<std::common_type_t<binary16, double>, binary16>);
  STATIC_REQUIRE(std::is_same_v<std::common_type_t<int, binary16>, binary16>);
  STATIC_REQUIRE(std::integral_constant<T, T(0.5)>::value == 0.5);
}

TEST_CASE("functions of complex numbers") {
  const std::complex<dropin::binary32> z(0.5, -0.25);
  const std::complex<double> w(0.5, -0.25);
  const auto near = [](std::complex<dropin::binary32> a, std::complex<double> b) {
    return std::abs(std::complex<double>(double(a.real()), double(a.imag())) - b) < 1e-6;
  };
  CHECK(near(exp(z), exp(w)));
  CHECK(near(log(z), log(w)));
  CHECK(near(sqrt(z), sqrt(w)));
  CHECK(near(pow(z, z), pow(w, w)));
  CHECK(near(std::polar(z.real(), z.imag()), std::polar(0.5, -0.25)));
  CHECK(std::arg(z) == dropin::binary32(std::arg(w)));
}

TEST_CASE("enumerators are compared by value") {
  enum number_of_things { many = 2049 };
  const lowp::dropin::binary16 x = 2048;
  CHECK(x != many);
  CHECK(x < many);
}

TEST_CASE("the names of C for float are those of the functions") {
  const auto check = []<class T>(T x) {
    int exponent = 0, other = 0;
    T whole = 0, rest = 0;
    CHECK(sqrtf(x) == std::sqrt(x));
    CHECK(fabsf(-x) == x);
    CHECK(1 / (1 + expf(-x)) == 1 / (1 + std::exp(-x)));
    CHECK(powf(x, 2.0f) == std::pow(x, T(2)));
    CHECK(powf(2.0f, x) == std::pow(T(2), x));
    CHECK(atan2f(x, 1.0f) == std::atan2(x, T(1)));
    CHECK(fmaxf(x, 0) == x);
    CHECK(fmaf(x, 2.0f, x) == std::fma(x, T(2), x));
    CHECK(ldexpf(x, 3) == std::ldexp(x, 3));
    CHECK((frexpf(x, &exponent) == std::frexp(x, &other) && exponent == other));
    CHECK((modff(x, &whole) == std::modf(x, &rest) && whole == rest));
    CHECK(lroundf(x) == std::lround(x));
    CHECK(roundf(x) == (std::round)(x));
  };
  check(lowp::dropin::binary16(1.7));
  check(lowp::dropin::posit<16, 1>(1.7));
}

TEST_CASE("std::max and std::min of a number and what converts to it") {
  const lowp::dropin::binary16 x = 0.25;
  CHECK((std::max)(x, 0) == x);
  CHECK((std::max)(0.1, x) == x);
  CHECK((std::min)(x, 1.0f) == x);
  CHECK((std::min)(0.1, x) == lowp::dropin::binary16(0.1));
  CHECK((std::max)(x, x) == x);
  static_assert(std::is_same_v<decltype((std::max)(x, 0)), lowp::dropin::binary16>);
}

TEST_CASE("a sum in double takes numbers in") {
  const lowp::dropin::binary16 x = 0.1;
  double d = 1;
  d += x;
  CHECK(d == 1 + static_cast<double>(x));
  d *= x;
  d -= x;
  d /= x;
  CHECK(d == ((1 + double(x)) * double(x) - double(x)) / double(x));
  float f = 1;
  f += x;
  CHECK(f == 1 + static_cast<float>(x));
}
