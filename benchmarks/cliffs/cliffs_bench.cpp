// SPDX-License-Identifier: MIT
// Paths beside the headline ones, each against its neighbour of most use in the same run: of_<name>
// is the speed as a multiple of that neighbour's; below 0.1 lies a cliff. Arrays and matrices of
// 65,536 elements, in the second-level cache, one thread.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lowp/block/affine_matrix.hpp"
#include "lowp/block/level_catalog.hpp"
#include "lowp/gemm/operands/level_operand.hpp"
#include "lowp/lowp.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

constexpr std::size_t side = 256, size = side * side;

/// A mode that the kernels do not know.
struct by_thirds {
  static constexpr std::uint64_t addend(const discarded& d) { return d.fraction / 3; }
};

void add(const std::string& name, std::function<void()> job, const std::string& neighbour,
         std::function<void()> other, std::size_t elements = size) {
  add_row("cliffs/" + name, [=](benchmark::State& state) {
    compare(state, elements, job, {{neighbour, other}});
  });
}

const std::vector<float>& values() {
  static const std::vector<float> x = sample(size);
  return x;
}
template <class T>
std::shared_ptr<std::vector<T>> array_of(std::size_t elements) {
  return std::make_shared<std::vector<T>>(elements);
}

/// To codes, with room for any packing.
template <auto F, packing P = packing{}, class R = nearest_even_t>
std::function<void()> encoding(const R& mode = {}, overflow o = overflow::to_special,
                               std::size_t elements = size) {
  const auto bytes = array_of<std::uint8_t>(16 * elements);
  return [=] {
    encode(
        std::span(values()).first(elements),
        packed_span<F, P>(std::span(*bytes).first(packed_bytes(elements, F.bits(), P)), elements),
        mode, o);
  };
}
template <auto F, packing P = packing{}>
std::function<void()> decoding() {
  const auto bytes = array_of<std::uint8_t>(packed_bytes(size, F.bits(), P));
  const auto out = array_of<float>(size);
  encode(std::span(values()), packed_span<F, P>(std::span(*bytes), size));
  return [=] { decode(packed_span<F, P>(std::span(*bytes), size), std::span(*out)); };
}
template <auto F, packing P = packing{}, class R = nearest_even_t>
void add_encode(const std::string& name, const R& mode = {}, overflow o = overflow::to_special) {
  add("encode/" + name, encoding<F, P>(mode, o), "e4m3fn", encoding<formats::e4m3fn>());
}
/// To the grid of a format.
template <auto F, class R = nearest_even_t>
std::function<void()> rounding(const R& mode = {}) {
  const auto out = array_of<float>(size);
  return [=] { round_to<F>(std::span(values()), std::span(*out), mode); };
}
template <auto F, class R = nearest_even_t>
void add_rounding(const std::string& name, const R& mode = {}) {
  add("round_to/" + name, rounding<F>(mode), "e4m3fn", rounding<formats::e4m3fn>());
}
/// With a NaN in each 64 values, beside none.
template <auto F>
void add_with_nans(const std::string& name) {
  const auto in = std::make_shared<std::vector<float>>(values());
  for (std::size_t i = 7; i < size; i += 64) (*in)[i] = std::numeric_limits<float>::quiet_NaN();
  const auto bytes = array_of<std::uint8_t>(packed_bytes(size, F.bits()));
  const auto job = [=] {
    encode(std::span<const float>(*in), packed_span<F>(std::span(*bytes), size));
  };
  add("encode/" + name, job, "no_nans", encoding<F>());
}
template <auto F, packing P = packing{}>
void add_decode(const std::string& name) {
  add("decode/" + name, decoding<F, P>(), "e4m3fn", decoding<formats::e4m3fn>());
}

/// 256 x cols elements, by a rule or the default one.
template <auto B, class... Rule>
std::function<void()> quantizing(std::size_t cols, const Rule&... rule) {
  const auto out = std::make_shared<block_matrix<B>>(side, cols);
  return [=] { quantize(matrix_view<const float>{values().data(), side, cols}, *out, rule...); };
}
template <auto B, class... Rule>
void add_quantize(const std::string& name, std::size_t cols = side, const Rule&... rule) {
  const std::size_t even = (cols + 16) / 32 * 32;
  add("quantize/" + name, quantizing<B>(cols, rule...), "mxfp4", quantizing<formats::mxfp4>(even),
      side * cols);
}
/// With `zeros`, a tenth of the rows of the matrix are zeros.
template <auto B, class T = float>
std::function<void()> dequantizing(bool zeros = false) {
  std::vector<float> x(values().begin(), values().begin() + size);
  for (std::size_t i = 0; zeros && i < size; ++i) x[i] = i / side % 10 == 0 ? 0.0f : x[i];
  const auto codes = std::make_shared<block_matrix<B>>(
      quantize<B>(matrix_view<const float>{x.data(), side, side}));
  const auto out = array_of<T>(size);
  return [=] { dequantize(*codes, matrix_view<T>{out->data(), side, side}); };
}

void add_arrays() {
  add_encode<formats::e8m0>("e8m0");
  add_encode<formats::e6m2>("e6m2");
  add_encode<formats::posit<16, 2>>("posit16");
  add_encode<formats::posit<32, 2>>("posit32");
  add_encode<float_format{.exponent_bits = 5, .mantissa_bits = 3}>("e5m3");
  add_encode<float_format{.exponent_bits = 5, .mantissa_bits = 6}>("e5m6");
  add_encode<float_format{.exponent_bits = 8, .mantissa_bits = 10}>("tf32");
  add_encode<formats::int_n<1>>("int1");
  add_encode<formats::int_n<3>>("int3");
  add_encode<formats::int_n<5>>("int5");
  add_encode<formats::int_n<7>>("int7");
  add_encode<formats::int_n<12>>("int12");
  add_encode<formats::fixed<24, 12>>("fixed24");
  add_encode<formats::fixed<32, 16>>("fixed32");
  add_encode<formats::e2m1, packings::byte_low>("e2m1_byte_low");
  add_encode<formats::e2m1, packings::split_half<32>>("e2m1_split_half");
  add_encode<formats::e2m1, packings::awq>("e2m1_awq");
  add_encode<formats::e2m3, packings::four_in_32_bits>("e2m3_four_in_32_bits");
  add_encode<formats::int_n<8>>("int8_wrap", nearest_even, overflow::wrap);
  add_encode<formats::e4m3fn>("e4m3fn_own_mode", by_thirds{});
  add_encode<formats::e4m3fn>("e4m3fn_stochastic_8", stochastic{.seed = 1, .random_bits = 8});
  add_encode<formats::e4m3fn>("e4m3fn_stochastic_32", stochastic{.seed = 1, .random_bits = 32});
  add_encode<formats::bfloat16>("bfloat16_stochastic_16", stochastic{.seed = 1, .random_bits = 16});
  add_encode<formats::e4m3fn>("e4m3fn_upward", upward);
  add_rounding<formats::e4m3fn>("e4m3fn_toward_zero", toward_zero);
  add_rounding<formats::e4m3fn>("e4m3fn_nearest_away", nearest_away);
  add_rounding<formats::e4m3fn>("e4m3fn_own_mode", by_thirds{});
  add_rounding<formats::e8m0>("e8m0");
  add_with_nans<formats::bfloat16>("bfloat16_with_nans");
  add_with_nans<formats::e4m3fn>("e4m3fn_with_nans");
  for (const std::size_t few : {33u, 65u, 100u, 255u}) {
    add("encode/e4m3fn_of_" + std::to_string(few),
        encoding<formats::e4m3fn>(nearest_even, overflow::to_special, few), "of_256",
        encoding<formats::e4m3fn>(nearest_even, overflow::to_special, 256), few);
  }
  add_decode<formats::posit<16, 2>>("posit16");
  add_decode<formats::posit<32, 2>>("posit32");
  add_decode<float_format{.exponent_bits = 8, .mantissa_bits = 10}>("tf32");
  add_decode<formats::binary32>("binary32");
  add_decode<formats::fixed<24, 12>>("fixed24");
  add_decode<formats::fixed<32, 16>>("fixed32");
  add_decode<formats::int_n<1>>("int1");
  add_decode<formats::int_n<3>>("int3");
  add_decode<formats::int_n<5>>("int5");
  add_decode<formats::int_n<7>>("int7");
  add_decode<formats::int_n<12>>("int12");
  add_decode<float_format{.exponent_bits = 5, .mantissa_bits = 6}>("e5m6");
  add_decode<formats::e2m1, packings::split_half<32>>("e2m1_split_half");
  add_decode<formats::e2m1, packings::awq>("e2m1_awq");
  add_decode<formats::e2m3, packings::four_in_32_bits>("e2m3_four_in_32_bits");
}

void add_blocks() {
  add_quantize<block_format{formats::int_n<5>, formats::e8m0, block_shape{1, 32}}>("int5_e8m0");
  add_quantize<formats::scaled_rows(formats::int_n<12>)>("int12_rows");
  add_quantize<formats::nvfp4>("nvfp4_amax", side, rules::amax);
  add_quantize<block_format{formats::e2m1, formats::e8m0, block_shape{1, 8}}>("mxfp4_1x8");
  add_quantize<block_format{formats::e2m1, formats::e8m0, block_shape{8, 8}}>("mxfp4_8x8");
  add_quantize<block_format{formats::e2m1, formats::e8m0, block_shape{32, 1}}>("mxfp4_32x1");
  add_quantize<formats::deepseek_128x128>("deepseek_128x128");
  add_quantize<block_format{formats::int_n<8>, formats::binary16, block_shape{1, 32}}>("int8_g32");
  add_quantize<formats::affine_groups(4, {1, 128})>("affine4_g128");
  add_quantize<formats::mxfp4>("mxfp4_cols_255", 255);
  add_quantize<formats::mxfp4>("mxfp4_cols_33", 33);
  add_quantize<formats::scaled_rows(formats::int_n<8>)>("int8_rows_stochastic_32", side,
                                                        rules::standard, stochastic{.seed = 1});
  add("dequantize/nvfp4_zeros", dequantizing<formats::nvfp4>(true), "nvfp4",
      dequantizing<formats::nvfp4>());
  add("dequantize/nvfp4_to_bfloat16", dequantizing<formats::nvfp4, bfloat16>(), "mxfp4",
      dequantizing<formats::mxfp4, bfloat16>());
  add("dequantize/mxfp4_32x1",
      dequantizing<block_format{formats::e2m1, formats::e8m0, block_shape{32, 1}}>(), "mxfp4",
      dequantizing<formats::mxfp4>());
  add("dequantize/int5_e8m0",
      dequantizing<block_format{formats::int_n<5>, formats::e8m0, block_shape{1, 32}}>(), "mxfp4",
      dequantizing<formats::mxfp4>());
  add("dequantize/int12_rows", dequantizing<formats::scaled_rows(formats::int_n<12>)>(), "mxfp4",
      dequantizing<formats::mxfp4>());
  add("dequantize/mxfp4_1x8",
      dequantizing<block_format{formats::e2m1, formats::e8m0, block_shape{1, 8}}>(), "mxfp4",
      dequantizing<formats::mxfp4>());
}

/// Rows of binary32 by weights of 256 x 256.
template <auto P = policies::k32>
std::function<void()> product(const auto& weights, std::size_t rows) {
  const auto c = array_of<float>(rows * side);
  return [=] {
    gemm<P>(matrix_view<const float>{values().data(), rows, side}, *weights,
            matrix_view<float>{c->data(), rows, side});
  };
}
void add_products() {
  const matrix_view<const float> w{values().data(), side, side};
  const auto mxfp4 = std::make_shared<block_matrix<formats::mxfp4>>(quantize<formats::mxfp4>(w));
  const auto affine = std::make_shared<block_matrix<formats::affine_groups(4, {1, 128})>>(
      quantize<formats::affine_groups(4, {1, 128})>(w));
  add("gemm/float_by_affine4", product(affine, 64), "mxfp4", product(mxfp4, 64), 64 * size);
  for (const std::size_t rows : {3u, 5u, 9u, 17u}) {
    add("gemm/float_by_mxfp4_rows_" + std::to_string(rows), product(mxfp4, rows), "one_less",
        product(mxfp4, rows - 1), rows * size);
  }
}

/// Modeled sums of 32 x 32 x 1536, beside those in the order k32.
template <auto P, bool Accumulates = false, class R = nearest_even_t>
void add_sums(const std::string& name, const R& mode = {}) {
  constexpr std::size_t rows = 32, depth = 1536;
  const matrix_view<const float> a{values().data(), rows, depth};
  const auto c = array_of<float>(rows * rows);
  const matrix_view<float> out{c->data(), rows, rows};
  const auto multiply = [=] {
    if constexpr (Accumulates) {
      std::fill(c->begin(), c->end(), 1.0f);
      gemm_accumulate<P>(a, a, out);
    } else if constexpr (has_rounding(P)) {
      gemm<P>(a, a, out, mode);
    } else {
      gemm<P>(a, a, out);
    }
  };
  add(
      "sums/" + name, multiply, "k32", [=] { static_cast<void>(c), gemm(a, a, out); },
      rows * rows * depth);
}
constexpr rounded_sums sums_in(const float_format& f, int chunk = 0, int lanes = 1) {
  return {.accumulator = f, .chunk = chunk, .lanes = lanes};
}
void add_modeled_sums() {
  constexpr rounded_sums tree{.order = summation::pairwise, .accumulator = formats::bfloat16};
  add_sums<tree>("bfloat16_tree");
  add_sums<sums_in(formats::bfloat16)>("bfloat16");
  add_sums<sums_in(formats::bfloat16, 100)>("bfloat16_chunks_of_100");
  add_sums<sums_in(formats::bfloat16)>("bfloat16_stochastic_8",
                                       stochastic{.seed = 1, .random_bits = 8});
  add_sums<sums_in(formats::bfloat16)>("bfloat16_stochastic_32", stochastic{.seed = 1});
  add_sums<sums_in(formats::bfloat16, 0, 4)>("bfloat16_4_chains_stochastic_8",
                                             stochastic{.seed = 1, .random_bits = 8});
  add_sums<sums_in(formats::binary64, 128)>("binary64_chunks_of_128");
  add_sums<sums_in(formats::binary64)>("binary64_upward", upward);
  add_sums<aligned_sums{.terms = 12, .fraction_bits = 25}>("adder_of_12");
  add_sums<policies::exact>("exact_upward", upward);
  add_sums<policies::exact, true>("exact_onto_c");
  add_sums<policies::hopper_fp16, true>("hopper_fp16_onto_c");
  add_sums<policies::cdna1_fp16, true>("cdna1_fp16_onto_c");
  add_sums<policies::cdna3_xf32, true>("cdna3_xf32_onto_c");
}

}  // namespace

void lowp_bench::add_rows() {
  add_arrays();
  add_blocks();
  add_products();
  add_modeled_sums();
}
