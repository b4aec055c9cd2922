// SPDX-License-Identifier: MIT
// The values of all codes of a narrow format, of any family, laid out for look-up by permutation
// instructions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/formats/value_facts.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_KERNEL_BASELINE {
namespace kernels {

/// binary32 values by code, for codes of at most 8 bits. `planes` hold the upper two bytes of each,
/// which are the whole value (`is_upper_half`) of every format with up to 8 significant bits whose
/// values are normal in binary32.
struct value_table {
  /// Values that another type has too, up to a factor: a byte is converted, not looked up.
  struct conversion {
    enum { none, from_half, from_integer } how = none;
    int shift = 0;              ///< of a magnitude to its place in binary16, or of a code to bit 7
    bool is_signed = true;      ///< of integers
    std::uint32_t largest = 0;  ///< magnitude; those beyond are looked up
    std::uint32_t factor = 0;
  };
  alignas(64) std::uint32_t values[256] = {};
  alignas(64) std::uint8_t planes[2][256] = {};
  int bits = 0;
  bool is_upper_half = true;
  bool has_sign_bit = false;  ///< codes have 8 bits, of which the upper one is the sign
  conversion convert{};
};

/// `value_of(code)` are the bits for a code of so many bits.
template <class ValueOf>
[[nodiscard]] constexpr value_table make_value_table(int bits, const ValueOf& value_of) {
  value_table table;
  table.bits = bits;
  const auto count = std::size_t{1} << bits;
  for (std::size_t code = 0; code < 256; ++code) {  // repeated, so that any byte is an index
    const std::uint32_t value = code < count ? value_of(code) : table.values[code & (count - 1)];
    table.values[code] = value;
    table.planes[0][code] = static_cast<std::uint8_t>(value >> 16);
    table.planes[1][code] = static_cast<std::uint8_t>(value >> 24);
    if ((value & 0xFFFF) != 0) table.is_upper_half = false;
  }
  table.has_sign_bit = bits == 8;
  for (std::size_t code = 0; code < 128; ++code) {
    const bool is_positive = table.values[code] >> 31 == 0;
    if (!is_positive || table.values[code + 128] != (table.values[code] | 0x80000000u)) {
      table.has_sign_bit = false;
    }
  }
  return table;
}

/// From where the codes of a format of `bits` bits lie; a sign and magnitude of zero is -0, if
/// `has_negative_zero`.
[[nodiscard]] constexpr value_table::conversion make_conversion(const code_grid& grid, int bits,
                                                                bool has_negative_zero) {
  if (!grid.exists) return {};
  if (grid.is_twos_complement) {
    const int shift = 8 - bits, exponent = grid.lowest_exponent - bits - shift;
    if (grid.mantissa_bits != bits || exponent < -100 || exponent > 100) return {};
    return {.how = value_table::conversion::from_integer,
            .shift = shift,
            .is_signed = grid.largest_negative != 0,
            .factor = static_cast<std::uint32_t>(127 + exponent) << 23};
  }
  const int shift = 10 - grid.mantissa_bits, exponent = 14 + grid.lowest_exponent;
  const bool is_half = grid.sign_bit != 0 && !grid.skips_subnormals && shift >= 0 &&
                       (grid.largest_positive << shift) < 0x7C00 && exponent > -100 &&
                       exponent < 100;
  if (!is_half || !has_negative_zero) return {};
  return {.how = value_table::conversion::from_half,
          .shift = shift,
          .largest = static_cast<std::uint32_t>(grid.largest_positive),
          .factor = static_cast<std::uint32_t>(127 + exponent) << 23};
}

template <number_format F>
[[nodiscard]] constexpr value_table make_value_table(const F& f) {
  value_table table = make_value_table(f.bits(), [&f](code_t code) {
    return static_cast<std::uint32_t>(encode(formats::binary32, decode(f, code)));
  });
  if constexpr (requires { known_grid(f); }) {
    const code_grid grid = known_grid(f);
    const unpacked zero = decode(f, grid.sign_bit);
    table.convert = make_conversion(grid, f.bits(), zero.is_zero() && zero.negative);
  }
  return table;
}

/// What decoded values are multiplied by, one factor after the other, each product rounded.
struct scaling {
  const std::uint32_t* scales = nullptr;  ///< of element i: scales[i >> log2_block]; null: none
  int log2_block = 0;                     ///< at least 4, so that a vector shares its scale
  bool has_tensor = false;
  std::uint32_t tensor = 0;

  /// The factors of elements `first`, first + 1, …; first is at a block or within the first of one.
  [[nodiscard]] scaling from(std::size_t first) const {
    return {scales == nullptr ? nullptr : scales + (first >> log2_block), log2_block, has_tensor,
            tensor};
  }
};

}  // namespace kernels
}  // namespace LOWP_KERNEL_BASELINE
}  // namespace lowp
