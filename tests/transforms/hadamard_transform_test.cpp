// SPDX-License-Identifier: MIT
// Hadamard transforms: the definition against dense products in integers with matrices that are
// built another way, factors against MPFR, and the kernels of each target against the definition.
#include "lowp/transforms/hadamard_transform.hpp"

#include <mpfr.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <set>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "isas.hpp"
#include "lowp/transforms/reference.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

// ------------------------------------------------------------------------------------ dense
// matrices

/// chi of GF(3)[u] / (u^2 + 1) or GF(5) at x - y, by a list of all squares.
int character(int q, int x, int y) {
  const auto product = [&](int a, int b) {
    if (q == 5) return a * b % 5;
    const int re = (a % 3) * (b % 3) - (a / 3) * (b / 3);
    const int im = (a % 3) * (b / 3) + (a / 3) * (b % 3);
    return (im % 3 + 3) % 3 * 3 + (re % 3 + 3) % 3;
  };
  int d = (x - y + q) % q;
  if (q == 9) d = (x / 3 - y / 3 + 3) % 3 * 3 + (x % 3 - y % 3 + 3) % 3;
  if (d == 0) return 0;
  std::set<int> squares;
  for (int a = 1; a < q; ++a) squares.insert(product(a, a));
  return squares.count(d) != 0 ? 1 : -1;
}
/// Element (i, j) of the matrix of order 12 or 20.
int paley_element(int order, int i, int j) {
  const int half = order / 2, r = i % half, c = j % half;
  const int inner = r == c ? 0 : r == 0 || c == 0 ? 1 : character(half - 1, r - 1, c - 1);
  const int one = r == c ? 1 : 0;
  if (i < half) return j < half ? inner + one : inner - one;
  return j < half ? inner - one : -inner - one;
}
int element(std::size_t size, std::size_t i, std::size_t j) {
  std::size_t run = size & ~(size - 1);
  int order = 1;
  if (run != size) {
    order = static_cast<int>(size / run) * 4;
    run /= 4;
  }
  const int low = (std::popcount(i % run & j % run) & 1) != 0 ? -1 : 1;
  if (order == 1) return low;
  return low * paley_element(order, static_cast<int>(i / run), static_cast<int>(j / run));
}

TEST_CASE("the matrices of order 12 and 20 are Hadamard matrices and symmetric") {
  for (const int order : {12, 20}) {
    for (int i = 0; i < order; ++i) {
      for (int j = 0; j < order; ++j) {
        int sum = 0;
        for (int k = 0; k < order; ++k) {
          sum += paley_element(order, i, k) * paley_element(order, j, k);
        }
        REQUIRE(sum == (i == j ? order : 0));
        REQUIRE(std::abs(paley_element(order, i, j)) == 1);
        REQUIRE(paley_element(order, i, j) == paley_element(order, j, i));
      }
    }
  }
}

TEST_CASE("the definition is the dense product, in integers") {
  test::split_mix random(1);
  for (const std::size_t size :
       std::initializer_list<std::size_t>{2, 4, 12, 16, 20, 24, 40, 80, 96, 128}) {
    std::vector<float> x(size), y(size);
    std::vector<std::int8_t> signs(size);
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = static_cast<float>(random.below(2001)) - 1000;
      signs[i] = random.below(2) == 0 ? 1 : -1;
    }
    const hadamard t{.size = size, .signs = signs, .is_normalized = false};
    reference::hadamard_transform({x.data(), 1, size}, {y.data(), 1, size}, t);
    const auto dense = [&](std::size_t i) {
      std::int64_t sum = 0;
      for (std::size_t j = 0; j < size; ++j) {
        sum += static_cast<std::int64_t>(x[j]) * signs[j] * element(size, i, j);
      }
      return sum;
    };
    for (std::size_t i = 0; i < size; ++i) REQUIRE(y[i] == static_cast<float>(dense(i)));
    // Columns, and back: exact where the size is a power of two.
    std::vector<float> column(size);
    hadamard left = t;
    left.side = transform_side::left;
    reference::hadamard_transform({x.data(), size, 1}, {column.data(), size, 1}, left);
    REQUIRE(column == y);
    if (!std::has_single_bit(size)) continue;
    reference::inverse_hadamard_transform({y.data(), 1, size}, {y.data(), 1, size}, t);
    REQUIRE(y == x);
  }
}

TEST_CASE("factors are the nearest numbers") {
  mpfr_t exact;
  mpfr_init2(exact, 200);
  int sizes = 0;
  for (std::size_t n = 0; n <= largest_hadamard_size + 1; ++n) {
    if (detail::factors_of(n).order == 0) continue;
    ++sizes;
    mpfr_set_ui(exact, n, MPFR_RNDN);
    mpfr_rec_sqrt(exact, exact, MPFR_RNDN);
    REQUIRE(detail::inverse_square_root(n) == mpfr_get_flt(exact, MPFR_RNDN));
    mpfr_set_ui(exact, 1, MPFR_RNDN);
    mpfr_div_ui(exact, exact, n, MPFR_RNDN);
    REQUIRE(detail::reciprocal(n) == mpfr_get_flt(exact, MPFR_RNDN));
  }
  CHECK(sizes == 16 + 13 + 12);
  mpfr_clear(exact);
  static_assert(detail::inverse_square_root(16) == 0.25f);
}

// -------------------------------------------------------------------------------------------
// kernels

/// Equal bits, or NaN both.
bool are_equal(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = std::bit_cast<std::uint32_t>(a[i]), y = std::bit_cast<std::uint32_t>(b[i]);
    const bool are_nan = (x & 0x7FFFFFFFu) > 0x7F800000u && (y & 0x7FFFFFFFu) > 0x7F800000u;
    if (x != y && !are_nan) return false;
  }
  return a.size() == b.size();
}
/// Numbers of all kinds; `exponents` binades below 2^first.
std::vector<float> numbers(std::size_t count, std::uint32_t first, std::uint32_t exponents) {
  test::split_mix random(count + first);
  std::vector<float> x(count);
  for (float& v : x) {
    const auto word = static_cast<std::uint32_t>(random.word());
    v = std::bit_cast<float>((word & 0x807FFFFFu) | (first - random.below(exponents)) << 23);
  }
  return x;
}

/// All targets, forward and inverse, apart and in place, in matrices with a stride.
void compare(const hadamard& t, std::size_t rows, std::size_t cols, const std::vector<float>& x,
             const execution& on) {
  const std::size_t stride = cols + 3;
  std::vector<float> there(rows * stride, 7), back(rows * stride, 7);
  const matrix_view<const float> in(x.data(), rows, cols, stride);
  reference::hadamard_transform(in, {there.data(), rows, cols, stride}, t);
  reference::inverse_hadamard_transform(in, {back.data(), rows, cols, stride}, t);
  std::vector<float> out(rows * stride, 7);
  hadamard_transform(in, {out.data(), rows, cols, stride}, t, on);
  INFO("size " << t.size << ", " << rows << " x " << cols << ", " << name(on.level()));
  REQUIRE(are_equal(out, there));
  inverse_hadamard_transform(in, {out.data(), rows, cols, stride}, t, on);
  REQUIRE(are_equal(out, back));
  out = x;
  const matrix_view<float> same(out.data(), rows, cols, stride);
  hadamard_transform(same, same, t, on);
  for (std::size_t row = 0; row < rows; ++row) {  // between rows nothing is written
    for (std::size_t i = cols; i < stride; ++i) there[row * stride + i] = x[row * stride + i];
  }
  REQUIRE(are_equal(out, there));
}

TEST_CASE("kernels compute what the definition does, on every target") {
  for (const isa level : test::isas()) {
    for (const std::size_t size : std::initializer_list<std::size_t>{
             2, 4, 8, 12, 16, 20, 24, 32, 40, 64, 96, 160, 192, 512, 640}) {
      const std::size_t groups = size < 24 ? 11 : 2, other = size < 64 ? 5 : 3;
      const std::size_t length = size * groups;
      const auto kinds = {numbers((length + 3) * other, 130, 6),   // of one size
                          numbers((length + 3) * other, 0xFE, 2),  // sums overflow
                          numbers((length + 3) * other, 3, 4)};    // subnormal
      hadamard t{.size = size};
      if (size % 3 != 0) t.signs = random_signs{size};
      t.is_normalized = size % 5 != 0;
      for (const auto& x : kinds) compare(t, other, length, x, level);
      t.side = transform_side::left;
      const std::size_t cols = size < 24 ? 35 : 19;
      compare(t, length, cols, numbers(length * (cols + 3), 130, 6), level);
    }
  }
}

TEST_CASE("large sizes, several passes and threads") {
  for (const std::size_t size : std::initializer_list<std::size_t>{4096, 5120}) {
    const auto x = numbers((size + 3) * 2, 130, 6);
    compare({.size = size, .signs = random_signs{3}}, 2, size, x,
            {threads{2}, test::highest_isa()});
  }
  const auto x = numbers(2560 * 23, 130, 6);
  compare({.size = 2560, .signs = random_signs{3}, .side = transform_side::left}, 2560, 20, x,
          threads{2});
}

TEST_CASE("signs: random ones by position, lists for a group or for all") {
  std::vector<float> x(32, 1), y(32), z(32);
  std::vector<std::int8_t> all(32), group(16);
  for (std::size_t i = 0; i < 32; ++i) all[i] = random_bits(5, i, 1) != 0 ? -1 : 1;
  hadamard_transform({x.data(), 2, 16}, {y.data(), 2, 16}, {.size = 16, .signs = random_signs{5}});
  group.assign(all.begin(), all.begin() + 16);
  hadamard_transform({x.data(), 2, 16}, {z.data(), 2, 16}, {.size = 16, .signs = group});
  CHECK(y == z);
  CHECK(std::vector<float>(y.begin(), y.begin() + 16) ==
        std::vector<float>(y.begin() + 16, y.end()));
  hadamard_transform({x.data(), 1, 32}, {y.data(), 1, 32}, {.size = 16, .signs = random_signs{5}});
  hadamard_transform({x.data(), 1, 32}, {z.data(), 1, 32}, {.size = 16, .signs = all});
  CHECK(y == z);
  CHECK(std::vector<float>(y.begin(), y.begin() + 16) !=
        std::vector<float>(y.begin() + 16, y.end()));
}

TEST_CASE("an infinity and a NaN stay in their group") {
  std::vector<float> x(48, 1);
  x[0] = std::numeric_limits<float>::infinity();
  x[20] = std::numeric_limits<float>::quiet_NaN();
  hadamard_transform({x.data(), 1, 48}, {x.data(), 1, 48}, {.size = 16});
  const auto bits = [&](std::size_t i) { return std::bit_cast<std::uint32_t>(x[i]) & 0x7FFFFFFFu; };
  for (std::size_t i = 0; i < 16; ++i) CHECK(bits(i) == 0x7F800000u);
  for (std::size_t i = 16; i < 32; ++i) CHECK(bits(i) > 0x7F800000u);
  CHECK(x[32] == 4);
}

TEST_CASE("what is no transform is refused, and nothing is written") {
  std::vector<float> x(96, 1);
  const matrix_view<float> m(x.data(), 2, 48);
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 3, 6, 7, 10, 28, 36, 18, 1 << 17}) {
    CHECK_THROWS_AS(hadamard_transform(m, m, {.size = size}), std::invalid_argument);
  }
  CHECK_THROWS_AS(hadamard_transform(m, m, {.size = 32}), std::invalid_argument);
  CHECK_THROWS_AS(hadamard_transform(m, m, {.size = 4, .side = transform_side::left}),
                  std::invalid_argument);
  const std::vector<std::int8_t> few(15, 1), zero(16, 0), none;
  for (const auto& signs : {few, zero, none}) {
    CHECK_THROWS_AS(hadamard_transform(m, m, {.size = 16, .signs = signs}), std::invalid_argument);
  }
  CHECK_THROWS_AS(hadamard_transform(m, {x.data() + 8, 1, 48}, {.size = 16}),
                  std::invalid_argument);
  CHECK_THROWS_AS(hadamard_transform({x.data(), 1, 48}, {x.data() + 8, 1, 48}, {.size = 16}),
                  std::invalid_argument);
  CHECK(x == std::vector<float>(96, 1));
}

}  // namespace
