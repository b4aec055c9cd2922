// SPDX-License-Identifier: MIT
// What lies in an array of values: extremes, means, zeros, special values, and how many values each
// binade holds. Pieces may be added in any number; the same pieces in the same order give the same
// bits.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "lowp/number/real_functions.hpp"

namespace lowp {

/// Figures over the values that are finite; those of no value are zero.
struct value_statistics {
  std::uint64_t count = 0;  ///< of all values
  std::uint64_t finite = 0, zeros = 0, nans = 0, infinities = 0;
  float min = 0, max = 0;
  float amax = 0;      ///< the largest magnitude
  float smallest = 0;  ///< the smallest magnitude that is not zero
  double mean = 0, rms = 0;
  /// How many finite values have 2^(i - 127) as the power of two below their magnitude; 0: zeros
  /// and subnormals of binary32.
  std::array<std::uint64_t, 255> binades{};
};

/// Adds up value_statistics. Sums are in binary64, eight side by side in each piece, added in
/// order at its end.
class value_accumulator {
 public:
  void add(std::span<const float> values) {
    constexpr std::size_t chunk = 1024;
    double sums[lanes] = {}, squares[lanes] = {};
    for (std::size_t i = 0; i < values.size(); i += chunk)
      add_chunk(values.subspan(i, (std::min)(chunk, values.size() - i)), sums, squares);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      sum_ += sums[lane];
      square_ += squares[lane];
    }
  }
  /// What another one has added, after what this one has.
  void add(const value_accumulator& other) {
    result_.count += other.result_.count;
    result_.nans += other.result_.nans;
    result_.infinities += other.result_.infinities;
    result_.zeros += other.result_.zeros;
    low_ = (std::min)(low_, other.low_);
    high_ = (std::max)(high_, other.high_);
    smallest_ = (std::min)(smallest_, other.smallest_);
    sum_ += other.sum_;
    square_ += other.square_;
    for (std::size_t i = 0; i < result_.binades.size(); ++i)
      result_.binades[i] += other.result_.binades[i];
  }

  [[nodiscard]] value_statistics result() const {
    value_statistics r = result_;
    r.finite = r.count - r.nans - r.infinities;
    if (r.finite == 0) return r;
    r.min = float_of(low_);
    r.max = float_of(high_);
    r.amax = std::bit_cast<float>((std::max)(std::bit_cast<std::uint32_t>(r.min) & 0x7FFFFFFFu,
                                             std::bit_cast<std::uint32_t>(r.max) & 0x7FFFFFFFu));
    r.smallest = smallest_ == none ? 0.0f : std::bit_cast<float>(smallest_ + 1);
    r.mean = sum_ / static_cast<double>(r.finite);
    r.rms = detail::square_root_of(square_ / static_cast<double>(r.finite));
    return r;
  }

 private:
  static constexpr std::size_t lanes = 8;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  // Bits of binary32 as integers in the order of their values.
  static constexpr std::int32_t order_of(std::uint32_t bits) {
    const auto sign = static_cast<std::uint32_t>(static_cast<std::int32_t>(bits) >> 31);
    return static_cast<std::int32_t>(bits ^ (sign >> 1));
  }
  static float float_of(std::int32_t order) {
    const auto bits = static_cast<std::uint32_t>(order);
    return std::bit_cast<float>(bits ^ (static_cast<std::uint32_t>(order >> 31) >> 1));
  }
  void add_chunk(std::span<const float> values, double* sums, double* squares) {
    std::uint32_t largest = 0;
    for (const float& value : values)
      largest = (std::max)(largest, std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu);
    result_.count += values.size();
    if (largest >= 0x7F800000u) return add_special(values, sums, squares);
    std::int32_t low = low_, high = high_;
    std::uint32_t smallest = smallest_;
    for (const float& value : values) {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      low = (std::min)(low, order_of(bits));
      high = (std::max)(high, order_of(bits));
      smallest = (std::min)(smallest, (bits & 0x7FFFFFFFu) - 1);  // zero becomes the largest
    }
    low_ = low;
    high_ = high;
    if (smallest != none) smallest_ = (std::min)(smallest_, smallest);
    std::size_t i = 0;
    for (; i + lanes <= values.size(); i += lanes) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const auto x = static_cast<double>(values[i + lane]);
        sums[lane] += x;
        squares[lane] += x * x;
      }
    }
    for (std::size_t lane = 0; i + lane < values.size(); ++lane) {
      const auto x = static_cast<double>(values[i + lane]);
      sums[lane] += x;
      squares[lane] += x * x;
    }
    count_binades(values);
  }
  void add_special(std::span<const float> values, double* sums, double* squares) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(values[i]);
      const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
      if (magnitude >= 0x7F800000u) {
        ++(magnitude > 0x7F800000u ? result_.nans : result_.infinities);
        continue;
      }
      low_ = (std::min)(low_, order_of(bits));
      high_ = (std::max)(high_, order_of(bits));
      smallest_ = (std::min)(smallest_, magnitude - 1);
      const auto x = static_cast<double>(values[i]);
      sums[i % lanes] += x;
      squares[i % lanes] += x * x;
      count(magnitude);
    }
  }
  void count_binades(std::span<const float> values) {
    for (const float& value : values) count(std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu);
  }
  void count(std::uint32_t magnitude) {
    result_.zeros += magnitude == 0 ? 1u : 0u;
    ++result_.binades[magnitude >> 23];
  }

  value_statistics result_;
  std::int32_t low_ = (std::numeric_limits<std::int32_t>::max)();
  std::int32_t high_ = (std::numeric_limits<std::int32_t>::min)();
  std::uint32_t smallest_ = none;  ///< a magnitude less one
  double sum_ = 0, square_ = 0;
};

[[nodiscard]] inline value_statistics statistics_of(std::span<const float> values) {
  value_accumulator all;
  all.add(values);
  return all.result();
}

}  // namespace lowp
