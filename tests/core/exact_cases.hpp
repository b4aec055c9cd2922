// SPDX-License-Identifier: MIT
// What tests of exact arithmetic share: results cut after so many bits, and operands that make
// trouble.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ios>
#include <random>

#include "lowp/core/exact.hpp"
#include "oracle.hpp"

namespace test {

/// A number cut after `bits` bits, and whether the cut lost anything: MPFR_RNDZ into `value`, and
/// what the function of MPFR returned.
struct cut {
  explicit cut(int count) : value(count), bits(count) {}
  oracle::real value;
  int bits;
  bool is_exact = false;
};

/// Whether an exact value is that number in its first bits, and ends if that did.
inline bool is_same(cut& expected, const lowp::unpacked& actual) {
  oracle::real whole(128);
  whole.set(actual);
  if (mpfr_nan_p(expected.value)) return actual.is_nan();
  oracle::real actual_cut(expected.bits);
  const bool actual_is_exact = mpfr_set(actual_cut, whole, MPFR_RNDZ) == 0;
  return mpfr_equal_p(actual_cut, expected.value) != 0 &&
         (mpfr_signbit(actual_cut) != 0) == (mpfr_signbit(expected.value) != 0) &&
         actual_is_exact == expected.is_exact;
}

class generator {
 public:
  explicit generator(std::uint64_t seed) : random_(seed) {}

  /// Significands of 1 to `bits` bits: short, long, and with long runs.
  lowp::unpacked operator()(int bits, int exponent_range) {
    const auto width = static_cast<int>(random_() % static_cast<unsigned>(bits)) + 1;
    std::uint64_t m = random_() >> (64 - width) | std::uint64_t{1} << (width - 1);
    const auto run = static_cast<int>(random_() % 64);
    switch (random_() % 4) {
      case 0: m |= lowp::low_mask(std::min(run, width)); break;
      case 1: m = (m >> std::min(run, width - 1)) << std::min(run, width - 1); break;
      default: break;
    }
    return lowp::unpacked::scaled_integer((random_() & 1) != 0, m, exponent(exponent_range));
  }
  int exponent(int range) {
    return static_cast<int>(random_() % static_cast<unsigned>(2 * range + 1)) - range;
  }
  std::uint64_t word() { return random_(); }

 private:
  std::mt19937_64 random_;
};

/// Ranges of exponents: of neighbours, of what overlaps, of what does not.
inline constexpr int exponent_ranges[] = {2, 70, 140, 2000, 1 << 21};

/// For a tally.
inline auto describe(const lowp::unpacked& a, const lowp::unpacked& b,
                     const lowp::unpacked& c = {}) {
  return [=](auto& out) {
    for (const lowp::unpacked& x : {a, b, c}) {
      out << std::hex << (x.negative ? "-" : "+") << x.significand.high << ":" << x.significand.low
          << std::dec << "^" << x.exponent << "  ";
    }
  };
}

}  // namespace test
