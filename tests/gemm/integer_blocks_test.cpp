// SPDX-License-Identifier: MIT
// Products by integer_block_sums: against sums of exact integers and numbers of binary32 that are
// computed from the bytes of records as they are specified, on every target.
#include "lowp/gemm/integer_blocks.hpp"

#include <bit>
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/formats/codebook_format.hpp"
#include "lowp/gemm/packed_blocks.hpp"
#include "lowp/number/catalog.hpp"

using namespace lowp;

namespace {

constexpr block_format q8_0{formats::int_n<8>, formats::binary16, block_shape{1, 32}};
constexpr block_format q8_k{formats::int_n<8>, formats::binary32, block_shape{1, 256}};
constexpr block_format q4_0{formats::int_n<4>, formats::binary16, block_shape{1, 32}};

/// 32 codes of 4 bits with 8 added, those of 16 … 31 in the upper halves of bytes, after a
/// binary16.
struct nibble_record {
  static constexpr std::size_t cols = 32, bytes = 18;
  static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 32 : 1; }
  static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 1) return code_t{b[0]} | code_t{b[1]} << 8;
    return (static_cast<unsigned>(b[2 + i % 16]) >> (i / 16 * 4) & 15u) ^ 8u;
  }
};
/// 64 digits in base 3, five to a byte, after a binary16: no bits of codes lie anywhere.
struct trit_record {
  static constexpr std::size_t cols = 64, bytes = 15;
  static constexpr std::size_t per_record(int leaf) { return leaf == 0 ? 64 : 1; }
  static constexpr code_t load(const std::uint8_t* b, int leaf, std::size_t i) {
    if (leaf == 1) return code_t{b[0]} | code_t{b[1]} << 8;
    unsigned byte = b[2 + i / 5];
    for (std::size_t d = 0; d < i % 5; ++d) byte /= 3;
    return byte % 3;
  }
};

std::mt19937 draw(20);

/// Any bytes in the last eighth, where scales are infinite and NaN, too; before, those that make no
/// binary16 of it.
template <class M>
M any_matrix(std::size_t rows, std::size_t cols) {
  M m(rows, cols);
  const auto bytes = m.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(draw() & (i < bytes.size() / 8 * 7 ? 0xBFu : 0xFFu));
  }
  return m;
}

std::uint32_t bits(float x) {
  const auto b = std::bit_cast<std::uint32_t>(x);
  return (b & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC00000u : b;
}
binary32 number_of(double x) { return binary32(x); }
double half(const std::uint8_t* b) {
  return static_cast<double>(binary16::from_code(static_cast<std::uint16_t>(b[0] | b[1] << 8)));
}
int signed_byte(std::uint8_t b) { return b < 128 ? b : b - 256; }

template <auto P, class A, class B>
void check(const A& a, const B& b, const std::vector<float>& expected) {
  for (const isa level : isas) {
    if (level > best_isa()) continue;
    std::vector<float> c(a.rows() * b.rows(), -1.0f);
    gemm<P>(a, b, matrix_view<float>(c.data(), a.rows(), b.rows()), {threads{2}, level});
    std::size_t differ = 0;
    for (std::size_t i = 0; i < c.size(); ++i) {
      differ += std::bit_cast<std::uint32_t>(c[i]) != bits(expected[i]) ? 1u : 0u;
    }
    INFO(name(level));
    CHECK(differ == 0);
  }
}
template <auto P, class A, class B>
std::vector<float> defined(const A& a, const B& b) {
  std::vector<float> c(a.rows() * b.rows());
  reference::gemm<P>(a, b, matrix_view<float>(c.data(), a.rows(), b.rows()));
  return c;
}
/// By the definition, by kernels from where b lies, and from a packed copy.
template <class A, class B>
void check_kernels(const A& a, const B& b) {
  constexpr auto p = policies::integer_blocks;
  CHECK(explain<p>(a, b).refusals.empty());
  const std::vector<float> expected = defined<p>(a, b);
  check<p>(a, b, expected);
  for (const isa level : {isa::portable, best_isa()}) {
    check<p>(a, packed_blocks(b, level), expected);
  }
}

/// K in pieces of 32: the integers of both, the product of their scales, by `multiply`.
template <class Multiply>
std::vector<float> sums_of_nibbles(const std::vector<std::uint8_t>& w, const block_matrix<q8_0>& x,
                                   std::size_t rows, const Multiply& multiply) {
  const std::size_t blocks = x.cols() / 32;
  std::vector<float> c(x.rows() * rows);
  for (std::size_t m = 0; m < x.rows(); ++m) {
    for (std::size_t n = 0; n < rows; ++n) {
      binary32 total = 0;
      for (std::size_t block = 0; block < blocks; ++block) {
        const std::uint8_t* const r = w.data() + (n * blocks + block) * 18;
        const std::uint8_t* const q = x.codes().data() + m * x.cols() + block * 32;
        int sum = 0;
        for (std::size_t i = 0; i < 16; ++i) {
          sum += signed_byte(q[i]) * ((r[2 + i] & 15) - 8);
          sum += signed_byte(q[i + 16]) * ((r[2 + i] >> 4) - 8);
        }
        const double scale = half(x.scales().data() + (m * blocks + block) * 2);
        total += multiply(number_of(sum), number_of(scale), number_of(half(r)));
      }
      c[m * rows + n] = static_cast<float>(total);
    }
  }
  return c;
}

}  // namespace

TEST_CASE("Q4_0 by Q8_0: exact sums of blocks of 32, scaled in a named order") {
  const std::size_t rows = 19, cols = 544;
  const auto w = any_matrix<block_matrix<q4_0, records<nibble_record>::layout>>(rows, cols);
  const auto x = any_matrix<block_matrix<q8_0>>(5, cols);
  const std::vector<std::uint8_t> bytes(w.bytes().begin(), w.bytes().end());
  const auto product = sums_of_nibbles(
      bytes, x, rows, [](binary32 s, binary32 a, binary32 b) { return s * (a * b); });
  const auto b_first =
      sums_of_nibbles(bytes, x, rows, [](binary32 s, binary32 a, binary32 b) { return s * b * a; });
  check<policies::integer_blocks>(x, w, product);
  check<integer_block_sums{scale_order::b_first}>(x, w, b_first);
  const std::vector<float> by_definition = defined<policies::integer_blocks>(x, w);
  for (std::size_t i = 0; i < product.size(); ++i)
    CHECK(bits(product[i]) == bits(by_definition[i]));

  // The other way round, c is the transpose.
  std::vector<float> transposed(product.size());
  for (std::size_t i = 0; i < product.size(); ++i) {
    transposed[i % rows * x.rows() + i / rows] = b_first[i];
  }
  check<integer_block_sums{scale_order::a_first}>(w, x, transposed);
}

TEST_CASE("Q4_K by Q8_K: scales of six bits join the integers, minima are sums of activations") {
  const std::size_t rows = 17, cols = 768, blocks = cols / 256;
  const auto w = any_matrix<block_matrix<formats::q4_k, records<q4_k_record>::layout>>(rows, cols);
  const auto x = any_matrix<block_matrix<q8_k>>(3, cols);
  std::vector<float> expected(x.rows() * rows), chains(expected);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t m = i / rows, n = i % rows;
    binary32 total = 0, minima = 0, sums[8] = {};
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::uint8_t* const r = w.bytes().data() + (n * blocks + block) * 144;
      const std::uint8_t* const q = x.codes().data() + m * cols + block * 256;
      int sum = 0, of_minima = 0, of_chain[8] = {};
      for (std::size_t g = 0; g < 8; ++g) {
        const int scale = g < 4 ? r[4 + g] & 63 : (r[8 + g] & 15) | (r[g] >> 6) << 4;
        const int minimum = g < 4 ? r[8 + g] & 63 : r[8 + g] >> 4 | (r[4 + g] >> 6) << 4;
        for (std::size_t k = 0; k < 32; ++k) {
          const int code = r[16 + g / 2 * 32 + k] >> (g % 2 * 4) & 15;
          const int activation = signed_byte(q[g * 32 + k]);
          sum += scale * code * activation;
          of_chain[k % 8] += scale * code * activation;
          of_minima += minimum * activation;
        }
      }
      std::uint32_t d = 0;
      std::memcpy(&d, x.scales().data() + (m * blocks + block) * 4, 4);
      const binary32 y = binary32::from_code(d);
      const binary32 by_d = y * number_of(half(r)), by_minimum = y * number_of(half(r + 2));
      total += number_of(sum) * by_d - number_of(of_minima) * by_minimum;
      minima += binary32(0) - number_of(of_minima) * by_minimum;
      for (std::size_t l = 0; l < 8; ++l) sums[l] += number_of(of_chain[l]) * by_d;
    }
    expected[i] = static_cast<float>(total);
    for (const binary32& s : sums) minima += s;
    chains[i] = static_cast<float>(minima);
  }
  check<policies::integer_blocks>(x, w, expected);
  check<policies::integer_blocks>(x, packed_blocks(w), expected);
  check<integer_block_sums{.chains = 8}>(x, w, chains);
  CHECK(explain<integer_block_sums{.chains = 8}>(x, w).strategy == "the definition");
}

TEST_CASE("Kernels of integer_block_sums are the definition, whatever the composition") {
  const auto x = any_matrix<block_matrix<q8_0>>(6, 608);
  SECTION("Q6_K in records and in planes, by blocks of 256 and of 32") {
    const auto y = any_matrix<block_matrix<q8_k>>(9, 512);
    const auto z = any_matrix<block_matrix<q8_0>>(2, 512);
    const auto w = any_matrix<block_matrix<formats::q6_k, records<q6_k_record>::layout>>(70, 512);
    check_kernels(y, w);
    check_kernels(z, w);
    check_kernels(y, any_matrix<block_matrix<formats::q6_k>>(18, 512));
  }
  SECTION("elements of any bits, tables, a minimum, a block at the end that is cut") {
    check_kernels(x, any_matrix<block_matrix<formats::offset_groups(2, {1, 32})>>(21, 608));
    check_kernels(x, any_matrix<block_matrix<formats::offset_groups(3, {1, 16})>>(21, 608));
    check_kernels(x, any_matrix<block_matrix<formats::offset_groups(5, {1, 64})>>(21, 608));
    check_kernels(x, any_matrix<block_matrix<q8_0>>(33, 608));
    check_kernels(x, any_matrix<block_matrix<formats::mxfp4>>(21, 608));
    // Scales of 2^128, which binary32 has only times the unit of the elements.
    constexpr float_format exponents{.exponent_bits = 8,
                                     .mantissa_bits = 0,
                                     .is_signed = false,
                                     .at_exponent_zero = exponent_zero::normals,
                                     .has_infinity = false};
    constexpr block_format halves{formats::e2m1, exponents, block_shape{1, 32}};
    check_kernels(x, any_matrix<block_matrix<halves>>(21, 608));
    constexpr block_format nonlinear{formats::iq4_nl, formats::binary16, block_shape{1, 32}};
    check_kernels(x, any_matrix<block_matrix<nonlinear>>(21, 608));
    check_kernels(any_matrix<block_matrix<q8_0>>(4, 67),
                  any_matrix<block_matrix<formats::nvfp4>>(21, 67));
  }
  SECTION("scales that an environment without subnormals would make zero") {
    constexpr block_format small{formats::e2m1, formats::binary32, block_shape{1, 32}};
    block_matrix<small> w(17, 64);
    for (std::uint8_t& b : w.bytes()) b = static_cast<std::uint8_t>(draw());
    for (std::size_t i = 0; i < w.scales().size(); i += 4) {
      w.scales()[i + 2] &= 0x7Fu;  // below 2^-126
      w.scales()[i + 3] &= 0x80u;
    }
    constexpr block_format by_32{formats::int_n<8>, formats::binary32, block_shape{1, 32}};
    block_matrix<by_32> y(2, 64);
    for (std::uint8_t& b : y.bytes()) b = static_cast<std::uint8_t>(draw());
    for (std::size_t i = 0; i < y.scales().size(); i += 4) {
      y.scales()[i + 3] = 0x7Eu;
    }
    const std::vector<float> expected = defined<policies::integer_blocks>(y, w);
    const test::float_environment changed(test::unusual_environments[0]);
    check<policies::integer_blocks>(y, w, expected);
    check<policies::integer_blocks>(y, packed_blocks(w), expected);
  }
  SECTION("a record of digits") {
    constexpr block_format ternary{formats::uint_n<2>, formats::binary16, block_shape{1, 64}};
    const auto y = any_matrix<block_matrix<q8_0>>(3, 576);
    check_kernels(y, any_matrix<block_matrix<ternary, records<trit_record>::layout>>(18, 576));
  }
}

TEST_CASE("integer_block_sums leave to the definition, or refuse, what they cannot add") {
  constexpr auto p = policies::integer_blocks;
  const auto x = any_matrix<block_matrix<q8_0>>(3, 256);
  const auto zeros = any_matrix<block_matrix<formats::affine_groups(4, {1, 64})>>(5, 256);
  CHECK(explain<p>(x, zeros).refusals.at(0).reason == "there are zero points");
  check<p>(x, zeros, defined<p>(x, zeros));
  CHECK_THROWS_AS(packed_blocks(zeros), std::invalid_argument);
  // Scales that are integers of ten bits, -448 … 448.
  constexpr block_format sixes{formats::e3m2, formats::binary16, block_shape{1, 8}};
  const auto wide =
      any_matrix<block_matrix<block_format{formats::int_n<4>, sixes, {1, 32}}>>(5, 256);
  CHECK(explain<p>(x, wide).refusals.at(0).reason == "integers of levels have more than 8 bits");
  check<p>(x, wide, defined<p>(x, wide));
  const auto k = any_matrix<block_matrix<formats::q6_k>>(4, 256);
  check<p>(k, k, defined<p>(k, k));  // both have levels

  std::vector<float> c(15);
  const matrix_view<float> to(c.data(), 3, 5);
  const auto narrow = any_matrix<block_matrix<q8_0>>(5, 128);
  CHECK_THROWS_AS(gemm<p>(x, narrow, to), std::invalid_argument);
  CHECK_THROWS_AS(gemm<p>(x, any_matrix<block_matrix<formats::mxfp8_e4m3>>(5, 256), to),
                  std::invalid_argument);
  block_matrix<q8_0> same(5, 256);
  const matrix_view<float> inside(reinterpret_cast<float*>(same.bytes().data()), 3, 5);
  CHECK_THROWS_AS(gemm<p>(x, same, inside), std::invalid_argument);
  CHECK(gemm_policy<integer_block_sums> == false);
  gemm<p>(block_matrix<q8_0>(3, 0), block_matrix<q8_0>(5, 0), to);
  CHECK(c == std::vector<float>(15, 0.0f));
}
