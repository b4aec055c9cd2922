// SPDX-License-Identifier: MIT
// Products by planes of signs against their definition on every target, that against the dense
// product in exact arithmetic, and its tables against their laws.
#include "lowp/gemm/binary_coding_product.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "guarded.hpp"
#include "isas.hpp"
#include "lowp/gemm/definition/signed_sums.hpp"
#include "normal_values.hpp"

using namespace lowp;

namespace {

binary_coding_matrix random_weights(std::size_t rows, std::size_t cols, const binary_coding& c,
                                    bool are_integers) {
  binary_coding_matrix w(rows, cols, c);
  std::mt19937 random(3);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) w.set_code(i, k, random() & 255u);
  }
  const auto number = [&] {
    const float x = static_cast<float>(static_cast<int>(random() % 17) - 8);
    return are_integers ? x : x * 0.37f + 0.01f;
  };
  for (float& s : w.scales()) s = number();
  for (float& z : w.offsets()) z = number();
  return w;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& x) {
  std::vector<std::uint32_t> bits;
  for (const float v : x) bits.push_back(std::bit_cast<std::uint32_t>(v));
  return bits;
}

}  // namespace

TEST_CASE("tables of sums with signs") {
  const std::array<float, 8> whole{3, -1, 4, 1, -5, 9, 2, 6};
  const auto t = reference::signed_sums(whole);
  float doubled[256] = {-19};  // each from the one without its highest bit, as LUT-GEMM does it
  for (unsigned s = 0; s < 8; ++s) {
    for (unsigned v = 0; v < 1u << s; ++v) doubled[v | 1u << s] = doubled[v] + 2 * whole[s];
  }
  const std::array<float, 8> any{.1f, -7e9f, 3e-20f, .7f, 11.3f, -.9f, 1e-3f, 2e4f};
  const auto u = reference::signed_sums(any);
  int wrong = 0;
  for (unsigned v = 0; v < 256; ++v) wrong += t[v] != doubled[v] || !(u[v] + u[255 - v] == 0);
  CHECK(wrong == 0);
  CHECK((t[255] == 19 && t[0] == -19));
}

TEST_CASE("products have the bits of their definition") {
  struct shape {
    std::size_t n, rows, cols, group;
    int planes;
    bool has_offsets;
  };
  for (const auto& [n, rows, cols, group, planes, has_offsets] :
       {shape{1, 32, 256, 128, 1, false}, shape{2, 37, 300, 64, 3, true},
        shape{1, 5, 31, 0, 2, true}, shape{9, 18, 40, 32, 8, false},
        shape{1, 16, 700, 0, 2, true}}) {
    const auto w = random_weights(rows, cols, {planes, group, has_offsets}, false);
    auto x = test::normal_values(n * cols, 4);
    x[cols / 2] = std::numeric_limits<float>::denorm_min();
    x[cols / 3] = -0.0f;
    if (n == 2) x[0] = from_bits<float>(0x7F800000u);
    std::vector<float> expected(n * rows), y(n * rows + 1, 7.0f);
    reference::lookup_product({x.data(), n, cols}, w, {expected.data(), n, rows});
    for (const isa level : test::isas()) {
      CAPTURE(name(level), rows, planes);
      for (float& v : y) v = 7;
      lookup_product({x.data(), n, cols}, w, {y.data(), n, rows}, level);
      CHECK(bits_of(expected) == bits_of({y.begin(), y.end() - 1}));
      CHECK(y.back() == 7);
    }
    for (const std::uint32_t flags : test::unusual_environments) {
      {
        const test::float_environment unusual(flags);
        lookup_product({x.data(), n, cols}, w, {y.data(), n, rows}, threads{2});
      }
      CHECK(bits_of(expected) == bits_of({y.begin(), y.end() - 1}));
    }
  }
}

TEST_CASE("where sums are exact the product is that of the values") {
  const std::size_t n = 3, rows = 1100, cols = 160;  // more than a part of a thread
  const auto w = random_weights(rows, cols, {4, 64, true}, true);
  std::vector<float> x(n * cols), y(n * rows), values(rows * cols);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(static_cast<int>(i * i % 31) - 15);
  dequantize(w, {values.data(), rows, cols});
  lookup_product({x.data(), n, cols}, w, {y.data(), n, rows}, threads{2});
  int wrong = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < rows; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < cols; ++k) {
        sum += static_cast<double>(x[i * cols + k]) * static_cast<double>(values[j * cols + k]);
      }
      wrong += static_cast<double>(y[i * rows + j]) != sum;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("what lookup_product refuses, and sizes of none") {
  const binary_coding_matrix w(3, 64);
  std::vector<float> x(128), y(8, 1.0f);
  CHECK_THROWS_AS(lookup_product({x.data(), 1, 63}, w, {y.data(), 1, 3}), std::invalid_argument);
  CHECK_THROWS_AS(lookup_product({x.data(), 1, 64}, w, {y.data(), 1, 4}), std::invalid_argument);
  CHECK_THROWS_AS(lookup_product({x.data(), 1, 64}, w, {x.data() + 9, 1, 3}),
                  std::invalid_argument);
  lookup_product({x.data(), 2, 0}, binary_coding_matrix(3, 0), {y.data(), 2, 3});
  CHECK(y == std::vector<float>{0, 0, 0, 0, 0, 0, 1, 1});
  lookup_product({x.data(), 0, 64}, w, {y.data(), 0, 3});
  lookup_product({x.data(), 2, 64}, binary_coding_matrix(0, 64), {y.data(), 2, 0});
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("lookup_product stays within its inputs and outputs") {
  const std::size_t rows = 37, cols = 300;
  const auto w = random_weights(rows, cols, {3, 64, true}, false);
  const auto values = test::normal_values(cols, 5);
  std::vector<float> expected(rows);
  reference::lookup_product({values.data(), 1, cols}, w, {expected.data(), 1, rows});
  const test::guarded inputs(cols * sizeof(float)), outputs(rows * sizeof(float));
  for (const bool at_end : {true, false}) {
    auto* const x = reinterpret_cast<float*>(inputs.place(cols * sizeof(float), at_end));
    auto* const y = reinterpret_cast<float*>(outputs.place(rows * sizeof(float), at_end));
    std::copy(values.begin(), values.end(), x);
    for (const isa level : test::isas()) {
      lookup_product({x, 1, cols}, w, {y, 1, rows}, level);
      CHECK(std::equal(expected.begin(), expected.end(), y));
    }
  }
}
#endif
