// SPDX-License-Identifier: MIT
// GGUF's blocks that are no K-quants as entries of its table of types: rows are written as ggml's
// reference quantizers do and read as ggml reads them, bit for bit.
//
// A NaN or an infinity makes all values of its block NaN: the scale is. MXFP4 and NVFP4 have no NaN
// that ggml would see: there scale and elements have the codes of OCP, 255 and 0x7F over zeros,
// which ggml reads as zeros.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "lowp/block/ggml/formats.hpp"
#include "lowp/block/ggml/gguf_type.hpp"
#include "lowp/block/ggml/small_records.hpp"
#include "lowp/block/ggml/super_records.hpp"
#include "lowp/block/rules/chosen_records.hpp"
#include "lowp/block/rules/ggml_extreme.hpp"
#include "lowp/block/rules/ggml_few_values.hpp"
#include "lowp/block/rules/ggml_fp4.hpp"
#include "lowp/block/rules/ggml_iq4.hpp"
#include "lowp/block/rules/ggml_q8.hpp"
#include "lowp/block/rules/ggml_range.hpp"
#include "lowp/core/config.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {
namespace detail {

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

/// Of one binary16, and of one with a second one.
template <class Record, bool HasOffset = false>
struct line_of_record {
  [[nodiscard]] group_line operator()(const std::uint8_t* b, std::size_t) const {
    return {half_value(Record::load(b, 1, 0)), HasOffset ? half_value(Record::load(b, 2, 0)) : 0};
  }
};
/// Of IQ4_XS: 11 and 6 bits, whose product is exact.
struct line_of_iq4_xs {
  [[nodiscard]] group_line operator()(const std::uint8_t* b, std::size_t g) const {
    const auto scale = static_cast<int>(iq4_xs_record::load(b, 1, g) ^ 32u) - 32;
    return {half_value(iq4_xs_record::load(b, 2, 0)) * static_cast<float>(scale)};
  }
};
/// Of MXFP4, for elements times 2: 2^(code - 128).
struct line_of_mxfp4 {
  [[nodiscard]] group_line operator()(const std::uint8_t* b, std::size_t) const {
    return {b[0] < 2 ? from_bits<float>(0x00200000u << b[0]) : from_bits<float>((b[0] - 1u) << 23)};
  }
};
/// Of NVFP4. Codes with the top bit, which nobody makes, are read as those without, but for 0xFF:
/// 480, where 0x7F is 0.
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
  [[nodiscard]] group_line operator()(const std::uint8_t* b, std::size_t g) const {
    return {values[b[g]]};
  }
};

/// Whole rows of records: values of elements by the lines of groups of `Group` elements. Products
/// are exact, so that each value is rounded once.
template <class Record, std::size_t Group, auto Element, class Line, int Factor = 1>
void dequantize_records(const std::uint8_t* bytes, std::size_t count, float* row) {
  const default_float_environment environment;
  constexpr const auto& values = element_values<Element, Factor>;
  for (std::size_t i = 0; i < count; i += Record::cols, bytes += Record::bytes) {
    std::uint8_t codes[Record::cols];
    float x[Record::cols];
    Record::load_elements(bytes, codes);
    for (std::size_t g = 0; g < Record::cols; g += Group) {
      const group_line line = Line{}(bytes, g / Group);
      for (std::size_t j = g; j < g + Group; ++j)
        x[j] = values[codes[j]] * line.scale - line.offset;
    }
    std::memcpy(row + i, x, sizeof x);
  }
}

/// A type of blocks that its rule writes.
template <class Record, class Rule, std::size_t Group, auto Element,
          class Line = line_of_record<Record>, int Factor = 1>
[[nodiscard]] constexpr gguf_type gguf_block(std::string_view name, std::uint32_t id) {
  return {name,
          id,
          Record::cols,
          Record::bytes,
          quantize_records<Record, Rule>,
          dequantize_records<Record, Group, Element, Line, Factor>};
}

}  // namespace detail

namespace gguf {

// clang-format off
inline constexpr gguf_type q4_0   = detail::gguf_block<q4_0_record, rules::ggml_q4_0_t, 32, formats::int_n<4>>("Q4_0", 2);
inline constexpr gguf_type q4_1   = detail::gguf_block<q4_1_record, rules::ggml_q4_1_t, 32, formats::uint_n<4>, detail::line_of_record<q4_1_record, true>>("Q4_1", 3);
inline constexpr gguf_type q5_0   = detail::gguf_block<q5_0_record, rules::ggml_q5_0_t, 32, formats::int_n<5>>("Q5_0", 6);
inline constexpr gguf_type q5_1   = detail::gguf_block<q5_1_record, rules::ggml_q5_1_t, 32, formats::uint_n<5>, detail::line_of_record<q5_1_record, true>>("Q5_1", 7);
inline constexpr gguf_type q8_0   = detail::gguf_block<q8_0_record, rules::ggml_q8_0_t, 32, formats::int_n<8>>("Q8_0", 8);
inline constexpr gguf_type q8_1   = detail::gguf_block<q8_1_record, rules::ggml_q8_1_t, 32, formats::int_n<8>>("Q8_1", 9);
inline constexpr gguf_type iq4_nl = detail::gguf_block<iq4_nl_record, rules::ggml_iq4_nl_t, 32, formats::iq4_nl>("IQ4_NL", 20);
inline constexpr gguf_type iq4_xs = detail::gguf_block<iq4_xs_record, rules::ggml_iq4_xs_t, 32, formats::iq4_nl, detail::line_of_iq4_xs>("IQ4_XS", 23);
inline constexpr gguf_type tq1_0  = detail::gguf_block<tq1_0_record, rules::ggml_tq1_0_t, 256, formats::minus_one_to_two>("TQ1_0", 34);
inline constexpr gguf_type tq2_0  = detail::gguf_block<tq2_0_record, rules::ggml_tq2_0_t, 256, formats::minus_one_to_two>("TQ2_0", 35);
inline constexpr gguf_type mxfp4  = detail::gguf_block<mxfp4_record, rules::ggml_mxfp4_records_t, 32, formats::ggml_e2m1, detail::line_of_mxfp4, 2>("MXFP4", 39);
inline constexpr gguf_type nvfp4  = detail::gguf_block<nvfp4_record, rules::ggml_nvfp4_records_t, 16, formats::ggml_e2m1, detail::line_of_nvfp4>("NVFP4", 40);
inline constexpr gguf_type q1_0   = detail::gguf_block<q1_0_record, rules::ggml_q1_0_t, 128, formats::sign_bit>("Q1_0", 41);
inline constexpr gguf_type q2_0   = detail::gguf_block<q2_0_record, rules::ggml_q2_0_t, 64, formats::minus_one_to_two>("Q2_0", 42);
// clang-format on

}  // namespace gguf
}  // namespace lowp
