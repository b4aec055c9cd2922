// SPDX-License-Identifier: MIT
// Block quantization and dequantization against copying the binary32 matrix.
#include "lowp/block/quantize.hpp"

#include <cstring>
#include <vector>

#include "lowp/block/catalog.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;

constexpr std::size_t rows = 128, cols = 512;

template <auto B>
void quantize_matrix(benchmark::State& state) {
  const std::vector<float> values = lowp_bench::sample(rows * cols);
  std::vector<float> copy(values.size());
  lowp_bench::compare(
      state, values.size(),
      [&] {
        benchmark::DoNotOptimize(quantize<B>({values.data(), rows, cols}));
      },
      [&] {
        std::memcpy(copy.data(), values.data(), 4 * values.size());
        benchmark::ClobberMemory();
      });
}

template <auto B>
void dequantize_matrix(benchmark::State& state) {
  const std::vector<float> values = lowp_bench::sample(rows * cols);
  const auto quantized = quantize<B>({values.data(), rows, cols});
  std::vector<float> out(values.size());
  lowp_bench::compare(
      state, values.size(),
      [&] {
        dequantize(quantized, matrix_view<float>(out.data(), rows, cols));
        benchmark::ClobberMemory();
      },
      [&] {
        std::memcpy(out.data(), values.data(), 4 * values.size());
        benchmark::ClobberMemory();
      });
}

BENCHMARK_TEMPLATE(quantize_matrix, formats::mxfp4)->UseManualTime();
BENCHMARK_TEMPLATE(quantize_matrix, formats::mxfp8_e4m3)->UseManualTime();
BENCHMARK_TEMPLATE(quantize_matrix, formats::mxint8)->UseManualTime();
BENCHMARK_TEMPLATE(quantize_matrix, formats::nvfp4)->UseManualTime();
BENCHMARK_TEMPLATE(dequantize_matrix, formats::mxfp4)->UseManualTime();
BENCHMARK_TEMPLATE(dequantize_matrix, formats::nvfp4)->UseManualTime();

}  // namespace
