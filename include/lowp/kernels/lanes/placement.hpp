// SPDX-License-Identifier: MIT
// Rounding at one place: where codes are cut from the bits of their values at the same place for
// all, any mode rounds by one integer addition. What is below the lowest binade of the format is
// brought to that place first. Here are the integers that lanes/placed.inc needs for that, for
// grids that the general method knows, for formats without zero, and for stochastic rounding by at
// least as many random bits as there are to discard.
#pragma once

#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/kernels/lanes/lane_rounding.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// What becomes of magnitudes below the lowest binade of a format before they are rounded.
enum class tiny_magnitudes : std::uint8_t {
  none,        ///< there are none: that binade is the lowest of the source, too
  sums,        ///< they are added to the least value of the binade, to odd
  lowest,      ///< they are that value, in a format without zero …
  subnormals,  ///< … whose least value is half of the least normal one of the source
};

/// How nearest even is corrected to be another mode.
enum class correction : std::uint8_t {
  none,  ///< it is not
  side,  ///< by a unit, where it went to the wrong side of a value
  tie,   ///< in the value, by its last bit, which only ties notice
};

template <class Word>
struct placement {
  bool is_possible = false;
  bool lacks_zero = false;  ///< magnitudes are one more than those of codes
  tiny_magnitudes tiny = tiny_magnitudes::none;
  int shift = 0;    ///< how many bits are discarded, extra bits not among them
  Word below = 0;   ///< the least magnitude that is not tiny
  Word origin = 0;  ///< what the upper bits of a value exceed its magnitude by
  /// What is added to the discarded bits of even codes, and for odd ones besides.
  by_sign<Word> addend{};
  Word odd = 0;
  /// Values that round to finite ones: at most this, where their bits are under the mask.
  Word limit = 0, limit_mask = 0;
  /// Modes that are corrected: away from zero is 0; toward zero, 1 for ties, all ones for sides. No
  /// magnitude need be larger than `cap`, the least one above the largest of the format.
  correction corrects = correction::none;
  by_sign<Word> side{};
  Word cap = 0;
  /// Draws that are added to the discarded bits for their carry: how many of their bits lie below
  /// these, and a number in whose last place these lower bits are.
  bool draws_words = false;
  int lower_bits = 0;
  Word lower_place = 0;
};

namespace detail {

/// The upper bits of an addend, as many as are discarded.
template <class Word>
[[nodiscard]] constexpr Word placed_addend(std::uint64_t addend, int shift) {
  return shift == 0 ? Word{0} : static_cast<Word>(addend >> (64 - shift));
}

/// The way in which a mode is corrected, if it is.
template <class Word>
[[nodiscard]] constexpr correction correction_of(const lane_rounding& r, by_sign<Word>& sides) {
  if (r.odd != 0 || r.is_random()) return correction::none;
  constexpr std::uint64_t half = lowp::detail::half_unit, all = ~std::uint64_t{0};
  const auto is_either = [&](std::uint64_t toward, std::uint64_t away) {
    const auto is_one = [&](std::uint64_t addend) { return addend == toward || addend == away; };
    return is_one(r.addend.positive) && is_one(r.addend.negative);
  };
  const auto pick = [&](std::uint64_t toward, Word side) {
    sides = {r.addend.positive == toward ? side : Word{0},
             r.addend.negative == toward ? side : Word{0}};
  };
  if (is_either(0, all)) {
    pick(0, static_cast<Word>(~Word{0}));
    return correction::side;
  }
  if (is_either(half - 1, half)) {
    pick(half - 1, Word{1});
    return correction::tie;
  }
  return correction::none;
}

}  // namespace detail

/// `is_grid` says that `of` lies on a grid as make_grid knows it, `limit` is the largest magnitude
/// up to which values of either sign round to finite ones, and `cap` the least one above that of
/// any finite value of the format, or 0 where the source has none.
template <class Word>
[[nodiscard]] constexpr placement<Word> make_placement(const code_grid& of, bool is_grid,
                                                       const lane_rounding& r, Word limit,
                                                       Word cap) {
  using s = source<Word>;
  placement<Word> p;
  const int lowest = s::bias + of.lowest_exponent;
  const bool has_room = of.mantissa_bits < s::mantissa_bits && lowest <= s::largest_exponent &&
                        of.largest_positive < low_mask(s::bits - 2) &&
                        of.largest_negative < low_mask(s::bits - 2);
  if (!r.is_known || !has_room || of.skips_subnormals) return p;
  if (is_grid) {
    p.tiny = lowest == 1 ? tiny_magnitudes::none : tiny_magnitudes::sums;
  } else if (of.lacks_zero && lowest >= 0) {
    p.lacks_zero = true;
    p.tiny = lowest == 0 ? tiny_magnitudes::subnormals : tiny_magnitudes::lowest;
  } else {
    return p;
  }
  const bool sums = p.tiny == tiny_magnitudes::sums;

  const int discarded = s::mantissa_bits - of.mantissa_bits;
  const int drawn = r.draws_words ? 32 : r.extra_bits;
  p.draws_words = r.is_random() && drawn >= discarded && r.draw.variant == stochastic_variant::c;
  p.shift = discarded - (p.draws_words ? 0 : drawn);
  // Besides a half, the discarded bits of a sum to odd need one that says whether more is lost.
  if (p.shift < (sums && !p.draws_words ? 2 : 0) || (r.draws_words && !p.draws_words)) return p;
  if (p.draws_words) {
    const int place = lowest - of.mantissa_bits - drawn + s::mantissa_bits;
    p.lower_bits = drawn - discarded;
    // A sum is finite, and what it loses lies in the last place of a number.
    const bool has_place = place >= 1 && p.lower_bits < s::mantissa_bits;
    if (sums && (!has_place || lowest == s::largest_exponent)) return p;
    if (sums) p.lower_place = (static_cast<Word>(place) << s::mantissa_bits) | s::hidden >> 1;
  }

  p.below = static_cast<Word>(lowest) << s::mantissa_bits;
  if (p.tiny == tiny_magnitudes::none) p.below = 0;
  if (p.tiny == tiny_magnitudes::subnormals) p.below = s::hidden;
  // The lowest binade begins at the code 0 of a format without zero, else at that of the hidden
  // bit.
  const Word first = p.lacks_zero ? Word{1} : Word{1} << of.mantissa_bits;
  p.origin = (static_cast<Word>(lowest) << of.mantissa_bits) - first;

  // Parity is that of codes, not of the bits of values.
  const Word of_code = p.lacks_zero ? p.origin + 1 : p.origin;
  const bool is_last = of.mantissa_bits == 0 && (p.draws_words || drawn == 0);
  const bool is_flipped = is_last && (of_code & 1) != 0;
  const auto placed = [&](std::uint64_t addend, bool is_odd) {
    const bool is_one_more = r.odd != 0 && (is_odd != is_flipped) != r.is_even_odd;
    return detail::placed_addend<Word>(addend + (is_one_more ? 1 : 0), p.shift);
  };
  p.addend = {placed(r.addend.positive, false), placed(r.addend.negative, false)};
  p.odd = static_cast<Word>(placed(r.addend.positive, true) - p.addend.positive);
  if (static_cast<Word>(placed(r.addend.negative, true) - p.addend.negative) != p.odd) return p;

  p.limit = p.lacks_zero ? Word{0} : limit;
  p.limit_mask = of.largest_negative == 0 || p.lacks_zero ? static_cast<Word>(~Word{0})
                                                          : static_cast<Word>(~s::sign);
  p.is_possible = true;
  // The unit that is added to a value has an exponent.
  const int highest = static_cast<int>(cap >> s::mantissa_bits);
  if (sums && cap != 0 && (highest > lowest ? highest : lowest) + p.shift <= s::largest_exponent) {
    p.corrects = detail::correction_of(r, p.side);
    p.cap = cap;
  }
  return p;
}

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
