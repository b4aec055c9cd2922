// SPDX-License-Identifier: MIT
// The finite values of a format: all of them, once per code, in ascending order.
#include "lowp/analysis/enumerate.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;

TEST_CASE("Every named float format of up to 16 bits is listed code by code, ascending") {
  oracle::tally t;
  for (const formats::named_float_format& named : formats::float_formats) {
    const auto name = named.name;
    const auto format = named.format;
    if (format.bits() > 16) continue;
    struct entry {
      double value;
      bool negative;
      lowp::code_t code;
    };
    std::vector<entry> expected;
    for (lowp::code_t code = 0; code < lowp::code_t{1} << format.bits(); ++code) {
      const oracle::datum d = oracle::value_of(format, code);
      if (d.is_number()) expected.push_back({d.value(), d.negative, code});
    }
    std::sort(expected.begin(), expected.end(), [](const entry& a, const entry& b) {
      if (a.value < b.value || b.value < a.value) return a.value < b.value;
      return a.negative != b.negative ? a.negative : a.code < b.code;
    });
    const auto actual = lowp::finite_values(format);
    t.check(actual.size() == expected.size(), [&](auto& text) { text << name << ": size"; });
    for (std::size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
      t.check(actual[i].code == expected[i].code &&
                  oracle::same(oracle::value_of(format, expected[i].code), actual[i].value),
              [&](auto& text) {
                text << name << " place " << i << ": code " << actual[i].code << ", expected "
                     << expected[i].code;
              });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Integers, posits and formats without zero or sign are listed, too") {
  const auto int4 = lowp::finite_values(formats::int_n<4>);
  REQUIRE(int4.size() == 16);
  int wrong = 0;
  for (int i = 0; i < 16; ++i) {
    const auto& entry = int4[static_cast<std::size_t>(i)];
    wrong += entry.code != (static_cast<lowp::code_t>(i - 8) & 15) ||
             !oracle::same(static_cast<double>(i - 8), entry.value);
  }
  CHECK(wrong == 0);

  // All codes of a posit but NaR, in the order of their two's complement integers.
  const auto posit = lowp::finite_values(formats::posit<8, 2>);
  REQUIRE(posit.size() == 255);
  for (int i = 0; i < 255; ++i) {
    wrong += posit[static_cast<std::size_t>(i)].code != (static_cast<lowp::code_t>(i - 127) & 255);
  }
  CHECK(wrong == 0);

  const auto e8m0 = lowp::finite_values(formats::e8m0);
  REQUIRE(e8m0.size() == 255);
  CHECK(oracle::same(0x1p-127, e8m0.front().value));
  CHECK(oracle::same(0x1p127, e8m0.back().value));
}

TEST_CASE("Both zeros stand in the middle, the negative one first") {
  const auto values = lowp::finite_values(formats::e2m1);
  REQUIRE(values.size() == 16);
  CHECK(values[7].code == 8);
  CHECK(values[7].value == lowp::unpacked::zero(true));
  CHECK(values[8].code == 0);
  CHECK(values[8].value == lowp::unpacked::zero());
}

TEST_CASE("Formats of more than 24 bits are refused") {
  CHECK_THROWS_AS(lowp::finite_values(formats::binary32), std::invalid_argument);
  CHECK_THROWS_AS(lowp::finite_values(formats::int_n<25>), std::invalid_argument);
  CHECK_THROWS_WITH(lowp::finite_values(formats::binary32),
                    Catch::Matchers::ContainsSubstring("32 bits"));
  // The list of a broken descriptor would mean nothing; the widest that is allowed works.
  CHECK(lowp::finite_values(formats::tf32).size() == (std::size_t{1} << 19) - 2 * 1024);
}
