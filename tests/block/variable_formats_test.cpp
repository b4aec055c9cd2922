// SPDX-License-Identifier: MIT
// A block format that is known when a program runs gives the bytes, the values and the products of
// the one that is part of a type; and layouts without planes hold what planes do.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "block_oracle.hpp"
#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/operands/level_operand.hpp"
#include "lowp/rounding/stochastic.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::basic_block_matrix;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::format_of;
using lowp::matrix_view;

namespace {

constexpr std::size_t rows = 19, cols = 150;

template <class Format, template <class> class Layout = lowp::planes>
using any_matrix = basic_block_matrix<lowp::variable_format<Format>, Layout>;

matrix_view<const float> values() {
  static const std::vector<float> data = [] {
    ob::source random(3);
    std::vector<float> x;
    for (std::size_t i = 0; i < rows * cols; ++i) x.push_back(random.in_binades(118, 130));
    x[70] = ob::float_of(0x7F800000u);
    return x;
  }();
  return {data.data(), rows, cols};
}

template <class T>
std::vector<T> dequantized(const auto& q) {
  std::vector<T> out(q.rows() * q.cols());
  dequantize(q, matrix_view<T>(out.data(), q.rows(), q.cols()));
  return out;
}
template <class T>
bool is_same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}
bool have_same_bytes(const auto& a, const auto& b) {
  return std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end());
}

template <auto P>
std::vector<float> product(const auto& a, const auto& b) {
  std::vector<float> c(a.rows() * b.rows());
  lowp::gemm<P>(a, b, matrix_view<float>(c.data(), a.rows(), b.rows()));
  return c;
}

template <auto F, class... Arguments>
void check(const char* name, const Arguments&... arguments) {
  INFO(name);
  const auto expected = lowp::quantize<F>(values(), arguments...);
  any_matrix<format_of<F>> q({F}, rows, cols);
  quantize(values(), q, arguments...);
  CHECK(have_same_bytes(q, expected));
  CHECK(is_same(dequantized<float>(q), dequantized<float>(expected)));
  const auto half = dequantized<lowp::bfloat16>(q),
             expected_half = dequantized<lowp::bfloat16>(expected);
  CHECK(std::equal(half.begin(), half.end(), expected_half.begin(),
                   [](auto a, auto b) { return a.code() == b.code(); }));

  const auto turned = lowp::quantize_transposed<F>(values(), arguments...);
  any_matrix<format_of<F>> t({F}, cols, rows);
  quantize_transposed(values(), t, arguments...);
  CHECK(have_same_bytes(t, turned));

  std::vector<float> rounded(rows * cols);
  lowp::round_to(F, values(), matrix_view<float>(rounded.data(), rows, cols), arguments...);
  CHECK(is_same(rounded, dequantized<float>(expected)));

  if constexpr (lowp::may_be_scaled_blocks<format_of<F>> && !lowp::scaled_block_format<F>) {
    CHECK_THROWS_AS(describe(q), std::invalid_argument);
    return;
  }
  const auto w = lowp::quantize<formats::mxfp4>(values().row_range(3, 9));
  CHECK(is_same(product<lowp::policies::k32>(q, w), product<lowp::policies::k32>(expected, w)));
  CHECK(is_same(product<lowp::policies::exact>(w, q), product<lowp::policies::exact>(w, expected)));
  CHECK(lowp::explain(q, w).strategy == lowp::explain(expected, w).strategy);
  int wrong = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t col = 0; col < cols; ++col) {
      const lowp::unpacked a = q.value(row, col), b = expected.value(row, col);
      wrong += !(a == b) && !(a.is_nan() && b.is_nan());
    }
  }
  CHECK(wrong == 0);
}

constexpr auto twice = formats::double_quantized(formats::e2m1);
constexpr auto affine = formats::affine_groups(4, block_shape{1, 32});

}  // namespace

TEST_CASE("Formats known at run time give the bits of those known at compile time") {
  check<formats::mxfp4>("mxfp4");
  check<formats::mxfp4>("mxfp4 rceil", lowp::rules::rceil, lowp::nearest_away, lowp::threads{2});
  check<formats::mxfp6_e2m3>("mxfp6_e2m3", lowp::stochastic{.seed = 5});
  check<formats::nvfp4>("nvfp4");
  check<formats::nvfp4_16x16>("nvfp4_16x16", lowp::rules::modelopt);
  check<formats::nvfp4>("nvfp4 four over six", lowp::rules::four_over_six_t{.is_squared = false});
  check<formats::scaled_rows(formats::int_n<8>)>("rows of int8");
  check<formats::dfp16>("dfp16");
  check<formats::hif4>("hif4");
  check<formats::mx6>("mx6");
  check<affine>("affine groups");
}

TEST_CASE("A rule asked for groups or for blocks, as the format known at run time has them") {
  // Half of the scale that the largest magnitude asks for.
  const auto half = [](const lowp::block_values& block, const auto& format) {
    return block.amax / 2 / lowp::pack_as<float>(largest_value(format.element));
  };
  check<formats::nvfp4>("nvfp4", half);
  check<formats::mxfp4>("mxfp4", half, lowp::downward);
  check<twice>("double e2m1", half);
  check<formats::hif4>("hif4", half, lowp::stochastic{.seed = 5});
  check<affine>("affine groups", half, lowp::upward, lowp::threads{2});
}

TEST_CASE("A composition of the type of NVFP4 whose upper level is no tensor scale") {
  const auto expected = lowp::quantize<twice>(values());
  any_matrix<format_of<twice>> q({twice}, rows, cols);
  static_assert(std::is_same_v<format_of<twice>, format_of<formats::nvfp4>>);
  quantize(values(), q);
  CHECK(have_same_bytes(q, expected));
  CHECK(is_same(dequantized<float>(q), dequantized<float>(expected)));
  std::vector<float> rounded(rows * cols);
  lowp::round_to(twice, values(), matrix_view<float>(rounded.data(), rows, cols));
  CHECK(is_same(rounded, dequantized<float>(expected)));
  const auto untouched = q;
  CHECK_THROWS_AS(quantize(values(), q, lowp::rules::amax), std::invalid_argument);
  CHECK(q == untouched);
  CHECK_THROWS_AS(describe(q), std::invalid_argument);
}

TEST_CASE("Products are quantized to any composition, as their sums are") {
  const auto a = lowp::quantize<formats::mxfp4>(values());
  const auto sums = product<lowp::policies::k32>(a, a);
  const matrix_view<const float> view(sums.data(), rows, rows);
  const auto check_output = [&](auto c) {
    auto expected = c, defined = c;
    lowp::gemm(a, a, c);
    quantize(view, expected);
    lowp::reference::gemm(a, a, defined);
    CHECK(c == expected);
    CHECK(c == defined);
  };
  check_output(block_matrix<formats::hif4>(rows, rows));
  check_output(block_matrix<formats::mxfp4, lowp::swizzled_scales>(rows, rows));
  check_output(any_matrix<format_of<twice>>({twice}, rows, rows));
  check_output(any_matrix<format_of<formats::nvfp4>>({formats::nvfp4}, rows, rows));
}

TEST_CASE("What contradicts itself is refused when it is known") {
  using mx = any_matrix<format_of<formats::mxfp4>>;
  CHECK_THROWS_AS(mx({{formats::e2m1, formats::e8m0, block_shape{-1, 32}}}, 2, 64),
                  std::invalid_argument);
  any_matrix<format_of<formats::nvfp4>> q({formats::nvfp4}, rows, cols);
  CHECK_THROWS_AS(quantize(values(), q, lowp::rules::floor), std::invalid_argument);
}

TEST_CASE("Layouts without planes hold what planes do, under every rule, and are operands") {
  const auto check_rule = [](const auto& rule) {
    INFO(rule.name);
    const auto plain = lowp::quantize<formats::mxfp4>(values(), rule);
    const auto swizzled = lowp::quantize<formats::mxfp4, lowp::swizzled_scales>(values(), rule);
    int wrong = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < cols; ++col) {
        wrong += swizzled.code(row, col) != plain.code(row, col) ||
                 swizzled.scale_code(row, col / 32) != plain.scale_code(row, col / 32);
      }
    }
    CHECK(wrong == 0);
    CHECK(is_same(dequantized<float>(swizzled), dequantized<float>(plain)));
    CHECK(is_same(product<lowp::policies::k32>(swizzled, plain),
                  product<lowp::policies::k32>(plain, plain)));
    CHECK(is_same(product<lowp::policies::hopper_fp16>(plain, swizzled),
                  product<lowp::policies::hopper_fp16>(plain, plain)));
  };
  check_rule(lowp::rules::floor);
  check_rule(lowp::rules::rceil);
  any_matrix<format_of<formats::mxfp4>, lowp::swizzled_scales> any({formats::mxfp4}, rows, cols);
  quantize(values(), any);
  CHECK(have_same_bytes(any, lowp::quantize<formats::mxfp4, lowp::swizzled_scales>(values())));
}
