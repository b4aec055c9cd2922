// SPDX-License-Identifier: MIT
// Products of matrices of tiles are those of their values.
#include "lowp/gemm/operands/tile_operand.hpp"

#include <vector>

#include "catch.hpp"
#include "lowp/block/tiles/log_tile.hpp"
#include "lowp/block/tiles/mx_plus.hpp"
#include "lowp/gemm/gemm.hpp"

using namespace lowp;

namespace {

template <class F>
void check(const F& f) {
  const std::size_t m = 3, n = 5, k = 150;
  std::vector<float> a(m * k), b(n * k), values(n * k), c(m * n), expected(m * n);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i * 7 % 11) - 5;
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i * 37 % 101) / 16 - 3;
  const auto q = quantize(f, matrix_view<const float>(b.data(), n, k));
  dequantize(q, matrix_view<float>(values.data(), n, k));
  const matrix_view<const float> x(a.data(), m, k), y(values.data(), n, k);
  gemm(x, q, matrix_view<float>(c.data(), m, n));
  gemm(x, y, matrix_view<float>(expected.data(), m, n));
  CHECK(c == expected);
  gemm<policies::exact>(q, q, matrix_view<float>(values.data(), n, n));
  CHECK(values[0] > 0);
}

}  // namespace

TEST_CASE("products of tiles are those of their values") {
  check(formats::mxfp4_plus);
  check(formats::logfmt<6>);
}
