// SPDX-License-Identifier: MIT
// Products by phases against their definition on every target, and that against complex numbers.
#include "lowp/gemm/phase_product.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "float_environment.hpp"
#include "guarded.hpp"
#include "isas.hpp"

using namespace lowp;

namespace {

struct operands {
  std::size_t n, rows, cols;
  std::vector<std::int8_t> x;
  std::vector<float> scales;
  phase_matrix w;

  operands(std::size_t inputs, std::size_t outputs, std::size_t depth)
      : n(inputs), rows(outputs), cols(depth), x(2 * n * cols), scales(n), w(rows, cols) {
    std::mt19937 random(1);
    for (auto& v : x) v = static_cast<std::int8_t>(random());
    for (std::size_t i = 0; i < 2 * n * cols; i += 3) x[i] = -128;  // the end of the range
    for (std::size_t i = 0; i < n; ++i) scales[i] = .01f + .003f * static_cast<float>(i);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t k = 0; k < cols; ++k) w.set(r, k, static_cast<phase>(random() % 4));
      if (r == 0 && cols > 5000) {  // all at once to one side
        for (std::size_t k = 0; k < cols; ++k) w.set(r, k, phase::one);
      }
    }
    w.real_scale = 1.3f;
    w.imaginary_scale = .7f;
  }
  [[nodiscard]] matrix_view<const std::int8_t> view() const { return {x.data(), n, 2 * cols}; }
};

}  // namespace

TEST_CASE("products by phases have the bits of their definition") {
  for (const auto& [n, rows, cols] :
       {std::array<std::size_t, 3>{1, 5, 7}, {5, 35, 300}, {1, 3, 5300}, {18, 33, 64}}) {
    operands o(n, rows, cols);
    if (cols >= 300) std::fill(o.x.begin(), o.x.end(), std::int8_t{-128});
    std::vector<float> expected(2 * n * rows), y(expected.size() + 1, 7.0f);
    reference::phase_product(o.view(), o.scales, o.w, {expected.data(), n, 2 * rows});
    const auto is_same = [&] {
      int wrong = y.back() != 7;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        wrong += std::bit_cast<std::uint32_t>(y[i]) != std::bit_cast<std::uint32_t>(expected[i]);
      }
      return wrong == 0;
    };
    for (const isa level : test::isas()) {
      CAPTURE(name(level), rows);
      phase_product(o.view(), o.scales, o.w, {y.data(), n, 2 * rows}, level);
      CHECK(is_same());
    }
    for (const std::uint32_t flags : test::unusual_environments) {
      {
        const test::float_environment unusual(flags);
        phase_product(o.view(), o.scales, o.w, {y.data(), n, 2 * rows}, threads{2});
      }
      CHECK(is_same());
    }
    o.w.real_scale = from_bits<float>(0x7F800000u);
    o.w.imaginary_scale = from_bits<float>(0x7FC00000u);
    reference::phase_product(o.view(), {}, o.w, {expected.data(), n, 2 * rows});
    phase_product(o.view(), {}, o.w, {y.data(), n, 2 * rows}, threads{2});
    CHECK(is_same());
  }
}

TEST_CASE("with whole scales the product is that of complex numbers") {
  operands o(2, 3, 50);
  o.w.real_scale = 3;
  o.w.imaginary_scale = 2;
  std::vector<float> y(12);
  phase_product(o.view(), {}, o.w, {y.data(), 2, 6});
  int wrong = 0;
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t r = 0; r < 3; ++r) {
      std::complex<double> sum = 0;
      for (std::size_t k = 0; k < 50; ++k) {
        const std::complex<double> x(o.x[n * 100 + 2 * k], o.x[n * 100 + 2 * k + 1]);
        sum += std::conj(x) * std::complex<double>(static_cast<double>(o.w.real_part(r, k)),
                                                   static_cast<double>(o.w.imaginary_part(r, k)));
      }
      wrong += static_cast<double>(y[n * 6 + 2 * r]) != sum.real();
      wrong += static_cast<double>(y[n * 6 + 2 * r + 1]) != sum.imag();
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("what phase_product refuses, and sizes of none") {
  const operands o(2, 3, 4);
  std::vector<float> y(12);
  const auto run = [&](std::size_t cols, std::span<const float> scales, std::size_t outputs) {
    phase_product({o.x.data(), 2, cols}, scales, o.w, {y.data(), 2, outputs});
  };
  CHECK_THROWS_AS(run(4, {}, 6), std::invalid_argument);
  CHECK_THROWS_AS(run(8, {}, 3), std::invalid_argument);
  CHECK_THROWS_AS(run(8, std::vector<float>(3), 6), std::invalid_argument);
  CHECK_THROWS_AS(phase_product({o.x.data(), 0, 1u << 24}, {}, phase_matrix(0, 1u << 23), {}),
                  std::invalid_argument);
  y.assign(12, 1);
  phase_product({o.x.data(), 2, 0}, {}, phase_matrix(3, 0), {y.data(), 2, 6});
  CHECK(y == std::vector<float>(12));
  phase_product({o.x.data(), 0, 8}, {}, o.w, {y.data(), 0, 6});
}

#if LOWP_HAS_GUARDED_MEMORY
TEST_CASE("phase_product stays within its inputs and outputs") {
  const operands o(1, 35, 301);
  std::vector<float> expected(70);
  reference::phase_product(o.view(), {}, o.w, {expected.data(), 1, 70});
  const test::guarded inputs(602), outputs(70 * sizeof(float));
  for (const bool at_end : {true, false}) {
    auto* const x = reinterpret_cast<std::int8_t*>(inputs.place(602, at_end));
    auto* const y = reinterpret_cast<float*>(outputs.place(70 * sizeof(float), at_end));
    std::copy(o.x.begin(), o.x.end(), x);
    for (const isa level : test::isas()) {
      phase_product({x, 1, 602}, {}, o.w, {y, 1, 70}, level);
      CHECK(std::equal(expected.begin(), expected.end(), y));
    }
  }
}
#endif
