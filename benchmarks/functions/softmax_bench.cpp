// SPDX-License-Identifier: MIT
// Softmax by each algorithm, its logarithm, and norms, against copying what they read: rows in
// caches, rows from memory, and rows that no cache holds.
#include "lowp/functions/softmax.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "lowp/functions/layer_norm.hpp"
#include "lowp/functions/log_softmax.hpp"
#include "lowp/functions/rms_norm.hpp"
#include "ratio.hpp"

namespace {

using namespace lowp;
using namespace lowp_bench;

struct shape {
  std::size_t rows, cols;
};
constexpr std::array<shape, 6> shapes{
    {{16, 4096}, {1, 1u << 16}, {4096, 4096}, {1, 1u << 20}, {1, 1u << 22}, {1, 1u << 24}}};

using function = std::function<void(matrix_view<const float>, matrix_view<float>)>;

void add_function(const std::string& name, const shape& s, const function& run) {
  const std::string size = std::to_string(s.rows).append("x").append(std::to_string(s.cols));
  add_row(std::string(name).append("/").append(size), [=](benchmark::State& state) {
    const std::vector<float> x = sample(s.rows * s.cols);
    std::vector<float> y(x.size()), z(x.size());
    compare(state, x.size(),
            [&] {
              run({x.data(), s.rows, s.cols}, {y.data(), s.rows, s.cols});
            },
            {{"copy", [&] { std::memcpy(z.data(), x.data(), x.size() * sizeof(float)); }},
             {"three_pass", [&] {
                softmax({x.data(), s.rows, s.cols}, {z.data(), s.rows, s.cols},
                        {.algorithm = softmax_algorithm::three_pass});
              }}});
  });
}

}  // namespace

void lowp_bench::add_rows() {
  for (const shape& s : shapes) {
    add_function("softmax/two_pass", s, [](const auto& x, const auto& y) {
      softmax(x, y, {.algorithm = softmax_algorithm::two_pass});
    });
    add_function("softmax/online", s, [](const auto& x, const auto& y) {
      softmax(x, y, {.algorithm = softmax_algorithm::online});
    });
    add_function("softmax/two_pass_two_threads", s, [](const auto& x, const auto& y) {
      softmax(x, y, {.algorithm = softmax_algorithm::two_pass}, threads{2});
    });
    add_function("log_softmax", s, [](const auto& x, const auto& y) { log_softmax(x, y); });
    add_function("layer_norm", s, [](const auto& x, const auto& y) { layer_norm(x, y); });
    add_function("rms_norm", s, [](const auto& x, const auto& y) { rms_norm(x, y); });
  }
}
