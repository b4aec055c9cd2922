// SPDX-License-Identifier: MIT
// One row of inputs by weights in planes of signs, from memory, against reading their bits and
// scales; complex integers by phases against products of INT8 by INT4 of as many real numbers.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize.hpp"
#include "lowp/gemm/binary_coding_product.hpp"
#include "lowp/gemm/gemm.hpp"
#include "lowp/gemm/phase_product.hpp"
#include "peaks.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

void add_lookup(int planes) {
  add_row("lookup_product/memory/planes_" + std::to_string(planes), [=](benchmark::State& state) {
    constexpr std::size_t rows = 4096, cols = 4096, least_bytes = std::size_t{160} << 20;
    std::vector<binary_coding_matrix> weights;
    for (std::size_t bytes = 0; bytes < least_bytes;) {
      weights.emplace_back(rows, cols, binary_coding{.planes = planes});
      std::uint32_t state_of_bits = 1;
      for (std::uint32_t& word : weights.back().bits()) {
        word = state_of_bits = state_of_bits * 1664525u + 1013904223u;
      }
      for (float& scale : weights.back().scales()) scale = 0.5f;
      bytes += weights.back().bits().size_bytes() + weights.back().scales().size_bytes();
    }
    const std::vector<float> x = sample(cols);
    std::vector<float> y(rows);
    std::vector<contender> others;
#if LOWP_X86_TARGETS
    others.push_back({"read", [&] {
                        const auto read =
                            kernels::prefers_page_streams() ? read_four_streams : read_one_stream;
                        const auto bytes = [](const auto& words) {
                          return reinterpret_cast<const std::uint8_t*>(words.data());
                        };
                        for (const binary_coding_matrix& w : weights) {
                          read(bytes(w.bits()), w.bits().size_bytes());
                          read(bytes(w.scales()), w.scales().size_bytes());
                        }
                      }});
#endif
    compare(
        state, weights.size() * rows * cols,
        [&] {
          for (const binary_coding_matrix& w : weights) {
            lookup_product({x.data(), 1, cols}, w, {y.data(), 1, rows});
          }
        },
        others);
  });
}

void add_phases(std::size_t inputs) {
  add_row("phase_product/inputs_" + std::to_string(inputs), [=](benchmark::State& state) {
    constexpr std::size_t rows = 2048, cols = 2048;  // complex
    const std::vector<float> w = sample(4 * rows * cols), x = sample(2 * inputs * cols);
    const auto phases = quantize_phases({w.data(), rows, 2 * cols});
    const auto int4 =
        quantize<formats::scaled_rows(formats::symmetric_int_n<4>)>({w.data(), 2 * rows, 2 * cols});
    const auto int8 =
        quantize<formats::scaled_rows(formats::symmetric_int_n<8>)>({x.data(), inputs, 2 * cols});
    std::vector<std::int8_t> codes(x.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      codes[i] = static_cast<std::int8_t>(int8.code(i / (2 * cols), i % (2 * cols)));
    }
    const std::vector<float> scales(inputs, 1.0f);
    std::vector<float> y(2 * inputs * rows);
    const matrix_view<float> out(y.data(), inputs, 2 * rows);
    compare(state, 4 * inputs * rows * cols,
            [&] {
              phase_product({codes.data(), inputs, 2 * cols}, scales, phases, out);
            },
            {{"int8_by_int4", [&] { gemm<policies::integers>(int8, int4, out); }}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const int planes : {1, 2, 3, 4}) add_lookup(planes);
  for (const std::size_t inputs : std::array<std::size_t, 3>{1, 4, 64}) add_phases(inputs);
}
