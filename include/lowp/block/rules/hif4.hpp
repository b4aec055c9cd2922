// SPDX-License-Identifier: MIT
// HiF4 as its authors' programs compute it (arXiv 2602.11287; hifx.py of HiFloat4, for binary32
// tensors): a scale of E6M2 for 64 elements, a bit for 8 of them and for 4, all by operations on
// binary32 and bfloat16 in a stated order. The umbrella header leaves it out.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "lowp/block/level_catalog.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/short_arrays.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp::rules {

/// For each 64 elements of a row, whose count is a multiple of 64; operations round to nearest even
/// unless another rounding is named:
///
///   scale      amax of 64 times bfloat16(1/7) in binary32, rounded to bfloat16, then to E6M2,
///   where
///              it stays between 2^-48 and 49152
///   r          1 / scale in bfloat16
///   bit of 8   whether their amax * r, in binary32, is 4 or more
///   bit of 4   whether their amax * r, divided by 2 where the bit of 8 is set, is 2 or more
///   element    |x| * r / 2^(bits set), in binary32, to quarters: 4 t + 1/2 in binary32, cut off to
///              an integer of at most 7, with the sign of x; a zero is +0
///
/// A NaN or an infinity makes the scale NaN and all other codes 0, where the authors' program keeps
/// it as an element: the format has no code for it. A block of zeros has the least scale.
///
///   quantize<formats::hif4>(matrix, rules::hif4)
struct hif4_t : rule_of_records<hif4_t, formats::hif4> {
  static constexpr std::string_view name = "hif4";
  static constexpr const char* expected = "rules::hif4 is for formats::hif4";
  using codes = coded_record<64, 25>;  ///< bits of 4, bits of 8, the scale

  void encode(const float* x, codes& out) const {
    std::uint32_t magnitudes[64], of_4[16] = {}, of_8[8] = {}, of_64 = 0;
    std::memcpy(magnitudes, x, sizeof magnitudes);
    for (std::uint32_t& m : magnitudes) m &= 0x7FFFFFFFu;
    for (std::size_t i = 0; i < 64; ++i) {
      if (magnitudes[i] > of_4[i / 4]) of_4[i / 4] = magnitudes[i];
    }
    for (std::size_t i = 0; i < 16; ++i) {
      if (of_4[i] > of_8[i / 2]) of_8[i / 2] = of_4[i];
      if (of_4[i] > of_64) of_64 = of_4[i];
    }
    constexpr std::size_t scale_at = 24;
    if (of_64 >= 0x7F800000u) return detail::store_nan(out, 0xFF, scale_at);

    constexpr auto seventh = static_cast<float>(bfloat16(1.0f / 7));
    const auto wanted =
        convert<formats::bfloat16>(detail::product_of_floats(from_bits<float>(of_64), seventh));
    const code_t scale =
        lowp::encode(formats::e6m2, unpack(wanted), nearest_even, overflow::saturate);
    const auto value = pack_as<float>(decode(formats::e6m2, scale));
    const auto factor =
        static_cast<float>(convert<formats::bfloat16>(detail::quotient_of_floats(1, value)));
    out.upper[scale_at] = static_cast<std::uint32_t>(scale);

    float sizes[64], parts[64];
    std::memcpy(sizes, magnitudes, sizeof sizes);
    const auto is_least = [factor](std::uint32_t largest, float least) {
      return detail::product_of_floats(from_bits<float>(largest), factor) >= least ? 1u : 0u;
    };
    for (std::size_t i = 0; i < 8; ++i) out.upper[16 + i] = is_least(of_8[i], 4);
    for (std::size_t i = 0; i < 16; ++i) {
      const std::uint32_t bit_of_8 = out.upper[16 + i / 2];
      out.upper[i] = is_least(of_4[i], bit_of_8 != 0 ? 4.0f : 2.0f);
      const std::uint32_t bits = bit_of_8 + out.upper[i];
      for (std::size_t j = 0; j < 4; ++j)
        parts[4 * i + j] = bits == 0 ? 4.0f : bits == 1 ? 2.0f : 1.0f;
    }
    detail::multiply_arrays<64>(sizes, factor, sizes);
    detail::multiply_arrays<64>(sizes, parts, sizes);
    detail::add_arrays<64>(sizes, 0.5f, sizes);
    for (std::size_t i = 0; i < 64; ++i) {
      const auto integer = static_cast<std::int32_t>(sizes[i] < 7 ? sizes[i] : 7.0f);
      const std::uint32_t sign = std::bit_cast<std::uint32_t>(x[i]) >> 31;
      const std::uint32_t sign_bit = magnitudes[i] != 0 ? sign << 3 : 0;
      out.elements[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(integer) | sign_bit);
    }
  }
};
inline constexpr hif4_t hif4{};

}  // namespace lowp::rules
