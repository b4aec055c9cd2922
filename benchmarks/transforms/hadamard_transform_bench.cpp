// SPDX-License-Identifier: MIT
// Hadamard transforms against copying what they read, and rows quantized as they are transformed
// against rows quantized as they are.
#include "lowp/transforms/hadamard_transform.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "lowp/block/catalog.hpp"
#include "lowp/block/quantize_rows.hpp"
#include "lowp/transforms/hadamard_rows.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

constexpr std::size_t cols = 4096;
constexpr std::array<std::size_t, 6> sizes{16, 64, 256, 512, 1024, 4096};
constexpr std::array<std::size_t, 4> fused_sizes{16, 32, 128, 1024};

void add_transform(const std::string& place, std::size_t rows, const hadamard& t,
                   const std::string& name) {
  add_row("hadamard/" + place + "/" + name, [=](benchmark::State& state) {
    const std::vector<float> x = sample(rows * cols);
    std::vector<float> y(x.size()), z(x.size());
    compare(state, x.size(),
            [&] {
              hadamard_transform({x.data(), rows, cols}, {y.data(), rows, cols}, t);
            },
            {{"copy", [&] { std::memcpy(z.data(), x.data(), x.size() * sizeof(float)); }}});
  });
}

void add_fused(const std::string& place, std::size_t rows, std::size_t size) {
  add_row("quantize_rows/" + place + std::string("/H").append(std::to_string(size)),
          [=](benchmark::State& state) {
            const std::vector<float> x = sample(rows * cols);
            const matrix_view<const float> in(x.data(), rows, cols);
            block_matrix<formats::mxfp4> q(rows, cols), plain(rows, cols);
            compare(state, x.size(), [&] { quantize_rows(hadamard_rows(in, {.size = size}), q); },
                    {{"quantize", [&] { quantize(in, plain); }}});
          });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const bool is_memory : {false, true}) {
    const std::string place = is_memory ? "memory" : "L2";
    const std::size_t rows = is_memory ? 4096 : 16;
    for (const std::size_t size : sizes) {
      const std::string name = std::string("H").append(std::to_string(size));
      add_transform(place, rows, {.size = size}, name);
      add_transform(place, rows, {.size = size, .signs = random_signs{1}}, name + "_signs");
      if (size <= rows) {
        add_transform(place, rows, {.size = size, .side = transform_side::left}, name + "_left");
      }
    }
    for (const std::size_t size : fused_sizes) add_fused(place, rows, size);
  }
}
