// SPDX-License-Identifier: MIT
// The running softmax of attention: results as those of softmax in long double, whatever the
// blocks; bits on every target; merging; masks and what is no number.
#include "lowp/functions/online_softmax.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/functions/softmax_reference.hpp"
#include "normal_values.hpp"

using namespace lowp;

namespace {

using values = std::vector<float>;
const float infinity = from_bits<float>(0x7F800000u);

/// Attention with one query, by blocks of so many keys: the mean of `seen`, weighed.
struct attention {
  online_softmax state;
  double accumulated = 0;

  explicit attention(exponential_base base) : state(base) {}
  void add(const float* scores, const float* seen, std::size_t count, isa level) {
    values weights(count);
    const float factor = state.add({scores, count}, weights, level);
    const default_float_environment environment;
    accumulated *= static_cast<double>(factor);
    for (std::size_t i = 0; i < count; ++i) {
      accumulated += static_cast<double>(weights[i]) * static_cast<double>(seen[i]);
    }
  }
  [[nodiscard]] double result() const { return accumulated * static_cast<double>(state.scale()); }
};
[[nodiscard]] attention attend(const values& scores, const values& seen, std::size_t block,
                               exponential_base base, isa level = best_isa()) {
  attention a(base);
  for (std::size_t i = 0; i < scores.size(); i += block) {
    a.add(scores.data() + i, seen.data() + i, std::min(block, scores.size() - i), level);
  }
  return a;
}

}  // namespace

TEST_CASE("Attention by blocks is attention") {
  values scores = test::normal_values(3000, 1);
  const values seen = test::normal_values(3000, 2);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = scores[i] * 9 + static_cast<float>(i / 200 % 7) * 30;
    if (i % 5 == 0 || i / 100 == 3) scores[i] = i % 2 == 0 ? -infinity : -1e9f;
  }
  for (const exponential_base base : {exponential_base::e, exponential_base::two}) {
    const default_float_environment environment;
    const auto power = [&](long double x) {
      return base == exponential_base::two ? std::exp2(x) : std::exp(x);
    };
    long double sum = 0, mean = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] < -1e8f) continue;
      const long double weight = power(static_cast<long double>(scores[i]));
      sum += weight;
      mean += weight * static_cast<long double>(seen[i]);
    }
    const auto log_sum =
        static_cast<double>(base == exponential_base::two ? std::log2(sum) : std::log(sum));
    for (const std::size_t block : {1u, 7u, 64u, 100u, 1024u, 3000u}) {
      const attention a = attend(scores, seen, block, base);
      INFO("base " << int(base) << ", blocks of " << block);
      REQUIRE(std::abs(a.result() - static_cast<double>(mean / sum)) < 4e-7);
      REQUIRE(std::abs(a.state.log_sum() - log_sum) < 4e-7);
      for (const isa level : test::isas()) {
        const attention again = attend(scores, seen, block, base, level);
        REQUIRE(again.state.sum() == a.state.sum());
        REQUIRE(again.accumulated == a.accumulated);
      }
      // Keys that are split in two.
      attention first(base), second(base);
      first.add(scores.data(), seen.data(), 1300, best_isa());
      second.add(scores.data() + 1300, seen.data() + 1300, 1700, best_isa());
      const auto by = first.state.merge(second.state);
      const double both = first.accumulated * static_cast<double>(by.first) +
                          second.accumulated * static_cast<double>(by.second);
      REQUIRE(std::abs(both * static_cast<double>(first.state.scale()) - a.result()) < 4e-7);
    }
  }
}

TEST_CASE("A running softmax has the bits of its definition on every target") {
  values scores = test::normal_values(2600, 3);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] *= 40;
    if (i % 7 == 0 || (i > 300 && i < 420)) scores[i] = i % 2 == 0 ? -infinity : -1e9f;
  }
  values broken = scores;
  broken[1500] = from_bits<float>(0xFFC12345u);  // not in the first block of a call
  const auto has_bits = [](float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  };
  for (const exponential_base base : {exponential_base::e, exponential_base::two}) {
    for (const values& x : {scores, broken}) {
      for (const std::size_t size : {50u, 1100u, 2600u}) {
        for (const isa level : test::isas()) {
          reference::online_softmax defined(base);
          online_softmax state(base);
          for (std::size_t i = 0; i < x.size(); i += size) {
            const std::span<const float> here(x.data() + i, std::min(size, x.size() - i));
            values expected(here.size()), weights(here.size());
            const float factor = defined.add(here, expected);
            REQUIRE(has_bits(state.add(here, weights, level), factor));
            REQUIRE(std::memcmp(weights.data(), expected.data(), 4 * here.size()) == 0);
            REQUIRE(state.sum() == defined.sum());
          }
          REQUIRE(state.is_nan() == !has_bits(x[1500], scores[1500]));
        }
      }
    }
  }
}

TEST_CASE("Weights are powers of two away from exponentials, and factors are powers of two") {
  online_softmax state(exponential_base::two);
  values weights(4);
  REQUIRE(state.add(values{0, 1, -3, -infinity}, weights) == 1);  // nothing was there before
  REQUIRE(weights[0] * 2 == weights[1]);
  REQUIRE(weights[1] == 16 * weights[2]);
  REQUIRE(weights[3] == 0);
  REQUIRE(state.scale() * (weights[0] + weights[1] + weights[2]) == 1);
  const float earlier = weights[1];
  const float factor = state.add(values{9, 9, 9, 9}, weights);
  REQUIRE(weights[0] == earlier * factor * 256);
  REQUIRE(weights[0] <= 1.42f);
  REQUIRE(state.add(values{-1000, 8, -2000, -infinity}, weights) == 1);
  REQUIRE(weights[0] == 0);
  REQUIRE(weights[1] == earlier * factor * 128);
}

TEST_CASE("What is masked has no weight, and a NaN stays") {
  online_softmax state;
  values weights(3, 1);
  REQUIRE(state.add(values{-infinity, -1e9f, -3e38f}, weights) == 1);
  REQUIRE(weights == values{0, 0, 0});
  REQUIRE(state.scale() == 0);
  REQUIRE(state.sum() == scaled_exponential{});
  state.add(values{1, 1, -infinity}, weights);
  REQUIRE(state.scale() * weights[0] == 0.5f);
  for (const float wrong : {infinity, from_bits<float>(0x7FC00000u), 1e6f}) {
    online_softmax other = state;
    const float factor = other.add(values{0, wrong, 0}, weights);
    REQUIRE(other.is_nan());
    for (const float v : {factor, weights[0], weights[1], other.scale()}) {
      REQUIRE(std::bit_cast<std::uint32_t>(v) == 0x7FC00000u);
    }
    other.add(values{0, 0, 0}, weights);
    REQUIRE(std::bit_cast<std::uint32_t>(weights[2]) == 0x7FC00000u);
    state.merge(online_softmax());
    REQUIRE_FALSE(state.is_nan());
  }
  REQUIRE_THROWS_WITH(state.add(values{1}, weights),
                      Catch::Matchers::ContainsSubstring("weights has size 3, expected that"));
  REQUIRE_THROWS_WITH(state.add({weights.data(), 2}, {weights.data() + 1, 2}),
                      Catch::Matchers::ContainsSubstring("scores and weights overlap"));
  REQUIRE_THROWS_WITH(state.merge(online_softmax(exponential_base::two)),
                      Catch::Matchers::ContainsSubstring("bases e and two"));
}
