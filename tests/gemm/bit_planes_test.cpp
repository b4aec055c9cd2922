// SPDX-License-Identifier: MIT
// Products of integers of few bits by planes of bits: all of up to 4 by 4 bits in short rows, and
// random ones on each target, against plain sums of integers that are read off the codes here.
#include "lowp/gemm/bit_planes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/formats/centred_format.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/gemm/bit_plane_product.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/number/number.hpp"
#include "split_mix.hpp"

namespace own {

enum class coding : std::uint8_t { plain, complement, bipolar };

/// Codes of so many bits, one in each byte; what they stand for is said here once more.
template <class Format>
struct code_matrix {
  Format format;
  std::size_t rows = 0, cols = 0;
  std::vector<std::uint8_t> codes = std::vector<std::uint8_t>(rows * cols);
};
template <class Format>
auto describe(const code_matrix<Format>& x) {
  return lowp::operand_description<lowp::variable_format<Format>>{
      .row_count = x.rows,
      .col_count = x.cols,
      .elements = {.format = {x.format},
                   .bytes = x.codes.data(),
                   .row_bytes = static_cast<std::ptrdiff_t>(x.cols),
                   .order = {.container_bits = 8}}};
}
std::int64_t meaning(coding c, int bits, int code) {
  switch (c) {
    case coding::complement: return code - (code >= 1 << (bits - 1) ? 1 << bits : 0);
    case coding::bipolar: return 2 * code - ((1 << bits) - 1);
    default: return code;
  }
}

}  // namespace own

using namespace lowp;
using own::coding;

namespace {

template <class Use>
void with_matrix(coding c, int bits, std::size_t rows, std::size_t cols, const Use& use) {
  if (c == coding::bipolar) {
    own::code_matrix<centred_format> x{{bits, -1, true}, rows, cols};
    return use(x);
  }
  own::code_matrix<fixed_format> x{
      {.total_bits = bits, .fraction_bits = 0, .is_signed = c == coding::complement}, rows, cols};
  use(x);
}

/// In how many elements c is not the plain sum.
std::size_t differences(const std::vector<std::int32_t>& c, const std::vector<std::uint8_t>& a,
                        coding a_is, int p, const std::vector<std::uint8_t>& b, coding b_is, int q,
                        std::size_t depth) {
  std::array<std::int64_t, 256> of_a{}, of_b{};
  for (int i = 0; i < 1 << p; ++i) of_a[static_cast<std::size_t>(i)] = own::meaning(a_is, p, i);
  for (int i = 0; i < 1 << q; ++i) of_b[static_cast<std::size_t>(i)] = own::meaning(b_is, q, i);
  std::size_t count = 0;
  const std::size_t cols = b.size() / depth;
  for (std::size_t i = 0; i < c.size(); ++i) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < depth; ++k) {
      sum += of_a[a[i / cols * depth + k]] * of_b[b[i % cols * depth + k]];
    }
    count += c[i] != sum;
  }
  return count;
}

TEST_CASE("all rows of up to 3 elements of up to 4 bits have the sums of their integers") {
  for (int p = 1; p <= 4; ++p) {
    for (int q = 1; q <= 4; ++q) {
      for (const std::size_t depth : {1u, 2u, 3u}) {
        if (static_cast<std::size_t>(p + q) * depth > 16) continue;
        const auto way = static_cast<std::size_t>(p * 5 + q) + depth;
        const auto a_is = static_cast<coding>(way % 3), b_is = static_cast<coding>(way / 3 % 3);
        const auto fill = [depth](auto& x, int bits) {
          for (std::size_t i = 0; i < x.codes.size(); ++i) {
            const std::size_t place = i % depth * static_cast<std::size_t>(bits);
            x.codes[i] = static_cast<std::uint8_t>((i / depth >> place) & ((1u << bits) - 1));
          }
        };
        const std::size_t m = std::size_t{1} << (static_cast<std::size_t>(p) * depth);
        const std::size_t n = std::size_t{1} << (static_cast<std::size_t>(q) * depth);
        with_matrix(a_is, p, m, depth, [&](auto& a) {
          fill(a, p);
          with_matrix(b_is, q, n, depth, [&](auto& b) {
            fill(b, q);
            std::vector<std::int32_t> c(m * n);
            bit_plane_product(bit_planes(a), bit_planes(b), matrix_view(c.data(), m, n));
            CAPTURE(p, q, depth);
            REQUIRE(differences(c, a.codes, a_is, p, b.codes, b_is, q, depth) == 0);
          });
        });
      }
    }
  }
}

TEST_CASE("products on each target, of shapes with rests, are the plain sums") {
  test::split_mix random(1);
  struct shape {
    std::size_t m, n, k;
    int p, q;
  };
  constexpr std::array<shape, 9> shapes{{{1, 33, 70, 8, 1},
                                         {1, 17, 31, 8, 2},
                                         {1, 20, 65, 8, 3},
                                         {1, 5, 33, 7, 8},
                                         {3, 35, 1100, 1, 1},
                                         {9, 50, 97, 2, 2},
                                         {10, 18, 600, 8, 2},
                                         {11, 49, 33, 4, 5},
                                         {5, 40, 64, 8, 8}}};
  for (const shape& s : shapes) {
    const auto a_is = static_cast<coding>(random.below(3)),
               b_is = static_cast<coding>(random.below(3));
    with_matrix(a_is, s.p, s.m, s.k, [&](auto& a) {
      for (auto& code : a.codes) code = static_cast<std::uint8_t>(random.below(1u << s.p));
      with_matrix(b_is, s.q, s.n, s.k, [&](auto& b) {
        for (auto& code : b.codes) code = static_cast<std::uint8_t>(random.below(1u << s.q));
        const bit_planes x(a), y(b);
        for (const isa level : test::isas()) {
          CAPTURE(s.p, s.q, name(level));
          std::vector<std::int32_t> c(s.m * s.n, 7), d(c);
          const matrix_view<std::int32_t> of_planes(c.data(), s.m, s.n);
          bit_plane_product(x, y, of_planes, level);
          REQUIRE(differences(c, a.codes, a_is, s.p, b.codes, b_is, s.q, s.k) == 0);
          bit_plane_product(a, y, matrix_view(d.data(), s.m, s.n), {threads{2}, level});
          REQUIRE(c == d);
        }
        std::vector<std::int32_t> defined(s.m * s.n);
        reference::bit_plane_product(a, y, matrix_view(defined.data(), s.m, s.n));
        REQUIRE(differences(defined, a.codes, a_is, s.p, b.codes, b_is, s.q, s.k) == 0);
      });
    });
  }
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("nothing is read or written beside operands and results") {
  const test::guarded a(1 << 12), c(1 << 12);
  const std::size_t m = 3, n = 19, k = 45;
  std::vector<int_n<2>> w(n * k, int_n<2>(-2));
  for (const isa level : test::isas()) {
    for (const bool at_end : {false, true}) {
      auto* const x = reinterpret_cast<int_n<8>*>(a.place(m * k, at_end));
      auto* const y = reinterpret_cast<std::int32_t*>(c.place(4 * m * n, at_end));
      for (std::size_t i = 0; i < m * k; ++i) x[i] = int_n<8>(100);
      bit_plane_product(matrix_view<const int_n<8>>(x, m, k),
                        bit_planes(matrix_view<const int_n<2>>(w.data(), n, k)),
                        matrix_view(y, m, n), level);
      for (std::size_t i = 0; i < m * n; ++i) REQUIRE(y[i] == -200 * 45);
    }
  }
}
#endif

TEST_CASE("planes are those of the integers, whatever the format") {
  // Halves: 12 is 6.
  std::vector<e2m1> halves(16);
  for (std::size_t i = 0; i < 16; ++i) halves[i] = e2m1::from_code(i);
  const bit_planes x(matrix_view<const e2m1>(halves.data(), 1, 16));
  CHECK(x.planes() == 5);
  CHECK(x.unit() == -1);
  for (std::size_t i = 0; i < 16; ++i) CHECK(x.integer(0, i) == 2 * double(halves[i]));

  using trit = number<formats::ternary>;
  const std::vector<trit> trits{trit(-1), trit(0), trit(1), trit(1)};
  const bit_planes y(matrix_view<const trit>(trits.data(), 1, 4));
  CHECK(y.planes() == 2);
  for (std::size_t i = 0; i < 4; ++i) CHECK(y.integer(0, i) == double(trits[i]));

  // Zero points of rows; codes of 4 bits lie two in a byte.
  const std::vector<std::uint8_t> bytes{0x10, 0x32, 0x54, 0x76, 0xFE, 0xDC, 0xBA, 0x98};
  const std::vector<float> scales(2, 1.0f);
  const std::vector<std::int32_t> zeros{3, 8};
  const affine_matrix_view<formats::uint_n<4>> w({bytes, 2, 8}, {1, block_shape::whole}, scales,
                                                 zeros);
  const bit_planes z(w);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(z.integer(0, i) == static_cast<std::int32_t>(i) - 3);
    CHECK(z.integer(1, i) == 6 - static_cast<std::int32_t>(i) + (i % 2 == 0 ? 0 : 2));
  }
  const std::vector<int_n<8>> ones(8, int_n<8>(1));
  std::array<std::int32_t, 2> sums{};
  for (const isa level : test::isas()) {
    bit_plane_product(matrix_view<const int_n<8>>(ones.data(), 1, 8), z,
                      matrix_view(sums.data(), 1, 2), level);
    CHECK(sums == std::array<std::int32_t, 2>{28 - 24, 92 - 64});
  }
}

TEST_CASE("products of planes without elements, and what is refused") {
  std::vector<int_n<2>> codes(12);
  const matrix_view<const int_n<2>> x(codes.data(), 3, 4);
  const bit_planes planes(x);
  std::vector<std::int32_t> c(9, 5);
  const matrix_view<std::int32_t> out(c.data(), 3, 3);
  bit_plane_product(matrix_view<const int_n<2>>(codes.data(), 3, 0),
                    bit_planes(matrix_view<const int_n<2>>(codes.data(), 3, 0)), out);
  CHECK(c == std::vector<std::int32_t>(9, 0));
  bit_plane_product(matrix_view<const int_n<2>>(codes.data(), 0, 4), planes,
                    matrix_view<std::int32_t>(c.data(), 0, 3));

  using failure = std::invalid_argument;
  const matrix_view<const int_n<2>> narrow(codes.data(), 3, 2, 4);
  CHECK_THROWS_AS(bit_plane_product(narrow, planes, out), failure);
  CHECK_THROWS_AS(bit_plane_product(x, planes, matrix_view(c.data(), 3, 2)), failure);
  CHECK_THROWS_AS(bit_planes(matrix_view<const e4m3fn>(nullptr, 0, 0)), failure);
  CHECK_THROWS_AS(bit_planes(matrix_view<const float>(nullptr, 0, 0)), failure);
  const auto* const inside = reinterpret_cast<const std::int32_t*>(codes.data());
  const matrix_view<std::int32_t> shared(const_cast<std::int32_t*>(inside), 3, 3, 3);
  CHECK_THROWS_AS(bit_plane_product(x, planes, shared), failure);
  using wide = number<formats::codebook<1>(1.0f, 0x1p31f)>;
  CHECK_THROWS_AS(bit_planes(matrix_view<const wide>(nullptr, 0, 0)), failure);
  auto* const words = const_cast<std::uint32_t*>(planes.words().data());
  const matrix_view<std::int32_t> of_planes(reinterpret_cast<std::int32_t*>(words), 3, 3);
  CHECK_THROWS_AS(bit_plane_product(x, planes, of_planes), failure);
  // 128 * 128 * 131072 is 2^31.
  const std::vector<int_n<8>> lowest(131072, int_n<8>(-128));
  const auto row = [&](std::size_t n) { return matrix_view<const int_n<8>>(lowest.data(), 1, n); };
  std::int32_t sum = 0;
  CHECK_THROWS_AS(bit_plane_product(row(131072), bit_planes(row(131072)), matrix_view(&sum, 1, 1)),
                  failure);
  for (const isa level : test::isas()) {
    bit_plane_product(row(131071), bit_planes(row(131071)), matrix_view(&sum, 1, 1), level);
    CHECK(sum == 2147467264);
  }
}

TEST_CASE("one row of the largest and the smallest integers has exact sums") {
  constexpr std::size_t n = 17, k = 70;
  for (int q = 1; q <= 8; ++q) {
    for (const int p : {7, 8}) {
      for (const bool are_high : {false, true}) {
        own::code_matrix<fixed_format> a{{p, 0, false}, 1, k}, b{{q, 0, false}, n, k};
        for (auto& code : a.codes) code = static_cast<std::uint8_t>(are_high ? (1 << p) - 1 : 0);
        for (auto& code : b.codes) code = static_cast<std::uint8_t>((1 << q) - 1);
        const std::int32_t sum = are_high ? ((1 << p) - 1) * ((1 << q) - 1) * int{k} : 0;
        const bit_planes w(b);
        for (const isa level : test::isas()) {
          CAPTURE(p, q, name(level));
          std::vector<std::int32_t> c(n);
          bit_plane_product(a, w, matrix_view(c.data(), 1, n), level);
          REQUIRE(c == std::vector<std::int32_t>(n, sum));
        }
      }
    }
  }
}

TEST_CASE("codes of 2 bits in words of 16, and zero points beyond 32 bits") {
  const std::array<std::uint16_t, 2> words{0x0105, 0xFFFE};  // 1 and 2, and other bits
  operand_description<constant_format<formats::uint_n<2>>> d{
      .row_count = 1,
      .col_count = 2,
      .elements = {.bytes = reinterpret_cast<const std::uint8_t*>(words.data()),
                   .row_bytes = 4,
                   .order = {.container_bits = 16}}};
  const bit_planes x(d);
  CHECK(x.integer(0, 0) == 1);
  CHECK(x.integer(0, 1) == 2);
  CHECK(x.sum(0) == 3);
  for (const std::int32_t zero : {INT32_MIN, INT32_MIN + 3, INT32_MIN + 4}) {
    d.zeros = &zero;
    if (zero == INT32_MIN + 4) {
      CHECK(bit_planes(d).integer(0, 1) == INT32_MAX - 1);
    } else {
      CHECK_THROWS_AS(bit_planes(d), std::invalid_argument);
    }
  }
}

TEST_CASE("long rows whose bits are all ones have exact sums") {
  constexpr std::size_t cols = 140001, most = 1200000;
  const std::vector<number<formats::uint_n<1>>> ones(most, number<formats::uint_n<1>>(1));
  const std::vector<int_n<8>> largest(most, int_n<8>(127));
  const matrix_view<const number<formats::uint_n<1>>> bits(ones.data(), 3, cols);
  const bit_planes x(bits), y(matrix_view<const int_n<8>>(largest.data(), 3, cols));
  const bit_planes longest(matrix_view<const number<formats::uint_n<1>>>(ones.data(), 1, most));
  for (const isa level : test::isas()) {
    CAPTURE(name(level));
    std::array<std::int32_t, 9> c{};
    const matrix_view<std::int32_t> sums(c.data(), 3, 3);
    bit_plane_product(x, x, sums, level);
    for (const std::int32_t sum : c) CHECK(sum == cols);
    bit_plane_product(y, x, sums, level);
    for (const std::int32_t sum : c) CHECK(sum == 127 * cols);
    bit_plane_product(bits, y, matrix_view(c.data(), 3, 3), level);
    for (const std::int32_t sum : c) CHECK(sum == 127 * cols);
    bit_plane_product(matrix_view<const int_n<8>>(largest.data(), 1, most), longest,
                      matrix_view(c.data(), 1, 1), level);
    CHECK(c[0] == 127 * most);
  }
}

}  // namespace
