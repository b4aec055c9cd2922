// SPDX-License-Identifier: MIT
// Logarithmic numbers against MPFR: values, rounding by logarithms and by values, arithmetic.
#include "lowp/formats/lns_format.hpp"

#include <mpfr.h>

#include <cmath>
#include <random>

#include "catch.hpp"
#include "lowp/number.hpp"

using namespace lowp;

namespace {

class real {
 public:
  real() { mpfr_init2(value_, 300); }
  ~real() { mpfr_clear(value_); }
  real(const real&) = delete;
  real& operator=(const real&) = delete;
  mpfr_ptr get() { return value_; }
  /// 2^(logarithm / 2^fraction_bits).
  void set_power(std::int64_t logarithm, int fraction_bits) {
    mpfr_set_si_2exp(value_, logarithm, -fraction_bits, MPFR_RNDN);
    mpfr_exp2(value_, value_, MPFR_RNDN);
  }

 private:
  mpfr_t value_;
};

/// The bits of x above 2^-127 of its leading one, as a decoded value has them.
uint128 significand_of(mpfr_ptr x) {
  real scaled, high;
  mpfr_mul_2si(scaled.get(), x, 128 - mpfr_get_exp(x), MPFR_RNDN);
  mpfr_div_2ui(high.get(), scaled.get(), 64, MPFR_RNDN);
  mpfr_floor(high.get(), high.get());
  uint128 result{mpfr_get_uj(high.get(), MPFR_RNDZ), 0};
  mpfr_mul_2ui(high.get(), high.get(), 64, MPFR_RNDN);
  mpfr_sub(scaled.get(), scaled.get(), high.get(), MPFR_RNDN);
  result.low = mpfr_get_uj(scaled.get(), MPFR_RNDZ);
  return result;
}

constexpr lns_format by_values(int bits, int fraction_bits) {
  return {bits, fraction_bits, lns_midpoint::of_values};
}

}  // namespace

TEST_CASE("logarithmic numbers have the values of their logarithms to 115 bits") {
  long long wrong = 0;
  real power;
  const auto check = [&](const lns_format& f, code_t code) {
    const unpacked x = decode(f, code);
    for (const bool is_zero : {true, false}) {
      if (code == (is_zero ? f.zero_code() : f.nan_code())) {
        wrong += is_zero ? !x.is_zero() : !x.is_nan();
        wrong += encode(f, x) != code;
        return;
      }
    }
    power.set_power(f.logarithm(code), f.fraction_bits);
    wrong += x.exponent != mpfr_get_exp(power.get()) - 1;
    const uint128 want = significand_of(power.get());
    const uint128 error = want >= x.significand ? want - x.significand : x.significand - want;
    wrong += error.high != 0 || error.low > 4096;
    wrong += encode(f, x) != code || encode(f, x, toward_zero) != code ||
             encode(f, x, away_from_zero) != code;
  };
  for (const lns_format& f : {formats::lns<3, 1>, formats::lns<8, 3>, formats::lns<8, 0>,
                              by_values(12, 6), formats::lns<16, 8>}) {
    for (code_t code = 0; code < (code_t{1} << f.bits()); ++code) check(f, code);
  }
  std::mt19937_64 random(2);
  for (int i = 0; i < 5000; ++i) check(formats::lns<32, 20>, random() & 0xFFFFFFFF);
  CHECK(wrong == 0);
}

TEST_CASE("rounding by logarithms and by values is that of MPFR") {
  std::mt19937_64 random(9);
  real x, logarithm, low, high, middle;
  long long wrong = 0;
  const auto check = [&](lns_format f, double value) {
    mpfr_set_d(x.get(), std::fabs(value), MPFR_RNDN);
    mpfr_log2(logarithm.get(), x.get(), MPFR_RNDN);
    mpfr_mul_2ui(logarithm.get(), logarithm.get(), static_cast<unsigned long>(f.fraction_bits),
                 MPFR_RNDN);
    const long floor = mpfr_get_si(logarithm.get(), MPFR_RNDD);
    if (floor < -f.largest_logarithm() || floor >= f.largest_logarithm()) return;
    const bool is_exact = mpfr_integer_p(logarithm.get()) != 0;
    // The nearest logarithm; it is never halfway unless it is one.
    const auto code = [&](long at) { return f.code(at, value < 0); };
    f.midpoint = lns_midpoint::of_logarithms;
    wrong += encode(f, unpack(value)) != code(mpfr_get_si(logarithm.get(), MPFR_RNDN));
    wrong += encode(f, unpack(value), toward_zero) != code(floor);
    wrong += encode(f, unpack(value), away_from_zero) != code(floor + (is_exact ? 0 : 1));
    // The nearest value.
    low.set_power(floor, f.fraction_bits);
    high.set_power(floor + 1, f.fraction_bits);
    mpfr_add(middle.get(), low.get(), high.get(), MPFR_RNDN);
    mpfr_div_2ui(middle.get(), middle.get(), 1, MPFR_RNDN);
    const bool is_above = mpfr_cmp(x.get(), middle.get()) > 0;
    f.midpoint = lns_midpoint::of_values;
    wrong += encode(f, unpack(value)) != code(floor + (is_above ? 1 : 0));
  };
  for (int i = 0; i < 20000; ++i) {
    const double value = std::ldexp(1 + double(random() >> 12) / 4503599627370496.0,
                                    static_cast<int>(random() % 40) - 20);
    check(i % 2 == 0 ? formats::lns<16, 8> : formats::lns<32, 20>, i % 3 == 0 ? -value : value);
  }
  CHECK(wrong == 0);
}

TEST_CASE("products, quotients and roots of logarithmic numbers are sums, differences and halves") {
  constexpr lns_format f = formats::lns<8, 3>;
  using lns8 = number<f>;
  long long wrong = 0;
  for (code_t a = 0; a < 256; ++a) {
    const std::int64_t p = f.logarithm(a);
    if ((a & 0x7F) == 0x40) continue;
    const auto x = lns8::from_code(a);
    if (a < 128 && p % 2 == 0) wrong += sqrt(x).code() != f.code(p / 2, false);
    for (code_t b = 0; b < 256; ++b) {
      if ((b & 0x7F) == 0x40) continue;
      const auto y = lns8::from_code(b);
      const std::int64_t q = f.logarithm(b);
      const bool is_negative = ((a ^ b) & 128) != 0;
      const auto expect = [&](lns8 got, std::int64_t logarithm) {
        if (logarithm < -63 || logarithm > 63) return;
        wrong += got.code() != f.code(logarithm, is_negative);
      };
      expect(x * y, p + q);
      expect(x / y, p - q);
      expect(multiply(x, y, toward_zero), p + q);
      wrong += (x < y) != (double(x) < double(y)) || (x == y) != (a == b);
      // Sums, by value: 8 bits are far from every midpoint.
      const double sum = double(x) + double(y);
      if (sum != 0) wrong += (x + y).code() != encode(f, unpack(sum));
    }
  }
  CHECK(wrong == 0);
  // Beyond the range.
  CHECK(isnan(lns8(128) * lns8(128)));
  CHECK(multiply(lns8(128), lns8(128), nearest_even, overflow::saturate).code() == 0x3F);
  CHECK(multiply(lns8(128), lns8(-128), toward_zero).code() == 0xBF);
  CHECK(encode(f, unpacked::infinite()) == f.nan_code());
  CHECK(encode(f, unpacked::infinite(), nearest_even, overflow::saturate_numbers) == f.nan_code());
  CHECK(encode(f, unpack(1e9), nearest_even, overflow::saturate_numbers) == 0x3F);
  CHECK(encode(f, unpacked::infinite(true), nearest_even, overflow::sat_none) == 0xBF);
  CHECK(encode(f, unpack(0.004)) == f.code(-63, false));  // nearer to 2^-7.875 than to zero
  CHECK(encode(f, unpack(0.002)) == f.zero_code());
  CHECK(encode(f, unpack(1e-9)) == f.zero_code());
  CHECK(encode(f, unpack(1e-9), upward) == f.code(-63, false));
  CHECK(defect(lns_format{32, 4}) != nullptr);
  CHECK(defect(lns_format{8, 7}) != nullptr);
}
