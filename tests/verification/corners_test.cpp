// SPDX-License-Identifier: MIT
// Corner cases reach every class of vectors that an operation has, and the classes are those that a
// search among all numbers of the format finds in binary64.
#include "lowp/verification/corners.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/number/unpack.hpp"
#include "lowp/verification/operations.hpp"

namespace {

using namespace lowp;
using namespace lowp::verification;
using enum vector_class;

double value_of(const any_format& f, code_t code) { return pack_as<double>(decode(f, code)); }

// The finite values, ascending, with one more step at each end.
struct number_line {
  std::vector<double> values;
  double smallest_normal;

  number_line(const any_format& f, double normal) : smallest_normal(normal) {
    for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
      const double x = value_of(f, code);
      if (std::isfinite(x)) values.push_back(x);
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const std::size_t last = values.size() - 1;
    const double step = values[last] - values[last - 1];
    values.push_back(values[last] + step);
    values.insert(values.begin(), -values.back());
  }

  [[nodiscard]] std::uint64_t classes(double x) const {
    std::uint64_t found = 0;
    x = std::fabs(x);
    if (x != 0 && x < smallest_normal) found |= bit_of(subnormal_result);
    if (x >= values.back()) return found | bit_of(vector_class::overflow);
    const auto above = std::upper_bound(values.begin(), values.end(), x);
    const double outer = *above, inner = *(above - 1);
    if (x == inner) return found | bit_of(vector_class::exact);
    if (outer == values.back()) found |= bit_of(overflow_edge);
    const double share = (x - inner) / (outer - inner);
    int exponent = 0;
    if (share == 0.5) found |= bit_of(tie);
    if (share != 0.5 && share >= 0.375 && share < 0.625) found |= bit_of(near_tie);
    if (share < 0.125 || share >= 0.875) found |= bit_of(near_number);
    if (share >= 0.5 && std::frexp(outer, &exponent) == 0.5 && inner != 0) found |= bit_of(carry);
    if (inner == 0) found |= bit_of(underflow_edge);
    if (inner != 0 && inner < smallest_normal && outer >= smallest_normal)
      found |= bit_of(subnormal_edge);
    return found;
  }
};

constexpr std::uint64_t classes_on_the_line =
    bit_of(vector_class::exact) | bit_of(tie) | bit_of(near_tie) | bit_of(near_number) |
    bit_of(carry) | bit_of(subnormal_result) | bit_of(subnormal_edge) | bit_of(underflow_edge) |
    bit_of(overflow_edge) | bit_of(vector_class::overflow);

// What binary64 computes without an error for these formats.
double in_binary64(std::string_view name, const double* v) {
  if (name == "add") return v[0] + v[1];
  if (name == "subtract") return v[0] - v[1];
  if (name == "multiply") return v[0] * v[1];
  if (name == "fma") return v[0] * v[1] + v[2];
  return v[0];
}

struct reached {
  std::size_t vectors = 0;
  std::uint64_t classes = 0;
};
reached reached_by(const char* name, const char* format, double smallest_normal,
                   const char* source = "binary32") {
  const any_format f = format_of_text(format);
  const auto function = make_operation(name, f, format_of_text(source));
  const number_line line(f, smallest_normal);
  std::vector<code_t> in;
  function->add_corners(5, in);
  const std::size_t count = function->operands.size();
  reached result{in.size() / count};
  int wrong = 0;
  for (std::size_t i = 0; i < in.size(); i += count) {
    double v[3] = {};
    bool are_finite = true;
    for (std::size_t k = 0; k < count; ++k) {
      v[k] = value_of(function->operands[k].format, in[i + k]);
      are_finite &= std::isfinite(v[k]);
    }
    code_t out = 0;
    const status_flags flags = function->evaluate(rounding_reference(nearest_even), &in[i], &out);
    const std::uint64_t found = function->classify(&in[i], &out, flags);
    result.classes |= found;
    if (!are_finite) continue;
    const std::uint64_t expected = line.classes(in_binary64(name, v));
    wrong += (found & classes_on_the_line) == expected ? 0 : 1;
  }
  INFO(name << " " << format);
  CHECK(wrong == 0);
  return result;
}

void check_classes(const reached& found, std::initializer_list<vector_class> absent) {
  for (std::size_t i = 0; i < std::size(vector_class_names); ++i) {
    const bool is_absent = std::count(absent.begin(), absent.end(), vector_class(i)) != 0;
    INFO(vector_class_names[i]);
    CHECK((found.classes >> i & 1) == (is_absent ? 0u : 1u));
  }
}

TEST_CASE("corners_reach_all_classes_that_there_are") {
  // What is below the smallest normal number is a multiple of the smallest, as sums always are.
  check_classes(reached_by("add", "binary16", 0x1p-14),
                {subnormal_edge, underflow_edge, divide_by_zero});
  check_classes(reached_by("subtract", "e5m2", 0x1p-14),
                {subnormal_edge, underflow_edge, divide_by_zero});
  check_classes(reached_by("multiply", "binary16", 0x1p-14),
                {cancellation, total_cancellation, distant_operands, divide_by_zero});
  check_classes(reached_by("fma", "e4m3", 0x1p-6), {divide_by_zero});
  check_classes(reached_by("convert", "e4m3fn", 0x1p-6, "binary32"),
                {cancellation, total_cancellation, distant_operands, divide_by_zero});
  const reached fn = reached_by("fma", "e4m3fn", 0x1p-6);  // without infinities and payloads
  check_classes(
      fn, {infinite_operand, signaling_nan_operand, nan_payload_operand, invalid, divide_by_zero});
}

TEST_CASE("corners_depend_on_the_seed_alone") {
  const auto function = make_operation("fma", format_of_text("bfloat16"));
  std::vector<code_t> first, second, other;
  function->add_corners(1, first);
  function->add_corners(1, second);
  function->add_corners(2, other);
  CHECK(first == second);
  CHECK(first != other);
  code_t a[3] = {}, b[3] = {};
  for (const std::uint64_t index : {0u, 1u, 77u}) {
    function->draw(9, index, a);
    function->draw(9, index, b);
    CHECK(std::equal(a, a + 3, b));
  }
}

TEST_CASE("corner_codes_have_every_kind_of_nan") {
  const any_format f(formats::binary32);
  const std::vector<code_t> codes = nan_codes(f);
  for (const code_t code : {0x7FC00000u, 0xFFC00000u, 0x7FFFFFFFu, 0xFFFFFFFFu, 0x7F800001u,
                            0xFF800001u, 0x7FC00001u}) {
    CHECK(std::count(codes.begin(), codes.end(), code) == 1);
  }
  for (const code_t code : codes) CHECK(decode(f, code).is_nan());
  CHECK(nan_codes(any_format(formats::e2m1)).empty());
  CHECK(nan_codes(any_format(formats::e4m3fnuz)) == std::vector<code_t>{0x80});
  CHECK(nan_codes(any_format(formats::posit<8>)) == std::vector<code_t>{0x80});
}

TEST_CASE("every_operation_has_corners_in_every_family") {
  for (const char* format :
       {"e2m1", "e8m0", "ue4m3", "int8", "fixed16.8", "posit8_2", "binary8p4se", "tf32"}) {
    for (const operation& op : operations) {
      const auto function = make_operation(op.name, format_of_text(format));
      std::vector<code_t> in;
      function->add_corners(1, in);
      INFO(format << " " << op.name);
      CHECK(in.size() >= 9 * function->operands.size());
      code_t out = 0;
      const int bits = function->results[0].format.bits();
      bool fits = true;
      for (std::size_t i = 0; i < std::min<std::size_t>(in.size(), 999);
           i += function->operands.size()) {
        static_cast<void>(function->evaluate(rounding_reference(upward), &in[i], &out));
        fits &= (out & ~low_mask(bits)) == 0;
      }
      CHECK(fits);
    }
  }
}

TEST_CASE("names_that_are_none_name_those_near") {
  CHECK_THROWS_WITH(operation_of_name("fmaa"), "no operation is called 'fmaa'; near it: fma");
  CHECK_THROWS_WITH(rounding_of_name("nearest_evn"),
                    "no rounding mode is called 'nearest_evn'; near it: nearest_even");
  CHECK_THROWS_WITH(environment_of_name("riscw"),
                    "no environment is called 'riscw'; near it: riscv");
}

}  // namespace
