// SPDX-License-Identifier: MIT
// Blocks by a conversion: zeros without signs, and NaNs of elements under rules that see them.
#include "lowp/block/conversion.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/rounding/conversion.hpp"

namespace {

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::conversion;
using lowp::missing_nan;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Zeros and small numbers of both signs, under an amax that makes some underflow.
std::vector<float> row() {
  std::vector<float> x(64);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = (i % 2 == 0 ? 1.0f : -1.0f) * (i % 5 == 0 ? 0.0f : static_cast<float>(i % 17) / 40);
  }
  x[20] = 5;
  x[40] = -7;
  return x;
}

template <auto F>
void check_zeros(const auto& rule) {
  const std::vector<float> x = row();
  const lowp::matrix_view<const float> in(x.data(), 1, x.size());
  const auto with = lowp::quantize<F>(in, rule, conversion{});
  const auto plain = lowp::quantize<F>(in, rule, lowp::nearest_even);
  std::size_t negative_zeros = 0;
  for (const lowp::isa level : test::isas()) {
    const auto without = lowp::quantize<F>(
        in, rule, conversion{.negative_zeros = lowp::negative_zeros::none}, level);
    const auto from_numbers = lowp::quantize<F>(
        in, rule, conversion{.negative_zeros = lowp::negative_zeros::from_numbers}, level);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(with.code(0, i) == plain.code(0, i));
      const bool is_zero = decode(F.element, plain.code(0, i)).is_zero();
      CHECK(from_numbers.code(0, i) == (x[i] == 0 ? 0 : plain.code(0, i)));
      CHECK(without.code(0, i) == (is_zero ? 0 : plain.code(0, i)));
      negative_zeros += static_cast<std::size_t>(is_zero && plain.code(0, i) != 0);
    }
  }
  CHECK(negative_zeros > 0);
}

}  // namespace

TEST_CASE("Blocks without negative zeros") {
  check_zeros<formats::mxfp4>(rules::floor);
  check_zeros<formats::mxfp8_e4m3>(rules::rceil);
  check_zeros<formats::nvfp4>(rules::transformer_engine);
}

namespace {

/// A mode with a state, and a rule that has it.
struct toward {
  bool is_up = false;
  std::uint64_t addend(const lowp::discarded& d) const {
    return is_up ? lowp::away_from_zero.addend(d) : lowp::toward_zero.addend(d);
  }
};
struct rule_with_state : rules::floor_t {
  toward rounding{};
};

template <auto F>
void check_mode(const auto& rule) {
  std::vector<float> x(32);  // ties, and some that are none
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = (static_cast<float>(i) - 16) / 4;
  x[31] = 6;
  const lowp::matrix_view<const float> in(x.data(), 1, x.size());
  const auto own = lowp::quantize<F>(in, rule);
  const auto even = lowp::quantize<F>(in, rule, lowp::nearest_even);
  CHECK(!(own == even));
  CHECK(lowp::quantize<F>(in, rule, conversion{.missing_nan = missing_nan::zero}) == own);
  CHECK(lowp::quantize<F>(in, rule, conversion{.rounding = lowp::nearest_even}) == even);
  CHECK(lowp::quantize<F>(in, rule, conversion{.rounding = lowp::upward}) ==
        lowp::quantize<F>(in, rule, lowp::upward));
  using of_rule = lowp::basic_conversion<lowp::rounding_of<std::remove_cvref_t<decltype(rule)>>>;
  CHECK(lowp::quantize<F>(in, rule, of_rule{.missing_nan = missing_nan::zero}) == own);
}

}  // namespace

TEST_CASE("A conversion without a mode leaves the rule its own") {
  check_mode<formats::mxfp4>(rules::ggml_mxfp4);
  check_mode<formats::mxfp4>(rules::microxcaling);
  rule_with_state r;
  r.rounding.is_up = true;
  check_mode<formats::mxfp4>(r);
}

TEST_CASE("What elements do not follow is refused") {
  const std::vector<float> x(32, 1.0f);
  const lowp::matrix_view<const float> in(x.data(), 1, x.size());
  const auto refuses = [&](const conversion& how) {
    try {
      (void)lowp::quantize<formats::mxfp4>(in, rules::floor, how);
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  };
  CHECK(refuses({.overflow = lowp::overflow::wrap}));
  CHECK(refuses({.overflow = lowp::overflow::sat_none}));
  CHECK(refuses({.overflow = lowp::overflow::saturate_numbers}));
  CHECK(refuses({.takes_magnitude = true}));
  CHECK(refuses({.zero_is_smallest = true}));
  CHECK_FALSE(refuses({}));
  CHECK_FALSE(refuses(lowp::conversions::cuda));
}

TEST_CASE("Of groups with scales of scales a conversion's mode is asked, and nothing else") {
  constexpr lowp::block_format scales{formats::ue4m3, formats::binary32, lowp::block_shape{1, 2}};
  constexpr lowp::block_format groups{formats::e2m1, scales, lowp::block_shape{1, 16}};
  const std::vector<float> x = row();
  const lowp::matrix_view<const float> in(x.data(), 1, x.size());
  lowp::basic_block_matrix<lowp::variable_format<lowp::format_of<groups>>> q({groups}, 1, x.size()),
      expected({groups}, 1, x.size());
  const auto fifth = [](const lowp::block_values& block, const auto&) { return block.amax / 5; };
  lowp::quantize(in, q, fifth, conversion{.rounding = lowp::upward});
  lowp::quantize(in, expected, fifth, lowp::upward);
  CHECK(q == expected);
  lowp::quantize(in, expected, fifth);
  CHECK(!(q == expected));
  lowp::quantize(in, q, fifth, conversion{});
  CHECK(q == expected);
  CHECK_THROWS_AS(
      lowp::quantize(in, q, fifth, conversion{.negative_zeros = lowp::negative_zeros::none}),
      std::invalid_argument);
  CHECK_THROWS_AS(lowp::quantize(in, q, fifth, conversion{.missing_nan = missing_nan::zero}),
                  std::invalid_argument);
}

TEST_CASE("NaN among elements under given scales") {
  std::vector<float> x(32, 1.0f);
  x[3] = not_a_number;
  x[4] = -not_a_number;
  const lowp::matrix_view<const float> in(x.data(), 1, x.size());
  const std::vector<float> scales{1.0f};
  const auto code = [&]<auto F>(std::size_t i, const conversion& how) {
    return lowp::quantize<F>(in, rules::given{scales}, how).code(0, i);
  };
  CHECK(code.operator()<formats::mxfp4>(3, {}) == 7);
  CHECK(code.operator()<formats::mxfp4>(3, {.missing_nan = missing_nan::zero}) == 0);
  CHECK(code.operator()<formats::mxfp4>(4, {.missing_nan = missing_nan::signed_largest}) == 0xF);
  CHECK(code.operator()<formats::mxfp8_e5m2>(4, {}) == 0xFE);
  CHECK(code.operator()<formats::mxfp8_e5m2>(4, lowp::conversions::cuda) == 0x7F);
}
