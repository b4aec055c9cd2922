// SPDX-License-Identifier: MIT
// Products at the borders of what policies and descriptions allow: nothing to add, operands that a
// policy refuses when a program runs, and codes that do not lie dense.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/gemm/batched.hpp"
#include "lowp/gemm/gemm.hpp"

namespace {

namespace formats = lowp::formats;
using lowp::matrix_view;

/// A code in the low bits of each byte, of a format that is known when the program runs.
template <class Format>
struct byte_matrix {
  Format format;
  std::size_t rows, cols;
  std::vector<std::uint8_t> bytes;
};
template <class Format>
auto describe(const byte_matrix<Format>& x) {
  return lowp::operand_description<lowp::variable_format<Format>>{
      .row_count = x.rows,
      .col_count = x.cols,
      .elements = {.format = {x.format},
                   .bytes = x.bytes.data(),
                   .row_bytes = static_cast<std::ptrdiff_t>(x.cols),
                   .order = lowp::packings::byte_low}};
}

template <class Format>
byte_matrix<Format> counted(const Format& f, std::size_t rows, std::size_t cols) {
  byte_matrix<Format> x{f, rows, cols, {}};
  for (std::size_t i = 0; i < rows * cols; ++i) {
    x.bytes.push_back(static_cast<std::uint8_t>(i * 7 % (std::size_t{1} << f.bits())));
  }
  return x;
}

}  // namespace

TEST_CASE("Codes in bytes of their own are those that the definition reads") {
  const auto a = counted(formats::e2m1, 9, 70), b = counted(formats::e3m2, 11, 70);
  std::vector<float> c(9 * 11), expected(9 * 11);
  lowp::gemm(a, b, matrix_view<float>(c.data(), 9, 11));
  for (std::size_t row = 0; row < 9; ++row) {
    for (std::size_t col = 0; col < 11; ++col) {
      double sum = 0;  // exact: small multiples of 1/32
      for (std::size_t k = 0; k < 70; ++k) {
        sum += lowp::pack_as<double>(decode(a.format, a.bytes[row * 70 + k])) *
               lowp::pack_as<double>(decode(b.format, b.bytes[col * 70 + k]));
      }
      expected[row * 11 + col] = static_cast<float>(sum);
    }
  }
  CHECK(c == expected);
}

TEST_CASE("Where there is nothing to add, a start is rounded as the definition rounds it") {
  static constexpr lowp::rounded_sums lanes{.accumulator = formats::bfloat16, .lanes = 4};
  const std::vector<float> none(4);
  const matrix_view<const float> a(none.data(), 1, 0), b(none.data(), 3, 0);
  std::vector<float> c{1.00001f, -0.0f, 3.4e38f}, expected = c;
  lowp::gemm_accumulate<lanes>(a, b, matrix_view<float>(c.data(), 1, 3));
  lowp::reference::gemm_accumulate<lanes>(a, b, matrix_view<float>(expected.data(), 1, 3));
  for (std::size_t i = 0; i < c.size(); ++i) {
    CAPTURE(i);
    CHECK(std::bit_cast<std::uint32_t>(c[i]) == std::bit_cast<std::uint32_t>(expected[i]));
  }
  CHECK(c[0] == 1.0f);
}

TEST_CASE("Operands that a policy refuses are refused whatever would compute the product") {
  static constexpr lowp::rounded_sums adds_mantissas{.product = lowp::product::l_mul};
  const auto a = counted(lowp::posit_format{.total_bits = 8}, 2, 32);
  const std::vector<float> ones(32, 1.0f);
  const matrix_view<const float> b(ones.data(), 1, 32);
  std::vector<float> c(2, 7.0f);
  const matrix_view<float> out(c.data(), 2, 1);
  CHECK_THROWS_AS(lowp::reference::gemm<adds_mantissas>(a, b, out), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm<adds_mantissas>(a, b, out), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm<adds_mantissas>(a, b, out, lowp::epilogue{}), std::invalid_argument);
  CHECK_THROWS_AS(lowp::explain<adds_mantissas>(a, b), std::invalid_argument);
  CHECK(c == std::vector<float>(2, 7.0f));
}
