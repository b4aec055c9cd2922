// SPDX-License-Identifier: MIT
// Operations that double computes against those on exact values, under every rounding mode of the
// machine and with subnormal numbers flushed to zero: all pairs of 8 bits, and of wider formats
// random ones, those of like size and those whose results lie at the middle of two numbers.
#include "lowp/number/binary64_arithmetic.hpp"

#include <cfenv>
#include <cstdint>

#include "catch.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "split_mix.hpp"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

using namespace lowp;

namespace {

/// How many of the results of a pair differ, and how many did double give?
struct counts {
  std::uint64_t wrong = 0, by_binary64 = 0;
};

template <auto F, class R>
void compare(counts& n, number<F> a, number<F> b, const R& mode) {
  const unpacked x = unpack(a), y = unpack(b);
  const bool negative_zero = detail::zero_sum_is_negative(mode);
  const auto is = [&](number<F> actual, const unpacked& exact) {
    const number<F> expected = convert<F>(exact, mode);
    n.wrong += actual.code() != expected.code();
  };
  is(add(a, b, mode), exact::add(x, y, negative_zero));
  is(subtract(a, b, mode), exact::add(x, -y, negative_zero));
  is(multiply(a, b, mode), exact::multiply(x, y));
  const bool is_undefined = has_undefined_quotients(F) && y.is_zero();
  is(divide(a, b, mode), is_undefined ? unpacked::nan() : exact::divide(x, y));
  is(sqrt(a, mode), exact::sqrt(x));
  if constexpr (detail::in_binary64_of<R, F>.products) {
    number<F> result;
    n.by_binary64 += detail::is_by_binary64(
        result, mode, [](double p, double q) { return p * q; }, a, b);
  }
}

template <auto F, class R>
void check(const R& mode, bool is_fast = true) {
  counts n;
  test::split_mix random(9);
  if constexpr (F.bits() <= 8) {
    for (code_t i = 0; i < 65536; ++i) {
      compare(n, number<F>::from_code(i & 255), number<F>::from_code(i >> 8), mode);
    }
  } else {
    for (int i = 0; i < 30000; ++i) {
      const code_t a = random.word(), sign = random.word() & code_t{1} << (F.bits() - 1);
      // Near to each other, or with few bits set, whose quotients and roots are short.
      const code_t few = random.word() & random.word() & random.word() & random.word();
      const code_t b = i % 3 == 0 ? random.word() : i % 3 == 1 ? a + random.below(64) : few;
      compare(n, number<F>::from_code(i % 5 == 0 ? few << 3 : a), number<F>::from_code(b ^ sign),
              mode);
    }
  }
  CHECK(n.wrong == 0);
  CHECK((n.by_binary64 > 0) == (is_fast && has_ieee_arithmetic));
}

void check_formats() {
  check<formats::e4m3fn>(nearest_even);
  check<formats::e5m2>(upward);
  check<formats::e4m3fnuz>(nearest_away);
  check<formats::ue4m3>(nearest_downward);
  check<formats::e3m2>(to_odd);
  check<formats::binary16>(nearest_even);
  check<formats::binary16>(downward);
  check<formats::binary16>(toward_zero);
  check<formats::bfloat16>(nearest_even);
  check<formats::bfloat16>(nearest_toward_zero);
  check<formats::bfloat16>(away_from_zero);
  check<formats::tf32>(nearest_upward);
  check<formats::binary32>(nearest_even);
  check<formats::binary32>(upward);
  check<formats::binary32>(to_odd);
  check<formats::binary16>(stochastic{.seed = 3});
  check<formats::bfloat16>(
      stochastic{.seed = 3, .random_bits = 5, .variant = stochastic_variant::b});
}

}  // namespace

TEST_CASE("double gives the results of exact arithmetic") { check_formats(); }

TEST_CASE("the rounding mode of the machine does not matter") {
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    check_formats();
    std::fesetround(FE_TONEAREST);
  }
}

#if defined(__SSE2__)
TEST_CASE("a machine that flushes subnormal numbers does not matter") {
  constexpr unsigned flush_and_read_as_zero = 0x8040;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | flush_and_read_as_zero);
  check_formats();
  _mm_setcsr(before);
}
#endif

TEST_CASE("sums that double may round the other way are left to exact arithmetic") {
  STATIC_REQUIRE(!detail::in_binary64_of<upward_t, formats::bfloat16>.sums);
  STATIC_REQUIRE(!detail::in_binary64_of<nearest_even_t, formats::binary64>.products);
  STATIC_REQUIRE(!detail::in_binary64_of<stochastic, formats::bfloat16>.sums);
  STATIC_REQUIRE(!detail::in_binary64_of<stochastic, formats::binary16>.quotients);
  check<formats::posit<16, 1>>(nearest_even, false);
  check<formats::fixed<16, 8>>(nearest_even, false);
}

TEST_CASE("operations are constant expressions, and then without double") {
  constexpr binary16 x(0.3), y(1.7);
  constexpr binary16 sum = x + y, product = x * y, quotient = x / y, root = sqrt(x);
  CHECK(sum.code() == (binary16(x) + y).code());
  CHECK(product.code() == (binary16(x) * y).code());
  CHECK(quotient.code() == (binary16(x) / y).code());
  CHECK(root.code() == sqrt(binary16(x)).code());
}
