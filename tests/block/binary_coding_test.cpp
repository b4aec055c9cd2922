// SPDX-License-Identifier: MIT
// Planes of signs: places of bits, values against sums of double, fits against theory and against
// searches over all signs, other weights in this form against their own values.
#include "lowp/block/binary_coding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "lowp/block/binary_coding_of.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/ternary_planes.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"
#include "normal_values.hpp"

using namespace lowp;

namespace {

std::vector<float> values_of(const binary_coding_matrix& w, const execution& how = {}) {
  std::vector<float> y(w.rows() * w.cols());
  dequantize(w, {y.data(), w.rows(), w.cols()}, how);
  return y;
}
double squared_error(const std::vector<float>& x, const std::vector<float>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
  }
  return sum;
}
bool is_unequal(float a, float b) { return unpack(a) != unpack(b); }

}  // namespace

TEST_CASE("bits lie as in LUT-GEMM, and are read back") {
  const std::vector<std::uint32_t> bits{0x00000001, 0x80000000, 0x00000002, 0x80000000,  // word 0
                                        1,          0,          0,          3};          // word 1
  const std::vector<float> scales{1, 10, .5f, 5, 2, 20, .25f, 4}, offsets{.125f, 100, 8, 0};
  const binary_coding c{.planes = 2, .group = 32, .has_offsets = true};
  const binary_coding_matrix w(2, 34, c, bits, scales, offsets);
  const auto y = values_of(w);
  // Row 0: scales 1 and 1/2, from column 32 on 2 and 1/4.
  CHECK((y[0] == 1 - .5f + .125f && y[1] == -1 + .5f + .125f && y[2] == -1.5f + .125f));
  CHECK((y[32] == 2 - .25f + 8 && y[33] == -2 - .25f + 8));
  CHECK((y[34 + 31] == 10 + 5 + 100 && y[34] == -15 + 100 && y[34 + 33] == -20 + 4));
  CHECK((w.code(1, 31) == 3 && w.code(0, 1) == 2 && w.bits_per_value() == 32 * 20 / 68.));
  binary_coding_matrix copy(2, 34, c);
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t k = 0; k < 34; ++k) {
      copy.set_code(r, k, w.code(r, k));
      for (std::size_t p = 0; p < 2; ++p) copy.set_scale(r, k, p, w.scale(r, k, p));
      copy.set_offset(r, k, w.offset(r, k));
      CHECK(w.value(r, k) == unpack(y[r * 34 + k]));
    }
  }
  CHECK(copy == w);
}

TEST_CASE("what a binary_coding_matrix refuses") {
  const auto make = [](std::size_t rows, std::size_t cols, const binary_coding& c) {
    return binary_coding_matrix(rows, cols, c);
  };
  CHECK_THROWS_AS(make(1, 1, {.planes = 0}), std::invalid_argument);
  CHECK_THROWS_AS(make(1, 1, {.planes = 9}), std::invalid_argument);
  CHECK_THROWS_AS(make(1, 1, {.group = 48}), std::invalid_argument);
  CHECK_THROWS_AS(make(SIZE_MAX / 8, SIZE_MAX / 8, {}), std::invalid_argument);
  const std::vector<std::uint32_t> bits{0, 4};
  const std::vector<float> scales{1};
  const binary_coding c{.planes = 1};
  CHECK_THROWS_AS(binary_coding_matrix(1, 34, c, bits, scales), std::invalid_argument);
  CHECK_NOTHROW(binary_coding_matrix(1, 35, c, bits, scales));
  CHECK_THROWS_AS(binary_coding_matrix(1, 32, c, bits, scales), std::invalid_argument);
  CHECK_THROWS_AS(binary_coding_matrix(1, 35, c, bits, {}), std::invalid_argument);
  CHECK_THROWS_AS(binary_coding_matrix(1, 35, c, bits, scales, scales), std::invalid_argument);
  std::vector<float> y(4);
  CHECK_THROWS_AS(dequantize(make(1, 3, {}), {y.data(), 1, 4}), std::invalid_argument);
  CHECK_THROWS_AS(quantize_binary_coding({y.data(), 1, 4}, {.alternations = -1}),
                  std::invalid_argument);
  CHECK_THROWS_AS(quantize_binary_coding({y.data(), 1, 4}, {.coding = {.has_offsets = true}}),
                  std::invalid_argument);
}

TEST_CASE("the greedy fit, by hand and by theory") {
  const std::vector<float> x{.9f, -.3f, .5f, -1.1f};
  const auto w = quantize_binary_coding({x.data(), 1, 4}, {{.planes = 2}, 0});
  CHECK((std::abs(w.scale(0, 0, 0) - .7f) < 1e-6f && std::abs(w.scale(0, 0, 1) - .3f) < 1e-6f));
  CHECK((w.code(0, 0) == 3 && w.code(0, 1) == 2 && w.code(0, 2) == 1 && w.code(0, 3) == 0));
  // One bit of normal numbers under one scale for 128: 1 - 2 / pi of the power, of which the fit of
  // the scale to so many takes away a little; 4.43 dB.
  const auto noise = test::normal_values(64 * 1024, 1);
  const auto one = quantize_binary_coding({noise.data(), 64, 1024}, {{.planes = 1}});
  const double power = squared_error(noise, std::vector<float>(noise.size()));
  const double db = 10 * std::log10(power / squared_error(noise, values_of(one)));
  CHECK(std::abs(db - 4.43) < .02);
}

TEST_CASE("alternations lower the error, down to what no change of a sign or a scale lowers") {
  const std::size_t rows = 3, cols = 96;
  const auto x = test::normal_values(rows * cols, 2);
  const matrix_view<const float> in(x.data(), rows, cols);
  for (const int planes : {2, 3, 8}) {
    const std::size_t width = planes == 8 ? 32 : 64;  // of 32 by 256 values little is left
    const binary_coding c{.planes = planes, .group = width};
    std::vector<double> last(rows, 1e9);
    for (int n = 0; n <= 15; ++n) {
      const auto y = values_of(quantize_binary_coding(in, {c, n}));
      for (std::size_t r = 0; r < rows; ++r) {
        double error = 0;
        for (std::size_t k = r * cols; k < (r + 1) * cols; ++k) {
          error += std::pow(static_cast<double>(x[k]) - static_cast<double>(y[k]), 2);
        }
        CHECK(error <= last[r]);
        last[r] = error;
      }
    }
    const auto w = quantize_binary_coding(in, {c, 200});
    CHECK(w == quantize_binary_coding(in, {c, 200}, threads{2}));
    for (const std::uint32_t flags : test::unusual_environments) {
      const auto again = [&] {
        const test::float_environment unusual(flags);
        return quantize_binary_coding(in, {c, 200});
      }();
      CHECK(w == again);
    }
    const auto y = values_of(w);
    int wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      float levels[256];
      w.fill_levels(i / cols, i % cols, levels);
      double least = 1e9;
      for (int v = 0; v < 1 << planes; ++v) {
        least =
            std::min(least, std::abs(static_cast<double>(x[i]) - static_cast<double>(levels[v])));
      }
      wrong += std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])) > least + 1e-7;
    }
    CHECK(wrong == 0);
    // Normal equations: what is left is orthogonal to each plane of a group.
    for (int p = 0; p < planes && planes < 8; ++p) {
      double product = 0;
      for (std::size_t k = 0; k < 64; ++k) {
        const double left = static_cast<double>(x[k]) - static_cast<double>(y[k]);
        product += (w.code(0, k) >> p & 1) != 0 ? left : -left;
      }
      CHECK(std::abs(product) < 1e-4);
    }
  }
}

TEST_CASE("groups that need fewer planes, and special values") {
  std::vector<float> x(64);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? 3.0f : -3.0f;
  const auto at = [&] {
    return quantize_binary_coding({x.data(), 1, 64}, {{.planes = 4, .group = 32}});
  };
  CHECK(values_of(at()) == x);
  x.assign(64, 0);
  CHECK(values_of(at()) == x);
  x.assign(64, std::numeric_limits<float>::max());
  CHECK(values_of(at()) == x);
  x[40] = from_bits<float>(0x7F800000u);
  const auto y = values_of(at());
  CHECK((y[0] == x[0] && unpack(y[32]).is_nan() && unpack(y[63]).is_nan()));
  // Infinities less infinities, and NaNs of either sign: one NaN everywhere.
  binary_coding_matrix w(1, 4, {.planes = 2});
  for (unsigned k = 0; k < 4; ++k) w.set_code(0, k, k);
  w.set_scale(0, 0, 1, from_bits<float>(0x7F800000u));
  for (const std::uint32_t bits : {0x7F800000u, 0x7FC00000u, 0xFFC00001u}) {
    w.set_scale(0, 0, 0, from_bits<float>(bits));
    std::uint32_t levels[4];
    std::memcpy(levels, values_of(w).data(), sizeof levels);
    CHECK(levels[0] == (bits == 0x7F800000u ? 0xFF800000u : 0x7FC00000u));
    CHECK((levels[1] == 0x7FC00000u && levels[2] == 0x7FC00000u));
  }
}

TEST_CASE("fits have the bits of their sums in arithmetic by integers") {
  const int n = 97;  // without an exact reciprocal
  const auto x = test::normal_values(97, 7);
  const auto number_of = [](float v) { return convert<formats::binary64>(binary32(v)); };
  const auto rounded = [](const binary64& v) { return convert<formats::binary32>(v); };
  std::vector<binary64> w, left;
  for (const float v : x) w.push_back(number_of(v));
  left = w;
  const auto greedy = quantize_binary_coding({x.data(), 1, 97}, {{.planes = 2}, 0});
  for (std::size_t p = 0; p < 2; ++p) {
    binary64 sum(0);
    for (const binary64& v : left) sum = sum + (v < binary64(0) ? -v : v);
    const binary32 a = rounded(sum / binary64(n));
    CHECK(greedy.scale(0, 0, p) == pack_as<float>(unpack(a)));
    for (binary64& v : left) {
      const binary64 wide = convert<formats::binary64>(a);
      v = v < binary64(0) ? v + wide : v - wide;
    }
  }
  // Scales by least squares for its signs.
  const auto once = quantize_binary_coding({x.data(), 1, 97}, {{.planes = 2}, 1});
  binary64 r0(0), r1(0);
  int same = 0;
  for (std::size_t i = 0; i < 97; ++i) {
    const unsigned code = greedy.code(0, i);
    r0 = r0 + ((code & 1) != 0 ? w[i] : -w[i]);
    r1 = r1 + ((code & 2) != 0 ? w[i] : -w[i]);
    same += code == 0 || code == 3 ? 1 : -1;
  }
  const binary64 c(same), factor = c / binary64(n), d = binary64(n) - factor * c;
  const binary64 a1 = (r1 - factor * r0) / d, a0 = (r0 - c * a1) / binary64(n);
  CHECK(once.scale(0, 0, 0) == pack_as<float>(unpack(rounded(a0))));
  CHECK(once.scale(0, 0, 1) == pack_as<float>(unpack(rounded(a1))));
}

TEST_CASE("integers with zero points in planes of signs") {
  std::vector<std::uint8_t> codes(2 * 32);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(37 * i + 5);
  const std::vector<float> scales{.25f, 0x1.8p-9f, 3, -.5f};
  const std::vector<std::int32_t> zeros{3, 0, 7, 5};
  const auto compare = [&]<auto F>() {
    const packed_matrix_view<F> q(codes, 2, 64);
    const affine_matrix_view<F> x(q, {1, 32}, scales, zeros);
    const auto w = binary_coding_of(x);
    int wrong = 0;
    for (std::size_t r = 0; r < 2; ++r) {
      for (std::size_t k = 0; k < 64; ++k)
        wrong += exact::compare(w.value(r, k), x.value(r, k)) != 0;
    }
    CHECK(wrong == 0);
    CHECK(w.scale(0, 0, 1) == .25f);
  };
  compare.operator()<formats::uint_n<4>>();
  compare.operator()<formats::int_n<4>>();
  const std::vector<float> half{.5f};
  const std::uint8_t two_bits[1] = {0xE4};  // 0, 1, 2, 3
  const std::vector<std::int32_t> one{1};
  const auto w = binary_coding_of(affine_matrix_view<formats::uint_n<2>>(
      packed_matrix_view<formats::uint_n<2>>(two_bits, 1, 4), {1, block_shape::whole}, half, one));
  CHECK((w.scale(0, 0, 0) == .25f && w.scale(0, 0, 1) == .5f && w.offset(0, 0) == .25f));
  CHECK(values_of(w) == std::vector<float>{-.5f, 0, .5f, 1});
  CHECK_THROWS_AS(binary_coding_of(affine_matrix_view<formats::uint_n<4>>(
                      packed_matrix_view<formats::uint_n<4>>(codes, 2, 64), {1, 16},
                      std::vector<float>(8, 1.0f))),
                  std::invalid_argument);
}

TEST_CASE("planes of -1, 0 and 1 as planes of signs") {
  const auto x = test::normal_values(2 * 200, 3);
  const auto q = quantize_ternary_planes({x.data(), 2, 200});
  std::vector<float> one(x.size()), both(x.size());
  dequantize(q.term<0>(), matrix_view<float>(one.data(), 2, 200));
  dequantize(q, matrix_view<float>(both.data(), 2, 200));
  const auto plane = values_of(binary_coding_of(q.term<0>()));
  const auto planes = values_of(binary_coding_of(q));
  int wrong = 0, far = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    wrong += is_unequal(plane[i], one[i]);
    far += std::abs(planes[i] - both[i]) > 1e-6f;
  }
  CHECK((wrong == 0 && far == 0));
  // Scales of two levels, of blocks of several rows.
  constexpr block_format tiles{formats::ternary, formats::scaled_tensor(formats::e4m3fn),
                               block_shape{2, 32}};
  auto t = quantize<tiles>({x.data(), 4, 64});
  t.set_tensor_scale(.75f);
  const auto w = binary_coding_of(t);
  wrong = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    wrong += w.value(i / 64, i % 64) != t.value(i / 64, i % 64);
  }
  CHECK((wrong == 0 && t.tensor_scale() == .75f));
}
