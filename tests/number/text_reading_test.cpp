// SPDX-License-Identifier: MIT
// from_chars rounds once: decimals on, just above and just below every border between two codes, in
// every mode, against GMP and MPFR; long and huge texts; text that is no number; random bytes.
#include <cfenv>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "catch.hpp"
#include "exact_oracle.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/text.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "mpfr_oracle.hpp"

using namespace lowp;
using oracle::ends;
using oracle::table;

namespace {

template <auto F, class Mode = nearest_even_t>
number<F> read(const std::string& text, const Mode& mode = {}, overflow o = overflow::to_special) {
  auto x = number<F>::from_code(0);
  const auto result = from_chars(text.data(), text.data() + text.size(), x, mode, o);
  if (!result || result.ptr != text.data() + text.size()) {
    FAIL_CHECK("not read to its end: " << text.substr(0, 60));
  }
  return x;
}

/// The whole expansion of a double that is not negative, with a point and at least one digit after
/// it.
std::string exact_text(double x) {
  std::string text(1200, ' ');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.1080f", x)));
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text += '0';
  return text;
}
std::string just_above(const std::string& text, std::size_t zeros) {
  return text + std::string(zeros, '0') + '1';
}
std::string just_below(std::string text, std::size_t nines) {
  for (auto at = text.size(); at-- > 0;) {
    if (text[at] == '.') continue;
    if (text[at] != '0') {
      --text[at];
      break;
    }
    text[at] = '9';
  }
  return text + std::string(nines, '9');
}

/// The same number with an exponent: d.ddd…e+n with the point moved to a random place.
std::string with_exponent(const std::string& text, std::mt19937_64& random) {
  const auto point = text.find('.');
  std::string digits = text.substr(0, point) + text.substr(point + 1);
  const std::size_t place = random() % (digits.size() + 1);
  digits.insert(place, ".");
  return digits + "e" + std::to_string(static_cast<long>(point) - static_cast<long>(place));
}

void set_to_text(mpq_ptr x, const std::string& text) {
  const auto point = text.find('.');
  const std::string digits = text.substr(0, point) + text.substr(point + 1);
  mpz_set_str(mpq_numref(x), digits.c_str(), 10);
  mpz_ui_pow_ui(mpq_denref(x), 10, static_cast<unsigned long>(text.size() - point - 1));
  mpq_canonicalize(x);
}

template <auto F>
void check_borders(const table& t) {
  std::mt19937_64 random(5);
  long long wrong = 0;
  std::string first;
  mpq_t x;
  mpq_init(x);
  std::vector<double> points(t.magnitudes);
  points.insert(points.end(), t.thresholds.begin(), t.thresholds.end());
  points.push_back(3 * t.magnitudes.back());
  points.push_back(t.magnitudes[1] / 1024);
  for (const double point : points) {
    const std::string exact = exact_text(point);
    std::vector<std::string> texts{exact, just_above(exact, random() % 400)};
    if (point > 0) texts.push_back(just_below(exact, random() % 400));
    for (const std::string& text : texts) {
      set_to_text(x, text);
      for (const bool is_negative : {false, true}) {
        if (is_negative) mpq_neg(x, x);
        const oracle::position at = oracle::locate_by_gmp(t, x);
        const std::string written =
            (is_negative ? "-" : "") + (random() % 2 == 0 ? text : with_exponent(text, random));
        oracle::for_each_mode([&](const auto& mode, oracle::mode m) {
          for (const overflow o : {overflow::to_special, overflow::saturate}) {
            const auto want = oracle::round(t, at, is_negative, m, o);
            const auto got = read<F>(written, mode, o);
            const bool is_right = want.is_nan ? t.decode(got.code()).kind == oracle::kind::nan
                                              : got.code() == want.code;
            if (is_right || wrong++ > 0) continue;
            first = t.name + " " + written + " " + oracle::mode_names[static_cast<int>(m)] +
                    ": got " + std::to_string(got.code()) + ", expected " +
                    (want.is_nan ? "nan" : std::to_string(want.code));
          }
        });
      }
    }
  }
  mpq_clear(x);
  INFO(first);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("on, above and below every border, in every mode") {
  using oracle::float_table;
  check_borders<formats::e4m3fn>(float_table("e4m3fn", 4, 3, 7, ends::one_nan));
  check_borders<formats::e5m2>(float_table("e5m2", 5, 2, 15, ends::ieee));
  check_borders<formats::e5m2fnuz>(float_table("e5m2fnuz", 5, 2, 16, ends::nan_is_minus0));
  check_borders<formats::e2m1>(float_table("e2m1", 2, 1, 1, ends::finite));
  check_borders<formats::ue4m3>(float_table("ue4m3", 4, 3, 7, ends::one_nan, false));
  check_borders<formats::p3109(8, 4, true, true)>(
      float_table("binary8p4se", 4, 3, 8, ends::p3109_extended));
  check_borders<formats::posit<8, 2>>(oracle::posit_table(8, 2));
  check_borders<formats::fixed<8, 6>>(oracle::fixed_table("fixed8.6", 8, 6));
  check_borders<formats::int_n<8>>(oracle::fixed_table("int8", 8, 0));
}

namespace {

template <auto F>
void check_ieee(int count) {
  const mpfr_oracle::ieee format{F.exponent_bits, F.mantissa_bits};
  std::mt19937_64 random(6);
  long long wrong = 0;
  std::string first;
  for (int i = 0; i < count; ++i) {
    std::uint64_t code = random() & (format.sign_bit() - 1);
    if (i % 8 == 0) code &= (std::uint64_t{1} << F.mantissa_bits) - 1;
    if (i == 1) code = format.infinity() - 1;
    if (i == 2) code = 0;
    if (code >= format.infinity()) continue;
    // Halfway to the next number, exact in 2 bits more.
    mpfr_t low, high;
    mpfr_init2(low, F.mantissa_bits + 3);
    mpfr_init2(high, F.mantissa_bits + 1);
    format.load(low, code);
    format.load(high, code + 1 < format.infinity() ? code + 1 : code - 1);
    mpfr_add(low, low, high, MPFR_RNDN);
    mpfr_div_2ui(low, low, 1, MPFR_RNDN);
    char* printed = nullptr;
    mpfr_asprintf(&printed, "%.1200Rf", low);
    std::string text(printed);
    mpfr_free_str(printed);
    mpfr_clears(low, high, static_cast<mpfr_ptr>(nullptr));
    text.resize(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text += '0';
    if (i % 3 == 1) text = just_above(text, random() % 500);
    if (i % 3 == 2) text = just_below(text, random() % 500);
    if (i % 2 == 0) text = with_exponent(text, random);
    if (i % 5 == 0) text.insert(0, "-");
    using mpfr_oracle::mode;
    const auto check = [&](const auto& ours, mode m) {
      const auto want = mpfr_oracle::round_text(format, text, m);
      const auto got = read<F>(text, ours).code();
      if (got != want && wrong++ == 0) {
        first = text + " mode " + std::to_string(static_cast<int>(m)) + ": got " +
                std::to_string(got) + ", MPFR " + std::to_string(want);
      }
    };
    check(nearest_even, mode::nearest_even);
    check(toward_zero, mode::toward_zero);
    check(upward, mode::upward);
    check(downward, mode::downward);
    check(away_from_zero, mode::away_from_zero);
    check(to_odd, mode::to_odd);
  }
  INFO(first);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("borders of the formats of IEEE 754 against MPFR") {
  check_ieee<formats::binary16>(3000);
  check_ieee<formats::bfloat16>(3000);
  check_ieee<formats::binary32>(3000);
  check_ieee<formats::binary64>(2000);
}

TEST_CASE("random short decimals read as by std::from_chars") {
  std::fesetenv(FE_DFL_ENV);  // start-up code of some builds makes the machine flush subnormals
  std::mt19937_64 random(8);
  long long wrong = 0;
  std::string first;
  for (int i = 0; i < 100000; ++i) {
    const std::string text = std::to_string(random() >> random() % 64) + "." +
                             std::to_string(random() >> random() % 64) + "e" +
                             std::to_string(static_cast<int>(random() % 700) - 360);
    double x = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), x);
    if (result.ec != std::errc{}) continue;  // out of its range
    float y = 0;
    const auto is_float = std::from_chars(text.data(), text.data() + text.size(), y).ec;
    const bool is_right = read<formats::binary64>(text).code() == std::bit_cast<std::uint64_t>(x) &&
                          (is_float != std::errc{} ||
                           read<formats::binary32>(text).code() == std::bit_cast<std::uint32_t>(y));
    if (!is_right && wrong++ == 0) first = text;
  }
  INFO(first);
  CHECK(wrong == 0);
}

TEST_CASE("decimals are not rounded twice") {
  // Through binary64 these become ties.
  CHECK(read<formats::e5m2>("1.12500000000000000001").code() == 0x3D);
  CHECK(read<formats::e4m3fn>("-431.99999999999999999999").code() == 0xFD);
  CHECK(read<formats::binary16>("1.00048828125000000000000000000000000001").code() == 0x3C01);
  CHECK(read<formats::binary16>("1.00048828125").code() == 0x3C00);
  CHECK(read<formats::fixed<8, 6>>("0.00781250000000000000000001").code() == 1);
  CHECK(read<formats::fixed<8, 6>>("0.0078125").code() == 0);
}

TEST_CASE("what decides may lie far behind the first 128 bits") {
  // 1 + 2^-53, a tie of binary64, and the least bit more or less, scaled by powers of two.
  mpz_t integer;
  mpz_init(integer);
  for (const unsigned tail : {60u, 80u, 128u, 129u, 150u, 300u, 900u}) {
    for (const int step : {-1, 0, 1}) {
      mpz_set_ui(integer, 1);
      mpz_mul_2exp(integer, integer, 53);
      mpz_add_ui(integer, integer, 1);
      mpz_mul_2exp(integer, integer, tail - 53);
      if (step < 0) mpz_sub_ui(integer, integer, 1);
      if (step > 0) mpz_add_ui(integer, integer, 1);
      // As an integer, and as a fraction: n / 2^tail = n * 5^tail / 10^tail.
      const auto text_of = [&integer] {
        char* const text = mpz_get_str(nullptr, 10, integer);
        std::string result(text);
        std::free(text);
        return result;
      };
      const std::string whole = text_of();
      mpz_t power;
      mpz_init(power);
      mpz_ui_pow_ui(power, 5, tail);
      mpz_mul(integer, integer, power);
      mpz_clear(power);
      const std::string fraction = text_of() + "e-" + std::to_string(tail);
      const std::uint64_t low_bit = step > 0 ? 1 : 0;
      INFO(tail << " " << step);
      CHECK(read<formats::binary64>(whole).code() ==
            ((std::uint64_t{1023 + tail} << 52) | low_bit));
      CHECK(read<formats::binary64>(fraction).code() == ((std::uint64_t{1023} << 52) | low_bit));
    }
  }
  mpz_clear(integer);
}

namespace {
/// Stochastic rounding, variant A, with all 32 random bits set.
struct largest_draw {
  [[nodiscard]] static constexpr bool is_stochastic() { return true; }
  [[nodiscard]] static constexpr std::uint64_t addend(const discarded& d) {
    return stochastic{.variant = stochastic_variant::a}.addend(d, 0xFFFFFFFF);
  }
};
}  // namespace

TEST_CASE("reading rounds stochastically to the last random bit") {
  // Just enough above the smallest number that the largest draw rounds up, and just too little.
  const std::string enough = exact_text(0x1p-9 * (1 + 0x1p-32));
  const largest_draw draw;
  CHECK(read<formats::e4m3fn>(enough, draw).code() == 2);
  CHECK(read<formats::e4m3fn>(just_below(enough, 300), draw).code() == 1);
}

TEST_CASE("huge exponents and long texts are quick") {
  const auto start = std::chrono::steady_clock::now();
  CHECK(read<formats::e4m3fn>("1e999999999").code() == 0x7F);
  CHECK(read<formats::binary64>("-1e999999999").code() == 0xFFF0000000000000);
  CHECK(read<formats::binary64>("1e999999999", toward_zero).code() == 0x7FEFFFFFFFFFFFFF);
  CHECK(read<formats::binary64>("1e-999999999").code() == 0);
  CHECK(read<formats::binary64>("-1e-999999999").code() == 0x8000000000000000);
  CHECK(read<formats::binary64>("1e-999999999", upward).code() == 1);
  CHECK(read<formats::binary64>("1e99999999999999999999999999999999").code() == 0x7FF0000000000000);
  CHECK(read<formats::binary64>("1e-99999999999999999999999999999999", to_odd).code() == 1);
  CHECK(read<formats::binary64>("0e999999999").code() == 0);
  CHECK(read<formats::posit<8>>("1e-999999999").code() == 1);
  CHECK(read<formats::posit<8>>("1e999999999").code() == 0x7F);
  CHECK(read<formats::int_n<8>>("-1e999999999").code() == 0x80);
  CHECK(read<formats::e8m0>("1e-999999999").code() == 0);
  CHECK(read<formats::e8m0>("1e999999999").code() == 0xFF);
  CHECK(read<formats::binary16>("0x1p999999999").code() == 0x7C00);
  CHECK(read<formats::binary16>("0x1p-99999999999999999999").code() == 0);
  const std::string zeros(1000000, '0');
  CHECK(read<formats::binary32>("0." + zeros + "1").code() == 0);
  CHECK(read<formats::binary32>("0." + zeros + "1", upward).code() == 1);
  CHECK(read<formats::binary32>("0." + zeros + "15e1000001").code() == 0x3FC00000);
  CHECK(read<formats::binary32>("1" + zeros + "e-1000000").code() == 0x3F800000);
  CHECK(read<formats::binary32>("1." + zeros + "1", upward).code() == 0x3F800001);
  CHECK(read<formats::binary32>("0x0." + zeros + "1p+4000004").code() == 0x3F800000);
  CHECK(read<formats::binary32>("0x1." + zeros + "1", upward).code() == 0x3F800001);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

TEST_CASE("integers wrap modulo the width") {
  CHECK(read<formats::int_n<8>>("1000", nearest_even, overflow::wrap).code() == 0xE8);
  CHECK(read<formats::int_n<8>>("-129", nearest_even, overflow::wrap).code() == 0x7F);
  CHECK(read<formats::uint_n<8>>("340282366920938463463374607431768211455", nearest_even,
                                 overflow::wrap)
            .code() == 0xFF);  // 2^128 - 1
}

TEST_CASE("what is read, and where it ends") {
  struct example {
    const char* text;
    int size;  // -1: not a number
    double value;
  };
  constexpr example examples[] = {
      {"1", 1, 1},        {"-1.5", 4, -1.5},     {".5", 2, 0.5},
      {"1.", 2, 1},       {"1..5", 2, 1},        {"1.5.5", 3, 1.5},
      {"1e2", 3, 100},    {"1E+2", 4, 100},      {"1e-2x", 4, 0.01},
      {"1e", 1, 1},       {"1e+", 1, 1},         {"1e+x", 1, 1},
      {"1.5e-x", 3, 1.5}, {"1.e1", 4, 10},       {".5e1", 4, 5},
      {"007", 3, 7},      {"1 ", 1, 1},          {"1-2", 1, 1},
      {"1p3", 1, 1},      {"0x", 1, 0},          {"0xg", 1, 0},
      {"0x.", 1, 0},      {"-0x.8p1", 7, -1},    {"0x1.p", 4, 1},
      {"0X1P+2", 6, 4},   {"0x1p+", 3, 1},       {"0xAp-1x", 6, 5},
      {"0xff", 4, 255},   {"0x.0001p16", 10, 1}, {"0x10000.8", 9, 65536.5},
      {"0x1e2", 5, 482},  {"1'000", 1, 1},       {"", -1, 0},
      {"-", -1, 0},       {"+1", -1, 0},         {" 1", -1, 0},
      {".", -1, 0},       {"-.", -1, 0},         {"e5", -1, 0},
      {".e5", -1, 0},     {"--1", -1, 0},        {"in", -1, 0},
      {"na", -1, 0},      {"x1", -1, 0},         {"p", -1, 0},
      {"n", -1, 0},       {"-x", -1, 0},         {"\xFF", -1, 0},
  };
  for (const auto& e : examples) {
    INFO(e.text);
    const std::string text(e.text);
    auto x = binary64::from_code(0x1234);
    const auto result = from_chars(text.data(), text.data() + text.size(), x);
    CHECK(result.ptr - text.data() == (e.size < 0 ? 0 : e.size));
    CHECK(result.ec == (e.size < 0 ? text_error::invalid_argument : text_error::none));
    CHECK(x.code() == (e.size < 0 ? 0x1234 : binary64(e.value).code()));
  }
  const auto special = [](const std::string& text, std::size_t size, std::uint64_t code) {
    INFO(text);
    auto x = binary16::from_code(0x1234);
    const auto result = from_chars(text.data(), text.data() + text.size(), x);
    CHECK(result.ptr == text.data() + size);
    CHECK(x.code() == code);
  };
  special("inf", 3, 0x7C00);
  special("-INF", 4, 0xFC00);
  special("Infinity", 8, 0x7C00);
  special("-infinitx", 4, 0xFC00);
  special("infinit", 3, 0x7C00);
  special("NaN", 3, 0x7E00);
  special("-nan", 4, 0xFE00);
  special("nan(1)", 3, 0x7E00);
  special("NaR", 3, 0x7E00);
  CHECK(read<formats::posit<8>>("nar").code() == 0x80);
  CHECK(read<formats::posit<8>>("-inf").code() == 0x80);
  CHECK(read<formats::e4m3fn>("inf").code() == 0x7F);
  CHECK(read<formats::e4m3fn>("-inf", nearest_even, overflow::saturate).code() == 0xFE);
  CHECK(read<formats::e2m1>("nan").code() == 0x7);
}

TEST_CASE("random characters: the same numbers end at the same places as for std::from_chars") {
  std::fesetenv(FE_DFL_ENV);  // start-up code of some builds makes the machine flush subnormals
  // Letters that std::from_chars gives another meaning (0x, nan(…), nar) are left out.
  constexpr std::string_view alphabet = "0123456789012345+--..eEpPinfatyINFATY :";
  std::mt19937_64 random(9);
  long long wrong = 0, valid = 0;
  std::string first;
  for (int i = 0; i < 300000; ++i) {
    std::string text(1 + random() % 12, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    double want = 0;
    const auto by_standard = std::from_chars(text.data(), text.data() + text.size(), want);
    auto got = binary64::from_code(0);
    const auto by_us = from_chars(text.data(), text.data() + text.size(), got);
    const bool is_out_of_range = by_standard.ec == std::errc::result_out_of_range;
    const bool is_valid = by_standard.ec == std::errc{};
    if (is_valid) ++valid;
    const std::uint64_t want_code = std::bit_cast<std::uint64_t>(want);
    const bool is_right = by_us.ptr == by_standard.ptr &&
                          static_cast<bool>(by_us) == (is_valid || is_out_of_range) &&
                          (is_out_of_range || got.code() == want_code || isnan(got));
    if (!is_right && wrong++ == 0) first = text;
  }
  INFO(first);
  CHECK(wrong == 0);
  CHECK(valid > 10000);
}

TEST_CASE("only letters are read in either case") {
  // 0x10 is what '0' would be if it were a capital letter.
  for (const std::string_view text : {"\x10x1", "\x10x1.8p+3", "INF", "\x09nf"}) {
    auto x = e4m3fn::from_code(0x55);
    const auto result = from_chars(text.data(), text.data() + text.size(), x);
    CAPTURE(text);
    CHECK(static_cast<bool>(result) == (text[0] == 'I'));
    CHECK(x.code() == (text[0] == 'I' ? 0x7F : 0x55));
  }
}

TEST_CASE("random bytes do no harm") {
  std::mt19937_64 random(10);
  for (int i = 0; i < 100000; ++i) {
    const std::size_t size = random() % 9;
    const auto text = std::make_unique<char[]>(size);  // for the address sanitizer
    for (std::size_t at = 0; at < size; ++at) {
      const std::uint64_t word = random();
      text[at] = word % 2 == 0 ? static_cast<char>(word >> 8) : "0x.e-+np19"[word / 2 % 10];
    }
    auto x = e4m3fn::from_code(0x55);
    const auto result = from_chars(text.get(), text.get() + size, x);
    const bool is_sound = result ? result.ptr > text.get() && result.ptr <= text.get() + size
                                 : result.ptr == text.get() && x.code() == 0x55;
    if (!is_sound) FAIL("case " << i);
  }
}
