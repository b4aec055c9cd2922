// SPDX-License-Identifier: MIT
// Statistics of blocks against reading the elements.
#include "lowp/block/block_statistics.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

constexpr std::size_t cols = 4096;

/// All words into several, as a compiler vectorizes it.
void read(const std::vector<float>& x) {
  constexpr std::size_t n = 64;
  std::uint32_t all[n] = {}, some[n];
  for (std::size_t i = 0; i + n <= x.size(); i += n) {
    std::memcpy(some, x.data() + i, sizeof some);
    for (std::size_t j = 0; j < n; ++j) all[j] |= some[j];
  }
  benchmark::DoNotOptimize(all);
}

void add_statistics(const std::string& name, std::size_t rows, const block_shape& shape,
                    const statistic_choice& which) {
  add_row("statistics/" + name, [=](benchmark::State& state) {
    const std::vector<float> x = sample(rows * cols);
    const matrix_view<const float> in(x.data(), rows, cols);
    std::vector<block_statistics> out(block_grid(rows, cols, shape).size());
    compare(state, x.size(), [&] { statistics_of_blocks(in, shape, out, which); },
            {{"reading", [&] { read(x); }}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const bool is_memory : {false, true}) {
    const std::string place = is_memory ? "memory/" : "L2/";
    const std::size_t rows = is_memory ? 8192 : 32;
    for (const int width : {16, 32, 128, block_shape::whole}) {
      const std::string name =
          place + (width == block_shape::whole ? "row" : std::to_string(width));
      add_statistics(name, rows, {1, width}, {});
      add_statistics(name + "/extremes", rows, {1, width}, {.sums = false});
      add_statistics(name + "/sums", rows, {1, width}, {.extremes = false});
    }
  }
}
