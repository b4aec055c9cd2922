// SPDX-License-Identifier: MIT
// Tiles that choose their compander: COAT's worked example, ranges after expansion, whole matrices
// against tiles one by one, the figures of NUPES, and refusals.
#include "lowp/block/tiles/companded_tile.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "lowp/formats/fixed_format.hpp"

using namespace lowp;

namespace {

/// Values that span `binades`, as the states of optimizers do.
std::vector<float> states(std::size_t count, double binades) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> shares(-binades, 0);
  std::vector<float> x(count);
  for (float& v : x) v = static_cast<float>(std::exp2(shares(random)) * (random() % 2 ? 1 : -1));
  return x;
}
template <class F>
std::vector<float> there_and_back(const F& f, const std::vector<float>& x, std::size_t rows) {
  std::vector<float> y(x.size());
  const std::size_t cols = x.size() / rows;
  dequantize(quantize(f, matrix_view<const float>(x.data(), rows, cols)),
             matrix_view<float>(y.data(), rows, cols));
  return y;
}
double qsnr(const std::vector<float>& x, const std::vector<float>& y) {
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    signal += std::pow(static_cast<double>(x[i]), 2);
    noise += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
  }
  return 10 * std::log10(signal / noise);
}

constexpr auto coat = companded_tiles(block_shape{1, 128}, formats::e4m3fn, formats::binary32,
                                      laws::range_expansion{});

}  // namespace

TEST_CASE("COAT's expansion: its example, and no tile beyond the range") {
  std::vector<float> x(128, 1e-6f);
  x[0] = 1e-4f;
  x[1] = -1e-8f;
  const auto q = quantize(coat, matrix_view<const float>(x.data(), 1, 128));
  CHECK(q.parameters(0, 0)[1] == 10);  // k = 1.25
  CHECK(q.value(0, 0) == unpack(1e-4f));
  // The smallest is at (1e-4)^1.25 of the largest, 448 * 1e-5: a normal number is 2^-6.
  CHECK(std::abs(pack_as<double>(q.value(0, 1)) / -1e-8 - 1) < 0.25);
  for (const double binades : {3.0, 13.0, 30.0, 90.0}) {
    const std::vector<float> y = states(128, binades);
    float most = 0, least = 1;
    for (const float v : y) {
      most = std::max(most, std::abs(v));
      least = std::min(least, std::abs(v));
    }
    const code_t k = laws::range_expansion{}.code_for(unpack(most), unpack(least));
    const double spread = std::log2(static_cast<double>(most) / static_cast<double>(least));
    CHECK(static_cast<double>(k) / 8 * spread <= std::log2(100352.0));
    CHECK(static_cast<double>(k + 1) / 8 * spread > std::log2(100352.0));
  }
  // Expanded, two binades use the codes that e4m3fn alone leaves to others.
  const std::vector<float> narrow = states(4096, 2);
  const double plain =
      qsnr(narrow, there_and_back(companded_tiles(block_shape{1, 128}, formats::e4m3fn,
                                                  formats::binary32, laws::range_expansion{1.01f}),
                                  narrow, 1));
  CHECK(qsnr(narrow, there_and_back(coat, narrow, 1)) > plain + 6);
}

TEST_CASE("whole matrices are their tiles, one by one") {
  const auto check = [](const auto& f, std::size_t rows, std::size_t cols) {
    std::vector<float> x = states(rows * cols, 20);
    for (std::size_t i = 0; i < 64; ++i) x[i] = i % 3 == 0 ? 0.0f : 0.5f;  // one magnitude
    x[cols + 3] = std::numeric_limits<float>::quiet_NaN();
    x[2 * cols] = -0.0f;
    const matrix_view<const float> in(x.data(), rows, cols);
    const auto q = quantize(f, in, nearest_even, threads{2});
    auto expected = q;
    for (auto& byte : expected.bytes()) byte = 0;
    for (std::size_t row = 0; row < q.tile_row_count(); ++row) {
      reference::encode_tile_row(in, row, expected, nearest_even);
    }
    CHECK(q == expected);
    std::vector<float> y(x.size());
    dequantize(q, matrix_view<float>(y.data(), rows, cols));
    int wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float v = pack_as<float>(q.value(i / cols, i % cols));
      wrong += std::bit_cast<std::uint32_t>(v) != std::bit_cast<std::uint32_t>(y[i]);
    }
    CHECK(wrong == 0);
    CHECK(unpack(y[cols + 3]).is_nan());
  };
  check(coat, 4, 256);
  check(companded_tiles(block_shape{2, 8}, formats::symmetric_int_n<4>, formats::bfloat16,
                        laws::searched_power{}),
        4, 40);
  check(companded_tiles(block_shape{2, 8}, formats::symmetric_int_n<4>, formats::bfloat16,
                        laws::searched_power{}),
        5, 21);  // tails
}

TEST_CASE("exponents of NUPES for normal numbers, given and found by a search") {
  // Tensors of 1024, 4 bits, amax: 16.92 dB with exponent 1, 18.01 with 0.7, 16.32 with 0.4.
  constexpr std::size_t rows = 64, cols = 1024;
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> x(rows * cols), y(rows * cols);
  for (float& v : x) v = normal(random);
  double best = 0;
  for (const auto& [exponent, expected] :
       {std::pair{1.0f, 16.92}, std::pair{0.7f, 18.01}, std::pair{0.4f, 16.32}}) {
    const block_format f{companded(formats::symmetric_int_n<4>, companders::power{exponent}),
                         formats::binary32, block_shape{1, block_shape::whole}};
    round_to(f, matrix_view<const float>(x.data(), rows, cols),
             matrix_view<float>(y.data(), rows, cols));
    INFO(exponent);
    CHECK(qsnr(x, y) == Approx(expected).margin(0.1));
    best = std::max(best, qsnr(x, y));
  }
  x.resize(8 * cols);
  const auto searched =
      companded_tiles(block_shape{1, block_shape::whole}, formats::symmetric_int_n<4>,
                      formats::binary32, laws::searched_power{});
  CHECK(qsnr(x, there_and_back(searched, x, 8)) > best);
}

TEST_CASE("laws that contradict themselves are refused") {
  const float x[4] = {};
  const auto refused = [&](const auto& law) {
    CHECK_THROWS_AS(
        quantize(companded_tiles(block_shape{1, 4}, formats::e4m3fn, formats::binary32, law),
                 matrix_view<const float>(x, 1, 4)),
        std::invalid_argument);
  };
  refused(laws::range_expansion{1.0f});
  refused(laws::range_expansion{100.0f, 0});
  refused(laws::searched_power{5, 4});
}

TEST_CASE("tiles at the end of a row are as well in any floating-point environment") {
  std::vector<float> x = states(130, 20);
  for (float& v : x) v *= 0x1p-125f;
  const matrix_view<const float> in(x.data(), 1, x.size());
  const auto expected = quantize(coat, in);
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment environment(flags);
    CHECK(quantize(coat, in) == expected);
  }
}

TEST_CASE("numbers of tiles of two formats at a time") {
  const auto of = [](float range) {
    return companded_tiles(block_shape{1, 4}, formats::e4m3fn, formats::binary32,
                           laws::range_expansion{range});
  };
  const auto f = of(100.0f), g = of(1000.0f);
  const std::uint32_t one = std::bit_cast<std::uint32_t>(1.0f);
  const auto numbers = tile_numbers(f, {one, code_t{16}}), others = tile_numbers(g, {one, 24});
  CHECK(numbers(0, 0x38) == pack_as<float>(tile_value(f, {one, code_t{16}}, 0, 0x38)));
  CHECK(others(0, 0x38) == pack_as<float>(tile_value(g, {one, code_t{24}}, 0, 0x38)));
}
