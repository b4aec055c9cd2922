// SPDX-License-Identifier: MIT
// The values of all codes of a narrow format, of any family, laid out for look-up by permutation
// instructions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lowp/core/bits.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/formats/concepts.hpp"
#include "lowp/kernels/target.hpp"

namespace lowp {
inline namespace LOWP_BASELINE {
namespace kernels {

/// binary32 values by code, for codes of at most 8 bits. `planes` hold the upper two bytes of each,
/// which are the whole value (`is_upper_half`) of every format with up to 8 significant bits whose
/// values are normal in binary32.
struct value_table {
  alignas(64) std::uint32_t values[256] = {};
  alignas(64) std::uint8_t planes[2][256] = {};
  int bits = 0;
  bool is_upper_half = true;
};

/// `value_of(code)` are the bits for a code of so many bits.
template <class ValueOf>
[[nodiscard]] constexpr value_table make_value_table(int bits, const ValueOf& value_of) {
  value_table table;
  table.bits = bits;
  const auto count = std::size_t{1} << bits;
  for (std::size_t code = 0; code < 256; ++code) {  // repeated, so that any byte is an index
    const std::uint32_t value = code < count ? value_of(code) : table.values[code % count];
    table.values[code] = value;
    table.planes[0][code] = static_cast<std::uint8_t>(value >> 16);
    table.planes[1][code] = static_cast<std::uint8_t>(value >> 24);
    if ((value & 0xFFFF) != 0) table.is_upper_half = false;
  }
  return table;
}
template <number_format F>
[[nodiscard]] constexpr value_table make_value_table(const F& f) {
  return make_value_table(f.bits(), [&f](code_t code) {
    return static_cast<std::uint32_t>(encode(formats::binary32, decode(f, code)));
  });
}

/// How the amax of a block becomes the value of its scale, each step rounded to binary32: times a,
/// or divided by a and then by b; within [lowest, highest], with values of their own for 0 and NaN.
struct scale_arithmetic {
  bool divides = false;
  std::uint32_t a = 0, b = 0;
  std::uint32_t lowest = 0, highest = 0;
  std::uint32_t of_zero = 0, of_nan = 0;
};

/// What decoded values are multiplied by, one factor after the other, each product rounded.
struct scaling {
  const std::uint32_t* scales = nullptr;  ///< of element i: scales[i >> log2_block]; null: none
  int log2_block = 0;                     ///< at least 4, so that a vector shares its scale
  bool has_tensor = false;
  std::uint32_t tensor = 0;

  /// The same for elements `first`, first + 1, …; first is at a block or within the first of one.
  [[nodiscard]] scaling from(std::size_t first) const {
    return {scales == nullptr ? nullptr : scales + (first >> log2_block), log2_block, has_tensor,
            tensor};
  }
};

}  // namespace kernels
}  // namespace LOWP_BASELINE
}  // namespace lowp
