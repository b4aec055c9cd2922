// SPDX-License-Identifier: MIT
// Formats are read from what name() and field_text() say of them, of any family; other texts are
// refused with a reason; and any_format is the format that it was made from.
#include "lowp/formats/read_format.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/neighbours.hpp"
#include "lowp/number/arithmetic_unit.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace {

using namespace lowp;
using Catch::Matchers::ContainsSubstring;

std::vector<any_format> some_formats() {
  std::vector<any_format> all;
  for (const auto& entry : formats::float_formats) all.emplace_back(entry.format);
  for (int width = 3; width <= 16; ++width) {
    for (int precision = 1; precision <= width; ++precision) {
      for (const bool is_signed : {false, true}) {
        for (const bool is_extended : {false, true}) {
          const float_format f = formats::p3109(width, precision, is_signed, is_extended);
          if (defect(f) == nullptr) all.emplace_back(f);
        }
      }
    }
  }
  for (int bits = 1; bits <= 64; bits += 7) {
    for (const int fraction : {0, 3, -4, 70}) {
      for (const bool is_signed : {false, true}) {
        const fixed_format f{.total_bits = bits, .fraction_bits = fraction, .is_signed = is_signed};
        all.emplace_back(f);
      }
    }
  }
  all.emplace_back(formats::symmetric_int_n<8>);
  for (int bits = 2; bits <= 32; bits += 5) all.emplace_back(posit_format{bits, bits % 3});
  all.emplace_back(float_format{.exponent_bits = 4, .mantissa_bits = 2, .bias = -3});
  all.emplace_back(float_format{.exponent_bits = 3,
                                .mantissa_bits = 2,
                                .bias = 5,
                                .is_signed = false,
                                .at_exponent_zero = exponent_zero::zero_only,
                                .has_infinity = false,
                                .nan_codes = 3});
  all.emplace_back(float_format{.exponent_bits = 3, .mantissa_bits = 2});  // not the OCP format
  all.emplace_back(float_format{.exponent_bits = 3,
                                .mantissa_bits = 3,
                                .at_exponent_zero = exponent_zero::normals,
                                .nan_codes = 0});
  return all;
}

TEST_CASE("a_format_is_read_from_its_name") {
  for (const any_format& f : some_formats()) {
    INFO(name(f).view());
    CHECK(format_of_text(name(f)) == f);
  }
  CHECK(format_of_text("posit16") == any_format(formats::posit<16>));
  CHECK_FALSE(format_of_text("e3m2") == format_of_text("e3m2(ieee)"));
}

TEST_CASE("a_format_is_read_from_its_fields") {
  int count = 0;
  for (const any_format& f : some_formats()) {
    const auto check = [&](const auto* known) {
      if (known == nullptr) return;
      INFO(field_text(*known).view());
      CHECK(format_of_text(field_text(*known)) == f);
      ++count;
    };
    check(f.as<float_format>());
    check(f.as<fixed_format>());
    check(f.as<posit_format>());
  }
  CHECK(count == static_cast<int>(some_formats().size()));
}

TEST_CASE("fields_that_are_left_out_have_the_values_of_the_family") {
  CHECK(format_of_text("float_format{.exponent_bits = 5, .mantissa_bits = 10}") ==
        any_format(formats::binary16));
  CHECK(format_of_text("float_format { .mantissa_bits=3 , .exponent_bits=4,.has_infinity=false, "
                       ".nan_codes = 0x1}") == any_format(formats::e4m3fn));
  CHECK(format_of_text("posit_format{.total_bits = 8}") == any_format(formats::posit<8>));
}

std::string problem_of(std::string_view text) {
  any_format f(formats::e5m2);
  std::string problem;
  CHECK_FALSE(read_format(text, f, problem));
  CHECK(f == any_format(formats::e5m2));
  return problem;
}

TEST_CASE("other_texts_are_refused_with_a_reason") {
  CHECK(problem_of("e4m3f") == "no format is called 'e4m3f'; near it: e4m3fn, e4m3, e4m3fnuz");
  CHECK_THAT(problem_of("bfloat61"), ContainsSubstring("near it: bfloat16"));
  CHECK_THAT(problem_of("zzzzzzzz"), ContainsSubstring("there are: e4m3fn, e5m2"));
  CHECK_THAT(problem_of(""), ContainsSubstring("there are"));
  CHECK_THAT(problem_of("posit8_9"), ContainsSubstring("posit8_2"));
  CHECK_THAT(problem_of("e4m3fn "), ContainsSubstring("near it: e4m3fn"));
  CHECK_THAT(problem_of("e4m2(bias 3"), ContainsSubstring("no format"));
  CHECK_THAT(problem_of("e40m2"), ContainsSubstring("no format"));
  CHECK_THAT(problem_of("e20m60"), ContainsSubstring("at most 64 bits"));
  CHECK_THAT(problem_of("symmetric_uint8"), ContainsSubstring("is_symmetric needs is_signed"));
  CHECK_THAT(problem_of("float_format{.exponent_bit = 4}"),
             ContainsSubstring("near it: exponent_bits") && ContainsSubstring("column 15"));
  CHECK_THAT(problem_of("float_format{.exponent_bits = 4, .exponent_bits = 4}"),
             ContainsSubstring("twice"));
  CHECK_THAT(problem_of("float_format{.exponent_bits = x}"), ContainsSubstring("column 31"));
  CHECK_THAT(problem_of("float_format{.exponent_bits = 4294967300}"),
             ContainsSubstring("out of range"));
  CHECK_THAT(problem_of("float_format{.exponent_bits = 99999999999999999999}"),
             ContainsSubstring("an integer"));
  CHECK_THAT(problem_of("float_format{.is_signed = 2}"), ContainsSubstring("out of range"));
  CHECK_THAT(problem_of("float_format{.exponent_bits = 4} x"), ContainsSubstring("nothing"));
  CHECK_THAT(problem_of("posit_format{.total_bits = 70}"), ContainsSubstring("2 to 32"));
  CHECK_THROWS_AS(format_of_text("e4m3f"), std::invalid_argument);
}

TEST_CASE("numbers_in_names_are_decimal_and_nothing_is_said_twice") {
  for (const char* text : {"inttrue",
                           "etruem3",
                           "uint0x8",
                           "int08",
                           "int-8",
                           "posit0x10",
                           "fixed8.0x6",
                           "fixed8.true",
                           "binary0x8p4se",
                           "e4m3(bias 18446744073709551615)",
                           "e4m3(bias -18446744073709551613)",
                           "e4m3(bias 4294967299)",
                           "e4m3(bias 0x3)",
                           "e4m3(true nan)",
                           "e4m3(bias 3,bias 4)",
                           "e4m3(1 nan,5 nans)",
                           "e4m3(no inf,no inf)",
                           "e4m3(no zero,no subnormals)",
                           "e4m3(ieee,ieee)",
                           "e4m3(bias 3,bias 3)"}) {
    INFO(text);
    CHECK_THAT(problem_of(text), ContainsSubstring("no format is called"));
  }
  CHECK(format_of_text("fixed8.-4") == any_format(formats::fixed<8, -4>));
  CHECK(format_of_text("e4m3(bias -3,no inf,5 nans)") ==
        any_format(float_format{.exponent_bits = 4,
                                .mantissa_bits = 3,
                                .bias = -3,
                                .has_infinity = false,
                                .nan_codes = 5}));
}

TEST_CASE("fields_take_the_values_of_their_types") {
  const auto refused = [](const std::string& field, const char* reason) {
    INFO(field);
    CHECK_THAT(problem_of("float_format{.exponent_bits = 5, .mantissa_bits = 2, " + field + "}"),
               ContainsSubstring(reason));
  };
  refused(".bias = 18446744073709551615", "out of range");
  refused(".bias = -18446744073709551613", "out of range");
  refused(".bias = true", "an integer");
  refused(".nan_codes = -1", "out of range");
  refused(".nan_codes = false", "an integer");
  refused(".at_exponent_zero = 9", "no value of exponent_zero");
  refused(".at_exponent_zero = true", "an integer");
  refused(".at_exponent_zero = 256", "out of range");
  refused(".has_infinity = -1", "out of range");
  CHECK_THAT(problem_of("float_format{.exponent_bits = -18446744073709551611}"),
             ContainsSubstring("out of range"));
  CHECK(format_of_text("float_format{.exponent_bits = 5, .mantissa_bits = 2, .bias = -4, "
                       ".has_infinity = 0, .at_exponent_zero = 2}") ==
        any_format(float_format{.exponent_bits = 5,
                                .mantissa_bits = 2,
                                .bias = -4,
                                .at_exponent_zero = exponent_zero::zero_only,
                                .has_infinity = false}));
}

TEST_CASE("the_edit_distance_counts_letters") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("upward", "uwpard") == 1);
  CHECK(edit_distance("ca", "abc") == 3);  // not 2, as without the restriction
}

// A family that only this test knows, with fields of a signed and an unsigned type.
struct powers {
  int width = 2;
  int step = 1;
  std::uint64_t tag = 0;
  constexpr bool operator==(const powers&) const = default;
  constexpr int bits() const { return width; }
};
constexpr const char* defect(const powers& f) { return f.width < 1 ? "too narrow" : nullptr; }
constexpr unpacked decode(const powers& f, code_t code) {
  return unpacked::scaled_integer(false, 1, static_cast<int>(code & low_mask(f.width)) * f.step);
}
template <class R = nearest_even_t>
constexpr code_t encode(const powers& f, const unpacked& x, const R& mode = {}, overflow = {},
                        missing_nan = {}) {
  const auto value = [&](code_t i) { return decode(f, i); };
  return x.is_nan() ? 0 : round_among(x, code_t{1} << f.width, value, mode);
}
constexpr auto known_fields(const powers& f) {
  return format_fields{"powers", {{"width", f.width}, {"step", f.step}, {"tag", f.tag}}};
}

TEST_CASE("a_family_of_the_program_is_read_if_it_is_named") {
  CHECK(format_of_text<powers>("powers{.width = 3}") == any_format(powers{.width = 3}));
  const powers large{.width = 3, .tag = ~std::uint64_t{0}};
  CHECK(format_of_text<powers>(field_text(large)) == any_format(large));
  CHECK(format_of_text<powers>("powers(width 3, step 1, tag 0)") == any_format(powers{.width = 3}));
  CHECK(format_of_text<powers>(name(powers{.step = -2})) == any_format(powers{.step = -2}));
  CHECK_THROWS_AS(format_of_text<powers>("powers(width 3"), std::invalid_argument);
  CHECK_THROWS_AS(format_of_text<powers>("powers(width=3)"), std::invalid_argument);
  CHECK_THROWS_AS(format_of_text<powers>("powers(width 3}"), std::invalid_argument);
  CHECK_THROWS_AS(format_of_text("powers{.width = 3}"), std::invalid_argument);
  CHECK_THROWS_AS(format_of_text<powers>("powers{.width = 0}"), std::invalid_argument);
}

// A family of one format, known by its name.
struct halves {
  constexpr bool operator==(const halves&) const = default;
  static constexpr int bits() { return 2; }
};
constexpr const char* defect(const halves&) { return nullptr; }
constexpr const char* known_name(const halves&) { return "halves"; }
constexpr unpacked decode(const halves&, code_t code) {
  return unpacked::scaled_integer(false, code & 3, -1);
}
template <class R = nearest_even_t>
constexpr code_t encode(const halves& f, const unpacked& x, const R& mode = {}, overflow = {},
                        missing_nan = {}) {
  const auto value = [&](code_t i) { return decode(f, i); };
  return x.is_nan() ? 0 : round_among(x, code_t{4}, value, mode);
}

TEST_CASE("a_family_of_one_format_is_read_by_its_name") {
  CHECK(format_of_text<powers, halves>("halves") == any_format(halves{}));
  CHECK_THROWS_AS(format_of_text<halves>("halve"), std::invalid_argument);
  CHECK_THROWS_AS(format_of_text("halves"), std::invalid_argument);
}

template <class F>
void check_same(const F& f) {
  const any_format any(f);
  INFO(name(f).view());
  REQUIRE(any.as<F>() != nullptr);
  CHECK(*any.as<F>() == f);
  CHECK(is_same_format(any, f));
  CHECK_FALSE(is_same_format(any, formats::binary64));
  CHECK(any.bits() == f.bits());
  CHECK(name(any).view() == name(f).view());
  CHECK(facts_of(any) == facts_of(f));
  CHECK(integers_of(any).exist == integers_of(f).exist);
  CHECK(largest_code(any) == largest_code(f));
  int wrong = 0;
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    const unpacked x = decode(f, code);
    wrong += decode(any, code) == x ? 0 : 1;
    const unpacked third = exact::divide(x, unpacked::scaled_integer(false, 3));
    const auto compare = [&](const auto& mode) {
      for (const overflow o : {overflow::saturate, overflow::to_special, overflow::wrap})
        wrong += encode(any, third, mode, o) == encode(f, third, mode, o) ? 0 : 1;
    };
    compare(nearest_even);
    compare(upward);
    compare(stochastic{.seed = 3, .index = code});
  }
  CHECK(wrong == 0);
  CHECK(smallest_normal_code(any) == smallest_normal_code(f));
}

template <class F>
void check_same_arithmetic(const F& f) {
  constexpr environment signaling{.nan_result = nan_result::signaling_first,
                                  .default_nan = nan_bits::all_ones};
  const arithmetic_unit<F, upward_t> known{f, upward, signaling};
  const arithmetic_unit<any_format, any_rounding> unit{any_format(f), upward, signaling};
  int wrong = 0;
  for (code_t a = 0; a < code_t{1} << f.bits(); ++a) {
    for (code_t b = 0; b < code_t{1} << f.bits(); ++b) {
      wrong += unit.divide(a, b) == known.divide(a, b) ? 0 : 1;
      wrong += unit.fma(a, b, 1) == known.fma(a, b, 1) ? 0 : 1;
    }
  }
  INFO(name(f).view());
  CHECK(wrong == 0);
}
TEST_CASE("an_arithmetic_unit_takes_any_format") {
  check_same_arithmetic(formats::e3m4);
  check_same_arithmetic(formats::e4m3fnuz);
  check_same_arithmetic(formats::posit<6>);
}

TEST_CASE("any_format_is_the_format_that_it_was_made_from") {
  check_same(formats::e4m3fn);
  check_same(formats::e8m0);
  check_same(formats::fixed<8, 6>);
  check_same(formats::posit<8>);
  check_same(powers{.width = 3, .step = 2});
  CHECK_FALSE(any_format(formats::int_n<8>) == any_format(formats::posit<8>));
}

}  // namespace
