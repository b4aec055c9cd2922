// SPDX-License-Identifier: MIT
// Operations on columns against scalar loops in binary64, on every target; smoothing factors
// against MPFR; the figures of the papers.
#include <mpfr.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/transforms/column_arithmetic.hpp"
#include "lowp/transforms/column_order.hpp"
#include "lowp/transforms/column_statistics.hpp"
#include "lowp/transforms/smoothing.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Of all binades from `first` on.
std::vector<float> numbers(std::size_t count, std::uint32_t first = 1,
                           std::uint32_t binades = 253) {
  test::split_mix random(count);
  std::vector<float> x(count);
  for (float& v : x) {
    const auto word = static_cast<std::uint32_t>(random.word());
    v = std::bit_cast<float>((word & 0x807FFFFFu) | (first + random.below(binades)) << 23);
  }
  return x;
}

// A double holds a product of floats, and has digits enough that a sum or a quotient that it rounds
// first rounds to the right float (Figueroa 1995).
TEST_CASE("factors, divisors and shifts of columns are rounded once, on every target") {
  constexpr std::size_t rows = 3, cols = 150, stride = 153;
  std::vector<float> x = numbers(rows * stride), by = numbers(cols, 60, 130);
  x[0] = 0x1p-130f;  // subnormal, and what becomes so
  by[0] = 3, by[1] = 0x1p-126f;
  const matrix_view<const float> in(x.data(), rows, cols, stride);
  std::vector<float> y(rows * cols);
  const matrix_view<float> out(y.data(), rows, cols);
  const auto check = [&](auto expected) {
    const default_float_environment environment;  // a program may flush subnormal numbers
    std::size_t wrong = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const auto e =
            static_cast<float>(expected(static_cast<double>(in(r, c)), static_cast<double>(by[c])));
        if (std::bit_cast<std::uint32_t>(e) != std::bit_cast<std::uint32_t>(out(r, c))) ++wrong;
      }
    }
    CHECK(wrong == 0);
  };
  for (const isa level : test::isas()) {
    by[2] = infinity, by[3] = -0.0f;
    scale_columns(in, by, out, {threads{2}, level});
    check([](double a, double b) { return a * b; });
    shift_columns(in, by, out, level);
    check([](double a, double b) { return a + b; });
    by[2] = 0x1p127f, by[3] = -0x1p-149f;
    divide_columns(in, by, out, level);
    check([](double a, double b) { return a / b; });
  }
  // In place; powers of two are exact.
  const std::vector<float> two(cols, 2), half(cols, 0.5f);
  std::vector<float> z = numbers(rows * cols, 2, 250);
  const std::vector<float> before = z;
  const matrix_view<float> same(z.data(), rows, cols);
  scale_columns(same, two, same);
  CHECK(z != before);
  scale_columns(same, half, same);
  CHECK(z == before);
  // The stride of one row does not matter.
  scale_columns({z.data(), 1, cols}, two, {z.data(), 1, cols, cols + 9});
  CHECK(z[1] == 2 * before[1]);
}

TEST_CASE("ranges, magnitudes and centres of columns, on every target") {
  constexpr std::size_t rows = 9, cols = 75;
  const std::vector<float> x = numbers(rows * cols);
  const matrix_view<const float> in(x.data(), rows, cols);
  for (const isa level : test::isas()) {
    const value_ranges ranges = column_ranges(in, level);
    const std::vector<float> magnitudes = column_magnitudes(in, level);
    for (std::size_t c = 0; c < cols; ++c) {
      float low = infinity, high = -infinity;
      for (std::size_t r = 0; r < rows; ++r) {
        low = std::fmin(low, in(r, c));
        high = std::fmax(high, in(r, c));
      }
      REQUIRE(ranges.lowest[c] == low);
      REQUIRE(ranges.highest[c] == high);
      REQUIRE(magnitudes[c] == std::fmax(std::fabs(low), std::fabs(high)));
    }
  }
  // Outlier Suppression+: a channel from -97 to -58 comes to lie between -19.5 and 19.5.
  std::vector<float> channel{-97, -58, -70};
  const std::vector<float> shift = centring_shifts({channel.data(), 3, 1});
  CHECK(shift == std::vector<float>{77.5f});
  shift_columns({channel.data(), 3, 1}, shift, {channel.data(), 3, 1});
  CHECK(channel == std::vector<float>{-19.5f, 19.5f, 7.5f});
  const std::vector<float> huge{3e38f, 2e38f};
  CHECK(centring_shifts({huge.data(), 2, 1})[0] ==
        -static_cast<float>((static_cast<double>(3e38f) + static_cast<double>(2e38f)) / 2));

  for (const float bad : {nan, -nan}) {
    for (const std::size_t at : {std::size_t{3}, cols + 74}) {
      std::vector<float> y = x;
      y[at] = bad;
      CHECK_THROWS_AS(column_magnitudes({y.data(), rows, cols}), std::invalid_argument);
    }
  }
  const std::vector<float> infinite{1, -infinity};
  CHECK(column_magnitudes({infinite.data(), 2, 1})[0] == infinity);
  CHECK_THROWS_AS(centring_shifts({infinite.data(), 2, 1}), std::invalid_argument);
}

TEST_CASE("columns by their numbers") {
  const std::vector<float> x{1, -6, 2, 5, 0, 3, 4, 2, -5, 0};  // 2 x 5
  const matrix_view<const float> in(x.data(), 2, 5);
  using list = std::vector<std::size_t>;
  CHECK(outlier_columns(in, 6) == list{1});
  CHECK(outlier_columns(in, 4) == list{1, 3});
  CHECK(outlier_columns(in, 5.5f) == list{1});
  CHECK(outlier_columns(in, 7).empty());
  CHECK(largest_columns(in, 3) == list{0, 1, 3});  // of 3, 6, 2, 5 and 0
  CHECK(largest_columns(in, 0).empty());
  CHECK(other_columns(list{1, 3}, 5) == list{0, 2, 4});
  CHECK(descending_order(std::vector<float>{-0.0f, 2, 0, 2, -1, infinity}) ==
        list{5, 1, 3, 0, 2, 4});

  const list order{3, 0, 4, 1, 2};
  std::vector<float> y(10), z(10);
  gather_columns(in, order, {y.data(), 2, 5});
  CHECK(y == std::vector<float>{5, 1, 0, -6, 2, -5, 3, 0, 4, 2});
  gather_columns({y.data(), 2, 5}, inverse_order(order), {z.data(), 2, 5});
  CHECK(z == x);
  std::vector<float> part(4);
  gather_columns(in, list{1, 1}, {part.data(), 2, 2});
  CHECK(part == std::vector<float>{-6, -6, 4, 4});
}

TEST_CASE("smoothing factors are the nearest numbers") {
  const std::vector<float> a = numbers(300, 112, 40), w = numbers(301, 112, 40);
  mpfr_t x, y, p;
  mpfr_inits2(200, x, y, p, static_cast<mpfr_ptr>(nullptr));
  std::size_t wrong = 0;
  for (const float alpha : {0.0f, 0.25f, 0.5f, 0.85f, 1.0f, 0x1p-70f}) {
    std::vector<float> activations, weights;
    for (std::size_t i = 0; i < 300; ++i) {
      activations.push_back(std::fabs(a[i]));
      weights.push_back(std::fabs(w[i]));
    }
    activations[0] = 9, weights[0] = 1, activations[1] = 0, weights[1] = 4;
    const std::vector<float> factors = smoothing_factors(activations, weights, {.alpha = alpha});
    for (std::size_t i = 0; i < 300; ++i) {
      mpfr_set_flt(x, std::fmax(activations[i], 1e-5f), MPFR_RNDN);
      mpfr_set_flt(p, alpha, MPFR_RNDN);
      mpfr_pow(x, x, p, MPFR_RNDN);
      mpfr_set_flt(y, std::fmax(weights[i], 1e-5f), MPFR_RNDN);
      mpfr_ui_sub(p, 1, p, MPFR_RNDN);
      mpfr_pow(y, y, p, MPFR_RNDN);
      mpfr_div(x, x, y, MPFR_RNDN);
      if (factors[i] != std::fmax(mpfr_get_flt(x, MPFR_RNDN), 1e-5f)) ++wrong;
    }
  }
  mpfr_clears(x, y, p, static_cast<mpfr_ptr>(nullptr));
  CHECK(wrong == 0);
  // SmoothQuant's claim: both maxima become the square root of their product.
  const float s = smoothing_factors(std::vector<float>{64}, std::vector<float>{0.25f})[0];
  CHECK(64 / s == 4);
  CHECK(0.25f * s == 4);
}

TEST_CASE("bad input is refused, and nothing is written") {
  const std::vector<float> one{1}, two{1, 1};
  for (const float alpha : {-0.1f, 1.0000001f, nan, infinity, -infinity, -0x1p-149f}) {
    CHECK_THROWS_AS(smoothing_factors(one, one, {.alpha = alpha}), std::invalid_argument);
  }
  for (const float floor : {0.0f, -1.0f, nan, infinity, 0x1p-130f}) {
    CHECK_THROWS_AS(smoothing_factors(one, one, {.floor = floor}), std::invalid_argument);
  }
  CHECK_THROWS_AS(smoothing_factors(one, two), std::invalid_argument);
  for (const float bad : {-1.0f, nan, infinity}) {
    CHECK_THROWS_AS(smoothing_factors(std::vector<float>{bad}, one), std::invalid_argument);
    CHECK_THROWS_AS(smoothing_factors(one, std::vector<float>{bad}), std::invalid_argument);
  }
  std::vector<float> x(6, 1);
  const matrix_view<float> m(x.data(), 2, 3);
  for (const float threshold : {0.0f, -1.0f, nan}) {
    CHECK_THROWS_AS(outlier_columns(m, threshold), std::invalid_argument);
  }
  CHECK_THROWS_AS(largest_columns(m, 4), std::invalid_argument);
  CHECK_THROWS_AS(scale_columns(m, std::vector<float>(2, 2.0f), m), std::invalid_argument);
  CHECK_THROWS_AS(
      scale_columns({x.data(), 1, 3}, std::vector<float>(3, 2.0f), {x.data() + 1, 1, 3}),
      std::invalid_argument);
  CHECK_THROWS_AS(divide_columns(m, std::span<const float>(x).first(3), m), std::invalid_argument);
  for (const float divisor : {0.0f, -0.0f, nan, std::numeric_limits<float>::infinity()}) {
    CHECK_THROWS_AS(divide_columns(m, std::vector<float>{1, 2, divisor}, m), std::invalid_argument);
  }
  CHECK(x == std::vector<float>(6, 1));
  using list = std::vector<std::size_t>;
  std::vector<float> y(6, 2);
  CHECK_THROWS_AS(gather_columns(m, list{0, 3, 1}, {y.data(), 2, 3}), std::invalid_argument);
  CHECK_THROWS_AS(gather_columns(m, list{0, 1}, {y.data(), 2, 3}), std::invalid_argument);
  CHECK_THROWS_AS(gather_columns(m, list{0, 1, 2}, m), std::invalid_argument);
  CHECK_THROWS_AS(inverse_order(list{0, 2, 2}), std::invalid_argument);
  CHECK_THROWS_AS(inverse_order(list{0, 3, 1}), std::invalid_argument);
  CHECK_THROWS_AS(descending_order(std::vector<float>{1, nan}), std::invalid_argument);
  CHECK_THROWS_AS(other_columns(list{2, 1}, 5), std::invalid_argument);
  CHECK_THROWS_AS(other_columns(list{5}, 5), std::invalid_argument);
  CHECK(x == std::vector<float>(6, 1));
  CHECK(y == std::vector<float>(6, 2));
}

}  // namespace
