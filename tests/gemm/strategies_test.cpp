// SPDX-License-Identifier: MIT
// Every strategy of every policy gives the bits of the definition where it can, not only where it
// is the first that can; and explain() names the one that is taken.
#include "lowp/gemm/strategies/strategies.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/transposed.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/strategies/exact.hpp"
#include "lowp/gemm/strategies/integers.hpp"
#include "lowp/gemm/strategies/k32.hpp"
#include "lowp/gemm/strategies/modeled.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::aligned_sums;
using lowp::matrix_view;
using lowp::rounded_sums;
using tg::kind;
using tg::matrix;

namespace {

/// How often each strategy computed a product.
using counts = std::map<std::string, int>;

/// Each strategy that can, on every instruction set.
template <class P, class R>
void force_any(oracle::tally& t, counts& used, const P& policy, const lowp::bulk::any_operand& a,
               const lowp::bulk::any_operand& b, const R& mode) {
  namespace bulk = lowp::bulk;
  const std::size_t m = a.rows, n = b.rows;
  std::vector<float> expected(m * n), c(m * n);
  lowp::detail::define_product(policy, a, b, matrix_view<float>(expected.data(), m, n), false, mode,
                               {});
  const float a_scale = bulk::sum_scale(policy, a), b_scale = bulk::sum_scale(policy, b);
  for (const lowp::isa level : test::isas()) {
    const lowp::execution how(level);
    const bulk::product_problem problem{policy, a, b, mode, how};
    const auto store = [&](std::size_t row, std::size_t col, std::size_t count, const float* sums) {
      lowp::kernels::finish(level, std::bit_cast<std::uint32_t>(a_scale),
                            std::bit_cast<std::uint32_t>(b_scale), sums, count,
                            c.data() + row * n + col);
    };
    bulk::for_each_strategy(strategies_of(policy), [&]<class Strategy>() {
      const std::string name(Strategy::name);
      used.try_emplace(name, 0);
      if (Strategy::obstacle(problem) != nullptr) return false;
      c.assign(m * n, 7.0f);
      Strategy::run(problem, bulk::sum_sink(store));
      ++used[name];
      std::vector<std::uint32_t> actual, bits;
      for (const float& x : c) actual.push_back(std::bit_cast<std::uint32_t>(x));
      for (const float& x : expected) bits.push_back(std::bit_cast<std::uint32_t>(x));
      tg::compare_bits(t, name, tg::shape{m, n, a.cols}, lowp::name(level), actual, bits);
      return false;
    });
  }
}
template <class P, class A, class B, class R = lowp::nearest_even_t>
void force(oracle::tally& t, counts& used, const P& policy, const A& a, const B& b,
           const R& mode = {}) {
  force_any(t, used, policy, lowp::bulk::as_any_operand(a), lowp::bulk::as_any_operand(b), mode);
}

/// Strategies that need instructions, with the name of what has them.
void require_all_used(const counts& used) {
  for (const auto& [name, count] : used) {
    if (count != 0) continue;
    const bool needs_instructions =
        name.find(" by AMX") != std::string::npos || name.find(" by VNNI") != std::string::npos ||
        name.find(" by SDOT") != std::string::npos ||
        name.find("AVX512-BF16") != std::string::npos || name.find("packed") != std::string::npos;
    if (needs_instructions) {
      WARN("SKIPPED: \"" << name << "\", which this machine has no instructions for");
    } else {
      FAIL_CHECK("no product by \"" << name << "\"");
    }
  }
}

constexpr lowp::block_format tiles{formats::e4m3fn, formats::binary32, lowp::block_shape{1, 128}};

}  // namespace

TEST_CASE("Every strategy of k32 where it can") {
  oracle::tally t;
  counts used;
  for (const auto& [m, n, k] : {tg::shape{28, 33, 97}, {3, 40, 130}, {40, 2, 64}, {9, 9, 1}}) {
    const matrix a(m, k, 1, kind::ordinary), b(n, k, 2, kind::ordinary);
    const auto x = lowp::quantize<formats::mxfp4>(a.view());
    const auto y = lowp::quantize<formats::mxint8>(b.view());
    const auto z = lowp::quantize<formats::nvfp4>(b.view());
    const tg::of_numbers<formats::bfloat16> u(a);
    const tg::of_packed<formats::int_n<4>> v(b);
    force(t, used, policies::k32, x, y);
    force(t, used, policies::k32, x, v.operand);
    force(t, used, policies::k32, u.operand, z);
    force(t, used, policies::k32, x, lowp::packed_operand(y));
    force(t, used, policies::k32, a.view(), lowp::packed_operand(z));
    force(t, used, policies::k32, lowp::packed_operand(z), a.view());
    const tg::of_numbers<formats::bfloat16> of_b(b);
    force(t, used, policies::k32, a.view(), of_b.operand);
    const matrix columns(k, n, 3, kind::ordinary);
    force(t, used, policies::k32, a.view(), lowp::transposed(columns.view()));
    force(t, used, policies::k32, lowp::transposed(columns.view()), a.view());
  }
  REQUIRE_NO_MISMATCH(t);
  require_all_used(used);
}

TEST_CASE("Every strategy of the other policies where it can") {
  oracle::tally t;
  counts used;
  for (const auto& [m, n, k] : {tg::shape{5, 20, 130}, {2, 3, 600}, {17, 9, 1}}) {
    for (const kind values : {kind::ordinary, kind::wide, kind::special}) {
      const matrix a(m, k, 3, values), b(n, k, 4, kind::ordinary);
      const auto x = lowp::quantize<tiles>(a.view());
      const auto y = lowp::quantize<formats::mxfp8_e4m3>(b.view());
      const tg::of_numbers<formats::int_n<8>> i(a), j(b);
      force(t, used, policies::exact, a.view(), b.view());
      force(t, used, policies::exact, a.view(), b.view(), lowp::any_rounding(lowp::upward));
      force(t, used, policies::integers, i.operand, j.operand);
      force(t, used, lowp::int32_sums{.chunk = 7}, i.operand, j.operand);
      force(t, used, policies::sequential_binary32, a.view(), y);
      force(t, used, policies::sequential_binary64, a.view(), y);
      for (const rounded_sums& p : {rounded_sums{.accumulator = formats::bfloat16},
                                    rounded_sums{.accumulator = formats::binary16, .chunk = 40},
                                    rounded_sums{.accumulator = formats::bfloat16,
                                    .chunk = 12,
                                    .promoted = formats::binary16,
                                    .lanes = 3},
                                    rounded_sums{.order = lowp::summation::pairwise, .chunk = 48},
                                    rounded_sums{.lanes = 8, .tree = lowp::chain_tree::halves},
                                    rounded_sums{.accumulator = formats::bfloat16,
                                    .scales = lowp::scale_use::partial_sums}}) {
        force(t, used, p, x, y);
        force(t, used, p, x, y, lowp::any_rounding(lowp::toward_zero));
        force(t, used, p, x, y, lowp::any_rounding(lowp::stochastic{.seed = 5}));
      }
      for (const aligned_sums& p : {policies::hopper_fp8, policies::hopper_fp8_promoted,
                                    policies::ampere_fp16, policies::blackwell_fp8}) {
        force(t, used, p, x, y);
        force(t, used, p, a.view(), y);
        force(t, used, p, x, lowp::transposed(b.view()).of());
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
  require_all_used(used);
}

TEST_CASE("explain_accumulate() sees what sums begin with") {
  const matrix a(65, 64, 1, kind::ordinary), b(64, 64, 2, kind::ordinary);
  const matrix held(65, 64, 3, kind::ordinary);
  const auto begun = [&]<auto P>() {
    return lowp::explain_accumulate<P>(a.view(), b.view(), held.view());
  };
  CHECK(lowp::explain_accumulate(a.view(), b.view(), held.view()).strategy == "binary32 by FMAs");
  CHECK(lowp::explain<policies::exact>(a.view(), b.view()).strategy ==
        "exact sums in numbers of binary64");
  CHECK(begun.operator()<policies::exact>().strategy == "exact sums in numbers of binary64");
  matrix unusual = held;
  unusual.data[7] = std::bit_cast<float>(0x7F800000u);
  const auto exact = lowp::explain_accumulate<policies::exact>(a.view(), b.view(), unusual.view());
  CHECK(exact.strategy == "the definition");
  REQUIRE(exact.refusals.size() == 1);
  CHECK(exact.refusals[0].reason == "the result holds a NaN or an infinity");
  CHECK(begun.operator()<policies::sequential_binary32>().strategy == "modeled sums");
  const matrix other(9, 8, 4, kind::ordinary);
  CHECK_THROWS_AS(lowp::explain_accumulate(a.view(), b.view(), other.view()),
                  std::invalid_argument);
}

namespace {

/// Modes of a user's own that hold what they round by, so that no any_rounding is made of them.
struct up_or_down {
  static constexpr bool compares_with_half = true;
  bool is_up;
  [[nodiscard]] constexpr std::uint64_t addend(const lowp::discarded& d) const {
    return is_up ? lowp::upward.addend(d) : lowp::downward.addend(d);
  }
};
struct drawn {
  lowp::stochastic draw;
  [[nodiscard]] constexpr bool is_stochastic() const { return true; }
  [[nodiscard]] constexpr drawn at(std::uint64_t i) const { return {draw.at(i)}; }
  [[nodiscard]] constexpr std::uint64_t addend(const lowp::discarded& d) const {
    return draw.addend(d);
  }
};

template <auto P, class Own, class Known>
void compare_modes(const Own& own, const Known& known) {
  oracle::tally t;
  const matrix a(9, 70, 1, kind::ordinary), b(11, 70, 2, kind::ordinary);
  std::vector<float> c(9 * 11), d(9 * 11), e(9 * 11);
  lowp::gemm<P>(a.view(), b.view(), {c.data(), 9, 11}, own);
  lowp::gemm<P>(a.view(), b.view(), {d.data(), 9, 11}, known);
  lowp::reference::gemm<P>(a.view(), b.view(), {e.data(), 9, 11}, own);
  for (std::size_t i = 0; i < c.size(); ++i) {
    t.check(c[i] == d[i] && c[i] == e[i], [&](auto& text) {
      text << "element " << i << " is " << c[i] << " and " << e[i] << ", expected " << d[i];
    });
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Rounding modes of a user's own, with state, round as those of the library") {
  constexpr rounded_sums bfloat16_sums{.accumulator = formats::bfloat16};
  for (const bool is_up : {false, true}) {
    const up_or_down own{is_up};
    const auto known =
        is_up ? lowp::any_rounding(lowp::upward) : lowp::any_rounding(lowp::downward);
    compare_modes<policies::exact>(own, known);
    compare_modes<bfloat16_sums>(own, known);
  }
  const matrix a(9, 70, 1, kind::ordinary);
  CHECK(lowp::explain<bfloat16_sums>(a.view(), a.view(), up_or_down{true}).strategy ==
        "modeled sums");
  const lowp::stochastic draw{.seed = 7};
  compare_modes<policies::exact>(drawn{draw}, draw);
  compare_modes<bfloat16_sums>(drawn{draw}, draw);
}

TEST_CASE("explain() names the strategy and what was against those before it") {
  const matrix few(9, 64, 3, kind::ordinary);
  CHECK(lowp::explain(few.view(), few.view()).strategy == "a small product in binary32");
  const matrix a(65, 64, 1, kind::ordinary), b(64, 64, 2, kind::ordinary);
  const auto plain = lowp::explain(a.view(), b.view());
  CHECK(plain.strategy == "binary32 by FMAs");
  CHECK(plain.text().find("binary32 by FMAs: taken\n") != std::string::npos);
  for (const auto& refusal : plain.refusals) {
    CHECK_FALSE(refusal.reason.empty());
    CHECK(plain.text().find(std::string(refusal.strategy) + ": ") != std::string::npos);
  }
  CHECK(lowp::explain<policies::exact>(a.view(), b.view()).strategy ==
        "exact sums in numbers of binary64");
  CHECK(lowp::explain<policies::exact>(a.view(), b.view(), lowp::stochastic{}).refusals.empty());
  const auto chain = lowp::explain<policies::sequential_binary32>(a.view(), b.view());
  CHECK(chain.strategy == "modeled sums");
  REQUIRE(chain.refusals.size() == 1);
  CHECK(chain.refusals[0].strategy == "chains in binary64");
  CHECK(lowp::explain<rounded_sums{.lanes = 4}>(a.view(), b.view()).strategy ==
        "modeled sums of pieces of K");
  matrix c = a;
  c.data[5] = std::bit_cast<float>(0x7FC00000u);
  const auto exact = lowp::explain<policies::exact>(c.view(), b.view());
  CHECK(exact.strategy == "the definition");
  REQUIRE(exact.refusals.size() == 1);
  CHECK(exact.refusals[0].reason == "an operand has a NaN or an infinity");
  // Where there are the instructions, the first strategy that can is another one.
  const auto x = lowp::quantize<formats::mxfp4>(a.view());
  CHECK(lowp::explain(x, x, lowp::isa::portable).strategy == "binary32 by FMAs");
  const lowp::isa dots = LOWP_X86_TARGETS ? lowp::isa::avx512vbmi : lowp::isa::dotprod;
  if (test::highest_isa() < dots) {
    WARN("SKIPPED: this machine has no dot products of bytes");
  } else {
    CHECK(lowp::explain(x, x, dots).strategy ==
          (LOWP_X86_TARGETS ? "8-bit integers by VNNI" : "8-bit integers by SDOT"));
  }
}
