// SPDX-License-Identifier: MIT
// Fitted codebooks against all partitions of small samples, and the best ones of normal numbers.
#include "lowp/analysis/codebook_fit.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/formats/variable_codebook.hpp"

using namespace lowp;

namespace {

struct part {
  double value, loss;
};
/// Of a part of a sorted sample, each value as often as its weight says.
part best_of(const std::vector<double>& x, std::size_t begin, std::size_t end, bool squares) {
  double sum = 0;
  for (std::size_t i = begin; i < end; ++i) sum += x[i];
  const auto n = static_cast<double>(end - begin);
  part best{squares ? sum / n : x[begin + (end - begin - 1) / 2], 0};
  for (std::size_t i = begin; i < end; ++i) {
    const double apart = std::abs(x[i] - best.value);
    best.loss += squares ? apart * apart : apart;
  }
  return best;
}
/// The least loss of x[0 … end) in `count` parts, by trying all of them.
double least_loss(const std::vector<double>& x, std::size_t end, std::size_t count, bool squares) {
  if (count == 1) return best_of(x, 0, end, squares).loss;
  double least = 1e30;
  for (std::size_t begin = count - 1; begin < end; ++begin) {
    if (begin != 0 && x[begin - 1] == x[begin]) continue;
    const double rest = begin == 0 ? 1e30 : least_loss(x, begin, count - 1, squares);
    least = std::min(least, rest + best_of(x, begin, end, squares).loss);
  }
  return least;
}
/// normal numbers by quantiles, (2 i + 1) / 2 n
std::vector<float> quantiles(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double p = (2 * static_cast<double>(i) + 1) / (2 * static_cast<double>(n));
    double low = -9, high = 9;
    for (int step = 0; step < 60; ++step) {
      const double middle = (low + high) / 2;
      (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
    }
    x[i] = static_cast<float>(low);
  }
  return x;
}

}  // namespace

TEST_CASE("no partition of a small sample loses less") {
  std::mt19937 random(1);
  for (int trial = 0; trial < 400; ++trial) {
    const codebook_norm norm = trial % 2 == 0 ? codebook_norm::squares : codebook_norm::magnitudes;
    const std::size_t size = 1 + random() % 9, count = 1 + random() % 4;
    std::vector<float> x(size), weights(size);
    std::vector<double> repeated;
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = static_cast<float>(random() % 24) - 9;
      weights[i] = static_cast<float>(random() % 3);
      repeated.insert(repeated.end(), static_cast<std::size_t>(weights[i]), double(x[i]));
    }
    if (repeated.empty()) continue;
    std::sort(repeated.begin(), repeated.end());
    std::vector<double> different = repeated;
    different.erase(std::unique(different.begin(), different.end()), different.end());
    const bool squares = norm == codebook_norm::squares;
    const codebook_fit fit = fit_codebook(x, count, norm, weights);
    REQUIRE(fit.values.size() == std::min(count, different.size()));
    REQUIRE(std::is_sorted(fit.values.begin(), fit.values.end()));
    const double least =
        count >= different.size() ? 0 : least_loss(repeated, repeated.size(), count, squares);
    REQUIRE(std::abs(fit.error - least) <= 1e-5 * (1 + least));  // values are rounded
    // The error is that of the format of these values.
    std::vector<float> rounded(size);
    round_to(variable_codebook_of(fit.values), std::span<const float>(x), std::span(rounded));
    double error = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const double apart = std::abs(double(x[i]) - double(rounded[i]));
      error += double(weights[i]) * (squares ? apart * apart : apart);
    }
    REQUIRE(std::abs(fit.error - error) <= 1e-12 * (1 + error));
    // Lloyd's iterations end no lower than the best, and never above their start.
    std::vector<float> start(fit.values.size());
    for (float& v : start) v = static_cast<float>(random() % 24) - 9;
    const codebook_fit first = improve_codebook(x, start, 0, norm, weights);
    const codebook_fit last = improve_codebook(x, start, 100, norm, weights);
    REQUIRE(last.error <= first.error);
    REQUIRE(last.error >= least - 1e-5 * (1 + least));
    REQUIRE(improve_codebook(x, last.values, 100, norm, weights).values == last.values);
  }
}

TEST_CASE("the best codebooks of normal numbers") {
  const std::vector<float> x = quantiles(4000);
  // Lloyd and Max: 2 bits.
  const codebook_fit four = fit_codebook(x, 4);
  const double expected[] = {-1.5104, -0.4528, 0.4528, 1.5104};
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(double(four.values[i]) - expected[i]) < 2e-3);
  CHECK(std::abs(four.error / 4000 - 0.1175) < 5e-4);
  const codebook_fit lloyd = improve_codebook(x, std::vector<float>{3, 1, -1, 0.5f}, 1000);
  CHECK(lloyd.iterations > 5);
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(lloyd.values[i] - four.values[i]) < 1e-2f);
  // By magnitudes: of one sign the quartile, at which the value splits its half.
  const codebook_fit two = fit_codebook(x, 2, codebook_norm::magnitudes);
  CHECK(std::abs(double(two.values[1]) - 0.6745) < 1e-3);
}

TEST_CASE("weights that vanish beside others give no NaN, and means of what has them") {
  const std::vector<float> x{0, 1, 2, 3, 10, 11}, weights{1e20f, 1e-5f, 1e-5f, 1e-5f, 1e-5f, 3e-5f};
  for (const auto norm : {codebook_norm::squares, codebook_norm::magnitudes}) {
    const codebook_fit fit = fit_codebook(x, 3, norm, weights);
    REQUIRE(fit.values.size() == 3);
    for (const float v : fit.values)
      CHECK(std::bit_cast<std::uint32_t>(v) <= 0x41300000u);  // 0 … 11
    CHECK(fit.error < 1e-2);
  }
  const codebook_fit moved =
      improve_codebook(x, std::vector<float>{0, 9}, 1, codebook_norm::squares, weights);
  CHECK(std::abs(moved.values[0]) < 1e-20f);
  CHECK(moved.values[1] == 10.75f);
}

TEST_CASE("the bits of a fit") {
  std::mt19937 random(7);
  std::vector<float> x(3000), weights(3000);
  for (float& v : x) v = static_cast<float>(static_cast<int>(random() >> 8) - (1 << 23)) / 65536;
  for (float& v : weights) v = static_cast<float>(random() >> 8) / 65536;
  std::uint64_t digest = 0;
  const auto add = [&](const codebook_fit& fit) {
    for (const float v : fit.values)
      digest = (digest ^ std::bit_cast<std::uint32_t>(v)) * 0x9E3779B97F4A7C15u;
    digest = (digest ^ std::bit_cast<std::uint64_t>(fit.error)) * 0x9E3779B97F4A7C15u;
  };
  for (const auto norm : {codebook_norm::squares, codebook_norm::magnitudes}) {
    add(fit_codebook(x, 8, norm, weights));
    add(improve_codebook(x, std::vector<float>{-50, -10, 0, 7, 90}, 50, norm, weights));
  }
  CHECK(digest == 0x431A02EC02516614u);
}

TEST_CASE("gradients and corners of codebooks") {
  const std::vector<float> gradients{1, 2, 4, 8, 16}, scales{1, 0.5f, 3};
  const std::vector<std::uint8_t> codes{0, 2, 0, 2, 1};
  CHECK(codebook_gradient(gradients, codes, 4) == std::vector<double>{5, 16, 10, 0});
  CHECK(codebook_gradient(gradients, codes, 3, scales, 2) == std::vector<double>{3, 48, 6});
  CHECK(codebook_gradient(gradients, codes, 3, std::vector<float>{2}, ~std::size_t{0}) ==
        std::vector<double>{10, 32, 20});
  CHECK_THROWS_AS(codebook_gradient(gradients, codes, 2), std::invalid_argument);
  CHECK_THROWS_AS(codebook_gradient(gradients, codes, 3, scales, 3), std::invalid_argument);
  CHECK_THROWS_AS(codebook_gradient(scales, codes, 3), std::invalid_argument);

  const std::vector<float> x{1, -0.0f, 0, 3, 1};
  CHECK(fit_codebook(x, 9).values == std::vector<float>{0, 1, 3});
  CHECK(fit_codebook(x, 9).error == 0);
  CHECK_THROWS_AS(fit_codebook(x, 0), std::invalid_argument);
  CHECK_THROWS_AS(fit_codebook({}, 1), std::invalid_argument);
  CHECK_THROWS_AS(fit_codebook(x, 1, codebook_norm::squares, scales), std::invalid_argument);
  const std::vector<float> bad{1, std::bit_cast<float>(0x7F800000u), -1};
  CHECK_THROWS_AS(fit_codebook(bad, 1), std::invalid_argument);
  CHECK_THROWS_AS(fit_codebook(scales, 1, codebook_norm::squares, bad), std::invalid_argument);
  CHECK_THROWS_AS(improve_codebook(x, {}), std::invalid_argument);
  CHECK_THROWS_AS(improve_codebook(x, bad), std::invalid_argument);
}
