// SPDX-License-Identifier: MIT
// Phases against angles of long double, and the error of a circular normal distribution against its
// closed form.
#include "lowp/block/phase_matrix.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"

using namespace lowp;

TEST_CASE("the phase of a number is the quarter turn nearest to its angle") {
  const long double pi = std::acos(-1.0L);
  int wrong = 0;
  for (int re = -12; re <= 12; ++re) {
    for (int im = -12; im <= 12; ++im) {
      const long double angle =
          std::atan2(static_cast<long double>(im), static_cast<long double>(re));
      const long double turns = angle / (pi / 2) + .5L;
      // Diagonals are exact: their angles are not, so that they are told by their parts.
      const bool is_diagonal = re != 0 && (re == im || re == -im);
      const int quarter = static_cast<int>(is_diagonal ? std::lround(turns) : std::floor(turns));
      const int expected = re == 0 && im == 0 ? 0 : (quarter + 4) % 4;
      wrong +=
          static_cast<int>(phase_of(static_cast<float>(re), static_cast<float>(im))) != expected;
    }
  }
  CHECK(wrong == 0);
  CHECK(phase_of(-0.0F, 0.0F) == phase::one);
  CHECK(phase_of(-1, -0.0F) == phase::minus_one);
}

TEST_CASE("codes, scales and values of phases") {
  const float x[] = {3, 0, 0, 2, -1, .5F, .25F, -4, 2, 1};
  const phase_matrix q = quantize_phases({x, 1, 10});
  REQUIRE(q.bytes().size() == 2);
  CHECK((q.bytes()[0] == 0xE4 && q.bytes()[1] == 0));
  CHECK((q.real_scale == 2 && q.imaginary_scale == 3));
  std::vector<float> y(10);
  dequantize(q, matrix_view<float>(y.data(), 1, 10));
  CHECK(y == std::vector<float>{2, 0, 0, 3, -2, 0, 0, -3, 2, 0});
  CHECK_THROWS_AS(quantize_phases({x, 1, 9}), std::invalid_argument);
  CHECK_THROWS_AS(dequantize(q, matrix_view<float>(y.data(), 1, 8)), std::invalid_argument);
  const float zeros[4] = {};
  CHECK(quantize_phases({zeros, 2, 2}).real_scale == 1e-5F);
  CHECK(quantize_phases({zeros, 2, 2}).imaginary_scale == 1e-5F);
  const float bad[2] = {1, std::numeric_limits<float>::quiet_NaN()};
  CHECK(std::isnan(quantize_phases({bad, 1, 2}).real_scale));
}

TEST_CASE("a circular normal distribution errs as 1 bit for each real number does") {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> x(100000), y(x.size());
  for (float& v : x) v = normal(random);
  const phase_matrix q = quantize_phases({x.data(), 100, 1000});
  dequantize(q, matrix_view<float>(y.data(), 100, 1000));
  double error = 0, power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(double(x[i]) - double(y[i]), 2);
    power += std::pow(double(x[i]), 2);
  }
  const double scale = 2 / std::sqrt(std::acos(-1.0));
  CHECK(std::abs(double(q.real_scale) - scale) < .01);
  CHECK(std::abs(double(q.imaginary_scale) - scale) < .01);
  CHECK(std::abs(error / power - .363380) < .004);
}
