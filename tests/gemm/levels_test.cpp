// SPDX-License-Identifier: MIT
// A composition of levels as an operand gives what its values in binary32 give.
#include <cstring>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/operands/level_operand.hpp"

namespace formats = lowp::formats;
using lowp::matrix_view;

namespace {

constexpr std::size_t rows = 5, cols = 96, others = 7;

std::vector<float> numbers(std::uint32_t seed, std::size_t count) {
  std::vector<float> list;
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    list.push_back(static_cast<float>(static_cast<std::int32_t>(seed)) * 0x1p-29f);
  }
  return list;
}

template <auto P, auto F, template <class> class Layout>
bool same(const lowp::block_matrix<F, Layout>& q, const lowp::mxfp4& w) {
  std::vector<float> values(rows * cols), c(rows * others), expected(rows * others);
  dequantize(q, matrix_view<float>(values.data(), rows, cols));
  lowp::gemm<P>(q, w, matrix_view<float>(c.data(), rows, others));
  lowp::gemm<P>(matrix_view<const float>(values.data(), rows, cols), w,
                matrix_view<float>(expected.data(), rows, others));
  return std::memcmp(c.data(), expected.data(), c.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("Products of compositions are those of their values") {
  const std::vector<float> x = numbers(1, rows * cols), y = numbers(2, others * cols);
  const auto w = lowp::quantize<lowp::mxfp4>(matrix_view<const float>(y.data(), others, cols));
  const matrix_view<const float> in(x.data(), rows, cols);
  const auto hif4 = lowp::quantize<formats::hif4>(in);
  const auto mx9 = lowp::quantize<formats::mx9>(in);
  constexpr auto affine = formats::affine_groups(4, lowp::block_shape{1, 32});
  const auto groups = lowp::quantize<affine>(in);
  CHECK(same<lowp::policies::k32>(hif4, w));
  CHECK(same<lowp::policies::k32>(groups, w));
  CHECK(same<lowp::policies::exact>(mx9, w));
  CHECK(same<lowp::policies::exact>(groups, w));
  CHECK(same<lowp::policies::hopper_fp16>(hif4, w));
  std::vector<float> product(rows * rows);
  lowp::gemm(groups, hif4, matrix_view<float>(product.data(), rows, rows));
  CHECK(product[0] != 0);
}
