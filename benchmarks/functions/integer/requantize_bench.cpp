// SPDX-License-Identifier: MIT
// Sums of 32 bits to integers of 8 against copying as many bytes, and Shiftmax against a softmax in
// binary32 by std::exp.
#include "lowp/functions/integer/requantize.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "lowp/functions/integer/scales.hpp"
#include "lowp/functions/integer/shiftmax.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

constexpr std::size_t cols = 1024;

std::vector<std::int32_t> sums(std::size_t count) {
  std::vector<std::int32_t> x;
  for (const float v : sample(count)) x.push_back(static_cast<std::int32_t>(v * 0x1p17f));
  return x;
}

template <class Rounding>
void add_requantize(const std::string& place, std::size_t rows, const std::string& name,
                    std::size_t scales, const Rounding& rounding) {
  add_row("requantize/" + place + "/" + name, [=](benchmark::State& state) {
    const std::vector<std::int32_t> x = sums(rows * cols);
    const std::vector<dyadic> by(scales, dyadic_of(0.00037));
    std::vector<std::int8_t> y(x.size()), from(x.size() * 5 / 2), to(x.size() * 5 / 2);
    compare(state, x.size(),
            [&] {
              requantize({x.data(), rows, cols}, by, matrix_view<std::int8_t>(y.data(), rows, cols),
                         rounding);
            },
            {{"copy", [&] { std::memcpy(to.data(), from.data(), from.size()); }}});
  });
}

void softmax_by_exp(const std::vector<float>& x, std::vector<float>& y) {
  for (std::size_t row = 0; row < x.size(); row += cols) {
    const float top = *std::max_element(x.data() + row, x.data() + row + cols);
    float sum = 0;
    for (std::size_t c = row; c < row + cols; ++c) sum += y[c] = std::exp(x[c] - top);
    for (std::size_t c = row; c < row + cols; ++c) y[c] /= sum;
  }
}

void add_shiftmax(std::size_t rows) {
  add_row("shiftmax/L2", [=](benchmark::State& state) {
    const std::vector<float> values = sample(rows * cols);
    std::vector<float> z(values.size());
    std::vector<std::int32_t> x;
    for (const float v : values) x.push_back(static_cast<std::int32_t>(v * 31));
    std::vector<std::int8_t> y(x.size());
    compare(state, x.size(),
            [&] {
              shiftmax({x.data(), rows, cols}, {.unit = 20},
                       matrix_view<std::int8_t>(y.data(), rows, cols));
            },
            {{"softmax_by_exp", [&] { softmax_by_exp(values, z); }}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const bool is_memory : {false, true}) {
    const std::string place = is_memory ? "memory" : "L2";
    const std::size_t rows = is_memory ? 65536 : 64;
    add_requantize(place, rows, "tflite_single_rounding", 1,
                   dyadic_roundings::tflite_single_rounding);
    add_requantize(place, rows, "tflite", 1, dyadic_roundings::tflite);
    add_requantize(place, rows, "hawq_v3", 1, dyadic_roundings::hawq_v3);
    add_requantize(place, rows, "hawq_v3_by_column", cols, dyadic_roundings::hawq_v3);
  }
  add_shiftmax(64);
}
