// SPDX-License-Identifier: MIT
// Products of operands that are quantized on the way in: the bits, and the refusals, of quantize
// and of the product after it.
#include "lowp/gemm/quantized_operand.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/rules.hpp"
#include "lowp/gemm/packed_blocks.hpp"
#include "lowp/gemm/packed_operand.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace rules = lowp::rules;
namespace tg = test::gemm;
using lowp::execution;
using lowp::matrix_view;
using lowp::quantize;
using lowp::quantized;
using tg::kind;
using tg::matrix;

namespace {

std::size_t allocations = 0;

}  // namespace

// In this program memory is counted.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using bits = std::vector<std::uint32_t>;

/// What use(c) leaves in c, as bits.
template <class Use>
bits result_of(std::size_t rows, std::size_t cols, const Use& use) {
  std::vector<float> c(rows * cols, 7.0f);
  use(matrix_view<float>(c.data(), rows, cols));
  bits all;
  for (const float& x : c) all.push_back(std::bit_cast<std::uint32_t>(x));
  return all;
}

/// By each target, and by threads, on either side of a product: gemm of adapt(x), and of copy(x).
template <class B, class Adapt, class Copy>
void compare(oracle::tally& t, const std::string& name, const matrix& a, const B& b,
             const Adapt& adapt, const Copy& copy) {
  const std::size_t m = a.rows, n = lowp::detail::operand_rows(b);
  const auto two_calls = copy(a.view());
  const auto one = adapt(a.view());
  const auto check = [&](const char* where, const bits& actual, const bits& expected) {
    t.check(actual == expected, [&](auto& text) {
      text << name << " " << m << " x " << n << " x " << a.cols << ", " << where;
    });
  };
  for (const lowp::isa level : test::isas()) {
    for (const execution& how : {execution(level), execution(lowp::threads{2}, level)}) {
      check("first", result_of(m, n, [&](auto c) { lowp::gemm(one, b, c, how); }),
            result_of(m, n, [&](auto c) { lowp::gemm(two_calls, b, c, how); }));
    }
    check("second", result_of(n, m, [&](auto c) { lowp::gemm(b, one, c, level); }),
          result_of(n, m, [&](auto c) { lowp::gemm(b, two_calls, c, level); }));
  }
  check("both", result_of(m, m, [&](auto c) { lowp::gemm(one, one, c); }),
        result_of(m, m, [&](auto c) { lowp::gemm(two_calls, two_calls, c); }));
}

template <auto F, class... Arguments>
void compare(const char* name, const Arguments&... arguments) {
  oracle::tally t;
  std::uint64_t seed = 0;
  for (const auto& [m, n, k] : {tg::shape{1, 40, 64},
                                {3, 17, 96},
                                {9, 33, 128},
                                {2, 5, 75},
                                {0, 4, 32},
                                {4, 0, 32},
                                {3, 2, 0},
                                {130, 20, 1024}}) {  // more than is put on the stack
    for (const kind values : {kind::ordinary, kind::special, kind::huge}) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, kind::ordinary);
      const auto weights = quantize<formats::mxfp4>(b.view());
      const lowp::packed_operand packed(weights);
      const auto adapt = [&](auto x) { return quantized<F>(x, arguments...); };
      const auto copy = [&](auto x) { return quantize<F>(x, arguments...); };
      compare(t, name, a, b.view(), adapt, copy);
      compare(t, std::string(name) + " by packed", a, packed, adapt, copy);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Formats of blocks") {
  compare<formats::mxint8>("mxint8");
  compare<formats::nvfp4>("nvfp4");
  compare<formats::scaled_rows(formats::symmetric_int_n<8>)>("int8 by rows");
}
TEST_CASE("Rules and modes") {
  compare<formats::mxfp4>("mxfp4, rceil", rules::rceil);
  compare<formats::mxfp8_e4m3>("mxfp8_e4m3, floor, stochastic", rules::floor,
                               lowp::stochastic{.seed = 5});
  compare<formats::mxint8>("mxint8, toward zero", lowp::toward_zero);
}

TEST_CASE("A format that is known when the program runs") {
  oracle::tally t;
  const matrix a(5, 96, 1, kind::special), b(20, 96, 2, kind::ordinary);
  const auto run = [&](const auto& blocks, const auto&... arguments) {
    using format = std::remove_cvref_t<decltype(blocks)>;
    const lowp::variable_format<format> described{blocks};
    compare(
        t, "variable", a, b.view(), [&](auto x) { return quantized(described, x, arguments...); },
        [&](auto x) {
          lowp::basic_block_matrix<lowp::variable_format<format>> q(described, x.rows, x.cols);
          quantize(x, q, arguments...);
          return q;
        });
  };
  run(formats::mxint8);
  run(formats::mxfp6_e2m3, rules::ceil, lowp::toward_zero);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Policies, epilogues, sums that begin with c, and explanations") {
  const matrix a(4, 64, 3, kind::ordinary), b(24, 64, 4, kind::ordinary);
  const auto x = quantize<formats::mxint8>(a.view());
  const auto one = quantized<formats::mxint8>(a.view());
  const auto w = quantize<formats::mxfp4>(b.view());
  const auto check = [&](const auto& product) {
    const bits actual = result_of(4, 24, [&](auto c) { product(one, c); });
    CHECK(actual == result_of(4, 24, [&](auto c) { product(x, c); }));
  };
  const auto mode = lowp::toward_zero;
  std::vector<float> bias(24, 0.5f);
  const lowp::epilogue e{.bias = bias, .activation = lowp::activation::silu};
  check([&](const auto& q, auto c) { lowp::gemm<policies::exact>(q, w, c); });
  check([&](const auto& q, auto c) { lowp::gemm<policies::exact>(q, w, c, mode); });
  check([&](const auto& q, auto c) {
    lowp::gemm(q, w, c, {lowp::threads{2}, lowp::isa::portable});
  });
  check([&](const auto& q, auto c) { lowp::gemm(q, w, c, e); });
  check([&](const auto& q, auto c) { lowp::gemm<policies::exact>(q, w, c, mode, e); });
  check([&](const auto& q, auto c) { lowp::gemm_accumulate(q, w, c); });
  check([&](const auto& q, auto c) { lowp::gemm_accumulate<policies::exact>(q, w, c, mode); });
  const auto integers =
      quantize<lowp::block_format{formats::int_n<8>, formats::binary16, lowp::block_shape{1, 32}}>(
          b.view());
  const lowp::packed_blocks packed(integers);
  check([&](const auto& q, auto c) { lowp::gemm<policies::integer_blocks>(q, integers, c); });
  check([&](const auto& q, auto c) { lowp::gemm<policies::integer_blocks>(q, packed, c); });

  std::vector<float> memory(4 * 24);
  const matrix_view<const float> c(memory.data(), 4, 24);
  CHECK(lowp::explain(one, w).text() == lowp::explain(x, w).text());
  CHECK(lowp::explain<policies::exact>(one, w, mode).text() ==
        lowp::explain<policies::exact>(x, w, mode).text());
  CHECK(lowp::explain_accumulate(one, w, c).text() == lowp::explain_accumulate(x, w, c).text());
  CHECK(lowp::explain_accumulate<policies::exact>(one, w, c, mode).text() ==
        lowp::explain_accumulate<policies::exact>(x, w, c, mode).text());

  auto numbers = std::vector<lowp::bfloat16>(4 * 24), expected = numbers;
  lowp::gemm(one, w, matrix_view<lowp::bfloat16>(numbers.data(), 4, 24));
  lowp::gemm(x, w, matrix_view<lowp::bfloat16>(expected.data(), 4, 24));
  for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i].code() == expected[i].code());
}

TEST_CASE("A format of several levels") {
  const matrix a(3, 512, 8, kind::ordinary), b(20, 512, 9, kind::ordinary);
  constexpr lowp::block_format q8_k{formats::int_n<8>, formats::binary32,
                                    lowp::block_shape{1, 256}};
  const auto weights = quantize<formats::q4_k>(b.view());
  const auto product = [&](const auto& x) {
    return result_of(3, 20, [&](auto c) { lowp::gemm<policies::integer_blocks>(x, weights, c); });
  };
  CHECK(product(quantized<q8_k>(a.view())) == product(quantize<q8_k>(a.view())));
  const auto x = quantize<q8_k>(a.view());
  const auto turned = [&](const auto& w) {
    return result_of(3, 20, [&](auto c) { lowp::gemm<policies::integer_blocks>(x, w, c); });
  };
  CHECK(turned(quantized<formats::q4_k>(b.view())) == turned(weights));
}

TEST_CASE("The product may take the place of what is quantized") {
  const matrix a(8, 32, 5, kind::ordinary), b(32, 32, 6, kind::ordinary);
  const auto x = quantize<formats::mxint8>(a.view());
  const bits expected = result_of(8, 32, [&](auto c) { lowp::gemm(x, b.view(), c); });
  std::vector<float> own = a.data;
  const matrix_view<float> c(own.data(), 8, 32);
  lowp::gemm(quantized<formats::mxint8>(c), b.view(), c);
  for (std::size_t i = 0; i < own.size(); ++i) {
    CHECK(std::bit_cast<std::uint32_t>(own[i]) == expected[i]);
  }
}

TEST_CASE("Few rows take no memory") {
  const matrix a(1, 256, 5, kind::ordinary), b(256, 256, 6, kind::ordinary);
  std::vector<float> y(256);
  const matrix_view<float> c(y.data(), 1, 256);
  const auto x = quantized<formats::mxint8>(a.view());
  lowp::gemm(x, b.view(), c);
  const std::size_t before = allocations;
  lowp::gemm(x, b.view(), c);
  CHECK(allocations == before);
}

namespace {

/// What a call refuses, and c as it was.
template <class Use>
std::string refusal(const Use& use) {
  std::vector<float> c(4 * 24, 7.0f);
  std::string what;
  try {
    use(matrix_view<float>(c.data(), 4, 24));
  } catch (const std::invalid_argument& e) {
    what = e.what();
  }
  CHECK(c == std::vector<float>(4 * 24, 7.0f));
  CHECK_FALSE(what.empty());
  return what;
}

}  // namespace

TEST_CASE("What is refused") {
  const matrix a(4, 64, 3, kind::ordinary), b(24, 96, 4, kind::ordinary), d(24, 64, 4, kind::wide);
  CHECK(refusal([&](auto c) { lowp::gemm(quantized<formats::mxint8>(a.view()), b.view(), c); }) ==
        refusal([&](auto c) { lowp::gemm(quantize<formats::mxint8>(a.view()), b.view(), c); }));
  // A format that contradicts itself, and a rule that contradicts the format.
  lowp::block_format wrong = formats::mxfp4;
  wrong.shape.cols = -1;
  const lowp::variable_format<decltype(wrong)> described{wrong};
  CHECK(refusal([&](auto c) {
          lowp::gemm(quantized(described, a.view()), d.view(), c);
        }).find("block_matrix: ") == 0);
}
