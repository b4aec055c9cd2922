// SPDX-License-Identifier: MIT
// Boxes of weights: quantized by the same scales their ends keep the values of the matrix, and the
// next binary32 numbers outside do not.
#include "lowp/block/code_intervals.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/block/rules/affine_ranges.hpp"
#include "normal_values.hpp"

namespace formats = lowp::formats;
namespace rules = lowp::rules;
using lowp::block_shape;
using lowp::matrix_view;

namespace {

constexpr std::size_t rows = 4, cols = 64;
using list = std::vector<float>;
matrix_view<const float> view(const list& x) { return {x.data(), rows, cols}; }

/// quantize(x) makes a matrix by scales that do not depend on x.
template <class Quantize, class R = lowp::nearest_even_t>
void check(const Quantize& quantize, const R& mode = {}) {
  const list x = test::normal_values(rows * cols, 7);
  const auto q = quantize(view(x));
  list low(rows * cols), high(rows * cols);
  lowp::code_intervals(q, {low.data(), rows, cols}, {high.data(), rows, cols}, mode);
  const auto differences = [&](const list& moved) {
    const auto to = quantize(view(moved));
    std::size_t count = 0;
    for (std::size_t i = 0; i < moved.size(); ++i)
      count += lowp::exact::compare(to.value(i / cols, i % cols), q.value(i / cols, i % cols)) != 0;
    return count;
  };
  std::size_t has_ends = 0, is_outside = 0;
  list below = low, above = high;
  for (std::size_t i = 0; i < x.size(); ++i) {
    is_outside += !(low[i] <= x[i] && x[i] <= high[i]);
    constexpr float largest = std::numeric_limits<float>::max();
    has_ends += (low[i] > -largest ? 1u : 0u) + (high[i] < largest ? 1u : 0u);
    below[i] = std::nextafter(low[i], -largest);
    above[i] = std::nextafter(high[i], largest);
  }
  CHECK(is_outside == 0);
  CHECK(differences(low) == 0);
  CHECK(differences(high) == 0);
  CHECK(differences(below) + differences(above) == has_ends);
  CHECK(has_ends > rows * cols);
}

template <auto Element, auto Scale, class R = lowp::nearest_even_t>
void check_given(const list& scales, const R& mode = {}) {
  constexpr lowp::block_format format{Element, Scale, block_shape{1, 16}};
  check([&](auto x) { return lowp::quantize<format>(x, rules::given{scales}, mode); }, mode);
}

}  // namespace

TEST_CASE("the ends of code intervals, in blocks with scales") {
  list scales(rows * cols / 16);
  for (std::size_t i = 0; i < scales.size(); ++i)
    scales[i] = 0.3f + 0.37f * static_cast<float>(i % 3);
  check_given<formats::e2m1, formats::e4m3fn>(scales);
  for (float& s : scales) s = -s / 4;
  check_given<formats::int_n<4>, formats::binary16>(scales, lowp::upward);  // negative, as in Q4_0
}

TEST_CASE("the ends of code intervals, with zero points") {
  std::vector<lowp::affine_scale> scales;
  for (std::size_t i = 0; i < rows * cols / 32; ++i)
    scales.push_back({0.21f + 0.03f * static_cast<float>(i), static_cast<std::int32_t>(3 + i)});
  constexpr auto with_zero = formats::affine_groups(4, {1, 32});
  check([&](auto x) { return lowp::quantize<with_zero>(x, rules::given_affine{scales}); });
}

TEST_CASE("no interval and all numbers") {
  constexpr lowp::block_format format{formats::e2m1, formats::e4m3fn, block_shape{1, 16}};
  lowp::block_matrix<format> q(1, 32);
  q.set_code(0, 20, 3);
  q.set_scale_code(0, 0, 0x7F);  // NaN; the other scale is 0
  list low(32), high(32);
  lowp::code_intervals(q, {low.data(), 1, 32}, {high.data(), 1, 32});
  const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu; };
  CHECK(bits(low[0]) > 0x7F800000u);
  CHECK(bits(high[15]) > 0x7F800000u);
  CHECK(low[16] == -std::numeric_limits<float>::max());
  CHECK(high[16] == std::numeric_limits<float>::max());
  CHECK(bits(low[20]) > 0x7F800000u);  // under a scale of zero all values become 0
  CHECK_THROWS_AS(lowp::code_intervals(q, {low.data(), 2, 16}, {high.data(), 1, 32}),
                  std::invalid_argument);
}
