// SPDX-License-Identifier: MIT
// The fixed-point family against integers of any size: scale, floor, compare the rest with one
// half.
#include "lowp/formats/fixed_format.hpp"

#include <gmp.h>

#include <random>
#include <string>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/unpack.hpp"
#include "oracle.hpp"

namespace {

using lowp::code_t;
using lowp::fixed_format;
using lowp::missing_nan;
using lowp::overflow;
using lowp::unpacked;
using oracle::mode;
namespace formats = lowp::formats;

/// A GMP integer.
class integer {
 public:
  integer() { mpz_init(value_); }
  explicit integer(long v) { mpz_init_set_si(value_, v); }
  integer(const integer&) = delete;
  integer& operator=(const integer&) = delete;
  ~integer() { mpz_clear(value_); }
  operator mpz_ptr() { return value_; }
  operator mpz_srcptr() const { return value_; }

 private:
  mpz_t value_;
};

/// The code of m * 2^e, by arithmetic on integers of any size.
code_t expected_code(const fixed_format& f, std::int64_t m, int e, mode md, bool wraps) {
  const int scale = e + f.fraction_bits;
  integer q(m), rest, unit(1);
  if (scale >= 0) {
    mpz_mul_2exp(q, q, static_cast<mp_bitcnt_t>(scale));
  } else {
    const auto down = static_cast<mp_bitcnt_t>(-scale);
    mpz_fdiv_r_2exp(rest, q, down);
    mpz_fdiv_q_2exp(q, q, down);
    mpz_mul_2exp(unit, unit, down);
  }
  // q <= x * 2^fraction_bits < q + 1, and the rest in units of 1 / unit.
  if (mpz_sgn(static_cast<mpz_srcptr>(rest)) != 0) {
    mpz_mul_2exp(rest, rest, 1);
    const int against_half = mpz_cmp(rest, unit);
    const bool negative = m < 0, is_odd = mpz_odd_p(static_cast<mpz_srcptr>(q)) != 0;
    bool up = against_half > 0;
    switch (md) {
      case mode::nearest_even: up = up || (against_half == 0 && is_odd); break;
      case mode::nearest_away: up = up || (against_half == 0 && !negative); break;
      case mode::nearest_toward_zero: up = up || (against_half == 0 && negative); break;
      case mode::toward_zero: up = negative; break;
      case mode::away_from_zero: up = !negative; break;
      case mode::upward: up = true; break;
      case mode::downward: up = false; break;
      case mode::to_odd: up = !is_odd; break;
    }
    if (up) mpz_add_ui(q, q, 1);
  }
  if (!wraps) {
    integer lowest, largest(1);
    mpz_mul_2exp(largest, largest, static_cast<mp_bitcnt_t>(f.total_bits - (f.is_signed ? 1 : 0)));
    if (f.is_signed) mpz_neg(lowest, largest);
    mpz_sub_ui(largest, largest, 1);
    if (f.is_symmetric) mpz_neg(lowest, largest);
    if (mpz_cmp(q, lowest) < 0) mpz_set(q, lowest);
    if (mpz_cmp(q, largest) > 0) mpz_set(q, largest);
  }
  mpz_fdiv_r_2exp(q, q, static_cast<mp_bitcnt_t>(f.total_bits));
  return mpz_get_ui(q);
}

unpacked value(std::int64_t m, int e) {
  const auto bits = static_cast<std::uint64_t>(m);
  return unpacked::scaled_integer(m < 0, m < 0 ? 0 - bits : bits, e);
}

void check(oracle::tally& t, const fixed_format& f, std::int64_t m, int e) {
  const unpacked x = value(m, e);
  for (const mode md : oracle::modes) {
    for (const overflow o : {overflow::saturate, overflow::to_special, overflow::wrap}) {
      const code_t expected = expected_code(f, m, e, md, o == overflow::wrap);
      const code_t actual = oracle::library_encode(f, x, md, o);
      t.check(actual == expected, [&](auto& out) {
        out << lowp::name(f).text << " " << m << " * 2^" << e << " " << oracle::name_of(md) << " "
            << oracle::name_of(o) << " gives " << actual << " instead of " << expected;
      });
    }
  }
}

std::vector<fixed_format> small_formats() {
  std::vector<fixed_format> list;
  for (int bits = 1; bits <= 8; ++bits) {
    for (const int fraction : {-3, 0, 2, bits, bits + 3}) {
      list.push_back({bits, fraction, true, false});
      list.push_back({bits, fraction, false, false});
      if (bits >= 2) list.push_back({bits, fraction, true, true});
    }
  }
  return list;
}

}  // namespace

TEST_CASE("every code of every fixed-point format of up to 8 bits is an integer times a step") {
  oracle::tally t;
  for (const fixed_format& f : small_formats()) {
    REQUIRE(defect(f) == nullptr);
    const int codes = 1 << f.total_bits;
    for (int code = 0; code < codes; ++code) {
      const int q = f.is_signed && code >= codes / 2 ? code - codes : code;
      const double expected = std::ldexp(q, -f.fraction_bits);
      const unpacked actual = decode(f, static_cast<code_t>(code));
      t.check(oracle::same(expected, actual),
              [&](auto& out) { out << lowp::name(f).text << " code " << code; });
      const bool is_spare = f.is_symmetric && code == codes / 2;
      t.check(encode(f, actual) == static_cast<code_t>(is_spare ? code + 1 : code),
              [&](auto& out) { out << lowp::name(f).text << " round trip of code " << code; });
      t.check(decode(f, static_cast<code_t>(code) | ~code_t{0} << f.total_bits) == actual,
              [&](auto& out) { out << lowp::name(f).text << " bits above code " << code; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("fixed-point formats of up to 8 bits round and overflow as integers of any size") {
  oracle::tally t;
  for (const fixed_format& f : small_formats()) {
    const std::int64_t range = std::int64_t{3} << f.total_bits;
    // Quarters of a step, and a hair to either side of each half step.
    for (std::int64_t quarter = -4 * range / 3; quarter <= 4 * range / 3; ++quarter) {
      check(t, f, quarter, -2 - f.fraction_bits);
      if (quarter % 2 == 0) {
        check(t, f, quarter * (1 << 20) + 1, -22 - f.fraction_bits);
        check(t, f, quarter * (1 << 20) - 1, -22 - f.fraction_bits);
      }
    }
    for (const int e : {-1000, -130, -64, 20, 57, 63, 64, 65, 100, 1000}) {
      for (const std::int64_t m : {1, -1, 3, -3, 5}) check(t, f, m, e - f.fraction_bits);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("fixed-point formats of any width agree with integers of any size") {
  oracle::tally t;
  std::mt19937_64 random(1);
  for (int i = 0; i < 40000; ++i) {
    fixed_format f{.total_bits = static_cast<int>(random() % 64) + 1,
                   .fraction_bits = static_cast<int>(random() % 100) - 20,
                   .is_signed = random() % 2 == 0};
    if (i % 4 == 0) f.total_bits = 64;
    f.is_symmetric = f.is_signed && f.total_bits > 1 && random() % 4 == 0;
    const auto m = static_cast<std::int64_t>(random()) >> (random() % 63);
    const int e = static_cast<int>(random() % 140) - 70 - f.fraction_bits;
    check(t, f, m, e);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("64-bit extremes") {
  oracle::tally t;
  constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  for (const fixed_format& f :
       {fixed_format{64, 0}, fixed_format{64, 0, false}, fixed_format{64, 0, true, true},
        fixed_format{63, 0}, fixed_format{64, 64}, fixed_format{64, -1}}) {
    for (const std::int64_t m : {lowest, lowest + 1, lowest + 2, largest, largest - 1}) {
      for (const int e : {-2, -1, 0, 1, 2}) check(t, f, m, e - f.fraction_bits);
    }
  }
  REQUIRE_NO_MISMATCH(t);
  CHECK(encode(fixed_format{64, 0}, unpacked::from_integer(lowest)) == std::uint64_t{1} << 63);
  CHECK(encode(fixed_format{64, 0, false}, unpacked::from_integer(~std::uint64_t{0})) ==
        ~std::uint64_t{0});
  // All ones and a half more rounds up to 2^64, which saturates.
  const unpacked beyond =
      unpacked::normalized(false, 63, {~std::uint64_t{0}, std::uint64_t{1} << 63});
  CHECK(encode(fixed_format{64, 0, false}, beyond) == ~std::uint64_t{0});
  CHECK(encode(fixed_format{64, 0, false}, beyond, lowp::nearest_even, overflow::wrap) == 0);
  CHECK(encode(fixed_format{64, 0, false}, beyond, lowp::toward_zero, overflow::wrap) ==
        ~std::uint64_t{0});
}

TEST_CASE("Q3.4: worked figures") {
  constexpr fixed_format q3_4 = formats::fixed<8, 4>;
  const auto code = [&](double x, auto m, overflow o) {
    return encode(q3_4, lowp::unpack(x), m, o);
  };
  constexpr auto saturate = overflow::saturate, wrap = overflow::wrap;
  CHECK(code(1.28, lowp::nearest_even, saturate) == 20);
  CHECK(oracle::same(1.25, decode(q3_4, 20)));
  CHECK(code(-8.1, lowp::nearest_even, saturate) == 0x80);
  CHECK(oracle::same(-8.0, decode(q3_4, 0x80)));
  CHECK(code(-8.1, lowp::nearest_even, wrap) == 126);
  CHECK(oracle::same(7.875, decode(q3_4, 126)));
  CHECK(code(7.97, lowp::nearest_even, saturate) == 0x7F);
  CHECK(oracle::same(7.9375, decode(q3_4, 0x7F)));
  CHECK(code(7.97, lowp::nearest_even, wrap) == 0x80);
  CHECK(code(.03125, lowp::nearest_even, saturate) == 0);
  CHECK(code(.03125, lowp::nearest_away, saturate) == 1);
  CHECK(oracle::same(.0625, decode(q3_4, 1)));
}

TEST_CASE("T4: an MXINT8 element is q/64, and 1 comes back") {
  constexpr fixed_format element = formats::fixed<8, 6>;
  CHECK(oracle::same(127.0 / 64, largest_value(element)));
  CHECK(oracle::same(-2.0, decode(element, 0x80)));
  CHECK(encode(element, lowp::unpack(1.0)) == 64);
  CHECK(oracle::same(1.0, decode(element, 64)));
  CHECK(encode(element, lowp::unpack(1.997)) == 127);
  for (code_t c = 0; c < 256; ++c) CHECK(encode(element, decode(element, c)) == c);
}

TEST_CASE("T31: two's complement reaches -2, the symmetric range stops at -127/64") {
  constexpr fixed_format element{.total_bits = 8, .fraction_bits = 6};
  constexpr fixed_format symmetric{.total_bits = 8, .fraction_bits = 6, .is_symmetric = true};
  CHECK(encode(element, lowp::unpack(-1.997)) == 0x80);
  CHECK(encode(symmetric, lowp::unpack(-1.997)) == 0x81);
  CHECK(encode(symmetric, lowp::unpack(-5.0)) == 0x81);
  CHECK(encode(element, lowp::unpack(-5.0)) == 0x80);
  CHECK(oracle::same(-2.0, decode(symmetric, 0x80)));  // it still decodes
  // Ties to even, as the floats.
  CHECK(encode(formats::int_n<8>, lowp::unpack(2.5)) == 2);
  CHECK(encode(formats::int_n<8>, lowp::unpack(3.5)) == 4);
  CHECK(encode(formats::int_n<8>, lowp::unpack(-2.5)) == 0xFE);
}

TEST_CASE("specials in fixed point: infinities saturate, NaN is what the policy says") {
  constexpr fixed_format f = formats::int_n<8>, s = formats::symmetric_int_n<8>,
                         u = formats::uint_n<8>;
  for (const overflow o :
       {overflow::saturate, overflow::to_special, overflow::propagate, overflow::wrap}) {
    for (const mode m : oracle::modes) {
      CHECK(oracle::library_encode(f, unpacked::infinite(), m, o) == 0x7F);
      CHECK(oracle::library_encode(f, unpacked::infinite(true), m, o) == 0x80);
      CHECK(oracle::library_encode(s, unpacked::infinite(true), m, o) == 0x81);
      CHECK(oracle::library_encode(u, unpacked::infinite(), m, o) == 0xFF);
      CHECK(oracle::library_encode(u, unpacked::infinite(true), m, o) == 0);
    }
    const auto nan = [&](bool negative, missing_nan n) {
      return encode(f, unpacked::nan(negative), lowp::nearest_even, o, n);
    };
    CHECK(nan(false, missing_nan::largest) == 0x7F);
    CHECK(nan(true, missing_nan::largest) == 0x7F);
    CHECK(nan(true, missing_nan::signed_largest) == 0x80);
    CHECK(nan(true, missing_nan::zero) == 0);
    CHECK(nan(false, missing_nan::flipped_zero) == 0);
    CHECK(encode(f, unpacked::zero(true), lowp::upward, o) == 0);
  }
}

TEST_CASE("facts of fixed-point formats") {
  CHECK(largest_code(formats::int_n<8>) == 0x7F);
  CHECK(lowest_code(formats::int_n<8>) == 0x80);
  CHECK(lowest_code(formats::symmetric_int_n<8>) == 0x81);
  CHECK(lowest_code(formats::uint_n<8>) == 0);
  CHECK(oracle::same(0.0625, smallest_positive_value(formats::fixed<8, 4>)));
  CHECK(oracle::same(0.0625, epsilon_value(formats::fixed<8, 4>)));
  CHECK_FALSE(has_nan(formats::int_n<4>));
  CHECK_FALSE(has_infinity(formats::int_n<4>));
  CHECK_FALSE(has_negative_zero(formats::int_n<4>));
  CHECK(has_zero(formats::int_n<4>));
  CHECK(is_signed(formats::int_n<4>));
  CHECK_FALSE(is_signed(formats::uint_n<4>));
}

TEST_CASE("a fixed_format that contradicts itself says why") {
  const auto why = [](const fixed_format& f) {
    const char* text = defect(f);
    return std::string(text == nullptr ? "" : text);
  };
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(why({}), ContainsSubstring("1 to 64"));
  CHECK_THAT(why({.total_bits = 65}), ContainsSubstring("1 to 64"));
  CHECK_THAT(why({.total_bits = 8, .fraction_bits = 1 << 21}), ContainsSubstring("fraction_bits"));
  CHECK_THAT(why({.total_bits = 8, .fraction_bits = -(1 << 21)}),
             ContainsSubstring("fraction_bits"));
  CHECK_THAT(why({.total_bits = 8, .is_signed = false, .is_symmetric = true}),
             ContainsSubstring("needs is_signed"));
  CHECK_THAT(why({.total_bits = 1, .is_symmetric = true}), ContainsSubstring("at least 2"));
  CHECK(why({.total_bits = 1}).empty());
  CHECK(why({.total_bits = 64}).empty());
}
