// SPDX-License-Identifier: MIT
// Mistakes that number format libraries have made with single numbers, each as the test that would
// have found it. The labels T1 … T39 are kept stable; those about blocks and text live beside
// blocks and text.
#include <array>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/number.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace {

using lowp::code_t;
using lowp::missing_nan;
using lowp::overflow;
using lowp::unpacked;
namespace formats = lowp::formats;

template <class F, class T, class R = lowp::nearest_even_t>
code_t code(const F& f, T x, overflow o = overflow::to_special, const R& mode = {}) {
  return encode(f, lowp::unpack(x), mode, o);
}

const float float_infinity = std::bit_cast<float>(0x7F800000u);
const float float_nan = std::bit_cast<float>(0x7FC00000u);
const float negative_nan = std::bit_cast<float>(0xFFC00000u);

double next(double x) { return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) + 1); }
double before(double x) { return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) - 1); }
float next(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + 1); }
float before(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) - 1); }

}  // namespace

TEST_CASE("T1: double, long double and 64-bit integers are not rounded through float") {
  CHECK(code(formats::e4m3fn, -431.99999999999994) == 0xFD);  // -416; through float -448
  CHECK(code(formats::e4m3fn, -432.0) == 0xFE);
  CHECK(code(formats::e5m2, 1.125 + 0x1p-40) == 0x3D);  // 1.25; through float 1
  CHECK(code(formats::e5m2, 1.125) == 0x3C);
  CHECK(static_cast<double>(lowp::e4m3fn(-431.99999999999994)) == -416);
  // One more than the tie between two bfloat16 numbers, beyond the reach of binary32 and binary64.
  CHECK(code(formats::bfloat16, (std::int64_t{0x101} << 40) + 1) == 0x5781);
  CHECK(code(formats::bfloat16, std::int64_t{0x101} << 40) == 0x5780);
  CHECK(code(formats::bfloat16, (std::uint64_t{0x101} << 55) + 1) == 0x5F01);
  if constexpr (std::numeric_limits<long double>::digits >= 64) {
    CHECK(code(formats::binary16, 1.0L + 0x1p-11L + 0x1p-63L) == 0x3C01);
    CHECK(code(formats::binary16, 1.0L + 0x1p-11L) == 0x3C00);
    CHECK(code(formats::binary64, 1.0L + 0x1p-53L + 0x1p-63L) == 0x3FF0000000000001u);
  }
  // Between formats: just above a tie.
  const lowp::binary32 x(0x1.002002p0);
  CHECK(lowp::binary16(x).code() == 0x3C01);
}

TEST_CASE("T1: to_odd makes two roundings one") {
  const double x = -431.99999999999994;
  const code_t odd = encode(formats::binary32, lowp::unpack(x), lowp::to_odd);
  CHECK(encode(formats::e4m3fn, decode(formats::binary32, odd)) == 0xFD);
  const code_t even = encode(formats::binary32, lowp::unpack(x));
  CHECK(encode(formats::e4m3fn, decode(formats::binary32, even)) == 0xFE);
}

TEST_CASE("T2: exponents come from bits: just below every power of two is one binade lower") {
  for (int e = -126; e <= 127; ++e) {
    const auto bits = static_cast<std::uint32_t>(e + 127) << 23;
    const float power = std::bit_cast<float>(bits);
    INFO("2^" << e);
    CHECK(lowp::unpack(power).exponent == e);
    CHECK(lowp::unpack(before(power)).exponent == e - 1);
    const auto field = static_cast<code_t>(e + 127);
    CHECK(code(formats::e8m0, power, overflow::saturate, lowp::toward_zero) == field);
    CHECK(code(formats::e8m0, before(power), overflow::saturate, lowp::toward_zero) == field - 1);
    CHECK(code(formats::e8m0, power, overflow::saturate, lowp::upward) == field);
    if (e > -126) {
      CHECK(code(formats::e8m0, before(power), overflow::saturate, lowp::upward) == field);
    }
  }
  CHECK(code(formats::e8m0, 65535.996f, overflow::saturate, lowp::toward_zero) == 127 + 15);
  // The same at compile time.
  STATIC_REQUIRE(encode(formats::e8m0, lowp::unpack(65535.996f), lowp::toward_zero) == 142);
}

TEST_CASE("T6: all codes of e8m0, with 2^-127 and NaN at the ends") {
  for (code_t c = 0; c < 255; ++c) {
    const unpacked value = decode(formats::e8m0, c);
    CHECK(oracle::same(std::ldexp(1.0, static_cast<int>(c) - 127), value));
    CHECK(encode(formats::e8m0, value) == c);
    // As binary32 bits, code 0 is a subnormal: integers do not flush it.
    const std::uint32_t image = c == 0 ? 0x00400000u : static_cast<std::uint32_t>(c) << 23;
    CHECK(std::bit_cast<std::uint32_t>(static_cast<float>(lowp::e8m0::from_code(c))) == image);
    CHECK(code(formats::e8m0, std::bit_cast<float>(image)) == c);
  }
  CHECK(decode(formats::e8m0, 0xFF).is_nan());
  CHECK(lowp::isnan(lowp::e8m0::from_code(0xFF)));
  CHECK_FALSE(lowp::isnan(lowp::e8m0(128.0)));
  CHECK_FALSE(has_zero(formats::e8m0));
  CHECK(code(formats::e8m0, 0.0f) == 0xFF);
  CHECK(code(formats::e8m0, 0.0f, overflow::saturate) == 0x00);
}

TEST_CASE("T7: every code of ue4m3 can be reached, and subnormals carry into normals") {
  for (code_t c = 0; c < 0x7F; ++c) CHECK(encode(formats::ue4m3, decode(formats::ue4m3, c)) == c);
  CHECK(code(formats::ue4m3, 256.0f) == 0x78);
  CHECK(code(formats::ue4m3, 447.0f) == 0x7E);
  CHECK(code(formats::ue4m3, 0x1p-9f * 7.5f) == 0x08);  // a tie, up to the even code
  CHECK(code(formats::ue4m3, 0x1p-9f * 6.5f) == 0x06);
  CHECK(code(formats::ue4m3, 272.0f) == 0x78);  // a tie: not away
}

TEST_CASE("T8: a sign never gets into an unsigned format") {
  for (const auto& f : {formats::ue4m3, formats::ue5m3, formats::e8m0, formats::e6m2}) {
    for (const double x : {-4.0, -1.0, -448.0, -1e30, -3e38, -1e300}) {
      for (const auto m : oracle::modes) {
        const unpacked exact = lowp::unpack(x);
        CHECK(decode(f, oracle::library_encode(f, exact, m, overflow::to_special)).is_nan());
        CHECK(oracle::library_encode(f, exact, m, overflow::saturate) == 0);
        CHECK(oracle::library_encode(f, exact, m, overflow::propagate) == 0);
      }
    }
    CHECK(decode(f, code(f, -float_infinity)).is_nan());
    CHECK(code(f, -float_infinity, overflow::saturate) == 0);
    CHECK(decode(f, code(f, negative_nan)).is_nan());
  }
  CHECK(code(formats::ue4m3, -0.0f) == 0);
  CHECK(code(formats::ue4m3, -0x1p-11f) == 0);  // rounds to zero
}

TEST_CASE("T9: how e8m0 rounds is what the caller asks for") {
  CHECK(code(formats::e8m0, 1.5f) == 0x80);  // the even one of 7F and 80
  CHECK(code(formats::e8m0, 3.0f) == 0x80);  // the even one of 80 and 81
  CHECK(code(formats::e8m0, 3.0f, overflow::to_special, lowp::nearest_away) == 0x81);
  CHECK(code(formats::e8m0, 1.45f) == 0x7F);
  CHECK(code(formats::e8m0, 1.45f, overflow::to_special, lowp::upward) == 0x80);
  CHECK(code(formats::e8m0, 1.99f, overflow::to_special, lowp::toward_zero) == 0x7F);
  const float largest = std::bit_cast<float>(0x7F7FFFFFu);
  CHECK(code(formats::e8m0, largest, overflow::saturate, lowp::upward) == 0xFE);
  CHECK(code(formats::e8m0, largest, overflow::to_special, lowp::upward) == 0xFF);
  CHECK(code(formats::e8m0, largest, overflow::to_special, lowp::toward_zero) == 0xFE);
}

TEST_CASE("T18: FNUZ formats have no -0, and its code is NaN both ways") {
  for (const auto& f : {formats::e4m3fnuz, formats::e5m2fnuz, formats::e4m3b11fnuz}) {
    CHECK(code(f, -1e-9f) == 0x00);
    CHECK(code(f, -0.0f) == 0x00);
    CHECK(decode(f, 0x80).is_nan());
    CHECK(code(f, float_nan) == 0x80);
    CHECK(code(f, negative_nan) == 0x80);
    CHECK(code(f, float_infinity) == 0x80);
    CHECK(code(f, -float_infinity, overflow::saturate) == 0xFF);
  }
  CHECK(code(formats::e4m3fnuz, -1e-5f) == 0x00);
  CHECK(code(formats::e4m3fnuz, -0x1p-12f) == 0x00);
  CHECK(code(formats::e4m3fnuz, 240.0f) == 0x7F);
  CHECK(code(formats::e5m2fnuz, 57344.0f) == 0x7F);
  // The negative of zero, and a negative sum that rounds to zero.
  const lowp::e4m3fnuz zero = lowp::e4m3fnuz::from_code(0);
  CHECK((-zero).code() == 0);
  CHECK((zero * lowp::e4m3fnuz(-1.0)).code() == 0);
}

TEST_CASE("T19: a NaN stays a NaN whatever its payload") {
  for (const std::uint32_t payload : {1u, 0x1000u, 0x200000u, 0x400000u, 0x7FFFFFu}) {
    for (const std::uint32_t sign : {0u, 0x80000000u}) {
      const float x = std::bit_cast<float>(sign | 0x7F800000u | payload);
      for (const auto& f : {formats::binary16, formats::bfloat16, formats::e5m2, formats::e4m3,
                            formats::e3m4, formats::e4m3fn, formats::e4m3fnuz, formats::tf32}) {
        CHECK(decode(f, code(f, x)).is_nan());
        CHECK(decode(f, code(f, x, overflow::saturate)).is_nan());
      }
      const auto wide =
          std::bit_cast<double>(std::uint64_t{sign} << 32 | 0x7FF0000000000000u | payload);
      CHECK(decode(formats::binary32, code(formats::binary32, wide)).is_nan());
      CHECK(decode(formats::e5m2, code(formats::e5m2, wide)).is_nan());
    }
  }
}

TEST_CASE("T20: what NaN becomes in a format without NaN is a named choice") {
  for (const auto& f : {formats::e2m1, formats::e3m2, formats::e2m3}) {
    const code_t top = f.largest_magnitude(), sign = f.sign_bit();
    const auto nan = [&](float x, missing_nan n) {
      return encode(f, lowp::unpack(x), lowp::nearest_even, overflow::to_special, n);
    };
    CHECK(encode(f, lowp::unpack(float_nan)) == top);  // the default
    CHECK(encode(f, lowp::unpack(negative_nan)) == top);
    CHECK(nan(float_nan, missing_nan::signed_largest) == top);
    CHECK(nan(negative_nan, missing_nan::signed_largest) == (top | sign));
    CHECK(nan(float_nan, missing_nan::zero) == 0);
    CHECK(nan(negative_nan, missing_nan::zero) == 0);
    CHECK(nan(float_nan, missing_nan::flipped_zero) == sign);
    CHECK(nan(negative_nan, missing_nan::flipped_zero) == 0);
  }
}

TEST_CASE("T21: NaN keeps its sign where the format has one") {
  CHECK(code(formats::e4m3fn, float_nan) == 0x7F);
  CHECK(code(formats::e4m3fn, negative_nan) == 0xFF);
  CHECK(code(formats::e5m2, float_nan) == 0x7E);
  CHECK(code(formats::e5m2, negative_nan) == 0xFE);
  CHECK(code(formats::binary16, negative_nan) == 0xFE00);
  CHECK(code(formats::e4m3fn, float_nan, overflow::saturate) == 0x7F);
}

TEST_CASE("T22: 464 ties to 448, and 61440 is the first to overflow e5m2") {
  struct row {
    float x;
    code_t special, saturated;
  };
  const row e4m3fn_rows[] = {{448, 0x7E, 0x7E}, {before(464.0f), 0x7E, 0x7E},
                             {464, 0x7E, 0x7E}, {next(464.0f), 0x7F, 0x7E},
                             {465, 0x7F, 0x7E}, {479.9f, 0x7F, 0x7E},
                             {480, 0x7F, 0x7E}, {float_infinity, 0x7F, 0x7E}};
  const row e5m2_rows[] = {
      {57344, 0x7B, 0x7B}, {61439.996f, 0x7B, 0x7B}, {before(61440.0f), 0x7B, 0x7B},
      {61440, 0x7C, 0x7B}, {65536, 0x7C, 0x7B},      {float_infinity, 0x7C, 0x7B}};
  for (const auto& r : e4m3fn_rows) {
    INFO(r.x);
    CHECK(code(formats::e4m3fn, r.x) == r.special);
    CHECK(code(formats::e4m3fn, -r.x) == (r.special | 0x80));
    CHECK(code(formats::e4m3fn, r.x, overflow::saturate) == r.saturated);
    CHECK(code(formats::e4m3fn, -r.x, overflow::saturate) == (r.saturated | 0x80));
  }
  for (const auto& r : e5m2_rows) {
    INFO(r.x);
    CHECK(code(formats::e5m2, r.x) == r.special);
    CHECK(code(formats::e5m2, -r.x) == (r.special | 0x80));
    CHECK(code(formats::e5m2, r.x, overflow::saturate) == r.saturated);
  }
  CHECK(code(formats::e4m3fn, next(464.0)) == 0x7F);
  CHECK(code(formats::e5m2, before(61440.0)) == 0x7B);
  CHECK(code(formats::e4m3fn, 479.0f, overflow::to_special, lowp::toward_zero) == 0x7E);
}

TEST_CASE("T23: an exponent field of all ones is an ordinary binade in finite-only formats") {
  for (code_t c = 0x78; c <= 0x7E; ++c) {
    CHECK(oracle::same(256.0 + 32.0 * static_cast<double>(c - 0x78), decode(formats::e4m3fn, c)));
  }
  for (code_t c = 0xF8; c <= 0xFE; ++c) {
    CHECK(
        oracle::same(65536.0 + 8192.0 * static_cast<double>(c - 0xF8), decode(formats::ue5m3, c)));
  }
  CHECK(oracle::same(114688.0, decode(formats::ue5m3, 0xFE)));
  CHECK(decode(formats::ue5m3, 0xFF).is_nan());
  CHECK(oracle::same(6.0, decode(formats::e2m1, 7)));
  CHECK(oracle::same(28.0, decode(formats::e3m2, 0x1F)));
}

TEST_CASE("T24: numbers far below the smallest subnormal do not shift around the word") {
  for (const auto& f : {formats::e5m2, formats::e4m3fn, formats::e2m1, formats::binary16,
                        formats::bfloat16, formats::e3m0, formats::e4m3fnuz}) {
    int wrong = 0;
    const int smallest = smallest_positive_value(f).exponent;
    for (int e = -1074; e < smallest - 1; ++e) {
      const unpacked x = unpacked::scaled_integer(false, 0x1FFFFF, e - 20);
      wrong += encode(f, x) != 0 ? 1 : 0;
      wrong += encode(f, x, lowp::toward_zero) != 0 ? 1 : 0;
      wrong += encode(f, x, lowp::downward) != 0 ? 1 : 0;
      wrong += decode(f, encode(f, x, lowp::upward)) != smallest_positive_value(f) ? 1 : 0;
      wrong += decode(f, encode(f, x, lowp::away_from_zero)) != smallest_positive_value(f) ? 1 : 0;
    }
    CHECK(wrong == 0);
  }
  CHECK(code(formats::e5m2, 1e-24f) == 0);
  // Exponents that no machine type has.
  for (const int e : {1 << 20, 1 << 28}) {
    CHECK(encode(formats::e4m3fn, unpacked::scaled_integer(false, 1, -e)) == 0);
    CHECK(encode(formats::e4m3fn, unpacked::scaled_integer(false, 1, e)) == 0x7F);
    CHECK(encode(formats::posit<8>, unpacked::scaled_integer(false, 1, -e)) == 1);
    CHECK(encode(formats::posit<8>, unpacked::scaled_integer(false, 1, e)) == 0x7F);
    CHECK(encode(formats::int_n<8>, unpacked::scaled_integer(false, 1, -e)) == 0);
    CHECK(encode(formats::int_n<8>, unpacked::scaled_integer(false, 1, e)) == 0x7F);
  }
}

TEST_CASE("T26: stochastic rounding uses the random bits that are drawn, in subnormals too") {
  // Three quarters of the way between neighbours: a mean of 0.75 in every binade.
  const unpacked inputs[] = {lowp::unpack(0x1p-9 * 0.75), lowp::unpack(0x1p-9 * 3.75),
                             lowp::unpack(1 + 0.125 * 0.75), lowp::unpack(256 + 32 * 0.75)};
  for (const unpacked& x : inputs) {
    const code_t low = encode(formats::e4m3fn, x, lowp::toward_zero);
    for (const int bits : {4, 8, 10}) {
      code_t ups = 0;
      for (std::uint32_t r = 0; r < 1u << bits; ++r) {
        ups += encode(formats::e4m3fn, x, lowp::stochastic_bits{r, bits}) - low;
      }
      CHECK(ups == code_t{3} << (bits - 2));
    }
    code_t ups = 0;
    constexpr int draws = 40000;
    for (std::uint64_t i = 0; i < draws; ++i) {
      ups += encode(formats::e4m3fn, x, lowp::stochastic{.seed = 1, .index = i}) - low;
    }
    CHECK(std::fabs(static_cast<double>(ups) - 0.75 * draws) < 5 * std::sqrt(draws * 0.75 * 0.25));
  }
}

TEST_CASE("T27: stochastic rounding sees the exact value, not one that was rounded before") {
  // 2^-30 of a step in binary32 terms: lost by a rounding to binary32 first.
  const unpacked x = lowp::unpack(1 + 0x1p-3 * 0x1p-30);
  int ups = 0;
  for (std::uint32_t r = 0; r < 16; ++r) {
    ups += encode(formats::e4m3fn, x, lowp::stochastic_bits{~r, 32}) == 0x39 ? 1 : 0;
  }
  CHECK(ups == 4);  // 2^32 * 2^-30 words of 2^32, the highest ones
  // What is exact never moves.
  CHECK(encode(formats::e4m3fn, lowp::unpack(1.0), lowp::stochastic_bits{~0u, 32}) == 0x38);
}

TEST_CASE("T28: seed zero, equal seeds and neighbouring elements give streams of their own") {
  const unpacked x = lowp::unpack(1.0625);
  const auto stream = [&](std::uint64_t seed) {
    std::vector<code_t> list;
    for (std::uint64_t i = 0; i < 256; ++i) {
      list.push_back(encode(formats::e4m3fn, x, lowp::stochastic{.seed = seed, .index = i}));
    }
    return list;
  };
  const auto zero = stream(0);
  const auto ups = std::count(zero.begin(), zero.end(), code_t{0x39});
  CHECK(ups > 128 - 40);
  CHECK(ups < 128 + 40);
  CHECK(zero == stream(0));
  CHECK(zero != stream(1));
  CHECK(stream(1) != stream(std::uint64_t{1} << 32));
}

TEST_CASE("T29: saturation also holds under stochastic rounding, and NaN stays NaN") {
  for (std::uint64_t i = 0; i < 500; ++i) {
    const lowp::stochastic m{.seed = 5, .index = i};
    CHECK(encode(formats::e4m3fn, lowp::unpack(467.0f), m, overflow::saturate) == 0x7E);
    CHECK(encode(formats::e4m3fn, lowp::unpack(1e9f), m, overflow::saturate) == 0x7E);
    CHECK(encode(formats::e4m3fn, lowp::unpack(float_nan), m, overflow::saturate) == 0x7F);
    CHECK(encode(formats::e2m1, lowp::unpack(7.9f), m) == 7);
  }
}

TEST_CASE("T30: the default is to nearest, ties to even") {
  CHECK(lowp::e4m3fn(1.0625).code() == 0x38);
  CHECK(lowp::e4m3fn(1.1875).code() == 0x3A);
  CHECK(lowp::e2m1(2.5).code() == 4);
  CHECK(lowp::e2m1(-2.5).code() == 12);
  CHECK(lowp::int_n<8>(0.5).code() == 0);
  CHECK(lowp::int_n<8>(1.5).code() == 2);
  CHECK(lowp::int_n<8>(-0.5).code() == 0);
  CHECK(code(formats::e2m1, 2.5f, overflow::to_special, lowp::nearest_away) == 5);
}

TEST_CASE("T33: numeric_limits claims what the format has") {
  using fp4 = std::numeric_limits<lowp::e2m1>;
  STATIC_REQUIRE_FALSE(fp4::has_quiet_NaN);
  STATIC_REQUIRE_FALSE(fp4::has_infinity);
  STATIC_REQUIRE(fp4::quiet_NaN().code() == 0);  // not -0
  STATIC_REQUIRE(fp4::infinity().code() == 0);
  STATIC_REQUIRE(fp4::max().code() == 7);
  STATIC_REQUIRE(fp4::lowest().code() == 15);
  STATIC_REQUIRE(fp4::min().code() == 2);
  STATIC_REQUIRE(fp4::denorm_min().code() == 1);
  STATIC_REQUIRE(fp4::digits == 2);

  using fp8 = std::numeric_limits<lowp::e4m3fn>;
  STATIC_REQUIRE(fp8::has_quiet_NaN);
  STATIC_REQUIRE_FALSE(fp8::has_infinity);
  STATIC_REQUIRE(fp8::quiet_NaN().code() == 0x7F);
  STATIC_REQUIRE(fp8::max().code() == 0x7E);
  STATIC_REQUIRE(fp8::epsilon().code() == 0x20);  // 1/8
  STATIC_REQUIRE(fp8::round_style == std::round_to_nearest);
  STATIC_REQUIRE_FALSE(fp8::is_iec559);

  using half = std::numeric_limits<lowp::binary16>;
  STATIC_REQUIRE(half::is_iec559);
  STATIC_REQUIRE(half::infinity().code() == 0x7C00);
  STATIC_REQUIRE(half::max_exponent == 16);
  STATIC_REQUIRE(half::min_exponent == -13);
  STATIC_REQUIRE(half::max_exponent10 == 4);
  STATIC_REQUIRE(half::min_exponent10 == -4);
  STATIC_REQUIRE(half::digits10 == 3);
  STATIC_REQUIRE(half::max_digits10 == 5);

  // The whole of binary32 and binary64 against the machine's types.
  using single = std::numeric_limits<lowp::binary32>;
  using machine = std::numeric_limits<float>;
  STATIC_REQUIRE(single::digits == machine::digits);
  STATIC_REQUIRE(single::digits10 == machine::digits10);
  STATIC_REQUIRE(single::max_digits10 == machine::max_digits10);
  STATIC_REQUIRE(single::max_exponent == machine::max_exponent);
  STATIC_REQUIRE(single::min_exponent == machine::min_exponent);
  STATIC_REQUIRE(single::max_exponent10 == machine::max_exponent10);
  STATIC_REQUIRE(single::min_exponent10 == machine::min_exponent10);
  STATIC_REQUIRE(single::max().code() == std::bit_cast<std::uint32_t>(machine::max()));
  STATIC_REQUIRE(single::min().code() == std::bit_cast<std::uint32_t>(machine::min()));
  STATIC_REQUIRE(single::epsilon().code() == std::bit_cast<std::uint32_t>(machine::epsilon()));
  STATIC_REQUIRE(single::denorm_min().code() == 1);
  using wide = std::numeric_limits<lowp::binary64>;
  using machine_wide = std::numeric_limits<double>;
  STATIC_REQUIRE(wide::digits10 == machine_wide::digits10);
  STATIC_REQUIRE(wide::max_digits10 == machine_wide::max_digits10);
  STATIC_REQUIRE(wide::max_exponent10 == machine_wide::max_exponent10);
  STATIC_REQUIRE(wide::min_exponent10 == machine_wide::min_exponent10);
  STATIC_REQUIRE(wide::max().code() == std::bit_cast<std::uint64_t>(machine_wide::max()));

  STATIC_REQUIRE_FALSE(std::numeric_limits<lowp::e8m0>::is_signed);
  STATIC_REQUIRE(std::numeric_limits<lowp::int_n<8>>::is_integer);
  STATIC_REQUIRE(std::numeric_limits<lowp::int_n<8>>::digits == 7);
  STATIC_REQUIRE(std::numeric_limits<lowp::uint_n<8>>::digits == 8);
  CHECK_FALSE(lowp::isfinite(fp8::quiet_NaN()));
  CHECK_FALSE(lowp::isfinite(half::infinity()));
  CHECK(lowp::isfinite(fp4::quiet_NaN()));
}

TEST_CASE("T39: every code of binary16 is that of IEEE 754") {
  int wrong = 0;
  for (code_t c = 0; c < 65536; ++c) {
    const auto e = static_cast<int>(c >> 10 & 0x1F);
    const auto m = static_cast<double>(c & 0x3FF);
    const unpacked value = decode(formats::binary16, c);
    const double magnitude = e == 0 ? std::ldexp(m, -24) : std::ldexp(1024 + m, e - 25);
    const bool is_right =
        e != 31  ? oracle::same(c >= 0x8000 ? oracle::negated(magnitude) : magnitude, value)
        : m == 0 ? value.is_infinite() && value.negative == (c >= 0x8000)
                 : value.is_nan() && value.negative == (c >= 0x8000);
    wrong += is_right ? 0 : 1;
#ifdef __FLT16_MANT_DIG__
    // The compiler's own type, bit for bit in both directions.
    const auto bits = static_cast<std::uint16_t>(c);
    _Float16 machine;
    std::memcpy(&machine, &bits, sizeof machine);
    const auto widened = static_cast<float>(machine);
    if (e != 31 && (e != 0 || oracle::machine_keeps_subnormals())) {
      wrong += code(formats::binary16, widened) == c ? 0 : 1;
    }
#endif
  }
  CHECK(wrong == 0);
  CHECK(code(formats::binary16, float_infinity) == 0x7C00);
  CHECK(code(formats::binary16, -float_infinity) == 0xFC00);
}

TEST_CASE("golden codes of single numbers") {
  constexpr auto saturate = overflow::saturate;
  CHECK(code(formats::e4m3fn, 0x1p-9f) == 0x01);
  CHECK(code(formats::e4m3fn, 0x1p-10f) == 0x00);
  CHECK(code(formats::e4m3fn, 0x1.8p-10f) == 0x01);
  CHECK(code(formats::e4m3fn, negative_nan) == 0xFF);
  CHECK(code(formats::e4m3fn, -float_infinity) == 0xFF);
  CHECK(code(formats::e4m3fn, -float_infinity, saturate) == 0xFE);
  CHECK(code(formats::e5m2, 0x1p-17f) == 0x00);
  CHECK(code(formats::e5m2, 0x1.8p-17f) == 0x01);
  const std::pair<float, code_t> fp4[] = {{.25f, 0}, {.75f, 2},   {1.25f, 2}, {1.75f, 4},
                                          {2.5f, 4}, {3.5f, 6},   {5.0f, 6},  {next(5.0f), 7},
                                          {6.0f, 7}, {1000.0f, 7}};
  for (const auto& [x, expected] : fp4) {
    INFO(x);
    CHECK(code(formats::e2m1, x) == expected);
  }
  CHECK(encode(formats::e2m1, unpacked::zero(true)) == 8);
  CHECK(code(formats::e8m0, std::bit_cast<float>(0x00400000u)) == 0x00);
  CHECK(code(formats::e8m0, float_nan) == 0xFF);
  CHECK(code(formats::ue5m3, 114688.0f) == 0xFE);
  CHECK(code(formats::ue5m3, 65536.0f) == 0xF8);
  CHECK(code(formats::ue5m3, float_nan) == 0xFF);
}
