// SPDX-License-Identifier: MIT
// Products of operands whose formats only the tests know: every policy, by kernels and by the
// definition, against sums without rounding by MPFR and plain loops; packed operands and their
// bytes.
#include <mpfr.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "formats/own_families.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::block_format;
using lowp::block_matrix;
using lowp::block_shape;
using lowp::code_t;
using lowp::matrix_view;
using lowp::packed_matrix_view;

namespace {

/// A value that binary64 has, or the nearest that it has.
double value_of(const lowp::unpacked& x) { return lowp::pack_as<double>(x); }
double in_binary32(double x) { return static_cast<double>(static_cast<float>(x)); }

/// Codes at random, but none of a NaN, and what they stand for.
template <auto F>
struct view_of_codes {
  view_of_codes(std::size_t m, std::size_t k, std::uint64_t seed)
      : rows(m),
        cols(k),
        row_bytes(lowp::packed_bytes(k, F.bits(), lowp::packing{})),
        bytes(m * row_bytes),
        operand(std::span<const std::uint8_t>(bytes), m, k) {
    tg::source random(seed);
    for (std::size_t row = 0; row < m; ++row) {
      for (std::size_t col = 0; col < k; ++col) {
        code_t code = 0;
        do code = random.word() & lowp::low_mask(F.bits());
        while (!decode(F, code).is_finite());
        lowp::store_code(bytes.data() + row * row_bytes, col, F.bits(), code, lowp::packing{});
        const double value = value_of(decode(F, code));
        values.push_back(lowp::facts<F>.are_dyadic() ? value : in_binary32(value));
      }
    }
  }
  view_of_codes(const view_of_codes&) = delete;
  std::size_t rows, cols, row_bytes;
  std::vector<std::uint8_t> bytes;
  std::vector<double> values{};
  packed_matrix_view<F> operand;
};
template <auto B>
struct blocks_of_codes {
  blocks_of_codes(std::size_t m, std::size_t k, std::uint64_t seed)
      : rows(m), cols(k), operand(m, k) {
    constexpr auto element = block_matrix<B>::format.element;
    constexpr auto scale = block_matrix<B>::format.scale;
    tg::source random(seed);
    for (std::size_t row = 0; row < m; ++row) {
      for (std::size_t block = 0; block < operand.block_col_count(); ++block) {
        code_t code = 0;  // near one
        do code = random.word() & lowp::low_mask(scale.bits());
        while (!decode(scale, code).is_finite() || decode(scale, code).is_zero() ||
               std::abs(decode(scale, code).exponent) > 9);
        operand.set_scale_code(row, block, code);
      }
      for (std::size_t col = 0; col < k; ++col) {
        const code_t code = random.word() & lowp::low_mask(element.bits());
        operand.set_code(row, col, code);
        const double product =
            value_of(decode(element, code)) * value_of(unpack(operand.scale_of(row, col)));
        const bool is_dyadic = lowp::facts<element>.are_dyadic() && lowp::facts<scale>.are_dyadic();
        values.push_back(is_dyadic ? product : in_binary32(product));
      }
    }
  }
  blocks_of_codes(const blocks_of_codes&) = delete;
  std::size_t rows, cols;
  std::vector<double> values{};
  block_matrix<B> operand;
};

inline constexpr block_format nf4_blocks{own::nf4, formats::ue4m3, block_shape{1, 32}};
inline constexpr block_format trit_blocks{own::trits, own::posit8_1, block_shape{1, 16}};
inline constexpr block_format log_blocks{own::log8, formats::e8m0, block_shape{1, 32}};
inline constexpr block_format log_scaled{formats::e2m1, own::log8, block_shape{1, 32}};

/// What a product should be, from values: a row of each.
using dot = float (*)(const double* a, const double* b, std::size_t depth);

float exact_dot(const double* a, const double* b, std::size_t depth) {
  mpfr_t sum, x, y;
  mpfr_init2(sum, 2000);
  mpfr_init2(x, 53);
  mpfr_init2(y, 53);
  mpfr_set_zero(sum, 1);
  for (std::size_t k = 0; k < depth; ++k) {
    mpfr_set_d(x, a[k], MPFR_RNDN);
    mpfr_set_d(y, b[k], MPFR_RNDN);
    mpfr_fma(sum, x, y, sum, MPFR_RNDN);
  }
  const float result = mpfr_get_flt(sum, MPFR_RNDN);
  mpfr_clears(sum, x, y, static_cast<mpfr_ptr>(nullptr));
  return result;
}
float sequential_dot(const double* a, const double* b, std::size_t depth) {
  float sum = 0;
  for (std::size_t k = 0; k < depth; ++k) {
    sum = std::fma(static_cast<float>(a[k]), static_cast<float>(b[k]), sum);
  }
  return sum;
}
float k32_dot(const double* a, const double* b, std::size_t depth) {
  float sum = 0;
  for (std::size_t k = 0; k < depth; k += 32) {
    float chains[2] = {0, 0};
    for (std::size_t i = k; i < k + 32 && i < depth; ++i) {
      chains[i % 2] = std::fma(static_cast<float>(a[i]), static_cast<float>(b[i]), chains[i % 2]);
    }
    sum += chains[0] + chains[1];
  }
  return sum;
}

/// Every level and the definition against `expected`; without one, levels against the definition.
template <auto P, class A, class B>
void check_policy(const char* name, const A& a, const std::vector<double>& a_values, const B& b,
                  const std::vector<double>& b_values, std::size_t depth, dot expected) {
  const std::size_t m = a_values.size() / depth, n = b_values.size() / depth;
  std::vector<float> want(m * n), c(m * n);
  const auto wrong = [&](const std::vector<float>& found) {
    int count = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      // A zero sum is +0 for some policies and -0 for none; NaNs do not occur.
      count += std::bit_cast<std::uint32_t>(found[i]) != std::bit_cast<std::uint32_t>(want[i]);
    }
    return count;
  };
  lowp::reference::gemm<P>(a, b, matrix_view<float>(want.data(), m, n));
  if (expected != nullptr) {
    const std::vector<float> defined = want;
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        want[i * n + j] = expected(a_values.data() + i * depth, b_values.data() + j * depth, depth);
      }
    }
    INFO(name << " by the definition");
    CHECK(wrong(defined) == 0);
  }
  for (const lowp::isa level : test::isas()) {
    c.assign(m * n, 7.0f);
    lowp::gemm<P>(a, b, matrix_view<float>(c.data(), m, n), level);
    INFO(name << " on " << lowp::name(level));
    CHECK(wrong(c) == 0);
  }
}

template <class A, class B>
void check_sums(const char* name, const A& a, const B& b) {
  INFO(name);
  const std::size_t depth = a.cols;
  const auto check = [&]<auto P>(const char* policy, dot expected) {
    check_policy<P>(policy, a.operand, a.values, b.operand, b.values, depth, expected);
  };
  check.template operator()<policies::k32>("k32", k32_dot);
  check.template operator()<policies::exact>("exact", exact_dot);
}

}  // namespace

TEST_CASE("products of families of the tests in the order k32, and without rounding") {
  for (const std::size_t m : {std::size_t{3}, std::size_t{17}}) {
    const std::size_t n = 13, k = 70;
    const blocks_of_codes<nf4_blocks> a(m, k, 1), b(n, k, 2);
    check_sums("codebook times ue4m3", a, b);
    const view_of_codes<own::posit8_1> p(m, k, 3);
    check_sums("posit by hand and codebook", p, b);
    const blocks_of_codes<log_blocks> l(n, k, 4);
    check_sums("posit by hand and logarithms", p, l);
    const view_of_codes<own::squares> s(m, k, 5);
    const blocks_of_codes<trit_blocks> t(n, k, 6);
    check_sums("squares and ternary times posit", s, t);
  }
}

TEST_CASE("products of families of the tests under other policies") {
  const std::size_t m = 9, n = 11, k = 96;
  const blocks_of_codes<nf4_blocks> a(m, k, 11);
  const view_of_codes<own::posit8_1> p(n, k, 12);
  const view_of_codes<own::log8> l(n, k, 13);
  const view_of_codes<own::trits> t(m, k, 14), u(n, k, 15);
  check_policy<policies::sequential_binary32>("sequential", a.operand, a.values, p.operand,
                                              p.values, k, sequential_dot);
  check_policy<policies::sequential_binary32>("sequential", t.operand, t.values, l.operand,
                                              l.values, k, sequential_dot);
  check_policy<policies::sequential_binary64>("sequential in binary64", a.operand, a.values,
                                              p.operand, p.values, k, nullptr);
  check_policy<policies::hopper_fp8>("aligned", t.operand, t.values, p.operand, p.values, k,
                                     nullptr);
  check_policy<policies::hopper_fp8>("aligned", a.operand, a.values, l.operand, l.values, k,
                                     nullptr);
  check_policy<policies::integers>("integers", t.operand, t.values, u.operand, u.values, k,
                                   [](const double* x, const double* y, std::size_t depth) {
                                     long sum = 0;
                                     for (std::size_t i = 0; i < depth; ++i)
                                       sum += static_cast<long>(x[i] * y[i]);
                                     return static_cast<float>(sum);
                                   });
}

TEST_CASE("packed operands of families of the tests, and their bytes") {
  const std::size_t m = 2, n = 19, k = 70;
  const view_of_codes<own::posit8_1> a(m, k, 21);
  const auto check = [&](const auto& b) {
    using operand = std::remove_cvref_t<decltype(b.operand)>;
    const lowp::packed_operand<operand> packed(b.operand);
    check_policy<policies::k32>("packed", a.operand, a.values, packed, b.values, k, k32_dot);
    const std::vector<std::byte> bytes = packed.save();
    const auto loaded = lowp::packed_operand<operand>::load(bytes);
    CHECK(loaded == packed);
    CHECK(loaded.save() == bytes);
    return bytes;
  };
  const auto of_codebook = check(blocks_of_codes<nf4_blocks>(n, k, 22));
  check(view_of_codes<own::trits>(n, k, 23));
  check(blocks_of_codes<log_blocks>(n, k, 24));
  check(blocks_of_codes<log_scaled>(n, k, 26));
  // Bytes of one codebook are refused by the type of another.
  static constexpr auto other = [] {
    auto f = nf4_blocks;
    ++f.element.values[3];
    return f;
  }();
  CHECK_THROWS_AS(lowp::packed_operand<block_matrix<other>>::load(of_codebook),
                  std::invalid_argument);
}

TEST_CASE("what kernels may assume of families of the tests") {
  CHECK_FALSE(lowp::has_bfloat16_panels<block_matrix<nf4_blocks>>);
  CHECK(lowp::has_bfloat16_panels<packed_matrix_view<own::trits>>);
  CHECK(lowp::has_bfloat16_panels<packed_matrix_view<own::posit8_1>>);
  CHECK_FALSE(lowp::has_bfloat16_panels<packed_matrix_view<own::squares>>);
  CHECK_FALSE(lowp::has_bfloat16_panels<packed_matrix_view<own::log8>>);
  CHECK(lowp::has_integer_panels<packed_matrix_view<own::trits>>);
  CHECK_FALSE(lowp::has_integer_panels<packed_matrix_view<own::posit8_1>>);
}
