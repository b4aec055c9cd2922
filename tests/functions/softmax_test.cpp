// SPDX-License-Identifier: MIT
// Softmax, its logarithm and that of its sum: every target and algorithm against the definition,
// the definition against long double, rows without one, arguments.
#include "lowp/functions/softmax.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/functions/log_softmax.hpp"
#include "lowp/functions/softmax_reference.hpp"
#include "normal_values.hpp"

using namespace lowp;
using enum softmax_algorithm;

namespace {

using values = std::vector<float>;

[[nodiscard]] std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
[[nodiscard]] bool is_same(const values& a, const values& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}
const float infinity = from_bits<float>(0x7F800000u), not_a_number = from_bits<float>(0x7FC00000u);

[[nodiscard]] values spread(std::size_t count, float by, float mean = 0) {
  values x = test::normal_values(count, static_cast<unsigned>(count));
  for (float& v : x) v = v * by + mean;
  return x;
}
[[nodiscard]] values softmax_of(const values& x, const softmax_parameters& p = {},
                                const execution& how = {}) {
  values y(x.size());
  softmax({x.data(), 1, x.size()}, {y.data(), 1, y.size()}, p, how);
  return y;
}
[[nodiscard]] values defined_softmax(const values& x, const softmax_parameters& p = {}) {
  values y(x.size());
  reference::softmax({x.data(), 1, x.size()}, {y.data(), 1, y.size()}, p);
  return y;
}

/// In long double, of finite numbers and -infinity.
struct exact_softmax {
  std::vector<long double> y;
  long double largest = -1e40L, log_of_rest = 0;  ///< log of the sum of exponentials over its own

  exact_softmax(const values& x, exponential_base base) {
    const default_float_environment environment;
    const auto power = [base](long double v) {
      return base == exponential_base::two ? std::exp2(v) : std::exp(v);
    };
    long double sum = 0;
    for (const float v : x) {
      if (bits_of(v) != 0xFF800000u) largest = std::max(largest, static_cast<long double>(v));
    }
    for (const float v : x) {
      y.push_back(bits_of(v) == 0xFF800000u ? 0 : power(static_cast<long double>(v) - largest));
      sum += y.back();
    }
    for (long double& v : y) v /= sum;
    log_of_rest = base == exponential_base::two ? std::log2(sum) : std::log(sum);
  }
};
/// The largest error in units of the last place, of results above 2^-120.
[[nodiscard]] double worst_ulp(const values& y, const std::vector<long double>& exact) {
  const default_float_environment environment;
  double worst = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (exact[i] < 0x1p-120L) continue;
    const int exponent = std::ilogb(exact[i]);
    const long double off = std::scalbn(static_cast<long double>(y[i]) - exact[i], 23 - exponent);
    worst = std::max(worst, static_cast<double>(off < 0 ? -off : off));
  }
  return worst;
}

const std::vector<softmax_parameters> settings{
    {},
    {.base = exponential_base::two},
    {.scale = 0.125f},
    {.base = exponential_base::two, .scale = -1.7f},
};

}  // namespace

TEST_CASE("Softmax has the bits of its definition on every target by every algorithm") {
  std::vector<values> rows;
  for (const std::size_t n : {1u, 2u, 15u, 16u, 17u, 100u, 1000u, 1024u, 1040u, 2500u}) {
    rows.push_back(spread(n, 3));
    rows.push_back(spread(n, 40, -20));
  }
  rows.push_back(spread(1100, 3e7f, 1e8f));  // shifted
  rows.push_back(spread(2100, 20));
  for (std::size_t i = 0; i < 1500; ++i) rows.back()[i] = i % 3 == 0 ? rows.back()[i] : -infinity;
  for (std::size_t i = 0; i < 1024; ++i) rows.back()[i] = -infinity;  // a whole block
  for (const softmax_parameters& setting : settings) {
    for (const values& x : rows) {
      const values expected = defined_softmax(x, setting);
      values log(x.size()), expected_log(x.size());
      float log_sum = 0, expected_log_sum = 0;
      reference::log_softmax({x.data(), 1, x.size()}, {expected_log.data(), 1, x.size()}, setting);
      reference::log_sum_exp({x.data(), 1, x.size()}, {&expected_log_sum, 1}, setting);
      for (const isa level : test::isas()) {
        log_softmax({x.data(), 1, x.size()}, {log.data(), 1, x.size()}, setting, level);
        log_sum_exp({x.data(), 1, x.size()}, {&log_sum, 1}, setting, level);
        REQUIRE(is_same(log, expected_log));
        REQUIRE(is_same({log_sum}, {expected_log_sum}));
        for (const softmax_algorithm algorithm : {automatic, two_pass, three_pass, online}) {
          if (level != test::highest_isa() && algorithm == three_pass) continue;
          softmax_parameters p = setting;
          p.algorithm = algorithm;
          INFO(name(level) << ", size " << x.size() << ", algorithm " << int(algorithm));
          REQUIRE(is_same(softmax_of(x, p, level), expected));
          values here = x;
          softmax({here.data(), 1, x.size()}, {here.data(), 1, x.size()}, p, level);
          REQUIRE(is_same(here, expected));
        }
      }
    }
  }
}

TEST_CASE("What a row does not see counts as -infinity") {
  constexpr std::size_t rows = 7, cols = 1100;
  values x = spread(rows * cols, 3);
  x[0 * cols + 1030] = infinity;  // seen by all rows or by none
  x[4 * cols + 6] = not_a_number;
  constexpr std::ptrdiff_t far = PTRDIFF_MAX;
  for (const std::ptrdiff_t offset : {-far - 1, std::ptrdiff_t{-7}, std::ptrdiff_t{-3},
                                      std::ptrdiff_t{0}, std::ptrdiff_t{1023}, far}) {
    values hidden = x;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const auto apart = static_cast<std::ptrdiff_t>(c) - static_cast<std::ptrdiff_t>(r);
        if (apart > offset) hidden[r * cols + c] = -infinity;
      }
    }
    for (const masked_row masked : {masked_row::nan, masked_row::zero}) {
      softmax_parameters p{.masked = masked};
      values expected(x.size()), expected_log(x.size()), expected_sums(rows);
      reference::softmax({hidden.data(), rows, cols}, {expected.data(), rows, cols}, p);
      reference::log_softmax({hidden.data(), rows, cols}, {expected_log.data(), rows, cols}, p);
      reference::log_sum_exp({hidden.data(), rows, cols}, expected_sums, p);
      p.causal = offset;
      values y(x.size()), sums(rows);
      reference::softmax({x.data(), rows, cols}, {y.data(), rows, cols}, p);
      REQUIRE(is_same(y, expected));
      for (const isa level : test::isas()) {
        for (const softmax_algorithm algorithm : {two_pass, three_pass, online}) {
          p.algorithm = algorithm;
          INFO(name(level) << ", offset " << offset << ", algorithm " << int(algorithm));
          softmax({x.data(), rows, cols}, {y.data(), rows, cols}, p, level);
          REQUIRE(is_same(y, expected));
          y = x;
          softmax({y.data(), rows, cols}, {y.data(), rows, cols}, p, level);
          REQUIRE(is_same(y, expected));
        }
        log_softmax({x.data(), rows, cols}, {y.data(), rows, cols}, p, level);
        REQUIRE(is_same(y, expected_log));
        log_sum_exp({x.data(), rows, cols}, sums, p, level);
        REQUIRE(is_same(sums, expected_sums));
      }
    }
  }
}

TEST_CASE("A softmax does not depend on threads, the environment or what lies beside its rows") {
  const std::size_t cols = (std::size_t{1} << 19) + 3;
  const values x = spread(cols, 5);
  const values expected = softmax_of(x);
  REQUIRE(is_same(softmax_of(x, {}, threads{3}), expected));
  REQUIRE(is_same(softmax_of(x, {.algorithm = online}, threads{3}), expected));
  const softmax_parameters causal{.causal = 70000};
  REQUIRE(is_same(softmax_of(x, causal, threads{3}), softmax_of(x, causal)));
  const values few = spread(5 * 70, 5);
  values y(5 * 67), again(5 * 67);
  softmax({few.data(), 5, 67, 70}, {y.data(), 5, 67});
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment unusual(flags);
    softmax({few.data(), 5, 67, 70}, {again.data(), 5, 67}, {}, threads{2});
    REQUIRE(is_same(again, y));
  }
  for (std::size_t r = 0; r < 5; ++r) {
    const values row(few.begin() + static_cast<std::ptrdiff_t>(70 * r),
                     few.begin() + static_cast<std::ptrdiff_t>(70 * r + 67));
    REQUIRE(std::memcmp(softmax_of(row).data(), y.data() + 67 * r, 67 * sizeof(float)) == 0);
  }
#if LOWP_HAS_GUARDED_MEMORY
  for (const std::size_t n : {1u, 19u, 1024u, 1029u}) {
    const test::guarded in(n * sizeof(float)), out(n * sizeof(float));
    for (const bool at_end : {false, true}) {
      const auto from = reinterpret_cast<float*>(in.place(n * sizeof(float), at_end));
      const auto to = reinterpret_cast<float*>(out.place(n * sizeof(float), at_end));
      std::memcpy(from, x.data(), n * sizeof(float));
      for (const isa level : test::isas()) {
        softmax({from, 1, n}, {to, 1, n}, {.algorithm = two_pass}, level);
        log_softmax({from, 1, n}, {to, 1, n}, {}, level);
      }
    }
  }
#endif
}

TEST_CASE("Softmax is off by no more than it says") {
  for (const exponential_base base : {exponential_base::e, exponential_base::two}) {
    for (const float by : {0.01f, 1.0f, 30.0f}) {
      for (const float mean : {0.0f, -44000.0f, 80000.0f, -3e38f}) {
        const values x = spread(1024, by, mean);
        const exact_softmax exact(x, base);
        const values y = softmax_of(x, {.base = base});
        INFO("base " << int(base) << ", mean " << mean << ", by " << by);
        REQUIRE(worst_ulp(y, exact.y) <= 5);

        float log_sum = 0;
        values log(x.size());
        log_sum_exp({x.data(), 1, x.size()}, {&log_sum, 1}, {.base = base});
        log_softmax({x.data(), 1, x.size()}, {log.data(), 1, log.size()}, {.base = base});
        const default_float_environment environment;
        const long double expected_sum = exact.largest + exact.log_of_rest;
        REQUIRE(std::abs(static_cast<double>(static_cast<long double>(log_sum) - expected_sum)) <=
                0x1p-24 * std::abs(static_cast<double>(expected_sum)) + 0x1p-22);
        for (std::size_t i = 0; i < x.size(); ++i) {
          const volatile long double below =
              static_cast<long double>(x[i]) - exact.largest;  // for any compiler option
          const long double expected = below - exact.log_of_rest;
          const auto off = static_cast<double>(static_cast<long double>(log[i]) - expected);
          REQUIRE(std::abs(off) <= 0x1p-23 * static_cast<double>(-expected) + 0x1p-22);
        }
      }
    }
  }
}

TEST_CASE("Rows at the ends of binary32, masked ones, and those without a softmax") {
  const float largest = from_bits<float>(0x7F7FFFFFu);
  struct row {
    values x, y;
  };
  for (const auto& [x, y] : std::vector<row>{
           {{1000, 1000}, {0.5f, 0.5f}},
           {{largest, largest}, {0.5f, 0.5f}},
           {{largest, 0, -largest, -infinity}, {1, 0, 0, 0}},
           {{-largest, -largest}, {0.5f, 0.5f}},
           {{-131072, -131072.5f * 2}, {1, 0}},
           {{1e10f, std::bit_cast<float>(bits_of(1e10f) - 1)}, {1, 0}},
           {{-infinity, 3, -infinity, 3}, {0, 0.5f, 0, 0.5f}},
           {{infinity, 0}, {not_a_number, not_a_number}},
           {{infinity, -infinity}, {not_a_number, not_a_number}},
           {{0, from_bits<float>(0xFFC12345u), 1}, {not_a_number, not_a_number, not_a_number}},
           {{from_bits<float>(0x7F800001u)}, {not_a_number}},
           {{-infinity, -infinity}, {not_a_number, not_a_number}}}) {
    for (const isa level : test::isas()) {
      for (const softmax_algorithm algorithm : {two_pass, three_pass, online}) {
        INFO(name(level) << ", first " << x[0] << ", algorithm " << int(algorithm));
        REQUIRE(is_same(softmax_of(x, {.algorithm = algorithm}, level), y));
        values here = x;
        softmax({here.data(), 1, x.size()}, {here.data(), 1, x.size()}, {.algorithm = algorithm},
                level);
        REQUIRE(is_same(here, y));
      }
    }
  }
  const values none(20, -infinity);
  REQUIRE(is_same(softmax_of(none, {.masked = masked_row::zero}), values(20, 0.0f)));
  values log(20);
  float log_sum = 0;
  log_softmax({none.data(), 1, 20}, {log.data(), 1, 20}, {.masked = masked_row::zero});
  log_sum_exp({none.data(), 1, 20}, {&log_sum, 1});
  REQUIRE(is_same(log, none));
  REQUIRE(bits_of(log_sum) == 0xFF800000u);
}

TEST_CASE("Softmax refuses what does not fit") {
  values x(64), y(64);
  const auto refuses = [](const auto& call, const std::string& text) {
    REQUIRE_THROWS_WITH(call(), Catch::Matchers::ContainsSubstring(text));
  };
  refuses([&] { softmax({x.data(), 8, 8}, {y.data(), 4, 16}); }, "out is 4 x 16, expected 8 x 8");
  refuses([&] { softmax({x.data(), 4, 8}, {x.data() + 4, 4, 8}); }, "overlap");
  refuses(
      [&] {
        softmax({x.data(), 8, 8}, {y.data(), 8, 8}, {.scale = infinity});
      },
      "scale is inf");
  refuses([&] { log_softmax({x.data(), 8, 8}, {y.data(), 8, 7}); }, "log_softmax: out is 8 x 7");
  refuses([&] { log_sum_exp({x.data(), 8, 8}, {y.data(), 7}); }, "out has size 7");
  refuses([&] { log_sum_exp({x.data(), 8, 8}, {x.data() + 8, 8}); }, "out lies in in");
  softmax({x.data(), 0, 8}, {y.data(), 0, 8});
  softmax({x.data(), 8, 0}, {y.data(), 8, 0});
}
