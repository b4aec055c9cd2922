// SPDX-License-Identifier: MIT
// Small products (engine/small_product.hpp): the sizes where they begin and end, and operands whose
// rows lie apart, end within a block or follow each other, have the bits of the definition.
#include "lowp/gemm/engine/small_product.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::matrix_view;
using tg::kind;
using tg::matrix;

TEST_CASE("What is small") {
  const auto is_small = lowp::bulk::small_product::is_small;
  CHECK(is_small(1, 1, 0));
  CHECK(is_small(64, 64, 32));
  CHECK_FALSE(is_small(64, 64, 33));
  CHECK_FALSE(is_small(64, 65, 1));
  CHECK(is_small(15, 15, 512));
  CHECK_FALSE(is_small(15, 15, 513));
  CHECK(is_small(1, 16, 8192));
  CHECK_FALSE(is_small(1, 16, 8193));
  CHECK(is_small(4096, 1, 32));
  CHECK_FALSE(is_small(0, 5, 5));
  CHECK_FALSE(is_small(std::size_t(-1), std::size_t(-1), 1));
}

TEST_CASE("The largest small products, and those beyond them") {
  oracle::tally t;
  std::uint64_t seed = 0;
  for (const auto& [m, n, k] : {tg::shape{64, 64, 32},
                                {64, 64, 33},
                                {1, 4096, 32},
                                {4096, 1, 32},
                                {256, 16, 32},
                                {240, 17, 32},
                                {273, 15, 32},
                                {15, 273, 32},
                                {15, 15, 512},
                                {15, 15, 513},
                                {14, 15, 512},
                                {16, 16, 512},
                                {1, 16, 8192},
                                {17, 1, 7710},
                                {3, 17, 2570}}) {
    const matrix a(m, k, ++seed, kind::wide), b(n, k, ++seed, kind::special);
    tg::compare(t, "float", a.view(), b.view());
    tg::compare(t, "e4m3fn", tg::of_numbers<formats::e4m3fn>(a).operand, b.view());
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Blocks and packed codes of every short row") {
  oracle::tally t;
  for (std::size_t k = 1; k <= 70; ++k) {
    const matrix a(5, k, k, kind::ordinary), b(18, k, k + 100, kind::ordinary);
    const tg::of_blocks<formats::mxfp4> x(a), y(b);
    tg::compare(t, "mxfp4", x.operand, y.operand);
    tg::compare(t, "mxfp4 by float", y.operand, a.view());
    tg::compare(t, "nvfp4 of any codes", a.view(), tg::of_any_codes<formats::nvfp4>(b).operand);
    tg::compare(t, "mxfp8 of any codes", tg::of_any_codes<formats::mxfp8_e4m3>(a).operand,
                b.view());
    tg::compare(t, "packed e2m1", a.view(), tg::of_packed<formats::e2m1>(b).operand);
    tg::compare(t, "bfloat16", tg::of_numbers<formats::bfloat16>(a).operand, y.operand);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Parts of larger matrices, and sums that begin with what the result holds") {
  oracle::tally t;
  const matrix a(20, 60, 1, kind::ordinary), b(40, 60, 2, kind::special),
      held(40, 40, 3, kind::zeros);
  for (const std::size_t m : {1u, 3u, 16u, 20u}) {
    for (const std::size_t n : {1u, 2u, 15u, 16u, 33u, 40u}) {
      for (const std::size_t k : {0u, 1u, 31u, 50u}) {
        const matrix_view<const float> x(a.data.data() + 3, m, k, 60),
            y(b.data.data() + 5, n, k, 60);
        tg::compare(t, "part", x, y);
        std::vector<float> expected = held.data;
        lowp::reference::gemm_accumulate(x, y, matrix_view<float>(expected.data(), m, n, 40));
        for (const lowp::isa level : test::isas()) {
          std::vector<float> c = held.data;
          lowp::gemm_accumulate(x, y, matrix_view<float>(c.data(), m, n, 40), level);
          for (std::size_t i = 0; i < c.size(); ++i) {
            const float &is = c[i], &should_be = expected[i];
            t.check(std::bit_cast<std::uint32_t>(is) == std::bit_cast<std::uint32_t>(should_be),
                    [&](auto& text) { text << "accumulated " << m << " x " << n << " x " << k; });
          }
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
