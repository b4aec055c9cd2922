// SPDX-License-Identifier: MIT
// Conversions as one value: the NaN that is written, signs of zeros, magnitudes and zeros of
// unsigned formats, and NaNs of arithmetic in formats that have none.
#include "lowp/number/conversion.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "oracle.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::code_t;
using lowp::conversion;
using lowp::convert;
using lowp::missing_nan;
using lowp::nan_bits;
using lowp::nan_sign;
using lowp::overflow;
namespace conversions = lowp::conversions;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();

template <auto F>
code_t code(double x, const conversion& how) {
  return convert<F>(x, how).code();
}

}  // namespace

TEST_CASE("CUDA's NaN is 0x7F in e4m3 and e5m2 and 0x7FFF in binary16, whatever its sign") {
  for (const double x : {quiet_nan, oracle::negated(quiet_nan)}) {
    CHECK(code<formats::e4m3fn>(x, conversions::cuda) == 0x7F);
    CHECK(code<formats::e5m2>(x, conversions::cuda) == 0x7F);
    CHECK(code<formats::binary16>(x, conversions::cuda) == 0x7FFF);
    CHECK(code<formats::e2m1>(x, conversions::cuda) == 0x7);
    CHECK(code<formats::e8m0>(x, conversions::cuda) == 0xFF);
  }
  // As __nv_cvt_float_to_fp8 computes on a host: the NaN of an overflow keeps the sign.
  CHECK(code<formats::e4m3fn>(-1e9, conversions::cuda_without_saturation) == 0xFF);
  CHECK(code<formats::e4m3fn>(465, conversions::cuda_without_saturation) == 0x7F);
  CHECK(code<formats::e4m3fn>(464, conversions::cuda_without_saturation) == 0x7E);
  CHECK(code<formats::e5m2>(-infinity, conversions::cuda_without_saturation) == 0xFC);
  CHECK(code<formats::e5m2>(-infinity, conversions::cuda) == 0xFB);
}

TEST_CASE("Bits and signs of NaNs, each with each") {
  struct wanted {
    nan_bits bits;
    nan_sign sign;
    code_t of_positive, of_negative;  // in e5m2
  };
  for (const auto& w : {wanted{nan_bits::quiet, nan_sign::kept, 0x7E, 0xFE},
                        {nan_bits::quiet, nan_sign::positive, 0x7E, 0x7E},
                        {nan_bits::quiet, nan_sign::flipped, 0xFE, 0x7E},
                        {nan_bits::all_ones, nan_sign::kept, 0x7F, 0xFF},
                        {nan_bits::all_ones, nan_sign::positive, 0x7F, 0x7F},
                        {nan_bits::all_ones, nan_sign::flipped, 0xFF, 0x7F}}) {
    const conversion how{.nan = {w.bits, w.sign}};
    CHECK(code<formats::e5m2>(quiet_nan, how) == w.of_positive);
    CHECK(code<formats::e5m2>(oracle::negated(quiet_nan), how) == w.of_negative);
    CHECK(code<formats::e4m3fnuz>(quiet_nan, how) == 0x80);  // its only NaN
    CHECK(code<formats::posit<8>>(quiet_nan, how) == 0x80);
    CHECK(code<formats::ue4m3>(oracle::negated(quiet_nan), how) == 0x7F);
  }
}

TEST_CASE("NaNs of formats without signs have the bits, whatever the sign of what they came from") {
  constexpr lowp::float_format ue5m2{.exponent_bits = 5, .mantissa_bits = 2, .is_signed = false};
  STATIC_REQUIRE(defect(ue5m2) == nullptr);
  for (const nan_sign sign : {nan_sign::kept, nan_sign::positive, nan_sign::flipped}) {
    for (const double x : {quiet_nan, oracle::negated(quiet_nan)}) {
      CHECK(code<ue5m2>(x, {.nan = {nan_bits::all_ones, sign}}) == 0x7F);
      CHECK(code<ue5m2>(x, {.nan = {nan_bits::quiet, sign}}) == 0x7E);
    }
  }
}

TEST_CASE("A conversion whose choices are the defaults is the mode and the policies") {
  oracle::tally t;
  const oracle::float_grid grid(formats::e5m2);
  for (const auto& [name, mode] : lowp::rounding_modes) {
    for (const overflow o : oracle::policies) {
      for (const double x : grid.inputs()) {
        t.check(code<formats::e5m2>(x, {.rounding = mode, .overflow = o}) ==
                    convert<formats::e5m2>(x, mode, o).code(),
                [&, &m = name](auto& out) { out << m << " " << x; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
  static_assert(convert<formats::e4m3fn>(465.0, conversions::cuda).code() == 0x7E);
}

TEST_CASE("Negative zeros may be dropped") {
  const conversion how{.negative_zeros = lowp::negative_zeros::none};
  CHECK(code<formats::e4m3fn>(-0.0, how) == 0);
  CHECK(code<formats::e4m3fn>(-0x1p-11, how) == 0);
  CHECK(code<formats::e4m3fn>(-0x1p-9, how) == 0x81);
  CHECK(code<formats::e2m1>(-0.25, how) == 0);
  const conversion from_numbers{.negative_zeros = lowp::negative_zeros::from_numbers};
  CHECK(code<formats::e2m1>(-0.25, from_numbers) == 8);
  CHECK(code<formats::e2m1>(-0.0, from_numbers) == 0);
  // What a NaN becomes says missing_nan.
  CHECK(code<formats::e2m1>(quiet_nan, {.missing_nan = missing_nan::flipped_zero,
                                        .negative_zeros = lowp::negative_zeros::none}) == 8);
}

TEST_CASE("Unsigned formats may take magnitudes, and zero where they have none") {
  const conversion how{.rounding = lowp::upward,
                       .overflow = overflow::saturate,
                       .takes_magnitude = true,
                       .zero_is_smallest = true};
  CHECK(code<formats::e8m0>(-4, how) == 0x81);
  CHECK(code<formats::e8m0>(-3, how) == 0x81);  // upward, of the magnitude
  CHECK(code<formats::e8m0>(3, how) == 0x81);
  CHECK(code<formats::e8m0>(0, how) == 0);
  CHECK(code<formats::e8m0>(-infinity, how) == 0xFE);
  CHECK(code<formats::ue4m3>(-4, how) == 0x48);
  CHECK(code<formats::ue4m3>(-1e9, how) == 0x7E);
  CHECK(code<formats::e4m3fn>(-4, how) == 0xC8);  // signed
  const conversion nonsaturating{.zero_is_smallest = true};
  CHECK(code<formats::e8m0>(0, nonsaturating) == 0);
  CHECK(code<formats::e8m0>(0, {}) == 0xFF);
  CHECK(code<formats::ue4m3>(-4, nonsaturating) == 0x7F);
  // Ties of E8M0: to the even code, or up.
  CHECK(code<formats::e8m0>(3, {}) == 0x80);
  CHECK(code<formats::e8m0>(6, {}) == 0x82);
  CHECK(code<formats::e8m0>(3, {.rounding = lowp::nearest_away}) == 0x81);
}

TEST_CASE("0 / 0 and sqrt(-1) in formats without NaN") {
  using lowp::e2m1, lowp::e3m2;
  const auto quotient = [](missing_nan n) {
    return lowp::divide(e2m1(0), e2m1(0), lowp::nearest_even, overflow::to_special, n).code();
  };
  CHECK(quotient(missing_nan::largest) == 7);
  CHECK(quotient(missing_nan::zero) == 0);
  CHECK(quotient(missing_nan::flipped_zero) == 8);
  CHECK(lowp::sqrt(e3m2(-1), lowp::nearest_even, overflow::to_special, missing_nan::zero).code() ==
        0);
  const conversion how{.missing_nan = missing_nan::zero};
  CHECK(lowp::divide(e2m1(0), e2m1(0), how).code() == 0);
  CHECK(lowp::sqrt(e3m2(-1), how).code() == 0);
  CHECK(lowp::sqrt(e3m2(-1)).code() == 0x1F);
}

TEST_CASE("Operations by a conversion are those by its mode and policies") {
  using lowp::e2m1;
  oracle::tally t;
  for (const auto& [name, mode] : lowp::rounding_modes) {
    const auto& m = name;
    const conversion how{.rounding = mode, .overflow = overflow::saturate};
    for (code_t i = 0; i < 256; ++i) {
      const auto a = e2m1::from_code(i & 15), b = e2m1::from_code(i >> 4);
      const auto same = [&](e2m1 x, e2m1 y) {
        t.check(x.code() == y.code(), [&](auto& out) { out << m << " " << i; });
      };
      constexpr overflow o = overflow::saturate;
      same(lowp::add(a, b, how), lowp::add(a, b, mode, o));
      same(lowp::subtract(a, b, how), lowp::subtract(a, b, mode, o));
      same(lowp::multiply(a, b, how), lowp::multiply(a, b, mode, o));
      same(lowp::divide(a, b, how), lowp::divide(a, b, mode, o));
      same(lowp::fma(a, b, a, how), lowp::fma(a, b, a, mode, o));
      same(lowp::sqrt(a, how), lowp::sqrt(a, mode, o));
    }
  }
  REQUIRE_NO_MISMATCH(t);
  // NaNs of results, too.
  const auto x = lowp::e5m2(0);
  CHECK(lowp::divide(x, x, conversions::cuda).code() == 0x7F);
}
