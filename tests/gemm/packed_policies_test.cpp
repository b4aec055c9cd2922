// SPDX-License-Identifier: MIT
// A packed operand stands for what it was packed from wherever an operand may stand.
#include <cstddef>
#include <cstring>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::matrix_view;
using lowp::packed_operand;
using tg::kind;
using tg::matrix;

TEST_CASE("Packed operands on either side, under other policies, through an epilogue, in threads") {
  oracle::tally t;
  const matrix a(5, 75, 1, kind::ordinary), b(37, 75, 2, kind::ordinary),
      wide(64, 75, 3, kind::wide);
  const tg::of_any_codes<formats::nvfp4> from(b);
  const packed_operand packed(from.operand);
  const auto same = [&](const char* name, const auto& actual, const auto& expected) {
    t.check(actual == expected, [&](auto& text) { text << name; });
  };
  same("packed by float", tg::product(packed, wide.view(), {}),
       tg::definition(from.operand, wide.view()));
  same("packed by a few", tg::product(packed, a.view(), {}),
       tg::definition(from.operand, a.view()));
  const tg::of_packed<formats::int_n<8>> few(a);
  same("packed by packed", tg::product(packed_operand(few.operand), packed, {}),
       tg::definition(few.operand, from.operand));
  const matrix tall(75, 9, 4, kind::ordinary);
  const tg::of_packed<formats::int_n<8>> columns(tall);
  const packed_operand packed_columns(columns.operand);
  const auto some = a.view().row_range(0, 3);
  same("transposed", tg::product(some, lowp::transposed(packed_columns), {}),
       tg::definition(some, lowp::transposed(columns.operand)));
  same("two threads", tg::product(a.view(), packed, lowp::threads{2}),
       tg::definition(a.view(), from.operand));

  constexpr lowp::epilogue through{.activation = lowp::activation::silu};
  std::vector<float> c(5 * 37), expected(5 * 37);
  const matrix_view<float> out(c.data(), 5, 37), out_expected(expected.data(), 5, 37);
  const auto same_sums = [&](const char* name) {
    t.check(std::memcmp(c.data(), expected.data(), 4 * c.size()) == 0,
            [&](auto& text) { text << name; });
  };
  lowp::gemm(a.view(), packed, out, through);
  lowp::reference::gemm(a.view(), from.operand, out_expected, through);
  same_sums("epilogue");
  lowp::gemm<lowp::policies::hopper_fp8>(a.view(), packed, out);
  lowp::reference::gemm<lowp::policies::hopper_fp8>(a.view(), from.operand, out_expected);
  same_sums("hopper_fp8");
  lowp::gemm<lowp::policies::exact>(a.view(), packed, out);
  lowp::reference::gemm<lowp::policies::exact>(a.view(), from.operand, out_expected);
  same_sums("exact");
  const tg::of_packed<formats::int_n<8>> x(a), y(b);
  lowp::gemm<lowp::policies::integers>(x.operand, packed_operand(y.operand), out);
  lowp::reference::gemm<lowp::policies::integers>(x.operand, y.operand, out_expected);
  same_sums("integers");
  REQUIRE_NO_MISMATCH(t);
}
