// SPDX-License-Identifier: MIT
// However a product is computed, it has the bits of reference::gemm, which reference_test.cpp holds
// against MPFR: every kernel, instruction set, executor and operand format, every remainder of a
// tile or a chunk, ordinary and hostile values.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/arrays/convert.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/number/catalog.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
using lowp::block_matrix;
using lowp::execution;
using lowp::isa;
using lowp::matrix_view;
using lowp::number;
using lowp::packed_matrix_view;

namespace {

class source {
 public:
  explicit source(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u) {}
  std::uint64_t word() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(word() >> 32) % n; }
  /// A random sign and mantissa, an exponent field from low to high.
  float in_binades(std::uint32_t low, std::uint32_t high) {
    const std::uint64_t w = word();
    const std::uint32_t field = low + static_cast<std::uint32_t>(w >> 40) % (high - low + 1);
    return std::bit_cast<float>(static_cast<std::uint32_t>(w & 0x807FFFFFu) | field << 23);
  }

 private:
  std::uint64_t state_;
};

/// Kinds of values, from ordinary to hostile.
enum class kind { ordinary, wide, cancelling, tiny, huge, zeros, special };
constexpr kind kinds[] = {kind::ordinary, kind::wide,  kind::cancelling, kind::tiny,
                          kind::huge,     kind::zeros, kind::special};

float draw(source& random, kind k) {
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
    operand.set_tensor_scale({.decoding = 0x1.234p-3f});
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
    for (std::size_t r = 0; r < m.rows; ++r) {
      for (std::size_t c = 0; c < m.cols; ++c) {
        const bool is_zero = (r * 7 + c / 32) % 5 == 0;
        if (is_zero) operand.set_code(r, c, B.element.bits() == 4 && c % 3 == 0 ? 8 : 0);
        if (is_zero && c % 64 == 0) operand.set_scale_code(r, c / 32, 0);
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

template <class A, class B>
void compare(oracle::tally& t, const std::string& name, const A& a, const B& b) {
  const std::vector<std::uint32_t> expected = definition(a, b);
  for (const isa level : test::isas()) {
    const std::vector<std::uint32_t> actual = product(a, b, level);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      t.check(actual[i] == expected[i], [&](auto& text) {
        text << name << " " << lowp::detail::operand_rows(a) << " x "
             << lowp::detail::operand_rows(b) << " x " << lowp::detail::operand_cols(a) << " on "
             << lowp::name(level) << ": element " << i << " is " << std::hex << actual[i]
             << ", expected " << expected[i];
      });
    }
  }
}

struct shape {
  std::size_t m, n, k;
};
/// Few and many rows of either, remainders of tiles, steps, chunks and packed bytes.
constexpr shape shapes[] = {{1, 1, 1},  {1, 17, 33}, {3, 40, 100}, {8, 16, 513},
                            {9, 5, 64}, {20, 3, 31}, {33, 30, 97}, {12, 70, 600}};

template <class X>
void compare_operand(const std::string& name) {
  oracle::tally t;
  std::uint64_t seed = 1;
  for (const auto& [m, n, k] : shapes) {
    for (const kind values : {kind::ordinary, kind::special}) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, values);
      const X x(a), y(b);
      compare(t, name + " by float", x.operand, b.view());
      compare(t, "float by " + name, a.view(), y.operand);
      compare(t, name, x.operand, y.operand);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

}  // namespace

TEST_CASE("Products of plain matrices: every remainder and every kind of value") {
  oracle::tally t;
  std::uint64_t seed = 1;
  for (const kind values : kinds) {
    for (const auto& [m, n, k] : shapes) {
      const matrix a(m, k, ++seed, values), b(n, k, ++seed, values);
      compare(t, "kind " + std::to_string(static_cast<int>(values)), a.view(), b.view());
      const matrix other(n, k, ++seed, kind::ordinary);
      compare(t, "mixed kinds", a.view(), other.view());
    }
  }
  for (std::size_t m = 0; m <= 50; ++m) {
    const matrix a(m, 40, ++seed, kind::ordinary), b(51 - m, 40, ++seed, kind::ordinary);
    compare(t, "rows", a.view(), b.view());
  }
  for (std::size_t k = 0; k <= 70; ++k) {
    const matrix few(2, k, ++seed, kind::wide), a(18, k, ++seed, kind::wide),
        b(14, k, ++seed, kind::wide);
    compare(t, "few, depth", few.view(), b.view());
    compare(t, "depth", a.view(), b.view());
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("More than a block of lanes, of rows and of depth") {
  oracle::tally t;
  const matrix a(200, 1030, 1, kind::wide), b(205, 1030, 2, kind::wide),
      few(7, 1030, 3, kind::wide);
  compare(t, "blocks", a.view(), b.view());
  compare(t, "few", few.view(), b.view());
  compare(t, "few columns", b.view(), few.view());
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Views of numbers") {
  compare_operand<of_numbers<formats::bfloat16>>("bfloat16");
  compare_operand<of_numbers<formats::binary16>>("binary16");
  compare_operand<of_numbers<formats::e4m3fn>>("e4m3fn");
  compare_operand<of_numbers<formats::e2m1>>("e2m1, one to a byte");
  compare_operand<of_numbers<formats::posit<16>>>("posit16");
  compare_operand<of_numbers<formats::binary64>>("binary64");
}
TEST_CASE("Packed matrices") {
  compare_operand<of_packed<formats::e2m1>>("e2m1");
  compare_operand<of_packed<formats::e2m1, lowp::packings::high_first>>("e2m1, high first");
  compare_operand<of_packed<formats::e3m2, lowp::packings::four_in_32_bits>>("e3m2 in words");
  compare_operand<of_packed<formats::e5m2>>("e5m2");
  compare_operand<of_packed<formats::int_n<3>>>("int3");
  compare_operand<of_packed<formats::posit<8>>>("posit8");
}
TEST_CASE("Block matrices") {
  compare_operand<of_blocks<formats::mxfp4>>("mxfp4");
  compare_operand<of_blocks<formats::mxfp8_e5m2>>("mxfp8_e5m2");
  compare_operand<of_blocks<formats::mxfp6_e2m3>>("mxfp6_e2m3");
  compare_operand<of_blocks<formats::mxint8>>("mxint8");
  compare_operand<of_blocks<formats::nvfp4>>("nvfp4");
  compare_operand<of_blocks<formats::nvfp4_16x16>>("nvfp4_16x16");
  compare_operand<of_blocks<formats::scaled_rows(formats::int_n<4>)>>("int4 rows");
  compare_operand<of_blocks<formats::scaled_tensor(formats::e4m3fn)>>("e4m3fn tensor");
}
TEST_CASE("Block matrices that no kernel decodes") {
  using lowp::block_format, lowp::block_shape, lowp::scale_rule;
  compare_operand<
      of_blocks<block_format{formats::e2m1, formats::e8m0, block_shape{1, 24}, scale_rule::floor}>>(
      "blocks of 24");
  compare_operand<of_blocks<block_format{formats::posit<16>, formats::e8m0, block_shape{2, 32},
                                         scale_rule::floor}>>("posits");
}
TEST_CASE("Any codes of elements and scales") {
  compare_operand<of_any_codes<formats::mxfp4>>("mxfp4");
  compare_operand<of_any_codes<formats::mxfp8_e4m3>>("mxfp8_e4m3");
  compare_operand<of_any_codes<formats::mxint8>>("mxint8");
  compare_operand<of_any_codes<formats::nvfp4>>("nvfp4");
}
TEST_CASE("Blocks of small integers") {
  using lowp::has_integer_panels;
  STATIC_REQUIRE(has_integer_panels<lowp::mxfp4>);
  STATIC_REQUIRE(has_integer_panels<lowp::mxint8>);
  STATIC_REQUIRE(has_integer_panels<lowp::mxfp6_e2m3>);
  STATIC_REQUIRE(has_integer_panels<packed_matrix_view<formats::int_n<4>>>);
  STATIC_REQUIRE(has_integer_panels<matrix_view<const number<formats::e2m1>>>);
  STATIC_REQUIRE_FALSE(has_integer_panels<lowp::nvfp4>);                             // scale
  STATIC_REQUIRE_FALSE(has_integer_panels<lowp::mxfp6_e3m2>);                        // range
  STATIC_REQUIRE_FALSE(has_integer_panels<lowp::mxfp8_e4m3>);                        // NaN
  STATIC_REQUIRE_FALSE(has_integer_panels<packed_matrix_view<formats::uint_n<8>>>);  // 255
  STATIC_REQUIRE_FALSE(has_integer_panels<matrix_view<const float>>);
  compare_operand<of_integer_codes<formats::mxfp4>>("mxfp4");
  compare_operand<of_integer_codes<formats::mxfp6_e2m3>>("mxfp6_e2m3");
  compare_operand<of_integer_codes<formats::mxint8>>("mxint8");
  compare_operand<of_packed<formats::int_n<4>>>("int4");
  compare_operand<of_packed<formats::int_n<8>>>("int8");

  oracle::tally t;
  std::uint64_t seed = 90;
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, ++seed, kind::ordinary), b(n, k, ++seed, kind::ordinary);
    const of_integer_codes<formats::mxint8> x(a);
    const of_integer_codes<formats::mxfp4> y(b);
    const of_blocks<formats::mxfp6_e2m3> z(b);
    const of_packed<formats::int_n<4>> w(a);
    const of_numbers<formats::e2m1> v(a);
    compare(t, "mxint8 by mxfp4", x.operand, y.operand);
    compare(t, "mxint8 by mxfp6_e2m3", x.operand, z.operand);
    compare(t, "int4 by mxfp4", w.operand, y.operand);
    compare(t, "e2m1 by mxfp4", v.operand, y.operand);
    compare(t, "e2m1 by mxfp6_e2m3", v.operand, z.operand);
  }
  // The largest sums of a step, at the ends of the range of scales and beyond them.
  for (const unsigned scale : {0u, 1u, 57u, 62u, 63u, 64u, 183u, 184u, 190u, 253u, 254u, 255u}) {
    for (const std::size_t m : {std::size_t{2}, std::size_t{20}}) {
      block_matrix<formats::mxint8> x(m, 64), y(18, 64);
      for (std::uint8_t& code : x.codes()) code = 0x80;
      for (std::uint8_t& code : y.codes()) code = 0x80;
      for (std::uint8_t& code : x.scales()) code = static_cast<std::uint8_t>(scale);
      for (std::uint8_t& code : y.scales()) code = static_cast<std::uint8_t>(scale);
      compare(t, "scale " + std::to_string(scale), x, y);
      for (std::uint8_t& code : y.scales()) code = static_cast<std::uint8_t>(254 - scale);
      compare(t, "scale " + std::to_string(scale) + " and its inverse", x, y);
      for (std::uint8_t& code : x.codes()) code = 0;
      compare(t, "zero under scale " + std::to_string(scale), x, y);
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
TEST_CASE("Bits of padding and codes beyond a row do not matter") {
  oracle::tally t;
  // The other half of the last byte would be 6 * 2^127, or a NaN.
  for (const std::size_t n : {std::size_t{1}, std::size_t{20}}) {
    block_matrix<formats::mxfp4> b(n, 1);
    for (std::uint8_t& code : b.codes()) code = 0x71;
    for (std::uint8_t& code : b.scales()) code = 254;
    const matrix a(3, 1, 1, kind::ordinary);
    compare(t, "mxfp4 by half a byte", a.view(), b);
    const std::vector<std::uint8_t> bytes(n, 0x82);
    const packed_matrix_view<formats::p3109(4, 2)> p(bytes, n, 1);
    compare(t, "p3109 by half a byte", a.view(), p);
    compare(t, "half a byte by half a byte", p, p);
  }
  // Code 0 is not zero, and times its scale beyond binary32.
  constexpr lowp::float_format no_zero{.exponent_bits = 2,
                                       .mantissa_bits = 1,
                                       .bias = -1,
                                       .at_exponent_zero = lowp::exponent_zero::normals,
                                       .has_infinity = false};
  constexpr lowp::block_format blocks{no_zero, formats::e8m0, lowp::block_shape{1, 32},
                                      lowp::scale_rule::floor};
  for (const std::size_t k : {4, 32, 512, 516}) {
    block_matrix<blocks> b(17, k);
    for (std::uint8_t& code : b.codes()) code = 0x21;
    for (std::uint8_t& code : b.scales()) code = 254;
    compare(t, "no zero", matrix(2, k, 1, kind::tiny).view(), b);
    for (std::uint8_t& code : b.scales()) code = 120;
    compare(t, "no zero", matrix(2, k, 1, kind::wide).view(), b);
  }
  // Elements that binary32 cannot hold, under scales that bring them back.
  constexpr lowp::float_format low{.exponent_bits = 4,
                                   .mantissa_bits = 3,
                                   .bias = 148,
                                   .at_exponent_zero = lowp::exponent_zero::normals,
                                   .has_infinity = false};
  constexpr lowp::block_format low_blocks{low, formats::e8m0, lowp::block_shape{1, 32},
                                          lowp::scale_rule::floor};
  block_matrix<low_blocks> b(9, 40);
  source random(5);
  for (std::uint8_t& code : b.codes()) code = static_cast<std::uint8_t>(random.below(16));
  for (std::uint8_t& code : b.scales()) code = 240;
  compare(t, "low", matrix(3, 40, 1, kind::ordinary).view(), b);
  compare(t, "low", matrix(20, 40, 1, kind::ordinary).view(), b);
  std::vector<float> by_kernels(9 * 40), by_definition(9 * 40);
  lowp::dequantize(b, matrix_view<float>(by_kernels.data(), 9, 40));
  lowp::reference::dequantize(b, matrix_view<float>(by_definition.data(), 9, 40));
  CHECK(by_kernels == by_definition);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Views without rows or with one") {
  oracle::tally t;
  const std::vector<float> data(40, 1.5f);
  const packed_matrix_view<formats::e4m3fn> none({}, 0, 40);
  const matrix_view<const float> one(data.data(), 1, 40, std::size_t(-1) / 2),
      empty(nullptr, 0, 40);
  compare(t, "none", none, one);
  compare(t, "none", one, none);
  compare(t, "none", empty, empty);
  compare(t, "one", one, one);
  // The stride of one row means nothing, and nothing lies in c if it is empty.
  std::vector<float> out(40);
  const matrix_view<float> point(out.data(), 1, 1, 0);
  CHECK_NOTHROW(lowp::gemm(one, one, point));
  CHECK_THROWS_AS(lowp::gemm(point, point, point), std::invalid_argument);
  CHECK_NOTHROW(lowp::gemm(empty, one, matrix_view<float>(const_cast<float*>(data.data()), 0, 1)));
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Operands of two block formats") {
  oracle::tally t;
  std::uint64_t seed = 50;
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, ++seed, kind::wide), b(n, k, ++seed, kind::ordinary);
    const of_blocks<formats::mxfp8_e4m3> x(a);
    const of_blocks<formats::mxfp4> y(b);
    const of_blocks<formats::nvfp4> z(b);
    const of_numbers<formats::bfloat16> w(a);
    compare(t, "mxfp8 by mxfp4", x.operand, y.operand);
    compare(t, "mxfp8 by nvfp4", x.operand, z.operand);
    compare(t, "bfloat16 by nvfp4", w.operand, z.operand);
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Neither threads nor other rows change a row") {
  struct reversed {
    void operator()(std::size_t count, const lowp::task& part) const {
      for (std::size_t i = count; i-- > 0;) part(i);
    }
  };
  oracle::tally t;
  const matrix a(210, 520, 1, kind::wide), b(400, 520, 2, kind::wide);
  const of_blocks<formats::mxfp4> q(b);
  const auto all = product(a.view(), q.operand, {});
  const auto same = [&](const char* name, const std::vector<std::uint32_t>& other) {
    t.check(other == all, [&](auto& text) { text << name; });
  };
  same("two threads", product(a.view(), q.operand, lowp::threads{2}));
  same("seven threads", product(a.view(), q.operand, {lowp::threads{7}, test::highest_isa()}));
  same("reversed", product(a.view(), q.operand, reversed{}));
  for (const isa level : test::isas()) {
    for (const std::size_t count : {1, 2, 7, 8, 9, 16, 17, 31, 100}) {
      for (std::size_t first = 0; first + count <= a.rows; first += 55) {
        const auto some = product(a.view().row_range(first, count), q.operand, level);
        const std::size_t stride = b.rows + 5;
        t.check(std::equal(some.begin(), some.end(),
                           all.begin() + static_cast<std::ptrdiff_t>(first * stride)),
                [&](auto& text) {
                  text << count << " rows from " << first << " on " << lowp::name(level);
                });
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("The caller's floating-point environment does not matter") {
  oracle::tally t;
  const matrix a(20, 70, 1, kind::tiny), b(30, 70, 2, kind::wide), few(3, 70, 3, kind::wide);
  const auto expected = definition(a.view(), b.view());
  const auto expected_few = definition(few.view(), a.view());
  for (const std::uint32_t flags : test::unusual_environments) {
    for (const isa level : test::isas()) {
      const test::float_environment environment(flags);
      t.check(product(a.view(), b.view(), level) == expected &&
                  product(few.view(), a.view(), level) == expected_few,
              [&](auto& text) { text << std::hex << flags << " on " << lowp::name(level); });
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A NaN result has one code") {
  const float nan = std::bit_cast<float>(0xFFFFFFFFu),
              infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x{nan, infinity, -infinity, 1.0f}, y{1.0f, 1.0f, 1.0f, 1.0f};
  const matrix_view<const float> a(x.data(), 1, 4), b(y.data(), 1, 4);
  for (const isa level : test::isas()) CHECK(product(a, b, level)[0] == 0x7FC00000u);
  CHECK(definition(a, b)[0] == 0x7FC00000u);
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Products touch nothing outside their operands") {
  oracle::tally t;
  for (const auto& [m, n, k] : shapes) {
    const matrix a(m, k, 1, kind::ordinary), b(n, k, 2, kind::ordinary);
    const of_packed<formats::e2m1> q(b);
    const auto expected = definition(a.view(), q.operand);
    const std::size_t row_bytes = lowp::packed_bytes(k, 4);
    const test::guarded a_memory(4 * m * k), b_memory(n * row_bytes), c_memory(4 * m * n);
    for (const bool at_end : {false, true}) {
      auto* const a_data = reinterpret_cast<float*>(a_memory.place(4 * m * k, at_end));
      std::uint8_t* const b_data = b_memory.place(n * row_bytes, at_end);
      auto* const c_data = reinterpret_cast<float*>(c_memory.place(4 * m * n, at_end));
      std::memcpy(a_data, a.data.data(), 4 * m * k);
      for (std::size_t r = 0; r < n; ++r) {
        std::memcpy(b_data + r * row_bytes, q.bytes.data() + r * q.row_bytes, row_bytes);
      }
      const packed_matrix_view<formats::e2m1> packed({b_data, n * row_bytes}, n, k);
      for (const isa level : test::isas()) {
        lowp::gemm(matrix_view<const float>(a_data, m, k), packed, matrix_view<float>(c_data, m, n),
                   level);
        for (std::size_t r = 0; r < m; ++r) {
          t.check(
              std::memcmp(c_data + r * n, expected.data() + r * (n + 5), 4 * n) == 0,
              [&](auto& text) { text << "row " << r << " of " << m << " x " << n << " x " << k; });
        }
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}
#endif

TEST_CASE("Bad shapes are refused before anything is written") {
  const std::vector<float> data(60, 1.0f);
  std::vector<float> out(60, 7.0f);
  const auto in = [&](std::size_t rows, std::size_t cols) {
    return matrix_view<const float>(data.data(), rows, cols);
  };
  const auto c = [&](std::size_t rows, std::size_t cols) {
    return matrix_view<float>(out.data(), rows, cols);
  };
  CHECK_THROWS_AS(lowp::gemm(in(3, 4), in(5, 3), c(3, 5)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(in(3, 4), in(5, 4), c(5, 3)), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(block_matrix<formats::mxfp4>(3, 4), in(5, 5), c(3, 5)),
                  std::invalid_argument);
  // c shares elements with an operand.
  const matrix_view<float> both(out.data(), 5, 5);
  CHECK_THROWS_AS(lowp::gemm(both, in(5, 5), both), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm(in(5, 5), both, both), std::invalid_argument);
  const std::span<const std::uint8_t> own(reinterpret_cast<const std::uint8_t*>(out.data()), 60);
  const packed_matrix_view<formats::e4m3fn> packed(own, 5, 12);
  CHECK_THROWS_AS(lowp::gemm(packed, in(5, 12), both), std::invalid_argument);
  CHECK_THROWS_AS(lowp::gemm<lowp::gemm_policy{lowp::accumulation::exact}>(packed, in(5, 12), both),
                  std::invalid_argument);
  const matrix_view<float> left(out.data(), 3, 3, 6), right(out.data() + 3, 3, 3, 6);
  CHECK(out == std::vector<float>(60, 7.0f));
  CHECK_NOTHROW(lowp::gemm(left, in(3, 3), right));
  const std::vector<std::uint8_t> bytes(10);
  CHECK_THROWS_AS((packed_matrix_view<formats::e2m1>(bytes, 3, 8)), std::invalid_argument);
  CHECK_THROWS_AS((packed_matrix_view<formats::e2m1>(bytes, 2, 8, 3)), std::invalid_argument);
  CHECK_THROWS_AS((packed_matrix_view<formats::e2m1>(bytes, std::size_t(-1), 8)),
                  std::invalid_argument);
  CHECK_NOTHROW(packed_matrix_view<formats::e2m1>(bytes, 2, 8, 6));
}
