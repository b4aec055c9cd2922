// SPDX-License-Identifier: MIT
// NVFP4 by four-over-six is the same codes wherever they lie: in planes, words, planes of bits, and
// under swizzled scales; and trits as fractions of a byte, all 243 of them.
#include <cstring>
#include <random>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/digit_orders.hpp"
#include "lowp/block/element_orders.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"

using namespace lowp;

namespace {

constexpr std::size_t rows = 7, cols = 104;  // tails of 8

std::vector<float> draw() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(rows * cols);
  for (float& v : x) v = normal(random);
  return x;
}

/// How many codes of a matrix differ from those in planes; a layout has no other bytes in common.
template <class Matrix>
int differences(const Matrix& q, const block_matrix<formats::nvfp4>& planar) {
  int wrong = q.tensor_scale() != planar.tensor_scale();
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      wrong += q.code(0, r, c) != planar.code(0, r, c) || q.value(r, c) != planar.value(r, c);
    }
    for (std::size_t c = 0; c < 7; ++c) wrong += q.scale_code(r, c) != planar.scale_code(r, c);
  }
  return wrong;
}

template <template <class> class Layout>
void check() {
  const std::vector<float> x = draw();
  const matrix_view<const float> in(x.data(), rows, cols);
  const auto planar = quantize<formats::nvfp4>(in, rules::four_over_six);
  CHECK(differences(quantize<formats::nvfp4, Layout>(in, rules::four_over_six), planar) == 0);
  CHECK(differences(quantize<formats::nvfp4, Layout>(in), planar) != 0);  // another rule
}

}  // namespace

TEST_CASE("four over six in each layout") {
  check<planes_in<packed_as<packings::awq>>::layout>();
  check<planes_in<packed_as<packings::high_first>>::layout>();
  check<planes_in<bit_fields<2, 2>>::layout>();
  check<planes_in<bit_fields<1, 1, 1, 1>>::layout>();
  check<swizzled_scales>();
}

TEST_CASE("swizzled scales under a tensor scale") {
  const std::vector<float> x = draw();
  const auto q = quantize<formats::nvfp4, swizzled_scales>(
      matrix_view<const float>(x.data(), rows, cols), rules::four_over_six);
  const std::size_t codes = rows * cols / 2, tiles = 2 * 512;
  REQUIRE(q.bytes().size() == codes + tiles + 4);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < 7; ++c) {
      CHECK(q.bytes()[codes + swizzled_scale_place(r, c, 7)] == q.scale_code(r, c));
    }
  }
  float tensor = 0;
  std::memcpy(&tensor, q.bytes().data() + codes + tiles, 4);
  CHECK(tensor == q.tensor_scale());
  CHECK_THROWS_AS(
      (basic_block_matrix<
          variable_format<block_format<float_format, block_format<float_format, float_format>>>,
          swizzled_scales>({{formats::e2m1, {formats::ue4m3, formats::e8m0, {1, 4}}, {1, 16}}}, 2,
                           64)),
      std::invalid_argument);
}

TEST_CASE("trits as fractions of a byte") {
  using order = fixed_point_digits<3, 5, 1>;
  const order o(1, 5, 2);
  REQUIRE(o.size() == 1);
  int wrong = 0;
  for (unsigned q = 0; q < 243; ++q) {
    unsigned trits[5], left = q;
    for (int i = 4; i >= 0; --i, left /= 3) trits[i] = left % 3;
    std::uint8_t byte = 0xFF;  // what was there before
    for (std::size_t i = 0; i < 5; ++i) o.store(&byte, 0, i, (trits[i] - 1) & 3);
    wrong += byte != (q * 256 + 242) / 243;
    std::uint8_t codes[5];
    wrong += o.load_codes(&byte, 0, 0, 5, codes) != 5;
    for (std::size_t i = 0; i < 5; ++i) {
      wrong += o.load(&byte, 0, i) != ((trits[i] - 1) & 3) || codes[i] != o.load(&byte, 0, i);
      // The published shift: ((byte * 3^n mod 256) * 3) >> 8.
      const auto power = static_cast<unsigned>(i == 0   ? 1
                                               : i == 1 ? 3
                                               : i == 2 ? 9
                                               : i == 3 ? 27
                                                        : 81);
      wrong += ((byte * power % 256 * 3) >> 8) != trits[i];
    }
  }
  CHECK(wrong == 0);
  std::uint8_t byte = 0;
  o.store(&byte, 0, 2, 2);  // -2 is no trit: -1
  CHECK(o.load(&byte, 0, 2) == 3);
}

TEST_CASE("ternary weights in fractions of bytes are those in planes, tails and all") {
  constexpr block_format ternary{formats::symmetric_int_n<2>, formats::binary16,
                                 block_shape{1, 64}};
  const std::vector<float> x = draw();
  const matrix_view<const float> in(x.data(), rows, cols);
  const auto planar = quantize<ternary>(in);
  const auto q = quantize<ternary, planes_in<fixed_point_digits<3, 5, 1>>::layout>(in);
  int wrong = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) wrong += q.value(r, c) != planar.value(r, c);
  }
  CHECK(wrong == 0);
  CHECK(q.bytes().size() == rows * (21 + 2 * 2));  // 104 trits in 21 bytes
  std::vector<float> a(rows * cols), b(rows * cols);
  dequantize(q, matrix_view<float>(a.data(), rows, cols));
  dequantize(planar, matrix_view<float>(b.data(), rows, cols));
  CHECK(a == b);
}
