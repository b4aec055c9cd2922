// SPDX-License-Identifier: MIT
// std::numeric_limits: those of binary32 and binary64 are those of float and double, and for every
// format of up to 8 bits each claim is checked against the list of its values.
#include "lowp/number/limits.hpp"

#include <bit>
#include <cstdio>
#include <cstdlib>

#include "catch.hpp"
#include "exact_oracle.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/text.hpp"

using namespace lowp;
using oracle::ends;
using oracle::table;

namespace {

template <class Number, class Float, class Bits>
void check_against_standard() {
  using ours = std::numeric_limits<Number>;
  using standard = std::numeric_limits<Float>;
  const auto bits = [](Float x) { return std::bit_cast<Bits>(x); };
  CHECK(ours::is_specialized);
  CHECK(ours::is_signed == standard::is_signed);
  CHECK(ours::is_integer == standard::is_integer);
  CHECK(ours::is_exact == standard::is_exact);
  CHECK(ours::is_bounded == standard::is_bounded);
  CHECK(ours::is_modulo == standard::is_modulo);
  CHECK(ours::is_iec559);
  CHECK(ours::has_infinity);
  CHECK(ours::has_quiet_NaN);
  CHECK_FALSE(ours::has_signaling_NaN);
  CHECK(ours::has_denorm == std::denorm_present);
  CHECK(ours::round_style == std::round_to_nearest);
  CHECK(ours::radix == standard::radix);
  CHECK(ours::digits == standard::digits);
  CHECK(ours::digits10 == standard::digits10);
  CHECK(ours::max_digits10 == standard::max_digits10);
  CHECK(ours::min_exponent == standard::min_exponent);
  CHECK(ours::max_exponent == standard::max_exponent);
  CHECK(ours::min_exponent10 == standard::min_exponent10);
  CHECK(ours::max_exponent10 == standard::max_exponent10);
  CHECK(ours::max().code() == bits(standard::max()));
  CHECK(ours::lowest().code() == bits(standard::lowest()));
  CHECK(ours::min().code() == bits(standard::min()));
  CHECK(ours::denorm_min().code() == 1);
  CHECK(ours::epsilon().code() == bits(standard::epsilon()));
  CHECK(ours::round_error().code() == bits(standard::round_error()));
  // By bits: in some builds infinities and NaNs of the compiler mean nothing.
  constexpr bool is_single = sizeof(Float) == 4;
  CHECK(ours::infinity().code() == (is_single ? 0x7F800000u : 0x7FF0000000000000u));
  CHECK(ours::quiet_NaN().code() == (is_single ? 0x7FC00000u : 0x7FF8000000000000u));
}

double power_of_ten(int n) {
  char text[16];
  std::snprintf(text, sizeof text, "1e%d", n);
  return std::strtod(text, nullptr);
}

/// The value of a code as the list has it.
template <auto F>
double listed(const table& t, number<F> x) {
  return t.value(t.decode(x.code()));
}

/// Whether decimals of `digits` digits tell all values of the format apart.
template <auto F>
bool digits_suffice(const table& t, int digits) {
  for (std::uint64_t code = 0; code <= t.mask(); ++code) {
    const auto d = t.decode(code);
    if (d.kind != oracle::kind::finite) continue;
    char text[64];
    const int size = std::snprintf(text, sizeof text, "%.*e", digits - 1, t.value(d));
    auto back = number<F>::from_code(0);
    from_chars(text, text + size, back);
    if (listed(t, back) != t.value(d)) return false;
  }
  return true;
}

template <auto F>
void check_claims(const table& t, number<F>, double smallest_normal) {
  INFO(t.name);
  using limits = std::numeric_limits<number<F>>;
  const double largest = t.magnitudes[static_cast<std::size_t>(t.largest)];
  const double smallest = t.magnitudes[t.has_zero ? 1 : 0];
  CHECK(listed(t, limits::max()) == largest);
  const double lowest = t.is_signed  ? -t.magnitudes[static_cast<std::size_t>(t.largest_negative)]
                        : t.has_zero ? 0.0
                                     : smallest;
  CHECK(listed(t, limits::lowest()) == lowest);
  CHECK(limits::is_signed == t.is_signed);
  CHECK(limits::has_infinity == t.has_infinity);
  CHECK(limits::has_quiet_NaN == t.has_nan);
  if (t.has_infinity) CHECK(limits::infinity().code() == t.infinity);
  if (t.has_nan) CHECK(t.decode(limits::quiet_NaN().code()).kind == oracle::kind::nan);
  if (!t.has_infinity) CHECK(limits::infinity().code() == 0);
  if (!t.has_nan) CHECK(limits::quiet_NaN().code() == 0);
  if constexpr (limits::is_integer) {
    CHECK(listed(t, limits::min()) == lowest);
    CHECK(limits::is_exact);
    CHECK(limits::max_digits10 == 0);
    CHECK(static_cast<double>((std::uint64_t{1} << limits::digits) - 1) == largest);
    CHECK(power_of_ten(limits::digits10) <= largest);
    CHECK(power_of_ten(limits::digits10 + 1) > largest);
    return;
  }
  CHECK(listed(t, limits::denorm_min()) == smallest);
  CHECK(listed(t, limits::min()) == smallest_normal);
  CHECK((limits::has_denorm == std::denorm_present) == (smallest < smallest_normal));

  // The distance from 1 to the next value, if both are there.
  double next = 0;
  bool has_one = false;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(t.largest); ++i) {
    has_one |= t.magnitudes[i] == 1;
    if (t.magnitudes[i] > 1 && next == 0) next = t.magnitudes[i];
  }
  if (has_one && next != 0) {
    const auto epsilon = number<F>(next - 1);
    if (listed(t, epsilon) == next - 1) CHECK(listed(t, limits::epsilon()) == next - 1);
    if constexpr (limits::max_exponent != 0) {
      CHECK(std::ldexp(1.0, 1 - limits::digits) == next - 1);
    }
  }
  if constexpr (limits::max_exponent != 0) {
    CHECK(std::ldexp(1.0, limits::max_exponent - 1) <= largest);
    CHECK(std::ldexp(1.0, limits::max_exponent) > largest);
    CHECK(std::ldexp(1.0, limits::min_exponent - 1) == smallest_normal);
    CHECK(power_of_ten(limits::max_exponent10) <= largest);
    CHECK(power_of_ten(limits::max_exponent10 + 1) > largest);
    CHECK(power_of_ten(limits::min_exponent10) >= smallest_normal);
    CHECK(power_of_ten(limits::min_exponent10 - 1) < smallest_normal);
  }
  CHECK(digits_suffice<F>(t, limits::max_digits10));
  CHECK_FALSE(limits::is_iec559);
}

/// digits10: decimals of so many digits survive where the format is neither subnormal nor at its
/// end.
template <auto F>
bool decimals_survive(int digits, double low, double high) {
  for (int exponent = -20; exponent < 20; ++exponent) {
    for (long mantissa = 1, end = std::lround(power_of_ten(digits)); mantissa < end; ++mantissa) {
      const double approximate = static_cast<double>(mantissa) * power_of_ten(exponent);
      if (approximate < 2 * low || approximate > high / 2) continue;
      char text[64];
      int size = std::snprintf(text, sizeof text, "%lde%d", mantissa, exponent);
      auto x = number<F>::from_code(0);
      from_chars(text, text + size, x);
      size = std::snprintf(text, sizeof text, "%.*e", digits - 1, double(x));
      char want[64];
      std::snprintf(want, sizeof want, "%.*e", digits - 1, approximate);
      if (std::string(text) != want) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("limits of binary32 and binary64 are those of float and double") {
  check_against_standard<binary32, float, std::uint32_t>();
  check_against_standard<binary64, double, std::uint64_t>();
}

TEST_CASE("every claim about a floating-point format of up to 8 bits is true") {
  using oracle::float_table;
  check_claims(float_table("e4m3fn", 4, 3, 7, ends::one_nan), e4m3fn{}, 0x1p-6);
  check_claims(float_table("e5m2", 5, 2, 15, ends::ieee), e5m2{}, 0x1p-14);
  check_claims(float_table("e4m3", 4, 3, 7, ends::ieee), e4m3{}, 0x1p-6);
  check_claims(float_table("e3m4", 3, 4, 3, ends::ieee), e3m4{}, 0x1p-2);
  check_claims(float_table("e4m3fnuz", 4, 3, 8, ends::nan_is_minus0), e4m3fnuz{}, 0x1p-7);
  check_claims(float_table("e5m2fnuz", 5, 2, 16, ends::nan_is_minus0), e5m2fnuz{}, 0x1p-15);
  check_claims(float_table("b11", 4, 3, 11, ends::nan_is_minus0), e4m3b11fnuz{}, 0x1p-10);
  check_claims(float_table("e3m2", 3, 2, 3, ends::finite), e3m2{}, 0.25);
  check_claims(float_table("e2m3", 2, 3, 1, ends::finite), e2m3{}, 1);
  check_claims(float_table("e2m2", 2, 2, 1, ends::finite), e2m2{}, 1);
  check_claims(float_table("e2m1", 2, 1, 1, ends::finite), e2m1{}, 1);
  check_claims(float_table("e1m2", 1, 2, 1, ends::finite), e1m2{}, 1);
  check_claims(float_table("e3m0", 3, 0, 3, ends::finite), e3m0{}, 0.25);
  check_claims(float_table("e8m0", 8, 0, 127, ends::one_nan, false, 0), e8m0{}, 0x1p-127);
  check_claims(float_table("ue4m3", 4, 3, 7, ends::one_nan, false), ue4m3{}, 0x1p-6);
  check_claims(float_table("ue5m3", 5, 3, 15, ends::one_nan, false), ue5m3{}, 0x1p-14);
  check_claims(float_table("e6m2", 6, 2, 48, ends::one_nan, false, 0), e6m2{}, 0x1p-48);
  check_claims(float_table("binary8p4se", 4, 3, 8, ends::p3109_extended), p3109<8, 4>{}, 0x1p-7);
  check_claims(float_table("binary8p3sf", 5, 2, 16, ends::nan_is_minus0),
               p3109<8, 3, true, false>{}, 0x1p-15);
}

TEST_CASE("every claim about posits and fixed point of up to 8 bits is true") {
  check_claims(oracle::posit_table(8, 2), posit<8>{}, 0x1p-24);
  check_claims(oracle::posit_table(8, 0), posit<8, 0>{}, 0x1p-6);
  check_claims(oracle::posit_table(6, 1), posit<6, 1>{}, 0x1p-8);
  check_claims(oracle::fixed_table("int8", 8, 0), int_n<8>{}, 0);
  check_claims(oracle::fixed_table("int4", 4, 0), int_n<4>{}, 0);
  check_claims(oracle::fixed_table("uint8", 8, 0, false), uint_n<8>{}, 0);
  check_claims(oracle::fixed_table("fixed8.6", 8, 6), fixed<8, 6>{}, 0x1p-6);
  check_claims(oracle::fixed_table("ufixed8.8", 8, 8, false), ufixed<8, 8>{}, 0x1p-8);
}

TEST_CASE("known facts") {
  using std::numeric_limits;
  STATIC_REQUIRE(numeric_limits<e4m3fn>::max().code() == 0x7E);
  STATIC_REQUIRE(numeric_limits<e4m3fn>::digits == 4);
  STATIC_REQUIRE(numeric_limits<e4m3fn>::digits10 == 0);
  STATIC_REQUIRE(numeric_limits<e4m3fn>::max_exponent10 == 2);
  STATIC_REQUIRE(!numeric_limits<e4m3fn>::has_infinity);
  STATIC_REQUIRE(numeric_limits<e8m0>::has_denorm == std::denorm_absent);
  STATIC_REQUIRE(!numeric_limits<e8m0>::is_signed);
  STATIC_REQUIRE(numeric_limits<int_n<8>>::digits == 7);
  STATIC_REQUIRE(numeric_limits<uint_n<8>>::digits == 8);
  STATIC_REQUIRE(numeric_limits<int_n<8>>::is_integer);
  STATIC_REQUIRE(!numeric_limits<fixed<8, 6>>::is_integer);
  STATIC_REQUIRE(numeric_limits<symmetric_int_n<8>>::lowest().code() == 0x81);
  STATIC_REQUIRE(numeric_limits<binary16>::is_iec559 && !numeric_limits<bfloat16>::is_iec559);
  STATIC_REQUIRE(numeric_limits<binary16>::digits10 == 3);
  STATIC_REQUIRE(numeric_limits<binary16>::max_digits10 == 5);
  STATIC_REQUIRE(numeric_limits<bfloat16>::max_exponent10 == 38);
  STATIC_REQUIRE(numeric_limits<binary16>::min_exponent10 == -4);
}

TEST_CASE("digits10 decimals survive") {
  CHECK(decimals_survive<formats::binary16>(3, 0x1p-14, 65504));
  CHECK_FALSE(decimals_survive<formats::binary16>(4, 0x1p-14, 65504));
  CHECK(decimals_survive<formats::bfloat16>(2, 1e-38, 1e38));
  CHECK_FALSE(decimals_survive<formats::bfloat16>(3, 1e-38, 1e38));
  CHECK(decimals_survive<formats::e3m4>(1, 0.25, 15.5));
}

TEST_CASE("limits of formats whose range misses one") {
  using std::numeric_limits;
  using small =
      numeric_limits<number<float_format{.exponent_bits = 4, .mantissa_bits = 3, .bias = 30}>>;
  STATIC_REQUIRE(small::digits == 4);
  STATIC_REQUIRE(small::max_exponent10 == -5);  // the largest is 1.75 * 2^-16
  STATIC_REQUIRE(small::min_exponent10 == -8);  // the smallest normal is 2^-29
  STATIC_REQUIRE(numeric_limits<e1m2_bias0>::digits == 3);
  STATIC_REQUIRE(numeric_limits<p3109<3, 2>>::digits == 2);
  using no_normal = numeric_limits<number<float_format{.exponent_bits = 1, .mantissa_bits = 2}>>;
  STATIC_REQUIRE(isfinite(no_normal::min()));
}
