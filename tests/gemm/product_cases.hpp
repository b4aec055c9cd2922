// SPDX-License-Identifier: MIT
// Values, operands and shapes for products, and their comparison with reference::gemm, which
// reference_test.cpp holds against MPFR.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/number/catalog.hpp"
#include "oracle.hpp"
#include "split_mix.hpp"

namespace test::gemm {

namespace formats = lowp::formats;
using lowp::block_matrix;
using lowp::execution;
using lowp::isa;
using lowp::matrix_view;
using lowp::number;
using lowp::packed_matrix_view;

class source : public split_mix {
 public:
  explicit source(std::uint64_t seed) : split_mix(seed * 0x9E3779B97F4A7C15u) {}
  /// A random sign and mantissa, an exponent field from low to high.
  float in_binades(std::uint32_t low, std::uint32_t high) {
    const std::uint64_t w = word();
    const std::uint32_t field = low + static_cast<std::uint32_t>(w >> 40) % (high - low + 1);
    return std::bit_cast<float>(static_cast<std::uint32_t>(w & 0x807FFFFFu) | field << 23);
  }
};

/// Kinds of values, from ordinary to hostile.
enum class kind { ordinary, wide, cancelling, tiny, huge, zeros, special };
inline constexpr kind kinds[] = {kind::ordinary, kind::wide,  kind::cancelling, kind::tiny,
                                 kind::huge,     kind::zeros, kind::special};

inline float draw(source& random, kind k) {
  switch (k) {
    case kind::ordinary: return random.in_binades(120, 128);
    case kind::wide: return random.in_binades(80, 160);
    case kind::cancelling: {  // few values of either sign, far apart, and ties between them
      const float list[] = {1.0f, 0x1p24f, 0x1.8p-1f, 0x1p-24f, 0x1.000002p0f, 3.0f};
      const float x = list[random.below(6)];
      return random.below(2) == 0 ? x : -x;
    }
    case kind::tiny: return random.in_binades(0, 70);
    case kind::huge: return random.in_binades(185, 254);
    case kind::zeros: {
      const float list[] = {0.0f, -0.0f, 1.0f, -0x1p-126f};
      return list[random.below(4)];
    }
    case kind::special: break;
  }
  const float infinity = std::numeric_limits<float>::infinity();
  const float list[] = {infinity, -infinity, std::bit_cast<float>(0xFFC12345u), 0.0f, -1.0f};
  return random.below(40) < 5 ? list[random.below(5)] : random.in_binades(120, 128);
}

struct matrix {
  std::size_t rows, cols;
  std::vector<float> data;
  matrix(std::size_t r, std::size_t c, std::uint64_t seed, kind k) : rows(r), cols(c), data(r * c) {
    source random(seed);
    for (float& x : data) x = draw(random, k);
  }
  [[nodiscard]] matrix_view<const float> view() const { return {data.data(), rows, cols}; }
};

// ---------------------------------------------------------------------------------- operand types
/// An operand and the memory behind it.
struct of_float {
  explicit of_float(const matrix& m) : operand(m.view()) {}
  matrix_view<const float> operand;
};
template <auto F>
struct of_numbers {
  explicit of_numbers(const matrix& m) : rows(m.rows), cols(m.cols) {
    for (const float x : m.data) {
      data.push_back(lowp::convert<F>(x, lowp::nearest_even, lowp::overflow::saturate));
    }
    operand = {data.data(), rows, cols};
  }
  of_numbers(const of_numbers&) = delete;
  std::size_t rows, cols;
  std::vector<number<F>> data;
  matrix_view<const number<F>> operand;
};
template <auto F, lowp::packing P = lowp::packings::low_first>
struct of_packed {
  explicit of_packed(const matrix& m)
      : row_bytes(lowp::packed_bytes(m.cols, F.bits(), P) + 3), bytes(m.rows * row_bytes) {
    for (std::size_t r = 0; r < m.rows; ++r) {
      const std::span<std::uint8_t> row(bytes.data() + r * row_bytes, row_bytes);
      for (std::size_t c = 0; c < m.cols; ++c) {
        const auto x =
            lowp::convert<F>(m.data[r * m.cols + c], lowp::nearest_even, lowp::overflow::saturate);
        lowp::store_code(row.data(), c, F.bits(), x.code(), P);
      }
    }
    operand = {bytes, m.rows, m.cols, row_bytes};
  }
  of_packed(const of_packed&) = delete;
  std::size_t row_bytes;
  std::vector<std::uint8_t> bytes;
  packed_matrix_view<F, P> operand;
};
template <auto B>
struct of_blocks {
  explicit of_blocks(const matrix& m) : operand(lowp::quantize<B>(m.view())) {}
  block_matrix<B> operand;
};
/// The same with scales and elements of any code, NaN, subnormal products and all.
template <auto B>
struct of_any_codes {
  explicit of_any_codes(const matrix& m) : operand(m.rows, m.cols) {
    source random(m.rows * 1000 + m.cols);
    for (std::uint8_t& x : operand.codes()) x = static_cast<std::uint8_t>(random.word());
    for (std::uint8_t& x : operand.scales()) x = static_cast<std::uint8_t>(random.word());
    if constexpr (requires { operand.set_tensor_scale(1.0f); }) {
      operand.set_tensor_scale(0x1.234p-3f);
    }
  }
  block_matrix<B> operand;
};

/// Scales within a range of codes that integer panels take, mostly; elements of any code, some
/// blocks zero, and of these some with a scale far below.
template <auto B>
struct of_integer_codes {
  explicit of_integer_codes(const matrix& m) : operand(m.rows, m.cols) {
    source random(m.rows * 1000 + m.cols);
    const auto [low, high] = std::pair{63u + random.below(40), 140u + random.below(30)};
    for (std::uint8_t& x : operand.codes()) x = static_cast<std::uint8_t>(random.word());
    for (std::uint8_t& x : operand.scales()) {
      x = static_cast<std::uint8_t>(low + random.below(high - low));
    }
    constexpr auto size = static_cast<std::size_t>(B.shape.cols);
    for (std::size_t r = 0; r < m.rows; ++r) {
      for (std::size_t c = 0; c < m.cols; ++c) {
        const bool is_zero = (r * 7 + c / size) % 5 == 0;
        if (is_zero) operand.set_code(r, c, B.element.bits() == 4 && c % 3 == 0 ? 8 : 0);
        if (is_zero && c % (2 * size) == 0) operand.set_scale_code(r, c / size, 0);
      }
    }
  }
  block_matrix<B> operand;
};

// -------------------------------------------------------------------------------------- comparison
template <class A, class B>
std::vector<std::uint32_t> product(const A& a, const B& b, const execution& how) {
  const std::size_t rows = lowp::detail::operand_rows(a), cols = lowp::detail::operand_rows(b);
  const std::size_t stride = cols + 5;
  std::vector<float> c(rows * stride, 7.0f);
  lowp::gemm(a, b, matrix_view<float>(c.data(), rows, cols, stride), how);
  std::vector<std::uint32_t> bits;
  for (const float& x : c) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}
template <class A, class B>
std::vector<std::uint32_t> definition(const A& a, const B& b) {
  const std::size_t rows = lowp::detail::operand_rows(a), cols = lowp::detail::operand_rows(b);
  const std::size_t stride = cols + 5;
  std::vector<float> c(rows * stride, 7.0f);
  lowp::reference::gemm(a, b, matrix_view<float>(c.data(), rows, cols, stride));
  std::vector<std::uint32_t> bits;
  for (const float& x : c) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}

struct shape {
  std::size_t m, n, k;
};

/// The bits of a result of operands of a shape. `how` tells in which way it came about.
inline void compare_bits(oracle::tally& t, const std::string& name, const shape& of,
                         std::string_view how, const std::vector<std::uint32_t>& actual,
                         const std::vector<std::uint32_t>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    t.check(actual[i] == expected[i], [&](auto& text) {
      text << name << " " << of.m << " x " << of.n << " x " << of.k << " on " << how << ": element "
           << i << " is " << std::hex << actual[i] << ", expected " << expected[i];
    });
  }
}
template <class A, class B>
void compare_bits(oracle::tally& t, const std::string& name, const A& a, const B& b,
                  std::string_view how, const std::vector<std::uint32_t>& actual,
                  const std::vector<std::uint32_t>& expected) {
  compare_bits(t, name,
               shape{lowp::detail::operand_rows(a), lowp::detail::operand_rows(b),
                     lowp::detail::operand_cols(a)},
               how, actual, expected);
}

/// By each strategy of k32 that can: small shapes would never see any but the first.
template <class A, class B>
void compare_strategies(oracle::tally& t, const std::string& name, const A& a, const B& b,
                        const execution& how, const std::vector<std::uint32_t>& expected) {
  namespace bulk = lowp::bulk;
  const auto x = bulk::as_any_operand(a);
  const auto y = bulk::as_any_operand(b);
  const lowp::k32_sums policy;
  const bulk::product_problem problem(policy, x, y, lowp::nearest_even, how);
  const std::size_t stride = y.rows + 5;
  bulk::for_each_strategy(strategies_of(policy), [&]<class Strategy>() {
    if (Strategy::obstacle(problem) != nullptr) return false;
    std::vector<float> c(x.rows * stride, 7.0f);
    const bulk::scaled_floats finish(how.level(), x.tensor_scale, y.tensor_scale,
                                     matrix_view<float>(c.data(), x.rows, y.rows, stride));
    Strategy::run(problem, bulk::sum_sink(finish));
    std::vector<std::uint32_t> actual;
    for (const float& v : c) actual.push_back(std::bit_cast<std::uint32_t>(v));
    compare_bits(t, name + " by " + std::string(Strategy::name), a, b, lowp::name(how.level()),
                 actual, expected);
    return false;
  });
}

template <class A, class B>
void compare(oracle::tally& t, const std::string& name, const A& a, const B& b) {
  const std::vector<std::uint32_t> expected = definition(a, b);
  for (const isa level : test::isas()) {
    compare_bits(t, name, a, b, lowp::name(level), product(a, b, level), expected);
#if !LOWP_COMPILED  // which has the strategies
    compare_strategies(t, name, a, b, level, expected);
#endif
  }
}

/// Few and many rows of either, tall and thin ones, remainders of tiles, steps, chunks and packed
/// bytes.
inline constexpr shape shapes[] = {{1, 1, 1},    {1, 17, 33},  {3, 40, 100}, {8, 16, 513},
                                   {9, 5, 64},   {20, 3, 31},  {33, 30, 97}, {12, 70, 600},
                                   {5, 7, 16},   {6, 18, 24},  {3, 4, 40},   {2, 9, 70},
                                   {17, 22, 64}, {104, 26, 40}};

/// As the second factor, and as the first or as both if asked for: how rows are decoded is the
/// same.
enum class places { second, either, all };
template <class X, places P = places::second>
void compare_operand(const std::string& name) {
  oracle::tally t;
  std::uint64_t seed = 1;
  for (const auto& [m, n, k] : shapes) {
    for (const kind values : {kind::ordinary, kind::special}) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, values);
      const X y(b);
      compare(t, "float by " + name, a.view(), y.operand);
      if constexpr (P != places::second) {
        const X x(a);
        compare(t, name + " by float", x.operand, b.view());
        if constexpr (P == places::all) compare(t, name, x.operand, y.operand);
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace test::gemm
