// SPDX-License-Identifier: MIT
// Operands of products from fixed data, and the digest of a result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "digests/digest.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/number/catalog.hpp"

namespace test::digests {

struct matrix {
  std::size_t rows, cols;
  std::vector<float> data;
  matrix(std::size_t r, std::size_t c, std::uint64_t seed)
      : rows(r), cols(c), data(matrix_data(r, c, seed)) {}
  [[nodiscard]] lowp::matrix_view<const float> view() const { return {data.data(), rows, cols}; }
};

// An operand and the memory behind it.
struct of_float {
  explicit of_float(const matrix& m) : data(m.data), operand(data.data(), m.rows, m.cols) {}
  of_float(const of_float&) = delete;
  std::vector<float> data;
  lowp::matrix_view<const float> operand;
};
struct of_bfloat16 {
  explicit of_bfloat16(const matrix& m) {
    for (const float& x : m.data) data.push_back(lowp::convert<lowp::formats::bfloat16>(x));
    operand = {data.data(), m.rows, m.cols};
  }
  of_bfloat16(const of_bfloat16&) = delete;
  std::vector<lowp::bfloat16> data;
  lowp::matrix_view<const lowp::bfloat16> operand;
};
struct of_packed_e4m3fn {
  explicit of_packed_e4m3fn(const matrix& m) {
    for (const float& x : m.data) {
      const auto number =
          lowp::convert<lowp::formats::e4m3fn>(x, lowp::nearest_even, lowp::overflow::saturate);
      data.push_back(static_cast<std::uint8_t>(number.code()));
    }
    operand = {data, m.rows, m.cols};
  }
  of_packed_e4m3fn(const of_packed_e4m3fn&) = delete;
  std::vector<std::uint8_t> data;
  lowp::packed_matrix_view<lowp::formats::e4m3fn> operand;
};
template <auto B>
struct of_blocks {
  explicit of_blocks(const matrix& m) : operand(lowp::quantize<B>(m.view())) {}
  lowp::block_matrix<B> operand;
};
using of_int8 = of_blocks<lowp::formats::scaled_rows(lowp::formats::int_n<8>)>;
/// Any codes of 4 bits, with a scale and a zero point for each 32 of a row.
struct of_affine {
  explicit of_affine(const matrix& m) {
    source random(m.rows * 1000 + m.cols);
    const std::size_t groups = m.rows * ((m.cols + 31) / 32);
    codes.resize(m.rows * lowp::packed_bytes(m.cols, 4));
    for (std::uint8_t& x : codes) x = static_cast<std::uint8_t>(random.below(256));
    for (std::size_t i = 0; i < groups; ++i) {
      scales.push_back(random.in_binades(118, 124));
      zeros.push_back(static_cast<std::int32_t>(random.below(16)));
    }
    operand = {{codes, m.rows, m.cols}, {1, 32}, scales, zeros};
  }
  of_affine(const of_affine&) = delete;
  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
  std::vector<std::int32_t> zeros;
  lowp::affine_matrix_view<lowp::formats::uint_n<4>> operand;
};

/// Few rows and many; whole steps of 32, and a rest of each kind.
struct shape {
  std::size_t m, n, k;
};
inline constexpr shape shapes[] = {{1, 40, 64}, {5, 33, 200}, {37, 45, 161}, {70, 21, 288}};

[[nodiscard]] inline std::string name(const shape& s) {
  return std::to_string(s.m) + " x " + std::to_string(s.n) + " x " + std::to_string(s.k);
}

/// What multiply(c) makes of a c that is `start` and lies among elements that are not its own.
template <class Function>
std::uint64_t digest_of_product(const matrix& start, const Function& multiply) {
  std::vector<float> c = start.data;
  multiply(lowp::matrix_view<float>(c.data(), start.rows, start.cols - 3, start.cols));
  digest d;
  d.add_all(c);
  return d.value();
}

/// gemm<P>, or gemm_accumulate<P>, of operands made from fixed data in each shape.
template <auto P, class X, class Y, bool Accumulates = false, class R = lowp::nearest_even_t>
void check_product(table& t, const std::string& text, const R& mode = {}) {
  for (const shape& s : shapes) {
    const X a(matrix(s.m, s.k, s.k));
    const Y b(matrix(s.n, s.k, s.k + 1));
    const matrix start(s.m, s.n + 3, 41);
    t.check(text + " " + name(s), [&](const lowp::execution& how) {
      return digest_of_product(start, [&](lowp::matrix_view<float> c) {
        if constexpr (Accumulates) {
          lowp::gemm_accumulate<P>(a.operand, b.operand, c, mode, how);
        } else {
          lowp::gemm<P>(a.operand, b.operand, c, mode, how);
        }
      });
    });
  }
}

}  // namespace test::digests
