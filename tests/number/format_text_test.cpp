// SPDX-License-Identifier: MIT
// Text of values of up to 128 bits against MPFR, of codes of formats known at run time against
// printf, and reading against strtod.
#include "lowp/number/format_text.hpp"

#include <mpfr.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "catch.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/number/unpack.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

std::string without_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string by_mpfr(const unpacked& x, const char* format) {
  mpfr_t value;
  mpfr_init2(value, 128);
  mpfr_set_ui_2exp(value, x.significand.high, 64, MPFR_RNDN);
  mpfr_add_ui(value, value, x.significand.low, MPFR_RNDN);  // of 64 bits each: exact
  mpfr_mul_2si(value, value, x.exponent - 127, MPFR_RNDN);
  if (x.negative) mpfr_neg(value, value, MPFR_RNDN);
  std::string text(3000, ' ');
  text.resize(static_cast<std::size_t>(mpfr_snprintf(text.data(), text.size(), format, value)));
  mpfr_clear(value);
  return text;
}

}  // namespace

TEST_CASE("Exact text has all digits of values of up to 128 bits") {
  test::split_mix random(5);
  for (int i = 0; i < 300; ++i) {
    const int width = static_cast<int>(random.word() % 128) + 1;
    const uint128 mask = shift_left({~code_t{0}, ~code_t{0}}, 128 - width);
    const uint128 bits{(random.word() | code_t{1} << 63) & mask.high, random.word() & mask.low};
    const unpacked x{value_kind::finite, i % 3 == 0, static_cast<int>(random.word() % 600) - 300,
                     bits};
    CAPTURE(x.exponent, bits.high, bits.low);
    const std::string text = exact_text(x);
    REQUIRE(text == without_zeros(by_mpfr(x, "%.1000Rf")));
    const auto digits = text.size() - (x.negative ? 1 : 0);
    REQUIRE(static_cast<int>(digits) <= exact_digits(x) + 2);
    REQUIRE(static_cast<int>(digits) >= exact_digits(x) - 1);
    // %Ra has other leading digits: compare the value that is read back.
    mpfr_t value;
    mpfr_init2(value, 128);
    mpfr_set_str(value, hex_text(x).c_str(), 0, MPFR_RNDN);
    std::string back(3000, ' ');
    back.resize(
        static_cast<std::size_t>(mpfr_snprintf(back.data(), back.size(), "%.1000Rf", value)));
    mpfr_clear(value);
    REQUIRE(without_zeros(back) == text);
  }
  CHECK(exact_text(unpack(1.0)) == "1");
  CHECK(exact_text(unpack(-1e22)) == "-10000000000000000000000");
  CHECK(exact_text(unpacked::zero(true)) == "-0");
  CHECK(exact_text(unpacked::infinite(true)) == "-inf");
  CHECK(exact_text(unpacked::nan()) == "nan");
  CHECK(hex_text(unpack(-3.0)) == "-0x1.8p+1");
  CHECK(hex_text(unpacked::zero()) == "0x0p+0");
}

TEST_CASE("Codes of formats known at run time: value, fields, shortest") {
  for (const char* name :
       {"e4m3fn", "e5m2", "int8", "posit8_2", "binary8p3se", "fixed8.6", "e8m0"}) {
    CAPTURE(name);
    const any_format f = format_of_text(name);
    format_text texts(f);
    for (code_t code = 0; code < 256; ++code) {
      const unpacked value = decode(f, code);
      if (value.kind != value_kind::finite) continue;
      const auto x = pack_as<double>(value);
      char printed[600];
      std::snprintf(printed, sizeof printed, "%.200f", x);
      REQUIRE(texts.text(code, text_style::exact) == without_zeros(printed));
      REQUIRE(std::strtod(texts.text(code, text_style::hex_float).c_str(), nullptr) == x);
      unpacked back;
      REQUIRE(texts.read(texts.text(code), back));
      REQUIRE(encode(f, back) == code);
      REQUIRE(texts.text(code).size() <= 12);
    }
  }
  format_text e4m3{any_format(formats::e4m3fn)};
  CHECK(e4m3.text(0x7E) == "448");
  CHECK(e4m3.text(0x7E, text_style::fields) == "0|1111|110");
  CHECK(e4m3.text(0x7F) == "nan");
  CHECK(e4m3.text(0x7E, text_style::bits) == "0x7e");
  CHECK(format_text(format_of_text("posit16")).text(0x8000) == "nar");
}

TEST_CASE("Reading takes whole numbers only") {
  format_text binary64{any_format(formats::binary64)};
  unpacked x;
  for (const char* text :
       {"0.1", "-3e-310", "1e308", "0x1.8p+3", "123456789012345678901234567890"}) {
    REQUIRE(binary64.read(text, x));
    CHECK(pack_as<double>(x) == std::strtod(text, nullptr));
  }
  for (const char* text : {"", "-", "1x", "0x", "1e", "--1", "infinit", "1 "}) {
    CAPTURE(text);
    CHECK_FALSE(binary64.read(text, x));
  }
  REQUIRE(binary64.read("-inf", x));
  CHECK((x.is_infinite() && x.negative));
}
