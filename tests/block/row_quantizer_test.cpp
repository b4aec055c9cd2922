// SPDX-License-Identifier: MIT
// Rows quantized in pieces are those of the whole matrix, byte for byte, and are read alike.
#include "lowp/block/row_quantizer.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/formats/any_format.hpp"
#include "split_mix.hpp"

using namespace lowp;

namespace {

using blocks = scaled_blocks<any_format, any_format>;

template <auto F, class Rule>
void compare(const Rule& rule, std::size_t cols) {
  constexpr std::size_t rows = 7;
  const auto& f = F;
  test::split_mix random(cols);
  std::vector<float> values(rows * cols);
  for (float& x : values) {
    const int exponent = static_cast<int>(random.below(20)) - 10;
    x = std::ldexp(static_cast<float>(random.below(2001)) - 1000, exponent);
  }
  const auto whole = quantize<F>(matrix_view<const float>(values.data(), rows, cols), rule);
  std::vector<float> whole_values(rows * cols);
  dequantize(whole, matrix_view<float>(whole_values.data(), rows, cols));

  const auto of = scaled_blocks_of(f);
  const blocks format{any_format(of.element), any_format(of.scale), of.shape, of.has_tensor_scale};
  const row_quantizer q(format, rule_view<blocks>(format, rule));
  float amax = 0;
  for (const float x : values) amax = (std::max)(amax, std::fabs(x));
  const tensor_scale tensor = q.tensor_scale_of(amax);
  std::vector<std::uint8_t> codes(rows * q.code_bytes(cols)), scales(rows * q.scale_bytes(cols));
  std::vector<float> read(rows * cols);
  for (std::size_t row = 0; row < rows;) {
    const std::size_t count = (std::min)(rows - row, row + 1);
    const auto code_span =
        std::span(codes).subspan(row * q.code_bytes(cols), count * q.code_bytes(cols));
    const auto scale_span =
        std::span(scales).subspan(row * q.scale_bytes(cols), count * q.scale_bytes(cols));
    q.quantize({values.data() + row * cols, count, cols}, tensor, nearest_even, code_span,
               scale_span);
    q.dequantize(count, cols, code_span, scale_span, tensor.decoding,
                 std::span(read).subspan(row * cols, count * cols));
    row += count;
  }
  CHECK(std::ranges::equal(codes, whole.codes()));
  CHECK(std::ranges::equal(scales, whole.scales()));
  CHECK(read == whole_values);
}

}  // namespace

TEST_CASE("Pieces of rows are those of the whole") {
  for (const std::size_t cols : {64u, 100u, 3u}) {
    CAPTURE(cols);
    compare<formats::nvfp4>(rules::transformer_engine, cols);
    compare<formats::mxfp4>(rules::floor, cols);
    compare<formats::mxfp6_e2m3>(rules::rceil, cols);  // codes that lie across bytes
  }
}

TEST_CASE("Sizes that do not belong together are refused") {
  const blocks format{any_format(formats::e2m1), any_format(formats::e8m0), {1, 32}};
  const row_quantizer q(format, rule_view<blocks>(format, rules::floor));
  std::vector<float> values(64);
  std::vector<std::uint8_t> codes(32), scales(2);
  CHECK_NOTHROW(q.quantize({values.data(), 1, 64}, {}, nearest_even, codes, scales));
  CHECK_THROWS_WITH(
      q.quantize({values.data(), 2, 32}, {}, nearest_even, codes, std::span(scales).first(1)),
      Catch::Contains("expected 32 and 2"));
  CHECK_THROWS_WITH(q.dequantize(1, 64, codes, scales, 1, std::span(values).first(63)),
                    Catch::Contains("expected 64"));
  blocks tall = format;
  tall.shape.rows = 2;
  CHECK_THROWS_WITH(
      (row_quantizer<any_format, any_format>(tall, rule_view<blocks>(tall, rules::floor))),
      Catch::Contains("expected 1"));
}
