// SPDX-License-Identifier: MIT
// Random operands that are more interesting than random codes: numbers with few significant bits,
// with runs of ones, near one, near the ends of the range. Pure functions of a seed and an index.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/random.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/any_format.hpp"
#include "lowp/formats/facts.hpp"

namespace lowp::verification {

/// Draws one after the other, the i-th of which is a function of (seed, stream, i).
class draws {
 public:
  explicit constexpr draws(std::uint64_t seed, std::uint64_t stream = 0)
      : seed_(seed ^ (stream + 1) * 0x9E3779B97F4A7C15u) {}

  constexpr std::uint64_t bits(int count) {
    const std::uint64_t high = random_bits(seed_, next_++, 32),
                        low = random_bits(seed_, next_++, 32);
    return count == 0 ? 0 : (high << 32 | low) >> (64 - count);
  }
  /// From 0 to count - 1; count from 1 to 2^32.
  constexpr std::uint64_t below(std::uint64_t count) {
    return random_bits(seed_, next_++, 32) * count >> 32;
  }
  /// From least to most.
  constexpr int between(int least, int most) {
    return least + static_cast<int>(below(static_cast<std::uint64_t>(most - least) + 1));
  }
  constexpr bool coin() { return below(2) != 0; }

 private:
  std::uint64_t seed_;
  std::uint64_t next_ = 0;
};

/// An odd integer of exactly `length` bits, 1 to 64.
[[nodiscard]] constexpr std::uint64_t odd_integer(draws& random, int length) {
  return random.bits(length) | 1 | std::uint64_t{1} << (length - 1);
}

/// A value with at most `length` significant bits that has the given exponent: few bits at its
/// ends, a run of ones, or random ones.
[[nodiscard]] constexpr unpacked structured_value(draws& random, int length, int exponent) {
  std::uint64_t integer = 1;
  int bits = random.between(1, length < 64 ? length : 64);
  switch (random.below(4)) {
    case 0: integer = odd_integer(random, bits); break;
    case 1: integer = low_mask(bits); break;
    case 2: integer = std::uint64_t{1} << (bits - 1) | 1; break;
    default:
      bits = length < 64 ? length : 64;
      integer = odd_integer(random, bits);
      break;
  }
  return unpacked::scaled_integer(random.coin(), integer, exponent + 1 - bits);
}

/// A code of the format: any code, a structured value of any exponent, or one near 1.
[[nodiscard]] inline code_t structured_code(draws& random, const any_format& f) {
  const value_facts facts = facts_of(f);
  const std::uint64_t kind = random.below(4);
  if (kind == 0 || facts.highest_exponent >= value_facts::unbounded) return random.bits(f.bits());
  const int low = facts.lowest_exponent, high = facts.highest_exponent;
  const int exponent = kind == 1 ? random.between(-2, 2) : random.between(low, high);
  const unpacked x = structured_value(random, facts.significant_bits, exponent);
  return encode(f, x, nearest_even, overflow::saturate, missing_nan::largest);
}

}  // namespace lowp::verification
