// SPDX-License-Identifier: MIT
// A mode chosen at run time rounds as the mode itself, in conversions, overflow and arithmetic.
#include "lowp/rounding/any_rounding.hpp"

#include <string>

#include "catch.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

namespace {

using namespace lowp;

template <class R>
int mismatches(const R& mode) {
  const any_rounding any(mode);
  int count = 0;
  for (std::uint32_t i = 0; i < 1u << 16; ++i) {
    const float x = std::bit_cast<float>(i << 16 | (i * 40503u & 0xFFFFu));
    const auto o = static_cast<overflow>(i % 3);
    if (convert<formats::e4m3fn>(x, at(any, i), o).code() !=
        convert<formats::e4m3fn>(x, at(mode, i), o).code()) {
      ++count;
    }
    const e5m2 a = e5m2::from_code(i & 0xFF), b = e5m2::from_code(i >> 8);
    if (add(a, b, any, o).code() != add(a, b, mode, o).code()) ++count;
    if (multiply(a, b, any, o).code() != multiply(a, b, mode, o).code()) ++count;
  }
  return count;
}

TEST_CASE("without a mode it is nearest_even, unstated") {
  constexpr any_rounding none, even(nearest_even);
  STATIC_REQUIRE(!none.is_stated());
  STATIC_REQUIRE(even.is_stated());
  STATIC_REQUIRE(any_rounding(stochastic{}).at(3).is_stated());
  STATIC_REQUIRE(none.is_fixed_addend() == even.is_fixed_addend());
  CHECK(convert<formats::e2m1>(2.5, none).code() == 4);
}

TEST_CASE("a mode chosen at run time rounds as the mode itself") {
  CHECK(mismatches(nearest_even) == 0);
  CHECK(mismatches(nearest_away) == 0);
  CHECK(mismatches(nearest_toward_zero) == 0);
  CHECK(mismatches(toward_zero) == 0);
  CHECK(mismatches(upward) == 0);
  CHECK(mismatches(downward) == 0);
  CHECK(mismatches(away_from_zero) == 0);
  CHECK(mismatches(to_odd) == 0);
  CHECK(mismatches(stochastic{.seed = 3}) == 0);
  CHECK(mismatches(stochastic{.seed = 3, .random_bits = 8, .variant = stochastic_variant::a}) == 0);
}

TEST_CASE("the table of modes holds each of them under its name") {
  const auto find = [](const std::string& name) {
    for (const auto& entry : rounding_modes) {
      if (entry.name == name) return entry.mode;
    }
    FAIL("no mode is called " << name);
    return any_rounding();
  };
  const discarded above_half{detail::half_unit + 1, false, false};
  const discarded half{detail::half_unit, false, true};
  CHECK(rounds_up(find("nearest_even"), half));
  CHECK_FALSE(rounds_up(find("nearest_toward_zero"), half));
  CHECK(rounds_up(find("nearest_away"), {detail::half_unit, false, false}));
  CHECK_FALSE(rounds_up(find("toward_zero"), above_half));
  CHECK(rounds_up(find("upward"), {1, false, false}));
  CHECK(rounds_up(find("downward"), {1, true, false}));
  CHECK(rounds_up(find("away_from_zero"), {1, true, false}));
  CHECK_FALSE(rounds_up(find("to_odd"), above_half) == rounds_up(find("to_odd"), half));
  CHECK(find("stochastic").is_stochastic());
  CHECK_FALSE(any_rounding().is_stochastic());
}

}  // namespace
