// SPDX-License-Identifier: MIT
// Products of operands whose formats only the tests know, in trees, in interleaved chains, in
// batches, onto what a result holds, and into results in formats and blocks of the tests' own:
// against loops over values and searches in the values of the format.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "formats/own_families.hpp"
#include "isas.hpp"
#include "lowp/gemm/batched.hpp"
#include "lowp/gemm/gemm.hpp"
#include "split_mix.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;
using lowp::number;
using lowp::packed_matrix_view;
using lowp::rounded_sums;

namespace {

/// Codes at random, none of a NaN; their values as binary32 has them.
template <auto F>
struct operand_of {
  operand_of(std::size_t m, std::size_t k, std::uint64_t seed)
      : rows(m),
        cols(k),
        row_bytes(lowp::packed_bytes(k, F.bits(), lowp::packing{})),
        bytes(m * row_bytes),
        view(std::span<const std::uint8_t>(bytes), m, k) {
    test::split_mix random(seed);
    for (std::size_t i = 0; i < m * k; ++i) {
      code_t code = 0;
      do code = random.word() & lowp::low_mask(F.bits());
      while (!decode(F, code).is_finite());
      lowp::store_code(bytes.data() + i / k * row_bytes, i % k, F.bits(), code, lowp::packing{});
      values.push_back(lowp::pack_as<float>(decode(F, code)));
    }
  }
  operand_of(const operand_of&) = delete;
  std::size_t rows, cols, row_bytes;
  std::vector<std::uint8_t> bytes;
  std::vector<float> values{};
  packed_matrix_view<F> view;
};

using sums = std::vector<float>;
using dot = float (*)(const float* a, const float* b, std::size_t depth, float start);

/// Neighbours two by two, one without a neighbour waiting.
float fold_neighbors(std::vector<float> terms) {
  while (terms.size() > 1) {
    std::vector<float> next;
    for (std::size_t i = 0; i + 1 < terms.size(); i += 2) next.push_back(terms[i] + terms[i + 1]);
    if (terms.size() % 2 == 1) next.push_back(terms.back());
    terms = next;
  }
  return terms[0];
}
float tree_dot(const float* a, const float* b, std::size_t depth, float) {
  std::vector<float> terms;
  for (std::size_t k = 0; k < depth; ++k) terms.push_back(a[k] * b[k]);
  return fold_neighbors(terms);
}
/// Trees of 16 products, added up one after the other.
float chunked_tree_dot(const float* a, const float* b, std::size_t depth, float start) {
  float sum = start;
  for (std::size_t k = 0; k < depth; k += 16) {
    sum += tree_dot(a + k, b + k, std::min<std::size_t>(16, depth - k), 0);
  }
  return sum;
}
template <std::size_t Lanes, bool AreHalves>
float lanes_dot(const float* a, const float* b, std::size_t depth, float start) {
  std::vector<float> chains(Lanes);
  chains[0] = start;
  for (std::size_t k = 0; k < depth; ++k) {
    chains[k % Lanes] = std::fma(a[k], b[k], chains[k % Lanes]);
  }
  if (!AreHalves) return fold_neighbors(chains);
  for (std::size_t half = Lanes / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) chains[i] += chains[i + half];
  }
  return chains[0];
}
float chain_dot(const float* a, const float* b, std::size_t depth, float start) {
  return lanes_dot<1, true>(a, b, depth, start);
}
float k32_dot(const float* a, const float* b, std::size_t depth, float start) {
  float sum = start;
  for (std::size_t k = 0; k < depth; k += 32) {
    const std::size_t size = std::min<std::size_t>(32, depth - k);
    float even = 0, odd = 0;
    for (std::size_t i = k; i < k + size; ++i) {
      float& chain = i % 2 == 0 ? even : odd;
      chain = std::fma(a[i], b[i], chain);
    }
    sum += even + odd;
  }
  return sum;
}

template <class A, class B>
sums products(const A& a, const B& b, dot of, const sums& start = {}) {
  sums all;
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.rows; ++j) {
      all.push_back(of(a.values.data() + i * a.cols, b.values.data() + j * a.cols, a.cols,
                       start.empty() ? 0.0f : start[i * b.rows + j]));
    }
  }
  return all;
}
int wrong(const sums& found, const sums& want) {
  int count = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    // A sum of zeros may be of either sign.
    count += std::bit_cast<std::uint32_t>(found[i] + 0.0f) !=
             std::bit_cast<std::uint32_t>(want[i] + 0.0f);
  }
  return count;
}

template <auto P, class A, class B>
void check_sums(const char* name, const A& a, const B& b, dot of) {
  const sums want = products(a, b, of);
  sums found(want.size());
  const matrix_view<float> c(found.data(), a.rows, b.rows);
  lowp::reference::gemm<P>(a.view, b.view, c);
  INFO(name);
  CHECK(wrong(found, want) == 0);
  for (const lowp::isa level : test::isas()) {
    INFO(lowp::name(level));
    std::fill(found.begin(), found.end(), 3.0f);
    lowp::gemm<P>(a.view, b.view, c, level);
    CHECK(wrong(found, want) == 0);
  }
}
template <auto P, class A, class B>
void check_onto(const char* name, const A& a, const B& b, dot of) {
  sums start(a.rows * b.rows);
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = static_cast<float>(i) / 8 - 3;
  const sums want = products(a, b, of, start);
  INFO(name);
  for (const lowp::isa level : test::isas()) {
    INFO(lowp::name(level));
    sums found = start;
    lowp::gemm_accumulate<P>(a.view, b.view, matrix_view<float>(found.data(), a.rows, b.rows),
                             level);
    CHECK(wrong(found, want) == 0);
  }
}

constexpr rounded_sums tree{.order = lowp::summation::pairwise};
constexpr rounded_sums trees{.order = lowp::summation::pairwise, .chunk = 16};
constexpr rounded_sums four{.lanes = 4};
constexpr rounded_sums eight{.lanes = 8, .tree = lowp::chain_tree::halves};

template <class A, class B>
void check_policies(const char* name, const A& a, const B& b) {
  check_sums<policies::k32>(name, a, b, k32_dot);
  check_sums<tree>(name, a, b, tree_dot);
  check_sums<trees>(name, a, b, chunked_tree_dot);
  check_sums<four>(name, a, b, lanes_dot<4, false>);
  check_sums<eight>(name, a, b, lanes_dot<8, true>);
  check_onto<policies::k32>(name, a, b, k32_dot);
  check_onto<policies::sequential_binary32>(name, a, b, chain_dot);
  check_onto<trees>(name, a, b, chunked_tree_dot);
  check_onto<eight>(name, a, b, lanes_dot<8, true>);
}

}  // namespace

TEST_CASE("families of the tests in trees and interleaved chains, and onto a result") {
  const std::size_t k = 70;
  const operand_of<own::nf4> codebook(5, k, 1);
  const operand_of<own::trits> trits(3, k, 2);
  const operand_of<own::posit8_1> posits(7, k, 3);
  const operand_of<own::log8> logarithms(4, k, 4);
  const operand_of<own::squares> squares(6, k, 5);
  check_policies("codebook and posits", codebook, posits);
  check_policies("ternary and squares", trits, squares);
  check_policies("logarithms and codebook", logarithms, codebook);
}

TEST_CASE("batches of products of families of the tests") {
  const std::size_t k = 64;
  const operand_of<own::posit8_1> a0(3, k, 6), a1(9, k, 7);
  const operand_of<own::squares> b(5, k, 8);
  sums c0(15), c1(45);
  const std::vector<packed_matrix_view<own::posit8_1>> as{a0.view, a1.view};
  const std::vector<packed_matrix_view<own::squares>> bs{b.view};
  const std::vector<matrix_view<float>> cs{{c0.data(), 3, 5}, {c1.data(), 9, 5}};
  for (const lowp::isa level : test::isas()) {
    lowp::gemm_batched(as, bs, cs, level);
    CHECK(wrong(c0, products(a0, b, k32_dot)) == 0);
    CHECK(wrong(c1, products(a1, b, k32_dot)) == 0);
    lowp::gemm_batched<four>(as, bs, cs, {lowp::threads{2}, level});
    CHECK(wrong(c0, products(a0, b, lanes_dot<4, false>)) == 0);
    CHECK(wrong(c1, products(a1, b, lanes_dot<4, false>)) == 0);
  }
}

namespace {

/// The value of a format that is nearest to x, of two the one whose place is even; magnitudes where
/// the format has a sign apart. By looking at all of them.
template <auto F>
float nearest_value(float x) {
  struct entry {
    long double value;
    float as_float;
  };
  static const std::vector<entry> list = [] {
    std::vector<entry> all;
    for (code_t code = 0; code < code_t{1} << F.bits(); ++code) {
      const lowp::unpacked value = decode(F, code);
      if (!value.is_finite()) continue;
      const long double exact =
          std::ldexp(static_cast<long double>(value.significand.high), value.exponent - 63);
      const long double used = value.is_zero() ? 0 : value.negative ? -exact : exact;
      all.push_back({used, lowp::pack_as<float>(value)});
    }
    std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.value < b.value; });
    const auto same = [](const entry& a, const entry& b) { return a.value == b.value; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    return all;
  }();
  std::size_t best = 0;
  const auto error = [&](std::size_t i) {
    return std::abs(list[i].value - static_cast<long double>(x));
  };
  for (std::size_t i = 1; i < list.size(); ++i) {
    if (error(i) < error(best)) best = i;
  }
  return list[best].as_float;
}

/// Results in numbers of a format, through a bias and an activation.
template <auto F, class A, class B>
void check_output(const char* name, const A& a, const B& b) {
  INFO(name);
  sums bias(b.rows), scales(a.rows);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i) * 0.3f - 1;
  for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = 1.0f / static_cast<float>(i + 3);
  sums want = products(a, b, k32_dot);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const float scaled = want[i] * scales[i / b.rows];
    const float biased = scaled + bias[i % b.rows];
    want[i] = biased < 0 ? 0 : biased;
  }
  const lowp::epilogue finish{
      .row_scales = scales, .bias = bias, .activation = lowp::activation::relu};
  std::vector<number<F>> found(want.size());
  const matrix_view<number<F>> c(found.data(), a.rows, b.rows);
  for (const lowp::isa level : test::isas()) {
    INFO(lowp::name(level));
    std::fill(found.begin(), found.end(), number<F>{});
    lowp::gemm(a.view, b.view, c, finish, level);
    int count = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      count += static_cast<float>(found[i]) != nearest_value<F>(want[i]);
    }
    CHECK(count == 0);
    // By any mode, as the definition has it.
    lowp::epilogue drawn = finish;
    drawn.rounding = lowp::stochastic{.seed = 4, .random_bits = 8};
    drawn.range = lowp::overflow::saturate;
    std::vector<number<F>> defined(want.size());
    lowp::gemm(a.view, b.view, c, drawn, level);
    for (std::size_t i = 0; i < want.size(); ++i) {
      defined[i] = lowp::convert<F>(want[i], drawn.rounding.at(i), drawn.range);
      count += found[i].code() != defined[i].code();
    }
    CHECK(count == 0);
  }
}

template <auto B, class X, class Y>
void check_block_output(const char* name, const X& a, const Y& b) {
  INFO(name);
  const sums want = products(a, b, k32_dot);
  const auto expected =
      lowp::reference::quantize<B>(matrix_view<const float>(want.data(), a.rows, b.rows));
  for (const lowp::isa level : test::isas()) {
    INFO(lowp::name(level));
    block_matrix<B> c(a.rows, b.rows);
    lowp::gemm(a.view, b.view, c, level);
    CHECK(c == expected);
  }
}

constexpr block_format nf4_blocks{own::nf4, formats::ue4m3, block_shape{1, 16}};
constexpr block_format square_blocks{own::squares, own::posit8_1, block_shape{1, 32}};

}  // namespace

TEST_CASE("results in formats and in blocks of the tests' own") {
  const std::size_t k = 96;
  const operand_of<own::nf4> a(9, k, 9);
  const operand_of<own::posit8_1> b(37, k, 10);
  check_output<own::nf4>("into a codebook", a, b);
  check_output<own::trits>("into ternary values", a, b);
  check_output<own::posit8_1>("into posits", a, b);
  check_output<own::log8>("into logarithms", a, b);
  check_output<own::squares>("into squares", a, b);
  const operand_of<own::nf4> many(64, k, 11);  // enough for a table
  check_output<own::squares>("into squares", many, b);
  check_block_output<nf4_blocks>("into blocks of a codebook", a, b);
  check_block_output<square_blocks>("into blocks of squares", a, b);
}
