// SPDX-License-Identifier: MIT
// The float family against a search over listed values, against published tables, against MPFR and
// against the machine.
#include "lowp/formats/float_format.hpp"

#include <random>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/unpack.hpp"
#include "oracle.hpp"
#include "skip.hpp"

namespace {

using lowp::code_t;
using lowp::exponent_zero;
using lowp::float_format;
using lowp::missing_nan;
using lowp::overflow;
using lowp::unpacked;
using oracle::float_grid;
using oracle::mode;
namespace formats = lowp::formats;

struct subject {
  std::string name;
  float_format format;
};

std::vector<subject> p3109_formats(int first_width, int last_width) {
  std::vector<subject> list;
  for (int width = first_width; width <= last_width; ++width) {
    for (const bool is_signed : {true, false}) {
      for (int precision = 1; precision <= width - (is_signed ? 1 : 0); ++precision) {
        for (const bool is_extended : {true, false}) {
          const float_format f = formats::p3109(width, precision, is_signed, is_extended);
          list.push_back({std::to_string(width) + "p" + std::to_string(precision) +
                              (is_signed ? "s" : "u") + (is_extended ? "e" : "f"),
                          f});
        }
      }
    }
  }
  return list;
}

// clang-format off
std::vector<subject> custom_formats() {
  constexpr auto normals = exponent_zero::normals;
  constexpr auto zero_only = exponent_zero::zero_only;
  return {
      {"zero_only IEEE", {.exponent_bits = 3, .mantissa_bits = 2, .at_exponent_zero = zero_only}},
      {"zero_only finite", {.exponent_bits = 3, .mantissa_bits = 3, .at_exponent_zero = zero_only, .has_infinity = false, .nan_codes = 0}},
      {"zero_only unsigned", {.exponent_bits = 3, .mantissa_bits = 2, .is_signed = false, .at_exponent_zero = zero_only}},
      {"zero_only fnuz", {.exponent_bits = 4, .mantissa_bits = 2, .at_exponent_zero = zero_only, .has_infinity = false, .nan_codes = 0, .nan_at_negative_zero = true}},
      {"zero_only e3m0", {.exponent_bits = 3, .mantissa_bits = 0, .at_exponent_zero = zero_only, .has_infinity = false, .nan_codes = 0}},
      {"zero_only e1m3", {.exponent_bits = 1, .mantissa_bits = 3, .at_exponent_zero = zero_only, .has_infinity = false, .nan_codes = 1}},
      {"normals IEEE", {.exponent_bits = 3, .mantissa_bits = 2, .at_exponent_zero = normals}},
      {"normals finite", {.exponent_bits = 3, .mantissa_bits = 2, .at_exponent_zero = normals, .has_infinity = false, .nan_codes = 0}},
      {"normals one NaN", {.exponent_bits = 2, .mantissa_bits = 3, .at_exponent_zero = normals, .has_infinity = false, .nan_codes = 1}},
      {"normals m0", {.exponent_bits = 4, .mantissa_bits = 0, .at_exponent_zero = normals, .has_infinity = false, .nan_codes = 0}},
      {"normals unsigned with infinity", {.exponent_bits = 4, .mantissa_bits = 2, .is_signed = false, .at_exponent_zero = normals, .has_infinity = true, .nan_codes = 1}},
      {"normals unsigned no NaN", {.exponent_bits = 4, .mantissa_bits = 2, .is_signed = false, .at_exponent_zero = normals, .has_infinity = false, .nan_codes = 0}},
      {"bias 0", {.exponent_bits = 3, .mantissa_bits = 3, .bias = 0}},
      {"bias -5", {.exponent_bits = 4, .mantissa_bits = 3, .bias = -5}},
      {"bias 21", {.exponent_bits = 4, .mantissa_bits = 3, .bias = 21, .has_infinity = false, .nan_codes = 1}},
      {"bias 70", {.exponent_bits = 2, .mantissa_bits = 4, .bias = 70}},
      {"IEEE m0", {.exponent_bits = 3, .mantissa_bits = 0}},
      {"IEEE m1", {.exponent_bits = 4, .mantissa_bits = 1}},
      {"IEEE unsigned", {.exponent_bits = 4, .mantissa_bits = 3, .is_signed = false}},
      {"IEEE e2m5", {.exponent_bits = 2, .mantissa_bits = 5}},
      {"2 NaNs", {.exponent_bits = 4, .mantissa_bits = 2, .has_infinity = false, .nan_codes = 2}},
      {"2 NaNs and infinity", {.exponent_bits = 3, .mantissa_bits = 3, .has_infinity = true, .nan_codes = 2}},
      {"5 NaNs across binades", {.exponent_bits = 4, .mantissa_bits = 2, .has_infinity = true, .nan_codes = 5}},
      {"top binade and infinity below it", {.exponent_bits = 3, .mantissa_bits = 2, .has_infinity = true, .nan_codes = 4}},
      {"NaNs at the top and at -0", {.exponent_bits = 3, .mantissa_bits = 3, .has_infinity = false, .nan_codes = 3, .nan_at_negative_zero = true}},
      {"infinity, NaN at -0", {.exponent_bits = 5, .mantissa_bits = 2, .has_infinity = true, .nan_codes = 0, .nan_at_negative_zero = true}},
      {"infinity without NaN", {.exponent_bits = 3, .mantissa_bits = 2, .has_infinity = true, .nan_codes = 0}},
      {"unsigned finite", {.exponent_bits = 3, .mantissa_bits = 2, .is_signed = false, .has_infinity = false, .nan_codes = 0}},
      {"e1m0", {.exponent_bits = 1, .mantissa_bits = 0, .has_infinity = false, .nan_codes = 0}},
      {"e1m0 unsigned", {.exponent_bits = 1, .mantissa_bits = 0, .is_signed = false, .has_infinity = false, .nan_codes = 0}},
      {"e1m3 only subnormals are finite", {.exponent_bits = 1, .mantissa_bits = 3}},
      {"e2m0", {.exponent_bits = 2, .mantissa_bits = 0, .has_infinity = false, .nan_codes = 0}},
      {"e7m0", {.exponent_bits = 7, .mantissa_bits = 0}},
  };
}
// clang-format on

/// Every named float format of up to 8 bits, all of P3109 up to K = 8, and some of our own.
std::vector<subject> small_formats() {
  std::vector<subject> list;
  for (const auto& [name, format] : formats::float_formats) {
    if (format.bits() <= 8) list.push_back({std::string(name), format});
  }
  for (auto& s : p3109_formats(3, 8)) list.push_back(std::move(s));
  for (auto& s : custom_formats()) list.push_back(std::move(s));
  return list;
}

/// A format by its name in formats::float_formats.
float_format by_name(std::string_view name) {
  for (const auto& entry : formats::float_formats) {
    if (entry.name == name) return entry.format;
  }
  FAIL("no format is called " << name);
  return {};
}

bool is_zero_alias(const float_format& f, code_t code) {
  const code_t magnitude = code % (code_t{1} << f.magnitude_bits());
  return f.at_exponent_zero == exponent_zero::zero_only && magnitude != 0 &&
         magnitude < code_t{1} << f.mantissa_bits;
}

template <class F>
code_t nearest(const F& f, double x, overflow o = overflow::to_special) {
  return encode(f, lowp::unpack(x), lowp::nearest_even, o);
}

/// decode then encode gives the code back: the canonical one for NaNs and for further zeros.
void check_round_trip(oracle::tally& t, const subject& s, const float_grid& grid, code_t code) {
  const float_format& f = s.format;
  const unpacked value = decode(f, code);
  const oracle::datum expected = oracle::value_of(f, code);
  code_t canonical = code;
  if (expected.what == oracle::kind::nan) canonical = grid.canonical_nan(expected.negative);
  if (is_zero_alias(f, code))
    canonical = expected.negative
                    ? grid.encode(oracle::negated(0.0), mode::nearest_even, overflow::saturate)
                    : 0;
  for (const mode m : {mode::nearest_even, mode::upward, mode::to_odd}) {
    t.check(oracle::library_encode(f, value, m, overflow::to_special) == canonical,
            [&](auto& out) { out << s.name << " code " << code << " " << oracle::name_of(m); });
  }
}

}  // namespace

TEST_CASE("every code of every float format of up to 8 bits has the value of its definition") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    INFO(s.name);
    REQUIRE(defect(s.format) == nullptr);
    for (code_t code = 0; code < code_t{1} << s.format.bits(); ++code) {
      const unpacked value = decode(s.format, code);
      t.check(oracle::same(oracle::value_of(s.format, code), value),
              [&](auto& out) { out << s.name << " code " << code; });
      t.check(decode(s.format, code | ~code_t{0} << s.format.bits()) == value,
              [&](auto& out) { out << s.name << " bits above code " << code; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("decoding and encoding again gives every code back") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    const float_grid grid(s.format);
    for (code_t code = 0; code < code_t{1} << s.format.bits(); ++code) {
      check_round_trip(t, s, grid, code);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("values, midpoints, their neighbours and what lies beyond round as a search says") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    const float_grid grid(s.format);
    for (const double x : grid.inputs()) {
      const unpacked exact = lowp::unpack(x);
      for (const mode m : oracle::modes) {
        for (const overflow o : oracle::policies) {
          const code_t expected = grid.encode(x, m, o);
          const code_t actual = oracle::library_encode(s.format, exact, m, o);
          t.check(actual == expected, [&](auto& out) {
            out << s.name << " " << std::hexfloat << x << std::defaultfloat << " (" << x << ") "
                << oracle::name_of(m) << " " << oracle::name_of(o) << " gives " << actual
                << " instead of " << expected;
          });
        }
        t.check(oracle::library_encode(s.format, exact, m, overflow::wrap) ==
                    oracle::library_encode(s.format, exact, m, overflow::saturate),
                [&](auto& out) { out << s.name << " " << x << " wrap is not saturate"; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("random numbers round as a search says") {
  oracle::tally t;
  std::mt19937_64 random(7);
  for (const subject& s : small_formats()) {
    const float_grid grid(s.format);
    const int top = std::ilogb(grid.beyond());
    for (int i = 0; i < 2000; ++i) {
      const double fraction = 1 + static_cast<double>(random() >> 12) * 0x1p-52;
      const int drop = static_cast<int>(random() % 40);
      const double x = std::ldexp(random() % 2 == 0 ? fraction : -fraction, top + 2 - drop);
      for (const mode m : oracle::modes) {
        for (const overflow o : oracle::policies) {
          t.check(oracle::library_encode(s.format, lowp::unpack(x), m, o) == grid.encode(x, m, o),
                  [&](auto& out) {
                    out << s.name << " " << x << " " << oracle::name_of(m) << " "
                        << oracle::name_of(o);
                  });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("one part in 2^127 decides a tie, and makes a value inexact") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    const float_grid grid(s.format);
    const auto& points = grid.points();
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
      const double low = points[i].value, high = points[i + 1].value;
      for (const double x : {low, low / 2 + high / 2, grid.beyond(), -grid.beyond()}) {
        if (x == 0) continue;
        // The search sees a neighbour that lies on the same side and nearer than anything else.
        const double outward = std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) + 1);
        unpacked exact = lowp::unpack(x);
        exact.significand.low |= 1;
        for (const mode m : oracle::modes) {
          for (const overflow o : oracle::policies) {
            t.check(oracle::library_encode(s.format, exact, m, o) == grid.encode(outward, m, o),
                    [&](auto& out) {
                      out << s.name << " just beyond " << x << " " << oracle::name_of(m) << " "
                          << oracle::name_of(o);
                    });
          }
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("a NaN becomes what the policy says where there is no NaN") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    const float_grid grid(s.format);
    for (const double x : {oracle::quiet_nan, oracle::negated(oracle::quiet_nan)}) {
      for (const auto n : {missing_nan::largest, missing_nan::signed_largest, missing_nan::zero,
                           missing_nan::flipped_zero}) {
        for (const overflow o : oracle::policies) {
          t.check(oracle::library_encode(s.format, lowp::unpack(x), mode::nearest_even, o, n) ==
                      grid.encode(x, mode::nearest_even, o, n),
                  [&](auto& out) { out << s.name << " policy " << static_cast<int>(n); });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("rounding is monotone") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    const float_grid grid(s.format);
    std::vector<double> inputs = grid.inputs();
    std::erase_if(inputs, [](double x) { return oracle::is_special(x); });
    std::sort(inputs.begin(), inputs.end());
    for (const mode m : oracle::modes) {
      for (const overflow o : {overflow::saturate, overflow::propagate}) {
        double previous = -oracle::infinite;
        for (const double x : inputs) {
          if (x == 0 && !grid.has_zero()) continue;  // out of range, and not on one side
          const code_t code = oracle::library_encode(s.format, lowp::unpack(x), m, o);
          const double value = oracle::value_of(s.format, code).value();
          t.check(!(value < previous), [&](auto& out) {
            out << s.name << " " << x << " " << oracle::name_of(m) << " " << oracle::name_of(o);
          });
          previous = value;
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("rounding twice is rounding once") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    const float_grid grid(s.format);
    for (const double x : grid.inputs()) {
      for (const mode m : oracle::modes) {
        for (const overflow o : oracle::policies) {
          const code_t once = oracle::library_encode(s.format, lowp::unpack(x), m, o);
          const code_t twice = oracle::library_encode(s.format, decode(s.format, once), m, o);
          // Saturation takes infinities back, and a NaN without sign is already what it is.
          t.check(once == twice, [&](auto& out) {
            out << s.name << " " << x << " " << oracle::name_of(m) << " " << oracle::name_of(o);
          });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("-x rounds to the mirror image of x, with up and down exchanged") {
  oracle::tally t;
  for (const subject& s : small_formats()) {
    if (!s.format.is_signed) continue;
    const float_grid grid(s.format);
    for (const double x : grid.inputs()) {
      if (oracle::is_nan(x)) continue;
      for (const mode m : oracle::modes) {
        for (const overflow o : oracle::policies) {
          const code_t code = oracle::library_encode(s.format, lowp::unpack(x), m, o);
          const code_t mirror = oracle::library_encode(s.format, lowp::unpack(oracle::negated(x)),
                                                       oracle::mirrored(m), o);
          const bool is_alone = s.format.nan_at_negative_zero && (code & ~s.format.sign_bit()) == 0;
          t.check(mirror == (is_alone ? code : code ^ s.format.sign_bit()), [&](auto& out) {
            out << s.name << " " << x << " " << oracle::name_of(m) << " " << oracle::name_of(o);
          });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("to_odd and then nearest_even is nearest_even, with two bits to spare") {
  constexpr float_format wide{.exponent_bits = 5, .mantissa_bits = 5};
  oracle::tally t;
  for (const float_format& f : {formats::e4m3fn, formats::e5m2, formats::e3m2, formats::e2m1}) {
    const float_grid grid(f);
    for (const double x : grid.inputs()) {
      if (std::fabs(x) > 60000 || std::fabs(x) < 0x1p-14) continue;
      const code_t odd = encode(wide, lowp::unpack(x), lowp::to_odd, overflow::saturate);
      t.check(
          encode(f, decode(wide, odd)) == grid.encode(x, mode::nearest_even, overflow::to_special),
          [&](auto& out) { out << lowp::name(f).text << " " << x; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

namespace {

/// A row of the table of named formats: fields, special codes and the ends of the range. Powers of
/// two are given by exponent.
struct row {
  const char* name;
  int exponent_bits, mantissa_bits, bias;
  bool is_signed;
  const char* nan_codes;  // codes and ranges, hexadecimal
  const char* infinity_codes;
  bool has_negative_zero, has_zero;
  int finite_codes, distinct_values;
  double largest;
  code_t largest_code;
  int log2_smallest_normal, log2_smallest;
  double overflow_begins;     // 0: clamps
  bool overflow_at_boundary;  // whether this very number overflows
};

constexpr row rows[] = {
    {"e4m3fn", 4, 3, 7, true, "7F FF", "", true, true, 254, 253, 448, 0x7E, -6, -9, 464, false},
    {"e5m2", 5, 2, 15, true, "7D-7F FD-FF", "7C FC", true, true, 248, 247, 57344, 0x7B, -14, -16,
     61440, true},
    {"e4m3", 4, 3, 7, true, "79-7F F9-FF", "78 F8", true, true, 240, 239, 240, 0x77, -6, -9, 248,
     true},
    {"e3m4", 3, 4, 3, true, "71-7F F1-FF", "70 F0", true, true, 224, 223, 15.5, 0x6F, -2, -6, 15.75,
     true},
    {"e4m3fnuz", 4, 3, 8, true, "80", "", false, true, 255, 255, 240, 0x7F, -7, -10, 248, true},
    {"e4m3b11fnuz", 4, 3, 11, true, "80", "", false, true, 255, 255, 30, 0x7F, -10, -13, 31, true},
    {"e5m2fnuz", 5, 2, 16, true, "80", "", false, true, 255, 255, 57344, 0x7F, -15, -17, 61440,
     true},
    {"e3m2", 3, 2, 3, true, "", "", true, true, 64, 63, 28, 0x1F, -2, -4, 0, false},
    {"e2m3", 2, 3, 1, true, "", "", true, true, 64, 63, 7.5, 0x1F, 0, -3, 0, false},
    {"e2m1", 2, 1, 1, true, "", "", true, true, 16, 15, 6, 0x7, 0, -1, 0, false},
    {"e2m2", 2, 2, 1, true, "", "", true, true, 32, 31, 7, 0xF, 0, -2, 0, false},
    {"e8m0", 8, 0, 127, false, "FF", "", false, false, 255, 255, 0x1p127, 0xFE, -127, -127,
     0x1.8p127, false},
    {"ue4m3", 4, 3, 7, false, "7F", "", false, true, 127, 127, 448, 0x7E, -6, -9, 464, false},
    {"ue5m3", 5, 3, 15, false, "FF", "", false, true, 255, 255, 114688, 0xFE, -14, -17, 118784,
     false},
    {"e6m2", 6, 2, 48, false, "FF", "", false, false, 255, 255, 49152, 0xFE, -48, -48, 53248,
     false},
    {"binary16", 5, 10, 15, true, "7C01-7FFF FC01-FFFF", "7C00 FC00", true, true, 63488, 63487,
     65504, 0x7BFF, -14, -24, 65520, true},
    {"bfloat16", 8, 7, 127, true, "7F81-7FFF FF81-FFFF", "7F80 FF80", true, true, 65280, 65279,
     0x1.FEp127, 0x7F7F, -126, -133, 0x1.FFp127, true},
    {"tf32", 8, 10, 127, true, "3FC01-3FFFF 7FC01-7FFFF", "3FC00 7FC00", true, true, 522240, 522239,
     0x1.FFCp127, 0x3FBFF, -126, -136, 0x1.FFEp127, true},
};

/// Whether a list such as "7D-7F FD" names the code.
bool lists(const char* text, code_t code) {
  std::istringstream in(text);
  for (std::string item; in >> item;) {
    const auto dash = item.find('-');
    const code_t first = std::stoull(item.substr(0, dash), nullptr, 16);
    const code_t last =
        dash == std::string::npos ? first : std::stoull(item.substr(dash + 1), nullptr, 16);
    if (first <= code && code <= last) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the named formats have the fields, codes and limits of their specifications") {
  for (const row& r : rows) {
    INFO(r.name);
    const float_format f = by_name(r.name);
    CHECK(f.exponent_bits == r.exponent_bits);
    CHECK(f.mantissa_bits == r.mantissa_bits);
    CHECK(f.bias == r.bias);
    CHECK(f.bits() == r.exponent_bits + r.mantissa_bits + (r.is_signed ? 1 : 0));

    int finite = 0, wrong_specials = 0, wrong_values = 0;
    int zeros = 0;
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const unpacked value = decode(f, code);
      const bool is_nan = lists(r.nan_codes, code), is_infinite = lists(r.infinity_codes, code);
      if (value.is_nan() != is_nan || value.is_infinite() != is_infinite) ++wrong_specials;
      if (is_nan || is_infinite) continue;
      ++finite;
      if (value.is_zero()) ++zeros;
      // Straight from the row: fields by division, the value by ldexp.
      const code_t mantissas = code_t{1} << r.mantissa_bits;
      const auto t = static_cast<double>(code % mantissas);
      const auto e = static_cast<int>(code / mantissas % (code_t{1} << r.exponent_bits));
      const bool s = r.is_signed && code >> (r.exponent_bits + r.mantissa_bits) != 0;
      const bool leads = e != 0 || !r.has_zero;
      const double magnitude = std::ldexp((leads ? 1.0 : 0.0) + std::ldexp(t, -r.mantissa_bits),
                                          (e == 0 && r.has_zero ? 1 : e) - r.bias);
      if (!oracle::same(s ? oracle::negated(magnitude) : magnitude, value)) ++wrong_values;
    }
    CHECK(wrong_specials == 0);
    CHECK(wrong_values == 0);
    CHECK(finite == r.finite_codes);
    CHECK(finite - (zeros == 2 ? 1 : 0) == r.distinct_values);

    CHECK(largest_code(f) == r.largest_code);
    CHECK(oracle::same(r.largest, largest_value(f)));
    CHECK(oracle::same(std::ldexp(1.0, r.log2_smallest), smallest_positive_value(f)));
    CHECK(
        oracle::same(std::ldexp(1.0, r.log2_smallest_normal), decode(f, smallest_normal_code(f))));
    CHECK(has_nan(f) == (*r.nan_codes != 0));
    CHECK(has_infinity(f) == (*r.infinity_codes != 0));
    CHECK(has_zero(f) == r.has_zero);
    CHECK(has_negative_zero(f) == r.has_negative_zero);
    CHECK(is_signed(f) == r.is_signed);
    CHECK(precision(f) == r.mantissa_bits + 1);
    CHECK(oracle::same(std::ldexp(1.0, -r.mantissa_bits), epsilon_value(f)));
    CHECK(lowest_code(f) == (r.is_signed ? r.largest_code + (code_t{1} << (f.bits() - 1)) : 0));

    // Where nearest_even leaves the finite range.
    const bool clamps = r.overflow_begins == 0;
    const double boundary = clamps ? 4 * r.largest : r.overflow_begins;
    const double below = std::nextafter(boundary, 0.0), above = std::nextafter(boundary, 1e300);
    CHECK(decode(f, nearest(f, below)).is_finite());
    CHECK(decode(f, nearest(f, boundary)).is_finite() == (clamps || !r.overflow_at_boundary));
    CHECK(decode(f, nearest(f, above)).is_finite() == clamps);
    CHECK(nearest(f, above, overflow::saturate) == r.largest_code);
  }
}

TEST_CASE("nearest_even flushes half of the smallest value and no more") {
  const std::pair<const char*, double> halves[] = {
      {"e4m3fn", 0x1p-10}, {"e5m2", 0x1p-17}, {"e3m2", 0x1p-5}, {"e2m3", 0x1p-4}, {"e2m1", 0.25}};
  for (const auto& [name, half] : halves) {
    INFO(name);
    const float_format f = by_name(name);
    CHECK(nearest(f, half) == 0);
    CHECK(nearest(f, -half) == f.sign_bit());
    CHECK(nearest(f, std::nextafter(half, 1.0)) == 1);
  }
}

namespace {

void check_values(const float_format& f, code_t first, const std::vector<double>& values) {
  INFO(lowp::name(f).text);
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO("code " << first + i);
    CHECK(oracle::same(values[i], decode(f, first + i)));
  }
}

struct code_value {
  code_t code;
  double value;
};

void check_pairs(const float_format& f, const std::vector<code_value>& pairs) {
  INFO(lowp::name(f).text);
  for (const auto& [code, value] : pairs) {
    INFO("code " << code);
    CHECK(oracle::same(value, decode(f, code)));
    if (!oracle::is_nan(value)) CHECK(nearest(f, value) == code);
  }
}

}  // namespace

TEST_CASE("the code tables of the small formats") {
  check_values(formats::e2m1, 0, {0, .5, 1, 1.5, 2, 3, 4, 6, -0.0, -.5, -1, -1.5, -2, -3, -4, -6});
  check_values(formats::e3m2, 0,
               {0, .0625, .125, .1875, .25, .3125, .375, .4375, .5,   .625,  .75, .875,
                1, 1.25,  1.5,  1.75,  2,   2.5,   3,    3.5,   4,    5,     6,   7,
                8, 10,    12,   14,    16,  20,    24,   28,    -0.0, -.0625});
  check_values(formats::e2m3, 0,
               {0,   .125,  .25,  .375,  .5, .625, .75, .875, 1,    1.125, 1.25, 1.375,
                1.5, 1.625, 1.75, 1.875, 2,  2.25, 2.5, 2.75, 3,    3.25,  3.5,  3.75,
                4,   4.5,   5,    5.5,   6,  6.5,  7,   7.5,  -0.0, -.125});
  check_values(formats::e1m2, 0, {0, .25, .5, .75, 1, 1.25, 1.5, 1.75, -0.0, -.25});
  check_values(formats::e1m2_bias0, 0, {0, .5, 1, 1.5, 2, 2.5, 3, 3.5, -0.0, -.5});
  check_values(formats::e3m0, 0, {0, .25, .5, 1, 2, 4, 8, 16, -0.0, -.25});
  check_pairs(formats::e4m3fn, {{0x00, 0},
                                {0x01, 0x1p-9},
                                {0x07, .013671875},
                                {0x08, 0x1p-6},
                                {0x38, 1},
                                {0x39, 1.125},
                                {0x40, 2},
                                {0x70, 128},
                                {0x78, 256},
                                {0x79, 288},
                                {0x7A, 320},
                                {0x7B, 352},
                                {0x7C, 384},
                                {0x7D, 416},
                                {0x7E, 448},
                                {0x7F, oracle::quiet_nan}});
  check_pairs(formats::e5m2, {{0x01, 0x1p-16},
                              {0x03, 4.57763671875e-5},
                              {0x04, 0x1p-14},
                              {0x3C, 1},
                              {0x78, 32768},
                              {0x79, 40960},
                              {0x7A, 49152},
                              {0x7B, 57344},
                              {0x7C, oracle::infinite},
                              {0x7D, oracle::quiet_nan},
                              {0x7E, oracle::quiet_nan},
                              {0x7F, oracle::quiet_nan}});
}

TEST_CASE("the midpoints of e2m1 in the three nearest modes") {
  const double midpoints[] = {.25, .75, 1.25, 1.75, 2.5, 3.5, 5};
  const double even[] = {0, 1, 1, 2, 2, 4, 4};
  const double away[] = {.5, 1, 1.5, 2, 3, 4, 6};
  const double toward_zero[] = {0, .5, 1, 1.5, 2, 3, 4};
  constexpr float_format f = formats::e2m1;
  for (std::size_t i = 0; i < 7; ++i) {
    for (const double sign : {1.0, -1.0}) {
      const unpacked x = lowp::unpack(sign * midpoints[i]);
      CHECK(oracle::value_of(f, encode(f, x)).value() == sign * even[i]);
      CHECK(oracle::value_of(f, encode(f, x, lowp::nearest_away)).value() == sign * away[i]);
      CHECK(oracle::value_of(f, encode(f, x, lowp::nearest_toward_zero)).value() ==
            sign * toward_zero[i]);
    }
  }
}

namespace {

constexpr int none = -1;

/// Codes of one number in thirteen format and policy columns.
struct vector_row {
  double x;
  int codes[13];
};

// clang-format off
constexpr vector_row conversion_vectors[] = {
    // e4m3fn SAT, NON; e5m2 SAT, NON; e4m3; e3m4; e4m3fnuz; e5m2fnuz; 8p4se; 8p3se; e3m2; e2m3; e2m1
    {0,          {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0}},
    {-0.0,       {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00, 0x00, 0x00, 0x20, 0x20, 0x8}},
    {0x1p-17,    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x0}},
    {0x1p-11,    {0x00, 0x00, 0x10, 0x10, 0x00, 0x00, 0x00, 0x14, 0x00, 0x14, 0x00, 0x00, 0x0}},
    {0x1p-10,    {0x00, 0x00, 0x14, 0x14, 0x00, 0x00, 0x01, 0x18, 0x01, 0x18, 0x00, 0x00, 0x0}},
    {-0x1p-10,   {0x80, 0x80, 0x94, 0x94, 0x80, 0x80, 0x81, 0x98, 0x81, 0x98, 0x20, 0x20, 0x8}},
    {0x1.8p-10,  {0x01, 0x01, 0x16, 0x16, 0x01, 0x00, 0x02, 0x1A, 0x02, 0x1A, 0x00, 0x00, 0x0}},
    {0x1.8p-9,   {0x02, 0x02, 0x1A, 0x1A, 0x02, 0x00, 0x03, 0x1E, 0x03, 0x1E, 0x00, 0x00, 0x0}},
    {0.0625,     {0x18, 0x18, 0x2C, 0x2C, 0x18, 0x04, 0x20, 0x30, 0x20, 0x30, 0x01, 0x00, 0x0}},
    {0.3,        {0x2A, 0x2A, 0x35, 0x35, 0x2A, 0x13, 0x32, 0x39, 0x32, 0x39, 0x05, 0x02, 0x1}},
    {0.75,       {0x34, 0x34, 0x3A, 0x3A, 0x34, 0x28, 0x3C, 0x3E, 0x3C, 0x3E, 0x0A, 0x06, 0x2}},
    {1.0625,     {0x38, 0x38, 0x3C, 0x3C, 0x38, 0x31, 0x40, 0x40, 0x40, 0x40, 0x0C, 0x08, 0x2}},
    {1.1875,     {0x3A, 0x3A, 0x3D, 0x3D, 0x3A, 0x33, 0x42, 0x41, 0x42, 0x41, 0x0D, 0x0A, 0x2}},
    {-2.5,       {0xC2, 0xC2, 0xC1, 0xC1, 0xC2, 0xC4, 0xCA, 0xC5, 0xCA, 0xC5, 0x31, 0x32, 0xC}},
    {3.5,        {0x46, 0x46, 0x43, 0x43, 0x46, 0x4C, 0x4E, 0x47, 0x4E, 0x47, 0x13, 0x16, 0x6}},
    {5,          {0x4A, 0x4A, 0x45, 0x45, 0x4A, 0x54, 0x52, 0x49, 0x52, 0x49, 0x15, 0x1A, 0x6}},
    {7,          {0x4E, 0x4E, 0x47, 0x47, 0x4E, 0x5C, 0x56, 0x4B, 0x56, 0x4B, 0x17, 0x1E, 0x7}},
    {15.75,      {0x58, 0x58, 0x4C, 0x4C, 0x58, 0x70, 0x60, 0x50, 0x60, 0x50, 0x1C, 0x1F, 0x7}},
    {17,         {0x58, 0x58, 0x4C, 0x4C, 0x58, 0x70, 0x60, 0x50, 0x60, 0x50, 0x1C, 0x1F, 0x7}},
    {29,         {0x5E, 0x5E, 0x4F, 0x4F, 0x5E, 0x70, 0x66, 0x53, 0x66, 0x53, 0x1F, 0x1F, 0x7}},
    {231,        {0x76, 0x76, 0x5B, 0x5B, 0x76, 0x70, 0x7E, 0x5F, 0x7E, 0x5F, 0x1F, 0x1F, 0x7}},
    {232,        {0x76, 0x76, 0x5B, 0x5B, 0x76, 0x70, 0x7E, 0x5F, 0x7E, 0x5F, 0x1F, 0x1F, 0x7}},
    {233,        {0x77, 0x77, 0x5B, 0x5B, 0x77, 0x70, 0x7F, 0x5F, 0x7F, 0x5F, 0x1F, 0x1F, 0x7}},
    {247,        {0x77, 0x77, 0x5C, 0x5C, 0x77, 0x70, 0x7F, 0x60, 0x7F, 0x60, 0x1F, 0x1F, 0x7}},
    {248,        {0x78, 0x78, 0x5C, 0x5C, 0x78, 0x70, 0x80, 0x60, 0x7F, 0x60, 0x1F, 0x1F, 0x7}},
    {448,        {0x7E, 0x7E, 0x5F, 0x5F, 0x78, 0x70, 0x80, 0x63, 0x7F, 0x63, 0x1F, 0x1F, 0x7}},
    {464,        {0x7E, 0x7E, 0x5F, 0x5F, 0x78, 0x70, 0x80, 0x63, 0x7F, 0x63, 0x1F, 0x1F, 0x7}},
    {465,        {0x7E, 0x7F, 0x5F, 0x5F, 0x78, 0x70, 0x80, 0x63, 0x7F, 0x63, 0x1F, 0x1F, 0x7}},
    {53248,      {0x7E, 0x7F, 0x7A, 0x7A, 0x78, 0x70, 0x80, 0x7E, 0x7F, 0x7E, 0x1F, 0x1F, 0x7}},
    {57344,      {0x7E, 0x7F, 0x7B, 0x7B, 0x78, 0x70, 0x80, 0x7F, 0x7F, 0x7F, 0x1F, 0x1F, 0x7}},
    {61439,      {0x7E, 0x7F, 0x7B, 0x7B, 0x78, 0x70, 0x80, 0x7F, 0x7F, 0x7F, 0x1F, 0x1F, 0x7}},
    {61440,      {0x7E, 0x7F, 0x7B, 0x7C, 0x78, 0x70, 0x80, 0x80, 0x7F, 0x7F, 0x1F, 0x1F, 0x7}},
    {1e+06,      {0x7E, 0x7F, 0x7B, 0x7C, 0x78, 0x70, 0x80, 0x80, 0x7F, 0x7F, 0x1F, 0x1F, 0x7}},
    {oracle::infinite, {0x7E, 0x7F, 0x7B, 0x7C, 0x78, 0x70, 0x80, 0x80, 0x7F, 0x7F, 0x1F, 0x1F, 0x7}},
    {std::bit_cast<double>(std::uint64_t{0xFFF0000000000000u}),
                 {0xFE, 0xFF, 0xFB, 0xFC, 0xF8, 0xF0, 0x80, 0x80, 0xFF, 0xFF, 0x3F, 0x3F, 0xF}},
    {oracle::quiet_nan,
                 {0x7F, 0x7F, 0x7E, 0x7E, 0x7C, 0x78, 0x80, 0x80, 0x80, 0x80, none, none, none}},
};
// clang-format on

}  // namespace

TEST_CASE("published conversion vectors") {
  constexpr auto to_special = overflow::to_special;
  const std::pair<float_format, overflow> columns[13] = {
      {formats::e4m3fn, overflow::saturate},
      {formats::e4m3fn, to_special},
      {formats::e5m2, overflow::saturate},
      {formats::e5m2, to_special},
      {formats::e4m3, to_special},
      {formats::e3m4, to_special},
      {formats::e4m3fnuz, to_special},
      {formats::e5m2fnuz, to_special},
      {formats::p3109(8, 4, true, true), to_special},
      {formats::p3109(8, 3, true, true), to_special},
      {formats::e3m2, to_special},
      {formats::e2m3, to_special},
      {formats::e2m1, to_special}};
  for (const vector_row& v : conversion_vectors) {
    for (std::size_t i = 0; i < 13; ++i) {
      if (v.codes[i] == none) continue;
      INFO(v.x << " in " << lowp::name(columns[i].first).text << ", column " << i);
      CHECK(nearest(columns[i].first, v.x, columns[i].second) == static_cast<code_t>(v.codes[i]));
    }
  }
}

TEST_CASE("published conversion vectors of e8m0") {
  struct e8m0_row {
    double x;
    code_t up, nearest_even, nearest_away, toward_zero;
  };
  // The midpoint of two powers of two is three halves of the lower one.
  const e8m0_row table[] = {{1.0, 0x7F, 0x7F, 0x7F, 0x7F},
                            {1.25, 0x80, 0x7F, 0x7F, 0x7F},
                            {1.42, 0x80, 0x7F, 0x7F, 0x7F},
                            {1.5, 0x80, 0x80, 0x80, 0x7F},
                            {3.0, 0x81, 0x80, 0x81, 0x80},
                            {0x1p-127, 0x00, 0x00, 0x00, 0x00},
                            {0x1.4p-127, 0x01, 0x00, 0x00, 0x00},
                            {0x1.8p-127, 0x01, 0x00, 0x01, 0x00},
                            {1.45, 0x80, 0x7F, 0x7F, 0x7F},
                            {0x1p127, 0xFE, 0xFE, 0xFE, 0xFE},
                            {0x1.FFFFFEp127, 0xFE, 0xFE, 0xFE, 0xFE},
                            {0x1p-149, 0x00, 0x00, 0x00, 0x00}};
  constexpr float_format f = formats::e8m0;
  for (const e8m0_row& r : table) {
    INFO(r.x);
    const unpacked x = lowp::unpack(r.x);
    CHECK(encode(f, x, lowp::upward, overflow::saturate) == r.up);
    CHECK(encode(f, x, lowp::nearest_even, overflow::saturate) == r.nearest_even);
    CHECK(encode(f, x, lowp::nearest_away, overflow::saturate) == r.nearest_away);
    CHECK(encode(f, x, lowp::toward_zero, overflow::saturate) == r.toward_zero);
  }
  const unpacked infinity = unpacked::infinite(), zero = unpacked::zero();
  CHECK(encode(f, infinity, lowp::upward, overflow::saturate) == 0xFE);
  CHECK(encode(f, infinity, lowp::nearest_even, overflow::to_special) == 0xFF);
  CHECK(encode(f, zero, lowp::upward, overflow::saturate) == 0x00);
  CHECK(encode(f, zero, lowp::nearest_even, overflow::to_special) == 0xFF);
  CHECK(encode(f, zero, lowp::nearest_even, overflow::propagate) == 0x00);
  CHECK(encode(f, unpacked::nan(), lowp::nearest_even, overflow::saturate) == 0xFF);
}

TEST_CASE("P3109 with K = 8: bias, limits and counts for every precision") {
  struct p_row {
    int precision, bias;
    double largest_extended, largest_finite, smallest_normal, smallest;
  };
  const p_row with_sign[] = {
      {1, 64, 0x1p62, 0x1p63, 0x1p-63, 0x1p-63}, {2, 32, 0x1p31, 0x1.8p31, 0x1p-31, 0x1p-32},
      {3, 16, 49152, 57344, 0x1p-15, 0x1p-17},   {4, 8, 224, 240, 0x1p-7, 0x1p-10},
      {5, 4, 15, 15.5, 0x1p-3, 0x1p-7},          {6, 2, 3.875, 3.9375, 0.5, 0x1p-6},
      {7, 1, 1.96875, 1.984375, 1, 0x1p-6}};
  const p_row without_sign[] = {{1, 128, 0x1p125, 0x1p126, 0, 0x1p-127},
                                {2, 64, 0x1.8p62, 0x1p63, 0, 0x1p-64},
                                {3, 32, 0x1.4p31, 0x1.8p31, 0, 0x1p-33},
                                {4, 16, 53248, 57344, 0, 0x1p-18},
                                {5, 8, 232, 240, 0, 0x1p-11},
                                {6, 4, 15.25, 15.5, 0, 0x1p-8},
                                {7, 2, 3.90625, 3.9375, 0, 0x1p-7},
                                {8, 1, 1.9765625, 1.984375, 0, 0x1p-7}};
  const auto check = [](const p_row& r, bool has_sign) {
    for (const bool is_extended : {true, false}) {
      INFO("P = " << r.precision << (has_sign ? " signed" : " unsigned")
                  << (is_extended ? " extended" : " finite"));
      const float_format f = formats::p3109(8, r.precision, has_sign, is_extended);
      CHECK(f.bits() == 8);
      CHECK(f.bias == r.bias);
      CHECK(oracle::same(is_extended ? r.largest_extended : r.largest_finite, largest_value(f)));
      CHECK(oracle::same(r.smallest, smallest_positive_value(f)));
      if (has_sign) {
        CHECK(oracle::same(r.smallest_normal, decode(f, smallest_normal_code(f))));
      }
      int finite = 0, nans = 0, infinities = 0;
      for (code_t code = 0; code < 256; ++code) {
        const unpacked value = decode(f, code);
        finite += value.is_finite() ? 1 : 0;
        nans += value.is_nan() ? 1 : 0;
        infinities += value.is_infinite() ? 1 : 0;
      }
      CHECK(finite == (has_sign ? (is_extended ? 253 : 255) : (is_extended ? 254 : 255)));
      CHECK(nans == 1);
      CHECK(infinities == (is_extended ? (has_sign ? 2 : 1) : 0));
    }
  };
  for (const p_row& r : with_sign) check(r, true);
  for (const p_row& r : without_sign) check(r, false);
}

TEST_CASE("P3109: one zero, one NaN, infinities at the top, one in the middle") {
  for (const subject& s : p3109_formats(3, 16)) {
    INFO(s.name);
    const float_format& f = s.format;
    const int width = f.bits();
    REQUIRE(defect(f) == nullptr);
    const code_t half = code_t{1} << (width - 1), whole = code_t{1} << width;
    CHECK(oracle::same(0.0, decode(f, 0)));
    CHECK(decode(f, f.is_signed ? half : whole - 1).is_nan());
    CHECK(oracle::same(1.0, decode(f, f.is_signed ? half / 2 : half)));
    const unpacked top = decode(f, f.is_signed ? half - 1 : whole - 2);
    CHECK(top.is_infinite() == f.has_infinity);
    CHECK(!top.negative);
    if (f.is_signed) CHECK(decode(f, whole - 1).is_infinite() == f.has_infinity);
  }
  CHECK(defect(formats::p3109(2, 1, true, true)) != nullptr);
  CHECK(defect(formats::p3109(17, 4, true, true)) != nullptr);
  CHECK(defect(formats::p3109(8, 0, true, true)) != nullptr);
  CHECK(defect(formats::p3109(8, 8, true, true)) != nullptr);
  CHECK(defect(formats::p3109(8, 8, false, true)) == nullptr);
  CHECK(defect(formats::p3109(8, 9, false, true)) != nullptr);
}

TEST_CASE("P3109 with K = 4: every code") {
  const auto check_signed = [](int precision, std::vector<double> common, double extended_top,
                               double finite_below, double finite_top) {
    for (const bool is_extended : {true, false}) {
      std::vector<double> values = common;
      if (is_extended) {
        values.insert(values.end(), {extended_top, oracle::infinite});
      } else {
        values.insert(values.end(), {finite_below, finite_top});
      }
      REQUIRE(values.size() == 8);
      values.push_back(oracle::quiet_nan);
      for (std::size_t i = 1; i < 8; ++i) values.push_back(oracle::negated(values[i]));
      check_values(formats::p3109(4, precision, true, is_extended), 0, values);
    }
  };
  check_signed(1, {0, .125, .25, .5, 1, 2}, 4, 4, 8);
  check_signed(2, {0, .25, .5, .75, 1, 1.5}, 2, 2, 3);
  check_signed(3, {0, .25, .5, .75, 1, 1.25}, 1.5, 1.5, 1.75);
  const auto check_unsigned = [](int precision, std::vector<double> common, double finite_top) {
    REQUIRE(common.size() == 14);
    for (const bool is_extended : {true, false}) {
      std::vector<double> values = common;
      values.push_back(is_extended ? oracle::infinite : finite_top);
      values.push_back(oracle::quiet_nan);
      check_values(formats::p3109(4, precision, false, is_extended), 0, values);
    }
  };
  check_unsigned(1, {0, 0x1p-7, 0x1p-6, 0x1p-5, 0x1p-4, .125, .25, .5, 1, 2, 4, 8, 16, 32}, 64);
  check_unsigned(2, {0, .0625, .125, .1875, .25, .375, .5, .75, 1, 1.5, 2, 3, 4, 6}, 8);
  check_unsigned(3, {0, .125, .25, .375, .5, .625, .75, .875, 1, 1.25, 1.5, 1.75, 2, 2.5}, 3);
  check_unsigned(4, {0, .125, .25, .375, .5, .625, .75, .875, 1, 1.125, 1.25, 1.375, 1.5, 1.625},
                 1.75);
}

TEST_CASE("P3109: key codes") {
  check_pairs(formats::p3109(8, 4, true, true), {{0x01, 0x1p-10},
                                                 {0x07, .0068359375},
                                                 {0x08, 0x1p-7},
                                                 {0x40, 1},
                                                 {0x41, 1.125},
                                                 {0x48, 2},
                                                 {0x7E, 224},
                                                 {0x7F, oracle::infinite},
                                                 {0x80, oracle::quiet_nan},
                                                 {0xC0, -1},
                                                 {0xFE, -224},
                                                 {0xFF, oracle::negated(oracle::infinite)}});
  check_pairs(
      formats::p3109(8, 3, true, true),
      {{0x01, 0x1p-17}, {0x04, 0x1p-15}, {0x40, 1}, {0x41, 1.25}, {0x44, 2}, {0x7E, 49152}});
  check_pairs(formats::p3109(8, 5, true, false),
              {{0x01, 0x1p-7}, {0x10, .125}, {0x41, 1.0625}, {0x7F, 15.5}});
}

TEST_CASE("P3109: 232 ties to 224 in binary8p4se, and more is infinite") {
  constexpr float_format f = formats::p3109(8, 4, true, true);
  CHECK(nearest(f, 232) == 0x7E);
  CHECK(nearest(f, std::nextafter(232.0, 300.0)) == 0x7F);
  CHECK(nearest(f, -232) == 0xFE);
  CHECK(nearest(f, std::nextafter(-232.0, -300.0)) == 0xFF);
}

TEST_CASE("P3109: directed modes that point inward stop at the ends under to_special") {
  for (const subject& s : p3109_formats(3, 8)) {
    if (!s.format.has_infinity) continue;
    INFO(s.name);
    const float_format& f = s.format;
    const code_t top = largest_code(f), low = lowest_code(f);
    for (const double factor : {1.0000001, 1.9, 2.0, 3.5, 1e30}) {
      const double big = oracle::value_of(f, top).value() * factor;
      const unpacked above = lowp::unpack(big), below = lowp::unpack(-big);
      CHECK(encode(f, above, lowp::toward_zero) == top);
      CHECK(encode(f, above, lowp::downward) == top);
      CHECK(decode(f, encode(f, above, lowp::upward)).is_infinite());
      CHECK(decode(f, encode(f, above, lowp::away_from_zero)).is_infinite());
      // ToOdd stops where the largest code is odd: in the unsigned formats.
      CHECK(decode(f, encode(f, above, lowp::to_odd)).is_infinite() == (top % 2 == 0));
      CHECK((top % 2 == 0) == f.is_signed);
      CHECK(encode(f, below, lowp::toward_zero) == low);
      CHECK(encode(f, below, lowp::upward) == low);
      if (f.is_signed) {
        CHECK(decode(f, encode(f, below, lowp::downward)).is_infinite());
      } else {
        for (const mode m : oracle::modes) {
          if (m == mode::toward_zero || m == mode::upward) continue;
          CHECK(decode(f, oracle::library_encode(f, below, m, overflow::to_special)).is_nan());
        }
      }
    }
  }
}

TEST_CASE("binary8p1uf is one binade below e8m0, and its code 0 is zero") {
  constexpr float_format p = formats::p3109(8, 1, false, false);
  for (code_t code = 1; code < 255; ++code) {
    CHECK(oracle::same(std::ldexp(1.0, static_cast<int>(code) - 128), decode(p, code)));
    CHECK(oracle::same(std::ldexp(1.0, static_cast<int>(code) - 127), decode(formats::e8m0, code)));
  }
  CHECK(decode(p, 0).is_zero());
  CHECK(oracle::same(0x1p-127, decode(formats::e8m0, 0)));
  CHECK(decode(p, 255).is_nan());
}

TEST_CASE("the finite 8-bit P3109 formats of precision 4 and 3 are the FNUZ formats") {
  CHECK(formats::p3109(8, 4, true, false) == formats::e4m3fnuz);
  CHECK(formats::p3109(8, 3, true, false) == formats::e5m2fnuz);
}

TEST_CASE("every code of P3109 with K = 9 to 16 has its value and comes back") {
  oracle::tally t;
  for (const subject& s : p3109_formats(9, 16)) {
    const float_format& f = s.format;
    const code_t nan = f.is_signed ? f.sign_bit() : lowp::low_mask(f.bits());
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const unpacked value = decode(f, code);
      t.check(oracle::same(oracle::value_of(f, code), value),
              [&](auto& out) { out << s.name << " code " << code; });
      t.check(encode(f, value) == (value.is_nan() ? nan : code),
              [&](auto& out) { out << s.name << " code " << code << " comes back otherwise"; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("every code of binary16 and bfloat16 has its value and comes back") {
  oracle::tally t;
  for (const char* name : {"binary16", "bfloat16"}) {
    const subject s{name, by_name(name)};
    const float_grid grid(s.format);
    for (code_t code = 0; code < 65536; ++code) {
      t.check(oracle::same(oracle::value_of(s.format, code), decode(s.format, code)),
              [&](auto& out) { out << name << " code " << code; });
      check_round_trip(t, s, grid, code);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("16-bit formats round as a search says") {
  oracle::tally t;
  for (const subject& s :
       {subject{"binary16", formats::binary16}, subject{"bfloat16", formats::bfloat16},
        subject{"16p11se", formats::p3109(16, 11, true, true)},
        subject{"16p8uf", formats::p3109(16, 8, false, false)}}) {
    const float_grid grid(s.format);
    const std::vector<double> inputs = grid.inputs();
    std::size_t i = 0;
    for (const double x : inputs) {
      // All modes and policies, one of each per input and all of them at the end of the range.
      const bool is_edge = std::fabs(x) > grid.largest() / 1.001 || i % 64 == 0;
      for (std::size_t k = 0; k < 24; ++k) {
        if (!is_edge && k != i % 24) continue;
        const mode m = oracle::modes[k % 8];
        const overflow o = oracle::policies[k / 8];
        t.check(oracle::library_encode(s.format, lowp::unpack(x), m, o) == grid.encode(x, m, o),
                [&](auto& out) {
                  out << s.name << " " << x << " " << oracle::name_of(m) << " "
                      << oracle::name_of(o);
                });
      }
      ++i;
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("IEEE formats of every width round as MPFR") {
  std::mt19937_64 random(8);
  oracle::tally t;
  const float_format subjects[] = {formats::binary16,
                                   formats::bfloat16,
                                   formats::tf32,
                                   formats::binary32,
                                   {.exponent_bits = 6, .mantissa_bits = 9},
                                   {.exponent_bits = 9, .mantissa_bits = 30},
                                   {.exponent_bits = 5, .mantissa_bits = 45, .bias = 9}};
  for (const float_format& f : subjects) {
    for (int i = 0; i < 20000; ++i) {
      // An exponent anywhere around the range, and bits that often lie at or next to a tie.
      const auto span = static_cast<std::uint64_t>((1 << f.exponent_bits) + f.mantissa_bits + 20);
      const int exponent = static_cast<int>(random() % span) - f.mantissa_bits - 10 - f.bias;
      std::uint64_t bits = random() & lowp::low_mask(52);
      const int cut = std::min(51 - f.mantissa_bits + static_cast<int>(random() % 3) - 1, 51);
      if (i % 4 != 0 && cut >= 1) {
        bits = (bits >> cut | (i % 4 == 1 ? 1 : 0)) << cut;
        if (i % 8 > 4) bits += static_cast<std::uint64_t>(random() % 3) - 1;
      }
      bits &= lowp::low_mask(52);
      if (exponent + 1023 < 1 || exponent + 1023 > 2046) continue;
      const double x = std::bit_cast<double>(
          (random() & 1) << 63 | static_cast<std::uint64_t>(exponent + 1023) << 52 | bits);
      oracle::real exact(64);
      exact.set(x);
      for (const mode m : oracle::modes) {
        const auto direction = oracle::mpfr_direction(m);
        if (!direction) continue;
        const code_t expected = oracle::mpfr_encode(f, exact, *direction);
        const code_t actual = oracle::library_encode(f, lowp::unpack(x), m, overflow::to_special);
        t.check(actual == expected, [&](auto& out) {
          out << lowp::name(f).text << " " << std::hexfloat << x << " " << oracle::name_of(m)
              << " gives " << actual << " instead of " << expected;
        });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("binary64 to binary32 is what the machine does") {
  std::mt19937_64 random(9);
  const bool keeps_subnormals = oracle::machine_keeps_subnormals();
  oracle::tally t;
  const auto check = [&](double x) {
    const auto machine = std::bit_cast<std::uint32_t>(static_cast<float>(x));
    const code_t actual = encode(formats::binary32, lowp::unpack(x));
    if (oracle::is_nan(x)) {
      t.check(actual == (oracle::is_negative(x) ? 0xFFC00000u : 0x7FC00000u),
              [&](auto& out) { out << "NaN"; });
      return;
    }
    if (!keeps_subnormals && (actual & 0x7FFFFFFFu) <= 0x00800000u) return;
    t.check(actual == machine, [&](auto& out) { out << std::hexfloat << x; });
  };
  for (int i = 0; i < 2000000; ++i) {
    const std::uint64_t bits = random();
    check(std::bit_cast<double>(bits));
    // Exponents of binary32, with and without bits below its mantissa.
    const std::uint64_t exponent = 1023 - 152 + bits % 282;
    const std::uint64_t mantissa = (bits >> 12) & (i % 2 == 0 ? ~std::uint64_t{0} : ~0x0FFFFFFFull);
    check(std::bit_cast<double>((bits & (1ull << 63)) | exponent << 52 | mantissa));
  }
  std::vector<double> list;
  for (int e = -1022; e <= 1023; ++e) {
    for (const double m : {1.0, 1.5, 0x1.FFFFFEp0, 0x1.FFFFFFp0, 0x1.000001p0, 0x1.000003p0}) {
      oracle::append_with_neighbours(list, std::ldexp(m, e));
    }
  }
  list.insert(list.end(), {0.0, -0.0, oracle::infinite, oracle::negated(oracle::infinite),
                           oracle::quiet_nan, oracle::negated(oracle::quiet_nan)});
  for (const double x : list) {
    check(x);
    check(oracle::negated(x));
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("the machine's numbers unpack to themselves") {
  std::mt19937_64 random(10);
  oracle::tally t;
  for (int i = 0; i < 300000; ++i) {
    std::uint64_t bits = random();
    if (i % 8 == 0) bits &= ~(0x7FFull << 52);  // subnormals and zeros
    if (i % 8 == 1) bits |= 0x7FFull << 52;     // infinities and NaNs
    if (i % 16 == 1) bits &= ~lowp::low_mask(52);
    const double x = std::bit_cast<double>(bits);
    oracle::real expected(64), actual(128);
    expected.set(x);
    const unpacked u = lowp::unpack(x);
    actual.set(u);
    const bool is_same = mpfr_nan_p(expected) != 0 ? u.is_nan()
                                                   : mpfr_equal_p(expected, actual) != 0 &&
                                                         u.negative == oracle::is_negative(x);
    t.check(is_same, [&](auto& out) { out << std::hex << bits; });
    t.check(u.is_nan() || encode(formats::binary64, u) == bits,
            [&](auto& out) { out << std::hex << bits << " does not come back"; });
    // binary32 by widening its fields.
    const auto narrow = static_cast<std::uint32_t>(random());
    const unpacked v = lowp::unpack(std::bit_cast<float>(narrow));
    t.check(oracle::same(oracle::value_of(formats::binary32, narrow), v),
            [&](auto& out) { out << std::hex << narrow; });
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("long double and 64-bit integers are rounded once, from their own bits") {
  std::mt19937_64 random(11);
  oracle::tally t;
  const float_format subjects[] = {formats::binary16, formats::bfloat16, formats::binary32,
                                   formats::binary64};
  const auto check = [&](const unpacked& x, mpfr_srcptr exact) {
    oracle::real same(128);
    same.set(x);
    t.check(mpfr_equal_p(same, exact) != 0, [&](auto& out) { out << "unpacked wrongly"; });
    for (const float_format& f : subjects) {
      for (const mode m : oracle::modes) {
        const auto direction = oracle::mpfr_direction(m);
        if (!direction) continue;
        t.check(oracle::library_encode(f, x, m, overflow::to_special) ==
                    oracle::mpfr_encode(f, exact, *direction),
                [&](auto& out) {
                  out << lowp::name(f).text << " " << mpfr_get_d(exact, MPFR_RNDN) << " "
                      << oracle::name_of(m);
                });
      }
    }
  };
  oracle::real exact(128);
  for (int i = 0; i < 8000; ++i) {
    std::uint64_t u = random() >> (random() % 64);
    if (i % 3 == 0) {  // next to a tie of some width
      const auto shift = random() % 60 + 1;
      u = (u >> shift << shift) + (std::uint64_t{1} << (shift - 1)) + random() % 3 - 1;
    }
    mpfr_set_ui(exact, u, MPFR_RNDN);
    check(lowp::unpack(u), exact);
    const auto s = static_cast<std::int64_t>(u);
    mpfr_set_si(exact, s, MPFR_RNDN);
    check(lowp::unpack(s), exact);

    const auto mantissa = static_cast<long double>(u | 1);
    const int scale = static_cast<int>(random() % 340) - 200;
    const long double x = std::ldexp(i % 2 == 0 ? mantissa : -mantissa, scale);
    mpfr_set_ld(exact, x, MPFR_RNDN);
    check(lowp::unpack(x), exact);
  }
  for (const std::int64_t s : {std::numeric_limits<std::int64_t>::min(), std::int64_t{0},
                               std::numeric_limits<std::int64_t>::max()}) {
    mpfr_set_si(exact, s, MPFR_RNDN);
    check(lowp::unpack(s), exact);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("long double rounds into small formats as a search says") {
  if (std::numeric_limits<long double>::digits < 64) {
    return test::skip("long double has fewer than 64 significant bits");
  }
  oracle::tally t;
  for (const float_format& f : {formats::e4m3fn, formats::e5m2, formats::e2m1, formats::ue4m3,
                                formats::e8m0, formats::e4m3fnuz}) {
    const float_grid grid(f);
    for (const double x : grid.inputs()) {
      if (oracle::is_special(x) || x == 0 || std::fabs(x) > 1e300 || std::fabs(x) < 1e-300)
        continue;
      for (const long double factor : {1.0L, 1.0L + 0x1p-63L, 1.0L - 0x1p-64L}) {
        const long double y = static_cast<long double>(x) * factor;
        for (const mode m : oracle::modes) {
          t.check(oracle::library_encode(f, lowp::unpack(y), m, overflow::to_special) ==
                      grid.encode(y, m, overflow::to_special),
                  [&](auto& out) { out << lowp::name(f).text << " " << y; });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("a descriptor that contradicts itself says why") {
  const auto why = [](const float_format& f) {
    const char* text = defect(f);
    return std::string(text == nullptr ? "" : text);
  };
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(why({}), ContainsSubstring("exponent_bits"));
  CHECK_THAT(why({.exponent_bits = 0, .mantissa_bits = 3}), ContainsSubstring("fixed_format"));
  CHECK_THAT(why({.exponent_bits = 21, .mantissa_bits = 3}), ContainsSubstring("1 to 20"));
  CHECK_THAT(why({.exponent_bits = 4, .mantissa_bits = -1}), ContainsSubstring("at least 0"));
  CHECK_THAT(why({.exponent_bits = 11, .mantissa_bits = 53}), ContainsSubstring("64 bits"));
  CHECK(why({.exponent_bits = 11, .mantissa_bits = 53, .is_signed = false}).empty());
  CHECK_THAT(why({.exponent_bits = 4, .mantissa_bits = 3, .bias = 1 << 21}),
             ContainsSubstring("bias"));
  CHECK_THAT(why({.exponent_bits = 4, .mantissa_bits = 3, .bias = -(1 << 21)}),
             ContainsSubstring("bias"));
  CHECK_THAT(why({.exponent_bits = 4,
                  .mantissa_bits = 3,
                  .is_signed = false,
                  .nan_at_negative_zero = true}),
             ContainsSubstring("needs is_signed"));
  CHECK_THAT(why({.exponent_bits = 4,
                  .mantissa_bits = 3,
                  .at_exponent_zero = exponent_zero::normals,
                  .nan_at_negative_zero = true}),
             ContainsSubstring("needs a zero"));
  CHECK_THAT(why({.exponent_bits = 2, .mantissa_bits = 1, .has_infinity = false, .nan_codes = 7}),
             ContainsSubstring("no finite value"));
  CHECK_THAT(why({.exponent_bits = 2, .mantissa_bits = 1, .has_infinity = true, .nan_codes = 6}),
             ContainsSubstring("no finite value"));
  CHECK_THAT(why({.exponent_bits = 2, .mantissa_bits = 1, .nan_codes = 1000}),
             ContainsSubstring("no finite value"));
  CHECK(
      why({.exponent_bits = 2, .mantissa_bits = 1, .has_infinity = true, .nan_codes = 5}).empty());
  for (const auto& entry : formats::float_formats) CHECK(why(entry.format).empty());
}

TEST_CASE("descriptors are values and encoding is a constant expression") {
  STATIC_REQUIRE(lowp::number_format<float_format>);
  STATIC_REQUIRE(lowp::is_valid_format<formats::e4m3fn>);
  STATIC_REQUIRE(encode(formats::e4m3fn, lowp::unpack(464.0)) == 0x7E);
  STATIC_REQUIRE(encode(formats::e4m3fn, lowp::unpack(-0.0f)) == 0x80);
  STATIC_REQUIRE(largest_code(formats::e2m1) == 7);
  STATIC_REQUIRE(precision(formats::binary32) == 24);
  STATIC_REQUIRE(formats::e4m3fn != formats::e4m3);
}
