// SPDX-License-Identifier: MIT
// Intervals of codes: their ends encode as they say, what lies just outside does not, and together
// they cover all numbers once.
#include "lowp/formats/preimage.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/formats/hif8_format.hpp"
#include "lowp/formats/takum_format.hpp"
#include "lowp/number.hpp"

using namespace lowp;

namespace {

/// A little more than a finite x (or less), where formats of few bits cannot see how little.
unpacked beside(const unpacked& x, bool above) {
  if (x.is_zero()) {
    return {value_kind::finite, !above, -1000000, {code_t{1} << 63, 0}};
  }
  const unpacked step = scale_by_power_of_two(
      unpacked{value_kind::finite, !above, 0, {code_t{1} << 63, 0}}, x.exponent - 100);
  return exact::add(x, step);
}

template <class F, class R>
void check(const F& f, const R& mode, overflow o = overflow::to_special) {
  std::vector<value_interval> all;
  long long wrong = 0;
  for (code_t code = 0; code < code_t{1} << f.bits(); ++code) {
    const value_interval v = interval_of(f, code, mode, o);
    if (v.is_empty) continue;
    all.push_back(v);
    const auto becomes = [&](const unpacked& x) {  // the code, or the other zero
      const code_t to = encode(f, x, mode, o, missing_nan::largest);
      return to == code || (decode(f, code).is_zero() && decode(f, to).is_zero());
    };
    wrong += becomes(v.lower) != v.is_lower_closed || becomes(v.upper) != v.is_upper_closed;
    if (v.lower.is_finite()) {
      wrong += becomes(beside(v.lower, false));
      if (exact::compare(v.lower, v.upper) != 0) wrong += !becomes(beside(v.lower, true));
    }
    if (v.upper.is_finite()) {
      wrong += becomes(beside(v.upper, true));
      if (exact::compare(v.lower, v.upper) != 0) wrong += !becomes(beside(v.upper, false));
    }
    const unpacked x = decode(f, code);
    wrong += exact::compare(v.lower, x) > 0 || exact::compare(x, v.upper) > 0;
  }
  // Each begins where the one before ends, and one of the two has the end. What becomes NaN, and a
  // zero of either sign, is left out or counted twice.
  std::sort(all.begin(), all.end(), [](const value_interval& a, const value_interval& b) {
    const auto order = exact::compare(a.lower, b.lower);
    return order != 0 ? order < 0 : exact::compare(a.upper, b.upper) < 0;
  });
  for (std::size_t i = 1; i < all.size(); ++i) {
    const bool is_zero_twice = exact::compare(all[i].lower, all[i - 1].lower) == 0 &&
                               exact::compare(all[i].upper, all[i - 1].upper) == 0;
    if (is_zero_twice) continue;
    wrong += exact::compare(all[i - 1].upper, all[i].lower) != 0 ||
             all[i - 1].is_upper_closed == all[i].is_lower_closed;
  }
  CHECK(all.size() > 2);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("the ends of the intervals of all codes encode as they say") {
  const auto in_all_modes = [](const auto& f) {
    check(f, nearest_even);
    check(f, nearest_away);
    check(f, toward_zero);
    check(f, upward);
    check(f, nearest_even, overflow::saturate);
  };
  in_all_modes(formats::e4m3fn);
  in_all_modes(formats::e5m2);
  in_all_modes(formats::e2m1);
  in_all_modes(formats::e4m3fnuz);
  in_all_modes(formats::posit<8>);
  in_all_modes(formats::takum<8>);
  in_all_modes(formats::hif8);
  in_all_modes(formats::nf4);
  in_all_modes(formats::e8m0);  // neither zero nor signs: NaN on one side
  in_all_modes(formats::ue4m3);
  in_all_modes(formats::int_n<6>);
}

TEST_CASE("intervals of single codes, and neighbours") {
  constexpr value_interval one = interval_of(formats::e4m3fn, 0x38);
  STATIC_REQUIRE(pack_as<double>(one.lower) == 0.96875);
  STATIC_REQUIRE(pack_as<double>(one.upper) == 1.0625);
  STATIC_REQUIRE(one.is_lower_closed);
  STATIC_REQUIRE(one.is_upper_closed);
  const value_interval odd = interval_of(formats::e4m3fn, 0x39);
  CHECK((!odd.is_lower_closed && !odd.is_upper_closed));
  const value_interval zero = interval_of(formats::e4m3fn, 0x00, toward_zero);
  CHECK(pack_as<double>(zero.upper) == 0.001953125);
  CHECK(!zero.is_upper_closed);
  CHECK(interval_of(formats::e4m3fn, 0x7F).is_empty);  // NaN
  CHECK(interval_of(formats::e5m2, 0x7C).upper.is_infinite());
  const value_neighbours near = neighbours_of(formats::e4m3fn, unpack(0.3));
  CHECK(pack_as<double>(near.below) == 0.28125);
  CHECK(pack_as<double>(near.above) == 0.3125);
  CHECK(neighbours_of(formats::e5m2, unpack(1e6)).above.is_infinite());
  CHECK(pack_as<double>(neighbours_of(formats::e4m3fn, unpack(1e6)).above) == 448);
}
