// SPDX-License-Identifier: MIT
// Statistics of blocks: kernels of every target against the definition, and the definition against
// exact sums of integers and MPFR.
#include "lowp/block/block_statistics.hpp"

#include <mpfr.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

bool are_same(const block_statistics& a, const block_statistics& b) {
  const auto bits = [](auto x) {
    std::uint64_t word = 0;
    std::memcpy(&word, &x, sizeof x);
    return word;
  };
  return a.count == b.count && a.nonfinite == b.nonfinite && a.zeros == b.zeros &&
         bits(a.min) == bits(b.min) && bits(a.max) == bits(b.max) && bits(a.amax) == bits(b.amax) &&
         bits(a.smallest) == bits(b.smallest) && bits(a.sum) == bits(b.sum) &&
         bits(a.sum_of_magnitudes) == bits(b.sum_of_magnitudes) &&
         bits(a.sum_of_squares) == bits(b.sum_of_squares);
}

/// Of all binades, subnormals among them, and zeros of both signs; with_special of 256 are special.
std::vector<float> draw(std::size_t count, std::uint64_t seed, std::uint32_t with_special) {
  test::split_mix random(seed);
  std::vector<float> x(count);
  for (float& value : x) {
    auto bits = static_cast<std::uint32_t>(random.word());
    const std::uint32_t kind = random.below(256);
    if ((bits >> 23 & 0xFF) == 0xFF) bits ^= 0x40000000u;
    if (kind < with_special)
      bits = (bits & 0x80000000u) | (kind % 2 == 0 ? 0x7F800000u : 0x7FA00000u);
    if (kind > 240) bits &= 0x80000000u;
    value = std::bit_cast<float>(bits);
  }
  return x;
}

}  // namespace

TEST_CASE("Kernels of every target and threads give the statistics of the definition") {
  struct shape_case {
    std::size_t rows, cols, stride;
    block_shape shape;
  };
  const shape_case cases[] = {
      {3, 64, 64, {1, 16}},        {2, 100, 103, {1, 32}},  {5, 37, 40, {2, 7}},
      {7, 50, 50, {4, 8}},         {4, 1000, 1000, {1, 0}}, {33, 70, 71, {0, 0}},
      {9, 33, 33, {0, 5}},         {1, 1, 1, {1, 1}},       {40, 24, 24, {16, 24}},
      {1, 70000, 70000, {1, 128}}, {3, 17, 17, {1, 1}}};
  std::size_t compared = 0;
  for (const std::uint32_t with_special : {0u, 4u}) {
    for (const shape_case& c : cases) {
      const std::vector<float> values = draw(c.rows * c.stride, 1 + c.cols, with_special);
      const matrix_view<const float> x(values.data(), c.rows, c.cols, c.stride);
      for (const statistic_choice which : {statistic_choice{}, statistic_choice{.sums = false},
                                           statistic_choice{.extremes = false}}) {
        std::vector<block_statistics> expected(block_grid(c.rows, c.cols, c.shape).size());
        reference::statistics_of_blocks(x, c.shape, expected, which);
        for (const isa level : test::isas()) {
          const auto actual = statistics_of_blocks(x, c.shape, which, {threads{2}, level});
          REQUIRE(actual.size() == expected.size());
          std::size_t wrong = 0;
          for (std::size_t i = 0; i < actual.size(); ++i)
            wrong += !are_same(actual[i], expected[i]);
          INFO(c.rows << " x " << c.cols << ", " << name(level));
          CHECK(wrong == 0);
          compared += actual.size();
        }
      }
    }
  }
  CHECK(compared > 10000);
}

TEST_CASE("Figures of small integers are exact") {
  std::vector<float> values;  // -4 … 5 in turn
  for (int i = 0; i < 400; ++i) values.push_back(static_cast<float>(i % 10 - 4));
  for (const block_statistics& s :
       statistics_of_blocks({values.data(), 4, 100}, {.rows = 2, .cols = 20})) {
    CHECK(s.count == 40);
    CHECK(s.nonfinite == 0);
    CHECK(s.zeros == 4);
    CHECK(s.min == -4);
    CHECK(s.max == 5);
    CHECK(s.amax == 5);
    CHECK(s.smallest == 1);
    CHECK(s.sum == 20);
    CHECK(s.sum_of_magnitudes == 100);
    CHECK(s.sum_of_squares == 340);
  }
  // Elements lie in blocks as the matrix has them.
  const float cells[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const auto s = statistics_of_blocks({cells, 2, 5}, {.rows = 1, .cols = 2});
  REQUIRE(s.size() == 6);
  const double sums[] = {3, 7, 5, 13, 17, 10};
  for (std::size_t i = 0; i < 6; ++i) CHECK(s[i].sum == sums[i]);
}

TEST_CASE("Sums are within the error of their order") {
  const std::vector<float> values = draw(1000, 9, 0);
  const block_statistics s = statistics_of_blocks({values.data(), 10, 100}, {0, 0}).at(0);
  mpfr_t exact[3], term;
  mpfr_init2(term, 2000);
  for (auto& sum : exact) mpfr_init2(sum, 2000), mpfr_set_zero(sum, 1);
  for (const float x : values) {
    mpfr_set_flt(term, x, MPFR_RNDN);
    mpfr_add(exact[0], exact[0], term, MPFR_RNDN);
    mpfr_abs(term, term, MPFR_RNDN);
    mpfr_add(exact[1], exact[1], term, MPFR_RNDN);
    mpfr_sqr(term, term, MPFR_RNDN);
    mpfr_add(exact[2], exact[2], term, MPFR_RNDN);
  }
  const double magnitudes = mpfr_get_d(exact[1], MPFR_RNDN);
  constexpr double bound = 130 * 0x1p-53;  // 125 elements in a chain, three levels of the tree
  CHECK(std::fabs(s.sum - mpfr_get_d(exact[0], MPFR_RNDN)) <= bound * magnitudes);
  CHECK(std::fabs(s.sum_of_magnitudes - magnitudes) <= bound * magnitudes);
  CHECK(s.sum_of_squares == Approx(mpfr_get_d(exact[2], MPFR_RNDN)).epsilon(bound));
  for (auto& sum : exact) mpfr_clear(sum);
  mpfr_clear(term);
}

TEST_CASE("Special values are counted and in no figure else") {
  const float values[] = {not_a_number, 3, -inf, -0.0f, 1e-45f, not_a_number, not_a_number, inf};
  const auto s = statistics_of_blocks({values, 2, 4}, {.rows = 1, .cols = 0});
  CHECK(s[0].count == 4);
  CHECK(s[0].nonfinite == 2);
  CHECK(s[0].finite() == 2);
  CHECK(s[0].zeros == 1);
  CHECK(std::bit_cast<std::uint32_t>(s[0].min) == 0x80000000u);
  CHECK(s[0].max == 3);
  CHECK(s[0].smallest == 3);
  CHECK(s[0].sum == 3);
  CHECK(s[1].nonfinite == 3);
  CHECK(s[1].smallest == 1e-45f);
  CHECK(s[1].sum_of_squares == 0x1p-298);
  const float none[] = {not_a_number, not_a_number};
  CHECK(statistics_of_blocks({none, 1, 2}, {0, 0}).at(0) ==
        block_statistics{.count = 2, .nonfinite = 2});
  CHECK(statistics_of_blocks({nullptr, 0, 4}, {1, 2}).empty());
}

namespace {

/// The order in which elements arrive, as text.
struct trace {
  std::string seen;
  void add(const float& x) { seen += static_cast<char>('a' + static_cast<int>(x)); }
  void merge(const trace& other) { seen = "(" + seen + other.seen + ")"; }
  [[nodiscard]] std::string result() const { return seen; }
};
/// The largest difference of two matrices.
struct largest_difference {
  float largest = 0;
  void add(const float& x, const double& y) {
    largest = std::max(largest, std::fabs(x - static_cast<float>(y)));
  }
  void merge(const largest_difference& other) { largest = std::max(largest, other.largest); }
  [[nodiscard]] float result() const { return largest; }
};

}  // namespace

TEST_CASE("An aggregate of one's own sees elements in the order that is stated") {
  std::vector<float> values(20);
  for (std::size_t i = 0; i < 20; ++i) values[i] = static_cast<float>(i);
  std::vector<std::string> seen(1);
  const matrix_view<const float> x(values.data(), 2, 10);
  aggregate_blocks({0, 0}, trace{}, std::span(seen), {}, x);
  CHECK(seen[0] == "(((aikseo)(cmgq))((bjltfp)(dnhr)))");

  std::vector<double> others(values.begin(), values.end());
  others[13] += 2;
  std::vector<float> differences(4);
  aggregate_blocks({1, 5}, largest_difference{}, std::span(differences), threads{2}, x,
                   matrix_view<const double>(others.data(), 2, 10));
  CHECK(differences == std::vector<float>{0, 0, 2, 0});

  // Several at once, and a function of the statistics.
  std::vector<std::tuple<std::string, block_statistics>> both(10);
  aggregate_blocks({1, 2}, aggregates(trace{}, statistics_aggregate{}), std::span(both), {}, x);
  CHECK(std::get<0>(both[1]) == "(((c)())((d)()))");
  CHECK(std::get<1>(both[9]).sum == 37);
  std::vector<double> means(4);
  map_block_statistics(x, {1, 5}, std::span(means), [](const block_statistics& b) {
    return b.sum / static_cast<double>(b.count);
  });
  CHECK(means == std::vector<double>{2, 7, 12, 17});
}

TEST_CASE("Sizes and shapes that are wrong are refused before anything is written") {
  const float values[6] = {};
  const matrix_view<const float> x(values, 2, 3);
  std::vector<block_statistics> out(3);
  CHECK_THROWS_AS(statistics_of_blocks(x, {1, 3}, out), std::invalid_argument);
  CHECK_THROWS_AS(statistics_of_blocks(x, {1, -1}), std::invalid_argument);
  CHECK(out[0].count == 0);
  std::vector<float> two(2);
  CHECK_THROWS_AS(aggregate_blocks({1, 3}, largest_difference{}, std::span(two), {}, x,
                                   matrix_view<const double>(nullptr, 0, 3)),
                  std::invalid_argument);
}
