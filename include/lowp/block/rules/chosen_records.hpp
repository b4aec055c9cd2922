// SPDX-License-Identifier: MIT
// Rules that choose all codes of a record at once, as GGUF's quantizers do: they divide by scales
// before these are rounded, so that elements do not follow from the codes of scales.
//
//   struct my_rule : rule_of_records<my_rule, my_format> {
//     static constexpr std::string_view name = "my_rule";
//     static constexpr const char* expected = "my_rule is for my_format";
//     using codes = coded_record<32, 1>;                 // 32 elements, one code above them
//     void encode(const float* x, codes& out) const;     // 32 values in a row
//   };
//
// Such a rule quantizes matrices in any layout (chosen_codes.hpp), and rows of bytes:
//
//   quantize<my_format>(matrix, my_rule{});
//   quantize_records<my_record, my_rule>(row, count, bytes);
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "lowp/block/block_format.hpp"
#include "lowp/block/rules/chosen_codes.hpp"
#include "lowp/core/config.hpp"
#include "lowp/kernels/isa.hpp"
#include "lowp/number/catalog.hpp"

namespace lowp {

/// The codes of one group of the highest level: of its elements, and of all leaves above them, one
/// leaf after the other. What records hold beside the levels of a format follows these.
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

/// What makes a rule for records one for matrices of some formats; its base class.
template <class Rule, auto... Formats>
struct rule_of_records {
  template <class Format>
  [[nodiscard]] static constexpr const char* defect(const Format& format) {
    const auto is_same = [&format](const auto& other) {
      if constexpr (std::is_same_v<decltype(other), const Format&>) return format == other;
      return false;
    };
    return (is_same(Formats) || ...) ? nullptr : Rule::expected;
  }
  template <class Format>
  [[nodiscard]] static constexpr std::size_t block_cols(const Format&) {
    return Rule::codes::cols;
  }
  template <class Format, class Sink>
  void choose_codes(const Format& format, isa, const row_blocks& blocks, const Sink& sink) const {
    typename Rule::codes codes;
    constexpr std::size_t cols = Rule::codes::cols;
    for (std::size_t i = 0; i < blocks.count; i += cols) {
      static_cast<const Rule&>(*this).encode(blocks.values + i, codes);
      sink.elements(i, cols, codes.elements);
      const std::uint32_t* next = codes.upper;
      for_each_leaf(format, 1, cols, [&](int leaf, const auto&, std::size_t, std::size_t count) {
        if (leaf == 0) return;
        const std::size_t span = cols / count;
        for (std::size_t j = 0; j < count; ++j) sink.code(leaf, i + j * span, span, *next++);
      });
    }
  }
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
