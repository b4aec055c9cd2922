// SPDX-License-Identifier: MIT
// The scalar type: its size, its triviality, and conversions that round once from whatever the
// source is.
#include "lowp/number/number.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>

#include "catch.hpp"
#include "exact_oracle.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"

using namespace lowp;

namespace {

template <class Number>
constexpr bool is_plain =
    std::is_trivially_copyable_v<Number>&& std::is_trivially_default_constructible_v<Number>&&
        std::is_standard_layout_v<Number> &&
    sizeof(Number) == sizeof(typename Number::storage_type);

static_assert(is_plain<e4m3fn> && sizeof(e4m3fn) == 1);
static_assert(is_plain<e2m1> && sizeof(e2m1) == 1);
static_assert(is_plain<e8m0> && sizeof(e8m0) == 1);
static_assert(is_plain<binary16> && sizeof(binary16) == 2);
static_assert(is_plain<tf32> && sizeof(tf32) == 4);
static_assert(is_plain<binary64> && sizeof(binary64) == 8);
static_assert(is_plain<int_n<12>> && sizeof(int_n<12>) == 2);
static_assert(is_plain<posit<32>> && sizeof(posit<32>) == 4);
static_assert(is_plain<p3109<9, 4>> && sizeof(p3109<9, 4>) == 2);

// Integers and constants convert by themselves (literal_face_test.cpp), out nothing does, and not
// between formats.
static_assert(std::is_convertible_v<int, int_n<8>>);
static_assert(!std::is_convertible_v<e4m3fn, float> && !std::is_convertible_v<e4m3fn, int>);
static_assert(!std::is_convertible_v<e4m3fn, binary32> && !std::is_convertible_v<e4m3fn, bool>);
static_assert(std::is_constructible_v<e4m3fn, double> && std::is_constructible_v<float, e4m3fn>);
static_assert(std::is_constructible_v<e5m2, e4m3fn> && std::is_constructible_v<int, e4m3fn>);
static_assert(is_number_v<e4m3fn> && !is_number_v<float>);

// Everything is a constant expression.
static_assert(e4m3fn{}.code() == 0);
static_assert(e4m3fn(1.0).code() == 0x38 && e4m3fn(1.0f).code() == 0x38 &&
              e4m3fn(1).code() == 0x38);
static_assert(float(e4m3fn::from_code(0x7E)) == 448.0f && double(e4m3fn::from_code(1)) == 0x1p-9);
static_assert(int(e4m3fn(-3.75)) == -3 && unsigned(e4m3fn(3.75)) == 3u);
static_assert(e5m2(e4m3fn(1.125)).code() == 0x3C && e5m2(e4m3fn(1.375)).code() == 0x3E);
static_assert(convert<formats::e4m3fn>(1e9, nearest_even, overflow::saturate).code() == 0x7E);
static_assert(convert<formats::e4m3fn>(1.1, upward).code() == 0x39);
static_assert(convert<formats::e4m3fn>(1.1, downward).code() == 0x38);

std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x); }

}  // namespace

TEST_CASE("codes are kept, bits above the width are dropped") {
  CHECK(e4m3fn::from_code(0x1FF).code() == 0xFF);
  CHECK(e2m1::from_code(0x18).code() == 0x8);
  CHECK(tf32::from_code(~std::uint64_t{0}).code() == 0x7FFFF);
  const e5m2 x(1.75);
  e5m2 copy;
  std::memcpy(&copy, &x, sizeof x);
  CHECK(copy.code() == x.code());
}

TEST_CASE("double is never rounded twice") {
  CHECK(e4m3fn(-431.99999999999994).code() == 0xFD);
  CHECK(e4m3fn(-432.0).code() == 0xFE);
  CHECK(e5m2(1.125 + 0x1p-40).code() == 0x3D);
  CHECK(e5m2(1.125).code() == 0x3C);
  CHECK(e4m3fn(1.0625000000001).code() == 0x39);
  CHECK(binary16(1 + 0x1p-11 + 0x1p-50).code() == 0x3C01);
  CHECK(binary32(1 + 0x1p-24 + 0x1p-52).code() == 0x3F800001);
  // Also below the normal numbers.
  CHECK(binary16(0x1.8p-24 + 0x1p-70).code() == 2);
  CHECK(binary16(0x1p-25 + 0x1p-77).code() == 1);
  CHECK(binary16(0x1p-25).code() == 0);
}

TEST_CASE("long double is never rounded twice") {
  if constexpr (std::numeric_limits<long double>::digits >= 64) {
    const long double tiny = std::ldexp(1.0L, -60);
    CHECK(e5m2(1.125L + tiny).code() == 0x3D);
    CHECK(e5m2(-(1.125L + tiny)).code() == 0xBD);
    CHECK(e5m2(1.125L - tiny).code() == 0x3C);
    CHECK(e5m2(1.375L - tiny).code() == 0x3D);
    CHECK(binary64(1.0L + std::ldexp(1.0L, -53) + std::ldexp(1.0L, -63)).code() ==
          bits_of(1.0) + 1);
  }
  CHECK(e5m2(1.125L).code() == 0x3C);
  CHECK(e5m2(-0.75L).code() == 0xBA);
  CHECK(e5m2(0.0L).code() == 0);
  CHECK(e5m2(std::ldexp(1.0L, 2000)).code() == 0x7C);
  CHECK(e5m2(std::ldexp(-1.0L, -2000)).code() == 0x80);
}

TEST_CASE("integers are never rounded twice") {
  // 2^62 + 2^38 + 1 lies above a tie of binary32, but not if binary64 sees it first.
  const std::int64_t above_tie = (std::int64_t{1} << 62) + (std::int64_t{1} << 38) + 1;
  CHECK(binary32(above_tie).code() == 0x5E800001);
  CHECK(binary32(-above_tie).code() == 0xDE800001);
  CHECK(binary32(above_tie - 1).code() == 0x5E800000);
  CHECK(bfloat16((std::int64_t{1} << 62) + (std::int64_t{1} << 54) + 1).code() == 0x5E81);
  CHECK(int(e8m0(std::uint64_t{3} << 62).code()) == 127 + 63);  // a tie, to the even code
  CHECK(int(e8m0((std::uint64_t{3} << 62) + 1).code()) == 127 + 64);
  CHECK(binary64(INT64_MIN).code() == bits_of(-0x1p63));
  CHECK(binary64(UINT64_MAX).code() == bits_of(0x1p64));
  CHECK(int_n<64>(INT64_MIN).code() == 0x8000000000000000);
  CHECK(std::int64_t(int_n<64>(INT64_MIN)) == INT64_MIN);
  CHECK(std::uint64_t(uint_n<64>(UINT64_MAX)) == UINT64_MAX);
  CHECK(e4m3fn(static_cast<signed char>(-7)).code() == e4m3fn(-7.0).code());
  CHECK(e4m3fn(true).code() == 0x38);
  CHECK(e4m3fn(false).code() == 0);
}

TEST_CASE("to integers: toward zero, saturating, NaN as zero") {
  CHECK(int(e5m2(-2.5)) == -2);
  CHECK(int(e5m2::from_code(0x7C)) == std::numeric_limits<int>::max());
  CHECK(int(e5m2::from_code(0xFC)) == std::numeric_limits<int>::min());
  CHECK(int(e5m2::from_code(0x7E)) == 0);
  CHECK(int(static_cast<signed char>(e5m2(-1000.0))) == -128);
  CHECK(unsigned(e5m2(-1000.0)) == 0u);
  CHECK(bool(e5m2(0.25)));
  CHECK_FALSE(bool(e5m2(0.0)));
  CHECK(bool(e5m2::from_code(0x7E)));
}

TEST_CASE("to double and float: exact for every code of up to 16 bits") {
  const auto check = []<auto F>(const oracle::table& t, number<F>) {
    long long wrong = 0;
    for (std::uint64_t code = 0; code <= t.mask(); ++code) {
      const auto d = t.decode(code);
      if (d.kind != oracle::kind::finite) continue;
      const auto x = number<F>::from_code(code);
      const bool is_negative_zero = d.index == 0 && t.has_zero && d.is_negative;
      const std::uint64_t want = is_negative_zero ? std::uint64_t{1} << 63 : bits_of(t.value(d));
      if (bits_of(double(x)) != want) ++wrong;
      if (bits_of(static_cast<double>(float(x))) != want) ++wrong;
      if (number<F>(double(x)).code() != code || number<F>(float(x)).code() != code) ++wrong;
    }
    INFO(t.name);
    CHECK(wrong == 0);
  };
  using oracle::ends, oracle::float_table;
  check(float_table("e4m3fn", 4, 3, 7, ends::one_nan), e4m3fn{});
  check(float_table("e5m2fnuz", 5, 2, 16, ends::nan_is_minus0), e5m2fnuz{});
  check(float_table("e2m1", 2, 1, 1, ends::finite), e2m1{});
  check(float_table("e6m2", 6, 2, 48, ends::one_nan, false, 0), e6m2{});
  check(float_table("binary16", 5, 10, 15, ends::ieee), binary16{});
  check(oracle::posit_table(16, 1), posit<16, 1>{});
  check(oracle::posit_table(8, 2), posit<8>{});
  check(oracle::fixed_table("fixed8.6", 8, 6), fixed<8, 6>{});
}

TEST_CASE("between formats: the value, rounded once") {
  // e4m3fn to every kind of format, all codes, against the search in a list of values.
  const auto check =
      []<auto F, auto G>(const oracle::table& from, number<F>, const oracle::table& to, number<G>) {
    long long wrong = 0;
    for (std::uint64_t code = 0; code <= from.mask(); ++code) {
      const auto d = from.decode(code);
      const oracle::fraction x = as_fraction(from, d);
      const oracle::position at = locate(to, x);
      oracle::for_each_mode([&](const auto& mode, oracle::mode m) {
        for (const overflow o : {overflow::to_special, overflow::saturate}) {
          const auto want = round(to, x, at, m, o);
          const auto got = convert<G>(number<F>::from_code(code), mode, o).code();
          if (want.is_nan ? to.decode(got).kind != oracle::kind::nan : got != want.code) ++wrong;
        }
      });
      if (number<G>(number<F>::from_code(code)).code() !=
          convert<G>(number<F>::from_code(code)).code()) {
        ++wrong;
      }
    }
    INFO(from.name << " to " << to.name);
    CHECK(wrong == 0);
  };
  using oracle::ends, oracle::float_table;
  const auto e4m3fn_table = float_table("e4m3fn", 4, 3, 7, ends::one_nan);
  const auto e5m2_table = float_table("e5m2", 5, 2, 15, ends::ieee);
  const auto posit_table = oracle::posit_table(8, 2);
  const auto fixed_table = oracle::fixed_table("fixed8.6", 8, 6);
  const auto fnuz_table = float_table("e4m3fnuz", 4, 3, 8, ends::nan_is_minus0);
  const auto e2m1_table = float_table("e2m1", 2, 1, 1, ends::finite);
  const auto ue4m3_table = float_table("ue4m3", 4, 3, 7, ends::one_nan, false);
  check(e4m3fn_table, e4m3fn{}, e5m2_table, e5m2{});
  check(e5m2_table, e5m2{}, e4m3fn_table, e4m3fn{});
  check(e5m2_table, e5m2{}, fnuz_table, e4m3fnuz{});
  check(e5m2_table, e5m2{}, ue4m3_table, ue4m3{});
  check(e5m2_table, e5m2{}, posit_table, posit<8>{});
  check(e5m2_table, e5m2{}, fixed_table, fixed<8, 6>{});
  check(e4m3fn_table, e4m3fn{}, e2m1_table, e2m1{});
  check(posit_table, posit<8>{}, e4m3fn_table, e4m3fn{});
  check(posit_table, posit<8>{}, e5m2_table, e5m2{});
  check(fixed_table, fixed<8, 6>{}, e2m1_table, e2m1{});
}

TEST_CASE("what a format lacks") {
  constexpr float infinity = std::bit_cast<float>(0x7F800000u);
  constexpr float nan = std::bit_cast<float>(0xFFC00000u);
  CHECK(e4m3fn(infinity).code() == 0x7F);
  CHECK(e4m3fn(nan).code() == 0xFF);
  CHECK(e2m1(infinity).code() == 0x7);
  CHECK(e2m1(-6.9).code() == 0xF);
  CHECK(e2m1(nan).code() == 0x7);
  CHECK(convert<formats::e2m1>(nan, nearest_even, overflow::to_special, missing_nan::signed_largest)
            .code() == 0xF);
  CHECK(convert<formats::e2m1>(nan, nearest_even, overflow::to_special, missing_nan::zero).code() ==
        0);
  CHECK(e4m3fnuz(-0.0).code() == 0);
  CHECK(e8m0(0.0).code() == 0xFF);
  CHECK(ue4m3(-1).code() == 0x7F);
  CHECK(int_n<8>(nan).code() == 0x7F);
  CHECK(int_n<8>(infinity).code() == 0x7F);
}

TEST_CASE("a code of 64 bits does not round up into zero") {
  constexpr float_format f{
      .exponent_bits = 20, .mantissa_bits = 44, .is_signed = false, .has_infinity = false};
  constexpr unpacked beyond =
      exact::add(largest_value(f), unpack(number<f>::from_code(~code_t{0} - 1)));
  constexpr unpacked just_above{
      value_kind::finite, false, largest_value(f).exponent, {~std::uint64_t{0}, ~std::uint64_t{0}}};
  for (const overflow o : {overflow::saturate, overflow::to_special, overflow::propagate}) {
    CHECK(encode(f, just_above, nearest_even, o) == ~code_t{0});
    CHECK(encode(f, beyond, nearest_even, o) == ~code_t{0});
  }
}

TEST_CASE("operands of 64 significant bits cancel exactly") {
  using u64 = uint_n<64>;
  const u64 top(~std::uint64_t{0});
  // (2^64 - 1)^2 - (2^128 - 2^65) = 1.
  const auto minus_2_128_plus_2_65 = fixed<64, -65>::from_code(0 - ((code_t{1} << 63) - 1));
  CHECK(fma<formats::binary64>(top, top, minus_2_128_plus_2_65) == 1);
  CHECK(fma<formats::binary64>(top, top, u64(0)) == binary64(0x1p128));
  // One binade apart: 2^64 - (2^64 - 1), and 3 * 2^62 - (2^63 + 1).
  CHECK(subtract<formats::binary64>(fixed<64, -10>(0x1p64), top) == 1);
  CHECK(
      subtract<formats::binary64>(u64(std::uint64_t{3} << 62), u64((std::uint64_t{1} << 63) + 1)) ==
      binary64((std::uint64_t{1} << 62) - 1));
}

TEST_CASE("numbers compare with the arithmetic types of C++ by value") {
  STATIC_REQUIRE(e4m3fn(1.5) == 1.5);
  STATIC_REQUIRE(1.5f == e4m3fn(1.5));
  STATIC_REQUIRE(e4m3fn(448) < 449);
  STATIC_REQUIRE(e4m3fn(0.3) != 0.3);
  STATIC_REQUIRE(binary64(9007199254740992.0) < 9007199254740993);
  STATIC_REQUIRE(std::is_neq(e4m3fn::from_code(0x7F) <=> 0));
}

#ifdef __SIZEOF_INT128__
TEST_CASE("integers of more than 64 bits are refused rather than cut") {
  __extension__ using wide = __int128;
  STATIC_REQUIRE_FALSE(std::is_constructible_v<binary64, wide>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<wide, binary64>);
}
#endif
