// SPDX-License-Identifier: MIT
// However a product is computed, it has the bits of reference::gemm: every kernel, instruction set
// and executor, every remainder of a tile or a chunk, ordinary and hostile values.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "float_environment.hpp"
#include "gemm/edge_cases.hpp"
#include "gemm/product_cases.hpp"
#include "guarded.hpp"

using namespace test::gemm;

TEST_CASE("Products of plain matrices: every remainder and every kind of value") {
  oracle::tally t;
  std::uint64_t seed = 1;
  for (const kind values : kinds) {
    for (const auto& [m, n, k] : shapes) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, values);
      compare(t, "kind " + std::to_string(static_cast<int>(values)), a.view(), b.view());
      const matrix other(n, k, ++seed, kind::ordinary);
      compare(t, "mixed kinds", a.view(), other.view());
    }
  }
  for (std::size_t m = 0; m <= 50; ++m) {
    const matrix a(m, 40, ++seed, kind::ordinary), b(51 - m, 40, ++seed, kind::ordinary);
    compare(t, "rows", a.view(), b.view());
  }
  for (std::size_t k = 0; k <= 70; ++k) {
    const matrix few(2, k, ++seed, kind::wide), a(18, k, ++seed, kind::wide),
        b(14, k, ++seed, kind::wide);
    compare(t, "few, depth", few.view(), b.view());
    compare(t, "depth", a.view(), b.view());
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("More than a block of lanes, of rows and of depth") {
  oracle::tally t;
  const matrix a(200, 1030, 1, kind::wide), b(205, 1030, 2, kind::wide),
      few(7, 1030, 3, kind::wide);
  compare(t, "blocks", a.view(), b.view());
  compare(t, "few", few.view(), b.view());
  compare(t, "few columns", b.view(), few.view());
  // More rows than a block of binary32 has, and more depth than two of its chunks.
  const matrix lanes(18, 530, 8, kind::wide), rows(410, 530, 9, kind::wide);
  compare(t, "many rows", lanes.view(), rows.view());
  compare(t, "many rows, of C", rows.view(), lanes.view());
  // Lanes along columns, since sums are short or they are the fewer; and along rows.
  const matrix tall(530, 45, 4, kind::wide), wide(525, 45, 5, kind::wide);
  compare(t, "lanes along columns", tall.view(), wide.view());
  compare(t, "short sums", wide.view(), tall.view());
  const of_numbers<formats::bfloat16> bf16_tall(tall), bf16_wide(wide);
  compare(t, "bfloat16", bf16_tall.operand, bf16_wide.operand);
  const of_blocks<formats::mxint8> int8_tall(tall), int8_wide(wide);
  compare(t, "mxint8", int8_tall.operand, int8_wide.operand);
  const matrix x(270, 300, 6, kind::wide), y(275, 300, 7, kind::wide);
  const of_numbers<formats::bfloat16> bf16_x(x), bf16_y(y);
  compare(t, "lanes along rows", x.view(), y.view());
  compare(t, "bfloat16, lanes along rows", bf16_x.operand, bf16_y.operand);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Bits of padding and codes beyond a row do not matter") {
  oracle::tally t;
  // The other half of the last byte would be 6 * 2^127, or a NaN.
  for (const std::size_t n : {std::size_t{1}, std::size_t{20}}) {
    block_matrix<formats::mxfp4> b(n, 1);
    for (std::uint8_t& code : b.codes()) code = 0x71;
    for (std::uint8_t& code : b.scales()) code = 254;
    const matrix a(3, 1, 1, kind::ordinary);
    compare(t, "mxfp4 by half a byte", a.view(), b);
    const std::vector<std::uint8_t> bytes(n, 0x82);
    const packed_matrix_view<formats::p3109(4, 2)> p(bytes, n, 1);
    compare(t, "p3109 by half a byte", a.view(), p);
    compare(t, "half a byte by half a byte", p, p);
  }
  // Code 0 is not zero, and times its scale beyond binary32.
  constexpr lowp::float_format no_zero{.exponent_bits = 2,
                                       .mantissa_bits = 1,
                                       .bias = -1,
                                       .at_exponent_zero = lowp::exponent_zero::normals,
                                       .has_infinity = false};
  constexpr lowp::block_format blocks{no_zero, formats::e8m0, lowp::block_shape{1, 32}};
  for (const std::size_t k : {4u, 32u, 512u, 516u}) {
    block_matrix<blocks> b(17, k);
    for (std::uint8_t& code : b.codes()) code = 0x21;
    for (std::uint8_t& code : b.scales()) code = 254;
    compare(t, "no zero", matrix(2, k, 1, kind::tiny).view(), b);
    for (std::uint8_t& code : b.scales()) code = 120;
    compare(t, "no zero", matrix(2, k, 1, kind::wide).view(), b);
  }
  // Elements that binary32 cannot hold, under scales that bring them back.
  constexpr lowp::float_format low{.exponent_bits = 4,
                                   .mantissa_bits = 3,
                                   .bias = 148,
                                   .at_exponent_zero = lowp::exponent_zero::normals,
                                   .has_infinity = false};
  constexpr lowp::block_format low_blocks{low, formats::e8m0, lowp::block_shape{1, 32}};
  block_matrix<low_blocks> b(9, 40);
  source random(5);
  for (std::uint8_t& code : b.codes()) code = static_cast<std::uint8_t>(random.below(16));
  for (std::uint8_t& code : b.scales()) code = 240;
  compare(t, "low", matrix(3, 40, 1, kind::ordinary).view(), b);
  compare(t, "low", matrix(20, 40, 1, kind::ordinary).view(), b);
  std::vector<float> by_kernels(9 * 40), by_definition(9 * 40);
  lowp::dequantize(b, matrix_view<float>(by_kernels.data(), 9, 40));
  lowp::reference::dequantize(b, matrix_view<float>(by_definition.data(), 9, 40));
  CHECK(by_kernels == by_definition);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Views without rows or with one") {
  oracle::tally t;
  const std::vector<float> data(40, 1.5f);
  const packed_matrix_view<formats::e4m3fn> none({}, 0, 40);
  const matrix_view<const float> one(data.data(), 1, 40, std::size_t(-1) / 2),
      empty(nullptr, 0, 40);
  compare(t, "none", none, one);
  compare(t, "none", one, none);
  compare(t, "none", empty, empty);
  compare(t, "one", one, one);
  // The stride of one row means nothing, and nothing lies in c if it is empty.
  std::vector<float> out(40);
  const matrix_view<float> point(out.data(), 1, 1, 0);
  CHECK_NOTHROW(lowp::gemm(one, one, point));
  CHECK_THROWS_AS(lowp::gemm(point, point, point), std::invalid_argument);
  CHECK_NOTHROW(lowp::gemm(empty, one, matrix_view<float>(const_cast<float*>(data.data()), 0, 1)));
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Neither threads nor other rows change a row") {
  struct reversed {
    void operator()(std::size_t count, const lowp::task& part) const {
      for (std::size_t i = count; i-- > 0;) part(i);
    }
  };
  oracle::tally t;
  const matrix a(210, 520, 1, kind::wide), b(400, 520, 2, kind::wide);
  const of_blocks<formats::mxfp4> q(b);
  const auto all = product(a.view(), q.operand, {});
  const auto same = [&](const char* name, const std::vector<std::uint32_t>& other) {
    t.check(other == all, [&](auto& text) { text << name; });
  };
  same("two threads", product(a.view(), q.operand, lowp::threads{2}));
  same("seven threads", product(a.view(), q.operand, {lowp::threads{7}, test::highest_isa()}));
  same("reversed", product(a.view(), q.operand, reversed{}));
  for (const isa level : test::isas()) {
    for (const std::size_t count : {1u, 2u, 7u, 8u, 9u, 16u, 17u, 31u, 100u}) {
      for (std::size_t first = 0; first + count <= a.rows; first += 55) {
        const auto some = product(a.view().row_range(first, count), q.operand, level);
        const std::size_t stride = b.rows + 5;
        t.check(std::equal(some.begin(), some.end(),
                           all.begin() + static_cast<std::ptrdiff_t>(first * stride)),
                [&](auto& text) {
                  text << count << " rows from " << first << " on " << lowp::name(level);
                });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("The caller's floating-point environment does not matter") {
  oracle::tally t;
  const matrix a(20, 70, 1, kind::tiny), b(30, 70, 2, kind::wide), few(3, 70, 3, kind::wide);
  const auto expected = definition(a.view(), b.view());
  const auto expected_few = definition(few.view(), a.view());
  for (const std::uint32_t flags : test::unusual_environments) {
    for (const isa level : test::isas()) {
      const test::float_environment environment(flags);
      t.check(product(a.view(), b.view(), level) == expected &&
                  product(few.view(), a.view(), level) == expected_few,
              [&](auto& text) { text << std::hex << flags << " on " << lowp::name(level); });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A NaN result has one code") {
  const float nan = std::bit_cast<float>(0xFFFFFFFFu),
              infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x{nan, infinity, -infinity, 1.0f}, y{1.0f, 1.0f, 1.0f, 1.0f};
  const matrix_view<const float> a(x.data(), 1, 4), b(y.data(), 1, 4);
  for (const isa level : test::isas()) CHECK(product(a, b, level)[0] == 0x7FC00000u);
  CHECK(definition(a, b)[0] == 0x7FC00000u);
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Products touch nothing outside their operands") {
  oracle::tally t;
  for (const shape& of : shapes) {
    const std::size_t m = of.m, n = of.n, k = of.k;
    const matrix a(m, k, 1, kind::ordinary), b(n, k, 2, kind::ordinary);
    const of_packed<formats::e2m1> q(b);
    const auto expected = definition(a.view(), q.operand);
    const std::size_t row_bytes = lowp::packed_bytes(k, 4);
    const test::guarded a_memory(4 * m * k), b_memory(n * row_bytes), c_memory(4 * m * n);
    for (const bool at_end : {false, true}) {
      auto* const a_data = reinterpret_cast<float*>(a_memory.place(4 * m * k, at_end));
      std::uint8_t* const b_data = b_memory.place(n * row_bytes, at_end);
      auto* const c_data = reinterpret_cast<float*>(c_memory.place(4 * m * n, at_end));
      std::memcpy(a_data, a.data.data(), 4 * m * k);
      for (std::size_t r = 0; r < n; ++r) {
        std::memcpy(b_data + r * row_bytes, q.bytes.data() + r * q.row_bytes, row_bytes);
      }
      const packed_matrix_view<formats::e2m1> packed({b_data, n * row_bytes}, n, k);
      for (const isa level : test::isas()) {
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

TEST_CASE("Rows that are read where they lie are read to their end") {
  oracle::tally t;
  compare_at_edges<lowp::policies::k32, float>(t);
  compare_at_edges<lowp::policies::k32, lowp::bfloat16>(t);
  REQUIRE_NO_MISMATCH(t);
}
#endif

TEST_CASE("Bad shapes are refused before anything is written") {
  const std::vector<float> data(60, 1.0f);
  std::vector<float> out(60, 7.0f);
  const auto in = [&](std::size_t rows, std::size_t cols) {
    return matrix_view<const float>(data.data(), rows, cols);
  };
  const auto c = [&](std::size_t rows, std::size_t cols) {
    return matrix_view<float>(out.data(), rows, cols);
  };
  CHECK_THROWS_AS(lowp::gemm(in(3, 4), in(5, 3), c(3, 5)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(in(3, 4), in(5, 4), c(5, 3)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(block_matrix<formats::mxfp4>(3, 4), in(5, 5), c(3, 5)),
                  std::invalid_argument);
  // c shares elements with an operand.
  const matrix_view<float> both(out.data(), 5, 5);
  CHECK_THROWS_AS(lowp::gemm(both, in(5, 5), both), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(in(5, 5), both, both), std::invalid_argument);
  const std::span<const std::uint8_t> own(reinterpret_cast<const std::uint8_t*>(out.data()), 60);
  const packed_matrix_view<formats::e4m3fn> packed(own, 5, 12);
  CHECK_THROWS_AS(lowp::gemm(packed, in(5, 12), both), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm<lowp::policies::exact>(packed, in(5, 12), both),
                  std::invalid_argument);
  const matrix_view<float> left(out.data(), 3, 3, 6), right(out.data() + 3, 3, 3, 6);
  CHECK(out == std::vector<float>(60, 7.0f));
  CHECK_NOTHROW(lowp::gemm(left, in(3, 3), right));
  const std::vector<std::uint8_t> bytes(10);
  CHECK_THROWS_AS((packed_matrix_view<formats::e2m1>(bytes, 3, 8)), std::invalid_argument);
  CHECK_THROWS_AS((packed_matrix_view<formats::e2m1>(bytes, 2, 8, 3)), std::invalid_argument);
  CHECK_THROWS_AS((packed_matrix_view<formats::e2m1>(bytes, std::size_t(-1), 8)),
                  std::invalid_argument);
  CHECK_NOTHROW(packed_matrix_view<formats::e2m1>(bytes, 2, 8, 6));
}
