// SPDX-License-Identifier: MIT
// A batch of products is each of them alone.
#include "lowp/gemm/batched.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "lowp/gemm/definition/reference.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::execution;
using lowp::matrix_view;
using tg::kind;
using tg::matrix;

namespace {

std::vector<matrix> matrices(std::size_t count, std::size_t rows, std::size_t cols) {
  std::vector<matrix> list;
  for (std::size_t i = 0; i < count; ++i) list.emplace_back(rows + i, cols, i + 1, kind::ordinary);
  return list;
}
std::vector<matrix_view<const float>> views(const std::vector<matrix>& list) {
  std::vector<matrix_view<const float>> result;
  for (const matrix& m : list) result.push_back(m.view());
  return result;
}

}  // namespace

TEST_CASE("A batch of products, of any number and on any threads") {
  oracle::tally t;
  for (const std::size_t count : {0u, 1u, 3u, 12u}) {
    const auto a = matrices(count, 2, 40), b = matrices(count, 5, 40);
    const auto x = views(a), y = views(b);
    const matrix weights(9, 40, 99, kind::ordinary);
    const std::array<matrix_view<const float>, 1> one{weights.view()};
    for (const execution& how : {execution{}, execution{lowp::threads{2}}}) {
      std::vector<std::vector<float>> own(count), common(count);
      std::vector<matrix_view<float>> c, d;
      for (std::size_t i = 0; i < count; ++i) {
        own[i].assign((2 + i) * (5 + i), 7.0f);
        common[i].assign((2 + i) * 9, 7.0f);
        c.emplace_back(own[i].data(), 2 + i, 5 + i);
        d.emplace_back(common[i].data(), 2 + i, 9);
      }
      lowp::gemm_batched(x, y, c, how);
      lowp::gemm_batched(std::span(x), one, std::span(d), {.activation = lowp::activation::relu},
                         how);
      for (std::size_t i = 0; i < count; ++i) {
        std::vector<float> expected(own[i].size());
        lowp::reference::gemm(x[i], y[i], matrix_view<float>(expected.data(), 2 + i, 5 + i));
        t.check(own[i] == expected, [&](auto& text) { text << "product " << i; });
        expected.resize(common[i].size());
        lowp::reference::gemm(x[i], one[0], matrix_view<float>(expected.data(), 2 + i, 9));
        for (float& value : expected) value = value > 0 ? value : 0.0f;
        t.check(common[i] == expected, [&](auto& text) { text << "shared weights, " << i; });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A batch takes its draws one product after the other") {
  static constexpr lowp::rounded_sums policy{.accumulator = formats::bfloat16, .chunk = 7};
  const std::size_t count = 10, depth = 20;
  const auto a = matrices(count, 2, depth), b = matrices(count, 5, depth);
  const auto x = views(a), y = views(b);
  constexpr lowp::stochastic mode{.seed = 3, .random_bits = 8};
  for (const execution& how : {execution{}, execution{lowp::threads{2}}}) {
    std::vector<std::vector<float>> own(count);
    std::vector<matrix_view<float>> c;
    for (std::size_t i = 0; i < count; ++i) {
      own[i].assign((2 + i) * (5 + i), 7.0f);
      c.emplace_back(own[i].data(), 2 + i, 5 + i);
    }
    lowp::gemm_batched<policy>(x, y, c, mode, how);
    std::uint64_t draws = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<float> expected(own[i].size());
      lowp::reference::gemm<policy>(x[i], y[i], matrix_view<float>(expected.data(), 2 + i, 5 + i),
                                    mode.at(draws));
      CHECK(own[i] == expected);
      draws += expected.size() * 32;  // 20 roundings, in whole blocks of 16
    }
  }
}

TEST_CASE("A batch into blocks") {
  const auto a = matrices(2, 3, 64), b = matrices(2, 32, 64);
  std::vector<lowp::block_matrix<formats::mxfp4>> c;
  for (std::size_t i = 0; i < 2; ++i) c.emplace_back(3 + i, 32 + i);
  lowp::gemm_batched(views(a), views(b), c);
  for (std::size_t i = 0; i < 2; ++i) {
    lowp::block_matrix<formats::mxfp4> alone(3 + i, 32 + i);
    lowp::gemm(a[i].view(), b[i].view(), alone);
    CHECK(std::vector(c[i].codes().begin(), c[i].codes().end()) ==
          std::vector(alone.codes().begin(), alone.codes().end()));
  }
}

TEST_CASE("What a batch refuses, before anything is written") {
  const auto a = matrices(3, 2, 8), b = matrices(3, 4, 8);
  std::vector<float> memory(200, 7.0f);
  std::vector<matrix_view<float>> c;
  for (std::size_t i = 0; i < 3; ++i) c.emplace_back(memory.data() + 60 * i, 2 + i, 4 + i);
  auto x = views(a);
  const auto y = views(b);
  std::vector<matrix_view<const float>> two(y.begin(), y.begin() + 2);
  CHECK_THROWS_AS(lowp::gemm_batched(x, two, c), std::invalid_argument);
  c[2] = matrix_view<float>(memory.data() + 120, 4, 5);
  CHECK_THROWS_AS(lowp::gemm_batched(x, y, c), std::invalid_argument);
  c[2] = matrix_view<float>(memory.data() + 120, 4, 6);
  x[0] = matrix_view<const float>(memory.data() + 120, 2, 8);  // another product's result
  CHECK_THROWS_AS(lowp::gemm_batched(x, y, c), std::invalid_argument);
  // A transposed operand may be the result of its own product, of another's not.
  using lowp::transposed;
  std::vector<float> own(3 * 64, 7.0f);
  std::vector<matrix_view<float>> squares;
  std::vector<transposed<matrix_view<const float>>> columns;
  const auto left = matrices(3, 8, 8);
  for (std::size_t i = 0; i < 3; ++i) {
    squares.emplace_back(own.data() + 64 * i, 8, 8);
    columns.emplace_back(matrix_view<const float>(own.data() + 64 * ((i + 1) % 3), 8, 8));
  }
  const std::vector<matrix_view<const float>> same(3, left[0].view());
  CHECK_THROWS_AS(lowp::gemm_batched(same, columns, squares), std::invalid_argument);
  CHECK(own == std::vector<float>(3 * 64, 7.0f));
  const std::array<transposed<matrix_view<const float>>, 1> one{columns[0]};
  CHECK_THROWS_AS(lowp::gemm_batched(same, one, squares), std::invalid_argument);
  CHECK(memory == std::vector<float>(200, 7.0f));
}
