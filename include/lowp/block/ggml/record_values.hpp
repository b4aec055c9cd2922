// SPDX-License-Identifier: MIT
// The values of GGUF's records that are no K-quants: a table of elements, and for each group what
// they are multiplied by and what is subtracted then. Products are exact, so that each value is
// rounded once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lowp/block/ggml/record_bits.hpp"
#include "lowp/core/config.hpp"
#include "lowp/core/exact.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp::detail {

/// The values of a format of elements in binary32, which holds them, times `Factor`.
template <auto Element, int Factor = 1>
inline constexpr auto element_values = [] {
  std::array<float, std::size_t{1} << Element.bits()> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const unpacked x = decode(Element, static_cast<code_t>(i));
    values[i] = pack_as<float>(exact::multiply(x, unpacked::scaled_integer(false, Factor)));
  }
  return values;
}();

/// What the elements of a group are multiplied by, and what is subtracted then.
struct group_line {
  float scale = 0, offset = 0;
};

[[nodiscard]] inline float half_value(code_t code) {
  return static_cast<float>(binary16::from_code(code));
}

// Where records have the lines of their groups.

/// Of one binary16, leaf 1, and of one with a second one, leaf 2.
template <bool HasOffset>
struct line_of_halves {
  template <class Record>
  [[nodiscard]] static group_line of(const std::uint8_t* b, std::size_t) {
    return {half_value(Record::load(b, 1, 0)), HasOffset ? half_value(Record::load(b, 2, 0)) : 0};
  }
};
/// Of small integers, leaf 1, times a binary16, leaf 2; the product is exact.
template <int Bits>
struct line_of_products {
  template <class Record>
  [[nodiscard]] static group_line of(const std::uint8_t* b, std::size_t g) {
    const int sign = 1 << (Bits - 1);
    const int scale = static_cast<int>(Record::load(b, 1, g) ^ static_cast<code_t>(sign)) - sign;
    return {half_value(Record::load(b, 2, 0)) * static_cast<float>(scale)};
  }
};
/// Of MXFP4, for elements times 2: 2^(code - 128).
struct line_of_mxfp4 {
  template <class Record>
  [[nodiscard]] static group_line of(const std::uint8_t* b, std::size_t) {
    return {b[0] < 2 ? from_bits<float>(0x00200000u << b[0]) : from_bits<float>((b[0] - 1u) << 23)};
  }
};
/// Of NVFP4 as ggml reads it: 0x7F is 0. Codes with the top bit, which nobody makes, are read as
/// those without, but for 0xFF, which is 480.
struct line_of_nvfp4 {
  static constexpr auto values = [] {
    std::array<float, 256> scales{};
    for (std::size_t i = 0; i < 256; ++i) {
      const unpacked x = decode(formats::ue4m3, static_cast<code_t>(i & 0x7F));
      scales[i] = x.is_nan() ? 0 : pack_as<float>(x);
    }
    scales[0xFF] = 480;
    return scales;
  }();
  template <class Record>
  [[nodiscard]] static group_line of(const std::uint8_t* b, std::size_t g) {
    return {values[b[g]]};
  }
};

/// Gives a record its values: of groups of `Group` elements, whose values times Factor are taken.
template <class Record, std::size_t Group, auto Element, class Line, int Factor = 1>
struct record_values {
  /// Of `count` records; whatever `isa` there is.
  static std::size_t load_values(isa, const std::uint8_t* bytes, std::size_t count, float* row) {
    const default_float_environment environment;
    constexpr const auto& values = element_values<Element, Factor>;
    for (std::size_t r = 0; r < count; ++r, bytes += Record::bytes, row += Record::cols) {
      std::uint8_t codes[Record::cols];
      float x[Record::cols];
      Record::load_elements(bytes, codes);
      for (std::size_t g = 0; g < Record::cols; g += Group) {
        const group_line line = Line::template of<Record>(bytes, g / Group);
        for (std::size_t j = g; j < g + Group; ++j) {
          x[j] = values[codes[j]] * line.scale - line.offset;
        }
      }
      std::memcpy(row, x, sizeof x);
    }
    return count;
  }
};

}  // namespace lowp::detail
