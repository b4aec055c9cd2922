// SPDX-License-Identifier: MIT
// Takums against the definition of their publication, which treats negative codes by a formula of
// their own, and rounding against the takum with one more bit.
#include "lowp/formats/takum_format.hpp"

#include <cmath>
#include <random>

#include "catch.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number.hpp"

using namespace lowp;

namespace {

/// ((1 - 3S) + m) * 2^e with e = (-1)^S (c + S).
long double by_definition(int bits, code_t code) {
  const code_t string = bits < 12 ? code << (12 - bits) : code;
  const int width = bits < 12 ? 12 : bits;
  const int s = static_cast<int>(string >> (width - 1) & 1);
  const int d = static_cast<int>(string >> (width - 2) & 1);
  const int field = static_cast<int>(string >> (width - 5) & 7);
  const int r = d != 0 ? field : 7 - field;
  const int p = width - 5 - r;
  const auto big_c = static_cast<int>(string >> p & low_mask(r));
  const int c = d != 0 ? (1 << r) - 1 + big_c : -(1 << (r + 1)) + 1 + big_c;
  const long double m = std::ldexp(static_cast<long double>(string & low_mask(p)), -p);
  const int e = s != 0 ? -(c + s) : c + s;
  return std::ldexp((1 - 3 * s) + m, e);
}

}  // namespace

TEST_CASE("every takum of up to 16 bits, and some of more, has its value") {
  long long wrong = 0;
  const auto check = [&](int bits, code_t code) {
    const takum_format f{bits};
    const unpacked x = decode(f, code);
    const code_t nar = code_t{1} << (bits - 1);
    if (code == 0 || code == nar) {
      wrong += code == 0 ? !x.is_zero() : !x.is_nan();
    } else {
      wrong += pack_as<long double>(x) != by_definition(bits, code);
    }
    wrong += encode(f, x) != code || encode(f, x, toward_zero) != code;
    wrong += encode(f, -x) != ((0 - code) & low_mask(bits));
  };
  for (int bits = 2; bits <= 16; ++bits) {
    for (code_t code = 0; code < (code_t{1} << bits); ++code) check(bits, code);
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    check(32, random() & 0xFFFFFFFF);
    check(64, random());
  }
  CHECK(wrong == 0);
  // Values of the authors' library.
  const auto takum8 = [](double x) { return encode(formats::takum<8>, unpack(x)); };
  CHECK(takum8(0.3) == 0x35);
  CHECK(takum8(100) == 0x57);
  CHECK(takum8(32768) == 0x60);
  CHECK(takum8(1e300) == 0x7F);
  CHECK(takum8(-1e-300) == 0xFF);
  CHECK(double(number<formats::takum<8>>::from_code(0x70)) == std::ldexp(1.0, 63));
}

TEST_CASE("between two takums the takum with one more bit is the tie") {
  long long wrong = 0;
  for (const int bits : {5, 8, 11, 12, 15}) {
    const takum_format f{bits}, longer{bits + 1};
    const code_t last = (code_t{1} << (bits - 1)) - 1;
    for (code_t code = 1; code < last; ++code) {
      const unpacked tie = decode(longer, 2 * code + 1);
      const unpacked above = exact::add(tie, scale_by_power_of_two(tie, -80));
      const unpacked below = exact::add(tie, -scale_by_power_of_two(tie, -80));
      wrong += encode(f, tie) != code + (code & 1);
      wrong += encode(f, tie, nearest_away) != code + 1;
      wrong += encode(f, above) != code + 1 || encode(f, below) != code;
      wrong += encode(f, above, toward_zero) != code || encode(f, below, upward) != code + 1;
      wrong += encode(f, -above, downward) != ((0 - (code + 1)) & low_mask(bits));
    }
    // Never zero, never NaR.
    const unpacked tiny = scale_by_power_of_two(decode(f, 1), -5),
                   huge = scale_by_power_of_two(decode(f, last), 5);
    for (const overflow o : {overflow::to_special, overflow::saturate, overflow::wrap}) {
      wrong += encode(f, tiny, toward_zero, o) != 1 || encode(f, huge, upward, o) != last;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("arithmetic, order and NaR of takums") {
  using takum16 = number<formats::takum<16>>;
  STATIC_REQUIRE(takum16(3) * takum16(5) == 15);
  STATIC_REQUIRE(takum16(-2) < takum16(1));
  CHECK(takum16(1) / takum16(0) == takum16::from_code(0x8000));  // NaR equals itself
  CHECK(sqrt(takum16(2)).code() == encode(formats::takum<16>, unpack(std::sqrt(2.0))));
  CHECK(std::string_view(name(formats::takum<16>)) == "takum_format(total_bits 16)");
  CHECK(defect(takum_format{1}) != nullptr);
  CHECK(defect(takum_format{65}) != nullptr);
}
