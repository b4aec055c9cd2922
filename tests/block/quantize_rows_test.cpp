// SPDX-License-Identifier: MIT
// Rows quantized as they are made are those of the whole matrix, byte for byte.
#include "lowp/block/quantize_rows.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/rules/search.hpp"
#include "lowp/rounding/any_rounding.hpp"
#include "lowp/transforms/hadamard_rows.hpp"
#include "lowp/transforms/hadamard_transform.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

std::vector<float> numbers(std::size_t count) {
  test::split_mix random(count);
  std::vector<float> x(count);
  for (float& v : x) {
    const auto word = static_cast<std::uint32_t>(random.word());
    v = std::bit_cast<float>((word & 0x807FFFFFu) | (120 + random.below(9)) << 23);
  }
  return x;
}

template <auto F, class... Arguments>
void compare(std::size_t rows, std::size_t cols, bool is_special, const Arguments&... arguments) {
  std::vector<float> x = numbers(rows * cols), y(x.size());
  if (is_special) x[cols + 1] = std::numeric_limits<float>::infinity();
  const matrix_view<const float> in(x.data(), rows, cols);
  const hadamard t{.size = 16, .signs = random_signs{9}};
  hadamard_transform(in, {y.data(), rows, cols}, t);
  const auto whole = quantize<F>(matrix_view<const float>(y.data(), rows, cols), arguments...);
  const auto made = quantize_rows<F>(hadamard_rows(in, t), arguments...);
  INFO(rows << " x " << cols);
  CHECK(std::ranges::equal(whole.bytes(), made.bytes()));
  if constexpr (requires { whole.tensor_scale(); }) {
    CHECK(whole.tensor_scale() == made.tensor_scale());
  }
}

TEST_CASE("rows made a few at a time are quantized as a whole matrix is") {
  compare<formats::mxfp4>(131, 96, false);
  compare<formats::mxfp4>(7, 80, true, rules::rceil, nearest_even, threads{2});
  compare<formats::nvfp4>(200, 112, true);
  compare<formats::nvfp4_16x16>(75, 176, false);  // blocks of several rows, the last ones short
  const auto draws = stochastic{.seed = 5, .random_bits = 8};
  compare<formats::mxfp4>(150, 64, false, rules::floor, draws, threads{2});
  compare<block_format{formats::e2m1, formats::e8m0, block_shape{1, 12}}>(3, 48, false);
  // Windows of a part of the columns, the last one short.
  compare<formats::mxfp4>(3, 2608, false, rules::floor, draws);
  compare<formats::nvfp4_16x16>(33, 1104, false);
  compare<block_format{formats::e2m1, formats::e8m0, block_shape{1, 2048}}>(2, 4112, false);
}

TEST_CASE("rules find the elements of a block by its place, also in windows that cut it short") {
  constexpr std::size_t rows = 33, cols = 1040;
  std::vector<float> weights = numbers(rows * cols), x = numbers(rows * cols), y(x.size());
  for (float& w : weights) w = std::bit_cast<float>(std::bit_cast<std::uint32_t>(w) & 0x7FFFFFFFu);
  const rules::search search{
      .candidates = 8, .from = 0.5f, .weights = {weights.data(), rows, cols}};
  compare<formats::nvfp4_16x16>(rows, cols, false, search);
  // The transpose of a transpose; 1032 is a window and half a block.
  constexpr std::size_t length = 1032;
  const rules::search of_part{
      .candidates = 8, .from = 0.5f, .weights = {weights.data(), rows, length, cols}};
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < length; ++c) y[c * rows + r] = x[r * cols + c];
  }
  const matrix_view<const float> in(x.data(), rows, length, cols), turned(y.data(), length, rows);
  const auto same = [&]<auto F>() {
    return std::ranges::equal(quantize<F>(in, of_part).bytes(),
                              quantize_transposed<F>(turned, of_part).bytes());
  };
  CHECK(same.operator()<formats::nvfp4>());
  CHECK(same.operator()<formats::nvfp4_16x16>());

  const hadamard_rows made({x.data(), rows, cols}, {.size = 16});
  const rules::search few{.weights = {weights.data(), 1, cols - 16}};
  CHECK_THROWS_AS(quantize_rows<formats::nvfp4>(made, few), std::invalid_argument);
}

TEST_CASE("shapes that differ and transforms along columns are refused") {
  std::vector<float> x(64, 1);
  const matrix_view<const float> in(x.data(), 2, 32);
  mxfp4 q(2, 64);
  CHECK_THROWS_AS(quantize_rows(hadamard_rows(in, {.size = 16}), q), std::invalid_argument);
  CHECK_THROWS_AS(hadamard_rows(in, {.size = 2, .side = transform_side::left}),
                  std::invalid_argument);
  CHECK_THROWS_AS(hadamard_rows(in, {.size = 64}), std::invalid_argument);
}

}  // namespace
