// SPDX-License-Identifier: MIT
// + - * / fma sqrt in binary32 and binary64 against the machine, bit for bit: random bit patterns
// with many specials, operands of like size, and fma that cancels.
#include <math.h>  // fma, fmaf, sqrt, sqrtf

#include <bit>
#include <cfenv>
#include <random>

#include "catch.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

using namespace lowp;

namespace {

template <class Float>
using bits_of = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;

/// One operation of the machine. Volatile operands keep it one operation under any option that lets
/// the compiler rewrite floating-point expressions.
template <class Float, class Operation>
bits_of<Float> by_machine(bits_of<Float> p, bits_of<Float> q, bits_of<Float> r,
                          const Operation& operation) {
  volatile Float a = std::bit_cast<Float>(p), b = std::bit_cast<Float>(q),
                 c = std::bit_cast<Float>(r);
  volatile Float result = operation(a, b, c);
  const Float copy = result;
  return std::bit_cast<bits_of<Float>>(copy);
}

/// The functions of C, called where no compiler sees it: if they may rewrite floating-point
/// expressions, some make two roundings of fma and an estimate of sqrt.
template <class Float>
struct by_library {
  static inline Float (*volatile fma)(Float, Float, Float) = [] {
    if constexpr (sizeof(Float) == 4) {
      return &::fmaf;
    } else {
      return static_cast<double (*)(double, double, double)>(&::fma);
    }
  }();
  static inline Float (*volatile sqrt)(Float) = [] {
    if constexpr (sizeof(Float) == 4) {
      return &::sqrtf;
    } else {
      return static_cast<double (*)(double)>(&::sqrt);
    }
  }();
};

template <auto F, class Float>
class comparison {
  using bits = bits_of<Float>;
  static constexpr bits sign_bit = bits{1} << (8 * sizeof(Float) - 1);
  static constexpr bits infinity = sign_bit - (bits{1} << F.mantissa_bits);

 public:
  void run(int count) {
    // Start-up code of some builds makes the machine flush subnormals.
    std::fesetenv(FE_DFL_ENV);
    std::mt19937_64 random(64);
    for (int i = 0; i < count; ++i) {
      const bits p = pattern(random, i), q = pattern(random, i / 3);
      bits r = pattern(random, i / 7), like_p = p;
      like_p ^= static_cast<bits>(random() % 8192);
      if (i % 2 == 0) like_p ^= sign_bit;
      compare(p, q, r);
      compare(p, like_p, r);
      if (i % 4 == 0) {  // a * b + c where c cancels the leading half of the product
        r = by_machine<Float>(p, q, 0, [](Float a, Float b, Float) { return a * b; }) ^ sign_bit;
        compare(p, q, r + static_cast<bits>(random() % 3) - 1);
      }
    }
    INFO(first_);
    CHECK(wrong_ == 0);
  }

 private:
  /// Any bits, small integers, specials, subnormals, few significant bits.
  static bits pattern(std::mt19937_64& random, int kind) {
    const std::uint64_t word = random();
    const bits any = static_cast<bits>(word);
    switch (kind % 8) {
      case 0: return any & ~(infinity >> 1);  // small exponents
      case 1: return any & (sign_bit | ~infinity);
      case 2: {
        constexpr bits specials[] = {0, 1, 2, infinity, infinity - 1, infinity + 1, infinity / 2};
        return specials[word % 7] | (any & sign_bit);
      }
      case 3: return any & ~(~bits{0} >> (9 + word % 20));
      default: return any;
    }
  }

  void expect(const char* name, bits p, bits q, bits r, number<F> got, bits want) {
    const bool both_nan =
        (got.code() & (sign_bit - 1)) > infinity && (want & (sign_bit - 1)) > infinity;
    if (both_nan || got.code() == want || wrong_++ > 0) return;
    first_ = std::string(name) + " of " + std::to_string(p) + " " + std::to_string(q) + " " +
             std::to_string(r) + " gave " + std::to_string(got.code()) + ", the machine " +
             std::to_string(want);
  }

  void compare(bits p, bits q, bits r) {
    using type = number<F>;
    const auto a = type::from_code(p), b = type::from_code(q), c = type::from_code(r);
    const auto machine = [&](const auto& operation) {
      return by_machine<Float>(p, q, r, operation);
    };
    expect("+", p, q, r, a + b, machine([](Float x, Float y, Float) { return x + y; }));
    expect("-", p, q, r, a - b, machine([](Float x, Float y, Float) { return x - y; }));
    expect("*", p, q, r, a * b, machine([](Float x, Float y, Float) { return x * y; }));
    expect("/", p, q, r, a / b, machine([](Float x, Float y, Float) { return x / y; }));
    expect("fma", p, q, r, fma(a, b, c),
           machine([](Float x, Float y, Float z) { return by_library<Float>::fma(x, y, z); }));
    expect("sqrt", p, q, r, sqrt(a),
           machine([](Float x, Float, Float) { return by_library<Float>::sqrt(x); }));
  }

  long long wrong_ = 0;
  std::string first_;
};

}  // namespace

TEST_CASE("arithmetic of binary32 equals that of the machine") {
  comparison<formats::binary32, float>().run(500000);
}

TEST_CASE("arithmetic of binary64 equals that of the machine") {
  comparison<formats::binary64, double>().run(500000);
}
