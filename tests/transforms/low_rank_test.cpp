// SPDX-License-Identifier: MIT
// Terms of low rank by what must hold of them: orthogonal factors, values that are known in closed
// form, reconstruction, no random matrix nearer (Eckart and Young); and quantized weights with a
// correction.
#include "lowp/transforms/low_rank.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/low_rank_compensation.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/amax.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "normal_values.hpp"
#include "own_matrix.hpp"

using namespace lowp;

namespace {

using test::normal_values;
double distance(const std::vector<float>& x, const std::vector<float>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
  }
  return std::sqrt(sum);
}
std::vector<float> values_of(const low_rank& t) {
  std::vector<float> out(t.rows * t.cols);
  const matrix_view<float> to(out.data(), t.rows, t.cols);
  add_low_rank(to, t, to);
  return out;
}

}  // namespace

TEST_CASE("terms of a random matrix, higher than wide and wider than high") {
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{31, 20}, {18, 37}, {9, 9}}) {
    const std::vector<float> x = normal_values(rows * cols, 1);
    const matrix_view<const float> in(x.data(), rows, cols);
    const std::size_t most = std::min(rows, cols);
    double before = 1e9;
    for (std::size_t rank : {std::size_t{1}, std::size_t{3}, most}) {
      const low_rank t = low_rank_terms(in, rank);
      REQUIRE(t.singular_values.size() == most);
      double rest = 0, all = 0, largest_off = 0;
      for (std::size_t k = 0; k < most; ++k) {
        CHECK((k == 0 || t.singular_values[k] <= t.singular_values[k - 1]));
        all += std::pow(t.singular_values[k], 2);
        if (k >= rank) rest += std::pow(t.singular_values[k], 2);
      }
      CHECK(std::sqrt(all) == Approx(distance(x, std::vector<float>(x.size()))).epsilon(1e-12));
      // What is left over are the other singular values.
      const double apart = distance(x, values_of(t));
      CHECK(std::abs(apart - std::sqrt(rest)) < 2e-5);
      CHECK(apart < before);
      before = apart;
      for (std::size_t a = 0; a < rank; ++a) {
        std::size_t largest = 0;
        for (std::size_t c = 0; c < cols; ++c) {
          if (std::abs(t.right[a * cols + c]) > std::abs(t.right[a * cols + largest])) largest = c;
        }
        CHECK(t.right[a * cols + largest] > 0);
        for (std::size_t b = 0; b <= a; ++b) {
          double left = 0, right = 0;
          for (std::size_t r = 0; r < rows; ++r) {
            left += static_cast<double>(t.left[r * rank + a]) *
                    static_cast<double>(t.left[r * rank + b]);
          }
          for (std::size_t c = 0; c < cols; ++c) {
            right += static_cast<double>(t.right[a * cols + c]) *
                     static_cast<double>(t.right[b * cols + c]);
          }
          const double expected = a == b ? t.singular_values[a] : 0;
          largest_off =
              std::max({largest_off, std::abs(left - expected), std::abs(right - expected)});
        }
      }
      CHECK(largest_off < 1e-5);  // factors are binary32
    }
  }
}

TEST_CASE("no matrix about the terms is nearer") {
  const std::vector<float> x = normal_values(12 * 10, 2);
  const low_rank t = low_rank_terms(matrix_view<const float>(x.data(), 12, 10), 2);
  const double least = distance(x, values_of(t));
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 0.02f);
  for (int i = 0; i < 200; ++i) {
    low_rank other = t;
    for (float& v : other.left) v += normal(random);
    for (float& v : other.right) v += normal(random);
    CHECK(distance(x, values_of(other)) > least);
  }
}

TEST_CASE("values in closed form, sides of the singular values, corners") {
  // Rows (3, 0), (4, 5): singular values sqrt(45) and sqrt(5).
  const float x[4] = {3, 0, 4, 5};
  const low_rank t = low_rank_terms(matrix_view<const float>(x, 2, 2), 1, singular_side::left);
  CHECK(t.singular_values[0] == Approx(std::sqrt(45.0)).epsilon(1e-15));
  CHECK(t.singular_values[1] == Approx(std::sqrt(5.0)).epsilon(1e-15));
  CHECK(t.right[0] == Approx(std::sqrt(0.5)));
  CHECK(t.right[1] == Approx(std::sqrt(0.5)));
  CHECK(t.left[0] == Approx(3 * std::sqrt(0.5)));
  CHECK(t.left[1] == Approx(9 * std::sqrt(0.5)));
  const low_rank r = low_rank_terms(matrix_view<const float>(x, 2, 2), 2, singular_side::right);
  CHECK(r.left[0] * r.left[0] + r.left[2] * r.left[2] == Approx(1));
  // Graded values stay exact relative to themselves.
  const float graded[4] = {1, 1, 1e-20f, -1e-20f};
  const low_rank g = low_rank_terms(matrix_view<const float>(graded, 2, 2), 2);
  CHECK(g.singular_values[1] == Approx(std::sqrt(2.0) * 1e-20).epsilon(1e-6));
  const std::vector<float> zeros(6);
  CHECK(values_of(low_rank_terms(matrix_view<const float>(zeros.data(), 2, 3), 2)) == zeros);

  const float nan[2] = {1, std::numeric_limits<float>::quiet_NaN()};
  CHECK_THROWS_AS(low_rank_terms(matrix_view<const float>(nan, 1, 2), 1), std::invalid_argument);
  CHECK_THROWS_AS(low_rank_terms(matrix_view<const float>(x, 2, 2), 0), std::invalid_argument);
  CHECK_THROWS_AS(low_rank_terms(matrix_view<const float>(x, 2, 2), 3), std::invalid_argument);
  float out[4] = {7, 7, 7, 7};
  CHECK_THROWS_AS(add_low_rank(matrix_view<const float>(x, 1, 4), t, matrix_view<float>(out, 1, 4)),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      add_low_rank(matrix_view<const float>(x, 2, 2), t, matrix_view<float>(out, 2, 2), 2),
      std::invalid_argument);
  low_rank short_of = t;
  short_of.right.pop_back();
  CHECK_THROWS_AS(
      add_low_rank(matrix_view<const float>(x, 2, 2), short_of, matrix_view<float>(out, 2, 2)),
      std::invalid_argument);
  CHECK(out[0] == 7);
}

TEST_CASE("the bits of a decomposition") {
  std::mt19937 random(7);  // whose numbers are those of the standard
  std::vector<float> x(40 * 24);
  for (float& v : x) v = static_cast<float>(static_cast<int>(random() >> 8) - (1 << 23)) / 65536;
  const low_rank t = low_rank_terms(matrix_view<const float>(x.data(), 40, 24), 5);
  std::uint64_t digest = 0;
  const auto add = [&](std::uint64_t bits) { digest = (digest ^ bits) * 0x9E3779B97F4A7C15u; };
  for (const float v : t.left) add(std::bit_cast<std::uint32_t>(v));
  for (const float v : t.right) add(std::bit_cast<std::uint32_t>(v));
  for (const double v : t.singular_values) add(std::bit_cast<std::uint64_t>(v));
  CHECK(digest == 0xF4BBD6F0D0F31F64u);
}

TEST_CASE("a correction lowers the error of weights, and alternations lower it further") {
  std::vector<float> w = normal_values(24 * 32, 4);
  const matrix_view<const float> in(w.data(), 24, 32);
  const auto quantizer = [](auto x) { return own::quantize(x, 1); };
  std::vector<float> plain(w.size()), y(w.size());
  dequantize(own::quantize(in, 1), matrix_view<float>(plain.data(), 24, 32), execution{});
  double before = std::pow(distance(w, plain), 2);
  for (std::size_t rank : {std::size_t{1}, std::size_t{8}, std::size_t{24}}) {
    const auto q = quantize_compensated(in, quantizer, {.rank = rank});
    dequantize(q, matrix_view<float>(y.data(), 24, 32));
    CHECK(q.error == Approx(std::pow(distance(w, y), 2)).margin(1e-9));
    CHECK(q.error < before);
    before = q.error;
    const auto better = quantize_compensated(in, quantizer, {.rank = rank, .alternations = 4});
    CHECK(better.error <= q.error);
    if (rank == 8) CHECK(better.error < 0.99 * q.error);
  }
  CHECK(before < 1e-9);  // of full rank all is corrected

  // Weights: the weighted error is less than that of the terms without them, the other is more.
  std::vector<float> row_weights(24, 1), col_weights(32, 1);
  for (std::size_t i = 0; i < 4; ++i) row_weights[5 * i] = 8, col_weights[7 * i] = 10;
  const auto weighted_error = [&](const auto& q) {
    dequantize(q, matrix_view<float>(y.data(), 24, 32));
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double weight =
          static_cast<double>(row_weights[i / 32]) * static_cast<double>(col_weights[i % 32]);
      sum += std::pow(weight * (static_cast<double>(w[i]) - static_cast<double>(y[i])), 2);
    }
    return sum;
  };
  const auto even = quantize_compensated(in, quantizer, {.rank = 4});
  const compensation how{.rank = 4, .row_weights = row_weights, .col_weights = col_weights};
  const auto weighted = quantize_compensated(in, quantizer, how);
  CHECK(weighted.error == Approx(weighted_error(weighted)).epsilon(1e-4));
  CHECK(weighted.error < 0.5 * weighted_error(even));
  row_weights[3] = 0;
  CHECK_THROWS_AS(quantize_compensated(in, quantizer, how), std::invalid_argument);
  CHECK_THROWS_AS(quantize_compensated(in, quantizer, {.rank = 4, .col_weights = row_weights}),
                  std::invalid_argument);
  CHECK_THROWS_AS(quantize_compensated(in, quantizer, {.rank = 25}), std::invalid_argument);
  CHECK_THROWS_AS(quantize_compensated(in, quantizer, {.alternations = 0}), std::invalid_argument);
}

TEST_CASE("NF-b and terms of low rank in turn end when the error rises, as LQ-LoRA does") {
  const std::vector<float> noise = normal_values(32 * 64, 5), u = normal_values(32, 6);
  std::vector<float> w(noise.size());
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = noise[i] + 2 * u[i / 64] * noise[i % 64];
  const matrix_view<const float> in(w.data(), 32, 64);
  const auto run = [&](const auto& quantizer) {
    std::size_t calls = 0;
    const auto counting = [&](matrix_view<const float> x) { return ++calls, quantizer(x); };
    constexpr int most = 200;
    const auto made = quantize_compensated(in, counting, {.rank = 4, .alternations = most});
    // By hand: Q = quantizer(w - L R), L R = terms(w - Q), until the error does not fall.
    std::vector<float> from = w, q(w.size()), rest(w.size()), y(w.size());
    double least = 1e30;
    for (std::size_t step = 1;; ++step) {
      dequantize(quantizer(matrix_view<const float>(from.data(), 32, 64)),
                 matrix_view<float>(q.data(), 32, 64));
      for (std::size_t i = 0; i < w.size(); ++i) rest[i] = w[i] - q[i];
      const std::vector<float> terms =
          values_of(low_rank_terms(matrix_view<const float>(rest.data(), 32, 64), 4));
      const double error = std::pow(distance(rest, terms), 2);
      if (error >= least) {
        CHECK(step == calls);
        break;
      }
      least = error;
      for (std::size_t i = 0; i < w.size(); ++i) from[i] = w[i] - terms[i];
    }
    CHECK(calls > 2);  // it was worth while
    CHECK(calls < most);
    CHECK(made.error == Approx(least).epsilon(1e-6));
    dequantize(made, matrix_view<float>(y.data(), 32, 64));
    CHECK(std::pow(distance(w, y), 2) == Approx(least).epsilon(1e-4));
    return least;
  };
  static constexpr block_format nf2{formats::nf<2>, formats::binary32, block_shape{1, 64}};
  static constexpr block_format nf4{formats::nf<4>, formats::binary32, block_shape{1, 64}};
  const double of2 = run([](auto x) { return quantize<nf2>(x, rules::amax); });
  CHECK(run([](auto x) { return quantize<nf4>(x, rules::amax); }) < of2 / 8);
}
