// SPDX-License-Identifier: MIT
// When affine integers are quantized by one kernel: what is asked of the formats of a composition,
// and of the terms of a group.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/block/level_ends.hpp"
#include "lowp/block/level_rows.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/formats/integers.hpp"
#include "lowp/kernels/arrays/group_terms.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace bulk {

/// Elements that are integers as codes, in groups with an integer zero point or an offset: what the
/// kernels of integer_quotients need.
class integer_terms {
 public:
  integer_terms() = default;
  template <int Leaf, class Format>
  explicit integer_terms(const level_rows<Leaf, Format>& rows) {
    const auto& f = rows.format();
    constexpr bool has_zero = leaf_count<std::remove_cvref_t<decltype(f.zero)>> != 0,
                   has_offset = leaf_count<std::remove_cvref_t<decltype(f.offset)>> != 0;
    if (!rows.has_terms() || !rows.has_one_scale() || has_zero == has_offset) return;
    const integer_values element = integers_of(f.element);
    if (!are_small(element) || !are_codes(f.element, element)) return;
    std::int64_t most = magnitude(element);
    if constexpr (has_zero) {
      if constexpr (number_format<std::remove_cvref_t<decltype(f.zero)>>) {
        const integer_values zero = integers_of(f.zero);
        if (!are_small(zero)) return;
        most += magnitude(zero);
      } else {
        return;
      }
    }
    const auto biased = [](std::int64_t i) {
      return kernels::integer_span::zero + static_cast<std::uint32_t>(i);
    };
    codes_ = {biased(element.range.low), biased(element.range.high),
              static_cast<std::uint32_t>(low_mask(f.element.bits())),
              bits_of(0.5f - static_cast<float>(most) * 0x1p-22f)};
  }
  [[nodiscard]] bool exist() const { return codes_.mask != 0; }
  [[nodiscard]] const kernels::integer_span& codes() const { return codes_; }
  /// Makes the terms of a group, of this amax, those of integer_quotients; false where these are
  /// none for it.
  [[nodiscard]] static bool prepare(level_terms& t, std::size_t i, std::uint32_t amax) {
    const int exponent = static_cast<int>(bits_of(t.scales[i]) >> 23) - 127;  // above 128: negative
    const auto is_in_reach = [&](std::uint32_t magnitude) {
      return static_cast<int>(magnitude >> 23) - 127 < exponent + 36;
    };
    if (amax >= infinity_bits || exponent < -90 || exponent > 90 || !is_in_reach(amax))
      return false;
    if (t.has_shifts && !is_in_reach(bits_of(t.shifts[i]) & 0x7FFFFFFFu)) return false;
    t.seconds[i] = opaque(1.0f / opaque(t.scales[i]));
    t.zeros[i] = opaque((t.has_zeros ? t.zeros[i] : 0.0f) + 0x1.8p23f);
    return true;
  }

 private:
  [[nodiscard]] static std::int64_t magnitude(const integer_values& values) {
    return (std::max)(values.range.high, -values.range.low);
  }
  [[nodiscard]] static bool are_small(const integer_values& values) {
    constexpr std::int64_t most = 1 << 20;
    return values.exist && values.unit == 0 && values.range.low >= -most &&
           values.range.high <= most;
  }
  /// Whether each integer of the range is its own code, and of halves even ones are the nearest.
  [[nodiscard]] static bool are_codes(const number_format auto& f, const integer_values& values) {
    if (values.code != integer_code::other) return true;
    const auto code = [&](std::int64_t i) { return static_cast<code_t>(i) & low_mask(f.bits()); };
    for (std::int64_t i = values.range.low; i <= values.range.high; ++i) {
      const unpacked x = unpacked::from_integer(i);
      if (encode(f, x) != code(i) || exact::compare(decode(f, code(i)), x) != 0) return false;
      const unpacked half = exact::add(x, unpacked::scaled_integer(false, 1, -1));
      if (i < values.range.high && encode(f, half) != code(i + (i & 1))) return false;
    }
    return true;
  }

  kernels::integer_span codes_{};
};

}  // namespace bulk
}  // namespace LOWP_BASELINE
}  // namespace lowp
