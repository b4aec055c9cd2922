// SPDX-License-Identifier: MIT
// What tracked numbers count, on computations whose counts are known.
#include "lowp/number/tracked.hpp"

#include <cmath>
#include <cstdio>
#include <limits>
#include <thread>

#include "catch.hpp"
#include "lowp/number/dynamic.hpp"
#include "lowp/number/rounded.hpp"

namespace {

namespace formats = lowp::formats;
namespace dropin = lowp::dropin;
using half = dropin::binary16;
using real = dropin::tracked<half>;

dropin::tracked_counts counted(const char* label) {
  const dropin::tracked_table table = dropin::tracked_so_far();
  const auto found = table.find(label);
  return found == table.end() ? dropin::tracked_counts{} : found->second;
}

}  // namespace

TEST_CASE("tracked numbers compute as their type") {
  real x = 0, z = 1;
  half y = 0, w = 1;
  for (int i = 1; i < 100; ++i) {
    x += 0.1 * real(i) / 3;
    y += 0.1 * half(i) / 3;
    z = sqrt(z + x) - fma(x, z, 0.5) + std::exp(-x);
    w = sqrt(w + y) - fma(y, w, half(0.5)) + std::exp(-y);
    CHECK(x.code() == y.code());
    CHECK(z.code() == w.code());
  }
}

TEST_CASE("what happens counts under the label in force") {
  dropin::reset_tracked();
  {
    LOWP_TRACK("range");
    const real big = 60000, tiny = 0x1p-14;  // 2 operations
    CHECK(!isfinite(big + big));             // overflow
    CHECK(isfinite(big + 5));
    static_cast<void>(tiny * 0.3);          // 0.3 is one, the product underflows
    static_cast<void>(tiny * 0.5);          // exact: no underflow
    const real infinity = big * big;        // overflow
    CHECK(isnan(infinity - infinity));      // a NaN arises
    CHECK(isnan(infinity - infinity + 1));  // one more; the 1 and the sum are none
    {
      LOWP_TRACK("inner");
      static_cast<void>(real(1) / 3);
    }
  }
  const dropin::tracked_counts range = counted("range"), inner = counted("inner");
  CHECK(range.operations == 2 + 1 + 2 + 2 + 2 + 1 + 1 + 3);
  CHECK(range.overflows == 2);
  CHECK(range.underflows == 1);
  CHECK(range.nans == 2);
  CHECK(range.most == 60000);
  CHECK(inner.operations == 3);
  CHECK(inner.overflows == 0);
  const double third = 1.0 / 3;
  CHECK(inner.largest_error == std::fabs((static_cast<double>(half(third)) - third) / third));
}

TEST_CASE("the shadow is the computation in double") {
  dropin::reset_tracked();
  real x = 1;
  double exact = 1;
  for (int i = 1; i <= 20; ++i) {
    x = x * 1.1 + 1;
    exact = exact * 1.1 + 1;
  }
  CHECK(x.shadow() == exact);
  CHECK((-x).shadow() == -exact);
  CHECK(counted("").largest_error >= std::fabs((static_cast<double>(x) - exact) / exact));
}

TEST_CASE("roots have shadows, by either name") {
  const real two = 2;
  CHECK(sqrt(two).shadow() == std::sqrt(2.0));
  CHECK(std::sqrt(two).shadow() == std::sqrt(2.0));
  CHECK(std::fma(two, two, two).shadow() == 6);
}

TEST_CASE("functions have shadows, and count") {
  dropin::reset_tracked();
  const real x = real(1) / 3, y = real(2) / 3;
  const double a = 1.0 / 3, b = 2.0 / 3;
  CHECK(std::exp(x).shadow() == std::exp(a));
  CHECK(pow(x, y).shadow() == std::pow(a, b));
  CHECK(pow(x, 2).shadow() == std::pow(a, 2));
  CHECK(atan2f(x, y).shadow() == std::atan2(a, b));
  CHECK(hypot(x, y).shadow() == std::hypot(a, b));
  CHECK(ldexp(x, 2).shadow() == 4 * a);
  CHECK(fmod(y, x).shadow() == std::fmod(b, a));
  CHECK(fdim(y, x).shadow() == b - a);
  CHECK(std::fmax(x, y).shadow() == b);
  CHECK(std::min(y, x).shadow() == a);
  CHECK((std::abs)(-y).shadow() == b);
  CHECK(std::max(x, 0).shadow() == a);
  CHECK(floor(8 * x).shadow() == 2);
  CHECK(nextafter(x, y).value() == nextafter(x.value(), y.value()));

  dropin::reset_tracked();
  {
    LOWP_TRACK("functions");
    static_cast<void>(exp(real(20)));     // 1 + 1, an overflow
    static_cast<void>(exp(real(-14)));    // 1 + 1, an underflow
    static_cast<void>(log(real(-1)));     // 1 + 1, a NaN
    static_cast<void>(floor(real(2.5)));  // 1 + 1
  }
  const dropin::tracked_counts counts = counted("functions");
  CHECK(counts.operations == 8);
  CHECK(counts.overflows == 1);
  CHECK(counts.underflows == 1);
  CHECK(counts.nans == 1);
}

TEST_CASE("tracked numbers compute with those of their type") {
  const half h = half(1) / 3;
  real x = 2;
  CHECK((x + h).code() == (half(2) + h).code());
  CHECK((h / x).code() == (h / half(2)).code());
  CHECK(pow(h, x).code() == pow(h, half(2)).code());
  CHECK(fma(h, x, x).code() == fma(h, half(2), half(2)).code());
  CHECK(std::max(h, x) == x);
  CHECK(std::min(x, h) == h);
  x += h;
  CHECK(x == half(2) + h);
  using number = dropin::tracked<dropin::dynamic>;
  const dropin::precision coarse(formats::e5m2);
  const dropin::dynamic own(0.3, coarse);
  CHECK(static_cast<double>(number(1) + own) == static_cast<double>(1 + own));
  CHECK(static_cast<double>(exp(number(own))) == static_cast<double>(exp(own)));
}

TEST_CASE("what is counted takes no draws") {
  const auto walk = [](auto x) {
    const dropin::precision_scope scope(formats::e4m3fn, lowp::stochastic{});
    const dropin::seed draws(3);
    using T = decltype(x);
    x = T(1);
    for (int i = 0; i < 50; ++i) x = x * T(1.0625) - T(0.0625);
    return static_cast<double>(x);
  };
  CHECK(walk(dropin::dynamic()) == walk(dropin::tracked<dropin::dynamic>()));
}

TEST_CASE("threads come together at their end") {
  dropin::reset_tracked();
  const auto work = [] {
    LOWP_TRACK("shared");
    real x = 1;
    for (int i = 0; i < 10; ++i) x = x + x;
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
  work();
  CHECK(counted("shared").operations == 3 * 11);
  dropin::reset_tracked();
  CHECK(dropin::tracked_so_far().empty());
}

TEST_CASE("other faces can be tracked") {
  dropin::reset_tracked();
  {
    LOWP_TRACK("rounded");
    dropin::tracked<dropin::rounded<formats::binary16>> x = 60000;
    x = x + x;
  }
  {
    LOWP_TRACK("dynamic");
    const dropin::precision_scope scope(formats::binary16);
    dropin::tracked<dropin::dynamic> x = 60000;
    x = x + x;
  }
  CHECK(counted("rounded").overflows == 1);
  CHECK(counted("dynamic").overflows == 1);
}
