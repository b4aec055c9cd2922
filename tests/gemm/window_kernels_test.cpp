// SPDX-License-Identifier: MIT
// Sums in binary64 by kernels: chains have the bits of reference::gemm, and sums without rounding
// also those that MPFR gives, however many windows they take and wherever their limits are.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>  // ldexp, exact
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "gemm/edge_cases.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/arrays/execution.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/gemm/engine/window_panels.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/operands/value_range.hpp"
#include "lowp/number/catalog.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "oracle.hpp"

namespace formats = lowp::formats;
namespace policies = lowp::policies;
namespace tg = test::gemm;
using lowp::any_rounding;
using lowp::execution;
using lowp::isa;
using lowp::matrix_view;
using tg::kind;
using tg::matrix;

namespace {

using result = std::vector<std::uint32_t>;
__extension__ using int128 = __int128;

template <auto P, class A, class B, class... Mode>
result product(const A& a, const B& b, const execution& how, const Mode&... mode) {
  const std::size_t m = lowp::detail::operand_rows(a), n = lowp::detail::operand_rows(b);
  std::vector<float> c(m * n, 7.0f);
  lowp::gemm<P>(a, b, matrix_view<float>(c.data(), m, n), mode..., how);
  result bits;
  for (const float& x : c) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}
template <auto P, class A, class B, class... Mode>
result definition(const A& a, const B& b, const Mode&... mode) {
  const std::size_t m = lowp::detail::operand_rows(a), n = lowp::detail::operand_rows(b);
  std::vector<float> c(m * n, 7.0f);
  lowp::reference::gemm<P>(a, b, matrix_view<float>(c.data(), m, n), mode...);
  result bits;
  for (const float& x : c) bits.push_back(std::bit_cast<std::uint32_t>(x));
  return bits;
}

template <auto P, class A, class B, class... Mode>
void check(oracle::tally& t, const std::string& name, const result& expected, const A& a,
           const B& b, const Mode&... mode) {
  const auto compare = [&](const execution& how) {
    tg::compare_bits(t, name, a, b, lowp::name(how.level()), product<P>(a, b, how, mode...),
                     expected);
  };
  for (const isa level : test::isas()) compare(level);
  compare({lowp::threads{2}, test::highest_isa()});
}
/// Against the definition.
template <auto P, class A, class B, class... Mode>
void compare(oracle::tally& t, const std::string& name, const A& a, const B& b,
             const Mode&... mode) {
  check<P>(t, name, definition<P>(a, b, mode...), a, b, mode...);
}

/// The exact sums by MPFR, rounded once.
result rounded_sums(const matrix& a, const matrix& b, mpfr_rnd_t direction) {
  result bits;
  oracle::real x(64), y(64), product(64), sum(1400);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.rows; ++j) {
      mpfr_set_zero(sum, 1);
      int inexact = 0;
      for (std::size_t k = 0; k < a.cols; ++k) {
        x.set(static_cast<double>(a.data[i * a.cols + k]));
        y.set(static_cast<double>(b.data[j * b.cols + k]));
        inexact |= mpfr_mul(product, x, y, MPFR_RNDN);
        inexact |= mpfr_add(sum, sum, product, MPFR_RNDN);
      }
      CHECK(inexact == 0);
      if (mpfr_zero_p(static_cast<mpfr_srcptr>(sum))) mpfr_set_zero(sum, 1);
      bits.push_back(
          static_cast<std::uint32_t>(oracle::mpfr_encode(formats::binary32, sum, direction)));
    }
  }
  return bits;
}

/// Against MPFR in the modes that it has, and against the definition in one more.
void check_sums(oracle::tally& t, const std::string& name, const matrix& a, const matrix& b) {
  constexpr auto exact = policies::exact;
  const auto sums = [&](mpfr_rnd_t direction) { return rounded_sums(a, b, direction); };
  check<exact>(t, name, sums(MPFR_RNDN), a.view(), b.view());
  check<exact>(t, name + ", upward", sums(MPFR_RNDU), a.view(), b.view(),
               any_rounding(lowp::upward));
  check<exact>(t, name + ", toward zero", sums(MPFR_RNDZ), a.view(), b.view(),
               any_rounding(lowp::toward_zero));
  compare<exact>(t, name + ", stochastic", a.view(), b.view(),
                 any_rounding(lowp::stochastic{.seed = 5, .index = 1u << 20}));
}

/// How many windows the sums of two matrices take.
int windows(const matrix& a, const matrix& b) {
  int count = 0;
  lowp::bulk::with_rows(test::highest_isa(), a.view(), [&](const lowp::bulk::row_source& x) {
    lowp::bulk::with_rows(test::highest_isa(), b.view(), [&](const lowp::bulk::row_source& y) {
      count = lowp::bulk::window_plan({x, {}}, {y, {}}, a.cols).count;
    });
  });
  return count;
}

/// A row of a and rows of b that lay bare what a sum may lose. Magnitudes are up to 2^top, and all
/// are multiples of 2^(top - bits); most are large, all products of the first half of K are
/// positive, and the second half takes them away again, in another order. What remains is small.
struct cancelling_sums {
  matrix a, b;

  cancelling_sums(std::size_t depth, int a_bits, int b_bits, int top, std::uint64_t seed)
      : a(1, depth, 0, kind::zeros), b(17, depth, 0, kind::zeros) {
    tg::source random(seed);
    std::vector<std::size_t> order(depth);
    for (std::size_t k = 0; k < depth; ++k) order[k] = k;
    for (std::size_t k = depth; k > 1; --k) {
      std::swap(order[k - 1], order[random.below(static_cast<std::uint32_t>(k))]);
    }
    const auto value = [&](int bits, bool is_large) {
      const int width = std::min(bits, 24);
      const auto significand =
          static_cast<std::uint32_t>(random.word()) >> (32 - width) | 1u << (width - 1) | 1u;
      const int place =
          is_large ? bits - width
                   : static_cast<int>(random.below(static_cast<std::uint32_t>(bits - width + 1)));
      return std::ldexp(static_cast<float>(significand), place + top - bits);
    };
    const std::size_t half = depth / 2;
    std::vector<float> large(half);
    for (float& x : large) x = value(a_bits, random.below(4) != 0);
    for (std::size_t i = 0; i < half; ++i) {
      a.data[order[i]] = large[i];
      a.data[order[half + i]] = -large[i];
    }
    for (std::size_t j = 0; j < b.rows; ++j) {
      float* const row = b.data.data() + j * depth;
      for (std::size_t i = 0; i < half; ++i) {
        row[order[i]] = row[order[half + i]] = value(b_bits, random.below(4) != 0);
      }
    }
    // The lowest bit of all, which is what is left where depth is odd; and the highest ones.
    const auto unit = [&](int bits) { return std::ldexp(1.0f, top - bits); };
    a.data[order[depth - 1]] = unit(a_bits);
    for (std::size_t j = 0; j < b.rows; ++j) b.data[j * depth + order[depth - 1]] = unit(b_bits);
    if (half == 0) return;
    const auto highest = [&](int bits) {
      return std::ldexp(1.0f, top) - std::ldexp(1.0f, top - std::min(bits, 24));
    };
    a.data[order[0]] = highest(a_bits);
    if (depth % 2 == 1) a.data[order[half]] = -highest(a_bits);
    for (std::size_t j = 0; j < b.rows; j += 2) {
      b.data[j * depth + order[0]] = b.data[j * depth + order[half]] = highest(b_bits);
    }
  }
};

/// A row of a and rows of b whose sums are next to a value of binary32, or to the middle of two: by
/// one unit, which is added last, when the last window is as full as it can be. Integers of up to
/// `bits` bits for products.
struct crowded_sums {
  matrix a, b;

  crowded_sums(int headroom, int count, int bits, std::uint64_t seed)
      : a(1, std::size_t{1} << headroom, 0, kind::zeros), b(17, a.cols, 0, kind::zeros) {
    constexpr std::size_t corrections = 7;
    tg::source random(seed);
    const std::size_t bulk = a.cols - corrections - 3;
    const int a_bits = (bits + 1) / 2, b_bits = bits - a_bits;
    // Most products are as large as those may be that leave anything to the last window, and leave
    // it almost half a last place of the one before, which is `place` units in their own last bit.
    const int top = count == 1 ? bits : bits - (count - 2) * (52 - headroom);
    const int a_width = std::min(a_bits, 24), b_width = std::min(b_bits, 24);
    const int shift = top - a_width - b_width;
    const int a_shift = std::min(shift, a_bits - a_width), b_shift = shift - a_shift;
    const std::uint32_t place = count == 1 ? 1 : 1u << (headroom - 3);
    const auto large = [&](int width) {
      return (1u << width) - 1 - 2 * random.below(1u << (width - 6));
    };
    const auto set = [](float& x, double value) { x = static_cast<float>(value); };
    for (std::size_t k = 0; k < bulk; ++k) {
      set(a.data[k], std::ldexp(large(a_width), a_shift));
    }
    std::size_t k = bulk;
    std::array<int, corrections> places{};
    for (std::size_t i = 0; i < corrections; ++i) {
      places[i] = std::min(shift + 12 * static_cast<int>(i), a_bits - 1);
      set(a.data[k++], std::ldexp(1.0, places[i]));
    }
    set(a.data[k], std::ldexp(1.0, a_bits - 1));  // the range, and gone again
    set(a.data[k + 1], -std::ldexp(1.0, a_bits - 1));
    set(a.data[k + 2], 1.0);

    for (std::size_t j = 0; j < b.rows; ++j) {
      float* const row = b.data.data() + j * b.cols;
      int128 sum = 0;
      for (k = 0; k < bulk; ++k) {
        const auto factor = static_cast<std::uint32_t>(std::ldexp(a.data[k], -a_shift));
        std::uint32_t other = large(b_width);
        while (count > 1 && factor * other % place != place / 2 - 1) --other;
        set(row[k], std::ldexp(other, b_shift));
        sum += static_cast<int128>(std::uint64_t{factor} * other) << shift;
      }
      int width = 0;
      while (sum >> width != 0) ++width;
      const auto one = static_cast<int128>(1);
      int128 excess = sum & ((one << (width - 24)) - 1);
      if (j % 4 >= 2) excess -= one << (width - 25);
      const double sign = excess < 0 ? 1 : -1;
      if (excess < 0) excess = -excess;
      for (std::size_t i = 0; i < corrections; ++i, ++k) {
        const int from = shift + 12 * static_cast<int>(i);
        const auto digit = static_cast<int>(excess >> from & 4095);
        set(row[k], sign * std::ldexp(digit, from - places[i]));
      }
      set(row[k], std::ldexp(1.0, b_bits - 1));
      set(row[k + 1], std::ldexp(1.0, b_bits - 1));
      set(row[k + 2], j % 2 == 0 ? 1.0 : -1.0);
    }
  }
};

template <auto P, class Operand>
void check_kinds(oracle::tally& t, const std::string& name) {
  std::uint64_t seed = 100;
  constexpr tg::shape shapes[] = {{1, 1, 1}, {3, 5, 0}, {13, 17, 33}, {5, 33, 513}};
  for (const tg::shape& s : shapes) {
    for (const kind k : tg::kinds) {
      const matrix a(s.m, s.k, ++seed, k), b(s.n, s.k, ++seed, k);
      const Operand x(a), y(b);
      compare<P>(t, name, x.operand, y.operand);
    }
  }
}

}  // namespace

TEST_CASE("Chains in binary64, by kernels") {
  constexpr auto chain = policies::sequential_binary64;
  oracle::tally t;
  check_kinds<chain, tg::of_float>(t, "float");
  check_kinds<chain, tg::of_numbers<formats::e5m2>>(t, "e5m2");
  check_kinds<chain, tg::of_any_codes<formats::nvfp4>>(t, "nvfp4 with a tensor scale");
  const matrix a(200, 1030, 1, kind::wide), b(205, 1030, 2, kind::cancelling);
  compare<chain>(t, "blocks", a.view(), b.view());
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums without rounding, by kernels: values of every kind and operands of every type") {
  constexpr auto exact = policies::exact;
  oracle::tally t;
  check_kinds<exact, tg::of_float>(t, "float");
  check_kinds<exact, tg::of_numbers<formats::bfloat16>>(t, "bfloat16");
  check_kinds<exact, tg::of_numbers<formats::e4m3fn>>(t, "e4m3fn");
  check_kinds<exact, tg::of_blocks<formats::mxfp4>>(t, "mxfp4");
  check_kinds<exact, tg::of_any_codes<formats::mxfp8_e5m2>>(t, "mxfp8_e5m2, any codes");
  check_kinds<exact, tg::of_any_codes<formats::nvfp4>>(t, "nvfp4 with a tensor scale");
  constexpr lowp::block_format wide_scales{formats::e4m3fn, formats::binary32,
                                           lowp::block_shape{1, 32}};
  check_kinds<exact, tg::of_blocks<wide_scales>>(t, "values that binary32 does not have");
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums without rounding are MPFR's, up to the last bit of each window and beyond") {
  oracle::tally t;
  std::array<int, 10> seen{};
  std::uint64_t seed = 0;
  for (const int depth : {1, 2, 17, 33, 513, 1030}) {
    const int headroom = static_cast<int>(std::bit_width(static_cast<unsigned>(depth - 1)));
    for (const int count : {1, 2, 3, 4, 5, 8}) {
      for (const int more : {-1, 0, 1, 2}) {
        // The bits of products that so many windows hold, and up to two more.
        const int bits = 53 + (count - 1) * (52 - headroom) - headroom + more;
        const int a_bits = bits / 2 + (bits > 60 ? 5 : 0), b_bits = bits - a_bits;
        const cancelling_sums sums(static_cast<std::size_t>(depth), a_bits, b_bits,
                                   count == 3 ? -40 : 100, ++seed);
        const int taken = windows(sums.a, sums.b);
        ++seen[static_cast<std::size_t>(taken)];
        if (depth > 2) {
          t.check(taken == count + (more > 0 ? 1 : 0), [&](auto& text) {
            text << bits << " bits, K = " << depth << ": " << taken << " windows";
          });
        }
        check_sums(t, std::to_string(bits) + " bits", sums.a, sums.b);
      }
    }
  }
  for (const std::size_t count : {1u, 2u, 3u, 4u, 5u, 6u, 8u, 9u}) CHECK(seen[count] > 0);
  for (const int headroom : {6, 10}) {
    for (const int count : {1, 2, 3, 4}) {
      for (const int more : {0, 1}) {
        const int bits = 53 + (count - 1) * (52 - headroom) - headroom + more;
        const crowded_sums sums(headroom, count, bits, ++seed);
        const int taken = windows(sums.a, sums.b);
        t.check(taken == count + more,
                [&](auto& text) { text << bits << " bits, crowded: " << taken << " windows"; });
        check_sums(t, std::to_string(bits) + " bits, crowded", sums.a, sums.b);
      }
    }
  }
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums without rounding: subnormal results, overflow, zeros of either sign, scales") {
  constexpr auto exact = policies::exact;
  oracle::tally t;
  tg::source random(9);
  for (const auto& [low, high] : {std::pair{1u, 30u}, {53u, 66u}, {180u, 200u}, {185u, 193u}}) {
    matrix a(5, 40, 0, kind::zeros), b(18, 40, 0, kind::zeros);
    for (float& x : a.data) x = random.in_binades(low, high);
    for (float& x : b.data) x = random.in_binades(low, high);
    check_sums(t, "binades", a, b);
  }
  const matrix zeros(4, 33, 1, kind::zeros), others(17, 33, 2, kind::zeros);
  check_sums(t, "zeros", zeros, others);

  // Tensor scales that are no powers of two, and their signs.
  for (const float scale : {0x1.234568p-3f, -0x1.FFFFFEp100f, -0.0f, 0x1p-149f,
                            std::numeric_limits<float>::infinity()}) {
    for (const kind values : {kind::ordinary, kind::zeros}) {
      const matrix a(3, 70, 3, values), b(19, 70, 4, values);
      auto x = lowp::quantize<formats::nvfp4>(a.view()),
           y = lowp::quantize<formats::nvfp4>(b.view());
      x.set_tensor_scale(scale);
      y.set_tensor_scale(0x1.FEDCBAp-4f);
      const std::string name = "scale " + std::to_string(scale);
      compare<exact>(t, name, x, y);
      compare<exact>(t, name + ", float by blocks", a.view(), y);
      compare<exact>(t, name + ", downward", x, y, any_rounding(lowp::downward));
      compare<exact>(t, name + ", stochastic", x, b.view(), any_rounding(lowp::stochastic{7}));
      compare<policies::sequential_binary64>(t, name + ", chains", x, b.view());
    }
  }
  // Scaled windows that all but cancel: every bit of the product of both scales counts.
  constexpr lowp::block_format scaled{formats::e4m3fn, formats::scaled_tensor(formats::e8m0),
                                      lowp::block_shape{1, 16}};
  lowp::block_matrix<scaled> x(3, 272), y(18, 272);
  const auto fill = [&](auto& blocks, bool is_negated) {
    for (std::size_t row = 0; row < blocks.rows(); ++row) {
      for (std::size_t i = 0; i < 8; ++i) {
        blocks.set_scale_code(row, i, 107 + random.below(40));
        blocks.set_scale_code(row, 15 - i, blocks.scale_code(row, i));
        for (std::size_t k = 0; k < 16; ++k) {
          const std::uint32_t code = 1 + random.below(100);
          blocks.set_code(row, i * 16 + k, code);
          blocks.set_code(row, (15 - i) * 16 + k, is_negated ? code + 128 : code);
        }
      }
      blocks.set_scale_code(row, 16, 90);
      blocks.set_code(row, 256 + row % 16, 0x38 + random.below(8));
    }
    blocks.set_tensor_scale(random.in_binades(120, 130));
  };
  fill(x, true);
  fill(y, false);
  for (std::size_t k = 256; k < 272; ++k) x.set_code(0, k, 0x38);
  compare<exact>(t, "cancelling blocks", x, y);
  compare<exact>(t, "cancelling blocks", x, y, any_rounding(lowp::away_from_zero));
  REQUIRE_NO_MISMATCH(t);
}

TEST_CASE("Sums in binary64, whatever environment the caller has, and in more than a block") {
  constexpr auto exact = policies::exact;
  constexpr auto chain = policies::sequential_binary64;
  oracle::tally t;
  const matrix a(7, 40, 3, kind::ordinary), b(19, 40, 4, kind::tiny);
  const result sums = definition<exact>(a.view(), b.view());
  const result chains = definition<chain>(a.view(), b.view());
  for (const std::uint32_t flags : test::unusual_environments) {
    const test::float_environment environment(flags);
    check<exact>(t, "environment", sums, a.view(), b.view());
    check<chain>(t, "environment, chains", chains, a.view(), b.view());
  }
  const matrix many(50, 100, 5, kind::wide), lanes(201, 100, 6, kind::ordinary);
  compare<exact>(t, "blocks", many.view(), lanes.view());
  compare<exact>(t, "blocks", lanes.view(), many.view(), any_rounding(lowp::to_odd));
  REQUIRE_NO_MISMATCH(t);
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("Rows that sums in binary64 read where they lie are read to their end") {
  oracle::tally t;
  test::gemm::compare_at_edges<policies::sequential_binary64, float>(t);
  test::gemm::compare_at_edges<policies::exact, float>(t);
  REQUIRE_NO_MISMATCH(t);
}
#endif
