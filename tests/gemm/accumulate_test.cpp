// SPDX-License-Identifier: MIT
// Products that add to a result: pieces of K one after the other give the whole, and kernels the
// bits of the definition, whatever the result holds.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "float_environment.hpp"
#include "gemm/product_cases.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/rounding/stochastic.hpp"

using namespace test::gemm;
using lowp::rounded_sums;

namespace policies = lowp::policies;

namespace {

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), values.size() * sizeof(float));
  return bits;
}

/// By the definition and by kernels, on any instruction set and two threads.
template <auto P, class A, class B, class R = lowp::nearest_even_t>
void compare_onto(oracle::tally& t, const std::string& name, const A& a, const B& b, kind values,
                  const R& mode = {}) {
  const std::size_t rows = lowp::detail::operand_rows(a), cols = lowp::detail::operand_rows(b);
  const std::size_t stride = cols + 3;
  const matrix start(rows, stride, rows * 100 + cols, values);
  std::vector<float> expected = start.data;
  lowp::reference::gemm_accumulate<P>(a, b, matrix_view<float>(expected.data(), rows, cols, stride),
                                      mode);
  const auto expected_bits = bits_of(expected);
  const auto check = [&](const execution& how) {
    std::vector<float> c = start.data;
    lowp::gemm_accumulate<P>(a, b, matrix_view<float>(c.data(), rows, cols, stride), mode, how);
    compare_bits(t, name, a, b, lowp::name(how.level()), bits_of(c), expected_bits);
  };
  for (const isa level : test::isas()) check(level);
  check({lowp::threads{2}, test::highest_isa()});
}

constexpr kind starts[] = {kind::ordinary, kind::wide, kind::tiny, kind::zeros, kind::special};

template <auto P, class X, class Y, class R = lowp::nearest_even_t>
void compare_operands(const std::string& name, const R& mode = {}) {
  oracle::tally t;
  std::uint64_t seed = 1;
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, ++seed, kind::ordinary), b(n, k, ++seed, kind::ordinary);
    const X x(a);
    const Y y(b);
    for (const kind values : starts) {
      compare_onto<P>(t, name, x.operand, y.operand, values, mode);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

/// The product over K, and the sum over a first part of it and then the rest.
template <auto P, class T>
void check_pieces(const std::string& name, const std::vector<T>& a, const std::vector<T>& b,
                  std::size_t m, std::size_t n, std::size_t k, std::size_t piece) {
  const auto part = [k](const std::vector<T>& x, std::size_t rows, std::size_t first,
                        std::size_t count) {
    return matrix_view<const T>(x.data() + first, rows, count, k);
  };
  CAPTURE(name, m, n, k, piece);
  std::vector<float> whole(m * n), pieces(m * n), defined(m * n);
  lowp::gemm<P>(part(a, m, 0, k), part(b, n, 0, k), matrix_view<float>(whole.data(), m, n));
  for (std::size_t first = 0; first < k; first += piece) {
    const std::size_t count = std::min(piece, k - first);
    const auto x = part(a, m, first, count), y = part(b, n, first, count);
    lowp::gemm_accumulate<P>(x, y, matrix_view<float>(pieces.data(), m, n));
    lowp::reference::gemm_accumulate<P>(x, y, matrix_view<float>(defined.data(), m, n));
  }
  CHECK(bits_of(pieces) == bits_of(whole));
  CHECK(bits_of(defined) == bits_of(whole));
}
template <auto P>
void check_pieces(const std::string& name, std::size_t piece) {
  for (const auto& [m, n, k] : {shape{3, 20, 200}, shape{33, 14, 700}}) {
    const matrix a(m, k, 1, kind::wide), b(n, k, 2, kind::wide);
    const auto to_e5m2 = [](const matrix& x) { return of_numbers<formats::e5m2>(x).data; };
    check_pieces<P>(name, to_e5m2(a), to_e5m2(b), m, n, k, piece);
  }
}

constexpr rounded_sums in_bfloat16{.accumulator = formats::bfloat16};
constexpr rounded_sums in_binary16{.accumulator = formats::binary16,
                                   .product = lowp::product::rounded};
constexpr rounded_sums promoted{.accumulator = formats::binary16, .chunk = 64};
constexpr rounded_sums trees{
    .order = lowp::summation::pairwise, .accumulator = formats::bfloat16, .chunk = 32};

}  // namespace

TEST_CASE("Pieces of K one after the other give the whole") {
  check_pieces<policies::k32>("k32", 32);
  check_pieces<policies::k32>("k32", 96);
  check_pieces<policies::sequential_binary32>("binary32", 37);
  check_pieces<in_bfloat16>("bfloat16", 37);
  check_pieces<in_binary16>("binary16", 1);
  check_pieces<promoted>("chunks", 128);
  check_pieces<trees>("trees", 64);
  check_pieces<policies::ampere_fp16>("ampere", 8);
  check_pieces<policies::hopper_fp8>("hopper", 64);
  check_pieces<policies::hopper_fp8_promoted>("hopper, promoted", 128);
  const matrix a(20, 200, 1, kind::ordinary), b(15, 200, 2, kind::ordinary);
  const auto to_int8 = [](const matrix& x) { return of_numbers<formats::int_n<8>>(x).data; };
  check_pieces<lowp::int32_sums{.chunk = 40}>("integers", to_int8(a), to_int8(b), 20, 15, 200, 80);
}

TEST_CASE("Without rounding before the last one, in binary64 and for no products") {
  const float a[] = {1.0f, 0x1p-30f}, one[] = {1.0f, 1.0f};
  const matrix_view<const float> x(a, 1, 2), y(one, 1, 2);
  const auto onto = [&]<auto P>(float start, std::size_t depth = 2) {
    matrix_view<const float> row = x, col = y;
    row.cols = col.cols = depth;
    lowp::gemm_accumulate<P>(row, col, matrix_view<float>(&start, 1, 1));
    return start;
  };
  // 2^24 + 1 lies between two numbers; the rest decides.
  CHECK(onto.operator()<policies::exact>(0x1p24f) == 0x1.000002p24f);
  CHECK(onto.operator()<policies::k32>(0x1p24f) == 0x1p24f);
  CHECK(onto.operator()<policies::sequential_binary64>(0x1p24f) == 0x1p24f);  // 55 bits apart
  CHECK(onto.operator()<policies::sequential_binary64>(0x1p22f) == 0x1.000004p22f);
  CHECK(onto.operator()<policies::sequential_binary64>(-0x1p50f) == -0x1p50f);
  CHECK(onto.operator()<policies::exact>(0x1p-149f, 0) == 0x1p-149f);
  CHECK(onto.operator()<policies::exact>(-1.0f) == 0x1p-30f);
  CHECK(onto.operator()<policies::exact>(0.0f) == 1.0f);
  CHECK(std::bit_cast<std::uint32_t>(onto.operator()<policies::exact>(
            std::numeric_limits<float>::infinity())) == 0x7F800000u);
  // As it is, though no number of the accumulator.
  CHECK(onto.operator()<in_bfloat16>(0x1.000002p0f, 0) == 0x1.000002p0f);
  CHECK(onto.operator()<policies::hopper_fp8>(0x1.FFFFFEp0f, 1) == 0x1.7FF8p1f);
}

TEST_CASE("Onto any result, by every kernel of k32") {
  constexpr auto k32 = policies::k32;
  compare_operands<k32, of_float, of_float>("float");
  compare_operands<k32, of_float, of_blocks<formats::mxfp4>>("float by mxfp4");
  compare_operands<k32, of_blocks<formats::mxint8>, of_blocks<formats::mxfp4>>("integers");
  compare_operands<k32, of_numbers<formats::bfloat16>, of_numbers<formats::e4m3fn>>("bfloat16");
  oracle::tally t;
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, 1, kind::ordinary), b(n, k, 2, kind::ordinary);
    const lowp::packed_operand packed(of_blocks<formats::mxfp4>(b).operand);
    compare_onto<k32>(t, "packed", a.view(), packed, kind::wide);
    compare_onto<k32>(t, "packed", packed, a.view(), kind::wide);
  }
  const matrix a(200, 600, 1, kind::ordinary), b(205, 600, 2, kind::ordinary);
  compare_onto<k32>(t, "blocks", a.view(), b.view(), kind::wide);
  const matrix x(20, 300, 3, kind::ordinary), y(30, 300, 4, kind::ordinary);
  const of_numbers<formats::bfloat16> bf16_x(x), bf16_y(y);
  const of_blocks<formats::mxint8> int8_x(x), int8_y(y);
  compare_onto<k32>(t, "bfloat16, lanes along rows", bf16_x.operand, bf16_y.operand, kind::wide);
  compare_onto<k32>(t, "mxint8, lanes along rows", int8_x.operand, int8_y.operand, kind::wide);
  REQUIRE_NO_MISMATCH(t);
}

// Every product underflows to -0, and so does every chain that has one.
TEST_CASE("Onto -0") {
  for (const shape& s : {shape{1, 1, 1}, shape{1, 20, 2}, shape{20, 3, 32}, shape{2, 20, 40},
                         shape{2, 2, 64}, shape{20, 20, 64}}) {
    const std::size_t m = s.m, n = s.n, k = s.k;  // clang 14 captures no structured bindings
    const std::vector<float> x(m * k, 0x1p-100f), y(n * k, -0x1p-100f);
    std::vector<lowp::e5m2> codes(n * k, lowp::e5m2(-0x1p-16f));
    const std::vector<float> least(m * k, 0x1p-140f);
    const matrix_view<const lowp::e5m2> numbers(codes.data(), n, k);
    const lowp::packed_operand packed(numbers);
    const std::uint32_t expected = k == 1 ? 0u : 0x80000000u;  // no odd k: +0
    for (const isa level : test::isas()) {
      const auto check = [&](const auto& a, const auto& b) {
        CAPTURE(m, n, k, lowp::name(level));
        std::vector<float> c(m * n, -0.0f);
        lowp::gemm_accumulate(a, b, matrix_view<float>(c.data(), m, n), level);
        CHECK(bits_of(c) == std::vector<std::uint32_t>(m * n, expected));
      };
      check(matrix_view<const float>(x.data(), m, k), matrix_view<const float>(y.data(), n, k));
      check(matrix_view<const float>(least.data(), m, k), numbers);
      check(matrix_view<const float>(least.data(), m, k), packed);
    }
  }
}

TEST_CASE("Onto any result, by every policy") {
  using bfloat16s = of_numbers<formats::bfloat16>;
  compare_operands<in_bfloat16, bfloat16s, bfloat16s>("bfloat16");
  compare_operands<in_bfloat16, bfloat16s, bfloat16s>("downward", lowp::downward);
  compare_operands<in_binary16, bfloat16s, bfloat16s>("binary16", lowp::stochastic{.seed = 4});
  compare_operands<promoted, bfloat16s, bfloat16s>("chunks");
  compare_operands<trees, bfloat16s, bfloat16s>("trees");
  compare_operands<policies::hopper_fp8, bfloat16s, bfloat16s>("hopper");
  compare_operands<policies::hopper_fp16, bfloat16s, bfloat16s>("hopper, binary16");
  compare_operands<policies::hopper_fp16_in_fp16, bfloat16s, bfloat16s>("hopper, in binary16");
  compare_operands<policies::cdna3_fp16, bfloat16s, bfloat16s>("cdna3");
  compare_operands<policies::cdna3_fp8, bfloat16s, bfloat16s>("cdna3, interleaved");
  compare_operands<policies::blackwell_mxfp8, of_blocks<formats::mxfp4>,
                   of_blocks<formats::mxfp8_e4m3>>("blackwell");
  compare_operands<policies::blackwell_nvfp4, bfloat16s, bfloat16s>("groups of an adder");
  compare_operands<policies::cdna1_fp16, bfloat16s, bfloat16s>("cdna1");
  compare_operands<policies::cdna2_bf16, bfloat16s, bfloat16s>("cdna2");
  compare_operands<policies::amx_bf16, bfloat16s, bfloat16s>("amx");
  compare_operands<policies::arm_bfdot, bfloat16s, bfloat16s>("bfdot");
  compare_operands<policies::arm_bfdot_extended, bfloat16s, bfloat16s>("bfdot, extended");
  compare_operands<policies::sequential_binary64, bfloat16s, bfloat16s>("binary64");
  compare_operands<policies::sequential_binary64, of_float, of_float>("upward", lowp::upward);
  compare_operands<policies::exact, bfloat16s, bfloat16s>("exact");
  compare_operands<rounded_sums{.product = lowp::product::l_mul}, bfloat16s, bfloat16s>("L-Mul");
  using int8s = of_numbers<formats::int_n<8>>;
  compare_operands<policies::integers, int8s, int8s>("int8");
}

TEST_CASE("What an accumulating product refuses") {
  const matrix a(3, 32, 1, kind::ordinary), b(4, 32, 2, kind::ordinary);
  const of_blocks<formats::nvfp4> x(a);
  std::vector<float> out(12, 7.0f);
  const matrix_view<float> c(out.data(), 3, 4);
  CHECK_THROWS_AS(lowp::gemm_accumulate(x.operand, b.view(), c), std::invalid_argument);
  CHECK_THROWS_AS(lowp::reference::gemm_accumulate(x.operand, b.view(), c), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm_accumulate(a.view(), a.view(), c), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm_accumulate(c, c, matrix_view<float>(out.data(), 3, 3, 4)),
                  std::invalid_argument);
  CHECK(out == std::vector<float>(12, 7.0f));
}
