// SPDX-License-Identifier: MIT
// Drop-in numbers that the traits of the standard library know as floating-point types.
#include "lowp/adapters/traits.hpp"

#include <complex>
#include <numbers>
#include <random>
#include <type_traits>

#include "catch.hpp"
#include "lowp/number/dropin.hpp"
#include "lowp/number/rounded.hpp"

namespace {

namespace formats = lowp::formats;
using half = lowp::dropin::binary16;
using rounded = lowp::dropin::rounded<formats::binary16>;

static_assert(std::is_floating_point<half>::value && std::is_floating_point_v<const half>);
static_assert(std::floating_point<rounded> && std::is_arithmetic_v<rounded>);
static_assert(!std::is_integral_v<half> && std::is_signed_v<half>);
static_assert(std::is_arithmetic_v<int> && !std::is_arithmetic_v<std::complex<float>>);
static_assert(!std::is_floating_point_v<lowp::binary16>);  // which is not for existing code
static_assert(std::numbers::pi_v<half> == half(3.14159265));

/// In the style of code that takes its own floating-point types only.
template <std::floating_point T>
T mean(T a, T b) {
  return (a + b) / 2;
}
template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
T square(T x) {
  return x * x;
}

}  // namespace

TEST_CASE("code that asks for floating-point types takes numbers") {
  CHECK(mean(half(1), half(2)) == 1.5);
  CHECK(square(rounded(3)) == 9);
}

TEST_CASE("numbers compute as without the traits") {
  half x = 0.1, y = 3;
  x += y * 0.5 - 1 / y;
  CHECK(x.code() == (half(0.1) + (half(3) * half(0.5) - half(1) / half(3))).code());
  CHECK((0.1 < x && x > 1 && x != y && y == 3 && y == lowp::binary16(3)));
  CHECK(std::pow(x, 2) == pow(x, half(2)));
  CHECK(std::max(x, 0.5) == x);
  CHECK(std::sqrt(y) == half(std::sqrt(3.0)));
  CHECK(std::fabs(-y) == 3);
  CHECK(std::hypot(y, 4) == 5);
  CHECK(static_cast<double>(y) == 3);
  const std::complex<half> z(3, 4);
  CHECK(std::abs(z) == 5);
  CHECK((z * z).real() == -7);
  CHECK(std::norm(z) == 25);
  double sum = 0.1;
  sum += y;
  CHECK(sum == 3.1);
}

TEST_CASE("distributions give numbers, not the infinities of a narrow type") {
  std::mt19937 generator(3);
  std::normal_distribution<half> normal(1, 2);
  std::uniform_real_distribution<half> uniform(0, 1);
  for (int i = 0; i < 100; ++i) {
    CHECK(isfinite(normal(generator)));
    CHECK(uniform(generator) < 1);
  }
}
