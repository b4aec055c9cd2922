// SPDX-License-Identifier: MIT
// What a rule says about itself is asked of the object: rules that say it by members that are not
// static do what the static ones do, and what depends on the state of a rule is that of the rule.
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/rounding/stochastic.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;
using lowp::tensor_scale;
using lowp::unpacked;

namespace {

constexpr block_format e2m1_ue4m3{formats::e2m1, formats::ue4m3, block_shape{1, 16}};
/// Scales of one power of two each, in a format that has others.
constexpr block_format int4_binary16{formats::int_n<4>, formats::binary16, block_shape{1, 32}};

/// Rules of the library whose constants are members of an object.
template <class Rule>
struct defect_of_object : Rule {
  bool is_used = true;
  [[nodiscard]] const char* defect(const auto&) const {
    return is_used ? nullptr : "this rule is not used";
  }
};
template <class Rule>
struct scaling_of_object : Rule {
  bool is_used = true;
  [[nodiscard]] lowp::element_scaling scaling(const auto& format) const {
    return is_used ? Rule::scaling(format) : lowp::element_scaling{};
  }
};
template <class Rule>
struct of_object : scaling_of_object<Rule> {
  [[nodiscard]] bool divides_by_scale(const auto& format) const {
    return this->is_used && Rule::divides_by_scale(format);
  }
};
struct floor_of_object : defect_of_object<rules::floor_t> {
  bool is_power_of_two = true;
};
/// Half of what rounds to -0 becomes +0 here.
struct without_negative_zero_t : rules::amax_t {
  static constexpr bool keeps_negative_zero = false;
};
struct without_negative_zero_of_object : rules::amax_t {
  bool keeps_negative_zero = false;
};
/// A scale of 2 whatever there is.
struct two_t {
  static constexpr bool sees_specials = true;
  static constexpr lowp::nearest_away_t rounding{};
  [[nodiscard]] float scale(const lowp::block_values&, const auto&) const { return 2; }
};
struct two_of_object {
  bool sees_specials = true;
  lowp::nearest_away_t rounding{};
  [[nodiscard]] float scale(const lowp::block_values&, const auto&) const { return 2; }
};

std::vector<float> values_of(std::size_t count, bool is_special) {
  test::split_mix random(count);
  std::vector<float> values(count);
  for (float& x : values) {
    const auto word = random.word();
    x = static_cast<float>(static_cast<int>(word % 4001) - 2000) / 256;
    if (word >> 60 == 0) x = -x / 4096;
    if (is_special && word >> 58 == 63) x = std::numeric_limits<float>::infinity();
  }
  return values;
}

template <auto B, class Rule, class Other, class... Mode>
void check_equal(const Rule& rule, const Other& other, const Mode&... mode) {
  constexpr std::size_t rows = 6, cols = 192;
  for (const bool is_special : {false, true}) {
    const std::vector<float> values = values_of(rows * cols, is_special);
    const matrix_view<const float> in(values.data(), rows, cols), across(values.data(), cols, rows);
    const block_matrix<B> expected = lowp::reference::quantize<B>(in, other, mode...);
    const block_matrix<B> expected_across = lowp::quantize_transposed<B>(across, other, mode...);
    CHECK(lowp::reference::quantize<B>(in, rule) == expected);
    for (const lowp::isa level : test::isas()) {
      block_matrix<B> q(rows, cols), t(rows, cols);
      quantize(in, q, rule, {}, level);
      CHECK(q == expected);
      quantize_transposed(across, t, rule, {}, level);
      CHECK(t == expected_across);
      std::vector<float> rounded(values.size()), back(values.size());
      const matrix_view<float> out(rounded.data(), rows, cols);
      lowp::round_to(block_matrix<B>::format, in, out, rule, {}, level);
      lowp::dequantize(q, matrix_view<float>(back.data(), rows, cols));
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::bit_cast<std::uint32_t>(rounded[i]) != std::bit_cast<std::uint32_t>(back[i])) {
          FAIL("element " << i << " is rounded to " << rounded[i] << ", not to " << back[i]);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("What a rule says by members of an object is heard") {
  check_equal<formats::nvfp4>(scaling_of_object<rules::transformer_engine_t>{},
                              rules::transformer_engine);
  check_equal<formats::nvfp4>(of_object<rules::standard_t>{}, rules::standard);
  check_equal<formats::mxfp4>(of_object<rules::standard_t>{}, rules::standard);
  check_equal<formats::mxfp4>(defect_of_object<rules::ggml_mxfp4_t>{}, rules::ggml_mxfp4);
  check_equal<int4_binary16>(floor_of_object{}, rules::floor);
  check_equal<e2m1_ue4m3>(without_negative_zero_of_object{}, without_negative_zero_t{});
  check_equal<formats::mxfp4>(two_of_object{}, two_t{});
  check_equal<formats::mxfp4>(two_of_object{}, two_t{}, lowp::nearest_away);
}

TEST_CASE("The state of a rule decides") {
  const std::vector<float> values = values_of(640, false);
  const matrix_view<const float> in(values.data(), 2, 320);
  // Without the factor's way of scaling the elements of a tensor scale are divided exactly.
  const auto other =
      lowp::quantize<formats::nvfp4>(in, scaling_of_object<rules::transformer_engine_t>{{}, false});
  CHECK(other == lowp::reference::quantize<formats::nvfp4>(
                     in, scaling_of_object<rules::transformer_engine_t>{{}, false}));
  CHECK(other != lowp::quantize<formats::nvfp4>(in, rules::transformer_engine));
  CHECK_THROWS_AS(lowp::quantize<formats::mxfp4>(in, defect_of_object<rules::floor_t>{{}, false}),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      lowp::quantize_transposed<formats::mxfp4>(in, defect_of_object<rules::floor_t>{{}, false}),
      std::invalid_argument);
  const float infinite[16] = {1, std::numeric_limits<float>::infinity()};
  const matrix_view<const float> specials(infinite, 1, 16);
  CHECK(lowp::quantize<formats::mxfp4>(specials, two_of_object{true}).scale_code(0, 0) == 128);
  CHECK(lowp::quantize<formats::mxfp4>(specials, two_of_object{false}).scale_code(0, 0) == 255);
}

namespace {
struct drawn {
  lowp::stochastic rounding{};
  [[nodiscard]] static unpacked from_amax(const float& amax, const auto& format,
                                          const tensor_scale& tensor) {
    return rules::amax.from_amax(amax, format, tensor);
  }
};
struct always_drawn : rules::amax_t {
  static constexpr lowp::stochastic rounding{.seed = 9, .random_bits = 4};
};
struct any_mode : rules::amax_t {
  lowp::any_rounding rounding{};
};
}  // namespace

TEST_CASE("The rounding mode of a rule has the state that the rule gives it") {
  constexpr lowp::stochastic draw{.seed = 9, .random_bits = 4};
  const lowp::any_rounding away = lowp::away_from_zero;
  check_equal<formats::mxfp6_e2m3>(drawn{draw}, rules::amax, draw);
  check_equal<formats::mxfp6_e2m3>(always_drawn{}, rules::amax, draw);
  check_equal<e2m1_ue4m3>(any_mode{{}, away}, rules::amax, lowp::away_from_zero);
  // The caller's mode comes first.
  const std::vector<float> values = values_of(640, false);
  const matrix_view<const float> in(values.data(), 2, 320);
  CHECK(lowp::quantize<e2m1_ue4m3>(in, any_mode{{}, away}, lowp::toward_zero) ==
        lowp::quantize<e2m1_ue4m3>(in, rules::amax, lowp::toward_zero));
}

namespace {
int rules_made = 0;
/// Without state, and no literal type.
struct not_literal : rules::amax_t {
  not_literal() { ++rules_made; }
  ~not_literal() { --rules_made; }
};
/// Without state, and its plan is found when the program runs.
struct planned_later : rules::amax_t {
  [[nodiscard]] static lowp::scale_plan plan(const auto& format, const tensor_scale& tensor) {
    return rules_made < 0 ? lowp::scale_plan{} : rules::amax.plan(format, tensor);
  }
};
constexpr block_format int8_binary32{formats::int_n<8>, formats::binary32, block_shape{1, 64}};
}  // namespace

TEST_CASE("A rule without state may be no constant") {
  check_equal<e2m1_ue4m3>(not_literal{}, rules::amax);
  check_equal<int8_binary32>(planned_later{}, rules::amax);
  CHECK(rules_made == 0);
}
