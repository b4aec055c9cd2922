// SPDX-License-Identifier: MIT
// Modeled sums whose chunks, adders and trees do not end where steps of K do, chains in binary64,
// and sums that begin with what the result holds: the bits of reference::gemm on every instruction
// set, for values from ordinary to hostile; and ordinary values are computed by kernels.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::aligned_sums;
using lowp::any_rounding;
using lowp::execution;
using lowp::isa;
using lowp::matrix_view;
using lowp::rounded_sums;
using lowp::stochastic;
using tg::kind;
using tg::matrix;

namespace {

std::vector<std::uint32_t> bits(const std::vector<float>& c) {
  std::vector<std::uint32_t> list;
  for (const float& x : c) list.push_back(std::bit_cast<std::uint32_t>(x));
  return list;
}

/// A product onto zeros or onto other values, by the definition and by kernels.
template <auto P, bool Accumulates = false, class A, class B>
void check(oracle::tally& t, const std::string& name, const A& a, const B& b,
           const any_rounding& mode = {}, kind held = kind::ordinary) {
  const std::size_t m = lowp::detail::operand_rows(a), n = lowp::detail::operand_rows(b);
  const matrix start(m, n, m * 100 + n, held);
  std::vector<float> c;
  const auto run = [&](const auto& multiply) {
    c = start.data;
    multiply(matrix_view<float>(c.data(), m, n));
    return bits(c);
  };
  const auto expected = run([&](const matrix_view<float>& out) {
    if constexpr (Accumulates && has_rounding(P)) {
      lowp::reference::gemm_accumulate<P>(a, b, out, mode);
    } else if constexpr (Accumulates) {
      lowp::reference::gemm_accumulate<P>(a, b, out);
    } else if constexpr (has_rounding(P)) {
      lowp::reference::gemm<P>(a, b, out, mode);
    } else {
      lowp::reference::gemm<P>(a, b, out);
    }
  });
  const auto compare = [&](const execution& how) {
    const auto found = run([&](const matrix_view<float>& out) {
      if constexpr (Accumulates && has_rounding(P)) {
        lowp::gemm_accumulate<P>(a, b, out, mode, how);
      } else if constexpr (Accumulates) {
        lowp::gemm_accumulate<P>(a, b, out, how);
      } else if constexpr (has_rounding(P)) {
        lowp::gemm<P>(a, b, out, mode, how);
      } else {
        lowp::gemm<P>(a, b, out, how);
      }
    });
    tg::compare_bits(t, name, a, b, lowp::name(how.level()), found, expected);
  };
  for (const isa level : test::isas()) compare(level);
  compare({lowp::threads{2}, test::highest_isa()});
}
template <auto P>
void require_kernel(const std::string& name, const any_rounding& mode = {}) {
  const matrix a(2, 1100, 1, kind::ordinary), b(3, 1100, 2, kind::ordinary);
  const tg::of_numbers<formats::bfloat16> x(a), y(b);
  const auto how = [&] {
    if constexpr (has_rounding(P)) {
      return lowp::explain<P>(x.operand, y.operand, mode);
    } else {
      return lowp::explain<P>(x.operand, y.operand);
    }
  }();
  INFO(name << "\n" << how.text());
  CHECK_FALSE(how.is_definition());
}

constexpr tg::shape shapes[] = {{3, 5, 0}, {2, 19, 700}, {5, 34, 1030}, {6, 3, 70}, {1, 1, 2049}};

/// Numbers of bfloat16 of all kinds, by a list of modes one after the other.
template <auto P>
void check_shapes(oracle::tally& t, const std::string& name,
                  const std::vector<any_rounding>& modes = {any_rounding{}}) {
  std::uint64_t seed = 0;
  for (const tg::shape& s : shapes) {
    for (const kind k : tg::kinds) {
      if (s.k > 1000 && k != kind::ordinary && k != kind::cancelling && k != kind::special)
        continue;
      const matrix a(s.m, s.k, ++seed, k), b(s.n, s.k, ++seed, k);
      const tg::of_numbers<formats::bfloat16> x(a), y(b);
      check<P>(t, name, x.operand, y.operand, modes[seed / 2 % modes.size()]);
    }
  }
  for (const any_rounding& mode : modes) require_kernel<P>(name, mode);
}

constexpr rounded_sums chain(const lowp::float_format& f, int chunk = 0, int lanes = 1) {
  return {.accumulator = f, .chunk = chunk, .lanes = lanes};
}
constexpr rounded_sums tree(const lowp::float_format& f, int chunk = 0) {
  return {.order = lowp::summation::pairwise, .accumulator = f, .chunk = chunk};
}
std::vector<any_rounding> directed() {
  return {lowp::nearest_even,       lowp::upward,         lowp::downward,
          lowp::toward_zero,        lowp::away_from_zero, lowp::to_odd,
          lowp::nearest_away,       lowp::nearest_upward, lowp::nearest_downward,
          lowp::nearest_toward_zero};
}
std::vector<any_rounding> stochastic_modes() {
  using variant = lowp::stochastic_variant;
  return {stochastic{.seed = 5, .index = 3, .random_bits = 8},
          stochastic{6, 1ull << 40, 13, variant::b}, stochastic{.seed = 7},
          stochastic{8, 9, 20, variant::equal}, stochastic{9, 2, 3, variant::a}};
}

}  // namespace

TEST_CASE("Trees of more than 512 products") {
  oracle::tally t;
  check_shapes<tree(formats::bfloat16)>(t, "bfloat16", directed());
  check_shapes<tree(formats::binary32)>(t, "binary32");
  check_shapes<tree(formats::binary16, 600)>(t, "600 in binary16", directed());
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Chunks and adders that do not end with a step of K") {
  oracle::tally t;
  check_shapes<chain(formats::bfloat16, 100)>(t, "100 in bfloat16");
  check_shapes<tree(formats::binary16, 7)>(t, "trees of 7 in binary16", directed());
  check_shapes<chain(formats::binary16, 700)>(t, "700 in binary16");
  constexpr aligned_sums twelve{.terms = 12, .fraction_bits = 25};
  check_shapes<twelve>(t, "12 terms");
  constexpr aligned_sums nine{.terms = 9, .fraction_bits = 13, .chunk = 90};
  check_shapes<nine>(t, "9 terms in chunks of 90");
  constexpr aligned_sums half{.terms = 11,
                              .fraction_bits = 24,
                              .accumulator = formats::binary16,
                              .rounds_to_nearest = true,
                              .zero_exponent = -126};
  check_shapes<half>(t, "11 terms in binary16");
  constexpr lowp::staged_sums staged{.terms = 6,
                                     .product_bits = 24,
                                     .sum_bits = 31,
                                     .accumulator_bits = 24,
                                     .zero_exponent = -126};
  check_shapes<staged>(t, "6 terms in two stages");
  constexpr lowp::grouped_sums grouped{.terms = 3};
  check_shapes<grouped>(t, "groups of 3");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Interleaved chains, by random bits too") {
  oracle::tally t;
  check_shapes<chain(formats::bfloat16, 0, 4)>(t, "4 chains", stochastic_modes());
  check_shapes<chain(formats::binary16, 150, 5)>(t, "5 chains in chunks", stochastic_modes());
  constexpr rounded_sums folded{.accumulator = formats::bfloat16,
                                .product = lowp::product::rounded,
                                .lanes = 8,
                                .tree = lowp::chain_tree::halves};
  check_shapes<folded>(t, "8 chains, products rounded", stochastic_modes());
  check_shapes<chain(formats::binary16, 0, 7)>(t, "7 chains", directed());
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Chains in binary64") {
  oracle::tally t;
  check_shapes<chain(formats::binary64)>(t, "binary64", directed());
  check_shapes<chain(formats::binary64, 100)>(t, "100 in binary64", directed());
  constexpr rounded_sums longer{
      .accumulator = formats::binary64, .chunk = 600, .promoted = formats::binary64};
  check_shapes<longer>(t, "600, promoted to binary64", directed());
  constexpr rounded_sums half{
      .accumulator = formats::binary64, .chunk = 3, .promoted = formats::binary16};
  check_shapes<half>(t, "3, promoted to binary16");
  // Values of 24 bits far apart, whose sums are ties, and just beside them.
  std::uint64_t seed = 500;
  for (const any_rounding& mode : directed()) {
    for (const kind k : {kind::cancelling, kind::wide, kind::zeros, kind::special}) {
      matrix a(4, 90, ++seed, k), b(18, 90, ++seed, kind::cancelling);
      check<chain(formats::binary64)>(t, "float", a.view(), b.view(), mode);
      for (std::size_t i = 0; i < a.data.size(); i += 3) a.data[i] = 0x1p-29f;  // half a place
      check<chain(formats::binary64)>(t, "ties", a.view(), b.view(), mode);
      check<chain(formats::binary64), true>(t, "onto", a.view(), b.view(), mode, k);
    }
  }
  // Half of the last place of 1, of either sign, on either side.
  const float first[] = {1.0f, 1.0f, -1.0f, -1.0f, 0x1.000002p0f, 1.0f};
  const float then[] = {0x1p-53f, -0x1p-54f, 0x1p-54f, -0x1p-53f, -0x1p-53f, 0x1.8p-53f};
  for (const any_rounding& mode : directed()) {
    for (std::size_t i = 0; i < 6; ++i) {
      // Less what was there at first: what is left shows in binary32.
      const float row[] = {first[i], then[i], -first[i]};
      const float col[] = {1.0f, 1.0f, 1.0f};
      check<chain(formats::binary64)>(t, "half a place", matrix_view<const float>(row, 1, 3),
                                      matrix_view<const float>(col, 1, 3), mode);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums without rounding, rounded by other modes and onto other values") {
  oracle::tally t;
  std::vector<any_rounding> modes = directed();
  for (const any_rounding& mode : stochastic_modes()) modes.push_back(mode);
  std::uint64_t seed = 900;
  for (const any_rounding& mode : modes) {
    for (const kind k : tg::kinds) {
      const matrix a(3, 70, ++seed, k), b(21, 70, ++seed, k);
      check<policies::exact>(t, "exact", a.view(), b.view(), mode);
      check<policies::exact, true>(t, "exact onto", a.view(), b.view(), mode, k);
      const tg::of_numbers<formats::e5m2> x(a), y(b);
      check<policies::exact, true>(t, "exact onto, e5m2", x.operand, y.operand, mode, k);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
