// SPDX-License-Identifier: MIT
// Literals of every named format are read exactly and rounded once, at compile time. (Those out of
// range do not compile: tests/fail/literal_out_of_range.cpp.)
#include "lowp/number/literals.hpp"

#include <type_traits>

#include "catch.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/compare.hpp"

using namespace lowp::literals;

TEST_CASE("every named format has its literal") {
  // Eleven and a half tells apart all that can hold it; the others hold one.
  STATIC_REQUIRE((11.5_e4m3fn).code() == lowp::e4m3fn(11.5).code());
  STATIC_REQUIRE((11.5_e5m2).code() == lowp::e5m2(11.5).code());
  STATIC_REQUIRE((11.5_e4m3).code() == lowp::e4m3(11.5).code());
  STATIC_REQUIRE((11.5_e3m4).code() == lowp::e3m4(11.5).code());
  STATIC_REQUIRE((11.5_e4m3fnuz).code() == lowp::e4m3fnuz(11.5).code());
  STATIC_REQUIRE((11.5_e5m2fnuz).code() == lowp::e5m2fnuz(11.5).code());
  STATIC_REQUIRE((11.5_e4m3b11fnuz).code() == lowp::e4m3b11fnuz(11.5).code());
  STATIC_REQUIRE((11.5_e3m2).code() == lowp::e3m2(11.5).code());
  STATIC_REQUIRE((1.1_e2m3).code() == lowp::e2m3(1.1).code());
  STATIC_REQUIRE((1.1_e2m2).code() == lowp::e2m2(1.1).code());
  STATIC_REQUIRE((1.1_e2m1).code() == lowp::e2m1(1.1).code());
  STATIC_REQUIRE((1.1_e1m2).code() == lowp::e1m2(1.1).code());
  STATIC_REQUIRE((1.1_e1m2_bias0).code() == lowp::e1m2_bias0(1.1).code());
  STATIC_REQUIRE((11.5_e3m0).code() == lowp::e3m0(11.5).code());
  STATIC_REQUIRE((11.5_e8m0).code() == lowp::e8m0(11.5).code());
  STATIC_REQUIRE((11.5_ue4m3).code() == lowp::ue4m3(11.5).code());
  STATIC_REQUIRE((11.5_ue5m3).code() == lowp::ue5m3(11.5).code());
  STATIC_REQUIRE((11.5_e6m2).code() == lowp::e6m2(11.5).code());
  STATIC_REQUIRE((11.5_binary16).code() == lowp::binary16(11.5).code());
  STATIC_REQUIRE((11.5_bfloat16).code() == lowp::bfloat16(11.5).code());
  STATIC_REQUIRE((11.5_tf32).code() == lowp::tf32(11.5).code());
  STATIC_REQUIRE((11.5_binary32).code() == lowp::binary32(11.5).code());
  STATIC_REQUIRE((11.5_binary64).code() == lowp::binary64(11.5).code());
  STATIC_REQUIRE((11.5_binary8p3se).code() == lowp::p3109<8, 3>(11.5).code());
  STATIC_REQUIRE((11.5_binary8p4se).code() == lowp::p3109<8, 4>(11.5).code());
  STATIC_REQUIRE((11.5_posit8).code() == lowp::posit<8>(11.5).code());
  STATIC_REQUIRE((11.5_posit16).code() == lowp::posit<16>(11.5).code());
  STATIC_REQUIRE((11.5_posit32).code() == lowp::posit<32>(11.5).code());
  STATIC_REQUIRE((7_int4).code() == 7);
  STATIC_REQUIRE((-7_int8).code() == 0xF9);
  STATIC_REQUIRE((15_uint4).code() == 15);
  STATIC_REQUIRE((255_uint8).code() == 255);
  STATIC_REQUIRE(std::is_same_v<decltype(1_e4m3fn), lowp::e4m3fn>);
}

TEST_CASE("literals are rounded once") {
  // Above a tie by less than binary64 can see.
  STATIC_REQUIRE((1.12500000000000000000000000001_e5m2).code() == 0x3D);
  STATIC_REQUIRE((1.125_e5m2).code() == 0x3C);
  STATIC_REQUIRE((0.1_binary64).code() == 0x3FB999999999999A);
  STATIC_REQUIRE((1e23_binary64).code() == 0x44B52D02C7E14AF6);
  STATIC_REQUIRE((0.1_binary32).code() == 0x3DCCCCCD);
}

TEST_CASE("forms of literals") {
  STATIC_REQUIRE((1_e4m3fn).code() == 0x38);
  STATIC_REQUIRE((1._e4m3fn).code() == 0x38);
  STATIC_REQUIRE((.5_e4m3fn).code() == 0x30);
  STATIC_REQUIRE((1e2_e4m3fn).code() == lowp::e4m3fn(100).code());
  STATIC_REQUIRE((0_e4m3fn).code() == 0);
  STATIC_REQUIRE((0.5_e4m3fn).code() == 0x30);
  STATIC_REQUIRE((0x1.8p+3_e4m3fn).code() == lowp::e4m3fn(12).code());
  STATIC_REQUIRE((0x10_e4m3fn).code() == lowp::e4m3fn(16).code());
  STATIC_REQUIRE((65'504_binary16).code() == 0x7BFF);
  STATIC_REQUIRE((-1.5_e4m3fn).code() == 0xBC);
}

TEST_CASE("the range of literals is that of rounding to finite numbers") {
  STATIC_REQUIRE((464_e4m3fn).code() == 0x7E);  // the tie goes down to 448
  STATIC_REQUIRE((65519.9_binary16).code() == 0x7BFF);
  STATIC_REQUIRE((7.7_e2m3).code() == lowp::e2m3(7.5).code());
  STATIC_REQUIRE((127.4_int8).code() == 127);
  STATIC_REQUIRE((1e-9_e4m3fn).code() == 0);  // inexact is in range
  STATIC_REQUIRE((1e-9_posit8).code() == 1);
}
