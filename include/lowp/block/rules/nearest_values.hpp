// SPDX-License-Identifier: MIT
// Rounding to the values of a narrow format without their codes, for rules that try several scales.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/number/unpack.hpp"

namespace lowp::detail {

/// The finite values of a format of at most 8 bits, ascending, and the binary32 numbers where
/// encoding to nearest even passes from one to the next. There are none for a format that has
/// values which are not binary32 numbers.
template <number_format F>
class nearest_values {
 public:
  explicit nearest_values(const F& f) : format_(f) {
    if (f.bits() > 8) return;
    std::vector<unpacked> all;
    const auto same = [](const unpacked& a, const unpacked& b) {
      return exact::compare(a, b) == 0;
    };
    const auto nearest = [&f](const unpacked& x) {
      return decode(f, encode(f, x, nearest_even, overflow::saturate, missing_nan::largest));
    };
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const unpacked x = decode(f, code);
      // A code that encoding gives: a symmetric integer has one more.
      if ((x.is_finite() || x.is_zero()) && same(nearest(x), x)) all.push_back(x);
    }
    const auto order = [](const unpacked& a, const unpacked& b) {
      return exact::compare(a, b) < 0;
    };
    std::sort(all.begin(), all.end(), order);
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    std::vector<float> limits, values{pack_as<float>(all.front())};
    for (std::size_t i = 1; i < all.size(); ++i) {
      const unpacked half = scale_by_power_of_two(exact::add(all[i - 1], all[i]), -1);
      const unpacked little = scale_by_power_of_two(exact::add(all[i], -all[i - 1]), -40);
      const float value = pack_as<float>(all[i]);
      float limit = pack_as<float>(half);
      const bool is_half = same(unpack(limit), half);
      if (!is_half && exact::compare(unpack(limit), half) < 0) limit = above(limit);
      if (!same(unpack(value), all[i]) || !same(nearest(exact::add(half, -little)), all[i - 1]) ||
          !same(nearest(exact::add(half, little)), all[i])) {
        return;
      }
      limits.push_back(!is_half || same(nearest(half), all[i]) ? limit : above(limit));
      values.push_back(value);
    }
    count_ = limits.size();
    // Whole vectors for the loop: no number is beyond infinity.
    limits.resize((count_ + 15) / 16 * 16, pack_as<float>(unpacked::infinite()));
    limits_ = std::move(limits);
    values_ = std::move(values);
  }

  [[nodiscard]] const F& format() const { return format_; }
  [[nodiscard]] bool exist() const { return count_ != 0; }
  /// The values, ascending, and where each but the first begins.
  [[nodiscard]] std::span<const float> values() const { return values_; }
  [[nodiscard]] std::span<const float> limits() const { return {limits_.data(), count_}; }
  [[nodiscard]] float largest() const { return values_.back(); }
  /// The value nearest to x, which is no NaN.
  [[nodiscard]] float operator()(float x) const {
    const float* const limits = limits_.data();
    std::size_t at = 0;
    if (count_ <= 32) {
      int beyond = 0;
      for (std::size_t i = 0; i < limits_.size(); i += 16) {
        for (std::size_t j = 0; j < 16; ++j) beyond += x >= limits[i + j] ? 1 : 0;
      }
      at = static_cast<std::size_t>(beyond);
    } else {
      at = static_cast<std::size_t>(std::upper_bound(limits, limits + count_, x) - limits);
    }
    return values_[(std::min)(at, count_)];
  }

 private:
  /// The number after x.
  [[nodiscard]] static float above(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t next = bits >> 31 != 0 ? bits - 1 : bits + 1;
    return std::bit_cast<float>(bits << 1 == 0 ? 1u : next);
  }
  F format_;
  std::size_t count_ = 0;
  std::vector<float> limits_, values_;  ///< value i + 1 from limit i on
};

/// Those of a format, kept by each thread for as long as it asks for no other of the family.
template <number_format F>
[[nodiscard]] const nearest_values<F>& nearest_values_of(const F& f) {
  thread_local nearest_values<F> last(f);
  if (!(last.format() == f)) last = nearest_values<F>(f);
  return last;
}

}  // namespace lowp::detail
