// SPDX-License-Identifier: MIT
// A packed block_matrix gives the products of that matrix, on every machine.
#include "lowp/gemm/packed_operand.hpp"

#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "gemm/packed_cases.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/block/catalog.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::packed_operand;
using tg::kind;
using tg::matrix;

namespace {

/// Scales that are moderate powers of two, or NaN, or tiny where all elements are zero.
template <auto B>
using moderate = tg::of_integer_codes<B>;
template <auto B>
using any = tg::of_any_codes<B>;

}  // namespace

TEST_CASE("Packed blocks of 4 bits") {
  tg::compare_packed<moderate<formats::mxfp4>>("mxfp4, moderate scales");
  tg::compare_packed<any<formats::mxfp4>>("mxfp4");
  tg::compare_packed<any<formats::nvfp4>>("nvfp4");
}
TEST_CASE("Packed blocks of 6 bits") {
  tg::compare_packed<moderate<formats::mxfp6_e2m3>>("mxfp6_e2m3, moderate scales");
  tg::compare_packed<any<formats::mxfp6_e3m2>>("mxfp6_e3m2");
}
TEST_CASE("Packed blocks of 8 bits") {
  tg::compare_packed<moderate<formats::mxfp8_e4m3>>("mxfp8_e4m3, moderate scales");
  tg::compare_packed<any<formats::mxfp8_e5m2>>("mxfp8_e5m2");
}

namespace {

/// Activations from one end of binary32 to the other: at some of them the scale may multiply the
/// sum of a step, beside them it may not.
template <auto B>
void sweep_exponents(oracle::tally& t, const char* name) {
  const matrix b(16, 64, 5, kind::ordinary);
  moderate<B> from(b);
  for (std::uint8_t& scale : from.operand.scales())
    scale = static_cast<std::uint8_t>(117 + scale % 8);
  const packed_operand packed(from.operand);
  matrix a(1, 64, 6, kind::ordinary);
  tg::source random(7);
  for (std::uint32_t field = 0; field < 255; ++field) {
    for (float& x : a.data) x = random.in_binades(field, field);
    const auto expected = tg::definition(a.view(), from.operand);
    for (const lowp::isa level : test::isas()) {
      t.check(tg::product(a.view(), packed, level) == expected, [&](auto& text) {
        text << name << ", exponent field " << field << " on " << lowp::name(level);
      });
    }
  }
}

}  // namespace

TEST_CASE("Packed operands under activations of every exponent") {
  oracle::tally t;
  sweep_exponents<formats::mxfp4>(t, "mxfp4");
  sweep_exponents<formats::mxfp8_e4m3>(t, "mxfp8_e4m3");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("An element that overflows under its scale makes a NaN of a zero") {
  lowp::mxfp4 from(1, 32);
  for (std::size_t col = 0; col < 32; ++col) from.set_code(0, col, 7);
  from.set_scale_code(0, 0, 254);
  const std::vector<float> zeros(32);
  const lowp::matrix_view<const float> a(zeros.data(), 1, 32);
  CHECK(tg::definition(a, from)[0] == 0x7FC00000u);
  for (const lowp::isa level : test::isas()) {
    CHECK(tg::product(a, packed_operand(from), level) == tg::definition(a, from));
  }
}
