// SPDX-License-Identifier: MIT
// Tiles: choices among grids against a search in binary64, LogFMT against the published example and
// powers in long double, MX+ against a search among all values; corners, tails, round trips.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/tiles/choice.hpp"
#include "lowp/block/tiles/log_tile.hpp"
#include "lowp/block/tiles/mx_plus.hpp"
#include "lowp/block/tiles/tile_matrix.hpp"
#include "lowp/formats/fixed_format.hpp"
#include "normal_values.hpp"

using namespace lowp;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();

using test::normal_values;

template <class F>
std::vector<float> values_of(const tile_matrix<F>& m) {
  std::vector<float> out(m.rows() * m.cols());
  dequantize(m, matrix_view<float>(out.data(), m.rows(), m.cols()));
  return out;
}

template <class F>
tile_matrix<F> quantized(const F& f, const std::vector<float>& x, std::size_t rows = 1) {
  return quantize(f, matrix_view<const float>(x.data(), rows, x.size() / rows), nearest_downward);
}

/// The nearest of the values, the lower one at a tie.
double nearest(const std::vector<double>& grid, double x) {
  double best = grid[0];
  for (const double g : grid) {
    const double a = std::abs(g - x), b = std::abs(best - x);
    if (a < b || (a == b && g < best)) best = g;
  }
  return best;
}

}  // namespace

TEST_CASE("BitMoD's example of 3 bits, and its four errors") {
  const std::vector<float> x{.8F, -.5F, .1F, .6F, -.15F, -.3F};
  const auto q = quantized(choice(block_shape{1, 128}, formats::binary32,
                                  formats::codebook<3>(-4, -2, -1, 0, 1, 2, 3, 4),
                                  formats::codebook<3>(-4, -3, -2, -1, 0, 1, 2, 4),
                                  formats::codebook<3>(-4, -2, -1, 0, 1, 2, 4, 6),
                                  formats::codebook<3>(-6, -4, -2, -1, 0, 1, 2, 4)),
                           x);
  CHECK(q.parameters(0, 0)[1] == 2);  // 6 in the place of -0
  const double scale = double(.8F / 6), expected[] = {6, -4, 1, 4, -1, -2};
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(values_of(q)[i] == static_cast<float>(expected[i] * scale));
  }
}

TEST_CASE("a choice is the grid of least error, found by search") {
  const std::vector<std::vector<double>> grids{
      {-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 10, 12},
      {-12, -10, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12},
      {-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12, 16},
      {-16, -12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12}};
  const double largest[] = {12, 12, 16, 16};
  const std::size_t rows = 3, cols = 300;  // tails of 44
  const std::vector<float> x = normal_values(rows * cols, 1);
  const auto q = quantized(formats::bitmod_fp4, x, rows);
  const std::vector<float> y = values_of(q);
  int wrong = 0, chosen[4] = {};
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t left = 0; left < cols; left += 128) {
      const std::size_t right = std::min(cols, left + 128);
      double least = 1e300;
      std::size_t best = 0;
      std::vector<double> best_values;
      for (std::size_t g = 0; g < 4; ++g) {
        float amax = 0;
        for (std::size_t c = left; c < right; ++c)
          amax = std::max(amax, std::abs(x[row * cols + c]));
        const float wanted = static_cast<float>(double(amax) / largest[g]);
        const double scale =
            pack_as<double>(decode(formats::binary16, encode(formats::binary16, unpack(wanted))));
        double error = 0;
        std::vector<double> values;
        for (std::size_t c = left; c < right; ++c) {
          values.push_back(nearest(grids[g], double(x[row * cols + c]) / scale) * scale);
          error += std::pow(values.back() - double(x[row * cols + c]), 2);
        }
        if (error < least) least = error, best = g, best_values = values;
      }
      wrong += q.parameters(row, left / 128)[1] != best;
      ++chosen[best];
      for (std::size_t c = left; c < right; ++c) {
        wrong += y[row * cols + c] != static_cast<float>(best_values[c - left]);
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(chosen[0] + chosen[1] < 9);  // both kinds of grids occur
  CHECK(chosen[2] + chosen[3] < 9);
  CHECK(q.bits_per_value() == 8.0 * (3 * 150 + 3 * 6 + 3) / 900);
}

TEST_CASE("a choice of integers or floats by the sum of magnitudes, under powers of two") {
  auto f = choice(block_shape{2, 8}, formats::e8m0, formats::int_n<4>, formats::e2m1);
  f.error = choice_error::magnitudes;
  std::vector<float> x(32);
  for (int i = 0; i < 16; ++i)
    x[static_cast<std::size_t>(i)] = static_cast<float>(i % 8 - 4);  // integers
  const float floats[] = {6, .5F, -1.5F, 0, 3, 1, -2, 4};
  for (std::size_t i = 0; i < 16; ++i) x[16 + i] = floats[i % 8];
  const auto q = quantize(f, matrix_view<const float>(x.data(), 4, 8));
  CHECK(q.parameters(0, 0) == tile_parameters<decltype(f)>{126, 0});  // 2^-1 * -8 … 7
  CHECK(q.parameters(1, 0) == tile_parameters<decltype(f)>{127, 1});
  CHECK(values_of(q) == x);
  const auto again = tile_matrix(f, 4, 8, {q.bytes().begin(), q.bytes().end()});
  CHECK(again == q);
}

TEST_CASE("blocks of zeros, NaN and infinities of a choice") {
  std::vector<float> x(256);
  x[3] = -0.0F;
  x[130] = infinity;
  const auto q = quantized(formats::bitmod_fp3, x);
  const std::vector<float> y = values_of(q);
  for (std::size_t i = 0; i < 128; ++i) CHECK((y[i] == 0 && std::isnan(y[128 + i])));
  CHECK(q.parameters(0, 1)[1] == 0);
  CHECK(q.bits_per_value() == 3.15625);  // 16 bits and, of both tiles, a byte in 256
}

TEST_CASE("LogFMT's example of 8 and of 5 bits") {
  const std::vector<float> x{.5F, -3, .01F, 1.25F, 0, -.09F};
  auto f = formats::logfmt<8>;
  f.ends = formats::binary32;
  const auto q = quantized(f, x);
  const code_t codes[] = {0x57, 0xFF, 0x01, 0x6C, 0x00, 0xB2};
  const double values[] = {.490607, -3, double(.01F), 1.26937, 0, -.091902};
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(q.code(0, i) == codes[i]);
    CHECK(std::abs(double(values_of(q)[i]) - values[i]) < 5e-6);
  }
  f.bits = 5;
  const code_t of_five[] = {0x0B, 0x1F, 0x01, 0x0D, 0x00, 0x16};
  for (std::size_t i = 0; i < 6; ++i) CHECK(quantized(f, x).code(0, i) == of_five[i]);
}

TEST_CASE("LogFMT is the nearest power in all tiles, tails and signs") {
  auto f = formats::logfmt<6>;
  f.ends = formats::binary32;
  std::vector<float> x = normal_values(500, 2);
  x[7] = 0;
  x[200] = 1e-30F;  // far below high / 2^32
  const auto q = quantized(f, x);
  const std::vector<float> y = values_of(q);
  int wrong = 0;
  for (std::size_t left = 0; left < x.size(); left += 128) {
    const std::size_t right = std::min(x.size(), left + 128);
    float low = infinity, high = 0;
    for (std::size_t i = left; i < right; ++i) {
      if (x[i] != 0) low = std::min(low, std::abs(x[i]));
      high = std::max(high, std::abs(x[i]));
    }
    low = std::max(low, std::ldexp(high, -32));
    std::vector<double> grid{0};
    for (int k = 1; k <= 31; ++k) {
      const auto power =
          std::pow(static_cast<long double>(high) / static_cast<long double>(low), (k - 1) / 30.0L);
      grid.push_back(
          static_cast<double>(static_cast<float>(static_cast<long double>(low) * power)));
    }
    for (std::size_t i = left; i < right; ++i) {
      const double magnitude = nearest(grid, std::abs(double(x[i])));
      wrong += double(y[i]) != (x[i] < 0 ? -magnitude : magnitude);
    }
  }
  CHECK(wrong == 0);
  CHECK(y[200] == 0);
  CHECK(formats::logfmt<8>.shape() == block_shape{1, 128});
  CHECK(quantized(formats::logfmt<8>, normal_values(256, 3)).bits_per_value() == 8.25);
}

TEST_CASE("tiles of zeros, of one magnitude, of NaN, and beyond the ends of LogFMT") {
  std::vector<float> x(4 * 128);
  for (std::size_t i = 128; i < 256; ++i) x[i] = i % 2 == 0 ? 2.5F : -2.5F;
  x[256] = not_a_number;
  x[384] = 3e38F;
  x[385] = -1e-45F;
  const auto y = values_of(quantized(formats::logfmt<8>, x));
  for (std::size_t i = 0; i < 256; ++i) CHECK(y[i] == x[i]);
  for (std::size_t i = 256; i < 384; ++i) CHECK(std::isnan(y[i]));
  CHECK((std::isfinite(y[384]) && y[385] == 0));
}

TEST_CASE("MX+ is the nearest value, of the largest element among more of them") {
  const auto check = [](const mx_plus_format& f, int highest, int bits, unsigned seed) {
    std::vector<double> grid;
    for (code_t c = 0; c < code_t{1} << f.element.bits(); ++c) {
      const unpacked x = decode(f.element, c);
      if (x.is_finite()) grid.push_back(pack_as<double>(x));
    }
    std::vector<float> x = normal_values(2 * 80, seed);
    x[5] = 7.99F, x[9] = -7.99F;  // would round beyond its binade; not the first
    x[37] = -40;
    const auto q = quantized(f, x, 2);
    const std::vector<float> y = values_of(q);
    int wrong = 0;
    for (std::size_t row = 0; row < 2; ++row) {
      for (std::size_t left = 0; left < 80; left += 32) {
        const std::size_t count = std::min<std::size_t>(32, 80 - left), at = row * 80 + left;
        std::size_t best = 0;
        for (std::size_t i = 0; i < count; ++i) {
          if (std::abs(x[at + i]) > std::abs(x[at + best])) best = i;
        }
        const double scale =
            std::exp2(std::floor(std::log2(std::abs(double(x[at + best])))) - highest);
        for (std::size_t i = 0; i < count; ++i) {
          double expected = nearest(grid, double(x[at + i]) / scale);
          if (i == best) {
            std::vector<double> fine;
            for (int m = 0; m < 1 << bits; ++m) {
              fine.push_back(std::ldexp(1 + std::ldexp(m, -bits), highest));
              fine.push_back(-fine.back());
            }
            expected = nearest(fine, double(x[at + i]) / scale);
          }
          wrong += double(y[at + i]) != expected * scale;
        }
        wrong += q.parameters(row, left / 32)[1] != best;
      }
    }
    CHECK(wrong == 0);
  };
  check(formats::mxfp4_plus, 2, 3, 4);
  check(formats::mxfp6_e2m3_plus, 2, 5, 5);
  check(formats::mxfp6_e3m2_plus, 4, 5, 6);
  check(formats::mxfp8_e4m3_plus, 8, 7, 7);
  CHECK(quantized(formats::mxfp4_plus, normal_values(8 * 32, 8)).bits_per_value() == 4 + 13.0 / 32);
}

TEST_CASE("blocks of zeros, of the smallest numbers and of NaN of MX+") {
  std::vector<float> x(96);
  x[32 + 4] = 0x1p-149F;
  x[32 + 5] = 0x1p-127F;
  x[64] = not_a_number;
  const auto q = quantized(formats::mxfp4_plus, x);
  const std::vector<float> y = values_of(q);
  for (std::size_t i = 0; i < 64; ++i) CHECK(y[i] == (i == 32 + 5 ? 0x1p-127F : 0));
  for (std::size_t i = 64; i < 96; ++i) CHECK(std::isnan(y[i]));
}

TEST_CASE("names of tile formats") {
  CHECK(name(formats::logfmt<10>).view() == "logfmt10(bfloat16)");
  CHECK(name(log_tile_format{6, {2, 8}, formats::binary16}).view() == "logfmt6(binary16,2x8)");
  CHECK(name(formats::mxfp6_e3m2_plus).view() == "mx_plus(e3m2)");
  CHECK(name(choice(block_shape{1, 16}, formats::binary16, formats::int_n<4>, formats::e2m1))
            .view() == "choice(int4,e2m1;binary16,1x16)");
}

TEST_CASE("a choice by kernels is the choice by the definition") {
  const std::vector<float> x = [] {
    std::vector<float> all = normal_values(5 * 200, 10);
    all[3] = infinity;
    all[450] = not_a_number;
    for (std::size_t i = 600; i < 728; ++i) all[i] = 0;
    return all;
  }();
  const matrix_view<const float> in(x.data(), 5, 200);
  const auto check = [&](const auto& f, const auto& mode) {
    auto defined = tile_matrix(f, 5, 200);
    for (std::size_t row = 0; row < defined.tile_row_count(); ++row) {
      reference::encode_tile_row(in, row, defined, mode);
    }
    CHECK(quantize(f, in, mode) == defined);
    CHECK(quantize(f, in, mode, threads{2}) == defined);
    const std::vector<float> y = values_of(defined);
    int wrong = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const float expected = pack_as<float>(defined.value(k / 200, k % 200));
      wrong += std::bit_cast<std::uint32_t>(y[k]) != std::bit_cast<std::uint32_t>(expected);
    }
    CHECK(wrong == 0);
  };
  check(formats::bitmod_fp4, nearest_downward);
  check(choice(block_shape{0, 0}, formats::e4m3fn, formats::e2m1, formats::int_n<4>), upward);
  check(choice(block_shape{1, 3}, formats::binary16, formats::e4m3fn), nearest_even);
  check(formats::bitmod_fp4, stochastic{.seed = 4});
  check(choice(block_shape{2, 8}, formats::e8m0, formats::int_n<4>, formats::e2m1), nearest_even);
}

TEST_CASE("MX+ by kernels is MX+ by the definition") {
  std::vector<float> x = normal_values(5 * 200, 14);
  x[3] = infinity, x[450] = not_a_number, x[500] = -0.0F, x[33] = -x[34], x[210] = 3e38F;
  for (std::size_t i = 600; i < 664; ++i) x[i] = 0;
  for (std::size_t i = 800; i < 840; ++i) x[i] *= 0x1p-127F;
  const matrix_view<const float> in(x.data(), 5, 200);
  const auto check = [&](const auto& f, const auto& mode) {
    auto defined = tile_matrix(f, 5, 200);
    for (std::size_t row = 0; row < 5; ++row) {
      reference::encode_tile_row(in, row, defined, mode);
    }
    CHECK(quantize(f, in, mode) == defined);
    CHECK(quantize(f, in, mode, threads{2}) == defined);
    for (int i = 0; i < 2; ++i) {  // then any bytes
      const std::vector<float> y = values_of(defined);
      int wrong = 0;
      for (std::size_t k = 0; k < x.size(); ++k) {
        const float expected = pack_as<float>(defined.value(k / 200, k % 200));
        wrong += std::bit_cast<std::uint32_t>(y[k]) != std::bit_cast<std::uint32_t>(expected);
      }
      CHECK(wrong == 0);
      std::mt19937 random(15);
      for (std::uint8_t& b : defined.bytes()) b = static_cast<std::uint8_t>(random());
    }
  };
  check(formats::mxfp4_plus, nearest_even);
  check(formats::mxfp4_plus, stochastic{.seed = 4});
  check(formats::mxfp8_e4m3_plus, nearest_even);
  check(mx_plus_format{formats::e5m2}, upward);
}

TEST_CASE("tiles on threads, by random bits, and refused") {
  const std::vector<float> x = normal_values(64 * 96, 9);
  const matrix_view<const float> in(x.data(), 64, 96);
  const stochastic mode{.seed = 5, .random_bits = 8};
  CHECK(quantize(formats::mxfp4_plus, in, mode) ==
        quantize(formats::mxfp4_plus, in, mode, threads{3}));
  CHECK_FALSE(quantize(formats::mxfp4_plus, in, mode) == quantize(formats::mxfp4_plus, in));
  // Pieces equal the whole: a row of tiles is what it is alone, at its place among the draws.
  const auto q = quantize(formats::bitmod_fp3, in),
             first = quantize(formats::bitmod_fp3, {x.data(), 1, 96});
  for (std::size_t c = 0; c < 96; ++c) CHECK(q.code(0, c) == first.code(0, c));
  std::vector<float> out(5);
  CHECK_THROWS_AS(dequantize(q, matrix_view<float>(out.data(), 1, 5)), std::invalid_argument);
  CHECK_THROWS_AS(tile_matrix(formats::mxfp4_plus, 2, 32, std::vector<std::uint8_t>(3)),
                  std::invalid_argument);
  CHECK_THROWS_AS(tile_matrix(log_tile_format{.bits = 2}, 2, 32), std::invalid_argument);
  CHECK(defect(choice(block_shape{1, 16}, formats::binary16, formats::e2m1, formats::e2m3)) !=
        nullptr);
}
