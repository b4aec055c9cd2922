// SPDX-License-Identifier: MIT
// Quires against GMP: sums of products as integers in units of the last bit, their words, their
// order and their rounding.
#include "lowp/number/quire.hpp"

#include <gmpxx.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "lowp/number/limits.hpp"
#include "lowp/number/quire_text.hpp"
#include "split_mix.hpp"

namespace {

namespace formats = lowp::formats;

/// A finite value in units of 2^unit.
mpz_class units_of(const lowp::unpacked& x, int unit) {
  if (x.is_zero()) return 0;
  mpz_class result = x.significand.high;
  result <<= 64;
  result += mpz_class(x.significand.low);
  const int shift = x.exponent - 127 - unit;
  REQUIRE((shift >= 0 || mpz_scan1(result.get_mpz_t(), 0) >= static_cast<unsigned>(-shift)));
  if (shift >= 0) {
    result <<= static_cast<unsigned>(shift);
  } else {
    result >>= static_cast<unsigned>(-shift);
  }
  return x.negative ? mpz_class(-result) : result;
}
template <class Quire>
mpz_class units_of(const Quire& q) {
  mpz_class result = 0;
  const auto words = q.words();
  for (std::size_t i = words.size(); i-- > 0;) result = (result << 64) + mpz_class(words[i]);
  if (words.back() >> 63 != 0) result -= mpz_class(1) << (64 * words.size());
  return result;
}
/// The 128 bits that rounding sees of an integer: the first ones, and whether any follow.
lowp::unpacked value_of(const mpz_class& integer, int unit) {
  mpz_class magnitude = abs(integer);
  if (magnitude == 0) return lowp::unpacked::zero();
  const auto size = static_cast<int>(mpz_sizeinbase(magnitude.get_mpz_t(), 2));
  bool is_inexact = false;
  if (size > 128) {
    is_inexact = mpz_scan1(magnitude.get_mpz_t(), 0) < static_cast<unsigned>(size - 128);
    magnitude >>= static_cast<unsigned>(size - 128);
  } else {
    magnitude <<= static_cast<unsigned>(128 - size);
  }
  const mpz_class high = magnitude >> 64, low = magnitude - (high << 64);
  return {lowp::value_kind::finite,
          integer < 0,
          unit + size - 1,
          {high.get_ui(), low.get_ui() | (is_inexact ? 1u : 0u)}};
}

/// Numbers of any exponents; with is_tame of few, so that sums cancel.
template <auto F>
std::vector<lowp::number<F>> numbers(std::size_t count, std::uint64_t seed, bool is_tame) {
  test::split_mix random(seed);
  std::vector<lowp::number<F>> list;
  while (list.size() < count) {
    const int bits = random.below(4) == 0 ? static_cast<int>(random.below(F.bits())) : F.bits();
    auto x = lowp::number<F>::from_code(random.word() & lowp::low_mask(bits));  // of any exponents
    if (is_tame) x = lowp::convert<F>(static_cast<std::int64_t>(random.word() % 255) - 127);
    if (unpack(x).is_finite()) list.push_back(x);
  }
  return list;
}

template <auto F, auto To = F>
void check(const char* name) {
  INFO(name);
  using quire = lowp::quire<F>;
  std::size_t wrong = 0;
  for (std::uint64_t seed = 0; seed < 24; ++seed) {
    const auto a = numbers<F>(33, 2 * seed, seed % 3 == 0), b = numbers<F>(33, 2 * seed + 1, false);
    quire q, mirror;
    mpz_class expected = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const mpz_class x = units_of(unpack(a[i]), quire::unit);
      const mpz_class product =
          units_of(lowp::exact::multiply(unpack(a[i]), unpack(b[i])), quire::unit);
      switch (i % 4) {
        case 0: q += a[i], expected += x; break;
        case 1: q -= a[i], expected -= x; break;
        case 2: q.subtract_product(a[i], b[i]), expected -= product; break;
        default: q.add_product(a[i], b[i]), expected += product; break;
      }
      wrong += units_of(q) != expected ? 1u : 0u;
    }
    mirror -= q;
    wrong += units_of(mirror) != -expected || !(mirror == -q) ? 1u : 0u;
    wrong += units_of(q + q) != 2 * expected || !((q - q) == quire()) ? 1u : 0u;
    wrong += (q < mirror) != (expected < 0) || (q > mirror) != (expected > 0) ? 1u : 0u;
    const lowp::unpacked value = value_of(expected, quire::unit);
    wrong += value == q.unpacked_value() ? 0u : 1u;
    const auto rounds = [&](const auto& mode) {
      const auto o = lowp::overflow::saturate;
      wrong += q.template to_number<To>(mode, o).code() != encode(To, value, mode, o) ? 1u : 0u;
    };
    rounds(lowp::nearest_even), rounds(lowp::upward), rounds(lowp::downward);
    rounds(lowp::toward_zero), rounds(lowp::nearest_away), rounds(lowp::to_odd);
    wrong += quire::from_words(q.words()) == q ? 0u : 1u;
    char text[lowp::max_quire_chars<F>];
    const auto end = to_chars(text, text + sizeof text, q).ptr;
    quire back;
    wrong += from_chars(text, end, back).ptr != end || !(back == q) ? 1u : 0u;
    mpz_class digits(std::string(text + 2, end), 16);
    if (expected < 0) digits -= mpz_class(1) << quire::bits;
    wrong += digits != expected ? 1u : 0u;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("quires of posits have the size of the standard and hold sums of products exactly") {
  using lowp::quire;
  STATIC_REQUIRE(quire<formats::posit<8, 2>>::bits == 128);
  STATIC_REQUIRE(quire<formats::posit<16, 2>>::bits == 256);
  STATIC_REQUIRE(quire<formats::posit<32, 2>>::bits == 512);
  STATIC_REQUIRE(quire<formats::posit<32, 2>>::unit == 16 - 256);
  check<formats::posit<8, 2>>("posit<8, 2>");
  check<formats::posit<32, 2>, formats::binary32>("posit<32, 2>");
  check<formats::posit<10, 0>>("posit<10, 0>");
}

TEST_CASE("quires of other formats hold sums of products exactly") {
  check<formats::binary16>("binary16");
  check<formats::e4m3fn, formats::bfloat16>("e4m3fn");
  check<formats::e8m0, formats::binary32>("e8m0, which has no sign");
}

TEST_CASE("quires of the widest formats hold the squares of their ends beside each other") {
  const auto ends = []<auto F>(lowp::quire<F> q) {
    const auto largest = std::numeric_limits<lowp::number<F>>::max();
    const auto smallest = std::numeric_limits<lowp::number<F>>::denorm_min();
    q.add_product(largest, largest).add_product(smallest, smallest);
    const lowp::quire<F> both = q;
    q.subtract_product(largest, largest);
    lowp::quire<F> last;
    const auto words = q.words();
    CHECK(words[0] == 1);  // the last place
    last.add_product(smallest, smallest);
    return q == last && both > last && !both.is_nan();
  };
  CHECK(ends(lowp::quire<formats::binary64>()));
  CHECK(ends(lowp::quire<formats::posit<32, 4>>()));
  CHECK(ends(lowp::quire<formats::posit<32, 2>>()));
}

TEST_CASE("2^30 products of the largest numbers fit, and what is more makes NaN") {
  constexpr auto largest = std::numeric_limits<lowp::binary16>::max();
  lowp::quire<formats::binary16> sum;
  sum.add_product(largest, largest);
  for (int i = 0; i < 30; ++i) sum += sum;
  CHECK(sum.is_finite());
  CHECK(sum.to_number<formats::binary64>() == 65504.0 * 65504.0 * (1 << 30));
  lowp::quire<formats::binary16> negative = -sum;
  for (int i = 0; i < 3; ++i) sum += sum, negative += negative;
  CHECK(sum.is_nan());
  CHECK(negative.is_nan());
  sum -= negative;
  CHECK(sum.is_nan());
  sum.clear();
  CHECK(sum == lowp::quire<formats::binary16>());
}

TEST_CASE("NaN and infinities in a quire") {
  using quire = lowp::quire<formats::binary16>;
  const auto infinity = lowp::binary16::from_code(0x7C00), nan = lowp::binary16::from_code(0x7E00);
  quire q;
  q += infinity;
  CHECK(q.to_number() == infinity);
  CHECK(q > quire(lowp::binary16(60000)));
  q += -infinity;
  CHECK(q.is_nan());
  CHECK_FALSE(q == q);
  q += lowp::binary16(1);
  CHECK(q.is_nan());
  q.clear();
  q.add_product(infinity, lowp::binary16(0));
  CHECK(q.is_nan());
  CHECK(quire(nan).is_nan());
  CHECK(quire::infinity(true).to_number() == -infinity);
  CHECK(quire() - quire::infinity() == quire::infinity(true));
  CHECK((quire::infinity() - quire::infinity()).is_nan());

  using posits = lowp::quire<formats::posit<16, 2>>;
  posits p(lowp::number<formats::posit<16, 2>>::from_code(0x8000));
  CHECK(p.to_number().code() == 0x8000);
  CHECK(p == posits::nan());
  CHECK(p < posits());
  CHECK(p.words()[3] == std::uint64_t{1} << 63);
  CHECK(posits::from_words(p.words()).is_nan());
}

TEST_CASE("quires in constant expressions, sums of arrays, and text") {
  constexpr auto sum = [] {
    lowp::quire<formats::e4m3fn> q(lowp::e4m3fn(1));
    q.add_product(lowp::e4m3fn(448), lowp::e4m3fn(448));
    q.subtract_product(lowp::e4m3fn(448), lowp::e4m3fn(448));
    return q.to_number();
  }();
  STATIC_REQUIRE(sum == 1);

  using number = lowp::binary16;
  const std::vector<number> a{number(60000.0f), number(1), number(60000.0f), number(0.0001f)};
  const std::vector<number> b{number(2), number(3), number(-2), number(1)};
  const std::span<const number> x(a), y(b);
  CHECK(lowp::fused_dot(x, y) == lowp::binary16(3.0001f));
  CHECK(lowp::fused_dot(a, b) == lowp::fused_dot(x, y));
  CHECK(lowp::fused_sum(a).code() == lowp::fused_sum(x).code());
  CHECK(lowp::fused_dot(x, y, lowp::upward).code() == lowp::binary16(3).code() + 1);
  CHECK(lowp::fused_dot<formats::binary64>(x, y) == 3 + static_cast<double>(a[3]));
  CHECK(lowp::fused_sum(x.first(2)) == lowp::binary16(60000.0f));
  CHECK_THROWS_AS(lowp::fused_dot(x, y.first(2)), std::invalid_argument);

  char text[3];
  CHECK(to_chars(text, text + 3, lowp::quire<formats::posit<8, 2>>::nan()).ptr == text + 3);
  CHECK(std::string(text, 3) == "nar");
  CHECK_FALSE(to_chars(text, text + 3, lowp::quire<formats::posit<8, 2>>()));
  lowp::quire<formats::posit<8, 2>> q;
  const std::string digits = "0x" + std::string(31, '0') + "G", few = "0x12";
  CHECK_FALSE(from_chars(digits.data(), digits.data() + digits.size(), q));
  CHECK_FALSE(from_chars(few.data(), few.data() + few.size(), q));
}
