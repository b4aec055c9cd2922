// SPDX-License-Identifier: MIT
// Shiftmax, ShiftGELU, I-LayerNorm and integer square roots against integers of any size, by the
// formulas of I-ViT, on every target.
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <vector>

#include "big_integer.hpp"
#include "catch.hpp"
#include "isas.hpp"
#include "lowp/functions/integer/layer_norm.hpp"
#include "lowp/functions/integer/shiftmax.hpp"
#include "split_mix.hpp"

using namespace lowp;
using test::big;

namespace {

using word = std::numeric_limits<std::int32_t>;

/// int_exp_shift of I-ViT's quant_modules, whose x0 is minus the unit; halves are doubled.
big oracle_exp(const big& x, std::int32_t unit, int n) {
  const big x0 = big(0) - unit, p = x + x / 2 - x / 16, least = x0 * n;
  const big kept = p < least ? least : p;
  const big q = big(0) - kept,
            quotient = kept < big(0) ? q / unit : big(0) - (kept + (unit - 1)) / unit;
  const big twice = kept - x0 * quotient - x0 * 2;
  return twice * big::power(static_cast<unsigned>(n - quotient.value())) / 2;
}
const big most = big::power(31) - 1;
big share(const big& e, const big& sum, int bits) {
  return e * (most / limited(sum, 1, most)) / big::power(static_cast<unsigned>(32 - bits));
}

struct matrix {
  std::size_t rows, cols;
  std::vector<std::int32_t> values = std::vector<std::int32_t>(rows * cols);
  [[nodiscard]] matrix_view<const std::int32_t> view() const { return {values.data(), rows, cols}; }
  /// Row r has values of up to bits[r] bits.
  static matrix random(std::vector<int> bits, std::size_t cols) {
    test::split_mix random(cols);
    matrix x{bits.size(), cols};
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      x.values[i] = static_cast<std::int32_t>(random.word()) >> (32 - bits[i / cols]);
    }
    return x;
  }
};

TEST_CASE("exponentials by shifts are I-ViT's") {
  std::size_t wrong = 0;
  test::split_mix random(1);
  for (int i = 0; i < 20000; ++i) {
    const int n = 1 + static_cast<int>(random.below(31));
    const std::int32_t unit =
        1 + (static_cast<std::int32_t>(random.word() >> 34) >> random.below(30));
    std::int64_t x = static_cast<std::int64_t>(random.word()) >> (30 + random.below(34));
    if (i % 3 == 0) x = -static_cast<std::int64_t>(random.below(40)) * unit;
    if (x > 60 * std::int64_t{unit}) x = 60;  // the oracle would need so many digits
    const big expected = limited(oracle_exp(x, unit, n), 0, big::power(62));
    if (!(expected == big(shift_exp(x, unit, n)))) ++wrong;
  }
  CHECK(wrong == 0);
  STATIC_REQUIRE(shift_exp(0, 20, 15) == 20 << 15);
  STATIC_REQUIRE(shift_exp(std::int64_t{1} << 33, 1, 15) == std::int64_t{1} << 62);
  // 2^-t by 1 - t / 2 errs by at most 0.0430, e by 2^1.4375: exhaustive over 8 units of 1000.
  for (int x = 0; x > -8000; --x) {
    const double exact = 1000.0 * 0x1p15 * std::exp(x / 1000.0);
    const auto ours = static_cast<double>(shift_exp(x, 1000, 15));
    if (ours < exact * 0.99 || ours > exact * 1.11) ++wrong;
  }
  CHECK(wrong == 0);
}

template <class T>
std::size_t wrong_shiftmax(const matrix& x, const shift_exponential& e) {
  std::vector<T> expected, y(x.values.size());
  for (std::size_t r = 0; r < x.rows; ++r) {
    const auto row = x.values.begin() + static_cast<std::ptrdiff_t>(r * x.cols);
    const big top = *std::max_element(row, row + static_cast<std::ptrdiff_t>(x.cols));
    std::vector<big> exponentials;
    big sum = 0;
    for (std::size_t c = 0; c < x.cols; ++c) {
      exponentials.push_back(
          oracle_exp(big(row[static_cast<std::ptrdiff_t>(c)]) - top, e.unit, e.steps));
      sum = sum + exponentials.back();
    }
    for (const big& value : exponentials) {
      expected.push_back(static_cast<T>(
          limited(share(value, sum, e.bits), 0, std::numeric_limits<T>::max()).value()));
    }
  }
  std::size_t wrong = 0;
  for (const isa level : test::isas()) {
    std::fill(y.begin(), y.end(), T{77});
    shiftmax(x.view(), e, matrix_view<T>(y.data(), x.rows, x.cols), {threads{2}, level});
    if (y != expected) ++wrong;
  }
  return wrong;
}

TEST_CASE("Shiftmax is I-ViT's on every target") {
  for (const std::size_t cols : {1u, 64u, 197u}) {
    const matrix x = matrix::random({3, 8, 8, 12, 16, 32}, cols);
    for (const std::int32_t unit : {1, 7, 20, 64, 3000, 1 << 20}) {
      CHECK(wrong_shiftmax<std::int8_t>(x, {.unit = unit}) == 0);
    }
    CHECK(wrong_shiftmax<std::uint8_t>(x, {.unit = 20, .steps = 15, .bits = 9}) == 0);
    CHECK(wrong_shiftmax<std::int16_t>(x, {.unit = 9, .steps = 10, .bits = 16}) == 0);
    CHECK(wrong_shiftmax<std::int32_t>(x, {.unit = 100, .steps = 23, .bits = 31}) == 0);
    CHECK(wrong_shiftmax<std::int8_t>(x, {.unit = 1000, .steps = 1, .bits = 1}) == 0);
  }
  // More columns than are kept, and a sum above 2^31 - 1, whose shares are as published.
  CHECK(wrong_shiftmax<std::int8_t>(matrix::random({4, 8}, 5000), {.unit = 40}) == 0);
  CHECK(wrong_shiftmax<std::int32_t>(matrix::random({1}, 5000), {.unit = 65000}) == 0);
  // Of equal logits all shares are one.
  const matrix equal{1, 64, std::vector<std::int32_t>(64, -5)};
  std::vector<std::int8_t> y(64);
  shiftmax(equal.view(), {.unit = 20}, matrix_view<std::int8_t>(y.data(), 1, 64));
  CHECK(y == std::vector<std::int8_t>(64, y[0]));
  CHECK(y[0] == 1);
}

TEST_CASE("ShiftGELU is I-ViT's on every target") {
  std::size_t wrong = 0;
  for (const std::size_t cols : {1u, 70u, 1100u}) {
    const matrix x = matrix::random({3, 8, 8, 16, 24, 32}, cols);
    for (const shift_exponential& e :
         {shift_exponential{.unit = 12, .steps = 23}, shift_exponential{.unit = 300, .steps = 23},
          shift_exponential{.unit = 1 << 16, .steps = 20, .bits = 12}}) {
      std::vector<std::int32_t> y(x.values.size()), z(y.size());
      shift_gelu(x.view(), e, {y.data(), x.rows, x.cols}, threads{2});
      for (const isa level : test::isas()) {
        std::fill(z.begin(), z.end(), 77);
        shift_gelu(x.view(), e, {z.data(), x.rows, x.cols}, level);
        if (z != y) ++wrong;
      }
      for (std::size_t i = 0; i < y.size(); ++i) {
        const auto row = x.values.begin() + static_cast<std::ptrdiff_t>(i / cols * cols);
        const std::int64_t top = *std::max_element(row, row + static_cast<std::ptrdiff_t>(cols));
        // e^-top may have more digits than there are; it only matters up to 2^31 - 1.
        const big of_zero =
            -top > 100 * std::int64_t{e.unit} ? most : oracle_exp(-top, e.unit, e.steps);
        const big of_x = oracle_exp(big(x.values[i]) - top, e.unit, e.steps);
        const big expected = limited(big(x.values[i]) * share(of_x, of_x + of_zero, e.bits),
                                     word::min(), word::max());
        if (!(expected == big(y[i]))) ++wrong;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("integer square roots: ten steps from 2^16 as published, and exact ones") {
  STATIC_REQUIRE(integer_sqrt(0, 1 << 16, 10) == 64);  // not yet there
  STATIC_REQUIRE(integer_sqrt(0, 1 << 16, 17) == 0);
  STATIC_REQUIRE(integer_sqrt(20000, 1 << 16, 10) == 144);  // the root is 141.4
  STATIC_REQUIRE(integer_sqrt(183183, 1 << 16, 10) == integer_sqrt(183183) + 1);
  STATIC_REQUIRE(integer_sqrt(~std::uint64_t{0}) == 0xFFFFFFFFu);
  STATIC_REQUIRE(integer_sqrt(0) == 0);
  std::size_t wrong = 0;
  test::split_mix random(5);
  for (int i = 0; i < 20000; ++i) {
    std::uint64_t v = (random.word() >> 1) >> random.below(63);
    if (i % 2 == 0)
      v = (v >> 33) * (v >> 33) - static_cast<std::uint64_t>(v >> 33 != 0 && i % 4 == 0);
    const big exact = static_cast<std::int64_t>(v);
    if (!(root(exact) == big(static_cast<std::int64_t>(integer_sqrt(v))))) ++wrong;
    big k = big::power(16);
    for (int step = 0; step < 10; ++step) k = (k + exact / k) / 2;
    if (!(k == big(static_cast<std::int64_t>(newton_sqrt{}(v))))) ++wrong;
  }
  CHECK(wrong == 0);
}

template <class Root>
std::size_t wrong_norms(const matrix& x, const std::vector<std::int32_t>& bias, const Root& ours) {
  std::vector<std::int32_t> y(x.values.size()), z(y.size());
  integer_layer_norm(x.view(), bias, {y.data(), x.rows, x.cols}, ours, threads{2});
  std::size_t wrong = 0;
  for (const isa level : test::isas()) {
    std::fill(z.begin(), z.end(), 77);
    integer_layer_norm(x.view(), bias, {z.data(), x.rows, x.cols}, ours, level);
    if (z != y) ++wrong;
  }
  for (std::size_t r = 0; r < x.rows; ++r) {
    big sum = 0, squares = 0;
    const std::int32_t* const row = x.values.data() + r * x.cols;
    for (std::size_t c = 0; c < x.cols; ++c) sum = sum + row[c];
    const big mean = nearest(sum, static_cast<std::int64_t>(x.cols), test::tie::even);
    for (std::size_t c = 0; c < x.cols; ++c)
      squares = squares + (big(row[c]) - mean) * (big(row[c]) - mean);
    big k = big::power(16);
    for (int step = 0; step < 10; ++step) k = (k + squares / k) / 2;
    if (std::same_as<Root, floor_sqrt>) k = root(squares) == big(0) ? big(1) : root(squares);
    for (std::size_t c = 0; c < x.cols; ++c) {
      const big value = (big(row[c]) - mean) * (most / k) / 2 + (bias.empty() ? 0 : bias[c]);
      if (!(limited(value, word::min(), word::max()) == big(y[r * x.cols + c]))) ++wrong;
    }
  }
  return wrong;
}

TEST_CASE("I-LayerNorm is I-ViT's on every target") {
  for (const std::size_t cols : {1u, 2u, 192u}) {
    matrix x = matrix::random({1, 4, 8, 16, 25, 28, 29, 30, 31, 32}, cols);
    for (std::size_t i = cols; i < x.values.size(); i += 2 * cols) {  // the ends of their bits
      const std::int32_t last = x.values[i];
      x.values[i] = last < 0 ? -(1 << 30) >> (i / cols % 7) : (1 << 30) - 1;
    }
    std::vector<std::int32_t> bias = matrix::random({32}, cols).values;
    bias[0] = word::max();
    CHECK(wrong_norms(x, {}, newton_sqrt{}) == 0);
    CHECK(wrong_norms(x, bias, newton_sqrt{}) == 0);
    CHECK(wrong_norms(x, bias, floor_sqrt{}) == 0);
  }
  const std::vector<std::int32_t> x{1, 2}, bias(3);
  std::vector<std::int32_t> y{7, 7};
  const matrix_view<const std::int32_t> in(x.data(), 1, 2);
  CHECK_THROWS_WITH(integer_layer_norm(in, bias, {y.data(), 1, 2}),
                    Catch::Matchers::ContainsSubstring("bias has size 3"));
  CHECK_THROWS_WITH(shiftmax(in, {}, matrix_view<std::int32_t>(y.data(), 1, 2)),
                    Catch::Matchers::ContainsSubstring("unit is 0"));
  CHECK_THROWS_WITH(shift_gelu(in, {.unit = 1, .steps = 32}, {y.data(), 1, 2}),
                    Catch::Matchers::ContainsSubstring("steps is 32"));
  CHECK(y == std::vector<std::int32_t>{7, 7});
}

}  // namespace
