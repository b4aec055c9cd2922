// SPDX-License-Identifier: MIT
// What kernels apply to the elements of groups.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// What the elements of each group share, as bits of binary32; a null term is left out. That of
/// element i is [i >> log2_group], so 0 is for terms of each element; groups of 2, 4 or 8 are not
/// for kernels. In compositions of levels
///   value = (element - zero) * scale * second - shift
struct group_terms {
  const std::uint32_t* zeros = nullptr;
  const std::uint32_t* scales = nullptr;
  const std::uint32_t* seconds = nullptr;
  const std::uint32_t* shifts = nullptr;
  int log2_group = 0;
  bool fuses = false;  ///< element * scale - shift is rounded once; no zeros and seconds

  [[nodiscard]] group_terms from(std::size_t element) const {
    const std::size_t group = element >> log2_group;
    const auto at = [group](const std::uint32_t* p) { return p == nullptr ? p : p + group; };
    return {at(zeros), at(scales), at(seconds), at(shifts), log2_group, fuses};
  }
};

/// Codes that are the integers lowest … highest, at most 2^20 in magnitude, modulo mask + 1. Words
/// are the bits of sums with 3 * 2^22, of which each is one more than that before.
struct integer_span {
  static constexpr std::uint32_t zero = 0x4B400000u;  ///< 3 * 2^22
  std::uint32_t lowest = zero, highest = zero;
  std::uint32_t mask = 0;
  /// Quotients that lie farther from an integer, as binary32, are rounded with care: a half less
  /// 2^-22 of the largest that is no less than an end of the span.
  std::uint32_t safe_distance = 0;
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
