// SPDX-License-Identifier: MIT
// Elementary functions of arrays: definitions against MPFR, in constant expressions and in any
// floating-point environment; every target against the definitions; arguments.
#include "lowp/functions/elementary.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "digests/digest.hpp"
#include "float_environment.hpp"
#include "functions/oracle.hpp"
#include "isas.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

[[nodiscard]] std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
[[nodiscard]] bool is_nan(std::uint32_t bits) { return (bits & 0x7FFFFFFFu) > 0x7F800000u; }

/// Random numbers of any exponent, more of those near 1, and the ends of everything.
[[nodiscard]] std::vector<float> sample() {
  std::vector<float> x;
  test::split_mix random(1);
  for (int i = 0; i < 700; ++i)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random.word())));
  for (int i = 0; i < 800; ++i) {
    x.push_back(std::bit_cast<float>(0x3B000000u + random.below(0x08000000u)));
    x.push_back(-x.back());
  }
  for (const std::uint32_t bits :
       {0u, 1u, 2u, 0x7FFFFFu, 0x800000u, 0x3F800000u, 0x7F7FFFFFu, 0x7F800000u, 0x7FC00000u,
        0x7F800001u, 0x42B17217u, 0x42B17218u, 0x42AEAC50u, 0x42CFF1B5u, 0x42D00000u, 0x43000000u,
        // about multiples of pi/2, and where they are far
        0x3FC90FDAu, 0x3FC90FDBu, 0x40490FDBu, 0x4B7FFFFFu, 0x4B800000u, 0x4BFFFFFFu, 0x4C000000u,
        0x4C7FFFFFu, 0x4C800000u, 0x6F79BE45u,
        // zeros and poles of lgamma
        0x401D3FE5u, 0x401D3FE6u, 0x402FDA08u, 0x402FDA09u, 0x4049306Du, 0x4049306Eu, 0x40800000u,
        0x3FFFFFFFu, 0x40000001u, 0x3F7FFFFFu, 0x3F800001u, 0x4AFFFFFFu, 0x4B000000u}) {
    for (const std::uint32_t sign : {0u, 0x80000000u})
      x.push_back(std::bit_cast<float>(bits | sign));
  }
  // In vectors of numbers of one kind, too: functions have shorter ways for these.
  std::sort(x.begin() + 700, x.end(), [](float a, float b) { return bits_of(a) < bits_of(b); });
  return x;
}

/// Of results for the sample: an error in a coefficient may be too small for the stated bound.
constexpr test::digests::line expected_digests[] = {
    {"exp", 0xB367AAAF408BA56C},   {"exp2", 0xEC33DD28A07EB6ED},   {"exp10", 0xAF1DD79F4D0D13E4},
    {"expm1", 0xC473B1417412855F}, {"log", 0x1E87771A5F58649A},    {"log2", 0x70F3A05400352181},
    {"log10", 0xBFB5EE9C2CE5B62C}, {"log1p", 0x9068D7FCE3D76781},  {"tanh", 0xF8B1829BFB667B14},
    {"erf", 0x72F9FDE6EE86C473},   {"erfc", 0x33F3DBD2115FC126},   {"gelu", 0x25C758E3484A3E7D},
    {"cbrt", 0x0BC114FE85FBD123},  {"lgamma", 0x2298D1009E6593C5}, {"sin", 0xBA7D5714F671ECAD},
    {"cos", 0x22C1E016ECAAF4F6},   {"tan", 0xAFFD5F06CDEB7CA1},    {"sigmoid", 0xCB7532E030B8E150},
    {"silu", 0xB9BD789CE1124666},  {"sqrt", 0xAD968B2D9314C8B8},   {"rsqrt", 0x4469E34CFEFDF6D7},
};

}  // namespace

TEST_CASE("Elementary functions are off by no more than they say, and have not moved") {
  const default_float_environment environment;
  mpfr_t in, exact;
  mpfr_init2(in, 24);
  mpfr_init2(exact, 53);
  std::vector<std::uint64_t> digests;
  for (const test::functions::unary& f : test::functions::unary_functions) {
    test::digests::digest results;
    for (const float x : sample()) {
      const float y = f.definition(x);
      results.add(y);
      mpfr_set_flt(in, x, MPFR_RNDN);
      f.exact(exact, in, MPFR_RNDN);
      INFO(f.name << " of 0x" << std::hex << bits_of(x) << " is 0x" << bits_of(y));
      if (is_nan(bits_of(x)) || mpfr_nan_p(exact) != 0) {
        REQUIRE(bits_of(y) == 0x7FC00000u);
      } else {
        REQUIRE(test::functions::error_of(y, mpfr_get_d(exact, MPFR_RNDN)) <= f.worst_error);
      }
    }
    digests.push_back(results.value());
  }
  mpfr_clear(in);
  mpfr_clear(exact);
  test::digests::table table(expected_digests);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    table.check(test::functions::unary_functions[i].name, digests[i]);
  }
  table.finish();
}

TEST_CASE("Every target computes elementary functions as they are defined, in any environment") {
  const std::vector<float> x = sample();
  for (const test::functions::unary& f : test::functions::unary_functions) {
    std::vector<float> expected(x.size()), y(x.size() + 1);
    for (std::size_t i = 0; i < x.size(); ++i) expected[i] = f.definition(x[i]);
    const auto is_expected = [&](const execution& how, std::size_t count, const float* from) {
      f.array({from, count}, {y.data(), count}, how);
      return std::memcmp(y.data(), expected.data(), count * sizeof(float)) == 0;
    };
    for (const isa level : test::isas()) {
      INFO(f.name << " on " << name(level));
      CHECK(is_expected(level, x.size(), x.data()));
      CHECK(is_expected({threads{2}, level}, x.size(), x.data()));
      for (std::size_t count = 0; count < 70; ++count) {  // short ones, and nothing behind them
        y[count] = 7;
        REQUIRE(is_expected(level, count, x.data()));
        REQUIRE(y[count] == 7);
      }
      std::memcpy(y.data(), x.data(), x.size() * sizeof(float));
      CHECK(is_expected(level, x.size(), y.data()));  // in place
    }
    for (const std::uint32_t flags : test::unusual_environments) {
      const test::float_environment environment(flags);
      std::size_t unequal = is_expected({}, x.size(), x.data()) ? 0 : 1;
      for (std::size_t i = 0; i < x.size(); i += 7) {
        unequal += bits_of(f.definition(x[i])) == bits_of(expected[i]) ? 0u : 1u;
      }
      CHECK(unequal == 0);
    }
  }
}

namespace {

/// Pairs of what clause 9.2 of IEEE 754-2019 speaks of, of any exponents, and of which the power
/// is a number.
void fill_pairs(std::vector<float>& x, std::vector<float>& y) {
  std::vector<float> ends;
  for (const float end : {0.0f, 0x1p-149f, 0.5f, 0x1.fffffep-1f, 1.0f, 0x1.000002p+0f, 1.5f, 2.0f,
                          3.0f, 8388607.5f, 16777215.0f, 16777216.0f, 0x1.fffffep+127f,
                          std::bit_cast<float>(0x7F800000u), std::bit_cast<float>(0x7FC00000u)}) {
    ends.push_back(end);
    ends.push_back(-end);
  }
  for (const float a : ends) {
    for (const float b : ends) {
      x.push_back(a);
      y.push_back(b);
    }
  }
  test::split_mix random(2);
  for (int i = 0; i < 1200; ++i) {
    const auto word = static_cast<std::uint32_t>(random.word());
    const bool is_near_one = i % 3 == 0;
    const std::uint32_t exponent = is_near_one ? 0x3F000000u : word & 0x7F800000u;
    x.push_back(std::bit_cast<float>((word & 0x007FFFFFu) | exponent));
    const double logarithm = std::log2(static_cast<double>(x.back()));
    const double exact = (static_cast<double>(random.below(310)) - 155) / logarithm;
    y.push_back(i % 3 == 1 ? static_cast<float>(exact)
                           : static_cast<float>(random.below(400)) / 4 - 50);
    if (i / 40 % 5 == 0) x.back() = -x.back();  // many at a time: there is a way without
  }
}

}  // namespace

TEST_CASE("pow is off by no more than it says, on every target") {
  const default_float_environment environment;
  std::vector<float> x, y;
  fill_pairs(x, y);
  std::vector<float> expected(x.size()), z(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) expected[i] = reference::pow(x[i], y[i]);
  for (const isa level : test::isas()) {
    INFO(name(level));
    functions::pow(x, y, z, level);
    CHECK(std::memcmp(z.data(), expected.data(), x.size() * sizeof(float)) == 0);
    z = y;
    functions::pow(x, z, z, {threads{2}, level});
    CHECK(std::memcmp(z.data(), expected.data(), x.size() * sizeof(float)) == 0);
  }
  mpfr_t a, b, exact;
  mpfr_inits2(24, a, b, static_cast<mpfr_ptr>(nullptr));
  mpfr_init2(exact, 53);
  for (std::size_t i = 0; i < x.size(); ++i) {
    mpfr_set_flt(a, x[i], MPFR_RNDN);
    mpfr_set_flt(b, y[i], MPFR_RNDN);
    mpfr_pow(exact, a, b, MPFR_RNDN);
    INFO("pow of 0x" << std::hex << bits_of(x[i]) << ", 0x" << bits_of(y[i]) << " is 0x"
                     << bits_of(expected[i]));
    if (mpfr_nan_p(exact) != 0) {
      REQUIRE(bits_of(expected[i]) == 0x7FC00000u);
    } else {
      REQUIRE(test::functions::error_of(expected[i], mpfr_get_d(exact, MPFR_RNDN)) <=
              functions::max_error_ulp::pow);
    }
  }
  mpfr_clears(a, b, exact, static_cast<mpfr_ptr>(nullptr));
  CHECK_THROWS_AS(functions::pow(x, std::span<const float>(y).first(3), z), std::invalid_argument);
}

TEST_CASE("Elementary functions refuse arrays that do not fit, before they write") {
  std::vector<float> x(8, 1.0f), y(9, 5.0f);
  CHECK_THROWS_AS(functions::exp(x, y), std::invalid_argument);
  CHECK_THROWS_AS(functions::exp(std::span<const float>(x.data(), 7), {x.data() + 1, 7}),
                  std::invalid_argument);
  CHECK_THROWS_AS(functions::exp(x, std::span<float>(static_cast<float*>(nullptr), 8)),
                  std::invalid_argument);
  CHECK(x == std::vector<float>(8, 1.0f));
  CHECK(y == std::vector<float>(9, 5.0f));
}

TEST_CASE("Elementary functions are constant expressions") {
  constexpr float e = reference::exp(1.0f), tiny = reference::exp(-100.0f);
  constexpr float root = reference::sqrt(0x1.8p-149f), power = reference::pow(-2.5f, 7.0f);
  constexpr reference::scaled_number large = reference::scaled_exp(1000.0f);
  const volatile float one = 1, below = -100, least = 0x1.8p-149f, base = -2.5f, thousand = 1000;
  CHECK(bits_of(e) == bits_of(reference::exp(one)));
  CHECK(bits_of(tiny) == bits_of(reference::exp(below)));
  CHECK(bits_of(root) == bits_of(reference::sqrt(least)));
  CHECK(bits_of(power) == bits_of(reference::pow(base, 7.0f)));
  CHECK(large == reference::scaled_exp(thousand));
}

namespace {

/// Where compilers refuse to compute, and where a definition overflows in a way not taken.
constexpr float remarkable[] = {0.0f,
                                0x1p-149f,
                                -3.0f,
                                1000.0f,
                                -1e20f,
                                0x1p+26f,
                                std::bit_cast<float>(0x7F800000u),
                                std::bit_cast<float>(0xFF800000u),
                                std::bit_cast<float>(0x7FC00000u)};
template <class Function>
[[nodiscard]] constexpr auto results_of(const Function& f) {
  std::array<std::uint32_t, std::size(remarkable)> results{};
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = std::bit_cast<std::uint32_t>(f(remarkable[i]));
  }
  return results;
}

}  // namespace

TEST_CASE("Elementary functions are constant expressions of any number"){
#define LOWP_FUNCTION(name, error)                                       \
  {                                                                      \
    constexpr auto f = [](float x) { return lowp::reference::name(x); }; \
    constexpr auto expected = results_of(f);                             \
    CHECK(results_of(f) == expected);                                    \
  }
#define LOWP_FUNCTION_OF_TWO(name, error)                                       \
  {                                                                             \
    constexpr auto f = [](float x) { return lowp::reference::name(x, -2.5f); }; \
    constexpr auto g = [](float x) { return lowp::reference::name(-2.5f, x); }; \
    constexpr auto expected = results_of(f), of_second = results_of(g);         \
    CHECK((results_of(f) == expected && results_of(g) == of_second));           \
  }
#include "lowp/kernels/functions/list.inc"
}

TEST_CASE("e^x as a mantissa and an exponent neither overflows nor underflows") {
  const auto infinity = std::numeric_limits<float>::infinity();
  const default_float_environment environment;
  mpfr_t exact;
  mpfr_init2(exact, 64);
  for (const float x : {0.0f, 1.0f, -87.3f, 88.8f, 1000.0f, -1000.0f, 12345.67f, -54321.0f}) {
    const reference::scaled_number y = reference::scaled_exp(x);
    mpfr_set_flt(exact, x, MPFR_RNDN);
    mpfr_exp(exact, exact, MPFR_RNDN);
    mpfr_mul_2si(exact, exact, -static_cast<long>(y.exponent), MPFR_RNDN);
    CHECK(test::functions::error_of(y.mantissa, mpfr_get_d(exact, MPFR_RNDN)) <= 0.9);
    CHECK((y.mantissa > 0.7f && y.mantissa < 1.42f));
  }
  mpfr_clear(exact);
  float before = -std::numeric_limits<float>::max();
  for (const float x : {-3e38f, -1e20f, -1e8f, -3e6f, 3e6f, 1e8f, 1e20f, 3e38f}) {
    const reference::scaled_number y = reference::scaled_exp(x);
    CHECK(y.mantissa == 1);
    CHECK((y.exponent >= before && std::trunc(y.exponent) == y.exponent));
    before = y.exponent;
  }
  CHECK(bits_of(reference::scaled_exp(infinity).mantissa) == 0x7F800000u);
  CHECK(bits_of(reference::scaled_exp(-infinity).mantissa) == 0);
  CHECK(bits_of(reference::scaled_exp(std::bit_cast<float>(0xFF800001u)).mantissa) == 0x7FC00000u);
}
