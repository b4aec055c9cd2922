// SPDX-License-Identifier: MIT
// Allocations against all that there are, one by one.
#include "lowp/analysis/allocation.hpp"

#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"

using namespace lowp;

namespace {

using tables = std::vector<allocation_table>;

/// Calls use(choices, cost, loss) for all choices, the first item's choice changing fastest.
template <class Use>
void for_all(const tables& t, const Use& use) {
  std::vector<std::size_t> choices(t.size());
  for (;;) {
    volatile double cost = 0, loss = 0;
    for (std::size_t i = 0; i < t.size(); ++i) {
      cost = cost + t[i][choices[i]].cost;
      loss = loss + t[i][choices[i]].loss;
    }
    use(choices, double(cost), double(loss));
    std::size_t i = 0;
    while (i < t.size() && ++choices[i] == t[i].size()) choices[i++] = 0;
    if (i == t.size()) return;
  }
}
tables random_tables(std::mt19937& random, std::size_t items, bool with_integers) {
  const auto below = [&](unsigned n) { return static_cast<double>(random() % n); };
  tables t(items);
  for (auto& table : t) {
    table.resize(1 + random() % 4);
    for (auto& c : table) {
      c.cost = with_integers ? below(7) : below(1 << 24) / 1048576;
      c.loss = with_integers ? below(9) - 2 : below(1 << 24) / 262144 - 3;
    }
  }
  return t;
}

}  // namespace

TEST_CASE("allocations are the best of all, and of equals the one that is stated") {
  std::mt19937 random(1);
  int found = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const bool with_integers = trial % 2 == 0;
    tables t = random_tables(random, 1 + random() % 6, with_integers);
    double limit = (with_integers ? 1 : 1.000123) * static_cast<double>(random() % 30);
    const double unit = trial % 3 == 0 ? 1 : trial % 3 == 1 ? 0x1p-700 : 0x1p700;
    limit *= unit;
    for (auto& table : t) {
      for (auto& c : table) c.cost *= unit, c.loss *= unit;
    }
    std::vector<std::size_t> best;
    double cost = 0, loss = 0;
    for_all(t, [&](const auto& choices, double c, double l) {
      if (c > limit) return;
      if (!best.empty() && (l > loss || (l == loss && c >= cost))) return;
      best = choices, cost = c, loss = l;
    });
    const auto made = allocate(t, limit);
    REQUIRE(made.has_value() == !best.empty());
    if (!made) continue;
    ++found;
    REQUIRE(made->loss == loss);
    REQUIRE(made->cost == cost);
    REQUIRE((made->choices == best || !with_integers));
  }
  CHECK(found > 150);
}

TEST_CASE("a front is what no other choice undercuts, and ends where allocations do") {
  std::mt19937 random(2);
  for (int trial = 0; trial < 60; ++trial) {
    const tables t = random_tables(random, 4, trial % 2 == 0);
    const auto front = allocation_front(t);
    std::size_t undercuts = 0, met = 0;
    for_all(t, [&](const auto& choices, double c, double l) {
      bool is_covered = false;
      for (const auto& a : front) {
        undercuts += std::size_t(a.cost >= c && a.loss >= l && (a.cost > c || a.loss > l));
        is_covered |= a.cost <= c && a.loss <= l;
        met += std::size_t(a.choices == choices && a.cost == c && a.loss == l);
      }
      REQUIRE(is_covered);
    });
    CHECK(undercuts == 0);
    CHECK(met == front.size());
    for (const auto& a : front) {
      const auto made = allocate(t, a.cost);
      REQUIRE(made);
      CHECK(made->choices == a.choices);
    }
  }
}

TEST_CASE("tied items take one choice") {
  std::mt19937 random(3);
  for (int trial = 0; trial < 40; ++trial) {
    tables t = random_tables(random, 5, true);
    t[4].resize(t[1].size());
    t[3].resize(t[1].size());
    double loss = 1e9;
    for_all(t, [&](const auto& choices, double c, double l) {
      if (c <= 12 && choices[1] == choices[4] && choices[1] == choices[3] && l < loss) loss = l;
    });
    const auto made = allocate(t, 12, {{4, 1, 3}});
    REQUIRE(made.has_value() == (loss < 1e9));
    if (!made) continue;
    CHECK(made->loss == loss);
    CHECK(made->choices[1] == made->choices[4]);
    CHECK(made->choices[1] == made->choices[3]);
  }
}

TEST_CASE("large tables of real costs, against a bound that holds for all") {
  std::mt19937 random(4);
  const auto below = [&](unsigned n) { return static_cast<double>(random() % n); };
  tables t(64, allocation_table(3));
  for (allocation_table& table : t) {
    const double size = 1000 + below(100000), trace = (1 + below(1000)) / 1e5;
    double loss = trace;
    for (std::size_t b = 0; b < 3; ++b, loss /= 13 + below(6))
      table[b] = {size * static_cast<double>(2 + b) * 1.0000001, loss};
  }
  double most = 0;
  for (const auto& table : t) most += table[2].cost;
  const auto made = allocate(t, 0.7 * most);
  REQUIRE(made);
  CHECK(made->cost <= 0.7 * most);
  // For every price of cost, the least of loss + price * cost bounds what any choice can reach.
  double bound = -1e9;
  for (double price = 1e-12; price < 1; price *= 1.01) {
    double sum = -price * 0.7 * most;
    for (const auto& table : t) {
      double least = 1e9;
      for (const auto& c : table) least = std::min(least, c.loss + price * c.cost);
      sum += least;
    }
    bound = std::max(bound, sum);
  }
  CHECK(made->loss >= bound - 1e-12);
  CHECK(made->loss < 1.01 * bound);
}

TEST_CASE("corners of allocations") {
  CHECK(allocate({}, 0)->choices.empty());
  CHECK_FALSE(allocate({}, -1));
  const tables one{{{2, 5}, {1, 5}}};
  CHECK(allocate(one, 9)->choices[0] == 1);
  CHECK_FALSE(allocate(one, 0.5));
  CHECK(allocate(one, from_bits<double>(std::uint64_t{0x7FF} << 52))->choices[0] == 1);
  CHECK_FALSE(allocate(one, from_bits<double>(std::uint64_t{0xFFF} << 52)));
  const double nan = from_bits<double>(std::uint64_t{0x7FF8} << 48);
  CHECK_THROWS_AS(allocate(one, nan), std::invalid_argument);
  CHECK_THROWS_AS(allocate(tables{{}}, 1), std::invalid_argument);
  CHECK_THROWS_AS(allocate(tables{{{-1, 0}}}, 1), std::invalid_argument);
  CHECK_THROWS_AS(allocate(tables{{{0, nan}}}, 1), std::invalid_argument);
  // Products of differences in these units vanish or overflow.
  for (const double u : {0x1p-700, 0x1p700}) {
    const tables two{{{0, 0}, {u, -5 * u}}, {{0, 10 * u}, {u, 0}, {10 * u, -u}}};
    CHECK(allocate(two, 1.5 * u)->choices == std::vector<std::size_t>{0, 1});
  }
  CHECK_THROWS_AS(allocate(tables{{{1, 1e308}, {2, -1e308}}}, 9), std::invalid_argument);
  CHECK_THROWS_AS(allocate(tables{{{1e308, 1}}, {{1e308, 1}}}, 9, {{0, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(allocate(one, 9, {{0, 0}}), std::invalid_argument);
  CHECK_THROWS_AS(allocate(one, 9, {{1}}), std::invalid_argument);
  CHECK_THROWS_AS(allocate(tables{{{1, 1}}, {{1, 1}, {2, 2}}}, 9, {{0, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(allocation_front(tables{{{1, 2}, {2, 1}, {3, 0}}}, {}, 2), std::invalid_argument);
}
