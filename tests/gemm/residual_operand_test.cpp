// SPDX-License-Identifier: MIT
// Sums of quantized matrices: remainders and sums against plain loops, errors that fall with each
// term, terms that only this test knows, and products against those of the values.
#include "lowp/gemm/operands/residual_operand.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/gemm/gemm.hpp"
#include "own_matrix.hpp"

using namespace lowp;

namespace {

constexpr std::size_t rows = 6, cols = 96;

std::vector<float> normal_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(count);
  for (float& v : x) v = normal(random) * (random() % 16 == 0 ? 20.0f : 1.0f);
  return x;
}
template <class M>
std::vector<float> values_of(const M& m) {
  std::vector<float> out(m.rows() * m.cols());
  dequantize(m, matrix_view<float>(out.data(), m.rows(), m.cols()), execution{});
  return out;
}
double error(const std::vector<float>& x, const std::vector<float>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
  }
  return sum;
}

}  // namespace

TEST_CASE("terms are those of the remainders, their sum is in order") {
  const std::vector<float> x = normal_values(rows * cols, 1);
  const matrix_view<const float> in(x.data(), rows, cols);
  const auto q = quantize_residual<formats::nvfp4, formats::nvfp4, formats::mxfp4>(in);
  std::vector<float> left = x, sum(x.size());
  const auto check = [&](const auto& term, const auto& made) {
    CHECK(term == made);
    const std::vector<float> t = values_of(term);
    for (std::size_t i = 0; i < x.size(); ++i) {
      left[i] = left[i] - t[i];
      sum[i] = &term == static_cast<const void*>(&q.term<0>()) ? t[i] : sum[i] + t[i];
    }
  };
  const matrix_view<const float> remainder(left.data(), rows, cols);
  check(q.term<0>(), quantize<formats::nvfp4>(in));
  check(q.term<1>(), quantize<formats::nvfp4>(remainder));
  check(q.term<2>(), quantize<formats::mxfp4>(remainder));
  CHECK(values_of(q) == sum);
  int wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    wrong += pack_as<float>(q.value(i / cols, i % cols)) != sum[i];
  }
  CHECK(wrong == 0);
  CHECK(q.bits_per_value() == 4.5 + 4.5 + 4.25);
}

TEST_CASE("each term lowers the error, and two of NVFP4 are better than MXFP8") {
  const std::vector<float> x = normal_values(rows * cols, 2);
  const matrix_view<const float> in(x.data(), rows, cols);
  const double one = error(x, values_of(quantize<formats::nvfp4>(in)));
  const double two = error(x, values_of(quantize_residual<formats::nvfp4, formats::nvfp4>(in)));
  const double three =
      error(x, values_of(quantize_residual<formats::nvfp4, formats::nvfp4, formats::nvfp4>(in)));
  CHECK(two < one / 20);
  CHECK(three < two / 20);
  CHECK(two < error(x, values_of(quantize<formats::mxfp8_e4m3>(in))));
}

TEST_CASE("terms by rules, and of matrices that only this test knows") {
  const std::vector<float> x = normal_values(rows * cols, 3);
  const matrix_view<const float> in(x.data(), rows, cols);
  const auto q = residual_terms(
      in, [](auto w) { return own::quantize(w, 2); },
      [](auto w) { return quantize<formats::mxfp4>(w, rules::rceil); });
  std::vector<float> left(x.size());
  remainder_of(in, q.term<0>(), matrix_view<float>(left.data(), rows, cols));
  float most = 0;
  for (const float v : left) most = std::max(most, std::abs(v));
  CHECK(most <= 0.25f);
  CHECK(q.term<1>() ==
        quantize<formats::mxfp4>(matrix_view<const float>(left.data(), rows, cols), rules::rceil));

  std::vector<float> special = x;
  special[40] = std::numeric_limits<float>::infinity();
  const auto of_special = quantize_residual<formats::mxfp4, formats::mxfp4>(
      matrix_view<const float>(special.data(), rows, cols));
  const std::vector<float> y = values_of(of_special);
  const auto is_nan = [&](std::size_t i) { return unpack(y[i]).is_nan(); };
  CHECK((is_nan(32) && is_nan(63) && !is_nan(31) && !is_nan(64)));
}

TEST_CASE("bad shapes are refused, nothing is written") {
  const std::vector<float> x = normal_values(rows * cols, 4);
  const auto q = quantize_residual<formats::mxfp4, formats::mxfp4>(
      matrix_view<const float>(x.data(), rows, cols));
  std::vector<float> out(rows * cols, 7.0f);
  CHECK_THROWS_AS(dequantize(q, matrix_view<float>(out.data(), rows, cols - 1)),
                  std::invalid_argument);
  CHECK_THROWS_AS(remainder_of(matrix_view<const float>(x.data(), rows - 1, cols), q,
                               matrix_view<float>(out.data(), rows - 1, cols)),
                  std::invalid_argument);
  CHECK_THROWS_AS(
      residual_matrix(block_matrix<formats::mxfp4>(2, 32), block_matrix<formats::mxfp4>(2, 33)),
      std::invalid_argument);
  CHECK(out == std::vector<float>(rows * cols, 7.0f));
}

TEST_CASE("a product of a sum is that of its values") {
  constexpr std::size_t n = 10, k = 1100;  // more than a tile is deep
  const std::vector<float> x = normal_values(rows * k, 5), w = normal_values(n * k, 6);
  const matrix_view<const float> a(x.data(), rows, k);
  const auto q =
      quantize_residual<formats::nvfp4, formats::mxfp4>(matrix_view<const float>(w.data(), n, k));
  const std::vector<float> values = values_of(q);
  std::vector<float> c(rows * n), expected(rows * n);
  gemm(a, q, matrix_view<float>(c.data(), rows, n));
  gemm(a, matrix_view<const float>(values.data(), n, k),
       matrix_view<float>(expected.data(), rows, n));
  CHECK(c == expected);
}

TEST_CASE("a term whose values without the tensor scale are beyond binary32") {
  // The scale of a block of the largest element is the largest bfloat16.
  constexpr block_format f{formats::e2m1, formats::scaled_tensor(formats::bfloat16),
                           block_shape{1, 16}};
  const std::vector<float> w = normal_values(2 * 32, 7);
  const auto q = quantize_residual<f, formats::mxfp4>(matrix_view<const float>(w.data(), 2, 32));
  const std::vector<float> values = values_of(q);
  std::vector<float> one(32 * 32), c(32 * 2);
  for (std::size_t i = 0; i < 32; ++i) one[33 * i] = 1;
  gemm(matrix_view<const float>(one.data(), 32, 32), q, matrix_view<float>(c.data(), 32, 2));
  int wrong = 0;
  for (std::size_t i = 0; i < c.size(); ++i) {
    wrong += !(unpack(c[i]) == unpack(values[i % 2 * 32 + i / 2]) ||
               (c[i] == 0 && values[i % 2 * 32 + i / 2] == 0));
  }
  CHECK(wrong == 0);
}
