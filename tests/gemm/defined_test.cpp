// SPDX-License-Identifier: MIT
// What no kernel knows the definition computes, on the threads that there are, with the same bits:
// draws belong to elements, not to whoever computes them.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "gemm/product_cases.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace tg = test::gemm;
using lowp::execution;
using lowp::matrix_view;
using lowp::rounded_sums;
using tg::kind;

namespace {

/// Threads that count the parts they were given.
struct counting {
  std::atomic<std::size_t>* parts;
  void operator()(std::size_t count, const lowp::task& part) const {
    *parts += count;
    lowp::threads{3}(count, part);
  }
};

template <auto P, class... Mode>
void check(oracle::tally& t, const std::string& name, const Mode&... mode) {
  for (const tg::shape& s : {tg::shape{1, 300, 20}, tg::shape{33, 41, 37}, tg::shape{2, 3, 0}}) {
    const std::size_t m = s.m, n = s.n, k = s.k;
    const tg::matrix a(m, k, n, kind::special), b(n, k, k, kind::wide);
    std::vector<float> expected(m * n, 7.0f), actual(m * n, 7.0f);
    lowp::reference::gemm<P>(a.view(), b.view(), matrix_view<float>(expected.data(), m, n),
                             mode...);
    std::atomic<std::size_t> parts = 0;
    const counting on{&parts};
    const test::float_environment environment(test::unusual_environments[0]);
    lowp::gemm<P>(a.view(), b.view(), matrix_view<float>(actual.data(), m, n), mode...,
                  execution(on));
    t.check(parts >= m * n / 64, [&](auto& text) { text << name << ": " << parts << " parts"; });
    t.check(std::equal(actual.begin(), actual.end(), expected.begin(),
                       [](const float& x, const float& y) {
                         return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
                       }),
            [&](auto& text) { text << name << ", " << m << " x " << n << " x " << k; });
  }
}

}  // namespace

TEST_CASE("The definition on threads") {
  oracle::tally t;
  constexpr rounded_sums wide{.accumulator = formats::binary64};
  constexpr rounded_sums chunks{
      .order = lowp::summation::pairwise, .accumulator = formats::bfloat16, .chunk = 7};
  check<wide>(t, "binary64, stochastic", lowp::stochastic{.seed = 1});
  check<chunks>(t, "chunks of 7", lowp::any_rounding(lowp::stochastic{.seed = 2}));
  check<lowp::policies::exact>(t, "exact", lowp::stochastic{.seed = 3});
  REQUIRE_NO_MISMATCH(t);
}
