// SPDX-License-Identifier: MIT
// Arithmetic of arrays against that of numbers, element by element.
#include "lowp/arrays/arithmetic.hpp"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "split_mix.hpp"

namespace {

namespace formats = lowp::formats;

template <auto F, class T, class R = lowp::nearest_even_t>
void check(const char* name, const R& mode = {}, lowp::overflow o = lowp::overflow::to_special) {
  INFO(name);
  using number = lowp::number<F>;
  constexpr std::size_t size = 10007;
  test::split_mix random(6);
  std::vector<number> a, b;
  std::vector<T> x, y, out(size);
  for (std::size_t i = 0; i < size; ++i) {
    a.push_back(number::from_code(random.word()));
    const lowp::code_t sign = random.word() & lowp::code_t{1} << (F.bits() - 1);
    b.push_back(
        number::from_code(i % 3 == 0 ? (a[i].code() ^ sign) + random.below(8) : random.word()));
    x.push_back(static_cast<T>(a[i]));
    y.push_back(static_cast<T>(b[i]));
  }
  std::uint64_t wrong = 0;
  const auto compare = [&](auto&& expected) {
    for (std::size_t i = 0; i < size; ++i) {
      const number e = expected(a[i], b[i], at(mode, i));
      const lowp::unpacked p = unpack(e), q = lowp::unpack(out[i]);
      wrong += static_cast<std::uint64_t>(p.is_nan() ? !q.is_nan() : !(p == q));
    }
  };
  using span = std::span<const T>;
  lowp::add(F, span(x), span(y), std::span<T>(out), mode, o);
  compare([&](number p, number q, const R& m) { return lowp::add(p, q, m, o); });
  lowp::subtract(F, span(x), span(y), std::span<T>(out), mode, o);
  compare([&](number p, number q, const R& m) { return lowp::subtract(p, q, m, o); });
  lowp::multiply(F, span(x), span(y), std::span<T>(out), mode, o);
  compare([&](number p, number q, const R& m) { return lowp::multiply(p, q, m, o); });
  lowp::divide(F, span(x), span(y), std::span<T>(out), mode, o);
  compare([&](number p, number q, const R& m) { return lowp::divide(p, q, m, o); });
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("arithmetic of arrays is that of numbers") {
  check<formats::binary16, float>("binary16 in float");
  check<formats::binary16, double>("binary16 in double");
  check<formats::bfloat16, double>("bfloat16 in double");
  check<formats::bfloat16, float>("bfloat16 in float");
  check<formats::e4m3fn, float>("e4m3fn");
  check<formats::e4m3fn, float>("e4m3fn, saturate", lowp::nearest_even, lowp::overflow::saturate);
  check<formats::p3109(8, 4), float>("p3109");
  check<formats::binary32, double>("binary32");
  check<formats::tf32, double>("tf32");
  check<formats::posit<16, 1>, double>("posit<16, 1>");
  check<formats::fixed<16, 8>, double>("fixed<16, 8>");
  check<formats::fixed<32, 16>, double>("fixed<32, 16>");
}

TEST_CASE("arithmetic of arrays in every mode") {
  check<formats::binary16, double>("upward", lowp::upward);
  check<formats::binary16, double>("downward, whose exact zeros are negative", lowp::downward);
  check<formats::binary16, float>("toward zero", lowp::toward_zero);
  check<formats::bfloat16, double>("downward", lowp::downward);
  check<formats::e5m2, double>("nearest away", lowp::nearest_away);
  check<formats::binary16, double>("stochastic", lowp::stochastic{.seed = 3});
  check<formats::bfloat16, double>("stochastic, 8 bits",
                                   lowp::stochastic{.seed = 3, .random_bits = 8});
}

TEST_CASE("arithmetic of arrays in place, and what it refuses") {
  std::vector<float> a{1, 2, 3}, b{4, 5, 6};
  const std::span<const float> x(a), y(b);
  lowp::add(formats::binary16, x, y, std::span<float>(a));
  CHECK(a == std::vector<float>{5, 7, 9});
  CHECK_THROWS_AS(lowp::add(formats::binary16, x, y.first(2), std::span<float>(a)),
                  std::invalid_argument);
  CHECK_THROWS_AS(lowp::add(formats::binary16, x, y, std::span<float>(a).first(2)),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      lowp::add(formats::binary16, x.first(2), y.first(2), std::span<float>(a).subspan(1)),
      std::invalid_argument);
  CHECK_THROWS_AS(lowp::add(lowp::float_format{}, x, y, std::span<float>(a)),
                  std::invalid_argument);
}
