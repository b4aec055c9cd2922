// SPDX-License-Identifier: MIT
// The literal face: constants and integers become numbers by themselves, nothing else does. The
// constructs are one template, run with double and with binary64, which must agree bit for bit.
#include <algorithm>
#include <array>
#include <bit>
#include <complex>
#include <cstdint>
#include <map>
#include <numeric>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

template <class T>
T by_default(T x = 0.75) {
  return x;
}

template <class T>
struct gains {
  T proportional = 1, integral = 0.1;
};

/// What numeric code does with constants and integers, for a T that is double or a number.
template <class T>
std::vector<T> constructs(bool condition, int n, unsigned u) {
  std::vector<T> out;
  const auto keep = [&out](T x) { out.push_back(x); };
  // Initialization and assignment.
  T x = 0, y = 0.1;
  keep(x), keep(y);
  x = 3;
  keep(x);
  x = T(0.7f);
  keep(x);
  const T pair[2] = {1, 0.2};
  keep(pair[0]), keep(pair[1]);
  for (const T z : std::vector<T>(2, 0.3)) keep(z);
  for (const T z : std::vector<T>{1, 2.5}) keep(z);
  keep(by_default<T>()), keep(by_default<T>(0.6)), keep(by_default<T>(-2));
  const gains<T> g;
  keep(g.proportional), keep(g.integral);
  T i = n;
  keep(i);
  i = u;
  keep(i);
  // Mixed operations.
  keep(x / 2), keep(0.5 * y), keep(y * n), keep(1 / y), keep(x - 0.1), keep(1.0 - x), keep(u + y);
  x += 0.5 * y, keep(x);
  x *= 2, keep(x);
  x -= 0.1, keep(x);
  x /= 3, keep(x);
  keep(++x), keep(x++), keep(x), keep(--x), keep(x--), keep(x), keep(-x), keep(+x);
  // Conditions.
  keep(condition ? x : 0.0), keep(condition ? 0.0 : x), keep(condition ? x : 0);
  keep(x > 1 ? x : 1 / x);
  keep((std::max)(x, T(1)) / 2);
  // The standard library.
  keep(std::accumulate(out.begin(), out.end(), T(0)));
  std::map<int, T> map;
  map[1] = 0.9;
  keep(map[1]);
  std::complex<T> z(1, 2.5);
  z = z * z + std::complex<T>(0.1);
  z *= x;
  keep(z.real()), keep(z.imag());
  const auto function = [](T a) { return a * a + 0.1; };
  keep(function(0.3)), keep(function(4));
  static constexpr T constant = 9.81;
  keep(constant * 2);
  return out;
}

template <class T, T Value>
constexpr T value_of = Value;

}  // namespace

TEST_CASE("binary64 in the constructs of numeric code is double") {
  for (const bool condition : {false, true}) {
    for (const int n : {-7, 0, 3}) {
      const auto want = constructs<double>(condition, n, 9u);
      const auto got = constructs<binary64>(condition, n, 9u);
      REQUIRE(want.size() == got.size());
      for (std::size_t i = 0; i < want.size(); ++i) {
        INFO(i);
        CHECK(got[i].code() == std::bit_cast<std::uint64_t>(want[i]));
      }
    }
  }
}

TEST_CASE("the constructs compile for every family") {
  CHECK(!constructs<bfloat16>(true, 1, 2).empty());
  CHECK(!constructs<posit<16, 1>>(true, 1, 2).empty());
  CHECK(!constructs<fixed<32, 16>>(true, 1, 2).empty());
}

TEST_CASE("constants are rounded once") {
  const binary16 above_tie = 1 + 0x1p-11 + 0x1p-50;
  CHECK(above_tie.code() == 0x3C01);
  const binary16 tie = 1 + 0x1p-11;
  CHECK(tie.code() == 0x3C00);
  const binary16 of_float = 0.7f;
  CHECK(of_float.code() == 0x399A);
  const e5m2 infinite = std::numeric_limits<double>::infinity();
  CHECK(infinite.code() == 0x7C);
  CHECK((e4m3fn(1.5) * 448.0 == 0.0) == false);
  CHECK((0.1 + binary16(0)).code() == 0x2E66);  // 0.1 is 0x1.999p-4 and more
}

TEST_CASE("integers are converted at run time as in words") {
  long long wrong = 0;
  for (int i = -70000; i <= 70000; i += 7) {
    const binary16 x = i;
    const e4m3fn y = i;
    const posit<8> z = i;
    wrong += x.code() != convert<formats::binary16>(i).code();
    wrong += y.code() != convert<formats::e4m3fn>(i).code();
    wrong += z.code() != convert<formats::posit<8>>(i).code();
  }
  CHECK(wrong == 0);
}

TEST_CASE("numbers are template arguments") {
  STATIC_REQUIRE(value_of<e4m3fn, 0.5> == 0.5);
  STATIC_REQUIRE(value_of<posit<16, 1>, -3> == -3);
  STATIC_REQUIRE(std::is_same_v<std::integral_constant<e5m2, e5m2(1)>,
                                std::integral_constant<e5m2, e5m2::from_code(0x3C)>>);
}

TEST_CASE("++ and -- add one for every code") {
  long long wrong = 0;
  for (unsigned code = 0; code < 256; ++code) {
    const auto check = [&]<class T>(T) {
      const T x = T::from_code(code);
      T up = x, down = x;
      wrong += (++up).code() != convert<T::format>(double(x) + 1).code() && !isnan(x);
      wrong += (--down).code() != convert<T::format>(double(x) - 1).code() && !isnan(x);
      T post = x;
      wrong += (post++).code() != x.code() || post.code() != up.code();
      wrong += (post = x, post--).code() != x.code() || post.code() != down.code();
    };
    check(e4m3fn{});
    check(posit<8>{});
    check(fixed<8, 4>{});
  }
  CHECK(wrong == 0);
}

TEST_CASE("out to long double: exact, of all 64 bits where it has them") {
  test::split_mix random(1);
  long long wrong = 0;
  constexpr bool has_64_bits = std::numeric_limits<long double>::digits >= 64;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t code = random.word();
    const double d = std::bit_cast<double>(code);
    const auto out = static_cast<long double>(binary64::from_code(code));
    wrong += d == d ? out != static_cast<long double>(d) : out == out;
    const auto f = std::bit_cast<float>(static_cast<std::uint32_t>(code));
    wrong += f == f && static_cast<long double>(binary32::from_code(code & 0xFFFFFFFFu)) !=
                           static_cast<long double>(f);
    if (!has_64_bits) continue;
    wrong +=
        static_cast<long double>(uint_n<64>::from_code(code)) != static_cast<long double>(code);
    wrong += static_cast<long double>(fixed<64, 32>::from_code(code)) * 4294967296.0L !=
             static_cast<long double>(static_cast<std::int64_t>(code));
  }
  CHECK(wrong == 0);
  STATIC_REQUIRE(static_cast<long double>(e4m3fn(-1.5)) == -1.5L);
  // Of a format with exponents beyond those of double.
  using wide = number<float_format{.exponent_bits = 18, .mantissa_bits = 12}>;
  CHECK(static_cast<long double>(convert<wide::format>(
            unpacked{value_kind::finite, true, 9000, {std::uint64_t{3} << 62, 0}})) ==
        -1.5L * std::ldexp(1.0L, 9000));
  CHECK(static_cast<long double>(convert<wide::format>(
            unpacked{value_kind::finite, false, 60000, {std::uint64_t{1} << 63, 0}})) ==
        std::numeric_limits<long double>::infinity());
  CHECK(static_cast<long double>(convert<wide::format>(
            unpacked{value_kind::finite, false, -60000, {std::uint64_t{1} << 63, 0}})) == 0);
}

namespace {
template <class A, class B>
concept adds = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept assigns = requires(A a, B b) {
  a = b;
};
}  // namespace

TEST_CASE("formats do not mix by themselves") {
  STATIC_REQUIRE(adds<e4m3fn, e4m3fn>);
  STATIC_REQUIRE(!adds<e4m3fn, e5m2>);
  STATIC_REQUIRE(!assigns<e4m3fn, e5m2>);
  STATIC_REQUIRE(!assigns<double, e4m3fn>);
  STATIC_REQUIRE(!assigns<int, e4m3fn>);
  STATIC_REQUIRE(assigns<e4m3fn, unsigned char>);
}
