// SPDX-License-Identifier: MIT
// What groups of a composition of levels ask the level above for: the ends of their elements, and
// the scales that map these to the range of the element format.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/arrays/lane_job.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/block/block_scales.hpp"
#include "lowp/block/level_reference.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/arrays/dispatch.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Raises the ends of groups by the elements of a row: magnitudes as bits, of positive and of
/// negative ones, or with highest == lowest of both. One that is NaN or infinite is above all
/// others.
inline void raise_ends(isa level, const float* row, std::size_t cols, std::size_t width,
                       std::uint32_t* highest, std::uint32_t* lowest) {
  const bool are_one = highest == lowest;
  if (width >= 16 && std::has_single_bit(width) && width < cols) {
    const int log2_block = static_cast<int>(std::bit_width(width)) - 1;
    return are_one ? kernels::amax_blocks(level, row, cols, width, highest)
                   : kernels::range_blocks(level, row, cols, log2_block, highest, lowest);
  }
  if (width == 1 && !are_one) return kernels::range_elements(level, row, cols, highest, lowest);
  std::size_t first = 0;
  const auto in_groups_of = [&]<std::size_t Width>() {
    for (; first + Width <= cols; first += Width) {
      std::uint32_t high = 0, low = 0;
      for (std::size_t i = 0; i < Width; ++i) {
        const std::uint32_t bits = bits_of(row[first + i]), magnitude = bits & 0x7FFFFFFFu;
        const std::uint32_t positive = are_one || bits >> 31 == 0 ? magnitude : 0;
        high = (std::max)(high, positive);
        low = (std::max)(low, magnitude ^ positive);
      }
      highest[first / Width] = (std::max)(highest[first / Width], high);
      if (!are_one) lowest[first / Width] = (std::max)(lowest[first / Width], low);
    }
  };
  switch (width) {
    case 1: in_groups_of.template operator()<1>(); break;
    case 2: in_groups_of.template operator()<2>(); break;
    case 4: in_groups_of.template operator()<4>(); break;
    case 8: in_groups_of.template operator()<8>(); break;
    default: break;
  }
  constexpr std::size_t piece = buffer_size, block = 16;
  for (std::size_t group = first / width; first < cols; ++group, first += width) {
    const std::size_t end = first + (std::min)(width, cols - first);
    if (width < 4 * block) {  // few elements
      std::uint32_t high = highest[group], low = lowest[group];
      for (std::size_t i = first; i < end; ++i) {
        const std::uint32_t bits = bits_of(row[i]), magnitude = bits & 0x7FFFFFFFu;
        const bool is_low = !are_one && bits >> 31 != 0;
        high = (std::max)(high, is_low ? 0 : magnitude);
        low = (std::max)(low, is_low ? magnitude : 0);
      }
      lowest[group] = low;
      highest[group] = high;
      continue;
    }
    for (std::size_t i = first; i < end; i += piece) {
      std::uint32_t high[piece / block] = {}, low[piece / block] = {};
      kernels::range_blocks(level, row + i, (std::min)(piece, end - i), 4, high, low);
      for (std::size_t b = 0; b < piece / block; ++b) {
        lowest[group] = (std::max)(lowest[group], low[b]);
        highest[group] = (std::max)(highest[group], high[b]);
      }
      if (are_one) {
        highest[group] = (std::max)(highest[group], *std::max_element(low, low + piece / block));
      }
    }
  }
}

/// The scales that groups of finite values ask for, as wanted_scale defines them.
template <class Format>
class wanted_scales {
 public:
  explicit wanted_scales(const Format& f) {
    const unpacked largest = largest_level_value(f);
    is_power_of_two_ = !has_range && are_powers_of_two(f.scale);
    largest_exponent_ = largest.exponent;
    divisor_ = static_cast<float>(lowp::detail::as_binary32(
        has_range ? exact::add(largest, -decode(f.element, lowest_code(f.element))) : largest));
  }
  /// Those of `count` groups from their ends, which are below infinity, under
  /// default_float_environment; of others, anything.
  void operator()(const std::uint32_t* highest, const std::uint32_t* lowest, std::size_t count,
                  float* out) const {
    for (std::size_t i = 0; i < count; ++i) {
      if constexpr (has_range) {
        const float reach = opaque(opaque(float_of(highest[i])) + opaque(float_of(lowest[i])));
        out[i] = opaque(reach / opaque(divisor_));
      } else if (!is_power_of_two_) {
        out[i] = opaque(opaque(float_of(highest[i])) / opaque(divisor_));
      } else {
        out[i] = power_of_two(highest[i]);
      }
    }
  }

 private:
  static constexpr bool has_range = leaf_count<std::remove_cvref_t<decltype(Format::zero)>> != 0 ||
                                    leaf_count<std::remove_cvref_t<decltype(Format::offset)>> != 0;

  [[nodiscard]] float power_of_two(std::uint32_t amax) const {
    const int field = static_cast<int>(amax >> 23) - largest_exponent_;
    const float scale = float_of(static_cast<std::uint32_t>(field) << 23);
    if (amax >= 0x00800000u && field >= 1 && field <= 254) [[likely]]
      return scale;
    if (amax == 0) return 0.0f;
    return pack_as<float>(
        unpacked::scaled_integer(false, 1, unpack(float_of(amax)).exponent - largest_exponent_));
  }

  bool is_power_of_two_ = false;
  int largest_exponent_ = 0;
  float divisor_ = 1;
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
