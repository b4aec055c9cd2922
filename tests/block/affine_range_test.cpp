// SPDX-License-Identifier: MIT
// Ranges of values, and scales with zero points from them: percentiles by their definition, all
// elements within half a step, zero exact, and the search against all of its candidates.
#include "lowp/block/affine_range.hpp"

#include "lowp/block/rules/affine_search.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
using lowp::affine_range;
using lowp::affine_scale;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

std::vector<float> numbers(std::size_t count, std::uint64_t seed, float low, float high) {
  test::split_mix random(seed);
  std::vector<float> list(count);
  for (float& x : list) x = low + (high - low) * static_cast<float>(random.word() >> 40) * 0x1p-24f;
  return list;
}
double rounded(double x) { return static_cast<double>(static_cast<float>(x)); }

}  // namespace

TEST_CASE("Ranges of values") {
  const std::vector<float> x{3, not_a_number, 1, infinite, 2, 7, -infinite};
  CHECK(lowp::min_max(x) == affine_range{1, 7});
  CHECK(lowp::min_max_with_zero(x) == affine_range{0, 7});
  CHECK(lowp::min_max({}) == affine_range{});
  CHECK(lowp::with_zero({-3, -1}) == affine_range{-3, 0});
  // Of 1, 2, 3, 7: places 0.3 and 2.25.
  CHECK(lowp::percentile(x, 10, 75) == affine_range{1.3f, 4});
  CHECK(lowp::percentile(x, 0, 100) == affine_range{1, 7});
  CHECK(lowp::percentile(std::vector<float>{not_a_number}, 0, 100) == affine_range{});
  lowp::moving_average_range average(0.25);
  CHECK(average.range() == affine_range{});
  average.add({-4, 8});
  average.add({0, 16});
  CHECK(average.range() == affine_range{-3, 10});
  CHECK_THROWS_AS(lowp::percentile(x, 60, 40), std::invalid_argument);
  CHECK_THROWS_AS(lowp::percentile(x, -1, 40), std::invalid_argument);
  CHECK_THROWS_AS(lowp::percentile(x, 0, static_cast<double>(not_a_number)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::moving_average_range(0), std::invalid_argument);
  CHECK_THROWS_AS(lowp::moving_average_range(1.5), std::invalid_argument);
  CHECK_THROWS_AS(lowp::moving_average_range(static_cast<double>(not_a_number)),
                  std::invalid_argument);
  CHECK_THROWS_AS(lowp::clipped({-1, 1}, not_a_number, 1), std::invalid_argument);
  CHECK_THROWS_AS(average.add({1, 0}), std::invalid_argument);
  CHECK_THROWS_AS(average.add({not_a_number, 0}), std::invalid_argument);
}

TEST_CASE("Ranges of subnormals, whatever the caller's arithmetic does with them") {
  const std::vector<float> x{0x1p-140f, 0x3p-140f, -0x1p-141f};
  const auto is = [](const affine_range& range, float low, float high) {
    return std::bit_cast<std::uint32_t>(range.low) == std::bit_cast<std::uint32_t>(low) &&
           std::bit_cast<std::uint32_t>(range.high) == std::bit_cast<std::uint32_t>(high);
  };
  CHECK(is(lowp::min_max(x), -0x1p-141f, 0x3p-140f));
  CHECK(is(lowp::percentile(x, 0, 100), -0x1p-141f, 0x3p-140f));
  CHECK(is(lowp::clipped({-0x1p-141f, 0x3p-140f}, 1, 0.5f), -0x1p-141f, 0x3p-141f));
  lowp::moving_average_range average(0.5);
  average.observe(lowp::matrix_view<const float>(x.data(), 1, 3));
  CHECK(is(average.range(), -0x1p-141f, 0x3p-140f));
}

TEST_CASE("All of a range is within half a step, and zero is exact") {
  const auto check = [&](const auto& format, int lowest, int highest) {
    for (const affine_range& range :
         {affine_range{-1, 3}, affine_range{0, 5}, affine_range{-2, 0}, affine_range{1, 2},
          affine_range{-0x1p-20f, 0x1p100f}, affine_range{0x1p-140f, 0x1p-139f},
          affine_range{-3e38f, 3e38f}, affine_range{7, 7}}) {
      const affine_scale to = lowp::affine_scale_of(format, range);
      INFO(format.bits() << " bits, " << range.low << " to " << range.high);
      CHECK(to.zero >= lowest);
      CHECK(to.zero <= highest);
      CHECK(lowp::affine_code(format, to, 0) == to.zero);
      const affine_range whole = lowp::with_zero(range);
      for (int i = 0; i <= 64; ++i) {
        const double x =
            rounded(static_cast<double>(whole.low) +
                    (static_cast<double>(whole.high) - static_cast<double>(whole.low)) * i / 64);
        const int code = lowp::affine_code(format, to, static_cast<float>(x));
        const double error = x - (code - to.zero) * static_cast<double>(to.scale);
        // Half a step, and half of one more at the ends, as the zero point is rounded.
        CHECK(std::fabs(error) <=
              static_cast<double>(to.scale) * (i == 0 || i == 64 ? 1.0 : 0.5) * (1 + 1e-4) +
                  static_cast<double>(to.scale) * 0.5 * (code == lowest || code == highest));
      }
    }
  };
  check(formats::uint_n<8>, 0, 255);
  check(formats::int_n<8>, -128, 127);
  check(formats::uint_n<4>, 0, 15);
  CHECK(lowp::affine_scale_of(formats::uint_n<8>, {}) == affine_scale{1, 0});
  CHECK(lowp::affine_scale_of(formats::uint_n<8>, {-0.5f, 254.5f}) == affine_scale{1, 0});
  CHECK(lowp::affine_scale_of(formats::uint_n<8>, {-1.5f, 253.5f}) == affine_scale{1, 2});
  CHECK(lowp::affine_code(formats::uint_n<8>, {1, 7}, not_a_number) == 7);
  CHECK(lowp::affine_code(formats::uint_n<8>, {1, 7}, infinite) == 255);
  CHECK(lowp::affine_code(formats::uint_n<8>, {0x1p-126f, 7}, -infinite) == 0);
  CHECK(lowp::affine_code(formats::uint_n<8>, {0, 7}, 0) == 7);  // 0 / 0
  CHECK(lowp::affine_code(formats::uint_n<8>, {not_a_number, 7}, 1) == 7);
  CHECK(lowp::affine_scale_of(formats::uint_n<1>, {-3e38f, 3e38f}).scale == 0x1.FFFFFEp127f);
  CHECK(lowp::affine_scale_of(formats::uint_n<31>, {-1, 0}).zero == 0x7FFFFFFF);
  CHECK_THROWS_AS(lowp::affine_scale_of(formats::uint_n<32>, {-1, 0}), std::invalid_argument);
  CHECK_THROWS_AS(lowp::affine_scale_of(formats::uint_n<8>, {2, 1}), std::invalid_argument);
  CHECK_THROWS_AS(lowp::affine_scale_of(formats::uint_n<8>, {0, infinite}), std::invalid_argument);
  CHECK_THROWS_AS(lowp::affine_scale_of(formats::uint_n<8>, {not_a_number, 1}),
                  std::invalid_argument);
}

TEST_CASE("The search finds the first of the least errors over widths and zero points") {
  for (const affine_range& range :
       {affine_range{-1, 3}, affine_range{0.5f, 4}, affine_range{-2, -1}}) {
    for (const float norm : {1.0f, 2.0f, 4.0f}) {
      std::vector<float> x = numbers(24, 5, range.low, range.high);
      x.push_back(not_a_number);
      x.push_back(range.low < 0 ? 4 * range.low : 4 * range.high);
      const affine_range whole = lowp::min_max_with_zero(x);
      const double step =
          static_cast<double>(lowp::affine_scale_of(formats::uint_n<3>, whole).scale);
      double least = std::numeric_limits<double>::infinity();
      affine_scale expected;
      for (int i = 1; i <= 20; ++i) {
        const double scale = rounded(step * rounded(i / 20.0));
        for (int zero = 0; zero <= 7; ++zero) {
          if ((whole.low == 0 && zero != 0) || (whole.high == 0 && zero != 7)) continue;
          double sum = 0;
          for (const float f : x) {
            if (!(std::bit_cast<std::uint32_t>(f) << 1 < 0xFF000000u)) continue;
            const double value = static_cast<double>(f);
            const double code =
                std::fmin(7, std::fmax(0, std::nearbyint(rounded(value / scale)) + zero));
            const double d = std::fabs(rounded(value - rounded((code - zero) * scale)));
            const double square = rounded(d * d);
            sum = rounded(sum + (norm == 1 ? d : norm == 2 ? square : rounded(square * square)));
          }
          if (!(sum < least)) continue;
          least = sum;
          expected = {static_cast<float>(scale), zero};
        }
      }
      CHECK(lowp::search_affine_scale(formats::uint_n<3>, x, {.widths = 20, .norm = norm}) ==
            expected);
    }
  }
  CHECK(lowp::search_affine_scale(formats::uint_n<3>, std::vector<float>{0, not_a_number}) ==
        affine_scale{1, 0});
  const std::vector<float> x{1};
  CHECK_THROWS_AS(lowp::search_affine_scale(formats::uint_n<3>, x, {.widths = 0}),
                  std::invalid_argument);
  CHECK_THROWS_AS(lowp::search_affine_scale(formats::uint_n<3>, x, {.norm = 0}),
                  std::invalid_argument);
  CHECK_THROWS_AS(lowp::search_affine_scale(formats::uint_n<3>, x, {.norm = not_a_number}),
                  std::invalid_argument);
  CHECK_THROWS_AS(lowp::search_affine_scale(formats::uint_n<12>, x), std::invalid_argument);
}

TEST_CASE("The search is one on every target, and a rule for groups") {
  test::split_mix random(7);
  for (int i = 0; i < 60; ++i) {
    std::vector<float> x = numbers(1 + random.word() % 70, random.word(), i % 3 == 0 ? 0.0f : -3.0f,
                                   i % 3 == 1 ? 0.0f : 5.0f);
    if (i % 4 == 0) {
      for (float& f : x) f = std::floor(2 * f);  // many candidates are equal
    }
    const lowp::affine_search search{.widths = 12,
                                     .norm = i % 5 == 0 ? 2.4f : static_cast<float>(1 + i % 4)};
    const auto range = lowp::min_max_with_zero(x);
    if (range == affine_range{}) continue;
    const auto compare = [&](const auto& format) {
      const lowp::detail::affine_candidates of(format, range);
      const affine_scale expected = lowp::detail::define_affine_search(of, x, search);
      std::vector<float> padded = x;
      padded.resize(x.size() + 16);
      for (const lowp::isa level : test::isas()) {
        INFO(lowp::name(level) << ", " << i);
        CHECK(lowp::detail::run_affine_search(level, of, range, padded, search) == expected);
      }
    };
    compare(formats::uint_n<5>);
    compare(formats::int_n<8>);
  }
  constexpr auto groups = formats::affine_groups(4, lowp::block_shape{1, 32}, formats::binary32);
  const std::vector<float> x = numbers(64, 3, -1, 2);
  const lowp::matrix_view<const float> in(x.data(), 2, 32);
  const auto q = lowp::quantize<groups>(in, lowp::rules::search_affine{{.widths = 20}});
  for (std::size_t r = 0; r < 2; ++r) {
    const affine_scale to = lowp::search_affine_scale(
        formats::uint_n<4>, std::span(x).subspan(32 * r, 32), {.widths = 20});
    CHECK(lowp::pack_as<float>(q.group(r, 0).scale) == to.scale);
    CHECK(lowp::pack_as<float>(q.group(r, 0).zero) == static_cast<float>(to.zero));
  }
  CHECK_THROWS_AS(lowp::quantize<groups>(in, lowp::rules::search_affine{{.widths = 0}}),
                  std::invalid_argument);
  constexpr auto floats = lowp::block_format{formats::e4m3fn, formats::binary32,
                                             lowp::block_shape{1, 32}, formats::e4m3fn};
  CHECK_THROWS_AS(lowp::quantize<floats>(in, lowp::rules::search_affine{}), std::invalid_argument);
}
