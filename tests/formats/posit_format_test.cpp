// SPDX-License-Identifier: MIT
// Posits against their bit strings: decoding reads characters, and the tie between two neighbours
// is the posit whose string is the lower one's with a 1 appended.
#include "lowp/formats/posit_format.hpp"

#include <random>
#include <string>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace {

using lowp::code_t;
using lowp::overflow;
using lowp::posit_format;
using lowp::unpacked;
using oracle::mode;
namespace formats = lowp::formats;

std::string bit_string(code_t code, int bits) {
  std::string s;
  for (int i = bits - 1; i >= 0; --i) s += (code >> i) % 2 == 1 ? '1' : '0';
  return s;
}

/// The value of a positive posit from its string, sign included.
double positive_value(const std::string& s, int exponent_bits) {
  std::size_t at = 1;
  while (at < s.size() && s[at] == s[1]) ++at;
  const int run = static_cast<int>(at) - 1;
  const int regime = s[1] == '1' ? run - 1 : -run;
  ++at;  // the bit that ends the run
  int exponent = 0;
  for (int i = 0; i < exponent_bits; ++i, ++at) {
    exponent = 2 * exponent + (at < s.size() && s[at] == '1' ? 1 : 0);
  }
  double fraction = 1, weight = 0.5;
  for (; at < s.size(); ++at, weight /= 2) {
    if (s[at] == '1') fraction += weight;
  }
  double value = fraction;
  for (int i = 0; i < (1 << exponent_bits); ++i) value = std::ldexp(value, regime);
  return std::ldexp(value, exponent);
}

double value_of(code_t code, int bits, int exponent_bits) {
  std::string s = bit_string(code, bits);
  if (s.find('1') == std::string::npos) return 0;
  if (s[0] == '0') return positive_value(s, exponent_bits);
  if (s.find('1', 1) == std::string::npos) return oracle::quiet_nan;
  // Two's complement: keep the lowest one and what follows, flip the rest.
  const std::size_t last_one = s.rfind('1');
  for (std::size_t i = 0; i < last_one; ++i) s[i] = s[i] == '1' ? '0' : '1';
  return -positive_value(s, exponent_bits);
}

code_t mirrored(code_t code, int bits) { return (~code + 1) & lowp::low_mask(bits); }

/// The code of a finite x, by search.
code_t expected_code(const posit_format& f, double x, mode m) {
  if (x == 0) return 0;
  const double magnitude = x < 0 ? -x : x;
  const code_t top = lowp::low_mask(f.total_bits - 1);
  const auto with_sign = [&](code_t c) { return x < 0 ? mirrored(c, f.total_bits) : c; };
  const auto value = [&](code_t c) { return value_of(c, f.total_bits, f.exponent_bits); };
  if (magnitude >= value(top)) return with_sign(top);
  if (magnitude <= value(1)) return with_sign(1);
  code_t low = 1, high = top;  // value(low) <= magnitude < value(high)
  while (high - low > 1) {
    const code_t middle = low + (high - low) / 2;
    (value(middle) <= magnitude ? low : high) = middle;
  }
  if (value(low) == magnitude) return with_sign(low);
  const double tie = value_of(2 * low + 1, f.total_bits + 1, f.exponent_bits);
  const code_t nearest = magnitude < tie ? low : high;
  switch (m) {
    case mode::nearest_even:
      return with_sign(magnitude != tie ? nearest : low % 2 == 0 ? low : high);
    case mode::nearest_away: return with_sign(magnitude != tie ? nearest : high);
    case mode::nearest_toward_zero: return with_sign(magnitude != tie ? nearest : low);
    case mode::toward_zero: return with_sign(low);
    case mode::away_from_zero: return with_sign(high);
    case mode::upward: return with_sign(x < 0 ? low : high);
    case mode::downward: return with_sign(x < 0 ? high : low);
    case mode::to_odd: break;
  }
  return with_sign(low % 2 == 1 ? low : high);
}

void check(oracle::tally& t, const posit_format& f, double x) {
  for (const mode m : oracle::modes) {
    const code_t expected = expected_code(f, x, m);
    for (const overflow o : oracle::policies) {
      const code_t actual = oracle::library_encode(f, lowp::unpack(x), m, o);
      t.check(actual == expected, [&](auto& out) {
        out << lowp::name(f).text << " " << std::hexfloat << x << " " << oracle::name_of(m) << " "
            << oracle::name_of(o) << " gives " << actual << " instead of " << expected;
      });
    }
  }
}

/// Every value, every tie, their neighbours, and what lies beyond both ends.
std::vector<double> inputs(const posit_format& f) {
  std::vector<double> list;
  const code_t top = lowp::low_mask(f.total_bits - 1);
  for (code_t c = 1; c <= top; ++c) {
    const double v = value_of(c, f.total_bits, f.exponent_bits);
    oracle::append_with_neighbours(list, v);
    oracle::append_with_neighbours(list, value_of(2 * c + 1, f.total_bits + 1, f.exponent_bits));
    if (c < top) list.push_back((v + value_of(c + 1, f.total_bits, f.exponent_bits)) / 2);
  }
  const double largest = value_of(top, f.total_bits, f.exponent_bits);
  for (const double x : {2 * largest, 1e300, 0.5 / largest, 0.75 / largest, 1e-300}) {
    oracle::append_with_neighbours(list, x);
  }
  return list;
}

std::vector<posit_format> small_formats() {
  std::vector<posit_format> list;
  for (int bits = 2; bits <= 7; ++bits) {
    for (int es = 0; es <= 4; ++es) list.push_back({bits, es});
  }
  for (int es = 0; es <= 4; ++es) list.push_back({8, es});
  return list;
}

}  // namespace

TEST_CASE("every code of a posit has the value of its bit string, and comes back") {
  oracle::tally t;
  std::vector<posit_format> list = small_formats();
  for (const int es : {0, 1, 2, 3, 4}) list.push_back({12, es});
  list.insert(list.end(), {formats::posit<16, 1>, formats::posit<16, 2>});
  for (const posit_format& f : list) {
    REQUIRE(defect(f) == nullptr);
    for (code_t code = 0; code < code_t{1} << f.total_bits; ++code) {
      const unpacked actual = decode(f, code);
      t.check(oracle::same(value_of(code, f.total_bits, f.exponent_bits), actual),
              [&](auto& out) { out << lowp::name(f).text << " code " << code; });
      t.check(decode(f, code | ~code_t{0} << f.total_bits) == actual,
              [&](auto& out) { out << lowp::name(f).text << " bits above code " << code; });
      for (const mode m : {mode::nearest_even, mode::upward, mode::to_odd}) {
        t.check(oracle::library_encode(f, actual, m, overflow::to_special) == code,
                [&](auto& out) { out << lowp::name(f).text << " round trip of " << code; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("posits of up to 8 bits round to the neighbour on the near side of the appended bit") {
  oracle::tally t;
  for (const posit_format& f : small_formats()) {
    for (const double x : inputs(f)) {
      check(t, f, x);
      check(t, f, -x);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("wider posits round to the neighbour on the near side of the appended bit") {
  oracle::tally t;
  std::mt19937_64 random(1);
  for (const posit_format& f : {formats::posit<16, 1>, formats::posit<16, 2>, formats::posit<32, 2>,
                                posit_format{24, 3}, posit_format{32, 0}, posit_format{32, 4}}) {
    const int range = (f.total_bits << f.exponent_bits) + 8;
    for (int i = 0; i < 1500; ++i) {
      const double fraction = 1 + static_cast<double>(random() >> 12) * 0x1p-52;
      const int e = static_cast<int>(random() % static_cast<unsigned>(2 * range)) - range;
      check(t, f, std::ldexp(i % 2 == 0 ? fraction : -fraction, e));
      check(t, f, std::ldexp(fraction, e % 8));
      // Around the tie above a random code.
      const code_t code = random() % (lowp::low_mask(f.total_bits - 1)) + 1;
      std::vector<double> list;
      oracle::append_with_neighbours(list, value_of(code, f.total_bits, f.exponent_bits));
      oracle::append_with_neighbours(list,
                                     value_of(2 * code + 1, f.total_bits + 1, f.exponent_bits));
      for (const double x : list) check(t, f, i % 2 == 0 ? x : -x);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("random codes of posit<32, 2> have the value of their strings, and come back") {
  oracle::tally t;
  std::mt19937_64 random(2);
  for (int i = 0; i < 100000; ++i) {
    const code_t code = i < 64 ? code_t{1} << (i / 2) : random() & lowp::low_mask(32);
    const unpacked actual = decode(formats::posit<32>, code);
    t.check(oracle::same(value_of(code, 32, 2), actual), [&](auto& out) { out << code; });
    t.check(encode(formats::posit<32>, actual) == code, [&](auto& out) { out << code << " back"; });
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("a signed integer order of codes is the order of values") {
  oracle::tally t;
  for (const posit_format& f : small_formats()) {
    double previous = -oracle::infinite;
    const int half = 1 << (f.total_bits - 1);
    for (int c = -half + 1; c < half; ++c) {
      const auto code = static_cast<code_t>(c) & lowp::low_mask(f.total_bits);
      const double v = value_of(code, f.total_bits, f.exponent_bits);
      t.check(c == -half + 1 || previous < v, [&](auto& out) { out << c; });
      previous = v;
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("published posit codes") {
  struct pair {
    code_t code;
    double value;
  };
  const auto check_pairs = [](const posit_format& f, const std::vector<pair>& pairs) {
    for (const auto& [code, value] : pairs) {
      INFO(lowp::name(f).text << " code " << code);
      CHECK(oracle::same(value, decode(f, code)));
      CHECK(encode(f, lowp::unpack(value)) == code);
    }
  };
  const auto check_all = [](const posit_format& f, const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      INFO(lowp::name(f).text << " code " << i);
      CHECK(oracle::same(values[i], decode(f, i)));
    }
  };
  constexpr double nar = oracle::quiet_nan;
  check_all(formats::posit<4, 0>,
            {0, .25, .5, .75, 1, 1.5, 2, 4, nar, -4, -2, -1.5, -1, -.75, -.5, -.25});
  check_all(formats::posit<4, 1>,
            {0, .0625, .25, .5, 1, 2, 4, 16, nar, -16, -4, -2, -1, -.5, -.25, -.0625});
  check_all(formats::posit<4, 2>, {0, 0x1p-8, .0625, .25, 1, 4, 16, 256, nar, -256, -16});
  check_pairs(formats::posit<8, 0>, {{0x01, 0x1p-6},
                                     {0x02, 0x1p-5},
                                     {0x10, .25},
                                     {0x20, .5},
                                     {0x30, .75},
                                     {0x40, 1},
                                     {0x41, 1.03125},
                                     {0x50, 1.5},
                                     {0x60, 2},
                                     {0x70, 4},
                                     {0x7E, 32},
                                     {0x7F, 64}});
  check_pairs(formats::posit<8, 1>, {{0x01, 0x1p-12},
                                     {0x40, 1},
                                     {0x41, 1.0625},
                                     {0x50, 2},
                                     {0x60, 4},
                                     {0x7E, 1024},
                                     {0x7F, 4096}});
  check_pairs(formats::posit<8, 2>, {{0x01, 0x1p-24},
                                     {0x02, 0x1p-20},
                                     {0x20, .0625},
                                     {0x40, 1},
                                     {0x41, 1.125},
                                     {0x48, 2},
                                     {0x50, 4},
                                     {0x60, 16},
                                     {0x7E, 0x1p20},
                                     {0x7F, 0x1p24}});
  check_pairs(formats::posit<16, 1>, {{0x0001, 0x1p-28},
                                      {0x4000, 1},
                                      {0x4001, 1 + 0x1p-12},
                                      {0x5000, 2},
                                      {0x6000, 4},
                                      {0x7FFE, 0x1p26},
                                      {0x7FFF, 0x1p28}});
  check_pairs(
      formats::posit<16, 2>,
      {{0x0001, 0x1p-56}, {0x4001, 1 + 0x1p-11}, {0x4800, 2}, {0x5000, 4}, {0x7FFF, 0x1p56}});
  check_pairs(formats::posit<32>, {{0x00000001, 0x1p-120}, {0x7FFFFFFF, 0x1p120}, {0x40000000, 1}});
}

TEST_CASE("published posit roundings") {
  const auto code = [](const posit_format& f, double x) { return encode(f, lowp::unpack(x)); };
  // 2^17 is the tie between 2^16 and 2^18, not the midpoint 163840.
  CHECK(code(formats::posit<8>, 144179.2) == 0x7D);
  CHECK(code(formats::posit<8>, 131072) == 0x7C);
  CHECK(code(formats::posit<8>, 131072.0001) == 0x7D);
  CHECK(code(formats::posit<8, 0>, 48) == 0x7E);
  CHECK(code(formats::posit<8, 0>, 100) == 0x7F);
  CHECK(code(formats::posit<8, 0>, 1e-9) == 0x01);
  const std::pair<double, code_t> small[] = {{.12, 1}, {.3, 2}, {3, 6}, {5, 6},
                                             {8, 6},   {9, 7},  {32, 7}};
  for (const auto& [x, expected] : small) {
    INFO(x);
    CHECK(code(formats::posit<4, 1>, x) == expected);
  }
}

TEST_CASE("posits never round a number to zero or NaR") {
  for (const posit_format& f : small_formats()) {
    const code_t top = lowp::low_mask(f.total_bits - 1);
    for (const mode m : oracle::modes) {
      for (const overflow o :
           {overflow::saturate, overflow::to_special, overflow::propagate, overflow::wrap}) {
        const auto code = [&](const unpacked& x) { return oracle::library_encode(f, x, m, o); };
        CHECK(code(lowp::unpack(1e300)) == top);
        CHECK(code(lowp::unpack(-1e300)) == mirrored(top, f.total_bits));
        CHECK(code(lowp::unpack(1e-300)) == 1);
        CHECK(code(lowp::unpack(-1e-300)) == lowp::low_mask(f.total_bits));
        const bool saturates = o != overflow::to_special;
        CHECK(code(unpacked::infinite()) == (saturates ? top : f.nar_code()));
        CHECK(code(unpacked::infinite(true)) ==
              (saturates ? mirrored(top, f.total_bits) : f.nar_code()));
        CHECK(code(unpacked::nan()) == f.nar_code());
        CHECK(code(unpacked::nan(true)) == f.nar_code());
        CHECK(code(unpacked::zero(true)) == 0);
      }
    }
  }
}

TEST_CASE("stochastic rounding of posits is proportional along the bit string") {
  constexpr posit_format f = formats::posit<8>;
  oracle::tally t;
  for (code_t low = 1; low < 0x7F; ++low) {
    for (code_t k = 1; k < 16; ++k) {
      // The 12-bit posit k sixteenths of the way from `low` to the next code.
      const unpacked x = lowp::unpack(value_of(low * 16 + k, 12, 2));
      for (const bool negative : {false, true}) {
        code_t ups = 0, others = 0;
        for (std::uint32_t r = 0; r < 16; ++r) {
          const code_t code = encode(f, negative ? -x : x, lowp::stochastic_bits{r, 4});
          const code_t magnitude = negative ? mirrored(code, 8) : code;
          ups += magnitude == low + 1 ? 1 : 0;
          others += magnitude != low && magnitude != low + 1 ? 1 : 0;
        }
        t.check(ups == k && others == 0, [&](auto& out) { out << low << " + " << k << "/16"; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("facts of posits") {
  CHECK(oracle::same(0x1p24, largest_value(formats::posit<8>)));
  CHECK(oracle::same(0x1p-24, smallest_positive_value(formats::posit<8>)));
  CHECK(lowest_code(formats::posit<8>) == 0x81);
  CHECK(precision(formats::posit<8>) == 4);
  CHECK(precision(formats::posit<16>) == 12);
  CHECK(has_nan(formats::posit<8>));
  CHECK_FALSE(has_infinity(formats::posit<8>));
  CHECK_FALSE(has_negative_zero(formats::posit<8>));
  for (int bits = 2; bits <= 32; ++bits) {
    for (int es = 0; es <= 4; ++es) {
      const posit_format f{bits, es};
      CHECK(oracle::same(std::ldexp(1.0, (bits - 2) << es), largest_value(f)));
      CHECK(oracle::same(std::ldexp(1.0, -((bits - 2) << es)), smallest_positive_value(f)));
    }
  }
}

TEST_CASE("a posit_format that contradicts itself says why") {
  const auto why = [](const posit_format& f) {
    const char* text = defect(f);
    return std::string(text == nullptr ? "" : text);
  };
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(why({}), ContainsSubstring("2 to 32"));
  CHECK_THAT(why({1, 2}), ContainsSubstring("2 to 32"));
  CHECK_THAT(why({33, 2}), ContainsSubstring("2 to 32"));
  CHECK_THAT(why({8, -1}), ContainsSubstring("0 to 4"));
  CHECK_THAT(why({8, 5}), ContainsSubstring("0 to 4"));
  CHECK(why({2, 0}).empty());
  CHECK(why({32, 4}).empty());
}
