// SPDX-License-Identifier: MIT
// A few rows by a packed operand may multiply the sum of a step by its scale instead of each
// element, where neither rounds. Operands just beyond each of the limits, whose results would
// change: sums that would be cut off or overflow, and elements that do under their scale.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemm/product_cases.hpp"
#include "isas.hpp"
#include "lowp/block/block_matrix.hpp"
#include "lowp/formats/catalog.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/packed_operand.hpp"

namespace formats = lowp::formats;
using lowp::block_matrix;
using lowp::code_t;
using lowp::matrix_view;

namespace {

constexpr std::size_t n = 20, k = 96;

/// Elements down to 2^-40, which a scale can bring below binary32.
constexpr lowp::float_format wide_element{.exponent_bits = 6, .mantissa_bits = 1, .bias = 40};
constexpr lowp::block_format<lowp::float_format, lowp::float_format> wide_blocks{
    wide_element, formats::e8m0, lowp::block_shape{1, 32}};

/// Rows whose values are significands of 24 bits at one exponent, signs in turn, or zeros.
std::vector<float> row_values(int exponent, bool are_zero) {
  std::vector<float> values(k);
  for (std::size_t i = 0; i < k; ++i) {
    const auto significand = static_cast<float>(0x800000 + (i * 2654435761u >> 9) % 0x7FFFFF);
    const float value = std::ldexp(significand, exponent - 23);
    values[i] = are_zero ? 0.0f : i % 4 < 2 ? value : -value;
  }
  return values;
}

/// Every element has this code, but for signs, under this scale.
template <auto F>
block_matrix<F> blocks_of(code_t code, code_t scale) {
  block_matrix<F> b(n, k);
  for (std::size_t row = 0; row < n; ++row) {
    for (std::size_t col = 0; col < k; ++col) {
      const bool is_negative = (row * col + col / 3) % 2 != 0;
      b.set_code(row, col, code | (is_negative ? F.element.sign_bit() : 0));
    }
    for (std::size_t block = 0; block < k / 32; ++block) b.set_scale_code(row, block, scale);
  }
  return b;
}

/// How many results differ from the definition's, on every instruction set; `special` counts those
/// of the definition that are not finite or are zero.
template <auto F>
std::size_t differences(const std::vector<float>& a, code_t code, code_t scale,
                        std::size_t& special) {
  const block_matrix<F> b = blocks_of<F>(code, scale);
  const lowp::packed_operand packed(b);
  const matrix_view<const float> rows(a.data(), 1, k);
  const std::vector<std::uint32_t> expected = test::gemm::definition(rows, b);
  special = 0;
  for (const std::uint32_t x : expected) {
    special += (x & 0x7F800000u) == 0x7F800000u || x << 1 == 0 ? 1 : 0;
  }
  std::size_t count = 0;
  for (const lowp::isa level : test::isas()) {
    const std::vector<std::uint32_t> actual = test::gemm::product(rows, packed, level);
    for (std::size_t i = 0; i < n; ++i) count += actual[i] != expected[i] ? 1u : 0u;
  }
  return count;
}
template <auto F>
void check(const char* name, int exponent, code_t code, code_t scale, bool is_special,
           bool are_zero = false) {
  CAPTURE(name);
  std::size_t special = 0;
  CHECK(differences<F>(row_values(exponent, are_zero), code, scale, special) == 0);
  CHECK((special != 0) == is_special);
}

}  // namespace

TEST_CASE("Scaled sums that would be cut off or overflow") {
  constexpr code_t one = 2, largest = 7;  // of e2m1: 1 and 6
  check<formats::mxfp4>("sums in range", 0, one, 127, false);
  check<formats::mxfp4>("products cut off under the scale", -100, one, 127 - 40, false);
  check<formats::mxfp4>("products cut off before the scale", -125, one, 127 + 20, false);
  check<formats::mxfp4>("sums that overflow under the scale", 91, largest, 127 + 33, true);
  check<formats::mxfp4>("sums that overflow before the scale", 126, largest, 127 - 20, false);
}

TEST_CASE("Elements that overflow or vanish under their scale") {
  constexpr code_t largest = 7;
  // Infinite elements times small numbers, and times zeros.
  check<formats::mxfp4>("infinite elements", -60, largest, 254, true);
  check<formats::mxfp4>("infinite elements times zero", 0, largest, 254, true, true);
  check<formats::mxfp8_e5m2>("infinite elements", -60, 0x7B, 254, true);
  // 2^-39 under 2^-127 is zero in binary32, times 2^80 still.
  constexpr code_t small = 2;
  check<wide_blocks>("elements in range", 20, small, 127, false);
  check<wide_blocks>("elements that vanish", 80, small, 0, true);
}
