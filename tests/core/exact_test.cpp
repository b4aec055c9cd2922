// SPDX-License-Identifier: MIT
// Exact arithmetic against MPFR: the first 97 bits of every result, and whether anything follows.
#include "lowp/core/exact.hpp"

#include <vector>

#include "catch.hpp"
#include "core/exact_cases.hpp"
#include "oracle.hpp"

namespace {

using lowp::unpacked;
using oracle::real;
using test::describe;
using test::generator;

constexpr int kept_bits = 97;
struct cut : test::cut {
  cut() : test::cut(kept_bits) {}
};

template <class Describe>
void check(oracle::tally& t, cut& expected, const unpacked& actual, Describe&& describe) {
  t.check(test::is_same(expected, actual), describe);
}

struct operands {
  real a{128}, b{128}, c{128};
  operands(const unpacked& x, const unpacked& y, const unpacked& z = {}) {
    a.set(x);
    b.set(y);
    c.set(z);
  }
};

void check_add(oracle::tally& t, const unpacked& a, const unpacked& b) {
  operands o(a, b);
  cut expected;
  expected.is_exact = mpfr_add(expected.value, o.a, o.b, MPFR_RNDZ) == 0;
  check(t, expected, lowp::exact::add(a, b), describe(a, b));
}

void check_multiply_add(oracle::tally& t, const unpacked& a, const unpacked& b, const unpacked& c) {
  operands o(a, b, c);
  cut expected;
  expected.is_exact = mpfr_fma(expected.value, o.a, o.b, o.c, MPFR_RNDZ) == 0;
  check(t, expected, lowp::exact::multiply_add(a, b, c), describe(a, b, c));
}

}  // namespace

TEST_CASE("products are exact") {
  generator random(1);
  oracle::tally t;
  for (const int range : test::exponent_ranges) {
    for (int i = 0; i < 20000; ++i) {
      const unpacked a = random(64, range), b = random(64, range);
      operands o(a, b);
      real expected(128), actual(128);
      const bool is_exact = mpfr_mul(expected, o.a, o.b, MPFR_RNDZ) == 0;
      actual.set(lowp::exact::multiply(a, b));
      t.check(is_exact && mpfr_equal_p(expected, actual) != 0, describe(a, b));
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("sums are exact or sticky, whatever the gap and the cancellation") {
  generator random(2);
  oracle::tally t;
  for (const int range : test::exponent_ranges) {
    for (int i = 0; i < 30000; ++i) check_add(t, random(64, range), random(64, range));
  }
  // Every gap between exponents, with operands that all but cancel.
  for (int gap = -300; gap <= 300; ++gap) {
    for (int i = 0; i < 60; ++i) {
      const unpacked a = random(64, 3);
      unpacked b = i % 2 == 0 ? random(64, 3) : a;
      b.exponent = a.exponent + gap;
      b.negative = i % 4 < 2 ? !a.negative : a.negative;
      if (i % 8 == 3) b.significand.high ^= random.word() & 0xF;
      if (i % 8 == 5) b.significand = {std::uint64_t{1} << 63, 0};
      check_add(t, a, b);
      check_add(t, b, a);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("fused multiply-add is exact or sticky, with products that all but cancel") {
  generator random(3);
  oracle::tally t;
  for (const int range : test::exponent_ranges) {
    for (int i = 0; i < 20000; ++i) {
      check_multiply_add(t, random(63, range), random(63, range), random(63, range));
    }
  }
  for (int i = 0; i < 60000; ++i) {
    const unpacked a = random(63, 40), b = random(63, 40);
    // The first 63 bits of the product, give or take a unit, and shifted against it.
    const unpacked product = lowp::exact::multiply(a, b);
    unpacked c = product;
    c.negative = !product.negative;
    c.significand = {product.significand.high & ~std::uint64_t{1}, 0};
    if (i % 3 == 1 && c.significand.high < ~std::uint64_t{1}) c.significand.high += 2;
    if (i % 5 == 1) c.exponent += random.exponent(3);
    if (i % 7 == 1) c.exponent += random.exponent(140);
    check_multiply_add(t, a, b, c);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("quotients are right in 97 bits and say whether they are exact") {
  generator random(4);
  oracle::tally t;
  const auto check_divide = [&](const unpacked& a, const unpacked& b) {
    operands o(a, b);
    cut expected;
    expected.is_exact = mpfr_div(expected.value, o.a, o.b, MPFR_RNDZ) == 0;
    check(t, expected, lowp::exact::divide(a, b), describe(a, b));
  };
  for (const int range : test::exponent_ranges) {
    for (int i = 0; i < 10000; ++i) check_divide(random(64, range), random(64, range));
  }
  for (std::uint64_t a = 1; a < 64; ++a) {
    for (std::uint64_t b = 1; b < 64; ++b) {
      check_divide(unpacked::from_integer(a), unpacked::from_integer(b));
    }
  }
  // Divisors whose upper half says little or all about them, where digits are guessed worst.
  std::vector<unpacked> extremes;
  for (const std::uint64_t high : {0x80000000ull, 0x80000001ull, 0xFFFFFFFFull, 0xFFFFFFFEull}) {
    for (const std::uint64_t low :
         {0ull, 1ull, 2ull, 0x7FFFFFFFull, 0xFFFFFFFEull, 0xFFFFFFFFull}) {
      extremes.push_back(unpacked::scaled_integer(false, high << 32 | low, 0));
    }
  }
  for (const unpacked& a : extremes) {
    for (const unpacked& b : extremes) check_divide(a, b);
    for (int i = 0; i < 1000; ++i) {
      const unpacked b = random(64, 1);
      check_divide(a, b);
      check_divide(b, a);
    }
  }
  // Exact quotients: (a * b) / b.
  for (int i = 0; i < 10000; ++i) {
    const unpacked a = random(32, 100), b = random(32, 100);
    check_divide(lowp::exact::multiply(a, b), b);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("square roots are right in 97 bits and say whether they are exact") {
  generator random(5);
  oracle::tally t;
  const auto check_sqrt = [&](unpacked a) {
    a.negative = false;
    operands o(a, {});
    cut expected;
    expected.is_exact = mpfr_sqrt(expected.value, o.a, MPFR_RNDZ) == 0;
    check(t, expected, lowp::exact::sqrt(a), describe(a, {}));
  };
  for (const int range : test::exponent_ranges) {
    for (int i = 0; i < 10000; ++i) check_sqrt(random(64, range));
  }
  for (std::uint64_t a = 1; a < 3000; ++a) {
    check_sqrt(unpacked::from_integer(a));
    check_sqrt(unpacked::from_integer(a * a));
    check_sqrt(unpacked::scaled_integer(false, a * a + 1, -7));
  }
  for (int i = 0; i < 10000; ++i) {
    const unpacked a = random(32, 1000);
    check_sqrt(lowp::exact::multiply(a, a));
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("the order of values is that of MPFR") {
  generator random(6);
  oracle::tally t;
  std::vector<unpacked> list{unpacked::zero(), unpacked::zero(true), unpacked::infinite(),
                             unpacked::infinite(true), unpacked::nan()};
  for (int i = 0; i < 400; ++i) {
    const unpacked a = random(64, i % 2 == 0 ? 2 : 100);
    unpacked b = a;
    b.significand.low ^= std::uint64_t{1} << (i % 64);
    list.insert(list.end(), {a, -a, b});
  }
  for (const unpacked& a : list) {
    for (const unpacked& b : list) {
      operands o(a, b);
      const auto order = lowp::exact::compare(a, b);
      const bool is_right = mpfr_unordered_p(o.a, o.b) != 0
                                ? order == std::partial_ordering::unordered
                                : (order < 0) == (mpfr_less_p(o.a, o.b) != 0) &&
                                      (order > 0) == (mpfr_greater_p(o.a, o.b) != 0) &&
                                      (order == 0) == (mpfr_equal_p(o.a, o.b) != 0);
      t.check(is_right, describe(a, b));
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("specials combine as in IEEE 754 clauses 6 and 7") {
  const std::vector<unpacked> list{unpacked::zero(),
                                   unpacked::zero(true),
                                   unpacked::infinite(),
                                   unpacked::infinite(true),
                                   unpacked::nan(),
                                   unpacked::from_integer(std::int64_t{3}),
                                   unpacked::from_integer(std::int64_t{-3})};
  oracle::tally t;
  for (const unpacked& a : list) {
    cut root;
    operands alone(a, {});
    root.is_exact = mpfr_sqrt(root.value, alone.a, MPFR_RNDZ) == 0;
    check(t, root, lowp::exact::sqrt(a), describe(a, {}));
    for (const unpacked& b : list) {
      operands o(a, b);
      cut sum, down, product, quotient;
      sum.is_exact = mpfr_add(sum.value, o.a, o.b, MPFR_RNDZ) == 0;
      check(t, sum, lowp::exact::add(a, b), describe(a, b));
      down.is_exact = mpfr_add(down.value, o.a, o.b, MPFR_RNDD) == 0;
      check(t, down, lowp::exact::add(a, b, true), describe(a, b));
      product.is_exact = mpfr_mul(product.value, o.a, o.b, MPFR_RNDZ) == 0;
      check(t, product, lowp::exact::multiply(a, b), describe(a, b));
      quotient.is_exact = mpfr_div(quotient.value, o.a, o.b, MPFR_RNDZ) == 0;
      check(t, quotient, lowp::exact::divide(a, b), describe(a, b));
      for (const unpacked& c : list) {
        operands three(a, b, c);
        cut fused;
        fused.is_exact = mpfr_fma(fused.value, three.a, three.b, three.c, MPFR_RNDZ) == 0;
        check(t, fused, lowp::exact::multiply_add(a, b, c), describe(a, b, c));
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("an infinite factor times zero is NaN even when a number is added") {
  const auto x = lowp::exact::multiply_add(unpacked::infinite(), unpacked::zero(),
                                           unpacked::from_integer(std::int64_t{1}));
  CHECK(x.is_nan());
}
