// SPDX-License-Identifier: MIT
// Results of products in numbers and blocks are what the array functions make of binary32.
#include "lowp/gemm/engine/output.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gemm/epilogue_cases.hpp"

using namespace test::gemm;
using lowp::any_rounding;
using lowp::overflow;
namespace reference = lowp::reference;

namespace {

const any_rounding modes[] = {lowp::nearest_even,
                              lowp::toward_zero,
                              lowp::to_odd,
                              lowp::stochastic{.seed = 3},
                              lowp::stochastic{.seed = 4, .index = 5, .random_bits = 8},
                              lowp::stochastic{.seed = 5, .random_bits = 16}};

/// Numbers are what lowp::encode makes of the whole matrix of binary32.
template <auto F>
void check_numbers(oracle::tally& t) {
  std::uint64_t seed = 1;
  for (const shape& s : shapes) {
    const std::size_t m = s.m, n = s.n, k = s.k;
    const matrix a(m, k, ++seed, kind::ordinary), b(n, k, ++seed, kind::special);
    const arrays of(m, n, ++seed, kind::ordinary);
    epilogue e = of.some(7, activation::gelu);
    std::vector<float> values(m * n);
    reference::gemm(a.view(), b.view(), matrix_view<float>(values.data(), m, n), e);
    for (const any_rounding& mode : modes) {
      for (const overflow range : {overflow::to_special, overflow::saturate}) {
        e.rounding = mode;
        e.range = range;
        using storage = typename number<F>::storage_type;
        std::vector<storage> codes(m * n);
        constexpr lowp::packing one_each{.container_bits = 8 * sizeof(storage)};
        const std::span bytes(reinterpret_cast<std::uint8_t*>(codes.data()),
                              codes.size() * sizeof(storage));
        lowp::encode(F, values, bytes, mode, range, lowp::missing_nan::largest, one_each);
        result<number<F>> expected(m, n);
        for (std::size_t i = 0; i < m * n; ++i) {
          expected.view()(i / n, i % n) = number<F>::from_code(codes[i]);
        }
        const auto check = [&](const result<number<F>>& c, const std::string& by) {
          t.check(c == expected, [&](auto& text) {
            text << by << ": " << m << " x " << n << " x " << k << " in " << F.bits() << " bits"
                 << " differ";
          });
        };
        result<number<F>> c(m, n);
        reference::gemm(a.view(), b.view(), c.view(), e);
        check(c, "the definition");
        for (const isa level : test::isas()) {
          result<number<F>> d(m, n);
          lowp::gemm(a.view(), b.view(), d.view(), e, level);
          check(d, std::string(lowp::name(level)));
        }
        result<number<F>> d(m, n);
        lowp::gemm(a.view(), b.view(), d.view(), e, lowp::threads{3});
        check(d, "threads");
      }
    }
  }
}

}  // namespace

TEST_CASE("Results in numbers of any format") {
  oracle::tally t;
  check_numbers<formats::bfloat16>(t);
  check_numbers<formats::e4m3fn>(t);
  check_numbers<formats::e2m1>(t);
  check_numbers<formats::int_n<8>>(t);
  REQUIRE_NO_MISMATCH(t);
}

namespace {

template <auto B>
void check_blocks(oracle::tally& t) {
  constexpr std::size_t m = 35, n = 100, k = 70;
  const matrix a(m, k, 1, kind::ordinary), b(n, k, 2, kind::ordinary);
  const arrays of(m, n, 3, kind::ordinary);
  epilogue e = of.some(7, activation::silu);
  std::vector<float> values(m * n);
  const matrix_view<float> sums(values.data(), m, n);
  reference::gemm(a.view(), b.view(), sums, e);
  for (const any_rounding& mode : modes) {
    e.rounding = mode;
    const block_matrix<B> expected = lowp::reference::quantize<B>(sums, mode);
    block_matrix<B> c(m, n), d(m, n);
    reference::gemm(a.view(), b.view(), c, e);
    t.check(c == expected, [](auto& text) { text << "the definition"; });
    for (const isa level : test::isas()) {
      lowp::gemm(a.view(), b.view(), d, e, {lowp::threads{2}, level});
      t.check(d == expected, [&](auto& text) { text << lowp::name(level); });
    }
  }
  reference::gemm(a.view(), b.view(), sums);
  block_matrix<B> plain(m, n);
  lowp::gemm(a.view(), b.view(), plain);
  t.check(plain == lowp::quantize<B>(matrix_view<const float>(sums)),
          [](auto& text) { text << "without an epilogue"; });
}

}  // namespace

TEST_CASE("Results in blocks") {
  oracle::tally t;
  check_blocks<formats::mxfp4>(t);
  check_blocks<formats::nvfp4>(t);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Epilogues of policies that no kernel knows") {
  constexpr auto exact = lowp::policies::exact;
  const matrix a(5, 9, 1, kind::wide), b(7, 9, 2, kind::wide);
  const arrays of(5, 7, 3, kind::ordinary);
  epilogue e = of.some(7, activation::gelu_tanh);
  e.rounding = lowp::stochastic{.seed = 1};
  const auto mode = lowp::stochastic{.seed = 2};
  result<lowp::bfloat16> c(5, 7), d(5, 7);
  reference::gemm<exact>(a.view(), b.view(), c.view(), mode, e);
  lowp::gemm<exact>(a.view(), b.view(), d.view(), mode, e, lowp::threads{2});
  CHECK(c == d);
  reference::gemm<exact>(a.view(), b.view(), c.view(), mode);
  lowp::gemm<exact>(a.view(), b.view(), d.view(), mode);
  CHECK(c == d);
  block_matrix<formats::mxfp4> p(5, 7), q(5, 7);
  reference::gemm<exact>(a.view(), b.view(), p, mode, e);
  lowp::gemm<exact>(a.view(), b.view(), q, mode, e);
  CHECK(p == q);
}
