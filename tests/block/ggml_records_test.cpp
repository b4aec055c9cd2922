// SPDX-License-Identifier: MIT
// Records of GGUF as layouts of compositions: the exact values of the levels are what the table of
// types reads, codes lie where they were stored, and ggml's rules give the same codes in any
// layout.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "catch.hpp"
#include "ggml_cases.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/block/ggml/block_types.hpp"
#include "lowp/block/level_layouts.hpp"
#include "lowp/block/quantize.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::code_t;
using byte_list = std::vector<std::uint8_t>;

namespace {

/// Leaf after leaf, use(leaf, format, number of codes in a record).
template <auto F, class Record, class Use>
void for_codes(const Use& use) {
  for_each_leaf(F, 1, Record::cols, [&](int leaf, const auto& f, std::size_t, std::size_t count) {
    use(leaf, f, count);
  });
}

/// 20 records of any bytes, value by value, but those under a scale that is NaN in the composition.
template <auto F, class Record>
void check_values(const lowp::gguf_type& type) {
  INFO(type.name);
  const byte_list bytes = test::ggml_bytes(20 * Record::bytes);
  std::vector<float> row(20 * Record::cols);
  type.dequantize(bytes.data(), row.size(), row.data());
  oracle::tally t;
  for (std::size_t r = 0; r < 20; ++r) {
    const std::uint8_t* const b = bytes.data() + r * Record::bytes;
    for (std::size_t i = 0; i < Record::cols; ++i) {
      const auto load = [&](int leaf, std::size_t, std::size_t col) {
        return Record::load(b, leaf, col);
      };
      const auto value = lowp::pack_as<float>(level_value(F, 0, i, load));
      const float actual = row[r * Record::cols + i];
      if (value != value && actual == 0) continue;  // NVFP4's 0x7F
      t.check(value == actual || (value != value && actual != actual),
              [&](auto& out) { out << i << ": " << actual << ", expected " << value; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
  CHECK(t.compared > 10 * Record::cols);
}

/// Codes at random, stored one by one in any order and all elements at once, are there again.
template <auto F, class Record>
void check_codes(const lowp::gguf_type& type) {
  INFO(type.name);
  static_assert(lowp::leaf_count<lowp::format_of<F>> >= 2);
  CHECK(type.cols == Record::cols);
  CHECK(type.bytes == Record::bytes);
  test::split_mix random(Record::bytes);
  byte_list b(Record::bytes, 0x5A), elements(Record::cols), loaded(Record::cols);
  std::vector<code_t> codes;
  // Digits of TQ1_0 are three.
  const bool has_digits = type.name == "TQ1_0";
  for_codes<F, Record>([&](int, const auto& f, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      codes.push_back(has_digits && count == 256 ? random.below(3)
                                                 : random.word() & lowp::low_mask(f.bits()));
    }
  });
  for (std::size_t i = 0; i < Record::cols; ++i) elements[i] = static_cast<std::uint8_t>(codes[i]);
  const auto check_all = [&] {
    std::size_t at = 0;
    for_codes<F, Record>([&](int leaf, const auto&, std::size_t count) {
      CHECK(Record::per_record(leaf) == count);
      for (std::size_t i = 0; i < count; ++i)
        REQUIRE(Record::load(b.data(), leaf, i) == codes[at++]);
    });
    Record::load_elements(b.data(), loaded.data());
    CHECK(loaded == elements);
  };
  std::size_t at = codes.size();
  for (int pass = 0; pass < 2; ++pass) {
    at = 0;
    for_codes<F, Record>([&](int leaf, const auto&, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i, ++at) {
        const std::size_t back = count - 1 - i;
        Record::store(b.data(), leaf, back, codes[at - i + back]);
      }
    });
  }
  check_all();
  std::memset(b.data(), 0xA5, b.size());
  Record::store_elements(b.data(), elements.data());
  at = 0;
  for_codes<F, Record>([&](int leaf, const auto&, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i, ++at) {
      if (leaf != 0) Record::store(b.data(), leaf, i, codes[at]);
    }
  });
  check_all();
}

template <auto F, class Record>
void check(const lowp::gguf_type& type) {
  check_values<F, Record>(type);
  check_codes<F, Record>(type);
}

/// A rule by the contract of matrices, in planes and in records.
template <auto F, class Record, class Rule>
void check_rule(const lowp::gguf_type& type, const Rule& rule) {
  INFO(Rule::name);
  const std::size_t cols = 2 * Record::cols;
  const std::vector<float> values = test::ggml_values(3 * cols, Record::cols, false);
  const lowp::matrix_view<const float> matrix(values.data(), 3, cols);
  byte_list expected(type.row_bytes(values.size()));
  type.quantize(values.data(), values.size(), expected.data());
  const auto records = lowp::quantize<F, lowp::records<Record>::template layout>(matrix, rule);
  CHECK(byte_list(records.bytes().begin(), records.bytes().end()) == expected);
  std::vector<float> read(values.size()), expected_values(values.size());
  type.dequantize(expected.data(), read.size(), expected_values.data());
  lowp::dequantize(records, lowp::matrix_view<float>(read.data(), 3, cols));
  CHECK(read == expected_values);
  const auto planes = lowp::quantize<F>(matrix, rule);
  oracle::tally t;
  for_each_leaf(F, 3, cols, [&](int leaf, const auto&, std::size_t rows, std::size_t count) {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < count; ++c) {
        t.check(planes.code(leaf, r, c) == records.code(leaf, r, c),
                [&](auto& out) { out << "leaf " << leaf << " at " << r << ", " << c; });
      }
    }
  });
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Records hold the levels of compositions", "[ggml]") {
  namespace gguf = lowp::gguf;
  check<formats::q4_0, lowp::q4_0_record>(gguf::q4_0);
  check<formats::q4_1, lowp::q4_1_record>(gguf::q4_1);
  check<formats::q5_0, lowp::q5_0_record>(gguf::q5_0);
  check<formats::q5_1, lowp::q5_1_record>(gguf::q5_1);
  check<formats::q8_0, lowp::q8_0_record>(gguf::q8_0);
  check<formats::q8_1, lowp::q8_1_record>(gguf::q8_1);
  check<formats::iq4_nl_blocks, lowp::iq4_nl_record>(gguf::iq4_nl);
  check<formats::iq4_xs, lowp::iq4_xs_record>(gguf::iq4_xs);
  check<formats::tq1_0, lowp::tq1_0_record>(gguf::tq1_0);
  check<formats::tq2_0, lowp::tq2_0_record>(gguf::tq2_0);
  check<formats::ggml_mxfp4, lowp::mxfp4_record>(gguf::mxfp4);
  check<formats::q1_0, lowp::q1_0_record>(gguf::q1_0);
  check<formats::q2_0, lowp::q2_0_record>(gguf::q2_0);
  // Of scales of NVFP4 the top bit is no part of the code.
  check_codes<formats::ggml_nvfp4, lowp::nvfp4_record>(gguf::nvfp4);
}

TEST_CASE("A byte of TQ1_0 is the least part of 256 that its digits are of 243", "[ggml]") {
  byte_list b(lowp::tq1_0_record::bytes), codes(256, 0), loaded(256);
  for (unsigned number = 0; number < 243; ++number) {
    unsigned rest = number;
    for (std::size_t digit = 5; digit-- > 0; rest /= 3) {
      codes[digit * 32] = static_cast<std::uint8_t>(rest % 3);
    }
    unsigned least = 0;
    while (least * 243 < number * 256) ++least;
    lowp::tq1_0_record::store_elements(b.data(), codes.data());
    REQUIRE(b[0] == least);
    lowp::tq1_0_record::load_elements(b.data(), loaded.data());
    REQUIRE(loaded == codes);
  }
}

TEST_CASE("Rounding to integers, where it is nearly a tie and where it cannot be", "[ggml]") {
  const float x[8] = {0.49999997f, 0.5f, -0.5f, 1.5f, -2.4999998f, 126.49999f, 126.5f, 0x1p31f};
  std::int32_t away[8], cut[8];
  lowp::detail::round_away_array<8>(x, 77, away);
  lowp::detail::truncate_array<8>(x, 77, cut);
  CHECK(std::vector<int>(away, away + 8) == std::vector<int>{0, 1, -1, 2, -2, 126, 127, 77});
  CHECK(std::vector<int>(cut, cut + 8) == std::vector<int>{0, 0, 0, 1, -2, 126, 126, 77});
}

TEST_CASE("ggml's rules for records quantize matrices", "[ggml]") {
  namespace gguf = lowp::gguf;
  check_rule<formats::q5_1, lowp::q5_1_record>(gguf::q5_1, rules::ggml_q5_1);
  check_rule<formats::iq4_xs, lowp::iq4_xs_record>(gguf::iq4_xs, rules::ggml_iq4_xs);
  check_rule<formats::ggml_nvfp4, lowp::nvfp4_record>(gguf::nvfp4, rules::ggml_nvfp4_records);
  const std::vector<float> values(32, 1.0f);
  const lowp::matrix_view<const float> matrix(values.data(), 1, 32);
  CHECK_THROWS_WITH(lowp::quantize<formats::q4_0>(matrix, rules::ggml_q5_0),
                    Catch::Matchers::ContainsSubstring("rules::ggml_q5_0 is for formats::q5_0"));
}
