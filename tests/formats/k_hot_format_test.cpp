// SPDX-License-Identifier: MIT
// Numbers with few ones against a list of all integers with few ones.
#include "lowp/formats/k_hot_format.hpp"

#include <bit>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/facts.hpp"
#include "lowp/formats/name.hpp"
#include "lowp/formats/read_format.hpp"
#include "lowp/number/unpack.hpp"

using namespace lowp;

namespace {

/// Compares all quarters of steps, in and out of range, with the list.
long long wrong_codes(const k_hot_format& f) {
  std::vector<int> list;  // magnitudes
  for (int i = 0; i <= 1 << (f.total_bits - 1); ++i) {
    if (std::popcount(static_cast<unsigned>(i)) <= f.ones) list.push_back(i);
  }
  const int highest = (1 << (f.total_bits - 1)) - 1;
  const double step = std::ldexp(1.0, -f.fraction_bits);
  long long wrong = 0;
  for (int quarters = -5 << f.total_bits; quarters <= 5 << f.total_bits; ++quarters) {
    const bool is_negative = quarters < 0;
    const double magnitude = std::abs(quarters) / 4.0;
    std::size_t below = 0;
    const int most = is_negative ? highest + 1 : highest;
    while (below + 1 < list.size() && list[below + 1] <= magnitude && list[below + 1] <= most)
      ++below;
    const bool is_end = below + 1 == list.size() || list[below + 1] > most;
    const double inside = list[below], outside = is_end ? inside : list[below + 1];
    const double middle = (inside + outside) / 2;
    const auto check = [&](double expected, const auto& mode) {
      const unpacked x = unpack(quarters / 4.0 * step);
      const code_t code = encode(f, x, mode);
      const double value = pack_as<double>(decode(f, code));
      wrong += value != (is_negative ? -expected : expected) * step;
      wrong += encode(f, decode(f, code)) != code;  // codes with few ones are made
    };
    const bool is_even = below % 2 == 0;
    check(magnitude < middle || (magnitude == middle && is_even) ? inside : outside, nearest_even);
    check(magnitude <= middle ? inside : outside, nearest_toward_zero);
    check(magnitude > inside ? outside : inside, away_from_zero);
    check(inside, toward_zero);
  }
  return wrong;
}

}  // namespace

TEST_CASE("k-hot numbers are rounded among the integers with few ones") {
  for (const int ones : {1, 2, 3, 8}) {
    CHECK(wrong_codes(formats::k_hot({.total_bits = 8, .fraction_bits = 5}, ones)) == 0);
  }
  CHECK(wrong_codes(formats::k_hot({.total_bits = 11, .fraction_bits = -2}, 3)) == 0);
}

TEST_CASE("each code has a value with few ones, that of its first ones") {
  constexpr k_hot_format f = formats::k_hot({.total_bits = 8, .is_signed = false}, 2);
  int wrong = 0;
  for (code_t c = 0; c < 256; ++c) {
    const unpacked x = decode(f, c);
    const code_t made = encode(f, x);
    wrong += std::popcount(made) > 2 || made > c || decode(f, made) != x;
    if (std::popcount(c) <= 2) wrong += made != c;
  }
  CHECK(wrong == 0);
  STATIC_REQUIRE(encode(f, unpacked::from_integer(std::int64_t{7})) == 6);  // 6 and 8: 6 is even
  CHECK(decode(formats::k_hot({.total_bits = 64}, 64), 0x7FFFFFFFFFFFFFFF) ==
        unpacked::scaled_integer(false, 0x7FFFFFFFFFFFFFFF));
}

TEST_CASE("the ends, special values, and the name of k-hot numbers") {
  constexpr k_hot_format f = formats::k_hot({.total_bits = 8, .fraction_bits = 4}, 2);
  CHECK(encode(f, unpacked::infinite()) == 0x60);
  CHECK(encode(f, unpacked::infinite(true)) == 0x80);
  CHECK(encode(f, unpacked::nan()) == 0x60);
  CHECK(encode(f, unpacked::nan(), nearest_even, overflow::wrap, missing_nan::zero) == 0);
  CHECK(encode(f, unpacked::nan(true), nearest_even, overflow::saturate,
               missing_nan::signed_largest) == 0x80);
  CHECK(defect(formats::k_hot({.total_bits = 8}, 0)) != nullptr);
  CHECK(format_of_text<k_hot_format>(name(f).view()) == any_format(f));
}
