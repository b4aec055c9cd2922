// SPDX-License-Identifier: MIT
// Codebooks: formats whose values are a list. NF4 and FP4 of bitsandbytes, IQ4_NL of GGUF, the
// grids of ANT, ternary, powers of two, and any list of one's own.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// The value of code i is values[i], as the bits of a binary32 number, in any order; codes from
/// `count` on repeat the last value and are never made. Up to 8 bits; the list is part of the names
/// that compilers make, so that short ones are kinder to object files.
///
/// A value is rounded between its neighbours in the order of values, of which every second one is
/// odd. A tie rule is a mode: bitsandbytes and BitMoD round ties to the lower value,
/// nearest_downward. Of codes with equal values the lowest is made. A codebook has no end beyond
/// which it overflows: what lies beyond its values becomes the nearest of them.
template <int Bits>
struct codebook_format {
  std::array<std::uint32_t, std::size_t{1} << Bits> values{};
  int count = 1 << Bits;

  constexpr bool operator==(const codebook_format&) const = default;
  [[nodiscard]] static constexpr int bits() { return Bits; }
};

template <int Bits>
[[nodiscard]] constexpr const char* defect(const codebook_format<Bits>& f) {
  static_assert(Bits >= 1 && Bits <= 8, "a codebook_format has 1 to 8 bits");
  if (f.count < 1 || f.count > 1 << Bits) {
    return "a codebook_format has a count of at least 1 and at most 2^Bits";
  }
  for (int i = 0; i < f.count; ++i) {
    if ((f.values[static_cast<std::size_t>(i)] & binary32_infinity) == binary32_infinity) {
      return "the values of a codebook_format are finite";
    }
  }
  return nullptr;
}

template <int Bits>
[[nodiscard]] constexpr unpacked decode(const codebook_format<Bits>& f, code_t code) {
  auto at = static_cast<std::size_t>(code & low_mask(Bits));
  const auto last = static_cast<std::size_t>(f.count - 1);
  if (at > last) at = last;
  return decode(formats::binary32, f.values[at]);
}

template <int Bits, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const codebook_format<Bits>& f, const unpacked& x,
                                      const R& mode = {}, overflow = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  if (x.is_nan()) {
    const bool is_zero = n == missing_nan::zero || n == missing_nan::flipped_zero;
    const bool is_lowest = n == missing_nan::signed_largest && x.negative;
    return encode(f, is_zero ? unpacked::zero() : unpacked::infinite(is_lowest));
  }
  // The nearest codes at or below x and at or above it, and how many values lie below the former.
  int below = -1, above = -1;
  for (int i = 0; i < f.count; ++i) {
    const unpacked value = decode(f, static_cast<code_t>(i));
    const auto order = exact::compare(value, x);
    const auto is_better = [&](int best, bool up) {
      if (best < 0) return true;
      const auto to_best = exact::compare(value, decode(f, static_cast<code_t>(best)));
      return up ? to_best < 0 : to_best > 0;
    };
    if (order <= 0 && is_better(below, false)) below = i;
    if (order >= 0 && is_better(above, true)) above = i;
  }
  if (below < 0) return static_cast<code_t>(above);
  if (above < 0 || above == below) return static_cast<code_t>(below);
  const unpacked low = decode(f, static_cast<code_t>(below)),
                 high = decode(f, static_cast<code_t>(above));
  if (exact::compare(low, high) == 0) return static_cast<code_t>(below < above ? below : above);
  code_t rank = 0;  // of `below` among all different values
  for (int i = 0; i < f.count; ++i) {
    const unpacked value = decode(f, static_cast<code_t>(i));
    bool is_first = exact::compare(value, low) < 0;
    for (int j = 0; j < i && is_first; ++j) {
      is_first = exact::compare(value, decode(f, static_cast<code_t>(j))) != 0;
    }
    rank += is_first ? 1 : 0;
  }
  const bool starts_high = x.negative;  // on the side of zero
  const discarded rest{fraction_between(starts_high ? high : low, starts_high ? low : high, x),
                       x.negative, ((rank + (starts_high ? 1 : 0)) & 1) != 0};
  return static_cast<code_t>(rounds_up(mode, rest) == starts_high ? below : above);
}

/// See concepts.hpp.
template <int Bits>
[[nodiscard]] constexpr overflow known_overflow(const codebook_format<Bits>&, overflow) {
  return overflow::saturate;
}

namespace formats {

/// A codebook of numbers, each of which becomes a binary32 number first.
template <int Bits, class... Values>
[[nodiscard]] constexpr codebook_format<Bits> codebook(Values... values) {
  static_assert(sizeof...(values) >= 1 && sizeof...(values) <= (std::size_t{1} << Bits),
                "a codebook of Bits bits has at most 2^Bits values");
  return {{std::bit_cast<std::uint32_t>(static_cast<float>(values))...},
          static_cast<int>(sizeof...(values))};
}

/// Quantiles of a normal distribution (Dettmers et al., "QLoRA", 2023, appendix E).
inline constexpr auto nf4 =
    codebook<4>(-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
                -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
                0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
                0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1);
/// FP4 of bitsandbytes, not that of OCP: a sign and twelfths, not in order.
inline constexpr auto bnb_fp4 = codebook<4>(
    0.0F, 0.0625F / 12, 8.0F / 12, 1.0F, 4.0F / 12, 6.0F / 12, 2.0F / 12, 3.0F / 12,  //
    -0.0F, -0.0625F / 12, -8.0F / 12, -1.0F, -4.0F / 12, -6.0F / 12, -2.0F / 12, -3.0F / 12);
/// The values of GGUF's IQ4_NL and IQ4_XS; zero is not among them.
inline constexpr auto iq4_nl =
    codebook<4>(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
/// Signed flint of 4 bits in quarters (Guo et al., "ANT", 2022).
inline constexpr auto ant_flint4 =
    codebook<4>(-16, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 16);
/// -1, 0 and 1 as 0, 1 and 2.
inline constexpr auto ternary = codebook<2>(-1, 0, 1);
/// 0 and plus and minus 2^0 … 2^(2^(Bits-1) - 2): as magnitudes 0, 1, 2, 4 … with a sign in the top
/// bit, whose zero is never made.
template <int Bits>
inline constexpr auto power_of_two = [] {
  codebook_format<Bits> f;
  const std::size_t half = std::size_t{1} << (Bits - 1);
  for (std::size_t i = 0; i < 2 * half; ++i) {
    const std::size_t magnitude = i & (half - 1);
    const auto field = static_cast<std::uint32_t>(126 + magnitude);
    f.values[i] = (i >= half ? 0x80000000u : 0u) | (magnitude == 0 ? 0u : field << 23);
  }
  return f;
}();

}  // namespace formats
}  // namespace lowp
