// SPDX-License-Identifier: MIT
// Stochastic rounding: the addend is random, and a pure function of (seed, element index), so a
// result does not depend on threads, tiles, instruction sets or on how an array is cut into calls.
#pragma once

#include <cstdint>

#include "lowp/core/random.hpp"
#include "lowp/rounding/modes.hpp"

namespace lowp {

/// How N random bits R decide about a discarded fraction v of one unit (IEEE P3109 v4.0, clause on
/// stochastic rounding; `equal` after CPFloat and Pychop). A magnitude grows if and only if
enum class stochastic_variant : std::uint8_t {
  a,      ///< floor(v * 2^N) + R >= 2^N. Biased low by what N bits do not see.
  b,      ///< floor(v * 2^(N+1)) + (2R + 1) >= 2^(N+1). Unbiased on the mean of a unit of 2^-N.
  c,      ///< v * 2^N rounded to nearest, ties to even, + R >= 2^N.
  equal,  ///< the top bit of R is set: either neighbour with probability one half.
};

/// Where random bits come from. Philox4x32 passes the BigCrush battery of TestU01 with 7 rounds
/// (Salmon et al. 2011, table 2: "Crush-resistant" from 7 on); 10 leave a margin.
enum class generator : std::uint8_t { philox4x32_10, philox4x32_7 };

/// A stochastic rounding mode; itself the draw for element 0 of an array (or `index`).
struct stochastic {
  std::uint64_t seed = 0;
  std::uint64_t index = 0;
  int random_bits = 32;  ///< N, 1 to 32; others are read as the nearest of these
  stochastic_variant variant = stochastic_variant::c;
  lowp::generator generator = lowp::generator::philox4x32_10;

  /// See modes.hpp: the random bits, half of the last of them, and one more.
  static constexpr int fraction_bits = 34;
  [[nodiscard]] static constexpr bool is_stochastic() { return true; }
  /// The draw for the i-th element after this one.
  [[nodiscard]] constexpr stochastic at(std::uint64_t i) const {
    return {seed, index + i, random_bits, variant, generator};
  }

  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    return addend(d, lowp::random_bits(seed, index, used_bits(), rounds()));
  }

  /// The addend for given random bits (< 2^random_bits).
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d, std::uint32_t bits) const {
    const int shift = 64 - used_bits();
    const std::uint64_t aligned = std::uint64_t{bits} << shift;
    const std::uint64_t half = std::uint64_t{1} << (shift - 1);
    const std::uint64_t inexact = 0 - static_cast<std::uint64_t>(d.fraction != 0);
    switch (variant) {
      case stochastic_variant::a: return inexact & aligned;
      case stochastic_variant::b: return inexact & (aligned + half);
      case stochastic_variant::c:
        return inexact & (aligned + half - 1 + ((d.fraction >> shift) & 1));
      case stochastic_variant::equal: break;
    }
    return (bits >> (used_bits() - 1)) != 0 ? inexact : 0;
  }

  [[nodiscard]] constexpr int rounds() const {
    return generator == lowp::generator::philox4x32_7 ? 7 : 10;
  }
  /// N as it is read.
  [[nodiscard]] constexpr int used_bits() const {
    return random_bits < 1 ? 1 : random_bits > 32 ? 32 : random_bits;
  }
};

/// Stochastic rounding by bits that the caller supplies instead of a generator (`bits` < 2^N): what
/// an instruction with an explicit random operand does, and what a proof enumerates.
struct stochastic_bits {
  std::uint32_t bits = 0;
  int random_bits = 32;
  stochastic_variant variant = stochastic_variant::c;

  static constexpr int fraction_bits = stochastic::fraction_bits;
  [[nodiscard]] static constexpr bool is_stochastic() { return true; }
  [[nodiscard]] constexpr std::uint64_t addend(const discarded& d) const {
    return stochastic{.random_bits = random_bits, .variant = variant}.addend(d, bits);
  }
};

}  // namespace lowp
