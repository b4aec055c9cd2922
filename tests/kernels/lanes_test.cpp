// SPDX-License-Identifier: MIT
// Every lane primitive of every target that this machine has, against scalar arithmetic: fma of the
// C library for what is rounded once, and integers for the rest.
#include <mpfr.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <random>
#include <string>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"
#include "lowp/kernels/lanes/primitives.hpp"
#include "lowp/kernels/products/product.hpp"
#include "skip.hpp"

namespace test::lanes {

/// Comparisons of one primitive.
struct tally {
  std::size_t compared = 0, wrong = 0;
  std::uint64_t first_actual = 0, first_expected = 0;
  bool is_skipped = false;

  void check(std::uint32_t actual, std::uint32_t expected) {
    const bool are_nan = (actual << 1) > 0xFF000000u && (expected << 1) > 0xFF000000u;
    note(actual, expected, actual == expected || are_nan);
  }
  void check(std::uint64_t actual, std::uint64_t expected) {
    constexpr std::uint64_t infinity = std::uint64_t{0x7FF} << 53;
    const bool are_nan = (actual << 1) > infinity && (expected << 1) > infinity;
    note(actual, expected, actual == expected || are_nan);
  }
  void skip() { is_skipped = true; }

 private:
  void note(std::uint64_t actual, std::uint64_t expected, bool holds);
};
void tally::note(std::uint64_t actual, std::uint64_t expected, bool holds) {
  ++compared;
  if (!holds && wrong++ == 0) first_actual = actual, first_expected = expected;
}

// ----------------------------------------------------------------------------------------
// arguments

inline constexpr std::size_t sample_count = 256, triple_count = 1 << 16;
template <class Word>
Word samples[sample_count];
template <class Word>
Word numbers[sample_count];             ///< no NaN, and zero has no sign
std::uint64_t moderates[sample_count];  ///< finite, and so are sums
std::uint32_t factors[triple_count], other_factors[triple_count], terms[triple_count];
std::uint32_t dividends[triple_count], divisors[triple_count];

std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
float value(std::uint32_t x) { return std::bit_cast<float>(x); }
std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }
double value(std::uint64_t x) { return std::bit_cast<double>(x); }

/// Ends of the range, what is around them, and random words.
template <class Word>
void fill_samples() {
  constexpr int mantissa = sizeof(Word) == 4 ? 23 : 52, width = 8 * sizeof(Word);
  constexpr Word infinity = static_cast<Word>(~Word{0} >> 1) >> mantissa << mantissa;
  constexpr Word one = (infinity >> 1) & infinity;
  const Word edges[]{0, 1, 2, Word{1} << mantissa, infinity, one, one >> 1, infinity >> 1};
  std::mt19937_64 random(7);
  std::size_t i = 0;
  for (const Word edge : edges) {
    for (int step = -2; step <= 2; ++step) {
      for (int sign = 0; sign < 2; ++sign) {
        const Word magnitude = (edge + static_cast<Word>(step)) & static_cast<Word>(~Word{0} >> 1);
        samples<Word>[i++] = magnitude | Word(sign) << (width - 1);
      }
    }
  }
  while (i < sample_count) {
    auto word = static_cast<Word>(random());
    // Half of them have exponents close to each other, so that sums round.
    if (i % 2 == 0)
      word = (word & ~infinity) | (one + (word % 64 << mantissa) - (Word{32} << mantissa));
    samples<Word>[i++] = word;
  }
  for (i = 0; i < sample_count; ++i) {
    const Word word = samples<Word>[i], magnitude = word & static_cast<Word>(~Word{0} >> 1);
    numbers<Word>[i] = magnitude > infinity ? word & ~((Word{1} << mantissa) - 1)
                       : magnitude == 0     ? 0
                                            : word;
  }
}
void fill_moderates() {
  for (std::size_t i = 0; i < sample_count; ++i) {
    const std::uint64_t word = samples<std::uint64_t>[i];
    moderates[i] = (word & 0x800FFFFFFFFFFFFFu) | (std::uint64_t{960 + word % 128} << 52);
  }
}
void fill_triples() {
  std::mt19937 generator(8);
  const auto random = [&] { return static_cast<std::uint32_t>(generator()); };
  const auto number = [&](int lowest, int highest) {
    const std::uint32_t word = random();
    const auto range = static_cast<std::uint32_t>(highest - lowest + 1);
    return (word & 0x807FFFFFu) | (static_cast<std::uint32_t>(lowest) + random() % range) << 23;
  };
  for (std::size_t i = 0; i < triple_count; ++i) {
    switch (i % 8) {
      case 0:
      case 1:  // of like magnitude
        factors[i] = number(117, 137), other_factors[i] = number(117, 137),
        terms[i] = number(110, 140);
        break;
      case 2:
      case 3: {  // around half of the last place of the term, by less than binary64 sees
        const bool is_subnormal = i % 16 == 3;
        const std::uint32_t term = is_subnormal ? number(0, 0) : number(60, 200);
        const int last = is_subnormal ? -149 : static_cast<int>(term >> 23 & 0xFF) - 127 - 23;
        const float a = 1 + std::ldexp(static_cast<float>(random() % 4), -23);
        const float b = 1 - std::ldexp(static_cast<float>(random() % 8), -24);
        const int exponent = (last - 1) / 2;
        factors[i] = bits(std::ldexp(a, exponent)), terms[i] = term;
        other_factors[i] = bits(std::ldexp(random() % 2 == 0 ? b : -b, last - 1 - exponent));
        break;
      }
      case 4:  // sums at and below the least normal number
        factors[i] = number(50, 76), other_factors[i] = number(50, 76), terms[i] = number(0, 3);
        break;
      case 5:  // and beyond the largest one
        factors[i] = number(180, 200), other_factors[i] = number(180, 200),
        terms[i] = number(240, 254);
        break;
      case 6:  // few bits
        factors[i] = number(124, 130) & 0xFFE00000u,
        other_factors[i] = number(124, 130) & 0xFFE00000u;
        terms[i] = number(124, 136) & 0xFFFC0000u;
        break;
      default:  // anything
        factors[i] = random(), other_factors[i] = samples<std::uint32_t>[random() % sample_count];
        terms[i] = samples<std::uint32_t>[random() % sample_count];
        break;
    }
    // Quotients are normal numbers.
    dividends[i] = i % 4 == 0 ? number(124, 130) & 0xFFF00000u : number(100, 150);
    divisors[i] = i % 4 == 0 ? number(124, 130) & 0xFFF00000u : number(100, 150);
  }
}

// -----------------------------------------------------------------------------------------
// expected

template <class Word>
Word larger(Word a, Word b) {
  return a > b ? a : b;
}
template <class Word>
Word smaller(Word a, Word b) {
  return a < b ? a : b;
}
template <class Word>
Word float_add(Word a, Word b) {
  volatile auto x = value(a);
  return bits(x + value(b));
}
template <class Word>
Word float_subtract(Word a, Word b) {
  volatile auto x = value(a);
  return bits(x - value(b));
}
template <class Word>
Word float_multiply(Word a, Word b) {
  volatile auto x = value(a);
  return bits(x * value(b));
}
template <class Word>
Word float_divide(Word a, Word b) {
  volatile auto x = value(a);
  return bits(x / value(b));
}
/// NaN, but of -0, where the sign is set.
std::uint32_t float_sqrt(std::uint32_t x) {
  volatile auto magnitude = value(x);
  return bits(std::sqrt(magnitude));
}
std::uint32_t float_multiply_add(std::uint32_t a, std::uint32_t b, std::uint32_t sum) {
  return bits(std::fma(value(a), value(b), value(sum)));
}
std::uint64_t add_exact_product(std::uint64_t a, std::uint64_t b, std::uint64_t sum) {
  return bits(std::fma(value(a), value(b), value(sum)));
}
double wide(std::uint32_t x) { return static_cast<double>(value(x)); }
int sign_of_residual(std::uint32_t x, std::uint32_t q, std::uint32_t d) {
  const double residual = std::fma(-wide(q), wide(d), wide(x));
  return residual < 0 ? -1 : residual > 0 ? 1 : 0;
}
std::uint64_t widened(std::uint32_t x) { return bits(wide(x)); }
std::uint32_t narrowed(std::uint64_t x) { return bits(static_cast<float>(value(x))); }
std::uint32_t to_integer(std::uint32_t x) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(value(x)));
}
std::uint32_t from_integer(std::uint32_t x) {
  return bits(static_cast<float>(static_cast<std::int32_t>(x)));
}
std::uint64_t cut_off(std::uint64_t x) { return bits(std::trunc(value(x))); }
std::uint32_t add_pairs(std::uint32_t sum, std::uint32_t a, std::uint32_t b) {
  const auto product = [](std::uint32_t x, std::uint32_t y) {
    return std::int64_t{static_cast<std::int16_t>(x)} * static_cast<std::int16_t>(y);
  };
  const std::int64_t both = product(a & 0xFFFF, b & 0xFFFF) + product(a >> 16, b >> 16);
  return sum + static_cast<std::uint32_t>(both);
}
/// Of bytes, those of a with a sign if they have no offset.
std::uint32_t add_fours(std::uint32_t sum, std::uint32_t a, std::uint32_t b) {
  for (int at = 0; at < 32; at += 8) {
    const auto byte = static_cast<std::uint8_t>(a >> at);
    const int x = lowp::kernels::row_byte_offset == 0 ? static_cast<std::int8_t>(byte) : byte;
    sum += static_cast<std::uint32_t>(x * static_cast<std::int8_t>(b >> at & 0xFF));
  }
  return sum;
}

template <class Word>
Word float_smaller(Word a, Word b) {
  return value(b) < value(a) ? b : a;
}
template <class Word>
Word float_larger(Word a, Word b) {
  return value(a) < value(b) ? b : a;
}
/// The bits of the binary32 value of a binary16.
std::uint32_t value_of_half(std::uint16_t half) {
  const int exponent = half >> 10 & 31, mantissa = half & 1023;
  const float magnitude = exponent == 31 ? (mantissa != 0 ? std::nanf("") : HUGE_VALF)
                          : exponent == 0
                              ? std::ldexp(static_cast<float>(mantissa), -24)
                              : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return bits(half >> 15 != 0 ? -magnitude : magnitude);
}
/// The bits of the binary16 number nearest to a value.
std::uint32_t rounded_to_half(std::uint32_t x) {
  const float v = value(x);
  if (v == 0 || std::isnan(v) || std::isinf(v)) return x;
  const int last = std::max(std::ilogb(v), -14) - 10;
  const float rounded = std::ldexp(std::nearbyint(std::ldexp(v, -last)), last);
  return bits(std::abs(rounded) > 65504 ? std::copysign(HUGE_VALF, v) : rounded);
}
std::uint32_t float_scale(std::uint32_t x, int n) { return bits(std::ldexp(value(x), n)); }
/// By MPFR, which holds the sum exactly.
std::uint64_t add_to_odd(std::uint64_t a, std::uint64_t b) {
  mpfr_t x, y, sum;
  mpfr_inits2(300, x, y, sum, static_cast<mpfr_ptr>(nullptr));
  mpfr_set_d(x, value(a), MPFR_RNDN);
  mpfr_set_d(y, value(b), MPFR_RNDN);
  mpfr_add(sum, x, y, MPFR_RNDN);
  const double cut = mpfr_get_d(sum, MPFR_RNDZ);
  const bool is_exact = mpfr_cmp_d(sum, cut) == 0;
  mpfr_clears(x, y, sum, static_cast<mpfr_ptr>(nullptr));
  return bits(cut) | (is_exact ? 0u : 1u);
}

}  // namespace test::lanes

#define LOWP_TARGET_BODY "kernels/lanes_body.inc"
#include "lowp/kernels/targets/each.inc"

namespace {

using test::lanes::tally;

constexpr const char* names[]{
#define LOWP_NAME(name, meaning) #name,
    LOWP_LANE_PRIMITIVES(LOWP_NAME)
#undef LOWP_NAME
};
constexpr std::size_t primitive_count = std::size(names);
constexpr const char* integer_names[]{
#define LOWP_NAME(name, meaning) #name,
    LOWP_INTEGER_PRIMITIVES(LOWP_NAME)
#undef LOWP_NAME
};
constexpr std::size_t integer_primitive_count = std::size(integer_names);

}  // namespace
namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {
void try_primitives(isa level, test::lanes::tally* results) {
  LOWP_DISPATCH(level, lane_tests::try_primitives(results));
}
#if LOWP_COMPILES_avx512vbmi || LOWP_COMPILES_dotprod
void try_integer_primitives(test::lanes::tally* results) {
  with_integers::lane_tests::try_integer_primitives(results);
}
#else
void try_integer_primitives(test::lanes::tally*) {}
#endif
}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
namespace {

void fill_arguments() {
  test::lanes::fill_samples<std::uint32_t>();
  test::lanes::fill_samples<std::uint64_t>();
  test::lanes::fill_moderates();
  test::lanes::fill_triples();
}
void check_results(lowp::isa level, const tally* results, const char* const* of, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const tally& t = results[i];
    INFO(name(level) << ": " << of[i] << ", " << t.wrong << " of " << t.compared << ", first "
                     << std::hex << t.first_actual << ", expected " << t.first_expected);
    CHECK((t.compared != 0 || t.is_skipped));
    CHECK(t.wrong == 0);
  }
}

TEST_CASE("every lane primitive gives the bits of scalar arithmetic") {
  fill_arguments();
  for (const lowp::isa level : test::isas()) {
    if (lowp::kernels::lanes_of(level) != level) continue;  // has the lanes of another
    tally results[primitive_count];
    lowp::kernels::try_primitives(level, results);
    check_results(level, results, names, primitive_count);
  }
}

TEST_CASE("primitives of integer products give the bits of scalar arithmetic") {
  const lowp::isa level = test::highest_isa();
  if (!lowp::kernels::has_integer_products(level)) {
    return test::skip("this machine has no dot products of bytes");
  }
  fill_arguments();
  tally results[integer_primitive_count];
  lowp::kernels::try_integer_primitives(results);
  check_results(level, results, integer_names, integer_primitive_count);
}

}  // namespace
