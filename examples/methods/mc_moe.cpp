// SPDX-License-Identifier: MIT
// MC-MoE (arXiv 2410.06270): experts of 1 to 3 bits by the least sum of frequency * weight^1.5 *
// error within a budget, one of 3 bits and one of 2 at least. Claim: better than bits alike.
#include <cmath>
#include <lowp/analysis/allocation.hpp>
#include <lowp/block/level_catalog.hpp>
#include <lowp/lowp.hpp>
#include <numeric>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix;
template <int Bits>
constexpr auto groups = formats::affine_groups(Bits, {1, 128}, formats::binary32);
static matrix in_1_bit(matrix_view<const float> w) {  // m + mean|w| * sign(w - m), m of a row
  matrix y{w.rows, w.cols, {w.data, w.data + w.rows * w.cols}};
  for (std::size_t r = 0; r < w.rows; ++r) {
    const std::span row(y.view().row(r), w.cols);
    float mean = 0, scale = 0;
    for (const float v : row) mean += v / float(w.cols), scale += std::abs(v) / float(w.cols);
    for (float& v : row) v = v > mean ? mean + scale : v < mean ? mean - scale : mean;
  }
  return y;
}
int main() {
  methods::figures f("MC-MoE", "arXiv 2410.06270");
  // Experts: 64 outputs of char_lm's first layer each, the two largest with weights by softmax.
  const auto layers = methods::char_lm_layers();
  const matrix& x = layers[0].input;
  const auto run = [&](matrix_view<const float> w) { return methods::product(x.view(), w); };
  std::vector<matrix> y[4];  // outputs by bits, 0: of the experts as they are
  for (std::size_t e = 0; e < 8; ++e) {
    const auto w = layers[0].weight.view().row_range(64 * e, 64);
    y[0].push_back(run(w)), y[1].push_back(run(in_1_bit(w)));
    y[2].push_back(run(methods::values_of(quantize<groups<2>>(w))));
    y[3].push_back(run(methods::values_of(quantize<groups<3>>(w))));
  }
  matrix share{x.rows, 8};
  double used[8] = {}, weight[8] = {};
  for (std::size_t r = 0; r < x.rows; ++r) {
    std::pair<double, std::size_t> size[8];
    for (std::size_t e = 0; e < 8; ++e) {
      const float* const out = y[0][e].view().row(r);
      size[e] = {-std::inner_product(out, out + 64, out, 0.0) / 64, e};
    }
    std::sort(size, size + 8);
    for (std::size_t k = 0; k < 2; ++k) {
      const double by = 1 / (1 + std::exp(size[k].first - size[1 - k].first));
      share.view()(r, size[k].second) = float(by);
      used[size[k].second] += 1, weight[size[k].second] += by;
    }
  }
  std::vector<allocation_table> tables(8, allocation_table(3));
  for (std::size_t e = 0; e < 8; ++e) {
    const double by = used[e] * std::pow(weight[e] / std::max(used[e], 1.0), 1.5);
    for (std::size_t b = 0; b < 3; ++b)
      tables[e][b] = {double(b + 1), by * mean_squared_error(y[0][e], y[b + 1][e])};
  }
  allocation best{{}, 0, 1e30};
  for (std::size_t i = 0; i < 64; ++i) {  // which has 3 bits, and which 2
    if (i / 8 == i % 8) continue;
    auto fixed = tables;
    fixed[i / 8] = allocation_table(3, tables[i / 8][2]);
    fixed[i % 8] = allocation_table(3, tables[i % 8][1]);
    const auto made = allocate(fixed, 16).value();
    if (made.loss < best.loss) best = made, best.choices[i / 8] = 2, best.choices[i % 8] = 1;
  }
  const auto error = [&](const std::vector<std::size_t>& choices) {  // of all outputs
    std::vector<float> apart(x.rows * 64);
    for (std::size_t i = 0; i < 8 * apart.size(); ++i) {
      const matrix &q = y[choices[i % 8] + 1][i % 8], &w = y[0][i % 8];
      apart[i / 8] += share.values[i / 512 * 8 + i % 8] * (q.values[i / 8] - w.values[i / 8]);
    }
    return std::inner_product(apart.begin(), apart.end(), apart.begin(), 0.0);
  };
  const double alike = error(std::vector<std::size_t>(8, 1));
  f.less("squared error, 2 bits on average by 2 each", "less", error(best.choices) / alike, 0.99);
  return f.status();
}
