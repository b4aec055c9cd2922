// SPDX-License-Identifier: MIT
// Elementary functions of arrays: definitions against MPFR, in constant expressions and in any
// floating-point environment; every target against the definitions; arguments.
#include "lowp/functions/elementary.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
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
  for (const std::uint32_t bits : {0u, 1u, 2u, 0x7FFFFFu, 0x800000u, 0x3F800000u, 0x7F7FFFFFu,
                                   0x7F800000u, 0x7FC00000u, 0x7F800001u, 0x42B17217u, 0x42B17218u,
                                   0x42AEAC50u, 0x42CFF1B5u, 0x42D00000u, 0x43000000u}) {
    for (const std::uint32_t sign : {0u, 0x80000000u})
      x.push_back(std::bit_cast<float>(bits | sign));
  }
  return x;
}

}  // namespace

TEST_CASE("Elementary functions are off by no more than they say") {
  mpfr_t in, exact;
  mpfr_init2(in, 24);
  mpfr_init2(exact, 53);
  for (const test::functions::unary& f : test::functions::unary_functions) {
    for (const float x : sample()) {
      const float y = f.definition(x);
      mpfr_set_flt(in, x, MPFR_RNDN);
      f.exact(exact, in, MPFR_RNDN);
      INFO(f.name << " of 0x" << std::hex << bits_of(x) << " is 0x" << bits_of(y));
      if (is_nan(bits_of(x)) || mpfr_nan_p(exact) != 0) {
        REQUIRE(bits_of(y) == 0x7FC00000u);
      } else {
        const default_float_environment environment;
        REQUIRE(test::functions::error_of(y, mpfr_get_d(exact, MPFR_RNDN)) <= f.worst_error);
      }
    }
  }
  mpfr_clear(in);
  mpfr_clear(exact);
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
  const volatile float one = 1, below = -100;
  CHECK(bits_of(e) == bits_of(reference::exp(one)));
  CHECK(bits_of(tiny) == bits_of(reference::exp(below)));
}
