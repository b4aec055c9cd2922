// SPDX-License-Identifier: MIT
// The kernels of matrix units give the bits of reference::gemm, whose sums units_test.cpp holds
// against rational numbers: on every instruction set, for values from ordinary to hostile; and
// ordinary values are computed by kernels.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/gemm/gemm.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::execution;
using lowp::isa;
using lowp::matrix_view;
using tg::kind;
using tg::matrix;

namespace {

constexpr tg::shape shapes[] = {{1, 1, 64}, {5, 40, 128}, {9, 20, 1056}, {6, 17, 34}, {2, 3, 7}};

std::vector<std::uint32_t> bits(const std::vector<float>& c) {
  std::vector<std::uint32_t> list;
  for (const float& x : c) list.push_back(std::bit_cast<std::uint32_t>(x));
  return list;
}

template <auto P, class A, class B>
void check(oracle::tally& t, const std::string& name, const A& a, const B& b) {
  const std::size_t m = lowp::detail::operand_rows(a), n = lowp::detail::operand_rows(b);
  std::vector<float> c(m * n, 7.0f);
  const matrix_view<float> out(c.data(), m, n);
  lowp::reference::gemm<P>(a, b, out);
  const auto expected = bits(c);
  const auto compare = [&](const execution& how) {
    c.assign(m * n, 7.0f);
    lowp::gemm<P>(a, b, out, how);
    tg::compare_bits(t, name, a, b, lowp::name(how.level()), bits(c), expected);
  };
  for (const isa level : test::isas()) compare(level);
  compare({lowp::threads{2}, test::highest_isa()});
}

/// Products of two operands of one kind, of all values; ordinary ones by the strategy named.
template <auto P, class Operand>
void check_kinds(oracle::tally& t, const std::string& name, const std::string& strategy) {
  std::uint64_t seed = std::hash<std::string>{}(name) % 1000;
  for (const tg::shape& s : shapes) {
    for (const kind k : tg::kinds) {
      if (s.k > 1000 && k != kind::ordinary && k != kind::cancelling) continue;
      const matrix a(s.m, s.k, ++seed, k), b(s.n, s.k, ++seed, k);
      const Operand x(a), y(b);
      check<P>(t, name, x.operand, y.operand);
    }
  }
  const matrix a(4, 128, ++seed, kind::ordinary), b(18, 128, ++seed, kind::ordinary);
  const Operand x(a), y(b);
  INFO(name << "\n" << lowp::explain<P>(x.operand, y.operand).text());
  CHECK(lowp::explain<P>(x.operand, y.operand).strategy == strategy);
}

}  // namespace

TEST_CASE("Adders that round to binary16, read TF32 and count zeros, by kernels") {
  oracle::tally t;
  using of_half = tg::of_numbers<formats::binary16>;
  check_kinds<policies::ampere_fp16_in_fp16, of_half>(t, "ampere in fp16", "modeled sums");
  check_kinds<policies::hopper_fp8_in_fp16, tg::of_numbers<formats::e4m3fn>>(t, "hopper fp8",
                                                                             "modeled sums");
  check_kinds<policies::hopper_tf32, tg::of_float>(t, "tf32", "modeled sums");
  constexpr lowp::aligned_sums own{
      .terms = 4, .fraction_bits = 9, .rounds_to_nearest = true, .zero_exponent = -2};
  check_kinds<own, tg::of_numbers<formats::e5m2>>(t, "own", "modeled sums");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums in two stages, by kernels") {
  oracle::tally t;
  const std::string name = "adders in two stages";
  check_kinds<policies::cdna3_fp16, tg::of_numbers<formats::binary16>>(t, "fp16", name);
  check_kinds<policies::cdna3_fp16, tg::of_numbers<formats::bfloat16>>(t, "bf16", name);
  check_kinds<policies::cdna3_fp8, tg::of_numbers<formats::e4m3fnuz>>(t, "fp8", name);
  check_kinds<policies::cdna3_xf32, tg::of_float>(t, "xf32", name);
  constexpr lowp::staged_sums own{.terms = 8,
                                  .product_bits = 6,
                                  .sum_bits = 8,
                                  .accumulator_bits = 3,
                                  .interleaved = 2,
                                  .accumulator_reach = 2,
                                  .accumulator = formats::binary16,
                                  .zero_exponent = -5};
  check_kinds<own, tg::of_numbers<formats::e5m2>>(t, "own", name);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums of groups, by kernels") {
  oracle::tally t;
  const std::string name = "sums of groups";
  check_kinds<policies::cdna1_fp16, tg::of_numbers<formats::binary16>>(t, "cdna1", name);
  check_kinds<policies::cdna2_fp16, tg::of_numbers<formats::binary16>>(t, "cdna2", name);
  check_kinds<policies::amx_bf16, tg::of_numbers<formats::bfloat16>>(t, "amx", name);
  check_kinds<policies::arm_bfdot, tg::of_numbers<formats::bfloat16>>(t, "bfdot", name);
  check_kinds<policies::arm_bfdot_extended, tg::of_numbers<formats::bfloat16>>(t, "ebf", name);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Adders with scales, by kernels") {
  oracle::tally t;
  const std::string name = "adders with scales";
  using lowp::block_format;
  using lowp::block_shape;
  constexpr block_format mxfp4_16{formats::e2m1, formats::e8m0, block_shape{1, 16}};
  check_kinds<policies::blackwell_mxfp8, tg::of_blocks<formats::mxfp8_e4m3>>(t, "mxfp8", name);
  check_kinds<policies::blackwell_mxfp8, tg::of_numbers<formats::e5m2>>(t, "no scales", name);
  check_kinds<policies::blackwell_mxfp4, tg::of_blocks<formats::mxfp4>>(t, "mxfp4", name);
  check_kinds<policies::blackwell_mxfp4, tg::of_blocks<mxfp4_16>>(t, "mxfp4, 16", name);
  check_kinds<policies::blackwell_nvfp4, tg::of_blocks<formats::nvfp4>>(t, "nvfp4", name);
  // Scales and elements of any code.
  for (const tg::shape& s : shapes) {
    const matrix a(s.m, s.k, 1, kind::ordinary), b(s.n, s.k, 2, kind::ordinary);
    const tg::of_any_codes<formats::nvfp4> x(a), y(b);
    check<policies::blackwell_nvfp4>(t, "nvfp4, any codes", x.operand, y.operand);
    const tg::of_integer_codes<formats::mxfp4> u(a), v(b);
    check<policies::blackwell_mxfp4>(t, "mxfp4, any codes", u.operand, v.operand);
    const tg::of_blocks<formats::mxfp8_e5m2> w(b);
    check<policies::blackwell_mxfp8>(t, "mxfp4 by mxfp8", u.operand, w.operand);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Kernels of units in any floating-point environment") {
  oracle::tally t;
  const matrix a(5, 64, 1, kind::wide), b(18, 64, 2, kind::ordinary);
  const tg::of_numbers<formats::binary16> x(a), y(b);
  const auto run = [&]<auto P>() {
    std::vector<float> c(5 * 18), d(5 * 18);
    lowp::reference::gemm<P>(x.operand, y.operand, matrix_view<float>(c.data(), 5, 18));
    for (const std::uint32_t flags : test::unusual_environments) {
      const test::float_environment environment(flags);
      lowp::gemm<P>(x.operand, y.operand, matrix_view<float>(d.data(), 5, 18));
      t.check(bits(c) == bits(d), [&](auto& text) { text << std::hex << flags; });
    }
  };
  run.operator()<policies::cdna3_fp16>();
  run.operator()<policies::arm_bfdot>();
  run.operator()<policies::hopper_fp16_in_fp16>();
  REQUIRE_NO_MISMATCH(t);
}
