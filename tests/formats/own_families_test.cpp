// SPDX-License-Identifier: MIT
// Families that only the tests know: facts, codes, arithmetic, order, limits and text of them,
// against searches in lists of their values as `long double` has them.
#include "own_families.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/analysis/enumerate.hpp"
#include "lowp/analysis/error.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/formats/digest.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/text.hpp"
#include "lowp/rounding/any_rounding.hpp"

using namespace lowp;

namespace {

using real = long double;

/// The values of a family by another road than its decode: positions in a list, and their codes.
struct table {
  std::vector<real> values{};  ///< ascending; with a sign apart, magnitudes
  std::vector<code_t> codes{};
  bool has_sign_apart = false;
  code_t (*negated)(code_t) = nullptr;

  [[nodiscard]] code_t code(std::size_t at, bool is_negative) const {
    return has_sign_apart && is_negative ? negated(codes[at]) : codes[at];
  }
};

table list_of(const own::codebook& f) {
  table t;
  for (code_t i = 0; i < code_t{1} << f.width; ++i) {
    t.values.push_back(static_cast<long double>(std::bit_cast<float>(f.values[i])));
    t.codes.push_back(i);
  }
  return t;
}
table list_of(const own::ternary&) { return {.values = {-1, 0, 1}, .codes = {3, 0, 1}}; }
table list_of(const own::hand_posit&) {
  // Regimes of 4^k; between two of them, as many fraction bits as are left.
  table t{.has_sign_apart = true, .negated = [](code_t c) { return (256 - c) & 255; }};
  code_t code = 1;
  for (int k = -6; k <= 6; ++k) {
    const int regime_bits = k == 6 ? 7 : k >= 0 ? k + 2 : 1 - k;
    const int rest = 7 - regime_bits;
    for (int tail = 0; tail < 1 << rest; ++tail) {
      const int exponent = rest == 0 ? 0 : tail >> (rest - 1);
      const int fraction_bits = rest > 0 ? rest - 1 : 0;
      const int fraction = tail & ((1 << fraction_bits) - 1);
      t.values.push_back(
          std::ldexp(1 + std::ldexp(real(fraction), -fraction_bits), 2 * k + exponent));
      t.codes.push_back(code++);
    }
  }
  return t;
}
table list_of(const own::logarithmic&) {
  table t{.has_sign_apart = true, .negated = [](code_t c) { return c == 0 ? c : c | 128; }};
  t.values.push_back(0);
  for (int i = -63; i <= 63; ++i) t.values.push_back(std::exp2(real(i) / 8));
  for (code_t c = 0; c < 128; ++c) t.codes.push_back(c);
  return t;
}
table list_of(const own::square&) {
  table t{.has_sign_apart = true, .negated = [](code_t c) { return c | 1024; }};
  for (code_t c = 0; c < 1024; ++c) {
    t.values.push_back(std::ldexp(real(c * c), -10));
    t.codes.push_back(c);
  }
  return t;
}

enum class direction {
  nearest_even,
  nearest_away,
  nearest_toward_zero,
  toward_zero,
  upward,
  downward,
  away_from_zero,
  to_odd
};

/// The code of x, not zero, by a walk along the list. `random` and a count of bits make variant A.
code_t expected(const table& t, real x, direction d, int random = -1, int bits = 0) {
  const bool is_negative = x < 0;
  if (t.has_sign_apart && is_negative) x = -x;
  const std::size_t last = t.values.size() - 1;
  if (x <= t.values[0]) return t.code(0, is_negative);
  if (x >= t.values[last]) return t.code(last, is_negative);
  std::size_t low = 0;
  while (t.values[low + 1] <= x) ++low;
  if (t.values[low] == x) return t.code(low, is_negative);
  const bool descends = is_negative && !t.has_sign_apart;
  const std::size_t inner = descends ? low + 1 : low, outer = descends ? low : low + 1;
  const real done = std::abs(x - t.values[inner]), left = std::abs(t.values[outer] - x);
  bool goes = false;
  if (random >= 0) {
    // floor(done / width * 2^bits) + random >= 2^bits
    goes = (std::ldexp(real(1), bits) - random) * (done + left) <= std::ldexp(done, bits);
  } else {
    switch (d) {
      case direction::nearest_even: goes = done > left || (done == left && inner % 2 == 1); break;
      case direction::nearest_away: goes = done >= left; break;
      case direction::nearest_toward_zero: goes = done > left; break;
      case direction::toward_zero: goes = false; break;
      case direction::upward: goes = !is_negative; break;
      case direction::downward: goes = is_negative; break;
      case direction::away_from_zero: goes = true; break;
      case direction::to_odd: goes = inner % 2 == 0; break;
    }
  }
  return t.code(goes ? outer : inner, is_negative);
}
constexpr int direction_count = 8;  // in the order of rounding_modes

/// Numbers of binary32 (and midpoints, which may have a bit more): values, what lies beside them,
/// and between.
std::vector<double> inputs_of(const table& t) {
  std::vector<double> list;
  const auto add = [&](real x) {
    const auto value = static_cast<double>(x);
    for (const double y : {value, static_cast<double>(std::nextafter(static_cast<float>(x), 1e30f)),
                           static_cast<double>(std::nextafter(static_cast<float>(x), -1e30f))}) {
      list.push_back(y);
      if (t.has_sign_apart) list.push_back(-y);
    }
  };
  const std::size_t step = t.values.size() > 256 ? 7 : 1;
  for (std::size_t i = 0; i + 1 < t.values.size(); i += step) {
    const real a = t.values[i], b = t.values[i + 1];
    add(a);
    add((a + b) / 2);
    add(a + (b - a) * 0.3L);
    add(a + (b - a) * 0.8125L);
  }
  add(t.values.back());
  for (const double beyond : {1e-30, 5000.0, 1e30})
    add(static_cast<real>(beyond)), add(-static_cast<real>(beyond));
  return list;
}

struct mismatches {
  int cases = 0, wrong = 0;
  std::string first;
  template <class Text>
  void check(bool holds, const Text& text) {
    ++cases;
    if (holds) return;
    if (wrong++ == 0) first = text();
  }
};

template <auto F>
void check_codes() {
  const table t = list_of(F);
  mismatches m;
  for (std::size_t i = 0; i < t.values.size(); ++i) {
    const unpacked x = decode(F, t.codes[i]);
    const auto value =
        static_cast<real>(std::ldexp(static_cast<real>(x.significand.high), x.exponent - 63));
    const real found = x.is_zero() ? 0 : x.negative ? -value : value;
    m.check(std::abs(found - t.values[i]) <= std::abs(t.values[i]) * 1e-18L,
            [&] { return "decode " + std::to_string(t.codes[i]); });
    m.check(encode(F, x, nearest_even, overflow::saturate, missing_nan::largest) == t.codes[i],
            [&] { return "encode of decode " + std::to_string(t.codes[i]); });
  }
  for (const double x : inputs_of(t)) {
    if (x == 0) continue;
    for (int d = 0; d < direction_count; ++d) {
      const auto& mode = rounding_modes[static_cast<std::size_t>(d)];
      const code_t found =
          encode(F, unpack(x), mode.mode, overflow::saturate, missing_nan::largest);
      m.check(found == expected(t, static_cast<real>(x), static_cast<direction>(d)), [&] {
        char text[100];
        std::snprintf(text, sizeof text, "%a %s: %d", x, mode.name.data(), static_cast<int>(found));
        return std::string(text);
      });
    }
    for (const int random : {0, 1, 100, 128, 254, 255}) {
      if (!facts<F>.are_dyadic()) break;
      const stochastic_bits mode{static_cast<std::uint32_t>(random), 8, stochastic_variant::a};
      const code_t found = encode(F, unpack(x), mode, overflow::saturate, missing_nan::largest);
      m.check(found == expected(t, static_cast<real>(x), direction::toward_zero, random, 8), [&] {
        char text[100];
        std::snprintf(text, sizeof text, "%a stochastic %d: %d", x, random,
                      static_cast<int>(found));
        return std::string(text);
      });
    }
  }
  INFO(m.first);
  CHECK(m.wrong == 0);
  CHECK(m.cases > 20);
}

/// All codes whose value is a number, or some of them.
template <auto F>
std::vector<number<F>> numbers_of(int step) {
  std::vector<number<F>> list;
  for (code_t c = 0; c < code_t{1} << F.bits(); c += static_cast<code_t>(step)) {
    const auto x = number<F>::from_code(c);
    if (isfinite(x)) list.push_back(x);
  }
  return list;
}
template <auto F>
real value_of(number<F> x) {
  const unpacked v = unpack(x);
  if (v.is_zero()) return 0;
  // Both halves of the significand: the sum is rounded to the nearest long double.
  const real magnitude = std::ldexp(static_cast<real>(v.significand.high), v.exponent - 63) +
                         std::ldexp(static_cast<real>(v.significand.low), v.exponent - 127);
  return v.negative ? -magnitude : magnitude;
}

/// Sums, differences, products and quotients whose exact values, or close ones, long double has.
template <auto F>
void check_arithmetic(int step, bool has_products) {
  const table t = list_of(F);
  const auto list = numbers_of<F>(step);
  mismatches m;
  for (const auto a : list) {
    for (const auto b : list) {
      const real x = value_of(a), y = value_of(b);
      for (int d = 0; d < direction_count; ++d) {
        const any_rounding mode = rounding_modes[static_cast<std::size_t>(d)].mode;
        const auto check = [&](const char* what, number<F> found, real exact) {
          if (exact == 0) return;
          m.check(found.code() == expected(t, exact, static_cast<direction>(d)), [&] {
            return std::to_string(a.code()) + what + std::to_string(b.code()) + " is " +
                   std::to_string(found.code());
          });
        };
        check(" + ", add(a, b, mode), x + y);
        check(" - ", subtract(a, b, mode), x - y);
        if (!has_products) continue;
        check(" * ", multiply(a, b, mode), x * y);
        if (y != 0) check(" / ", divide(a, b, mode), x / y);
      }
    }
  }
  INFO(m.first);
  CHECK(m.wrong == 0);
  CHECK(m.cases > 100);
}

}  // namespace

TEST_CASE("families of the tests: facts are found by looking at all codes") {
  constexpr value_facts nf4 = facts<own::nf4>;
  CHECK(nf4.significant_bits == 24);
  CHECK(nf4.lowest_exponent == -4);
  CHECK(nf4.highest_exponent == 0);
  CHECK(nf4.last_bit_exponent == -27);
  CHECK(nf4.are_finite);
  CHECK(nf4.spacing == value_spacing::irregular);
  CHECK(facts<own::trits>.are_powers_of_two());
  CHECK(facts<own::trits>.highest_exponent == 0);
  CHECK(facts<own::trits>.last_bit_exponent == 0);
  CHECK(facts<own::posit8_1>.significant_bits == 5);
  CHECK(facts<own::posit8_1>.highest_exponent == 12);
  CHECK(facts<own::posit8_1>.lowest_exponent == -12);
  CHECK_FALSE(facts<own::posit8_1>.are_finite);
  CHECK_FALSE(facts<own::log8>.are_dyadic());
  CHECK(facts<own::log8>.lowest_exponent == -8);
  CHECK(facts<own::log8>.highest_exponent == 7);
  CHECK(facts<own::squares>.significant_bits == 20);
  CHECK(facts<own::squares>.last_bit_exponent == -10);
  CHECK(facts<own::squares>.highest_exponent == 9);
}

namespace {
/// What a family states must hold: no code may show more.
template <number_format F>
bool is_stated_well(const F& f) {
  const value_facts stated = facts_of(f), found = detail::enumerated_facts(f);
  return found.significant_bits <= stated.significant_bits &&
         found.lowest_exponent >= stated.lowest_exponent &&
         found.highest_exponent <= stated.highest_exponent &&
         found.last_bit_exponent >= stated.last_bit_exponent &&
         found.are_finite == stated.are_finite;
}
}  // namespace

TEST_CASE("facts that families state hold for all codes") {
  for (const auto& entry : formats::float_formats) {
    if (entry.format.bits() > 16) continue;
    INFO(entry.name);
    CHECK(is_stated_well(entry.format));
  }
  int formats = 0;
  for (int e = 1; e <= 4; ++e) {
    for (int m = 0; m <= 4; ++m) {
      for (const auto zero :
           {exponent_zero::subnormals, exponent_zero::normals, exponent_zero::zero_only}) {
        for (const bool is_signed : {false, true}) {
          for (const code_t nans : {0u, 1u, 5u}) {
            const float_format f{.exponent_bits = e,
                                 .mantissa_bits = m,
                                 .bias = m - 1,
                                 .is_signed = is_signed,
                                 .at_exponent_zero = zero,
                                 .has_infinity = false,
                                 .nan_codes = nans};
            if (defect(f) != nullptr) continue;
            ++formats;
            CAPTURE(e, m, is_signed, nans, static_cast<int>(zero));
            CHECK(is_stated_well(f));
          }
        }
      }
    }
  }
  CHECK(formats > 200);
  for (int n = 2; n <= 16; ++n) {
    for (int es = 0; es <= 4; ++es) {
      CAPTURE(n, es);
      CHECK(is_stated_well(posit_format{n, es}));
    }
  }
  for (int n = 1; n <= 12; ++n) {
    for (const int fraction : {-3, 0, 5, 20}) {
      for (const bool is_signed : {false, true}) {
        for (const bool is_symmetric : {false, true}) {
          const fixed_format f{n, fraction, is_signed, is_symmetric};
          if (defect(f) != nullptr) continue;
          CAPTURE(n, fraction, is_signed, is_symmetric);
          CHECK(is_stated_well(f));
        }
      }
    }
  }
}

TEST_CASE("codes of formats of more than 12 bits are looked at in parts") {
  CHECK(detail::enumerated_in_parts<formats::posit<14>>() ==
        detail::enumerated_facts(formats::posit<14>));
}

TEST_CASE("the value next to an end is that of the neighbouring code") {
  int formats_seen = 0;
  const auto check = [&](const auto& f) {
    const unpacked largest = largest_value(f), below = value_next_to_end(f, false);
    unpacked best = decode(f, lowest_code(f));
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const unpacked x = decode(f, code);
      if (!x.is_finite() || exact::compare(x, largest) >= 0) continue;
      if (exact::compare(x, best) > 0) best = x;
    }
    ++formats_seen;
    CHECK((exact::compare(below, best) == 0));
  };
  for (const auto& entry : formats::float_formats) {
    if (entry.format.bits() <= 16) check(entry.format);
  }
  check(formats::posit<8>);
  check(formats::int_n<6>);
  check(own::nf4);
  check(own::posit8_1);
  check(own::squares);
  check(own::log8);
  CHECK(formats_seen > 20);
  CHECK((exact::compare(value_next_to_end(own::nf4, true), decode(own::nf4, 1)) == 0));
}

TEST_CASE("families of the tests: codes in every mode") {
  check_codes<own::nf4>();
  check_codes<own::trits>();
  check_codes<own::posit8_1>();
  check_codes<own::log8>();
  check_codes<own::squares>();
}

TEST_CASE("families of the tests: arithmetic in every mode") {
  check_arithmetic<own::nf4>(1, true);
  check_arithmetic<own::trits>(1, true);
  check_arithmetic<own::posit8_1>(5, true);
  check_arithmetic<own::log8>(5, false);
  check_arithmetic<own::squares>(97, true);
}

TEST_CASE("a logarithmic family multiplies, divides and takes roots without rounding") {
  using log = number<own::log8>;
  mismatches m;
  const auto code = [](int eighths) { return log::from_code(static_cast<code_t>(eighths + 64)); };
  for (int p = -31; p <= 31; ++p) {
    for (int q = -31; q <= 31; ++q) {
      for (const auto& mode : rounding_modes) {
        const auto text = [&] {
          return std::to_string(p) + " " + std::to_string(q) + std::string(mode.name);
        };
        m.check(multiply(code(p), code(q), mode.mode).code() == code(p + q).code(), text);
        m.check(divide(code(p), code(q), mode.mode).code() == code(p - q).code(), text);
        m.check((code(p) <=> code(q)) == (p <=> q), text);
        // Into another format the product is rounded once: powers of two are exact in all modes.
        if ((p + q) % 8 == 0) {
          m.check(multiply<formats::binary32>(code(p), code(q), mode.mode) ==
                      number<formats::binary32>(std::ldexp(1.0, (p + q) / 8)),
                  text);
        }
      }
    }
    for (const auto& mode : rounding_modes) {
      m.check(sqrt(code(2 * p), mode.mode).code() == code(p).code(), [&] { return "sqrt"; });
    }
    m.check(fma(code(p), code(-p), code(0), upward).code() == code(8).code(),
            [&] { return "fma"; });
  }
  INFO(m.first);
  CHECK(m.wrong == 0);
}

TEST_CASE(
    "exact products of 128-bit significands are right to their last bit or end in a sticky one") {
  // 2^(i/8) * 2^(j/8) for i + j != 8 is the next power in the list, to 126 bits.
  for (int i = 1; i < 8; ++i) {
    for (int j = 1; j < 8; ++j) {
      const unpacked a = own::power_of_two_to(i, false), b = own::power_of_two_to(j, true);
      const unpacked product = exact::multiply(a, b), want = own::power_of_two_to(i + j, true);
      CHECK((product.significand.low & 3) != 0);  // it may have moved by a place
      unpacked error = exact::add(product, -want);
      CHECK((error.is_zero() || error.exponent < want.exponent - 124));
    }
    const unpacked a = own::power_of_two_to(i, false);
    CHECK(exact::multiply(a, unpacked::scaled_integer(false, 1, 5)) ==
          own::power_of_two_to(i + 40, false));
    CHECK((exact::divide(a, unpacked::scaled_integer(false, 3)).significand.low & 1) == 1);
    CHECK((exact::sqrt(a).significand.low != 0));
  }
}

namespace {
template <auto F>
void check_text(int step) {
  mismatches m;
  for (const auto x : numbers_of<F>(step)) {
    const auto text = [&] {
      return std::string(to_text(x).view()) + " of " + std::to_string(x.code());
    };
    const real value = value_of(x);
    // Shortest: reads back, and no decimal with a digit less does.
    const std::string shortest(to_text(x).view());
    auto back = number<F>::from_code(0);
    from_chars(shortest.data(), shortest.data() + shortest.size(), back);
    m.check(unpack(back) == unpack(x), text);
    for (int digits = 1; digits < 18 && value != 0; ++digits) {
      char shorter[64];
      const int size = std::snprintf(shorter, sizeof shorter, "%.*Le", digits - 1, value);
      from_chars(shorter, shorter + size, back);
      if (unpack(back) != unpack(x)) continue;
      int count = 0;
      for (const char c : shortest) {
        if (c == 'e') break;
        count += c >= '0' && c <= '9' ? 1 : 0;
      }
      int leading = 0;
      for (const char c : shortest) {
        if (c == '0')
          ++leading;
        else if (c != '.' && c != '-')
          break;
      }
      // Without an exponent all digits before the point are shown.
      const std::size_t point = shortest.find_first_of(".e");
      const bool is_plain = point == std::string::npos || shortest[point] == '.';
      const auto before_point = static_cast<int>(std::min(point, shortest.size()));
      m.check(count - leading <= digits || (is_plain && count <= before_point + 1), text);
      break;
    }
    // Exact and hexadecimal: what printf makes of the value.
    if (facts<F>.are_dyadic()) {
      const auto exact = to_text<text_style::exact>(x);
      char expected_text[128];
      std::snprintf(expected_text, sizeof expected_text, "%.60Lf", value);
      std::string want = expected_text;
      while (want.back() == '0') want.pop_back();
      if (want.back() == '.') want.pop_back();
      if (want == "-0") want = unpack(x).negative ? "-0" : "0";
      m.check(exact.view() == want, [&] { return std::string(exact.view()) + " for " + want; });
      const auto hex = to_text<text_style::hex_float>(x);
      m.check(std::strtold(std::string(hex.view()).c_str(), nullptr) == value, text);
    }
    const auto bits = to_text<text_style::bits>(x);
    const auto fields = to_text<text_style::fields>(x);
    m.check(std::stoul(std::string(bits.view()), nullptr, 16) == x.code(), text);
    m.check(std::stoul(std::string(fields.view()), nullptr, 2) == x.code() &&
                static_cast<int>(fields.view().size()) == F.bits(),
            text);
  }
  INFO(m.first);
  CHECK(m.wrong == 0);
}
}  // namespace

TEST_CASE("families of the tests: text in every style") {
  check_text<own::nf4>(1);
  check_text<own::trits>(1);
  check_text<own::posit8_1>(1);
  check_text<own::log8>(1);
  check_text<own::squares>(3);
  CHECK(to_text(number<own::posit8_1>::from_code(128)).view() == "nan");
}

TEST_CASE("families of the tests: names, texts of their fields, digests and words of headers") {
  CHECK(lowp::name(own::trits).view() == "trit");
  CHECK(lowp::name(own::squares).view() == "square(unit -10)");
  CHECK(field_text(own::squares).view() == "square{.unit = -10}");
  CHECK(lowp::name(own::square{-3}).view() == "square(unit -3)");
  const std::string nf4(lowp::name(own::nf4).view());
  CHECK(nf4.substr(0, 14) == "4-bit format #");
  CHECK(nf4.size() == 30);
  own::codebook other = own::nf4;
  ++other.values[15];
  CHECK(lowp::name(other).view() != nf4);
  CHECK(digest_of(other) != digest_of(own::nf4));
  CHECK(digest_of(own::square{-3}) != digest_of(own::squares));
  CHECK(digest_of(own::codebook(own::nf4)) == digest_of(own::nf4));
  CHECK(words_of(own::nf4) != words_of(other));
  CHECK(words_of(own::nf4)[0] == 0xFFFFFFFF);
  // The layout of files that were saved before.
  CHECK(words_of(formats::e4m3fn) == format_words{1, 4, 3, 7, 1, 0, 0, 1, 0});
  CHECK(words_of(formats::fixed<8, -3>) == format_words{2, 8, ~code_t{0} - 2, 1, 0});
  CHECK(words_of(formats::posit<8>) == format_words{3, 8, 2});
  CHECK(field_text(formats::posit<8>).view() ==
        "posit_format{.total_bits = 8, .exponent_bits = 2}");
}

TEST_CASE("families of the tests: order, hashes, conversion, enumeration and measures of error") {
  const auto values = finite_values(own::trits);
  REQUIRE(values.size() == 4);
  CHECK(values[0].code == 3);
  CHECK(values[3].code == 1);
  CHECK(finite_values(own::posit8_1).size() == 255);
  using trit = number<own::trits>;
  CHECK(std::hash<trit>{}(trit::from_code(0)) == std::hash<trit>{}(trit::from_code(2)));
  CHECK((trit::from_code(0) == trit::from_code(2)));
  CHECK((trit::from_code(3) < trit::from_code(2)));
  CHECK((fmax(trit(-1), trit(1)) == 1));
  CHECK((trit(-0.75f) == -1));
  CHECK(static_cast<int>(convert<own::nf4>(number<own::posit8_1>(0.5)).code()) == 12);
  CHECK((convert<formats::int_n<8>>(number<own::log8>::from_code(64 + 4), downward) == 1));
  CHECK(static_cast<int>(number<own::squares>(1021.0)) == 1020);
  // Of 0.3, by nf4: to 0.2844…; 3 is clipped, 1.13 is not.
  const std::vector<float> in{0.3f, 3.0f, 1.13f};
  std::vector<float> out(3);
  round_to<own::nf4>(std::span<const float>(in), std::span<float>(out));
  CHECK(out[0] == std::bit_cast<float>(0x3EAD033Au));
  static constexpr block_format blocks{own::nf4, formats::e8m0, block_shape{1, 32}};
  block_matrix<blocks> q(1, 3);
  q.set_scale_code(0, 0, 127);  // one
  for (std::size_t i = 0; i < 3; ++i) q.set_code(0, i, convert<own::nf4>(in[i]).code());
  const auto errors = measure_error(matrix_view<const float>(in.data(), 1, 3), q);
  CHECK(errors.clipped_fraction == Approx(1.0 / 3));
  CHECK(errors.max_error == 2);
}

TEST_CASE("families of the tests: limits claim nothing that does not hold") {
  using nf4 = std::numeric_limits<number<own::nf4>>;
  CHECK(nf4::max() == 1);
  CHECK(nf4::lowest() == -1);
  CHECK(nf4::denorm_min().code() == 8);
  CHECK_FALSE(nf4::is_integer);
  CHECK_FALSE(nf4::has_infinity);
  CHECK_FALSE(nf4::has_quiet_NaN);
  CHECK_FALSE(nf4::is_iec559);
  CHECK(nf4::digits10 == 0);
  using log = std::numeric_limits<number<own::log8>>;
  CHECK(log::max().code() == 127);
  CHECK(log::digits10 == 0);
  using posit = std::numeric_limits<number<own::posit8_1>>;
  CHECK(posit::max() == 4096);
  CHECK(posit::has_quiet_NaN);
  CHECK(posit::epsilon() == 0.0625);
}
