// SPDX-License-Identifier: MIT
// The matrix product means what its policy says: exact sums are GMP's and MPFR's rounded once, and
// each chain of FMAs is played back in MPFR, one rounding at a time.
#include "lowp/gemm/definition/reference.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "block/block_oracle.hpp"
#include "catch.hpp"
#include "float_environment.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace ob = oracle::block;
using lowp::block_matrix;
using lowp::matrix_view;
using ob::bits32;
using oracle::real;

namespace {

constexpr auto k32 = lowp::policies::k32;
constexpr auto sequential = lowp::policies::sequential_binary32;
constexpr auto binary64 = lowp::policies::sequential_binary64;
constexpr auto exact = lowp::policies::exact;

// ---------------------------------------------------------------------- IEEE arithmetic, from MPFR
/// Any binary32 or binary64, exact, NaN and infinities included.
void set(real& x, bits32 b) {
  if ((b & 0x7FFFFFFFu) > ob::infinite32) {
    mpfr_set_nan(x);
  } else {
    ob::set32(x, b);
  }
}
void set(real& x, std::uint64_t b) { x.set(std::bit_cast<double>(b)); }

bits32 rounded(mpfr_srcptr x, bits32) { return ob::rounded32(x); }
std::uint64_t rounded(mpfr_srcptr x, std::uint64_t) {
  return oracle::mpfr_encode(formats::binary64, x, MPFR_RNDN);
}

/// Operations on the bits of binary32 or binary64; sums are exact in 4400 bits.
template <class Bits>
Bits fma(Bits a, Bits b, Bits c) {
  static real x(64), y(64), product(128), z(64), sum(4400);
  set(x, a);
  set(y, b);
  set(z, c);
  mpfr_mul(product, x, y, MPFR_RNDN);
  const int inexact = mpfr_add(sum, product, z, MPFR_RNDN);
  if (inexact != 0) throw std::logic_error("the sum is not exact");
  return rounded(sum, a);
}
bits32 sum(bits32 a, bits32 b) { return fma(a, ob::one32, b); }
template <class Bits>
Bits product(Bits a, Bits b) {
  static real x(64), y(64), p(128);
  set(x, a);
  set(y, b);
  mpfr_mul(p, x, y, MPFR_RNDN);
  return rounded(p, a);
}
std::uint64_t widened(bits32 b) {
  real x;
  set(x, b);
  return rounded(x, std::uint64_t{});
}

// ---------------------------------------------------------------------------------------- operands
/// An operand as the oracle sees it: exact values as element * scale, and the tensor scale.
struct operand {
  std::size_t rows = 0, cols = 0;
  struct factors {
    bits32 special = 0;  ///< bits of a NaN or an infinity, or zero
    double element = 0, scale = 1;
  };
  std::vector<factors> values;
  bits32 tensor = ob::one32;

  [[nodiscard]] bits32 narrow(std::size_t row, std::size_t k) const {
    const factors& f = values[row * cols + k];
    if (f.special != 0) return f.special;
    static real x(128);
    mpfr_set_d(x, f.element, MPFR_RNDN);
    mpfr_mul_d(x, x, f.scale, MPFR_RNDN);
    return ob::rounded32(x);
  }
  /// Times the tensor scale.
  void set_exact(real& x, std::size_t row, std::size_t k) const {
    const factors& f = values[row * cols + k];
    if (f.special != 0) {
      set(x, f.special);
    } else {
      mpfr_set_d(x, f.element, MPFR_RNDN);
      mpfr_mul_d(x, x, f.scale, MPFR_RNDN);
    }
    mpfr_mul_d(x, x, ob::value_of(tensor), MPFR_RNDN);
  }
};

operand operand_of(const matrix_view<const float>& in) {
  operand out{in.rows, in.cols, {}};
  for (std::size_t r = 0; r < in.rows; ++r) {
    for (std::size_t c = 0; c < in.cols; ++c) {
      const bits32 b = ob::bits_of(in(r, c));
      out.values.push_back(ob::is_special32(b) ? operand::factors{b}
                                               : operand::factors{0, ob::value_of(b), 1});
    }
  }
  return out;
}

template <auto B>
operand operand_of(const block_matrix<B>& in) {
  const ob::quantizer model(block_matrix<B>::format);
  operand out{in.rows(), in.cols(), {}};
  for (std::size_t r = 0; r < in.rows(); ++r) {
    for (std::size_t c = 0; c < in.cols(); ++c) {
      const lowp::code_t scale = in.scale_of(r, c).code();
      out.values.push_back(
          model.is_nan_scale(scale)
              ? operand::factors{0x7FC00000u}
              : operand::factors{0, model.element_value(in.code(r, c)), model.scale_value(scale)});
    }
  }
  out.tensor = ob::bits_of(in.tensor_scale());
  return out;
}

// ---------------------------------------------------------------------------------------- products
template <class P>
bits32 expected_element(const P& policy, const operand& a, const operand& b, std::size_t row,
                        std::size_t col) {
  const std::size_t depth = a.cols;
  const auto is = [&policy](const auto& other) {
    if constexpr (std::is_same_v<P, std::remove_cvref_t<decltype(other)>>) return policy == other;
    return false;
  };
  if (is(k32)) {
    bits32 total = 0;
    for (std::size_t step = 0; step < depth; step += 32) {
      bits32 chain[2] = {0, 0};
      for (std::size_t k = step; k < std::min(step + 32, depth); ++k) {
        chain[k % 2] = fma(a.narrow(row, k), b.narrow(col, k), chain[k % 2]);
      }
      total = sum(total, sum(chain[0], chain[1]));
    }
    return product(product(total, a.tensor), b.tensor);
  }
  if (is(sequential)) {
    bits32 total = 0;
    for (std::size_t k = 0; k < depth; ++k) {
      total = fma(a.narrow(row, k), b.narrow(col, k), total);
    }
    return product(product(total, a.tensor), b.tensor);
  }
  if (is(binary64)) {
    std::uint64_t total = 0;
    for (std::size_t k = 0; k < depth; ++k) {
      total = fma(widened(a.narrow(row, k)), widened(b.narrow(col, k)), total);
    }
    real x;
    set(x, product(product(total, widened(a.tensor)), widened(b.tensor)));
    return ob::rounded32(x);
  }
  static real x(256), y(256), p(512), total(4400);
  mpfr_set_zero(total, 1);
  int inexact = 0;
  for (std::size_t k = 0; k < depth; ++k) {
    a.set_exact(x, row, k);
    b.set_exact(y, col, k);
    inexact |= mpfr_mul(p, x, y, MPFR_RNDN);
    inexact |= mpfr_add(total, total, p, MPFR_RNDN);
  }
  if (inexact != 0) throw std::logic_error("the sum is not exact");
  // An exact zero is +0, whatever the signs of its terms.
  return mpfr_zero_p(total) ? 0 : ob::rounded32(total);
}

bool same(bits32 a, bits32 b) {
  const auto is_nan = [](bits32 x) { return (x & 0x7FFFFFFFu) > ob::infinite32; };
  return a == b || (is_nan(a) && is_nan(b));
}

template <auto P, class A, class B>
std::vector<float> multiply(const A& a, const B& b) {
  const std::size_t rows = lowp::detail::operand_rows(a), cols = lowp::detail::operand_rows(b);
  std::vector<float> c(rows * cols, 7.0f);
  lowp::reference::gemm<P>(a, b, matrix_view<float>(c.data(), rows, cols));
  return c;
}

template <auto P, class A, class B>
void check(oracle::tally& t, const std::string& name, const A& a, const B& b) {
  const operand x = operand_of(a), y = operand_of(b);
  const std::vector<float> c = multiply<P>(a, b);
  for (std::size_t row = 0; row < x.rows; ++row) {
    for (std::size_t col = 0; col < y.rows; ++col) {
      const bits32 expected = expected_element(P, x, y, row, col);
      const bits32 actual = ob::bits_of(c[row * y.rows + col]);
      t.check(same(actual, expected), [&](auto& text) {
        text << name << " depth " << x.cols << " element " << row << ", " << col << " is "
             << std::hex << actual << ", expected " << expected;
      });
    }
  }
}
template <class A, class B>
void check_all(oracle::tally& t, const std::string& name, const A& a, const B& b) {
  check<k32>(t, name, a, b);
  check<sequential>(t, name, a, b);
  check<binary64>(t, name, a, b);
  check<exact>(t, name, a, b);
}

constexpr std::size_t depths[] = {0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 100};

matrix_view<const float> view(const ob::matrix& m) { return {m.data.data(), m.rows, m.cols}; }

template <class Draw>
ob::matrix filled(std::size_t rows, std::size_t cols, const Draw& draw) {
  ob::matrix m{rows, cols, {}};
  for (std::size_t i = 0; i < rows * cols; ++i) m.data.push_back(draw());
  return m;
}

template <class DrawA, class DrawB>
void check_views(oracle::tally& t, const std::string& name, int repeats, const DrawA& draw_a,
                 const DrawB& draw_b) {
  for (const std::size_t depth : depths) {
    for (int i = 0; i < repeats; ++i) {
      const ob::matrix a = filled(3, depth, draw_a), b = filled(4, depth, draw_b);
      check_all(t, name, view(a), view(b));
    }
  }
}

}  // namespace

TEST_CASE("Products of plain matrices, under every policy and depth") {
  oracle::tally t;
  ob::source random(1);
  const auto ordinary = [&] { return random.in_binades(120, 130); };
  check_views(t, "ordinary", 6, ordinary, ordinary);
  const auto positive = [&] {
    return ob::float_of(ob::bits_of(random.in_binades(125, 127)) & 0x7FFFFFFFu);
  };
  check_views(t, "of one sign", 4, positive, positive);
  const auto wide = [&] { return random.in_binades(90, 160); };
  check_views(t, "of many magnitudes", 6, wide, wide);
  const auto integer = [&] {
    return static_cast<float>(static_cast<int>(random.below(255)) - 127);
  };
  check_views(t, "integers", 3, integer, integer);
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums that cancel keep the digits that each order keeps") {
  oracle::tally t;
  ob::source random(2);
  for (const std::size_t depth : depths) {
    for (int repeat = 0; repeat < 8; ++repeat) {
      ob::matrix a = filled(3, depth, [&] { return random.in_binades(110, 140); });
      ob::matrix b = filled(4, depth, [&] { return random.in_binades(110, 140); });
      // Pairs at a distance that puts them in one chain, in both, or in two steps.
      const std::size_t distance = repeat % 4 == 0   ? 1
                                   : repeat % 4 == 1 ? 2
                                   : repeat % 4 == 2 ? 31
                                                     : 32;
      for (std::size_t k = 0; k + distance < depth; k += 2 * distance) {
        for (std::size_t r = 0; r < 3; ++r) {
          a.data[r * depth + k + distance] =
              ob::float_of(ob::bits_of(a.data[r * depth + k]) ^ 0x80000000u);
        }
        for (std::size_t r = 0; r < 4; ++r)
          b.data[r * depth + k + distance] = b.data[r * depth + k];
      }
      check_all(t, "cancellation", view(a), view(b));
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Subnormal results and zeros of both signs") {
  oracle::tally t;
  ob::source random(3);
  // Products around 2^-149, of subnormal operands too.
  check_views(
      t, "tiny products", 6, [&] { return random.in_binades(44, 66); },
      [&] { return random.in_binades(44, 66); });
  check_views(
      t, "subnormal operands", 4, [&] { return random.in_binades(0, 1); },
      [&] { return random.in_binades(115, 140); });
  check_views(
      t, "subnormal by subnormal", 1, [&] { return random.in_binades(0, 1); },
      [&] { return random.in_binades(0, 1); });
  // Products that are -0 or round to it: the sign of the result is that of the chain.
  check_views(
      t, "zeros", 3, [&] { return ob::float_of(random.below(2) << 31); },
      [&] { return random.in_binades(120, 130); });
  const auto minus_zero = [] { return ob::float_of(0x80000000u); };
  check_views(t, "negative zeros", 1, minus_zero, [] { return 1.0f; });
  check_views(
      t, "underflow from below", 1, [] { return -0x1p-100f; }, [] { return 0x1p-100f; });
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Overflow, infinities and NaN") {
  oracle::tally t;
  ob::source random(4);
  check_views(
      t, "near overflow", 6, [&] { return random.in_binades(186, 190); },
      [&] { return random.in_binades(186, 190); });
  check_views(
      t, "far over", 2, [&] { return random.in_binades(240, 254); },
      [&] { return random.in_binades(240, 254); });
  const auto special = [&] {
    switch (random.below(24)) {
      case 0: return ob::float_of(ob::infinite32);
      case 1: return ob::float_of(ob::infinite32 | 0x80000000u);
      case 2: return ob::float_of(0x7FC00000u);
      case 3: return ob::float_of(0x80000000u);
      default: return random.in_binades(120, 130);
    }
  };
  check_views(t, "specials", 8, special, special);
  REQUIRE_NO_MISMATCH(t);
}

namespace {
template <auto A, auto B>
void check_formats(oracle::tally& t, const std::string& name) {
  ob::source random(A.element.bits() * 100 + B.element.bits());
  for (const std::size_t depth : {0u, 1u, 17u, 32u, 33u, 64u, 100u}) {
    const ob::matrix a = filled(3, depth, [&] { return random.in_binades(118, 130); });
    const ob::matrix b = filled(4, depth, [&] { return random.in_binades(118, 130); });
    check_all(t, name, lowp::quantize<A>(view(a)), lowp::quantize<B>(view(b)));
  }
}
}  // namespace

TEST_CASE(
    "Block matrices of every format, and mixed: each policy, exact ones to the rational sum") {
  oracle::tally t;
  check_formats<formats::mxfp8_e4m3, formats::mxfp8_e4m3>(t, "e4m3");
  check_formats<formats::mxfp8_e5m2, formats::mxfp8_e5m2>(t, "e5m2");
  check_formats<formats::mxfp6_e3m2, formats::mxfp6_e3m2>(t, "e3m2");
  check_formats<formats::mxfp6_e2m3, formats::mxfp6_e2m3>(t, "e2m3");
  check_formats<formats::mxfp4, formats::mxfp4>(t, "e2m1");
  check_formats<formats::mxint8, formats::mxint8>(t, "int8");
  check_formats<formats::nvfp4, formats::nvfp4>(t, "nvfp4");
  check_formats<formats::mxfp8_e4m3, formats::mxfp4>(t, "e4m3 by e2m1");
  check_formats<formats::nvfp4, formats::nvfp4_16x16>(t, "nvfp4 by tiles");
  check_formats<formats::nvfp4, formats::mxfp8_e5m2>(t, "nvfp4 by e5m2");
  check_formats<formats::scaled_rows(formats::int_n<8>), formats::scaled_rows(formats::int_n<4>)>(
      t, "rows of int8 by int4");
  check_formats<formats::scaled_tensor(formats::e4m3fn), formats::scaled_rows(formats::bfloat16)>(
      t, "e4m3fn by bfloat16");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("A block matrix meets a plain matrix on either side") {
  oracle::tally t;
  ob::source random(6);
  for (const std::size_t depth : {1u, 32u, 47u}) {
    const ob::matrix a = filled(3, depth, [&] { return random.in_binades(118, 130); });
    const ob::matrix b = filled(4, depth, [&] { return random.in_binades(118, 130); });
    check_all(t, "mxfp4 by floats", lowp::quantize<formats::mxfp4>(view(a)), view(b));
    check_all(t, "floats by nvfp4", view(a), lowp::quantize<formats::nvfp4>(view(b)));
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("All pairs of element codes multiply exactly") {
  // K = 1: the result is the product of two values.
  oracle::tally t;
  const auto all_codes = []<auto B>() {
    const std::size_t count = std::size_t{1} << B.element.bits();
    block_matrix<B> m(count, 1);
    for (std::size_t i = 0; i < count; ++i) {
      m.set_code(i, 0, i);
      m.set_scale_code(i, 0, 127);
    }
    return m;
  };
  const auto square = [&]<auto B>(const char* name) {
    const auto m = all_codes.template operator()<B>();
    if constexpr (B.element.bits() <= 6) check_all(t, name, m, m);
    if constexpr (B.element.bits() > 6) {
      check<k32>(t, name, m, m);
      check<exact>(t, name, m, m);
    }
  };
  square.operator()<formats::mxfp4>("e2m1");
  square.operator()<formats::mxfp6_e2m3>("e2m3");
  square.operator()<formats::mxfp6_e3m2>("e3m2");
  square.operator()<formats::mxint8>("int8");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("T34: scales of blocks join the exponents, tensor scales multiply the finished sum") {
  oracle::tally t;
  // 2^-127 * 2^-127 is no binary32; yet each value is one, and so are products of large and small.
  const auto filled_with = []<auto B>(unsigned scale, std::size_t depth) {
    const std::size_t bytes = lowp::packed_bytes(depth, B.element.bits());
    const std::vector<std::uint8_t> codes(bytes, 0x77);
    const std::vector<std::uint8_t> scales((depth + 31) / 32, static_cast<std::uint8_t>(scale));
    return block_matrix<B>(1, depth, codes, scales);
  };
  for (const unsigned a_scale : {0u, 1u, 60u, 127u, 200u, 254u, 255u}) {
    for (const unsigned b_scale : {0u, 1u, 60u, 127u, 200u, 254u, 255u}) {
      const auto a = filled_with.operator()<formats::mxfp4>(a_scale, 33);
      const auto b = filled_with.operator()<formats::mxfp4>(b_scale, 33);
      check_all(t, "extreme scales", a, b);
    }
  }
  const auto small = filled_with.operator()<formats::mxfp4>(0, 32);
  const auto large = filled_with.operator()<formats::mxfp4>(252, 32);
  CHECK(multiply<exact>(small, large)[0] == 36.0f * 8);
  CHECK(multiply<k32>(small, large)[0] == 36.0f * 8);

  // Tensor scales so small that element * scale * tensor scale would be no binary32, while the sum
  // times one, then the other is; and so large that a's first, then b's, is not b's first.
  const std::vector<std::uint8_t> codes(8, 0x77), scales(1, 0x38);
  const auto with_tensor = [&](double decoding) {
    const float d = ob::float_of(ob::bits_of_value(decoding));
    return block_matrix<formats::nvfp4>(1, 16, codes, scales, d);
  };
  for (const double a_scale : {0x1p-149, 0x1.8p-140, 0x1.234p-70, 1.0, 0x1.5p60, 0x1.FFFFFEp127}) {
    for (const double b_scale :
         {0x1p-149, 0x1.8p-140, 0x1.234p-70, 1.0, 0x1.5p60, 0x1.FFFFFEp127}) {
      check_all(t, "extreme tensor scales", with_tensor(a_scale), with_tensor(b_scale));
    }
  }
  REQUIRE_NO_MISMATCH(t);
  // 576 * 2^-149 * 2^127: were each scale in the values, a's would lose its digits.
  CHECK(ob::bits_of(multiply<exact>(with_tensor(0x1p-149), with_tensor(0x1p127))[0]) ==
        ob::bits_of_value(576 * 0x1p-22));
}

// ------------------------------------------------------------------------------------------- laws
namespace {
template <auto P>
std::vector<bits32> bits_of_product(const ob::matrix& a, const ob::matrix& b) {
  std::vector<bits32> list;
  for (const float& x : multiply<P>(view(a), view(b))) list.push_back(ob::bits_of(x));
  for (const float& x : multiply<P>(lowp::quantize<formats::nvfp4>(view(a)),
                                    lowp::quantize<formats::mxfp8_e4m3>(view(b)))) {
    list.push_back(ob::bits_of(x));
  }
  return list;
}
}  // namespace

TEST_CASE("Flush-to-zero and rounding direction of the caller change no bit of a product") {
  ob::source random(7);
  const auto draw = [&] {
    return random.below(4) == 0 ? random.in_binades(0, 66) : random.in_binades(60, 130);
  };
  const auto check_policy = [&]<auto P>() {
    for (const std::size_t depth : {1u, 2u, 33u, 100u}) {
      for (const std::size_t size : {1u, 3u}) {
        const ob::matrix a = filled(size, depth, draw), b = filled(size, depth, draw);
        const auto expected = bits_of_product<P>(a, b);
        int different = 0;
        for (const std::uint32_t flags : test::unusual_environments) {
          const test::float_environment environment(flags);
          different += bits_of_product<P>(a, b) != expected;
        }
        CHECK(different == 0);
      }
    }
  };
  check_policy.operator()<k32>();
  check_policy.operator()<sequential>();
  check_policy.operator()<binary64>();
  check_policy.operator()<exact>();

  // And the environment of the caller is back afterwards.
  volatile float tiny = 0x1p-126f;
  const test::float_environment flushing(test::unusual_environments[0]);
  const ob::matrix one{1, 1, {1.0f}};
  CHECK(multiply<k32>(view(one), view(one))[0] == 1.0f);
  volatile float half = tiny * 0.5f;
  if (test::unusual_environments[0] != 0) {
    CHECK((std::bit_cast<bits32>(static_cast<float>(half)) & 0x7FFFFFFFu) == 0);
  }
}

TEST_CASE("A product of one row by one row with a subnormal result, in a caller that flushes") {
  // The whole function may be inlined here with every size known.
  const float a[1] = {0x1.8p-100f}, b[1] = {0x1.4p-40f};
  float c[1] = {0};
  const test::float_environment flushing(test::unusual_environments[0]);
  const bits32 expected = ob::bits_of_value(0x1.8p-100 * 0x1.4p-40);
  const matrix_view<const float> x(a, 1, 1), y(b, 1, 1);
  lowp::reference::gemm<k32>(x, y, matrix_view<float>(c, 1, 1));
  CHECK(ob::bits_of(c[0]) == expected);
  lowp::reference::gemm<sequential>(x, y, matrix_view<float>(c, 1, 1));
  CHECK(ob::bits_of(c[0]) == expected);
  lowp::reference::gemm<binary64>(x, y, matrix_view<float>(c, 1, 1));
  CHECK(ob::bits_of(c[0]) == expected);
  lowp::reference::gemm<exact>(x, y, matrix_view<float>(c, 1, 1));
  CHECK(ob::bits_of(c[0]) == expected);
}

TEST_CASE("A row of the result depends on its row alone, a column on its column") {
  ob::source random(8);
  const auto draw = [&] { return random.in_binades(100, 140); };
  const ob::matrix a = filled(5, 75, draw), b = filled(6, 75, draw);
  const auto check_policy = [&]<auto P>() {
    const std::vector<float> all = multiply<P>(view(a), view(b));
    int different = 0;
    for (std::size_t r = 0; r < 5; ++r) {
      for (std::size_t c = 0; c < 6; ++c) {
        const auto alone = multiply<P>(view(a).row_range(r, 1), view(b).row_range(c, 1));
        different += ob::bits_of(alone[0]) != ob::bits_of(all[r * 6 + c]);
      }
    }
    CHECK(different == 0);
  };
  check_policy.operator()<k32>();
  check_policy.operator()<sequential>();
  check_policy.operator()<binary64>();
  check_policy.operator()<exact>();
}

TEST_CASE("The orders of summation are different orders") {
  // 2^24, 1, -2^24, 1: exact 2; one chain loses the first 1; even and odd chains lose none.
  const std::vector<float> x{0x1p24f, 1, -0x1p24f, 1}, ones(4, 1.0f);
  const matrix_view<const float> a(x.data(), 1, 4), b(ones.data(), 1, 4);
  CHECK(multiply<sequential>(a, b)[0] == 1.0f);
  CHECK(multiply<k32>(a, b)[0] == 2.0f);
  CHECK(multiply<binary64>(a, b)[0] == 2.0f);
  CHECK(multiply<exact>(a, b)[0] == 2.0f);
  // The same beyond the 53 bits of binary64.
  const std::vector<float> y{0x1p60f, 1, -0x1p60f, 1};
  const matrix_view<const float> c(y.data(), 1, 4);
  CHECK(multiply<binary64>(c, b)[0] == 1.0f);
  CHECK(multiply<exact>(c, b)[0] == 2.0f);
  // Position 32 starts another pair of chains: 2^24 and the ones meet at the end only.
  std::vector<float> z(64, 0.0f), all(64, 1.0f);
  z[0] = 0x1p24f;
  z[2] = 1;
  z[32] = 1;
  z[34] = 1;
  const matrix_view<const float> d(z.data(), 1, 64), e(all.data(), 1, 64);
  CHECK(multiply<sequential>(d, e)[0] == 0x1p24f);
  CHECK(multiply<k32>(d, e)[0] == 0x1.000002p24f);
}

TEST_CASE("Products without rows, columns or depth") {
  const auto check_policy = []<auto P>() {
    std::vector<float> c(6, 7.0f);
    const std::vector<float> some(6, 1.0f);
    const matrix_view<const float> none(nullptr, 0, 3), two(some.data(), 2, 3);
    const matrix_view<const float> flat2(nullptr, 2, 0), flat3(nullptr, 3, 0);
    lowp::reference::gemm<P>(none, two, matrix_view<float>(nullptr, 0, 2));
    lowp::reference::gemm<P>(two, none, matrix_view<float>(nullptr, 2, 0));
    CHECK(c == std::vector<float>(6, 7.0f));
    lowp::reference::gemm<P>(flat2, flat3, matrix_view<float>(c.data(), 2, 3));
    for (const float& x : c) CHECK(ob::bits_of(x) == 0u);  // an empty sum is +0, and overwrites
    const block_matrix<formats::mxfp4> a(2, 0), b(0, 0);
    lowp::reference::gemm<P>(a, b, matrix_view<float>(nullptr, 2, 0));
  };
  check_policy.operator()<k32>();
  check_policy.operator()<sequential>();
  check_policy.operator()<binary64>();
  check_policy.operator()<exact>();
}

TEST_CASE("Strided operands and a strided result") {
  ob::source random(9);
  const auto draw = [&] { return random.in_binades(110, 130); };
  const ob::matrix a = filled(3, 50, draw), b = filled(4, 60, draw);
  const matrix_view<const float> x(a.data.data(), 3, 41, 50), y(b.data.data(), 4, 41, 60);
  ob::matrix x_dense{3, 41, {}}, y_dense{4, 41, {}};
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t k = 0; k < 41; ++k) x_dense.data.push_back(x(r, k));
  }
  for (std::size_t r = 0; r < 4; ++r) {
    for (std::size_t k = 0; k < 41; ++k) y_dense.data.push_back(y(r, k));
  }
  const auto check_policy = [&]<auto P>() {
    const std::vector<float> expected = multiply<P>(view(x_dense), view(y_dense));
    std::vector<float> c(3 * 9, 7.0f);
    lowp::reference::gemm<P>(x, y, matrix_view<float>(c.data(), 3, 4, 9));
    int different = 0;
    for (std::size_t i = 0; i < c.size(); ++i) {
      const float value = i % 9 < 4 ? expected[i / 9 * 4 + i % 9] : 7.0f;
      different += ob::bits_of(c[i]) != ob::bits_of(value);
    }
    CHECK(different == 0);
  };
  check_policy.operator()<k32>();
  check_policy.operator()<sequential>();
  check_policy.operator()<binary64>();
  check_policy.operator()<exact>();
}

TEST_CASE("Shapes that do not fit are refused before anything is written") {
  using Catch::Matchers::ContainsSubstring;
  const std::vector<float> data(40, 1.0f);
  std::vector<float> out(40, 7.0f);
  const auto in = [&](std::size_t rows, std::size_t cols) {
    return matrix_view<const float>(data.data(), rows, cols);
  };
  const auto c = [&](std::size_t rows, std::size_t cols) {
    return matrix_view<float>(out.data(), rows, cols);
  };
  const auto check_policy = [&]<auto P>() {
    CHECK_THROWS_AS(lowp::reference::gemm<P>(in(3, 4), in(5, 3), c(3, 5)), std::invalid_argument);
    CHECK_THROWS_AS(lowp::reference::gemm<P>(in(3, 4), in(5, 4), c(5, 3)), std::invalid_argument);
    CHECK_THROWS_AS(lowp::reference::gemm<P>(in(3, 4), in(5, 4), c(3, 4)), std::invalid_argument);
    CHECK_THROWS_AS(lowp::reference::gemm<P>(in(3, 4), in(5, 4), c(2, 5)), std::invalid_argument);
    CHECK_THROWS_AS(lowp::reference::gemm<P>(in(0, 4), in(0, 3), c(0, 0)), std::invalid_argument);
    CHECK_THROWS_AS(lowp::reference::gemm<P>(block_matrix<formats::mxfp4>(3, 4), in(5, 5), c(3, 5)),
                    std::invalid_argument);
  };
  check_policy.operator()<k32>();
  check_policy.operator()<sequential>();
  check_policy.operator()<binary64>();
  check_policy.operator()<exact>();
  CHECK(out == std::vector<float>(40, 7.0f));
  CHECK_THROWS_WITH(lowp::reference::gemm(in(3, 4), in(5, 3), c(3, 5)),
                    ContainsSubstring("b is 5 x 3") && ContainsSubstring("4 columns"));
  CHECK_THROWS_WITH(lowp::reference::gemm(in(3, 4), in(5, 4), c(5, 3)),
                    ContainsSubstring("c is 5 x 3") && ContainsSubstring("3 x 5"));
}
