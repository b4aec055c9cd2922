// SPDX-License-Identifier: MIT
// QuantMCU (arXiv 2401.13714): patches of feature maps with outliers keep 8 bits, others get 2, 4
// or 8 by what they save in operations and keep in entropy. Claim: operations are 2.2 times fewer
// than before, at an accuracy that is about the same. The paper's rule for outliers and its weights
// were not to be had: here outliers lie beyond 3 standard deviations of the map, and the entropy is
// the most that a limit of operations allows.
#include <cmath>
#include <lowp/analysis/allocation.hpp>
#include <lowp/analysis/code_entropy.hpp>
#include <lowp/analysis/salience.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix;

// A patch in uniform steps between the ends of its values: its values, and the entropy of the
// codes.
static std::pair<matrix, double> quantized(const matrix& patch, int bits) {
  const auto [low, high] = std::minmax_element(patch.values.begin(), patch.values.end());
  const float step = std::max((*high - *low) / float((1 << bits) - 1), 1e-20f), from = *low;
  matrix out = patch;
  std::vector<std::uint32_t> codes;
  for (float& v : out.values) {
    codes.push_back(std::uint32_t((v - from) / step + 0.5f));
    v = from + step * float(codes.back());
  }
  return {out, entropy_of_codes(codes, bits)};
}

int main() {
  methods::figures f("QuantMCU", "arXiv 2401.13714");
  std::vector<std::uint32_t> all(4096);
  for (std::uint32_t i = 0; i < 4096; ++i) all[i] = i % 16;
  f.equal("entropy of a uniform map of 4 bits", "4", entropy_of_codes(all, 4), 4);
  // The map: what char_lm's last layer sees of 1024 characters, in 64 patches of 16.
  const auto layers = methods::char_lm_layers();
  const auto& [w, bias, x] = layers[2];
  double mean = 0, square = 0;
  for (const float v : x.values) mean += double(v), square += double(v) * double(v);
  mean /= double(x.values.size());
  const double limit = 3 * std::sqrt(square / double(x.values.size()) - mean * mean);
  std::vector<matrix> patches;
  std::vector<double> beyond;
  for (std::size_t r = 0; r + 16 <= x.rows; r += 16) {
    patches.push_back({16, x.cols});
    std::copy_n(x.view().row(r), 16 * x.cols, patches.back().values.begin());
    beyond.push_back(0);
    for (const float v : patches.back().values)
      beyond.back() += std::abs(double(v) - mean) > limit ? 1 : 0;
  }
  const auto outliers = largest_scores(beyond, patches.size() / 8);
  std::vector<allocation_table> tables(patches.size());
  std::vector<matrix> found;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    const bool is_outlier = std::binary_search(outliers.begin(), outliers.end(), i);
    for (const int bits : {2, 4, 8}) {
      auto [values, entropy] = quantized(patches[i], bits);
      if (bits == 8 || !is_outlier) tables[i].push_back({double(bits), -entropy});
      found.push_back(std::move(values));
    }
  }
  // Squared errors of the layer's outputs, patch by patch.
  const auto error = [&, w = w.view()](std::size_t i, std::size_t choice) {
    return mean_squared_error(methods::product(patches[i].view(), w),
                              methods::product(found[3 * i + choice].view(), w));
  };
  const double count = double(patches.size());
  const auto best = allocate(tables, 4.5 * count);
  double ours = 0, by4 = 0, by2 = 0;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    ours += error(i, tables[i].size() == 1 ? 2 : best->choices[i]);
    by4 += error(i, 1), by2 += error(i, 0);
  }
  f.within("times fewer operations than with 8 bits", "2.2", 8 * count / best->cost, 1.7, 2.5);
  f.within("squared error of outputs, by all in 2 bits", "less", ours / by2, 0, 0.5);
  f.within("by all in 4 bits, to which entropy is no guide", "-", ours / by4, 1, 100);
  return f.status();
}
