// SPDX-License-Identifier: MIT
// What kernels need to know of dyadic numbers and a rounding (kernels/integers/integers.hpp), by
// asking the rounding itself.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lowp/functions/integer/dyadic.hpp"
#include "lowp/kernels/integers/integers.hpp"

namespace lowp {
namespace detail {

/// What is added to x * m before it is shifted to the right by so many bits, all of which discards.
struct dyadic_addends {
  std::uint64_t addend = 0, if_negative = 0, if_odd = 0;
};

/// Of a mode, whose addends to magnitudes become addends to two's complement. False where no such
/// numbers stand for them.
template <rounding_mode R>
[[nodiscard]] constexpr bool find_addends(const R& mode, int shift, dyadic_addends& to) {
  if constexpr (!is_fixed_addend<R>) return false;
  if (shift == 0) return true;
  const std::uint64_t unit = std::uint64_t{1} << shift, half = unit >> 1;
  const auto of_magnitude = [&](bool is_negative, bool is_odd) {
    const auto is_up = [&](std::uint64_t fraction) {
      return rounds_up(mode, {fraction, is_negative, is_odd});
    };
    if (is_up(1)) return unit - 1;
    if (is_up(half_unit)) return half;
    return is_up(half_unit + 1) ? half - 1 : std::uint64_t{0};
  };
  // A negative number is minus its magnitude, whose floor has the other parity.
  const auto of_negative = [&](bool is_odd) { return unit - 1 - of_magnitude(true, !is_odd); };
  to.addend = of_magnitude(false, false);
  to.if_negative = of_negative(false) - to.addend;
  to.if_odd = of_magnitude(false, true) - to.addend;
  return of_negative(true) - of_negative(false) == to.if_odd;
}

}  // namespace detail

inline namespace LOWP_BASELINE {
namespace bulk {

/// The lists of a plan, in memory of their own.
class dyadic_table {
 public:
  /// Whether kernels have this rounding of these numbers, for results from low to high.
  template <class R>
  [[nodiscard]] bool make(std::span<const dyadic> scales, const R& rounding, std::int64_t low,
                          std::int64_t high) {
    count_ = scales.size();
    words_.resize(6 * count_);
    wide_.resize(5 * count_);
    entry e;
    int shift = -1;  // whose addends e has
    for (std::size_t i = 0; i < count_; ++i) {
      const dyadic& s = scales[i];
      if (s.m < 0 || s.c < 0 || s.c > 62) return false;
      if (s.c != shift && !find(e, s.c, rounding)) return false;
      shift = s.c;
      if (!place(e, s, std::same_as<R, two_roundings_t> ? 31 : s.c, low, high)) return false;
      entry used = e;
      if (has_no_ties<R>(e, s)) {
        used.addend = std::uint64_t{1} << (s.c - 1);
        used.if_negative = used.if_odd = 0;
      }
      used.base += used.addend;
      note(used);
      write(used, i);
    }
    return true;
  }

  /// Lists that point into this table.
  [[nodiscard]] kernels::dyadic_plan plan() const {
    using enum kernels::dyadic_steps;
    kernels::dyadic_plan p;
    p.is_by_column = count_ > 1;
    p.steps = has_limits_ || has_signs_ || (has_second_ && has_parity_) ? all
              : has_second_                                             ? twice
              : has_parity_                                             ? even
                                                                        : plain;
    const auto narrow = [&](std::size_t i) { return words_.data() + i * count_; };
    const auto wide = [&](std::size_t i) { return wide_.data() + i * count_; };
    p.lists = {narrow(0), narrow(1), narrow(2), narrow(3), narrow(4), narrow(5),
               wide(0),   wide(1),   wide(2),   wide(3),   wide(4)};
    return p;
  }

 private:
  static constexpr std::uint32_t all_low = 0x80000000u, all_high = 0x7FFFFFFFu;
  struct entry {
    std::uint32_t low_x = all_low, high_x = all_high;
    std::uint32_t left = 0, m = 0, origin = 0, second_shift = 0;
    std::uint64_t base = 0, addend = 0, if_negative = 0, if_odd = 0, shift = 0;
  };

  /// Whether this is a rounding to nearest of numbers among which there is no tie: x would be a
  /// multiple of a power of two above all |x|, which are up to 2^22 or 2^31. All such roundings
  /// are one.
  template <class R>
  [[nodiscard]] static bool has_no_ties(const entry& e, const dyadic& s) {
    constexpr int most_bits = std::same_as<R, product_of_53_bits_t> ? 23 : 32;
    if (std::same_as<R, two_roundings_t> || s.m == 0) return false;
    if (s.c - 1 - std::countr_zero(e.m) < most_bits) return false;
    const std::uint64_t below = (std::uint64_t{1} << (s.c - 1)) - 1;
    return e.addend - below <= 1 && e.addend + e.if_negative - below <= 1 &&
           e.addend + e.if_odd - below <= 1;
  }

  void note(const entry& e) {
    has_limits_ = has_limits_ || e.low_x != all_low;
    has_second_ = has_second_ || e.left != 0 || e.second_shift != 0;
    has_signs_ = has_signs_ || e.if_negative != 0 || e.if_odd > 1;
    has_parity_ = has_parity_ || e.if_odd != 0;
  }
  void write(const entry& e, std::size_t i) {
    std::size_t list = 0;
    for (const std::uint32_t value : {e.low_x, e.high_x, e.left, e.m, e.origin, e.second_shift}) {
      words_[count_ * list++ + i] = value;
    }
    list = 0;
    for (const std::uint64_t value : {e.base, e.addend, e.if_negative, e.if_odd, e.shift}) {
      wide_[count_ * list++ + i] = value;
    }
  }

  /// Of shifts up to 62 all sums stay below 2^64. Results of 32 bits follow from those of x that do
  /// not saturate; larger ones are limited to some that do. False where there are none.
  [[nodiscard]] static bool place(entry& e, const dyadic& s, int shift, std::int64_t low,
                                  std::int64_t high) {
    e.m = static_cast<std::uint32_t>(s.m);
    e.shift = static_cast<std::uint64_t>(shift);
    const std::uint64_t least = std::uint64_t{e.m} << 31, unit = std::uint64_t{1} << shift;
    const std::uint64_t origin = (least >> shift) + ((least & (unit - 1)) != 0 ? 1u : 0u);
    e.origin = static_cast<std::uint32_t>(origin);
    e.base = (origin << shift) - least;
    e.low_x = all_low;
    e.high_x = all_high;
    if (shift >= 31 || s.m == 0) return true;
    const std::int64_t most = (std::int64_t{0x7FFFFFFE} << shift) / s.m;
    if (most >= 0x7FFFFFFF) return true;
    e.high_x = static_cast<std::uint32_t>(most);
    e.low_x = 0 - e.high_x;
    const std::int64_t reached = most * s.m >> shift;
    return reached > high && -reached < low;
  }

  template <rounding_mode R>
  [[nodiscard]] static bool find(entry& e, int shift, const R& mode) {
    detail::dyadic_addends a;
    if (!detail::find_addends(mode, shift, a)) return false;
    e.addend = a.addend;
    e.if_negative = a.if_negative;
    e.if_odd = a.if_odd;
    return true;
  }
  [[nodiscard]] static bool find(entry& e, int shift, const two_roundings_t&) {
    e.addend = std::uint64_t{1} << 30;
    e.left = static_cast<std::uint32_t>(shift < 31 ? 31 - shift : 0);
    e.second_shift = static_cast<std::uint32_t>(shift > 31 ? shift - 31 : 0);
    return true;
  }
  [[nodiscard]] static bool find(entry& e, int shift, const product_of_53_bits_t&) {
    return find(e, shift, nearest_even);
  }
  template <class R>
  [[nodiscard]] static bool find(entry&, int, const R&) {
    return false;
  }

  std::size_t count_ = 0;
  std::vector<std::uint32_t> words_;
  std::vector<std::uint64_t> wide_;
  bool has_limits_ = false, has_second_ = false, has_signs_ = false, has_parity_ = false;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
