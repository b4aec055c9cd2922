// SPDX-License-Identifier: MIT
// Rounding among a list of binary32 numbers in any order: what families whose values are a list
// share.
#pragma once

#include <concepts>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/rounding/modes.hpp"
#include "lowp/rounding/overflow.hpp"

namespace lowp {

/// `count` >= 1 finite numbers, as the bits of binary32. Does not own them.
struct listed_values {
  const std::uint32_t* bits;
  int count;

  /// An integer in the order of the values: equal for 0 and -0.
  [[nodiscard]] constexpr std::int64_t rank_key(int i) const {
    const std::int64_t magnitude = bits[i] & 0x7FFFFFFFu;
    return (bits[i] >> 31) != 0 ? -magnitude : magnitude;
  }
  [[nodiscard]] constexpr unpacked value(int i) const { return decode(formats::binary32, bits[i]); }
  /// Whether each value is larger than the one before.
  [[nodiscard]] constexpr bool is_ascending() const {
    for (int i = 1; i < count; ++i) {
      if (rank_key(i - 1) >= rank_key(i)) return false;
    }
    return true;
  }
};

/// Why the values of codes of `width` bits are no such list, or null.
[[nodiscard]] constexpr const char* defect(const listed_values& list, int width) {
  if (width < 1 || width > 8) return "a codebook has 1 to 8 bits";
  if (list.count < 1 || list.count > 1 << width) {
    return "a codebook has a count of at least 1 and at most 2^bits";
  }
  for (int i = 0; i < list.count; ++i) {
    if ((list.bits[i] & binary32_infinity) == binary32_infinity) {
      return "the values of a codebook are finite";
    }
  }
  return nullptr;
}

namespace detail {

/// The index of x, no NaN, among values that are in no order.
template <rounding_mode R>
[[nodiscard]] constexpr int round_among_unordered(const listed_values& list, const unpacked& x,
                                                  const R& mode) {
  // The first of the nearest values at or below x, and of those at or above it.
  int below = -1, above = -1;
  for (int i = 0; i < list.count; ++i) {
    const auto order = exact::compare(list.value(i), x);
    const std::int64_t key = list.rank_key(i);
    if (order <= 0 && (below < 0 || key > list.rank_key(below))) below = i;
    if (order >= 0 && (above < 0 || key < list.rank_key(above))) above = i;
  }
  if (below < 0) return above;
  if (above < 0 || above == below) return below;
  const std::int64_t low = list.rank_key(below);
  int rank = 0;  // of `below` among all different values
  for (int i = 0; i < list.count; ++i) {
    bool is_first = list.rank_key(i) < low;
    for (int j = 0; j < i && is_first; ++j) is_first = list.rank_key(j) != list.rank_key(i);
    rank += is_first ? 1 : 0;
  }
  const bool starts_high = x.negative;  // on the side of zero
  const int inner = starts_high ? above : below, outer = starts_high ? below : above;
  const discarded rest{fraction_for<R>(list.value(inner), list.value(outer), x), x.negative,
                       ((rank + (starts_high ? 1 : 0)) & 1) != 0};
  return rounds_up(mode, rest) ? outer : inner;
}

}  // namespace detail

/// The first index of the value that x becomes, rounded once between its neighbours in the order
/// of values, of which every second one is odd. What lies beyond the values becomes the nearest of
/// them. A NaN becomes what missing_nan says: the largest or the lowest value, or the one that zero
/// becomes.
template <rounding_mode R>
[[nodiscard]] constexpr code_t round_among(const listed_values& list, const unpacked& x,
                                           const R& mode, missing_nan n) {
  if (x.is_nan()) {
    const bool is_zero = n == missing_nan::zero || n == missing_nan::flipped_zero;
    const bool is_lowest = n == missing_nan::signed_largest && x.negative;
    return round_among(list, is_zero ? unpacked::zero() : unpacked::infinite(is_lowest),
                       nearest_even, n);
  }
  if (!list.is_ascending()) {
    return static_cast<code_t>(detail::round_among_unordered(list, x, mode));
  }
  const auto value_at = [&list](code_t i) { return list.value(static_cast<int>(i)); };
  return round_among(x, static_cast<code_t>(list.count), value_at, mode);
}

/// A family whose values are a list: f.list() are those of its codes in their order; codes beyond
/// it repeat the last value, and are not made.
template <class F>
concept listed_format = requires(const F& f) {
  { f.list() } -> std::same_as<listed_values>;
};

template <listed_format F>
[[nodiscard]] constexpr const char* defect(const F& f) {
  return defect(f.list(), f.bits());
}
template <listed_format F>
[[nodiscard]] constexpr unpacked decode(const F& f, code_t code) {
  const listed_values list = f.list();
  const auto at = static_cast<int>(code & low_mask(f.bits()));
  return list.value(at < list.count ? at : list.count - 1);
}
template <listed_format F, rounding_mode R = nearest_even_t>
[[nodiscard]] constexpr code_t encode(const F& f, const unpacked& x, const R& mode = {},
                                      overflow = overflow::to_special,
                                      missing_nan n = missing_nan::largest) {
  return round_among(f.list(), x, mode, n);
}
/// See concepts.hpp.
template <listed_format F>
[[nodiscard]] constexpr overflow known_overflow(const F&, overflow) {
  return overflow::saturate;
}

}  // namespace lowp
