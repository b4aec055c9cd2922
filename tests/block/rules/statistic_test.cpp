// SPDX-License-Identifier: MIT
// Scales from statistics of blocks: sums once more in long double, published figures on normal
// numbers, and what ties scales to each other by its inequalities.
#include "lowp/block/rules/statistic.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/scale_constraints.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::block_shape;
using lowp::block_statistics;
using lowp::matrix_view;
using lowp::scale_direction;

namespace {

constexpr lowp::block_format e2m1_b32{formats::e2m1, formats::binary32, block_shape{1, 32}};
constexpr auto int2_rows = formats::scaled_rows(formats::symmetric_int_n<2>);
constexpr auto int4_rows = formats::scaled_rows(formats::symmetric_int_n<4>);

double to_double(const lowp::unpacked& x) { return lowp::pack_as<double>(x); }

/// Box and Muller's.
std::vector<float> normal_numbers(std::size_t count) {
  test::split_mix random(11);
  std::vector<float> list(count);
  const auto uniform = [&] { return (static_cast<double>(random.word() >> 11) + 0.5) * 0x1p-53; };
  for (std::size_t i = 0; i < count; i += 2) {
    const double radius = std::sqrt(-2 * std::log(uniform())),
                 angle = 2 * std::acos(-1.0) * uniform();
    list[i] = static_cast<float>(radius * std::cos(angle));
    list[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return list;
}

struct quality {
  double decibels, ratio;  ///< of squares: signal to noise, E[x x] / E[x q]
};
template <class Matrix>
quality quality_of(const matrix_view<const float>& x, const Matrix& q) {
  double signal = 0, noise = 0, product = 0;
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t c = 0; c < x.cols; ++c) {
      const double value = static_cast<double>(x(r, c)), other = to_double(q.value(r, c));
      signal += value * value;
      noise += (value - other) * (value - other);
      product += value * other;
    }
  }
  return {10 * std::log10(signal / noise), signal / product};
}

}  // namespace

TEST_CASE("Statistics of a block are those of its finite elements") {
  constexpr float infinite = std::numeric_limits<float>::infinity();
  const std::vector<float> x{1, -3, infinite, 0.5f, 99, 2, -infinite, 0.25f, -0.0f, 99};
  const matrix_view<const float> elements(x.data(), 2, 4, 5);
  const block_statistics s = lowp::statistics_of_block(elements);
  CHECK(s.finite() == 6);
  CHECK(s.amax == 3);
  CHECK(s.min == -3);
  CHECK(s.max == 2);
  CHECK(s.sum == 0.75);
  CHECK(s.sum_of_magnitudes == 6.75);
  CHECK(s.sum_of_squares == 14.3125);
  CHECK(rules::mean_magnitude{2}(s) == 2.25);
  CHECK(rules::root_mean_square{}(s) == std::sqrt(14.3125 / 6));
  // 0.7 * 1.125 = 0.7875: of 1, 3 and 2.
  CHECK(rules::ternary_threshold{}(s, elements) == 2);
  CHECK(rules::mean_magnitude{}(block_statistics{}) == 0);
  CHECK(rules::root_mean_square{}(block_statistics{}) == 0);
  const std::vector<float> none{infinite};
  CHECK(lowp::statistics_of_block({none.data(), 1, 1}).finite() == 0);
}

TEST_CASE("Scales of statistics reach the published figures on normal numbers") {
  constexpr std::size_t rows = 32, cols = 2048;
  const std::vector<float> x = normal_numbers(rows * cols);
  const matrix_view<const float> in(x.data(), rows, cols);
  const quality tseng =
      quality_of(in, lowp::quantize<e2m1_b32>(in, rules::of_statistic(rules::tseng{})));
  CHECK(tseng.decibels == Approx(18.584).margin(0.04));
  CHECK(tseng.ratio == Approx(1.00904).margin(0.0015));
  const auto of_rms = [&]<auto Format>(double factor) {
    return quality_of(
               in, lowp::quantize<Format>(in, rules::of_statistic(rules::root_mean_square{factor})))
        .decibels;
  };
  CHECK(of_rms.operator()<int4_rows>(0.3534113) == Approx(18.898).margin(0.06));
  CHECK(of_rms.operator()<int2_rows>(1.224006) == Approx(7.2085).margin(0.04));
}

TEST_CASE("A function of the largest magnitude is the rule that computes the same") {
  const std::vector<float> x = normal_numbers(2 * 64);
  const matrix_view<const float> in(x.data(), 2, 64);
  CHECK(lowp::quantize<e2m1_b32>(in, rules::of_statistic(rules::absmax_over{})) ==
        lowp::quantize<e2m1_b32>(in, rules::amax));
  // Under a tensor scale the answer is what divides elements.
  const auto constant = rules::of_statistic([](const block_statistics&) { return 0.25; });
  const auto q = lowp::quantize<formats::nvfp4>(in, constant);
  const double of_tensor = static_cast<double>(q.tensor_scale());
  for (std::size_t block = 0; block < 4; ++block) {
    const double scale = to_double(decode(formats::ue4m3, q.scale_code(1, block)));
    CHECK(scale * of_tensor == Approx(0.25).epsilon(1.0 / 16));
  }
}

TEST_CASE("What a function of statistics cannot mean is refused and nothing is written") {
  const std::vector<float> x(32, 1.5f);
  const matrix_view<const float> in(x.data(), 1, 32);
  auto out = lowp::quantize<e2m1_b32>(in);
  const auto before = out;
  for (const double d :
       {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CAPTURE(d);
    const auto is_refused = [&](const auto& function) {
      CHECK_THROWS_AS(lowp::quantize(in, out, rules::of_statistic(function)),
                      std::invalid_argument);
    };
    is_refused(rules::absmax_over{d});
    is_refused(rules::root_mean_square{d});
    is_refused(rules::mean_magnitude{d});
    is_refused(rules::ternary_threshold{d});
  }
  CHECK(out == before);
}

TEST_CASE("A function may look at the elements once more") {
  const std::vector<float> x = normal_numbers(4 * 64);
  const matrix_view<const float> in(x.data(), 4, 64);
  const auto q = lowp::quantize<int2_rows>(in, rules::of_statistic(rules::ternary_threshold{}));
  for (std::size_t row = 0; row < in.rows; ++row) {
    double mean = 0, sum = 0, count = 0;
    for (std::size_t c = 0; c < in.cols; ++c) mean += std::fabs(static_cast<double>(in(row, c)));
    for (std::size_t c = 0; c < in.cols; ++c) {
      const double magnitude = std::fabs(static_cast<double>(in(row, c)));
      if (magnitude <= 0.7 * mean / 64) continue;
      sum += magnitude;
      ++count;
    }
    CHECK(to_double(decode(q.composition().scale, q.scale_code(row, 0))) ==
          Approx(sum / count).epsilon(1e-6));
  }
}

TEST_CASE("Scales are tied to each other by powers of two in the direction that is named") {
  test::split_mix random(3);
  std::vector<float> scales(7 * 12);
  for (float& s : scales) s = std::ldexp(1 + static_cast<float>(random.word() >> 44), -20);
  scales[5] = 0.25f;
  for (const auto direction :
       {scale_direction::up, scale_direction::down, scale_direction::nearest}) {
    std::vector<float> powers = scales, tied = scales;
    lowp::make_powers_of_two(powers, direction);
    lowp::tie_to_row_maxima(tied, 12, direction);
    CHECK(powers[5] == 0.25f);
    for (std::size_t i = 0; i < scales.size(); ++i) {
      float largest = 0;
      for (std::size_t j = i / 12 * 12; j < i / 12 * 12 + 12; ++j)
        largest = std::fmax(largest, scales[j]);
      int exponent = 0;
      CHECK(std::frexp(powers[i], &exponent) == 0.5f);
      CHECK(std::frexp(largest / tied[i], &exponent) == 0.5f);
      for (const double ratio : {static_cast<double>(powers[i]) / static_cast<double>(scales[i]),
                                 static_cast<double>(tied[i]) / static_cast<double>(scales[i])}) {
        const bool is_right = direction == scale_direction::up ? ratio >= 1 && ratio < 2
                              : direction == scale_direction::down
                                  ? ratio <= 1 && ratio > 0.5
                                  : ratio > 2.0 / 3 && ratio <= 4.0 / 3;
        CHECK(is_right);
      }
      if (scales[i] == largest) CHECK(tied[i] == largest);
    }
  }
  // Subnormals, whatever the caller's arithmetic does with them.
  std::vector<float> small{0x3p-142f, 0x1p-132f};
  lowp::tie_to_row_maxima(small, 2);
  CHECK(std::bit_cast<std::uint32_t>(small[0]) == 1u << 9);   // 2^-140
  CHECK(std::bit_cast<std::uint32_t>(small[1]) == 1u << 17);  // 2^-132
  CHECK_THROWS_AS(lowp::tie_to_row_maxima(scales, 5), std::invalid_argument);
  for (const float bad : {0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    std::vector<float> list{1, bad};
    CHECK_THROWS_AS(lowp::make_powers_of_two(list, scale_direction::up), std::invalid_argument);
    CHECK_THROWS_AS(lowp::tie_to_row_maxima(list, 2), std::invalid_argument);
    CHECK(list[0] == 1);
  }
}

TEST_CASE("Scales of a matrix go back into the rule that takes given ones") {
  const std::vector<float> x = normal_numbers(4 * 64);
  const matrix_view<const float> in(x.data(), 4, 64);
  const auto q = lowp::quantize<e2m1_b32>(in, rules::amax);
  std::vector<float> scales = lowp::scales_of(q);
  REQUIRE(scales.size() == 8);
  CHECK(lowp::quantize<e2m1_b32>(in, rules::given{scales}) == q);
  lowp::tie_to_row_maxima(scales, 2);
  const auto tied = lowp::quantize<e2m1_b32>(in, rules::given{scales});
  CHECK(lowp::scales_of(tied) == scales);
  // In one step; a block of zeros takes the scale of another.
  const auto constrained =
      lowp::constrained_scales<e2m1_b32>(in, rules::amax, lowp::tied_to_row_maxima{});
  CHECK(lowp::quantize<e2m1_b32>(in, constrained) == tied);
  std::vector<float> zeros(64);
  zeros[40] = 3;
  const auto powers = lowp::constrained_scales<e2m1_b32>(
      matrix_view<const float>(zeros.data(), 1, 64), rules::amax, lowp::powers_of_two{});
  CHECK(std::vector<float>(powers.scales().begin(), powers.scales().end()) ==
        std::vector<float>{0.5f, 0.5f});

  scales[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(lowp::quantize<e2m1_b32>(in, rules::given{scales}), std::invalid_argument);
  scales[1] = -1;
  CHECK_NOTHROW(lowp::quantize<e2m1_b32>(in, rules::given{scales}));
  constexpr auto without_sign =
      lowp::block_format{lowp::formats::e2m1, lowp::formats::ue4m3, lowp::block_shape{1, 32}};
  CHECK_THROWS_AS(lowp::quantize<without_sign>(in, rules::given{scales}), std::invalid_argument);
}

TEST_CASE("doubles that rules answer become scales of binary32 as the hardware converts them") {
  test::split_mix random(29);
  const auto compare = [](double x) {
    const auto code =
        lowp::detail::as_scale_code(lowp::scaled_blocks_of(lowp::block_format{
                                        formats::e2m1, formats::binary32, block_shape{1, 16}}),
                                    x);
    const lowp::default_float_environment environment;
    const volatile double value = x;
    const auto wanted = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    const bool is_too_large = (wanted & 0x7FFFFFFFu) == 0x7F800000u;  // scales saturate
    REQUIRE(code == (is_too_large ? wanted - 1 : wanted));
  };
  for (std::uint64_t exponent = 1023 - 151; exponent <= 1023 + 129; ++exponent) {
    for (std::uint64_t upper : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x7FFFFF}}) {
      for (std::uint64_t rest : {0x0u, 0x1u, 0xFFFFFFFu, 0x10000000u, 0x10000001u, 0x1FFFFFFFu}) {
        compare(std::bit_cast<double>(exponent << 52 | upper << 29 | rest));
      }
    }
    compare(std::bit_cast<double>(exponent << 52 | random.word() >> 12));
  }
  compare(0.0);
  compare(-1.0 / 3);
}
