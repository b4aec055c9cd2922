// SPDX-License-Identifier: MIT
// What a rule answers that chooses all codes of a group of levels at once, as GGUF's quantizers do:
// they divide by scales before these are rounded, so that elements do not follow from the codes of
// scales.
//
//   struct my_rule {
//     static constexpr std::string_view name = "my_rule";
//     using codes = coded_record<32, 1>;                 // 32 elements, one code above them
//     void encode(const float* x, codes& out) const;     // 32 values in a row
//   };
//   quantize_records<q4_0_record, my_rule>(row, count, bytes);
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lowp/core/config.hpp"
#include "lowp/core/unpacked.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {

/// The codes of one group of the highest level: of its elements, and of all leaves above them, one
/// leaf after the other.
template <std::size_t Cols, std::size_t Upper>
struct coded_record {
  static constexpr std::size_t cols = Cols, upper_count = Upper;
  std::uint8_t elements[Cols];
  std::uint32_t upper[Upper];
};

/// A rule that chooses all codes of a group at once.
template <class Rule>
concept record_rule = requires(const Rule& rule, const float* x, typename Rule::codes& out) {
  Rule::codes::cols;
  rule.encode(x, out);
};

/// Stores the codes in a record (level_layouts.hpp) that has store_elements.
template <class Record, std::size_t Cols, std::size_t Upper>
void store_record(const coded_record<Cols, Upper>& codes, std::uint8_t* bytes) {
  static_assert(Cols == Record::cols);
  Record::store_elements(bytes, codes.elements);
  int leaf = 1;
  std::size_t i = 0;
  for (std::size_t k = 0; k < Upper; ++k, ++i) {
    if (i == Record::per_record(leaf)) {
      ++leaf;
      i = 0;
    }
    Record::store(bytes, leaf, i, codes.upper[k]);
  }
}

/// Writes whole rows of records by a rule; count is a multiple of Record::cols.
template <class Record, record_rule Rule>
void quantize_records(const float* row, std::size_t count, std::uint8_t* bytes) {
  const default_float_environment environment;
  typename Rule::codes codes;
  for (std::size_t i = 0; i < count; i += Record::cols, bytes += Record::bytes) {
    Rule{}.encode(row + i, codes);
    store_record<Record>(codes, bytes);
  }
}

namespace detail {

inline constexpr std::uint32_t half_nan = 0x7E00;
/// The code of a scale in binary16. The sign of a NaN that arithmetic made depends on the machine
/// and is not kept.
[[nodiscard]] inline std::uint32_t half_code(float x) {
  const bool is_nan = (std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu) > 0x7F800000u;
  return is_nan ? half_nan : static_cast<std::uint32_t>(binary16(x).code());
}

/// A group whose scale, the first code above it or the one at `at`, is NaN, all other codes being
/// 0.
template <std::size_t Cols, std::size_t Upper>
void store_nan(coded_record<Cols, Upper>& out, std::uint32_t nan = half_nan, std::size_t at = 0) {
  out = {};
  out.upper[at] = nan;
}

}  // namespace detail
}  // namespace lowp
