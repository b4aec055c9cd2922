// SPDX-License-Identifier: MIT
// Companded formats: values and boundaries against powers and logarithms in long double, a
// compander that only this test knows, and what random bits keep on average.
#include "lowp/formats/companded_format.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/companders.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/stochastic.hpp"

using namespace lowp;

namespace {

struct square_law {
  unpacked compress(const unpacked& x) const { return exact::sqrt(x); }
  unpacked expand(const unpacked& y) const { return exact::multiply(y, y); }
};

struct falling_law {
  unpacked compress(const unpacked& x) const { return expand(x); }
  unpacked expand(const unpacked& y) const {
    return exact::add(unpacked::scaled_integer(false, 1), -y);
  }
};

/// How many of all codes and of values about all boundaries are not what `compress` and `expand` in
/// long double say.
template <class F, class Compress, class Expand>
int wrong_codes(const F& f, const Compress& compress, const Expand& expand) {
  const long double largest = pack_as<long double>(largest_value(f.element));
  const code_t codes = code_t{1} << f.bits();
  int wrong = 0;
  for (code_t code = 0; code < codes; ++code) {
    const unpacked e = decode(f.element, code), v = decode(f, code);
    if (!e.is_finite()) {
      wrong += v.is_nan() != e.is_nan() || v.is_infinite() != e.is_infinite();
      continue;
    }
    const long double image = pack_as<long double>(e) / largest;
    const auto value =
        static_cast<float>(std::copysign(expand(std::min(std::abs(image), 1.0L)), image));
    wrong += pack_as<float>(v) != value;
    wrong += !(decode(f, encode(f, v)) == v);
  }
  std::mt19937 random(1);
  std::uniform_real_distribution<float> shares(-17, 0);
  for (int i = 0; i < 3000; ++i) {
    const float x = std::exp2(shares(random)) * (i % 2 == 0 ? 1 : -1);
    const long double image = largest * compress(std::abs(static_cast<long double>(x)));
    const unpacked near = unpack(static_cast<double>(x < 0 ? -image : image));
    wrong += encode(f, unpack(x)) != encode(f.element, near, nearest_even, overflow::saturate);
  }
  return wrong;
}

}  // namespace

TEST_CASE("values and roundings of powers are those of long double") {
  for (const float k : {0.125f, 0.7f, 1.0f, 1.25f, 3.875f}) {
    const long double e = static_cast<long double>(k);
    const auto compress = [&](long double x) { return std::pow(x, e); };
    const auto expand = [&](long double y) { return std::pow(y, 1 / e); };
    INFO(k);
    CHECK(wrong_codes(companded(formats::e4m3fn, companders::power{k}), compress, expand) == 0);
    CHECK(wrong_codes(companded<4>(formats::symmetric_int_n<4>, companders::power{k}), compress,
                      expand) == 0);
  }
}

TEST_CASE("the laws of telephony and one that only this test knows") {
  const long double mu = 255, a = static_cast<long double>(87.6f), of_a = 1 + std::log(a);
  CHECK(wrong_codes(
            companded(formats::symmetric_int_n<8>, companders::mu_law{}),
            [&](long double x) { return std::log1p(mu * x) / std::log1p(mu); },
            [&](long double y) { return std::expm1(y * std::log1p(mu)) / mu; }) == 0);
  CHECK(wrong_codes(
            companded(formats::symmetric_int_n<8>, companders::a_law{}),
            [&](long double x) { return (a * x < 1 ? a * x : 1 + std::log(a * x)) / of_a; },
            [&](long double y) {
              return (y * of_a < 1 ? y * of_a : std::exp(y * of_a - 1)) / a;
            }) == 0);
  CHECK(wrong_codes(
            companded(formats::e5m2, square_law{}), [](long double x) { return std::sqrt(x); },
            [](long double y) { return y * y; }) == 0);
  const unpacked x = unpack(0.3);  // compress undoes expand
  const auto undone = [&](const auto& c) {
    return pack_as<double>(c.compress(c.expand(x))) == Approx(0.3).epsilon(1e-12);
  };
  CHECK(undone(companders::power{0.7f}));
  CHECK(undone(companders::mu_law{}));
  CHECK(undone(companders::a_law{}));
}

TEST_CASE("corners of a companded format") {
  constexpr auto f = companded<4>(formats::symmetric_int_n<4>, companders::power{0.5f});
  static_assert(defect(f) == nullptr);
  CHECK(pack_as<float>(decode(f, 7)) == 1);
  CHECK(pack_as<float>(decode(f, 1)) == static_cast<float>(1.0 / 49));
  CHECK(encode(f, unpack(9.0)) == 7);  // beyond the end
  CHECK(encode(f, unpack(-9.0)) == 9);
  CHECK(encode(f, unpack(0.0)) == 0);
  CHECK(encode(f, unpack(0.02f), downward) == 0);
  CHECK(encode(f, unpack(0.001f), upward) == 1);
  CHECK(encode(f, unpacked::nan(), nearest_even, overflow::saturate, missing_nan::zero) == 0);
  const auto nan_kept = companded(formats::e4m3fn, companders::power{2});
  CHECK(decode(nan_kept, encode(nan_kept, unpacked::nan())).is_nan());
  CHECK(defect(companded<4>(formats::e4m3fn, companders::power{2})) != nullptr);
  CHECK(defect(companded_format<decltype(formats::e2m1), 4>{formats::e2m1}) != nullptr);
}

TEST_CASE("companders that contradict themselves make no format") {
  const auto is_refused = [](const auto& c) {
    return defect(companded<4>(formats::symmetric_int_n<4>, c)) != nullptr;
  };
  CHECK(is_refused(companders::power{0}));
  CHECK(is_refused(companders::power{-1}));
  CHECK(is_refused(companders::mu_law{0}));
  CHECK(is_refused(companders::a_law{0.5f}));
  CHECK(is_refused(falling_law{}));
  CHECK_FALSE(is_refused(companders::a_law{1}));
  // Values of binary64 that are far from 1 have a logarithm, too.
  const unpacked root = companders::power{0.125f}.compress(unpack(0x1p-1000));
  CHECK(pack_as<double>(root) == 0x1p-125);
}

TEST_CASE("random bits keep values on average") {
  const auto f = companded(formats::symmetric_int_n<4>, companders::power{0.5f});
  double sum = 0;
  constexpr int count = 20000;
  for (int i = 0; i < count; ++i) {
    const stochastic mode{.seed = 3, .index = static_cast<std::uint64_t>(i)};
    sum += pack_as<double>(decode(f, encode(f, unpack(0.25f), mode)));
  }
  CHECK(sum / count == Approx(0.25).margin(0.003));  // the neighbours are .184 and .327
}
