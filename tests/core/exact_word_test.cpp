// SPDX-License-Identifier: MIT
// Exact arithmetic in one word against MPFR: the bits that it promises, and whether anything
// follows; special values against exact.hpp.
#include "lowp/core/exact_word.hpp"

#include "catch.hpp"
#include "core/exact_cases.hpp"
#include "oracle.hpp"

namespace {

using lowp::unpacked;
using oracle::real;
using test::describe;
using test::exponent_ranges;
using test::generator;
namespace word = lowp::exact_word;

/// Whether `actual` is f(a, b) cut after so many bits, in the upper word.
template <class Function>
void check(oracle::tally& t, int bits, const unpacked& actual, const unpacked& a, const unpacked& b,
           const Function& f) {
  real x(128), y(128);
  x.set(a);
  y.set(b);
  test::cut expected(bits);
  expected.is_exact = f(expected.value, x, y) == 0;
  t.check(actual.significand.low == 0 && test::is_same(expected, actual), describe(a, b));
}

void check_add(oracle::tally& t, const unpacked& a, const unpacked& b) {
  const auto sum = [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y) {
    return mpfr_add(r, x, y, MPFR_RNDZ);
  };
  check(t, word::result_bits, word::add(a, b), a, b, sum);
  check(t, word::result_bits, word::add(b, a), a, b, sum);
}

}  // namespace

TEST_CASE("word: products") {
  generator random(1);
  oracle::tally t;
  for (const int range : exponent_ranges) {
    for (int i = 0; i < 20000; ++i) {
      const unpacked a = random(word::factor_bits, range), b = random(word::factor_bits, range);
      check(t, 64, word::multiply(a, b), a, b,
            [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y) { return mpfr_mul(r, x, y, MPFR_RNDZ); });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("word: sums, whatever the gap and the cancellation") {
  generator random(2);
  oracle::tally t;
  constexpr int bits = word::summand_bits;
  for (const int range : exponent_ranges) {
    for (int i = 0; i < 20000; ++i) {
      check_add(t, random(bits, range), random(i % 2 == 0 ? bits : 24, range));
    }
  }
  for (int gap = -150; gap <= 150; ++gap) {
    for (int i = 0; i < 200; ++i) {
      const unpacked a = random(bits, 3);
      unpacked b = i % 2 == 0 ? random(bits, 3) : a;
      b.exponent = a.exponent + gap;
      b.negative = i % 4 < 2 ? !a.negative : a.negative;
      if (i % 8 == 3) b.significand.high ^= random.word() & 0x78;  // within the highest 61 bits
      if (i % 8 == 5) b.significand = {std::uint64_t{1} << 63, 0};
      check_add(t, a, b);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("word: sums of integers of 61 bits") {
  generator random(5);
  oracle::tally t;
  const auto sum = [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y) {
    return mpfr_add(r, x, y, MPFR_RNDZ);
  };
  const auto check_sum = [&](std::int64_t a, std::int64_t b) {
    constexpr int top = 63 - 20;  // in units of 2^-20
    const unpacked x = scale_by_power_of_two(unpacked::from_integer(a), -20);
    const unpacked y = scale_by_power_of_two(unpacked::from_integer(b), -20);
    for (const bool negative : {false, true}) {
      const unpacked actual = word::add_integers<top>(x, y, negative);
      if (actual.is_zero()) {
        t.check(a + b == 0 && actual == lowp::exact::add(x, y, negative), describe(x, y));
      } else {
        check(t, 64, actual, x, y, sum);
      }
    }
  };
  constexpr std::int64_t most = (std::int64_t{1} << 61) - 1;
  for (const std::int64_t a : {std::int64_t{0}, std::int64_t{1}, most}) {
    for (const std::int64_t b : {std::int64_t{0}, std::int64_t{1}, most}) {
      check_sum(a, b);
      check_sum(a, -b);
      check_sum(-a, -b);
    }
  }
  for (int i = 0; i < 40000; ++i) {
    const int width = 3 + static_cast<int>(random.word() % 58);
    const auto integer = [&] { return static_cast<std::int64_t>(random.word()) >> width; };
    check_sum(integer(), integer());
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("word: quotients of one digit and of two") {
  generator random(3);
  oracle::tally t;
  const auto check_divide = [&](const unpacked& a, const unpacked& b) {
    const auto quotient = [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y) {
      return mpfr_div(r, x, y, MPFR_RNDZ);
    };
    check(t, word::digit_bits, word::divide<true>(a, b), a, b, quotient);
    check(t, word::result_bits, word::divide<false>(a, b), a, b, quotient);
  };
  constexpr int bits = word::factor_bits;
  for (const int range : exponent_ranges) {
    for (int i = 0; i < 20000; ++i) check_divide(random(bits, range), random(bits, range));
  }
  for (std::uint64_t a = 1; a < 128; ++a) {
    for (std::uint64_t b = 1; b < 128; ++b) {
      check_divide(unpacked::from_integer(a), unpacked::from_integer(b));
      check_divide(unpacked::from_integer(0xFFFFFFFF - a), unpacked::from_integer(0xFFFFFFFF - b));
      check_divide(unpacked::from_integer(a), unpacked::from_integer(0x80000000 + b));
    }
  }
  for (int i = 0; i < 20000; ++i) {  // exact ones
    const unpacked a = random(16, 100), b = random(16, 100);
    check_divide(lowp::exact::multiply(a, b), b);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("word: square roots") {
  generator random(4);
  oracle::tally t;
  const auto check_sqrt = [&](unpacked a) {
    a.negative = false;
    const auto root = [](mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr) {
      return mpfr_sqrt(r, x, MPFR_RNDZ);
    };
    if (countr_zero(a.significand) >= 128 - word::factor_bits) {
      check(t, word::digit_bits, word::sqrt<true>(a), a, a, root);
    }
    check(t, word::result_bits, word::sqrt<false>(a), a, a, root);
  };
  for (const int range : exponent_ranges) {
    for (int i = 0; i < 10000; ++i) {
      check_sqrt(random(word::factor_bits, range));
      check_sqrt(random(word::summand_bits, range));
    }
  }
  for (std::uint64_t a = 1; a < 65536; ++a) {  // squares and their neighbours
    check_sqrt(unpacked::from_integer(a * a));
    check_sqrt(unpacked::from_integer(a * a - 1 + 2 * (a & 1)));
    check_sqrt(unpacked::scaled_integer(false, a * a, -7));
  }
  for (std::uint64_t a = 0xFFFFFFFF; a > 0xFFFFFF00; --a) check_sqrt(unpacked::from_integer(a));
  for (int i = 0; i < 20000; ++i) {  // squares of 30 bits and their neighbours
    const std::uint64_t a = random.word() >> 34;
    for (const std::uint64_t b : {a * a, a * a + 1, a * a - 1, a * a + 2 * a}) {
      if (b != 0) check_sqrt(unpacked::scaled_integer(false, b, i % 2));
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("word: the integer part of a root, also at compile time") {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  static_assert(word::root_of(most) == 0xFFFFFFFF);
  static_assert(word::root_of(std::uint64_t{1} << 62) == std::uint64_t{1} << 31);
  CHECK(word::root_of(most) == 0xFFFFFFFF);
  for (std::uint64_t root = 0x80000000; root <= 0xFFFFFFFF; root += 0x10001) {
    CHECK(word::root_of(root * root) == root);
    CHECK(word::root_of(root * root - 1) == root - 1);
    CHECK(word::root_of(root * root + 2 * root) == root);
  }
}

TEST_CASE("word: special values are those of exact.hpp") {
  const unpacked numbers[] = {unpacked::zero(),
                              unpacked::zero(true),
                              unpacked::infinite(),
                              unpacked::infinite(true),
                              unpacked::nan(),
                              unpacked::nan(true),
                              unpacked::from_integer(std::int64_t{3}),
                              unpacked::from_integer(std::int64_t{-3})};
  for (const unpacked& a : numbers) {
    CHECK((word::sqrt<true>(a) == lowp::exact::sqrt(a) || a.kind == lowp::value_kind::finite));
    for (const unpacked& b : numbers) {
      CHECK(word::multiply(a, b) == lowp::exact::multiply(a, b));
      for (const bool negative : {false, true}) {
        CHECK(word::add(a, b, negative) == lowp::exact::add(a, b, negative));
      }
      CHECK(word::divide<true>(a, b) == lowp::exact::divide(a, b));
      CHECK(word::divide<false>(a, b) == lowp::exact::divide(a, b));
    }
  }
}
