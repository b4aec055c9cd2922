// SPDX-License-Identifier: MIT
// HAWQ (arXiv 1905.03696) orders layers by the largest eigenvalue of their Hessian, HAWQ-V2
// (1911.03852) weights the squared error of a layer by its mean trace, HAWQ-V3 (2011.10680)
// minimizes the sum of that within limits of size, operations or time. Claims: the trace tells how
// much the loss grows; it is estimated by products with random signs; the choice is the best.
#include <cmath>
#include <lowp/analysis/allocation.hpp>
#include <lowp/analysis/trace_estimate.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix;

// ResNet18's layers of the authors' notebook: traces, squared errors in 8 and 4 bits, weights,
// millions of multiplications, milliseconds in 4 and 8 bits.
constexpr std::size_t n = 19;
constexpr double trace[n]{.06857826, .03162379, .03298575, .01205663, .02222431, .00596336, .06931772, .00807129, .00372905, .00530698, .00209011, .00737569, .00210454, .00151197, .00158041, .00078146, .00451841, .00098745, .00072944};
constexpr double error8[n]{.0235, .0125, .0102, .0082, .0145, .0344, .0023, .0287, .0148, .0333, .0682, .0027, .0448, .0336, .0576, .1130, .0102, .0947, .0532};
constexpr double error4[n]{6.7430, 3.9691, 3.3281, 2.6796, 4.7277, 10.5966, .6827, 9.0942, 4.8857, 10.7599, 21.7546, .8603, 14.5324, 10.9651, 18.7706, 36.4044, 3.1572, 29.6994, 17.4016};
constexpr double weights[n]{36864, 36864, 36864, 36864, 73728, 147456, 8192, 147456, 147456, 294912, 589824, 32768, 589824, 589824, 1179648, 2359296, 131072, 2359296, 2359296};

int main() {
  methods::figures f("HAWQ, HAWQ-V2, HAWQ-V3", "arXiv 1905.03696, 1911.03852, 2011.10680");
  // The Hessian of the last layer: (H V) = mean of (diag(p) - p p^T) V x x^T.
  const methods::layer l = std::move(methods::char_lm_layers(256)[2]);
  matrix p = methods::product(l.input.view(), l.weight.view());
  double exact = 0;
  for (std::size_t r = 0; r < p.rows; ++r) {
    double sum = 0, squares = 0, length = 0;
    for (std::size_t c = 0; c < p.cols; ++c) sum += std::exp(double(p.view()(r, c) + l.bias[c]));
    for (std::size_t c = 0; c < p.cols; ++c) {
      p.view()(r, c) = float(std::exp(double(p.view()(r, c) + l.bias[c])) / sum);
      squares += double(p.view()(r, c)) * double(p.view()(r, c));
    }
    for (std::size_t k = 0; k < l.input.cols; ++k) length += std::pow(double(l.input.view()(r, k)), 2);
    exact += (1 - squares) * length / double(p.rows);
  }
  const auto apply = [&](std::span<const double> v, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
    std::vector<double> z(p.cols);
    for (std::size_t r = 0; r < p.rows; ++r) {
      const float *const x = l.input.view().row(r), *const q = p.view().row(r);
      double mean = 0;
      for (std::size_t c = 0; c < p.cols; ++c) {
        z[c] = 0;
        for (std::size_t k = 0; k < l.input.cols; ++k) z[c] += v[c * l.input.cols + k] * double(x[k]);
        mean += double(q[c]) * z[c];
      }
      for (std::size_t c = 0; c < p.cols; ++c) {
        const double by = double(q[c]) * (z[c] - mean) / double(p.rows);
        for (std::size_t k = 0; k < l.input.cols; ++k) out[c * l.input.cols + k] += by * double(x[k]);
      }
    }
  };
  const auto size = l.weight.values.size();
  const trace_estimate found = estimate_trace(apply, size, 20, 1);
  f.within("trace by 20 vectors of signs, of the exact one", "1", found.trace / exact, 1 - 3 * found.standard_error / exact, 1 + 3 * found.standard_error / exact);
  std::vector<double> v(size, 1), w(size);
  double eigenvalue = 0;
  for (int i = 0; i < 12; ++i, v.swap(w)) {
    apply(v, w);
    eigenvalue = 0;
    for (const double e : w) eigenvalue += e * e;
    eigenvalue = std::sqrt(eigenvalue);
    for (double& e : w) e /= eigenvalue;
  }
  f.within("largest eigenvalue, of the trace", "below 1", eigenvalue / exact, 0.02, 1);
  return f.status();
}
