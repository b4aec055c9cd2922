// SPDX-License-Identifier: MIT
// Numbers spread geometrically: the fast ones against the definition, that against powers in long
// double, ends of any distance and order, and which number is the last one not above another.
#include "lowp/block/tiles/log_grid.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>

#include "catch.hpp"
#include "lowp/block/tiles/log_tile.hpp"
#include "lowp/block/tiles/tile_matrix.hpp"

using namespace lowp;

namespace {

std::uint32_t bits_of(const unpacked& x) { return std::bit_cast<std::uint32_t>(pack_as<float>(x)); }

}  // namespace

TEST_CASE("numbers by tables are those of the definition") {
  std::mt19937 random(11);
  int wrong = 0, near = 0;
  for (int i = 0; i < 60; ++i) {
    // Equal ends, neighbours, far ends, powers of two, subnormal numbers.
    const auto high = static_cast<std::uint32_t>(0x00000100 + random() % 0x7F000000u);
    const auto most = static_cast<std::uint32_t>(i % 5 == 0 ? 40 : (i % 5) << 28);
    const auto apart = static_cast<std::uint32_t>(random() % most);
    const std::uint32_t low = apart < high ? high - apart : 1;
    const unpacked a = unpack(std::bit_cast<float>(low)), b = unpack(std::bit_cast<float>(high));
    for (const code_t last : {3u, 31u, 127u, 2047u}) {
      const detail::log_grid exact(last, a, b);
      const detail::log_numbers fast(last, a, b);
      near += fast.is_near();
      const code_t step = last == 2047 ? 37 : 1;
      for (code_t k = 0; k <= last; k += step) {
        const std::uint32_t bits = bits_of(exact(k));
        wrong += fast(k) != bits || (k != 0 && fast(k, true) != (bits | 0x80000000u));
        if (!fast.is_near()) continue;
        const code_t below = fast.last_not_above(bits);
        wrong += below < k || fast(below) != bits || (below < last && fast(below + 1) <= bits);
        if (k > 1 && bits > low) wrong += fast(fast.last_not_above(bits - 1)) >= bits;
      }
    }
  }
  CHECK(wrong == 0);
  CHECK((near > 80 && near < 200));
}

TEST_CASE("ends of any distance and order have powers between them") {
  const auto check = [](int low, int high, code_t last) {
    const detail::log_grid grid(last, unpacked::scaled_integer(false, 3, low),
                                unpacked::scaled_integer(false, 5, high));
    int wrong = 0;
    for (code_t k = 2; k < last; ++k) {
      const long double share =
          static_cast<long double>(k - 1) / static_cast<long double>(last - 1);
      const long double power = 3 * std::exp2(low + (high - low + std::log2(5.0L / 3)) * share);
      wrong += bits_of(grid(k)) != std::bit_cast<std::uint32_t>(static_cast<float>(power));
    }
    CHECK(wrong == 0);
  };
  check(-140, 120, 127);  // more than 2^127 apart
  check(-1100, 1000, 31);
  check(100, -120, 127);
  check(7, 7, 2047);
}

TEST_CASE("ends of any bits make values without overflow") {
  auto f = formats::logfmt<8>;
  f.ends = formats::binary32;
  tile_matrix q(f, 1, 128);
  std::mt19937 random(12);
  int wrong = 0;
  for (int i = 0; i < 50; ++i) {
    for (std::uint8_t& b : q.bytes()) b = static_cast<std::uint8_t>(random());
    if (i == 0) q.set_parameters(0, 0, {0x80000000, 0x80000000});  // -0
    if (i == 1) q.set_parameters(0, 0, {0x00000001, 0x7F7FFFFF});
    float out[128];
    dequantize(q, matrix_view<float>(out, 1, 128));
    for (std::size_t c = 0; c < 128; ++c) {
      wrong += std::bit_cast<std::uint32_t>(out[c]) != bits_of(q.value(0, c));
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("LogFMT among magnitudes that are close, equal or subnormal is the search") {
  std::mt19937 random(13);
  for (const int bits : {3, 8, 12}) {
    auto f = formats::logfmt<8>;
    f.bits = bits, f.ends = formats::binary32;
    for (int kind = 0; kind < 4; ++kind) {
      float x[128], y[128];
      for (float& v : x) {
        const auto part = static_cast<float>(random() % 4096);
        v = kind == 0   ? 1 + part * 0x1p-23F
            : kind == 1 ? -1 - part * 0x1p-12F
            : kind == 2 ? part * 0x1p-140F
                        : (part - 2048) * part;
      }
      const auto q = quantize(f, matrix_view<const float>(x, 1, 128), nearest_downward);
      dequantize(q, matrix_view<float>(y, 1, 128));
      const auto value = tile_values(f, q.parameters(0, 0));
      int wrong = 0;
      for (std::size_t i = 0; i < 128; i += 5) {
        double best = 1e300;  // distance, by looking at all codes
        for (code_t c = 0; c < code_t{1} << bits; ++c) {
          best = std::min(best, std::abs(pack_as<double>(value(0, c)) - double(x[i])));
        }
        wrong += std::abs(double(y[i]) - double(x[i])) != best;
      }
      CHECK(wrong == 0);
    }
  }
}
