// SPDX-License-Identifier: MIT
// Statistics of values against sums of integers that doubles hold, and against the piece by piece.
#include "lowp/analysis/value_statistics.hpp"

#include <limits>
#include <vector>

#include "catch.hpp"
#include "split_mix.hpp"

using namespace lowp;

TEST_CASE("Figures of small integers are exact") {
  // -4 … 5 in turn, 5000 values: each 500 times.
  std::vector<float> values;
  for (int i = 0; i < 5000; ++i) values.push_back(static_cast<float>(i % 10 - 4));
  const value_statistics s = statistics_of(values);
  CHECK(s.count == 5000);
  CHECK(s.finite == 5000);
  CHECK(s.zeros == 500);
  CHECK(s.min == -4);
  CHECK(s.max == 5);
  CHECK(s.amax == 5);
  CHECK(s.smallest == 1);
  CHECK(s.mean == 0.5);
  CHECK(s.rms * s.rms == Approx(8.5));  // (2 * (1 + 4 + 9 + 16) + 25) / 10
  CHECK(s.binades[0] == 500);
  CHECK(s.binades[127] == 1000);  // 1
  CHECK(s.binades[128] == 2000);  // 2, 3
  CHECK(s.binades[129] == 1500);  // 4, 5
}

TEST_CASE("Special values count by themselves, and zeros of both signs are zeros") {
  std::vector<float> values(1000, 0.25f);
  values[3] = std::numeric_limits<float>::quiet_NaN();
  values[500] = -std::numeric_limits<float>::quiet_NaN();
  values[7] = std::numeric_limits<float>::infinity();
  values[8] = -0.0f;
  values[9] = -1e-45f;
  const value_statistics s = statistics_of(values);
  CHECK(s.count == 1000);
  CHECK(s.finite == 997);
  CHECK(s.nans == 2);
  CHECK(s.infinities == 1);
  CHECK(s.zeros == 1);
  CHECK(s.min == -1e-45f);
  CHECK(s.smallest == 1e-45f);
  CHECK(s.mean == Approx(0.25 * 995 / 997));
  const value_statistics none = statistics_of(std::vector<float>(2, values[3]));
  CHECK(none.finite == 0);
  CHECK(none.max == 0);
  CHECK(none.mean == 0);
  CHECK(statistics_of({}).count == 0);
  CHECK(statistics_of(std::vector<float>(3)).smallest == 0);
  CHECK(statistics_of(std::vector<float>(3, -2)).max == -2);
}

TEST_CASE("Accumulators add up to the whole") {
  test::split_mix random(2);
  std::vector<float> values(10000);
  for (float& x : values) x = static_cast<float>(random.below(2001)) - 1000;
  value_accumulator one, two, both;
  one.add(std::span(values).first(3000));
  two.add(std::span(values).subspan(3000));
  both.add(one);
  both.add(two);
  const value_statistics whole = statistics_of(values), pieces = both.result();
  CHECK(pieces.count == whole.count);
  CHECK(pieces.mean == whole.mean);  // integers: no sum is rounded
  CHECK(pieces.rms == whole.rms);
  CHECK(pieces.min == whole.min);
  CHECK(pieces.max == whole.max);
  CHECK(pieces.zeros == whole.zeros);
  CHECK(pieces.binades == whole.binades);
}
