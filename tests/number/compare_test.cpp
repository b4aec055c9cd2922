// SPDX-License-Identifier: MIT
// Order, equality, classification and hashing: all pairs of codes against the order of their values
// as doubles.
#include "lowp/number/compare.hpp"

#include <bit>

#include "catch.hpp"
#include "exact_oracle.hpp"
#include "lowp/number/arithmetic.hpp"
#include "lowp/number/catalog.hpp"

using namespace lowp;
using oracle::ends;
using oracle::table;

namespace {

/// A value on a line: NaN as nothing.
struct place {
  bool is_nan;
  double value;
};
place place_of(const table& t, std::uint64_t code) {
  const auto d = t.decode(code);
  if (d.kind == oracle::kind::nan) return {true, 0};
  if (d.kind == oracle::kind::infinity) return {false, d.is_negative ? -1e300 : 1e300};
  return {false, t.value(d)};
}

template <auto F, auto G>
void check_pairs(const table& t, number<F>, const table& u, number<G>) {
  long long wrong = 0;
  for (std::uint64_t p = 0; p <= t.mask(); ++p) {
    for (std::uint64_t q = 0; q <= u.mask(); ++q) {
      const auto a = number<F>::from_code(p);
      const auto b = number<G>::from_code(q);
      const place x = place_of(t, p), y = place_of(u, q);
      bool less = x.value < y.value, equal = x.value == y.value;
      if (x.is_nan || y.is_nan) {
        const bool has_order = t.is_posit && u.is_posit;
        less = has_order && x.is_nan && !y.is_nan;
        equal = has_order && x.is_nan && y.is_nan;
      }
      const bool is_ordered = !(x.is_nan || y.is_nan) || (t.is_posit && u.is_posit);
      const bool greater = is_ordered && !less && !equal;
      if ((a < b) != less || (a == b) != equal || (a > b) != greater) ++wrong;
      if ((a <= b) != (less || equal) || (a >= b) != (greater || equal)) ++wrong;
      if ((a != b) == equal) ++wrong;
      if (((a <=> b) == std::partial_ordering::unordered) == is_ordered) ++wrong;
      if (equal && std::is_same_v<number<F>, number<G>>) {
        const auto c = number<F>::from_code(q);
        if (std::hash<number<F>>{}(a) != std::hash<number<F>>{}(c)) ++wrong;
      }
    }
  }
  INFO(t.name << " and " << u.name);
  CHECK(wrong == 0);
}

/// total_order, fmin, fmax and copysign from ranks: -NaN and NaR, numbers with -0 below 0, NaN.
template <auto F>
void check_order_of_codes(const table& t, number<F>) {
  const auto rank = [&t](std::uint64_t code) {
    const place x = place_of(t, code);
    const bool is_negative = t.decode(code).is_negative;
    if (x.is_nan) return is_negative || t.is_posit ? -2e300 : 2e300;
    if (x.value == 0) return is_negative ? -1e-300 : 1e-300;
    return x.value;
  };
  long long wrong = 0;
  for (std::uint64_t p = 0; p <= t.mask(); ++p) {
    for (std::uint64_t q = 0; q <= t.mask(); ++q) {
      const auto a = number<F>::from_code(p), b = number<F>::from_code(q);
      const auto order = total_order(a, b);
      if (rank(p) < rank(q) && order >= 0) ++wrong;
      if (rank(p) > rank(q) && order <= 0) ++wrong;
      if ((order == 0) != (p == q)) ++wrong;
      if (total_order(b, a) != 0 <=> order) ++wrong;

      const bool p_nan = place_of(t, p).is_nan, q_nan = place_of(t, q).is_nan;
      const auto smaller = fmin(a, b).code(), larger = fmax(a, b).code();
      if (p_nan && q_nan) {
        if (!isnan(fmin(a, b)) || !isnan(fmax(a, b))) ++wrong;
      } else if (p_nan || q_nan) {
        if (smaller != (p_nan ? q : p) || larger != (p_nan ? q : p)) ++wrong;
      } else {
        if (rank(smaller) > rank(p) || rank(smaller) > rank(q)) ++wrong;
        if (rank(larger) < rank(p) || rank(larger) < rank(q)) ++wrong;
        if ((smaller != p && smaller != q) || (larger != p && larger != q)) ++wrong;
      }
    }
  }
  INFO(t.name);
  CHECK(wrong == 0);
}

template <auto F>
void check_classes(const table& t, number<F>, double smallest_normal) {
  long long wrong = 0;
  for (std::uint64_t p = 0; p <= t.mask(); ++p) {
    const auto a = number<F>::from_code(p);
    const auto d = t.decode(p);
    const bool is_finite = d.kind == oracle::kind::finite;
    if (isnan(a) != (d.kind == oracle::kind::nan)) ++wrong;
    if (isinf(a) != (d.kind == oracle::kind::infinity)) ++wrong;
    if (isfinite(a) != is_finite) ++wrong;
    if (isnormal(a) != (is_finite && std::abs(t.value(d)) >= smallest_normal)) ++wrong;
    if (signbit(a) != d.is_negative) ++wrong;
    for (const std::uint64_t q : {std::uint64_t{1}, t.sign_bit() | 1}) {
      if (!is_finite || (d.index == 0 && !t.has_negative_zero)) continue;
      const auto with_sign = copysign(a, number<F>::from_code(q));
      const bool is_negative = t.decode(q).is_negative;
      const bool is_representable = !(t.is_twos_complement && d.index > t.largest && !is_negative);
      if (is_representable && with_sign.code() != t.code_of(d.index, is_negative)) ++wrong;
    }
  }
  INFO(t.name);
  CHECK(wrong == 0);
}

const table e4m3fn_table = oracle::float_table("e4m3fn", 4, 3, 7, ends::one_nan);
const table e5m2_table = oracle::float_table("e5m2", 5, 2, 15, ends::ieee);
const table fnuz_table = oracle::float_table("e4m3fnuz", 4, 3, 8, ends::nan_is_minus0);
const table e8m0_table = oracle::float_table("e8m0", 8, 0, 127, ends::one_nan, false, 0);
const table p3109_table = oracle::float_table("binary8p4se", 4, 3, 8, ends::p3109_extended);
const table ue4m3_table = oracle::float_table("ue4m3", 4, 3, 7, ends::one_nan, false);
const table posit_table = oracle::posit_table(8, 2);
const table posit_table_0 = oracle::posit_table(8, 0);
const table fixed_table = oracle::fixed_table("fixed8.6", 8, 6);
const table int8_table = oracle::fixed_table("int8", 8, 0);

}  // namespace

TEST_CASE("numbers are ordered as their values, within and across formats") {
  check_pairs(e4m3fn_table, e4m3fn{}, e4m3fn_table, e4m3fn{});
  check_pairs(e5m2_table, e5m2{}, e5m2_table, e5m2{});
  check_pairs(fnuz_table, e4m3fnuz{}, fnuz_table, e4m3fnuz{});
  check_pairs(e8m0_table, e8m0{}, e8m0_table, e8m0{});
  check_pairs(p3109_table, p3109<8, 4>{}, p3109_table, p3109<8, 4>{});
  check_pairs(posit_table, posit<8>{}, posit_table, posit<8>{});
  check_pairs(posit_table, posit<8>{}, posit_table_0, posit<8, 0>{});
  check_pairs(fixed_table, fixed<8, 6>{}, fixed_table, fixed<8, 6>{});
  check_pairs(e4m3fn_table, e4m3fn{}, e5m2_table, e5m2{});
  check_pairs(posit_table, posit<8>{}, e5m2_table, e5m2{});
  check_pairs(int8_table, int_n<8>{}, e4m3fn_table, e4m3fn{});
  check_pairs(e8m0_table, e8m0{}, posit_table, posit<8>{});
}

TEST_CASE("total_order, fmin and fmax") {
  check_order_of_codes(e4m3fn_table, e4m3fn{});
  check_order_of_codes(e5m2_table, e5m2{});
  check_order_of_codes(fnuz_table, e4m3fnuz{});
  check_order_of_codes(p3109_table, p3109<8, 4>{});
  check_order_of_codes(ue4m3_table, ue4m3{});
  check_order_of_codes(posit_table, posit<8>{});
  check_order_of_codes(fixed_table, fixed<8, 6>{});
}

TEST_CASE("classification and copysign") {
  check_classes(e4m3fn_table, e4m3fn{}, 0x1p-6);
  check_classes(e5m2_table, e5m2{}, 0x1p-14);
  check_classes(fnuz_table, e4m3fnuz{}, 0x1p-7);
  check_classes(p3109_table, p3109<8, 4>{}, 0x1p-7);
  check_classes(ue4m3_table, ue4m3{}, 0x1p-6);
  check_classes(e8m0_table, e8m0{}, 0x1p-127);
  check_classes(posit_table, posit<8>{}, 0x1p-24);
  check_classes(fixed_table, fixed<8, 6>{}, 0x1p-6);
  CHECK(isnan(copysign(ue4m3::from_code(0x7F), ue4m3(1))));
  CHECK(copysign(e5m2::from_code(0x7C), e5m2(-1.0)).code() == 0xFC);
}

TEST_CASE("NaR equals itself and is the least; NaN equals nothing") {
  const auto nar = posit<16, 1>::from_code(0x8000);
  CHECK(nar == nar);
  CHECK(nar < posit<16, 1>(-1e9));
  CHECK((nar <=> nar) == std::partial_ordering::equivalent);
  CHECK(nar == posit<8>::from_code(0x80));
  const auto nan = e4m3fn::from_code(0x7F);
  CHECK_FALSE(nan == nan);
  CHECK(nan != nan);
  CHECK_FALSE(nan == nar);
  CHECK((nan <=> nar) == std::partial_ordering::unordered);
}

TEST_CASE("order and classes are constant expressions") {
  STATIC_REQUIRE(e4m3fn(1) < e5m2(2));
  STATIC_REQUIRE(e4m3fn(-0.0) == e4m3fn(0.0));
  STATIC_REQUIRE(total_order(e4m3fn(-0.0), e4m3fn(0.0)) < 0);
  STATIC_REQUIRE(isnan(e4m3fn::from_code(0x7F)));
  STATIC_REQUIRE(isnormal(e4m3fn(1)) && !isnormal(e4m3fn::from_code(1)));
  STATIC_REQUIRE(fmax(e4m3fn(1), e4m3fn::from_code(0x7F)) == e4m3fn(1));
  STATIC_REQUIRE(std::hash<e4m3fn>{}(e4m3fn(-0.0)) == std::hash<e4m3fn>{}(e4m3fn(0.0)));
  STATIC_REQUIRE(std::hash<e4m3fn>{}(e4m3fn(1)) != std::hash<e4m3fn>{}(e4m3fn(2)));
}

TEST_CASE("formats with no zero of either sign, and with many zeros, are compared by value") {
  constexpr lowp::float_format normals{
      .exponent_bits = 4, .mantissa_bits = 3, .at_exponent_zero = lowp::exponent_zero::normals};
  constexpr lowp::float_format zeros{
      .exponent_bits = 4, .mantissa_bits = 3, .at_exponent_zero = lowp::exponent_zero::zero_only};
  const auto check = []<auto F>() {
    std::uint64_t wrong = 0;
    for (lowp::code_t a = 0; a < 256; ++a) {
      for (lowp::code_t b = 0; b < 256; ++b) {
        const auto x = lowp::number<F>::from_code(a), y = lowp::number<F>::from_code(b);
        const double p = static_cast<double>(x), q = static_cast<double>(y);
        wrong += (x == y) != (p == q) || (x < y) != (p < q) || (x > y) != (p > q);
      }
    }
    CHECK(wrong == 0);
  };
  check.operator()<normals>();
  check.operator()<zeros>();
}
