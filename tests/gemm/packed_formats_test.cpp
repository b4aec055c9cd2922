// SPDX-License-Identifier: MIT
// Packed numbers, and packed blocks of other formats than the named ones.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "catch.hpp"
#include "gemm/packed_cases.hpp"
#include "gemm/product_cases.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/block/block_format.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::matrix_view;
using lowp::packed_operand;
using tg::kind;
using tg::matrix;

TEST_CASE("Packed numbers") {
  tg::compare_packed<tg::of_packed<formats::e2m1>>("packed e2m1");
  tg::compare_packed<tg::of_packed<formats::int_n<4>, lowp::packings::high_first>>("packed int4");
  tg::compare_packed<tg::of_numbers<formats::e4m3fn>>("e4m3fn");
  tg::compare_packed<tg::of_packed<formats::int_n<5>>>("packed int5");
}

namespace {

constexpr lowp::block_format infinite_scales{formats::e2m1, formats::e5m2,
                                             lowp::block_shape{1, 32}};
constexpr lowp::block_format blocks_of_96{formats::e4m3fnuz, formats::e8m0,
                                          lowp::block_shape{1, 96}};
constexpr lowp::block_format blocks_of_64{formats::e3m2, formats::ue4m3, lowp::block_shape{1, 64}};

}  // namespace

TEST_CASE(
    "Packed blocks of other sizes, and with scales that are infinite, negative or no power of "
    "two") {
  tg::compare_packed<tg::of_any_codes<infinite_scales>>("scales in e5m2");
  tg::compare_packed<tg::of_any_codes<blocks_of_96>>("blocks of 96");
  tg::compare_packed<tg::of_any_codes<blocks_of_64>>("blocks of 64");
}

TEST_CASE("Padding beside elements with an infinite scale stays zero") {
  lowp::block_matrix<infinite_scales> from(3, 40);
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t col = 0; col < 40; ++col) from.set_code(row, col, 2);
    from.set_scale_code(row, 0, 0x3C);
    from.set_scale_code(row, 1, row == 1 ? 0x7C : 0x3C);
  }
  const std::vector<float> ones(40, 1.0f);
  const matrix_view<const float> a(ones.data(), 1, 40);
  const std::vector<std::uint32_t> expected = tg::definition(a, from);
  CHECK(expected[1] == 0x7F800000u);
  for (const lowp::isa level : test::isas()) {
    CHECK(tg::product(a, packed_operand(from), level) == expected);
  }
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Products with a packed operand touch nothing outside the other one and the result") {
  oracle::tally t;
  for (const auto& of : {tg::shape{1, 17, 33}, {3, 40, 100}, {8, 16, 513}, {9, 5, 64}}) {
    const std::size_t m = of.m, n = of.n, k = of.k;
    const matrix a(m, k, 1, kind::ordinary), b(n, k, 2, kind::ordinary);
    const tg::of_any_codes<formats::mxfp4> from(b);
    const packed_operand packed(from.operand);
    const auto expected = tg::definition(a.view(), from.operand);
    const test::guarded a_memory(4 * m * k), c_memory(4 * m * n);
    for (const bool at_end : {false, true}) {
      auto* const a_data = reinterpret_cast<float*>(a_memory.place(4 * m * k, at_end));
      auto* const c_data = reinterpret_cast<float*>(c_memory.place(4 * m * n, at_end));
      std::memcpy(a_data, a.data.data(), 4 * m * k);
      for (const lowp::isa level : test::isas()) {
        lowp::gemm(matrix_view<const float>(a_data, m, k), packed, matrix_view<float>(c_data, m, n),
                   level);
        for (std::size_t r = 0; r < m; ++r) {
          t.check(
              std::memcmp(c_data + r * n, expected.data() + r * (n + 5), 4 * n) == 0,
              [&](auto& text) { text << "row " << r << " of " << m << " x " << n << " x " << k; });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
#endif
