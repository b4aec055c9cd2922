// SPDX-License-Identifier: MIT
// The 128-bit integer against the compiler's own, with every shift count.
#include "lowp/core/bits.hpp"

#include <array>
#include <random>

#include "catch.hpp"
#include "oracle.hpp"

namespace {

using lowp::uint128;
__extension__ using wide = unsigned __int128;

wide widen(uint128 a) { return wide{a.high} << 64 | a.low; }
bool same(uint128 a, wide b) { return widen(a) == b; }

wide shifted_left(wide a, int count) { return count >= 128 ? wide{0} : a << count; }
wide shifted_right_jam(wide a, int count) {
  if (count <= 0) return shifted_left(a, -count);
  const wide quotient = count >= 128 ? wide{0} : a >> count;
  const bool is_exact = count >= 128 ? a == 0 : quotient << count == a;
  return quotient | (is_exact ? 0u : 1u);
}

/// Numbers with a few bits set, runs of ones, and random ones.
std::vector<uint128> samples() {
  std::vector<uint128> list{{0, 0}, {~0ull, ~0ull}, {0, ~0ull}, {~0ull, 0}};
  for (int i = 0; i < 128; ++i) {
    const wide one = wide{1} << i;
    for (const wide a : {one, one - 1, one | 1, one | wide{1} << 63, one | wide{1} << 127}) {
      list.push_back({static_cast<std::uint64_t>(a >> 64), static_cast<std::uint64_t>(a)});
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 500; ++i) list.push_back({random(), random()});
  return list;
}

}  // namespace

TEST_CASE("low_mask sets exactly the lowest bits") {
  for (int count = 0; count <= 64; ++count) {
    CHECK(lowp::low_mask(count) == static_cast<std::uint64_t>((wide{1} << count) - 1));
  }
  CHECK(lowp::low_mask(-3) == 0);
}

TEST_CASE("shifts accept every count") {
  std::vector<int> counts{-(1 << 30), -1000, 1000, 1 << 28, 1 << 30};
  for (int count = -130; count <= 260; ++count) counts.push_back(count);
  oracle::tally t;
  for (const uint128 a : samples()) {
    for (const int count : counts) {
      t.check(same(shift_right_jam(a, count), shifted_right_jam(widen(a), count)), [&](auto& out) {
        out << std::hex << a.high << ":" << a.low << " jam " << std::dec << count;
      });
      if (count < 0) continue;
      t.check(same(shift_left(a, count), shifted_left(widen(a), count)), [&](auto& out) {
        out << std::hex << a.high << ":" << a.low << " << " << std::dec << count;
      });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("sums, differences, order and leading zeros are those of a 128-bit integer") {
  const auto list = samples();
  oracle::tally t;
  for (const uint128 a : list) {
    const wide x = widen(a);
    int zeros = 0;
    while (zeros < 128 && (x >> (127 - zeros) & 1) == 0) ++zeros;
    t.check(countl_zero(a) == zeros && a.is_zero() == (x == 0),
            [&](auto& out) { out << std::hex << a.high << ":" << a.low; });
    for (std::size_t j = 0; j < list.size(); j += 3) {
      const uint128 b = list[j];
      const wide y = widen(b);
      const bool is_right = same(a + b, x + y) && same(a - b, x - y) && same(a | b, x | y) &&
                            (a < b) == (x < y) && (a == b) == (x == y) && (a >= b) == (x >= y);
      t.check(is_right, [&](auto& out) {
        out << std::hex << a.high << ":" << a.low << " and " << b.high << ":" << b.low;
      });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("the product of two 64-bit integers is whole") {
  std::mt19937_64 random(2);
  std::vector<std::uint64_t> list{0, 1, 2, ~0ull, ~0ull - 1, 0xFFFFFFFFu, 0x100000000u};
  for (int i = 0; i < 64; ++i) list.insert(list.end(), {1ull << i, (1ull << i) - 1});
  for (int i = 0; i < 1000; ++i) list.push_back(random() >> (random() % 64));
  oracle::tally t;
  for (const std::uint64_t a : list) {
    for (const std::uint64_t b : list) {
      t.check(same(lowp::multiply(a, b), wide{a} * b), [&](auto& out) { out << a << " * " << b; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("128-bit tools work in constant expressions") {
  STATIC_REQUIRE(lowp::shift_right_jam({1, 0}, 64) == uint128{0, 1});
  STATIC_REQUIRE(lowp::shift_right_jam({1, 1}, 64) == uint128{0, 1});
  STATIC_REQUIRE(lowp::shift_right_jam({2, 1}, 64) == uint128{0, 3});
  STATIC_REQUIRE(lowp::multiply(~0ull, ~0ull) == uint128{~0ull - 1, 1});
}
