// SPDX-License-Identifier: MIT
// + - * / fma sqrt in binary16 and bfloat16 against MPFR, which is given their precision and their
// exponent range: a list of awkward operands crossed with itself, and random pairs.
#include <random>

#include "catch.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/compare.hpp"
#include "mpfr_oracle.hpp"

using namespace lowp;
using mpfr_oracle::exponent_range_of, mpfr_oracle::ieee, mpfr_oracle::mode,
    mpfr_oracle::rounding_of;

namespace {

enum class operation { add, subtract, multiply, divide, fma, sqrt };
constexpr const char* operation_names[] = {"+", "-", "*", "/", "fma", "sqrt"};

class reference {
 public:
  explicit reference(const ieee& format) : format_(format) {
    mpfr_inits2(format.mantissa_bits + 1, a_, b_, c_, x_, static_cast<mpfr_ptr>(nullptr));
  }
  reference(const reference&) = delete;
  reference& operator=(const reference&) = delete;
  ~reference() { mpfr_clears(a_, b_, c_, x_, static_cast<mpfr_ptr>(nullptr)); }

  [[nodiscard]] std::uint64_t compute(operation o, mode m, std::uint64_t p, std::uint64_t q,
                                      std::uint64_t r) {
    format_.load(a_, p);
    format_.load(b_, q);
    format_.load(c_, r);
    const mpfr_rnd_t rounding = rounding_of(m);
    const exponent_range_of range(format_);
    int inexact = 0;
    switch (o) {
      case operation::add: inexact = mpfr_add(x_, a_, b_, rounding); break;
      case operation::subtract: inexact = mpfr_sub(x_, a_, b_, rounding); break;
      case operation::multiply: inexact = mpfr_mul(x_, a_, b_, rounding); break;
      case operation::divide: inexact = mpfr_div(x_, a_, b_, rounding); break;
      case operation::fma: inexact = mpfr_fma(x_, a_, b_, c_, rounding); break;
      case operation::sqrt: inexact = mpfr_sqrt(x_, a_, rounding); break;
    }
    return format_.store_rounded(x_, inexact, m);
  }

 private:
  ieee format_;
  mpfr_t a_, b_, c_, x_;
};

template <auto F, class Mode>
number<F> compute(operation o, const Mode& mode, number<F> a, number<F> b, number<F> c) {
  switch (o) {
    case operation::add: return add(a, b, mode);
    case operation::subtract: return subtract(a, b, mode);
    case operation::multiply: return multiply(a, b, mode);
    case operation::divide: return divide(a, b, mode);
    case operation::fma: return fma(a, b, c, mode);
    case operation::sqrt: break;
  }
  return sqrt(a, mode);
}

template <auto F>
number<F> compute(operation o, mode m, number<F> a, number<F> b, number<F> c) {
  switch (m) {
    case mode::nearest_even: return compute(o, nearest_even, a, b, c);
    case mode::toward_zero: return compute(o, toward_zero, a, b, c);
    case mode::upward: return compute(o, upward, a, b, c);
    case mode::downward: return compute(o, downward, a, b, c);
    case mode::away_from_zero: return compute(o, away_from_zero, a, b, c);
    case mode::to_odd: break;
  }
  return compute(o, to_odd, a, b, c);
}

template <auto F>
class comparison {
 public:
  void compare(operation o, mode m, std::uint64_t p, std::uint64_t q, std::uint64_t r) {
    using type = number<F>;
    const std::uint64_t want = reference_.compute(o, m, p, q, r);
    const type got = ::compute(o, m, type::from_code(p), type::from_code(q), type::from_code(r));
    const std::uint64_t magnitude = got.code() & (format_.sign_bit() - 1);
    const bool both_nan =
        magnitude > format_.infinity() && (want & (format_.sign_bit() - 1)) > format_.infinity();
    ++compared_;
    if (both_nan || got.code() == want || wrong_++ > 0) return;
    first_ = std::string(operation_names[static_cast<int>(o)]) + " mode " +
             std::to_string(static_cast<int>(m)) + ": " + std::to_string(p) + " " +
             std::to_string(q) + " " + std::to_string(r) + " gave " + std::to_string(got.code()) +
             ", MPFR " + std::to_string(want);
  }

  /// Zeros, ends of the ranges, ones, and a few of each awkward kind, with both signs.
  [[nodiscard]] std::vector<std::uint64_t> awkward() const {
    const std::uint64_t infinity = format_.infinity();
    const std::uint64_t smallest_normal = std::uint64_t{1} << format_.mantissa_bits;
    const std::uint64_t one = smallest_normal * static_cast<std::uint64_t>(format_.bias());
    std::vector<std::uint64_t> codes{0,
                                     1,
                                     2,
                                     3,
                                     smallest_normal / 2,
                                     smallest_normal - 1,
                                     smallest_normal,
                                     smallest_normal + 1,
                                     2 * smallest_normal - 1,
                                     2 * smallest_normal,
                                     one / 2,
                                     one - 1,
                                     one,
                                     one + 1,
                                     one + smallest_normal / 2,
                                     one + smallest_normal,
                                     one + smallest_normal + 1,
                                     one + one / 2,
                                     infinity - smallest_normal,
                                     infinity - 2,
                                     infinity - 1,
                                     infinity,
                                     infinity + 1};
    for (std::size_t i = 0, n = codes.size(); i < n; ++i) {
      codes.push_back(codes[i] | format_.sign_bit());
    }
    return codes;
  }

  void run(int random_count) {
    const auto codes = awkward();
    std::mt19937_64 random(16);
    for (const auto p : codes) {
      for (const auto q : codes) {
        for (int o = 0; o < 6; ++o) {
          for (int m = 0; m < 6; ++m) {
            const auto r = codes[random() % codes.size()];
            compare(static_cast<operation>(o), static_cast<mode>(m), p, q, r);
          }
        }
      }
    }
    const std::uint64_t mask = 2 * format_.sign_bit() - 1;
    for (int i = 0; i < random_count; ++i) {
      const std::uint64_t bits = random();
      const std::uint64_t p = bits & mask;
      std::uint64_t q = bits >> 16 & mask, r = bits >> 32 & mask;
      if (i % 2 == 0) q = (p ^ (bits >> 20 & format_.sign_bit())) + (q & 63);  // of like size
      q &= mask;
      if (i % 3 == 0)
        r = reference_.compute(operation::multiply, mode::toward_zero, p, q, 0) ^
            format_.sign_bit();
      for (int o = 0; o < 6; ++o) {
        compare(static_cast<operation>(o), mode::nearest_even, p, q, r);
        compare(static_cast<operation>(o), static_cast<mode>(1 + bits % 5), p, q, r);
      }
    }
    INFO(first_);
    CHECK(wrong_ == 0);
    CHECK(compared_ > 12LL * random_count);
  }

 private:
  ieee format_{F.exponent_bits, F.mantissa_bits};
  reference reference_{format_};
  long long compared_ = 0, wrong_ = 0;
  std::string first_;
};

}  // namespace

TEST_CASE("arithmetic of binary16 equals that of MPFR") {
  comparison<formats::binary16>().run(300000);
}

TEST_CASE("arithmetic of bfloat16 equals that of MPFR") {
  comparison<formats::bfloat16>().run(300000);
}
