// SPDX-License-Identifier: MIT
// A transposed operand gives the product of the matrix whose rows are its columns.
#include "lowp/arrays/transposed.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::matrix_view;
using lowp::transposed;
using tg::kind;
using tg::matrix;

namespace {

matrix transpose(const matrix& m) {
  matrix result(m.cols, m.rows, 1, kind::zeros);
  for (std::size_t r = 0; r < m.rows; ++r) {
    for (std::size_t c = 0; c < m.cols; ++c) {
      result.data[c * m.rows + r] = m.data[r * m.cols + c];
    }
  }
  return result;
}

struct shape {
  std::size_t m, n, k;
};
constexpr shape shapes[] = {{1, 1, 1},     {3, 5, 0},     {0, 4, 3},     {17, 40, 70},
                            {2, 33, 600},  {40, 3, 9},    {1, 209, 100}, {8, 87, 33},
                            {5, 1040, 45}, {600, 1, 520}, {130, 7, 64}};

template <class A, class B>
std::vector<std::uint32_t> product(const A& a, const B& b, lowp::isa level) {
  const std::size_t m = lowp::detail::operand_rows(a), n = lowp::detail::operand_rows(b);
  std::vector<float> c(m * n, 7.0f);
  lowp::gemm(a, b, matrix_view<float>(c.data(), m, n), level);
  std::vector<std::uint32_t> bits;
  for (const float x : c) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}

}  // namespace

TEST_CASE("Transposed operands on either side or both") {
  oracle::tally t;
  std::uint64_t seed = 0;
  for (const shape& s : shapes) {
    for (const kind k : tg::kinds) {
      const matrix a(s.m, s.k, ++seed, k), b(s.n, s.k, ++seed, k);
      const matrix a_columns = transpose(a), b_columns = transpose(b);
      // With elements between the rows.
      std::vector<float> wide((s.k + 1) * (s.n + 3));
      for (std::size_t r = 0; r < s.k; ++r) {
        for (std::size_t c = 0; c < s.n; ++c) wide[r * (s.n + 3) + c] = b_columns.data[r * s.n + c];
      }
      const matrix_view<const float> b_wide(wide.data(), s.k, s.n, s.n + 3);
      for (const lowp::isa level : test::isas()) {
        const auto expected = product(a.view(), b.view(), level);
        t.check(product(transposed(a_columns.view()), b.view(), level) == expected &&
                    product(a.view(), transposed(b_wide), level) == expected &&
                    product(transposed(a_columns.view()), transposed(b_wide), level) == expected,
                [&](auto& text) {
                  text << s.m << " x " << s.n << " x " << s.k << " on " << lowp::name(level);
                });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Transposed numbers, packed codes and blocks, by the definition") {
  oracle::tally t;
  const matrix a(5, 70, 1, kind::ordinary), b(70, 40, 2, kind::ordinary);
  const auto check = [&](const char* name, const auto& x) {
    std::vector<float> c(5 * 40), expected(5 * 40);
    lowp::reference::gemm(a.view(), transposed(x), matrix_view<float>(expected.data(), 5, 40));
    // The definition, a second time, from the values themselves.
    std::vector<float> columns;
    for (std::size_t n = 0; n < 40; ++n) {
      for (std::size_t k = 0; k < 70; ++k) {
        columns.push_back(lowp::pack_as<float>(lowp::detail::operand_value(x, k, n)));
      }
    }
    lowp::reference::gemm(a.view(), matrix_view<const float>(columns.data(), 40, 70),
                          matrix_view<float>(c.data(), 5, 40));
    if (lowp::detail::operand_tensor_scale(x) == 1.0f) {
      t.check(c == expected, [&](auto& text) { text << name << ", the definition"; });
    }
    for (const lowp::isa level : test::isas()) {
      lowp::gemm(a.view(), transposed(x), matrix_view<float>(c.data(), 5, 40), level);
      t.check(c == expected, [&](auto& text) { text << name << " on " << lowp::name(level); });
    }
  };
  check("e4m3fn", tg::of_numbers<formats::e4m3fn>(b).operand);
  check("packed e2m1", tg::of_packed<formats::e2m1>(b).operand);
  check("mxfp4", lowp::quantize<formats::mxfp4>(b.view()));
  check("nvfp4", lowp::quantize<formats::nvfp4>(b.view()));
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A transposed operand may share memory with the result: all of it is read first") {
  const matrix a(6, 6, 1, kind::ordinary);
  std::vector<float> both(a.data), expected(36);
  const matrix_view<float> view(both.data(), 6, 6);
  lowp::gemm(a.view(), transposed(a.view()), matrix_view<float>(expected.data(), 6, 6));
  lowp::gemm(a.view(), transposed(view), view);
  CHECK(both == expected);
}

TEST_CASE("Few rows by a transposed operand, the results in its place, in parts") {
  const lowp::execution executions[] = {lowp::execution(), lowp::threads{3}};
  for (const lowp::execution& how : executions) {
    for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
      const std::size_t cols = 1300;
      const matrix a(rows, rows, 1, kind::ordinary), b(rows, cols, 2, kind::ordinary);
      std::vector<float> both(b.data), expected(rows * cols);
      const matrix_view<float> view(both.data(), rows, cols);
      lowp::reference::gemm(a.view(), transposed(b.view()),
                            matrix_view<float>(expected.data(), rows, cols));
      CHECK(lowp::explain(a.view(), transposed(view), how).strategy ==
            "few rows by the columns of a transposed operand");
      lowp::gemm(a.view(), transposed(view), view, how);
      CHECK(both == expected);
    }
  }
}

TEST_CASE("Few rows by a transposed operand: accumulated on either side, blocks in parts") {
  oracle::tally t;
  const std::size_t n = 530, k = 70;
  const matrix start(6, n, 3, kind::ordinary), x(6, k, 4, kind::ordinary),
      w(k, n, 5, kind::ordinary);
  const auto check = [&](const auto& a, const auto& b, std::size_t rows, const char* name) {
    const std::size_t cols = 6 * n / rows;
    std::vector<float> expected(start.data);
    lowp::reference::gemm_accumulate(a, b, matrix_view<float>(expected.data(), rows, cols));
    for (const lowp::isa level : test::isas()) {
      std::vector<float> c(start.data);
      lowp::gemm_accumulate(a, b, matrix_view<float>(c.data(), rows, cols), level);
      t.check(c == expected, [&](auto& text) { text << name << " on " << lowp::name(level); });
    }
  };
  const auto blocks = lowp::quantize<formats::mxfp4>(w.view());
  const auto numbers = tg::of_numbers<formats::bfloat16>(w);
  const auto few = lowp::quantize<formats::mxint8>(x.view());
  check(x.view(), transposed(w.view()), 6, "rows");
  check(transposed(w.view()), x.view(), n, "columns");
  check(few, transposed(blocks), 6, "rows of blocks");
  check(transposed(blocks), few, n, "columns of blocks");
  check(x.view(), transposed(numbers.operand), 6, "bfloat16");
  REQUIRE_NO_MISMATCH(t);
}
