// SPDX-License-Identifier: MIT
// HAWQ-V2 (arXiv 1911.03852) weights the squared error of a layer by the mean trace of its Hessian,
// HAWQ-V3 (2011.10680) minimizes the sum of that within a limit. Claims: a few products with random
// signs give the trace; trace and error tell how much the loss grows; the choice is the best one.
#include <cmath>
#include <lowp/analysis/allocation.hpp>
#include <lowp/analysis/trace_estimate.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix;

// Of ResNet18's layers by the authors: trace, squared errors in 8 and 4 bits, weights / 4096.
constexpr double resnet18[19][4]{{.06857826, .0235, 6.7430, 9},    {.03162379, .0125, 3.9691, 9},
                                 {.03298575, .0102, 3.3281, 9},    {.01205663, .0082, 2.6796, 9},
                                 {.02222431, .0145, 4.7277, 18},   {.00596336, .0344, 10.5966, 36},
                                 {.06931772, .0023, .6827, 2},     {.00807129, .0287, 9.0942, 36},
                                 {.00372905, .0148, 4.8857, 36},   {.00530698, .0333, 10.7599, 72},
                                 {.00209011, .0682, 21.7546, 144}, {.00737569, .0027, .8603, 8},
                                 {.00210454, .0448, 14.5324, 144}, {.00151197, .0336, 10.9651, 144},
                                 {.00158041, .0576, 18.7706, 288}, {.00078146, .1130, 36.4044, 576},
                                 {.00451841, .0102, 3.1572, 32},   {.00098745, .0947, 29.6994, 576},
                                 {.00072944, .0532, 17.4016, 576}};

int main() {
  methods::figures f("HAWQ-V2, HAWQ-V3", "arXiv 1911.03852, 2011.10680");
  const auto layers = methods::char_lm_layers();
  const matrix &w = layers[2].weight, &x = layers[2].input;
  matrix p = methods::product(x.view(), w.view()), columns{x.cols, x.rows};
  double exact = 0;  // the trace of the mean of (diag(p) - p p^T) (x) (x x^T)
  for (std::size_t r = 0; r < p.rows; ++r) {
    float* const row = p.view().row(r);
    double sum = 0, squares = 0, length = 0;
    for (std::size_t c = 0; c < p.cols; ++c)
      sum += double(row[c] = std::exp(row[c] + layers[2].bias[c]));
    for (std::size_t c = 0; c < p.cols; ++c) squares += std::pow(double(row[c] /= float(sum)), 2);
    for (std::size_t k = 0; k < x.cols; ++k)
      length += std::pow(double(columns.view()(k, r) = x.view()(r, k)), 2);
    exact += (1 - squares) * length / double(p.rows);
  }
  const auto hessian = [&](std::span<const double> v, std::span<double> out) {
    matrix direction{w.rows, w.cols}, e{p.cols, p.rows};
    std::copy(v.begin(), v.end(), direction.values.begin());
    const matrix z = methods::product(x.view(), direction.view());
    for (std::size_t r = 0; r < p.rows; ++r) {
      float mean = 0;
      for (std::size_t c = 0; c < p.cols; ++c) mean += p.view()(r, c) * z.view()(r, c);
      for (std::size_t c = 0; c < p.cols; ++c)
        e.view()(c, r) = p.view()(r, c) * (z.view()(r, c) - mean) / float(p.rows);
    }
    const matrix product = methods::product(e.view(), columns.view());
    std::copy(product.values.begin(), product.values.end(), out.begin());
  };
  const double trace = estimate_trace(hessian, w.values.size(), 50, 1).trace;
  f.within("trace by 50 products, of the exact one", "1", trace / exact, 0.85, 1.15);
  const matrix q = methods::values_of(quantize<formats::scaled_rows(formats::int_n<4>)>(w.view()));
  const double predicted = trace / 2 * mean_squared_error(w, q) / std::log(2.0);
  const matrix &w0 = layers[0].weight, &w1 = layers[1].weight;
  const double lost = methods::char_lm_bits({w0, w1, q}) - methods::char_lm_bits({w0, w1, w});
  f.within("bits per character lost by INT4, of what V2 predicts", "1", lost / predicted, 0.5, 2);
  std::vector<allocation_table> tables;
  for (const auto& [t, error8, error4, count] : resnet18)
    tables.push_back({{4 * count, t * error4}, {8 * count, t * error8}});
  constexpr double limit = 6 * 2724;
  const auto best = allocate(tables, limit, {{4, 6}, {9, 11}, {14, 16}});
  double least = 1e9;  // of all 2^19, those that are tied alike
  for (unsigned i = 0; i < 1u << 19; ++i) {
    double cost = 0, loss = 0;
    for (std::size_t k = 0; k < 19; ++k) cost += tables[k][i >> k & 1].cost;
    for (std::size_t k = 0; k < 19; ++k) loss += tables[k][i >> k & 1].loss;
    const unsigned apart = (i >> 4 ^ i >> 6) | (i >> 9 ^ i >> 11) | (i >> 14 ^ i >> 16);
    if (apart % 2 == 0 && cost <= limit) least = std::min(least, loss);
  }
  f.within("ResNet18 in 6 bits, sum of V3 by that of all choices", "1", best->loss / least,
           1 - 1e-12, 1 + 1e-12);
  return f.status();
}
