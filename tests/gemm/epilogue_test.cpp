// SPDX-License-Identifier: MIT
// Epilogues of products: each operation as MPFR rounds it, and the bits of the definition from
// every kernel and any number of threads. Results in other formats than binary32: output_test.cpp.
#include "lowp/gemm/epilogue.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "float_environment.hpp"
#include "gemm/epilogue_cases.hpp"
#include "guarded.hpp"
#include "number/mpfr_oracle.hpp"

using namespace test::gemm;
using Catch::Matchers::ContainsSubstring;
namespace reference = lowp::reference;

namespace {

constexpr activation functions[] = {activation::none, activation::relu, activation::silu,
                                    activation::gelu, activation::gelu_tanh};

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }

/// An operation on binary32 numbers, by MPFR.
template <class Operation>
float rounded(const Operation& operation, float a, float b) {
  constexpr mpfr_oracle::ieee binary32{8, 23};
  static oracle::real x(24), y(24), z(24);
  binary32.load(x, bits_of(a));
  binary32.load(y, bits_of(b));
  const mpfr_oracle::exponent_range_of range(binary32);
  const int inexact = operation(z, x, y, MPFR_RNDN);
  const auto bits = binary32.store_rounded(z, inexact, mpfr_oracle::mode::nearest_even);
  const bool is_nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
  return std::bit_cast<float>(is_nan ? 0x7FC00000u : static_cast<std::uint32_t>(bits));
}

}  // namespace

TEST_CASE("Scales, bias and activation, one rounded operation after the other") {
  constexpr std::size_t m = 3, n = 5, k = 4;
  oracle::tally t;
  std::uint64_t seed = 1;
  for (const kind values : kinds) {
    const matrix a(m, k, ++seed, values), b(n, k, ++seed, values);
    for (const kind others : {kind::ordinary, kind::wide, values}) {
      const arrays of(m, n, ++seed, others);
      std::vector<float> sums(m * n), c(m * n);
      reference::gemm(a.view(), b.view(), matrix_view<float>(sums.data(), m, n));
      for (unsigned asked = 0; asked < 8; ++asked) {
        for (const activation function : functions) {
          const matrix_view<float> out(c.data(), m, n);
          reference::gemm(a.view(), b.view(), out, of.some(asked, function));
          for (std::size_t i = 0; i < m * n; ++i) {
            float x = sums[i];
            if ((asked & 1) != 0) x = rounded(mpfr_mul, x, of.row_scales[i / n]);
            if ((asked & 2) != 0) x = rounded(mpfr_mul, x, of.col_scales[i % n]);
            if ((asked & 4) != 0) x = rounded(mpfr_add, x, of.bias[i % n]);
            x = lowp::activate(function, x);  // activation_test.cpp
            t.check(bits_of(c[i]) == bits_of(x), [&](auto& text) {
              text << "arrays " << asked << ", activation " << static_cast<int>(function) << ": "
                   << c[i] << ", expected " << x;
            });
          }
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Epilogues have the bits of their definition on all kernels") {
  oracle::tally t;
  std::uint64_t seed = 1;
  const auto compare_all = [&](const auto& a, const auto& b, const arrays& of, std::size_t m,
                               std::size_t n) {
    for (const activation function : functions) {
      const epilogue e = of.some(static_cast<unsigned>(++seed) % 8, function);
      result<float> expected(m, n);
      reference::gemm(a, b, expected.view(), e);
      const auto check = [&](const execution& how, const std::string& by) {
        result<float> c(m, n);
        lowp::gemm(a, b, c.view(), e, how);
        t.check(c == expected, [&](auto& text) {
          text << by << ": " << m << " x " << n << ", activation " << static_cast<int>(function);
        });
      };
      for (const isa level : test::isas()) check(level, std::string(lowp::name(level)));
      check(lowp::threads{3}, "threads");
    }
  };
  for (const kind values : kinds) {
    for (const auto& [m, n, k] : shapes) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, kind::ordinary);
      compare_all(a.view(), b.view(), arrays(m, n, ++seed, values), m, n);
    }
  }
  const matrix a(205, 70, ++seed, kind::ordinary), b(300, 70, ++seed, kind::ordinary);
  compare_all(a.view(), b.view(), arrays(205, 300, 1, kind::wide), 205, 300);
  const of_blocks<formats::nvfp4> x(a), y(b);  // with tensor scales
  compare_all(x.operand, y.operand, arrays(205, 300, 2, kind::ordinary), 205, 300);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Neither the environment of the caller nor a NaN of the bias changes an epilogue") {
  const matrix a(20, 40, 1, kind::tiny), b(13, 40, 2, kind::ordinary);
  arrays of(20, 13, 3, kind::tiny);
  of.bias[2] = std::bit_cast<float>(0xFFF12345u);
  for (const activation function : functions) {
    const epilogue e = of.some(7, function);
    result<float> expected(20, 13), c(20, 13), d(20, 13);
    reference::gemm(a.view(), b.view(), expected.view(), e);
    CHECK(bits_of(expected.view()(4, 2)) == 0x7FC00000u);
    for (const std::uint32_t flags : test::unusual_environments) {
      {
        const test::float_environment environment(flags);
        reference::gemm(a.view(), b.view(), c.view(), e);
        lowp::gemm(a.view(), b.view(), d.view(), e);
      }
      CHECK(c == expected);
      CHECK(d == expected);
    }
  }
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Nothing outside the arrays of an epilogue is read") {
  constexpr std::size_t m = 9, k = 8, most = 70;
  const matrix a(m, k, 1, kind::ordinary);
  const test::guarded scales(4 * most), bias(4 * most), out(4 * m * most);
  const auto place = [](const test::guarded& memory, std::size_t size, bool at_end) {
    return reinterpret_cast<float*>(memory.place(4 * size, at_end));
  };
  for (std::size_t n = 1; n <= most; ++n) {
    const matrix b(n, k, 2, kind::ordinary);
    const arrays of(m, n, 3, kind::ordinary);
    result<float> expected(m, n);
    reference::gemm(a.view(), b.view(), expected.view(), of.some(6, activation::relu));
    for (const bool at_end : {false, true}) {
      float* const x = place(scales, n, at_end);
      float* const y = place(bias, n, at_end);
      const matrix_view<float> c(place(out, m * n, at_end), m, n);
      std::copy(of.col_scales.begin(), of.col_scales.end(), x);
      std::copy(of.bias.begin(), of.bias.end(), y);
      const epilogue e{.col_scales = {x, n}, .bias = {y, n}, .activation = activation::relu};
      lowp::gemm(a.view(), b.view(), c, e);
      bool is_same = true;
      for (std::size_t i = 0; i < m * n; ++i) {
        is_same = is_same && bits_of(c(i / n, i % n)) == bits_of(expected.view()(i / n, i % n));
      }
      CHECK(is_same);
    }
  }
}
#endif

TEST_CASE("Products without rows, columns or depth go through an epilogue") {
  const arrays of(3, 4, 1, kind::ordinary);
  const std::vector<float> data(12, 1.0f);
  const matrix_view<const float> a(data.data(), 3, 0), b(data.data(), 4, 0);
  result<float> c(3, 4);
  lowp::gemm(a, b, c.view(), of.some(7, activation::silu));
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(c.view()(i / 4, i % 4) == lowp::silu(of.bias[i % 4]));
  }
  const matrix_view<const float> none(nullptr, 0, 0);
  const epilogue biased{.bias = of.bias}, scaled{.row_scales = of.row_scales};
  result<lowp::bfloat16> no_rows(0, 4), no_cols(3, 0);
  CHECK_NOTHROW(lowp::gemm(none, b, no_rows.view(), biased));
  CHECK_NOTHROW(lowp::gemm(a, none, no_cols.view(), scaled));
  block_matrix<formats::mxfp4> no_blocks(3, 0);
  CHECK_NOTHROW(lowp::gemm(a, none, no_blocks, scaled));
}

TEST_CASE("Epilogues that do not fit, and memory that is shared") {
  std::vector<float> data(64, 1.0f), c(64, 7.0f), array(8, 1.0f);
  const matrix_view<const float> a(data.data(), 4, 3), b(data.data(), 5, 3);
  const matrix_view<float> out(c.data(), 4, 5);
  const std::span<const float> four(array.data(), 4), five(array.data(), 5);
  const auto message = [&](const epilogue& e, const char* text) {
    CHECK_THROWS_WITH(lowp::gemm(a, b, out, e), ContainsSubstring(text));
    CHECK_THROWS_WITH(reference::gemm(a, b, out, e), ContainsSubstring(text));
  };
  message({.row_scales = five}, "row_scales has size 5, expected 4, one per row");
  message({.col_scales = four}, "col_scales has size 4, expected 5, one per column");
  message({.bias = four}, "bias has size 4, expected 5, one per column");
  block_matrix<formats::mxfp4> wrong(4, 4);
  CHECK_THROWS_WITH(lowp::gemm(a, b, wrong), ContainsSubstring("c is 4 x 4, expected 4 x 5"));
  CHECK_THROWS_AS(reference::gemm(a, b, wrong), std::invalid_argument);

  const std::span<const float> inside(c.data() + 15, 5);
  CHECK_THROWS_WITH(lowp::gemm(a, b, out, {.bias = inside}), ContainsSubstring("shares memory"));
  CHECK_THROWS_AS(lowp::gemm(a, b, out, {.col_scales = inside}), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(a, b, out, {.row_scales = inside.first(4)}), std::invalid_argument);
  auto* const halves = reinterpret_cast<lowp::bfloat16*>(data.data());
  const matrix_view<lowp::bfloat16> over(halves + 20, 4, 5), beside(halves + 30, 4, 5);
  CHECK_THROWS_WITH(lowp::gemm(a, b, over), ContainsSubstring("shares memory"));
  for (const float& x : c) CHECK(x == 7.0f);
  CHECK_NOTHROW(lowp::gemm(a, b, beside));
  CHECK_NOTHROW(lowp::gemm(a, b, out, {.bias = std::span<const float>(c.data() + 20, 5)}));

  block_matrix<formats::mxfp4> square(4, 4);
  CHECK_THROWS_AS(lowp::gemm(square, square, square), std::invalid_argument);
  const packed_matrix_view<formats::e4m3fn> codes(square.codes(), 4, 2);
  CHECK_THROWS_AS(lowp::gemm(codes, codes, square), std::invalid_argument);
}
