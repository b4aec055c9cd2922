// SPDX-License-Identifier: MIT
// Every mode against a table of what it does, and stochastic rounding by counting all its words.
#include "lowp/rounding/modes.hpp"

#include <random>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "oracle.hpp"

namespace {

using lowp::discarded;
using lowp::stochastic;
using lowp::stochastic_bits;
using lowp::stochastic_variant;
using oracle::mode;
__extension__ using wide = unsigned __int128;

constexpr std::uint64_t half = std::uint64_t{1} << 63;
constexpr std::uint64_t almost_one = ~std::uint64_t{0};

constexpr stochastic_variant variants[] = {stochastic_variant::a, stochastic_variant::b,
                                           stochastic_variant::c, stochastic_variant::equal};

const char* name_of(stochastic_variant v) {
  constexpr const char* names[] = {"a", "b", "c", "equal"};
  return names[static_cast<int>(v)];
}

/// The definition, for a fraction v = fraction / 2^64: does the magnitude grow?
bool grows(std::uint64_t fraction, int n, stochastic_variant v, std::uint64_t r) {
  const wide one = wide{1} << 64;
  const wide words = wide{1} << n;
  switch (v) {
    case stochastic_variant::a: return fraction * words / one + r >= words;
    case stochastic_variant::b: return fraction * (2 * words) / one + (2 * r + 1) >= 2 * words;
    case stochastic_variant::c: {
      const wide whole = fraction * words / one, rest = fraction * words % one;
      const bool up = rest > half || (rest == half && whole % 2 == 1);
      return whole + (up ? 1 : 0) + r >= words;
    }
    case stochastic_variant::equal: break;
  }
  return fraction != 0 && r >= words / 2;
}

/// How many of the 2^n words make it grow, in closed form.
std::uint64_t expected_count(std::uint64_t fraction, int n, stochastic_variant v) {
  const wide one = wide{1} << 64;
  const wide scaled = wide{fraction} << n;
  switch (v) {
    case stochastic_variant::a: return static_cast<std::uint64_t>(scaled / one);
    // r >= 2^n - (floor(2 v 2^n) + 1) / 2, rounded up to an integer
    case stochastic_variant::b: return static_cast<std::uint64_t>((2 * scaled / one + 1) / 2);
    case stochastic_variant::c: {
      const wide whole = scaled / one, rest = scaled % one;
      const bool up = rest > half || (rest == half && whole % 2 == 1);
      return static_cast<std::uint64_t>(whole) + (up ? 1 : 0);
    }
    case stochastic_variant::equal: break;
  }
  return fraction == 0 ? 0 : std::uint64_t{1} << (n - 1);
}

/// numerator / 2^log2 as a fraction of 2^64.
constexpr std::uint64_t dyadic(std::uint64_t numerator, int log2) {
  return numerator << (64 - log2);
}

std::vector<std::uint64_t> fractions() {
  std::vector<std::uint64_t> list{0,
                                  1,
                                  2,
                                  half - 1,
                                  half,
                                  half + 1,
                                  half / 2,
                                  half / 4,
                                  almost_one,
                                  almost_one - 1,
                                  0x570A3D70A3D70A3Du};  // 0.34
  for (std::uint64_t i = 1; i < 64; ++i) list.push_back(dyadic(i, 6));
  for (std::uint64_t i = 1; i < 32; i += 2) {
    list.push_back(dyadic(i, 13));  // finer than any of the words
    list.push_back(dyadic(i, 14));
    list.push_back(dyadic(i, 33));
    list.push_back(dyadic(i, 5) | 1);  // sticky
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 20; ++i) list.push_back(random());
  return list;
}

}  // namespace

// ------------------------------------------------------------------------------ deterministic
// modes
TEST_CASE("each mode grows a magnitude exactly when its definition says so") {
  // Outcomes for a fraction below, at and above one half; for an even and an odd code.
  struct row {
    mode m;
    bool is_negative;
    const char* even;  // below, at, above
    const char* odd;
  };
  const row table[] = {
      {mode::nearest_even, false, "001", "011"},
      {mode::nearest_even, true, "001", "011"},
      {mode::nearest_away, false, "011", "011"},
      {mode::nearest_away, true, "011", "011"},
      {mode::nearest_toward_zero, false, "001", "001"},
      {mode::nearest_toward_zero, true, "001", "001"},
      {mode::toward_zero, false, "000", "000"},
      {mode::toward_zero, true, "000", "000"},
      {mode::upward, false, "111", "111"},
      {mode::upward, true, "000", "000"},
      {mode::downward, false, "000", "000"},
      {mode::downward, true, "111", "111"},
      {mode::away_from_zero, false, "111", "111"},
      {mode::away_from_zero, true, "111", "111"},
      {mode::to_odd, false, "111", "000"},
      {mode::to_odd, true, "111", "000"},
  };
  const std::vector<std::uint64_t> classes[] = {
      {1, 2, half / 2, half - 1}, {half}, {half + 1, half + half / 2, almost_one - 1, almost_one}};
  for (const row& r : table) {
    INFO(oracle::name_of(r.m) << (r.is_negative ? " negative" : " positive"));
    for (const bool is_odd : {false, true}) {
      for (std::size_t i = 0; i < 3; ++i) {
        for (const std::uint64_t fraction : classes[i]) {
          INFO("fraction " << fraction << (is_odd ? " odd" : " even"));
          const discarded d{fraction, r.is_negative, is_odd};
          const bool expected = (is_odd ? r.odd : r.even)[i] == '1';
          CHECK(oracle::with_mode(r.m, [&](const auto& m) { return rounds_up(m, d); }) == expected);
        }
      }
    }
  }
}

TEST_CASE("what is exact is never rounded, in any mode") {
  for (const bool negative : {false, true}) {
    for (const bool odd : {false, true}) {
      const discarded d{0, negative, odd};
      for (const mode m : oracle::modes) {
        INFO(oracle::name_of(m));
        CHECK_FALSE(oracle::with_mode(m, [&](const auto& object) { return rounds_up(object, d); }));
      }
      for (const auto v : variants) {
        for (const int n : {1, 2, 8, 31, 32}) {
          const auto all_ones = static_cast<std::uint32_t>(lowp::low_mask(n));
          CHECK_FALSE(rounds_up(stochastic_bits{all_ones, n, v}, d));
        }
      }
    }
  }
}

TEST_CASE("at() leaves deterministic modes alone") {
  STATIC_REQUIRE(std::is_same_v<decltype(lowp::at(lowp::upward, 5)), lowp::upward_t>);
  STATIC_REQUIRE(lowp::at(stochastic{.seed = 3, .index = 4}, 5).index == 9);
}

// ------------------------------------------------------------------------------------- stochastic
TEST_CASE("stochastic rounding follows its definition for every word of 1 to 12 bits") {
  oracle::tally t;
  for (const std::uint64_t fraction : fractions()) {
    for (int n = 1; n <= 12; ++n) {
      for (const auto v : variants) {
        std::uint64_t count = 0;
        for (std::uint32_t r = 0; r < 1u << n; ++r) {
          const bool actual = rounds_up(stochastic_bits{r, n, v}, {fraction, false, (r & 1) != 0});
          count += actual ? 1 : 0;
          t.check(actual == grows(fraction, n, v, r), [&](auto& out) {
            out << "fraction " << fraction << " N " << n << " variant " << name_of(v) << " R " << r;
          });
        }
        t.check(count == expected_count(fraction, n, v), [&](auto& out) {
          out << "fraction " << fraction << " N " << n << " variant " << name_of(v) << " count "
              << count;
        });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("stochastic rounding follows its definition for words of up to 32 bits") {
  oracle::tally t;
  std::mt19937_64 random(2);
  const auto list = fractions();
  for (int i = 0; i < 200000; ++i) {
    const int n = static_cast<int>(random() % 32) + 1;
    std::uint64_t fraction = i % 2 == 0 ? list[random() % list.size()] : random() >> random() % 64;
    const auto v = variants[random() % 4];
    auto r = static_cast<std::uint32_t>(random() & lowp::low_mask(n));
    if (i % 3 == 0) {  // next to the word that decides
      const std::uint64_t decisive = (std::uint64_t{1} << n) - expected_count(fraction, n, v);
      r = static_cast<std::uint32_t>((decisive + random() % 3 - 1) & lowp::low_mask(n));
    }
    t.check(
        rounds_up(stochastic_bits{r, n, v}, {fraction, true, false}) == grows(fraction, n, v, r),
        [&](auto& out) {
          out << "fraction " << fraction << " N " << n << " variant " << name_of(v) << " R " << r;
        });
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("the published counts for three random bits") {
  struct row {
    std::uint64_t fraction;
    int a, b, c;
  };
  const row table[] = {{dyadic(1, 4), 0, 1, 0},
                       {dyadic(5, 4), 2, 3, 2},
                       {0x570A3D70A3D70A3Du, 2, 3, 3},  // 0.34
                       {half, 4, 4, 4},
                       {dyadic(15, 4), 7, 8, 8}};
  for (const row& r : table) {
    int counts[3] = {};
    for (int v = 0; v < 3; ++v) {
      for (std::uint32_t word = 0; word < 8; ++word) {
        counts[v] += rounds_up(stochastic_bits{word, 3, variants[v]}, {r.fraction, false, false});
      }
    }
    INFO("fraction " << r.fraction);
    CHECK(counts[0] == r.a);
    CHECK(counts[1] == r.b);
    CHECK(counts[2] == r.c);
  }
}

TEST_CASE("T26: conversions round up with the exact probability, subnormals too") {
  using namespace lowp::formats;
  oracle::tally t;
  const lowp::float_format list[] = {
      e4m3fn,
      e5m2,
      e3m2,
      e2m1,
      e3m0,
      e8m0,
      ue4m3,
      e4m3fnuz,
      {.exponent_bits = 3, .mantissa_bits = 2, .at_exponent_zero = lowp::exponent_zero::zero_only}};
  for (const lowp::float_format& f : list) {
    const oracle::float_grid grid(f);
    const auto& points = grid.points();
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
      const auto &low = points[i], &high = points[i + 1];
      const double step = high.value - low.value;
      const bool is_negative = low.value < 0;
      if (is_negative && !f.is_signed) continue;
      if (low.value < 0 && high.value > 0) continue;  // around a zero that does not exist
      // Fractions that N bits see and some that they do not.
      for (const std::uint64_t k : {1u, 5u, 16u, 31u, 32u, 33u, 47u, 63u}) {
        const double x = is_negative ? high.value - step * static_cast<double>(k) / 64
                                     : low.value + step * static_cast<double>(k) / 64;
        const lowp::unpacked exact = lowp::unpack(x);
        const lowp::code_t inner = is_negative ? high.code : low.code;
        const lowp::code_t outer = is_negative ? low.code : high.code;
        const bool at_zero = (is_negative ? high.value : low.value) == 0;
        const lowp::code_t signed_inner =
            at_zero && is_negative && grid.has_negative_zero() ? f.sign_bit() : inner;
        for (const int n : {1, 3, 8}) {
          for (const auto v : variants) {
            std::uint64_t count = 0, others = 0;
            for (std::uint32_t r = 0; r < 1u << n; ++r) {
              const lowp::code_t code = encode(f, exact, stochastic_bits{r, n, v});
              count += code == outer ? 1 : 0;
              others += code != outer && code != signed_inner ? 1 : 0;
            }
            t.check(others == 0 && count == expected_count(dyadic(k, 6), n, v), [&](auto& out) {
              out << lowp::name(f).text << " " << x << " N " << n << " variant " << name_of(v)
                  << " count " << count << " others " << others;
            });
          }
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("T27: bits far below the last place still count") {
  // 1 + 2^-40 in e4m3fn: a fraction of 2^-37 of a step.
  const lowp::unpacked x = lowp::unpack(1 + 0x1p-40);
  constexpr auto f = lowp::formats::e4m3fn;
  // 32 bits cannot see it in variants a and c; what is exact differs from it by `equal`.
  CHECK(encode(f, x, stochastic_bits{~0u, 32, stochastic_variant::a}) == 0x38);
  CHECK(encode(f, x, stochastic_bits{~0u, 32, stochastic_variant::c}) == 0x38);
  CHECK(encode(f, x, stochastic_bits{~0u, 32, stochastic_variant::equal}) == 0x39);
  CHECK(encode(f, lowp::unpack(1.0), stochastic_bits{~0u, 32, stochastic_variant::equal}) == 0x38);
  // One part in 2^33 more than nothing, seen by b: floor(v 2^33) = 1.
  const lowp::unpacked y = lowp::unpack(1 + 0x1p-36);
  CHECK(encode(f, y, stochastic_bits{~0u, 32, stochastic_variant::b}) == 0x39);
  CHECK(encode(f, y, stochastic_bits{~0u - 1, 32, stochastic_variant::b}) == 0x38);
}

TEST_CASE("T29: out of range, stochastic rounding comes first and the policy second") {
  constexpr auto f = lowp::formats::e4m3fn;
  const lowp::unpacked x = lowp::unpack(467.0);  // 448 + 32 * 19/32
  int nans = 0;
  for (std::uint32_t r = 0; r < 256; ++r) {
    const stochastic_bits m{r, 8, stochastic_variant::c};
    CHECK(encode(f, x, m, lowp::overflow::saturate) == 0x7E);
    CHECK(encode(f, x, m, lowp::overflow::propagate) == 0x7E);
    const lowp::code_t code = encode(f, x, m, lowp::overflow::to_special);
    CHECK((code == 0x7E || code == 0x7F));
    nans += code == 0x7F ? 1 : 0;
    CHECK(encode(f, lowp::unpack(-500.0), m, lowp::overflow::to_special) == 0xFF);
    CHECK(encode(f, lowp::unpack(1e9), m, lowp::overflow::to_special) == 0x7F);
    CHECK(encode(f, lowp::unpacked::nan(), m, lowp::overflow::saturate) == 0x7F);
    CHECK(encode(f, lowp::unpacked::infinite(), m, lowp::overflow::saturate) == 0x7E);
    CHECK(encode(f, lowp::unpack(448.0), m, lowp::overflow::to_special) == 0x7E);
  }
  CHECK(nans == 256 * 19 / 32);
}

TEST_CASE("a draw is a pure function of seed and index, and pieces equal the whole") {
  constexpr auto f = lowp::formats::e2m1;
  const stochastic whole{.seed = 42};
  std::vector<lowp::code_t> codes;
  const auto value = [](std::uint64_t i) { return lowp::unpack(0.01 * static_cast<double>(i)); };
  for (std::uint64_t i = 0; i < 1000; ++i) codes.push_back(encode(f, value(i), at(whole, i)));
  int mismatches = 0;
  for (const std::uint64_t piece : {1u, 7u, 16u, 333u}) {
    for (std::uint64_t start = 0; start < 1000; start += piece) {
      const stochastic part = whole.at(start);
      for (std::uint64_t i = 0; i < piece && start + i < 1000; ++i) {
        mismatches += encode(f, value(start + i), part.at(i)) != codes[start + i] ? 1 : 0;
      }
    }
  }
  // Backwards, and each draw by its own index.
  for (std::uint64_t i = 1000; i-- > 0;) {
    mismatches += encode(f, value(i), stochastic{.seed = 42, .index = i}) != codes[i] ? 1 : 0;
  }
  CHECK(mismatches == 0);
}

TEST_CASE("a mode with a seed draws the words of random_bits") {
  oracle::tally t;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    for (const int n : {1, 5, 8, 9, 16, 17, 32}) {
      for (const auto v : variants) {
        const discarded d{dyadic(i % 64, 6) + i, false, false};
        const stochastic m{.seed = 9, .index = i, .random_bits = n, .variant = v};
        const stochastic_bits word{lowp::random_bits(9, i, n), n, v};
        t.check(rounds_up(m, d) == rounds_up(word, d), [&](auto& out) { out << i << " " << n; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("frequencies at fixed seeds lie within five standard deviations") {
  constexpr int draws = 100000;
  for (const std::uint64_t seed : {0u, 1u, 12345u}) {
    for (const int n : {8, 16, 32}) {
      for (const std::uint64_t sixteenths : {1u, 4u, 8u, 11u, 15u}) {
        const stochastic m{.seed = seed, .random_bits = n};
        int count = 0;
        for (std::uint64_t i = 0; i < draws; ++i) {
          count += rounds_up(m.at(i), {dyadic(sixteenths, 4), false, false}) ? 1 : 0;
        }
        const double p = static_cast<double>(sixteenths) / 16;
        INFO("seed " << seed << " N " << n << " p " << p);
        CHECK(std::fabs(count - draws * p) < 5 * std::sqrt(draws * p * (1 - p)));
      }
    }
  }
}
