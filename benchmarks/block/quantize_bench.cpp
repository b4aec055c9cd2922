// SPDX-License-Identifier: MIT
// Matrices of binary32 to block formats and back.
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "trial.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

/// A square matrix, or twice as wide as high.
matrix_view<float> matrix_of(page_buffer<float>& values) {
  std::size_t cols = 1;
  while (cols * cols < values.size()) cols *= 2;
  return {values.data(), values.size() / cols, cols};
}

template <auto B>
constexpr pattern traffic_of = narrowing(B.element.bits(), static_cast<int>(B.shape.cols));

template <auto B>
std::size_t code_bytes(std::size_t elements) {
  return packed_bytes(elements, B.element.bits());
}
template <auto B>
std::size_t scale_bytes(std::size_t elements) {
  return elements / static_cast<std::size_t>(B.shape.cols * B.shape.rows);
}

/// Also against making a new matrix. The roofs get bytes of their own to write, since non-temporal
/// stores need an alignment.
template <auto B>
void add_quantize(const std::string& job) {
  add_job("quantize/" + job, [](benchmark::State& state, const setting& at) {
    const std::size_t size = at.size.elements;
    page_buffer<float> values(size);
    fill_sample(values.data(), size);
    const matrix_view<const float> in = matrix_of(values);
    page_buffer<std::uint8_t> codes(code_bytes<B>(size)), scales(scale_bytes<B>(size));
    block_matrix<B> out(in.rows, in.cols);
    measure<traffic_of<B>>(state, at, {size, values.bytes(), codes.bytes(), scales.bytes().data()},
                           [&](const execution& how) { quantize(in, out, nearest_even, how); }, {},
                           {{"new_matrix", [&](const execution& how) {
                               benchmark::DoNotOptimize(quantize<B>(in, nearest_even, how));
                             }}});
  });
}

std::vector<std::uint8_t> repeated(std::span<const std::uint8_t> bytes, std::size_t size) {
  std::vector<std::uint8_t> all(size);
  for (std::size_t i = 0; i < size; i += bytes.size()) {
    std::memcpy(all.data() + i, bytes.data(), bytes.size());
  }
  return all;
}

/// Blocks of a sample, repeated to the end.
template <auto B>
block_matrix<B> sample_matrix(std::size_t rows, std::size_t cols) {
  page_buffer<float> values(sizes[0].elements);
  fill_sample(values.data(), values.size());
  const block_matrix<B> some = quantize<B>(matrix_of(values));
  block_matrix<B> all(rows, cols, repeated(some.codes(), code_bytes<B>(rows * cols)),
                      repeated(some.scales(), scale_bytes<B>(rows * cols)));
  if constexpr (requires { all.set_tensor_scale(1.0f); }) all.set_tensor_scale(some.tensor_scale());
  return all;
}

template <auto B>
void add_dequantize(const std::string& job) {
  add_job("dequantize/" + job, [](benchmark::State& state, const setting& at) {
    page_buffer<float> values(at.size.elements);
    const matrix_view<float> out = matrix_of(values);
    block_matrix<B> in = sample_matrix<B>(out.rows, out.cols);
    const data_flow flow{values.size(), std::as_bytes(in.codes()), values.bytes(),
                         std::as_writable_bytes(in.scales()).data()};
    measure<reversed(traffic_of<B>)>(state, at, flow,
                                     [&](const execution& how) { dequantize(in, out, how); });
  });
}

}  // namespace

void lowp_bench::add_rows() {
  add_quantize<formats::mxfp4>("mxfp4");
  add_quantize<formats::mxfp8_e4m3>("mxfp8_e4m3");
  add_quantize<formats::nvfp4>("nvfp4");
  add_quantize<formats::mxint8>("mxint8");
  add_dequantize<formats::mxfp4>("mxfp4");
  add_dequantize<formats::mxfp8_e4m3>("mxfp8_e4m3");
  add_dequantize<formats::nvfp4>("nvfp4");
  add_dequantize<formats::mxint8>("mxint8");
}
