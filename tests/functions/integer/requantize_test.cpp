// SPDX-License-Identifier: MIT
// Dyadic numbers and requantization against integers of any size, as TFLite, gemmlowp, HAWQ-V3 and
// I-ViT compute them, on every target; no floating point in the headers.
#include "lowp/functions/integer/requantize.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "big_integer.hpp"
#include "catch.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/core/config.hpp"
#include "lowp/functions/integer/layer_norm.hpp"
#include "lowp/functions/integer/scales.hpp"
#include "lowp/functions/integer/shiftmax.hpp"
#include "split_mix.hpp"

using namespace lowp;
using test::big;
using test::tie;

namespace {

using word = std::numeric_limits<std::int32_t>;

/// Of all sizes, and near the ends.
std::int32_t any_integer(test::split_mix& random) {
  const auto bits = static_cast<std::uint32_t>(random.word());
  if (random.below(8) == 0)
    return (random.below(2) == 0 ? word::min() : word::max() - 2) +
           static_cast<std::int32_t>(bits & 1);
  return static_cast<std::int32_t>(bits) >> random.below(31);
}

big half_way(std::int32_t x, const dyadic& s, tie t) {
  const big p = big(x) * s.m;
  return s.c > 0 ? nearest(p, big::power(static_cast<unsigned>(s.c)), t)
                 : p * big::power(static_cast<unsigned>(-s.c));
}
/// Its own words: a product, a nudge, divisions that cut off; then to nearest, ties away from zero.
big by_gemmlowp(std::int32_t x, const dyadic& s) {
  const int shift = 31 - s.c;
  const auto moved = static_cast<std::int32_t>(
      shift > 31 ? 0u : static_cast<std::uint32_t>(x) << std::max(shift, 0));
  const big p = big(moved) * s.m, middle = big::power(30);
  big high = cut_off(p + (p < big(0) ? big(1) - middle : middle), big::power(31));
  if (moved == word::min() && s.m == word::min()) high = big(word::max());
  return nearest(high, big::power(static_cast<unsigned>(std::max(-shift, 0))), tie::away);
}
/// The product as binary64 has it.
big by_binary64(std::int32_t x, const dyadic& s) {
  const default_float_environment environment;
  const double p = opaque(opaque(static_cast<double>(x)) * opaque(static_cast<double>(s.m)));
  return s.c > 0 ? nearest(big::of(p), big::power(static_cast<unsigned>(s.c)), tie::even)
                 : big::of(p) * big::power(static_cast<unsigned>(-s.c));
}
big saturated(const big& q) { return limited(q, word::min(), word::max()); }

template <class R, class Oracle>
std::size_t wrong_scalars(const R& rounding, const Oracle& oracle, int least_c = -40) {
  test::split_mix random(1);
  std::size_t wrong = 0;
  for (int i = 0; i < 20000; ++i) {
    dyadic s{any_integer(random), static_cast<int>(random.below(150)) - 40};
    if (s.c < least_c) s.c = 31;
    std::int32_t x = any_integer(random);
    if (i % 4 == 0) s.m |= 1 << 30, s.c = static_cast<int>(20 + random.below(43));
    if (i % 8 == 0 && s.c < 50) {  // next to a tie
      s.m = static_cast<std::int32_t>(random.below(64)) * 2 + 1 + (1 << 30);
      const std::int64_t step = std::int64_t{1} << s.c;
      x = static_cast<std::int32_t>(std::clamp<std::int64_t>(
          (step * random.below(100) + step / 2) / s.m, word::min(), word::max()));
    }
    const auto ours = std::clamp<std::int64_t>(scaled(x, s, rounding), word::min(), word::max());
    if (!(saturated(oracle(x, s)) == big(ours))) ++wrong;
  }
  return wrong;
}

TEST_CASE("an integer times a dyadic number is rounded as each of the named systems does") {
  const auto ties = [](tie t) {
    return [t](std::int32_t x, const dyadic& s) { return half_way(x, s, t); };
  };
  CHECK(wrong_scalars(nearest_even, ties(tie::even)) == 0);
  CHECK(wrong_scalars(dyadic_roundings::tflite_single_rounding, ties(tie::up)) == 0);
  CHECK(wrong_scalars(nearest_away, ties(tie::away)) == 0);
  CHECK(wrong_scalars(dyadic_roundings::tflite, by_gemmlowp) == 0);
  CHECK(wrong_scalars(dyadic_roundings::hawq_v3, by_binary64) == 0);
  CHECK(wrong_scalars(dyadic_roundings::tflite, ties(tie::up)) > 0);
  constexpr dyadic s{1 << 30, 31};
  STATIC_REQUIRE(scaled(3, s, nearest_upward) == 2);
  STATIC_REQUIRE(scaled(-3, s, nearest_upward) == -1);
  STATIC_REQUIRE(scaled(-3, s, nearest_even) == -2);
  // A little less than 3 / 2 is 2 by two roundings.
  STATIC_REQUIRE(scaled(6, {(1 << 30) - 1, 32}, nearest_upward) == 1);
  STATIC_REQUIRE(scaled(6, {(1 << 30) - 1, 32}, dyadic_roundings::tflite) == 2);
}

// x * m = 2^30 + 1 modulo 2^31: one above a tie, which 53 bits do not show.
TEST_CASE("a product of 53 bits makes ties of what are none") {
  std::size_t differences = 0, wrong = 0;
  for (std::uint32_t x = 0x30000001; x < 0x30000041; x += 2) {
    std::uint32_t inverse = 1;
    for (int i = 0; i < 5; ++i) inverse *= 2 - x * inverse;
    const auto factor = static_cast<std::int32_t>(x);
    const dyadic s{static_cast<std::int32_t>(0x40000001u * inverse & 0x7FFFFFFFu), 31};
    const auto ours = scaled(factor, s, dyadic_roundings::i_vit);
    if (!(by_binary64(factor, s) == big(ours))) ++wrong;
    if (scaled(factor, s, nearest_even) != ours) ++differences;
    std::int32_t of_array = 0;
    requantize({&factor, 1, 1}, s, matrix_view<std::int32_t>(&of_array, 1, 1),
               dyadic_roundings::i_vit);
    if (of_array != ours) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(differences > 5);
}

// One x that has a tie where all smaller ones have none, limits out of the reach of 32 bits, and a
// sum that only zero brings back to them.
TEST_CASE("the ends of what kernels compute are the definition's") {
  for (const isa level : test::isas()) {
    const std::int32_t x[] = {-(1 << 22), 1 << 22, 7};
    std::int16_t y[3] = {};
    requantize({x, 1, 3}, dyadic{3 << 29, 52}, matrix_view<std::int16_t>(y, 1, 3),
               dyadic_roundings::i_vit, {}, level);
    CHECK(std::vector<int>(y, y + 3) == std::vector<int>{-2, 2, 0});
    std::uint8_t u[3] = {9, 9, 9};
    const matrix_view<std::uint8_t> out(u, 1, 3);
    requantize({x, 1, 3}, dyadic{1 << 30, 31}, out, nearest_even, {.zero = word::min()}, level);
    CHECK(std::vector<int>(u, u + 3) == std::vector<int>{0, 0, 0});
    std::int8_t low[3] = {9, 9, 9};
    requantize({x, 1, 3}, dyadic{1 << 30, 31}, matrix_view<std::int8_t>(low, 1, 3), nearest_even,
               {.zero = word::max(), .high = -5}, level);
    CHECK(std::vector<int>(low, low + 3) == std::vector<int>{-5, -5, -5});
    const std::int32_t a[] = {word::max(), word::min(), 0}, zero = 1'500'000'000;
    for (const std::int32_t z : {-zero, zero}) {
      std::int32_t sum[3] = {};
      add_requantized({a, 1, 3}, {1 << 30, 31}, {a, 1, 3}, {3 << 29, 31},
                      matrix_view<std::int32_t>(sum, 1, 3), nearest_even, {.zero = z}, level);
      const big up = (big::power(30) + (big::power(30) + big::power(29) - 1)) + z;
      CHECK(sum[0] == saturated(up).value());
      CHECK(sum[1] == saturated(big(2 * std::int64_t{z}) - up - 1).value());
      CHECK(sum[2] == z);
    }
  }
  STATIC_REQUIRE(scaled(5, {1 << 30, word::min()}, dyadic_roundings::tflite) == 0);
}

TEST_CASE("scales become the nearest dyadic numbers of 31 bits") {
  STATIC_REQUIRE(dyadic_of(1 - 1e-10) == dyadic{1 << 30, 30});  // m would be 2^31
  STATIC_REQUIRE(dyadic_of(1) == dyadic{1 << 30, 30});
  STATIC_REQUIRE(dyadic_of(-0.75) == dyadic{-3 * (1 << 29), 31});
  STATIC_REQUIRE(dyadic_of(0) == dyadic{});
  STATIC_REQUIRE(dyadic_of(0x1p-1074) == dyadic{1 << 30, 1104});
  STATIC_REQUIRE(scaled(1, dyadic_of(from_bits<double>(0x7FF0000000000000u)), nearest_even) >
                 word::max());
  STATIC_REQUIRE(dyadic_of(from_bits<double>(0x7FF8000000000000u)) == dyadic{});
  STATIC_REQUIRE(shift_unit_of(0.3) == 4);
  STATIC_REQUIRE(shift_unit_of(0.25) == 4);
  STATIC_REQUIRE(shift_unit_of(7) == 1);
  STATIC_REQUIRE(shift_unit_of(0x1p-30) == 1 << 30);
  STATIC_REQUIRE(shift_unit_of(0x1.fp-31) == 0);
  STATIC_REQUIRE(shift_unit_of(-1) == 0);
  const default_float_environment environment;
  test::split_mix random(2);
  std::size_t wrong = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t field = 1 + random.word() % 2045;
    const auto x = from_bits<double>((random.word() >> 12) | field << 52);
    int exponent = 0;
    auto m = static_cast<std::int64_t>(std::lround(std::ldexp(std::frexp(x, &exponent), 31)));
    int c = 31 - exponent;
    if (m == std::int64_t{1} << 31) m /= 2, --c;  // as TFLite
    const dyadic s = dyadic_of(x);
    if (s.m != m || s.c != c) ++wrong;
    const auto scale = from_bits<double>((random.word() >> 12) | (996 + random.word() % 40) << 52);
    // ceil(1 / scale), by integers
    const big n = big::power(100), d = big::of(std::ldexp(scale, 100));
    const big unit = (n + d - 1) / d;
    if (!(unit == big(shift_unit_of(scale)))) ++wrong;
  }
  CHECK(wrong == 0);
}

template <class T, class R>
std::size_t wrong_matrices(const R& rounding, test::split_mix& random, int least_c, int most_c) {
  std::size_t wrong = 0;
  for (const std::size_t cols : {1u, 63u, 64u, 601u}) {
    constexpr std::size_t rows = 3;
    const std::size_t stride = cols + 5;
    std::vector<std::int32_t> x(rows * stride);
    for (auto& v : x) v = any_integer(random);
    std::vector<dyadic> scales(cols);
    for (auto& s : scales) {  // every other one with few ones, which makes ties
      const std::uint32_t m = random.below(0x80000000u) | 0x40000000u;
      const std::uint32_t kept = random.below(2) == 0 ? ~0u : ~0u << (29 + random.below(2));
      s = {static_cast<std::int32_t>(m & kept),
           least_c + static_cast<int>(random.below(static_cast<std::uint32_t>(most_c - least_c)))};
    }
    scales[0] = {3 << 29, (std::max)(least_c, 30)};
    for (std::size_t i = 0; i < x.size(); i += 2) {
      x[i] = static_cast<std::int32_t>(random.below(400)) - 200;
    }
    const requantized<T> to{.zero = 3, .low = (std::numeric_limits<T>::min)() / 2};
    for (const bool is_by_column : {false, true}) {
      const std::span<const dyadic> used(scales.data(), is_by_column ? cols : 1);
      const matrix_view<const std::int32_t> in(x.data(), rows, cols, stride);
      std::vector<T> expected(rows * cols), y(rows * cols);
      const matrix_view<T> out(y.data(), rows, cols);
      reference::requantize(in, used, matrix_view<T>(expected.data(), rows, cols), rounding, to);
      for (const isa level : test::isas()) {
        std::fill(y.begin(), y.end(), T{77});
        requantize(in, used, out, rounding, to, {threads{2}, level});
        if (y != expected) ++wrong;
      }
    }
    // Both branches of a residual connection.
    std::vector<std::int32_t> z(x.rbegin(), x.rend());
    const matrix_view<const std::int32_t> a(x.data(), rows, cols, stride), b(z.data(), rows, cols);
    std::vector<T> expected(rows * cols), y(rows * cols);
    reference::add_requantized(a, scales[0], b, scales.back(),
                               matrix_view<T>(expected.data(), rows, cols), rounding, to);
    for (const isa level : test::isas()) {
      add_requantized(a, scales[0], b, scales.back(), matrix_view<T>(y.data(), rows, cols),
                      rounding, to, level);
      if (y != expected) ++wrong;
    }
  }
  return wrong;
}

TEST_CASE("many rows of few columns are the definition's on every target") {
  test::split_mix random(4);
  for (const std::size_t cols : {2u, 10u, 256u, 257u}) {
    for (const std::size_t rows : {7u, 8u, 9u, 43u}) {
      std::vector<std::int32_t> x(rows * cols);
      for (auto& v : x) v = any_integer(random);
      std::vector<dyadic> scales(cols);
      for (auto& s : scales) {
        s = {static_cast<std::int32_t>(random.below(0x40000000u)) + (1 << 30),
             31 + static_cast<int>(random.below(16))};
      }
      const matrix_view<const std::int32_t> in(x.data(), rows, cols);
      std::vector<std::int8_t> expected(x.size()), y(x.size());
      reference::requantize(in, scales, matrix_view<std::int8_t>(expected.data(), rows, cols),
                            nearest_even);
      for (const isa level : test::isas()) {
        std::fill(y.begin(), y.end(), std::int8_t{77});
        requantize(in, scales, matrix_view<std::int8_t>(y.data(), rows, cols), nearest_even, {},
                   {threads{2}, level});
        CHECK(y == expected);
      }
    }
  }
}

// The definition is the scalar above; shifts of all sizes, those that no kernel has among them.
TEST_CASE("requantized matrices and sums are the definition's on every target") {
  test::split_mix random(3);
  for (const auto& [least, most] : {std::pair{31, 48}, std::pair{0, 31}, std::pair{45, 70}}) {
    CHECK(wrong_matrices<std::int8_t>(dyadic_roundings::tflite_single_rounding, random, least,
                                      most) == 0);
    CHECK(wrong_matrices<std::int8_t>(dyadic_roundings::tflite, random, least, most) == 0);
    CHECK(wrong_matrices<std::uint8_t>(dyadic_roundings::hawq_v3, random, least, most) == 0);
    CHECK(wrong_matrices<std::int32_t>(nearest_even, random, least, most) == 0);
    CHECK(wrong_matrices<std::int16_t>(to_odd, random, least, most) == 0);
    CHECK(wrong_matrices<std::int32_t>(downward, random, least, most) == 0);
    CHECK(wrong_matrices<std::int8_t>(away_from_zero, random, least, most) == 0);
  }
  // A rounding of one's own.
  const auto cut_to_even = [](std::int32_t x, const dyadic& s) {
    return scaled(x, {s.m, s.c + 1}, downward) * 2;
  };
  CHECK(wrong_matrices<std::int16_t>(cut_to_even, random, 31, 48) == 0);
  std::vector<std::int32_t> x{100, 107, -107};
  std::vector<std::int8_t> y(3);
  requantize({x.data(), 1, 3}, dyadic{1 << 30, 31}, matrix_view<std::int8_t>(y.data(), 1, 3),
             cut_to_even);
  CHECK(y == std::vector<std::int8_t>{50, 52, -54});
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("nothing beside the arrays is touched") {
  const test::guarded a(4096), b(4096), c(4096), d(4096);
  for (const bool at_end : {false, true}) {
    for (const std::size_t n : {1u, 63u, 64u, 65u, 130u}) {
      const auto x = reinterpret_cast<std::int32_t*>(a.place(4 * n, at_end));
      const auto z = reinterpret_cast<std::int32_t*>(c.place(4 * n, at_end));
      const auto y = reinterpret_cast<std::int8_t*>(b.place(n, at_end));
      for (std::size_t i = 0; i < n; ++i) x[i] = z[i] = static_cast<std::int32_t>(i) * 3;
      const std::vector<dyadic> halves(n, {1 << 30, 31});
      const matrix_view<std::int8_t> out(y, 1, n);
      for (const isa level : test::isas()) {
        requantize({x, 1, n}, halves, out, dyadic_roundings::tflite, {}, level);
        add_requantized({x, 1, n}, halves[0], {z, 1, n}, halves[0], out, nearest_even, {}, level);
        CHECK(y[n - 1] ==
              static_cast<std::int8_t>((std::min)(std::size_t{127}, 2 * ((3 * n - 3) / 2))));
        shiftmax({x, 1, n}, {.unit = 20}, out, level);
        CHECK(y[n - 1] == *std::max_element(y, y + n));
        const matrix_view<std::int32_t> wide(
            reinterpret_cast<std::int32_t*>(d.place(4 * n, at_end)), 1, n);
        shift_gelu({x, 1, n}, {.unit = 20}, wide, level);
        integer_layer_norm({x, 1, n}, {z, n}, wide, floor_sqrt{}, level);
        CHECK(wide(0, 0) <= wide(0, n - 1));
      }
    }
  }
}
#endif

TEST_CASE("contradictions are refused before anything is written") {
  std::vector<std::int32_t> x(8, 5);
  std::vector<std::int8_t> y(8, 77);
  const matrix_view<std::int8_t> out(y.data(), 2, 4);
  const std::vector<dyadic> three(3);
  CHECK_THROWS_WITH(requantize({x.data(), 2, 4}, three, out),
                    Catch::Matchers::ContainsSubstring("scales has size 3"));
  CHECK_THROWS_WITH(requantize({x.data(), 4, 2}, dyadic{}, out),
                    Catch::Matchers::ContainsSubstring("out is 2 x 4"));
  CHECK_THROWS_WITH(requantize({x.data(), 2, 4}, dyadic{}, out, nearest_even, {.high = 200}),
                    Catch::Matchers::ContainsSubstring("high is 200"));
  CHECK_THROWS_WITH(
      requantize({x.data(), 2, 4}, dyadic{}, matrix_view<std::int32_t>(x.data(), 2, 4)),
      Catch::Matchers::ContainsSubstring("share memory"));
  CHECK(y == std::vector<std::int8_t>(8, 77));
}

// scales.hpp reads the bits of a binary64 number; no other file names such a type.
TEST_CASE("headers of integers name no type of floating point") {
  std::size_t files = 0;
  for (const char* const directory : {"functions/integer", "kernels/integers"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path("include/lowp") / directory)) {
      std::ifstream file(entry.path());
      bool has_type = false;
      for (std::string line; std::getline(file, line);) {
        line.resize((std::min)(line.find("//"), line.size()));
        for (const char* const type :
             {"float", "double", "binary32", "binary64", "bfloat16", "cmath"}) {
          has_type = has_type || line.find(type) != std::string::npos;
        }
      }
      INFO(entry.path());
      CHECK(has_type == (entry.path().filename() == "scales.hpp"));
      ++files;
    }
  }
  CHECK(files >= 10);
}

}  // namespace
