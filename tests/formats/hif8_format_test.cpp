// SPDX-License-Identifier: MIT
// HiF8 against the table of its publication, and a search among its values.
#include "lowp/formats/hif8_format.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lowp/number.hpp"
#include "lowp/rounding/stochastic.hpp"

using namespace lowp;

namespace {

/// Of a positive code, by rows of the table; NaN and infinity aside.
double by_table(int code) {
  const auto mantissa = [&](int bits) {
    return 1 + (code & ((1 << bits) - 1)) / double(1 << bits);
  };
  const auto with_sign = [](bool is_negative, int magnitude) {
    return is_negative ? -magnitude : magnitude;
  };
  if (code < 0x08) return code == 0 ? 0 : std::ldexp(1.0, code - 23);
  if (code < 0x10) return mantissa(3);
  if (code < 0x20) return std::ldexp(mantissa(3), with_sign((code & 8) != 0, 1));
  if (code < 0x40) return std::ldexp(mantissa(3), with_sign((code & 16) != 0, 2 | (code >> 3 & 1)));
  if (code < 0x60) return std::ldexp(mantissa(2), with_sign((code & 16) != 0, 4 | (code >> 2 & 3)));
  return std::ldexp(mantissa(1), with_sign((code & 16) != 0, 8 | (code >> 1 & 7)));
}

}  // namespace

TEST_CASE("every code of HiF8 has the value of the table") {
  long long wrong = 0;
  for (int code = 0; code < 256; ++code) {
    const unpacked x = decode(formats::hif8, static_cast<code_t>(code));
    const int body = code & 0x7F;
    if (code == 0x80) {
      wrong += !x.is_nan();
    } else if (body == 0x6F) {
      wrong += !x.is_infinite() || x.negative != (code > 0x7F);
    } else {
      wrong += pack_as<double>(x) != (code > 0x7F ? -by_table(body) : by_table(body));
    }
    wrong += encode(formats::hif8, x) != static_cast<code_t>(code);
  }
  CHECK(wrong == 0);
  using hif8 = number<formats::hif8>;
  CHECK(convert<formats::hif8>(0.1, nearest_away).code() == 0x52);
  STATIC_REQUIRE(double(hif8(1.875)) == 1.875);
  STATIC_REQUIRE(hif8(16) + hif8(1) == 16);
  STATIC_REQUIRE(hif8(-4) < hif8(0.25));  // codes are in another order
}

TEST_CASE("values are rounded to the nearest one of HiF8") {
  std::vector<std::pair<double, code_t>> list;
  for (int code = 0; code < 0x80; ++code) {
    if (code != 0x6F) list.emplace_back(by_table(code), static_cast<code_t>(code));
  }
  list.emplace_back(49152, 0x6F);  // where infinity stands
  std::sort(list.begin(), list.end());
  long long wrong = 0;
  const auto check = [&](double x) {
    const double magnitude = std::fabs(x);
    const auto above = std::lower_bound(list.begin(), list.end(), std::pair{magnitude, code_t{0}});
    const auto high = above == list.end() ? list.end() - 1 : above;
    const auto low = high->first == magnitude || above == list.end() ? high : high - 1;
    const double middle = (low->first + high->first) / 2;
    const auto of_sign = [&](code_t code) { return code == 0 || x > 0 ? code : code | 0x80; };
    const auto got = [&](const auto& mode, overflow o) {
      return encode(formats::hif8, unpack(x), mode, o);
    };
    const code_t away = magnitude < middle ? low->second : high->second;
    wrong += got(nearest_away, overflow::to_special) != of_sign(away);
    const bool is_low_even = (low - list.begin()) % 2 == 0;
    const code_t even = magnitude == middle && is_low_even ? low->second : away;
    wrong += got(nearest_even, overflow::to_special) != of_sign(even);
    const code_t largest = 0x6E;
    wrong += got(nearest_away, overflow::saturate) != of_sign(away == 0x6F ? largest : away);
    wrong += got(toward_zero, overflow::to_special) !=
             of_sign(low->second == 0x6F ? largest : low->second);
  };
  for (std::size_t i = 0; i + 1 < list.size(); ++i) {
    const double middle = (list[i].first + list[i + 1].first) / 2;
    for (const double x : {middle, std::nextafter(middle, 0.0), std::nextafter(middle, 1e9)}) {
      check(x);
      check(-x);
    }
  }
  std::mt19937_64 random(4);
  for (int i = 0; i < 20000; ++i) {
    check(std::ldexp(1 + double(random() % 1024) / 1024, static_cast<int>(random() % 42) - 24));
  }
  check(1e30);
  CHECK(wrong == 0);
  CHECK(encode(formats::hif8, unpacked::infinite(true)) == 0xEF);
  CHECK(encode(formats::hif8, unpacked::infinite(), nearest_even, overflow::saturate) == 0x6E);
  CHECK(encode(formats::hif8, unpacked::infinite(), nearest_even, overflow::propagate) == 0x6F);
  CHECK(encode(formats::hif8, unpack(1e9), nearest_even, overflow::to_zero) == 0);
  CHECK(encode(formats::hif8, unpack(1e9), nearest_even, overflow::sat_none) == 0x6F);
  CHECK(encode(formats::hif8, unpack(1e9), nearest_even, overflow::saturate_numbers) == 0x6E);
  CHECK(encode(formats::hif8, unpacked::infinite(), nearest_even, overflow::saturate_numbers) ==
        0x6F);
}

TEST_CASE(
    "hybrid rounding is to nearest where there are 3 mantissa bits, and stochastic elsewhere") {
  int wrong = 0, differ = 0;
  for (int exponent = -23; exponent <= 15; ++exponent) {
    for (int i = 0; i < 64; ++i) {
      const double x = std::ldexp(1 + (2 * i + 1) / 128.0, exponent) * (i % 2 == 0 ? 1 : -1);
      const stochastic mode{.seed = 3,
                            .index = static_cast<std::uint64_t>(64 * exponent + i + 9999)};
      const code_t hybrid = encode(formats::hif8, unpack(x), hif8_hybrid{mode});
      const code_t nearest = encode(formats::hif8, unpack(x), nearest_away);
      const code_t drawn = encode(formats::hif8, unpack(x), mode);
      const bool has_three_bits = std::fabs(x) >= .125 && std::fabs(x) < 16;
      wrong += hybrid != (has_three_bits ? nearest : drawn);
      differ += hybrid != nearest;
    }
  }
  CHECK(wrong == 0);
  CHECK(differ > 300);
  CHECK(encode(formats::hif8, unpacked::nan(), hif8_hybrid{toward_zero}) == 0x80);
  CHECK(encode(formats::hif8, unpack(2.0625), hif8_hybrid{toward_zero}) == 0x10);
  CHECK(encode(formats::hif8, unpack(2.125), hif8_hybrid{toward_zero}) == 0x11);
  CHECK(encode(formats::hif8, unpack(31.9), hif8_hybrid{toward_zero}) == 0x43);
}
