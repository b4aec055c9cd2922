// SPDX-License-Identifier: MIT
// Noise by seed: against MPFR's distribution function, against the distributions by counts of many
// draws, and against words of Philox.
#include "lowp/arrays/noise.hpp"

#include <mpfr.h>

#include <bit>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

/// A number of MPFR with 200 bits.
struct real {
  mpfr_t x;
  explicit real(double value) {
    mpfr_init2(x, 200);
    mpfr_set_d(x, value, MPFR_RNDN);
  }
  ~real() { mpfr_clear(x); }
  real(const real&) = delete;
  real& operator=(const real&) = delete;
  double value() const { return mpfr_get_d(x, MPFR_RNDN); }
};

/// |quantile - z| / |z|, by Newton's step at z: (Phi(z) - 1/2 - q) / density, Phi by erf.
double quantile_error(double q, double z) {
  real share(std::fabs(z)), density(z), root(2);
  mpfr_sqrt(root.x, root.x, MPFR_RNDN);
  mpfr_div(share.x, share.x, root.x, MPFR_RNDN);
  mpfr_erf(share.x, share.x, MPFR_RNDN);
  mpfr_div_ui(share.x, share.x, 2, MPFR_RNDN);
  mpfr_sub_d(share.x, share.x, std::fabs(q), MPFR_RNDN);
  mpfr_sqr(density.x, density.x, MPFR_RNDN);
  mpfr_div_si(density.x, density.x, -2, MPFR_RNDN);
  mpfr_exp(density.x, density.x, MPFR_RNDN);
  mpfr_div(share.x, share.x, density.x, MPFR_RNDN);
  return std::fabs(share.value() * 2.5066282746310002 / z);
}

}  // namespace

TEST_CASE("The stated logarithm against MPFR") {
  test::split_mix random(1);
  double worst = 0, worst_2 = 0;
  for (int i = 0; i < 3000; ++i) {
    const double x = std::ldexp(1 + static_cast<double>(random.word() >> 12) * 0x1p-52,
                                i % 3 == 0 ? 0 : static_cast<int>(random.below(2040)) - 1020);
    real log(x), log2(x);
    mpfr_log(log.x, log.x, MPFR_RNDN);
    mpfr_log2(log2.x, log2.x, MPFR_RNDN);
    mpfr_sub_d(log.x, log.x, stated_log(x), MPFR_RNDN);
    mpfr_sub_d(log2.x, log2.x, stated_log2(x), MPFR_RNDN);
    worst = std::max(worst, std::fabs(log.value()) / std::max(std::fabs(std::log(x)), 0.5));
    worst_2 = std::max(worst_2, std::fabs(log2.value()) / std::max(std::fabs(std::log2(x)), 0.5));
  }
  CAPTURE(worst * 0x1p53, worst_2 * 0x1p53);
  CHECK(worst < 0x1p-51);
  CHECK(worst_2 < 0x1p-51);
  for (int e = -1022; e < 1024; e += 31) CHECK(stated_log2(std::ldexp(1.0, e)) == e);
  CHECK(stated_log(1) == 0);
}

TEST_CASE("Quantiles of the normal distribution against MPFR") {
  test::split_mix random(2);
  double worst = 0;
  for (int i = 1; i < 2000; ++i) {
    // As well far out as in the middle.
    const double q = i % 2 == 0
                         ? (static_cast<double>(random.word() >> 12) + 0.5) * 0x1p-52 - 0.5
                         : 0.5 - std::ldexp(1 + static_cast<double>(random.below(1000)) / 1024,
                                            -2 - static_cast<int>(random.below(45)));
    const double error = quantile_error(q, normal_quantile_about_half(q));
    worst = std::max(worst, error);
    CHECK(normal_quantile_about_half(-q) == -normal_quantile_about_half(q));
  }
  CAPTURE(worst * 0x1p53);
  CHECK(worst < 0x1p-49);
  CHECK(normal_quantile_about_half(0) == 0);
  CHECK(normal_quantile_about_half(0.5 - 0x1p-53) == Approx(8.209536151601387).epsilon(1e-14));
}

TEST_CASE("Draws are functions of seed and index, of known words") {
  // Random123's known answer: Philox4x32-10 of zeros begins 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
  CHECK(uniform_noise<float>(0, 0) == static_cast<float>(0x6627E8) * 0x1p-24f);
  CHECK(uniform_noise<float>(0, 3) == static_cast<float>(0x9B00DB) * 0x1p-24f);
  CHECK(uniform_noise<double>(0, 0) == static_cast<double>(0x6627E8D5E169C) * 0x1p-52);
  CHECK(uniform_noise<double>(0, 1) == static_cast<double>(0xBC57AC4C9B00D) * 0x1p-52);
  CHECK(random_sign(0, 0) == -1);  // the top bit of the byte D5
  CHECK(normal_noise<double>(0, 0) ==
        normal_quantile_about_half((0x6627E8D5E169C + 0.5) * 0x1p-52 - 0.5));
  CHECK(normal_noise<float>(0, 1) == static_cast<float>(normal_noise<double>(0, 1)));
  std::vector<float> whole(10000), piece(3000);
  fill_noise(std::span(whole), 5, normal_noise<float>, 0, threads{2});
  fill_noise(std::span(piece), 5, normal_noise<float>, 4001);
  CHECK(std::equal(piece.begin(), piece.end(), whole.begin() + 4001));
  const auto bad = [](std::uint64_t, std::uint64_t i) -> float {
    if (i == 9000) throw std::runtime_error("bad");
    return 0;
  };
  CHECK_THROWS_AS(fill_noise(std::span(whole), 5, bad, 0, threads{2}), std::runtime_error);
}

TEST_CASE("Bits of normal noise are those of every compiler and machine") {
  std::uint64_t digest = 0;  // of central values and of tails
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const double x = normal_noise<double>(11, i);
    const double tail =
        normal_quantile_about_half(0.5 - std::ldexp(1.0, -2 - static_cast<int>(i % 50)));
    for (const double value : {x, tail, stated_log2(std::ldexp(x < 0 ? -x : x, 9))})
      digest = (digest ^ std::bit_cast<std::uint64_t>(value)) * 0x9E3779B97F4A7C15u;
  }
  CHECK(digest == 0x3DE3935DCCB86488);
}

TEST_CASE("Draws have their distributions") {
  constexpr std::size_t n = 200000;
  std::vector<float> uniform(n), normal(n);
  std::vector<int> rounded(n), sign(n);
  fill_noise(std::span(uniform), 1, uniform_noise<float>);
  fill_noise(std::span(normal), 2, normal_noise<float>);
  fill_noise(std::span(rounded), 3, rounded_normal);
  fill_noise(std::span(sign), 4, random_sign);
  const auto mean = [](const auto& values, auto f) {
    double sum = 0;
    for (const auto v : values) sum += f(static_cast<double>(v));
    return sum / static_cast<double>(values.size());
  };
  const auto power = [](int e) { return [e](double x) { return std::pow(x, e); }; };
  const double five = 5 / std::sqrt(double(n));  // standard errors
  CHECK(std::fabs(mean(uniform, power(1)) - 0.5) < five * std::sqrt(1 / 12.));
  CHECK(std::fabs(mean(uniform, power(2)) - 1 / 3.) < five * std::sqrt(4 / 45.));
  CHECK(std::fabs(mean(normal, power(1))) < five);
  CHECK(std::fabs(mean(normal, power(2)) - 1) < five * std::sqrt(2.));
  CHECK(std::fabs(mean(normal, power(4)) - 3) < five * std::sqrt(96.));
  CHECK(std::fabs(mean(normal, power(3))) < five * std::sqrt(15.));
  CHECK(std::fabs(mean(sign, power(1))) < five);
  CHECK(mean(sign, power(2)) == 1);
  CHECK(std::fabs(mean(rounded, power(1))) < five * std::sqrt(0.3254));
  const auto share = [&](int r) { return mean(rounded, [r](double x) { return x == r; }); };
  const double p[] = {0.6826895, 0.3146107, 0.0026992};
  CHECK(std::fabs(share(0) - p[0]) < five * std::sqrt(p[0] * (1 - p[0])));
  CHECK(std::fabs(share(1) + share(-1) - p[1]) < five * std::sqrt(p[1] * (1 - p[1])));
  CHECK(std::fabs(share(2) + share(-2) - p[2]) < five * std::sqrt(p[2] * (1 - p[2])));
  // Draws next to each other have nothing to do with each other.
  double product = 0;
  for (std::size_t i = 1; i < n; ++i) product += double(normal[i]) * double(normal[i - 1]);
  CHECK(std::fabs(product / double(n)) < five);
}

TEST_CASE("Thresholds of rounded_normal are the probabilities of the normal distribution") {
  for (const auto& [limit, threshold] :
       {std::pair(1, 681419127u), std::pair(3, 5797768u), std::pair(5, 1231u)}) {
    real p(limit), root(2);
    mpfr_sqrt(root.x, root.x, MPFR_RNDN);
    mpfr_div(p.x, p.x, root.x, MPFR_RNDN);
    mpfr_erfc(p.x, p.x, MPFR_RNDN);
    CHECK(std::round(p.value() * 0x1p31) == threshold);
  }
  std::size_t wrong = 0;
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const std::uint32_t draw = random_bits(9, i, 32);
    const double p = (draw & 0x7FFFFFFFu) * 0x1p-31;
    const int size = p < 5.7330314e-7 ? 3 : p < 2.69979606e-3 ? 2 : p < 0.31731050786 ? 1 : 0;
    wrong += rounded_normal(9, i) != (draw >> 31 != 0 ? -size : size);
  }
  CHECK(wrong == 0);
}
