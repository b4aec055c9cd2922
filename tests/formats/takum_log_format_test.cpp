// SPDX-License-Identifier: MIT
// Logarithmic takums against MPFR: values, rounding of logarithms, arithmetic.
#include "lowp/formats/takum_log_format.hpp"

#include <mpfr.h>

#include <cstdint>

#include "catch.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/unpack.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

class real {
 public:
  real() { mpfr_init2(value_, 300); }
  ~real() { mpfr_clear(value_); }
  real(const real&) = delete;
  real& operator=(const real&) = delete;
  mpfr_ptr get() { return value_; }
  void set(const unpacked& x) {
    mpfr_set_uj_2exp(value_, x.significand.high, x.exponent - 63, MPFR_RNDN);
    mpfr_t low;
    mpfr_init2(low, 300);
    mpfr_set_uj_2exp(low, x.significand.low, x.exponent - 127, MPFR_RNDN);
    mpfr_add(value_, value_, low, MPFR_RNDN);
    mpfr_clear(low);
    if (x.negative) mpfr_neg(value_, value_, MPFR_RNDN);
  }

 private:
  mpfr_t value_;
};

/// c + m of the fields of a magnitude's code, in units of 2^-32, by the definition.
std::int64_t logarithm(int bits, code_t code) {
  code <<= 37 - bits;  // so that mantissas have 32 - r bits
  const auto d = static_cast<int>(code >> 35 & 1), field = static_cast<int>(code >> 32 & 7);
  const int r = d != 0 ? field : 7 - field;
  const auto big_c = static_cast<std::int64_t>(code >> (32 - r) & low_mask(r));
  const std::int64_t c = d != 0 ? (1 << r) - 1 + big_c : -(1 << (r + 1)) + 1 + big_c;
  return c * (std::int64_t{1} << 32) + static_cast<std::int64_t>((code & low_mask(32 - r)) << r);
}
/// sqrt(e)^(logarithm / 2^32).
void set_power(real& x, std::int64_t logarithm) {
  mpfr_set_sj_2exp(x.get(), logarithm, -33, MPFR_RNDN);
  mpfr_exp(x.get(), x.get(), MPFR_RNDN);
}
/// Whether x is y to 115 bits.
bool is_near(const unpacked& x, real& y) {
  real error;
  error.set(x);
  mpfr_sub(error.get(), error.get(), y.get(), MPFR_RNDN);
  if (mpfr_zero_p(error.get())) return true;
  return mpfr_get_exp(error.get()) <= mpfr_get_exp(y.get()) - 115;
}

/// The code that a magnitude rounds to, by the logarithm and a search among codes: to nearest, or
/// down or up.
code_t rounded(int bits, real& x, int direction) {
  real scaled;
  mpfr_log(scaled.get(), x.get(), MPFR_RNDN);
  mpfr_mul_2ui(scaled.get(), scaled.get(), 33, MPFR_RNDN);  // 2 ln x in units of 2^-32
  const code_t last = (code_t{1} << (bits - 1)) - 1;
  const auto is_below = [&](std::int64_t l) { return mpfr_cmp_si(scaled.get(), l) >= 0; };
  if (!is_below(logarithm(bits, 1))) return 1;
  code_t low = 1, high = last + 1;
  while (high - low > 1) {
    const code_t middle = low + (high - low) / 2;
    (is_below(logarithm(bits, middle)) ? low : high) = middle;
  }
  if (low == last) return last;
  const bool is_exact = mpfr_cmp_si(scaled.get(), logarithm(bits, low)) == 0;
  if (direction != 0 || is_exact) return low + (direction > 0 && !is_exact ? 1 : 0);
  const bool is_upper = is_below(logarithm(bits + 1, 2 * low + 1));  // never a tie
  return low + (is_upper ? 1 : 0);
}

}  // namespace

TEST_CASE("every logarithmic takum of up to 16 bits, and some of 32, has its value") {
  std::uint64_t wrong = 0;
  real power;
  const auto check = [&](int bits, code_t code) {
    const takum_log_format f{bits};
    const unpacked x = decode(f, code);
    const code_t nar = code_t{1} << (bits - 1);
    const code_t magnitude = (code & nar) != 0 ? (0 - code) & low_mask(bits) : code;
    if (code == 0 || code == nar) {
      wrong += code == 0 ? !x.is_zero() : !x.is_nan();
    } else {
      set_power(power, logarithm(bits, magnitude));
      wrong += !is_near(magnitude_of(x), power) || x.negative != ((code & nar) != 0);
    }
    wrong += encode(f, x) != code || encode(f, x, toward_zero) != code;
    wrong += encode(f, x, away_from_zero) != code;
  };
  for (const int bits : {2, 5, 8, 11, 12, 16}) {
    const code_t step = bits < 16 ? 1 : 5;
    for (code_t code = 0; code < (code_t{1} << bits); code += step) check(bits, code);
  }
  test::split_mix random(4);
  for (int i = 0; i < 3000; ++i) check(32, random.word() & 0xFFFFFFFF);
  CHECK(wrong == 0);
}

TEST_CASE("values of the authors' library") {
  const auto takum8 = [](double x) { return encode(formats::takum_log<8>, unpack(x)); };
  CHECK(takum8(2.0) == 0x4A);
  CHECK(takum8(0.3) == 0x32);
  CHECK(takum8(100) == 0x5A);
  CHECK(takum8(1) == 0x40);
  CHECK(takum8(1e300) == 0x7F);
  CHECK(takum8(-1e-300) == 0xFF);
  const auto value = [](code_t code) {
    return pack_as<double>(decode(formats::takum_log<8>, code));
  };
  CHECK(value(0x01) == Approx(1.264e-52).epsilon(1e-3));
  CHECK(value(0x41) == Approx(1.064494).epsilon(1e-6));
  CHECK(value(0x70) == Approx(4.789e13).epsilon(1e-3));
  CHECK(value(0x7F) == Approx(7.910e51).epsilon(1e-3));
}

TEST_CASE("logarithmic takums are rounded by their logarithms") {
  std::uint64_t wrong = 0;
  test::split_mix random(8);
  real x;
  const auto check = [&](int bits, unpacked value) {
    const takum_log_format f{bits};
    x.set(magnitude_of(value));
    const auto code = [&](int direction) {
      const code_t magnitude = rounded(bits, x, direction);
      return value.negative ? (0 - magnitude) & low_mask(bits) : magnitude;
    };
    wrong += encode(f, value) != code(0) || encode(f, value, toward_zero) != code(-1);
    wrong += encode(f, value, away_from_zero) != code(1);
  };
  for (int i = 0; i < 6000; ++i) {
    const std::uint64_t word = random.word();
    const int bits = i % 3 == 0 ? 8 : i % 3 == 1 ? 16 : 32;
    const int exponent = static_cast<int>(random.below(400)) - 200;
    unpacked value{
        value_kind::finite, i % 2 == 0, exponent / (i % 5 + 1), {word | std::uint64_t{1} << 63, 0}};
    if (i % 7 == 0) value.significand.high &= ~std::uint64_t{0} << 62;
    // Beside the tie of a code, as near as binary64 comes.
    if (i % 4 == 0) {
      const takum_log_format longer{bits < 32 ? bits + 1 : 32};
      value = unpack(pack_as<double>(decode(longer, word & low_mask(longer.bits()))));
      if (value.kind != value_kind::finite) continue;
    }
    check(bits, value);
  }
  CHECK(wrong == 0);
}

TEST_CASE("products, quotients and roots of logarithmic takums are those of logarithms") {
  constexpr takum_log_format f = formats::takum_log<12>;
  using takum = number<f>;
  std::uint64_t wrong = 0;
  test::split_mix random(2);
  for (int i = 0; i < 3000; ++i) {
    const auto x = takum::from_code(random.word()), y = takum::from_code(random.word());
    const auto magnitude = [](takum t) {
      return logarithm(12, t.code() >= 0x800 ? 0x1000u - t.code() : t.code());
    };
    if ((x.code() & 0x7FF) == 0 || (y.code() & 0x7FF) == 0) continue;
    const std::int64_t p = magnitude(x), q = magnitude(y);
    const bool is_negative = ((x.code() ^ y.code()) & 0x800) != 0;
    const auto check = [&](takum got, std::int64_t sum, bool negative) {
      // By search; ties of logarithms go to even codes.
      code_t below = 1, above = 0x800;
      while (above - below > 1) {
        const code_t middle = below + (above - below) / 2;
        (logarithm(12, middle) <= sum ? below : above) = middle;
      }
      const std::int64_t tie = logarithm(13, 2 * below + 1);
      const bool is_upper = sum > tie || (sum == tie && below % 2 == 1);
      const code_t expected = below + (is_upper && below < 0x7FF ? 1 : 0);
      wrong += got.code() != (negative ? 0x1000 - expected : expected);
    };
    check(x * y, p + q, is_negative);
    check(x / y, p - q, is_negative);
    if (!unpack(x).negative) check(sqrt(x), p / 2, false);
    wrong += (x < y) != (unpack(x).negative != unpack(y).negative ? unpack(x).negative
                         : unpack(x).negative                     ? p > q
                                                                  : p < q);
  }
  CHECK(wrong == 0);
}

TEST_CASE("sums beside 1 are rounded to their side of it") {
  constexpr takum_log_format f = formats::takum_log<32>;
  using takum = number<f>;
  const takum one = takum::from_code(0x40000000), tiny = takum::from_code(1);
  CHECK(add(one, tiny) == one);
  CHECK(add(one, tiny, upward).code() == 0x40000001);
  CHECK(add(one, tiny, downward) == one);
  CHECK(subtract(one, tiny, upward) == one);
  CHECK(subtract(one, tiny, downward).code() == 0x3FFFFFFF);
  CHECK(subtract(-one, tiny, downward).code() == 0xBFFFFFFF);
  CHECK(divide(one, one, upward) == one);
  CHECK(multiply(takum::from_code(0x41234567), divide(one, takum::from_code(0x41234567)), upward) ==
        one);
}
