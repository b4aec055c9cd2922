// SPDX-License-Identifier: MIT
// The kernels of modeled sums give the bits of reference::gemm, which model_test.cpp holds against
// MPFR: for every mode, instruction set, number of threads, and values from ordinary to hostile.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "gemm/edge_cases.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "oracle.hpp"
#include "share.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::aligned_sums;
using lowp::any_rounding;
using lowp::execution;
using lowp::float_format;
using lowp::isa;
using lowp::matrix_view;
using lowp::product;
using lowp::rounded_sums;
using lowp::stochastic;
using tg::kind;
using tg::matrix;

namespace {

struct shape {
  std::size_t m, n, k;
};
constexpr shape shapes[] = {{1, 1, 1}, {3, 5, 0}, {5, 40, 70}, {13, 33, 600}, {70, 17, 33}};

using result = std::vector<std::uint32_t>;
result bits(const std::vector<float>& c) {
  result list;
  for (const float x : c) list.push_back(std::bit_cast<std::uint32_t>(x));
  return list;
}

template <auto P, class A, class B, class... Mode>
void check(oracle::tally& t, const std::string& name, const A& a, const B& b, const Mode&... mode) {
  if (!test::takes_next_case() && t.compared > 0) return;
  const std::size_t m = lowp::detail::operand_rows(a), n = lowp::detail::operand_rows(b);
  std::vector<float> c(m * n, 7.0f);
  const matrix_view<float> out(c.data(), m, n);
  lowp::reference::gemm<P>(a, b, out, mode...);
  const result expected = bits(c);
  const auto compare = [&](const execution& how) {
    c.assign(m * n, 7.0f);
    lowp::gemm<P>(a, b, out, mode..., how);
    tg::compare_bits(t, name, a, b, lowp::name(how.level()), bits(c), expected);
  };
  for (const isa level : test::isas()) compare(level);
  compare({lowp::threads{2}, test::highest_isa()});
}

const std::vector<lowp::named_rounding>& modes() {
  static const std::vector<lowp::named_rounding> list = [] {
    std::vector<lowp::named_rounding> all(lowp::rounding_modes.begin(), lowp::rounding_modes.end());
    using variant = lowp::stochastic_variant;
    all.push_back({"8 random bits", stochastic{.seed = 5, .index = 3, .random_bits = 8}});
    all.push_back({"13, variant b", stochastic{6, 1ull << 40, 13, variant::b}});
    all.push_back({"5, variant a", stochastic{7, 16, 5, variant::a}});
    all.push_back({"equal", stochastic{8, 9, 20, variant::equal}});
    return all;
  }();
  return list;
}

template <auto P>
void check_modes(oracle::tally& t, const std::string& name) {
  std::uint64_t seed = 0;
  for (const shape& s : shapes) {
    for (const kind k : tg::kinds) {
      const matrix a(s.m, s.k, ++seed, k), b(s.n, s.k, ++seed, k);
      const auto& mode = modes()[seed / 2 % modes().size()];
      check<P>(t, name + ", " + std::string(mode.name), a.view(), b.view(), mode.mode);
    }
  }
  const matrix a(4, 50, 1, kind::wide), b(18, 50, 2, kind::ordinary);
  for (const auto& mode : modes()) {
    check<P>(t, name + ", " + std::string(mode.name), a.view(), b.view(), mode.mode);
  }
}

template <auto P, class Operand>
void check_nearest(oracle::tally& t, const std::string& name) {
  std::uint64_t seed = 100;
  for (const shape& s : shapes) {
    for (const kind k : tg::kinds) {
      const matrix a(s.m, s.k, ++seed, k), b(s.n, s.k, ++seed, k);
      const Operand x(a), y(b);
      check<P>(t, name, x.operand, y.operand);
    }
  }
}

constexpr rounded_sums in(const float_format& f, product p = product::exact, int chunk = 0,
                          const float_format& promoted = formats::binary32) {
  return {.accumulator = f, .product = p, .chunk = chunk, .promoted = promoted};
}
constexpr rounded_sums tree(rounded_sums p) {
  p.order = lowp::summation::pairwise;
  return p;
}
constexpr rounded_sums saturating(rounded_sums p) {
  p.range = lowp::overflow::saturate;
  return p;
}

}  // namespace

TEST_CASE("Chains in formats of few bits, by kernels") {
  oracle::tally t;
  check_modes<in(formats::bfloat16)>(t, "bfloat16");
  check_modes<in(formats::binary16, product::rounded)>(t, "rounded products in binary16");
  check_modes<in(formats::binary32, product::exact, 64)>(t, "64 in binary32");
  check_modes<saturating(in(formats::e5m2fnuz, product::exact, 32, formats::bfloat16))>(
      t, "32 in e5m2fnuz, promoted to bfloat16");
  check_nearest<in(policies::fp22), tg::of_numbers<formats::e4m3fn>>(t, "fp22");
  check_nearest<policies::sequential_binary32, tg::of_float>(t, "binary32");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Trees, by kernels") {
  oracle::tally t;
  check_modes<tree(in(formats::bfloat16))>(t, "tree in bfloat16");
  check_modes<tree(in(formats::binary16, product::exact, 128))>(t, "trees of 128 in binary16");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Adders that align, by kernels") {
  oracle::tally t;
  check_nearest<policies::hopper_fp8, tg::of_numbers<formats::e4m3fn>>(t, "hopper");
  check_nearest<policies::ada_fp8, tg::of_numbers<formats::e4m3fn>>(t, "ada");
  check_nearest<policies::blackwell_fp8, tg::of_numbers<formats::e5m2>>(t, "blackwell");
  check_nearest<policies::hopper_fp8_promoted, tg::of_numbers<formats::e5m2>>(t, "promoted");
  check_nearest<policies::volta_fp16, tg::of_numbers<formats::binary16>>(t, "volta");
  check_nearest<policies::ampere_fp16, tg::of_numbers<formats::bfloat16>>(t, "ampere");
  check_nearest<policies::hopper_fp16, tg::of_numbers<formats::binary16>>(t, "hopper, binary16");
  check_nearest<policies::hopper_fp16, tg::of_float>(t, "hopper, float");
  check_nearest<policies::volta_fp16, tg::of_float>(t, "volta, float");
  // Many exponents, so that most terms lose bits, and adders that differ in every parameter.
  constexpr aligned_sums narrow{
      .terms = 8, .fraction_bits = 5, .accumulator = formats::bfloat16, .chunk = 256};
  constexpr aligned_sums widest{.terms = 512, .fraction_bits = 40, .chunk = 512};
  std::uint64_t seed = 0;
  for (int i = 0; i < 20; ++i) {
    const matrix a(6, 300, ++seed, kind::wide), b(20, 300, ++seed, kind::cancelling);
    const tg::of_numbers<formats::e5m2> x(a), y(b);
    check<narrow>(t, "narrow", x.operand, y.operand);
    check<policies::hopper_fp8>(t, "hopper", x.operand, y.operand);
    check<widest>(t, "widest", x.operand, y.operand);
    check<widest>(t, "widest, float", a.view(), y.operand);
    check<policies::hopper_fp16>(t, "hopper_fp16", x.operand, b.view());
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("L-Mul, by kernels") {
  oracle::tally t;
  check_nearest<in(formats::binary32, product::l_mul), tg::of_float>(t, "binary32");
  check_nearest<tree(in(formats::bfloat16, product::l_mul, 16)), tg::of_numbers<formats::e4m3fn>>(
      t, "e4m3fn in trees");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Modeled sums of blocks with a tensor scale") {
  oracle::tally t;
  const matrix a(9, 96, 1, kind::ordinary), b(21, 96, 2, kind::ordinary);
  const auto x = lowp::quantize<formats::nvfp4>(a.view()),
             y = lowp::quantize<formats::nvfp4>(b.view());
  check<in(formats::bfloat16)>(t, "nvfp4", x, y, any_rounding(lowp::toward_zero));
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Stochastic sums that leave binary32 overflow, whatever is drawn") {
  oracle::tally t;
  using variant = lowp::stochastic_variant;
  const matrix a(3, 40, 1, kind::huge), b(20, 40, 2, kind::huge);
  const std::vector<float> ones(20, 0x1p64f);
  const matrix_view<const float> one(ones.data(), 1, 1), column(ones.data(), 20, 1);
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (const variant v : {variant::a, variant::b, variant::c, variant::equal}) {
      const stochastic draw{seed, seed, 1 + static_cast<int>(seed % 8), v};
      check<in(formats::bfloat16)>(t, "huge", a.view(), b.view(), any_rounding(draw));
      check<in(formats::bfloat16)>(t, "2^128", one, column, any_rounding(draw));
      check<in(policies::fp22)>(t, "2^128 in fp22", one, column, any_rounding(draw));
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Aligned terms of subnormal values, and of transposed blocks") {
  oracle::tally t;
  constexpr aligned_sums policy{.terms = 2, .fraction_bits = 10};
  lowp::block_matrix<formats::mxfp8_e4m3> tiny(1, 2);
  tiny.set_code(0, 0, 0x39);
  tiny.set_code(0, 1, 0x39);
  tiny.set_scale_code(0, 0, 0);  // 2^-127
  const float large[] = {0x1p100f, 0x1p90f};
  check<policy>(t, "subnormal", tiny, matrix_view<const float>(large, 1, 2));

  // The values of blocks have scales: no lowest exponent counts, whichever way they are read.
  const matrix a(5, 32, 1, kind::ordinary), b(32, 32, 2, kind::wide);
  const auto x = lowp::quantize<formats::mxfp8_e4m3>(a.view());
  const auto y = lowp::quantize<formats::mxfp8_e4m3>(b.view());
  std::vector<float> c(5 * 32), expected(5 * 32), columns(32 * 32);
  for (std::size_t n = 0; n < 32; ++n) {
    for (std::size_t k = 0; k < 32; ++k) {
      columns[n * 32 + k] = lowp::pack_as<float>(lowp::detail::operand_value(y, k, n));
    }
  }
  check<policy>(t, "transposed", x, lowp::transposed(y));
  lowp::reference::gemm<policy>(x, lowp::transposed(y), matrix_view<float>(c.data(), 5, 32));
  lowp::reference::gemm<policy>(x, matrix_view<const float>(columns.data(), 32, 32),
                                matrix_view<float>(expected.data(), 5, 32));
  t.check(bits(c) == bits(expected), [](auto& text) { text << "the definition, transposed"; });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Modeled sums: rows alone, and the caller's floating-point environment") {
  oracle::tally t;
  constexpr rounded_sums policy = in(formats::bfloat16, product::rounded);
  const matrix a(7, 40, 3, kind::tiny), b(19, 40, 4, kind::wide);
  for (const auto& mode : modes()) {
    std::vector<float> c(7 * 19), one(7 * 19);
    lowp::gemm<policy>(a.view(), b.view(), matrix_view<float>(c.data(), 7, 19), mode.mode);
    for (std::size_t r = 0; r < 7; ++r) {
      lowp::gemm<policy>(matrix_view<const float>(a.view().row(r), 1, 40), b.view(),
                         matrix_view<float>(one.data() + r * 19, 1, 19),
                         mode.mode.at(r * 19 * draws_per_sum(policy, 40)));
    }
    t.check(bits(c) == bits(one), [&](auto& text) { text << "rows alone, " << mode.name; });
    for (const std::uint32_t flags : test::unusual_environments) {
      for (const isa level : test::isas()) {
        const test::float_environment environment(flags);
        lowp::gemm<policy>(a.view(), b.view(), matrix_view<float>(one.data(), 7, 19), mode.mode,
                           level);
        t.check(bits(c) == bits(one), [&](auto& text) {
          text << std::hex << flags << " on " << lowp::name(level) << ", " << mode.name;
        });
      }
    }
  }
  // What is looked at before: here a subnormal value decides for another way.
  constexpr rounded_sums l_mul = in(formats::bfloat16, product::l_mul);
  lowp::block_matrix<formats::mxfp8_e4m3> tiny(1, 1);
  tiny.set_code(0, 0, 0x39);
  tiny.set_scale_code(0, 0, 0);
  const float large = 0x1p100f;
  const matrix_view<const float> one(&large, 1, 1);
  float expected = 0, actual = 0;
  lowp::reference::gemm<l_mul>(tiny, one, matrix_view<float>(&expected, 1, 1));
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment environment(flags);
    lowp::gemm<l_mul>(tiny, one, matrix_view<float>(&actual, 1, 1));
    t.check(bits({actual}) == bits({expected}),
            [&](auto& text) { text << std::hex << flags << ", L-Mul"; });
  }
  REQUIRE_NO_MISMATCH(t);
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Rows that modeled sums read where they lie are read to their end") {
  oracle::tally t;
  tg::compare_at_edges<in(formats::bfloat16), float>(t);
  REQUIRE_NO_MISMATCH(t);
}
#endif
