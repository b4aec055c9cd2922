// SPDX-License-Identifier: MIT
// AQLM (arXiv 2401.06118), PV-Tuning (2405.14852): groups of 8 weights are a scale of their row
// times a sum of entries of codebooks, found by beam search and least squares. Claims: the best of
// 2 bits; tuning that moves few codes at a time, but far, lowers the loss further.
#include <cmath>
#include <lowp/analysis/codebook_fit.hpp>
#include <lowp/formats/variable_codebook.hpp>
#include <lowp/gemm/additive_codebook_product.hpp>
#include <lowp/lowp.hpp>

#include "support/data.hpp"
#include "support/figures.hpp"
using namespace lowp;
using methods::matrix;
// Each weight as one of the 4 values of 2 bits that err least, under the scales of `q`.
static matrix scalars(const matrix& w, const additive_codebook_matrix& q) {
  matrix y = w;
  for (std::size_t i = 0; i < w.values.size(); ++i) y.values[i] /= q.scales()[i / w.cols];
  const auto f = variable_codebook_of(fit_codebook(y.values, 4).values);
  round_to(f, std::span<const float>(y.values), std::span(y.values));
  for (std::size_t i = 0; i < w.values.size(); ++i) y.values[i] *= q.scales()[i / w.cols];
  return y;
}
// Of logits x w^T + b each row's exp(logit) / sum.
static matrix probabilities(const methods::layer& l, const matrix& w) {
  matrix p = methods::product(l.input.view(), w.view());
  for (std::size_t r = 0; r < p.rows; ++r) {
    const std::span row(p.view().row(r), p.cols);
    float sum = 0;
    for (std::size_t c = 0; c < p.cols; ++c) sum += row[c] = std::exp(row[c] + l.bias[c]);
    for (float& v : row) v /= sum;
  }
  return p;
}
int main() {
  methods::figures f("AQLM, PV-Tuning", "arXiv 2401.06118, 2405.14852");
  const auto layers = methods::char_lm_layers();
  std::vector<additive_codebook_matrix> found;
  std::vector<matrix> alone;
  double ratio = 0, taken = 0;
  for (const auto& [w, bias, x] : layers) {
    std::vector<float> squares(w.cols, 1e-6f);  // what errors of a column do to outputs
    for (std::size_t i = 0; i < x.values.size(); ++i)
      squares[i % x.cols] += x.values[i] * x.values[i] / static_cast<float>(x.rows);
    found.push_back(quantize_additive(w.view(), {.count = 3, .code_bits = 5},
                                      {.rounds = 3, .col_weights = squares}));
    taken += found.back().bits_per_value(16) * static_cast<double>(w.values.size()) / 352256;
    alone.push_back(scalars(w, found.back()));
    const auto output = [in = x.view()](const matrix& v) { return methods::product(in, v.view()); };
    const double by_sums = mean_squared_error(output(w), output(methods::values_of(found.back())));
    ratio += by_sums / mean_squared_error(output(w), output(alone.back())) / 3;
  }
  f.within("bits per weight, all values in 16 bits", "about 2", taken, 1.9, 2.1);
  f.within("squared error of outputs, by that of 2-bit scalars", "less", ratio, 0, 0.9);
  const auto looked_up = [&](auto i, auto x, auto y) { lookup_product(x, found[i], y); };
  const double first = methods::char_lm_bits(looked_up),
               more = first - methods::char_lm_bits(alone);
  f.within("bits per character, less those of scalars", "less", more, -0.1, 0.03);
  // V steps to values - rate * gradient, kept if the loss falls, else fewer codes move next. Of the
  // gradients of outputs, p - (1 where the character follows), those of the model are known.
  auto& q = found[2];
  const auto& l = layers[2];
  const matrix g = methods::logit_gradients(), p = probabilities(l, l.weight);
  double best = first, share = 0.01;
  for (int step = 0; step < 5; ++step) {
    matrix target = methods::values_of(q), e = probabilities(l, target);
    for (std::size_t i = 0; i < e.values.size(); ++i) {
      const float by = 3 / static_cast<float>(e.rows) * (e.values[i] + g.values[i] - p.values[i]);
      const float* const x = l.input.view().row(i / e.cols);
      for (std::size_t k = 0; k < l.input.cols; ++k) target.view()(i % e.cols, k) -= by * x[k];
    }
    const auto before = q;
    (void)choose_additive_codes(target.view(), q, {}, share);
    const double now = methods::char_lm_bits(looked_up);
    if (now >= best) q = before, share /= 2;
    best = std::min(best, now);
  }
  f.less("bits per character after V steps, same text", "less", best, first);
  return f.status();
}
