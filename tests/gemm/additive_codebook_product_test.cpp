// SPDX-License-Identifier: MIT
// Look-up products against their definition, on all targets, in all environments, and against the
// dense product where sums are exact.
#include "lowp/gemm/additive_codebook_product.hpp"

#include <bit>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "guarded.hpp"
#include "isas.hpp"

using namespace lowp;

namespace {

struct problem {
  additive_codebook_matrix w;
  std::vector<float> x;
  matrix_view<const float> in() const { return {x.data(), x.size() / w.cols(), w.cols()}; }
};
/// Numbers of 24 bits, some subnormal, or integers.
problem make(std::size_t rows, std::size_t groups, std::size_t batch,
             const additive_codebooks& shape, bool with_integers) {
  std::mt19937 random(17);
  const auto number = [&] {
    const auto v = static_cast<float>(static_cast<int>(random() >> 8) - (1 << 23));
    if (with_integers) return static_cast<float>(static_cast<int>(random() % 15) - 7);
    return random() % 8 == 0 ? v * 0x1p-140f : v * 0x1p-22f;
  };
  problem p{additive_codebook_matrix(rows, groups * std::size_t(shape.group), shape), {}};
  for (float& v : p.w.entries()) v = number();
  for (float& v : p.w.scales()) v = with_integers ? 2 : number();
  for (std::uint8_t& byte : p.w.bytes()) byte = static_cast<std::uint8_t>(random());
  p.x.resize(batch * p.w.cols());
  for (float& v : p.x) v = number();
  return p;
}
bool are_equal(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return false;
  }
  return a.size() == b.size();
}

}  // namespace

TEST_CASE("look-up products have the bits of their definition") {
  struct {
    std::size_t rows, groups, batch;
    additive_codebooks shape;
  } const cases[] = {{259, 67, 1, {2, 8, 4}},  // tables of bytes, two steps
                     {33, 19, 2, {3, 5, 3}},   // tables of other codes
                     {40, 13, 1, {1, 8, 7}},   // no tables
                     {5, 90, 2, {1, 10, 1}},
                     {1, 1, 1, {16, 1, 1}}};
  for (const auto& c : cases) {
    CAPTURE(c.rows, c.groups);
    const problem p = make(c.rows, c.groups, c.batch, c.shape, false);
    std::vector<float> expected(c.batch * c.rows), y(expected.size());
    reference::lookup_product(p.in(), p.w, {expected.data(), c.batch, c.rows});
    const matrix_view<float> out(y.data(), c.batch, c.rows);
    for (const isa level : test::isas()) {
      CAPTURE(name(level));
      lookup_product(p.in(), p.w, out, level);
      CHECK(are_equal(y, expected));
    }
    lookup_product(p.in(), p.w, out, threads{3});
    CHECK(are_equal(y, expected));
    for (const std::uint32_t flags : test::unusual_environments) {
      {
        const test::float_environment environment(flags);
        lookup_product(p.in(), p.w, out);
      }
      CHECK(are_equal(y, expected));
    }
  }
}

TEST_CASE("where sums are exact a look-up product is the dense one") {
  const problem p = make(64, 24, 3, {2, 6, 8}, true);
  std::vector<float> w(64 * 192), y(3 * 64);
  dequantize(p.w, {w.data(), 64, 192});
  lookup_product(p.in(), p.w, {y.data(), 3, 64});
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t n = 0; n < 64; ++n) {
      double sum = 0;
      for (std::size_t k = 0; k < 192; ++k)
        sum += double(p.x[b * 192 + k]) * double(w[n * 192 + k]);
      REQUIRE(double(y[b * 64 + n]) == sum);
    }
  }
}

TEST_CASE("look-up products of infinities, and of nothing") {
  const additive_codebooks shape{2, 4, 3};
  problem p = make(40, 9, 4, shape, false);
  const std::uint32_t special[] = {0x7F800000u, 0xFF800000u, 0x7FC01234u};
  for (std::size_t b = 1; b < 4; ++b) p.x[b * 27 + 4] = std::bit_cast<float>(special[b - 1]);
  p.w.entries()[7] = 0;
  for (std::size_t i = 0; i < 8; ++i) p.w.scales()[i] = i % 2 == 0 ? -1.0f : 0.0f;
  std::vector<float> expected(4 * 40), y(expected.size());
  reference::lookup_product(p.in(), p.w, {expected.data(), 4, 40});
  CHECK(std::bit_cast<std::uint32_t>(expected[3 * 40]) == 0x7FC00000u);
  for (const isa level : test::isas()) {
    CAPTURE(name(level));
    lookup_product(p.in(), p.w, {y.data(), 4, 40}, level);
    CHECK(are_equal(y, expected));
  }
  additive_codebook_matrix none(3, 0);
  none.scales()[1] = -2;
  none.scales()[2] = std::bit_cast<float>(0x7F800000u);
  const std::uint32_t words[] = {0, 0x80000000u, 0x7FC00000u};
  lookup_product({p.x.data(), 1, 0}, none, {y.data(), 1, 3});
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::bit_cast<std::uint32_t>(y[i]) == words[i]);
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("look-up products stay within x and y") {
  const problem p = make(37, 5, 2, {2, 5, 3}, false);
  const std::size_t in_bytes = p.x.size() * 4, out_bytes = 2 * 37 * 4;
  const test::guarded in(in_bytes), out(out_bytes);
  for (const bool at_end : {false, true}) {
    auto* const x = reinterpret_cast<float*>(in.place(in_bytes, at_end));
    auto* const y = reinterpret_cast<float*>(out.place(out_bytes, at_end));
    std::copy(p.x.begin(), p.x.end(), x);
    for (const isa level : test::isas()) lookup_product({x, 2, 15}, p.w, {y, 2, 37}, level);
  }
}
#endif

TEST_CASE("look-up products refuse other shapes") {
  const additive_codebook_matrix w(3, 16);
  std::vector<float> x(16), y(3, 7.0f);
  CHECK_THROWS_AS(lookup_product({x.data(), 1, 8}, w, {y.data(), 1, 3}), std::invalid_argument);
  CHECK_THROWS_AS(lookup_product({x.data(), 1, 16}, w, {y.data(), 1, 2}), std::invalid_argument);
  CHECK_THROWS_AS(lookup_product({x.data(), 1, 16}, w, {y.data(), 3, 1}), std::invalid_argument);
  CHECK_THROWS_AS(lookup_product({x.data(), 1, 16}, w, {x.data(), 1, 3}), std::invalid_argument);
  CHECK(y[0] == 7);
  lookup_product({x.data(), 1, 0}, additive_codebook_matrix(3, 0), {y.data(), 1, 3});
  CHECK(y == std::vector<float>(3));
}
