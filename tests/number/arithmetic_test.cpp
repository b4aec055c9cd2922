// SPDX-License-Identifier: MIT
// + - * / fma sqrt in formats of up to 8 bits: every pair of codes, every deterministic mode,
// against exact fractions rounded by search. A sample is done again with the rationals of GMP.
#include "lowp/number/arithmetic.hpp"

#include <random>
#include <thread>

#include "catch.hpp"
#include "exact_oracle.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"

using namespace lowp;
using oracle::ends;
using oracle::table;

namespace {

constexpr const char* operation_names[] = {"+", "-", "*", "/", "fma", "sqrt"};

/// Counts what was compared and what differed, and keeps the first difference as text.
struct tally {
  long long compared = 0;
  long long wrong = 0;
  std::string first;

  template <auto F>
  void expect(const table& t, const oracle::expected& want, number<F> got, const char* operation,
              std::initializer_list<std::uint64_t> operands, oracle::mode m, overflow o) {
    ++compared;
    const bool is_right =
        want.is_nan ? t.decode(got.code()).kind == oracle::kind::nan : got.code() == want.code;
    if (is_right || wrong++ > 0) return;
    first = t.name + " " + operation;
    for (const auto code : operands) first += " " + std::to_string(code);
    first += std::string(" ") + oracle::mode_names[static_cast<int>(m)] + " policy " +
             std::to_string(static_cast<int>(o)) + ": got " + std::to_string(got.code()) +
             ", expected " + (want.is_nan ? "nan" : std::to_string(want.code));
  }
  void operator+=(const tally& other) {
    if (wrong == 0) first = other.first;
    compared += other.compared;
    wrong += other.wrong;
  }
};

constexpr overflow policies[] = {overflow::to_special, overflow::saturate};

template <auto F>
void compare_pair(tally& result, const table& t, std::uint64_t p, std::uint64_t q) {
  const auto a = number<F>::from_code(p), b = number<F>::from_code(q);
  const auto x = t.decode(p), y = t.decode(q);
  auto minus_y = y;
  minus_y.is_negative = !y.is_negative;
  // The sum is exact but for the sign of zero, which depends on the mode.
  const oracle::fraction first = as_fraction(t, x), product = multiply(t, x, y),
                         quotient = divide(t, x, y);
  const auto position_of = [&t](const oracle::fraction& f) { return locate(t, f); };
  const oracle::position product_at = position_of(product), quotient_at = position_of(quotient);
  const oracle::position sum_at = position_of(add(t, first, y, false));
  const oracle::position difference_at = position_of(add(t, first, minus_y, false));
  oracle::for_each_mode([&](const auto& mode, oracle::mode m) {
    const bool is_downward = m == oracle::mode::downward;
    const oracle::fraction sum = add(t, first, y, is_downward);
    const oracle::fraction difference = add(t, first, minus_y, is_downward);
    for (const overflow o : policies) {
      if (o == overflow::saturate && (p + q) % 4 != 0) continue;
      const auto check = [&](const oracle::fraction& f, const oracle::position& at, auto got,
                             int operation) {
        result.expect(t, round(t, f, at, m, o), got, operation_names[operation], {p, q}, m, o);
      };
      check(sum, sum_at, add(a, b, mode, o), 0);
      check(difference, difference_at, subtract(a, b, mode, o), 1);
      check(product, product_at, multiply(a, b, mode, o), 2);
      check(quotient, quotient_at, divide(a, b, mode, o), 3);
    }
  });
}

template <auto F>
void compare_triple(tally& result, const table& t, std::uint64_t p, std::uint64_t q,
                    std::uint64_t r) {
  const auto a = number<F>::from_code(p), b = number<F>::from_code(q), c = number<F>::from_code(r);
  const oracle::fraction product = multiply(t, t.decode(p), t.decode(q));
  const auto z = t.decode(r);
  const oracle::position at = locate(t, add(t, product, z, false));
  oracle::for_each_mode([&](const auto& mode, oracle::mode m) {
    const oracle::fraction sum = add(t, product, z, m == oracle::mode::downward);
    const overflow o = policies[(p ^ q ^ r) % 2];
    result.expect(t, round(t, sum, at, m, o), fma(a, b, c, mode, o), "fma", {p, q, r}, m, o);
  });
}

template <auto F>
void compare_sqrt(tally& result, const table& t) {
  for (std::uint64_t p = 0; p <= t.mask(); ++p) {
    const auto x = t.decode(p);
    oracle::fraction f = as_fraction(t, x);
    oracle::position at;
    if (f.kind == oracle::kind::finite && !(f.is_negative && f.numerator != 0)) {
      const oracle::wide square = f.numerator * oracle::unit;
      at = locate(t, x.is_negative, [square](oracle::wide units) {
        return square < units * units ? -1 : square > units * units ? 1 : 0;
      });
    } else if (f.kind != oracle::kind::infinity || f.is_negative) {
      f.kind = oracle::kind::nan;
    }
    oracle::for_each_mode([&](const auto& mode, oracle::mode m) {
      for (const overflow o : policies) {
        result.expect(t, round(t, f, at, m, o), sqrt(number<F>::from_code(p), mode, o), "sqrt", {p},
                      m, o);
      }
    });
  }
}

/// All pairs on two threads.
template <auto F>
void compare_all_pairs(const table& t) {
  REQUIRE(t.bits == F.bits());
  REQUIRE(t.magnitude_units.size() == t.magnitudes.size());
  tally results[2];
  const auto work = [&](int part) {
    for (std::uint64_t p = static_cast<std::uint64_t>(part); p <= t.mask(); p += 2) {
      for (std::uint64_t q = 0; q <= t.mask(); ++q) compare_pair<F>(results[part], t, p, q);
    }
  };
  std::thread second(work, 1);
  work(0);
  second.join();
  results[0] += results[1];
  compare_sqrt<F>(results[0], t);
  INFO(results[0].first);
  CHECK(results[0].wrong == 0);
  CHECK(results[0].compared > 32 * static_cast<long long>(t.mask() * t.mask()));
}

template <auto F>
void compare_sampled_triples(const table& t, int count) {
  tally result;
  std::mt19937_64 random(20260101);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t bits = random();
    std::uint64_t p = bits & t.mask(), q = bits >> 8 & t.mask(), r = bits >> 16 & t.mask();
    if (i % 4 == 0) {  // cancellation: c near -a * b
      const auto near = multiply(number<F>::from_code(p), number<F>::from_code(q)).code();
      r = ((near ^ t.sign_bit()) + (bits >> 24) % 3 - 1) & t.mask();
    }
    compare_triple<F>(result, t, p, q, r);
  }
  INFO(result.first);
  CHECK(result.wrong == 0);
}

template <auto F>
void compare_all_triples(const table& t) {
  tally result;
  for (std::uint64_t p = 0; p <= t.mask(); ++p) {
    for (std::uint64_t q = 0; q <= t.mask(); ++q) {
      for (std::uint64_t r = 0; r <= t.mask(); ++r) compare_triple<F>(result, t, p, q, r);
    }
  }
  INFO(result.first);
  CHECK(result.wrong == 0);
}

}  // namespace

TEST_CASE("all pairs in every mode: floating point") {
  using oracle::float_table;
  compare_all_pairs<formats::e4m3fn>(float_table("e4m3fn", 4, 3, 7, ends::one_nan));
  compare_all_pairs<formats::e5m2>(float_table("e5m2", 5, 2, 15, ends::ieee));
  compare_all_pairs<formats::e3m4>(float_table("e3m4", 3, 4, 3, ends::ieee));
  compare_all_pairs<formats::e4m3fnuz>(float_table("e4m3fnuz", 4, 3, 8, ends::nan_is_minus0));
  compare_all_pairs<formats::e5m2fnuz>(float_table("e5m2fnuz", 5, 2, 16, ends::nan_is_minus0));
  compare_all_pairs<formats::ue4m3>(float_table("ue4m3", 4, 3, 7, ends::one_nan, false));
  compare_all_pairs<formats::e4m3>(float_table("e4m3", 4, 3, 7, ends::ieee));
  compare_all_pairs<formats::e4m3b11fnuz>(
      float_table("e4m3b11fnuz", 4, 3, 11, ends::nan_is_minus0));
  compare_all_pairs<formats::ue5m3>(float_table("ue5m3", 5, 3, 15, ends::one_nan, false));
}

TEST_CASE("all pairs in every mode: P3109") {
  using oracle::float_table;
  compare_all_pairs<formats::p3109(8, 4, true, true)>(
      float_table("binary8p4se", 4, 3, 8, ends::p3109_extended));
  compare_all_pairs<formats::p3109(8, 3, true, false)>(
      float_table("binary8p3sf", 5, 2, 16, ends::nan_is_minus0));
  compare_all_pairs<formats::p3109(6, 3, false, true)>(
      float_table("binary6p3ue", 4, 2, 8, ends::p3109_extended, false));
}

TEST_CASE("all pairs in every mode: posits and fixed point") {
  compare_all_pairs<formats::posit<8, 2>>(oracle::posit_table(8, 2));
  compare_all_pairs<formats::posit<8, 1>>(oracle::posit_table(8, 1));
  compare_all_pairs<formats::posit<8, 0>>(oracle::posit_table(8, 0));
  compare_all_pairs<formats::int_n<8>>(oracle::fixed_table("int8", 8, 0));
  compare_all_pairs<formats::fixed<8, 6>>(oracle::fixed_table("fixed8.6", 8, 6));
  compare_all_pairs<formats::uint_n<5>>(oracle::fixed_table("uint5", 5, 0, false));
}

TEST_CASE("fma of all triples of 4 and 6 bits") {
  using oracle::float_table;
  compare_all_triples<formats::e2m1>(float_table("e2m1", 2, 1, 1, ends::finite));
  compare_all_triples<formats::e3m2>(float_table("e3m2", 3, 2, 3, ends::finite));
  compare_all_triples<formats::e2m3>(float_table("e2m3", 2, 3, 1, ends::finite));
}

TEST_CASE("fma of sampled triples of 8 bits") {
  using oracle::float_table;
  constexpr int count = 300000;
  compare_sampled_triples<formats::e4m3fn>(float_table("e4m3fn", 4, 3, 7, ends::one_nan), count);
  compare_sampled_triples<formats::e5m2>(float_table("e5m2", 5, 2, 15, ends::ieee), count);
  compare_sampled_triples<formats::e3m4>(float_table("e3m4", 3, 4, 3, ends::ieee), count);
  compare_sampled_triples<formats::e4m3fnuz>(float_table("e4m3fnuz", 4, 3, 8, ends::nan_is_minus0),
                                             count);
  compare_sampled_triples<formats::p3109(8, 4, true, true)>(
      float_table("binary8p4se", 4, 3, 8, ends::p3109_extended), count);
  compare_sampled_triples<formats::posit<8, 2>>(oracle::posit_table(8, 2), count);
  compare_sampled_triples<formats::fixed<8, 6>>(oracle::fixed_table("fixed8.6", 8, 6), count);
}

namespace {

long long disagreements_with_gmp(const table& t, int count) {
  mpq_t a, b, x;
  mpq_inits(a, b, x, nullptr);
  std::mt19937_64 random(7);
  long long wrong = 0;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t bits = random();
    const auto p = t.decode(bits & t.mask()), q = t.decode(bits >> 8 & t.mask());
    if (p.kind != oracle::kind::finite || q.kind != oracle::kind::finite) continue;
    mpq_set_d(a, t.value(p));
    mpq_set_d(b, t.value(q));
    const auto check = [&](const oracle::fraction& f) {
      const bool is_right = locate(t, f) == oracle::locate_by_gmp(t, x) &&
                            (mpq_sgn(x) == 0 || f.is_negative == (mpq_sgn(x) < 0));
      if (!is_right) ++wrong;
    };
    mpq_add(x, a, b);
    check(add(t, as_fraction(t, p), q, false));
    mpq_mul(x, a, b);
    check(multiply(t, p, q));
    mpq_add(x, x, b);
    check(add(t, multiply(t, p, q), q, false));
    if (mpq_sgn(b) == 0) continue;
    mpq_div(x, a, b);
    check(divide(t, p, q));
  }
  mpq_clears(a, b, x, nullptr);
  return wrong;
}

}  // namespace

TEST_CASE("the oracle agrees with GMP") {
  using oracle::float_table;
  constexpr int count = 4000;
  CHECK(disagreements_with_gmp(float_table("e4m3fn", 4, 3, 7, ends::one_nan), count) == 0);
  CHECK(disagreements_with_gmp(float_table("e5m2", 5, 2, 15, ends::ieee), count) == 0);
  CHECK(disagreements_with_gmp(float_table("ue4m3", 4, 3, 7, ends::one_nan, false), count) == 0);
  CHECK(disagreements_with_gmp(oracle::posit_table(8, 2), count) == 0);
  CHECK(disagreements_with_gmp(oracle::fixed_table("fixed8.6", 8, 6), count) == 0);
}

TEST_CASE("a result may have a format of its own") {
  // 2^-9 * 2^-16, far below the smallest number of either operand's format.
  const auto product = multiply<formats::binary32>(e4m3fn::from_code(1), e5m2::from_code(1));
  CHECK(product.code() == 0x33000000u);  // 2^-25
  // 448 + 57344 = 57792 needs 10 significant bits.
  const auto sum = add<formats::binary32>(e4m3fn(448), e5m2(57344));
  CHECK(sum.code() == 0x4761C000u);
  CHECK(add<formats::bfloat16>(e4m3fn(448), e5m2(57344)).code() ==
        0x4762);  // 9.5 bits: tie to even
  CHECK(add<formats::bfloat16>(e4m3fn(448), e5m2(57344), toward_zero).code() == 0x4761);
  CHECK(fma<formats::binary16>(e2m1(6), int_n<8>(-3), e4m3fn(0.5)).code() == 0xCC60);  // -17.5
  CHECK(sqrt<formats::binary32>(e8m0(2)).code() == 0x3FB504F3u);
  CHECK(divide<formats::binary32>(int_n<8>(1), int_n<8>(3)).code() == 0x3EAAAAABu);
  // One rounding: 1 + 2^-4 + 2^-9 lies just above a tie of e4m3fn. Through a sum in e3m4 or in
  // bfloat16 it would fall on the tie.
  const auto once = add<formats::e4m3fn>(bfloat16(1.0625), e4m3fn::from_code(1));
  CHECK(once.code() == 0x39);
  CHECK(e4m3fn(add(bfloat16(1.0625), bfloat16(0.001953125))).code() == 0x38);
}

TEST_CASE("division by zero") {
  CHECK(isinf(e5m2(1) / e5m2(0)));
  CHECK((e5m2(-1) / e5m2(0)).code() == 0xFC);
  CHECK((e5m2(1) / -e5m2(0)).code() == 0xFC);
  CHECK(isnan(e5m2(0) / e5m2(0)));
  CHECK(isnan(e4m3fn(1) / e4m3fn(0)));
  CHECK(divide(e4m3fn(-1), e4m3fn(0), nearest_even, overflow::saturate).code() == 0xFE);
  CHECK((e2m1(-1) / e2m1(0)).code() == 0xF);
  CHECK((int_n<8>(-1) / int_n<8>(0)).code() == 0x80);
  CHECK((int_n<8>(1) / int_n<8>(0)).code() == 0x7F);
  CHECK((p3109<8, 3>(1) / p3109<8, 3>(0)).code() == 0x80);
  CHECK((e4m3fnuz(1) / e4m3fnuz(0)).code() == 0x80);
  CHECK((posit<8>(1) / posit<8>(0)).code() == 0x80);
  CHECK((ue4m3(1) / ue4m3(0)).code() == 0x7F);
}

TEST_CASE("operators are the functions with nearest_even and to_special") {
  const e4m3fn a(300), b(200);
  CHECK((a + b).code() == add(a, b).code());
  CHECK(isnan(a + b));
  CHECK(add(a, b, nearest_even, overflow::saturate).code() == e4m3fn(448).code());
  CHECK((a - b).code() == subtract(a, b).code());
  CHECK((a * b).code() == multiply(a, b).code());
  CHECK((a / b).code() == divide(a, b).code());
  e4m3fn c = a;
  c += b;
  CHECK(isnan(c));
  c = a;
  c -= b;
  c *= e4m3fn(0.5);
  c /= e4m3fn(2);
  CHECK(c.code() == ((a - b) * e4m3fn(0.5) / e4m3fn(2)).code());
  CHECK((+a).code() == a.code());
  CHECK((-a).code() == (a.code() | 0x80));
  CHECK(abs(-a).code() == a.code());
  CHECK((-int_n<8>(-128)).code() == 0x7F);
  CHECK(abs(int_n<8>(-128)).code() == 0x7F);
  CHECK((-e4m3fnuz(0)).code() == 0);
  CHECK(isnan(-ue4m3(1)));
  CHECK((-posit<8>(1)).code() == 0xC0);
  STATIC_REQUIRE((e4m3fn(1.5) * e4m3fn(1.5)).code() == e4m3fn(2.25).code());
  STATIC_REQUIRE(fma(e5m2(3), e5m2(0.5), e5m2(-1)).code() == e5m2(0.5).code());
  STATIC_REQUIRE(sqrt(binary16(2)).code() == 0x3DA8);
}
