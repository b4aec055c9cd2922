// SPDX-License-Identifier: MIT
// Text of numbers in both directions: every code of every format of up to 8 bits and of three of 16
// bits against exact intervals of GMP and against printf, binary32 and binary64 against <charconv>
// and MPFR. (Reading in every mode: text_reading_test.cpp.)
#include "lowp/number/text.hpp"

#include <mpfr.h>

#include <cfenv>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "catch.hpp"
#include "exact_oracle.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"

using namespace lowp;
using oracle::ends;
using oracle::table;

namespace {

template <auto F>
std::string text_of(number<F> x, text_style style = text_style::shortest) {
  std::string result(static_cast<std::size_t>(max_chars<F>(style)), '?');
  const auto written = to_chars(result.data(), result.data() + result.size(), x, style);
  if (!written) return "max_chars is too small";
  result.resize(static_cast<std::size_t>(written.ptr - result.data()));
  return result;
}

std::string print(const char* format, int precision, double x) {
  std::string result(2500, ' ');
  result.resize(
      static_cast<std::size_t>(std::snprintf(result.data(), result.size(), format, precision, x)));
  return result;
}

/// The whole decimal expansion: that of printf without the zeros at its end.
std::string exact_by_printf(double x) {
  std::string text = print("%.*f", 1080, x);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Counts differences and keeps the first.
struct tally {
  long long compared = 0, wrong = 0;
  std::string first;
  void expect(const std::string& what, const std::string& got, const std::string& want) {
    ++compared;
    if (got != want && wrong++ == 0) first = what + ": got " + got + ", expected " + want;
  }
};

/// The shortest text of a value that reading takes from an interval, found by trying every number
/// of digits with rationals.
class shortest_by_gmp {
 public:
  shortest_by_gmp() { mpq_inits(value_, low_, high_, x_, power_, nullptr); }
  shortest_by_gmp(const shortest_by_gmp&) = delete;
  shortest_by_gmp& operator=(const shortest_by_gmp&) = delete;
  ~shortest_by_gmp() { mpq_clears(value_, low_, high_, x_, power_, nullptr); }

  std::string operator()(double value, double low, double high, bool includes_ends) {
    mpq_set_d(value_, value);
    mpq_set_d(low_, low);
    mpq_set_d(high_, high);
    includes_ends_ = includes_ends;
    const auto magnitude = static_cast<int>(std::floor(std::log10(value)));
    for (int place = magnitude + 1;; --place) {
      std::string digits = nearest(place);
      if (digits.empty()) continue;
      // 9 may be nearer than 10, and has no more digits.
      if (digits == "1") {
        const std::string finer = nearest(place - 1);
        if (finer.size() == 1) {
          digits = finer;
          --place;
        }
      }
      const std::string plain = as_plain(digits, place), scientific = as_scientific(digits, place);
      if (plain.size() > scientific.size()) return scientific;
      return place > 0 ? as_plain(nearest(0), 0) : plain;
    }
  }

 private:
  /// The multiple of 10^place in the interval that is nearest to the value, or nothing.
  std::string nearest(int place) {
    set_power(place);
    mpq_div(x_, value_, power_);
    mpz_t quotient, remainder;
    mpz_inits(quotient, remainder, nullptr);
    mpz_fdiv_qr(quotient, remainder, mpq_numref(x_), mpq_denref(x_));
    mpz_mul_2exp(remainder, remainder, 1);
    const int half = mpz_cmp(remainder, mpq_denref(x_));
    const bool upper_first = half > 0 || (half == 0 && mpz_odd_p(quotient) != 0);
    std::string result;
    for (int attempt = 0; attempt < 2 && result.empty(); ++attempt) {
      const bool is_upper = upper_first == (attempt == 0);
      mpz_t candidate;
      mpz_init(candidate);
      mpz_add_ui(candidate, quotient, is_upper ? 1 : 0);
      mpq_set_z(x_, candidate);
      mpq_mul(x_, x_, power_);
      const int from_low = mpq_cmp(x_, low_), to_high = mpq_cmp(high_, x_);
      const bool is_inside =
          includes_ends_ ? from_low >= 0 && to_high >= 0 : from_low > 0 && to_high > 0;
      if (is_inside && mpz_sgn(candidate) > 0) {
        char* const text = mpz_get_str(nullptr, 10, candidate);
        result = text;
        std::free(text);
      }
      mpz_clear(candidate);
    }
    mpz_clears(quotient, remainder, nullptr);
    return result;
  }
  void set_power(int place) {
    mpq_set_ui(power_, 1, 1);
    mpz_ui_pow_ui(place >= 0 ? mpq_numref(power_) : mpq_denref(power_), 10,
                  static_cast<unsigned long>(std::abs(place)));
  }
  static void drop_zeros(std::string& digits, int& place) {
    while (digits.size() > 1 && digits.back() == '0') {
      digits.pop_back();
      ++place;
    }
  }
  static std::string as_plain(std::string digits, int place) {
    drop_zeros(digits, place);
    if (place >= 0) return digits + std::string(static_cast<std::size_t>(place), '0');
    const auto after = static_cast<std::size_t>(-place);
    if (digits.size() <= after) digits.insert(0, after + 1 - digits.size(), '0');
    return digits.insert(digits.size() - after, ".");
  }
  static std::string as_scientific(std::string digits, int place) {
    drop_zeros(digits, place);
    const int exponent = place + static_cast<int>(digits.size()) - 1;
    if (digits.size() > 1) digits.insert(1, ".");
    char text[16];
    std::snprintf(text, sizeof text, "e%+03d", exponent);
    return digits + text;
  }

  mpq_t value_, low_, high_, x_, power_;
  bool includes_ends_ = false;
};

std::string special_text(const table& t, const table::decoded& d) {
  const std::string sign = d.is_negative ? "-" : "";
  if (d.kind == oracle::kind::infinity) return sign + "inf";
  return t.is_posit ? "nar" : sign + "nan";
}

/// All styles of all codes, and what they read back as.
template <auto F>
void check_all_codes(const table& t) {
  tally result;
  shortest_by_gmp shortest;
  for (std::uint64_t code = 0; code <= t.mask(); ++code) {
    const auto x = number<F>::from_code(code);
    const auto d = t.decode(code);
    const std::string what = t.name + " code " + std::to_string(code);
    const auto style = [&](text_style s, const std::string& want) {
      const std::string got = text_of(x, s);
      result.expect(what, got, want);
      auto back = number<F>::from_code(~code);
      const auto read = from_chars(got.data(), got.data() + got.size(), back);
      const bool is_special = d.kind != oracle::kind::finite;
      const bool reads_back = is_special ? text_of(back) == got : back.code() == code;
      result.expect(what + " read back", read && reads_back ? "same" : "other", "same");
      result.expect(what + " end", std::to_string(read.ptr - got.data()),
                    std::to_string(got.size()));
    };
    if (d.kind != oracle::kind::finite) {
      for (const auto s : {text_style::shortest, text_style::exact, text_style::hex_float}) {
        style(s, special_text(t, d));
      }
      continue;
    }
    const double value = t.value(d), magnitude = std::abs(value);
    const std::string sign = d.is_negative ? "-" : "";
    style(text_style::exact, sign + exact_by_printf(magnitude));
    char hexadecimal[64];
    std::snprintf(hexadecimal, sizeof hexadecimal, "%a", magnitude);
    style(text_style::hex_float, sign + hexadecimal);
    if (magnitude == 0) {
      style(text_style::shortest, sign + "0");
      continue;
    }
    const auto at = static_cast<std::size_t>(d.index);
    const double low = at == 0 ? 0 : t.thresholds[at - 1];
    const bool is_last = d.index == (d.is_negative ? t.largest_negative : t.largest);
    const bool saturates = t.is_posit || (!t.has_nan && !t.has_infinity);
    const double high = is_last && saturates ? 2 * magnitude - low : t.thresholds[at];
    style(text_style::shortest,
          sign + shortest(magnitude, low, high, d.index % 2 == 0 && low != 0));
  }
  INFO(result.first);
  CHECK(result.wrong == 0);
  CHECK(result.compared > static_cast<long long>(t.mask()));
}

table p3109_table(int width, int precision, bool is_signed, bool is_extended) {
  const int exponent_bits = width - precision + (is_signed ? 0 : 1);
  const ends e = is_extended ? ends::p3109_extended
                 : is_signed ? ends::nan_is_minus0
                             : ends::one_nan;
  return oracle::float_table("p3109", exponent_bits, precision - 1, 1 << (exponent_bits - 1), e,
                             is_signed);
}

}  // namespace

TEST_CASE("every code of the floating-point formats of up to 8 bits") {
  using oracle::float_table;
  check_all_codes<formats::e4m3fn>(float_table("e4m3fn", 4, 3, 7, ends::one_nan));
  check_all_codes<formats::e5m2>(float_table("e5m2", 5, 2, 15, ends::ieee));
  check_all_codes<formats::e4m3>(float_table("e4m3", 4, 3, 7, ends::ieee));
  check_all_codes<formats::e3m4>(float_table("e3m4", 3, 4, 3, ends::ieee));
  check_all_codes<formats::e4m3fnuz>(float_table("e4m3fnuz", 4, 3, 8, ends::nan_is_minus0));
  check_all_codes<formats::e5m2fnuz>(float_table("e5m2fnuz", 5, 2, 16, ends::nan_is_minus0));
  check_all_codes<formats::e4m3b11fnuz>(float_table("b11", 4, 3, 11, ends::nan_is_minus0));
  check_all_codes<formats::e3m2>(float_table("e3m2", 3, 2, 3, ends::finite));
  check_all_codes<formats::e2m3>(float_table("e2m3", 2, 3, 1, ends::finite));
  check_all_codes<formats::e2m2>(float_table("e2m2", 2, 2, 1, ends::finite));
  check_all_codes<formats::e2m1>(float_table("e2m1", 2, 1, 1, ends::finite));
  check_all_codes<formats::e1m2>(float_table("e1m2", 1, 2, 1, ends::finite));
  check_all_codes<formats::e1m2_bias0>(float_table("e1m2_bias0", 1, 2, 0, ends::finite));
  check_all_codes<formats::e3m0>(float_table("e3m0", 3, 0, 3, ends::finite));
  check_all_codes<formats::e8m0>(float_table("e8m0", 8, 0, 127, ends::one_nan, false, 0));
  check_all_codes<formats::ue4m3>(float_table("ue4m3", 4, 3, 7, ends::one_nan, false));
  check_all_codes<formats::ue5m3>(float_table("ue5m3", 5, 3, 15, ends::one_nan, false));
  check_all_codes<formats::e6m2>(float_table("e6m2", 6, 2, 48, ends::one_nan, false, 0));
}

TEST_CASE("every code of P3109 formats, posits and fixed point of up to 8 bits") {
  check_all_codes<formats::p3109(8, 4, true, true)>(p3109_table(8, 4, true, true));
  check_all_codes<formats::p3109(8, 3, true, false)>(p3109_table(8, 3, true, false));
  check_all_codes<formats::p3109(8, 1, false, true)>(p3109_table(8, 1, false, true));
  check_all_codes<formats::p3109(8, 6, false, false)>(p3109_table(8, 6, false, false));
  check_all_codes<formats::p3109(3, 1, true, true)>(p3109_table(3, 1, true, true));
  check_all_codes<formats::posit<8, 2>>(oracle::posit_table(8, 2));
  check_all_codes<formats::posit<8, 1>>(oracle::posit_table(8, 1));
  check_all_codes<formats::posit<8, 0>>(oracle::posit_table(8, 0));
  check_all_codes<formats::posit<6, 3>>(oracle::posit_table(6, 3));
  check_all_codes<formats::int_n<8>>(oracle::fixed_table("int8", 8, 0));
  check_all_codes<formats::int_n<2>>(oracle::fixed_table("int2", 2, 0));
  check_all_codes<formats::uint_n<8>>(oracle::fixed_table("uint8", 8, 0, false));
  check_all_codes<formats::fixed<8, 6>>(oracle::fixed_table("fixed8.6", 8, 6));
  check_all_codes<formats::fixed<8, 12>>(oracle::fixed_table("fixed8.12", 8, 12));
  check_all_codes<formats::fixed<8, -5>>(oracle::fixed_table("fixed8.-5", 8, -5));
  check_all_codes<formats::ufixed<7, 7>>(oracle::fixed_table("ufixed7.7", 7, 7, false));
}

TEST_CASE("every code of three formats of 16 bits") {
  check_all_codes<formats::binary16>(oracle::float_table("binary16", 5, 10, 15, ends::ieee));
  check_all_codes<formats::bfloat16>(oracle::float_table("bfloat16", 8, 7, 127, ends::ieee));
  check_all_codes<formats::posit<16, 1>>(oracle::posit_table(16, 1));
}

TEST_CASE("shortest text of the formats of C++ is that of std::to_chars") {
  std::fesetenv(FE_DFL_ENV);  // start-up code of some builds makes the machine flush subnormals
  tally result;
  std::mt19937_64 random(3);
  const auto check = [&]<auto F, class Float, class Bits>(number<F> x, Float, Bits) {
    if (!isfinite(x)) return;
    char text[64];
    const auto end = std::to_chars(text, text + 64, std::bit_cast<Float>(Bits{x.code()})).ptr;
    const std::string got = text_of(x);
    result.expect(std::to_string(x.code()), got, std::string(text, end));
    auto back = number<F>::from_code(0);
    from_chars(got.data(), got.data() + got.size(), back);
    result.expect(std::to_string(x.code()), std::to_string(back.code()), std::to_string(x.code()));
  };
  for (int i = 0; i < 60000; ++i) {
    std::uint64_t bits = random();
    if (i % 3 == 0) bits &= ~std::uint64_t{0} << (i % 53);  // few significant bits
    if (i % 3 == 1)
      bits = (bits & ~(0x7FFull << 52)) | ((1023 + bits % 70) << 52);  // near integers
    check(binary64::from_code(bits), 0.0, std::uint64_t{});
    check(binary64::from_code(bits & 0xFFFFFFFFFFFFF), 0.0, std::uint64_t{});  // subnormal
    check(binary32::from_code(bits >> 32), 0.0f, std::uint32_t{});
    check(binary32::from_code(bits >> 32 & (~0u << i % 24)), 0.0f, std::uint32_t{});
  }
  INFO(result.first);
  CHECK(result.wrong == 0);
}

TEST_CASE("exact text of binary64 is that of printf and of MPFR") {
  std::fesetenv(FE_DFL_ENV);  // start-up code of some builds makes the machine flush subnormals
  tally result;
  std::mt19937_64 random(4);
  mpfr_t x;
  mpfr_init2(x, 53);
  for (int i = 0; i < 3000; ++i) {
    std::uint64_t code = random();
    if (i % 10 == 0) code &= 0x800FFFFFFFFFFFFF;
    const auto value = binary64::from_code(code);
    if (!isfinite(value)) continue;
    const std::string got = text_of(value, text_style::exact);
    mpfr_set_d(x, std::bit_cast<double>(code), MPFR_RNDN);
    char* text = nullptr;
    mpfr_asprintf(&text, "%.1080Rf", x);
    std::string want(text);
    mpfr_free_str(text);
    want.resize(want.find_last_not_of('0') + 1);
    if (want.back() == '.') want.pop_back();
    result.expect(std::to_string(code), got, want);
    result.expect(std::to_string(code), got, exact_by_printf(std::bit_cast<double>(code)));
  }
  mpfr_clear(x);
  INFO(result.first);
  CHECK(result.wrong == 0);
}

TEST_CASE("known texts of every style") {
  CHECK(text_of(e4m3fn(448)) == "448");
  CHECK(text_of(e5m2(57344)) == "57344");
  CHECK(text_of(e2m3(7.5)) == "7.5");  // though reading 8 saturates to it
  CHECK(text_of(posit<8>::from_code(0x7F)) == "2e+07");
  CHECK(text_of(int_n<8>(-128)) == "-128");
  CHECK(text_of(symmetric_int_n<8>::from_code(0x80)) == "-128");  // never produced, still shown
  CHECK(text_of(e4m3fn(-0.0)) == "-0");
  CHECK(text_of(e4m3fn(-0.0), text_style::exact) == "-0");
  CHECK(text_of(e4m3fn(-0.0), text_style::hex_float) == "-0x0p+0");
  CHECK(text_of(e4m3fn::from_code(0xFF)) == "-nan");
  CHECK(text_of(e4m3fnuz::from_code(0x80)) == "nan");
  CHECK(text_of(posit<8>::from_code(0x80)) == "nar");
  CHECK(text_of(binary64(1e23)) == "1e+23");
  CHECK(text_of(binary64::from_code(1)) == "5e-324");
  CHECK(text_of(int_n<64>(INT64_MIN), text_style::exact) == "-9223372036854775808");
  CHECK(text_of(int_n<64>(INT64_MIN)) == "-9223372036854775808");
  CHECK(text_of(uint_n<64>(UINT64_MAX)) == "18446744073709551615");

  CHECK(text_of(e4m3fn::from_code(0x7E), text_style::bits) == "0x7e");
  CHECK(text_of(e2m1(6), text_style::bits) == "0x7");
  CHECK(text_of(binary16(1), text_style::bits) == "0x3c00");
  CHECK(text_of(tf32(1), text_style::bits) == "0x1fc00");
  CHECK(text_of(e4m3fn::from_code(0x7E), text_style::fields) == "0|1111|110");
  CHECK(text_of(e8m0(1), text_style::fields) == "01111111");
  CHECK(text_of(e3m0(-1), text_style::fields) == "1|011");
  CHECK(text_of(ue4m3(1), text_style::fields) == "0111|000");
  CHECK(text_of(posit<8>(1), text_style::fields) == "0|10|00|000");
  CHECK(text_of(posit<8>(-1), text_style::fields) == "1|10|00|000");
  CHECK(text_of(posit<8>::from_code(0x7D), text_style::fields) == "0|111110|1");
  CHECK(text_of(posit<8>::from_code(0x7F), text_style::fields) == "0|1111111");
  CHECK(text_of(posit<8>::from_code(0x80), text_style::fields) == "1|0000000");
  CHECK(text_of(posit<8, 0>(1), text_style::fields) == "0|10|00000");
  CHECK(text_of(posit<2, 0>(1), text_style::fields) == "0|1");
  CHECK(text_of(fixed<8, 6>(-0.5), text_style::fields) == "1|1|100000");
  CHECK(text_of(fixed<8, 12>(0), text_style::fields) == "0|0000000");
  CHECK(text_of(int_n<4>(-3), text_style::fields) == "1|101");
  CHECK(text_of(ufixed<8, 4>(1.5), text_style::fields) == "0001|1000");

  STATIC_REQUIRE(to_text(e4m3fn(0.1)).view() == "0.1");
  STATIC_REQUIRE(to_text<text_style::exact>(e4m3fn(0.1)).view() == "0.1015625");
  STATIC_REQUIRE(to_text<text_style::fields>(posit<8>(-2)).view() == "1|01|11|000");
  STATIC_REQUIRE([] {
    constexpr std::string_view text = "0.4300000000000000000000000000000000000000000001";
    e2m3 x{};
    return from_chars(text.data(), text.data() + text.size(), x) && x == e2m3(0.375);
  }());
}

TEST_CASE("a range too small for the text is never overrun") {
  for (const auto style : {text_style::shortest, text_style::exact, text_style::hex_float,
                           text_style::bits, text_style::fields}) {
    for (const auto x : {binary16(-0.1), binary16(65504), binary16::from_code(0x7C00),
                         binary16(-0.0), binary16::from_code(0xFE00)}) {
      const std::string whole = text_of(x, style);
      for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto range = std::make_unique<char[]>(size);  // for the address sanitizer
        const auto written = to_chars(range.get(), range.get() + size, x, style);
        REQUIRE(written == to_chars_result{range.get() + size, text_error::value_too_large});
      }
    }
  }
}

TEST_CASE("max_chars holds for the extremes of large formats") {
  for (const auto style : {text_style::shortest, text_style::exact, text_style::hex_float,
                           text_style::bits, text_style::fields}) {
    for (const std::uint64_t code :
         {0x8000000000000001u, 0x800FFFFFFFFFFFFFu, 0xFFEFFFFFFFFFFFFFu, 0xFFF8000000000000u}) {
      CHECK(text_of(binary64::from_code(code), style) != "max_chars is too small");
    }
    constexpr float_format wide{.exponent_bits = 16, .mantissa_bits = 47};
    for (const std::uint64_t code : {1u, 12345u}) {
      CHECK(text_of(number<wide>::from_code(code), style) != "max_chars is too small");
    }
    CHECK(text_of(posit<32, 4>::from_code(0x80000001), style) != "max_chars is too small");
    CHECK(text_of(fixed<64, 1000>::from_code(~0ull), style) != "max_chars is too small");
    CHECK(text_of(fixed<64, -1000>::from_code(3), style) != "max_chars is too small");
    CHECK(text_of(fixed<1, 50>::from_code(1), style) != "max_chars is too small");
  }
}
