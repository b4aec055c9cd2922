// SPDX-License-Identifier: MIT
// Operands of every kind: however a product is computed, on every instruction set, it has the bits
// of reference::gemm.
#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/own_families.hpp"
#include "gemm/product_cases.hpp"

using namespace test::gemm;

namespace {

/// -8 … 7 in this order, so that what follows the last code of a row is no zero by itself.
constexpr own::codebook excess_8{
    4,
    {0xC1000000, 0xC0E00000, 0xC0C00000, 0xC0A00000, 0xC0800000, 0xC0400000, 0xC0000000, 0xBF800000,
     0, 0x3F800000, 0x40000000, 0x40400000, 0x40800000, 0x40A00000, 0x40C00000, 0x40E00000}};

}  // namespace

TEST_CASE("Views of numbers") {
  compare_operand<of_numbers<formats::bfloat16>, places::either>("bfloat16");
  compare_operand<of_numbers<formats::binary16>>("binary16");
  compare_operand<of_numbers<formats::e4m3fn>>("e4m3fn");
  compare_operand<of_numbers<formats::e2m1>>("e2m1, one to a byte");
  compare_operand<of_numbers<formats::posit<16>>, places::either>("posit16");
  compare_operand<of_numbers<formats::binary64>>("binary64");
}

TEST_CASE("Packed matrices") {
  compare_operand<of_packed<formats::e2m1>, places::either>("e2m1");
  compare_operand<of_packed<formats::e2m1, lowp::packings::high_first>>("e2m1, high first");
  compare_operand<of_packed<formats::e3m2, lowp::packings::four_in_32_bits>>("e3m2 in words");
  compare_operand<of_packed<formats::e5m2>>("e5m2");
  compare_operand<of_packed<formats::int_n<3>>>("int3");
  compare_operand<of_packed<formats::posit<8>>>("posit8");
}

TEST_CASE("Block matrices") {
  compare_operand<of_blocks<formats::mxfp4>, places::all>("mxfp4");
  compare_operand<of_blocks<formats::mxfp8_e5m2>>("mxfp8_e5m2");
  compare_operand<of_blocks<formats::mxfp6_e2m3>>("mxfp6_e2m3");
  compare_operand<of_blocks<formats::mxint8>>("mxint8");
  compare_operand<of_blocks<formats::nvfp4>, places::all>("nvfp4");
  compare_operand<of_blocks<formats::nvfp4_16x16>, places::either>("nvfp4_16x16");
  compare_operand<of_blocks<formats::scaled_rows(formats::int_n<4>)>>("int4 rows");
  compare_operand<of_blocks<formats::scaled_tensor(formats::e4m3fn)>>("e4m3fn tensor");
}

TEST_CASE("Block matrices that no kernel decodes") {
  using lowp::block_format, lowp::block_shape;
  compare_operand<of_blocks<block_format{formats::e2m1, formats::e8m0, block_shape{1, 24}}>>(
      "blocks of 24");
  compare_operand<of_blocks<block_format{formats::posit<16>, formats::e8m0, block_shape{2, 32}}>>(
      "posits");
}

TEST_CASE("Any codes of elements and scales") {
  compare_operand<of_any_codes<formats::mxfp4>>("mxfp4");
  compare_operand<of_any_codes<formats::mxfp8_e4m3>>("mxfp8_e4m3");
  compare_operand<of_any_codes<formats::mxint8>>("mxint8");
  compare_operand<of_any_codes<formats::nvfp4>>("nvfp4");
}

TEST_CASE("Blocks of small integers") {
  using lowp::has_integer_panels;
  STATIC_REQUIRE(has_integer_panels<lowp::mxfp4>);
  STATIC_REQUIRE(has_integer_panels<lowp::mxint8>);
  STATIC_REQUIRE(has_integer_panels<lowp::mxfp6_e2m3>);
  STATIC_REQUIRE(has_integer_panels<packed_matrix_view<formats::int_n<4>>>);
  STATIC_REQUIRE(has_integer_panels<packed_matrix_view<excess_8>>);
  STATIC_REQUIRE(has_integer_panels<matrix_view<const number<formats::e2m1>>>);
  STATIC_REQUIRE_FALSE(has_integer_panels<lowp::nvfp4>);                             // scale
  STATIC_REQUIRE_FALSE(has_integer_panels<lowp::mxfp6_e3m2>);                        // range
  STATIC_REQUIRE_FALSE(has_integer_panels<lowp::mxfp8_e4m3>);                        // NaN
  STATIC_REQUIRE_FALSE(has_integer_panels<packed_matrix_view<formats::uint_n<8>>>);  // 255
  STATIC_REQUIRE_FALSE(has_integer_panels<matrix_view<const float>>);
  compare_operand<of_integer_codes<formats::mxfp4>, places::all>("mxfp4");
  compare_operand<of_integer_codes<formats::mxfp6_e2m3>, places::all>("mxfp6_e2m3");
  compare_operand<of_integer_codes<formats::mxint8>, places::all>("mxint8");
  compare_operand<of_packed<formats::int_n<4>>, places::all>("int4");
  compare_operand<of_packed<formats::int_n<8>>, places::all>("int8");

  oracle::tally t;
  std::uint64_t seed = 90;
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, ++seed, kind::ordinary), b(n, k, ++seed, kind::ordinary);
    const of_integer_codes<formats::mxint8> x(a);
    const of_integer_codes<formats::mxfp4> y(b);
    const of_blocks<formats::mxfp6_e2m3> z(b);
    const of_packed<formats::int_n<4>> w(a);
    const of_numbers<formats::e2m1> v(a);
    compare(t, "mxint8 by mxfp4", x.operand, y.operand);
    compare(t, "mxint8 by mxfp6_e2m3", x.operand, z.operand);
    compare(t, "int4 by mxfp4", w.operand, y.operand);
    compare(t, "e2m1 by mxfp6_e2m3", v.operand, z.operand);
    const of_packed<excess_8> e(a), f(b);
    const of_packed<excess_8, lowp::packings::high_first> g(b);
    compare(t, "codes of which 0 is -8", e.operand, f.operand);
    compare(t, "the same, high first", e.operand, g.operand);
  }
  // The largest sums of a step, at the ends of the range of scales and beyond them.
  for (const unsigned scale : {0u, 1u, 57u, 62u, 63u, 64u, 183u, 184u, 190u, 253u, 254u, 255u}) {
    for (const std::size_t m : {std::size_t{2}, std::size_t{20}}) {
      block_matrix<formats::mxint8> x(m, 64), y(18, 64);
      for (std::uint8_t& code : x.codes()) code = 0x80;
      for (std::uint8_t& code : y.codes()) code = 0x80;
      for (std::uint8_t& code : x.scales()) code = static_cast<std::uint8_t>(scale);
      for (std::uint8_t& code : y.scales()) code = static_cast<std::uint8_t>(scale);
      compare(t, "scale " + std::to_string(scale), x, y);
      for (std::uint8_t& code : y.scales()) code = static_cast<std::uint8_t>(254 - scale);
      compare(t, "scale " + std::to_string(scale) + " and its inverse", x, y);
      for (std::uint8_t& code : x.codes()) code = 0;
      compare(t, "zero under scale " + std::to_string(scale), x, y);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Operands of two block formats") {
  oracle::tally t;
  std::uint64_t seed = 50;
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, ++seed, kind::wide), b(n, k, ++seed, kind::ordinary);
    const of_blocks<formats::mxfp8_e4m3> x(a);
    const of_blocks<formats::mxfp4> y(b);
    const of_blocks<formats::nvfp4> z(b);
    const of_numbers<formats::bfloat16> w(a);
    compare(t, "mxfp8 by mxfp4", x.operand, y.operand);
    compare(t, "mxfp8 by nvfp4", x.operand, z.operand);
    compare(t, "bfloat16 by nvfp4", w.operand, z.operand);
  }
  REQUIRE_NO_MISMATCH(t);
}
