// SPDX-License-Identifier: MIT
// Rounding within float and double against encoding and decoding, at every number of a format, at
// every tie, beside them, and at random.
#include "lowp/number/carrier.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include "catch.hpp"
#include "lowp/formats/catalog.hpp"
#include "oracle.hpp"
#include "split_mix.hpp"

namespace {

using lowp::overflow;

template <class C, class F>
C defined(const F& f, C x, overflow o) {
  const lowp::code_t code =
      encode(f, lowp::unpack(x), lowp::nearest_even, o, lowp::missing_nan::largest);
  return lowp::pack_as<C>(decode(f, code));
}

/// The value and the sign, but of a NaN.
template <class C>
bool same(C x, C y) {
  if (x != x || y != y) return x != x && y != y && !std::signbit(x);
  return x == y && std::signbit(x) == std::signbit(y);
}

template <class C, class F>
void check(const char* name, const F& f, overflow o) {
  INFO(name << (sizeof(C) == 4 ? ", float, " : ", double, ") << oracle::name_of(o));
  const lowp::carrier_grid<C> grid = lowp::carrier_grid_of<C>(f, o);
  REQUIRE(grid.exists);
  std::uint64_t wrong = 0, compared = 0;
  const auto check_at = [&](C x) {
    for (const C y : {x, -x}) {
      ++compared;
      if (!same(lowp::round_to_grid(grid, y), defined(f, y, o))) {
        if (wrong++ == 0) {
          UNSCOPED_INFO("first at " << y << ": " << lowp::round_to_grid(grid, y) << ", not "
                                    << defined(f, y, o));
        }
      }
    }
  };
  constexpr C infinity = std::numeric_limits<C>::infinity();
  const auto check_around = [&](C x) {
    check_at(x);
    check_at(std::nextafter(x, infinity));
    check_at(std::nextafter(x, -infinity));
  };
  for (const C x :
       {C(0), std::numeric_limits<C>::denorm_min(), (std::numeric_limits<C>::min)(),
        (std::numeric_limits<C>::max)(), infinity, std::numeric_limits<C>::quiet_NaN()}) {
    check_at(x);
  }
  test::split_mix random(1);
  const bool is_short = f.bits() <= 16;
  for (std::uint32_t i = 0; i < (is_short ? 1u << f.bits() : 1u << 16); ++i) {
    const lowp::code_t code = is_short ? i : random.word();
    const C x = lowp::pack_as<C>(decode(f, code)), y = lowp::pack_as<C>(decode(f, code + 1));
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    check_around(x);
    check_around(x + (y - x) / 2);
    check_around(x + (y - x) / 4);
  }
  // Beyond the ends: every power of two, and what lies a little above it.
  for (int e = std::numeric_limits<C>::min_exponent; e < std::numeric_limits<C>::max_exponent;
       ++e) {
    check_around(std::ldexp(C(1), e));
    check_around(std::ldexp(C(1.5), e));
    check_around(std::ldexp(C(1.9375), e));
  }
  for (int i = 0; i < 100000; ++i) {
    const C significand = C(1) + static_cast<C>(random.word() >> 11) * C(0x1p-53);
    check_at(std::ldexp(significand, static_cast<int>(random.below(80)) - 40));
  }
  CHECK(wrong == 0);
  CHECK(compared > 200000);
}

template <class C, class F>
void check_both(const char* name, const F& f) {
  check<C>(name, f, overflow::to_special);
  check<C>(name, f, overflow::saturate);
}

}  // namespace

TEST_CASE("within float: as encoding and decoding") {
  namespace formats = lowp::formats;
  check_both<float>("binary16", formats::binary16);
  check_both<float>("bfloat16", lowp::float_format{.exponent_bits = 7, .mantissa_bits = 7});
  check_both<float>("e5m2", formats::e5m2);
  check_both<float>("e4m3fn", formats::e4m3fn);
  check_both<float>("e4m3fnuz", formats::e4m3fnuz);
  check_both<float>("e2m1", formats::e2m1);
  check_both<float>("p3109", formats::p3109(8, 3));
  check_both<float>("fixed<16, 8>", formats::fixed<16, 8>);
  check_both<float>("a binade of subnormals",
                    lowp::float_format{.exponent_bits = 1, .mantissa_bits = 6});
  check_both<float>("a low end",
                    lowp::float_format{.exponent_bits = 7, .mantissa_bits = 3, .bias = 121});
  check_both<float>("symmetric_int_n<8>", formats::symmetric_int_n<8>);
}

TEST_CASE("within double: as encoding and decoding") {
  namespace formats = lowp::formats;
  check_both<double>("binary16", formats::binary16);
  check_both<double>("bfloat16", formats::bfloat16);
  check_both<double>("tf32", formats::tf32);
  check_both<double>("binary32", formats::binary32);
  check_both<double>("fixed<32, 16>", formats::fixed<32, 16>);
  check_both<double>("e2m3", formats::e2m3);
}

TEST_CASE("no grid where rounding to nearest in a float is not enough") {
  namespace formats = lowp::formats;
  CHECK_FALSE(lowp::carrier_grid_of<float>(formats::bfloat16, overflow::to_special).exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::binary64, overflow::to_special).exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::posit<16, 1>, overflow::to_special).exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::e3m0, overflow::to_special).exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::e8m0, overflow::to_special).exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::ue4m3, overflow::to_special).exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::fixed<64, 8>, overflow::to_special).exists);
  // Where the carrier could not hold what is added to round, or a machine would flush.
  CHECK_FALSE(lowp::carrier_grid_of<float>(
                  lowp::fixed_format{.total_bits = 8, .fraction_bits = -110}, overflow::saturate)
                  .exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(
                  lowp::fixed_format{.total_bits = 8, .fraction_bits = -990}, overflow::saturate)
                  .exists);
  CHECK_FALSE(lowp::carrier_grid_of<float>(
                  lowp::float_format{.exponent_bits = 7, .mantissa_bits = 3, .bias = 0},
                  overflow::to_special)
                  .exists);
  CHECK_FALSE(lowp::carrier_grid_of<float>(
                  lowp::float_format{.exponent_bits = 7, .mantissa_bits = 3, .bias = 124},
                  overflow::to_special)
                  .exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::binary16, overflow::to_zero).exists);
  CHECK_FALSE(lowp::carrier_grid_of<double>(formats::fixed<8, 4>, overflow::wrap).exists);
}
