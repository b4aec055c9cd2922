// SPDX-License-Identifier: MIT
// Two ternary planes: pairs against a search, errors against planes chosen in turn, corners.
#include "lowp/block/ternary_planes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"

using namespace lowp;

TEST_CASE("both planes are the best for their scales, and better than one after the other") {
  constexpr std::size_t rows = 4, cols = 300;  // a tail of 44
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> w(rows * cols);
  for (float& v : w) v = normal(random);
  const matrix_view<const float> in(w.data(), rows, cols);
  const auto q = quantize_ternary_planes(in);
  CHECK(q == quantize_ternary_planes<formats::ternary_groups<128>>(in, {}, threads{2}));
  std::vector<float> y(w.size()), in_turn(w.size());
  dequantize(q, matrix_view<float>(y.data(), rows, cols));
  // Scales at 1.2 and 0.5 of the mean magnitude are near the best for one plane of normal numbers.
  const auto plane = [](matrix_view<const float> x) {
    return quantize<formats::ternary_groups<128>>(x, [](const block_values& block, const auto&) {
      double sum = 0;
      for (std::size_t i = 0; i < block.values.cols; ++i) {
        sum += std::abs(static_cast<double>(block.values(0, i)));
      }
      return static_cast<float>(1.53 * sum / static_cast<double>(block.values.cols));
    });
  };
  dequantize(residual_terms(in, plane, plane), matrix_view<float>(in_turn.data(), rows, cols));
  double error = 0, other = 0;
  int wrong = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double x = static_cast<double>(w[i]);
    const std::size_t row = i / cols, col = i % cols;
    const double a = pack_as<double>(unpack(q.term<0>().scale_of(row, col)));
    const double b = pack_as<double>(unpack(q.term<1>().scale_of(row, col)));
    double least = 1e9;
    for (int p = -1; p <= 1; ++p) {
      for (int r = -1; r <= 1; ++r) least = std::min(least, std::abs(x - (p * a + r * b)));
    }
    const double apart = std::abs(x - static_cast<double>(y[i]));
    wrong += std::abs(apart - least) > 1e-6;
    error += apart * apart;
    other += std::pow(x - static_cast<double>(in_turn[i]), 2);
  }
  CHECK(wrong == 0);
  CHECK(error < other);
  CHECK(error / static_cast<double>(w.size()) < 0.06);  // uniform with 9 levels at best: .0445
}

TEST_CASE("what signs and one scale say is said exactly; corners") {
  std::vector<float> w(128);
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] = static_cast<float>(static_cast<int>(i % 3) - 1) * 0.75f;
  }
  std::vector<float> y(128);
  const auto at = [&](const std::vector<float>& x) {
    dequantize(
        quantize_ternary_planes(matrix_view<const float>(x.data(), 1, 128), {.tolerance = 0}),
        matrix_view<float>(y.data(), 1, 128));
  };
  at(w);
  int wrong = 0;
  for (std::size_t i = 0; i < w.size(); ++i) wrong += std::abs(y[i] - w[i]) > 1e-6f;
  CHECK(wrong == 0);
  at(std::vector<float>(128));
  for (const float& v : y) CHECK(std::bit_cast<std::uint32_t>(v) == 0);  // not -0
  w[7] = std::numeric_limits<float>::infinity();
  at(w);
  CHECK(unpack(y[0]).is_nan());
  CHECK_THROWS_AS(
      quantize_ternary_planes(matrix_view<const float>(w.data(), 1, 128), {.iterations = 0}),
      std::invalid_argument);
  CHECK_THROWS_AS(
      quantize_ternary_planes(matrix_view<const float>(w.data(), 1, 128), {.tolerance = -1}),
      std::invalid_argument);
  CHECK_THROWS_AS(quantize_ternary_planes(matrix_view<const float>(w.data(), 1, 128),
                                          {.tolerance = std::numeric_limits<double>::quiet_NaN()}),
                  std::invalid_argument);
}

TEST_CASE("scales saturate in their format") {
  std::vector<float> w(128, 5000.0f), y(128);
  w[0] = 0;
  constexpr block_format f{formats::ternary, formats::e4m3fn, block_shape{1, 128}};
  dequantize(quantize_ternary_planes<f>(matrix_view<const float>(w.data(), 1, 128)),
             matrix_view<float>(y.data(), 1, 128));
  CHECK(y[0] == 0);
  CHECK(y[1] == 896);  // twice 448
}
