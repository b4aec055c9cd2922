// SPDX-License-Identifier: MIT
// Policies beyond one chain, tree or adder: interleaved chains against loops of the machine's own
// arithmetic, scales on partial sums against the loop that programs for tensor cores run, and
// policies that only this file knows through every function that multiplies.
#include "lowp/gemm/policy.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/gemm/batched.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::aligned_sums;
using lowp::chain_tree;
using lowp::matrix_view;
using lowp::rounded_sums;
using lowp::scale_use;
using tg::kind;
using tg::matrix;

namespace {

using result = std::vector<std::uint32_t>;
std::uint32_t bits(float x) {
  const auto b = std::bit_cast<std::uint32_t>(x);
  return (b & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC00000u : b;
}

/// gemm on every instruction set and on threads, and the definition, against expected bits.
template <auto P, class A, class B>
void check(oracle::tally& t, const std::string& name, const A& a, const B& b,
           const result& expected) {
  const std::size_t m = lowp::detail::operand_rows(a), n = lowp::detail::operand_rows(b);
  std::vector<float> c(m * n, 7.0f);
  const matrix_view<float> out(c.data(), m, n);
  const auto compare = [&](std::string_view by) {
    result actual;
    for (const float& x : c) actual.push_back(std::bit_cast<std::uint32_t>(x));
    tg::compare_bits(t, name, a, b, by, actual, expected);
    c.assign(m * n, 7.0f);
  };
  lowp::reference::gemm<P>(a, b, out);
  compare("definition");
  for (const lowp::isa level : test::isas()) {
    lowp::gemm<P>(a, b, out, level);
    compare(lowp::name(level));
  }
  lowp::gemm<P>(a, b, out, {lowp::threads{2}, test::highest_isa()});
  compare("threads");
}

// ------------------------------------------------------------------------------ interleaved chains
/// To the 8 significant bits of bfloat16, to nearest even; normal numbers.
float to_bfloat16(double x) {
  const auto b = std::bit_cast<std::uint64_t>(x);
  constexpr int cut = 52 - 7;
  const std::uint64_t rounded = b + ((std::uint64_t{1} << (cut - 1)) - 1) + (b >> cut & 1);
  return static_cast<float>(std::bit_cast<double>(rounded & ~((std::uint64_t{1} << cut) - 1)));
}

/// n accumulators, and how they are added. `add(sum, x, y)` is sum + x * y.
template <class Add>
float interleaved(const float* a, const float* b, std::size_t depth, std::size_t n, chain_tree tree,
                  float start, const Add& add) {
  std::vector<float> chains(n, 0.0f);
  chains[0] = start;
  for (std::size_t k = 0; k < depth; ++k) chains[k % n] = add(chains[k % n], a[k], b[k]);
  while (chains.size() > 1) {
    std::vector<float> next;
    const std::size_t half = (chains.size() + 1) / 2;
    for (std::size_t i = 0; i < half; ++i) {
      const std::size_t left = tree == chain_tree::halves ? i : 2 * i;
      const std::size_t right = tree == chain_tree::halves ? i + half : 2 * i + 1;
      next.push_back(right < chains.size() ? add(chains[left], chains[right], 1.0f) : chains[left]);
    }
    chains = next;
  }
  return chains[0];
}

template <rounded_sums P, class Add>
void check_chains(oracle::tally& t, const std::string& name, kind k, const Add& add) {
  static constexpr rounded_sums policy = P;
  std::uint64_t seed = 10;
  for (const auto& [m, n, depth] : {tg::shape{3, 20, 70}, {2, 17, 1025}, {1, 1, 0}, {9, 18, 3}}) {
    const matrix a(m, depth, ++seed, k), b(n, depth, ++seed, k);
    result expected;
    for (std::size_t i = 0; i < m * n; ++i) {
      const float *x = a.data.data() + i / n * depth, *y = b.data.data() + i % n * depth;
      const auto chunk = policy.chunk == 0 ? depth : static_cast<std::size_t>(policy.chunk);
      float total = 0;
      for (std::size_t first = 0; first < depth; first += chunk) {
        const float sum =
            interleaved(x + first, y + first, std::min(chunk, depth - first),
                        static_cast<std::size_t>(policy.lanes), policy.tree, 0.0f, add);
        total = policy.chunk == 0 ? sum : total + sum;
      }
      expected.push_back(bits(total));
    }
    check<P>(t, name, a.view(), b.view(), expected);
  }
}

}  // namespace

TEST_CASE("Interleaved chains") {
  oracle::tally t;
  const auto fma = [](float sum, float x, float y) { return std::fma(x, y, sum); };
  const auto in_bfloat16 = [](float sum, float x, float y) {
    const double product = static_cast<double>(x) * static_cast<double>(y);
    return to_bfloat16(product + static_cast<double>(sum));  // both exact in these tests
  };
  check_chains<rounded_sums{.lanes = 8}>(t, "8 in binary32", kind::ordinary, fma);
  check_chains<rounded_sums{.lanes = 8, .tree = chain_tree::halves}>(t, "halves", kind::wide, fma);
  check_chains<rounded_sums{.lanes = 5}>(t, "5 in binary32", kind::cancelling, fma);
  check_chains<rounded_sums{.chunk = 24, .lanes = 4}>(t, "chunks of 24", kind::ordinary, fma);
  check_chains<rounded_sums{.lanes = 3}>(t, "3, specials", kind::special, fma);
  // Products of 5 significant bits.
  constexpr rounded_sums policy{.accumulator = formats::bfloat16, .lanes = 16};
  for (std::size_t depth : {1u, 31u, 200u}) {
    const matrix a(4, depth, depth, kind::ordinary), b(19, depth, depth + 1, kind::ordinary);
    const tg::of_numbers<formats::e3m2> x(a), y(b);
    result expected;
    std::vector<float> u, v;
    for (const auto& e : x.data) u.push_back(static_cast<float>(e));
    for (const auto& e : y.data) v.push_back(static_cast<float>(e));
    for (std::size_t i = 0; i < 4 * 19; ++i) {
      expected.push_back(bits(interleaved(u.data() + i / 19 * depth, v.data() + i % 19 * depth,
                                          depth, 16, chain_tree::neighbors, 0.0f, in_bfloat16)));
    }
    check<policy>(t, "bfloat16", x.operand, y.operand, expected);
  }
  // What the result held is where chain 0 begins.
  const matrix a(2, 50, 1, kind::wide), b(3, 50, 2, kind::wide), held(2, 3, 3, kind::wide);
  for (const lowp::isa level : test::isas()) {
    std::vector<float> c = held.data;
    lowp::gemm_accumulate<rounded_sums{.lanes = 4}>(a.view(), b.view(),
                                                    matrix_view<float>(c.data(), 2, 3), level);
    for (std::size_t i = 0; i < 6; ++i) {
      const float expected = interleaved(a.data.data() + i / 3 * 50, b.data.data() + i % 3 * 50, 50,
                                         4, chain_tree::neighbors, held.data[i], fma);
      t.check(bits(c[i]) == bits(expected), [&](auto& text) { text << "accumulate " << i; });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Interleaved chains draw one random number for each rounding, in their order") {
  constexpr rounded_sums policy{
      .accumulator = formats::bfloat16, .product = lowp::product::rounded, .lanes = 3};
  static_assert(draws_per_sum(policy, 10) == 32);  // 20 of products and sums, 2 of the tree
  const matrix a(2, 10, 1, kind::ordinary), b(2, 10, 2, kind::ordinary);
  const lowp::stochastic draw{.seed = 9};
  std::vector<float> c(4), fast(4);
  lowp::reference::gemm<policy>(a.view(), b.view(), matrix_view<float>(c.data(), 2, 2), draw);
  lowp::gemm<policy>(a.view(), b.view(), matrix_view<float>(fast.data(), 2, 2), draw);
  CHECK(c == fast);
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t next = i * 32;
    const auto round = [&](const lowp::unpacked& x) {
      return lowp::unpack(lowp::convert<formats::bfloat16>(x, draw.at(next++)));
    };
    lowp::unpacked chains[3];
    for (auto& chain : chains) chain = lowp::unpacked::zero();
    for (std::size_t k = 0; k < 10; ++k) {
      const auto product = round(lowp::exact::multiply(lowp::unpack(a.data[i / 2 * 10 + k]),
                                                       lowp::unpack(b.data[i % 2 * 10 + k])));
      chains[k % 3] = round(lowp::exact::add(chains[k % 3], product));
    }
    const auto left = round(lowp::exact::add(chains[0], chains[1]));
    CHECK(c[i] == lowp::pack_as<float>(round(lowp::exact::add(left, chains[2]))));
  }
}

// -------------------------------------------------------------------------- scales on partial sums
namespace {

constexpr lowp::block_format tiles_1x128{formats::e4m3fn, formats::binary32,
                                         lowp::block_shape{1, 128}};
constexpr lowp::block_format tiles_128x128{formats::e4m3fn, formats::binary32,
                                           lowp::block_shape{128, 128}};
constexpr lowp::block_format of_rows{formats::e4m3fn, formats::binary32, lowp::block_shape{}};

/// The codes of some columns as numbers without scales.
template <auto B>
std::vector<lowp::number<B.element>> codes_of(const lowp::block_matrix<B>& x, std::size_t begin,
                                              std::size_t end) {
  std::vector<lowp::number<B.element>> list;
  for (std::size_t r = 0; r < x.rows(); ++r) {
    for (std::size_t c = begin; c < end; ++c) list.push_back(x.element(r, c));
  }
  return list;
}

/// The loop over K of a program for tensor cores: a sum of codes for each piece, times the product
/// of the scales, added. Piece is the policy of such a sum.
template <auto Piece, auto A, auto B>
result explicit_loop(const lowp::block_matrix<A>& a, const lowp::block_matrix<B>& b,
                     std::size_t chunk, std::vector<float> total) {
  const std::size_t m = a.rows(), n = b.rows(), depth = a.cols();
  total.resize(m * n);
  for (std::size_t begin = 0, end = 0; begin < depth; begin = end) {
    for (end = begin + 1; end < depth; ++end) {
      if (end % a.block_cols() == 0 || end % b.block_cols() == 0) break;
      if (chunk != 0 && end - begin == chunk) break;
    }
    const auto x = codes_of(a, begin, end);
    const auto y = codes_of(b, begin, end);
    std::vector<float> partial(m * n);
    lowp::reference::gemm<Piece>(
        matrix_view<const lowp::number<A.element>>(x.data(), m, end - begin),
        matrix_view<const lowp::number<B.element>>(y.data(), n, end - begin),
        matrix_view<float>(partial.data(), m, n));
    for (std::size_t i = 0; i < m * n; ++i) {
      volatile float scale = lowp::pack_as<float>(unpack(a.scale_of(i / n, begin))) *
                             lowp::pack_as<float>(unpack(b.scale_of(i % n, begin)));
      volatile float scaled = partial[i] * scale;
      total[i] += scaled;
    }
  }
  result list;
  for (const float x : total) list.push_back(bits(x));
  return list;
}

constexpr aligned_sums without_chunk(aligned_sums p) {
  p.chunk = 0;
  return p;
}

template <auto P, auto A, auto B>
void check_scales(oracle::tally& t, const std::string& name) {
  std::uint64_t seed = 3;
  for (const auto& [m, n, k] : {tg::shape{5, 150, 300}, {130, 33, 256}, {2, 3, 40}, {1, 1, 0}}) {
    for (const kind values : {kind::ordinary, kind::special}) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, kind::ordinary);
      const auto x = lowp::quantize<A>(a.view());
      const auto y = lowp::quantize<B>(b.view());
      constexpr auto chunk = static_cast<std::size_t>(P.chunk);
      check<P>(t, name, x, y, explicit_loop<without_chunk(P)>(x, y, chunk, {}));
    }
  }
}

}  // namespace

TEST_CASE("Scales multiply partial sums, as programs for tensor cores do") {
  static_assert(policies::hopper_fp8_promoted.scales == scale_use::partial_sums);
  oracle::tally t;
  check_scales<policies::hopper_fp8_promoted, tiles_1x128, tiles_128x128>(t, "DeepSeek");
  check_scales<policies::hopper_fp8_promoted, formats::mxfp8_e4m3, tiles_1x128>(t, "32 by 128");
  check_scales<policies::hopper_fp8_promoted, of_rows, of_rows>(t, "a scale per row");
  check_scales<policies::hopper_fp8, of_rows, tiles_1x128>(t, "no chunk");
  check_scales<policies::ada_fp8, formats::mxfp8_e5m2, formats::mxfp8_e4m3>(t, "ada");
  check_scales<policies::blackwell_fp8, tiles_128x128, formats::mxfp4>(t, "blackwell");
  // One operand with scales; and what the result held is the first term of the outer sum.
  const matrix a(4, 300, 1, kind::ordinary), b(9, 300, 2, kind::ordinary);
  const auto x = lowp::quantize<tiles_1x128>(a.view());
  const auto y = lowp::quantize<tiles_128x128>(b.view());
  const std::vector<float> held(4 * 9, 0.3f);
  const result expected =
      explicit_loop<without_chunk(policies::hopper_fp8_promoted)>(x, y, 128, held);
  for (const lowp::isa level : test::isas()) {
    std::vector<float> c = held;
    lowp::gemm_accumulate<policies::hopper_fp8_promoted>(x, y, matrix_view<float>(c.data(), 4, 9),
                                                         level);
    for (std::size_t i = 0; i < c.size(); ++i) {
      t.check(bits(c[i]) == expected[i], [&](auto& text) { text << "accumulate, " << i; });
    }
  }
  // Elements that are scaled first give other sums: the test would see the difference.
  std::vector<float> first(4 * 9), last(4 * 9);
  constexpr aligned_sums elements{
      .terms = 32, .fraction_bits = 13, .accumulator = policies::fp22, .chunk = 128};
  lowp::gemm<elements>(x, y, matrix_view<float>(first.data(), 4, 9));
  lowp::gemm<policies::hopper_fp8_promoted>(x, y, matrix_view<float>(last.data(), 4, 9));
  CHECK(first != last);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Scales across the rows of a transposed matrix, and operands without any") {
  oracle::tally t;
  const matrix a(6, 40, 1, kind::ordinary), b(40, 7, 2, kind::ordinary);
  const auto x = lowp::quantize<formats::mxfp8_e4m3>(a.view());
  const auto y = lowp::quantize<formats::mxfp8_e4m3>(b.view());  // each k has a scale of its own
  std::vector<float> total(6 * 7);
  for (std::size_t k = 0; k < 40; ++k) {
    for (std::size_t i = 0; i < 6 * 7; ++i) {
      const auto e = x.element(i / 7, k), f = y.element(k, i % 7);
      float partial = 0;
      lowp::reference::gemm<policies::hopper_fp8>(matrix_view<const lowp::e4m3fn>(&e, 1, 1),
                                                  matrix_view<const lowp::e4m3fn>(&f, 1, 1),
                                                  matrix_view<float>(&partial, 1, 1));
      volatile float scale = float(x.scale_of(i / 7, k)) * float(y.scale_of(k, i % 7));
      volatile float scaled = partial * scale;
      total[i] += scaled;
    }
  }
  result expected;
  for (const float v : total) expected.push_back(bits(v));
  check<policies::hopper_fp8>(t, "transposed", x, lowp::transposed(y), expected);
  // Without scales the adder runs over all of K.
  const tg::of_numbers<formats::e4m3fn> u(a);
  std::vector<float> plain(6 * 6), scaled(6 * 6);
  constexpr aligned_sums on_elements{
      .terms = 32, .fraction_bits = 13, .accumulator = policies::fp22};
  lowp::reference::gemm<on_elements>(u.operand, u.operand, matrix_view<float>(plain.data(), 6, 6));
  lowp::gemm<policies::hopper_fp8>(u.operand, u.operand, matrix_view<float>(scaled.data(), 6, 6));
  CHECK(plain == scaled);
  REQUIRE_NO_MISMATCH(t);
}

// ------------------------------------------------------------------------- policies of one's own
namespace user {

/// Compensated summation in binary64, rounded at the end (Kahan 1965).
struct kahan_sums {
  bool subtracts = false;  ///< the products, for the sake of a field
  bool operator==(const kahan_sums&) const = default;
};
constexpr const char* defect(const kahan_sums&) { return nullptr; }
lowp::unpacked sum_products(const kahan_sums& p, const lowp::product_terms& t) {
  volatile double sum = static_cast<double>(t.start), rest = 0;
  for (std::size_t k = 0; k < t.depth; ++k) {
    volatile double product =
        static_cast<double>(t.a.values[k]) * static_cast<double>(t.b.values[k]);
    volatile double term = (p.subtracts ? -product : product) - rest;
    volatile double next = sum + term;
    volatile double gained = next - sum;
    rest = gained - term;
    sum = next;
  }
  const double total = sum;
  return lowp::unpack(static_cast<float>(total));
}

/// The largest product, rounded by the mode: no sum at all.
struct largest_product {
  lowp::float_format format;
  bool operator==(const largest_product&) const = default;
};
constexpr const char* defect(const largest_product& p) { return lowp::defect(p.format); }
constexpr bool has_rounding(const largest_product&) { return true; }
constexpr std::size_t rounding_count(const largest_product&, std::size_t) { return 1; }
template <class Round>
lowp::unpacked sum_products(const largest_product& p, const lowp::product_terms& t, Round& round) {
  lowp::unpacked largest = lowp::unpack(t.start);
  for (std::size_t k = 0; k < t.depth; ++k) {
    const auto product = lowp::exact::multiply(t.a[k], t.b[k]);
    if (lowp::exact::compare(product, largest) > 0) largest = product;
  }
  return round(p.format, largest, lowp::overflow::to_special);
}

static_assert(lowp::gemm_policy<kahan_sums> && lowp::gemm_policy<largest_product>);
static_assert(!lowp::gemm_policy<lowp::float_format> && !lowp::gemm_policy<int>);

}  // namespace user

TEST_CASE("A policy of a user's own, through everything that multiplies") {
  oracle::tally t;
  constexpr user::kahan_sums kahan{};
  const matrix a(5, 64, 1, kind::ordinary), b(11, 64, 2, kind::ordinary);
  const auto sums = [&](const auto& x, const auto& y, float start) {
    std::vector<float> list;
    for (std::size_t i = 0; i < 5 * 11; ++i) {
      volatile double sum = static_cast<double>(start), rest = 0;
      for (std::size_t k = 0; k < 64; ++k) {
        volatile double product =
            static_cast<double>(x(i / 11, k)) * static_cast<double>(y(i % 11, k));
        volatile double term = product - rest;
        volatile double next = sum + term;
        rest = (next - sum) - term;
        sum = next;
      }
      const double total = sum;
      list.push_back(static_cast<float>(total));
    }
    return list;
  };
  const auto expect = [&](const std::string& name, const std::vector<float>& c,
                          const std::vector<float>& expected) {
    t.check(c == expected, [&](auto& text) { text << name; });
  };
  std::vector<float> c(5 * 11);
  const matrix_view<float> out(c.data(), 5, 11);
  const std::vector<float> plain = sums(a.view(), b.view(), 0);
  lowp::gemm<kahan>(a.view(), b.view(), out);
  expect("gemm", c, plain);
  lowp::gemm<kahan>(a.view(), b.view(), out, {lowp::threads{2}, lowp::isa::portable});
  expect("threads", c, plain);
  c.assign(c.size(), 0.25f);
  lowp::gemm_accumulate<kahan>(a.view(), b.view(), out);
  expect("gemm_accumulate", c, sums(a.view(), b.view(), 0.25f));
  std::vector<float> columns(64 * 11);
  for (std::size_t k = 0; k < 64; ++k) {
    for (std::size_t n = 0; n < 11; ++n) columns[k * 11 + n] = b.view()(n, k);
  }
  lowp::gemm<kahan>(a.view(), lowp::transposed(matrix_view<const float>(columns.data(), 64, 11)),
                    out);
  expect("transposed", c, plain);
  const auto blocks = lowp::quantize<formats::mxfp8_e4m3>(b.view());
  std::vector<float> values(11 * 64);
  lowp::dequantize(blocks, matrix_view<float>(values.data(), 11, 64));
  const matrix_view<const float> dequantized(values.data(), 11, 64);
  lowp::gemm<kahan>(a.view(), blocks, out);
  expect("blocks", c, sums(a.view(), dequantized, 0));
  lowp::gemm<kahan>(a.view(), lowp::packed_operand(blocks), out);
  expect("packed", c, sums(a.view(), dequantized, 0));
  const std::vector<float> bias(11, 0.5f);
  lowp::gemm<kahan>(a.view(), b.view(), out, lowp::epilogue{.bias = bias});
  std::vector<float> with_bias = plain;
  for (float& x : with_bias) x += 0.5f;
  expect("epilogue", c, with_bias);
  std::vector<float> second(5 * 11);
  const std::vector<matrix_view<const float>> as{a.view(), a.view()}, bs{b.view()};
  std::vector<matrix_view<float>> cs{out, matrix_view<float>(second.data(), 5, 11)};
  lowp::gemm_batched<kahan>(as, bs, cs);
  expect("batched", c, plain);
  expect("batched, the second", second, plain);
  CHECK(lowp::explain<kahan>(a.view(), b.view()).strategy == "the definition");

  constexpr user::largest_product largest{formats::bfloat16};
  const lowp::stochastic draw{.seed = 4};
  lowp::gemm<largest>(a.view(), b.view(), out, draw);
  for (std::size_t i = 0; i < 5 * 11; ++i) {
    double most = 0;
    for (std::size_t k = 0; k < 64; ++k) {
      most = std::max(most, static_cast<double>(a.view()(i / 11, k)) *
                                static_cast<double>(b.view()(i % 11, k)));
    }
    const auto expected = lowp::convert<formats::bfloat16>(most, draw.at(i * 16));
    t.check(c[i] == static_cast<float>(expected), [&](auto& text) { text << "largest, " << i; });
  }
  REQUIRE_NO_MISMATCH(t);
}
