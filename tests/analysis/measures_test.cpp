// SPDX-License-Identifier: MIT
// Measures against their definitions in long double or another form, and against distributions
// whose figures are known.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/analysis/block_errors.hpp"
#include "lowp/analysis/code_entropy.hpp"
#include "lowp/analysis/moments.hpp"
#include "lowp/analysis/salience.hpp"
#include "lowp/analysis/space_utilization.hpp"
#include "lowp/analysis/trace_estimate.hpp"
#include "lowp/analysis/wasserstein.hpp"
#include "lowp/arrays/noise.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float none = std::numeric_limits<float>::quiet_NaN();

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  std::vector<float> values(count);
  fill_noise(std::span(values), seed, normal_noise<float>);
  return values;
}

}  // namespace

TEST_CASE("Errors of blocks against sums in long double") {
  const std::vector<float> x = normal(12 * 50, 1);
  std::vector<float> y = x;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::round(8 * x[i]) / 8;
  const matrix_view<const float> exact(x.data(), 12, 50), approximate(y.data(), 12, 50);
  const auto errors = measure_block_errors(exact, approximate, {.rows = 5, .cols = 16}, threads{2});
  REQUIRE(errors.size() == 12);
  for (std::size_t b = 0; b < 12; ++b) {
    long double signal = 0, noise = 0, largest = 0;
    std::size_t count = 0;
    for (std::size_t r = b / 4 * 5; r < std::min<std::size_t>(b / 4 * 5 + 5, 12); ++r) {
      for (std::size_t c = b % 4 * 16; c < std::min<std::size_t>(b % 4 * 16 + 16, 50); ++c) {
        const auto v = static_cast<long double>(exact(r, c)),
                   d = v - static_cast<long double>(approximate(r, c));
        signal += v * v, noise += d * d, largest = std::max(largest, std::fabs(d)), ++count;
      }
    }
    CHECK(errors[b].count == count);
    CHECK(errors[b].mean_squared_error() == Approx(double(noise / count)).epsilon(1e-14));
    CHECK(errors[b].max_error == double(largest));
    CHECK(errors[b].sqnr_db() == Approx(double(10 * std::log10(signal / noise))).epsilon(1e-14));
  }
  const float a[] = {1, none, 2, 3, inf, 4}, c[] = {1, 1, inf, none, 1, 4.5f};
  const auto special = measure_block_errors({a, 1, 6}, {c, 1, 6}, {1, 3});
  CHECK(special[0].count == 2);
  CHECK(special[0].special == 1);
  CHECK(special[0].mean_squared_error() == 0);
  CHECK(std::isinf(special[0].sqnr_db()));
  CHECK(special[1].noise == 0.25);
  CHECK(std::isnan(measure_block_errors({a + 2, 1, 1}, {c + 2, 1, 1}, {1, 1})[0].sqnr_db()));
  CHECK_THROWS_AS(measure_block_errors({a, 1, 6}, {c, 2, 3}, {1, 3}), std::invalid_argument);
}

TEST_CASE("Moments of distributions that are known") {
  // The integers 0 … n - 1: variance (n^2 - 1) / 12, kurtosis 3 (3 n^2 - 7) / (5 (n^2 - 1)).
  std::vector<float> steps(1001);
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<float>(i);
  const moments m = moments_of(steps);
  const double n2 = 1001. * 1001;
  CHECK(m.mean == 500);
  CHECK(m.variance == Approx((n2 - 1) / 12).epsilon(1e-14));
  CHECK(m.kurtosis == Approx(3 * (3 * n2 - 7) / (5 * (n2 - 1))).epsilon(1e-13));
  CHECK(m.kurtosis == Approx(1.8).epsilon(1e-5));
  CHECK(std::fabs(m.skewness) < 1e-12);
  // One of four: skewness (1 - 2 p) / sqrt(p q), excess (1 - 6 p q) / (p q).
  std::vector<float> coin;
  for (int i = 0; i < 400; ++i) coin.push_back(i % 4 == 0 ? 1001 : 1000);
  const moments c = moments_of(coin);
  CHECK(c.variance == 0.1875);
  CHECK(c.skewness == Approx(0.5 / std::sqrt(0.1875)));
  CHECK(c.kurtosis == Approx(3 + (1 - 6 * 0.1875) / 0.1875));
  // In long double, of values far from zero.
  std::vector<float> far = normal(3000, 3);
  for (float& x : far) x = 100 + std::exp(x);
  far[7] = none;
  far[8] = inf;
  long double sum = 0, powers[3] = {};
  for (const float x : far) sum += std::isfinite(x) ? static_cast<long double>(x) : 0;
  const long double mean = sum / 2998;
  for (const float x : far) {
    if (!std::isfinite(x)) continue;
    for (int p = 2; p < 5; ++p) powers[p - 2] += std::pow(static_cast<long double>(x) - mean, p);
  }
  const moments f = moments_of(far);
  const long double variance = powers[0] / 2998;
  CHECK(f.count == 2998);
  CHECK(f.variance == Approx(double(variance)).epsilon(1e-13));
  CHECK(f.skewness == Approx(double(powers[1] / 2998 / std::pow(variance, 1.5L))).epsilon(1e-12));
  CHECK(f.kurtosis == Approx(double(powers[2] / 2998 / (variance * variance))).epsilon(1e-12));

  // Each quotient is rounded by itself, whatever the compiler may do with quotients by one number.
  const matrix_view<const float> row(far.data(), 1, far.size());
  const block_statistics s = statistics_of_block(row);
  std::vector<std::array<double, 3>> sums(1);
  aggregate_blocks({0, 0}, central_powers(f.mean), std::span(sums), {}, row);
  volatile double n = 2998, q = s.sum;
  q = q / n;
  CHECK(f.mean == double(q));
  volatile double v = sums[0][0], third = sums[0][1], fourth = sums[0][2], by;
  v = v / n;
  third = third / n;
  fourth = fourth / n;
  CHECK(f.variance == double(v));
  by = std::sqrt(v);
  by = by * v;
  third = third / by;
  CHECK(f.skewness == double(third));
  by = v;
  by = by * v;
  fourth = fourth / by;
  CHECK(f.kurtosis == double(fourth));

  CHECK(moments_of({}).count == 0);
  CHECK(std::isnan(moments_of(std::vector<float>(5, 2)).kurtosis));
  CHECK(std::isnan(moments_of(std::vector<float>(5, 0)).crest_factor));
  CHECK(moments_of(std::vector<float>(5, -2)).crest_factor == 1);
  CHECK(moments_of(std::vector<float>{0, 0, 0, 4}).crest_factor == 2);
}

TEST_CASE("Mean crest factors of blocks of the normal distribution") {
  const std::vector<float> x = normal(1 << 19, 5);
  for (const auto& [size, expected] : {std::pair(32, 2.3657), std::pair(16, 2.1100)}) {
    std::vector<double> crests(x.size() / static_cast<std::size_t>(size));
    map_block_statistics({x.data(), 1, x.size()}, {1, size}, std::span(crests), crest_factor);
    double sum = 0;
    for (const double crest : crests) sum += crest;
    CHECK(std::fabs(sum / double(crests.size()) - expected) < 0.01);
  }
}

TEST_CASE("Entropy of codes") {
  for (int bits = 1; bits <= 12; ++bits) {
    std::vector<std::uint16_t> codes;
    for (int i = 0; i < 3 << bits; ++i)
      codes.push_back(static_cast<std::uint16_t>(i % (1 << bits)));
    CHECK(entropy_of_codes(codes, bits) == bits);
  }
  const std::uint64_t counts[] = {1, 0, 5, 17, 4, 100};
  long double expected = 0;
  for (const long double p : {1 / 127.L, 5 / 127.L, 17 / 127.L, 4 / 127.L, 100 / 127.L})
    expected -= p * std::log2(p);
  CHECK(entropy_of_counts(counts) == Approx(double(expected)).epsilon(1e-15));
  CHECK(entropy_of_counts({}) == 0);
  CHECK(entropy_of_codes(std::vector<std::uint8_t>(9, 3), 4) == 0);
  CHECK_THROWS_AS(count_codes(std::vector<std::uint8_t>{3, 16}, 4), std::invalid_argument);
  CHECK_THROWS_AS(count_codes(std::vector<std::uint8_t>{3}, 25), std::invalid_argument);
}

TEST_CASE("Wasserstein distances against the integral of |F - G|") {
  const auto of = [](const std::vector<double>& a, const std::vector<double>& b) {
    return wasserstein_1(std::span(a), std::span(b));
  };
  CHECK(of({1, 2, 3}, {3, 1, 2}) == 0);
  CHECK(of({0}, {0, 1}) == 0.5);
  CHECK(of({0, 0, 3}, {1}) == Approx(4 / 3.));
  test::split_mix random(4);
  for (const auto& [n, m] :
       {std::pair(7, 7), std::pair(12, 8), std::pair(5, 11), std::pair(1, 9)}) {
    std::vector<double> a, b, ends;
    for (int i = 0; i < n; ++i) a.push_back(random.below(64) / 4. - 8);
    for (int i = 0; i < m; ++i) b.push_back(random.below(64) / 8.);
    ends = a;
    ends.insert(ends.end(), b.begin(), b.end());
    std::sort(ends.begin(), ends.end());
    const auto share = [](const std::vector<double>& v, double x) {
      return double(std::count_if(v.begin(), v.end(), [x](double y) { return y <= x; })) /
             double(v.size());
    };
    double area = 0;
    for (std::size_t i = 1; i < ends.size(); ++i)
      area += (ends[i] - ends[i - 1]) * std::fabs(share(a, ends[i - 1]) - share(b, ends[i - 1]));
    CHECK(of(a, b) == Approx(area).epsilon(1e-14));
    CHECK(of(b, a) == of(a, b));
  }
  // A shift of a sample is its distance.
  std::vector<float> x = normal(1000, 6), y = x;
  for (float& v : y) v += 4;
  CHECK(wasserstein_1<float>(x, y) == Approx(4).epsilon(1e-6));
  CHECK(wasserstein_1(x, y) == wasserstein_1<float>(x, y));
  CHECK_THROWS_AS(of({}, {1}), std::invalid_argument);
  CHECK_THROWS_AS(of({1}, {HUGE_VAL}), std::invalid_argument);
}

TEST_CASE("Space utilization of balls and ellipsoids") {
  const auto of = [](std::size_t d, const std::vector<double>& s,
                     const std::vector<double>& mean = {}, double radius = 1) {
    return measure_space_utilization({s.data(), d, d}, mean, radius);
  };
  const double pi = std::acos(-1.0);
  CHECK(of(1, {9}).rate == Approx(1));
  CHECK(of(2, {1, 0, 0, 1}).rate == Approx(pi / 4));
  CHECK(of(2, {4, 0, 0, 1}).rate == Approx(0.392699).epsilon(1e-6));
  CHECK(of(2, {2.5, 1.5, 1.5, 2.5}).rate == Approx(0.628319).epsilon(1e-6));
  CHECK(of(3, {5, 0, 0, 0, 5, 0, 0, 0, 5}).rate == Approx(0.523599).epsilon(1e-6));
  // A circle of radius 2 about (3, 0): ends -2 and 5.
  CHECK(of(2, {1, 0, 0, 1}, {3, 0}, 2).rate == Approx(pi * 4 / 49));
  // Of many dimensions: pi^(d/2) / Gamma(d/2 + 1) / 2^d.
  for (const std::size_t d : {2u, 5u, 64u, 400u}) {
    std::vector<double> ball(d * d);
    for (std::size_t i = 0; i < d; ++i) ball[i * d + i] = 7;
    const double half = double(d) / 2;
    const double log2 = (half * std::log(pi) - std::lgamma(half + 1)) / std::log(2) - double(d);
    CHECK(of(d, ball).log2 == Approx(log2).epsilon(1e-12));
    CHECK(of(d, ball).rate == Approx(std::exp2(log2)).epsilon(1e-9));
  }
  // A rotation by any angle keeps the volume and changes the cube.
  const double c = std::cos(0.3), s = std::sin(0.3);
  const double x = 9 * c * c + s * s, y = 9 * s * s + c * c, xy = 8 * c * s;
  CHECK(of(2, {x, xy, xy, y}).rate == Approx(pi * 3 / (4 * x)));
  CHECK_THROWS_AS(of(2, {1, 2, 2, 1}), std::invalid_argument);
  CHECK_THROWS_AS(of(2, {1, 0.5, 0.25, 1}), std::invalid_argument);
  CHECK_THROWS_AS(of(2, {1, 0, 0, double(inf)}), std::invalid_argument);
  CHECK_THROWS_AS(of(2, {1, 0, 0, 1}, {1}), std::invalid_argument);
  CHECK_THROWS_AS(of(2, {1, 0, 0, 1}, {}, -1), std::invalid_argument);
  CHECK_THROWS_AS(of(0, {}), std::invalid_argument);
  // Extents of 1e-150 in a cube of 1e300, and extents that are infinite.
  CHECK_THROWS_AS(of(2, {1e-300, 0, 0, 1e-300}, {1e300, 0}), std::invalid_argument);
  CHECK_THROWS_AS(of(1, {1e300}, {}, 1e200), std::invalid_argument);
}

TEST_CASE("Traces by random signs") {
  constexpr std::size_t n = 40;
  test::split_mix random(8);
  std::vector<double> a(n * n);
  double trace = 0, off = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j)
      a[i * n + j] = a[j * n + i] = double(random.below(201)) / 100 - 1;
    trace += a[i * n + i];
    for (std::size_t j = 0; j < i; ++j) off += 2 * a[i * n + j] * a[i * n + j];
  }
  const auto product = [&](std::span<const double> z, std::span<double> out) {
    for (std::size_t i = 0; i < n; ++i) {
      out[i] = 0;
      for (std::size_t j = 0; j < n; ++j) out[i] += a[i * n + j] * z[j];
    }
  };
  const trace_estimate e = estimate_trace(product, n, 2000, 7);
  CHECK(e.samples.size() == 2000);
  CHECK(std::fabs(e.trace - trace) < 5 * std::sqrt(2 * off / 2000));
  CHECK(e.standard_error == Approx(std::sqrt(2 * off / 2000)).epsilon(0.1));
  CHECK(e.samples[0] != e.samples[1]);
  CHECK(estimate_trace(product, n, 3, 7).samples[2] == e.samples[2]);
  CHECK(estimate_trace(product, n, 3, 8).samples[2] != e.samples[2]);
  // The diagonal alone is found by one sample.
  const auto diagonal = [](std::span<const double> z, std::span<double> out) {
    for (std::size_t i = 0; i < n; ++i) out[i] = double(i) * z[i];
  };
  CHECK(estimate_trace(diagonal, n, 1, 1).trace == n * (n - 1) / 2);
  CHECK(std::isnan(estimate_trace(diagonal, n, 1, 1).standard_error));
  CHECK_THROWS_AS(estimate_trace(diagonal, 0, 1, 1), std::invalid_argument);
  CHECK_THROWS_AS(estimate_trace(diagonal, n, 0, 1), std::invalid_argument);
}

TEST_CASE("Salience of channels") {
  const float weights[] = {1, 2, 3, 4}, rounded[] = {1, 2.5f, 2, 4};
  const float first[] = {9, 2, 1, 5}, second[] = {0, -4, 3, 1};
  salience_accumulator all(2);
  CHECK(all.result() == std::vector<double>{0, 0});
  all.add({first, 2, 2}, {weights, 2, 2}, {rounded, 2, 2});
  all.add({second, 2, 2}, {weights, 2, 2}, {rounded, 2, 2});
  // Dot products: 1 and -2 of the first row, -1 and -3 of the second.
  CHECK(all.result() == std::vector<double>{(1.5 + 0) / 2, (0.5 + 1.5) / 2});
  CHECK_THROWS_AS(all.add({first, 1, 4}, {weights, 2, 2}, {rounded, 2, 2}), std::invalid_argument);
  CHECK_THROWS_AS(all.add({first, 2, 2}, {weights, 2, 1}, {rounded, 2, 2}), std::invalid_argument);
  const std::vector<double> scores{3, 1, 3, 5, 3};
  CHECK(largest_scores(scores, 3) == std::vector<std::size_t>{0, 2, 3});
  CHECK(largest_scores(scores, 0).empty());
  CHECK_THROWS_AS(largest_scores(scores, 6), std::invalid_argument);
  CHECK_THROWS_AS(largest_scores(std::vector<double>{1, std::nan("")}, 1), std::invalid_argument);
}
