// SPDX-License-Identifier: MIT
// Records of codes in fields of bytes, and how they are decoded: under a scale, and perhaps a
// minimum, for each group.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lowp {

/// A plane of fields of so many bits: run after run of elements, each from the same bytes but with
/// the fields above, 8 / bits of them; then further bytes. No bits: no plane.
struct field_plane {
  std::size_t first = 0;  ///< byte of a record
  int bits = 0;
  std::size_t run = 0;  ///< elements
};

/// Elements are ((low | high << bits of low) ^ flip) - bias, in groups that do not reach over the
/// end of a run, of a multiple of 16; at most 16 groups. Those of whole bytes have no upper bits
/// and no minima. Where each of them lies is in tables.
struct record_fields {
  struct group_place {
    std::uint16_t byte = 0;
    std::uint8_t shift = 0;
  };
  struct plane {
    group_place places[16] = {};
    int bits = 0;
    std::uint32_t mask = 0;

    constexpr plane(const field_plane& p, std::size_t group, std::size_t groups)
        : bits(p.bits), mask((1u << p.bits) - 1) {
      if (bits == 0) return;
      const std::size_t stretch = p.run * static_cast<std::size_t>(8 / bits);
      for (std::size_t g = 0; g < groups; ++g) {
        const std::size_t i = g * group, lower = i % stretch / p.run;
        places[g] = {static_cast<std::uint16_t>(p.first + i / stretch * p.run + i % p.run),
                     static_cast<std::uint8_t>(lower * static_cast<std::size_t>(bits))};
      }
    }
  };

  plane low, high;
  std::size_t group = 0, groups = 0;
  std::uint32_t bias = 0, scale_bias = 0;  ///< subtracted from elements, and from codes of scales
  std::uint32_t flip = 0;

  constexpr record_fields(const field_plane& lower, const field_plane& upper,
                          std::size_t group_size, std::uint32_t element_bias = 0,
                          std::uint32_t bias_of_scales = 0, std::uint32_t flipped = 0)
      : low(lower, group_size, 256 / group_size),
        high(upper, group_size, 256 / group_size),
        group(group_size),
        groups(256 / group_size),
        bias(element_bias),
        scale_bias(bias_of_scales),
        flip(flipped) {}
};

/// The scales of a record's groups, and their minima, if it has those.
struct record_scales {
  std::uint8_t scales[16] = {}, minima[16] = {};
  std::uint32_t d = 0, dmin = 0;  ///< binary32, finite
  bool has_minima = false;
};

}  // namespace lowp
