// SPDX-License-Identifier: MIT
// The long accumulator is an integer: whatever is added in whatever order, its value is the sum
// that GMP has.
#include "lowp/gemm/definition/exact_sum.hpp"

#include <gmp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/number/unpack.hpp"
#include "oracle.hpp"

using lowp::exact_sum;
using lowp::unpacked;

namespace {

std::uint64_t random_word(std::uint64_t i) {
  std::uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// The sum as an integer in units of 2^unit.
class integer_sum {
 public:
  explicit integer_sum(int unit) : unit_(unit) {
    mpz_init(sum_);
    mpz_init(term_);
  }
  integer_sum(const integer_sum&) = delete;
  integer_sum& operator=(const integer_sum&) = delete;
  ~integer_sum() {
    mpz_clear(sum_);
    mpz_clear(term_);
  }

  void add(const unpacked& x) {
    if (x.is_zero()) return;
    static_assert(sizeof(unsigned long) == 8);
    mpz_set_ui(term_, x.significand.high);
    mpz_mul_2exp(term_, term_, 64);
    mpz_add_ui(term_, term_, x.significand.low);
    mpz_mul_2exp(term_, term_, static_cast<mp_bitcnt_t>(x.exponent - 127 - unit_));
    if (x.negative) {
      mpz_sub(sum_, sum_, term_);
    } else {
      mpz_add(sum_, sum_, term_);
    }
  }
  /// 128 bits from the leading one, the lowest set if anything follows.
  [[nodiscard]] unpacked value() {
    if (mpz_sgn(sum_) == 0) return unpacked::zero();
    mpz_abs(term_, sum_);
    const auto width = static_cast<int>(mpz_sizeinbase(term_, 2));
    bool is_inexact = false;
    if (width > 128) {
      const auto excess = static_cast<mp_bitcnt_t>(width - 128);
      is_inexact = mpz_scan1(term_, 0) < excess;
      mpz_tdiv_q_2exp(term_, term_, excess);
    } else {
      mpz_mul_2exp(term_, term_, static_cast<mp_bitcnt_t>(128 - width));
    }
    unpacked result;
    result.kind = lowp::value_kind::finite;
    result.negative = mpz_sgn(sum_) < 0;
    result.exponent = unit_ + width - 1;
    result.significand.low = mpz_get_ui(term_) | (is_inexact ? 1u : 0u);
    mpz_tdiv_q_2exp(term_, term_, 64);
    result.significand.high = mpz_get_ui(term_);
    return result;
  }

 private:
  int unit_;
  mpz_t sum_, term_;
};

/// Adds a list to both and compares after each of the last `checks` additions.
void compare(oracle::tally& t, const char* name, int low, int high,
             const std::vector<unpacked>& list, std::size_t checks = 8) {
  exact_sum actual(low, high);
  integer_sum expected(low - 127);
  for (std::size_t i = 0; i < list.size(); ++i) {
    actual.add(list[i]);
    expected.add(list[i]);
    if (i + checks < list.size()) continue;
    const unpacked a = actual.value(), e = expected.value();
    t.check(a == e, [&](auto& text) {
      text << name << " after " << i + 1 << " terms: " << std::hex << a.significand.high << " "
           << a.significand.low << " 2^" << std::dec << a.exponent << (a.negative ? " -" : " +")
           << ", expected " << std::hex << e.significand.high << " " << e.significand.low << " 2^"
           << std::dec << e.exponent << (e.negative ? " -" : " +");
    });
  }
}

unpacked term(bool negative, int exponent, std::uint64_t high, std::uint64_t low) {
  return {lowp::value_kind::finite, negative, exponent, {high | std::uint64_t{1} << 63, low}};
}

}  // namespace

TEST_CASE("A sum of random values is the integer that GMP computes, at every prefix") {
  oracle::tally t;
  std::uint64_t next = 0;
  for (const auto& [low, high] : {std::pair{0, 0},
                                  {-3, 3},
                                  {-64, 64},
                                  {-298, 256},
                                  {-700, -20},
                                  {1000, 1130},
                                  {-100000, -99900},
                                  {-4000, 4000}}) {
    for (int repeat = 0; repeat < 40; ++repeat) {
      std::vector<unpacked> list;
      const std::size_t count = 1 + random_word(next++) % 60;
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t w = random_word(next++);
        const auto span = static_cast<std::uint64_t>(high - low + 1);
        const int exponent = low + static_cast<int>(w % span);
        // Few bits, 64 bits, 128 bits; ones throughout, which carry far.
        const std::uint64_t high_bits = w & 1024   ? random_word(next++)
                                        : w & 2048 ? ~std::uint64_t{0}
                                                   : w << 59;
        const std::uint64_t low_bits = w & 4096   ? random_word(next++)
                                       : w & 8192 ? ~std::uint64_t{0}
                                                  : 0;
        list.push_back(term((w >> 20) % 2 == 1, exponent, high_bits, low_bits));
      }
      compare(t, "random", low, high, list, list.size());
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Terms that cancel leave exactly what does not") {
  oracle::tally t;
  std::uint64_t next = 1u << 20;
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::vector<unpacked> list;
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t w = random_word(next++);
      const std::uint64_t high = random_word(next++), low = random_word(next++);
      const unpacked x = term(false, static_cast<int>(w % 501) - 250, high, low);
      list.push_back(x);
      list.push_back(-x);
    }
    if (repeat % 2 == 0) {  // something small survives
      list.push_back(term(repeat % 4 == 0, -250, 1, 0));
    }
    for (std::size_t i = list.size() - 1; i > 0; --i) {
      std::swap(list[i], list[random_word(next++) % (i + 1)]);
    }
    compare(t, "cancellation", -250, 250, list, list.size());
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A carry and a borrow run through every word between the ends") {
  oracle::tally t;
  for (const int low : {-400, -337, 0, 5}) {
    const int high = low + 600;
    // 2^high - 2^low + 2^low, and down through zero to negative and back.
    const unpacked tiny = term(false, low, 0, 0), huge = term(false, high, 0, 0);
    compare(t, "borrow", low, high, {huge, -tiny, tiny, -huge, -tiny, -tiny, huge, tiny, tiny}, 9);
    compare(t, "negative", low, high, {-huge, tiny, -tiny, huge, tiny, tiny, -huge}, 7);
    // All ones from low to high, then one more unit.
    std::vector<unpacked> ones;
    for (int e = low; e < high; ++e) ones.push_back(term(false, e, 0, 0));
    ones.push_back(tiny);
    ones.push_back(-huge);
    compare(t, "ones", low, high, ones, ones.size());
    for (unpacked& x : ones) x = -x;
    compare(t, "minus ones", low, high, ones, ones.size());
    // Every lowest exponent meets every shift within a word.
    for (int e = low; e < low + 130; ++e) {
      compare(t, "shifts", low, high,
              {term(false, e, ~std::uint64_t{0}, ~std::uint64_t{0}), tiny, -huge, huge,
               term(true, e, ~std::uint64_t{0}, ~std::uint64_t{0})},
              5);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Many large terms of one sign do not run out at the top") {
  oracle::tally t;
  std::vector<unpacked> list(5000, term(false, 10, ~std::uint64_t{0}, ~std::uint64_t{0}));
  compare(t, "top", 10, 10, list, 3);
  for (unpacked& x : list) x = -x;
  compare(t, "bottom", 10, 10, list, 3);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("NaN, infinities and zeros of a sum follow IEEE 754, and clear forgets them") {
  exact_sum sum(-10, 10);
  CHECK(sum.value() == unpacked::zero());
  sum.add(unpacked::zero(true));
  CHECK(sum.value() == unpacked::zero());
  const unpacked one = lowp::unpack(1);
  sum.add(one);
  sum.add(unpacked::infinite());
  CHECK(sum.value() == unpacked::infinite());
  sum.add(-one);
  sum.add(unpacked::infinite());
  CHECK(sum.value() == unpacked::infinite());
  sum.add(unpacked::infinite(true));
  CHECK(sum.value().is_nan());
  sum.clear();
  CHECK(sum.value() == unpacked::zero());
  sum.add(unpacked::infinite(true));
  CHECK(sum.value() == unpacked::infinite(true));
  sum.clear();
  sum.add(one);
  sum.add(unpacked::nan());
  sum.add(unpacked::infinite());
  CHECK(sum.value().is_nan());
  sum.clear();
  sum.add(-one);
  sum.add(one);
  CHECK(sum.value() == unpacked::zero());  // +0
}

TEST_CASE("What a sum holds rounds to binary32 and binary64 as the integer does") {
  oracle::tally t;
  std::uint64_t next = 1u << 24;
  for (int repeat = 0; repeat < 3000; ++repeat) {
    // A value of binary32 or the middle between two, and sometimes far below it a little more.
    exact_sum sum(-400, 200);
    oracle::real expected(1024), x(128);
    const auto add = [&](const unpacked& value) {
      sum.add(value);
      x.set(value);
      mpfr_add(expected, expected, x, MPFR_RNDN);
    };
    mpfr_set_zero(expected, 1);
    const std::uint64_t w = random_word(next++);
    const int exponent = static_cast<int>(w % 290) - 155;
    const bool negative = (w >> 40) % 2 == 1;
    add(term(negative, exponent, random_word(next++) >> 40 << 40, 0));
    if (w & 512) add(term(negative, exponent - 24, 0, 0));
    if (w & 1024) add(term((w & 2048) != 0, -400 + static_cast<int>((w >> 50) % 100), 0, 0));
    const auto narrow = std::bit_cast<std::uint32_t>(lowp::pack_as<float>(sum.value()));
    const auto wide = std::bit_cast<std::uint64_t>(lowp::pack_as<double>(sum.value()));
    t.check(narrow == oracle::mpfr_encode(lowp::formats::binary32, expected, MPFR_RNDN) &&
                wide == oracle::mpfr_encode(lowp::formats::binary64, expected, MPFR_RNDN),
            [&](auto& text) { text << "case " << repeat << " 2^" << exponent; });
  }
  REQUIRE_NO_MISMATCH(t);
}
