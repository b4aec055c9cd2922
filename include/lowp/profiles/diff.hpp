// SPDX-License-Identifier: MIT
// Where two stacks convert differently: all numbers of binary16, and of binary32 each value of the
// format and each midpoint of two that are next to each other, with their neighbours, the ends of
// the range, and a sample.
//
//   const conversion_diff d = diff(profiles::torch, profiles::cuda_sat, formats::e4m3fn);
//   d.from_binary16[difference::overflow].smallest.input      // 465, as binary32
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/random.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/converted_format.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/profiles/differences.hpp"
#include "lowp/profiles/profile.hpp"

namespace lowp {

struct conversion_diff {
  differences from_binary16, from_binary32;
};

/// How many random numbers of binary32 are compared, besides boundaries.
struct diff_sample {
  std::uint64_t count = 1 << 16;
  std::uint64_t seed = 0;
};

namespace detail {

/// Tells of an input to a format of which class it is.
template <number_format F>
class input_classes {
 public:
  explicit input_classes(const F& f)
      : format_(f),
        largest_(largest_value(f)),
        smallest_normal_(decode(f, smallest_normal_code(f))),
        is_signed_(is_signed(f)) {}

  [[nodiscard]] difference operator()(const unpacked& x, code_t first, code_t second) const {
    if (x.is_nan()) return difference::nan;
    if (x.is_infinite()) return difference::infinity;
    const bool are_zeros = decode(format_, first).is_zero() && decode(format_, second).is_zero();
    if (are_zeros) return difference::negative_zero;
    if (x.is_zero()) return difference::zero;
    if (x.negative && !is_signed_) return difference::negative;
    const unpacked magnitude = magnitude_of(x);
    if (exact::compare(magnitude, largest_) > 0) return difference::overflow;
    if (is_tie(magnitude)) return difference::ties;
    return exact::compare(magnitude, smallest_normal_) < 0 ? difference::subnormals
                                                           : difference::rounding;
  }

 private:
  [[nodiscard]] bool is_tie(const unpacked& x) const {
    const auto to = [&](const auto& mode) {
      return decode(format_, encode(format_, x, mode, overflow::saturate, missing_nan::largest));
    };
    const unpacked low = to(toward_zero), high = to(away_from_zero);
    return exact::compare(low, high) != 0 &&
           exact::compare(exact::add(low, high), scale_by_power_of_two(x, 1)) == 0;
  }

  F format_;
  unpacked largest_, smallest_normal_;
  bool is_signed_;
};

/// Magnitudes of binary32 about the values and midpoints of a format of at most 16 bits, and about
/// what is special in binary32 itself; ascending.
template <number_format F>
[[nodiscard]] std::vector<std::uint32_t> boundaries(const F& f) {
  constexpr std::uint32_t infinity = 0x7F800000u;
  std::vector<std::uint32_t> list{infinity, infinity + 1, 0x7FC00000u, 0x7FFFFFFFu};
  const auto add = [&](const unpacked& x) {
    if (x.kind != value_kind::finite && !x.is_zero()) return;
    const auto at = static_cast<std::uint32_t>(
        encode(formats::binary32, x, toward_zero, overflow::saturate, missing_nan::largest));
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::uint32_t bits = (at & 0x7FFFFFFFu) + i - 1;
      if (bits < infinity) list.push_back(bits);
    }
  };
  for (const std::uint32_t bits : {1u, 0x400000u, 0x600000u, 0x800000u, 0xC00000u, 0x7F7FFFFEu}) {
    add(decode(formats::binary32, bits));
  }
  if (f.bits() <= 16) {
    std::vector<unpacked> magnitudes{unpacked::zero()};
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const unpacked x = magnitude_of(decode(f, code));
      if (!x.is_finite()) continue;
      magnitudes.push_back(x);
      add(x);
    }
    // Neighbours by value, which codes need not be by number.
    std::sort(magnitudes.begin(), magnitudes.end(),
              [](const unpacked& x, const unpacked& y) { return exact::compare(x, y) < 0; });
    for (std::size_t i = 1; i < magnitudes.size(); ++i) {
      add(scale_by_power_of_two(exact::add(magnitudes[i - 1], magnitudes[i]), -1));
    }
  }
  // Where values beyond the largest would round to it.
  const unpacked largest = largest_value(f), below = value_next_to_end(f, false);
  const unpacked step = exact::add(largest, -below);
  for (const int half : {-1, 0, 1}) add(exact::add(largest, scale_by_power_of_two(step, half)));
  add(scale_by_power_of_two(largest, 1));
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

}  // namespace detail

namespace detail {

/// A conversion to a format, whose choices were looked up once.
template <number_format F>
class prepared_cast {
 public:
  prepared_cast(const F& f, const conversion& how)
      : format_(under(f, how.choices())),
        how_(how),
        is_plain_(how.choices() == conversion_choices{}) {}

  [[nodiscard]] code_t operator()(const unpacked& x) const {
    const auto to = [&](const auto& f) {
      return encode(f, x, how_.rounding, how_.overflow, how_.missing_nan);
    };
    return is_plain_ ? to(format_.format) : to(format_);
  }

 private:
  converted_format<F> format_;
  conversion how_;
  bool is_plain_;
};

}  // namespace detail

/// Of the casts of two stacks to a format, which both must have.
template <number_format F>
[[nodiscard]] conversion_diff diff(const stack_casts& first, const stack_casts& second, const F& f,
                                   const diff_sample& sample = {}) {
  detail::require_cast("diff", "the first stack", first, f);
  detail::require_cast("diff", "the second stack", second, f);
  const detail::input_classes<F> classes(f);
  const detail::prepared_cast<F> to_first(f, first.of(f)), to_second(f, second.of(f));
  const auto compare = [&](differences& d, std::uint32_t bits) {
    const unpacked x = decode(formats::binary32, bits);
    const code_t p = to_first(x), q = to_second(x);
    ++d.compared;
    if (p != q) d.add(classes(x, p, q), {bits, p, q});
  };
  conversion_diff result;
  for (code_t code = 0; code < 1 << 16; ++code) {
    const code_t wide = encode(formats::binary32, decode(formats::binary16, code));
    compare(result.from_binary16, static_cast<std::uint32_t>(wide));
  }
  for (const std::uint32_t bits : detail::boundaries(f)) {
    compare(result.from_binary32, bits);
    compare(result.from_binary32, bits | 0x80000000u);
  }
  for (std::uint64_t i = 0; i < sample.count; ++i) {
    compare(result.from_binary32, random_bits(sample.seed, i, 32, 10));
  }
  return result;
}
template <profile_type First, profile_type Second, number_format F>
[[nodiscard]] conversion_diff diff(const First& first, const Second& second, const F& f,
                                   const diff_sample& sample = {}) {
  detail::require_cast("diff", first.name, first.casts, f);
  detail::require_cast("diff", second.name, second.casts, f);
  return diff(first.casts, second.casts, f, sample);
}

}  // namespace lowp
