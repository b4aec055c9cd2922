// SPDX-License-Identifier: MIT
// HiF4's rule against its steps in binary64, whose roundings are made by frexp and nearbyint; the
// signal-to-noise ratio of normal numbers; and what has no code.
#include "lowp/block/rules/hif4.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/quantize.hpp"
#include "normal_values.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::matrix_view;

namespace {

/// x > 0 with so many significant bits, to nearest even.
double with_bits(double x, int bits) {
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, bits)), exponent - bits);
}
double as_binary32(double x) { return static_cast<double>(static_cast<float>(x)); }

/// The values of 64 elements.
std::vector<double> expected(const float* x) {
  double amax = 0, of_4[16] = {}, of_8[8] = {};
  for (std::size_t i = 0; i < 64; ++i) {
    const double size = std::fabs(static_cast<double>(x[i]));
    amax = std::fmax(amax, size);
    of_4[i / 4] = std::fmax(of_4[i / 4], size);
    of_8[i / 8] = std::fmax(of_8[i / 8], size);
  }
  double scale = 0x1p-48;
  if (amax > 0) {
    scale = with_bits(with_bits(as_binary32(amax * 0.142578125), 8), 3);
    scale = std::fmin(std::fmax(scale, 0x1p-48), 49152);
  }
  const double factor = with_bits(1 / scale, 8);
  std::vector<double> values(64);
  for (std::size_t i = 0; i < 64; ++i) {
    const double outer = as_binary32(of_8[i / 8] * factor) >= 4 ? 2 : 1;
    const double inner = as_binary32(of_4[i / 4] * factor) / outer >= 2 ? 2 : 1;
    const double size = as_binary32(std::fabs(static_cast<double>(x[i])) * factor);
    const double steps = std::floor(as_binary32(size / outer / inner * 4 + 0.5));
    const double value = std::fmin(steps, 7) / 4 * outer * inner * scale;
    values[i] = x[i] < 0 ? -value : value;
  }
  return values;
}

int mismatches(const std::vector<float>& x) {
  const std::size_t rows = 4, cols = x.size() / rows;
  const auto q = lowp::quantize<formats::hif4>({x.data(), rows, cols}, rules::hif4);
  int wrong = 0;
  for (std::size_t i = 0; i < x.size(); i += 64) {
    const std::vector<double> values = expected(&x[i]);
    for (std::size_t j = 0; j < 64; ++j) {
      const std::size_t at = i + j;
      wrong += lowp::pack_as<double>(q.value(at / cols, at % cols)) != values[j];
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("HiF4 by its authors' steps") {
  const std::vector<float> normal = test::normal_values(64 * 400, 3);
  CHECK(mismatches(normal) == 0);
  // Blocks in all binades, elements that differ by some of them, ties and zeros.
  test::split_mix random(5);
  std::vector<float> x(64 * 1000);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const int block = static_cast<int>(i / 64) % 270 - 145;
    const int exponent = block - static_cast<int>(random.below(8));
    const float size = random.below(4) == 0
                           ? 1 + static_cast<float>(random.below(32)) / 32
                           : 1 + static_cast<float>(random.below(1 << 23)) * 0x1p-23f;
    x[i] = random.below(9) == 0 ? 0 : std::ldexp(random.below(2) == 0 ? size : -size, exponent);
  }
  CHECK(mismatches(x) == 0);

  double signal = 0, noise = 0;
  const auto q = lowp::quantize<formats::hif4>({normal.data(), 1, normal.size()}, rules::hif4);
  for (std::size_t i = 0; i < normal.size(); ++i) {
    const auto value = static_cast<double>(normal[i]);
    const double error = value - lowp::pack_as<double>(q.value(0, i));
    signal += value * value;
    noise += error * error;
  }
  CHECK(std::fabs(10 * std::log10(signal / noise) - 21.63) < 0.1);
}

TEST_CASE("HiF4: blocks that are zero, or have a NaN or an infinity") {
  std::vector<float> x(64 * 4);
  x[1] = -0.0f;
  x[64] = 1;
  x[127] = std::numeric_limits<float>::quiet_NaN();
  x[128] = -std::numeric_limits<float>::infinity();
  x[192] = 3;
  const auto q = lowp::quantize<formats::hif4>({x.data(), 4, 64}, rules::hif4);
  for (std::size_t i = 0; i < 64; ++i) {
    CHECK(q.code(0, i) == 0);
    CHECK(q.value(0, i).is_zero());
    CHECK(q.value(1, i).is_nan());
    CHECK(q.value(2, i).is_nan());
  }
  CHECK(lowp::pack_as<float>(q.value(3, 0)) == 3.0625f);
  CHECK_THROWS_AS(lowp::quantize<formats::hif4>({x.data(), 2, 96}, rules::hif4),
                  std::invalid_argument);
}
